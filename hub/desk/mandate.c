// See mandate.h.
#include "hub/desk/mandate.h"

#include <string.h>

#include "nav/v1/ledger.pb-c.h"

bool mandate_covers(const struct conf_person *person, const char *agency) {
  if (agency == NULL || person->mandate_all) return agency != NULL;
  for (size_t i = 0; i < person->mandate_count; i++) {
    if (strcmp(person->mandate[i], agency) == 0) return true;
  }
  return false;
}

// Of decisions `to` is who would receive: a recipient only of what was released.
static bool is_received(const struct audit_line *line) {
  switch (line->kind) {
    case NAV__V1__RECORD__RECORD_ACCEPTED:
    case NAV__V1__RECORD__RECORD_REDECIDED:
    case NAV__V1__RECORD__RECORD_HOLD_RELEASED:
    case NAV__V1__RECORD__RECORD_HOLD_REFUSED:
    case NAV__V1__RECORD__RECORD_HOLD_ESCALATED:
    case NAV__V1__RECORD__RECORD_HOLD_LAPSED:
    case NAV__V1__RECORD__RECORD_HOLD_CLOSED:
      return line->outcome != NULL && strcmp(line->outcome, "release") == 0;
    default:
      return true;
  }
}

static bool is_hubs_own(const struct audit_line *line) {
  bool sender = line->from != NULL && strcmp(line->from, "hub") != 0;  // "hub" owns its keys
  return !sender && line->to == NULL && line->participants_count == 0;
}

bool mandate_shows(const struct conf_person *person, const struct audit_line *line) {
  if (person->mandate_all || is_hubs_own(line) || mandate_covers(person, line->from) ||
      mandate_covers(person, line->by))
    return true;
  if (is_received(line) && mandate_covers(person, line->to)) return true;
  for (size_t i = 0; i < line->participants_count; i++) {
    if (mandate_covers(person, line->participants[i])) return true;
  }
  return false;
}

bool mandate_shows_whole(const struct conf_person *person, const struct audit_line *line) {
  if (!mandate_shows(person, line)) return false;
  bool of_many =
      line->kind == NAV__V1__RECORD__RECORD_RECALLED || line->kind == NAV__V1__RECORD__RECORD_EVENTS_ERASED;
  return !of_many || person->mandate_all || mandate_covers(person, line->from);
}

json_t *mandate_json(const struct conf_person *person) {
  if (person->mandate_all) return json_string("all");
  json_t *list = json_array();
  for (size_t i = 0; i < person->mandate_count; i++)
    (void)json_array_append_new(list, json_string(person->mandate[i]));
  return list;
}
