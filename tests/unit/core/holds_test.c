// The assessment queue: what a verdict makes wait, how each hold ends, who answers when nobody does, and what
// is remembered of it at the next start. Called by: ctest.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/core/holds_ended.h"
#include "tests/unit/core/made_core.h"

enum { HOUR_MS = 3600000, DAY_MS = 86400000 };

#define PASSES(outcome) NAV__V1__OUTCOME__OUTCOME_##outcome
#define CLOSED(reason) NAV__V1__HOLD_CLOSED_REASON__HOLD_CLOSED_REASON_##reason

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
  verdict.reveal = 3;
  verdict.subjects = 5;
  return verdict;
}

static struct batch_event event_row(uint8_t id, uint32_t agency, uint32_t revision, uint32_t verdict) {
  struct batch_event row = {.agency = agency, .revision = revision, .verdict = verdict, .type = 30};
  memset(row.event_id, id, 8);  // the last bytes, by which they are chained, are the same
  return row;
}

static void open_event(struct core *core, uint64_t seq, const struct batch_event *row) {
  Nav__V1__Event nothing = NAV__V1__EVENT__INIT;
  holds_open_event(core, seq, row, &nothing);
}

// One hold of the social board to the police, as rare as its marks say.
static struct hold *open_hold(struct core *core, uint64_t seq, uint32_t agency, bool must_answer,
                              bool urgent) {
  Nav__V1__LaneVerdict lane = lane_verdict(POL_ETT, PASSES(HOLD));
  lane.must_answer = must_answer;
  lane.urgent = urgent;
  struct batch_event row = event_row((uint8_t)seq, agency, 1, made_verdict(core, &lane, 1, true));
  open_event(core, seq, &row);
  struct hold *hold = holds_find(core->holds, seq, POL_ETT);
  assert_non_null(hold);
  return hold;
}

// ---- what a verdict holds ----

static void a_verdict_holds_the_whole_or_what_stands_beside_a_release(void **state) {
  const struct core *core = *state;
  static const struct {
    Nav__V1__Outcome outcome;
    bool beside, urgent;
    uint32_t answer_s;
    bool holds;
    const char *rule;
    uint16_t reveal;
    uint64_t subjects;
    int64_t answer_ms;
  } cases[] = {
      {PASSES(WITHHOLD), false, false, 0, false, NULL, 0, 0, 0},
      {PASSES(RELEASE), false, false, 0, false, NULL, 0, 0, 0},
      {PASSES(HOLD), false, false, 0, true, "rule", 3, 5, MADE_ANSWER_MS},
      {PASSES(HOLD), false, true, 0, true, "rule", 3, 5, MADE_URGENT_MS},
      {PASSES(HOLD), false, true, 90, true, "rule", 3, 5, 90000},
      {PASSES(RELEASE), true, false, 0, true, "more", 12, 9, MADE_ANSWER_MS},
      {PASSES(RELEASE), true, true, 7200, true, "more", 12, 9, 7200000},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    Nav__V1__LaneVerdict verdict = lane_verdict(SOC_ETT, cases[i].outcome);
    verdict.urgent = cases[i].urgent;
    verdict.answer_s = cases[i].answer_s;
    verdict.hold_rule = cases[i].beside ? made_text("more") : NULL;
    verdict.hold_basis = cases[i].beside ? made_text("law") : NULL;
    verdict.hold_reveal = 12;
    verdict.hold_subjects = 9;
    verdict.limit_rule = made_text("limit");
    struct hold hold = {0};
    assert_int_equal(hold_of_verdict(&hold, &verdict, core->nav), cases[i].holds);
    if (!cases[i].holds) continue;
    assert_int_equal(hold.lane, SOC_ETT);
    assert_string_equal(hold.rule, cases[i].rule);
    assert_string_equal(hold.basis, cases[i].beside ? "law" : "basis");
    assert_string_equal(hold.limit, "limit");
    assert_int_equal(hold.reveal, cases[i].reveal);
    assert_int_equal(hold.subjects, cases[i].subjects);
    assert_int_equal(hold.answer_ms, cases[i].answer_ms);
    assert_int_equal(hold.urgent, cases[i].urgent);
  }
}

static void each_lane_of_a_verdict_waits_for_itself(void **state) {
  struct core *core = *state;
  Nav__V1__LaneVerdict lanes[] = {lane_verdict(POL_ETT, PASSES(HOLD)), lane_verdict(SOC_ETT, PASSES(RELEASE)),
                                  lane_verdict(SKOLA_ETT, PASSES(WITHHOLD)),
                                  lane_verdict(BO_ETT, PASSES(HOLD))};
  lanes[3].must_answer = true;
  struct batch_event row = event_row(1, SOC, 1, made_verdict(core, lanes, 4, true));
  open_event(core, 10, &row);
  assert_int_equal(holds_count(core->holds), 2);
  const struct hold *hold = holds_find(core->holds, 10, POL_ETT);
  assert_non_null(hold);
  assert_int_equal(hold->agency, SOC);
  assert_int_equal(hold->kind, HOLD_EVENT);
  assert_int_equal(hold->opened_ms, core->now_ms);
  assert_int_equal(hold->deadline_ms, core->now_ms + MADE_ANSWER_MS);
  assert_false(hold->must_answer);
  assert_true(holds_find(core->holds, 10, BO_ETT)->must_answer);
  assert_null(holds_find(core->holds, 10, SOC_ETT));
  assert_null(holds_find(core->holds, 10, SKOLA_ETT));
  assert_null(holds_find(core->holds, 11, POL_ETT));
  row.verdict = verdicts_end(core->verdicts);  // which nobody has defined
  open_event(core, 12, &row);
  assert_int_equal(holds_count(core->holds), 2);
}

// ---- revisions ----

static void check_closed(const Nav__V1__Record *record, uint64_t seq, uint32_t lane,
                         Nav__V1__HoldClosedReason reason, uint64_t by_seq) {
  assert_int_equal(record->record_case, NAV__V1__RECORD__RECORD_HOLD_CLOSED);
  assert_int_equal(record->hold_closed->event_seq, seq);
  assert_int_equal(record->hold_closed->lane, lane);
  assert_int_equal(record->hold_closed->reason, reason);
  assert_int_equal(record->hold_closed->by_seq, by_seq);
}

// Of one chain: other ids, other agencies' events of the same id, and higher revisions are left alone.
static void a_revision_closes_what_its_own_earlier_ones_wait_for(void **state) {
  struct core *core = *state;
  Nav__V1__LaneVerdict lanes[] = {lane_verdict(POL_ETT, PASSES(HOLD)), lane_verdict(BO_ETT, PASSES(HOLD))};
  uint32_t both = made_verdict(core, lanes, 2, true), none = made_verdict(core, NULL, 0, true);
  const struct batch_event before[] = {event_row(1, SOC, 1, both), event_row(2, SOC, 1, both),
                                       event_row(1, SKOLA, 1, both), event_row(1, SOC, 2, both)};
  struct hold later = {.event_seq = 13, .lane = POL_ETT, .agency = SOC, .source = SOC, .revision = 9};
  memcpy(later.event_id, before[0].event_id, sizeof later.event_id);
  holds_restore(core->holds, &later);
  size_t count = 0;
  for (size_t i = 0; i < 3; i++) open_event(core, 10 + i, &before[i]);
  open_event(core, 14, &before[3]);
  Nav__V1__Record **records = made_records(core, &count);
  assert_int_equal(count, 2);  // the first revision's two lanes, closed by the second
  check_closed(records[0], 10, records[0]->hold_closed->lane, CLOSED(REVISED), 14);
  check_closed(records[1], 10, POL_ETT + BO_ETT - records[0]->hold_closed->lane, CLOSED(REVISED), 14);
  const struct batch_event third = event_row(1, SOC, 3, none);
  open_event(core, 15, &third);
  records = made_records(core, &count);
  assert_int_equal(count, 2);
  check_closed(records[0], 14, records[0]->hold_closed->lane, CLOSED(REVISED), 15);
  for (uint64_t seq = 10; seq < 15; seq++)
    assert_int_equal(holds_find(core->holds, seq, POL_ETT) != NULL, seq != 10 && seq != 14);
  assert_int_equal(holds_count(core->holds), 5);
}

// What another agency asks waits for this one's answer, and only who asked can revise it: the addressee has
// the Request's id, and may send an event under it.
static void nobody_but_who_asked_revises_a_request(void **state) {
  struct core *core = *state;
  Nav__V1__LaneVerdict lane = lane_verdict(SOC_ETT, PASSES(RELEASE));
  Nav__V1__Event request = NAV__V1__EVENT__INIT;
  request.body_case = NAV__V1__EVENT__BODY_REQUEST;
  request.addressee = made_text("soc");
  struct batch_event row = event_row(7, POL, 1, made_verdict(core, &lane, 1, true));
  holds_open_event(core, 20, &row, &request);
  assert_non_null(holds_find(core->holds, 20, SOC_ETT));
  struct batch_event forged = event_row(7, SOC, 2, made_verdict(core, NULL, 0, true));
  open_event(core, 21, &forged);
  assert_non_null(holds_find(core->holds, 20, SOC_ETT));
  row.revision = 2;
  holds_open_event(core, 22, &row, &request);
  assert_null(holds_find(core->holds, 20, SOC_ETT));
  assert_non_null(holds_find(core->holds, 22, SOC_ETT));
}

static void closing_takes_an_events_lanes_and_no_others(void **state) {
  struct core *core = *state;
  size_t count = 0;
  Nav__V1__LaneVerdict lanes[] = {lane_verdict(POL_ETT, PASSES(HOLD)), lane_verdict(BO_ETT, PASSES(HOLD))};
  uint32_t both = made_verdict(core, lanes, 2, true);
  for (uint64_t seq = 1; seq <= 200; seq++) {
    struct batch_event row = event_row((uint8_t)seq, SOC, 1, both);
    open_event(core, seq, &row);
  }
  for (uint64_t seq = 2; seq <= 200; seq += 2) holds_close_event(core, seq, CLOSED(RECALLED), 500);
  holds_close_event(core, 2, CLOSED(RECALLED), 501);    // once only
  holds_close_event(core, 999, CLOSED(RECALLED), 501);  // never there
  Nav__V1__Record **records = made_records(core, &count);
  assert_int_equal(count, 200);
  check_closed(records[0], 2, records[0]->hold_closed->lane, CLOSED(RECALLED), 500);
  for (uint64_t seq = 1; seq <= 200; seq++)
    for (uint32_t lane = POL_ETT; lane <= BO_ETT; lane += BO_ETT - POL_ETT)
      assert_int_equal(holds_find(core->holds, seq, lane) != NULL, seq % 2 == 1);
  assert_int_equal(holds_count(core->holds), 200);
  size_t slots = holds_slots(core->holds), seen = 0;
  for (size_t i = 0; i < slots; i++) seen += holds_at(core->holds, i) != NULL;
  assert_int_equal(seen, 200);
  struct batch_event row = event_row(1, SKOLA, 1, both);
  open_event(core, 300, &row);
  assert_int_equal(holds_slots(core->holds), slots);  // the places that were given back
}

// A duty outlives its content, to be refused; a request does not: only its content told who waits.
static void erasing_closes_what_nobody_must_answer(void **state) {
  struct core *core = *state;
  size_t count = 0, closable = 0, kept = 0, stays = 0;
  Nav__V1__LaneVerdict lane = lane_verdict(SOC_ETT, PASSES(RELEASE));
  Nav__V1__Event request = NAV__V1__EVENT__INIT;
  request.body_case = NAV__V1__EVENT__BODY_REQUEST;
  request.addressee = made_text("soc");
  struct batch_event row = event_row(7, POL, 1, made_verdict(core, &lane, 1, true));
  holds_open_event(core, 20, &row, &request);
  assert_true(holds_find(core->holds, 20, SOC_ETT)->must_answer);
  (void)open_hold(core, 21, SOC, true, false);
  (void)open_hold(core, 22, SOC, false, true);
  for (uint64_t seq = 20; seq <= 23; seq++) holds_count_event(core->holds, seq, &closable, &kept);
  assert_int_equal(closable, 2);
  assert_int_equal(kept, 1);
  for (uint64_t seq = 20; seq <= 23; seq++) closable -= holds_close_erased(core, seq, 50, &stays);
  assert_int_equal(closable, 0);
  assert_int_equal(stays, 1);
  Nav__V1__Record **records = made_records(core, &count);
  assert_int_equal(count, 2);
  check_closed(records[0], 20, SOC_ETT, CLOSED(ERASED), 50);
  check_closed(records[1], 22, POL_ETT, CLOSED(ERASED), 50);
  assert_non_null(holds_find(core->holds, 21, POL_ETT));
  assert_int_equal(holds_count(core->holds), 1);
}

// ---- decided ----

static void sum_release(void *context, uint64_t event_seq, uint32_t lane, uint64_t position) {
  assert_int_equal(lane, BO_ETT);
  assert_int_equal(position, event_seq + 700);
  *(uint64_t *)context += event_seq;
}

static void what_was_released_is_found_again(void **state) {
  struct core *core = *state;
  uint64_t position = 0;
  holds_released(core->holds, open_hold(core, 10, SOC, false, false), 40);
  assert_null(holds_find(core->holds, 10, POL_ETT));
  holds_refused(core->holds, open_hold(core, 11, SOC, false, false));
  assert_null(holds_find(core->holds, 11, POL_ETT));
  for (uint64_t i = 0; i < 600; i++) holds_note_released(core->holds, 100 + i, BO_ETT, 800 + i);
  assert_true(holds_was_released(core->holds, 10, POL_ETT, &position));
  assert_int_equal(position, 40);
  assert_true(holds_was_released(core->holds, 699, BO_ETT, &position));
  assert_int_equal(position, 1399);
  assert_false(holds_was_released(core->holds, 10, BO_ETT, &position));
  assert_false(holds_was_released(core->holds, 11, POL_ETT, &position));
  assert_false(holds_was_released(core->holds, 2000, BO_ETT, &position));
  uint64_t sum = 0;
  holds_each_release(core->holds, 150, 152, sum_release, &sum);
  assert_int_equal(sum, 150 + 151 + 152);
  assert_int_equal(holds_count(core->holds), 0);
}

// ---- deadlines ----

// Passes the deadline, and gives the one record of that.
static const Nav__V1__Record *pass(struct core *core, int64_t wait_ms) {
  size_t count = 0;
  core->now_ms += wait_ms - 1;
  holds_sweep(core);
  (void)made_records(core, &count);
  assert_int_equal(count, 0);  // not yet
  core->now_ms += 1;
  holds_sweep(core);
  Nav__V1__Record **records = made_records(core, &count);
  assert_int_equal(count, 1);
  return records[0];
}

static void check_escalated(const struct core *core, const Nav__V1__Record *record, uint32_t level,
                            const char *to, int64_t next_ms) {
  assert_int_equal(record->record_case, NAV__V1__RECORD__RECORD_HOLD_ESCALATED);
  assert_int_equal(record->hold_escalated->event_seq, 10);
  assert_int_equal(record->hold_escalated->lane, POL_ETT);
  assert_string_equal(record->hold_escalated->agency, "soc");
  assert_int_equal(record->hold_escalated->level, level);
  assert_string_equal(record->hold_escalated->to, to);
  assert_int_equal(record->hold_escalated->deadline_ms, core->now_ms + next_ms);
}

static void what_is_on_own_initiative_lapses_after_the_deputies(void **state) {
  struct core *core = *state;
  (void)open_hold(core, 10, SOC, false, false);
  check_escalated(core, pass(core, MADE_ANSWER_MS), 1, "second, third", MADE_ANSWER_MS);
  const Nav__V1__Record *record = pass(core, MADE_ANSWER_MS);
  assert_int_equal(record->record_case, NAV__V1__RECORD__RECORD_HOLD_LAPSED);
  assert_int_equal(record->hold_lapsed->event_seq, 10);
  assert_int_equal(record->hold_lapsed->lane, POL_ETT);
  assert_string_equal(record->hold_lapsed->agency, "soc");
  assert_null(holds_find(core->holds, 10, POL_ETT));
  assert_int_equal(holds_count(core->holds), 0);
}

// A duty, a request and what is urgent go on to the on-call desk, and wait there for ever.
static void nothing_else_ever_lapses(void **state) {
  static const struct { bool must_answer, urgent; } cases[] = {{true, false}, {false, true}, {true, true}};
  made_core_free();
  for (size_t i = 0; i < 3; i++) {
    struct core *core = made_core_new();
    int64_t answer_ms = cases[i].urgent ? MADE_URGENT_MS : MADE_ANSWER_MS;
    (void)open_hold(core, 10, SOC, cases[i].must_answer, cases[i].urgent);
    check_escalated(core, pass(core, answer_ms), 1, "second, third", answer_ms);
    check_escalated(core, pass(core, answer_ms), 2, "Jouren", answer_ms);
    check_escalated(core, pass(core, answer_ms), 3, "Jouren", DAY_MS);  // reminded once a day
    for (uint32_t level = 4; level < 10; level++)
      check_escalated(core, pass(core, DAY_MS), level, "Jouren", DAY_MS);
    assert_non_null(holds_find(core->holds, 10, POL_ETT));
    made_core_free();
  }
  *state = made_core_new();
}

static void no_deadline_passes_while_somebody_decides_or_nothing_can_be_recorded(void **state) {
  struct core *core = *state;
  size_t count = 0;
  struct hold *hold = open_hold(core, 10, SOC, false, false);
  core->now_ms += DAY_MS;
  hold->deciding = true;
  holds_sweep(core);
  hold->deciding = false;
  core->database_lost = true;
  holds_sweep(core);
  core->database_lost = false;
  core->staging->finished = true;
  holds_sweep(core);
  core->staging->finished = false;
  (void)made_records(core, &count);
  assert_int_equal(count, 0);
  assert_int_equal(hold->level, 0);
  holds_sweep(core);
  (void)made_records(core, &count);
  assert_int_equal(count, 1);
  assert_int_equal(hold->level, 1);
}

static void a_sweep_is_bounded_and_the_next_goes_on(void **state) {
  struct core *core = *state;
  enum { MANY = 600 };
  size_t count = 0;
  for (uint64_t seq = 1; seq <= MANY; seq++) {
    struct hold hold = {.event_seq = seq,
                        .lane = POL_ETT,
                        .agency = SOC,
                        .must_answer = true,
                        .answer_ms = HOUR_MS,
                        .deadline_ms = core->now_ms};
    holds_restore(core->holds, &hold);
  }
  size_t total = 0;
  for (int sweep = 0; sweep < 3; sweep++) {
    holds_sweep(core);
    (void)made_records(core, &count);
    assert_in_range(count, 1, MANY / 2);
    total += count;
  }
  assert_int_equal(total, MANY);
  for (size_t i = 0; i < MANY; i++) assert_int_equal(holds_at(core->holds, i)->level, 1);
}

static void somebody_always_answers(void **state) {
  struct core *core = *state;
  static const struct {
    uint32_t agency, level;
    const char *who;
  } cases[] = {{SOC, 0, "chief"},   {SOC, 1, "second, third"}, {SOC, 2, "Jouren"},  {SOC, 9, "Jouren"},
               {SKOLA, 0, "chief"}, {SKOLA, 1, "chief"},       {SKOLA, 2, "chief"}, {BO, 0, "nobody"},
               {BO, 2, "nobody"},   {BO + 1, 0, "nobody"}};
  char to[256];
  Nav__V1__AgencyDefined gone = NAV__V1__AGENCY_DEFINED__INIT;
  struct nav_error err;
  gone.number = BO + 1;
  gone.agency = made_text("gone");
  assert_true(numbers_load_agency(core->numbers, &gone, &err));
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct hold hold = {.agency = cases[i].agency, .level = cases[i].level};
    const char *who = hold_assessor(core, &hold, to);
    assert_int_equal(strncmp(who, cases[i].who, strlen(cases[i].who)), 0);
  }
}

// More deputies than there is room to name are cut, not written past the end.
static void many_deputies_fit_their_room(void **state) {
  struct core *core = *state;
  enum { DEPUTIES = 60 };
  char names[DEPUTIES][16];
  char *pointers[DEPUTIES];
  char to[256];
  for (int i = 0; i < DEPUTIES; i++) {
    (void)snprintf(names[i], sizeof names[i], "deputy-%02d", i);
    pointers[i] = names[i];
  }
  struct conf_agency *agency = &core->agencies->agencies[SOC - 1];
  const struct conf_agency before = *agency;
  agency->assessors = pointers;
  agency->assessors_count = DEPUTIES;
  const struct hold hold = {.agency = SOC, .level = 1};
  const char *who = hold_assessor(core, &hold, to);
  *agency = before;
  assert_int_equal(strlen(who), sizeof to - 1);
  assert_int_equal(strncmp(who, "deputy-01, deputy-02", 20), 0);
}

// ---- notices ----

static void each_new_or_escalated_hold_has_one_notice(void **state) {
  struct core *core = *state;
  size_t count = 0;
  assert_false(holds_notices_wait(core->holds));
  struct hold *first = open_hold(core, 10, SOC, true, false);
  assert_true(holds_notices_wait(core->holds));
  holds_notice_done(core->holds, first);
  holds_notice_done(core->holds, first);  // told twice counts once
  assert_false(holds_notices_wait(core->holds));
  struct hold *other = open_hold(core, 11, SOC, false, false);
  assert_true(holds_notices_wait(core->holds));
  holds_refused(core->holds, other);  // over before it was told
  assert_false(holds_notices_wait(core->holds));
  core->now_ms += MADE_ANSWER_MS;
  holds_sweep(core);
  (void)made_records(core, &count);
  assert_true(holds_notices_wait(core->holds));
  assert_true(first->notice_waits);
  holds_close_event(core, 10, CLOSED(ANSWERED), 12);
  assert_false(holds_notices_wait(core->holds));
  struct hold restored = {.event_seq = 30, .lane = POL_ETT, .agency = SOC};
  holds_restore(core->holds, &restored);
  assert_false(holds_notices_wait(core->holds));  // who comes after a start is told at their session's start
}

// ---- room ----

static void the_queue_ends_where_it_is_full(void **state) {
  struct core *core = *state;
  struct hold hold = {.lane = POL_ETT, .agency = SOC};
  for (uint64_t seq = 1; seq <= HOLDS_MAX; seq++) {
    hold.event_seq = seq;
    hold.source = 1 + (uint32_t)(seq % 5);  // none has its whole share
    nav_put_u64(hold.event_id + 8, seq);
    holds_restore(core->holds, &hold);
    holds_restore(core->holds, &hold);  // the same again is no other
  }
  assert_int_equal(holds_count(core->holds), HOLDS_MAX);
  assert_true(holds_have_room(core->holds, 1, 0));
  assert_false(holds_have_room(core->holds, 1, 1));
  holds_refused(core->holds, holds_find(core->holds, 77, POL_ETT));
  assert_true(holds_have_room(core->holds, 1, 1));
  hold.event_seq = HOLDS_MAX + 1;
  holds_restore(core->holds, &hold);
  assert_int_equal(holds_slots(core->holds), HOLDS_MAX);
  assert_non_null(holds_find(core->holds, HOLDS_MAX + 1, POL_ETT));
  assert_null(holds_find(core->holds, 77, POL_ETT));
}

static void an_agency_fills_its_own_share_and_nobody_elses(void **state) {
  struct core *core = *state;
  struct hold hold = {.lane = POL_ETT, .agency = SOC, .source = SOC};
  assert_true(holds_have_room(core->holds, SOC, HOLDS_OF_SOURCE_MAX));
  assert_false(holds_have_room(core->holds, SOC, HOLDS_OF_SOURCE_MAX + 1));
  for (uint64_t seq = 1; seq <= HOLDS_OF_SOURCE_MAX; seq++) {
    hold.event_seq = seq;
    nav_put_u64(hold.event_id + 8, seq);
    holds_restore(core->holds, &hold);
  }
  assert_false(holds_have_room(core->holds, SOC, 1));
  assert_true(holds_have_room(core->holds, SOC + 1, HOLDS_OF_SOURCE_MAX));
  holds_refused(core->holds, holds_find(core->holds, 77, POL_ETT));
  assert_true(holds_have_room(core->holds, SOC, 1));
}

static void names_are_kept_once(void **state) {
  const struct core *core = *state;
  char text[] = "rule-of-old";
  const char *kept = holds_keep_name(core->holds, text);
  text[0] = 'X';
  assert_string_equal(kept, "rule-of-old");
  assert_ptr_equal(holds_keep_name(core->holds, "rule-of-old"), kept);
  assert_ptr_not_equal(holds_keep_name(core->holds, text), kept);
}

// ---- what ended, at the next start ----

static void take(struct core *core, uint64_t seq, uint64_t event_seq, uint32_t lane, int kind,
                 uint32_t level) {
  Nav__V1__LaneVerdict verdict = lane_verdict(lane, PASSES(RELEASE));
  Nav__V1__HoldReleased released = NAV__V1__HOLD_RELEASED__INIT;
  Nav__V1__HoldRefused refused = NAV__V1__HOLD_REFUSED__INIT;
  Nav__V1__HoldLapsed lapsed = NAV__V1__HOLD_LAPSED__INIT;
  Nav__V1__HoldClosed closed = NAV__V1__HOLD_CLOSED__INIT;
  Nav__V1__HoldEscalated escalated = NAV__V1__HOLD_ESCALATED__INIT;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = (Nav__V1__Record__RecordCase)kind;
  released.event_seq = refused.event_seq = lapsed.event_seq = closed.event_seq = event_seq;
  escalated.event_seq = event_seq;
  refused.lane = lapsed.lane = closed.lane = escalated.lane = lane;
  if (lane != 0) released.lane = &verdict;
  escalated.level = level;
  escalated.deadline_ms = (int64_t)seq * 1000;
  if (kind == NAV__V1__RECORD__RECORD_HOLD_RELEASED) record.hold_released = &released;
  if (kind == NAV__V1__RECORD__RECORD_HOLD_REFUSED) record.hold_refused = &refused;
  if (kind == NAV__V1__RECORD__RECORD_HOLD_LAPSED) record.hold_lapsed = &lapsed;
  if (kind == NAV__V1__RECORD__RECORD_HOLD_CLOSED) record.hold_closed = &closed;
  if (kind == NAV__V1__RECORD__RECORD_HOLD_ESCALATED) record.hold_escalated = &escalated;
  holds_ended_take(core, seq, &record);
}

static void records_say_what_is_over_and_how_far_the_rest_has_come(void **state) {
  struct core *core = *state;
  core->holds_ended = holds_ended_new();
  struct holds_ended *ended = core->holds_ended;
  assert_false(holds_ended_has(ended, 10, POL_ETT));
  holds_ended_free(ended);
  core->holds_ended = ended = holds_ended_new();
  take(core, 50, 14, POL_ETT, NAV__V1__RECORD__RECORD_HOLD_ESCALATED, 1);
  take(core, 51, 14, POL_ETT, NAV__V1__RECORD__RECORD_HOLD_ESCALATED, 2);
  take(core, 52, 15, POL_ETT, NAV__V1__RECORD__RECORD_HOLD_ESCALATED, 1);
  take(core, 53, 15, POL_ETT, NAV__V1__RECORD__RECORD_HOLD_LAPSED, 0);
  take(core, 54, 12, POL_ETT, NAV__V1__RECORD__RECORD_HOLD_REFUSED, 0);
  take(core, 55, 13, POL_ETT, NAV__V1__RECORD__RECORD_HOLD_CLOSED, 0);
  take(core, 56, 10, POL_ETT, NAV__V1__RECORD__RECORD_HOLD_RELEASED, 0);
  take(core, 57, 16, 0, NAV__V1__RECORD__RECORD_HOLD_RELEASED, 0);  // of no lane: nobody's
  take(core, 58, 14, BO_ETT, NAV__V1__RECORD__RECORD_STOPPED, 0);   // says nothing of holds
  static const bool over[] = {true, false, true, true, false, true, false};
  for (uint64_t i = 0; i < 7; i++) {
    assert_int_equal(holds_ended_has(ended, 10 + i, POL_ETT), over[i]);
    assert_false(holds_ended_has(ended, 10 + i, BO_ETT));
  }
  struct hold hold = {.event_seq = 14, .lane = POL_ETT, .deadline_ms = 1};
  holds_ended_level(ended, &hold);
  assert_int_equal(hold.level, 2);
  assert_int_equal(hold.deadline_ms, 51000);
  struct hold other = {.event_seq = 14, .lane = BO_ETT, .deadline_ms = 1};
  holds_ended_level(ended, &other);
  assert_int_equal(other.level, 0);
  assert_int_equal(other.deadline_ms, 1);
  uint64_t position = 0;
  assert_true(holds_was_released(core->holds, 10, POL_ETT, &position));
  assert_int_equal(position, 56);
  assert_int_equal(due_behind(core_lane(core, POL_ETT)), 1);
  holds_ended_free(ended);
  core->holds_ended = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_verdict_holds_the_whole_or_what_stands_beside_a_release),
      TEST(each_lane_of_a_verdict_waits_for_itself),
      TEST(a_revision_closes_what_its_own_earlier_ones_wait_for),
      TEST(nobody_but_who_asked_revises_a_request),
      TEST(closing_takes_an_events_lanes_and_no_others),
      TEST(erasing_closes_what_nobody_must_answer),
      TEST(what_was_released_is_found_again),
      TEST(what_is_on_own_initiative_lapses_after_the_deputies),
      TEST(nothing_else_ever_lapses),
      TEST(no_deadline_passes_while_somebody_decides_or_nothing_can_be_recorded),
      TEST(a_sweep_is_bounded_and_the_next_goes_on),
      TEST(somebody_always_answers),
      TEST(many_deputies_fit_their_room),
      TEST(each_new_or_escalated_hold_has_one_notice),
      TEST(an_agency_fills_its_own_share_and_nobody_elses),
      TEST(the_queue_ends_where_it_is_full),
      TEST(names_are_kept_once),
      TEST(records_say_what_is_over_and_how_far_the_rest_has_come),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
