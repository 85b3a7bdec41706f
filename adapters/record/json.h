// Taking fields out of a JSON record whatever their form.
// Called by: adapters/school, adapters/housing. Must never: take a value of the wrong type for the right one.
#ifndef NAV_ADAPTERS_RECORD_JSON_H
#define NAV_ADAPTERS_RECORD_JSON_H

#include <jansson.h>

// A member that is a non-empty string; NULL.
const char *record_json_text(const json_t *object, const char *key);
// The text of an element that XML made: a string, or an object whose "$t" is one; NULL.
const char *record_json_element(const json_t *value);
// XML as JSON writes one element as itself and many as an array: both are a list. NULL and null have none.
size_t record_json_count(const json_t *value);
const json_t *record_json_at(const json_t *value, size_t index);

#endif
