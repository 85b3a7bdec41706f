// What the names in `when` stand for: "time", "place.area", "subject.age", "body.kind", "recipient.kind" …
// Called by: predicate.c. Must never: take a name that the schemas do not have.
#include <stdio.h>
#include <string.h>

#include "hub/access/build.h"

enum { NAMES_MAX = 400, NAME_SIZE = 128 };

static const struct {
  const char *name;
  enum predicate_scope scope;
  enum predicate_fact fact;
} specials[] = {
    {"place.area", SCOPE_PLACE, FACT_AREA},
    {"subject", SCOPE_SUBJECT, FACT_CONSENT},
    {"subject.consent", SCOPE_SUBJECT, FACT_CONSENT},
    {"subject.age", SCOPE_SUBJECT, FACT_AGE},
    {"subject.protected", SCOPE_SUBJECT, FACT_PROTECTED},
    {"recipient.id", SCOPE_RECIPIENT, FACT_ID},
    {"recipient.kind", SCOPE_RECIPIENT, FACT_KIND},
    {"recipient.form", SCOPE_RECIPIENT, FACT_FORM},
    {"recipient.groups", SCOPE_RECIPIENT, FACT_GROUPS},
    {"recipient.areas", SCOPE_RECIPIENT, FACT_AREAS},
    {"recipient.addressed", SCOPE_RECIPIENT, FACT_ADDRESSED},
    {"request", SCOPE_RECIPIENT, FACT_REQUEST},
};

static const struct {
  const char *prefix;
  enum predicate_scope scope;
  const ProtobufCMessageDescriptor *descriptor;
} scopes[] = {
    {"place.", SCOPE_PLACE, &nav__v1__place__descriptor},
    {"marks.", SCOPE_MARKS, &nav__v1__marks__descriptor},
    {"subject.", SCOPE_SUBJECT, &nav__v1__subject__descriptor},
    {"", SCOPE_EVENT, &nav__v1__event__descriptor},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

// Rules may not ask for what only the hub sets, nor for the protection mark but by subject.protected; bodies
// are asked by body.…
static bool is_asked_otherwise(const ProtobufCMessageDescriptor *descriptor,
                               const ProtobufCFieldDescriptor *field) {
  if (descriptor == &nav__v1__subject__descriptor)
    return field->id == 2 || field->id == 20 || field->id == 21;
  if (descriptor == &nav__v1__place__descriptor) return strcmp(field->name, "area") == 0;
  if (descriptor != &nav__v1__event__descriptor) return false;
  return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 || field->id == 1;
}

// "time" of time_ms; the field's own name otherwise.
static const char *short_name(const ProtobufCFieldDescriptor *field, char out[NAME_SIZE]) {
  size_t length = strlen(field->name);
  bool is_time = field->type == PROTOBUF_C_TYPE_INT64 && length > 7 && length < NAME_SIZE &&
                 strcmp(field->name + length - 7, "time_ms") == 0;
  if (!is_time) is_time = field->type == PROTOBUF_C_TYPE_INT64 && strcmp(field->name, "time_ms") == 0;
  if (!is_time) return field->name;
  memcpy(out, field->name, length - 3);
  out[length - 3] = '\0';
  return out;
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *descriptor,
                                                  const char *name) {
  char buffer[NAME_SIZE];
  for (unsigned i = 0; i < descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
    if (!is_asked_otherwise(descriptor, field) && strcmp(short_name(field, buffer), name) == 0) return field;
  }
  return NULL;
}

static void add_names(struct build *build, const char *prefix, const ProtobufCMessageDescriptor *descriptor,
                      const char **names, size_t *count) {
  char buffer[NAME_SIZE];
  for (unsigned i = 0; i < descriptor->n_fields && *count < NAMES_MAX; i++) {
    const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
    if (is_asked_otherwise(descriptor, field)) continue;
    const char *name = nav_arena_printf(build->arena, "%s%s", prefix, short_name(field, buffer));
    if (name != NULL) names[(*count)++] = name;
  }
}

static void fault_unknown(struct build *build, const struct conf_node *key, const char *where,
                          const struct rule *rule) {
  const char *names[NAMES_MAX + 1] = {NULL};
  size_t count = 0;
  for (size_t i = 0; i < COUNT(specials); i++) names[count++] = specials[i].name;
  for (size_t i = 0; i < COUNT(scopes); i++)
    add_names(build, scopes[i].prefix, scopes[i].descriptor, names, &count);
  for (size_t i = 0; i < schema_body_count(); i++)
    if ((rule->bodies >> i & 1U) != 0) add_names(build, "body.", schema_body(i)->descriptor, names, &count);
  conf_fault_unknown(key, where, "field", key->text, names, build->faults);
}

// body.…: every message of the rule must have the field.
static bool find_in_bodies(struct build *build, const struct conf_node *key, const char *where,
                           const struct rule *rule, struct predicate *out) {
  const char *name = key->text + strlen("body.");
  if (rule->bodies == 0) return false;  // no message that is known: told at the selector
  out->scope = SCOPE_BODY;
  out->fact = FACT_FIELD;
  out->by_body = nav_arena_zalloc(build->arena, schema_body_count(), sizeof *out->by_body);
  if (out->by_body == NULL) return false;
  const char *lacking = NULL;
  for (size_t i = 0; i < schema_body_count(); i++) {
    if ((rule->bodies >> i & 1U) == 0) continue;
    const ProtobufCFieldDescriptor *field = find_field(schema_body(i)->descriptor, name);
    out->by_body[i] = field;
    if (field == NULL) {
      if (lacking == NULL) lacking = schema_body_name(i);
    } else if (out->field != NULL && (out->field->type != field->type || out->field->label != field->label)) {
      BUILD_FAULT(build, key, "write one rule for each",
                  "%s: '%s' is not of one type in all messages of the rule", where, key->text);
      return false;
    } else if (out->field == NULL) {
      out->field = field;
    }
  }
  if (out->field == NULL) {
    fault_unknown(build, key, where, rule);
  } else if (lacking != NULL) {
    BUILD_FAULT(build, key, "name only messages that have it", "%s: %s has no field '%s'", where, lacking,
                name);
  }
  return out->field != NULL && lacking == NULL;
}

bool build_name(struct build *build, const struct conf_node *key, const char *where, const struct rule *rule,
                struct predicate *out) {
  *out = (struct predicate){.name = key->text, .line = key->line, .column = key->column};
  for (size_t i = 0; i < COUNT(specials); i++) {
    if (strcmp(specials[i].name, key->text) != 0) continue;
    out->scope = specials[i].scope;
    out->fact = specials[i].fact;
    return true;
  }
  if (strncmp(key->text, "body.", 5) == 0) return find_in_bodies(build, key, where, rule, out);
  out->fact = FACT_FIELD;
  for (size_t i = 0; i < COUNT(scopes); i++) {
    size_t length = strlen(scopes[i].prefix);
    if (strncmp(key->text, scopes[i].prefix, length) != 0) continue;
    out->scope = scopes[i].scope;
    out->field = find_field(scopes[i].descriptor, key->text + length);
    if (out->field != NULL) return true;
    break;
  }
  fault_unknown(build, key, where, rule);
  return false;
}
