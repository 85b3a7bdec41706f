// The queries of an order to erase, each bounded. See erase_private.h.
#include <string.h>

#include "hub/core/erase_private.h"

enum { EVENTS_A_PAGE = 512, BYTEA = 17, BYTEA_ARRAY = 1001, INT8 = 20, ARRAY_HEAD = 20, ID_SIZE = 16 };

// By index alone: first what names the events, then the rows, so that no plan goes through the whole table.
#define COLUMNS "e.seq, e.event_id, e.agency, e.revision, e.type, e.verdict, e.bucket_class, e.bucket_day "
static const char by_person_sql[] =
    "WITH of_person AS MATERIALIZED (SELECT seq FROM nav.person WHERE token = $1 AND seq > $2 ORDER BY seq "
    "LIMIT 512) SELECT " COLUMNS "FROM of_person p JOIN nav.event_view e ON e.seq = p.seq ORDER BY e.seq";
static const char by_name_sql[] =
    "WITH e AS MATERIALIZED (SELECT * FROM nav.event_view WHERE event_id = ANY($1)) "
    "SELECT " COLUMNS "FROM e WHERE e.seq > $2 ORDER BY e.seq LIMIT 512";

static struct erase_event event_of(const PGresult *result, int row) {
  const uint8_t *cells[8];
  for (int i = 0; i < 8; i++) cells[i] = (const uint8_t *)PQgetvalue(result, row, i);
  struct erase_event event = {
      .seq = nav_get_u64(cells[0]),
      .agency = nav_get_u32(cells[2]),
      .revision = nav_get_u32(cells[3]),
      .type = nav_get_u16(cells[4]),
      .verdict = nav_get_u32(cells[5]),
      .place = {nav_get_u16(cells[6]), nav_get_u32(cells[7])},
  };
  NAV_ASSERT(PQgetlength(result, row, 1) == ID_SIZE);  // the table's own check
  memcpy(event.event_id, cells[1], ID_SIZE);
  return event;
}

// Two agencies may choose the same id; by person every agency's events count.
static bool is_asked_for(struct erase *run, const struct erase_event *event) {
  if (run->by_person) return true;
  for (size_t i = 0; i < run->names_count; i++) {
    struct erase_name *name = &run->names[i];
    if (name->agency != event->agency || memcmp(name->event_id, event->event_id, ID_SIZE) != 0) continue;
    name->found = true;
    return true;
  }
  return false;
}

bool erase_is_gone(const struct core *core, const struct erase_event *event) {
  return buckets_event_is_erased(core->buckets, event->seq) ||
         buckets_is_erased(core->buckets, event->place.retention_class, event->place.day);
}

static void take(struct core *core, const struct erase_event *event) {
  struct erase *run = core->erase;
  run->scanned_seq = event->seq;
  if (!is_asked_for(run, event)) return;
  if (erase_is_gone(core, event)) {
    run->already++;
  } else if (event->agency >= core->numbers->agencies_end) {
    return;  // a row that no record bears out: audit verify names it
  } else if (run->count == ERASURES_EVENTS_MAX) {
    run->more = true;
  } else {
    run->events[run->count++] = *event;
  }
}

static void rows_came(void *context, const PGresult *result) {
  struct core *core = context;
  struct erase *run = core->erase;
  if (run == NULL) return;
  run->asked = false;
  if (result == NULL) {
    run->tries++;
    return;
  }
  int rows = PQntuples(result);
  for (int i = 0; i < rows && !run->more; i++) {
    const struct erase_event event = event_of(result, i);
    take(core, &event);
  }
  if (rows < EVENTS_A_PAGE || run->more) run->phase = ERASE_ROOM;
}

// A bytea[] in binary of the ids.
static size_t put_ids(const struct erase *run, uint8_t out[ARRAY_HEAD + ERASE_NAMES_MAX * (4 + ID_SIZE)]) {
  nav_put_u32(out, 1);  // dimensions
  nav_put_u32(out + 4, 0);
  nav_put_u32(out + 8, BYTEA);
  nav_put_u32(out + 12, (uint32_t)run->names_count);
  nav_put_u32(out + 16, 1);
  uint8_t *at = out + ARRAY_HEAD;
  for (size_t i = 0; i < run->names_count; i++, at += 4 + ID_SIZE) {
    nav_put_u32(at, ID_SIZE);
    memcpy(at + 4, run->names[i].event_id, ID_SIZE);
  }
  return (size_t)(at - out);
}

void erase_ask(struct core *core) {
  struct erase *run = core->erase;
  uint8_t ids[ARRAY_HEAD + ERASE_NAMES_MAX * (4 + ID_SIZE)];
  uint8_t after[8];
  size_t length = run->by_person ? 0 : put_ids(run, ids);
  nav_put_u64(after, run->scanned_seq);
  const Oid types[] = {run->by_person ? BYTEA : BYTEA_ARRAY, INT8};
  const char *values[] = {(const char *)(run->by_person ? run->token : ids), (const char *)after};
  const int lengths[] = {run->by_person ? PERSON_TOKEN_SIZE : (int)length, sizeof after};
  run->asked = true;
  reader_ask(core->reader, run->by_person ? by_person_sql : by_name_sql, 2, types, values, lengths, rows_came,
             core);
}
