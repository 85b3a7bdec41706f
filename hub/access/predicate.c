// `when`: names with tests, each compiled to a predicate. Called by: parse.c. Must never: accept a test that
// could not be answered for its field, or a value that the field can never have.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/access/build.h"
#include "hub/access/path.h"
#include "hub/base/clock.h"
#include "hub/wire/event.h"

enum { DAY_MS = 86400000 };

static const struct {
  const char *name;
  enum predicate_op op;
} tests[] = {{"is", OP_IN},           {"in", OP_IN},
             {"below", OP_BELOW},     {"atLeast", OP_AT_LEAST},
             {"within", OP_WITHIN},   {"overlaps", OP_OVERLAPS},
             {"present", OP_PRESENT}, {"consent", OP_CONSENT}};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const char *const test_names[] = {"is",       "in",      "below",   "atLeast", "within",
                                         "overlaps", "present", "consent", NULL};
_Static_assert(COUNT(test_names) == COUNT(tests) + 1, "the two lists are one");

// What values a name takes.
enum domain {
  ANY_TEXT,
  AGENCIES,
  KINDS,
  FORMS,
  GROUPS,
  AREAS,
  ENUM,
  BOOLEAN,
  INTEGER,
  TIME,
  REAL,
  PROTECTION,
  PRESENCE,
  CONSENT
};

static enum domain domain_of_field(const struct predicate *predicate) {
  const ProtobufCFieldDescriptor *field = predicate->field;
  switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
      break;
    case PROTOBUF_C_TYPE_BOOL:
      return BOOLEAN;
    case PROTOBUF_C_TYPE_ENUM:
      return ENUM;
    case PROTOBUF_C_TYPE_DOUBLE:
      return REAL;
    case PROTOBUF_C_TYPE_MESSAGE:
    case PROTOBUF_C_TYPE_BYTES:
      return PRESENCE;
    default:
      return strcmp(field->name + (strlen(field->name) > 7 ? strlen(field->name) - 7 : 0), "time_ms") == 0
                 ? TIME
                 : INTEGER;
  }
  static const struct {
    const char *name;
    enum domain domain;
  } texts[] = {{"source", AGENCIES},
               {"addressee", AGENCIES},
               {"marks.edited_for", AGENCIES},
               {"subject.home_area", AREAS},
               {"subject.stay_area", AREAS}};
  for (size_t i = 0; i < COUNT(texts); i++)
    if (strcmp(texts[i].name, predicate->name) == 0) return texts[i].domain;
  return ANY_TEXT;
}

static enum domain domain_of(const struct predicate *predicate) {
  switch (predicate->fact) {
    case FACT_AREA:
    case FACT_AREAS:
      return AREAS;
    case FACT_AGE:
      return INTEGER;
    case FACT_PROTECTED:
      return PROTECTION;
    case FACT_CONSENT:
      return CONSENT;
    case FACT_ID:
      return AGENCIES;
    case FACT_KIND:
      return KINDS;
    case FACT_FORM:
      return FORMS;
    case FACT_GROUPS:
      return GROUPS;
    case FACT_ADDRESSED:
      return BOOLEAN;
    default:
      return domain_of_field(predicate);
  }
}

static bool is_list(const struct predicate *predicate) {
  if (predicate->fact == FACT_GROUPS || predicate->fact == FACT_AREAS) return true;
  return predicate->field != NULL && predicate->field->label == PROTOBUF_C_LABEL_REPEATED;
}

static bool allows(const struct predicate *predicate, enum domain domain, enum predicate_op op) {
  if (op == OP_CONSENT || domain == CONSENT) return domain == CONSENT && (op == OP_CONSENT || op == OP_IN);
  if (op == OP_PRESENT) return predicate->scope != SCOPE_RECIPIENT;
  if (domain == PRESENCE) return false;
  if (is_list(predicate)) return op == OP_OVERLAPS;
  switch (op) {
    case OP_IN:
      return domain != TIME && domain != REAL;
    case OP_BELOW:
    case OP_AT_LEAST:
      return domain == INTEGER || domain == TIME || domain == REAL;
    case OP_WITHIN:
      return domain == AREAS || domain == TIME;
    case OP_OVERLAPS:
      return domain == AREAS;
    default:
      return false;
  }
}

static bool text_is_known(struct build *build, enum domain domain, const struct conf_node *node,
                          const char *where) {
  static const char *const forms[] = {"authority", "municipal-company", "private", "association", NULL};
  const struct {
    enum domain domain;
    const char *what;
    const char *const *names;
  } known[] = {{AGENCIES, "agency", build->agency_names},
               {KINDS, "kind of agency", law_agency_kinds},
               {FORMS, "legal form", forms},
               {GROUPS, "group", build->group_names},
               {AREAS, "area", build->area_names}};
  for (size_t i = 0; i < COUNT(known); i++) {
    if (known[i].domain != domain) continue;
    for (size_t k = 0; known[i].names[k] != NULL; k++)
      if (strcmp(known[i].names[k], node->text) == 0) return true;
    conf_fault_unknown(node, where, known[i].what, node->text, known[i].names, build->faults);
    return false;
  }
  return true;
}

// The short names of an enum, NULL-terminated, for "did you mean".
static const char **enum_names(struct build *build, const ProtobufCEnumDescriptor *descriptor) {
  const char **names = nav_arena_zalloc(build->arena, descriptor->n_values + 1, sizeof *names);
  size_t count = 0;
  for (unsigned i = 0; names != NULL && i < descriptor->n_values; i++) {
    const char *name = wire_enum_name(descriptor, descriptor->values[i].value);
    if (name != NULL && descriptor->values[i].value != 0) names[count++] = name;
  }
  return names;
}

static bool read_enum(struct build *build, const ProtobufCEnumDescriptor *descriptor,
                      const struct conf_node *node, const char *where, int64_t *out) {
  const char *text = conf_read_text(node, where, build->faults);
  int value = 0;
  if (text == NULL) return false;
  if (wire_enum_value(descriptor, text, &value) && value != 0) {
    *out = value;
    return true;
  }
  const char **names = enum_names(build, descriptor);
  conf_fault_unknown(node, where, "value", text, names, build->faults);
  return false;
}

// Every message of the rule must have the value, under the same number.
static bool check_bodies_enum(struct build *build, const struct predicate *predicate,
                              const struct conf_node *node, const char *where, int64_t expected) {
  for (size_t i = 0; predicate->by_body != NULL && i < schema_body_count(); i++) {
    const ProtobufCFieldDescriptor *field = predicate->by_body[i];
    int64_t value = 0;
    if (field == NULL) continue;
    if (!read_enum(build, field->descriptor, node, where, &value)) return false;
    if (value == expected) continue;
    BUILD_FAULT(build, node, "write one rule for each message",
                "%s: '%s' is not one value in all messages of the rule", where, node->text);
    return false;
  }
  return true;
}

static const ProtobufCEnumDescriptor *enum_of(const struct predicate *predicate) {
  return predicate->field->descriptor;
}

// true, false, unknown, or a mark's own name; gives up to two values.
static bool read_protection(struct build *build, const struct conf_node *node, const char *where,
                            int64_t out[2], size_t *count) {
  *count = 1;
  out[0] = NAV__V1__PROTECTION__PROTECTION_NONE;
  if (strcmp(node->text, "false") == 0) return true;
  if (strcmp(node->text, "true") == 0) {
    out[0] = NAV__V1__PROTECTION__PROTECTION_SEKRETESSMARKERING;
    out[1] = NAV__V1__PROTECTION__PROTECTION_SKYDDAD_FOLKBOKFORING;
    *count = 2;
    return true;
  }
  if (strcmp(node->text, "unknown") == 0) {  // where the source does not tell
    out[0] = NAV__V1__PROTECTION__PROTECTION_UNSPECIFIED;
    return true;
  }
  return read_enum(build, &nav__v1__protection__descriptor, node, where, &out[0]);
}

static bool read_integer_value(struct build *build, const struct predicate *predicate, enum domain domain,
                               const struct conf_node *node, const char *where, int64_t out[2],
                               size_t *count) {
  bool flag = false;
  *count = 1;
  switch (domain) {
    case PROTECTION:
      return conf_read_text(node, where, build->faults) != NULL &&
             read_protection(build, node, where, out, count);
    case BOOLEAN:
      if (!conf_read_bool(node, where, &flag, build->faults)) return false;
      out[0] = flag ? 1 : 0;
      return true;
    case ENUM:
      return read_enum(build, enum_of(predicate), node, where, &out[0]) &&
             check_bodies_enum(build, predicate, node, where, out[0]);
    default:
      return conf_read_integer(node, where, predicate->fact == FACT_AGE ? 0 : INT64_MIN,
                               predicate->fact == FACT_AGE ? 150 : INT64_MAX, &out[0], build->faults);
  }
}

static int by_text(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_textual(enum domain domain) { return domain <= AREAS; }

// The values of is, in, overlaps, within (areas).
static bool read_values(struct build *build, enum domain domain, struct conf_node *node, const char *where,
                        struct predicate *out) {
  size_t count = 0;
  if (!conf_read_list(node, where, true, RULES_VALUES_MAX, &count, build->faults)) return false;
  if (count == 0) {
    BUILD_FAULT(build, node, "", "%s is empty", where);
    return false;
  }
  out->value = is_textual(domain) ? VALUE_TEXT : VALUE_INTEGER;
  out->texts = nav_arena_zalloc(build->arena, count, sizeof *out->texts);
  out->integers = nav_arena_zalloc(build->arena, 2 * count, sizeof *out->integers);
  if (out->texts == NULL || out->integers == NULL) return false;
  bool good = true;
  for (size_t i = 0; i < count; i++) {
    const struct conf_node *item = conf_list_item(node, i);
    if (out->value == VALUE_INTEGER) {
      int64_t values[2] = {0, 0};
      size_t more = 0;
      bool read = read_integer_value(build, out, domain, item, where, values, &more);
      for (size_t k = 0; read && k < more; k++) out->integers[out->count++] = values[k];
      good &= read;
    } else {
      const char *text = conf_read_text(item, where, build->faults);
      bool read = text != NULL && text_is_known(build, domain, item, where);
      if (read) out->texts[out->count++] = text;
      good &= read;
    }
  }
  if (out->value == VALUE_TEXT) qsort(out->texts, out->count, sizeof *out->texts, by_text);
  return good;
}

// "within bromma": every area that lies within it.
static bool spread_areas(struct build *build, struct predicate *out) {
  const struct nav_areas *areas = build->rules->areas;
  const char **all = nav_arena_zalloc(build->arena, (areas == NULL ? 0 : areas->count) + 1, sizeof *all);
  size_t count = 0;
  if (all == NULL) return false;
  for (size_t i = 0; areas != NULL && i < areas->count; i++)
    for (size_t k = 0; k < out->count; k++)
      if (nav_area_within(areas, areas->items[i].id, out->texts[k])) {
        all[count++] = areas->items[i].id;
        break;
      }
  qsort(all, count, sizeof *all, by_text);
  out->texts = all;
  out->count = count;
  return true;
}

// A date (its first moment in Sweden) or a time.
static bool read_time(struct build *build, const struct conf_node *node, const char *where, int64_t *out) {
  const char *text = conf_read_text(node, where, build->faults);
  struct nav_civil civil = {0};
  if (text == NULL) return false;
  if (nav_date_parse(text, &civil.year, &civil.month, &civil.day)) {
    *out = nav_ms_from_civil_stockholm(&civil);
    return true;
  }
  if (nav_clock_parse(text, true, out)) return true;
  BUILD_FAULT(build, node, "write it as 2026-11-22 or 2026-11-22T08:00:00+01:00", "%s: '%s' is not a time",
              where, text);
  return false;
}

static bool read_limit(struct build *build, enum domain domain, struct conf_node *node, const char *where,
                       struct predicate *out) {
  out->value = domain == REAL ? VALUE_REAL : VALUE_INTEGER;
  if (domain == REAL) return conf_read_number(node, where, -1e15, 1e15, &out->real, build->faults);
  out->integers = nav_arena_zalloc(build->arena, 2, sizeof *out->integers);
  if (out->integers == NULL) return false;
  out->count = 1;
  if (out->op == OP_WITHIN)
    return conf_read_duration(node, where, (int64_t)3650 * DAY_MS, &out->integers[0], build->faults);
  if (domain == TIME) return read_time(build, node, where, &out->integers[0]);
  size_t count = 0;
  int64_t values[2] = {0, 0};
  if (!read_integer_value(build, out, domain, node, where, values, &count)) return false;
  out->integers[0] = values[0];
  return true;
}

static bool read_operand(struct build *build, enum domain domain, struct conf_node *node, const char *where,
                         struct predicate *out) {
  switch (out->op) {
    case OP_PRESENT:
    case OP_CONSENT:
      return conf_read_bool(node, where, &out->wanted, build->faults);
    case OP_BELOW:
    case OP_AT_LEAST:
      return read_limit(build, domain, node, where, out);
    case OP_WITHIN:
      if (domain == TIME) return read_limit(build, domain, node, where, out);
      return read_values(build, domain, node, where, out) && spread_areas(build, out);
    case OP_OVERLAPS:
      if (node->kind == CONF_SCALAR && strcmp(node->text, "recipient.areas") == 0 && domain == AREAS) {
        out->recipient_areas = true;
        if (out->scope != SCOPE_RECIPIENT) return true;
        BUILD_FAULT(build, node, "name the areas", "%s: the recipient's areas always overlap themselves",
                    where);
        return false;
      }
      if (!read_values(build, domain, node, where, out)) return false;
      return domain != AREAS || spread_areas(build, out);
    case OP_IN:
      return read_values(build, domain, node, where, out);
  }
  return false;
}

// The values as the file has them, for people.
static const char *show(struct build *build, const struct conf_node *node) {
  if (node->kind == CONF_SCALAR) return node->text;
  const char *shown = "";
  for (size_t i = 0; node->kind == CONF_LIST && i < node->count && shown != NULL; i++)
    shown = nav_arena_printf(build->arena, "%s%s%s", shown, i == 0 ? "" : ", ", node->items[i]->text);
  return shown == NULL ? "" : shown;
}

static void classify(struct predicate *predicate, enum domain domain) {
  bool is_request = predicate->scope == SCOPE_EVENT && strcmp(predicate->name, "in_reply_to") == 0;
  predicate->is_volatile = predicate->fact == FACT_AGE || predicate->fact == FACT_CONSENT || is_request ||
                           (predicate->op == OP_WITHIN && domain == TIME);
  predicate->by_lane =
      predicate->fact == FACT_CONSENT || predicate->fact == FACT_ADDRESSED || predicate->recipient_areas;
  predicate->is_static = predicate->scope == SCOPE_RECIPIENT && predicate->fact != FACT_ADDRESSED;
}

static bool read_test(struct build *build, const struct conf_node *key, struct conf_node *value,
                      const char *where, const struct predicate *name, struct predicate *out) {
  char path[CONF_WHERE_SIZE];
  (void)path_join(path, where, key->text);
  for (size_t i = 0; i < COUNT(tests); i++) {
    if (strcmp(tests[i].name, key->text) != 0) continue;
    *out = *name;
    out->op = tests[i].op;
    enum domain domain = domain_of(out);
    if (!allows(out, domain, out->op)) {
      BUILD_FAULT(build, key, "", "%s: '%s' cannot be asked of %s", where, key->text, name->name);
      return false;
    }
    if (out->op == OP_IN && strcmp(key->text, "is") == 0 && value->kind == CONF_LIST) {
      BUILD_FAULT(build, value, "write in: [a, b]", "%s: 'is' takes one value", path);
      return false;
    }
    if (domain == CONSENT) out->op = OP_CONSENT;
    if (!read_operand(build, domain, value, path, out)) return false;
    out->shown = show(build, value);
    classify(out, domain);
    return true;
  }
  conf_fault_unknown(key, where, "test", key->text, test_names, build->faults);
  return false;
}

// event, subject, lane, static: the order in which rules keep them; in each, what never changes first.
static int group_of(const struct predicate *predicate) {
  int group = predicate->is_static ? 3 : predicate->by_lane ? 2 : predicate->scope == SCOPE_SUBJECT ? 1 : 0;
  return 2 * group + (predicate->is_volatile ? 1 : 0);
}

static void add_predicate(struct rule *rule, const struct predicate *predicate, size_t *count) {
  size_t at = *count;
  for (; at > 0 && group_of(&rule->predicates[at - 1]) > group_of(predicate); at--)
    rule->predicates[at] = rule->predicates[at - 1];
  rule->predicates[at] = *predicate;
  ++*count;
  int group = group_of(predicate) / 2;
  if (group == 0) rule->event_count++;
  if (group == 1) rule->subject_count++;
  if (group == 2) rule->lane_count++;
  if (group == 3) rule->static_count++;
  rule->uses_subjects |= predicate->scope == SCOPE_SUBJECT;
  rule->lane_subjects |= predicate->scope == SCOPE_SUBJECT && predicate->by_lane;
  rule->names_protected |= predicate->fact == FACT_PROTECTED;
  rule->is_volatile |= predicate->is_volatile;
}

bool build_when(struct build *build, const struct conf_node *node, const char *where, struct rule *rule) {
  if (!conf_expect_map(node, where, build->faults)) return false;
  rule->predicates = nav_arena_zalloc(build->arena, RULES_PREDICATES_MAX, sizeof *rule->predicates);
  if (rule->predicates == NULL) return false;
  size_t count = 0;
  bool good = true;
  for (size_t i = 0; i < node->count; i++) {
    char path[CONF_WHERE_SIZE];
    (void)path_join(path, where, node->keys[i]->text);
    struct predicate name;
    if (!build_name(build, node->keys[i], where, rule, &name) ||
        !conf_expect_map(node->items[i], path, build->faults)) {
      good = false;
      continue;
    }
    const struct conf_node *test_map = node->items[i];
    if (test_map->count == 0) BUILD_FAULT(build, test_map, "", "%s asks nothing", path);
    for (size_t k = 0; k < test_map->count; k++) {
      struct predicate predicate;
      if (!read_test(build, test_map->keys[k], test_map->items[k], path, &name, &predicate)) {
        good = false;
      } else if (count == RULES_PREDICATES_MAX) {
        BUILD_FAULT(build, test_map, "split the rule", "%s: more than %d tests in one rule", where,
                    RULES_PREDICATES_MAX);
        return false;
      } else {
        add_predicate(rule, &predicate, &count);
      }
    }
  }
  return good;
}
