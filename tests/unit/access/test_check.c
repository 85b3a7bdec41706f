// access check on rules that load: each kind of finding at its place, none on the shipped rules. Called by:
// ctest. Must never: accept a finding without its place.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hub/access/build.h"
#include "hub/access/check.h"

#define FOLDER "tests/unit/access/config"
#define HEAD "purpose: {id: ett, title: Ett}\nrules:\n"

static const int64_t now_ms = 1795370400000;  // 2026-11-22

static const struct {
  const char *name, *text;
  int line;
  const char *what;  // NULL: nothing is found
} cases[] = {
    {"nothing wrong",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, when: {body.kind: {is: fire}}}\n"
     "  - {id: b, permit: {from: bo, event: Damage, to: pol}, basis: fri}\n",
     0, NULL},
    {"nobody sends", "  - {id: a, permit: {from: rescue, event: Damage, to: pol}, basis: fri}\n", 3,
     "'a' can never match: nobody it names sends"},
    {"to the sender alone", "  - {id: a, permit: {from: pol, event: Damage, to: pol}, basis: fri}\n", 3,
     "'a' can never match"},
    {"not of the purpose", "  - {id: a, permit: {from: utanfor, event: Damage, to: pol}, basis: fri}\n", 3,
     "'a' can never match"},
    {"tests that exclude each other: numbers",
     "  - id: a\n    permit: {from: bo, event: Damage, to: pol}\n    basis: fri\n    when: {subject.age: "
     "{below: 18, atLeast: "
     "18}}\n",
     6, "its tests of subject.age exclude each other"},
    {"numbers that meet",
     "  - id: a\n    permit: {from: bo, event: Damage, to: pol}\n    basis: fri\n    when: {subject.age: "
     "{below: 18, atLeast: "
     "17}}\n",
     0, NULL},
    {"tests that exclude each other: presence",
     "  - id: a\n    permit: {from: bo, event: Damage, to: pol}\n    basis: fri\n    when: {body.kind: "
     "{present: false, is: "
     "fire}}\n",
     6, "its tests of body.kind exclude each other"},
    {"ended", "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: gammal}\n", 3, "'a' has ended"},
    {"shadowed by a wider release",
     "  - {id: a, permit: {from: bo, event: [Damage, GuardRound], to: [pol, skola]}, basis: fri}\n"
     "  - {id: b, permit: {from: bo, event: Damage, to: pol}, basis: fri, when: {body.kind: {is: fire}}}\n",
     4, "'b' never decides: 'a' (access/ett.yaml:3)"},
    {"a hold that gives more is not shadowed",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri}\n"
     "  - {id: b, permit: {from: bo, event: Damage, to: pol}, basis: fri, outcome: hold, reveal: [place]}\n",
     0, NULL},
    {"a hold that gives no more is",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, reveal: [place]}\n"
     "  - {id: b, permit: {from: bo, event: Damage, to: pol}, basis: fri, outcome: hold, reveal: [place]}\n",
     4, "'b' never decides"},
    {"one that names protected persons is not shadowed by one that does not",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri}\n"
     "  - {id: b, permit: {from: bo, event: Damage, to: pol}, basis: fri, when: {subject.protected: {is: "
     "true}}}\n",
     0, NULL},
    {"other roles are not shadowed",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, roles: [child]}\n"
     "  - {id: b, permit: {from: bo, event: Damage, to: pol}, basis: fri, roles: [victim]}\n",
     0, NULL},
    {"always forbidden",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri}\n"
     "  - {id: f, forbid: {from: \"*\", event: \"*\", to: [pol, skola]}}\n",
     3, "'a' can never open: the forbid 'f' (access/ett.yaml:4)"},
    {"excepted",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri}\n"
     "  - {id: f, forbid: {from: \"*\", event: \"*\", to: [pol, skola]}, except: [a]}\n",
     0, NULL},
    {"tests that exclude each other: a value and a limit",
     "  - id: a\n    permit: {from: bo, event: Damage, to: pol}\n    basis: fri\n    when: "
     "{body.cost_kronor: "
     "{in: [100, 200], below: 100}}\n",
     6, "its tests of body.cost_kronor exclude each other"},
    {"a value within the limit",
     "  - id: a\n    permit: {from: bo, event: Damage, to: pol}\n    basis: fri\n    when: "
     "{body.cost_kronor: "
     "{in: [100, 200], below: 101}}\n",
     0, NULL},
    {"tests that exclude each other: areas",
     "  - id: a\n    permit: {from: bo, event: Damage, to: pol}\n    basis: fri\n    when: {place.area: "
     "{within: norr, in: [soder]}}\n",
     6, "its tests of place.area exclude each other"},
    {"an area within another",
     "  - id: a\n    permit: {from: bo, event: Damage, to: pol}\n    basis: fri\n    when: {place.area: "
     "{within: norr, in: [norr-liten]}}\n",
     0, NULL},
    {"tests that exclude each other: times",
     "  - id: a\n    permit: {from: bo, event: Damage, to: pol}\n    basis: fri\n    when: {time: {within: "
     "30d, "
     "below: 2026-01-01}}\n",
     6, "its tests of time exclude each other"},
    {"tests of two names: nobody, and their age",
     "  - id: a\n    permit: {from: bo, event: Damage, to: pol}\n    basis: fri\n    when: {subjects: "
     "{present: "
     "false}, subject.age: {below: 18}}\n",
     6, "subjects and subject.age exclude each other"},
    {"a forbid whose tests exclude each other still holds where that is not known",
     "  - {id: b, permit: {from: bo, event: Damage, to: pol}, basis: fri}\n"
     "  - {id: a, forbid: {from: bo, event: Damage, to: pol}, when: {body.kind: {is: fire, in: "
     "[graffiti]}}}\n",
     4, "'a' forbids only where that is not known"},
    {"a mark that is unknown, and not stated",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, when: {subject.protected: "
     "{present: "
     "false, in: [unknown]}}}\n",
     0, NULL},
    {"roles and a test of the role",
     "  - id: a\n    permit: {from: bo, event: Damage, to: pol}\n    basis: fri\n    roles: [child]\n    "
     "when: "
     "{subject.role: {is: suspect}}\n",
     6, "no person is in a role that both"},
    {"children of eighteen",
     "  - id: a\n    permit: {from: bo, event: Damage, to: pol}\n    basis: fri\n    roles: [child]\n    "
     "when: "
     "{subject.age: {atLeast: 18}}\n",
     7, "its age limit leaves them out"},
    {"partly closed: a recipient",
     "  - {id: a, permit: {from: bo, event: Damage, to: [pol, skola]}, basis: fri}\n"
     "  - {id: f, forbid: {from: bo, event: \"*\", to: skola}}\n",
     3, "'a' opens only a part of what it names: what is to skola is always closed by the forbid 'f'"},
    {"partly closed: a message from a sender",
     "  - {id: a, permit: {from: [bo, skola], event: [Damage, GuardRound], to: pol}, basis: fri}\n"
     "  - {id: f, forbid: {from: bo, event: Damage, to: pol}}\n",
     3, "what is of Damage from bo is always closed"},
    {"closed by conditions is not closed",
     "  - {id: a, permit: {from: bo, event: Damage, to: [pol, skola]}, basis: fri}\n"
     "  - {id: f, forbid: {from: bo, event: Damage, to: skola}, when: {marks.urgent: {is: true}}}\n",
     0, NULL},
    {"closed by the condition that it asks for itself",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, roles: [child], when: "
     "{subject.age: "
     "{below: 18}}}\n"
     "  - {id: f, forbid: {from: bo, event: Damage, to: pol}, roles: [child, victim], when: {subject.age: "
     "{below: 18}}}\n",
     3, "'a' can never open: the forbid 'f'"},
    {"counts that are closed",
     "  - {id: b, permit: {from: bo, event: GuardRound, to: pol}, basis: fri}\n"
     "  - {id: a, aggregate: {from: bo, event: Damage, to: pol}, basis: antal}\n"
     "  - {id: f, forbid: {from: bo, event: Damage, to: pol}}\n",
     4, "aggregate 'a' can never open"},
    {"a limit behind a forbid",
     "  - {id: f, forbid: {from: bo, event: \"*\", to: pol}}\n"
     "  - {id: l, forbid: {from: bo, event: Damage, to: pol}, outcome: hold, when: {marks.urgent: {is: "
     "true}}}\n",
     4, "limit 'l' never decides: 'f' (access/ett.yaml:3) always stands before it"},
    {"a forbid behind a limit is not",
     "  - {id: l, forbid: {from: bo, event: \"*\", to: pol}, outcome: hold}\n"
     "  - {id: f, forbid: {from: bo, event: Damage, to: pol}}\n",
     0, NULL},
    {"a forbid behind a wider one",
     "  - {id: f, forbid: {from: bo, event: Damage, to: pol}, when: {marks.urgent: {is: true}}}\n"
     "  - {id: g, forbid: {from: bo, event: Damage, to: [pol, skola]}}\n",
     3, "forbid 'f' never decides: 'g'"},
    {"the same forbid twice: the later one",
     "  - {id: f, forbid: {from: bo, event: Damage, to: pol}}\n"
     "  - {id: g, forbid: {from: bo, event: Damage, to: pol}}\n",
     4, "forbid 'g' never decides: 'f'"},
    {"a forbid that excepts less is not behind the wider one",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, when: {body.kind: {is: fire}}}\n"
     "  - {id: g, forbid: {from: bo, event: Damage, to: [pol, skola]}, except: [a]}\n"
     "  - {id: f, forbid: {from: bo, event: Damage, to: pol}, when: {marks.urgent: {is: true}}}\n",
     0, NULL},
    {"an exception of what it never meets",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri}\n"
     "  - id: f\n    forbid: {from: bo, event: Damage, to: skola}\n    except:\n      - a\n",
     7, "forbid 'f' excepts 'a' for nothing: they share no sender"},
    {"an exception of what its tests exclude",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, when: {body.kind: {is: fire}}}\n"
     "  - {id: f, forbid: {from: bo, event: Damage, to: pol}, when: {body.kind: {is: graffiti}}, except: "
     "[a]}\n",
     4, "excepts 'a' for nothing: their tests exclude each other"},
    {"a limit's exception of a hold",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, outcome: hold}\n"
     "  - {id: l, forbid: {from: bo, event: Damage, to: pol}, outcome: hold, except: [a]}\n",
     4, "limit 'l' excepts 'a' for nothing: that is held anyhow"},
    {"a forbid on a basis that has ended",
     "  - {id: f, forbid: {from: bo, event: Damage, to: pol}, basis: gammal}\n", 3,
     "'f' cites 'gammal', which is no longer in force"},
    {"on request, and no request can come",
     "  - id: a\n    permit: {from: bo, event: Damage, to: pol}\n    basis: begaran\n    outcome: hold\n    "
     "when: "
     "{request: {is: true}}\n",
     7, "'a' opens on request, but no rule lets a Request"},
    {"on request, and it can",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: begaran, outcome: hold, when: {request: "
     "{is: true}}}\n"
     "  - {id: q, permit: {from: pol, event: Request, to: bo}, basis: fri}\n",
     0, NULL},
    {"nobody can use it", "  - {id: f, forbid: {from: bo, event: Damage, to: pol}}\n", 1,
     "purpose 'ett' is of no use"},
    {"the board of nobody",
     "  - {id: a, permit: {from: bo, event: Damage, to: [pol, social]}, basis: fri, roles: none}\n", 3,
     "'social' means the addressee"},
    {"every board",
     "  - {id: a, permit: {from: bo, event: Damage, to: [pol, {all: social}]}, basis: fri, roles: none}\n", 0,
     NULL},
    {"a duty that leaves out protected persons",
     "  - {id: a, permit: {from: bo, event: ConcernReport, to: social}, basis: plikt, roles: [child]}\n", 3,
     "rests on a duty, but an event with a protected person"},
    {"a duty with a sibling that names them",
     "  - {id: a, permit: {from: bo, event: ConcernReport, to: social}, basis: plikt, roles: [child]}\n"
     "  - {id: b, permit: {from: bo, event: ConcernReport, to: social}, basis: plikt, roles: [child], when: "
     "{subject.protected: {is: true}}}\n",
     0, NULL},
};

static void check_case(size_t index, const struct rules_source *law, const struct conf_agencies *agencies) {
  char text[4096];
  struct conf_faults faults = {0};
  int length = snprintf(text, sizeof text, "%s%s", HEAD, cases[index].text);
  struct rules_source sources[] = {{"access/ett.yaml", text, (size_t)length},
                                   {"access/tva.yaml", "purpose: {id: tva, title: T}\nrules: []\n", 39}};
  struct access_rules *rules =
      rules_build(law, sources, 2, agencies, nav_areas_load(FOLDER, &faults), &faults);
  conf_faults_print(&faults);
  assert_non_null(rules);
  (void)access_check(rules, now_ms, &faults);
  size_t of_rules = 0;
  bool found = false;
  for (size_t i = 0; i < faults.count; i++) {
    if (strcmp(faults.items[i].file, "access/ett.yaml") != 0) continue;
    if (faults.items[i].line == 1 && cases[index].line != 1)
      continue;  // of the purpose: most cases are small
    of_rules++;
    found |= cases[index].what != NULL && faults.items[i].line == cases[index].line &&
             strstr(faults.items[i].what, cases[index].what) != NULL;
  }
  if (of_rules != (cases[index].what != NULL) || found != (cases[index].what != NULL)) {
    conf_faults_print(&faults);
    fail_msg("%s", cases[index].name);
  }
  access_rules_free(rules);
  conf_faults_free(&faults);
}

static void findings_of_rules(void **state) {
  (void)state;
  static char text[65536];
  struct conf_faults faults = {0};
  struct conf_agencies *agencies = conf_agencies_load(FOLDER, &faults);
  FILE *file = fopen(FOLDER "/law.yaml", "r");
  assert_non_null(file);
  struct rules_source law = {"law.yaml", text, fread(text, 1, sizeof text, file)};
  assert_int_equal(fclose(file), 0);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) check_case(i, &law, agencies);
  conf_agencies_free(agencies);
  conf_faults_free(&faults);
}

// A purpose without rules, one without participants, secrecy that law.yaml does not have.
static void findings_of_the_whole(void **state) {
  (void)state;
  struct conf_faults faults = {0};
  struct conf_agencies *agencies = conf_agencies_load(FOLDER, &faults);
  struct access_rules *rules = access_rules_load(FOLDER, agencies, &faults);
  assert_non_null(rules);
  assert_true(access_check(rules, now_ms, &faults) >= 4);
  json_t *json = access_faults_json(&faults);
  bool purpose = false;
  bool secrecy = false;
  size_t index = 0;
  json_t *item = NULL;
  json_array_foreach(json, index, item) {
    const char *what = json_string_value(json_object_get(item, "what"));
    assert_true(json_is_integer(json_object_get(item, "line")) &&
                json_is_integer(json_object_get(item, "column")));
    assert_true(json_is_string(json_object_get(item, "file")) &&
                json_is_string(json_object_get(item, "hint")));
    purpose |= strstr(what, "purpose 'tre' has no rules") != NULL;
    assert_null(strstr(what, "'pol' takes part in 'ett'"));
    secrecy |= strstr(what, "secrecy 'osl-26-1' of agency 'soc-norr'") != NULL;
  }
  assert_true(purpose && secrecy);
  json_decref(json);
  access_rules_free(rules);
  conf_agencies_free(agencies);
  conf_faults_free(&faults);
}

static void shipped_rules_are_clean(void **state) {
  (void)state;
  struct conf_faults faults = {0};
  struct conf_agencies *agencies = conf_agencies_load("config", &faults);
  struct access_rules *rules = access_rules_load("config", agencies, &faults);
  assert_non_null(rules);
  (void)access_check(rules, now_ms, &faults);
  if (faults.count > 0) conf_faults_print(&faults);
  assert_int_equal(faults.count, 0);
  access_rules_free(rules);
  conf_agencies_free(agencies);
  conf_faults_free(&faults);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(findings_of_rules),
                                     cmocka_unit_test(findings_of_the_whole),
                                     cmocka_unit_test(shipped_rules_are_clean)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
