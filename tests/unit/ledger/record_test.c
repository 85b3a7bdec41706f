// Records to stored bytes and back; what is refused; the derived columns.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/ledger/record.h"
#include "tests/unit/ledger/made.h"

static char word_police[] = "police";

static struct nav_buffer encode(const Nav__V1__Record *record) {
  struct nav_buffer bytes;
  nav_buffer_init(&bytes, RECORD_SIZE_MAX);
  assert_true(record_encode(record, &bytes));
  return bytes;
}

static void a_record_survives_the_way_there_and_back(void **state) {
  (void)state;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  Nav__V1__AgencyDefined agency = NAV__V1__AGENCY_DEFINED__INIT;
  agency.has_number = true;
  agency.number = 4;
  agency.agency = word_police;
  record.has_seq = record.has_time_ms = record.has_epoch = true;
  record.seq = 17;
  record.time_ms = 1763779200123;
  record.epoch = 2;
  record.record_case = NAV__V1__RECORD__RECORD_AGENCY_DEFINED;
  record.agency_defined = &agency;
  struct nav_buffer bytes = encode(&record);
  struct nav_arena *arena = nav_arena_new(1 << 20);
  struct nav_error err = {0};
  const Nav__V1__Record *back = record_decode(arena, bytes.data, bytes.length, &err);
  assert_non_null(back);
  assert_int_equal(back->seq, 17);
  assert_int_equal(back->time_ms, 1763779200123);
  assert_string_equal(back->agency_defined->agency, "police");
  nav_arena_free(arena);
  nav_buffer_free(&bytes);
}

// Each lacks one thing that every record has.
static void what_lacks_a_head_is_refused(void **state) {
  (void)state;
  static const char *const missing[] = {"seq", "time_ms", "epoch", "record"};
  for (int i = 0; i < 4; i++) {
    Nav__V1__Record record = NAV__V1__RECORD__INIT;
    Nav__V1__Resumed resumed = NAV__V1__RESUMED__INIT;
    record.has_seq = i != 0;
    record.has_time_ms = i != 1;
    record.has_epoch = i != 2;
    if (i != 3) {
      record.record_case = NAV__V1__RECORD__RECORD_RESUMED;
      record.resumed = &resumed;
    }
    struct nav_buffer bytes = encode(&record);
    struct nav_arena *arena = nav_arena_new(1 << 20);
    struct nav_error err = {0};
    assert_null(record_decode(arena, bytes.data, bytes.length, &err));
    assert_string_equal(err.place, missing[i]);
    assert_int_equal(err.class, NAV_ERROR_PEER);
    // Of the ledger's own table it is nobody's who asks: no code that would blame the command line.
    assert_null(record_stored(arena, bytes.data, bytes.length, &err));
    assert_string_equal(err.place, missing[i]);
    assert_true(err.class == NAV_ERROR_LOCAL && err.code == 0);
    nav_arena_free(arena);
    nav_buffer_free(&bytes);
  }
}

static void larger_than_the_maximum_is_refused_both_ways(void **state) {
  (void)state;
  static char long_text[RECORD_SIZE_MAX + 1];
  memset(long_text, 'a', RECORD_SIZE_MAX);
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  Nav__V1__Stopped stopped = NAV__V1__STOPPED__INIT;
  stopped.reason = long_text;
  record.record_case = NAV__V1__RECORD__RECORD_STOPPED;
  record.stopped = &stopped;
  struct nav_buffer bytes;
  nav_buffer_init(&bytes, 4 * RECORD_SIZE_MAX);
  assert_true(nav_buffer_append(&bytes, "before", 6));
  assert_false(record_encode(&record, &bytes));
  assert_int_equal(bytes.length, 6);
  nav_buffer_free(&bytes);
  struct nav_arena *arena = nav_arena_new(1 << 20);
  struct nav_error err = {0};
  assert_null(record_decode(arena, (const uint8_t *)long_text, sizeof long_text, &err));
  assert_non_null(strstr(err.text, "1048577 bytes"));
  nav_arena_free(arena);
}

static void lane_stands_beside_records_about_a_lane(void **state) {
  (void)state;
  struct record_columns columns;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  Nav__V1__Acknowledged acknowledged = NAV__V1__ACKNOWLEDGED__INIT;
  acknowledged.lane = 7;
  record.seq = 3;
  record.time_ms = -5;
  record.record_case = NAV__V1__RECORD__RECORD_ACKNOWLEDGED;
  record.acknowledged = &acknowledged;
  record_columns_of(&record, &columns);
  assert_int_equal(columns.lane, 7);
  assert_int_equal(columns.kind, 30);
  assert_int_equal(columns.time_ms, -5);
  Nav__V1__Redecided redecided = NAV__V1__REDECIDED__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_REDECIDED;
  record.redecided = &redecided;
  record_columns_of(&record, &columns);
  assert_int_equal(columns.lane, 0);  // it names none
}

static void the_reader_stands_beside_readings_alone(void **state) {
  (void)state;
  static char person[] = "anna-ek";
  static char long_person[RECORD_READER_MAX + 2];
  struct record_columns columns;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  Nav__V1__Read read = NAV__V1__READ__INIT;
  Nav__V1__BriefingCompiled compiled = NAV__V1__BRIEFING_COMPILED__INIT;
  Nav__V1__AuditRead audit = NAV__V1__AUDIT_READ__INIT;
  Nav__V1__HoldReleased released = NAV__V1__HOLD_RELEASED__INIT;
  read.person = compiled.person = audit.person = released.person = person;
  const Nav__V1__Record__RecordCase cases[] = {
      NAV__V1__RECORD__RECORD_READ, NAV__V1__RECORD__RECORD_BRIEFING_COMPILED,
      NAV__V1__RECORD__RECORD_AUDIT_READ, NAV__V1__RECORD__RECORD_HOLD_RELEASED};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    record.record_case = cases[i];
    if (i == 0) record.read = &read;
    if (i == 1) record.briefing_compiled = &compiled;
    if (i == 2) record.audit_read = &audit;
    if (i == 3) record.hold_released = &released;
    record_columns_of(&record, &columns);
    assert_ptr_equal(columns.reader, i < 3 ? person : NULL);
  }
  memset(long_person, 'a', sizeof long_person - 1);  // no index takes any length
  record.record_case = NAV__V1__RECORD__RECORD_READ;
  record.read = &read;
  read.person = long_person;
  record_columns_of(&record, &columns);
  assert_null(columns.reader);
  read.person = NULL;
  record_columns_of(&record, &columns);
  assert_null(columns.reader);
}

static void kinds_have_names(void **state) {
  (void)state;
  assert_string_equal(record_kind_name(21), "accepted");
  assert_string_equal(record_kind_name(41), "briefing_compiled");
  assert_string_equal(record_kind_name(1), "unknown");  // seq is no kind
  assert_string_equal(record_kind_name(9999), "unknown");
}

// Quickly decoded, it is what the whole decoder makes of the same bytes. Gives whether it was.
static bool decodes_alike(struct nav_arena *arena, const uint8_t *bytes, size_t length) {
  struct nav_error err = {0};
  nav_arena_reset(arena);
  const Nav__V1__Record *quick = record_decode_accepted(arena, bytes, length);
  const Nav__V1__Record *whole = record_decode(arena, bytes, length, &err);
  if (quick == NULL) return false;
  assert_non_null(whole);
  struct nav_buffer a = encode(quick);
  struct nav_buffer b = encode(whole);
  assert_int_equal(a.length, b.length);
  assert_memory_equal(a.data, b.data, a.length);
  assert_int_equal(whole->record_case, NAV__V1__RECORD__RECORD_ACCEPTED);
  assert_int_equal(quick->accepted->n_persons, whole->accepted->n_persons);
  nav_buffer_free(&a);
  nav_buffer_free(&b);
  return true;
}

// Every record of a made ledger, and each of an Accepted's bytes changed, and each of its beginnings.
static void accepted_records_are_decoded_alike_both_ways(void **state) {
  (void)state;
  const struct made_settings settings = {
      .publications = 12, .checkpoint_every = 16, .start_ms = 1763779200000, .hub = "nav.example.se"};
  struct made *made = made_new(&settings);
  struct nav_arena *arena = nav_arena_new(1 << 20);
  size_t quick = 0;
  for (size_t i = 0; i < made->ledger_count; i++) {
    const struct verify_ledger_row *row = &made->ledger[i];
    bool is = decodes_alike(arena, row->record, row->record_length);
    assert_int_equal(is, row->kind == NAV__V1__RECORD__RECORD_ACCEPTED);
    quick += is ? 1 : 0;
    if (!is) continue;
    uint8_t copy[1024];
    assert_true(row->record_length < sizeof copy);
    for (size_t at = 0; at < row->record_length; at++) {
      (void)decodes_alike(arena, row->record, at);
      for (unsigned bit = 0; bit < 8; bit++) {
        memcpy(copy, row->record, row->record_length);
        copy[at] = (uint8_t)(copy[at] ^ 1u << bit);
        (void)decodes_alike(arena, copy, row->record_length);
      }
    }
  }
  assert_int_equal(quick, made->events_count);
  nav_arena_free(arena);
  made_free(made);
}

static void a_commitment_is_found_in_the_stored_bytes(void **state) {
  (void)state;
  uint8_t commitment[32];
  uint8_t token[16] = {7};
  memset(commitment, 0xc7, sizeof commitment);
  Nav__V1__Accepted accepted = NAV__V1__ACCEPTED__INIT;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  ProtobufCBinaryData persons[] = {{sizeof token, token}};
  record.has_seq = record.has_time_ms = record.has_epoch = true;
  record.seq = UINT64_MAX;
  record.record_case = NAV__V1__RECORD__RECORD_ACCEPTED;
  record.accepted = &accepted;
  accepted.agency = (char *)(uintptr_t) "skolan";
  accepted.has_published_seq = accepted.has_commitment = accepted.has_verdict = true;
  accepted.published_seq = 1234567;
  accepted.commitment = (ProtobufCBinaryData){sizeof commitment, commitment};
  accepted.persons = persons;
  accepted.n_persons = 1;
  struct nav_buffer out;
  nav_buffer_init(&out, 4096);
  assert_true(record_encode(&record, &out));
  size_t at = record_commitment_at(out.data, out.length);
  assert_in_range(at, 1, out.length - sizeof commitment);
  assert_memory_equal(out.data + at, commitment, sizeof commitment);
  for (size_t length = 0; length < out.length; length++) {
    size_t cut = record_commitment_at(out.data, length);
    assert_true(cut == 0 || cut == at);
  }
  accepted.commitment.len = 31;
  nav_buffer_clear(&out);
  assert_true(record_encode(&record, &out));
  assert_int_equal(record_commitment_at(out.data, out.length), 0);
  accepted.has_commitment = false;
  nav_buffer_clear(&out);
  assert_true(record_encode(&record, &out));
  assert_int_equal(record_commitment_at(out.data, out.length), 0);
  nav_buffer_free(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_record_survives_the_way_there_and_back),
      cmocka_unit_test(what_lacks_a_head_is_refused),
      cmocka_unit_test(larger_than_the_maximum_is_refused_both_ways),
      cmocka_unit_test(lane_stands_beside_records_about_a_lane),
      cmocka_unit_test(the_reader_stands_beside_readings_alone),
      cmocka_unit_test(kinds_have_names),
      cmocka_unit_test(accepted_records_are_decoded_alike_both_ways),
      cmocka_unit_test(a_commitment_is_found_in_the_stored_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
