// What protobuf-c really does (measured on 1.4.1), each line beside what hub/wire makes of the same bytes.
// When an upgrade changes one, this fails, and the check in hub/wire/check.c can be looked at again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "google/protobuf/descriptor.pb-c.h"
#include "hub/wire/message.h"
#include "nav/v1/event.pb-c.h"
#include "nav/v1/session.pb-c.h"

#define CODE(name) NAV__V1__CODE__CODE_##name

// The library's own unpacking.
static Nav__V1__Event *take(const void *bytes, size_t length) {
  return nav__v1__event__unpack(NULL, length, bytes);
}

#define TAKE(text) take(text, sizeof(text) - 1)

// That ours refuses the same, with this code.
static void we_refuse(const void *bytes, size_t length, int code) {
  struct nav_arena *arena = nav_arena_new(1024 * 1024);
  struct nav_error err = {0};
  assert_null(wire_decode(&nav__v1__event__descriptor, arena, bytes, length, &err));
  assert_int_equal(err.code, code);
  nav_arena_free(arena);
}

#define WE_REFUSE(text, name) we_refuse(text, sizeof(text) - 1, CODE(name))

static void unknown_fields_are_kept_and_packed_again(void **state) {
  (void)state;
  static const char bytes[] =
      "\x12\x01"
      "a"
      "\x9a\x06\x09"
      "telephone";  // source, and field 99
  Nav__V1__Event *event = TAKE(bytes);
  assert_non_null(event);
  assert_int_equal(event->base.n_unknown_fields, 1);
  free(event->source);  // a redactor that clears by path
  event->source = NULL;
  uint8_t packed[64];
  assert_true(nav__v1__event__get_packed_size(event) <= sizeof packed);
  size_t size = nav__v1__event__pack(event, packed);
  assert_non_null(memmem(packed, size, "telephone", 9));
  nav__v1__event__free_unpacked(event, NULL);
  WE_REFUSE(bytes, UNKNOWN_FIELD);
}

static void text_is_not_checked(void **state) {
  (void)state;
  static const char not_utf8[] = "\x12\x01\xff";
  Nav__V1__Event *event = TAKE(not_utf8);
  assert_non_null(event);
  assert_string_equal(event->source, "\xff");
  nav__v1__event__free_unpacked(event, NULL);
  WE_REFUSE(not_utf8, BAD_UTF8);
}

static void an_embedded_nul_cuts_the_text(void **state) {
  (void)state;
  static const char nul[] =
      "\x12\x05"
      "ab\0cd";
  Nav__V1__Event *event = TAKE(nul);
  assert_non_null(event);
  assert_string_equal(event->source, "ab");
  nav__v1__event__free_unpacked(event, NULL);
  WE_REFUSE(nul, BAD_UTF8);
}

static void unknown_enum_values_are_taken(void **state) {
  (void)state;
  static const char bytes[] = "\x3a\x02\x08\x63";
  Nav__V1__Event *event = TAKE(bytes);
  assert_non_null(event);
  assert_int_equal(event->subjects[0]->role, 99);
  assert_null(protobuf_c_enum_descriptor_get_value(&nav__v1__role__descriptor, 99));
  nav__v1__event__free_unpacked(event, NULL);
  WE_REFUSE(bytes, UNKNOWN_ENUM);
}

static void singular_fields_may_repeat_and_the_last_counts(void **state) {
  (void)state;
  static const char bytes[] =
      "\x12\x01"
      "a"
      "\x12\x01"
      "b";
  Nav__V1__Event *event = TAKE(bytes);
  assert_non_null(event);
  assert_string_equal(event->source, "b");
  nav__v1__event__free_unpacked(event, NULL);
  WE_REFUSE(bytes, NOT_CANONICAL);
}

static void two_members_of_a_oneof_are_taken(void **state) {
  (void)state;
  static const char bytes[] = "\xa2\x01\x00\xaa\x01\x00";
  Nav__V1__Event *event = TAKE(bytes);
  assert_non_null(event);
  assert_int_equal(event->body_case, NAV__V1__EVENT__BODY_CRIME_REPORT);
  nav__v1__event__free_unpacked(event, NULL);
  WE_REFUSE(bytes, NOT_CANONICAL);
}

static void numbers_out_of_range_are_cut(void **state) {
  (void)state;
  static const char revision[] = "\x18\x81\x80\x80\x80\x10";  // 2^32 + 1
  Nav__V1__Event *event = TAKE(revision);
  assert_non_null(event);
  assert_int_equal(event->revision, 1);
  nav__v1__event__free_unpacked(event, NULL);
  WE_REFUSE(revision, BAD_VALUE);
}

static void absent_texts_are_null_and_never_the_empty_string(void **state) {
  (void)state;
  Nav__V1__Event *event = TAKE("\x12\x00");
  assert_non_null(event);
  assert_non_null(event->source);
  assert_string_equal(event->source, "");
  assert_ptr_not_equal(event->source, protobuf_c_empty_string);  // would crash when freed
  assert_null(event->addressee);
  nav__v1__event__free_unpacked(event, NULL);
}

// What all allocations of one unpacking come to.
static void *count_alloc(void *data, size_t size) {
  *(size_t *)data += size;
  return malloc(size);
}

static void count_free(void *data, void *pointer) {
  (void)data;
  free(pointer);
}

static void empty_submessages_become_much_memory(void **state) {
  (void)state;
  size_t length = 1000000;
  uint8_t *bytes = malloc(length);
  assert_non_null(bytes);
  for (size_t i = 0; i < length; i += 2) memcpy(bytes + i, "\x3a\x00", 2);
  size_t allocated = 0;
  ProtobufCAllocator allocator = {.alloc = count_alloc, .free = count_free, .allocator_data = &allocated};
  Nav__V1__Event *event = nav__v1__event__unpack(&allocator, length, bytes);
  assert_non_null(event);
  assert_int_equal(event->n_subjects, length / 2);
  assert_true(allocated > 30 * length);
  nav__v1__event__free_unpacked(event, &allocator);
  we_refuse(bytes, length, CODE(TOO_MANY));
  free(bytes);
}

// `depth` messages in one another (nested_type of DescriptorProto). *length is what they take.
static uint8_t *nest(unsigned depth, size_t *length) {
  size_t size = (size_t)depth * 4;
  uint8_t *bytes = malloc(size);
  assert_non_null(bytes);
  size_t start = size;
  for (unsigned i = 0; i < depth; i++) {
    size_t inner = size - start;
    uint8_t head[4] = {0x1a};
    size_t n = 1;
    for (; inner >= 128; inner >>= 7) head[n++] = (uint8_t)(inner | 0x80);
    head[n++] = (uint8_t)inner;
    start -= n;
    memcpy(bytes + start, head, n);
  }
  *length = size - start;
  memmove(bytes, bytes + start, *length);
  return bytes;
}

struct nested {
  const uint8_t *bytes;
  size_t length;
};

static void *unpack_nested(void *data) {
  const struct nested *nested = data;
  return protobuf_c_message_unpack(&google__protobuf__descriptor_proto__descriptor, NULL, nested->length,
                                   nested->bytes);
}

static void depth_has_no_limit(void **state) {
  (void)state;
  size_t length = 0;
  uint8_t *bytes = nest(1000, &length);
  struct nested nested = {bytes, length};
  ProtobufCMessage *message = unpack_nested(&nested);
  assert_non_null(message);
  protobuf_c_message_free_unpacked(message, NULL);
  struct nav_arena *arena = nav_arena_new(1024 * 1024);
  struct nav_error err = {0};
  assert_null(wire_decode(&google__protobuf__descriptor_proto__descriptor, arena, bytes, length, &err));
  assert_int_equal(err.code, CODE(TOO_DEEP));
  nav_arena_free(arena);
  free(bytes);
}

// In a child, on a stack of 2 MiB: less than 30 KB of message are enough to end a program.
static void depth_ends_a_program(void **state) {
  (void)state;
  size_t length = 0;
  uint8_t *bytes = nest(9000, &length);
  assert_true(length < 40000);
  pid_t child = fork();
  if (child == 0) {
    int null = open("/dev/null", O_WRONLY);
    (void)dup2(null, STDERR_FILENO);
    struct nested nested = {bytes, length};
    pthread_attr_t attributes;
    pthread_t thread;
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, 2 * 1024 * 1024);
    if (pthread_create(&thread, &attributes, unpack_nested, &nested) != 0) _exit(0);
    (void)pthread_join(thread, NULL);
    _exit(0);
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
  free(bytes);
}

// Options exist only in the schema: what they say must be made into tables when the program is built.
static void options_are_not_in_the_descriptor(void **state) {
  (void)state;
  const ProtobufCFieldDescriptor *field =
      protobuf_c_message_descriptor_get_field_by_name(&nav__v1__subject__descriptor, "telephone");
  assert_non_null(field);
  assert_null(field->default_value);
  assert_int_equal(field->reserved_flags, 0);
  assert_null(field->reserved2);
  assert_null(field->reserved3);
}

static void the_version_is_the_one_measured(void **state) {
  (void)state;
  if (protobuf_c_version_number() != 1004001)
    print_message("protobuf-c is %s: pitfalls were measured on 1.4.1\n", protobuf_c_version());
  assert_true(protobuf_c_version_number() >= 1004001);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unknown_fields_are_kept_and_packed_again),
      cmocka_unit_test(text_is_not_checked),
      cmocka_unit_test(an_embedded_nul_cuts_the_text),
      cmocka_unit_test(unknown_enum_values_are_taken),
      cmocka_unit_test(singular_fields_may_repeat_and_the_last_counts),
      cmocka_unit_test(two_members_of_a_oneof_are_taken),
      cmocka_unit_test(numbers_out_of_range_are_cut),
      cmocka_unit_test(absent_texts_are_null_and_never_the_empty_string),
      cmocka_unit_test(empty_submessages_become_much_memory),
      cmocka_unit_test(depth_has_no_limit),
      cmocka_unit_test(depth_ends_a_program),
      cmocka_unit_test(options_are_not_in_the_descriptor),
      cmocka_unit_test(the_version_is_the_one_measured),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
