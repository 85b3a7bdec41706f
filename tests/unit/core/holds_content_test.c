// Holds that are made by what is in an event: a Request waits for its addressee, a sealed event for its own
// agency; and what else a sender may write there makes none. Called by: ctest.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/core/made_core.h"

#define PASSES(outcome) NAV__V1__OUTCOME__OUTCOME_##outcome

static int make(void **state) {
  *state = made_core_new();
  return 0;
}

static int unmake(void **state) {
  (void)state;
  made_core_free();
  return 0;
}

static Nav__V1__LaneVerdict lane_verdict(uint32_t lane, Nav__V1__Outcome outcome) {
  Nav__V1__LaneVerdict verdict = NAV__V1__LANE_VERDICT__INIT;
  verdict.lane = lane;
  verdict.outcome = outcome;
  verdict.rule = made_text("rule");
  verdict.basis = made_text("basis");
  return verdict;
}

// ---- requests ----

static void a_request_waits_for_the_agency_that_it_was_released_to(void **state) {
  struct core *core = *state;
  static const struct {
    const char *addressee;
    Nav__V1__Outcome skola_ett, skola_tva;
    uint32_t lane;  // 0: nobody is asked
  } cases[] = {
      {"skola", PASSES(RELEASE), PASSES(WITHHOLD), SKOLA_ETT},
      {"skola", PASSES(WITHHOLD), PASSES(RELEASE), SKOLA_TVA},
      {"skola", PASSES(RELEASE), PASSES(RELEASE), SKOLA_ETT},  // one answer is enough
      {"skola", PASSES(HOLD), PASSES(WITHHOLD), 0},
      {"skola", PASSES(WITHHOLD), PASSES(WITHHOLD), 0},
      {"bo", PASSES(RELEASE), PASSES(RELEASE), 0},
      {"nowhere", PASSES(RELEASE), PASSES(RELEASE), 0},
      {NULL, PASSES(RELEASE), PASSES(RELEASE), 0},
  };
  Nav__V1__Marks marks = NAV__V1__MARKS__INIT;
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  struct hold list[HOLDS_OF_CONTENT_MAX];
  const struct hold hold = {.event_seq = 9, .agency = POL, .source = POL, .type = 40, .revision = 2};
  event.body_case = NAV__V1__EVENT__BODY_REQUEST;
  event.marks = &marks;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    Nav__V1__LaneVerdict lanes[] = {lane_verdict(POL_ETT, PASSES(RELEASE)),
                                    lane_verdict(SKOLA_ETT, cases[i].skola_ett),
                                    lane_verdict(SKOLA_TVA, cases[i].skola_tva)};
    event.addressee = made_text(cases[i].addressee);
    marks.urgent = i % 2 == 1;
    size_t count = holds_of_content(core, &hold, made_verdict(core, lanes, 3, true), &event, list);
    assert_int_equal(count, cases[i].lane == 0 ? 0 : 1);
    if (count == 0) continue;
    assert_int_equal(list[0].lane, cases[i].lane);
    assert_int_equal(list[0].kind, HOLD_REQUEST);
    assert_int_equal(list[0].agency, SKOLA);  // the asked one's person decides …
    assert_int_equal(list[0].source, POL);    // … of another's event
    assert_true(list[0].must_answer);
    assert_int_equal(list[0].urgent, i % 2 == 1);
    assert_int_equal(list[0].answer_ms, i % 2 == 1 ? MADE_URGENT_MS : MADE_ANSWER_MS);
    assert_int_equal(list[0].event_seq, 9);
    assert_int_equal(list[0].revision, 2);
    assert_string_equal(list[0].rule, "rule");
    assert_string_equal(list[0].basis, "basis");
  }
  event.addressee = made_text("skola");
  assert_int_equal(holds_of_content(core, &hold, verdicts_end(core->verdicts), &event, list), 0);
  event.body_case = NAV__V1__EVENT__BODY_CASE_COUNTS;
  Nav__V1__LaneVerdict lane = lane_verdict(SKOLA_ETT, PASSES(RELEASE));
  assert_int_equal(holds_of_content(core, &hold, made_verdict(core, &lane, 1, true), &event, list), 0);
}

// ---- sealed events ----

struct sealed_lane {
  const char *recipient, *purpose, *rule;
};

static size_t ask(struct core *core, const struct sealed_lane *lanes, size_t count, size_t rules_count,
                  bool urgent, struct hold list[HOLDS_OF_CONTENT_MAX]) {
  enum { LANES_MAX = 128 };
  static char *recipients[LANES_MAX], *purposes[LANES_MAX], *rules[LANES_MAX];
  Nav__V1__Marks marks = NAV__V1__MARKS__INIT;
  Nav__V1__Sealed sealed = NAV__V1__SEALED__INIT;
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  assert_in_range(count, 0, LANES_MAX);
  for (size_t i = 0; i < count; i++) {
    recipients[i] = made_text(lanes[i].recipient);
    purposes[i] = made_text(lanes[i].purpose);
    rules[i] = made_text(lanes[i].rule);
  }
  sealed.type = 31;
  sealed.recipients = recipients;
  sealed.purposes = purposes;
  sealed.rules = rules;
  sealed.n_recipients = sealed.n_purposes = count;
  sealed.n_rules = rules_count;
  marks.urgent = urgent;
  event.source = made_text("soc");
  event.marks = &marks;
  event.body_case = NAV__V1__EVENT__BODY_SEALED;
  event.sealed = &sealed;
  const struct hold hold = {.event_seq = 9, .agency = SOC, .source = SOC, .type = 90, .revision = 1};
  return holds_of_content(core, &hold, made_verdict(core, NULL, 0, true), &event, list);
}

static void what_is_sealed_waits_at_its_own_agency(void **state) {
  struct core *core = *state;
  static const struct {
    struct sealed_lane lane;
    bool urgent, waits, must_answer;
    int64_t answer_ms;
  } cases[] = {
      {{"pol", "ett", "own"}, false, true, false, 7200000},  // the rule's own time, urgent or not
      {{"pol", "ett", "own"}, true, true, false, 7200000},
      {{"bo", "ett", "plain"}, false, true, false, MADE_ANSWER_MS},
      {{"bo", "ett", "plain"}, true, true, false, MADE_URGENT_MS},
      {{"pol", "ett", "duty"}, false, true, true, MADE_ANSWER_MS},
      {{"pol", "ett", "asked"}, false, true, true, MADE_ANSWER_MS},
      {{"soc", "ett", "own"}, false, false, false, 0},      // its own lane
      {{"pol", "tre", "own"}, false, false, false, 0},      // no lane
      {{"nowhere", "ett", "own"}, false, false, false, 0},  // no agency
      {{"pol", "ett", "gone"}, false, false, false, 0},     // no rule, or no longer
      {{"", "", ""}, false, false, false, 0},
  };
  struct hold list[HOLDS_OF_CONTENT_MAX];
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    size_t count = ask(core, &cases[i].lane, 1, 1, cases[i].urgent, list);
    assert_int_equal(count, cases[i].waits ? 1 : 0);
    if (count == 0) continue;
    assert_int_equal(list[0].kind, HOLD_SEALED);
    assert_int_equal(list[0].agency, SOC);
    assert_int_equal(list[0].type, 31);  // of what is within
    assert_int_equal(list[0].must_answer, cases[i].must_answer);
    assert_int_equal(list[0].urgent, cases[i].urgent);
    assert_int_equal(list[0].answer_ms, cases[i].answer_ms);
    assert_string_equal(list[0].rule, cases[i].lane.rule);
  }
}

static void lists_that_do_not_match_hold_nothing(void **state) {
  struct core *core = *state;
  static const struct sealed_lane good = {"pol", "ett", "own"};
  const struct sealed_lane lanes[] = {good, {"pol", "ett", "gone"}, {"bo", "ett", "plain"}};
  struct hold list[HOLDS_OF_CONTENT_MAX];
  assert_int_equal(ask(core, lanes, 3, 2, false, list), 0);
  assert_int_equal(ask(core, lanes, 2, 3, false, list), 0);
  assert_int_equal(ask(core, lanes, 0, 0, false, list), 0);
  assert_int_equal(ask(core, lanes, 3, 3, false, list), 2);  // one that is none takes no other with it
  assert_int_equal(list[0].lane, POL_ETT);
  assert_int_equal(list[1].lane, BO_ETT);
}

static void more_lanes_than_there_is_room_for_are_cut(void **state) {
  struct core *core = *state;
  struct sealed_lane lanes[128];
  struct hold list[HOLDS_OF_CONTENT_MAX];
  for (size_t i = 0; i < 128; i++) lanes[i] = (struct sealed_lane){"pol", "ett", "own"};
  assert_int_equal(ask(core, lanes, 128, 128, false, list), HOLDS_OF_CONTENT_MAX);
}

// What an edge names twice waits once.
static void a_lane_named_twice_waits_once(void **state) {
  struct core *core = *state;
  char *recipients[] = {made_text("pol"), made_text("pol")};
  char *purposes[] = {made_text("ett"), made_text("ett")};
  char *rules[] = {made_text("own"), made_text("plain")};
  Nav__V1__Sealed sealed = NAV__V1__SEALED__INIT;
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  sealed.recipients = recipients;
  sealed.purposes = purposes;
  sealed.rules = rules;
  sealed.n_recipients = sealed.n_purposes = sealed.n_rules = 2;
  event.source = made_text("soc");
  event.body_case = NAV__V1__EVENT__BODY_SEALED;
  event.sealed = &sealed;
  const struct batch_event row = {.agency = SOC, .revision = 1, .verdict = made_verdict(core, NULL, 0, true)};
  holds_open_event(core, 9, &row, &event);
  assert_int_equal(holds_count(core->holds), 1);
  assert_string_equal(holds_find(core->holds, 9, POL_ETT)->rule, "own");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_request_waits_for_the_agency_that_it_was_released_to),
      TEST(what_is_sealed_waits_at_its_own_agency),
      TEST(lists_that_do_not_match_hold_nothing),
      TEST(more_lanes_than_there_is_room_for_are_cut),
      TEST(a_lane_named_twice_waits_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
