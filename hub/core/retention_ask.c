// The queries of a retention run, each bounded. See retention_private.h.
#include <stdlib.h>

#include "hub/base/clock.h"
#include "hub/base/log.h"
#include "hub/core/holds.h"
#include "hub/core/recalls.h"
#include "hub/core/retention_private.h"

// The events that were accepted on these days: those whose records' times say so stand between two numbers,
// those that are misdated in an index of their own. Two arms, since the reading connection goes by one index
// at a time; and a time's number is asked for once, not for each row.
#define OF_DAYS(first, last)                                                                         \
  "(SELECT seq, bucket_day, bucket_class FROM nav.event_view WHERE seq > (SELECT nav.last_before("   \
  "to_timestamp(" first " * 86400::bigint))) AND seq <= (SELECT nav.last_before(to_timestamp((" last \
  " + 1) * 86400::bigint))) AND NOT nav.misdated(at, bucket_day) UNION ALL "                         \
  "SELECT seq, bucket_day, bucket_class FROM nav.event_view WHERE nav.misdated(at, bucket_day) AND " \
  "bucket_day BETWEEN " first " AND " last ") AS e "

enum { EVENTS_A_PAGE = 4096, INT2 = 21, INT4 = 23, INT8 = 20 };

static uint64_t int8_at(const PGresult *result, int row, int column) {
  return nav_get_u64((const uint8_t *)PQgetvalue(result, row, column));
}

static uint32_t int4_at(const PGresult *result, int row, int column) {
  return nav_get_u32((const uint8_t *)PQgetvalue(result, row, column));
}

bool retention_part_days(uint32_t part, int64_t today, uint32_t *first_day, uint32_t *last_day) {
  int year = (int)(part / 100 % 10000);
  int month = (int)(part % 100);
  int64_t first = nav_days_from_date(year, month, 1);
  int64_t last = nav_days_from_date(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) - 1;
  if (first < 0 || last >= BUCKETS_DAYS_MAX) return false;
  *first_day = (uint32_t)first;
  *last_day = (uint32_t)last;
  return bucket_is_due(part / 1000000, (uint32_t)last, today);
}

// The answer to a query is for the run that asked; NULL: it is gone, or the query failed and is asked again.
static struct retention *answered(struct core *core, const PGresult *result) {
  struct retention *run = core->retention;
  if (run == NULL) return NULL;
  run->asked = false;
  if (result == NULL) run->tries++;
  return result == NULL ? NULL : run;
}

// ---- partitions ----

static void parts_came(void *context, const PGresult *result) {
  struct retention *run = answered(context, result);
  if (run == NULL) return;
  for (int i = 0; i < PQntuples(result); i++) {
    uint32_t part = int4_at(result, i, 0);
    uint32_t first = 0;
    uint32_t last = 0;
    if (retention_part_days(part, run->today, &first, &last)) run->parts[run->parts_count++] = part;
    run->databases_today = int4_at(result, i, 1);
  }
  run->phase = RETENTION_DAYS;
}

void retention_ask_parts(struct core *core) {
  static const char sql[] =
      "SELECT substr(c.relname::text, 9)::int, (now() AT TIME ZONE 'Europe/Stockholm')::date - "
      "DATE '1970-01-01' FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON "
      "c.oid = i.inhrelid WHERE i.inhparent = 'nav.content'::regclass ORDER BY 1 LIMIT 4096";
  _Static_assert(PARTS_MAX == 4096, "the query asks for as many as a run holds");
  core->retention->asked = true;
  reader_ask(core->reader, sql, 0, NULL, NULL, NULL, parts_came, core);
}

static bool is_listed(const struct retention *run, const struct bucket_place *place) {
  for (size_t i = 0; i < run->places_count; i++)
    if (run->places[i].day == place->day && run->places[i].retention_class == place->retention_class)
      return true;
  return false;
}

// A key file may be lost, or its events be from a restored copy: such a day is recorded as erased as well.
static void days_came(void *context, const PGresult *result) {
  struct core *core = context;
  struct retention *run = answered(core, result);
  if (run == NULL) return;
  for (int i = 0; i < PQntuples(result); i++) {
    const struct bucket_place place = {run->parts[run->part_at] / 1000000, int4_at(result, i, 0)};
    if (buckets_is_erased(core->buckets, place.retention_class, place.day) || is_listed(run, &place))
      continue;
    if (run->places_count == RETENTION_BUCKETS_MAX) {
      run->more = true;
      break;
    }
    run->places[run->places_count++] = place;
  }
  run->part_at++;
}

static void put_bucket(uint32_t retention_class, uint32_t day, uint8_t class_bytes[2], uint8_t day_bytes[4]) {
  nav_put_u16(class_bytes, (uint16_t)retention_class);
  nav_put_u32(day_bytes, day);
}

void retention_ask_days(struct core *core) {
  static const char sql[] =
      "SELECT DISTINCT bucket_day FROM " OF_DAYS("$2", "$3") "WHERE bucket_class = $1 ORDER BY 1 LIMIT 31";
  struct retention *run = core->retention;
  uint32_t first = 0;
  uint32_t last = 0;
  (void)retention_part_days(run->parts[run->part_at], run->today, &first, &last);
  uint8_t class[2];
  uint8_t from[4];
  uint8_t to[4];
  put_bucket(run->parts[run->part_at] / 1000000, first, class, from);
  nav_put_u32(to, last);
  const Oid types[] = {INT2, INT4, INT4};
  const char *values[] = {(const char *)class, (const char *)from, (const char *)to};
  const int lengths[] = {2, 4, 4};
  run->asked = true;
  reader_ask(core->reader, sql, 3, types, values, lengths, days_came, core);
}

// ---- a bucket ----

static void bounds_came(void *context, const PGresult *result) {
  struct retention *run = answered(context, result);
  if (run == NULL || PQntuples(result) != 1) return;
  run->events = int8_at(result, 0, 0);
  run->first_seq = run->events == 0 ? 0 : int8_at(result, 0, 1);
  run->last_seq = run->events == 0 ? 0 : int8_at(result, 0, 2);
  run->scanned_seq = run->first_seq == 0 ? 0 : run->first_seq - 1;
  run->phase = run->events == 0 ? RETENTION_STAGE : RETENTION_EVENTS;
}

void retention_ask_bounds(struct core *core) {
  static const char sql[] =
      "SELECT count(*), min(seq), max(seq) FROM " OF_DAYS("$2", "$2") "WHERE bucket_class = $1";
  struct retention *run = core->retention;
  uint8_t class[2];
  uint8_t day[4];
  put_bucket(run->places[run->at].retention_class, run->places[run->at].day, class, day);
  const Oid types[] = {INT2, INT4};
  const char *values[] = {(const char *)class, (const char *)day};
  const int lengths[] = {2, 4};
  run->asked = true;
  reader_ask(core->reader, sql, 2, types, values, lengths, bounds_came, core);
}

static void count_undelivered(struct core *core, uint64_t seq, uint32_t verdict_number) {
  const struct verdict *verdict = verdicts_get(core->verdicts, verdict_number);
  // Its lanes were told of that.
  if (recalls_has(core->recalls, seq) || buckets_event_is_erased(core->buckets, seq)) return;
  for (size_t i = 0; verdict != NULL && i < verdict->lanes_count; i++) {
    const Nav__V1__LaneVerdict *lane = verdict->lanes[i];
    if (lane->outcome != NAV__V1__OUTCOME__OUTCOME_RELEASE || lane->lane >= core->numbers->lanes_end)
      continue;
    if (deliver_had_up_to(core_lane(core, lane->lane)) < seq) core->retention->undelivered[lane->lane]++;
  }
}

struct page {
  struct core *core;
  const PGresult *rows;
};

// One of the page's events, which stand in order, was released after assessment.
static void count_release(void *context, uint64_t event_seq, uint32_t lane, uint64_t position) {
  const struct page *page = context;
  int low = 0;
  int high = PQntuples(page->rows);
  while (low < high) {
    int middle = low + (high - low) / 2;
    if (int8_at(page->rows, middle, 0) < event_seq) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  bool here = low < PQntuples(page->rows) && int8_at(page->rows, low, 0) == event_seq;
  if (!here || lane == 0 || lane >= page->core->numbers->lanes_end ||
      recalls_has(page->core->recalls, event_seq) || buckets_event_is_erased(page->core->buckets, event_seq))
    return;
  if (deliver_had_up_to(core_lane(page->core, lane)) < position) page->core->retention->undelivered[lane]++;
}

static void note_held(struct retention *run, uint64_t seq) {
  if (run->held_count == run->held_capacity) {
    size_t capacity = run->held_capacity == 0 ? 64 : 2 * run->held_capacity;
    uint64_t *held = realloc(run->held, capacity * sizeof *held);
    NAV_ASSERT(held != NULL);  // a hold of what is erased would wait for nothing
    run->held = held;
    run->held_capacity = capacity;
  }
  run->held[run->held_count++] = seq;
}

static void events_came(void *context, const PGresult *result) {
  struct core *core = context;
  struct retention *run = answered(core, result);
  if (run == NULL) return;
  int rows = PQntuples(result);
  for (int i = 0; i < rows; i++) {
    uint64_t seq = int8_at(result, i, 0);
    count_undelivered(core, seq, int4_at(result, i, 1));
    if (buckets_event_is_erased(core->buckets, seq)) run->erased_before++;
    if (run->dry) holds_count_event(core->holds, seq, &run->closed, &run->kept);
    if (!run->dry && holds_has_event(core->holds, seq)) note_held(run, seq);
    run->scanned_seq = seq;
  }
  if (rows > 0)
    holds_each_release(core->holds, int8_at(result, 0, 0), run->scanned_seq, count_release,
                       &(struct page){core, result});
  if (rows < EVENTS_A_PAGE) run->phase = RETENTION_STAGE;
}

void retention_ask_events(struct core *core) {
  static const char sql[] =
      "SELECT seq, verdict FROM nav.event_view WHERE seq > $3 AND seq <= $4 AND bucket_day = $2 AND "
      "bucket_class = $1 ORDER BY seq LIMIT 4096";
  struct retention *run = core->retention;
  uint8_t class[2];
  uint8_t day[4];
  uint8_t after[8];
  uint8_t last[8];
  put_bucket(run->places[run->at].retention_class, run->places[run->at].day, class, day);
  nav_put_u64(after, run->scanned_seq);
  nav_put_u64(last, run->last_seq);
  const Oid types[] = {INT2, INT4, INT8, INT8};
  const char *values[] = {(const char *)class, (const char *)day, (const char *)after, (const char *)last};
  const int lengths[] = {2, 4, 8, 8};
  run->asked = true;
  reader_ask(core->reader, sql, 4, types, values, lengths, events_came, core);
}

// ---- dropping ----

static void leave(struct retention *run, const char *why) {
  nav_log(NAV_LOG_WARNING, "retention: partition content_%u is left to the next run: %s",
          run->parts[run->part_at++], why);
  run->parts_left++;
  run->drop_tries = 0;
}

static void drop_came(void *context, const PGresult *result) {
  struct retention *run = answered(context, result);
  if (run == NULL || PQntuples(result) != 1) return;
  if (PQgetvalue(result, 0, 0)[0] != 0) {
    run->parts_dropped++;
    run->part_at++;
    run->drop_tries = 0;
  } else if (++run->drop_tries == DROP_TRIES_MAX) {
    leave(run, "somebody reads it");
  }
}

void retention_ask_drop(struct core *core) {
  struct retention *run = core->retention;
  uint32_t first = 0;
  uint32_t last = 0;
  uint8_t part[4];
  // The database drops nothing before its own time, which at midnight may be a second behind ours.
  if (!retention_part_days(run->parts[run->part_at], run->databases_today, &first, &last)) {
    leave(run, "its time is not up by the database's clock");
    return;
  }
  nav_put_u32(part, run->parts[run->part_at]);
  const Oid types[] = {INT4};
  const char *values[] = {(const char *)part};
  const int lengths[] = {4};
  run->asked = true;
  reader_ask(core->reader, "SELECT nav.drop_part($1)", 1, types, values, lengths, drop_came, core);
}
