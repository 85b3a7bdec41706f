// See poster.h.
//
// Revisions. Unknown event: 1. Known with other content: one more than the state's. Should the hub know more
// than the state (a crash before the receipt was stored, a lost state folder), it answers CONFLICT or
// STALE_REVISION with its latest: first that number itself is tried, since the hub may have this very content
// under it (it then answers DUPLICATE and nothing is doubled); if not, the number after it.
//
// The content that counts is the source's, not what the edge lets travel of it: other rules alone send
// nothing anew. Where they changed between a sending and its receipt that was lost, the hub answers CONFLICT,
// and the event goes out once more as the next revision.
#include "adapters/engine/poster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/engine/rejected.h"
#include "hub/base/clock.h"
#include "hub/wire/event.h"

enum { SLOTS = NAV_CLIENT_QUEUE_MAX, WAIT_MS = 100, STEP_EVERY = 256, SOURCE_ID_KEPT = 200 };
enum { SEALED_MORE = 64 * 1024 };  // what names the lanes of a sealed event

struct slot {
  uint64_t token;  // 0: free
  uint8_t id[NAV_EVENT_ID_SIZE];
  uint8_t digest[CONTENT_DIGEST_SIZE];
  uint32_t revision;
  uint32_t tried;
  uint8_t *bytes;  // what travels, packed
  size_t length;
  char *source_id;
  bool again;
  bool alone;        // to be sent in a publication of its own
  int64_t again_ms;  // monotonic: not before
};

struct poster {
  struct poster_settings settings;
  struct nav_client *client;
  struct rejected rejected;
  struct slot slots[SLOTS];
  uint16_t free_slots[SLOTS];
  size_t free_count;
  size_t again_count;
  size_t alone_count;
  size_t bytes;
  uint64_t tokens;
  uint64_t calls;
  struct nav_buffer scratch;  // a receipt may use it: it holds nothing over a tick
  struct nav_buffer packed;   // what travels of the event that is being sent
  char file[256];
  bool failed;  // in a callback, which cannot say so
  struct nav_error error;
};

struct poster *poster_new(const struct poster_settings *settings, struct nav_error *err) {
  struct poster *poster = calloc(1, sizeof *poster);
  if (poster == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
    return NULL;
  }
  poster->settings = *settings;
  nav_buffer_init(&poster->scratch, CONTENT_EVENT_MAX);
  nav_buffer_init(&poster->packed, CONTENT_EVENT_MAX + SEALED_MORE);
  for (size_t i = 0; i < SLOTS; i++) poster->free_slots[poster->free_count++] = (uint16_t)(SLOTS - 1 - i);
  if (rejected_open(&poster->rejected, settings->outbox, err)) return poster;
  poster_free(poster);
  return NULL;
}

void poster_free(struct poster *poster) {
  if (poster == NULL) return;
  for (size_t i = 0; i < SLOTS; i++) {
    free(poster->slots[i].bytes);
    free(poster->slots[i].source_id);
  }
  rejected_close(&poster->rejected);
  nav_buffer_free(&poster->scratch);
  nav_buffer_free(&poster->packed);
  free(poster);
}

void poster_set_client(struct poster *poster, struct nav_client *client) { poster->client = client; }

void poster_set_file(struct poster *poster, const char *file) {
  (void)snprintf(poster->file, sizeof poster->file, "%s", file);
}

size_t poster_unsettled(const struct poster *poster) { return SLOTS - poster->free_count; }

static bool tick(struct poster *poster, int wait_ms, struct nav_error *err) {
  if (!poster->settings.tick(poster->settings.context, wait_ms, err)) return false;
  if (poster->failed) *err = poster->error;
  return !poster->failed;
}

static void free_slot(struct poster *poster, struct slot *slot) {
  struct state_entry *entry = state_find(poster->settings.state, slot->id);
  if (entry != NULL) entry->in_flight = 0;
  poster->bytes -= slot->length;
  if (slot->again) poster->again_count--;
  if (slot->alone) poster->alone_count--;
  free(slot->bytes);
  free(slot->source_id);
  *slot = (struct slot){0};
  poster->free_slots[poster->free_count++] = (uint16_t)(slot - poster->slots);
}

// Tells of a rejected event and gives its slot back.
static bool reject(struct poster *poster, struct slot *slot, int code, const char *field, const char *reason,
                   struct nav_error *err) {
  struct state_entry *entry = state_find(poster->settings.state, slot->id);
  struct rejected_event event = {.file = poster->file,
                                 .source_id = slot->source_id,
                                 .id = slot->id,
                                 .revision = slot->revision,
                                 .code = code,
                                 .field = field,
                                 .reason = reason};
  bool told = entry != NULL && memcmp(entry->rejected, slot->digest, STATE_REJECTED_SIZE) == 0;
  bool ok = told || rejected_write(&poster->rejected, &event, err);
  if (ok && !told && entry != NULL)
    ok = state_keep_rejected(poster->settings.state, entry, slot->digest, err);
  poster->settings.summary->rejected++;
  free_slot(poster, slot);
  return ok;
}

// Hands a slot's bytes to the client. RETRY leaves it for the next time; PEER rejects it here.
static bool publish(struct poster *poster, struct slot *slot, struct nav_error *err) {
  struct nav_error why = {0};
  if (nav_client_publish(poster->client, slot->token, slot->bytes, slot->length, &why)) return true;
  if (why.class == NAV_ERROR_RETRY) {
    slot->again = true;
    poster->again_count++;
    return true;
  }
  if (why.class == NAV_ERROR_PEER) return reject(poster, slot, why.code, why.place, why.text, err);
  *err = why;
  return false;
}

bool poster_resend(struct poster *poster, struct nav_error *err) {
  if (poster->again_count == 0) return true;
  int64_t now_ms = nav_clock_monotonic_ms();
  size_t left = poster->again_count;
  for (size_t i = 0; i < SLOTS && left > 0; i++) {
    struct slot *slot = &poster->slots[i];
    if (!slot->again) continue;
    left--;
    if (slot->again_ms > now_ms || (slot->alone && nav_client_unsettled(poster->client) > 0)) continue;
    slot->again = false;
    poster->again_count--;
    if (!publish(poster, slot, err)) return false;
    if (slot->again) return true;  // the client's queue is full
  }
  return true;
}

// Packs the slot's event anew with another revision.
static bool revise(struct edge *edge, struct slot *slot, uint32_t revision, struct nav_buffer *scratch) {
  bool ok = edge_revise(edge, slot->bytes, slot->length, revision, scratch);
  uint8_t *bytes = ok ? malloc(scratch->length) : NULL;
  if (bytes == NULL) return false;
  memcpy(bytes, scratch->data, scratch->length);
  free(slot->bytes);
  slot->bytes = bytes;
  slot->length = scratch->length;
  slot->revision = revision;
  slot->tried++;
  return true;
}

// Whether the receipt asks for the event again, and if so under which revision and when.
static bool wants_again(struct poster *poster, struct slot *slot, const Nav__V1__EventReceipt *receipt) {
  if (receipt->code == NAV__V1__CODE__CODE_BUSY || receipt->code == NAV__V1__CODE__CODE_RATE) {
    slot->again_ms = nav_clock_monotonic_ms() + POSTER_BUSY_PAUSE_MS;
    return true;
  }
  bool behind =
      receipt->code == NAV__V1__CODE__CODE_CONFLICT || receipt->code == NAV__V1__CODE__CODE_STALE_REVISION;
  uint32_t latest = receipt->latest_revision;
  if (!behind || !receipt->has_latest_revision || latest < slot->revision || latest == UINT32_MAX)
    return false;
  if (slot->tried >= POSTER_REVISIONS_TRIED_MAX) return false;
  size_t before = slot->length;
  uint32_t revision = latest > slot->revision ? latest : latest + 1;
  if (!revise(poster->settings.edge, slot, revision, &poster->scratch)) return false;
  poster->bytes += slot->length - before;
  return true;
}

// The adapter's own fault, which is the same for every event.
static bool is_fatal(Nav__V1__Code code) {
  return code == NAV__V1__CODE__CODE_BAD_SIGNATURE || code == NAV__V1__CODE__CODE_WRONG_AGENCY ||
         code == NAV__V1__CODE__CODE_WRONG_LOG || code == NAV__V1__CODE__CODE_UNKNOWN_AGENCY ||
         code == NAV__V1__CODE__CODE_UNKNOWN_KEY || code == NAV__V1__CODE__CODE_VERSION;
}

// Refused with others: once more, alone.
static bool wants_alone(struct poster *poster, struct slot *slot, Nav__V1__Code code) {
  bool with_others = code == NAV__V1__CODE__CODE_QUARANTINED || code == NAV__V1__CODE__CODE_MALFORMED ||
                     code == NAV__V1__CODE__CODE_TOO_MANY;
  if (!with_others || slot->alone) return false;
  slot->alone = true;
  poster->alone_count++;
  return true;
}

static bool settle_slot(struct poster *poster, struct slot *slot, const Nav__V1__EventReceipt *receipt,
                        struct nav_error *err) {
  struct summary *summary = poster->settings.summary;
  if (receipt->status == NAV__V1__RECEIPT_STATUS__RECEIPT_STATUS_ACCEPTED ||
      receipt->status == NAV__V1__RECEIPT_STATUS__RECEIPT_STATUS_DUPLICATE) {
    bool accepted = receipt->status == NAV__V1__RECEIPT_STATUS__RECEIPT_STATUS_ACCEPTED;
    (*(accepted ? &summary->accepted : &summary->duplicate))++;
    struct state_entry *entry = state_find(poster->settings.state, slot->id);
    bool ok = entry == NULL || state_keep(poster->settings.state, entry, slot->revision, slot->digest, err);
    free_slot(poster, slot);
    return ok;
  }
  if (is_fatal(receipt->code)) {
    const char *code = wire_enum_name(&nav__v1__code__descriptor, (int)receipt->code);
    return nav_fail(err, NAV_ERROR_LOCAL, (int)receipt->code, receipt->field,
                    "the hub refuses what this agency sends (%s: %.150s); nothing of it is lost",
                    code != NULL ? code : "", receipt->reason != NULL ? receipt->reason : "");
  }
  if (wants_again(poster, slot, receipt) || wants_alone(poster, slot, receipt->code)) {
    slot->again = true;
    poster->again_count++;
    return true;
  }
  return reject(poster, slot, (int)receipt->code, receipt->field, receipt->reason, err);
}

void poster_receipt(struct poster *poster, uint64_t token, const Nav__V1__EventReceipt *receipt) {
  struct slot *slot = &poster->slots[token % SLOTS];
  if (slot->token != token || slot->again) return;  // of an earlier life of the slot
  struct nav_error err = {0};
  if (settle_slot(poster, slot, receipt, &err)) return;
  poster->failed = true;
  poster->error = err;
}

// Waits for a free slot and room for the bytes.
static bool wait_for_room(struct poster *poster, size_t length, struct nav_error *err) {
  while (poster->free_count == 0 || (poster->bytes + length > POSTER_BYTES_MAX && poster->bytes > 0)) {
    if (!tick(poster, WAIT_MS, err)) return false;
  }
  return true;
}

static struct slot *fill_slot(struct poster *poster, const char *source_id, const Nav__V1__Event *event,
                              uint32_t revision, struct nav_error *err) {
  uint8_t *bytes = malloc(poster->packed.length);
  char *kept = strndup(source_id, SOURCE_ID_KEPT);
  if (bytes == NULL || kept == NULL) {
    free(bytes);
    free(kept);
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory for the event");
    return NULL;
  }
  memcpy(bytes, poster->packed.data, poster->packed.length);
  size_t index = poster->free_slots[--poster->free_count];
  struct slot *slot = &poster->slots[index];
  *slot = (struct slot){.token = ++poster->tokens * SLOTS + index,
                        .revision = revision,
                        .bytes = bytes,
                        .length = poster->packed.length,
                        .source_id = kept};
  memcpy(slot->id, event->id.data, NAV_EVENT_ID_SIZE);
  poster->bytes += slot->length;
  return slot;
}

// The event's entry once nothing of it is on its way; revisions of one event thus reach the hub in their
// order.
static struct state_entry *enter_settled(struct poster *poster, const uint8_t *id, const uint8_t *digest,
                                         struct nav_error *err) {
  while (poster->alone_count > 0) {
    if (!tick(poster, WAIT_MS, err)) return NULL;
  }
  for (;;) {
    struct state_entry *entry = state_enter(poster->settings.state, id, err);
    if (entry == NULL || entry->in_flight == 0) return entry;
    const struct slot *slot = &poster->slots[entry->in_flight - 1];
    if (memcmp(slot->digest, digest, CONTENT_DIGEST_SIZE) == 0) return entry;
    if (!tick(poster, WAIT_MS, err)) return NULL;
  }
}

// An event larger than CONTENT_EVENT_MAX, and so than any frame.
static bool reject_unsent(struct poster *poster, const char *source_id, const Nav__V1__Event *event,
                          struct nav_error *err) {
  struct rejected_event rejected = {.file = poster->file,
                                    .source_id = source_id,
                                    .id = event->id.data,
                                    .code = NAV__V1__CODE__CODE_TOO_LARGE,
                                    .reason = "the event is larger than 1 MiB and was not sent"};
  poster->settings.summary->rejected++;
  return rejected_write(&poster->rejected, &rejected, err);
}

// Packs what travels of the event. *way: HOME where nothing does.
static bool pack(struct poster *poster, const Nav__V1__Event *event, uint32_t revision,
                 enum access_edge_way *way, struct nav_error *err) {
  struct summary *summary = poster->settings.summary;
  struct edge_result result = {.way = ACCESS_EDGE_SEND};
  bool ok = poster->settings.edge != NULL
                ? edge_decide(poster->settings.edge, event, revision, &poster->packed, &result, err)
                : content_pack(&poster->packed, event, revision);
  if (!ok) return false;
  *way = result.way;
  if (result.way == ACCESS_EDGE_HOME) summary->stayed_home++;
  if (result.way == ACCESS_EDGE_SEAL) summary->sealed++;
  if (result.stripped) summary->stripped++;
  return true;
}

// Hands what was packed to the client, in a slot that keeps it until its receipt.
static bool post(struct poster *poster, const char *source_id, const Nav__V1__Event *event,
                 const uint8_t *digest, struct nav_error *err) {
  if (!wait_for_room(poster, poster->packed.length, err)) return false;
  struct state_entry *entry = state_enter(poster->settings.state, event->id.data, err);
  if (entry == NULL) return false;
  struct slot *slot = fill_slot(poster, source_id, event, entry->revision + 1, err);
  if (slot == NULL) return false;
  memcpy(slot->digest, digest, CONTENT_DIGEST_SIZE);
  entry->in_flight = (uint16_t)(slot - poster->slots + 1);
  poster->settings.summary->sent++;
  return publish(poster, slot, err);
}

bool poster_send(struct poster *poster, const char *source_id, const Nav__V1__Event *event,
                 struct nav_error *err) {
  uint8_t digest[CONTENT_DIGEST_SIZE];
  enum access_edge_way way = ACCESS_EDGE_SEND;
  // Deliveries and heartbeats go on while a long file is mapped.
  if (++poster->calls % STEP_EVERY == 0 && !tick(poster, 0, err)) return false;
  if (!content_digest(digest, poster->settings.id_key, &poster->scratch, event)) {
    return reject_unsent(poster, source_id, event, err);
  }
  // What was never sent and stays home leaves no trace in the state.
  bool is_new = state_find(poster->settings.state, event->id.data) == NULL;
  if (is_new && !pack(poster, event, 1, &way, err)) return false;
  if (way == ACCESS_EDGE_HOME) return true;
  struct state_entry *entry = enter_settled(poster, event->id.data, digest, err);
  if (entry == NULL) return false;
  bool same = entry->revision > 0 && memcmp(entry->digest, digest, sizeof digest) == 0;
  if (same || entry->in_flight != 0) {
    poster->settings.summary->unchanged++;
    return true;
  }
  if (!is_new && !pack(poster, event, entry->revision + 1, &way, err)) return false;
  return way == ACCESS_EDGE_HOME || post(poster, source_id, event, digest, err);
}

bool poster_settle(struct poster *poster, struct nav_error *err) {
  while (poster_unsettled(poster) > 0) {
    if (!tick(poster, WAIT_MS, err)) return false;
  }
  return state_sync(poster->settings.state, err) && rejected_sync(&poster->rejected, err);
}
