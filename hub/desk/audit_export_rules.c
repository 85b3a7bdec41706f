// `audit export`, the kept texts of rules: after the records, a page at a time, each page after an AuditRead
// of its own, as audit_export.c does.
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/id.h"
#include "hub/desk/audit.h"
#include "hub/wire/sha256.h"
#include "nav/v1/session.pb-c.h"

// Far under CONTROL_MESSAGE_MAX: 8 MiB of texts and the last one's 256 KiB, in base64.
enum { PAGE_BYTES = 8 * 1024 * 1024, NUMBER_SIZE = 24, HEX_SIZE = 2 * NAV_SHA256_SIZE + 1 };

static const char texts_sql[] =
    "SELECT seq, substr(sha256, 1, 32), substr(text, 1, 262145) FROM nav.rules_text_view WHERE (seq, sha256) "
    "> ($1::bigint, decode($2, 'hex')) AND seq <= $3::bigint ORDER BY seq, sha256";

// From where this page goes on: after that text of that record.
struct place {
  char after[NUMBER_SIZE], until[NUMBER_SIZE];
  char sha256[HEX_SIZE];
};

static bool read_place(const struct desk_request *request, struct place *place, struct nav_error *err) {
  const json_t *after = json_object_get(request->json, "after");
  const json_t *until = json_object_get(request->json, "until");
  bool ok = true;
  const char *sha256 = desk_text(request, "sha256", HEX_SIZE - 1, &ok, err);
  if (!ok) return false;
  if (!json_is_integer(after) || json_integer_value(after) < 0 || !json_is_integer(until) ||
      (sha256 != NULL && strspn(sha256, "0123456789abcdef") != HEX_SIZE - 1))
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "after",
                    "after and until must be records' numbers, sha256 the last page's last hash");
  (void)snprintf(place->after, sizeof place->after, "%" JSON_INTEGER_FORMAT, json_integer_value(after));
  (void)snprintf(place->until, sizeof place->until, "%" JSON_INTEGER_FORMAT, json_integer_value(until));
  (void)snprintf(place->sha256, sizeof place->sha256, "%s", sha256 != NULL ? sha256 : "");
  return true;
}

static json_t *text_json(const struct desk_cursor *cursor, size_t *length) {
  char hex[HEX_SIZE] = "";
  size_t hash_length = 0;
  const uint8_t *hash = desk_bytes(cursor->page, cursor->row, 1, &hash_length);
  const uint8_t *text = desk_bytes(cursor->page, cursor->row, 2, length);
  size_t size = sodium_base64_encoded_len(*length, sodium_base64_VARIANT_ORIGINAL);
  char *encoded = malloc(size);
  if (encoded == NULL || hash_length != NAV_SHA256_SIZE) {
    free(encoded);
    return NULL;
  }
  (void)sodium_bin2base64(encoded, size, text, *length, sodium_base64_VARIANT_ORIGINAL);
  json_t *json = json_pack("{s:I, s:s, s:s}", "seq", (json_int_t)desk_int8(cursor->page, cursor->row, 0),
                           "sha256", nav_hex(hex, hash, NAV_SHA256_SIZE), "text", encoded);
  free(encoded);
  return json;
}

static json_t *page(const struct desk_request *request, const struct place *place, struct nav_error *err) {
  const char *values[] = {place->after, place->sha256, place->until};
  struct desk_cursor cursor;
  size_t bytes = 0;
  int got = 0;
  if (!desk_cursor_open(&cursor, request->database, "export_rules", texts_sql, 3, values, err)) return NULL;
  json_t *texts = json_array();
  while (bytes < PAGE_BYTES && (got = desk_cursor_next(&cursor, err)) > 0) {
    size_t length = 0;
    if (json_array_append_new(texts, text_json(&cursor, &length)) != 0) {
      (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "nav.rules_text",
                     "a text has no SHA-256, or there is no memory: run navctl audit verify");
      got = -1;
      break;
    }
    bytes += length;
  }
  desk_cursor_close(&cursor);
  if (got < 0) {
    json_decref(texts);
    return NULL;
  }
  return json_pack("{s:b, s:b, s:o}", "ok", 1, "done", got == 0 ? 1 : 0, "texts", texts);
}

json_t *audit_export_rules(const struct desk_request *request, struct nav_error *err) {
  struct place place;
  char query[128];
  if (!read_place(request, &place, err)) return NULL;
  if (!request->person->mandate_all) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_PERMITTED, "mandate",
                   "an export takes an auditor whose mandate in agencies.yaml is all");
    return NULL;
  }
  (void)snprintf(query, sizeof query, "audit export --until %s, texts of rules after seq %s", place.until,
                 place.after);
  return desk_record_audit(request, query, err) ? page(request, &place, err) : NULL;
}
