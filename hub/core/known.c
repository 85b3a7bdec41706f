// See known.h.
#include "hub/core/known.h"

#include <stdlib.h>

#include "hub/base/clock.h"
#include "hub/base/log.h"
#include "hub/core/bloom.h"

enum { IDS_A_PAGE = 4096, RETRY_MS = 10000 };

// A page holds intake's own questions up for no longer than it takes: some milliseconds.
static const char PAGE_SQL[] =
    "SELECT seq, event_id FROM nav.event WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT 4096";
_Static_assert(IDS_A_PAGE == 4096, "PAGE_SQL asks for as many");

struct known {
  struct bloom *bloom;
  uint64_t after, until;  // what is still to be read; later ids are added as they are staged
  uint64_t read;
  bool begun, asked, whole;
  int64_t retry_ms;  // monotonic: not before, since a failure costs the reader its connection
};

struct known *known_new(void) {
  struct known *known = calloc(1, sizeof *known);
  if (known == NULL) return NULL;
  known->bloom = bloom_new();
  if (known->bloom != NULL) return known;
  free(known);
  return NULL;
}

void known_free(struct known *known) {
  if (known == NULL) return;
  bloom_free(known->bloom);
  free(known);
}

void known_add(struct known *known, const uint8_t event_id[16]) { bloom_add(known->bloom, event_id); }

bool known_may_have(const struct known *known, const uint8_t event_id[16]) {
  return !known->whole || bloom_may_have(known->bloom, event_id);
}

// An id of another length is one that a superuser has put there: `audit verify` says so, and no event has it.
static void page_came(void *context, const PGresult *result) {
  struct known *known = ((struct core *)context)->known;
  known->asked = false;
  if (result == NULL) {
    known->retry_ms = nav_clock_monotonic_ms() + RETRY_MS;
    return;
  }
  int rows = PQntuples(result);
  for (int i = 0; i < rows; i++) {
    known->after = nav_get_u64((const uint8_t *)PQgetvalue(result, i, 0));
    if (PQgetlength(result, i, 1) == BLOOM_ID_SIZE)
      bloom_add(known->bloom, (const uint8_t *)PQgetvalue(result, i, 1));
  }
  known->read += (uint64_t)rows;
  known->whole = rows < IDS_A_PAGE;
  if (known->whole)
    nav_log(NAV_LOG_INFO, "the ids of %llu events are read: the database is asked only of these",
            (unsigned long long)known->read);
}

void known_step(struct core *core) {
  struct known *known = core->known;
  if (known->whole || known->asked || core->database_lost || !reader_is_idle(core->reader) ||
      nav_clock_monotonic_ms() < known->retry_ms)
    return;
  if (!known->begun) known->until = core->committed_seq;
  known->begun = known->asked = true;
  uint8_t after[8];
  uint8_t until[8];
  nav_put_u64(after, known->after);
  nav_put_u64(until, known->until);
  const Oid types[] = {20, 20};  // bigint
  const char *values[] = {(const char *)after, (const char *)until};
  const int lengths[] = {8, 8};
  reader_ask(core->reader, PAGE_SQL, 2, types, values, lengths, page_came, core);
}
