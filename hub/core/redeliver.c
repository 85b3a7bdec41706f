// See redeliver.h.
#include "hub/core/redeliver.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/log.h"
#include "hub/core/control_commands.h"
#include "hub/core/reasons.h"
#include "hub/core/recalls.h"
#include "hub/core/stored.h"
#include "hub/ledger/record.h"
#include "hub/wire/control.h"

enum { RECORD_ARENA_MAX = 8 * 1024 * 1024, REASON_MAX = 2000 };

// One at a time.
struct redelivery {
  bool asked;
  uint32_t lane;
  uint64_t position, connection;
  char *person, *agency, *reason;
};

static void clear(struct core *core) {
  struct redelivery *redelivery = core->redelivery;
  core->redelivery = NULL;
  if (redelivery == NULL) return;
  free(redelivery->person);
  free(redelivery->agency);
  free(redelivery->reason);
  free(redelivery);
}

void redeliver_free(struct core *core) { clear(core); }

static void refuse(struct core *core, const struct nav_error *err) {
  core_answer(core, core->redelivery->connection, control_error(err));
  clear(core);
}

// ---- what stood at the position ----

// The row of the causing record, with the event that it gave the lane.
struct cause {
  const Nav__V1__Record *record;
  uint32_t verdict;
  struct stored_event event;
  const uint8_t *sealed;  // NULL: none, or erased
  size_t sealed_length;
};

static bool read_cause(const PGresult *result, struct nav_arena *arena, struct cause *cause,
                       struct nav_error *err) {
  if (PQntuples(result) != 1)
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "ledger", "the record set aside is not there: run audit verify");
  *cause = (struct cause){.event = {0},
                          .record = record_stored(arena, (const uint8_t *)PQgetvalue(result, 0, 0),
                                                  (size_t)PQgetlength(result, 0, 0), err)};
  if (cause->record == NULL) return false;
  if (PQgetisnull(result, 0, 1)) return true;
  cause->event.seq = nav_get_u64((const uint8_t *)PQgetvalue(result, 0, 1));
  cause->verdict = nav_get_u32((const uint8_t *)PQgetvalue(result, 0, 2));
  cause->event.retention_class = nav_get_u16((const uint8_t *)PQgetvalue(result, 0, 3));
  cause->event.bucket_day = nav_get_u32((const uint8_t *)PQgetvalue(result, 0, 4));
  if (PQgetisnull(result, 0, 5)) return true;
  cause->sealed = (const uint8_t *)PQgetvalue(result, 0, 5);
  cause->sealed_length = (size_t)PQgetlength(result, 0, 5);
  return true;
}

// What it gave this lane: a Recall, or an event by the verdict that counted. False: nothing.
static bool describe(const struct core *core, const struct cause *cause, uint32_t lane,
                     Nav__V1__Redelivered *out) {
  const Nav__V1__Record *record = cause->record;
  NAV_ASSERT(record != NULL);
  out->event_seq = cause->event.seq;
  switch (record->record_case) {
    case NAV__V1__RECORD__RECORD_ACCEPTED:
      out->released =
          (Nav__V1__LaneVerdict *)(uintptr_t)verdict_lane(verdicts_get(core->verdicts, cause->verdict), lane);
      break;
    case NAV__V1__RECORD__RECORD_HOLD_RELEASED:
      out->released = record->hold_released->lane;
      out->assessed = true;
      break;
    case NAV__V1__RECORD__RECORD_RECALLED:
      out->recalled = record->recalled;
      out->event_seq = record->recalled->recall_seq;
      break;
    case NAV__V1__RECORD__RECORD_REDELIVERED:
      out->released = record->redelivered->released;
      out->assessed = record->redelivered->assessed;
      out->recalled = record->redelivered->recalled;
      out->event_seq = record->redelivered->event_seq;
      break;
    default:
      break;
  }
  out->has_assessed = out->assessed;
  bool of_lane = out->released != NULL && out->released->lane == lane &&
                 out->released->outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE;
  return out->recalled != NULL || of_lane;
}

// Opens what is to be delivered. *nothing: why there is nothing left of it; NULL: there is. False: *err.
static bool open_content(struct core *core, struct cause *cause, const Nav__V1__Redelivered *redelivered,
                         const char **nothing, struct nav_error *err) {
  *nothing = NULL;
  if (redelivered->recalled != NULL) return true;
  if (recalls_has(core->recalls, redelivered->event_seq)) {
    *nothing = "its sender has taken it back, which the lane was told";
    return true;
  }
  bool opened =
      cause->sealed != NULL && stored_open(core, &cause->event, cause->sealed, cause->sealed_length, err);
  bool erased = cause->sealed == NULL || (!opened && err->code == NAV__V1__CODE__CODE_NOT_FOUND);
  if (erased) *nothing = "its content is no longer kept";
  return opened || erased;
}

// ---- staging ----

static bool stage_record(struct core *core, Nav__V1__Redelivered *redelivered, uint64_t *seq,
                         struct nav_error *err) {
  const struct redelivery *by = core->redelivery;
  redelivered->has_lane = redelivered->has_position = true;
  redelivered->lane = by->lane;
  redelivered->position = by->position;
  redelivered->person = by->person;
  redelivered->agency = by->agency;
  redelivered->reason = by->reason;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_REDELIVERED;
  record.redelivered = redelivered;
  return reasons_stage(core, &record, seq, err);
}

static bool stage(struct core *core, Nav__V1__Redelivered *redelivered, const struct cause *cause,
                  struct nav_error *err) {
  const struct redelivery *by = core->redelivery;
  uint64_t seq = 0;
  redelivered->has_event_seq = true;
  if (!stage_record(core, redelivered, &seq, err)) return false;
  const struct nav_buffer *bytes = batch_last_record(core->staging);
  bool recall = redelivered->recalled != NULL;
  struct head_entry *entry =
      head_entry_of_record(seq, bytes->data, bytes->length, recall ? 0 : cause->event.bucket_day,
                           recall ? NULL : cause->event.bytes, recall ? 0 : cause->event.length);
  NAV_ASSERT(entry != NULL);
  batch_stage_entry(core->staging, entry);
  nacks_take_back(core->lanes[by->lane], by->position);
  due_give(core->lanes[by->lane], 1);
  core_answer_durable(core, by->connection,
                      json_pack("{s:b, s:I, s:b}", "ok", 1, "seq", (json_int_t)seq, "delivered", 1));
  nav_log(NAV_LOG_INFO, "%s has position %" PRIu64 " of lane %" PRIu32 " delivered again", by->person,
          by->position, by->lane);
  return true;
}

// It stands aside no more. What it was is withheld from the lane wherever it is looked at again.
static bool end(struct core *core, const char *nothing, struct nav_error *err) {
  const struct redelivery *by = core->redelivery;
  Nav__V1__Redelivered ended = NAV__V1__REDELIVERED__INIT;
  uint64_t seq = 0;
  if (!stage_record(core, &ended, &seq, err)) return false;
  nacks_take_back(core->lanes[by->lane], by->position);
  core_answer_durable(
      core, by->connection,
      json_pack("{s:b, s:I, s:b, s:s}", "ok", 1, "seq", (json_int_t)seq, "delivered", 0, "nothing", nothing));
  return true;
}

static bool redeliver(struct core *core, const PGresult *result, struct nav_arena *arena,
                      struct nav_error *err) {
  struct cause cause = {0};
  Nav__V1__Redelivered redelivered = NAV__V1__REDELIVERED__INIT;
  if (!read_cause(result, arena, &cause, err)) return false;
  if (!describe(core, &cause, core->redelivery->lane, &redelivered))
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "ledger", "position %" PRIu64 " gave this lane nothing",
                    core->redelivery->position);
  const char *nothing = NULL;
  if (!open_content(core, &cause, &redelivered, &nothing, err)) return false;
  return nothing != NULL ? end(core, nothing, err) : stage(core, &redelivered, &cause, err);
}

static void cause_came(void *context, const PGresult *result) {
  struct core *core = context;
  struct nav_error err = {0};
  if (core->redelivery == NULL) return;
  core->redelivery->asked = false;
  if (result == NULL || core->database_lost || !batch_has_room(core->staging)) return;  // once more, later
  struct nav_arena *arena = nav_arena_new(RECORD_ARENA_MAX);
  NAV_ASSERT(arena != NULL);
  if (redeliver(core, result, arena, &err)) {
    clear(core);
  } else {
    refuse(core, &err);
  }
  nav_arena_free(arena);
}

void redeliver_step(struct core *core) {
  struct redelivery *redelivery = core->redelivery;
  if (redelivery == NULL || redelivery->asked || core->database_lost || !reader_is_idle(core->reader)) return;
  uint8_t position[8];
  nav_put_u64(position, redelivery->position);
  const Oid types[] = {20};
  const char *values[] = {(const char *)position};
  const int lengths[] = {8};
  redelivery->asked = true;
  reader_ask(core->reader,
             "SELECT l.record, e.seq, e.verdict, e.bucket_class, e.bucket_day, c.sealed FROM nav.ledger l "
             "LEFT JOIN nav.event_view e ON e.seq = CASE WHEN l.kind = 21 THEN l.seq ELSE l.about END "
             "LEFT JOIN nav.content c ON c.seq = e.seq WHERE l.seq = $1",
             1, types, values, lengths, cause_came, core);
}

// ---- the command ----

uint32_t lane_of_request(const struct control_request *request, const char **reason, struct nav_error *err) {
  const struct core *core = request->core;
  const char *agency = json_string_value(json_object_get(request->json, "agency"));
  const char *purpose = json_string_value(json_object_get(request->json, "purpose"));
  *reason = json_string_value(json_object_get(request->json, "reason"));
  uint32_t number = agency == NULL || purpose == NULL ? 0 : numbers_lane(core->numbers, agency, purpose);
  if (number == 0 || core->lanes[number] == NULL) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "lane",
                   "no such lane: navctl status shows each recipient's purposes");
    return 0;
  }
  if (*reason != NULL && (*reason)[0] != '\0' && strlen(*reason) <= REASON_MAX) return number;
  (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_MISSING_FIELD, "reason",
                 "say why, in at most %d bytes: it is recorded", REASON_MAX);
  return 0;
}

static bool keep(struct core *core, const struct control_request *request, uint32_t lane, uint64_t position,
                 const char *reason) {
  struct redelivery *redelivery = calloc(1, sizeof *redelivery);
  if (redelivery == NULL) return false;
  core->redelivery = redelivery;
  redelivery->lane = lane;
  redelivery->position = position;
  redelivery->connection = request->connection;
  redelivery->person = strdup(request->person->id);
  redelivery->agency = strdup(request->person->agency);
  redelivery->reason = strdup(reason);
  return redelivery->person != NULL && redelivery->agency != NULL && redelivery->reason != NULL;
}

json_t *redeliver_command(struct control_request *request, struct nav_error *err) {
  struct core *core = request->core;
  const char *reason = NULL;
  uint32_t number = lane_of_request(request, &reason, err);
  if (number == 0) return NULL;
  uint64_t position = (uint64_t)json_integer_value(json_object_get(request->json, "position"));
  const struct nack_aside *aside = nacks_find(core->lanes[number], position);
  if (aside == NULL || aside->record_seq > core->committed_seq) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "position",
                   "nothing is set aside at position %" PRIu64 " of that lane; see navctl lane list",
                   position);
    return NULL;
  }
  if (core->redelivery != NULL) {
    (void)nav_fail(err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, "",
                   "another redelivery is on its way: try again soon");
    return NULL;
  }
  if (keep(core, request, number, position, reason)) return NULL;
  clear(core);
  (void)nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
  return NULL;
}
