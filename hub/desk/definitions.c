// See definitions.h.
#include "hub/desk/definitions.h"

#include <string.h>

#include "hub/ledger/record.h"

enum { AGENCIES_MAX = 65536 };

// A list by number, in the arena; grown by doubling. NULL: no memory, or past max.
static void *slot(struct nav_arena *arena, void **items, size_t *count, size_t size, uint32_t number,
                  size_t max) {
  if (number >= max) return NULL;
  if (number >= *count) {
    size_t grown = *count == 0 ? 64 : *count;
    while (grown <= number) grown *= 2;
    void *fresh = nav_arena_zalloc(arena, grown, size);
    if (fresh == NULL) return NULL;
    if (*count > 0) memcpy(fresh, *items, *count * size);
    *items = fresh;
    *count = grown;
  }
  return (char *)*items + (size_t)number * size;
}

static bool define(struct definitions *d, struct nav_arena *arena, const Nav__V1__Record *record) {
  void *items = NULL;
  if (record->record_case == NAV__V1__RECORD__RECORD_AGENCY_DEFINED) {
    items = d->agencies;
    const char **agency = slot(arena, &items, &d->agencies_count, sizeof *d->agencies,
                               record->agency_defined->number, AGENCIES_MAX);
    d->agencies = items;
    if (agency == NULL) return false;
    *agency = record->agency_defined->agency;
  } else if (record->record_case == NAV__V1__RECORD__RECORD_LANE_DEFINED) {
    const Nav__V1__LaneDefined *defined = record->lane_defined;
    items = d->lanes;
    struct desk_lane *lane =
        slot(arena, &items, &d->lanes_count, sizeof *d->lanes, defined->number, DESK_LANES_MAX);
    d->lanes = items;
    if (lane == NULL) return false;
    *lane = (struct desk_lane){defined->number, defined->agency, defined->purpose};
  } else if (record->record_case == NAV__V1__RECORD__RECORD_VERDICT_DEFINED) {
    items = d->verdicts;
    const Nav__V1__VerdictDefined **verdict = slot(arena, &items, &d->verdicts_count, sizeof *d->verdicts,
                                                   record->verdict_defined->number, DESK_VERDICTS_MAX);
    d->verdicts = items;
    if (verdict == NULL) return false;
    *verdict = record->verdict_defined;
  }
  return true;
}

bool definitions_load(struct definitions *definitions, struct desk_database *database,
                      struct nav_arena *arena, struct nav_error *err) {
  struct desk_cursor cursor;
  *definitions = (struct definitions){0};
  // The first condition is the index's own.
  if (!desk_cursor_open(
          &cursor, database, "definitions",
          "SELECT seq, record FROM nav.ledger_view WHERE kind NOT IN (20, 21, 30) AND kind IN (16, 17, 18) "
          "ORDER BY seq",
          0, NULL, err)) {
    return false;
  }
  int got = 0;
  while ((got = desk_cursor_next(&cursor, err)) > 0) {
    size_t length = 0;
    const uint8_t *bytes = desk_bytes(cursor.page, cursor.row, 1, &length);
    // Decoded text is copied into the arena, bytes as well: the page may go.
    Nav__V1__Record *record = record_stored(arena, bytes, length, err);
    if (record == NULL || !define(definitions, arena, record)) {
      if (record != NULL)
        (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "the ledger defines more than the desk can hold");
      got = -1;
      break;
    }
  }
  desk_cursor_close(&cursor);
  return got >= 0;
}

const char *definitions_agency(const struct definitions *definitions, int64_t number) {
  if (number < 0 || (uint64_t)number >= definitions->agencies_count) return NULL;
  return definitions->agencies[number];
}

const struct desk_lane *definitions_lane(const struct definitions *definitions, int64_t number) {
  if (number < 0 || (uint64_t)number >= definitions->lanes_count || definitions->lanes[number].agency == NULL)
    return NULL;
  return &definitions->lanes[number];
}

const Nav__V1__VerdictDefined *definitions_verdict(const struct definitions *definitions, int64_t number) {
  if (number < 0 || (uint64_t)number >= definitions->verdicts_count) return NULL;
  return definitions->verdicts[number];
}
