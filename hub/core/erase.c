// See erase.h. The order of a run.
#include "hub/core/erase.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/id.h"
#include "hub/base/log.h"
#include "hub/core/erase_private.h"
#include "hub/core/holds.h"
#include "hub/core/reasons.h"
#include "hub/wire/control.h"

enum { BUCKETS_A_TURN = 4 };

void erase_free(struct core *core) {
  if (core->erase == NULL) return;
  sodium_memzero(core->erase->token, sizeof core->erase->token);
  free(core->erase);
  core->erase = NULL;
}

// Takes answer.
static void finish(struct core *core, json_t *answer) {
  core_answer(core, core->erase->connection, answer);
  erase_free(core);
}

static void refuse(struct core *core, const struct nav_error *err) {
  nav_log_failure(NAV_LOG_WARNING, "an order to erase was not carried out", err);
  finish(core, control_error(err));
}

// ---- room in the key files ----

static bool is_erased_by(const struct erase_event *event) { return event->against == NULL; }

static bool is_same_bucket(const struct erase_event *a, const struct erase_event *b) {
  return a->place.retention_class == b->place.retention_class && a->place.day == b->place.day;
}

// Whether the event is the first of its bucket.
static bool begins_bucket(const struct erase *run, size_t at) {
  for (size_t i = 0; i < at; i++)
    if (is_same_bucket(&run->events[i], &run->events[at])) return false;
  return true;
}

static bool bucket_has_room(struct core *core, size_t at, struct nav_error *err) {
  static uint64_t seqs[ERASURES_EVENTS_MAX];  // one thread
  const struct erase *run = core->erase;
  size_t count = 0;
  for (size_t i = at; i < run->count; i++)
    if (is_same_bucket(&run->events[i], &run->events[at]) && is_erased_by(&run->events[i]))
      seqs[count++] = run->events[i].seq;
  return buckets_can_cut(core->buckets, &run->events[at].place, seqs, count, err);
}

static void look_for_room(struct core *core) {
  struct erase *run = core->erase;
  struct nav_error err;
  if (run->room_at == 0) erase_judge(core);
  for (int looked = 0; looked < BUCKETS_A_TURN && run->room_at < run->count; run->room_at++) {
    if (!begins_bucket(run, run->room_at)) continue;
    looked++;
    if (bucket_has_room(core, run->room_at, &err)) continue;
    refuse(core, &err);
    return;
  }
  if (run->room_at == run->count) run->phase = ERASE_STAGE;
}

// ---- the record ----

// What of the order is the agency's.
struct share {
  Nav__V1__ErasedEvent events[ERASURES_EVENTS_MAX];
  Nav__V1__ErasedEvent *pointers[ERASURES_EVENTS_MAX];
  size_t count;
  uint32_t undelivered[ERASE_LANES_MAX];
  size_t undelivered_count;
};

static void add_to_share(struct share *share, const struct erase_event *event) {
  Nav__V1__ErasedEvent *out = &share->events[share->count];
  *out = (Nav__V1__ErasedEvent)NAV__V1__ERASED_EVENT__INIT;
  out->has_event_seq = out->has_event_id = out->has_revision = true;
  out->has_retention_class = out->has_bucket_day = true;
  out->event_seq = event->seq;
  out->event_id = (ProtobufCBinaryData){sizeof event->event_id, (uint8_t *)(uintptr_t)event->event_id};
  out->revision = event->revision;
  out->retention_class = event->place.retention_class;
  out->bucket_day = event->place.day;
  out->undelivered = share->undelivered + share->undelivered_count;
  for (size_t i = 0; i < event->lanes_count; i++)
    if (event->lanes[i].state == ERASE_LANE_MISSED)
      out->undelivered[out->n_undelivered++] = event->lanes[i].lane;
  share->undelivered_count += out->n_undelivered;
  share->pointers[share->count++] = out;
}

// One record for the events of the agency. False: *err.
static bool stage_share(struct core *core, uint32_t agency, struct nav_error *err) {
  static struct share share;  // one thread; too large for the stack
  struct erase *run = core->erase;
  uint64_t seq = 0;
  share.count = share.undelivered_count = 0;
  for (size_t i = 0; i < run->count; i++)
    if (run->events[i].agency == agency && is_erased_by(&run->events[i]))
      add_to_share(&share, &run->events[i]);
  if (share.count == 0) return true;
  const struct events_erasure order = {.source = core->numbers->agencies[agency],
                                       .events = share.pointers,
                                       .count = share.count,
                                       .basis = run->basis,
                                       .person = run->person,
                                       .agency = run->agency,
                                       .reason = run->reason};
  if (!erasures_stage_events(core, &order, &seq, err)) return false;
  for (size_t i = 0; i < run->count; i++)
    if (run->events[i].agency == agency && is_erased_by(&run->events[i])) run->events[i].record_seq = seq;
  return true;
}

// What waited of an event goes with it, in the same transaction.
static void close_event(struct core *core, const struct erase_event *event) {
  size_t kept = 0;
  (void)holds_close_erased(core, event->seq, event->record_seq, &kept);
  if (event->type == NAV__V1__EVENT__BODY_REQUEST)
    registers_forget_request(core->registers, event->agency, event->event_id, event->seq);
}

static bool stage_all(struct core *core, struct nav_error *err) {
  const struct erase *run = core->erase;
  bool ok = true;
  for (uint32_t agency = 1; ok && agency < core->numbers->agencies_end; agency++)
    ok = stage_share(core, agency, err);
  for (size_t i = 0; i < run->count; i++)
    if (run->events[i].record_seq != 0) close_event(core, &run->events[i]);
  core->staging->urgent = true;
  return ok;
}

static bool any_is_recorded(const struct erase *run) {
  for (size_t i = 0; i < run->count; i++)
    if (run->events[i].record_seq != 0) return true;
  return false;
}

// What is recorded already is erased, whatever failed after it: the rest is kept, and the answer tells which.
static void keep_the_rest(struct erase *run, const struct nav_error *err) {
  char text[NAV_ERROR_PLACE_SIZE + NAV_ERROR_TEXT_SIZE];
  (void)snprintf(run->failed, sizeof run->failed,
                 "failed: no record of it could be made (%.400s); give the order again",
                 nav_error_string(err, text, sizeof text));
  for (size_t i = 0; i < run->count; i++)
    if (is_erased_by(&run->events[i]) && run->events[i].record_seq == 0) run->events[i].against = run->failed;
  nav_log_failure(NAV_LOG_WARNING, "an order to erase was carried out in part", err);
}

static void stage(struct core *core) {
  struct erase *run = core->erase;
  struct nav_error err;
  bool room = batch_has_room(core->staging) && erasures_have_room_for(core->erasures, run->count);
  if (!run->dry && !room) return;
  erase_judge(core);
  if (!run->dry && !stage_all(core, &err)) {
    if (!any_is_recorded(run)) {
      refuse(core, &err);
      return;
    }
    keep_the_rest(run, &err);
  }
  if (!run->dry) run->staged_seq = core->sequence.last_seq;
  run->phase = ERASE_COMMIT;
}

static void wait_for_commit(struct core *core) {
  const struct erase *run = core->erase;
  if (core->committed_seq < run->staged_seq || (!run->dry && erasures_pending(core->erasures))) return;
  if (!run->dry)
    nav_log(NAV_LOG_INFO, "%s had events erased: records up to %" PRIu64, run->person, run->staged_seq);
  finish(core, erase_answer(core));
}

// ---- step by step ----

static bool names_are_found(struct core *core) {
  const struct erase *run = core->erase;
  char id[2 * sizeof run->names[0].event_id + 1];
  struct nav_error err;
  for (size_t i = 0; i < run->names_count && !run->more; i++) {
    const struct erase_name *name = &run->names[i];
    if (name->found) continue;
    (void)nav_fail(&err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "event",
                   "no event %s/%s: nothing was erased", core->numbers->agencies[name->agency],
                   nav_hex(id, name->event_id, sizeof name->event_id));
    refuse(core, &err);
    return false;
  }
  return true;
}

void erase_step(struct core *core) {
  const struct erase *run = core->erase;
  if (run == NULL || run->asked || core->database_lost) return;
  if (run->tries == ERASE_TRIES_MAX) {
    struct nav_error err;
    (void)nav_fail(&err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, "database",
                   "%d queries failed (is `navctl db upgrade` done?); nothing was erased", ERASE_TRIES_MAX);
    refuse(core, &err);
    return;
  }
  switch (run->phase) {
    case ERASE_FIND:
      if (reader_is_idle(core->reader)) erase_ask(core);
      return;
    case ERASE_ROOM:
      if (run->room_at > 0 || names_are_found(core)) look_for_room(core);
      return;
    case ERASE_STAGE:
      stage(core);
      return;
    case ERASE_COMMIT:
      wait_for_commit(core);
      return;
  }
}

// ---- the command ----

// A question about a person stands in the ledger before it is answered, also where nothing is erased.
static bool stage_question(struct core *core, struct nav_error *err) {
  struct erase *run = core->erase;
  char hex[2 * PERSON_TOKEN_SIZE + 1];
  char query[128];
  (void)snprintf(query, sizeof query, "retention erase person %s%s",
                 nav_hex(hex, run->token, sizeof run->token), run->dry ? " dry-run" : "");
  Nav__V1__AuditRead read = NAV__V1__AUDIT_READ__INIT;
  read.person = run->person;
  read.agency = run->agency;
  read.query = query;
  read.reason = run->reason;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_AUDIT_READ;
  record.audit_read = &read;
  core->staging->urgent = true;
  return reasons_stage(core, &record, &run->staged_seq, err);
}

static bool fail_field(struct nav_error *err, int code, const char *field, const char *what) {
  return nav_fail(err, NAV_ERROR_PEER, code, field, "%s", what);
}

static bool read_text(const json_t *json, const char *key, char *out, size_t size, struct nav_error *err) {
  const char *text = json_string_value(json_object_get(json, key));
  if (text == NULL || text[0] == '\0')
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_MISSING_FIELD, key,
                    "is missing: it is recorded");
  if (strlen(text) >= size)
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_LARGE, key, "at most %zu bytes", size - 1);
  (void)snprintf(out, size, "%s", text);
  return true;
}

static bool read_name(const struct core *core, const json_t *json, struct erase_name *name,
                      struct nav_error *err) {
  const char *agency = json_string_value(json_object_get(json, "agency"));
  const char *id = json_string_value(json_object_get(json, "id"));
  name->agency = agency == NULL ? 0 : numbers_agency(core->numbers, agency);
  if (name->agency == 0)
    return fail_field(err, NAV__V1__CODE__CODE_NOT_FOUND, "event", "the ledger knows no such agency");
  if (id != NULL && nav_unhex(name->event_id, sizeof name->event_id, id)) return true;
  return fail_field(err, NAV__V1__CODE__CODE_BAD_VALUE, "event", "an event's id is 32 hexadecimal digits");
}

static bool read_names(const struct core *core, const json_t *events, struct erase *run,
                       struct nav_error *err) {
  size_t count = json_array_size(events);
  if (count == 0)
    return fail_field(err, NAV__V1__CODE__CODE_MISSING_FIELD, "events", "name the events, or the person");
  if (count > ERASE_NAMES_MAX)
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_MANY, "events", "at most %d at a time",
                    ERASE_NAMES_MAX);
  for (size_t i = 0; i < count; i++)
    if (!read_name(core, json_array_get(events, i), &run->names[run->names_count++], err)) return false;
  return true;
}

static bool read_person(const struct core *core, const json_t *number, struct erase *run,
                        struct nav_error *err) {
  run->by_person = true;
  if (json_is_string(number) &&
      persons_token(core->person_key, json_string_value(number), core->now_ms, run->token))
    return true;
  return fail_field(err, NAV__V1__CODE__CODE_BAD_VALUE, "number",
                    "is no personal, coordination or interim number; write YYYYMMDD-NNNN or YYMMDD-NNNN");
}

static bool read_request(const struct control_request *request, struct erase *run, struct nav_error *err) {
  const json_t *json = request->json;
  const json_t *number = json_object_get(json, "number");
  const json_t *events = json_object_get(json, "events");
  if (number != NULL && events != NULL)
    return fail_field(err, NAV__V1__CODE__CODE_BAD_VALUE, "events", "name either events or a person");
  run->dry = json_is_true(json_object_get(json, "dry"));
  run->connection = request->connection;
  // Copies: the person may be gone from the agencies by the time this is done.
  (void)snprintf(run->person, sizeof run->person, "%s", request->person->id);
  (void)snprintf(run->agency, sizeof run->agency, "%s", request->person->agency);
  return read_text(json, "basis", run->basis, sizeof run->basis, err) &&
         read_text(json, "reason", run->reason, sizeof run->reason, err) &&
         (number != NULL ? read_person(request->core, number, run, err)
                         : read_names(request->core, events, run, err));
}

json_t *erase_command(struct control_request *request, struct nav_error *err) {
  struct core *core = request->core;
  if (core->erase != NULL) {
    (void)nav_fail(err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, "",
                   "another order to erase is being carried out; try again when that is done");
    return NULL;
  }
  struct erase *run = calloc(1, sizeof *run);
  if (run == NULL) {
    (void)nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
    return NULL;
  }
  core->erase = run;
  bool ok = read_request(request, run, err);
  if (ok && !buckets_events_have_room(core->buckets, ERASURES_EVENTS_MAX))
    ok = nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_MANY, "",
                  "%d events are erased singly already, which is as many as may be: wait until the time of "
                  "their classes is up",
                  BUCKETS_EVENTS_MAX);
  if (ok && run->by_person) ok = stage_question(core, err);
  if (!ok) erase_free(core);
  return NULL;
}
