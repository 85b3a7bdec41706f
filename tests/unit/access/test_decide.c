// The decision: truth tables as data (config/access/tests/truth.yaml), and properties over events made by
// chance, on the tests' own rules and on the shipped ones. Called by: ctest. Must never: take the decision's
// own word for it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "hub/access/access.h"
#include "hub/access/testrun.h"
#include "hub/access/trace.h"
#include "tests/unit/access/made_events.h"

enum { EVENTS = 8000, LANES = 256 };

static const int64_t now_ms = 1795370400000;  // 2026-11-22

struct loaded {
  struct conf_faults faults;
  struct conf_agencies *agencies;
  struct access_rules *rules;
};

static struct loaded load(const char *folder) {
  struct loaded loaded = {0};
  loaded.agencies = conf_agencies_load(folder, &loaded.faults);
  if (loaded.agencies != NULL) loaded.rules = access_rules_load(folder, loaded.agencies, &loaded.faults);
  conf_faults_print(&loaded.faults);
  assert_non_null(loaded.rules);
  return loaded;
}

static void unload(struct loaded *loaded) {
  access_rules_free(loaded->rules);
  conf_agencies_free(loaded->agencies);
  conf_faults_free(&loaded->faults);
}

static void truth_tables(void **state) {
  (void)state;
  struct loaded loaded = load("tests/unit/access/config");
  struct access_test_report report = {0};
  bool passed = access_test_run(loaded.rules, "tests/unit/access/config", &report, &loaded.faults);
  conf_faults_print(&loaded.faults);
  for (size_t i = 0; i < report.rules_unreached_count; i++)
    printf("no test reaches %s\n", report.rules_unreached[i]);
  for (size_t i = 0; i < report.conditions_unreached_count; i++)
    printf("%s\n", report.conditions_unreached[i]);
  assert_true(passed);
  assert_true(report.tests >= 70);
  assert_int_equal(report.rules_unreached_count, 0);
  assert_int_equal(report.conditions_unreached_count, 0);
  access_test_report_free(&report);
  unload(&loaded);
}

// The runner itself: an expectation that does not hold is a fault at its line.
static void runner_tells_failures(void **state) {
  (void)state;
  struct loaded loaded = load("tests/unit/access/config");
  char folder[] = "/tmp/nav-access-XXXXXX";
  char path[128];
  assert_non_null(mkdtemp(folder));
  (void)snprintf(path, sizeof path, "%s/access", folder);
  assert_int_equal(mkdir(path, 0700), 0);
  (void)snprintf(path, sizeof path, "%s/access/tests", folder);
  assert_int_equal(mkdir(path, 0700), 0);
  (void)snprintf(path, sizeof path, "%s/access/tests/wrong.yaml", folder);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  int written = fputs(
      "tests:\n"
      "  - event: {source: bo, type: Damage, body: {cost_kronor: 99}}\n"
      "    expect:\n"
      "      - {to: pol, purpose: ett, outcome: withhold}\n"
      "      - {to: pol, purpose: ett, outcome: release, rule: none, reveal: [open], withheld: [place], "
      "counts: 5}\n"
      "      - {to: nobody, purpose: ett, outcome: release}\n"
      "  - event: {source: bo, type: Damge}\n"
      "    expect: [{to: pol, purpose: ett, outcome: release}]\n",
      file);
  assert_true(written >= 0 && fclose(file) == 0);
  struct access_test_report report = {0};
  assert_false(access_test_run(loaded.rules, folder, &report, &loaded.faults));
  static const struct {
    int line;
    const char *what;
  } expected[] = {{4, "outcome for pol in ett: expected withhold, got release"},
                  {5, "rule for pol in ett"},
                  {5, "reveal for pol in ett: expected exactly these"},
                  {5, "withheld for pol in ett"},
                  {5, "counts for pol in ett: expected 5, got none"},
                  {6, "names no lane"},
                  {7, "unknown message 'Damge'"}};
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
    bool found = false;
    for (size_t k = 0; k < loaded.faults.count; k++)
      found |= loaded.faults.items[k].line == expected[i].line &&
               strstr(loaded.faults.items[k].what, expected[i].what) != NULL;
    if (!found) conf_faults_print(&loaded.faults);
    assert_true(found);
  }
  assert_int_equal(report.failed, 5);
  access_test_report_free(&report);
  unload(&loaded);
  (void)remove(path);
  (void)snprintf(path, sizeof path, "%s/access/tests", folder);
  (void)rmdir(path);
  (void)snprintf(path, sizeof path, "%s/access", folder);
  (void)rmdir(path);
  (void)rmdir(folder);
}

static int some_consent(void *context, const Nav__V1__Subject *subject, const char *recipient,
                        const char *purpose, const char *message) {
  (void)context;
  (void)purpose;
  (void)message;
  return subject->name == NULL ? -1 : (int)(strlen(recipient) % 3) - 1;
}

// The rules' algebra, written the slow and plain way over what each condition says.
static uint8_t plain_outcome(const struct access_rules *rules, const struct access_question *question,
                             size_t lane) {
  struct facts facts;
  facts_init(&facts, rules, question);
  int sender = rules_agency_index(rules, question->event->source);
  bool own = rules->lanes[lane].agency == (uint32_t)sender;
  bool takes_part = (rules->agency_facts[sender].purposes >> rules->lanes[lane].purpose & 1U) != 0;
  uint8_t outcome = NAV__V1__OUTCOME__OUTCOME_WITHHOLD;
  if (own || !takes_part) return outcome;
  for (size_t p = 0; p < rules->rules_count; p++) {
    const struct rule *permit = &rules->rules[p];
    struct trace trace;
    bool binds = permit->action == RULE_PERMIT && (permit->bodies >> facts.body_index & 1U) != 0 &&
                 bit_of(permit->senders, (size_t)sender) && bit_of(permit->lane_bits, lane);
    if (!binds) continue;
    trace_rule(&facts, permit, lane, &trace);
    if (trace.whole == IS_FALSE || (trace.whole == IS_UNKNOWN && !permit->info.is_duty)) continue;
    bool blocked = false;
    bool limited = false;
    for (size_t f = 0; f < rules->rules_count; f++) {
      const struct rule *forbid = &rules->rules[f];
      struct trace other;
      if (forbid->action != RULE_FORBID || (forbid->bodies >> facts.body_index & 1U) == 0) continue;
      if (!bit_of(forbid->senders, (size_t)sender) || !bit_of(forbid->lane_bits, lane)) continue;
      bool excepted = false;
      for (size_t i = 0; i < forbid->except_count; i++) excepted |= forbid->except[i] == permit->index;
      trace_rule(&facts, forbid, lane, &other);
      bool met = !excepted && other.whole != IS_FALSE;
      blocked |= met && !forbid->info.is_limit;
      limited |= met && forbid->info.is_limit;
    }
    if (blocked) continue;
    bool releases =
        trace.whole == IS_TRUE && permit->outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE && !limited;
    uint8_t mine = releases ? NAV__V1__OUTCOME__OUTCOME_RELEASE : NAV__V1__OUTCOME__OUTCOME_HOLD;
    if (mine > outcome) outcome = mine;
  }
  return outcome;
}

static void check_properties(const struct access_rules *rules, const struct access_question *question,
                             size_t counts[4]) {
  static struct access_decision decisions[LANES];
  assert_true(access_lane_count(rules) <= LANES);
  access_decide(rules, question, decisions);
  for (size_t i = 0; i < access_lane_count(rules); i++) {
    const struct access_decision *decision = &decisions[i];
    struct access_decision alone = access_decide_lane(rules, question, i);
    assert_memory_equal(&alone, decision, sizeof alone);
    assert_int_equal(decision->outcome, plain_outcome(rules, question, i));
    counts[decision->outcome]++;
    if (decision->outcome == NAV__V1__OUTCOME__OUTCOME_WITHHOLD) {
      assert_int_equal(decision->reveal, 0);
      assert_false(decision->is_volatile);
      assert_int_equal(decision->hold_rule, ACCESS_NO_RULE);
    } else {
      assert_int_not_equal(decision->rule, ACCESS_NO_RULE);
      assert_true((decision->reveal & 2) != 0);  // open is always there
    }
  }
}

static void properties_of(const char *folder) {
  struct loaded loaded = load(folder);
  const char *sources[64] = {NULL};
  const char *areas[] = {"norr", "soder", "annan", "okand", "bromma", "alvik", "solna", NULL};
  size_t counts[4] = {0};
  for (size_t i = 0; i < loaded.agencies->agencies_count && i < 63; i++)
    sources[i] = loaded.agencies->agencies[i].id;
  struct made_chance chance = {17};
  struct nav_arena *arena = nav_arena_new(1 << 20);
  for (size_t i = 0; i < EVENTS; i++) {
    nav_arena_reset(arena);
    struct access_question question = {.event = made_random_event(&chance, sources, areas, arena),
                                       .now_ms = now_ms};
    if (made_number(&chance, 2) == 0) question.consent = some_consent;
    check_properties(loaded.rules, &question, counts);
  }
  printf("%s: %zu withheld, %zu held, %zu released\n", folder, counts[1], counts[2], counts[3]);
  assert_true(counts[2] > 50 && counts[3] > 50);  // else chance has tested nothing
  nav_arena_free(arena);
  unload(&loaded);
}

static void properties_of_test_rules(void **state) {
  (void)state;
  properties_of("tests/unit/access/config");
}

static void properties_of_shipped_rules(void **state) {
  (void)state;
  properties_of("config");
}

// Text edited for the recipient counts in what waits too, beside a release of every class about somebody
// else.
static void edited_in_the_hold(void **state) {
  (void)state;
  struct loaded loaded = load("tests/unit/access/config");
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  Nav__V1__WelfareFraudNotice body = NAV__V1__WELFARE_FRAUD_NOTICE__INIT;
  Nav__V1__Marks marks = NAV__V1__MARKS__INIT;
  char bo[] = "bo";
  char skola[] = "skola";
  char *edited_for[] = {skola};
  Nav__V1__Subject people[2] = {NAV__V1__SUBJECT__INIT, NAV__V1__SUBJECT__INIT};
  Nav__V1__Subject *subjects[2] = {&people[0], &people[1]};
  for (size_t i = 0; i < 2; i++) {
    people[i].has_role = 1;
    people[i].role = i == 0 ? NAV__V1__ROLE__ROLE_SUSPECT : NAV__V1__ROLE__ROLE_WITNESS;
    people[i].has_protection = 1;
    people[i].protection = NAV__V1__PROTECTION__PROTECTION_NONE;
  }
  event.source = bo;
  event.body_case = NAV__V1__EVENT__BODY_WELFARE_FRAUD_NOTICE;
  event.welfare_fraud_notice = &body;
  event.subjects = subjects;
  event.n_subjects = 2;
  event.marks = &marks;
  marks.edited_for = edited_for;
  struct access_question question = {.event = &event, .now_ms = now_ms};
  for (size_t edited = 0; edited < 2; edited++) {
    marks.n_edited_for = edited;
    size_t found = 0;
    for (size_t i = 0; i < access_lane_count(loaded.rules); i++) {
      struct access_decision decision = access_decide_lane(loaded.rules, &question, i);
      if (decision.hold_rule == ACCESS_NO_RULE) continue;
      found++;
      assert_string_equal(access_rule(loaded.rules, decision.hold_rule)->id, "others-text");
      assert_int_equal(decision.hold_subjects, 3);
      assert_int_equal(decision.narrative_edited, edited);
    }
    assert_int_equal(found, 1);
  }
  unload(&loaded);
}

// What cannot be decided is withheld.
static void strange_events(void **state) {
  (void)state;
  struct loaded loaded = load("tests/unit/access/config");
  static struct access_decision decisions[LANES];
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  char bo[] = "bo";
  char stranger[] = "stranger";
  Nav__V1__Damage damage = NAV__V1__DAMAGE__INIT;
  Nav__V1__Subject subject = NAV__V1__SUBJECT__INIT;
  Nav__V1__Subject *subjects[ACCESS_SUBJECTS_MAX + 1];
  for (size_t i = 0; i <= ACCESS_SUBJECTS_MAX; i++) subjects[i] = &subject;
  damage.has_cost_kronor = 1;
  struct access_question question = {.event = &event, .now_ms = now_ms};
  for (int step = 0; step < 5; step++) {
    event.source = step == 0 ? NULL : step == 1 ? stranger : bo;
    event.body_case = step == 2 ? NAV__V1__EVENT__BODY__NOT_SET : NAV__V1__EVENT__BODY_DAMAGE;
    event.damage = &damage;
    event.subjects = subjects;
    event.n_subjects = step == 3 ? ACCESS_SUBJECTS_MAX + 1 : 0;
    access_decide(loaded.rules, &question, decisions);
    size_t released = 0;
    for (size_t i = 0; i < access_lane_count(loaded.rules); i++)
      released += decisions[i].outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE;
    assert_int_equal(released, step == 4 ? 1 : 0);
  }
  assert_int_equal(access_decide_lane(loaded.rules, &question, 100000).outcome,
                   NAV__V1__OUTCOME__OUTCOME_WITHHOLD);
  unload(&loaded);
}

static void rules_tell_about_themselves(void **state) {
  (void)state;
  struct loaded loaded = load("tests/unit/access/config");
  struct loaded again = load("tests/unit/access/config");
  assert_memory_equal(access_rules_hash(loaded.rules), access_rules_hash(again.rules), 32);
  assert_int_equal(access_lane_count(loaded.rules), 9);
  assert_string_equal(access_lane(loaded.rules, 0)->agency, "pol");
  assert_string_equal(access_lane(loaded.rules, 1)->purpose, "tva");
  assert_null(access_lane(loaded.rules, 9));
  const struct access_rule_info *first = NULL;
  for (size_t i = 0; i < access_rule_count(loaded.rules); i++)
    if (strcmp(access_rule(loaded.rules, (uint16_t)i)->id, "order-first") == 0)
      first = access_rule(loaded.rules, (uint16_t)i);
  assert_non_null(first);
  assert_string_equal(first->basis, "fri");
  assert_string_equal(first->purpose, "ett");
  assert_int_equal(first->obligations_count, 3);
  assert_string_equal(first->obligations[0], "retain 30d");
  assert_string_equal(first->obligations[1], "receipt");
  assert_string_equal(first->obligations[2], "no-onward");
  assert_null(access_rule(loaded.rules, ACCESS_NO_RULE));
  uint8_t sha256[32];
  assert_int_equal(access_rules_file_count(loaded.rules), 6);
  assert_string_equal(access_rules_file(loaded.rules, 0, sha256), "agencies.yaml");
  unload(&again);
  unload(&loaded);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(truth_tables),
      cmocka_unit_test(runner_tells_failures),
      cmocka_unit_test(properties_of_test_rules),
      cmocka_unit_test(properties_of_shipped_rules),
      cmocka_unit_test(edited_in_the_hold),
      cmocka_unit_test(strange_events),
      cmocka_unit_test(rules_tell_about_themselves),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
