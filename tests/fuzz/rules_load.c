// Loading access rules from bytes: the first byte says which file they are (law.yaml, common.yaml or a
// purpose's); the others are fixed and good. Whatever comes in gives rules or faults; rules that load must be
// able to decide and explain. Called by: libFuzzer. Must never: read a file.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hub/access/build.h"
#include "hub/access/explain.h"
#include "hub/base/error.h"

static const char law_text[] =
    "bases:\n"
    "  - {id: fri, statute: L, section: 1, text: t, english: e, from: [any], to: [any], verified: v}\n"
    "  - {id: plikt, statute: L, section: 2, text: t, english: e, from: [any], to: [social], duty: true, "
    "verified: v}\n"
    "  - {id: prov, statute: L, section: 3, text: t, english: e, from: [any], to: [any], weighing: "
    "case-by-case, "
    "presupposes: {age_below: 21}, verified: v}\n";
static const char rules_text[] =
    "purpose: {id: ett, title: Ett}\n"
    "rules:\n"
    "  - id: a\n"
    "    permit: {from: [pol, skola], event: [ConcernReport, Damage], to: [social, pol]}\n"
    "    basis: plikt\n"
    "    when: {subject.age: {below: 18}, place.area: {present: true}}\n";

static char pol[] = "pol", soc[] = "soc", skola[] = "skola", police[] = "police", social[] = "social",
            school[] = "school", authority[] = "authority", ett[] = "ett", area[] = "norr", group[] = "grupp";
static char *purposes[] = {ett}, *areas[] = {area}, *groups[] = {group};

static struct conf_agency list[] = {
    {.id = pol, .title = pol, .kind = police, .form = authority, .purposes = purposes, .purposes_count = 1},
    {.id = soc,
     .title = soc,
     .kind = social,
     .form = authority,
     .purposes = purposes,
     .purposes_count = 1,
     .areas = areas,
     .areas_count = 1,
     .secrecy = areas,
     .secrecy_count = 1},
    {.id = skola,
     .title = skola,
     .kind = school,
     .form = authority,
     .purposes = purposes,
     .purposes_count = 1,
     .groups = groups,
     .groups_count = 1},
};
static const struct conf_agencies agencies = {.agencies = list,
                                              .agencies_count = sizeof list / sizeof list[0]};

static void decide_something(const struct access_rules *rules) {
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  Nav__V1__ConcernReport report = NAV__V1__CONCERN_REPORT__INIT;
  Nav__V1__Subject subject = NAV__V1__SUBJECT__INIT;
  Nav__V1__Subject *subjects[] = {&subject};
  char date[] = "2012-05-01";
  subject.birth_date = date;
  subject.home_area = area;
  event.source = skola;
  event.subjects = subjects;
  event.n_subjects = 1;
  event.body_case = NAV__V1__EVENT__BODY_CONCERN_REPORT;
  event.concern_report = &report;
  struct access_question question = {.event = &event, .now_ms = 1795370400000};
  struct access_decision decisions[8];
  NAV_ASSERT(access_lane_count(rules) == 3);
  access_decide(rules, &question, decisions);
  for (size_t i = 0; i < access_lane_count(rules); i++) {
    struct access_decision alone = access_decide_lane(rules, &question, i);
    NAV_ASSERT(alone.outcome == decisions[i].outcome && alone.rule == decisions[i].rule);
    json_decref(access_explain(rules, &question, i, i % 2 == 0 ? ACCESS_SWEDISH : ACCESS_ENGLISH));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) return 0;
  const char *text = (const char *)data + 1;
  struct rules_source law = {"law.yaml", law_text, sizeof law_text - 1};
  struct rules_source sources[] = {{"access/common.yaml", "rules: []\n", 10},
                                   {"access/ett.yaml", rules_text, sizeof rules_text - 1}};
  struct rules_source *changed = data[0] % 4 == 0 ? &law : data[0] % 4 == 1 ? &sources[0] : &sources[1];
  changed->text = text;
  changed->length = size - 1;
  struct conf_faults faults = {0};
  struct access_rules *rules = rules_build(&law, sources, 2, &agencies, NULL, &faults);
  NAV_ASSERT((rules == NULL) == (faults.count > 0));
  if (rules != NULL) decide_something(rules);
  access_rules_free(rules);
  conf_faults_free(&faults);
  return 0;
}
