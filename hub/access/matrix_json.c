// A row of the matrix in JSON, with its conditions in words. See matrix.h.
#include <stdio.h>
#include <string.h>

#include "hub/access/classes.h"
#include "hub/access/conditions.h"
#include "hub/access/matrix.h"
#include "hub/access/relate.h"
#include "hub/access/trace.h"
#include "hub/access/words.h"
#include "hub/base/clock.h"
#include "hub/wire/event.h"

struct telling {
  const struct access_rules *rules;
  const struct access_matrix_row *row;
  const struct rule *rule;
  int64_t now_ms;
  enum access_language language;
};

static json_t *text_or_null(const char *text) {
  return text == NULL || text[0] == '\0' ? json_null() : json_string(text);
}

static json_t *role_list(uint16_t roles) {
  if (roles == 0) return json_pack("[s]", "none");
  if ((roles & RELATE_ALL_ROLES) == RELATE_ALL_ROLES) return json_pack("[s]", "all");
  json_t *list = json_array();
  for (int role = 1; role < 16; role++) {
    const char *name =
        ((unsigned)roles >> role & 1U) != 0 ? wire_enum_name(&nav__v1__role__descriptor, role) : NULL;
    if (name != NULL) (void)json_array_append_new(list, json_string(name));
  }
  if ((roles & RELATE_UNKNOWN_ROLE) != 0) (void)json_array_append_new(list, json_string("unknown"));
  return list;
}

static const char *date_text(int64_t day, char out[NAV_DATE_SIZE]) {
  int year = 0;
  int month = 0;
  int of_month = 0;
  nav_date_from_days(day, &year, &month, &of_month);
  (void)snprintf(out, NAV_DATE_SIZE, "%04d-%02d-%02d", year % 10000, month % 100, of_month % 100);
  return out;
}

static void add_dates(const struct telling *telling, json_t *list, const struct rule *rule) {
  char date[NAV_DATE_SIZE];
  if (rule->day_from > nav_day_stockholm(telling->now_ms))
    conditions_words(list, WORDS_IF_FROM, telling->language, date_text(rule->day_from, date));
  if (rule->day_to != INT64_MAX)
    conditions_words(list, WORDS_IF_UNTIL, telling->language, date_text(rule->day_to, date));
}

static bool can_tell_of_persons(const struct rule *rule) {
  for (size_t i = 0; i < trace_predicates_count(rule); i++) {
    const struct predicate *predicate = &rule->predicates[i];
    if (predicate->op == OP_PRESENT && !predicate->wanted && strcmp(predicate->name, "subjects") == 0)
      return false;
  }
  return true;
}

static json_t *condition_list(const struct telling *telling) {
  const struct rule *rule = telling->rule;
  json_t *list = json_array();
  const unsigned narrative = 1U << NAV__V1__SENSITIVITY__SENSITIVITY_NARRATIVE;
  bool permit = rule->action == RULE_PERMIT;
  conditions_tests(list, rule, telling->language);
  if (permit && bit_of(rule->board_bits, telling->row->lane))
    conditions_words(list, WORDS_IF_BOARD, telling->language, NULL);
  if (permit && !rule->names_protected && can_tell_of_persons(rule))
    conditions_words(list, rule->info.is_duty ? WORDS_IF_NOT_KNOWN_PROTECTED : WORDS_IF_NOT_PROTECTED,
                     telling->language, NULL);
  if ((telling->row->classes & narrative) != 0 && rule->reveal != RULES_ALL_CLASSES)
    conditions_words(list, WORDS_IF_EDITED, telling->language, NULL);
  add_dates(telling, list, rule);
  return list;
}

// Forbids (or limits) that bind the row and that some event could meet.
static json_t *forbid_list(const struct telling *telling, bool limits) {
  const struct access_matrix_row *row = telling->row;
  json_t *list = json_array();
  for (size_t i = 0; i < telling->rules->rules_count; i++) {
    const struct rule *forbid = &telling->rules->rules[i];
    if (forbid->action != RULE_FORBID || forbid->info.is_limit != limits) continue;
    if (forbid->day_to < nav_day_stockholm(telling->now_ms) || relate_excepts(forbid, telling->rule))
      continue;
    if ((forbid->bodies >> row->body & 1U) == 0 || !bit_of(forbid->senders, row->sender) ||
        !bit_of(forbid->lane_bits, row->lane) || !relate_can_meet(forbid, telling->rule, telling->now_ms))
      continue;
    json_t *conditions = json_array();
    conditions_roles(conditions, forbid, telling->language);
    conditions_tests(conditions, forbid, telling->language);
    add_dates(telling, conditions, forbid);
    (void)json_array_append_new(list,
                                json_pack("{s:s, s:o}", "rule", forbid->info.id, "conditions", conditions));
  }
  return list;
}

static json_t *obligation_list(const struct access_rule_info *info) {
  json_t *list = json_array();
  for (size_t i = 0; i < info->obligations_count; i++)
    (void)json_array_append_new(list, json_string(info->obligations[i]));
  return list;
}

static void set_dates(json_t *json, const struct rule *rule) {
  char date[NAV_DATE_SIZE];
  (void)json_object_set_new(
      json, "valid_from", text_or_null(rule->day_from == INT64_MIN ? NULL : date_text(rule->day_from, date)));
  (void)json_object_set_new(json, "valid_to",
                            text_or_null(rule->day_to == INT64_MAX ? NULL : date_text(rule->day_to, date)));
}

static void set_who(json_t *json, const struct telling *telling) {
  const struct access_matrix_row *row = telling->row;
  const struct lane *lane = &telling->rules->lanes[row->lane];
  const char *from = telling->rules->agency_facts[row->sender].agency->id;
  (void)json_object_set_new(json, "from", json_string(from));
  (void)json_object_set_new(json, "event", json_string(schema_body_name(row->body)));
  (void)json_object_set_new(json, "to", json_string(lane->info.agency));
  (void)json_object_set_new(json, "purpose", json_string(lane->info.purpose));
}

json_t *access_matrix_json(const struct access_rules *rules, const struct access_matrix_row *row,
                           int64_t now_ms, enum access_language language) {
  const struct rule *rule = &rules->rules[row->rule];
  const struct telling telling = {rules, row, rule, now_ms, language};
  const struct law_basis *basis = rule->basis;
  json_t *json = json_object();
  if (json == NULL) return NULL;
  set_who(json, &telling);
  (void)json_object_set_new(json, "outcome", json_string(access_matrix_outcome_name(row->outcome)));
  (void)json_object_set_new(json, "may_hold", json_boolean(row->may_hold));
  (void)json_object_set_new(json, "classes", access_class_list(row->classes));
  (void)json_object_set_new(json, "roles", role_list(row->roles));
  (void)json_object_set_new(json, "protected", json_boolean(row->protected));
  (void)json_object_set_new(json, "basis", text_or_null(rule->info.basis));
  (void)json_object_set_new(json, "section", text_or_null(basis == NULL ? NULL : basis->section));
  (void)json_object_set_new(json, "statute", text_or_null(basis == NULL ? NULL : basis->statute));
  (void)json_object_set_new(json, "rule", json_string(rule->info.id));
  (void)json_object_set_new(json, "conditions", condition_list(&telling));
  (void)json_object_set_new(json, "forbidden_by", forbid_list(&telling, false));
  (void)json_object_set_new(json, "limited_by", forbid_list(&telling, true));
  (void)json_object_set_new(json, "reveal", access_class_list(row->reveal));
  (void)json_object_set_new(json, "obligations", obligation_list(&rule->info));
  (void)json_object_set_new(json, "smallest_cell",
                            rule->action == RULE_AGGREGATE ? json_integer(rule->smallest_cell) : json_null());
  set_dates(json, rule);
  (void)json_object_set_new(json, "file", json_string(rule->node->file));
  (void)json_object_set_new(json, "line", json_integer(rule->node->line));
  return json;
}
