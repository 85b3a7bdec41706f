// See json.h: text → JSON, by jansson, with the limits that it lacks.
#include "hub/wire/json.h"
#include "hub/wire/message.h"
#include "nav/v1/session.pb-c.h"

// Whether brackets outside texts nest no deeper than the limit. jansson itself goes 2,048 calls deep.
static bool depth_is_good(const char *text, size_t length) {
  unsigned depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < length; i++) {
    char c = text[i];
    if (in_string) {
      if (c == '\\') i++;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > WIRE_JSON_DEPTH_MAX) return false;
    } else if ((c == '}' || c == ']') && depth > 0) {
      depth--;
    }
  }
  return true;
}

json_t *wire_json_parse(const char *text, size_t length, struct nav_error *err) {
  if (!depth_is_good(text, length)) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_DEEP, "", "JSON is nested deeper than %d",
                   WIRE_JSON_DEPTH_MAX);
    return NULL;
  }
  json_error_t fault;
  json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &fault);
  if (json != NULL) return json;
  char place[NAV_ERROR_PLACE_SIZE];
  (void)snprintf(place, sizeof place, "%d:%d", fault.line, fault.column);
  // jansson's own text quotes what it read, which may be content; its kind of fault is enough.
  enum json_error_code why = json_error_code(&fault);
  const char *what = why == json_error_duplicate_key            ? "has the same key twice in one object"
                     : why == json_error_invalid_utf8           ? "is not UTF-8"
                     : why == json_error_premature_end_of_input ? "ends too early"
                     : why == json_error_end_of_input_expected  ? "goes on after its end"
                     : why == json_error_numeric_overflow       ? "has a number that is too large"
                     : why == json_error_null_character         ? "holds a NUL"
                                                                : "is not JSON";
  (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_MALFORMED, place, "%s", what);
  return NULL;
}
