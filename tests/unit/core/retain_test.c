// A rule's `retain` ends a lane's access by the day, though the content lives on: of what a rule released, of
// what a person released, and at a replay. Called by: ctest, which moves the clock instead of waiting.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/core/deliver.h"
#include "hub/ledger/record.h"
#include "hub/wire/message.h"
#include "tests/unit/core/made_core.h"

enum { DAY_MS = 86400000, POSITION = 40 };

// How much later it is, counted from the first moment of the day of acceptance; and whether it is still
// given.
static const struct {
  uint32_t retain_days;
  int64_t later_ms;
  bool given;
} cases[] = {
    {0, INT64_C(10000) * DAY_MS, true},  // no retain: as long as the content
    {1, 0, true},
    {1, INT64_C(2) * DAY_MS - 1, true},  // the whole of the next day
    {1, INT64_C(2) * DAY_MS, false},
    {1, INT64_C(400) * DAY_MS, false},
    {30, INT64_C(31) * DAY_MS - 1, true},
    {30, INT64_C(31) * DAY_MS, false},
    {UINT32_MAX, INT64_C(10000) * DAY_MS, true},
};

static int make(void **state) {
  *state = made_core_new();
  return 0;
}

static int unmake(void **state) {
  (void)state;
  made_core_free();
  return 0;
}

static void pack_event(struct nav_buffer *out) {
  Nav__V1__PublicIncident incident = NAV__V1__PUBLIC_INCIDENT__INIT;
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  uint8_t id[16] = {1};
  incident.kind = made_text("Brand");
  event.has_id = true;
  event.id = (ProtobufCBinaryData){16, id};
  event.source = made_text("pol");
  event.body_case = NAV__V1__EVENT__BODY_PUBLIC_INCIDENT;
  event.public_incident = &incident;
  nav_buffer_init(out, WIRE_EVENT_MAX);
  assert_true(wire_encode(&event, out));
}

static Nav__V1__LaneVerdict kept_by(uint32_t retain_days) {
  Nav__V1__LaneVerdict verdict = NAV__V1__LANE_VERDICT__INIT;
  verdict.lane = SKOLA_ETT;
  verdict.outcome = NAV__V1__OUTCOME__OUTCOME_RELEASE;
  verdict.rule = made_text("kept");
  verdict.basis = made_text("fri");
  verdict.reveal = 1U << NAV__V1__SENSITIVITY__SENSITIVITY_OPEN;
  verdict.retain_days = retain_days;
  return verdict;
}

// Whether the school's lane is given the entry, which is freed.
static bool is_given(struct core *core, struct head_entry *entry, uint64_t replay_until) {
  static uint64_t sent[LANE_SENT_MAX], ranks[LANE_SENT_MAX];
  struct lane lane = {.sent = sent, .due.ranks = ranks, .replay_until = replay_until};
  struct session nobody = {.credit_bytes = 0};
  struct deliver_frame *frame = deliver_frame_begin(core, SKOLA_ETT, &lane);
  size_t before = core->head.bytes;
  assert_true(deliver_frame_add(frame, entry, true));
  bool given = core->head.bytes > before;  // a copy was made for it
  lane.session = &nobody;
  if (replay_until < POSITION) assert_int_equal(given, lane.sent_next == 1);
  head_entry_free(entry);
  return given;
}

static struct head_entry *accepted(struct core *core, const struct nav_buffer *bytes, uint32_t retain_days) {
  Nav__V1__LaneVerdict verdict = kept_by(retain_days);
  return head_entry_new(POSITION, made_verdict(core, &verdict, 1, true), MADE_DAY, bytes->data,
                        bytes->length);
}

static struct head_entry *released(const struct nav_buffer *bytes, uint32_t retain_days) {
  Nav__V1__LaneVerdict verdict = kept_by(retain_days);
  Nav__V1__HoldReleased body = NAV__V1__HOLD_RELEASED__INIT;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  struct nav_buffer stored;
  verdict.has_lane = verdict.has_outcome = verdict.has_reveal = verdict.has_retain_days = true;
  verdict.has_subjects = true;
  body.has_event_seq = true;
  body.event_seq = 9;
  body.lane = &verdict;
  record.record_case = NAV__V1__RECORD__RECORD_HOLD_RELEASED;
  record.hold_released = &body;
  nav_buffer_init(&stored, RECORD_SIZE_MAX);
  assert_true(record_encode(&record, &stored));
  struct head_entry *entry =
      head_entry_of_record(POSITION, stored.data, stored.length, MADE_DAY, bytes->data, bytes->length);
  nav_buffer_free(&stored);
  assert_non_null(entry);
  return entry;
}

static void a_lane_has_it_for_so_many_days(void **state) {
  struct core *core = *state;
  struct nav_buffer bytes;
  pack_event(&bytes);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    core->now_ms = (int64_t)MADE_DAY * DAY_MS + cases[i].later_ms;
    assert_int_equal(is_given(core, accepted(core, &bytes, cases[i].retain_days), 0), cases[i].given);
    assert_int_equal(is_given(core, accepted(core, &bytes, cases[i].retain_days), POSITION), cases[i].given);
    assert_int_equal(is_given(core, released(&bytes, cases[i].retain_days), 0), cases[i].given);
  }
  size_t count = 0;
  (void)made_records(core, &count);
  assert_int_equal(count, 0);  // time alone is recorded by nobody: the verdict says how long
  nav_buffer_free(&bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void) {
  const struct CMUnitTest tests[] = {TEST(a_lane_has_it_for_so_many_days)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
