// Any bytes as each of the protocol's own messages, which the first byte chooses: what is taken is the
// same as protobuf-c's own unpacking gives, encodes to
// what decodes to the same, and can be shown as JSON and read back. Called by: libFuzzer. Must never: need
// anything but its bytes.
#include <string.h>

#include "hub/wire/json.h"
#include "hub/wire/message.h"
#include "nav/v1/ledger.pb-c.h"
#include "nav/v1/session.pb-c.h"
#include "tests/unit/wire/same.h"

enum { ARENA_MAX = 32 * 1024 * 1024, ENCODED_MAX = 4 * 1024 * 1024 };

static const ProtobufCMessageDescriptor *const descriptors[] = {
    &nav__v1__client_frame__descriptor, &nav__v1__hub_frame__descriptor, &nav__v1__signed__descriptor,
    &nav__v1__hello__descriptor,        &nav__v1__welcome__descriptor,   &nav__v1__refused__descriptor,
    &nav__v1__record__descriptor,
};

static void assert_encodes_to(const void *message, const struct nav_buffer *expected) {
  struct nav_buffer out;
  nav_buffer_init(&out, ENCODED_MAX);
  NAV_ASSERT(wire_encode(message, &out));
  NAV_ASSERT(out.length == expected->length);
  NAV_ASSERT(out.length == 0 || memcmp(out.data, expected->data, out.length) == 0);
  nav_buffer_free(&out);
}

// Whether JSON can hold it: times of years 1 to 9999.
static void try_json(const ProtobufCMessage *message, const struct nav_buffer *encoded,
                     struct nav_arena *arena) {
  struct nav_error err = {0};
  json_t *json = wire_json_from_message(message);
  NAV_ASSERT(json != NULL);
  const void *again = wire_json_to_message(message->descriptor, json, arena, &err);
  if (again != NULL) {
    assert_encodes_to(again, encoded);
  } else {
    NAV_ASSERT(strstr(err.place, "time") != NULL);  // a time out of range is shown as a number
  }
  json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  const ProtobufCMessageDescriptor *descriptor =
      descriptors[data[0] % (sizeof descriptors / sizeof descriptors[0])];
  struct nav_arena *arena = nav_arena_new(ARENA_MAX);
  if (arena == NULL) return 0;
  struct nav_error err = {0};
  const ProtobufCMessage *message = wire_decode(descriptor, arena, data + 1, size - 1, &err);
  if (message != NULL) {
    NAV_ASSERT(same_as_unpacked(message, data + 1, size - 1));
    struct nav_buffer encoded;
    nav_buffer_init(&encoded, ENCODED_MAX);
    NAV_ASSERT(wire_encode(message, &encoded));
    const void *again = wire_decode(descriptor, arena, encoded.data, encoded.length, &err);
    NAV_ASSERT(again != NULL);
    assert_encodes_to(again, &encoded);
    try_json(message, &encoded, arena);
    nav_buffer_free(&encoded);
  } else {
    NAV_ASSERT(err.class == NAV_ERROR_PEER && err.code != 0 && err.place[0] != '\0');
  }
  nav_arena_free(arena);
  return 0;
}
