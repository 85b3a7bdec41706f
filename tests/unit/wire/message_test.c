// The wire form: what is refused, with which code and at which place; what is kept, and what lenience drops.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "google/protobuf/descriptor.pb-c.h"
#include "hub/wire/message.h"
#include "nav/v1/ledger.pb-c.h"
#include "nav/v1/session.pb-c.h"
#include "tests/unit/wire/sample.h"

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1
#define CODE(name) NAV__V1__CODE__CODE_##name

enum { GOOD = 0, ARENA_MAX = 64 * 1024 * 1024 };

struct wire_case {
  const char *what;
  const ProtobufCMessageDescriptor *descriptor;
  const uint8_t *bytes;
  size_t length;
  int strict_code;  // GOOD or the code expected
  int lenient_code;
  const char *place;
};

#define EVENT &nav__v1__event__descriptor
#define RECORD &nav__v1__record__descriptor

static const struct wire_case wire_cases[] = {
    {"nothing at all is an empty message", EVENT, BYTES(""), GOOD, GOOD, ""},
    {"one field", EVENT,
     BYTES("\x12\x01"
           "a"),
     GOOD, GOOD, ""},
    {"fields out of order", EVENT,
     BYTES("\x18\x01\x12\x01"
           "a"),
     GOOD, GOOD, ""},
    {"repeated field in two runs", EVENT, BYTES("\x3a\x00\x18\x01\x3a\x00"), GOOD, GOOD, ""},

    {"text that is not UTF-8", EVENT, BYTES("\x3a\x03\x22\x01\xff"), CODE(BAD_UTF8), CODE(BAD_UTF8),
     "subjects.0.name"},
    {"the index of the element", EVENT, BYTES("\x3a\x00\x18\x01\x3a\x02\x08\x01\x3a\x03\x22\x01\xff"),
     CODE(BAD_UTF8), CODE(BAD_UTF8), "subjects.2.name"},
    {"a NUL in text", EVENT,
     BYTES("\x12\x02"
           "a\0"),
     CODE(BAD_UTF8), CODE(BAD_UTF8), "source"},
    {"a NUL late in a long text", EVENT,
     BYTES("\x12\x11"
           "abcdefghijklmnop\0"),
     CODE(BAD_UTF8), CODE(BAD_UTF8), "source"},
    {"an overlong form", EVENT, BYTES("\x12\x02\xc0\xaf"), CODE(BAD_UTF8), CODE(BAD_UTF8), "source"},
    {"half a surrogate", EVENT, BYTES("\x12\x03\xed\xa0\x80"), CODE(BAD_UTF8), CODE(BAD_UTF8), "source"},

    {"a field that is not known", EVENT, BYTES("\x98\x06\x01"), CODE(UNKNOWN_FIELD), GOOD, "byte 0"},
    {"a field that is not known, inside", EVENT, BYTES("\x3a\x03\x98\x06\x01"), CODE(UNKNOWN_FIELD), GOOD,
     "subjects.0"},
    {"an unknown text, of any bytes", EVENT, BYTES("\x9a\x06\x01\xff"), CODE(UNKNOWN_FIELD), GOOD, "byte 0"},
    {"unknown fixed32 and fixed64", EVENT,
     BYTES("\x9d\x06"
           "abcd\x99\x06"
           "abcdefgh"),
     CODE(UNKNOWN_FIELD), GOOD, "byte 0"},
    {"an unknown field that is cut", EVENT,
     BYTES("\x9d\x06"
           "ab"),
     CODE(UNKNOWN_FIELD), CODE(MALFORMED), "byte 0"},
    {"an unknown text that is cut", EVENT,
     BYTES("\x9a\x06\x05"
           "ab"),
     CODE(UNKNOWN_FIELD), CODE(MALFORMED), "byte 0"},
    {"a group", EVENT, BYTES("\x9b\x06\x9c\x06"), CODE(MALFORMED), CODE(MALFORMED), "byte 0"},
    {"a group's end", EVENT, BYTES("\x9c\x06"), CODE(MALFORMED), CODE(MALFORMED), "byte 0"},
    {"wire type 7", EVENT, BYTES("\x0f\x06"), CODE(MALFORMED), CODE(MALFORMED), "byte 0"},
    {"field number 0", EVENT, BYTES("\x00\x01"), CODE(MALFORMED), CODE(MALFORMED), "byte 0"},
    {"a field number past 2^29", EVENT, BYTES("\x80\x80\x80\x80\x10\x01"), CODE(MALFORMED), CODE(MALFORMED),
     "byte 0"},

    {"a number twice", EVENT, BYTES("\x18\x01\x18\x01"), CODE(NOT_CANONICAL), CODE(NOT_CANONICAL),
     "revision"},
    {"a message twice", EVENT, BYTES("\x32\x00\x32\x00"), CODE(NOT_CANONICAL), CODE(NOT_CANONICAL), "place"},
    {"a body twice", EVENT, BYTES("\xa2\x01\x00\xa2\x01\x00"), CODE(NOT_CANONICAL), CODE(NOT_CANONICAL),
     "public_incident"},
    {"two bodies", EVENT, BYTES("\xa2\x01\x00\xaa\x01\x00"), CODE(NOT_CANONICAL), CODE(NOT_CANONICAL),
     "crime_report"},
    {"a number not in its shortest form", EVENT, BYTES("\x18\x81\x00"), CODE(NOT_CANONICAL),
     CODE(NOT_CANONICAL), "revision"},
    {"a length not in its shortest form", EVENT,
     BYTES("\x12\x81\x00"
           "a"),
     CODE(NOT_CANONICAL), CODE(NOT_CANONICAL), "source"},

    {"an enum value that is not known", EVENT, BYTES("\x3a\x02\x08\x63"), CODE(UNKNOWN_ENUM),
     CODE(UNKNOWN_ENUM), "subjects.0.role"},
    {"a negative enum value", EVENT, BYTES("\x3a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
     CODE(UNKNOWN_ENUM), CODE(UNKNOWN_ENUM), "subjects.0.role"},
    {"an enum value of 33 bits", EVENT, BYTES("\x3a\x06\x08\x81\x80\x80\x80\x10"), CODE(BAD_VALUE),
     CODE(BAD_VALUE), "subjects.0.role"},

    {"a number as text", EVENT, BYTES("\x1a\x01\x01"), CODE(MALFORMED), CODE(MALFORMED), "revision"},
    {"a text as number", EVENT, BYTES("\x10\x01"), CODE(MALFORMED), CODE(MALFORMED), "source"},
    {"a message as number", EVENT, BYTES("\x30\x01"), CODE(MALFORMED), CODE(MALFORMED), "place"},
    {"a double as fixed32", EVENT,
     BYTES("\x32\x07\x0a\x05\x0d"
           "abcd"),
     CODE(MALFORMED), CODE(MALFORMED), "place.position.latitude"},
    {"a double that is not a number", EVENT, BYTES("\x32\x0b\x0a\x09\x09\0\0\0\0\0\0\xf8\x7f"),
     CODE(BAD_VALUE), CODE(BAD_VALUE), "place.position.latitude"},
    {"an infinite double", EVENT, BYTES("\x32\x0b\x0a\x09\x11\0\0\0\0\0\0\xf0\xff"), CODE(BAD_VALUE),
     CODE(BAD_VALUE), "place.position.longitude"},

    {"a number of 33 bits in uint32", EVENT, BYTES("\x18\x80\x80\x80\x80\x10"), CODE(BAD_VALUE),
     CODE(BAD_VALUE), "revision"},
    {"a bool of 2", EVENT, BYTES("\x42\x02\x28\x02"), CODE(BAD_VALUE), CODE(BAD_VALUE), "marks.urgent"},
    {"a number of 65 bits", EVENT, BYTES("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), CODE(MALFORMED),
     CODE(MALFORMED), "time_ms"},
    {"a number of eleven bytes", EVENT, BYTES("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
     CODE(MALFORMED), CODE(MALFORMED), "time_ms"},
    {"the largest and smallest number", EVENT, BYTES("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), GOOD,
     GOOD, ""},

    {"a text that is cut", EVENT,
     BYTES("\x12\x05"
           "ab"),
     CODE(MALFORMED), CODE(MALFORMED), "source"},
    {"a tag and no more", EVENT, BYTES("\x0a"), CODE(MALFORMED), CODE(MALFORMED), "id"},
    {"half a tag", EVENT, BYTES("\x18\x01\x98"), CODE(MALFORMED), CODE(MALFORMED), "byte 2"},
    {"half a number", EVENT, BYTES("\x18\x80"), CODE(MALFORMED), CODE(MALFORMED), "revision"},
    {"half a double", EVENT, BYTES("\x32\x04\x0a\x02\x09\x00"), CODE(MALFORMED), CODE(MALFORMED),
     "place.position.latitude"},
    {"a part longer than the whole", EVENT,
     BYTES("\x3a\x04\x22\x09"
           "ab"),
     CODE(MALFORMED), CODE(MALFORMED), "subjects.0.name"},
    {"a length of 2^63", EVENT, BYTES("\x12\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), CODE(MALFORMED),
     CODE(MALFORMED), "source"},

    {"packed numbers", RECORD, BYTES("\xc2\x02\x05\x32\x03\x01\x80\x01"), GOOD, GOOD, ""},
    {"numbers not packed", RECORD, BYTES("\xc2\x02\x05\x30\x01\x30\x80\x01"), GOOD, GOOD, ""},
    {"packed and not packed together", RECORD, BYTES("\xc2\x02\x05\x32\x01\x01\x30\x02"), GOOD, GOOD, ""},
    {"packed numbers, none", RECORD, BYTES("\xc2\x02\x02\x32\x00"), GOOD, GOOD, ""},
    {"packed numbers that are cut", RECORD, BYTES("\xc2\x02\x04\x32\x02\x01\x80"), CODE(MALFORMED),
     CODE(MALFORMED), "read.event_seqs.0"},
    {"texts packed", RECORD, BYTES("\xca\x02\x02\x20\x01"), CODE(MALFORMED), CODE(MALFORMED),
     "briefing_compiled.participants.0"},
};

static struct nav_arena *arena;

static int set_up(void **state) {
  (void)state;
  arena = nav_arena_new(ARENA_MAX);
  return arena == NULL;
}

static int tear_down(void **state) {
  (void)state;
  nav_arena_free(arena);
  return 0;
}

static void run_case(const struct wire_case *one, bool lenient) {
  struct nav_error err = {0};
  int expected = lenient ? one->lenient_code : one->strict_code;
  // On the heap, so that a byte read past the end is noticed.
  uint8_t *copy = malloc(one->length > 0 ? one->length : 1);
  assert_non_null(copy);
  memcpy(copy, one->bytes, one->length);
  void *message = lenient ? wire_decode_lenient(one->descriptor, arena, copy, one->length, &err)
                          : wire_decode(one->descriptor, arena, copy, one->length, &err);
  free(copy);
  bool right = expected == GOOD ? message != NULL
                                : message == NULL && err.class == NAV_ERROR_PEER && err.code == expected &&
                                      strcmp(err.place, one->place) == 0;
  if (!right) {
    fail_msg("%s (%s): expected code %d at '%s', got code %d at '%s': %s", one->what,
             lenient ? "lenient" : "strict", expected, one->place, err.code, err.place, err.text);
  }
}

static void takes_and_refuses(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof wire_cases / sizeof wire_cases[0]; i++) {
    nav_arena_reset(arena);
    run_case(&wire_cases[i], false);
    run_case(&wire_cases[i], true);
  }
}

static void both_forms_of_repeated_numbers_read_the_same(void **state) {
  (void)state;
  static const uint8_t packed[] = "\xc2\x02\x05\x32\x03\x01\x80\x01";
  static const uint8_t not_packed[] = "\xc2\x02\x05\x30\x01\x30\x80\x01";
  struct nav_error err;
  const Nav__V1__Record *a = wire_decode(RECORD, arena, packed, sizeof packed - 1, &err);
  const Nav__V1__Record *b = wire_decode(RECORD, arena, not_packed, sizeof not_packed - 1, &err);
  assert_non_null(a);
  assert_non_null(b);
  assert_int_equal(a->read->n_event_seqs, 2);
  assert_int_equal(b->read->n_event_seqs, 2);
  assert_int_equal(a->read->event_seqs[1], 128);
  assert_int_equal(b->read->event_seqs[1], 128);
}

// A DescriptorProto of `depth` nested_type in one another, innermost first.
static size_t nest(uint8_t *out, size_t size, unsigned depth) {
  size_t length = 0;
  for (unsigned i = 0; i < depth; i++) {
    assert_true(length < 128 && length + 2 <= size);
    memmove(out + 2, out, length);
    out[0] = 0x1a;
    out[1] = (uint8_t)length;
    length += 2;
  }
  return length;
}

static void stops_at_the_depth_limit(void **state) {
  (void)state;
  const ProtobufCMessageDescriptor *descriptor = &google__protobuf__descriptor_proto__descriptor;
  uint8_t bytes[64];
  struct nav_error err = {0};
  size_t length = nest(bytes, sizeof bytes, WIRE_DEPTH_MAX);
  assert_non_null(wire_decode(descriptor, arena, bytes, length, &err));
  length = nest(bytes, sizeof bytes, WIRE_DEPTH_MAX + 1);
  assert_null(wire_decode(descriptor, arena, bytes, length, &err));
  assert_int_equal(err.code, CODE(TOO_DEEP));
  assert_non_null(strstr(err.place, "nested_type.0.nested_type.0"));
}

// `count` subjects with nothing in them.
static uint8_t *empty_subjects(size_t count) {
  uint8_t *bytes = malloc(count * 2);
  assert_non_null(bytes);
  for (size_t i = 0; i < count; i++) memcpy(bytes + i * 2, "\x3a\x00", 2);
  return bytes;
}

static void stops_at_the_limit_of_elements(void **state) {
  (void)state;
  struct nav_error err = {0};
  uint8_t *bytes = empty_subjects(WIRE_ELEMENTS_MAX + 1);
  assert_non_null(wire_decode(EVENT, arena, bytes, WIRE_ELEMENTS_MAX * (size_t)2, &err));
  assert_null(wire_decode(EVENT, arena, bytes, (WIRE_ELEMENTS_MAX + 1) * (size_t)2, &err));
  assert_int_equal(err.code, CODE(TOO_MANY));
  assert_string_equal(err.place, "subjects.100000");
  free(bytes);
}

static void counts_packed_elements_too(void **state) {
  (void)state;
  size_t count = WIRE_ELEMENTS_MAX;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  Nav__V1__Read read = NAV__V1__READ__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_READ;
  record.read = &read;
  read.n_event_seqs = count;
  read.event_seqs = calloc(count, sizeof *read.event_seqs);
  assert_non_null(read.event_seqs);
  struct nav_buffer out;
  nav_buffer_init(&out, 1024 * 1024);
  assert_true(wire_encode(&record, &out));
  struct nav_error err = {0};
  assert_null(wire_decode(RECORD, arena, out.data, out.length, &err));
  assert_int_equal(err.code, CODE(TOO_MANY));
  free(read.event_seqs);
  nav_buffer_free(&out);
}

static void says_so_where_memory_does_not_suffice(void **state) {
  (void)state;
  struct nav_error err = {0};
  struct nav_arena *small = nav_arena_new(65536);
  uint8_t *bytes = empty_subjects(20000);
  assert_null(wire_decode(EVENT, small, bytes, 40000, &err));
  assert_int_equal(err.class, NAV_ERROR_PEER);
  assert_int_equal(err.code, CODE(TOO_LARGE));
  free(bytes);
  nav_arena_free(small);
}

static void what_is_encoded_decodes_to_the_same_bytes(void **state) {
  (void)state;
  struct nav_buffer first;
  struct nav_buffer second;
  nav_buffer_init(&first, WIRE_EVENT_MAX);
  nav_buffer_init(&second, WIRE_EVENT_MAX);
  assert_true(wire_encode(sample_concern_report(arena), &first));
  struct nav_error err = {0};
  const Nav__V1__Event *event = wire_decode(EVENT, arena, first.data, first.length, &err);
  assert_non_null(event);
  assert_string_equal(event->subjects[0]->name, "Åsa Öberg Ängström");
  assert_true(wire_encode(event, &second));
  assert_int_equal(first.length, second.length);
  assert_memory_equal(first.data, second.data, first.length);
  nav_buffer_free(&first);
  nav_buffer_free(&second);
}

static void encoding_stops_at_the_buffers_maximum(void **state) {
  (void)state;
  struct nav_buffer out;
  nav_buffer_init(&out, 50);
  assert_true(nav_buffer_append_text(&out, "before"));
  assert_false(wire_encode(sample_concern_report(arena), &out));
  assert_int_equal(out.length, 6);
  nav_buffer_free(&out);
}

// Unknown fields 99 in the event, a subject, the place's position and the body.
static void lenience_leaves_no_unknown_field_at_any_level(void **state) {
  (void)state;
  static const uint8_t bytes[] =
      "\x12\x01"
      "a"                             // source
      "\x32\x05\x0a\x03\x98\x06\x01"  // place{position{99: 1}}
      "\x3a\x07\x22\x01"
      "b"
      "\x9a\x06\x01"
      "c"  // subjects{name, 99: "c"}
      "\xf2\x01\x06\x12\x01"
      "d"
      "\x98\x06\x02"   // concern_report{assessed_by, 99: 2}
      "\x98\x06\x03";  // 99: 3
  static const uint8_t without[] =
      "\x12\x01"
      "a"
      "\x32\x02\x0a\x00"
      "\x3a\x03\x22\x01"
      "b"
      "\xf2\x01\x03\x12\x01"
      "d";
  struct nav_error err = {0};
  const Nav__V1__Event *event = wire_decode_lenient(EVENT, arena, bytes, sizeof bytes - 1, &err);
  if (event == NULL) fail_msg("%s: %s", err.place, err.text);
  assert_int_equal(event->base.n_unknown_fields, 0);
  assert_int_equal(event->place->position->base.n_unknown_fields, 0);
  assert_int_equal(event->subjects[0]->base.n_unknown_fields, 0);
  assert_int_equal(event->concern_report->base.n_unknown_fields, 0);
  struct nav_buffer out;
  nav_buffer_init(&out, 1024);
  assert_true(wire_encode(event, &out));
  assert_int_equal(out.length, sizeof without - 1);
  assert_memory_equal(out.data, without, out.length);
  nav_buffer_free(&out);
}

// Cut anywhere, a good message is refused or is a shorter good message; nothing is read past its end.
static void every_cut_is_handled(void **state) {
  (void)state;
  struct nav_buffer whole;
  nav_buffer_init(&whole, WIRE_EVENT_MAX);
  assert_true(wire_encode(sample_concern_report(arena), &whole));
  size_t refused = 0;
  for (size_t length = 0; length < whole.length; length++) {
    uint8_t *copy = malloc(length > 0 ? length : 1);
    assert_non_null(copy);
    memcpy(copy, whole.data, length);
    struct nav_error err = {0};
    if (wire_decode(EVENT, arena, copy, length, &err) == NULL) {
      assert_int_equal(err.code, CODE(MALFORMED));
      refused++;
    }
    free(copy);
  }
  assert_true(refused > whole.length * 9 / 10);
  nav_buffer_free(&whole);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(takes_and_refuses, set_up, tear_down),
      cmocka_unit_test_setup_teardown(both_forms_of_repeated_numbers_read_the_same, set_up, tear_down),
      cmocka_unit_test_setup_teardown(stops_at_the_depth_limit, set_up, tear_down),
      cmocka_unit_test_setup_teardown(stops_at_the_limit_of_elements, set_up, tear_down),
      cmocka_unit_test_setup_teardown(counts_packed_elements_too, set_up, tear_down),
      cmocka_unit_test_setup_teardown(says_so_where_memory_does_not_suffice, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_is_encoded_decodes_to_the_same_bytes, set_up, tear_down),
      cmocka_unit_test_setup_teardown(encoding_stops_at_the_buffers_maximum, set_up, tear_down),
      cmocka_unit_test_setup_teardown(lenience_leaves_no_unknown_field_at_any_level, set_up, tear_down),
      cmocka_unit_test_setup_teardown(every_cut_is_handled, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
