// A line of the inbox is what hub/wire/json.h would have written, byte for byte: over thousands of events of
// every message, with every field filled in or left out by chance and texts, numbers and times of every kind.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "adapters/engine/line.h"
#include "hub/base/arena.h"
#include "hub/wire/json.h"
#include "hub/wire/reflect.h"

enum { ROUNDS = 200, LIST_MAX = 3, LINE_MAX_SIZE = 1024 * 1024 };

static uint64_t seed = 88172645463325252u;

static uint64_t next_random(void) {  // xorshift64
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

static char *random_text(void) {
  static const char *const texts[] = {"",
                                      "Bromma",
                                      "å ä ö Å Ä Ö é",
                                      "citat \" och \\ och / ",
                                      "rad\nrad\r\ttabb\b\f",
                                      "\x01\x1f\x7f",
                                      "\xF0\x9F\x9A\x93 \xE2\x80\xA8",
                                      "\"navseq\":12",
                                      "0180"};
  return (char *)(uintptr_t)texts[next_random() % (sizeof texts / sizeof *texts)];
}

static double random_double(void) {
  static const double doubles[] = {
      0,         -0.0, 1,      -1,       59.329324, 17.87215673829,          1e20, 1e-7, 1e300, 1e17, 1e16,
      123456789, 0.1,  5e-324, -2.5e-10, 1e100,     100000000000000000000.0, 3};
  uint64_t bits = next_random();
  double value = 0;
  if (bits % 2 == 0) return doubles[next_random() % (sizeof doubles / sizeof *doubles)];
  memcpy(&value, &bits, sizeof value);
  return value;
}

static int64_t random_int64(void) {
  switch (next_random() % 4) {
    case 0:
      return (int64_t)(next_random() % 4102444800000);  // a time until 2100
    case 1:
      return (int64_t)next_random();
    case 2:
      return INT64_MIN;
    default:
      return (int64_t)(next_random() % 1000) - 500;
  }
}

static int random_enum(const ProtobufCEnumDescriptor *descriptor) {
  if (next_random() % 8 == 0) return 12345;  // no such value
  return descriptor->values[next_random() % descriptor->n_values].value;
}

static void fill_message(ProtobufCMessage *message, struct nav_arena *arena);

static void fill_value(const ProtobufCFieldDescriptor *field, void *value, struct nav_arena *arena) {
  static uint8_t bytes[] = {0x00, 0x7f, 0x80, 0xff, 0x1b};
  switch (wire_field_value_size(field)) {
    case 4:
      *(uint32_t *)value = (uint32_t)next_random();
      break;
    case 8:
      *(int64_t *)value = random_int64();
      break;
    default:
      break;
  }
  if (field->type == PROTOBUF_C_TYPE_ENUM) *(int *)value = random_enum(field->descriptor);
  if (field->type == PROTOBUF_C_TYPE_DOUBLE) *(double *)value = random_double();
  if (field->type == PROTOBUF_C_TYPE_FLOAT) *(float *)value = 0.25f;
  if (field->type == PROTOBUF_C_TYPE_BOOL) *(protobuf_c_boolean *)value = next_random() % 2;
  if (field->type == PROTOBUF_C_TYPE_STRING) *(char **)value = random_text();
  if (field->type == PROTOBUF_C_TYPE_BYTES) {
    *(ProtobufCBinaryData *)value = (ProtobufCBinaryData){.len = next_random() % 6, .data = bytes};
  }
  if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
    const ProtobufCMessageDescriptor *descriptor = field->descriptor;
    ProtobufCMessage *inner = nav_arena_alloc(arena, descriptor->sizeof_message);
    assert_non_null(inner);
    descriptor->message_init(inner);
    fill_message(inner, arena);
    *(ProtobufCMessage **)value = inner;
  }
}

static void fill_field(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                       struct nav_arena *arena) {
  char *base = (char *)message;
  if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) return;
  if (field->label == PROTOBUF_C_LABEL_REPEATED) {
    size_t count = next_random() % (LIST_MAX + 1);
    char *list = nav_arena_zalloc(arena, count + 1, wire_field_value_size(field));
    assert_non_null(list);
    for (size_t i = 0; i < count; i++) fill_value(field, list + i * wire_field_value_size(field), arena);
    *(size_t *)(void *)(base + field->quantifier_offset) = count;
    *(char **)(void *)(base + field->offset) = list;
    return;
  }
  if (next_random() % 4 == 0) return;  // left out
  bool pointer = field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;
  if (!pointer) *(protobuf_c_boolean *)(base + field->quantifier_offset) = 1;
  fill_value(field, base + field->offset, arena);
}

static void fill_message(ProtobufCMessage *message, struct nav_arena *arena) {
  for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
    fill_field(message, &message->descriptor->fields[i], arena);
  }
}

static void set_body(Nav__V1__Event *event, const ProtobufCFieldDescriptor *field, struct nav_arena *arena) {
  fill_value(field, (char *)event + field->offset, arena);
  event->body_case = (Nav__V1__Event__BodyCase)field->id;
}

static char *by_jansson(const Nav__V1__Event *event, const Nav__V1__Delivery *delivery,
                        const Nav__V1__VerdictInfo *verdict, const char *withheld) {
  json_t *json = wire_cloudevent_from_event(event);
  assert_non_null(json);
  (void)json_object_set_new(json, "navseq", json_integer((json_int_t)delivery->position));
  (void)json_object_set_new(json, "navrule", json_string(verdict->rule));
  (void)json_object_set_new(json, "navbasis", json_string(verdict->basis));
  (void)json_object_set_new(json, "navpurpose", json_string("sig"));
  (void)json_object_set_new(json, "navwithheld", json_string(withheld));
  if (delivery->replay) (void)json_object_set_new(json, "navreplay", json_true());
  char *text = json_dumps(json, JSON_COMPACT);
  json_decref(json);
  return text;
}

static void compare(const Nav__V1__Event *event, struct nav_buffer *buffer) {
  char *withheld[] = {(char *)(uintptr_t) "subjects.0.name", (char *)(uintptr_t) "body.\"x\"", random_text()};
  char joined[256];
  Nav__V1__VerdictInfo verdict = NAV__V1__VERDICT_INFO__INIT;
  Nav__V1__Delivery delivery = NAV__V1__DELIVERY__INIT;
  verdict.rule = random_text();
  verdict.basis = random_text();
  delivery.position = next_random() >> 1;
  delivery.replay = next_random() % 2;
  delivery.n_withheld = 3;
  delivery.withheld = withheld;
  (void)snprintf(joined, sizeof joined, "%s,%s,%s", withheld[0], withheld[1], withheld[2]);
  nav_buffer_clear(buffer);
  assert_true(line_write(buffer, "sig", &delivery, &verdict, event));
  char *expected = by_jansson(event, &delivery, &verdict, joined);
  assert_non_null(expected);
  assert_int_equal(buffer->data[buffer->length - 1], '\n');
  if (strlen(expected) != buffer->length - 1 || memcmp(expected, buffer->data, buffer->length - 1) != 0) {
    fail_msg("%s\n%.*s", expected, (int)buffer->length, (const char *)buffer->data);
  }
  uint64_t position = 0;
  assert_true(line_position((const char *)buffer->data, buffer->length, &position));
  assert_int_equal(position, delivery.position);
  free(expected);
}

static void every_message_is_written_as_json_h_does(void **state) {
  (void)state;
  struct nav_arena *arena = nav_arena_new(16 * 1024 * 1024);
  struct nav_buffer buffer;
  nav_buffer_init(&buffer, LINE_MAX_SIZE);
  const ProtobufCMessageDescriptor *descriptor = &nav__v1__event__descriptor;
  size_t bodies = 0;
  for (unsigned i = 0; i < descriptor->n_fields; i++) {
    if (!(descriptor->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF)) continue;
    bodies++;
    for (int round = 0; round < ROUNDS; round++) {
      Nav__V1__Event event = NAV__V1__EVENT__INIT;
      fill_message(&event.base, arena);
      set_body(&event, &descriptor->fields[i], arena);
      compare(&event, &buffer);
      nav_arena_reset(arena);
    }
  }
  assert_true(bodies >= 30);
  const Nav__V1__Event empty = NAV__V1__EVENT__INIT;
  compare(&empty, &buffer);
  nav_buffer_free(&buffer);
  nav_arena_free(arena);
}

static void what_does_not_fit_leaves_nothing(void **state) {
  (void)state;
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  const Nav__V1__Delivery delivery = NAV__V1__DELIVERY__INIT;
  event.source = (char *)(uintptr_t) "polisen";
  struct nav_buffer whole;
  nav_buffer_init(&whole, LINE_MAX_SIZE);
  assert_true(line_write(&whole, "sig", &delivery, NULL, &event));
  for (size_t max = 0; max < whole.length; max++) {
    struct nav_buffer small;
    nav_buffer_init(&small, max);
    assert_false(line_write(&small, "sig", &delivery, NULL, &event));
    assert_int_equal(small.length, 0);
    nav_buffer_free(&small);
  }
  nav_buffer_free(&whole);
}

static void text_that_is_no_utf8_holds_up_nothing(void **state) {
  (void)state;
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  const Nav__V1__Delivery delivery = NAV__V1__DELIVERY__INIT;
  struct nav_buffer buffer;
  nav_buffer_init(&buffer, LINE_MAX_SIZE);
  event.source = (char *)(uintptr_t) "po\xFFlis\nen";
  assert_true(line_write(&buffer, "sig", &delivery, NULL, &event));
  assert_non_null(strstr(nav_buffer_text(&buffer), "\"source\":\"po?lis\\nen\""));
  nav_buffer_free(&buffer);
}

static void lines_that_are_none_have_no_position(void **state) {
  (void)state;
  static const char *const lines[] = {"", "{}", "{\"navseq\":}", "{\"navseq\":x}",
                                      "{\"navseq\":99999999999999999999}"};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    uint64_t position = 0;
    assert_false(line_position(lines[i], strlen(lines[i]), &position));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_message_is_written_as_json_h_does),
      cmocka_unit_test(what_does_not_fit_leaves_nothing),
      cmocka_unit_test(text_that_is_no_utf8_holds_up_nothing),
      cmocka_unit_test(lines_that_are_none_have_no_position),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
