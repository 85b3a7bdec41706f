// Recalls: who is told of what, and never of more; what is counted; what of it is staged; and which stored
// bytes become a cause of deliveries. Called by: ctest.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/core/recalls.h"
#include "hub/ledger/record.h"
#include "tests/unit/core/made_core.h"

enum { EVENTS = 3, ARENA_MAX = 1 << 20 };

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

static uint8_t ids[EVENTS][16] = {{1}, {2}, {3}};

struct made_recall {
  Nav__V1__Recalled recalled;
  Nav__V1__RecalledEvent events[4], *pointers[4];
};

static void add_event(struct made_recall *made, uint64_t seq, uint8_t *id, size_t id_length, uint32_t *lanes,
                      size_t lanes_count, size_t undelivered_count) {
  Nav__V1__RecalledEvent *event = &made->events[made->recalled.n_events];
  *event = (Nav__V1__RecalledEvent)NAV__V1__RECALLED_EVENT__INIT;
  event->event_seq = seq;
  event->event_id = (ProtobufCBinaryData){id_length, id};
  event->lanes = lanes;
  event->n_lanes = lanes_count;
  event->undelivered = lanes;  // the first of them
  event->n_undelivered = undelivered_count;
  made->pointers[made->recalled.n_events++] = event;
  made->recalled.events = made->pointers;
}

static void begin(struct made_recall *made) {
  made->recalled = (Nav__V1__Recalled)NAV__V1__RECALLED__INIT;
  made->recalled.agency = made_text("soc");
  made->recalled.reason = NAV__V1__RECALL_REASON__RECALL_REASON_WRONG;
  made->recalled.recall_id = (ProtobufCBinaryData){16, ids[0]};
  made->recalled.revision = 4;
  made->recalled.event_time_ms = 77;
}

// ---- what a lane is told ----

static void each_lane_is_told_of_its_own_events_alone(void **state) {
  (void)state;
  static uint32_t first[] = {POL_ETT, BO_ETT}, second[] = {BO_ETT}, third[] = {POL_ETT, SKOLA_ETT, BO_ETT};
  static const struct {
    uint32_t lane;
    uint8_t told[EVENTS + 1];  // first bytes of ids
  } cases[] = {{POL_ETT, {1, 3}}, {BO_ETT, {1, 2, 3}}, {SKOLA_ETT, {3}},
               {SOC_ETT, {0}},    {POL_TVA, {0}},      {0, {0}}};
  struct made_recall made;
  struct nav_arena *arena = nav_arena_new(ARENA_MAX);
  begin(&made);
  add_event(&made, 10, ids[0], 16, first, 2, 0);
  add_event(&made, 11, ids[0], 16, first, 2, 0);  // another revision of the same
  add_event(&made, 12, ids[1], 16, second, 1, 0);
  add_event(&made, 13, ids[2], 16, third, 3, 0);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    nav_arena_reset(arena);
    const Nav__V1__Event *event = recall_event(&made.recalled, cases[i].lane, arena);
    size_t count = strlen((const char *)cases[i].told);
    assert_int_equal(event != NULL, count > 0);
    if (event == NULL) continue;
    assert_int_equal(event->body_case, NAV__V1__EVENT__BODY_RECALL);
    assert_int_equal(event->recall->n_event_ids, count);
    for (size_t k = 0; k < count; k++)
      assert_int_equal(event->recall->event_ids[k].data[0], cases[i].told[k]);
    assert_int_equal(event->recall->reason, NAV__V1__RECALL_REASON__RECALL_REASON_WRONG);
    assert_string_equal(event->source, "soc");
    assert_int_equal(event->revision, 4);
    assert_int_equal(event->time_ms, 77);
    assert_null(event->subjects);
  }
  nav_arena_free(arena);
}

static void an_id_that_is_none_is_told_to_nobody(void **state) {
  (void)state;
  static uint32_t lanes[] = {POL_ETT};
  struct made_recall made;
  struct nav_arena *arena = nav_arena_new(ARENA_MAX);
  uint8_t *little = malloc(3);  // so that reading past its end is seen
  assert_non_null(little);
  memset(little, 1, 3);
  begin(&made);
  add_event(&made, 10, ids[0], 16, lanes, 1, 0);
  add_event(&made, 11, little, 3, lanes, 1, 0);
  add_event(&made, 12, NULL, 0, lanes, 1, 0);
  const Nav__V1__Event *event = recall_event(&made.recalled, POL_ETT, arena);
  assert_non_null(event);
  assert_int_equal(event->recall->n_event_ids, 1);
  free(little);
  nav_arena_free(arena);
}

// ---- what is remembered and counted ----

static void a_recall_holds_for_ever_and_is_counted_once_a_lane(void **state) {
  struct core *core = *state;
  static uint32_t lanes[] = {POL_ETT, BO_ETT, SKOLA_ETT, 0, NUMBERS_LANES_MAX};  // the last two are none
  struct made_recall made;
  for (uint32_t lane = POL_ETT; lane <= BO_ETT; lane++) due_give(core_lane(core, lane), 10);
  begin(&made);
  add_event(&made, 10, ids[0], 16, lanes, 5, 1);  // whether it was sent says nothing of what waits
  add_event(&made, 11, ids[1], 16, lanes, 2, 2);
  due_load_cursor(core_lane(core, SKOLA_ETT), 10, 40);  // has acknowledged the first, whatever was counted
  recalls_load(core, 50, &made.recalled);
  assert_true(recalls_has(core->recalls, 10));
  assert_true(recalls_has(core->recalls, 11));
  assert_false(recalls_has(core->recalls, 12));
  assert_false(recalls_has(core->recalls, 50));  // the record itself is no event
  assert_int_equal(due_behind(core_lane(core, POL_ETT)), 10 - 2 + 1);
  assert_int_equal(due_behind(core_lane(core, BO_ETT)), 10 - 2 + 1);
  assert_int_equal(due_behind(core_lane(core, SKOLA_ETT)), 10 + 1);
  assert_int_equal(due_behind(core_lane(core, SOC_ETT)), 10);
  for (uint64_t seq = 1000; seq < 9000; seq += 4) {
    begin(&made);
    add_event(&made, seq, ids[0], 16, NULL, 0, 0);
    recalls_load(core, seq + 1, &made.recalled);
  }
  assert_true(recalls_has(core->recalls, 10));
  for (uint64_t seq = 1000; seq < 9000; seq++)
    assert_int_equal(recalls_has(core->recalls, seq), seq % 4 == 0);
}

// ---- a Recall is accepted ----

static struct known_event known(uint8_t id, uint32_t agency, uint32_t revision, uint64_t seq,
                                uint32_t verdict) {
  struct known_event event = {.agency = agency, .revision = revision, .seq = seq, .verdict = verdict};
  event.event_id[0] = id;
  return event;
}

static Nav__V1__LaneVerdict lane_verdict(uint32_t lane, Nav__V1__Outcome outcome) {
  Nav__V1__LaneVerdict verdict = NAV__V1__LANE_VERDICT__INIT;
  verdict.lane = lane;
  verdict.outcome = outcome;
  verdict.rule = made_text("rule");
  return verdict;
}

static bool names(const uint32_t *lanes, size_t count, uint32_t lane) {
  for (size_t i = 0; i < count; i++)
    if (lanes[i] == lane) return true;
  return false;
}

// Every revision is taken back from everybody who was let have it, by rule or by a person; what still waits
// is closed; another agency's event of the same id is left alone.
static void a_recall_reaches_all_who_were_let_have_it(void **state) {
  struct core *core = *state;
  Nav__V1__LaneVerdict lanes[] = {lane_verdict(POL_ETT, PASSES(RELEASE)),
                                  lane_verdict(SKOLA_ETT, PASSES(HOLD)), lane_verdict(BO_ETT, PASSES(HOLD))};
  uint32_t first = made_verdict(core, lanes, 3, true), second = made_verdict(core, lanes, 1, true);
  const struct known_event rows[] = {known(1, SOC, 1, 10, first), known(1, SKOLA, 1, 11, first)};
  const struct intake_known stored = {rows, 2};
  const struct known_event staged = known(1, SOC, 2, 20, second);
  recent_add(core->recent, &staged);
  struct hold waits = {.event_seq = 10, .lane = SKOLA_ETT, .agency = SOC};
  holds_restore(core->holds, &waits);
  holds_note_released(core->holds, 10, BO_ETT, 15);
  core_lane(core, POL_ETT)->cursor = 12;  // has the first revision, not the second
  core->sequence.last_seq = 30;
  Nav__V1__Recall recall = NAV__V1__RECALL__INIT;
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  ProtobufCBinaryData id = {16, ids[0]};
  recall.n_event_ids = 1;
  recall.event_ids = &id;
  event.recall = &recall;
  event.id = (ProtobufCBinaryData){16, ids[1]};
  struct nav_error err;
  assert_true(recall_check(core, &recall, SOC, &stored, &err));
  assert_false(recall_check(core, &recall, BO, &stored, &err));
  assert_int_equal(err.code, NAV__V1__CODE__CODE_NOT_FOUND);
  recall_stage(core, 30, &event, SOC, &stored);
  size_t count = 0;
  Nav__V1__Record **records = made_records(core, &count);
  assert_int_equal(count, 2);
  const Nav__V1__Recalled *recalled = records[0]->recalled;
  assert_non_null(recalled);
  assert_int_equal(recalled->recall_seq, 30);
  assert_int_equal(recalled->n_events, 2);
  const Nav__V1__RecalledEvent *one = recalled->events[0], *two = recalled->events[1];
  assert_int_equal(one->event_seq, 10);
  assert_int_equal(one->n_lanes, 2);
  assert_true(names(one->lanes, one->n_lanes, POL_ETT) && names(one->lanes, one->n_lanes, BO_ETT));
  assert_int_equal(one->n_undelivered, 1);  // the housing company was let have it at 15, and has nothing
  assert_int_equal(one->undelivered[0], BO_ETT);
  assert_int_equal(two->event_seq, 20);
  assert_int_equal(two->n_lanes, 1);
  assert_int_equal(two->n_undelivered, 1);
  assert_int_equal(two->undelivered[0], POL_ETT);
  assert_int_equal(records[1]->record_case, NAV__V1__RECORD__RECORD_HOLD_CLOSED);
  assert_int_equal(records[1]->hold_closed->by_seq, 31);
  assert_null(holds_find(core->holds, 10, SKOLA_ETT));
  assert_true(recalls_has(core->recalls, 10) && recalls_has(core->recalls, 20));
  assert_false(recalls_has(core->recalls, 11));
}

// ---- stored bytes as a cause of deliveries ----

static void check_entry(const Nav__V1__Record *record, size_t cut, bool good, uint64_t event_seq) {
  struct nav_buffer bytes;
  nav_buffer_init(&bytes, RECORD_SIZE_MAX);
  assert_true(record_encode(record, &bytes));
  assert_true(bytes.length > cut);
  struct head_entry *entry =
      head_entry_of_record(40, bytes.data, bytes.length - cut, 7, (const uint8_t *)"event", 5);
  assert_int_equal(entry != NULL, good);
  if (entry != NULL) {
    bool released = record->record_case == NAV__V1__RECORD__RECORD_HOLD_RELEASED;
    assert_int_equal(entry->seq, 40);
    assert_int_equal(entry->event_seq, event_seq);
    assert_int_equal(entry->cause, released ? HEAD_RELEASED : HEAD_RECALLED);
    assert_int_equal(entry->accepted_day, 7);
    assert_int_equal(entry->length, 5);
    assert_memory_equal(entry->event, "event", 5);
  }
  head_entry_free(entry);
  nav_buffer_free(&bytes);
}

static void only_releases_and_recalls_are_causes(void **state) {
  (void)state;
  Nav__V1__LaneVerdict lane = lane_verdict(POL_ETT, PASSES(RELEASE));
  Nav__V1__HoldReleased released = NAV__V1__HOLD_RELEASED__INIT;
  Nav__V1__HoldRefused refused = NAV__V1__HOLD_REFUSED__INIT;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  struct made_recall made;
  lane.has_lane = lane.has_outcome = true;
  released.has_event_seq = true;
  released.event_seq = 9;
  released.lane = &lane;
  released.reason = made_text("a reason");
  record.record_case = NAV__V1__RECORD__RECORD_HOLD_RELEASED;
  record.hold_released = &released;
  check_entry(&record, 0, true, 9);
  check_entry(&record, 1, false, 0);
  check_entry(&record, 9, false, 0);
  released.lane = NULL;  // to nobody
  check_entry(&record, 0, false, 0);
  begin(&made);
  made.recalled.has_recall_seq = true;
  made.recalled.recall_seq = 8;
  record.record_case = NAV__V1__RECORD__RECORD_RECALLED;
  record.recalled = &made.recalled;
  check_entry(&record, 0, true, 8);
  record.record_case = NAV__V1__RECORD__RECORD_HOLD_REFUSED;
  record.hold_refused = &refused;
  check_entry(&record, 0, false, 0);
  static const uint8_t bytes[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
  for (size_t length = 0; length <= sizeof bytes; length++)
    assert_null(head_entry_of_record(40, bytes, length, 7, NULL, 0));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_lane_is_told_of_its_own_events_alone),
      cmocka_unit_test(an_id_that_is_none_is_told_to_nobody),
      TEST(a_recall_holds_for_ever_and_is_counted_once_a_lane),
      TEST(a_recall_reaches_all_who_were_let_have_it),
      cmocka_unit_test(only_releases_and_recalls_are_causes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
