// Reasons in records: sealed for one record, opened with its key alone, and of every kind that has one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "hub/ledger/reason.h"

enum { SEQ = 4711, DAY = 20800 };

static const uint8_t bucket[CONTENT_KEY_SIZE] = {1, 2, 3};
static const char words[] = "Särskild risk, prövad i dag";

struct sealed {
  Nav__V1__SealedText text;
  uint8_t bytes[sizeof words + REASON_OVERHEAD];
};

static void seal(struct sealed *sealed) {
  uint8_t key[CONTENT_KEY_SIZE];
  reason_key(key, bucket, SEQ);
  reason_seal(sealed->bytes, key, SEQ, DAY, words, strlen(words));
  sealed->text = (Nav__V1__SealedText)NAV__V1__SEALED_TEXT__INIT;
  sealed->text.retention_class = REASON_CLASS;
  sealed->text.bucket_day = DAY;
  sealed->text.sealed = (ProtobufCBinaryData){strlen(words) + REASON_OVERHEAD, sealed->bytes};
}

static char *open_with(const struct sealed *sealed, uint64_t key_of, uint64_t seq, struct nav_arena *arena) {
  uint8_t key[CONTENT_KEY_SIZE];
  struct nav_error err;
  reason_key(key, bucket, key_of);
  return reason_open(&sealed->text, key, seq, arena, &err);
}

static void it_opens_for_its_own_record_alone(void **state) {
  struct nav_arena *arena = *state;
  struct sealed sealed;
  seal(&sealed);
  assert_null(memmem(sealed.bytes, sizeof sealed.bytes, "risk", 4));
  assert_string_equal(open_with(&sealed, SEQ, SEQ, arena), words);
  assert_null(open_with(&sealed, SEQ + 1, SEQ, arena));
  assert_null(open_with(&sealed, SEQ, SEQ + 1, arena));
  sealed.text.bucket_day++;
  assert_null(open_with(&sealed, SEQ, SEQ, arena));
  sealed.text.bucket_day--;
  sealed.text.retention_class = 5;
  assert_null(open_with(&sealed, SEQ, SEQ, arena));
  sealed.text.retention_class = REASON_CLASS;
  for (size_t i = 0; i < sealed.text.sealed.len; i++) {
    sealed.bytes[i] ^= 0x20;
    assert_null(open_with(&sealed, SEQ, SEQ, arena));
    sealed.bytes[i] ^= 0x20;
  }
  for (size_t length = 0; length < sealed.text.sealed.len; length++) {
    struct sealed cut = sealed;
    cut.text.sealed = (ProtobufCBinaryData){length, cut.bytes};
    assert_null(open_with(&cut, SEQ, SEQ, arena));
  }
}

static void its_key_opens_no_event(void **state) {
  (void)state;
  uint8_t key[CONTENT_KEY_SIZE];
  uint8_t event[CONTENT_KEY_SIZE];
  reason_key(key, bucket, SEQ);
  content_event_key(event, bucket, SEQ);
  assert_memory_not_equal(key, event, sizeof key);
}

// Every message of Record that has a sealed text is a kind with a reason, and no other.
static void every_kind_is_known(void **state) {
  (void)state;
  size_t found = 0;
  for (unsigned i = 0; i < nav__v1__record__descriptor.n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &nav__v1__record__descriptor.fields[i];
    bool has = false;
    uint64_t room[64] = {0};  // any of the messages; its fields are looked at alone
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
      const ProtobufCMessageDescriptor *message = field->descriptor;
      for (unsigned k = 0; k < message->n_fields; k++)
        has |= message->fields[k].descriptor == &nav__v1__sealed_text__descriptor;
      assert_true(message->sizeof_message <= sizeof room);
    }
    Nav__V1__Record record = NAV__V1__RECORD__INIT;
    struct reason_fields fields;
    record.record_case = (Nav__V1__Record__RecordCase)field->id;
    record.read = (Nav__V1__Read *)room;
    assert_int_equal(reason_kind((uint16_t)field->id), has);
    assert_int_equal(reason_fields_of(&record, &fields), has);
    found += has;
  }
  assert_int_equal(found, 8);
}

static int start(void **state) {
  *state = nav_arena_new(1 << 20);
  return sodium_init() < 0;
}

static int stop(void **state) {
  nav_arena_free(*state);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_opens_for_its_own_record_alone),
      cmocka_unit_test(its_key_opens_no_event),
      cmocka_unit_test(every_kind_is_known),
  };
  return cmocka_run_group_tests(tests, start, stop);
}
