// See line.h.
#include "adapters/engine/line.h"

#include <stdlib.h>
#include <string.h>

#include "hub/wire/json.h"

static int append(const char *bytes, size_t size, void *context) {
  return nav_buffer_append(context, bytes, size) ? 0 : -1;
}

static json_t *withheld_paths(const Nav__V1__Delivery *delivery) {
  size_t size = 1;
  for (size_t i = 0; i < delivery->n_withheld; i++) size += strlen(delivery->withheld[i]) + 1;
  char *joined = malloc(size);
  if (joined == NULL) return NULL;
  char *at = joined;
  for (size_t i = 0; i < delivery->n_withheld; i++) {
    size_t length = strlen(delivery->withheld[i]);
    if (i > 0) *at++ = ',';
    memcpy(at, delivery->withheld[i], length);
    at += length;
  }
  json_t *text = json_stringn(joined, (size_t)(at - joined));
  free(joined);
  return text;
}

static json_t *text_or_empty(const char *text) { return json_string(text != NULL ? text : ""); }

bool line_write(struct nav_buffer *buffer, const char *purpose, const Nav__V1__Delivery *delivery,
                const Nav__V1__VerdictInfo *verdict, const Nav__V1__Event *event) {
  size_t before = buffer->length;
  json_t *json = wire_cloudevent_from_event(event);
  bool ok =
      json != NULL &&
      json_object_set_new(json, "navseq", json_integer((json_int_t)delivery->position)) == 0 &&
      json_object_set_new(json, "navrule", text_or_empty(verdict != NULL ? verdict->rule : NULL)) == 0 &&
      json_object_set_new(json, "navbasis", text_or_empty(verdict != NULL ? verdict->basis : NULL)) == 0 &&
      json_object_set_new(json, "navpurpose", text_or_empty(purpose)) == 0 &&
      json_object_set_new(json, "navwithheld", withheld_paths(delivery)) == 0 &&
      (!delivery->replay || json_object_set_new(json, "navreplay", json_true()) == 0) &&
      json_dump_callback(json, append, buffer, JSON_COMPACT) == 0 && nav_buffer_append(buffer, "\n", 1);
  json_decref(json);
  if (!ok) buffer->length = before;
  return ok;
}

bool line_position(const char *line, size_t length, uint64_t *position) {
  // A quote inside a JSON text is written \", so these bytes are the key itself wherever they stand.
  static const char key[] = "\"navseq\":";
  const char *found = memmem(line, length, key, sizeof key - 1);
  if (found == NULL) return false;
  const char *at = found + sizeof key - 1;
  const char *end = line + length;
  uint64_t value = 0;
  const char *digits = at;
  for (; at < end && *at >= '0' && *at <= '9'; at++) {
    if (value > (UINT64_MAX - 9) / 10) return false;
    value = value * 10 + (uint64_t)(*at - '0');
  }
  *position = value;
  return at > digits;
}
