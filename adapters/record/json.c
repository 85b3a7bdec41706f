// See json.h.
#include "adapters/record/json.h"

#include <stdio.h>
#include <string.h>

json_t *record_json_load(const char *file, const uint8_t *bytes, size_t length, struct nav_error *err) {
  if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
    bytes += 3;
    length -= 3;
  }
  if (length == 0) {
    (void)nav_fail(err, NAV_ERROR_PEER, 0, file, "is empty: the source answered with nothing");
    return NULL;
  }
  json_error_t fault;
  json_t *root = json_loadb((const char *)bytes, length, JSON_REJECT_DUPLICATES, &fault);
  if (root == NULL) {
    char place[NAV_ERROR_PLACE_SIZE];
    (void)snprintf(place, sizeof place, "%.150s:%d:%d", file, fault.line, fault.column);
    // jansson quotes what it stood at (" near '…'"), which may be content: only what comes before it is told.
    char *near = strstr(fault.text, " near ");
    if (near != NULL) *near = '\0';
    (void)nav_fail(err, NAV_ERROR_PEER, 0, place, "is not JSON: %s", fault.text);
  }
  return root;
}

const char *record_json_text(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text == NULL || *text == '\0' ? NULL : text;
}

const char *record_json_element(const json_t *value) {
  if (json_is_object(value)) value = json_object_get(value, "$t");
  const char *text = json_string_value(value);
  return text == NULL || *text == '\0' ? NULL : text;
}

size_t record_json_count(const json_t *value) {
  if (json_is_array(value)) return json_array_size(value);
  return value == NULL || json_is_null(value) ? 0 : 1;
}

const json_t *record_json_at(const json_t *value, size_t index) {
  return json_is_array(value) ? json_array_get(value, index) : value;
}
