// See audit_record.h.
#include "hub/desk/audit_record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/desk/audit_words.h"
#include "hub/desk/mandate.h"
#include "hub/desk/reasons.h"
#include "hub/ledger/record.h"
#include "hub/wire/merkle.h"
#include "nav/v1/session.pb-c.h"

enum { NUMBER_SIZE = 24 };

static PGresult *select_record(const struct desk_request *request, uint64_t seq, struct nav_error *err) {
  char number[NUMBER_SIZE];
  const char *values[] = {number};
  (void)snprintf(number, sizeof number, "%" PRIu64, seq);
  return desk_query(request->database, "SELECT record, leaf FROM nav.ledger_view WHERE seq = $1::bigint", 1,
                    values, err);
}

bool audit_record_other(const struct desk_request *request, uint64_t seq, const Nav__V1__Record **found,
                        struct nav_error *err) {
  struct nav_error ignored;
  size_t length = 0;
  *found = NULL;
  if (seq == 0) return true;
  PGresult *result = select_record(request, seq, err);
  if (result == NULL) return false;
  const uint8_t *bytes = PQntuples(result) == 1 ? desk_bytes(result, 0, 0, &length) : NULL;
  if (bytes != NULL) *found = record_stored(request->arena, bytes, length, &ignored);
  PQclear(result);
  return true;
}

static bool take_row(const struct desk_request *request, const PGresult *result, uint64_t seq,
                     struct audit_record *a, struct nav_error *err) {
  if (PQntuples(result) == 0)
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "seq",
                    "the ledger has no record %" PRIu64, seq);
  size_t leaf_length = 0;
  uint8_t leaf[NAV_SHA256_SIZE];
  const uint8_t *bytes = desk_bytes(result, 0, 0, &a->length);
  const uint8_t *stored = desk_bytes(result, 0, 1, &leaf_length);
  uint8_t *copy = nav_arena_alloc(request->arena, a->length + 1);
  if (copy == NULL) return nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  memcpy(copy, bytes, a->length);
  a->bytes = copy;
  merkle_leaf(leaf, copy, a->length);
  a->leaf_agrees = leaf_length == sizeof leaf && memcmp(leaf, stored, sizeof leaf) == 0;
  a->record = record_stored(request->arena, copy, a->length, err);
  return a->record != NULL;
}

// Leaves the lines that the mandate has.
static bool apply_mandate(const struct desk_request *request, struct audit_record *a, struct nav_error *err) {
  size_t shown = 0;
  a->is_whole = true;
  audit_lines_of(a->record, &a->definitions, request->arena, &a->lines);
  for (size_t i = 0; i < a->lines.count; i++) {
    struct audit_line *line = &a->lines.items[i];
    if (line->event_seq != 0 && line->event_id == NULL) audit_line_name_event(line, a->about);
    a->is_whole = a->is_whole && mandate_shows_whole(request->person, line);
    if (mandate_shows(request->person, line)) a->lines.items[shown++] = *line;
  }
  a->lines.count = shown;
  return shown > 0 || nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_PERMITTED, "seq",
                               "the record concerns agencies outside your mandate (agencies.yaml: mandate)");
}

struct audit_record *audit_record_bytes(const struct desk_request *request, uint64_t seq,
                                        struct nav_error *err) {
  struct audit_record *a = nav_arena_zalloc(request->arena, 1, sizeof *a);
  if (a == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
    return NULL;
  }
  PGresult *result = select_record(request, seq, err);
  bool ok = result != NULL && take_row(request, result, seq, a, err);
  PQclear(result);
  return ok ? a : NULL;
}

struct audit_record *audit_record_read(const struct desk_request *request, uint64_t seq,
                                       struct nav_error *err) {
  struct audit_record *a = audit_record_bytes(request, seq, err);
  uint64_t about = 0;
  uint64_t other = 0;
  if (a == NULL) return NULL;
  audit_words_seqs(a->record, &about, &other);
  bool ok = audit_record_other(request, about, &a->about, err) &&
            definitions_load(&a->definitions, request->database, request->arena, err) &&
            apply_mandate(request, a, err);
  return ok ? a : NULL;
}

bool audit_record_open_reason(const struct desk_request *request, struct audit_record *a,
                              struct nav_error *err) {
  struct desk_reasons reasons = {0};
  desk_reasons_note(&reasons, a->record);
  bool ok = desk_reasons_fetch(&reasons, request, err);
  if (ok) desk_reasons_fill(&reasons, a->record, request->arena);
  desk_reasons_free(&reasons);
  return ok && apply_mandate(request, a, err);
}
