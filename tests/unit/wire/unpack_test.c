// wire_decode makes of bytes what protobuf-c's own unpacking makes of them: messages of the schemas, and of
// every kind of field there is, with fields drawn at random, in order and out of it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "every2.pb-c.h"
#include "every3.pb-c.h"
#include "hub/wire/message.h"
#include "nav/v1/ledger.pb-c.h"
#include "nav/v1/session.pb-c.h"
#include "tests/unit/wire/same.h"
#include "tests/unit/wire/sample.h"

enum {
  ROUNDS = 3000,  // of each message
  NESTED_MAX = 3,
  FIELDS_DRAWN_MAX = 40,
  BYTES_MAX = 4 * 1024 * 1024,
  ARENA_MAX = 64 * 1024 * 1024,
};

static const ProtobufCMessageDescriptor *const descriptors[] = {
    &nav__v1__event__descriptor,  &nav__v1__client_frame__descriptor, &nav__v1__hub_frame__descriptor,
    &nav__v1__record__descriptor, &every2__every__descriptor,         &every3__every__descriptor,
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

// SplitMix64: https://prng.di.unimi.it/splitmix64.c
static uint64_t random_state;

static uint64_t draw(void) {
  uint64_t z = (random_state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static unsigned below(unsigned limit) { return (unsigned)(draw() % limit); }

static void put(struct nav_buffer *out, const void *data, size_t length) {
  assert_true(nav_buffer_append(out, data, length));
}

static void put_varint(struct nav_buffer *out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) put(out, &(uint8_t){(uint8_t)(value | 0x80)}, 1);
  put(out, &(uint8_t){(uint8_t)value}, 1);
}

// Small and large ones alike.
static uint64_t draw_number(void) { return draw() >> below(64); }

static void put_text(struct nav_buffer *out) {
  static const char *const letters[] = {"a", "Z", " ", "å", "Ö", "€", "🙂"};
  struct nav_buffer text;
  nav_buffer_init(&text, 128);
  for (unsigned left = below(24); left > 0; left--)
    assert_true(nav_buffer_append_text(&text, letters[below(7)]));
  put_varint(out, text.length);
  put(out, text.data, text.length);
  nav_buffer_free(&text);
}

static void put_bytes(struct nav_buffer *out) {
  size_t length = below(4) == 0 ? 0 : below(70);
  put_varint(out, length);
  for (; length > 0; length--) put(out, &(uint8_t){(uint8_t)draw()}, 1);
}

static void put_scalar(struct nav_buffer *out, const ProtobufCFieldDescriptor *field) {
  uint64_t number = draw_number();
  double real = (double)(int64_t)number / 1000;
  float small = (float)real;
  const ProtobufCEnumDescriptor *values = field->descriptor;
  switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
      put_varint(out, (uint64_t)(int64_t)(int32_t)number);
      break;
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_UINT32:
      put_varint(out, (uint32_t)number);
      break;
    case PROTOBUF_C_TYPE_BOOL:
      put_varint(out, number & 1);
      break;
    case PROTOBUF_C_TYPE_ENUM:
      put_varint(out, (uint64_t)(int64_t)values->values[below(values->n_values)].value);
      break;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
      put(out, &number, 4);
      break;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
      put(out, &number, 8);
      break;
    case PROTOBUF_C_TYPE_FLOAT:
      put(out, &small, 4);
      break;
    case PROTOBUF_C_TYPE_DOUBLE:
      put(out, &real, 8);
      break;
    default:
      put_varint(out, number);
      break;
  }
}

static unsigned wire_type_of(ProtobufCType type) {
  switch (type) {
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
      return PROTOBUF_C_WIRE_TYPE_32BIT;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
      return PROTOBUF_C_WIRE_TYPE_64BIT;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
      return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    default:
      return PROTOBUF_C_WIRE_TYPE_VARINT;
  }
}

static void put_message(struct nav_buffer *out, const ProtobufCMessageDescriptor *descriptor, unsigned depth);

static void put_block(struct nav_buffer *out, const struct nav_buffer *block) {
  put_varint(out, block->length);
  if (block->length > 0) put(out, block->data, block->length);
}

static void put_packed(struct nav_buffer *out, const ProtobufCFieldDescriptor *field) {
  struct nav_buffer block;
  nav_buffer_init(&block, BYTES_MAX);
  for (unsigned left = below(20); left > 0; left--) put_scalar(&block, field);
  put_varint(out, (uint64_t)field->id << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
  put_block(out, &block);
  nav_buffer_free(&block);
}

static void put_field(struct nav_buffer *out, const ProtobufCFieldDescriptor *field, unsigned depth) {
  unsigned wire_type = wire_type_of(field->type);
  bool scalar = wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
  if (scalar && field->label == PROTOBUF_C_LABEL_REPEATED && below(2) == 0) {
    put_packed(out, field);
    return;
  }
  put_varint(out, (uint64_t)field->id << 3 | wire_type);
  if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
    struct nav_buffer block;
    nav_buffer_init(&block, BYTES_MAX);
    if (depth < NESTED_MAX) put_message(&block, field->descriptor, depth + 1);
    put_block(out, &block);
    nav_buffer_free(&block);
  } else if (field->type == PROTOBUF_C_TYPE_STRING) {
    put_text(out);
  } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
    put_bytes(out);
  } else {
    put_scalar(out, field);
  }
}

// Whether a field may stand after those marked in `used`; marks it.
static bool may_stand(const ProtobufCMessageDescriptor *descriptor, unsigned index, bool *used) {
  const ProtobufCFieldDescriptor *field = &descriptor->fields[index];
  if (field->label == PROTOBUF_C_LABEL_REPEATED) return true;
  for (unsigned i = 0; i < descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *other = &descriptor->fields[i];
    bool same_oneof = field->flags & other->flags & PROTOBUF_C_FIELD_FLAG_ONEOF &&
                      field->quantifier_offset == other->quantifier_offset;
    if (used[i] && (i == index || same_oneof)) return false;
  }
  used[index] = true;
  return true;
}

static void put_message(struct nav_buffer *out, const ProtobufCMessageDescriptor *descriptor,
                        unsigned depth) {
  if (descriptor->n_fields == 0) return;
  bool used[256] = {false};
  bool in_order = below(2) == 0;
  unsigned index = below(descriptor->n_fields);
  // Fewer inside, or messages of messages would grow past all measure.
  unsigned most = 1 + ((unsigned)FIELDS_DRAWN_MAX >> (2 * depth));
  for (unsigned left = 1 + below(most); left > 0; left--) {
    index = (in_order ? index + below(3) : (unsigned)draw()) % descriptor->n_fields;
    if (may_stand(descriptor, index, used)) put_field(out, &descriptor->fields[index], depth);
  }
}

static void compare(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes, size_t length) {
  // On the heap at its length, so that a byte read past the end is noticed.
  uint8_t *copy = malloc(length > 0 ? length : 1);
  assert_non_null(copy);
  if (length > 0) memcpy(copy, bytes, length);
  nav_arena_reset(arena);
  struct nav_error err = {0};
  const void *strict = wire_decode(descriptor, arena, copy, length, &err);
  if (strict == NULL) fail_msg("%s: %s: %s", descriptor->name, err.place, err.text);
  const void *lenient = wire_decode_lenient(descriptor, arena, copy, length, &err);
  assert_non_null(lenient);
  memset(copy, 0xff, length);  // the message holds nothing of what it was read from
  free(copy);
  assert_true(same_as_unpacked(strict, bytes, length));
  assert_true(same_as_unpacked(lenient, bytes, length));
}

static void random_messages_are_what_protobuf_c_makes_them(void **state) {
  (void)state;
  struct nav_buffer bytes;
  nav_buffer_init(&bytes, BYTES_MAX);
  for (size_t i = 0; i < sizeof descriptors / sizeof descriptors[0]; i++) {
    for (uint64_t round = 0; round < ROUNDS; round++) {
      random_state = round;
      nav_buffer_clear(&bytes);
      put_message(&bytes, descriptors[i], 0);
      compare(descriptors[i], bytes.data, bytes.length);
    }
  }
  nav_buffer_free(&bytes);
}

static void an_empty_message_has_the_schemas_defaults(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof descriptors / sizeof descriptors[0]; i++) compare(descriptors[i], NULL, 0);
  struct nav_error err = {0};
  const Every2__Every *every = wire_decode(&every2__every__descriptor, arena, NULL, 0, &err);
  assert_non_null(every);
  assert_int_equal(every->a_int32, -7);
  assert_false(every->has_a_int32);
  assert_string_equal(every->a_string, "none");
  assert_int_equal(every->some_bytes.len, 2);
}

static void a_whole_event_is_what_protobuf_c_makes_it(void **state) {
  (void)state;
  struct nav_buffer bytes;
  nav_buffer_init(&bytes, WIRE_EVENT_MAX);
  assert_true(wire_encode(sample_concern_report(arena), &bytes));
  compare(&nav__v1__event__descriptor, bytes.data, bytes.length);
  nav_buffer_free(&bytes);
}

// Each count of elements around those at which an array grows, one by one and packed.
static void lists_of_any_length_are_whole(void **state) {
  (void)state;
  struct nav_buffer single;
  struct nav_buffer packed;
  nav_buffer_init(&single, BYTES_MAX);
  nav_buffer_init(&packed, BYTES_MAX);
  for (size_t count = 0; count < 70; count++) {
    nav_buffer_clear(&packed);
    put_varint(&packed, 104 << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
    put_varint(&packed, count);
    for (size_t i = 0; i < count; i++) put_varint(&packed, i);
    put_varint(&packed, 104 << 3 | PROTOBUF_C_WIRE_TYPE_VARINT);
    put_varint(&packed, count);
    compare(&every2__every__descriptor, packed.data, packed.length);
    compare(&every2__every__descriptor, single.data, single.length);
    put_varint(&single, 115 << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
    put_text(&single);
  }
  nav_buffer_free(&single);
  nav_buffer_free(&packed);
}

// Wherever memory ends, that is said; with enough the message is whole.
static void memory_may_end_anywhere(void **state) {
  (void)state;
  random_state = 7;
  struct nav_buffer bytes;
  nav_buffer_init(&bytes, BYTES_MAX);
  put_message(&bytes, &every2__every__descriptor, 0);
  unsigned refused = 0;
  const void *message = NULL;
  for (size_t max = 0; message == NULL && max < BYTES_MAX; max += 64) {
    struct nav_arena *small = nav_arena_new(max);
    struct nav_error err = {0};
    message = wire_decode(&every2__every__descriptor, small, bytes.data, bytes.length, &err);
    if (message != NULL) {
      assert_true(same_as_unpacked(message, bytes.data, bytes.length));
    } else {
      assert_int_equal(err.code, NAV__V1__CODE__CODE_TOO_LARGE);
      assert_string_equal(err.place, "");
      refused++;
    }
    nav_arena_free(small);
  }
  assert_non_null(message);
  assert_true(refused > 10);
  nav_buffer_free(&bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(random_messages_are_what_protobuf_c_makes_them, set_up, tear_down),
      cmocka_unit_test_setup_teardown(an_empty_message_has_the_schemas_defaults, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_whole_event_is_what_protobuf_c_makes_it, set_up, tear_down),
      cmocka_unit_test_setup_teardown(lists_of_any_length_are_whole, set_up, tear_down),
      cmocka_unit_test_setup_teardown(memory_may_end_anywhere, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
