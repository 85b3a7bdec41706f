// navctl access matrix: what the rules can ever let through, without any event. On the same rules as
// nav-core, without asking it. Called by: ctl. Must never: show less than the rules can give because of a
// filter that nothing fits; such a filter is told.
#include <stdlib.h>
#include <string.h>

#include "hub/access/classes.h"
#include "hub/access/law.h"
#include "hub/access/matrix.h"
#include "hub/access/schema.h"
#include "hub/base/clock.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/output.h"
#include "hub/wire/event.h"

enum { ROWS_MAX = 200000, LINE_SIZE = 4096, NAMES_MAX = 2 * CONF_AGENCIES_MAX };

static const struct ctl_column columns[] = {
    {"from", "FROM", false},
    {"event", "EVENT", false},
    {"to", "TO", false},
    {"purpose", "PURPOSE", false},
    {"outcome", "OUTCOME", false},
    {"may_hold", NULL, false},
    {"classes", "CLASSES", false},
    {"roles", "ROLES", false},
    {"protected", NULL, false},
    {"basis", "BASIS", false},
    {"section", "SECTION", false},
    {"statute", NULL, false},
    {"rule", "RULE", false},
    {"conditions", "CONDITIONS", false},
    {"forbidden_by", "UNLESS", false},
    {"limited_by", "HELD BY", false},
    {"obligations", NULL, false},
    {"smallest_cell", NULL, true},
    {"valid_from", NULL, false},
    {"valid_to", NULL, false},
    {"file", NULL, false},
    {"line", NULL, true},
};

struct collecting {
  const struct access_rules *rules;
  int64_t now_ms;
  enum access_language language;
  json_t *rows;
  bool by_line;  // NDJSON: printed as they come, and as many as there are
  bool too_many;
};

static bool collect(void *context, const struct access_matrix_row *row) {
  struct collecting *collecting = context;
  collecting->too_many = json_array_size(collecting->rows) >= ROWS_MAX;
  if (collecting->too_many) return false;
  json_t *json = access_matrix_json(collecting->rules, row, collecting->now_ms, collecting->language);
  if (collecting->by_line) {
    bool printed = json != NULL && output_line(json);
    json_decref(json);
    return printed;
  }
  return json_array_append_new(collecting->rows, json) == 0;
}

// ---- for tables and CSV: lists of sentences in one cell ----

static void append(char line[LINE_SIZE], const char *text) {
  size_t used = strlen(line);
  size_t length = strlen(text);
  if (length >= LINE_SIZE - used) length = LINE_SIZE - used - 1;
  memcpy(line + used, text, length);
  line[used + length] = '\0';
}

static void append_sentences(char line[LINE_SIZE], const json_t *list) {
  for (size_t i = 0; i < json_array_size(list); i++) {
    if (i > 0) append(line, "; ");
    append(line, json_string_value(json_array_get(list, i)));
  }
}

static json_t *sentences_cell(const json_t *list) {
  char line[LINE_SIZE] = "";
  append_sentences(line, list);
  return json_string(line);
}

// "handling-h3-stays", or with conditions: "handling-h3-stays (the handling code is H3)".
static json_t *rules_cell(const json_t *list, bool with_conditions) {
  char line[LINE_SIZE] = "";
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *item = json_array_get(list, i);
    const json_t *conditions = json_object_get(item, "conditions");
    if (i > 0) append(line, ", ");
    append(line, json_string_value(json_object_get(item, "rule")));
    if (!with_conditions || json_array_size(conditions) == 0) continue;
    append(line, " (");
    append_sentences(line, conditions);
    append(line, ")");
  }
  return json_string(line);
}

static void flatten(json_t *row, bool table) {
  (void)json_object_set_new(row, "conditions", sentences_cell(json_object_get(row, "conditions")));
  (void)json_object_set_new(row, "forbidden_by", rules_cell(json_object_get(row, "forbidden_by"), !table));
  (void)json_object_set_new(row, "limited_by", rules_cell(json_object_get(row, "limited_by"), !table));
  if (table && json_is_true(json_object_get(row, "may_hold")))
    (void)json_object_set_new(row, "outcome", json_string("release (or hold)"));
}

static bool print(const struct ctl *ctl, json_t *rows) {
  bool flat = ctl->format == CTL_TABLE || ctl->format == CTL_CSV;
  for (size_t i = 0; flat && i < json_array_size(rows); i++)
    flatten(json_array_get(rows, i), ctl->format == CTL_TABLE);
  return output_rows(ctl->format, columns, sizeof columns / sizeof columns[0], rows);
}

// ---- filters ----

static enum ctl_exit unknown(enum ctl_exit code, const char *what, const char *text,
                             const char *const *names) {
  const char *near = ctl_nearest(text, names);
  if (near != NULL) return ctl_complain(code, "%s '%s' is not known - did you mean '%s'?", what, text, near);
  return ctl_complain(code, "%s '%s' is not known", what, text);
}

// An agency of agencies.yaml, or a kind of agency.
static enum ctl_exit read_side(struct ctl *ctl, const char *option, const struct conf_agencies *agencies,
                               const char **out) {
  const char *text = ctl_value(ctl, option);
  *out = text;
  if (text == NULL || law_kind(text) >= 0 || conf_agency_find(agencies, text) != NULL) return CTL_DONE;
  const char *names[NAMES_MAX + 1] = {NULL};
  size_t count = 0;
  for (size_t i = 0; i < agencies->agencies_count && count < NAMES_MAX; i++)
    names[count++] = agencies->agencies[i].id;
  for (size_t i = 0; law_agency_kinds[i] != NULL && count < NAMES_MAX; i++)
    names[count++] = law_agency_kinds[i];
  return unknown(CTL_NOT_FOUND, "agency or kind", text, names);
}

static enum ctl_exit read_event_name(struct ctl *ctl, const char **out) {
  *out = ctl_value(ctl, "event");
  if (*out == NULL || schema_body_find(*out) >= 0) return CTL_DONE;
  return unknown(CTL_USAGE, "message", *out, schema_body_names());
}

static enum ctl_exit read_purpose(struct ctl *ctl, const struct access_rules *rules, const char **out) {
  *out = ctl_value(ctl, "purpose");
  if (*out == NULL) return CTL_DONE;
  const char *names[CONF_PURPOSES_MAX + 1] = {NULL};
  size_t count = 0;
  for (size_t i = 0; i < access_lane_count(rules) && count < CONF_PURPOSES_MAX; i++) {
    const char *purpose = access_lane(rules, i)->purpose;
    if (strcmp(purpose, *out) == 0) return CTL_DONE;
    bool known = false;
    for (size_t k = 0; k < count && !known; k++) known = strcmp(names[k], purpose) == 0;
    if (!known) names[count++] = purpose;
  }
  return unknown(CTL_NOT_FOUND, "purpose", *out, names);
}

static enum ctl_exit read_class(struct ctl *ctl, uint16_t *out) {
  const char *text = ctl_value(ctl, "class");
  if (text == NULL) return CTL_DONE;
  *out = access_class_bit(text);
  return *out != 0 ? CTL_DONE : unknown(CTL_USAGE, "class", text, law_class_names);
}

static enum ctl_exit read_role(struct ctl *ctl, uint16_t *out) {
  static const char *const names[] = {"suspect",     "victim", "witness", "child", "reporter",
                                      "participant", "other",  "unknown", NULL};
  const char *text = ctl_value(ctl, "role");
  int role = 0;
  if (text == NULL) return CTL_DONE;
  if (strcmp(text, "unknown") == 0) {
    *out = 1;
  } else if (wire_enum_value(&nav__v1__role__descriptor, text, &role) && role > 0 && role < 16) {
    *out = (uint16_t)(1U << role);
  } else {
    return unknown(CTL_USAGE, "role", text, names);
  }
  return CTL_DONE;
}

static enum ctl_exit read_outcome(struct ctl *ctl, uint16_t *out) {
  static const char *const names[] = {"counts", "hold", "release", NULL};
  const char *text = ctl_value(ctl, "outcome");
  if (text == NULL) return CTL_DONE;
  for (size_t i = 0; names[i] != NULL; i++)
    if (strcmp(names[i], text) == 0) *out = (uint16_t)(1U << i);
  return *out != 0 ? CTL_DONE : unknown(CTL_USAGE, "outcome", text, names);
}

static enum ctl_exit read_filter(struct ctl *ctl, const struct access_rules *rules,
                                 struct access_matrix_filter *filter) {
  enum ctl_exit code = read_side(ctl, "from", access_rules_agencies(rules), &filter->from);
  if (code == CTL_DONE) code = read_side(ctl, "to", access_rules_agencies(rules), &filter->to);
  if (code == CTL_DONE) code = read_event_name(ctl, &filter->event);
  if (code == CTL_DONE) code = read_purpose(ctl, rules, &filter->purpose);
  if (code == CTL_DONE) code = read_class(ctl, &filter->classes);
  if (code == CTL_DONE) code = read_role(ctl, &filter->roles);
  if (code == CTL_DONE) code = read_outcome(ctl, &filter->outcomes);
  return code;
}

static enum ctl_exit matrix(struct ctl *ctl, const struct access_rules *rules) {
  struct access_matrix_filter filter = {0};
  struct collecting collecting = {.rules = rules,
                                  .now_ms = nav_clock_now_ms(),
                                  .by_line = ctl->format == CTL_NDJSON,
                                  .language = ctl_english(ctl) ? ACCESS_ENGLISH : ACCESS_SWEDISH};
  enum ctl_exit code = read_filter(ctl, rules, &filter);
  if (code != CTL_DONE) return code;
  collecting.rows = json_array();
  bool whole = access_matrix_rows(rules, &filter, collecting.now_ms, collect, &collecting);
  if (collecting.too_many) {
    code = ctl_complain(CTL_FAILED,
                        "more than %d rows: ask for less, by --from, --to or --purpose, or for -o ndjson",
                        ROWS_MAX);
  } else if (!whole) {
    code = ctl_complain(CTL_FAILED, "the rows could not be made or written");
  } else {
    size_t count = json_array_size(collecting.rows);
    if (!print(ctl, collecting.rows)) code = CTL_FAILED;
    if (code == CTL_DONE && count == 0 && ctl->format == CTL_TABLE)
      (void)ctl_complain(CTL_DONE, "nobody can ever receive that: no rule in force opens for it");
  }
  json_decref(collecting.rows);
  return code;
}

enum ctl_exit ctl_access_matrix(struct ctl *ctl) {
  const char *folder = ctl->arguments_count > 0 ? ctl->arguments[0] : NULL;
  struct conf_faults faults = {0};
  if (folder == NULL) {
    const struct conf_nav *nav = ctl_nav(ctl);
    if (nav == NULL) return CTL_FAILED;
    folder = nav->config_folder;
  }
  struct conf_agencies *agencies = conf_agencies_load(folder, &faults);
  struct access_rules *rules = agencies == NULL ? NULL : access_rules_load(folder, agencies, &faults);
  enum ctl_exit code = CTL_FINDINGS;
  conf_faults_print(&faults);
  conf_faults_free(&faults);
  if (rules != NULL) code = matrix(ctl, rules);
  access_rules_free(rules);
  conf_agencies_free(agencies);
  return code;
}
