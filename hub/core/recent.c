// See recent.h. A ring of events, chained by hash of their id; the oldest is taken out when its place is
// needed.
#include "hub/core/recent.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 65536, NONE = -1 };

struct slot {
  struct known_event event;
  int32_t next;  // in its chain, older
  bool used;
};

struct recent {
  struct slot slots[RECENT_MAX];
  int32_t chains[BUCKETS];
  uint32_t next;
};

struct recent *recent_new(void) {
  struct recent *recent = calloc(1, sizeof *recent);
  if (recent == NULL) return NULL;
  for (size_t i = 0; i < BUCKETS; i++) recent->chains[i] = NONE;
  return recent;
}

void recent_free(struct recent *recent) { free(recent); }

// The id is keyed BLAKE2b at its end, so its last bytes are a hash already; a hostile sender slows only a
// chain of 32,768.
static uint16_t chain_of(const uint8_t event_id[16]) { return nav_get_u16(event_id + 14); }

static void take_out(struct recent *recent, int32_t index) {
  int32_t *link = &recent->chains[chain_of(recent->slots[index].event.event_id)];
  while (*link != index) {
    NAV_ASSERT(*link != NONE);
    link = &recent->slots[*link].next;
  }
  *link = recent->slots[index].next;
}

void recent_add(struct recent *recent, const struct known_event *event) {
  int32_t index = (int32_t)(recent->next++ % RECENT_MAX);
  struct slot *slot = &recent->slots[index];
  if (slot->used) take_out(recent, index);
  int32_t *chain = &recent->chains[chain_of(event->event_id)];
  *slot = (struct slot){.event = *event, .next = *chain, .used = true};
  *chain = index;
}

void recent_find(const struct recent *recent, const uint8_t event_id[16], uint32_t agency,
                 recent_found *found, void *context) {
  for (int32_t i = recent->chains[chain_of(event_id)]; i != NONE; i = recent->slots[i].next) {
    const struct known_event *event = &recent->slots[i].event;
    if ((agency == 0 || event->agency == agency) &&
        memcmp(event->event_id, event_id, sizeof event->event_id) == 0) {
      found(context, event);
    }
  }
}
