// `when`: names with tests, each compiled to a predicate. Called by: parse.c. Must never: accept a test that
// could not be answered for its field, or a value that the field can never have.
#include <stdio.h>
#include <string.h>

#include "hub/access/path.h"
#include "hub/access/predicate.h"

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
    case FACT_REQUEST:
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

// The values as the file has them, for people.
static const char *show(struct build *build, const struct conf_node *node) {
  if (node->kind == CONF_SCALAR) return node->text;
  const char *shown = "";
  for (size_t i = 0; node->kind == CONF_LIST && i < node->count && shown != NULL; i++)
    shown = nav_arena_printf(build->arena, "%s%s%s", shown, i == 0 ? "" : ", ", node->items[i]->text);
  return shown == NULL ? "" : shown;
}

static void classify(struct predicate *predicate, enum domain domain) {
  bool is_request = predicate->fact == FACT_REQUEST ||
                    (predicate->scope == SCOPE_EVENT && strcmp(predicate->name, "in_reply_to") == 0);
  predicate->is_volatile = predicate->fact == FACT_AGE || predicate->fact == FACT_CONSENT || is_request ||
                           (predicate->op == OP_WITHIN && domain == TIME);
  bool asks_event = predicate->fact == FACT_ADDRESSED || predicate->fact == FACT_REQUEST;
  predicate->by_lane = predicate->fact == FACT_CONSENT || asks_event || predicate->recipient_areas;
  predicate->is_static = predicate->scope == SCOPE_RECIPIENT && !asks_event;
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
    if (!predicate_operand(build, domain, value, path, out)) return false;
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
