// See sample.h. Read from its JSON, so that it can be seen as a reader of the API would see it.
#include "tests/unit/wire/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/wire/json.h"

// A test's own data is wrong.
static _Noreturn void stop(const char *place, const char *what) {
  (void)fprintf(stderr, "tests/unit/wire: %s: %s\n", place, what);
  abort();
}

json_t *sample_load(const char *path) {
  json_error_t fault;
  json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, &fault);
  if (json == NULL) stop(path, fault.text);
  return json;
}

void sample_set_at(json_t *json, const char *path, json_t *value) {
  char key[64];
  const char *dot = strchr(path, '.');
  size_t length = dot != NULL ? (size_t)(dot - path) : strlen(path);
  if (length >= sizeof key) stop(path, "is too long");
  memcpy(key, path, length);
  key[length] = '\0';
  if (dot != NULL) {
    json_t *inner =
        json_is_array(json) ? json_array_get(json, strtoul(key, NULL, 10)) : json_object_get(json, key);
    if (inner == NULL) stop(path, "is not there");
    sample_set_at(inner, dot + 1, value);
  } else if (json_is_null(value)) {
    if (json_object_del(json, key) != 0) stop(path, "is not there");
  } else {
    if (json_object_set(json, key, value) != 0) stop(path, "cannot be set");
  }
}

Nav__V1__Event *sample_concern_report(struct nav_arena *arena) {
  json_t *json = sample_load("tests/unit/wire/sample.json");
  struct nav_error err = {0};
  Nav__V1__Event *event = wire_cloudevent_to_event(json, arena, &err);
  json_decref(json);
  if (event == NULL) stop(err.place, err.text);
  return event;
}
