// See audit_seq.h.
#include "hub/desk/audit_seq.h"

#include "hub/base/clock.h"

// No record's time lies outside of these; PostgreSQL reads no year of five digits as we write it.
static const int64_t FIRST_MS = 0;
static const int64_t LAST_MS = 253402300799999;  // of the year 9999

static int64_t within(int64_t ms) { return ms < FIRST_MS ? FIRST_MS : ms > LAST_MS ? LAST_MS : ms; }

bool audit_seq_at(struct desk_database *database, int64_t time_ms, uint64_t end_seq, uint64_t *seq,
                  struct nav_error *err) {
  char time[NAV_RFC3339_SIZE];
  const char *values[] = {nav_clock_rfc3339(within(time_ms), time)};
  PGresult *result = desk_query(database, "SELECT nav.last_before($1::timestamptz) + 1", 1, values, err);
  if (result == NULL) return false;
  *seq = (uint64_t)desk_int8(result, 0, 0);
  if (*seq > end_seq) *seq = end_seq;
  PQclear(result);
  return true;
}
