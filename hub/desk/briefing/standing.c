// See gather.h: which of the events given in still stand: the newest revision of each, and not taken back by
// its sender.
#include <string.h>

#include "hub/desk/briefing/gather.h"

struct slot {
  size_t newest;  // index + 1 in input->events; 0: empty
  bool recalled;
};

struct standing {
  const struct briefing_input *input;
  struct slot *slots;
  size_t mask;
};

static uint64_t hash_of(const ProtobufCBinaryData *id, const char *source) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);  // FNV-1a; ids are already keyed hashes of the hub's agencies
  for (size_t i = 0; i < id->len; i++) hash = (hash ^ id->data[i]) * UINT64_C(0x100000001b3);
  for (const char *at = source; *at != '\0'; at++) hash = (hash ^ (uint8_t)*at) * UINT64_C(0x100000001b3);
  return hash ^ hash >> 29;
}

static const char *source_of(const Nav__V1__Event *event) {
  return event->source != NULL ? event->source : "";
}

static bool is_same(const Nav__V1__Event *event, const ProtobufCBinaryData *id, const char *source) {
  return event->id.len == id->len && (id->len == 0 || memcmp(event->id.data, id->data, id->len) == 0) &&
         strcmp(source_of(event), source) == 0;
}

// The slot of that event, or the empty one where it would stand.
static struct slot *find_slot(const struct standing *standing, const ProtobufCBinaryData *id,
                              const char *source) {
  size_t at = (size_t)hash_of(id, source) & standing->mask;
  while (standing->slots[at].newest != 0 &&
         !is_same(standing->input->events[standing->slots[at].newest - 1].event, id, source)) {
    at = (at + 1) & standing->mask;
  }
  return &standing->slots[at];
}

static struct slot *slot_of(const struct standing *standing, size_t index) {
  const Nav__V1__Event *event = standing->input->events[index].event;
  return find_slot(standing, &event->id, source_of(event));
}

static bool is_newer(const struct briefing_event *a, const struct briefing_event *b) {
  if (a->event->revision != b->event->revision) return a->event->revision > b->event->revision;
  return a->seq > b->seq;
}

static void apply_recall(const struct standing *standing, const Nav__V1__Event *event) {
  const Nav__V1__Recall *recall = event->recall;
  for (size_t i = 0; i < recall->n_event_ids; i++) {
    struct slot *slot = find_slot(standing, &recall->event_ids[i], source_of(event));
    if (slot->newest != 0) slot->recalled = true;  // only the sender takes back its own
  }
}

struct standing *standing_new(const struct briefing_input *input, struct nav_arena *arena) {
  size_t size = 16;
  while (size < 2 * input->events_count) size *= 2;
  struct standing *standing = nav_arena_zalloc(arena, 1, sizeof *standing);
  struct slot *slots = nav_arena_zalloc(arena, size, sizeof *slots);
  if (standing == NULL || slots == NULL) return NULL;
  *standing = (struct standing){.input = input, .slots = slots, .mask = size - 1};
  for (size_t i = 0; i < input->events_count; i++) {
    struct slot *slot = slot_of(standing, i);
    if (slot->newest == 0 || is_newer(&input->events[i], &input->events[slot->newest - 1]))
      slot->newest = i + 1;
  }
  for (size_t i = 0; i < input->events_count; i++) {
    const Nav__V1__Event *event = input->events[i].event;
    if (event->body_case == NAV__V1__EVENT__BODY_RECALL) apply_recall(standing, event);
  }
  return standing;
}

bool standing_is_newest(const struct standing *standing, size_t index) {
  return slot_of(standing, index)->newest == index + 1;
}

bool standing_is_recalled(const struct standing *standing, size_t index) {
  return slot_of(standing, index)->recalled;
}
