// `audit show SEQ`: one record as it stands, with what its numbers mean, and the checkpoint that covers it.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/desk/audit.h"
#include "hub/desk/audit_record.h"
#include "hub/desk/audit_show_words.h"
#include "hub/desk/mandate.h"
#include "hub/ledger/record.h"
#include "hub/wire/json.h"
#include "hub/wire/merkle.h"
#include "nav/v1/session.pb-c.h"

enum { NUMBER_SIZE = 24 };

// {"size","root","note"} of the first checkpoint that covers the record; null: none yet.
static json_t *covering_checkpoint(const struct desk_request *request, uint64_t seq, struct nav_error *err) {
  char number[NUMBER_SIZE];
  const char *values[] = {number};
  (void)snprintf(number, sizeof number, "%" PRIu64, seq);
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

static uint64_t checkpoint_size(const json_t *checkpoint) {
  return (uint64_t)json_integer_value(json_object_get(checkpoint, "size"));
}

static json_t *meaning(const struct audit_record *a) {
  json_t *list = json_array();
  for (size_t i = 0; i < a->lines.count; i++)
    (void)json_array_append_new(list, audit_line_json(&a->lines.items[i]));
  return list;
}

static json_t *describe(const struct desk_request *request, const struct audit_record *a,
                        struct nav_error *err) {
  const Nav__V1__Record *record = a->record;
  uint8_t leaf[NAV_SHA256_SIZE];
  char hex[2 * NAV_SHA256_SIZE + 1];
  char at[NAV_RFC3339_SIZE];
  json_t *checkpoint = covering_checkpoint(request, record->seq, err);
  json_t *words = checkpoint == NULL ? NULL : audit_show_words(request, a, checkpoint_size(checkpoint), err);
  if (words == NULL) {
    json_decref(checkpoint);
    return NULL;
  }
  merkle_leaf(leaf, a->bytes, a->length);
  return json_pack("{s:I, s:s, s:s, s:I, s:i, s:s, s:b, s:o, s:o, s:o, s:o, s:o}", "seq",
                   (json_int_t)record->seq, "at", nav_clock_rfc3339(record->time_ms, at), "kind",
                   record_kind_name((uint16_t)record->record_case), "epoch", (json_int_t)record->epoch,
                   "bytes", (int)a->length, "leaf", nav_hex(hex, leaf, sizeof leaf), "leaf_agrees",
                   a->leaf_agrees ? 1 : 0, "record",
                   a->is_whole ? wire_json_from_message(&record->base) : json_null(), "meaning", meaning(a),
                   "mandate", mandate_json(request->person), "checkpoint", checkpoint, "words", words);
}

json_t *audit_show(const struct desk_request *request, struct nav_error *err) {
  const json_t *number = json_object_get(request->json, "seq");
  char query[64];
  if (!json_is_integer(number) || json_integer_value(number) < 1) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "seq",
                   "must be a record's number, from 1");
    return NULL;
  }
  (void)snprintf(query, sizeof query, "audit show %" JSON_INTEGER_FORMAT, json_integer_value(number));
  if (!desk_record_audit(request, query, err)) return NULL;
  struct audit_record *a = audit_record_read(request, (uint64_t)json_integer_value(number), err);
  json_t *record = a != NULL && audit_record_open_reason(request, a, err) ? describe(request, a, err) : NULL;
  return record == NULL ? NULL : json_pack("{s:b, s:o}", "ok", 1, "record", record);
}
