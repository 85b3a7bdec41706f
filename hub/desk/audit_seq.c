// See audit_seq.h.
#include "hub/desk/audit_seq.h"

#include <inttypes.h>
#include <stdio.h>

enum { NUMBER_SIZE = 24 };

// By halving: a record's time never goes back.
bool audit_seq_at(struct desk_database *database, int64_t time_ms, uint64_t end_seq, uint64_t *seq,
                  struct nav_error *err) {
  uint64_t low = 1;
  uint64_t high = end_seq;
  while (low < high) {
    uint64_t middle = low + (high - low) / 2;
    char number[NUMBER_SIZE];
    const char *values[] = {number};
    (void)snprintf(number, sizeof number, "%" PRIu64, middle);
    PGresult *result =
        desk_query(database, "SELECT at FROM nav.ledger_view WHERE seq >= $1::bigint ORDER BY seq LIMIT 1", 1,
                   values, err);
    if (result == NULL) return false;
    bool later = PQntuples(result) == 0 || desk_time_us(result, 0, 0) >= time_ms * 1000;
    PQclear(result);
    if (later) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  *seq = low;
  return true;
}
