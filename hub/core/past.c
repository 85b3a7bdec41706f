// See past.h.
#include "hub/core/past.h"

#include <stdlib.h>

#include "hub/base/clock.h"
#include "hub/base/log.h"
#include "hub/core/bloom.h"
#include "hub/core/known.h"

enum { PAGE = 4096, PAGES_AT_START = 8, RETRY_MS = 10000, WAIT_MS = 50 };

// A page holds intake's own questions up for no longer than it takes: some milliseconds.
static const char page_sql[] =
    "SELECT seq, event_id, agency, verdict FROM nav.event_view WHERE seq < $1::bigint ORDER BY seq DESC "
    "LIMIT 4096";
_Static_assert(PAGE == 4096, "page_sql asks for as many");

struct past {
  uint64_t before;  // what is still to be read; later events count as they are staged
  uint64_t read;
  bool begun, asked, whole;
  int64_t asked_ms;  // monotonic
  int64_t retry_ms;  // monotonic: not before, since a failure costs the reader its connection
};

struct past *past_new(void) {
  return calloc(1, sizeof(struct past));
}

void past_free(struct past *past) { free(past); }

bool past_is_whole(const struct past *past) { return past->whole; }

// An id of another length is one that a superuser has put there: `audit verify` says so, and no event has it.
static void take_row(struct core *core, const PGresult *result, int row) {
  const uint8_t *id = (const uint8_t *)PQgetvalue(result, row, 1);
  uint64_t seq = nav_get_u64((const uint8_t *)PQgetvalue(result, row, 0));
  if (PQgetlength(result, row, 1) == BLOOM_ID_SIZE) known_add(core->known, id);
  core_count_event(core, nav_get_u32((const uint8_t *)PQgetvalue(result, row, 2)),
                   nav_get_u32((const uint8_t *)PQgetvalue(result, row, 3)), seq);
  core->past->before = seq;
}

static void take_page(void *context, const PGresult *result) {
  struct core *core = context;
  struct past *past = core->past;
  int rows = PQntuples(result);
  for (int i = 0; i < rows; i++) take_row(core, result, i);
  past->read += (uint64_t)rows;
  past->whole = rows < PAGE;
  if (!past->whole) return;
  known_complete(core->known);
  nav_log(NAV_LOG_INFO, "the ids of %llu events are read: the database is asked only of these",
          (unsigned long long)past->read);
}

bool past_begin(struct core *core, struct nav_error *err) {
  struct past *past = core->past;
  past->before = core->sequence.last_seq + 1;
  past->begun = true;
  bool ok = true;
  for (int i = 0; ok && i < PAGES_AT_START && !past->whole; i++)
    ok = store_read_page(core->store, page_sql, past->before, take_page, core, err);
  return ok;
}

static void page_came(void *context, const PGresult *result) {
  struct core *core = context;
  core->past->asked = false;
  if (result != NULL) {
    take_page(core, result);
  } else {
    core->past->retry_ms = nav_clock_monotonic_ms() + RETRY_MS;
  }
}

bool past_waits(const struct core *core) {
  const struct past *past = core->past;
  return past->begun && !past->whole && !past->asked && nav_clock_monotonic_ms() >= past->asked_ms + WAIT_MS;
}

void past_step(struct core *core) {
  struct past *past = core->past;
  if (!past->begun || past->whole || past->asked || core->database_lost || !reader_is_idle(core->reader))
    return;
  int64_t now_ms = nav_clock_monotonic_ms();
  if (now_ms < past->retry_ms) return;
  past->asked = true;
  past->asked_ms = now_ms;
  uint8_t before[8];
  nav_put_u64(before, past->before);
  const Oid types[] = {20};  // bigint
  const char *values[] = {(const char *)before};
  const int lengths[] = {sizeof before};
  reader_ask(core->reader, page_sql, 1, types, values, lengths, page_came, core);
}
