// `audit show SEQ`: one record as it stands, with what its numbers mean, and the checkpoint that covers it.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/desk/audit.h"
#include "hub/desk/audit_line.h"
#include "hub/desk/audit_show_words.h"
#include "hub/desk/mandate.h"
#include "hub/desk/reasons.h"
#include "hub/ledger/record.h"
#include "hub/wire/json.h"
#include "hub/wire/merkle.h"
#include "nav/v1/session.pb-c.h"

enum { NUMBER_SIZE = 24 };

// The lines within the mandate. NULL: there is none, and the record is not shown.
static json_t *meaning(const struct desk_request *request, const Nav__V1__Record *record,
                       const struct definitions *definitions, size_t *left_out, struct nav_error *err) {
  static struct audit_lines lines;
  json_t *list = json_array();
  *left_out = 0;
  audit_lines_of(record, definitions, request->arena, &lines);
  for (size_t i = 0; i < lines.count; i++) {
    if (mandate_shows(request->person, &lines.items[i])) {
      (void)json_array_append_new(list, audit_line_json(&lines.items[i]));
    } else {
      (*left_out)++;
    }
  }
  if (*left_out < lines.count) return list;
  json_decref(list);
  (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_PERMITTED, "seq",
                 "the record concerns agencies outside your mandate (agencies.yaml: mandate)");
  return NULL;
}

// {"size","root","note"} of the first checkpoint that covers the record; null: none yet.
static json_t *covering_checkpoint(const struct desk_request *request, const char *seq,
                                   struct nav_error *err) {
  const char *values[] = {seq};
  PGresult *result = desk_query(
      request->database,
      "SELECT size, root, note FROM nav.checkpoint_view WHERE size >= $1::bigint ORDER BY size LIMIT 1", 1,
      values, err);
  if (result == NULL) return NULL;
  json_t *json = json_null();
  size_t length = 0;
  if (PQntuples(result) == 1) {
    char root[2 * NAV_SHA256_SIZE + 1];
    const uint8_t *bytes = desk_bytes(result, 0, 1, &length);
    json = json_pack("{s:I, s:s, s:s}", "size", (json_int_t)desk_int8(result, 0, 0), "root",
                     length == NAV_SHA256_SIZE ? nav_hex(root, bytes, length) : "", "note",
                     PQgetvalue(result, 0, 2));
  }
  PQclear(result);
  return json;
}

static bool open_reason(const struct desk_request *request, Nav__V1__Record *record, struct nav_error *err) {
  struct desk_reasons reasons = {0};
  desk_reasons_note(&reasons, record);
  bool ok = desk_reasons_fetch(&reasons, request, err);
  if (ok) desk_reasons_fill(&reasons, record, request->arena);
  desk_reasons_free(&reasons);
  return ok;
}

static uint64_t checkpoint_size(const json_t *checkpoint) {
  return (uint64_t)json_integer_value(json_object_get(checkpoint, "size"));
}

static json_t *describe(const struct desk_request *request, const PGresult *row, const char *seq,
                        struct nav_error *err) {
  struct definitions definitions;
  size_t length = 0;
  size_t leaf_length = 0;
  const uint8_t *bytes = desk_bytes(row, 0, 0, &length);
  const uint8_t *stored_leaf = desk_bytes(row, 0, 1, &leaf_length);
  uint8_t leaf[NAV_SHA256_SIZE];
  char hex[2 * NAV_SHA256_SIZE + 1];
  char at[NAV_RFC3339_SIZE];
  merkle_leaf(leaf, bytes, length);
  Nav__V1__Record *record = record_decode(request->arena, bytes, length, err);
  if (record == NULL || !open_reason(request, record, err) ||
      !definitions_load(&definitions, request->database, request->arena, err))
    return NULL;
  size_t left_out = 0;
  json_t *lines = meaning(request, record, &definitions, &left_out, err);
  json_t *checkpoint = lines == NULL ? NULL : covering_checkpoint(request, seq, err);
  json_t *words = checkpoint == NULL
                      ? NULL
                      : audit_show_words(request, record, &definitions, checkpoint_size(checkpoint), err);
  if (words == NULL) {
    json_decref(lines);
    json_decref(checkpoint);
    return NULL;
  }
  bool same = leaf_length == sizeof leaf && memcmp(leaf, stored_leaf, sizeof leaf) == 0;
  return json_pack("{s:I, s:s, s:s, s:I, s:i, s:s, s:b, s:o, s:o, s:I, s:o, s:o}", "seq",
                   (json_int_t)record->seq, "at", nav_clock_rfc3339(record->time_ms, at), "kind",
                   record_kind_name((uint16_t)record->record_case), "epoch", (json_int_t)record->epoch,
                   "bytes", (int)length, "leaf", nav_hex(hex, leaf, sizeof leaf), "leaf_agrees", same ? 1 : 0,
                   "record", wire_json_from_message(&record->base), "meaning", lines, "left_out",
                   (json_int_t)left_out, "checkpoint", checkpoint, "words", words);
}

json_t *audit_show(const struct desk_request *request, struct nav_error *err) {
  const json_t *number = json_object_get(request->json, "seq");
  char seq[NUMBER_SIZE];
  char query[64];
  if (!json_is_integer(number) || json_integer_value(number) < 1) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "seq",
                   "must be a record's number, from 1");
    return NULL;
  }
  (void)snprintf(seq, sizeof seq, "%" JSON_INTEGER_FORMAT, json_integer_value(number));
  (void)snprintf(query, sizeof query, "audit show %s", seq);
  if (!desk_record_audit(request, query, err)) return NULL;
  const char *values[] = {seq};
  PGresult *row = desk_query(
      request->database, "SELECT record, leaf FROM nav.ledger_view WHERE seq = $1::bigint", 1, values, err);
  if (row == NULL) return NULL;
  json_t *record = NULL;
  if (PQntuples(row) == 0) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "seq", "the ledger has no record %s",
                   seq);
  } else {
    record = describe(request, row, seq, err);
  }
  PQclear(row);
  return record == NULL ? NULL : json_pack("{s:b, s:o}", "ok", 1, "record", record);
}
