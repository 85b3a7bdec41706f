// JSON both ways: what goes in comes out again, byte for byte; and json_refused.json's lines, each with its
// code and place.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/wire/event.h"
#include "hub/wire/json.h"
#include "hub/wire/message.h"
#include "nav/v1/ledger.pb-c.h"
#include "nav/v1/session.pb-c.h"
#include "tests/unit/wire/sample.h"

enum { ARENA_MAX = 4 * 1024 * 1024 };

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

static void run_refused(const json_t *one) {
  const char *what = json_string_value(json_object_get(one, "what"));
  const char *code = json_string_value(json_object_get(one, "code"));
  const char *place = json_string_value(json_object_get(one, "place"));
  json_t *json = sample_load("tests/unit/wire/sample.json");
  const char *path = NULL;
  json_t *value = NULL;
  json_object_foreach(json_object_get(one, "set"), path, value) sample_set_at(json, path, value);
  struct nav_error err = {0};
  const Nav__V1__Event *event = wire_cloudevent_to_event(json, arena, &err);
  const char *got = wire_enum_name(&nav__v1__code__descriptor, err.code);
  if (event != NULL || got == NULL || strcmp(got, code) != 0 || strcmp(err.place, place) != 0) {
    fail_msg("%s: expected %s at '%s', got %s at '%s': %s", what, code, place,
             event != NULL ? "an event" : got, err.place, err.text);
  }
  assert_int_equal(err.class, NAV_ERROR_PEER);
  json_decref(json);
}

static void refuses_at_the_right_place(void **state) {
  (void)state;
  json_t *cases = sample_load("tests/unit/wire/json_refused.json");
  assert_true(json_array_size(cases) > 30);
  for (size_t i = 0; i < json_array_size(cases); i++) {
    nav_arena_reset(arena);
    run_refused(json_array_get(cases, i));
  }
  json_decref(cases);
}

static void cloudevents_go_through_unchanged(void **state) {
  (void)state;
  json_t *in = sample_load("tests/unit/wire/sample.json");
  json_t *out = wire_cloudevent_from_event(sample_concern_report(arena));
  assert_non_null(out);
  if (!json_equal(in, out)) fail_msg("came out as %s", json_dumps(out, JSON_INDENT(1)));
  json_decref(in);
  json_decref(out);
}

static void passes_over_what_a_delivery_adds(void **state) {
  (void)state;
  json_t *json = sample_load("tests/unit/wire/sample.json");
  static const char *const keys[] = {"navseq", "navrule", "navbasis", "navpurpose", "navwithheld"};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    json_object_set_new(json, keys[i], json_string("x"));
  struct nav_error err = {0};
  assert_non_null(wire_cloudevent_to_event(json, arena, &err));
  json_decref(json);
}

static void prints_nothing_that_is_absent(void **state) {
  (void)state;
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  Nav__V1__GuardRound body = NAV__V1__GUARD_ROUND__INIT;
  event.body_case = NAV__V1__EVENT__BODY_GUARD_ROUND;
  event.guard_round = &body;
  json_t *json = wire_cloudevent_from_event(&event);
  json_t *expected = json_pack("{s:s,s:s,s:s,s:{s:{}}}", "specversion", "1.0", "type", "nav.v1.GuardRound",
                               "datacontenttype", "application/json", "data", "body");
  assert_true(json_equal(json, expected));
  json_decref(json);
  json_decref(expected);
}

// Every body type there is, each with all of its fields set to something, through JSON and back.
static void fill(ProtobufCMessage *message) {
  for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
    char *member = (char *)message + field->offset;
    char *quantifier = (char *)message + field->quantifier_offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
      size_t count = 2;
      char **texts = nav_arena_zalloc(arena, count, sizeof(ProtobufCBinaryData));
      assert_non_null(texts);
      if (field->type == PROTOBUF_C_TYPE_STRING) {
        texts[0] = nav_arena_strdup(arena, "åäö");
        texts[1] = nav_arena_strdup(arena, "");
      } else {
        assert_int_equal(field->type, PROTOBUF_C_TYPE_BYTES);
      }
      *(void **)(void *)member = texts;
      *(size_t *)(void *)quantifier = count;
      continue;
    }
    switch (field->type) {
      case PROTOBUF_C_TYPE_STRING:
        *(char **)(void *)member = nav_arena_strdup(arena, "\"text\" \\ \n –");
        continue;
      case PROTOBUF_C_TYPE_BYTES:
        ((ProtobufCBinaryData *)(void *)member)->len = 3;
        ((ProtobufCBinaryData *)(void *)member)->data = (uint8_t *)nav_arena_strdup(arena, "\x01\xfe\x7f");
        break;
      case PROTOBUF_C_TYPE_DOUBLE:
        *(double *)(void *)member = 0.1;
        break;
      case PROTOBUF_C_TYPE_INT64:
        *(int64_t *)(void *)member = 1787414340250;
        break;
      case PROTOBUF_C_TYPE_UINT32:
        *(uint32_t *)(void *)member = UINT32_MAX;
        break;
      case PROTOBUF_C_TYPE_ENUM:
      case PROTOBUF_C_TYPE_BOOL:
        *(int *)(void *)member = 1;
        break;
      default:
        fail_msg("%s.%s has a type that this test does not know", message->descriptor->name, field->name);
    }
    *(protobuf_c_boolean *)(void *)quantifier = 1;
  }
}

static void every_body_goes_through_unchanged(void **state) {
  (void)state;
  unsigned bodies = 0;
  for (unsigned i = 0; i < nav__v1__event__descriptor.n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &nav__v1__event__descriptor.fields[i];
    if (wire_body_name(field->id) == NULL) continue;
    const ProtobufCMessageDescriptor *descriptor = field->descriptor;
    ProtobufCMessage *message = nav_arena_zalloc(arena, 1, descriptor->sizeof_message);
    protobuf_c_message_init(descriptor, message);
    fill(message);
    json_t *json = wire_json_from_message(message);
    struct nav_error err = {0};
    const void *again = wire_json_to_message(descriptor, json, arena, &err);
    if (again == NULL) fail_msg("%s: %s: %s", descriptor->name, err.place, err.text);
    struct nav_buffer before;
    struct nav_buffer after;
    nav_buffer_init(&before, WIRE_EVENT_MAX);
    nav_buffer_init(&after, WIRE_EVENT_MAX);
    assert_true(wire_encode(message, &before));
    assert_true(wire_encode(again, &after));
    assert_int_equal(before.length, after.length);
    assert_memory_equal(before.data, after.data, before.length);
    nav_buffer_free(&before);
    nav_buffer_free(&after);
    json_decref(json);
    bodies++;
  }
  assert_int_equal(bodies, 33);
}

static void large_numbers_keep_every_bit(void **state) {
  (void)state;
  static const uint64_t values[] = {0, 1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    Nav__V1__LaneVerdict verdict = NAV__V1__LANE_VERDICT__INIT;
    verdict.has_subjects = 1;
    verdict.subjects = values[i];
    json_t *json = wire_json_from_message(&verdict.base);
    struct nav_error err = {0};
    const Nav__V1__LaneVerdict *again = wire_json_to_message(verdict.base.descriptor, json, arena, &err);
    assert_non_null(again);
    assert_true(again->subjects == values[i]);
    json_decref(json);
  }
  static const char *const wrong[] = {"18446744073709551616",      "-1", "", "1x", "0x10", " 1",
                                      "99999999999999999999999999"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    json_t *json = json_pack("{s:s}", "subjects", wrong[i]);
    struct nav_error err = {0};
    assert_null(wire_json_to_message(&nav__v1__lane_verdict__descriptor, json, arena, &err));
    assert_string_equal(err.place, "subjects");
    json_decref(json);
  }
}

static void two_members_of_a_oneof_are_refused(void **state) {
  (void)state;
  json_t *json = json_pack("{s:{},s:{}}", "ping", "credit");
  struct nav_error err = {0};
  assert_null(wire_json_to_message(&nav__v1__client_frame__descriptor, json, arena, &err));
  assert_int_equal(err.code, NAV__V1__CODE__CODE_NOT_CANONICAL);
  json_decref(json);
}

static void the_arena_sets_the_limit(void **state) {
  (void)state;
  struct nav_arena *small = nav_arena_new(1024);
  json_t *json = sample_load("tests/unit/wire/sample.json");
  struct nav_error err = {0};
  assert_null(wire_cloudevent_to_event(json, small, &err));
  assert_int_equal(err.code, NAV__V1__CODE__CODE_TOO_LARGE);
  json_decref(json);
  nav_arena_free(small);
}

static void a_list_has_a_limit(void **state) {
  (void)state;
  json_t *list = json_array();
  for (int i = 0; i <= WIRE_ELEMENTS_MAX; i++) json_array_append_new(list, json_integer(i));
  json_t *json = json_pack("{s:o}", "event_seqs", list);
  struct nav_error err = {0};
  assert_null(wire_json_to_message(&nav__v1__read__descriptor, json, arena, &err));
  assert_int_equal(err.code, NAV__V1__CODE__CODE_TOO_MANY);
  json_decref(json);
}

static void what_json_cannot_hold_is_still_told(void **state) {
  (void)state;
  Nav__V1__Position position = NAV__V1__POSITION__INIT;
  position.has_latitude = 1;
  position.latitude = NAN;
  json_t *json = wire_json_from_message(&position.base);
  assert_string_equal(json_string_value(json_object_get(json, "latitude")), "NaN");
  json_decref(json);
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.has_time_ms = 1;
  record.time_ms = INT64_MAX;
  json = wire_json_from_message(&record.base);
  assert_true(json_integer_value(json_object_get(json, "time")) == INT64_MAX);
  json_decref(json);
}

struct parse_case {
  const char *text;
  int code;  // 0: good
  const char *place;
};

static void texts_are_parsed_strictly(void **state) {
  (void)state;
  static const struct parse_case cases[] = {
      {"{\"a\":1}", 0, ""},
      {" [1, 2] \n", 0, ""},
      {"", NAV__V1__CODE__CODE_MALFORMED, "1:0"},
      {"{\"a\":1,\n\"a\":2}", NAV__V1__CODE__CODE_MALFORMED, "2:3"},
      {"{} {}", NAV__V1__CODE__CODE_MALFORMED, "1:4"},
      {"{\"a\":\"\\u0000\"}", NAV__V1__CODE__CODE_MALFORMED, "1:13"},
      {"{\"a\":\"\xff\"}", NAV__V1__CODE__CODE_MALFORMED, "1:6"},
      {"{\"a\":NaN}", NAV__V1__CODE__CODE_MALFORMED, "1:8"},
      {"{\"a\":1e999}", NAV__V1__CODE__CODE_MALFORMED, "1:10"},
      {"{\"a\":99999999999999999999}", NAV__V1__CODE__CODE_MALFORMED, "1:25"},
      {"{\"a\":\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}", 0, ""},
      {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", 0, ""},
      {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", NAV__V1__CODE__CODE_TOO_DEEP,
       ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct nav_error err = {0};
    json_t *json = wire_json_parse(cases[i].text, strlen(cases[i].text), &err);
    if ((json != NULL) != (cases[i].code == 0) || err.code != cases[i].code ||
        strcmp(err.place, cases[i].place) != 0) {
      fail_msg("%s: got code %d at '%s': %s", cases[i].text, err.code, err.place, err.text);
    }
    json_decref(json);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(refuses_at_the_right_place, set_up, tear_down),
      cmocka_unit_test_setup_teardown(cloudevents_go_through_unchanged, set_up, tear_down),
      cmocka_unit_test_setup_teardown(passes_over_what_a_delivery_adds, set_up, tear_down),
      cmocka_unit_test_setup_teardown(prints_nothing_that_is_absent, set_up, tear_down),
      cmocka_unit_test_setup_teardown(every_body_goes_through_unchanged, set_up, tear_down),
      cmocka_unit_test_setup_teardown(large_numbers_keep_every_bit, set_up, tear_down),
      cmocka_unit_test_setup_teardown(two_members_of_a_oneof_are_refused, set_up, tear_down),
      cmocka_unit_test_setup_teardown(the_arena_sets_the_limit, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_list_has_a_limit, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_json_cannot_hold_is_still_told, set_up, tear_down),
      cmocka_unit_test_setup_teardown(texts_are_parsed_strictly, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
