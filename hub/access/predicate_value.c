// See predicate.h.
#include "hub/access/predicate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/wire/event.h"

enum { DAY_MS = 86400000 };

#define COUNT(table) (sizeof(table) / sizeof *(table))

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
    if (domain == AREAS && build->rules->areas == NULL) return true;  // areas/ has faults, which are told
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

bool predicate_operand(struct build *build, enum domain domain, struct conf_node *node, const char *where,
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
