// See fi2.h.
#include "adapters/housing/fi2.h"

#include <string.h>

#include "adapters/record/json.h"
#include "hub/base/clock.h"

static bool has_text(const json_t *object, const char *key, const char *text) {
  const char *value = record_json_text(object, key);
  return value != NULL && strcmp(value, text) == 0;
}

const char *fi2_id(const json_t *ids, const char *usage) {
  const json_t *list = json_object_get(ids, "fi2_id");
  for (size_t i = 0; i < record_json_count(list); i++) {
    const json_t *id = record_json_at(list, i);
    if (usage == NULL || has_text(id, "usage", usage)) return record_json_element(id);
  }
  return NULL;
}

const char *fi2_value(const json_t *values, const char *code) {
  for (size_t i = 0; i < record_json_count(values); i++) {
    const json_t *value = record_json_at(values, i);
    if (has_text(value, "fi2value_code", code))
      return record_json_element(json_object_get(value, "fi2value_value"));
  }
  return NULL;
}

const char *fi2_description(const json_t *descriptions, const char *usage) {
  for (size_t i = 0; i < record_json_count(descriptions); i++) {
    const json_t *description = record_json_at(descriptions, i);
    if (has_text(description, "usage", usage)) return record_json_element(description);
  }
  return NULL;
}

const char *fi2_class_code(const json_t *class) {
  return record_json_element(json_object_get(record_json_at(class, 0), "fi2class_code"));
}

const json_t *fi2_parent(const json_t *fi2case, const char *item, size_t nth) {
  const json_t *parents = json_object_get(fi2case, "fi2case_parentobject");
  for (size_t i = 0; i < record_json_count(parents); i++) {
    const json_t *parent = record_json_at(parents, i);
    if (item != NULL && !has_text(parent, "fi2item", item)) continue;
    if (nth-- == 0) return parent;
  }
  return NULL;
}

bool fi2_status(const char *code, Nav__V1__CaseStatus *status) {
  static const struct {
    const char *code;
    Nav__V1__CaseStatus status;
  } codes[] = {
      {"Created", NAV__V1__CASE_STATUS__CASE_STATUS_OPEN},
      {"Pending", NAV__V1__CASE_STATUS__CASE_STATUS_ONGOING},
      {"Completed", NAV__V1__CASE_STATUS__CASE_STATUS_COMPLETED},
      {"Comleted", NAV__V1__CASE_STATUS__CASE_STATUS_COMPLETED},
      {"Annulled", NAV__V1__CASE_STATUS__CASE_STATUS_CLOSED},
  };
  for (size_t i = 0; code != NULL && i < sizeof codes / sizeof codes[0]; i++) {
    if (strcmp(codes[i].code, code) == 0) {
      *status = codes[i].status;
      return true;
    }
  }
  return false;
}

// A time, or a date alone: its first moment in Sweden.
static bool parse_when(const char *text, int64_t *ms) {
  struct nav_civil civil = {0};
  if (text == NULL) return false;
  if (nav_clock_parse(text, true, ms)) return true;
  if (!nav_date_parse(text, &civil.year, &civil.month, &civil.day)) return false;
  *ms = nav_ms_from_civil_stockholm(&civil);
  return true;
}

bool fi2_times(const json_t *fi2case, int64_t *time_ms, int64_t *created_ms, int64_t *recorded_ms) {
  const json_t *values = json_object_get(fi2case, "fi2case_value");
  int64_t created = 0;
  int64_t registered = 0;
  bool has_created = parse_when(fi2_value(values, "CreatedDate"), &created);
  bool has_registered =
      parse_when(record_json_element(json_object_get(fi2case, "fi2case_registrationdate")), &registered);
  if (!has_created && !has_registered) return false;
  if (!has_created) created = registered;
  if (!has_registered || nav_day_stockholm(created) == nav_day_stockholm(registered)) registered = created;
  *time_ms = registered;
  *created_ms = created;
  if (!parse_when(fi2_value(values, "ChangedDate"), recorded_ms)) *recorded_ms = created;
  return true;
}
