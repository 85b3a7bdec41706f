// See json.h.
#include "adapters/record/json.h"

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
