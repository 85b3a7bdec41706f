// Lanes that lag behind the head are read from the store: one range of rows at a time, the lanes taking
// turns, on the reading connection when intake does not need it. Called by: deliver. Must never: hold more
// than LAG_BYTES_MAX in all.
#include <stdlib.h>
#include <string.h>

#include "hub/base/log.h"
#include "hub/core/deliver.h"
#include "hub/core/stored.h"

// The causes of what the lane is sent, in order: events that a verdict releases, what was released or
// redelivered to the lane alone, recalls. It must take as long whatever the planner knows of the tables, and
// however long they are: of each verdict event_verdict gives the first rows in order, which comparing whole
// rows leaves no other way to find; and content is looked for in the one partition that its event names.
static const char *const RANGE_SQL =
    "WITH cause AS ((SELECT e.seq AS position, e.seq AS about, e.verdict, NULL::bytea AS record FROM "
    "unnest($3) AS v CROSS JOIN LATERAL (SELECT seq, verdict FROM nav.event_view WHERE (verdict, seq) > (v, "
    "$1) AND (verdict, seq) <= (v, $2) ORDER BY verdict, seq LIMIT 256) AS e ORDER BY e.seq LIMIT 256) "
    "UNION ALL "
    "(SELECT seq, about, 0, record FROM nav.ledger WHERE lane = $4 AND kind IN (33, 60) AND seq > $1 AND seq "
    "<= $2 "
    "ORDER BY seq LIMIT 256) UNION ALL "
    "(SELECT seq, NULL, 0, record FROM nav.ledger WHERE kind NOT IN (20, 21, 30) AND kind = 70 AND seq > $1 "
    "AND seq <= $2 ORDER BY seq LIMIT 256) ORDER BY 1 LIMIT 256) "
    "SELECT cause.position, cause.verdict, e.bucket_class, e.bucket_day, c.sealed, cause.record, cause.about "
    "FROM cause LEFT JOIN nav.event_view e ON e.seq = cause.about "
    "LEFT JOIN nav.content c ON c.seq = cause.about AND c.part = e.bucket_class * 1000000 + (extract(year "
    "FROM date '1970-01-01' + e.bucket_day) * 100 + "
    "extract(month FROM date '1970-01-01' + e.bucket_day))::integer ORDER BY 1";
_Static_assert(LAG_ROWS_MAX == 256, "RANGE_SQL asks for as many rows as a lane holds");

static bool lags(const struct core *core, const struct lane *lane) {
  return lane != NULL && lane->session != NULL && !lane->session->ended && lane->session->credit_bytes > 0 &&
         lane->lag_count == 0 && lane->scan < core->head.floor_seq && lane->wait_seq <= core->committed_seq;
}

static uint64_t int8_at(const PGresult *result, int row, int column) {
  return nav_get_u64((const uint8_t *)PQgetvalue(result, row, column));
}

// The entry of one row; NULL: it gives the lane nothing.
static struct head_entry *entry_of_row(struct core *core, const PGresult *result, int row, uint32_t lane) {
  uint64_t position = int8_at(result, row, 0);
  const uint8_t *record = PQgetisnull(result, row, 5) ? NULL : (const uint8_t *)PQgetvalue(result, row, 5);
  size_t record_length = record == NULL ? 0 : (size_t)PQgetlength(result, row, 5);
  if (PQgetisnull(result, row, 6)) return head_entry_of_record(position, record, record_length, 0, NULL, 0);
  if (PQgetisnull(result, row, 4)) return head_entry_gone(position, lane);
  struct nav_error err;
  struct stored_event event = {
      .seq = int8_at(result, row, 6),
      .retention_class = nav_get_u16((const uint8_t *)PQgetvalue(result, row, 2)),
      .bucket_day = nav_get_u32((const uint8_t *)PQgetvalue(result, row, 3)),
  };
  if (!stored_open(core, &event, (const uint8_t *)PQgetvalue(result, row, 4),
                   (size_t)PQgetlength(result, row, 4), &err)) {
    bool erased = err.code == NAV__V1__CODE__CODE_NOT_FOUND;  // the lane was told, and goes on
    if (!erased)
      nav_log(NAV_LOG_ERROR, "event %llu is withheld: %s", (unsigned long long)event.seq, err.text);
    return head_entry_gone(position, lane);
  }
  if (record != NULL)
    return head_entry_of_record(position, record, record_length, event.bucket_day, event.bytes, event.length);
  return head_entry_new(position, nav_get_u32((const uint8_t *)PQgetvalue(result, row, 1)), event.bucket_day,
                        event.bytes, event.length);
}

static void rows_came(void *context, const PGresult *result) {
  struct core *core = context;
  struct lane *lane = core->lanes[core->lag_asked_lane];
  uint32_t number = core->lag_asked_lane;
  core->lag_asked_lane = 0;
  // Meanwhile another session may have begun elsewhere, or none be left.
  if (result == NULL || !lags(core, lane) || lane->scan != core->lag_asked_after) return;
  int rows = PQntuples(result);
  lane->lag_first = 0;
  for (int i = 0; i < rows; i++) {
    struct head_entry *entry = entry_of_row(core, result, i, number);
    if (entry == NULL) continue;
    core->lag_bytes += entry->length;
    lane->lag[lane->lag_count++] = entry;
  }
  uint64_t until = core->lag_asked_until;
  if (rows == LAG_ROWS_MAX) until = int8_at(result, rows - 1, 0);
  if (lane->lag_count == 0) {
    lane->scan = until;
  } else {
    lane->lag_until = until;
  }
}

// An int4[] in binary of the verdicts that release to the lane; it may be empty.
static void append_verdicts(const struct core *core, uint32_t number, struct nav_buffer *out) {
  enum { INT4_OID = 23, HEAD = 20 };
  uint8_t head[HEAD] = {0};
  size_t count = 0;
  NAV_ASSERT(nav_buffer_append(out, head, sizeof head));
  for (uint32_t i = 1; i < verdicts_end(core->verdicts); i++) {
    const Nav__V1__LaneVerdict *lane = verdict_lane(verdicts_get(core->verdicts, i), number);
    if (lane == NULL || lane->outcome != NAV__V1__OUTCOME__OUTCOME_RELEASE) continue;
    uint8_t element[8];
    nav_put_u32(element, 4);
    nav_put_u32(element + 4, i);
    NAV_ASSERT(nav_buffer_append(out, element, sizeof element));
    count++;
  }
  nav_put_u32(out->data, count > 0 ? 1 : 0);  // dimensions
  nav_put_u32(out->data + 4, 0);
  nav_put_u32(out->data + 8, INT4_OID);
  nav_put_u32(out->data + 12, (uint32_t)count);
  nav_put_u32(out->data + 16, 1);
  if (count == 0) out->length = 12;  // no dimension, no bounds
}

static void ask(struct core *core, uint32_t number, struct lane *lane) {
  struct nav_buffer verdicts;
  nav_buffer_init(&verdicts, 20 + 8 * (size_t)VERDICTS_MAX);
  append_verdicts(core, number, &verdicts);
  uint8_t after[8];
  uint8_t until[8];
  uint8_t lane_number[4];
  nav_put_u32(lane_number, number);
  core->lag_asked_lane = number;
  core->lag_asked_after = lane->scan;
  core->lag_asked_until = core->head.floor_seq;
  nav_put_u64(after, lane->scan);
  nav_put_u64(until, core->head.floor_seq);
  const Oid types[] = {20, 20, 1007, 23};  // bigint, bigint, integer[], integer
  const char *values[] = {(const char *)after, (const char *)until, (const char *)verdicts.data,
                          (const char *)lane_number};
  const int lengths[] = {8, 8, (int)verdicts.length, 4};
  reader_ask_often(core->reader, RANGE_SQL, 4, types, values, lengths, rows_came, core);
  nav_buffer_free(&verdicts);
}

void deliver_ask_for_lagging(struct core *core) {
  if (core->database_lost || core->lag_asked_lane != 0 || core->lag_bytes > LAG_BYTES_MAX) return;
  uint32_t end = core->numbers->lanes_end;
  for (uint32_t i = 0; i < end && reader_is_idle(core->reader) && core->lag_asked_lane == 0; i++) {
    core->lag_turn = core->lag_turn + 1 >= end ? 1 : core->lag_turn + 1;
    struct lane *lane = core->lag_turn < end ? core->lanes[core->lag_turn] : NULL;
    if (lags(core, lane)) ask(core, core->lag_turn, lane);
  }
}
