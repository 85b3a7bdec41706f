// Selectors: agencies by id, kind, group, {all: kind} or "*"; messages by name or "*".
// Called by: build. Must never: take a name that is two things at once.
#include <stdio.h>
#include <string.h>

#include "hub/access/build.h"

enum { TERMS_MAX = 200 };

static bool has_text(char *const *items, size_t count, const char *text) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(items[i], text) == 0) return true;
  return false;
}

static void add_agency(struct selection *out, size_t agency, bool social_alone) {
  if (!social_alone) {
    bit_set(out->agencies, agency);
    out->social_alone[agency / 8] = (uint8_t)(out->social_alone[agency / 8] & ~(1U << (agency % 8)));
  } else if (!bit_of(out->agencies, agency)) {
    bit_set(out->agencies, agency);
    bit_set(out->social_alone, agency);
  }
}

static void add_kind(struct build *build, const char *kind, bool social_alone, struct selection *out) {
  const struct conf_agencies *agencies = build->rules->agencies;
  out->kinds |= 1U << law_kind(kind);
  for (size_t i = 0; i < agencies->agencies_count; i++)
    if (strcmp(agencies->agencies[i].kind, kind) == 0) add_agency(out, i, social_alone);
}

static bool add_group(struct build *build, const char *group, struct selection *out) {
  const struct conf_agencies *agencies = build->rules->agencies;
  bool found = false;
  for (size_t i = 0; i < agencies->agencies_count; i++) {
    const struct conf_agency *agency = &agencies->agencies[i];
    if (!has_text(agency->groups, agency->groups_count, group)) continue;
    add_agency(out, i, false);
    found = true;
  }
  return found;
}

static bool is_group(const struct build *build, const char *name) {
  for (size_t i = 0; build->group_names[i] != NULL; i++)
    if (strcmp(build->group_names[i], name) == 0) return true;
  return false;
}

static void add_all(struct build *build, struct selection *out) {
  for (size_t i = 0; i < build->rules->agencies->agencies_count; i++) add_agency(out, i, false);
}

static bool add_name(struct build *build, const struct conf_node *node, const char *where, bool is_recipient,
                     struct selection *out) {
  const char *name = conf_read_text(node, where, build->faults);
  if (name == NULL) return false;
  if (strcmp(name, "*") == 0) {
    add_all(build, out);
    return true;
  }
  int agency = rules_agency_index(build->rules, name);
  bool kind = law_kind(name) >= 0;
  bool group = is_group(build, name);
  if ((agency >= 0) + kind + group > 1) {
    BUILD_FAULT(build, node, "rename the agency or the group", "%s: '%s' is both %s and %s", where, name,
                agency >= 0 ? "an agency" : "a kind", kind && agency >= 0 ? "a kind" : "a group");
    return false;
  }
  if (agency >= 0) {
    add_agency(out, (size_t)agency, false);
  } else if (kind) {
    add_kind(build, name, is_recipient && strcmp(name, "social") == 0, out);
  } else if (!group || !add_group(build, name, out)) {
    conf_fault_unknown(node, where, "agency, kind or group", name, build->selector_names, build->faults);
    return false;
  }
  return true;
}

// {all: kind}
static bool add_whole_kind(struct build *build, const struct conf_node *node, const char *where,
                           struct selection *out) {
  static const char *const names[] = {"all", NULL};
  conf_check_keys(node, names, where, build->faults);
  const struct conf_node *kind = conf_get(node, "all");
  if (kind == NULL) {
    BUILD_FAULT(build, node, "write an agency, a kind, a group, or {all: kind}", "%s lacks 'all'", where);
    return false;
  }
  const char *name = conf_read_text(kind, where, build->faults);
  if (name == NULL) return false;
  if (law_kind(name) < 0) {
    conf_fault_unknown(kind, where, "kind of agency", name, law_agency_kinds, build->faults);
    return false;
  }
  add_kind(build, name, false, out);
  return true;
}

bool build_selection(struct build *build, struct conf_node *node, const char *where, bool is_recipient,
                     struct selection *out) {
  size_t bytes = build->rules->agencies->agencies_count / 8 + 1;
  *out = (struct selection){nav_arena_zalloc(build->arena, bytes, 1),
                            nav_arena_zalloc(build->arena, bytes, 1), 0};
  if (out->agencies == NULL || out->social_alone == NULL) return false;
  if (node->kind == CONF_MAP) return add_whole_kind(build, node, where, out);
  size_t count = 0;
  if (!conf_read_list(node, where, true, TERMS_MAX, &count, build->faults)) return false;
  if (count == 0) BUILD_FAULT(build, node, "", "%s is empty", where);
  bool good = count > 0;
  for (size_t i = 0; i < count; i++) {
    const struct conf_node *item = conf_list_item(node, i);
    good &= item->kind == CONF_MAP ? add_whole_kind(build, item, where, out)
                                   : add_name(build, item, where, is_recipient, out);
  }
  return good;
}

bool build_bodies(struct build *build, struct conf_node *node, const char *where, bool any_allowed,
                  uint64_t *out) {
  size_t count = 0;
  *out = 0;
  if (!conf_read_list(node, where, true, TERMS_MAX, &count, build->faults)) return false;
  bool good = count > 0;
  if (count == 0) BUILD_FAULT(build, node, "", "%s is empty", where);
  for (size_t i = 0; i < count; i++) {
    const struct conf_node *item = conf_list_item(node, i);
    const char *name = conf_read_text(item, where, build->faults);
    if (name == NULL) {
      good = false;
    } else if (strcmp(name, "*") == 0 && any_allowed) {
      size_t bodies = schema_body_count();
      *out = bodies == 64 ? UINT64_MAX : (UINT64_C(1) << bodies) - 1;
    } else if (strcmp(name, "Sealed") == 0 && !any_allowed) {
      BUILD_FAULT(build, item, "its sender publishes it in clear once it is released",
                  "%s: no rule lets out what is sealed", where);
      good = false;
    } else if (schema_body_find(name) >= 0) {
      *out |= UINT64_C(1) << schema_body_find(name);
    } else if (strcmp(name, "*") == 0) {
      BUILD_FAULT(build, item, "name the messages; only a forbid may say \"*\"", "%s: \"*\" in a permit",
                  where);
      good = false;
    } else {
      conf_fault_unknown(item, where, "message", name, schema_body_names(), build->faults);
      good = false;
    }
  }
  return good;
}
