// See reasons.h.
#include "hub/core/reasons.h"

#include <sodium.h>
#include <string.h>

#include "hub/base/id.h"
#include "hub/ledger/reason.h"

enum { MS_A_DAY = 86400000 };

static bool key_of(const struct core *core, uint32_t day, uint64_t seq, bool seal,
                   uint8_t key[CONTENT_KEY_SIZE], struct nav_error *err) {
  const struct bucket_place bucket = {REASON_CLASS, day};
  uint8_t leaf[CONTENT_KEY_SIZE];
  if (!buckets_key(core->buckets, &bucket, seq, seal, leaf, err)) return false;
  reason_key(key, leaf, seq);
  sodium_memzero(leaf, sizeof leaf);
  return true;
}

bool reasons_stage(struct core *core, Nav__V1__Record *record, uint64_t *seq, struct nav_error *err) {
  struct reason_fields fields;
  Nav__V1__SealedText text = NAV__V1__SEALED_TEXT__INIT;
  uint8_t sealed[REASON_TEXT_MAX + REASON_OVERHEAD];
  bool has = reason_fields_of(record, &fields) && *fields.text != NULL && (*fields.text)[0] != '\0';
  if (has) {
    size_t length = strlen(*fields.text);
    uint32_t day = (uint32_t)(core->now_ms / MS_A_DAY);
    if (length > REASON_TEXT_MAX)
      return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_LARGE, "reason", "at most %d bytes",
                      REASON_TEXT_MAX);
    uint8_t key[CONTENT_KEY_SIZE];
    if (!key_of(core, day, batch_next_seq(core->staging), true, key, err)) return false;
    reason_seal(sealed, key, batch_next_seq(core->staging), day, *fields.text, length);
    sodium_memzero(key, sizeof key);
    text.has_retention_class = text.has_bucket_day = text.has_sealed = true;
    text.retention_class = REASON_CLASS;
    text.bucket_day = day;
    text.sealed = (ProtobufCBinaryData){length + REASON_OVERHEAD, sealed};
    *fields.text = NULL;
    *fields.sealed = &text;
  }
  *seq = batch_stage(core->staging, record, core->now_ms);
  if (has) *fields.sealed = NULL;  // it ends with this call
  return true;
}

void reasons_noted(struct core *core, uint64_t audit_seq) {
  core->audit_reads[core->audit_reads_next++ % CORE_AUDIT_READS] = audit_seq;
}

static bool is_noted(const struct core *core, uint64_t seq) {
  if (seq == 0 || seq > core->committed_seq) return false;
  for (size_t i = 0; i < CORE_AUDIT_READS; i++)
    if (core->audit_reads[i] == seq) return true;
  return false;
}

static json_t *one_key(const struct core *core, const json_t *item) {
  struct nav_error erased;
  json_int_t seq = json_integer_value(json_array_get(item, 0));
  json_int_t class = json_integer_value(json_array_get(item, 1));
  json_int_t day = json_integer_value(json_array_get(item, 2));
  uint8_t key[CONTENT_KEY_SIZE];
  char hex[2 * CONTENT_KEY_SIZE + 1];
  bool is_asked = seq > 0 && (uint64_t)seq <= core->committed_seq && class == REASON_CLASS && day >= 0 &&
                  day <= UINT32_MAX;
  if (!is_asked || !key_of(core, (uint32_t)day, (uint64_t)seq, false, key, &erased)) return json_null();
  json_t *text = json_string(nav_hex(hex, key, sizeof key));
  sodium_memzero(key, sizeof key);
  sodium_memzero(hex, sizeof hex);
  return text;
}

json_t *reasons_keys(const struct core *core, const json_t *request, struct nav_error *err) {
  const json_t *asked = json_object_get(request, "asked");
  if (!is_noted(core, (uint64_t)json_integer_value(json_object_get(request, "under")))) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_PERMITTED, "under",
                   "reasons are opened under an audit reading that stands in the ledger");
    return NULL;
  }
  if (json_array_size(asked) > REASONS_ASKED_MAX) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_MANY, "asked", "at most %d at a time",
                   REASONS_ASKED_MAX);
    return NULL;
  }
  json_t *keys = json_array();
  for (size_t i = 0; i < json_array_size(asked); i++)
    (void)json_array_append_new(keys, one_key(core, json_array_get(asked, i)));
  return json_pack("{s:b, s:o}", "ok", 1, "keys", keys);
}
