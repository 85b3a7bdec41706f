// The copy that a recipient gets: built from an allow-list of revealed classes, never by clearing fields, so
// that what nobody thought of stays out. Called by: delivery, reading, explain, tests. Must never: change the
// original, do I/O, or copy an unknown field or one that only the hub sets.
#include <sodium.h>
#include <string.h>

#include "hub/access/access.h"
#include "hub/access/schema.h"
#include "hub/base/clock.h"
#include "hub/base/id.h"

enum {
  PATHS_FIRST = 16,
  ALL_CLASSES = 0x1FE,  // bits 1 to 8: every class of nav.v1.Sensitivity
  PSEUDONYM_BYTES = 8,
};

#define BIT(class) ((uint16_t)(1U << (class)))

struct walk {
  const struct access_redaction *redaction;
  const Nav__V1__Event *event;
  struct nav_arena *arena;
  struct access_paths *withheld;  // NULL: nobody asks
  size_t withheld_room;
  uint16_t mask;  // of classes that are copied
  bool failed;    // no memory
};

static uint16_t effective_mask(const struct access_redaction *redaction) {
  uint16_t mask = (uint16_t)(redaction->reveal | BIT(NAV__V1__SENSITIVITY__SENSITIVITY_OPEN));
  bool all = (mask & ALL_CLASSES) == ALL_CLASSES;
  if (!all && !redaction->narrative_edited)
    mask &= (uint16_t)~BIT(NAV__V1__SENSITIVITY__SENSITIVITY_NARRATIVE);
  return (uint16_t)(mask & ALL_CLASSES);
}

static bool make_room(struct walk *walk) {
  struct access_paths *paths = walk->withheld;
  if (paths->count < walk->withheld_room) return true;
  size_t room = walk->withheld_room == 0 ? PATHS_FIRST : 2 * walk->withheld_room;
  const char **items = nav_arena_zalloc(walk->arena, room, sizeof *items);
  if (items == NULL) return false;
  if (paths->count > 0) memcpy(items, paths->items, paths->count * sizeof *items);
  paths->items = items;
  walk->withheld_room = room;
  return true;
}

// "prefix.name" in the arena; the name itself where there is no prefix. Nobody asks: "".
static const char *joined(struct walk *walk, const char *prefix, const char *name) {
  if (walk->withheld == NULL) return "";
  if (prefix[0] == '\0') return name;
  size_t before = strlen(prefix);
  size_t after = strlen(name);
  char *path = nav_arena_alloc(walk->arena, before + after + 2);
  if (path == NULL) {
    walk->failed = true;
    return "";
  }
  memcpy(path, prefix, before);
  path[before] = '.';
  memcpy(path + before + 1, name, after + 1);
  return path;
}

static void withhold(struct walk *walk, const char *path) {
  if (walk->withheld == NULL) return;
  if (!make_room(walk)) {
    walk->failed = true;
    return;
  }
  walk->withheld->items[walk->withheld->count++] = path;
}

static const char *subject_path(struct walk *walk, size_t index) {
  if (walk->withheld == NULL) return "";
  const char *path = nav_arena_printf(walk->arena, "subjects.%zu", index);
  walk->failed |= path == NULL;
  return path == NULL ? "" : path;
}

static const void *source_at(const ProtobufCMessage *message, uint32_t offset) {
  return (const char *)message + offset;
}

static void *target_at(ProtobufCMessage *message, uint32_t offset) { return (char *)message + offset; }

// A scalar, text, bytes, or a repeated field of these: text and arrays stay where they are. The schemas'
// oneof holds messages alone.
static void copy_value(const struct schema_field *field, const ProtobufCMessage *from, ProtobufCMessage *to) {
  if (field->is_repeated) {
    memcpy(target_at(to, field->quantifier_offset), source_at(from, field->quantifier_offset),
           sizeof(size_t));
    memcpy(target_at(to, field->offset), source_at(from, field->offset), sizeof(void *));
  } else {
    memcpy(target_at(to, field->offset), source_at(from, field->offset), field->size);
    protobuf_c_boolean has = 1;
    if (field->descriptor->type != PROTOBUF_C_TYPE_STRING)
      memcpy(target_at(to, field->quantifier_offset), &has, sizeof has);
  }
}

static ProtobufCMessage *copy_message(struct walk *walk, const struct schema_plan *plan,
                                      const ProtobufCMessage *from, const char *prefix, size_t *copied);

// A message inside a message. One that has nothing left is left out, but a body: its kind is always told.
static bool copy_inner(struct walk *walk, const struct schema_field *field, const ProtobufCMessage *from,
                       ProtobufCMessage *to, const char *prefix) {
  const char *name = field->is_oneof ? "body" : field->descriptor->name;
  const ProtobufCMessage *inner = *(ProtobufCMessage *const *)source_at(from, field->offset);
  size_t inner_copied = 0;
  ProtobufCMessage *copy =
      copy_message(walk, field->message, inner, joined(walk, prefix, name), &inner_copied);
  if (copy == NULL || (inner_copied == 0 && !field->is_oneof)) return false;
  memcpy(target_at(to, field->offset), &copy, sizeof(ProtobufCMessage *));
  if (field->is_oneof)
    memcpy(target_at(to, field->quantifier_offset), &field->descriptor->id, sizeof(uint32_t));
  return true;
}

static bool is_present(const struct schema_field *field, const ProtobufCMessage *message) {
  if (field->is_repeated) return *(const size_t *)source_at(message, field->quantifier_offset) > 0;
  ProtobufCType type = field->descriptor->type;
  if (type == PROTOBUF_C_TYPE_STRING || type == PROTOBUF_C_TYPE_MESSAGE)
    return *(const void *const *)source_at(message, field->offset) != NULL;
  return *(const protobuf_c_boolean *)source_at(message, field->quantifier_offset) != 0;
}

static void copy_field(struct walk *walk, const struct schema_field *field, const ProtobufCMessage *from,
                       ProtobufCMessage *to, const char *prefix, size_t *copied) {
  if (!is_present(field, from)) return;
  if ((walk->mask & BIT(field->class)) == 0) {
    withhold(walk, joined(walk, prefix, field->is_oneof ? "body" : field->descriptor->name));
  } else if (field->message == NULL) {
    copy_value(field, from, to);
    ++*copied;
  } else if (!field->is_repeated && copy_inner(walk, field, from, to, prefix)) {
    ++*copied;
  }
}

static ProtobufCMessage *copy_message(struct walk *walk, const struct schema_plan *plan,
                                      const ProtobufCMessage *from, const char *prefix, size_t *copied) {
  ProtobufCMessage *to = nav_arena_alloc(walk->arena, plan->descriptor->sizeof_message);
  if (to == NULL) {
    walk->failed = true;
    return NULL;
  }
  plan->descriptor->message_init(to);
  for (size_t i = 0; i < plan->plain_count; i++)
    if (!plan->fields[i].is_set_elsewhere) copy_field(walk, &plan->fields[i], from, to, prefix, copied);
  return to;
}

static const char *age_band(int age) {
  static const struct {
    int to;
    const char *name;
  } bands[] = {{6, "0-6"},    {11, "7-11"},  {14, "12-14"}, {17, "15-17"},
               {20, "18-20"}, {24, "21-24"}, {64, "25-64"}};
  for (size_t i = 0; i < sizeof bands / sizeof bands[0]; i++)
    if (age <= bands[i].to) return bands[i].name;
  return "65+";
}

static char *pseudonym(const struct walk *walk, const Nav__V1__Subject *subject, size_t index) {
  const struct access_redaction *redaction = walk->redaction;
  crypto_generichash_state state;
  if (crypto_generichash_init(&state, redaction->pseudonym_key, 32, crypto_generichash_BYTES) != 0)
    return NULL;
  const char *recipient = redaction->recipient;
  const char *purpose = redaction->purpose;
  crypto_generichash_update(&state, (const uint8_t *)recipient, strlen(recipient) + 1);
  crypto_generichash_update(&state, (const uint8_t *)purpose, strlen(purpose) + 1);
  const char *number = subject->personal_number;
  if (number != NULL && number[0] != '\0') {
    crypto_generichash_update(&state, (const uint8_t *)number, strlen(number));
  } else {
    const uint8_t place[4] = {0, 0, 0, (uint8_t)index};  // one of the ACCESS_SUBJECTS_MAX that can be kept
    crypto_generichash_update(&state, walk->event->id.data, walk->event->id.len);
    crypto_generichash_update(&state, place, sizeof place);
  }
  uint8_t hash[crypto_generichash_BYTES];
  crypto_generichash_final(&state, hash, sizeof hash);
  char *text = nav_arena_alloc(walk->arena, 2 * PSEUDONYM_BYTES + 1);
  if (text != NULL) nav_hex(text, hash, PSEUDONYM_BYTES);
  return text;
}

// What stands in place of who somebody is.
static void generalise_subject(struct walk *walk, const Nav__V1__Subject *from, Nav__V1__Subject *to,
                               size_t index) {
  const struct access_redaction *redaction = walk->redaction;
  if ((walk->mask & BIT(NAV__V1__SENSITIVITY__SENSITIVITY_IDENTITY)) != 0) return;
  int age = 0;
  if (access_subject_age(from, redaction->now_ms, &age)) {
    to->age_band = nav_arena_strdup(walk->arena, age_band(age));
    if (to->age_band == NULL) walk->failed = true;
  }
  if (redaction->pseudonym_key == NULL || redaction->recipient == NULL || redaction->purpose == NULL) return;
  to->pseudonym = pseudonym(walk, from, index);
  if (to->pseudonym == NULL) walk->failed = true;
}

static bool is_kept(const struct access_redaction *redaction, size_t index) {
  return index < ACCESS_SUBJECTS_MAX && (redaction->subjects >> index & 1U) != 0;
}

static void copy_subjects(struct walk *walk, const Nav__V1__Event *from, Nav__V1__Event *to) {
  if (from->n_subjects == 0) return;
  const struct schema_plan *plan = schema_subject_plan();
  Nav__V1__Subject **kept = nav_arena_zalloc(walk->arena, from->n_subjects, sizeof *kept);
  if (kept == NULL) {
    walk->failed = true;
    return;
  }
  for (size_t i = 0; i < from->n_subjects && !walk->failed; i++) {
    const Nav__V1__Subject *subject = from->subjects[i];
    if (!is_kept(walk->redaction, i)) {
      withhold(walk, subject_path(walk, i));
      continue;
    }
    size_t copied = 0;
    ProtobufCMessage *copy = copy_message(walk, plan, &subject->base, subject_path(walk, i), &copied);
    if (copy == NULL) return;
    generalise_subject(walk, subject, (Nav__V1__Subject *)copy, i);
    kept[to->n_subjects++] = (Nav__V1__Subject *)copy;
  }
  to->subjects = to->n_subjects > 0 ? kept : NULL;
}

// Where the position may not be told, its area may.
static void generalise_place(struct walk *walk, const Nav__V1__Event *from, Nav__V1__Event *to) {
  const Nav__V1__Place *place = from->place;
  if (place == NULL || place->position == NULL || walk->redaction->areas == NULL) return;
  if ((walk->mask & BIT(NAV__V1__SENSITIVITY__SENSITIVITY_PLACE)) != 0) return;
  if (place->area != NULL && place->area[0] != '\0') return;
  if (!place->position->has_latitude || !place->position->has_longitude) return;
  const struct nav_area *area =
      nav_area_at(walk->redaction->areas, place->position->latitude, place->position->longitude);
  if (area == NULL) return;
  if (to->place == NULL) {
    to->place = nav_arena_alloc(walk->arena, sizeof *to->place);
    if (to->place != NULL) nav__v1__place__init(to->place);
  }
  char *id = nav_arena_strdup(walk->arena, area->id);
  if (to->place == NULL || id == NULL) {
    walk->failed = true;
    return;
  }
  to->place->area = id;
}

Nav__V1__Event *access_redact(const struct access_redaction *redaction, const Nav__V1__Event *event,
                              struct nav_arena *arena, struct access_paths *withheld) {
  if (withheld != NULL) *withheld = (struct access_paths){NULL, 0};
  struct walk walk = {.redaction = redaction, .event = event, .arena = arena, .withheld = withheld};
  walk.mask = effective_mask(redaction);
  size_t copied = 0;
  ProtobufCMessage *copy = copy_message(&walk, schema_event_plan(), &event->base, "", &copied);
  if (copy == NULL) return NULL;
  const struct schema_field *body = schema_body_field((uint32_t)event->body_case);
  if (body != NULL) copy_field(&walk, body, &event->base, copy, "", &copied);
  Nav__V1__Event *out = (Nav__V1__Event *)copy;
  copy_subjects(&walk, event, out);
  generalise_place(&walk, event, out);
  return walk.failed ? NULL : out;
}

bool access_redaction_is_personal(const struct access_redaction *redaction, const Nav__V1__Event *event) {
  if ((effective_mask(redaction) & BIT(NAV__V1__SENSITIVITY__SENSITIVITY_IDENTITY)) != 0) return false;
  if (redaction->pseudonym_key == NULL) return false;
  for (size_t i = 0; i < event->n_subjects; i++)
    if (is_kept(redaction, i)) return true;
  return false;
}
