// See retention.h. The order of a run; retention_ask.c has its queries.
#include "hub/core/retention.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/log.h"
#include "hub/core/holds.h"
#include "hub/core/retention_private.h"
#include "hub/wire/control.h"

enum { CLOSED_A_TURN = 512 };

void retention_free(struct core *core) {
  struct retention *run = core->retention;
  if (run == NULL) return;
  json_decref(run->items);
  free(run->held);
  free(run->places);
  free(run);
  core->retention = NULL;
}

// Takes answer.
static void finish(struct core *core, json_t *answer) {
  core_answer(core, core->retention->connection, answer);
  retention_free(core);
}

static void refuse(struct core *core, const struct nav_error *err) {
  nav_log_failure(NAV_LOG_ERROR, "retention was not finished", err);
  finish(core, control_error(err));
}

static void finish_well(struct core *core) {
  struct retention *run = core->retention;
  if (!run->dry)
    nav_log(NAV_LOG_INFO,
            "retention: %zu buckets with %" PRIu64 " events erased, %zu partitions dropped, %zu left",
            json_array_size(run->items), run->all_events, run->parts_dropped, run->parts_left);
  finish(core, json_pack("{s:b, s:O, s:I, s:I, s:I, s:I, s:I, s:b}", "ok", 1, "buckets", run->items, "events",
                         (json_int_t)run->all_events, "erased_before", (json_int_t)run->all_erased_before,
                         "parts", (json_int_t)run->parts_dropped, "parts_left", (json_int_t)run->parts_left,
                         "keys_left", (json_int_t)(run->dry ? 0 : erasures_keys_left(core->erasures)), "more",
                         run->more ? 1 : 0));
}

// ---- a bucket ----

// Who had not had how much of the bucket.
static json_t *lanes_json(const struct core *core) {
  json_t *list = json_array();
  for (uint32_t i = 1; i < core->numbers->lanes_end; i++) {
    const struct number_lane *lane = &core->numbers->lanes[i];
    if (core->retention->undelivered[i] == 0) continue;
    (void)json_array_append_new(
        list, json_pack("{s:s, s:s, s:I}", "agency", lane->agency, "purpose", lane->purpose, "events",
                        (json_int_t)core->retention->undelivered[i]));
  }
  return list;
}

static void add_item(struct core *core) {
  struct retention *run = core->retention;
  const struct bucket_place *place = &run->places[run->at];
  uint64_t undelivered = 0;
  int year = 0;
  int month = 0;
  int day = 0;
  char date[48];
  for (uint32_t i = 1; i < core->numbers->lanes_end; i++) undelivered += run->undelivered[i];
  nav_date_from_days(place->day, &year, &month, &day);
  (void)snprintf(date, sizeof date, "%04d-%02d-%02d", year, month, day);
  (void)json_array_append_new(
      run->items,
      json_pack("{s:I, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:I, s:I}", "class",
                (json_int_t)place->retention_class, "days",
                (json_int_t)bucket_class_days(place->retention_class), "day", date, "events",
                (json_int_t)run->events, "erased_before", (json_int_t)run->erased_before, "first_seq",
                (json_int_t)run->first_seq, "last_seq", (json_int_t)run->last_seq, "undelivered",
                (json_int_t)undelivered, "lanes", lanes_json(core), "holds_closed", (json_int_t)run->closed,
                "holds_kept", (json_int_t)run->kept, "seq", (json_int_t)run->record_seq));
  run->all_events += run->events;
  run->all_erased_before += run->erased_before;
}

static void next_bucket(struct retention *run) {
  run->at++;
  run->events = run->first_seq = run->last_seq = run->record_seq = run->erased_before = 0;
  memset(run->undelivered, 0, sizeof run->undelivered);
  run->held_count = run->held_at = run->closed = run->kept = 0;
  run->phase = RETENTION_BOUNDS;
}

static void begin_bucket(struct core *core) {
  struct retention *run = core->retention;
  if (run->at == run->places_count) {
    run->staged_seq = core->sequence.last_seq;
    run->phase = RETENTION_COMMIT;
    return;
  }
  const struct bucket_place *place = &run->places[run->at];
  if (!buckets_is_erased(core->buckets, place->retention_class, place->day)) {
    retention_ask_bounds(core);
  } else if (run->dry) {
    next_bucket(run);
  } else if (erasures_have_room(core->erasures)) {
    erasures_again(core, place);
    next_bucket(run);
  }
}

static void stage(struct core *core) {
  struct retention *run = core->retention;
  struct nav_error err;
  if (run->dry) {
    add_item(core);
    next_bucket(run);
    return;
  }
  if (!batch_has_room(core->staging) || !erasures_have_room(core->erasures)) return;
  const struct erasure erasure = {.place = run->places[run->at],
                                  .events = run->events,
                                  .first_seq = run->first_seq,
                                  .last_seq = run->last_seq,
                                  .undelivered = run->undelivered,
                                  .person = run->person,
                                  .agency = run->agency,
                                  .reason = run->reason};
  if (!erasures_stage(core, &erasure, &run->record_seq, &err)) {
    refuse(core, &err);
    return;
  }
  run->phase = RETENTION_HOLDS;
}

static void close_holds(struct core *core) {
  struct retention *run = core->retention;
  for (size_t i = 0; i < CLOSED_A_TURN && run->held_at < run->held_count; i++) {
    if (!batch_has_room(core->staging)) return;
    run->closed += holds_close_erased(core, run->held[run->held_at++], run->record_seq, &run->kept);
  }
  if (run->held_at < run->held_count) return;
  core->staging->urgent = true;
  add_item(core);
  next_bucket(run);
}

// ---- partitions ----

// Dropped only where each of its days with events is erased: days_came has listed the ones that were not.
static void drop(struct core *core) {
  struct retention *run = core->retention;
  if (run->more) run->parts_left += run->parts_count - run->part_at;
  if (run->part_at == run->parts_count || run->more) {
    finish_well(core);
    return;
  }
  retention_ask_drop(core);
}

static void wait_for_commit(struct core *core) {
  struct retention *run = core->retention;
  if (run->dry) {
    finish_well(core);
  } else if (!erasures_pending(core->erasures) && core->committed_seq >= run->staged_seq) {
    run->part_at = 0;
    run->tries = 0;
    run->phase = RETENTION_DROP;
  }
}

// ---- step by step ----

static void step(struct core *core) {
  struct retention *run = core->retention;
  bool asks = run->phase <= RETENTION_EVENTS || run->phase == RETENTION_DROP;
  if (asks && !reader_is_idle(core->reader)) return;
  switch (run->phase) {
    case RETENTION_PARTS:
      retention_ask_parts(core);
      return;
    case RETENTION_DAYS:
      if (run->part_at == run->parts_count) {
        run->phase = RETENTION_BOUNDS;
      } else {
        retention_ask_days(core);
      }
      return;
    case RETENTION_BOUNDS:
      begin_bucket(core);
      return;
    case RETENTION_EVENTS:
      retention_ask_events(core);
      return;
    case RETENTION_STAGE:
      stage(core);
      return;
    case RETENTION_HOLDS:
      close_holds(core);
      return;
    case RETENTION_COMMIT:
      wait_for_commit(core);
      return;
    case RETENTION_DROP:
      drop(core);
      return;
  }
}

void retention_step(struct core *core) {
  struct retention *run = core->retention;
  if (run == NULL || run->asked || core->database_lost) return;
  if (run->tries < TRIES_MAX) {
    step(core);
    return;
  }
  struct nav_error err;
  (void)nav_fail(
      &err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, "database",
      "%d queries failed (is `navctl db upgrade` done?); what is recorded as erased is erased, run it again",
      TRIES_MAX);
  refuse(core, &err);
}

static struct retention *begin(struct control_request *request, struct nav_error *err) {
  struct core *core = request->core;
  if (core->retention != NULL) {
    (void)nav_fail(err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, "",
                   "retention is under way already; try again when that is done");
    return NULL;
  }
  struct retention *run = calloc(1, sizeof *run);
  if (run != NULL) {
    run->places = calloc(RETENTION_BUCKETS_MAX, sizeof *run->places);
    run->items = json_array();
    core->retention = run;
  }
  if (run == NULL || run->places == NULL || run->items == NULL) {
    retention_free(core);
    (void)nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
    return NULL;
  }
  run->today = nav_day_stockholm(core->now_ms);
  if (!buckets_due(core->buckets, run->today, run->places, RETENTION_BUCKETS_MAX, &run->places_count, err)) {
    retention_free(core);
    return NULL;
  }
  run->more = run->places_count == RETENTION_BUCKETS_MAX;
  run->connection = request->connection;
  // Copies: the person may be gone from the agencies by the time this is done.
  (void)snprintf(run->person, sizeof run->person, "%s", request->person->id);
  (void)snprintf(run->agency, sizeof run->agency, "%s", request->person->agency);
  return run;
}

json_t *retention_preview(struct control_request *request, struct nav_error *err) {
  struct retention *run = begin(request, err);
  if (run != NULL) run->dry = true;
  return NULL;
}

json_t *retention_run(struct control_request *request, struct nav_error *err) {
  const char *reason = json_string_value(json_object_get(request->json, "reason"));
  if (reason != NULL && strlen(reason) > RETENTION_REASON_MAX) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_LARGE, "reason", "at most %d bytes",
                   RETENTION_REASON_MAX);
    return NULL;
  }
  struct retention *run = begin(request, err);
  if (run != NULL && reason != NULL) (void)snprintf(run->reason, sizeof run->reason, "%s", reason);
  return NULL;
}
