// Faulty rule files: each fault is told with message, line and column, all of a file at once, and nothing is
// half loaded. Called by: ctest. Must never: compare more of a message than a person needs to find and mend
// the fault.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hub/access/access.h"
#include "hub/access/build.h"
#include "tests/unit/access/made_rules.h"

#define FOLDER "tests/unit/access/config"

// The rules of a file of purpose ett; a case's text begins on line 3.
#define HEAD "purpose: {id: ett, title: Ett}\nrules:\n"

struct expected {
  int line, column;
  const char *what;  // a part of the message
  const char *hint;  // a part of the hint; NULL: any
};

struct fault_case {
  const char *name;
  const char *text;
  struct expected faults[6];
};

static const struct fault_case cases[] = {
    {"unknown key of a rule",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, outcom: hold}\n",
     {{3, 69, "unknown key 'outcom'", "did you mean 'outcome'?"}}},
    {"unknown message",
     "  - {id: a, permit: {from: bo, event: Damge, to: pol}, basis: fri}\n",
     {{3, 39, "unknown message 'Damge'", "did you mean 'Damage'?"}}},
    {"unknown agency",
     "  - {id: a, permit: {from: bo, event: Damage, to: polis}, basis: fri}\n",
     {{3, 51, "unknown agency, kind or group 'polis'", "did you mean 'pol'?"}}},
    {"unknown kind in all",
     "  - {id: a, permit: {from: bo, event: Damage, to: {all: socal}}, basis: fri}\n",
     {{3, 57, "unknown kind of agency 'socal'", "did you mean 'social'?"}}},
    {"unknown basis",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: frii}\n",
     {{3, 64, "unknown legal basis 'frii'", "did you mean 'fri'?"}}},
    {"no basis",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}}\n",
     {{3, 5, "lacks 'basis'", "law.yaml"}}},
    {"unknown field",
     "  - id: a\n    permit: {from: bo, event: Damage, to: pol}\n    basis: fri\n    when: {subject.aeg: "
     "{below: 18}}\n",
     {{6, 12, "unknown field 'subject.aeg'", "did you mean 'subject.age'?"}}},
    {"unknown field of the body",
     "  - id: a\n    permit: {from: bo, event: Damage, to: pol}\n    basis: fri\n    when: {body.cost: "
     "{below: 18}}\n",
     {{6, 12, "unknown field 'body.cost'", NULL}}},
    {"a field that one of the messages lacks",
     "  - id: a\n    permit: {from: bo, event: [Damage, GuardRound], to: pol}\n    basis: fri\n    when: "
     "{body.kind: {is: "
     "fire}}\n",
     {{6, 12, "GuardRound has no field 'kind'", NULL}}},
    {"unknown value of an enum",
     "  - id: a\n    permit: {from: bo, event: Damage, to: pol}\n    basis: fri\n    when: {body.kind: {is: "
     "grafiti}}\n",
     {{6, 28, "unknown value 'grafiti'", "did you mean 'graffiti'?"}}},
    {"unknown test",
     "  - id: a\n    permit: {from: bo, event: Damage, to: pol}\n    basis: fri\n    when: {body.kind: "
     "{belw: fire}}\n",
     {{6, 24, "unknown test 'belw'", "did you mean 'below'?"}}},
    {"a test that cannot be asked",
     "  - id: a\n    permit: {from: bo, event: Damage, to: pol}\n    basis: fri\n    when: {body.kind: "
     "{below: 3}}\n",
     {{6, 24, "'below' cannot be asked of body.kind", NULL}}},
    {"a list for is",
     "  - id: a\n    permit: {from: bo, event: Damage, to: pol}\n    basis: fri\n    when: {body.kind: {is: "
     "[fire, litter]}}\n",
     {{6, 28, "'is' takes one value", "in: [a, b]"}}},
    {"an age that nobody has",
     "  - id: a\n    permit: {from: bo, event: Damage, to: pol}\n    basis: fri\n    when: {subject.age: "
     "{below: 1800}}\n",
     {{6, 33, "is not within 0 to 150", NULL}}},
    {"unknown area",
     "  - id: a\n    permit: {from: bo, event: Damage, to: pol}\n    basis: fri\n    when: {place.area: "
     "{within: nor}}\n",
     {{6, 33, "unknown area 'nor'", "did you mean 'norr'?"}}},
    {"unknown group",
     "  - id: a\n    permit: {from: bo, event: Damage, to: pol}\n    basis: fri\n    when: "
     "{recipient.groups: {overlaps: "
     "[husn]}}\n",
     {{6, 42, "unknown group 'husn'", "did you mean 'husen'?"}}},
    {"unknown agency in a condition",
     "  - id: a\n    permit: {from: bo, event: Damage, to: pol}\n    basis: fri\n    when: {addressee: {is: "
     "skolan}}\n",
     {{6, 28, "unknown agency 'skolan'", "did you mean 'skola'?"}}},
    {"unknown role",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, roles: [chld]}\n",
     {{3, 77, "unknown role 'chld'", "did you mean 'child'?"}}},
    {"unknown class",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, reveal: [plac]}\n",
     {{3, 78, "unknown sensitivity class 'plac'", "did you mean 'place'?"}}},
    {"unknown outcome",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, outcome: relase}\n",
     {{3, 78, "unknown word 'relase'", "did you mean 'release'?"}}},
    {"two actions",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, forbid: {from: bo, event: Damage, to: pol}, "
     "basis: fri}\n",
     {{3, 5, "more than one action", NULL}}},
    {"no action", "  - {id: a, basis: fri}\n", {{3, 5, "none of permit, forbid and aggregate", NULL}}},
    {"a permit of everything",
     "  - {id: a, permit: {from: bo, event: \"*\", to: pol}, basis: fri}\n",
     {{3, 39, "\"*\" in a permit", NULL}}},
    {"a permit of what is sealed",
     "  - {id: a, permit: {from: bo, event: [Damage, Sealed], to: pol}, basis: fri}\n",
     {{3, 48, "no rule lets out what is sealed", NULL}}},
    {"the same id twice",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri}\n"
     "  - {id: a, permit: {from: bo, event: Disturbance, to: pol}, basis: fri}\n",
     {{4, 10, "rule 'a' stands twice, first in access/ett.yaml:3", NULL}}},
    {"an exception that is no rule",
     "  - {id: a, forbid: {from: bo, event: Damage, to: pol}, except: [secnd]}\n"
     "  - {id: second, permit: {from: bo, event: Damage, to: pol}, basis: fri}\n",
     {{3, 66, "unknown rule 'secnd'", "did you mean 'second'?"}}},
    {"an exception that is no permit",
     "  - {id: a, forbid: {from: bo, event: Damage, to: pol}, except: [b]}\n"
     "  - {id: b, forbid: {from: bo, event: Damage, to: skola}}\n",
     {{3, 66, "'b' is no permit", NULL}}},
    {"keys that mean nothing here",
     "  - {id: a, forbid: {from: bo, event: Damage, to: pol}, outcome: hold, reveal: all}\n",
     {{3, 80, "reveal is only for permits", NULL}}},
    {"an outcome that a forbid cannot have",
     "  - {id: a, forbid: {from: bo, event: Damage, to: pol}, outcome: release}\n",
     {{3, 66, "'release'", NULL}}},
    {"an answer awaited of what waits for nobody",
     "  - {id: a, forbid: {from: bo, event: Damage, to: pol}, outcome: hold, answer_within: 2h}\n",
     {{3, 87, "answer_within is only for permits", NULL}}},
    {"a forbid that would stop a duty",
     "  - {id: a, permit: {from: skola, event: ConcernReport, to: social}, basis: plikt}\n"
     "  - {id: b, forbid: {from: \"*\", event: \"*\", to: \"*\"}, when: {marks.urgent: {is: true}}}\n",
     {{4, 5, "would stop 'a', which rests on a statutory duty (plikt)", "except: [a]"}}},
    {"bad dates",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, valid_from: 2026-13-01}\n"
     "  - {id: b, permit: {from: bo, event: Damage, to: pol}, basis: fri, valid_from: 2026-03-01, valid_to: "
     "2026-02-01}\n",
     {{3, 81, "'2026-13-01' is not a date", NULL}, {4, 103, "ends before it begins", NULL}}},
    // The rule against its own basis.
    {"from a kind that the basis does not name",
     "  - {id: a, permit: {from: skola, event: Damage, to: pol}, basis: prov, outcome: hold}\n",
     {{3, 28, "basis 'prov' goes from social, not school 'skola'", NULL}}},
    {"to a kind that the basis does not name",
     "  - {id: a, permit: {from: social, event: VictimSupport, to: [pol, skola]}, basis: prov, outcome: "
     "hold}\n",
     {{3, 62, "basis 'prov' goes to police, not school 'skola'", NULL}}},
    {"a release where each case is weighed",
     "  - {id: a, permit: {from: social, event: VictimSupport, to: pol}, basis: prov}\n",
     {{3, 5, "demands that each case is weighed", "outcome: hold"}}},
    {"no age limit",
     "  - {id: a, permit: {from: social, event: VictimSupport, to: pol}, basis: ung, outcome: hold}\n",
     {{3, 5, "under 21 alone", "subject.age"}}},
    {"an age limit too high",
     "  - id: a\n    permit: {from: social, event: VictimSupport, to: pol}\n    basis: ung\n    outcome: "
     "hold\n    when: "
     "{subject.age: {below: 22}}\n",
     {{7, 11, "under 21 alone", NULL}}},
    {"no request",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: begaran, outcome: hold}\n",
     {{3, 5, "opens on request alone", "request: {is: true}"}}},
    {"nobody assessed",
     "  - {id: a, permit: {from: pol, event: PoliceNotice, to: skola}, basis: bedomd}\n",
     {{3, 5, "a person has assessed the case", "assessed_by"}}},
    {"no consent",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: samtycke}\n",
     {{3, 5, "is consent, and the rule asks for none", "consent: true"}}},
    {"records on a basis of counts",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: antal}\n",
     {{3, 64, "opens for counts alone", "aggregate"}}},
    {"a basis that opens nothing",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: hemlig}\n",
     {{3, 64, "opens nothing", NULL}}},
    {"a basis that has ended",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: gammal, valid_from: 2021-01-01}\n",
     {{3, 64, "never in force together", NULL}}},
    {"a rule before its basis",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: ny, valid_from: 2025-01-01}\n",
     {{3, 80, "begins before its basis 'ny' is in force", NULL}}},
    {"secrecy that the basis does not break",
     "  - {id: a, permit: {from: social, event: VictimSupport, to: pol}, basis: ej-social}\n",
     {{3, 75, "leaves out osl-26-1, under which 'soc-norr' works", NULL}}},
    {"more than the basis opens",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: plats, reveal: [place, identity]}\n",
     {{3, 79, "reveals identity, which its basis 'plats' does not open", NULL}}},
    {"five faults in one file, and one in the file's head",
     "  - {id: a, permit: {from: bo, event: Damge, to: pol}, basis: fri}\n"
     "  - {id: b, permit: {from: boo, event: Damage, to: pol}, basis: fri}\n"
     "  - {id: c, permit: {from: bo, event: Damage, to: pol}, basis: frii}\n"
     "  - {id: d, permit: {from: bo, event: Damage, to: pol}, basis: fri, reveal: [plac]}\n"
     "  - {id: E, permit: {from: bo, event: Damage, to: pol}, basis: fri}\n"
     "extra: 1\n",
     {{3, 39, "unknown message", NULL},
      {4, 28, "unknown agency", NULL},
      {5, 64, "unknown legal basis", NULL},
      {6, 78, "unknown sensitivity class", NULL},
      {7, 10, "is not an id", NULL},
      {8, 1, "unknown key 'extra'", NULL}}},
    {"no YAML at all", "  - {id: a\n", {{4, 1, "not valid YAML", NULL}}},
};

static char *read_file(const char *path, size_t *length) {
  static char text[65536];
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  *length = fread(text, 1, sizeof text - 1, file);
  assert_int_equal(fclose(file), 0);
  text[*length] = '\0';
  return text;
}

static const struct conf_fault *find(const struct conf_faults *faults, const struct expected *expected) {
  for (size_t i = 0; i < faults->count; i++) {
    const struct conf_fault *fault = &faults->items[i];
    if (fault->line == expected->line && fault->column == expected->column &&
        strstr(fault->what, expected->what) != NULL)
      return fault;
  }
  return NULL;
}

static void check_case(const struct fault_case *test, const struct rules_source *law,
                       const struct conf_agencies *agencies) {
  char text[4096];
  struct conf_faults faults = {0};
  int length = snprintf(text, sizeof text, "%s%s", HEAD, test->text);
  struct rules_source source = {"access/ett.yaml", text, (size_t)length};
  struct access_rules *rules =
      rules_build(law, &source, 1, agencies, nav_areas_load(FOLDER, &faults), &faults);
  size_t count = 0;
  for (; count < 6 && test->faults[count].what != NULL; count++) {
    const struct expected *expected = &test->faults[count];
    const struct conf_fault *fault = find(&faults, expected);
    bool good = fault != NULL && (expected->hint == NULL || strstr(fault->hint, expected->hint) != NULL) &&
                strcmp(fault->file, "access/ett.yaml") == 0;
    if (good) continue;
    conf_faults_print(&faults);
    fail_msg("%s: no fault at %d:%d with '%s' and '%s'", test->name, expected->line, expected->column,
             expected->what, expected->hint == NULL ? "" : expected->hint);
  }
  if (faults.count != count) conf_faults_print(&faults);
  if (faults.count != count) fail_msg("%s: %zu faults, expected %zu", test->name, faults.count, count);
  assert_null(rules);
  conf_faults_free(&faults);
}

static void faults_of_rules(void **state) {
  (void)state;
  struct conf_faults faults = {0};
  struct conf_agencies *agencies = conf_agencies_load(FOLDER, &faults);
  assert_non_null(agencies);
  struct rules_source law = {"law.yaml", NULL, 0};
  law.text = read_file(FOLDER "/law.yaml", &law.length);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) check_case(&cases[i], &law, agencies);
  conf_agencies_free(agencies);
  conf_faults_free(&faults);
}

struct files_case {
  const char *name, *law, *file, *text;
  struct expected fault;
};

#define GOOD_LAW                                                                                          \
  "bases:\n  - {id: fri, statute: L, section: 1, text: t, english: e, from: [any], to: [any], verified: " \
  "v}\n"

static const struct files_case files_cases[] = {
    {"a permit in common.yaml",
     GOOD_LAW,
     "access/common.yaml",
     "rules:\n  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri}\n",
     {2, 5, "common.yaml holds forbids alone", NULL}},
    {"a file without a purpose", GOOD_LAW, "access/x.yaml", "rules: []\n", {1, 1, "lacks 'purpose'", NULL}},
    {"a purpose without a title",
     GOOD_LAW,
     "access/x.yaml",
     "purpose: {id: ett}\nrules: []\n",
     {1, 10, "purpose lacks 'title'", NULL}},
    {"a file without rules",
     GOOD_LAW,
     "access/x.yaml",
     "purpose: {id: ett, title: E}\n",
     {1, 1, "lacks 'rules'", NULL}},
    {"the law register: a key misspelt",
     "bases:\n  - {id: fri, statut: L, section: 1, text: t, english: e, verified: v}\n",
     "access/x.yaml",
     "purpose: {id: ett, title: E}\nrules: []\n",
     {2, 15, "unknown key 'statut'", "did you mean 'statute'?"}},
    {"the law register: a direction halved",
     "bases:\n  - {id: fri, statute: L, section: 1, text: t, english: e, from: [any], verified: v}\n",
     "access/x.yaml",
     "purpose: {id: ett, title: E}\nrules: []\n",
     {2, 5, "only one of 'from' and 'to'", NULL}},
    {"the law register: twice",
     GOOD_LAW "  - {id: fri, statute: L, section: 1, text: t, english: e, verified: v}\n",
     "access/x.yaml",
     "purpose: {id: ett, title: E}\nrules: []\n",
     {3, 5, "basis 'fri' stands twice, first at line 2", NULL}},
    {"the law register: a kind that is none",
     "bases:\n  - {id: fri, statute: L, section: 1, text: t, english: e, from: [polis], to: [any], verified: "
     "v}\n",
     "access/x.yaml",
     "purpose: {id: ett, title: E}\nrules: []\n",
     {2, 67, "unknown word 'polis'", "'police'"}},
};

static void faults_of_files(void **state) {
  (void)state;
  struct conf_faults faults = {0};
  struct conf_agencies *agencies = conf_agencies_load(FOLDER, &faults);
  for (size_t i = 0; i < sizeof files_cases / sizeof files_cases[0]; i++) {
    const struct files_case *test = &files_cases[i];
    struct rules_source law = {"law.yaml", test->law, strlen(test->law)};
    struct rules_source source = {test->file, test->text, strlen(test->text)};
    assert_null(rules_build(&law, &source, 1, agencies, NULL, &faults));
    const struct conf_fault *fault = find(&faults, &test->fault);
    if (fault == NULL) conf_faults_print(&faults);
    if (fault == NULL) fail_msg("%s", test->name);
    if (test->fault.hint != NULL) assert_non_null(strstr(fault->hint, test->fault.hint));
    conf_faults_free(&faults);
    faults = (struct conf_faults){0};
  }
  conf_agencies_free(agencies);
}

// A folder without law.yaml, or with nothing: faults, no rules, no crash.
static void folders(void **state) {
  (void)state;
  struct conf_faults faults = {0};
  struct conf_agencies *agencies = conf_agencies_load(FOLDER, &faults);
  assert_null(access_rules_load("tests/unit/access/nowhere", agencies, &faults));
  struct expected missing = {0, 0, "cannot be read", NULL};
  assert_non_null(find(&faults, &missing));
  conf_agencies_free(agencies);
  conf_faults_free(&faults);
}

// The ledger keeps every text for ever, so that there is a limit to all of them: one more file is too much.
static void texts_have_a_limit_together(void **state) {
  (void)state;
  enum { FILES = ACCESS_TEXTS_BYTES_MAX / ACCESS_FILE_BYTES_MAX + 1, NAME = 24 };
  static char comment[ACCESS_FILE_BYTES_MAX];
  static char names[FILES][NAME];
  static struct conf_text items[FILES];
  memset(comment, '#', sizeof comment);
  for (size_t i = 0; i < FILES; i++) {
    (void)snprintf(names[i], NAME, "areas/%03zu.yaml", i);
    items[i] = (struct conf_text){.name = names[i], .text = comment, .length = sizeof comment};
  }
  struct conf_faults faults = {0};
  struct conf_agencies *agencies = conf_agencies_load(FOLDER, &faults);
  struct expected fault = {0, 0, "the files are more than 16 MiB together", NULL};
  assert_null(access_rules_load_texts(&(struct conf_texts){items, FILES}, agencies, &faults));
  assert_non_null(find(&faults, &fault));
  conf_faults_free(&faults);
  faults = (struct conf_faults){0};
  assert_null(access_rules_load_texts(&(struct conf_texts){items, FILES - 1}, agencies, &faults));
  assert_null(find(&faults, &fault));  // what is wrong is the areas themselves
  conf_agencies_free(agencies);
  conf_faults_free(&faults);
}

// What the rules in force say of one event, lane by lane.
static void decide_all(const struct access_rules *rules, struct access_decision decisions[16]) {
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  Nav__V1__Damage damage = NAV__V1__DAMAGE__INIT;
  char bo[] = "bo";
  event.source = bo;
  event.body_case = NAV__V1__EVENT__BODY_DAMAGE;
  event.damage = &damage;
  damage.has_cost_kronor = 1;
  assert_true(access_lane_count(rules) <= 16);
  const struct access_question question = {.event = &event, .now_ms = 1795370400000};
  memset(decisions, 0, 16 * sizeof *decisions);
  access_decide(rules, &question, decisions);
}

// 5,000 lines with a fault in every rule: all of them at once, as many as are kept and the number of the
// others; and the rules in force decide as before.
static void many_faults_leave_the_rules_in_force(void **state) {
  (void)state;
  struct access_decision before[16];
  struct access_decision after[16];
  uint8_t hash[32];
  struct conf_faults faults = {0};
  struct conf_agencies *agencies = conf_agencies_load(FOLDER, &faults);
  struct access_rules *rules = access_rules_load(FOLDER, agencies, &faults);
  assert_non_null(rules);
  assert_int_equal(faults.count, 0);
  decide_all(rules, before);
  memcpy(hash, access_rules_hash(rules), sizeof hash);

  static const unsigned numbers[] = {900, 1250};
  for (size_t i = 0; i < 2; i++) {
    char folder[MADE_FOLDER_SIZE];
    struct made_rules what = {.agencies = 50, .purposes = 6, .rules = numbers[i], .faulty = true};
    made_rules_write(&what, folder);
    struct conf_agencies *other = conf_agencies_load(folder, &faults);
    assert_non_null(other);
    assert_null(access_rules_load(folder, other, &faults));
    conf_agencies_free(other);
    size_t kept = numbers[i] < CONF_FAULTS_MAX ? numbers[i] : CONF_FAULTS_MAX;
    assert_int_equal(faults.count, kept);
    assert_int_equal(faults.dropped, numbers[i] - kept);
    for (size_t k = 1; k < faults.count; k++) {  // in order of place
      const struct conf_fault *fault = &faults.items[k];
      bool same_file = strcmp(fault->file, fault[-1].file) == 0;
      assert_true(fault->line > 0 && (!same_file || fault->line >= fault[-1].line + MADE_RULE_LINES));
    }
    made_rules_remove(&what, folder);
    conf_faults_free(&faults);
  }

  decide_all(rules, after);
  assert_memory_equal(before, after, sizeof before);
  assert_memory_equal(hash, access_rules_hash(rules), sizeof hash);
  access_rules_free(rules);
  conf_agencies_free(agencies);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(faults_of_rules), cmocka_unit_test(faults_of_files),
                                     cmocka_unit_test(folders), cmocka_unit_test(texts_have_a_limit_together),
                                     cmocka_unit_test(many_faults_leave_the_rules_in_force)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
