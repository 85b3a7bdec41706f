// See event_file.h.
#include "hub/ctl/event_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/buffer.h"
#include "hub/wire/json.h"

enum { CHUNK = 64 * 1024 };

static bool read_stream(FILE *stream, const char *path, struct nav_buffer *bytes, struct nav_error *err) {
  for (;;) {
    uint8_t *room = nav_buffer_reserve(bytes, CHUNK);
    if (room == NULL)
      return nav_fail(err, NAV_ERROR_LOCAL, 0, path, "is larger than %d MiB", EVENT_FILE_BYTES_MAX >> 20);
    size_t got = fread(room, 1, CHUNK, stream);
    bytes->length += got;
    if (ferror(stream) != 0) return nav_fail_errno(err, path, "cannot read");
    if (got == 0) return true;
  }
}

static bool read_file(const char *path, struct nav_buffer *bytes, struct nav_error *err) {
  if (strcmp(path, "-") == 0) return read_stream(stdin, "standard input", bytes, err);
  FILE *stream = fopen(path, "re");
  if (stream == NULL) return nav_fail_errno(err, path, "cannot open");
  bool ok = read_stream(stream, path, bytes, err);
  (void)fclose(stream);
  return ok;
}

static bool blank(const char *line, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (strchr(" \t\r\n", line[i]) == NULL) return false;
  }
  return true;
}

// A list that holds what is not an event, or too many of them, is refused as a whole.
static json_t *checked(json_t *list, const char *path, struct nav_error *err) {
  size_t i = 0;
  json_t *item = NULL;
  const char *what = NULL;
  if (json_array_size(list) > EVENT_FILE_EVENTS_MAX) what = "has more than 100000 events: split it";
  json_array_foreach(list, i, item) {
    if (!json_is_object(item)) what = "holds something that is no JSON object";
  }
  if (what == NULL) return list;
  (void)nav_fail(err, NAV_ERROR_LOCAL, 0, path, "%s", what);
  json_decref(list);
  return NULL;
}

static json_t *parse_lines(const char *text, size_t length, const char *path, struct nav_error *err) {
  json_t *list = json_array();
  unsigned number = 0;
  for (size_t at = 0; list != NULL && at < length;) {
    const char *end = memchr(text + at, '\n', length - at);
    size_t line = end == NULL ? length - at : (size_t)(end - text) - at;
    number++;
    if (!blank(text + at, line)) {
      struct nav_error why = {0};
      json_t *json = wire_json_parse(text + at, line, &why);
      if (json == NULL) {
        char place[NAV_ERROR_PLACE_SIZE];
        (void)snprintf(place, sizeof place, "%.150s:%u", path, number);
        (void)nav_fail(err, NAV_ERROR_LOCAL, 0, place, "column %s: %s", why.place, why.text);
        json_decref(list);
        return NULL;
      }
      (void)json_array_append_new(list, json);
    }
    at += line + 1;
  }
  return list;
}

static json_t *parse(const char *text, size_t length, const char *path, struct nav_error *err) {
  struct nav_error why = {0};
  if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
    text += 3;
    length -= 3;
  }
  json_t *whole = wire_json_parse(text, length, &why);
  if (json_is_array(whole)) return whole;
  if (whole != NULL) return json_pack("[o]", whole);
  // Not one value: lines, if the first line is a value by itself; else the fault is in the one value.
  const char *end = memchr(text, '\n', length);
  struct nav_error line_why = {0};
  json_t *first = end == NULL ? NULL : wire_json_parse(text, (size_t)(end - text), &line_why);
  if (first == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, path, "%s: %s", why.place, why.text);
    return NULL;
  }
  json_decref(first);
  return parse_lines(text, length, path, err);
}

json_t *event_file_read(const char *path, struct nav_error *err) {
  struct nav_buffer bytes;
  nav_buffer_init(&bytes, EVENT_FILE_BYTES_MAX);
  json_t *list = NULL;
  if (read_file(path, &bytes, err)) list = parse((const char *)bytes.data, bytes.length, path, err);
  nav_buffer_free(&bytes);
  return list == NULL ? NULL : checked(list, path, err);
}
