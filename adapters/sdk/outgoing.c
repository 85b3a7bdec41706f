// See outgoing.h. A ring of slots in order of arrival; a publication under way names its slots.
#include "adapters/sdk/outgoing.h"

#include <stdlib.h>
#include <string.h>

enum {
  PUBLICATIONS_MAX = 8,
  FRAME_ROOM = WIRE_FRAME_MAX - 512,  // for events, of a sealed frame
  EVENT_OVERHEAD = KEY_SALT_SIZE + 16,
  WAIT_MS_MAX = 10000,
};

enum slot_state { SLOT_FREE, SLOT_QUEUED, SLOT_SENT, SLOT_SETTLED };

struct slot {
  enum slot_state state;
  uint64_t token;
  uint8_t *event;
  size_t length;
};

struct under_way {
  uint64_t number;  // 0: free
  uint64_t slots[WIRE_EVENTS_MAX];
  size_t count;
};

struct outgoing {
  struct slot slots[NAV_CLIENT_QUEUE_MAX];
  uint64_t first, next;  // slot n is in place n % NAV_CLIENT_QUEUE_MAX
  uint64_t search;       // no slot before it is queued
  struct under_way under_way[PUBLICATIONS_MAX];
  uint64_t last_number;
  int64_t wait_until_ms;
  size_t unsettled;
};

struct outgoing *outgoing_new(void) {
  return calloc(1, sizeof(struct outgoing));
}

static struct slot *slot_at(struct outgoing *outgoing, uint64_t n) {
  return &outgoing->slots[n % NAV_CLIENT_QUEUE_MAX];
}

void outgoing_free(struct outgoing *outgoing) {
  if (outgoing == NULL) return;
  for (size_t i = 0; i < NAV_CLIENT_QUEUE_MAX; i++) free(outgoing->slots[i].event);
  free(outgoing);
}

bool outgoing_add(struct outgoing *outgoing, uint64_t token, const uint8_t *event, size_t length,
                  struct nav_error *err) {
  if (length == 0 || length > WIRE_EVENT_MAX) {
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_LARGE, "",
                    "an event has 1 to %d bytes, this one %zu", WIRE_EVENT_MAX, length);
  }
  if (outgoing->next - outgoing->first == NAV_CLIENT_QUEUE_MAX) {
    return nav_fail(err, NAV_ERROR_RETRY, 0, "", "%d events wait for receipts already", NAV_CLIENT_QUEUE_MAX);
  }
  uint8_t *copy = malloc(length);
  if (copy == NULL) return nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
  memcpy(copy, event, length);
  *slot_at(outgoing, outgoing->next++) = (struct slot){SLOT_QUEUED, token, copy, length};
  outgoing->unsettled++;
  return true;
}

size_t outgoing_unsettled(const struct outgoing *outgoing) { return outgoing->unsettled; }

static void settle(struct outgoing *outgoing, uint64_t n) {
  struct slot *slot = slot_at(outgoing, n);
  slot->state = SLOT_SETTLED;
  free(slot->event);
  slot->event = NULL;
  outgoing->unsettled--;
  while (outgoing->first < outgoing->next && slot_at(outgoing, outgoing->first)->state == SLOT_SETTLED) {
    slot_at(outgoing, outgoing->first++)->state = SLOT_FREE;
  }
}

static void queue_again(struct outgoing *outgoing, struct under_way *publication) {
  for (size_t i = 0; i < publication->count; i++) {
    struct slot *slot = slot_at(outgoing, publication->slots[i]);
    if (slot->state == SLOT_SENT) slot->state = SLOT_QUEUED;
  }
  publication->number = 0;
  outgoing->search = outgoing->first;
}

void outgoing_restart(struct outgoing *outgoing) {
  for (size_t i = 0; i < PUBLICATIONS_MAX; i++) {
    if (outgoing->under_way[i].number != 0) queue_again(outgoing, &outgoing->under_way[i]);
  }
  outgoing->wait_until_ms = 0;
}

static struct under_way *free_place(struct outgoing *outgoing, uint32_t under_way_max) {
  uint32_t most = under_way_max < PUBLICATIONS_MAX ? under_way_max : PUBLICATIONS_MAX;
  for (uint32_t i = 0; i < most; i++) {
    if (outgoing->under_way[i].number == 0) return &outgoing->under_way[i];
  }
  return NULL;
}

// Chooses the next slots that fit one frame.
static void choose(struct outgoing *outgoing, struct under_way *publication) {
  size_t bytes = 0;
  publication->count = 0;
  if (outgoing->search < outgoing->first) outgoing->search = outgoing->first;
  for (uint64_t n = outgoing->search; n < outgoing->next && publication->count < WIRE_EVENTS_MAX; n++) {
    struct slot *slot = slot_at(outgoing, n);
    if (slot->state != SLOT_QUEUED) continue;
    if (publication->count > 0 && bytes + slot->length + EVENT_OVERHEAD > FRAME_ROOM) break;
    bytes += slot->length + EVENT_OVERHEAD;
    publication->slots[publication->count++] = n;
    outgoing->search = n + 1;
  }
}

static bool send_publication(struct outgoing *outgoing, struct under_way *publication, struct link *link,
                             const struct nav_client_settings *settings, const uint8_t *log_id) {
  Nav__V1__PublishedEvent events[WIRE_EVENTS_MAX];
  Nav__V1__PublishedEvent *pointers[WIRE_EVENTS_MAX];
  uint8_t salts[WIRE_EVENTS_MAX][KEY_SALT_SIZE];
  uint8_t digests[WIRE_EVENTS_MAX * NAV_SHA256_SIZE];
  uint8_t signature[KEY_SIGNATURE_SIZE];
  for (size_t i = 0; i < publication->count; i++) {
    struct slot *slot = slot_at(outgoing, publication->slots[i]);
    slot->state = SLOT_SENT;
    keys_event_salt(salts[i], settings->keys->id_key, slot->event, slot->length);
    keys_event_digest(digests + i * NAV_SHA256_SIZE, salts[i], KEY_SALT_SIZE, slot->event, slot->length);
    events[i] = (Nav__V1__PublishedEvent)NAV__V1__PUBLISHED_EVENT__INIT;
    events[i].has_event = events[i].has_salt = true;
    events[i].event = (ProtobufCBinaryData){slot->length, slot->event};
    events[i].salt = (ProtobufCBinaryData){KEY_SALT_SIZE, salts[i]};
    pointers[i] = &events[i];
  }
  keys_sign_publication(signature, &settings->keys->signing, log_id, settings->agency, digests,
                        publication->count);
  Nav__V1__Publication message = NAV__V1__PUBLICATION__INIT;
  message.has_number = message.has_signature = true;
  message.number = publication->number;
  message.events = pointers;
  message.n_events = publication->count;
  message.signature = (ProtobufCBinaryData){KEY_SIGNATURE_SIZE, signature};
  Nav__V1__ClientFrame frame = NAV__V1__CLIENT_FRAME__INIT;
  frame.frame_case = NAV__V1__CLIENT_FRAME__FRAME_PUBLICATION;
  frame.publication = &message;
  return link_send(link, &frame);
}

bool outgoing_send(struct outgoing *outgoing, struct link *link, const struct nav_client_settings *settings,
                   const uint8_t log_id[KEY_LOG_ID_SIZE], uint32_t under_way_max, int64_t now_ms) {
  while (now_ms >= outgoing->wait_until_ms && link_can_send(link)) {
    struct under_way *publication = free_place(outgoing, under_way_max);
    if (publication == NULL) break;
    choose(outgoing, publication);
    if (publication->count == 0) break;
    publication->number = ++outgoing->last_number;
    if (!send_publication(outgoing, publication, link, settings, log_id)) return false;
  }
  return link_state(link) == LINK_OPEN;
}

static struct under_way *find(struct outgoing *outgoing, uint64_t number) {
  for (size_t i = 0; number != 0 && i < PUBLICATIONS_MAX; i++) {
    if (outgoing->under_way[i].number == number) return &outgoing->under_way[i];
  }
  return NULL;
}

void outgoing_receipt(struct outgoing *outgoing, const Nav__V1__Receipt *receipt,
                      const struct nav_client_events *events) {
  struct under_way *publication = find(outgoing, receipt->number);
  bool whole = receipt->has_whole && receipt->whole;
  size_t expected = publication == NULL ? 0 : whole ? 1 : publication->count;
  if (publication == NULL || receipt->n_events != expected)
    return;  // of an earlier session, or not a receipt
  bool again = false;
  for (size_t i = 0; i < publication->count; i++) {
    const Nav__V1__EventReceipt *one = receipt->events[whole ? 0 : i];
    // The hub could not keep it just then: it is not settled.
    if (one->status == NAV__V1__RECEIPT_STATUS__RECEIPT_STATUS_REJECTED &&
        one->code == NAV__V1__CODE__CODE_BUSY) {
      again = true;
      continue;
    }
    uint64_t token = slot_at(outgoing, publication->slots[i])->token;
    settle(outgoing, publication->slots[i]);
    events->receipt(events->context, token, one);
  }
  if (again) {
    queue_again(outgoing, publication);
  } else {
    publication->number = 0;
  }
}

void outgoing_wait(struct outgoing *outgoing, const Nav__V1__Wait *wait, int64_t now_ms) {
  struct under_way *publication = find(outgoing, wait->number);
  if (publication != NULL) queue_again(outgoing, publication);
  outgoing->wait_until_ms = now_ms + (wait->wait_ms < WAIT_MS_MAX ? wait->wait_ms : WAIT_MS_MAX);
}

bool outgoing_has_work(const struct outgoing *outgoing, uint32_t under_way_max, int64_t now_ms) {
  if (now_ms < outgoing->wait_until_ms) return false;
  size_t used = 0;
  for (size_t i = 0; i < PUBLICATIONS_MAX; i++) used += outgoing->under_way[i].number != 0 ? 1 : 0;
  uint64_t from = outgoing->search > outgoing->first ? outgoing->search : outgoing->first;
  return used < under_way_max && used < PUBLICATIONS_MAX && from < outgoing->next;
}
