// See model.h: which fields the joint part shows, for the ledger's record of it. One bit a field of each
// message type, so that a hundred thousand events cost little. Called by: compile. Must never: hold a value.
#include <stdlib.h>
#include <string.h>

#include "hub/desk/briefing/model.h"

enum { TYPES_MAX = 64, FIELDS_MAX = 64, PREFIX_SIZE = 96 };

struct type_paths {
  const ProtobufCMessageDescriptor *descriptor;
  const char *prefix;  // "place.position."
  uint64_t seen;       // bit i: descriptor->fields[i]
};

struct paths {
  struct nav_arena *arena;
  struct type_paths types[TYPES_MAX];
  size_t count;
  bool failed;
};

struct paths *paths_new(struct nav_arena *arena) {
  struct paths *paths = nav_arena_zalloc(arena, 1, sizeof *paths);
  if (paths != NULL) paths->arena = arena;
  return paths;
}

static struct type_paths *find_type(struct paths *paths, const ProtobufCMessageDescriptor *descriptor,
                                    const char *prefix, const char *name) {
  for (size_t i = 0; i < paths->count; i++) {
    if (paths->types[i].descriptor == descriptor) return &paths->types[i];
  }
  if (paths->count == TYPES_MAX || descriptor->n_fields > FIELDS_MAX) return NULL;
  const char *whole = name == NULL ? "" : nav_arena_printf(paths->arena, "%s%s.", prefix, name);
  if (whole == NULL) return NULL;
  paths->types[paths->count] = (struct type_paths){.descriptor = descriptor, .prefix = whole};
  return &paths->types[paths->count++];
}

static const void *at(const ProtobufCMessage *message, unsigned offset) {
  return (const char *)message + offset;
}

static bool is_present(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
  if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
    return *(const uint32_t *)at(message, field->quantifier_offset) == field->id;
  }
  if (field->label == PROTOBUF_C_LABEL_REPEATED)
    return *(const size_t *)at(message, field->quantifier_offset) > 0;
  if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE) {
    return *(const void *const *)at(message, field->offset) != NULL;
  }
  return *(const protobuf_c_boolean *)at(message, field->quantifier_offset) != 0;
}

static void add_message(struct paths *paths, struct type_paths *type, const ProtobufCMessage *message);

static void add_inner(struct paths *paths, const struct type_paths *type, const ProtobufCMessage *message,
                      const ProtobufCFieldDescriptor *field) {
  bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
  size_t count = repeated ? *(const size_t *)at(message, field->quantifier_offset) : 1;
  ProtobufCMessage *const *inner =
      repeated ? *(ProtobufCMessage *const *const *)at(message, field->offset) : at(message, field->offset);
  struct type_paths *inner_type = find_type(paths, field->descriptor, type->prefix, field->name);
  for (size_t i = 0; i < count && inner_type != NULL; i++) add_message(paths, inner_type, inner[i]);
  if (inner_type == NULL) paths->failed = true;
}

// Not deep: the schemas have no recursive types (the plugin refuses them).
static void add_message(struct paths *paths, struct type_paths *type, const ProtobufCMessage *message) {
  for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
    if (!is_present(message, field)) continue;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
      add_inner(paths, type, message, field);
    } else {
      type->seen |= UINT64_C(1) << i;
    }
  }
}

void paths_add(struct paths *paths, const Nav__V1__Event *redacted) {
  struct type_paths *type = find_type(paths, redacted->base.descriptor, "", NULL);
  if (type == NULL) {
    paths->failed = true;
    return;
  }
  add_message(paths, type, &redacted->base);
}

static int by_text(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t count_paths(const struct paths *paths) {
  size_t count = 0;
  for (size_t i = 0; i < paths->count; i++) count += (size_t)__builtin_popcountll(paths->types[i].seen);
  return count;
}

bool paths_list(const struct paths *paths, struct nav_arena *arena, const char ***items, size_t *count) {
  *count = 0;
  *items = nav_arena_zalloc(arena, count_paths(paths) + 1, sizeof **items);
  if (*items == NULL || paths->failed) return false;
  for (size_t i = 0; i < paths->count; i++) {
    const struct type_paths *type = &paths->types[i];
    for (unsigned bit = 0; bit < type->descriptor->n_fields; bit++) {
      if ((type->seen >> bit & 1) == 0) continue;
      const char *path = nav_arena_printf(arena, "%s%s", type->prefix, type->descriptor->fields[bit].name);
      if (path == NULL) return false;
      (*items)[(*count)++] = path;
    }
  }
  qsort(*items, *count, sizeof **items, by_text);
  return true;
}
