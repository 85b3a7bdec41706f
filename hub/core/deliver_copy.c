// See deliver_copy.h.
#include "hub/core/deliver_copy.h"

#include <string.h>

enum { WITHHELD_PATHS_MAX = 256, ARENA_BYTES_MAX = 4 * 1024 * 1024 };

struct head_copy copy_wanted(const struct core *core, const Nav__V1__LaneVerdict *lane) {
  return (struct head_copy){.rules = core->rules_loaded,
                            .reveal = (uint16_t)lane->reveal,
                            .subjects = lane->subjects,
                            .narrative_edited = lane->narrative_edited != 0};
}

// What does not fit of the withheld paths is told by a last "…".
static size_t list_withheld(const struct access_paths *withheld, char *list[WITHHELD_PATHS_MAX]) {
  size_t bytes = 0;
  size_t count = 0;
  while (count < withheld->count) {
    bool full = bytes > COPY_WITHHELD_BYTES_MAX - 128 || count + 1 >= WITHHELD_PATHS_MAX;
    list[count] = (char *)(uintptr_t)(full ? "…" : withheld->items[count]);
    bytes += strlen(list[count++]) + 1;
    if (full) break;
  }
  return count;
}

bool copy_encode(const struct head_entry *entry, const Nav__V1__Event *event,
                 const struct access_paths *withheld, struct head_copy *copy) {
  static struct nav_buffer encoded;  // one thread; its memory is kept
  char *list[WITHHELD_PATHS_MAX];
  Nav__V1__Delivery delivery = NAV__V1__DELIVERY__INIT;
  struct nav_buffer bytes;
  nav_buffer_init(&bytes, WIRE_EVENT_MAX + 2 * COPY_WITHHELD_BYTES_MAX);
  if (encoded.max == 0) nav_buffer_init(&encoded, WIRE_EVENT_MAX + COPY_WITHHELD_BYTES_MAX);
  nav_buffer_clear(&encoded);
  bool ok = wire_encode(event, &encoded);
  delivery.has_position = delivery.has_event_seq = delivery.has_event = true;
  delivery.position = entry->seq;
  delivery.event_seq = entry->event_seq;
  delivery.event = (ProtobufCBinaryData){encoded.length, encoded.data};
  delivery.withheld = list;
  delivery.n_withheld = list_withheld(withheld, list);
  ok = ok && wire_encode(&delivery, &bytes);
  copy->bytes = bytes.data;
  copy->size = bytes.length;
  if (!ok) nav_buffer_free(&bytes);
  return ok;
}

static struct access_redaction redaction_of(const struct core *core, const struct head_copy *copy) {
  return (struct access_redaction){
      .reveal = copy->reveal,
      .subjects = copy->subjects,
      .narrative_edited = copy->narrative_edited,
      .pseudonym_key = core->pseudonym_key,
      .areas = access_rules_areas(core->rules),
      .now_ms = core->now_ms,
  };
}

bool copy_is_for_all(const struct core *core, const Nav__V1__Event *event, const struct head_copy *copy) {
  const struct access_redaction redaction = redaction_of(core, copy);
  return !access_redaction_is_personal(&redaction, event);
}

bool copy_make(const struct core *core, uint32_t lane, const struct head_entry *entry,
               const Nav__V1__Event *event, struct nav_arena *arena, struct head_copy *copy) {
  struct access_redaction redaction = redaction_of(core, copy);
  redaction.recipient = core->numbers->lanes[lane].agency;
  redaction.purpose = core->numbers->lanes[lane].purpose;
  struct access_paths withheld = {0};
  const Nav__V1__Event *redacted = access_redact(&redaction, event, arena, &withheld);
  return redacted != NULL && copy_encode(entry, redacted, &withheld, copy);
}

static bool waits_at_head(const struct core *core, uint32_t number) {
  const struct lane *lane = core->lanes[number];
  return lane != NULL && lane->session != NULL && lane->lag_count == 0 && lane->scan >= core->head.floor_seq;
}

void copy_ahead(struct core *core, struct head_entry *entry, const Nav__V1__Event *event) {
  static struct nav_arena *arena;  // one thread; its memory is kept
  const struct verdict *verdict = verdicts_get(core->verdicts, entry->verdict);
  if (arena == NULL) arena = nav_arena_new(ARENA_BYTES_MAX);
  for (size_t i = 0; arena != NULL && verdict != NULL && i < verdict->lanes_count; i++) {
    const Nav__V1__LaneVerdict *lane = verdict->lanes[i];
    struct head_copy copy = copy_wanted(core, lane);
    bool released = lane->outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE && !lane->is_volatile;
    bool full = entry->copies_count == HEAD_COPIES_MAX || core->staging->ahead_bytes > COPIES_AHEAD_BYTES_MAX;
    if (full) return;
    if (!released || !waits_at_head(core, lane->lane) || head_entry_find(entry, &copy) != NULL ||
        !copy_is_for_all(core, event, &copy))
      continue;
    nav_arena_reset(arena);
    if (!copy_make(core, lane->lane, entry, event, arena, &copy)) continue;
    core->staging->ahead_bytes += copy.size;
    entry->copies[entry->copies_count++] = copy;
  }
}
