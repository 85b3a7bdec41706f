// See flow.h.
#include "adapters/social/flow.h"

#include <stdio.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/wire/event.h"

enum { PATH_MAX_PARTS = 8, JOINED_MAX = 4096, FIELD_SIZE = 128 };

static bool take_time(const struct xml_node *header, const char *name, int64_t *ms) {
  const char *text = xml_child_text(header, name);
  char trimmed[40];
  if (text == NULL || sscanf(text, " %39[^\t\r\n]", trimmed) != 1) return false;
  return nav_clock_parse(trimmed, true, ms);
}

static bool take_times(struct record *record, const struct xml_node *header, struct flow *flow) {
  bool first = take_time(header, "FirstSubmitted", &flow->first_submitted_ms) ||
               take_time(header, "Posted", &flow->first_submitted_ms);
  if (!first) return record_skip(record, "neither Header/FirstSubmitted nor Header/Posted is a time");
  if (!take_time(header, "LastSubmitted", &flow->last_submitted_ms)) {
    flow->last_submitted_ms = flow->first_submitted_ms;
  }
  return true;
}

bool flow_read(struct record *record, const struct xml_node *instance, struct flow *flow) {
  const struct xml_node *header = xml_child(instance, "Header");
  const struct xml_node *about = xml_child(header, "Flow");
  *flow = (struct flow){.values = xml_child(instance, "Values")};
  if (header == NULL) {
    return record_skip(record, "is an entry of a list, without the form: fetch the flow instance itself");
  }
  flow->id = record_text(record, xml_child_text(header, "FlowInstanceID"));
  flow->family = record_text(record, xml_child_text(about, "FamilyID"));
  flow->version = record_text(record, xml_child_text(about, "Version"));
  flow->name = record_text(record, xml_child_text(about, "Name"));
  flow->status = record_text(record, xml_child_text(xml_child(header, "Status"), "Name"));
  if (flow->id == NULL || strlen(flow->id) > RECORD_ID_MAX)
    return record_skip(record, "Header/FlowInstanceID is missing");
  if (flow->family == NULL) return record_skip(record, "Header/Flow/FamilyID is missing");
  return take_times(record, header, flow);
}

const char *flow_option(struct record *record, const struct flow *flow, const char *field) {
  const char *option = NULL;
  if (*field == '\0') return record_option(record, "family.%.32s", flow->family);
  if (flow->version != NULL) {
    option = record_option(record, "family.%.32s.v%.16s.%s", flow->family, flow->version, field);
  }
  return option != NULL ? option : record_option(record, "family.%.32s.%s", flow->family, field);
}

// Several ticked answers are one text: "Hemmet, Skolan".
static char *joined_values(struct record *record, const struct xml_node *field, const char *name) {
  char joined[JOINED_MAX] = "";
  size_t length = 0;
  for (const struct xml_node *child = field->first; child != NULL; child = child->next) {
    if (strcmp(child->name, name) != 0) continue;
    char *text = record_text(record, child->text);
    if (text == NULL) continue;
    if (length == 0 && strlen(text) >= sizeof joined) return text;
    int added = snprintf(joined + length, sizeof joined - length, "%s%s", length > 0 ? ", " : "", text);
    if (added < 0 || (size_t)added >= sizeof joined - length) {
      joined[length] = '\0';
      break;
    }
    length += (size_t)added;
  }
  return length == 0 ? NULL : record_text(record, joined);
}

// A field that a path ends at: its Value(s), else the one thing it holds beside its question
// ("<Rubrik>testar</Rubrik>").
static char *field_text(struct record *record, const struct xml_node *field) {
  char *text = record_text(record, field->text);
  if (text != NULL) return text;
  text = joined_values(record, field, "Value");
  for (const struct xml_node *child = field->first; text == NULL && child != NULL; child = child->next) {
    bool question = strcmp(child->name, "QueryID") == 0 || strcmp(child->name, "Name") == 0;
    if (!question && child->first == NULL) text = record_text(record, child->text);
  }
  return text;
}

static char *path_text(struct record *record, const struct xml_node *below, const char *path) {
  const struct xml_node *node = below;
  for (int i = 0; node != NULL && path != NULL && i < PATH_MAX_PARTS; i++) {
    const char *name = record_next_part(record, &path, '/');
    node = name == NULL ? NULL : xml_child(node, name);
  }
  return node == NULL || path != NULL ? NULL : field_text(record, node);
}

// `paths`: alternatives, or "=constant".
static char *alternatives_text(struct record *record, const struct xml_node *below, const char *paths) {
  if (paths == NULL) return NULL;
  if (*paths == '=') return record_text(record, paths + 1);
  char *text = NULL;
  while (text == NULL && paths != NULL) {
    const char *path = record_next_part(record, &paths, '|');
    if (path != NULL && *path != '\0') text = path_text(record, below, path);
  }
  return text;
}

char *flow_text(struct record *record, const struct flow *flow, const char *field) {
  return alternatives_text(record, flow->values, flow_option(record, flow, field));
}

bool flow_time(struct record *record, const struct flow *flow, const char *field, int64_t *ms) {
  struct nav_civil civil = {0};
  const char *text = flow_text(record, flow, field);
  if (text == NULL) return false;
  if (nav_clock_parse(text, true, ms)) return true;
  if (!nav_date_parse(text, &civil.year, &civil.month, &civil.day)) return false;
  *ms = nav_ms_from_civil_stockholm(&civil);
  return true;
}

// "barn*" stands for barn, barn1, barnRad2.
static bool name_matches(const char *name, const char *pattern) {
  size_t length = strlen(pattern);
  if (length > 0 && pattern[length - 1] == '*') return strncmp(name, pattern, length - 1) == 0;
  return strcmp(name, pattern) == 0;
}

static bool matches_any(struct record *record, const char *name, const char *patterns) {
  while (patterns != NULL) {
    const char *pattern = record_next_part(record, &patterns, '|');
    if (pattern != NULL && *pattern != '\0' && name_matches(name, pattern)) return true;
  }
  return false;
}

// An element that repeats its number field stands for as many persons as there are numbers.
static size_t persons_in(struct record *record, const struct flow *flow, const struct xml_node *element) {
  const char *names = flow_option(record, flow, "person.number");
  size_t count = 0;
  for (const struct xml_node *child = element->first; names != NULL && child != NULL; child = child->next) {
    if (matches_any(record, child->name, names)) count++;
  }
  return count > 1 ? count : 1;
}

size_t flow_persons(struct record *record, const struct flow *flow, const struct xml_node **first) {
  const char *patterns = flow_option(record, flow, "person");
  const struct xml_node *child = flow->values != NULL ? flow->values->first : NULL;
  size_t count = 0;
  *first = NULL;
  for (; patterns != NULL && child != NULL; child = child->next) {
    if (!matches_any(record, child->name, patterns)) continue;
    if (*first == NULL) *first = child;
    count += persons_in(record, flow, child);
  }
  return count;
}

char *flow_person_text(struct record *record, const struct flow *flow, const struct xml_node *person,
                       const char *field) {
  char key[FIELD_SIZE];
  (void)snprintf(key, sizeof key, "person.%s", field);
  return alternatives_text(record, person, flow_option(record, flow, key));
}

bool flow_enum(struct record *record, const struct flow *flow, const char *field,
               const ProtobufCEnumDescriptor *descriptor, int *value) {
  char key[FIELD_SIZE];
  const char *option = flow_option(record, flow, field);
  const char *text = alternatives_text(record, flow->values, option);
  if (text == NULL) return false;
  if (*option != '=') {
    int length = snprintf(key, sizeof key, "%s.%s", field, text);
    if (length < 0 || (size_t)length >= sizeof key) return false;
    text = flow_option(record, flow, key);
    if (text == NULL) return false;
  }
  return wire_enum_value(descriptor, text, value) && *value != 0;
}
