// Partitions of this month and the next, for each class with content, made before the first event needs one:
// a commit then never waits for the lock that making one takes. See retention.h.
#include "hub/base/clock.h"
#include "hub/core/retention.h"

enum { CLASSES_OF_CONTENT = 5, PARTS_A_DAY = 2 * CLASSES_OF_CONTENT, RETRY_MS = 10000, MS_A_DAY = 86400000 };

static void made(void *context, const PGresult *result) {
  struct core *core = context;
  bool ok = result != NULL && PQntuples(result) == 1 && PQgetvalue(result, 0, 0)[0] != 0;
  if (ok) {
    core->parts_made++;
  } else {
    core->parts_retry_ms = nav_clock_monotonic_ms() + RETRY_MS;
  }
}

void parts_ahead_step(struct core *core) {
  uint32_t today = (uint32_t)(core->now_ms / MS_A_DAY);
  if (core->parts_day != today) core->parts_made = 0;
  core->parts_day = today;
  if (core->parts_made == PARTS_A_DAY || core->database_lost || !reader_is_idle(core->reader) ||
      nav_clock_monotonic_ms() < core->parts_retry_ms)
    return;
  int year = 0;
  int month = 0;
  int day = 0;
  nav_date_from_days(today, &year, &month, &day);
  int64_t next = nav_days_from_date(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1);
  uint8_t part[4];
  nav_put_u32(part, batch_part(1 + core->parts_made / 2, core->parts_made % 2 == 0 ? today : (uint32_t)next));
  const Oid types[] = {23};  // integer
  const char *values[] = {(const char *)part};
  const int lengths[] = {4};
  reader_ask(core->reader, "SELECT nav.make_part_ahead($1)", 1, types, values, lengths, made, core);
}
