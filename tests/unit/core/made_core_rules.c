// The rules of made_core: apart from it, as the rules' own lanes and the core's share a name. See
// made_core.h.
#include "tests/unit/core/made_core_rules.h"
#include "hub/access/build.h"
#include "hub/base/error.h"

static const char law_text[] =
    "bases:\n"
    "  - {id: fri, statute: L, section: 1, text: t, english: e, from: [any], to: [any], verified: v}\n"
    "  - {id: plikt, statute: L, section: 2, text: t, english: e, from: [any], to: [social], duty: true, "
    "verified: v}\n"
    "  - {id: prov, statute: L, section: 3, text: t, english: e, from: [any], to: [any], weighing: "
    "case-by-case, verified: v}\n"
    "  - {id: begaran, statute: L, section: 4, text: t, english: e, from: [any], to: [police], trigger: "
    "request, weighing: case-by-case, verified: v}\n";

// One rule of each sort that a hold can rest on, and one that releases.
static const char rules_text[] =
    "purpose: {id: ett, title: Ett}\n"
    "rules:\n"
    "  - {id: own, permit: {from: soc, event: VictimSupport, to: pol}, basis: prov, outcome: hold, "
    "answer_within: 2h}\n"
    "  - {id: plain, permit: {from: soc, event: VictimSupport, to: bo}, basis: prov, outcome: hold}\n"
    "  - {id: duty, permit: {from: skola, event: ConcernReport, to: soc}, basis: plikt, outcome: hold}\n"
    "  - {id: asked, permit: {from: skola, event: SchoolIncident, to: pol}, basis: begaran, when: {request: "
    "{is: true}}, outcome: hold}\n"
    "  - {id: kept, permit: {from: pol, event: PublicIncident, to: skola}, basis: fri, reveal: [open]}\n";

struct access_rules *made_core_rules(const struct conf_agencies *agencies) {
  struct conf_faults faults = {0};
  const struct rules_source law = {"law.yaml", law_text, sizeof law_text - 1};
  const struct rules_source sources[] = {{"access/ett.yaml", rules_text, sizeof rules_text - 1}};
  struct access_rules *rules = rules_build(&law, sources, 1, agencies, NULL, &faults);
  conf_faults_print(&faults);
  conf_faults_free(&faults);
  NAV_ASSERT(rules != NULL);
  return rules;
}
