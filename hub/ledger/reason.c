// See reason.h.
#include "hub/ledger/reason.h"

#include <sodium.h>
#include <string.h>

enum {
  NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
  TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
};

_Static_assert(REASON_OVERHEAD == NONCE_SIZE + TAG_SIZE, "sealed bytes as reason.h says");

static const char label[24] = {'t', 'r', 'y', 'g', 'g', 'h', 'e', 't', 's', 'n', 'a', 'v',
                               'e', 't', '/', 'v', '1', '/', 'r', 'e', 'a', 's', 'o', 'n'};

enum { PLACE_SIZE = sizeof label + 8 + 4 + 4 };

#define FIELDS(message, field) ((struct reason_fields){&(message)->field, &(message)->sealed_##field})

bool reason_fields_of(Nav__V1__Record *record, struct reason_fields *fields) {
  switch (record->record_case) {
    case NAV__V1__RECORD__RECORD_READ:
      *fields = FIELDS(record->read, reason);
      return true;
    case NAV__V1__RECORD__RECORD_BRIEFING_COMPILED:
      *fields = FIELDS(record->briefing_compiled, reason);
      return true;
    case NAV__V1__RECORD__RECORD_AUDIT_READ:
      *fields = FIELDS(record->audit_read, reason);
      return true;
    case NAV__V1__RECORD__RECORD_HOLD_RELEASED:
      *fields = FIELDS(record->hold_released, reason);
      return true;
    case NAV__V1__RECORD__RECORD_HOLD_REFUSED:
      *fields = FIELDS(record->hold_refused, reason);
      return true;
    case NAV__V1__RECORD__RECORD_RECALL_CONFIRMED:
      *fields = FIELDS(record->recall_confirmed, note);
      return true;
    case NAV__V1__RECORD__RECORD_ERASED:
      *fields = FIELDS(record->erased, reason);
      return true;
    case NAV__V1__RECORD__RECORD_RESTORED:
      *fields = FIELDS(record->restored, reason);
      return true;
    default:
      return false;
  }
}

bool reason_kind(uint16_t kind) {
  return kind == NAV__V1__RECORD__RECORD_READ || kind == NAV__V1__RECORD__RECORD_BRIEFING_COMPILED ||
         kind == NAV__V1__RECORD__RECORD_AUDIT_READ || kind == NAV__V1__RECORD__RECORD_HOLD_RELEASED ||
         kind == NAV__V1__RECORD__RECORD_HOLD_REFUSED || kind == NAV__V1__RECORD__RECORD_RECALL_CONFIRMED ||
         kind == NAV__V1__RECORD__RECORD_ERASED || kind == NAV__V1__RECORD__RECORD_RESTORED;
}

void reason_key(uint8_t key[CONTENT_KEY_SIZE], const uint8_t bucket_key[CONTENT_KEY_SIZE], uint64_t seq) {
  static const char use[] = {'r', 'e', 'a', 's', 'o', 'n'};
  uint8_t message[sizeof use + 8];
  memcpy(message, use, sizeof use);
  nav_put_u64(message + sizeof use, seq);
  (void)crypto_generichash(key, CONTENT_KEY_SIZE, message, sizeof message, bucket_key, CONTENT_KEY_SIZE);
}

static void place_bytes(uint8_t out[PLACE_SIZE], uint64_t seq, uint32_t class, uint32_t bucket_day) {
  memcpy(out, label, sizeof label);
  nav_put_u64(out + sizeof label, seq);
  nav_put_u32(out + sizeof label + 8, class);
  nav_put_u32(out + sizeof label + 12, bucket_day);
}

void reason_seal(uint8_t *sealed, const uint8_t key[CONTENT_KEY_SIZE], uint64_t seq, uint32_t bucket_day,
                 const char *text, size_t length) {
  uint8_t ad[PLACE_SIZE];
  place_bytes(ad, seq, REASON_CLASS, bucket_day);
  randombytes_buf(sealed, NONCE_SIZE);
  (void)crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + NONCE_SIZE, NULL, (const uint8_t *)text, length,
                                                   ad, sizeof ad, NULL, sealed, key);
}

char *reason_open(const Nav__V1__SealedText *text, const uint8_t key[CONTENT_KEY_SIZE], uint64_t seq,
                  struct nav_arena *arena, struct nav_error *err) {
  size_t length = text->sealed.len;
  uint8_t ad[PLACE_SIZE];
  char *open = NULL;
  place_bytes(ad, seq, text->retention_class, text->bucket_day);
  if (length >= REASON_OVERHEAD && length <= REASON_TEXT_MAX + REASON_OVERHEAD)
    open = nav_arena_alloc(arena, length - REASON_OVERHEAD + 1);
  if (open != NULL && crypto_aead_xchacha20poly1305_ietf_decrypt(
                          (uint8_t *)open, NULL, NULL, text->sealed.data + NONCE_SIZE, length - NONCE_SIZE,
                          ad, sizeof ad, text->sealed.data, key) == 0) {
    open[length - REASON_OVERHEAD] = '\0';
    return open;
  }
  (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "",
                 "the reason of seq %llu does not open: another key, or changed bytes",
                 (unsigned long long)seq);
  return NULL;
}
