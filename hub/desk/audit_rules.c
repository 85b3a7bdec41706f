// `audit rules`: every change of rules; and the texts that were in force at a record, a page at a time, each
// after an AuditRead of its own. The rules are the hub's own, so every mandate has them.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/desk/audit.h"
#include "hub/desk/rules_changed.h"
#include "hub/desk/rules_text.h"
#include "hub/ledger/record.h"
#include "hub/wire/json.h"
#include "hub/wire/sha256.h"
#include "nav/v1/session.pb-c.h"

// A page's answer stays far under CONTROL_MESSAGE_MAX: 8 MiB of texts and the last one's 256 KiB, in base64.
enum {
  LINES_MAX = 100,
  PAGE_BYTES = 8 * 1024 * 1024,
  FILE_NAME_MAX = 300,
  NUMBER_SIZE = 24,
  QUERY_SIZE = 400
};

static const char *text_or_empty(const char *text) { return text != NULL ? text : ""; }

static json_t *hex_json(const ProtobufCBinaryData *bytes) {
  char hex[2 * NAV_SHA256_SIZE + 1];
  return json_string(bytes->len == NAV_SHA256_SIZE ? nav_hex(hex, bytes->data, NAV_SHA256_SIZE) : "");
}

static json_t *change_json(const Nav__V1__Record *record) {
  char at[NAV_RFC3339_SIZE];
  const Nav__V1__RulesChanged *r = record->rules_changed;
  return json_pack("{s:I, s:s, s:s, s:s, s:o, s:I, s:I, s:b}", "seq", (json_int_t)record->seq, "at",
                   nav_clock_rfc3339(record->time_ms, at), "person", text_or_empty(r->person), "agency",
                   text_or_empty(r->agency), "hash", hex_json(&r->hash), "rules", (json_int_t)r->n_rules,
                   "files", (json_int_t)r->n_files, "kept", r->texts_kept ? 1 : 0);
}

// ---- the list ----

static json_t *line_of(const PGresult *result, int row, struct nav_arena *arena, struct nav_error *err) {
  size_t length = 0;
  const uint8_t *bytes = desk_bytes(result, row, 1, &length);
  nav_arena_reset(arena);
  const Nav__V1__Record *record = record_stored(arena, bytes, length, err);
  if (record == NULL || record->rules_changed == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "ledger",
                   "record %" PRId64 " is not of the kind that its row says: run navctl audit verify",
                   desk_int8(result, row, 0));
    return NULL;
  }
  json_t *line = change_json(record);
  json_t *names = json_array();
  for (size_t i = 0; i < record->rules_changed->n_files; i++)
    (void)json_array_append_new(names, json_string(text_or_empty(record->rules_changed->files[i]->name)));
  (void)json_object_set_new(line, "names", names);
  return line;
}

static json_t *list_answer(const PGresult *result, int limit, struct nav_error *err) {
  int rows = PQntuples(result);
  json_t *lines = json_array();
  struct nav_arena *arena = nav_arena_new(16 * RECORD_SIZE_MAX);
  bool ok = arena != NULL || nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  for (int i = 0; ok && i < rows && i < limit; i++) {
    json_t *line = line_of(result, i, arena, err);
    ok = line != NULL && json_array_append_new(lines, line) == 0;
  }
  nav_arena_free(arena);
  if (!ok) {
    json_decref(lines);
    return NULL;
  }
  json_t *answer = json_pack("{s:b, s:s, s:o}", "ok", 1, "mandate", "all", "lines", lines);
  if (rows > limit) (void)json_object_set_new(answer, "next", json_integer(desk_int8(result, limit - 1, 0)));
  return answer;
}

// The first condition is that of the index ledger_rare, as in rules_changed.c.
static json_t *list(const struct desk_request *request, struct nav_error *err) {
  const json_t *before = json_object_get(request->json, "before");
  json_int_t limit = json_integer_value(json_object_get(request->json, "limit"));
  char number[NUMBER_SIZE];
  const char *values[] = {number};
  if (before != NULL && (!json_is_integer(before) || json_integer_value(before) < 1)) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "before", "must be a record's number");
    return NULL;
  }
  (void)snprintf(number, sizeof number, "%" PRId64,
                 before != NULL ? (int64_t)json_integer_value(before) : INT64_MAX);
  if (!desk_record_audit(request, "audit rules", err)) return NULL;
  PGresult *result = desk_query(request->database,
                                "SELECT seq, record FROM nav.ledger_view WHERE kind NOT IN (20, 21, 30) AND "
                                "kind = 13 AND seq < $1::bigint ORDER BY seq DESC LIMIT 101",
                                1, values, err);
  if (result == NULL) return NULL;
  json_t *answer = list_answer(result, limit >= 1 && limit < LINES_MAX ? (int)limit : LINES_MAX, err);
  PQclear(result);
  return answer;
}

// ---- the texts ----

static bool ask_seq(const struct desk_request *request, uint64_t *seq, struct nav_error *err) {
  const json_t *number = json_object_get(request->json, "seq");
  if (json_is_integer(number) && json_integer_value(number) >= 1) {
    *seq = (uint64_t)json_integer_value(number);
    return true;
  }
  return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "seq",
                  "must be a record's number, from 1");
}

// The record that put the rules in force that were so at seq. NULL: *err.
static const Nav__V1__Record *in_force_at(const struct desk_request *request, uint64_t seq,
                                          struct nav_error *err) {
  const Nav__V1__Record *record = NULL;
  char number[NUMBER_SIZE];
  const char *values[] = {number};
  (void)snprintf(number, sizeof number, "%" PRIu64, seq);
  PGresult *result =
      desk_query(request->database, "SELECT 1 FROM nav.ledger_view WHERE seq = $1::bigint", 1, values, err);
  if (result == NULL) return NULL;
  bool is_there = PQntuples(result) == 1;
  PQclear(result);
  if (!is_there) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "seq",
                   "the ledger has no record %" PRIu64, seq);
  } else if (rules_changed_read(request, seq, &record, err) && record == NULL) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "seq",
                   "no rules were in force yet at record %" PRIu64, seq);
  }
  return record;
}

// One file with its text in base64. NULL: *err.
static json_t *file_json(const struct desk_request *request, const Nav__V1__Record *record,
                         const Nav__V1__RulesFile *file, size_t *length, struct nav_error *err) {
  const char *text = NULL;
  if (!rules_text_read(request, file, &text, length, err)) return NULL;
  if (text == NULL && record->rules_changed->texts_kept) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "ledger",
                   "the text of %.120s, which record %" PRIu64
                   " put in force, is not there: run navctl audit verify",
                   text_or_empty(file->name), record->seq);
    return NULL;
  }
  if (text == NULL) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "seq",
                   "the text of %.120s, which record %" PRIu64
                   " put in force, is not kept: that was before the hub kept texts",
                   text_or_empty(file->name), record->seq);
    return NULL;
  }
  return json_pack("{s:s, s:o, s:o}", "name", text_or_empty(file->name), "sha256", hex_json(&file->sha256),
                   "text", wire_json_base64((const uint8_t *)text, *length));
}

struct texts {
  const char *file;   // that one alone; NULL: all
  size_t from, next;  // by place in the record
  json_t *list;
};

static bool fill(const struct desk_request *request, const Nav__V1__Record *record, struct texts *texts,
                 struct nav_error *err) {
  const Nav__V1__RulesChanged *changed = record->rules_changed;
  size_t bytes = 0;
  size_t i = texts->from;
  for (; i < changed->n_files && bytes < PAGE_BYTES; i++) {
    size_t length = 0;
    const Nav__V1__RulesFile *file = changed->files[i];
    if (texts->file != NULL && strcmp(text_or_empty(file->name), texts->file) != 0) continue;
    json_t *json = file_json(request, record, file, &length, err);
    if (json == NULL) return false;
    (void)json_array_append_new(texts->list, json);
    bytes += length;
  }
  texts->next = i;
  return texts->file == NULL || json_array_size(texts->list) > 0 ||
         nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "file",
                  "the rules of record %" PRIu64 " have no file of that name: navctl audit rules %" PRIu64
                  " lists them",
                  record->seq, record->seq);
}

static json_t *texts_answer(const struct desk_request *request, uint64_t seq, struct texts *texts,
                            struct nav_error *err) {
  const Nav__V1__Record *record = in_force_at(request, seq, err);
  if (record == NULL) return NULL;
  texts->list = json_array();
  if (!fill(request, record, texts, err)) {
    json_decref(texts->list);
    return NULL;
  }
  json_t *answer = json_pack("{s:b, s:o, s:o}", "ok", 1, "change", change_json(record), "texts", texts->list);
  if (answer == NULL) (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  if (texts->next < record->rules_changed->n_files)
    (void)json_object_set_new(answer, "next", json_integer((json_int_t)texts->next));
  return answer;
}

json_t *audit_rules(const struct desk_request *request, struct nav_error *err) {
  const json_t *from = json_object_get(request->json, "from");
  struct texts texts = {.from = 0};
  char query[QUERY_SIZE];
  uint64_t seq = 0;
  bool ok = true;
  if (json_object_get(request->json, "seq") == NULL) return list(request, err);
  texts.file = desk_text(request, "file", FILE_NAME_MAX, &ok, err);
  if (!ok || !ask_seq(request, &seq, err)) return NULL;
  if (from != NULL && (!json_is_integer(from) || json_integer_value(from) < 0)) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "from", "must be a place, from 0");
    return NULL;
  }
  texts.from = (size_t)json_integer_value(from);
  (void)snprintf(query, sizeof query, "audit rules %" PRIu64 "%s%s", seq,
                 texts.file != NULL ? " --file " : "", text_or_empty(texts.file));
  return desk_record_audit(request, query, err) ? texts_answer(request, seq, &texts, err) : NULL;
}
