// Any bytes as an event. What the strict check takes, the lenient one takes as well, and both give the same
// as protobuf-c's own unpacking;
// what was decoded holds no unknown field and encodes to what decodes to the same; what is a valid event goes
// through JSON unchanged. Called by: libFuzzer. Must never: need anything but its bytes.
#include <stdlib.h>
#include <string.h>

#include "hub/wire/event.h"
#include "hub/wire/json.h"
#include "hub/wire/message.h"
#include "tests/unit/wire/same.h"

enum { ARENA_MAX = 32 * 1024 * 1024, ENCODED_MAX = 4 * 1024 * 1024 };

#define EVENT &nav__v1__event__descriptor

static void encode(const void *message, struct nav_buffer *out) {
  nav_buffer_init(out, ENCODED_MAX);
  NAV_ASSERT(wire_encode(message, out));
}

static void assert_same(const struct nav_buffer *a, const struct nav_buffer *b) {
  NAV_ASSERT(a->length == b->length);
  NAV_ASSERT(a->length == 0 || memcmp(a->data, b->data, a->length) == 0);
}

// Through CloudEvents as text, and back.
static void try_json(const Nav__V1__Event *event, const struct nav_buffer *encoded, struct nav_arena *arena) {
  struct nav_error err = {0};
  json_t *json = wire_cloudevent_from_event(event);
  NAV_ASSERT(json != NULL);
  char *text = json_dumps(json, 0);
  NAV_ASSERT(text != NULL);
  json_t *parsed = wire_json_parse(text, strlen(text), &err);
  NAV_ASSERT(parsed != NULL);
  const Nav__V1__Event *again = wire_cloudevent_to_event(parsed, arena, &err);
  NAV_ASSERT(again != NULL);
  struct nav_buffer out;
  encode(again, &out);
  assert_same(encoded, &out);
  nav_buffer_free(&out);
  json_decref(parsed);
  json_decref(json);
  free(text);
}

static void try_event(const Nav__V1__Event *event, struct nav_arena *arena) {
  struct nav_error err = {0};
  struct nav_buffer first;
  struct nav_buffer second;
  encode(event, &first);
  // Strict: an unknown field that was left anywhere would be refused.
  const void *again = wire_decode(EVENT, arena, first.data, first.length, &err);
  NAV_ASSERT(again != NULL);
  encode(again, &second);
  assert_same(&first, &second);
  if (wire_event_validate(event, &err)) {
    NAV_ASSERT(wire_event_body_message(event) != NULL);
    try_json(event, &first, arena);
  } else {
    NAV_ASSERT(err.class == NAV_ERROR_PEER && err.code != 0 && err.text[0] != '\0');
  }
  nav_buffer_free(&first);
  nav_buffer_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct nav_arena *arena = nav_arena_new(ARENA_MAX);
  if (arena == NULL) return 0;
  struct nav_error err = {0};
  const Nav__V1__Event *strict = wire_decode(EVENT, arena, data, size, &err);
  NAV_ASSERT(strict != NULL || (err.class == NAV_ERROR_PEER && err.code != 0 && err.place[0] != '\0'));
  const Nav__V1__Event *lenient = wire_decode_lenient(EVENT, arena, data, size, &err);
  NAV_ASSERT(strict == NULL || (lenient != NULL && same_as_unpacked(strict, data, size) &&
                                same_as_unpacked(lenient, data, size)));
  if (lenient != NULL) try_event(lenient, arena);
  nav_arena_free(arena);
  return 0;
}
