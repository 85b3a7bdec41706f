// Step 3 of an event's life: a publication is checked whole, its duplicates are looked up, the rules decide,
// and it is staged. Called by: the loop (frames, steps). Must never: answer before the commit, or stop at a
// bad event among good ones.
#include "hub/core/intake.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/log.h"
#include "hub/core/known.h"
#include "hub/core/standby.h"
#include "hub/wire/event.h"

enum {
  PUBLICATIONS_MAX = 1024,  // waiting, of all sessions
  PUBLICATION_EVENTS_TOTAL = 65536,
  LOOKUP_IDS_MAX = 4096,  // at a time; one publication is taken whatever it names
  EVENTS_A_TURN = 4096,
  WAIT_MS = 200,
};

static void send_wait(struct core *core, struct session *session, uint64_t number, int code,
                      uint32_t wait_ms) {
  Nav__V1__Wait wait = NAV__V1__WAIT__INIT;
  wait.has_wait_ms = wait.has_code = wait.has_number = true;
  wait.wait_ms = wait_ms;
  wait.code = (Nav__V1__Code)code;
  wait.number = number;
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_WAIT;
  frame.wait = &wait;
  session_send(core->sessions, session, &frame);
}

// One receipt for the whole publication, with what the records say of it.
static void refuse_whole(struct core *core, struct session *session, const Nav__V1__Publication *publication,
                         const struct nav_error *err, const struct nav_bytes *bytes) {
  uint8_t digest[NAV_SHA256_SIZE];
  nav_sha256(digest, bytes, 1);
  struct agency_count *count = core_count(core, session->agency_number);
  count->rejected += publication->n_events;
  intake_reject(core, session->agency->id, err, NULL, digest);
  Nav__V1__EventReceipt receipt = NAV__V1__EVENT_RECEIPT__INIT;
  Nav__V1__EventReceipt *receipts[] = {&receipt};
  receipt.has_status = receipt.has_code = true;
  receipt.status = NAV__V1__RECEIPT_STATUS__RECEIPT_STATUS_REJECTED;
  receipt.code = (Nav__V1__Code)err->code;
  receipt.field = (char *)(uintptr_t)err->place;
  receipt.reason = (char *)(uintptr_t)err->text;
  Nav__V1__Receipt whole = NAV__V1__RECEIPT__INIT;
  whole.has_number = whole.has_whole = true;
  whole.number = publication->number;
  whole.whole = true;
  whole.events = receipts;
  whole.n_events = 1;
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_RECEIPT;
  frame.receipt = &whole;
  session->publications++;
  batch_answer_session(core->staging, session->id, &frame);
}

static bool check_whole(const struct core *core, const struct session *session,
                        const Nav__V1__Publication *publication, uint8_t *digests, struct nav_error *err) {
  struct keys_salted salted[WIRE_EVENTS_MAX];
  size_t count = publication->n_events;
  if (count == 0 || count > WIRE_EVENTS_MAX) {
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_MANY, "events",
                    "a publication has 1 to %d events", WIRE_EVENTS_MAX);
  }
  for (size_t i = 0; i < count; i++) {
    const Nav__V1__PublishedEvent *event = publication->events[i];
    if (event->salt.len != CONTENT_SALT_SIZE) {
      return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "events.salt",
                      "a salt has %d bytes", CONTENT_SALT_SIZE);
    }
    salted[i] = (struct keys_salted){event->salt.data, event->event.data, event->event.len};
  }
  keys_event_digests(digests, salted, count);
  if (publication->signature.len != KEY_SIGNATURE_SIZE ||
      !keys_verify_publication(publication->signature.data, session->agency->signing_key,
                               core->sequence.log_id, session->agency->id, digests, count)) {
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_SIGNATURE, "signature",
                    "the signature is not %s's over these events and this ledger", session->agency->id);
  }
  return true;
}

// Decodes and validates one event; what is wrong stays with it.
static void check_event(const struct session *session, const Nav__V1__PublishedEvent *published,
                        struct intake_event *event, struct nav_arena *arena) {
  event->bytes = published->event.data;
  event->length = published->event.len;
  event->salt = published->salt.data;
  if (event->length > WIRE_EVENT_MAX) {
    event->bad = !nav_fail(&event->error, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_LARGE, "",
                           "an event has at most %d bytes, this one %zu", WIRE_EVENT_MAX, event->length);
    return;
  }
  event->event =
      wire_decode_lenient(&nav__v1__event__descriptor, arena, event->bytes, event->length, &event->error);
  event->bad = event->event == NULL || !wire_event_validate(event->event, &event->error);
  if (event->bad) return;
  if (strcmp(event->event->source, session->agency->id) != 0) {
    event->bad = !nav_fail(&event->error, NAV_ERROR_PEER, NAV__V1__CODE__CODE_WRONG_AGENCY, "source",
                           "this session is %s's; the event names another source", session->agency->id);
  }
}

static void enqueue(struct core *core, struct publication *publication) {
  publication->next = NULL;
  if (core->last_publication == NULL) {
    core->first_publication = publication;
  } else {
    core->last_publication->next = publication;
  }
  core->last_publication = publication;
  core->publications_count++;
  core->publication_events += publication->count;
}

static struct publication *take_over(struct core *core, const struct session *session,
                                     const Nav__V1__Publication *message) {
  struct nav_arena *arena = sessions_take_arena(core->sessions);
  struct publication *publication = nav_arena_zalloc(arena, 1, sizeof *publication);
  struct intake_event *events = nav_arena_zalloc(arena, message->n_events, sizeof *events);
  uint8_t *digests = nav_arena_alloc(arena, message->n_events * NAV_SHA256_SIZE);
  NAV_ASSERT(publication != NULL && events != NULL && digests != NULL);
  publication->arena = arena;
  publication->session_id = session->id;
  publication->agency_number = session->agency_number;
  publication->message = message;
  publication->events = events;
  publication->count = message->n_events;
  publication->digests = digests;
  return publication;
}

void intake_publication(struct core *core, struct session *session, Nav__V1__Publication *message,
                        const uint8_t *plain, size_t length) {
  struct nav_error err;
  if (core->database_lost || core->publications_count >= PUBLICATIONS_MAX ||
      core->publication_events + message->n_events > PUBLICATION_EVENTS_TOTAL ||
      session->publications >= SESSION_PUBLICATIONS_MAX) {
    send_wait(core, session, message->number, NAV__V1__CODE__CODE_BUSY,
              core->database_lost ? 5 * WAIT_MS : WAIT_MS);
    return;
  }
  core_count(core, session->agency_number)->sent += message->n_events;
  const struct nav_bytes bytes = {plain, length};
  uint8_t digest[NAV_SHA256_SIZE];
  // Its signature stands for all of it: that is checked before anything in it is decoded.
  const struct nav_bytes signature = {message->signature.data, message->signature.len};
  nav_sha256(digest, &signature, 1);
  if (quarantine_has(core->quarantine, digest)) {
    (void)nav_fail(&err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_QUARANTINED, "",
                   "this publication stopped the hub once and is kept out; ask the hub's operator");
    refuse_whole(core, session, message, &err, &bytes);
    return;
  }
  quarantine_note(core->quarantine, digest);
  uint8_t digests[WIRE_EVENTS_MAX * NAV_SHA256_SIZE];
  if (!check_whole(core, session, message, digests, &err)) {
    refuse_whole(core, session, message, &err, &bytes);
  } else {
    struct publication *publication = take_over(core, session, message);
    memcpy(publication->digests, digests, message->n_events * NAV_SHA256_SIZE);
    memcpy(publication->digest, digest, sizeof digest);
    memcpy(publication->public_key, session->agency->signing_key, KEY_ED25519_PUBLIC_SIZE);
    for (size_t i = 0; i < message->n_events; i++) {
      check_event(session, message->events[i], &publication->events[i], publication->arena);
    }
    session->publications++;
    enqueue(core, publication);
  }
  quarantine_clear(core->quarantine);
}

// ---- duplicates ----

static int by_event_id(const void *a, const void *b) {
  return memcmp(((const struct known_event *)a)->event_id, ((const struct known_event *)b)->event_id, 16);
}

static struct known_event *known_rows(const PGresult *result, size_t *count) {
  *count = (size_t)PQntuples(result);
  struct known_event *known = calloc(*count + 1, sizeof *known);
  NAV_ASSERT(known != NULL);
  for (size_t i = 0; i < *count; i++) {
    int row = (int)i;
    memcpy(known[i].event_id, PQgetvalue(result, row, 0), 16);
    known[i].agency = nav_get_u32((const uint8_t *)PQgetvalue(result, row, 1));
    known[i].revision = nav_get_u32((const uint8_t *)PQgetvalue(result, row, 2));
    memcpy(known[i].digest, PQgetvalue(result, row, 3), 32);
    known[i].seq = nav_get_u64((const uint8_t *)PQgetvalue(result, row, 4));
    known[i].verdict = nav_get_u32((const uint8_t *)PQgetvalue(result, row, 5));
  }
  qsort(known, *count, sizeof *known, by_event_id);
  return known;
}

static void put_back(struct core *core, struct publication *list) {
  struct publication *last = list;
  while (last->next != NULL) last = last->next;
  last->next = core->first_publication;
  core->first_publication = list;
  if (core->last_publication == NULL) core->last_publication = last;
}

static void stage_all(struct core *core, struct publication *list, const struct intake_known *known) {
  while (list != NULL) {
    struct publication *publication = list;
    list = publication->next;
    core->publications_count--;
    core->publication_events -= publication->count;
    quarantine_note(core->quarantine, publication->digest);
    intake_stage(core, publication, known);
    quarantine_clear(core->quarantine);
    sessions_give_arena(core->sessions, publication->arena);
  }
}

static void looked_up(void *context, const PGresult *result) {
  struct core *core = context;
  struct publication *list = core->asked_publications;
  core->asked_publications = NULL;
  if (result == NULL) {
    put_back(core, list);
    return;
  }
  struct intake_known known = {0};
  struct known_event *rows = known_rows(result, &known.count);
  known.rows = rows;
  stage_all(core, list, &known);
  free(rows);
}

// The ids that one event names: its own, that of what it answers, and those that it recalls.
typedef void each_id(void *context, const ProtobufCBinaryData *id);

static void each_id_of_event(const Nav__V1__Event *event, each_id *each, void *context) {
  each(context, &event->id);
  if (event->has_in_reply_to) each(context, &event->in_reply_to);
  if (event->body_case != NAV__V1__EVENT__BODY_RECALL) return;
  for (size_t i = 0; i < event->recall->n_event_ids; i++) each(context, &event->recall->event_ids[i]);
}

static void each_id_of(const struct publication *publication, each_id *each, void *context) {
  for (size_t i = 0; i < publication->count; i++) {
    if (!publication->events[i].bad) each_id_of_event(publication->events[i].event, each, context);
  }
}

// Those that may be in the store; of the others it need not be asked.
struct asked_ids {
  const struct known *known;
  struct nav_buffer *array;  // NULL: only counted
  size_t count;
};

static void ask_for_id(void *context, const ProtobufCBinaryData *id) {
  struct asked_ids *ids = context;
  if (!known_may_have(ids->known, id->data)) return;
  ids->count++;
  if (ids->array == NULL) return;
  uint8_t element[4 + 16];
  nav_put_u32(element, 16);
  memcpy(element + 4, id->data, 16);
  NAV_ASSERT(nav_buffer_append(ids->array, element, sizeof element));
}

static size_t count_ids(const struct core *core, const struct publication *publication) {
  struct asked_ids ids = {.known = core->known};
  each_id_of(publication, ask_for_id, &ids);
  return ids.count;
}

// A bytea[] in binary: dimensions, has-null flag, element type, length, lower bound, then the elements.
static void append_ids(const struct core *core, struct nav_buffer *out, const struct publication *list,
                       size_t total) {
  enum { BYTEA_OID = 17 };
  uint8_t head[20];
  nav_put_u32(head, 1);
  nav_put_u32(head + 4, 0);
  nav_put_u32(head + 8, BYTEA_OID);
  nav_put_u32(head + 12, (uint32_t)total);
  nav_put_u32(head + 16, 1);
  NAV_ASSERT(nav_buffer_append(out, head, sizeof head));
  struct asked_ids ids = {.known = core->known, .array = out};
  for (; list != NULL; list = list->next) each_id_of(list, ask_for_id, &ids);
  NAV_ASSERT(ids.count == total);
}

// Cuts as many publications off the queue as the staging batch and one query take; while the reader is busy,
// those before the first of which the store must be asked. *ids: how many it is asked for.
static struct publication *cut_queue(struct core *core, size_t *ids) {
  size_t room = BATCH_EVENTS_MAX - core->staging->entries_count;
  bool may_ask = reader_is_idle(core->reader);
  struct publication *list = core->first_publication;
  struct publication *last = NULL;
  size_t events = 0;
  *ids = 0;
  for (struct publication *p = list; p != NULL && events + p->count <= room; p = p->next) {
    size_t more = count_ids(core, p);
    if (more > 0 && (!may_ask || (last != NULL && *ids + more > LOOKUP_IDS_MAX))) break;
    if (last != NULL && events + p->count > EVENTS_A_TURN) break;
    events += p->count;
    *ids += more;
    last = p;
  }
  if (last == NULL) return NULL;
  core->first_publication = last->next;
  if (core->first_publication == NULL) core->last_publication = NULL;
  last->next = NULL;
  return list;
}

static void ask_store(struct core *core, struct publication *list, size_t count) {
  core->asked_publications = list;
  struct nav_buffer ids;
  nav_buffer_init(&ids, 20 + count * 20);
  append_ids(core, &ids, list, count);
  const Oid types[] = {1001};  // bytea[]
  const char *values[] = {(const char *)ids.data};
  const int lengths[] = {(int)ids.length};
  static const char sql[] =
      "SELECT event_id, agency, revision, digest, seq, verdict FROM nav.event_view WHERE event_id = ANY($1)";
  reader_ask_often(core->reader, sql, 1, types, values, lengths, looked_up, core);
  nav_buffer_free(&ids);
}

void intake_step(struct core *core) {
  if (core->first_publication == NULL || core->asked_publications != NULL || !standby_may_deliver(core) ||
      !batch_has_room(core->staging)) {
    return;
  }
  size_t count = 0;
  struct publication *list = cut_queue(core, &count);
  if (list == NULL) return;
  if (count == 0) {
    stage_all(core, list, &(struct intake_known){0});
  } else {
    ask_store(core, list, count);
  }
}

void intake_free(struct core *core) {
  if (core->asked_publications != NULL) put_back(core, core->asked_publications);
  for (struct publication *p = core->first_publication; p != NULL;) {
    struct publication *next = p->next;
    nav_arena_free(p->arena);
    p = next;
  }
}

// ---- rejections ----

enum { MS_A_MINUTE = 60000 };

void intake_reject(struct core *core, const char *agency, const struct nav_error *err,
                   const uint8_t *event_id, const uint8_t *digest) {
  struct agency_count *count = core_count(core, numbers_agency(core->numbers, agency));
  int64_t minute = core->now_ms / MS_A_MINUTE;
  if (count->rejections_minute != minute) {
    count->rejections_minute = minute;
    count->rejections_in_minute = 0;
  }
  if (count->rejections_in_minute >= core->nav->rejections_a_minute_max || !batch_has_room(core->staging)) {
    count->rejections_more++;
    return;
  }
  count->rejections_in_minute++;
  char text[NAV_ERROR_PLACE_SIZE + NAV_ERROR_TEXT_SIZE];
  nav_log(NAV_LOG_INFO, "refused from %s: %s", agency[0] == '\0' ? "an unknown client" : agency,
          nav_error_string(err, text, sizeof text));
  Nav__V1__Rejected rejected = NAV__V1__REJECTED__INIT;
  rejected.agency = (char *)(uintptr_t)agency;
  rejected.has_code = true;
  rejected.code = (Nav__V1__Code)err->code;
  rejected.field = (char *)(uintptr_t)err->place;
  rejected.reason = (char *)(uintptr_t)err->text;
  if (event_id != NULL) {
    rejected.has_event_id = true;
    rejected.event_id = (ProtobufCBinaryData){16, (uint8_t *)(uintptr_t)event_id};
  }
  if (digest != NULL) {
    rejected.has_digest = true;
    rejected.digest = (ProtobufCBinaryData){NAV_SHA256_SIZE, (uint8_t *)(uintptr_t)digest};
  }
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_REJECTED;
  record.rejected = &rejected;
  (void)batch_stage(core->staging, &record, core->now_ms);
}

void intake_flush_rejections(struct core *core) {
  int64_t minute = core->now_ms / MS_A_MINUTE;
  for (uint32_t i = 0; i < core->numbers->agencies_end; i++) {
    struct agency_count *count = core->counts[i];
    if (count == NULL || count->rejections_more == 0 || count->rejections_minute == minute) continue;
    if (!batch_has_room(core->staging)) return;
    Nav__V1__RejectedMore more = NAV__V1__REJECTED_MORE__INIT;
    more.agency = i == 0 ? (char *)(uintptr_t) "" : core->numbers->agencies[i];
    more.has_count = true;
    more.count = count->rejections_more;
    Nav__V1__Record record = NAV__V1__RECORD__INIT;
    record.record_case = NAV__V1__RECORD__RECORD_REJECTED_MORE;
    record.rejected_more = &more;
    (void)batch_stage(core->staging, &record, core->now_ms);
    count->rejections_more = 0;
  }
}
