// Any text as a CloudEvent: an event or an error with its place; what is read is written as what reads to the
// same. Called by: libFuzzer. Must never: need anything but its bytes.
#include <string.h>

#include "hub/wire/event.h"
#include "hub/wire/json.h"
#include "hub/wire/message.h"

enum { ARENA_MAX = 32 * 1024 * 1024, ENCODED_MAX = 4 * 1024 * 1024 };

static void encode(const void *message, struct nav_buffer *out) {
  nav_buffer_init(out, ENCODED_MAX);
  NAV_ASSERT(wire_encode(message, out));
}

static void try_event(const Nav__V1__Event *event, struct nav_arena *arena) {
  struct nav_error err = {0};
  json_t *json = wire_cloudevent_from_event(event);
  NAV_ASSERT(json != NULL);
  const Nav__V1__Event *again = wire_cloudevent_to_event(json, arena, &err);
  NAV_ASSERT(again != NULL);
  struct nav_buffer first;
  struct nav_buffer second;
  encode(event, &first);
  encode(again, &second);
  NAV_ASSERT(first.length == second.length && memcmp(first.data, second.data, first.length) == 0);
  // What JSON can say is a canonical message, whether or not it is a valid event.
  NAV_ASSERT(wire_decode(&nav__v1__event__descriptor, arena, first.data, first.length, &err) != NULL);
  (void)!wire_event_validate(event, &err);
  nav_buffer_free(&first);
  nav_buffer_free(&second);
  json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct nav_error err = {0};
  json_t *json = wire_json_parse((const char *)data, size, &err);
  if (json == NULL) {
    NAV_ASSERT(err.class == NAV_ERROR_PEER && err.code != 0 && err.text[0] != '\0');
    return 0;
  }
  struct nav_arena *arena = nav_arena_new(ARENA_MAX);
  if (arena != NULL) {
    const Nav__V1__Event *event = wire_cloudevent_to_event(json, arena, &err);
    NAV_ASSERT(event != NULL || (err.class == NAV_ERROR_PEER && err.code != 0 && err.text[0] != '\0'));
    if (event != NULL) try_event(event, arena);
  }
  nav_arena_free(arena);
  json_decref(json);
  return 0;
}
