// See rules_changed.h.
#include "hub/desk/rules_changed.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/ledger/record.h"
#include "hub/wire/sha256.h"

enum { NUMBER_SIZE = 24 };

// The first condition is that of the index ledger_rare, which this must use: events are millions, rules few.
static const char newest_sql[] =
    "SELECT record FROM nav.ledger_view WHERE kind NOT IN (20, 21, 30) AND kind = 13 AND seq <= $1::bigint "
    "ORDER BY seq DESC LIMIT 1";

bool rules_changed_read(const struct desk_request *request, uint64_t up_to, const Nav__V1__Record **found,
                        struct nav_error *err) {
  char number[NUMBER_SIZE];
  const char *values[] = {number};
  (void)snprintf(number, sizeof number, "%" PRIu64, up_to < INT64_MAX ? up_to : (uint64_t)INT64_MAX);
  *found = NULL;
  PGresult *result = desk_query(request->database, newest_sql, 1, values, err);
  if (result == NULL) return false;
  bool ok = true;
  if (PQntuples(result) == 1) {
    size_t length = 0;
    const uint8_t *bytes = desk_bytes(result, 0, 0, &length);
    *found = record_stored(request->arena, bytes, length, err);
    ok = *found != NULL;
    if (ok && (*found)->record_case != NAV__V1__RECORD__RECORD_RULES_CHANGED)
      ok = nav_fail(err, NAV_ERROR_LOCAL, 0, "ledger",
                    "record %" PRIu64 " is not of the kind that its row says: run navctl audit verify",
                    (*found)->seq);
  }
  PQclear(result);
  return ok;
}

bool rules_changed_are(const struct access_rules *rules, const Nav__V1__Record *then) {
  return rules != NULL && then != NULL && then->rules_changed->hash.len == NAV_SHA256_SIZE &&
         memcmp(then->rules_changed->hash.data, access_rules_hash(rules), NAV_SHA256_SIZE) == 0;
}
