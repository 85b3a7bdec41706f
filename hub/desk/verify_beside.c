// See verify_beside.h.
#include "hub/desk/verify_beside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/desk/subtrees.h"
#include "nav/v1/session.pb-c.h"

enum { NUMBER_SIZE = 24 };

// Kinds by ledger.proto: Started, AgencyDefined, LaneDefined, VerdictDefined, Restored, Erased; an index of
// rare kinds finds them. And the publications before the range that its events are of.
static const char before_sql[] =
    "SELECT seq, substr(record, 1, 1048577) FROM nav.ledger_view WHERE seq < $1::bigint AND seq > 0 AND "
    "kind NOT IN (20, 21, 30) AND kind IN (10, 16, 17, 18, 19, 80) UNION ALL "
    "SELECT seq, substr(record, 1, 1048577) FROM nav.ledger_view WHERE kind = 20 AND seq > 0 AND seq IN "
    "(SELECT published_seq FROM nav.event_view WHERE seq >= $1::bigint AND seq <= $2::bigint AND "
    "published_seq < $1::bigint) ORDER BY 1 LIMIT 200001";
static const char later_sql[] =
    "SELECT seq, substr(record, 1, 1048577) FROM nav.ledger_view WHERE seq > $2::bigint AND seq > $1::bigint "
    "AND "
    "kind NOT IN (20, 21, 30) AND kind = 80 ORDER BY seq LIMIT 200001";
static const char ends_sql[] =
    "SELECT coalesce((SELECT max(size) FROM nav.checkpoint_view), 0), coalesce((SELECT max(seq) FROM "
    "nav.ledger_view), 0)";

static bool read_ends(struct desk_database *database, struct verify_range *range, struct nav_error *err) {
  PGresult *result = desk_query(database, ends_sql, 0, NULL, err);
  if (result == NULL) return false;
  int64_t size = desk_int8(result, 0, 0);
  int64_t end = desk_int8(result, 0, 1);
  PQclear(result);
  if (end < 0 || range->last > (uint64_t)end)
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "to",
                    "the last record is %" PRId64 "; %" PRIu64 " does not exist yet", end, range->last);
  range->size =
      size < 0 || (uint64_t)size < range->first ? 0 : (uint64_t)size;  // one before it says nothing of it
  return true;
}

static struct verify_seed *seeds_of(const PGresult *result) {
  struct verify_seed *seeds = calloc((size_t)PQntuples(result) + 1, sizeof *seeds);
  for (int i = 0; seeds != NULL && i < PQntuples(result); i++)
    seeds[i].record = desk_bytes(result, i, 1, &seeds[i].length);
  return seeds;
}

static bool read_seeds(struct desk_database *database, const char *sql, const struct verify_range *range,
                       PGresult **result, struct verify_seed **seeds, size_t *count, struct nav_error *err) {
  char first[NUMBER_SIZE];
  char last[NUMBER_SIZE];
  const char *const values[] = {first, last};
  (void)snprintf(first, sizeof first, "%" PRIu64, range->first);
  (void)snprintf(last, sizeof last, "%" PRIu64, range->last);
  *result = desk_query(database, sql, 2, values, err);
  if (*result == NULL) return false;
  *count = (size_t)PQntuples(*result);
  if (*count > VERIFY_SEEDS_MAX)
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "ledger",
                    "has more than %d definitions beside the range: verify the whole", (int)VERIFY_SEEDS_MAX);
  *seeds = seeds_of(*result);
  return *seeds != NULL || nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
}

bool verify_beside_read(struct desk_database *database, uint64_t first, uint64_t last,
                        struct verify_beside *beside, struct nav_error *err) {
  struct verify_range *range = &beside->range;
  struct subtrees subtrees = {.database = database};
  *beside = (struct verify_beside){.range = {.first = first, .last = last}};
  if (!read_ends(database, range, err) ||
      !read_seeds(database, before_sql, range, &beside->before, &beside->seeds, &range->seeds_count, err) ||
      !read_seeds(database, later_sql, range, &beside->later, &beside->erased_later,
                  &range->erased_later_count, err))
    return false;
  range->seeds = beside->seeds;
  range->erased_later = beside->erased_later;
  if (range->size > 0 && !verify_range_place(range, subtrees_hash, &subtrees, &beside->unplaced))
    range->placed = false;
  subtrees_free(&subtrees);
  return true;
}

void verify_beside_free(struct verify_beside *beside) {
  PQclear(beside->before);
  PQclear(beside->later);
  free(beside->seeds);
  free(beside->erased_later);
}
