// See cosignature.h.
#include "hub/ledger/cosignature.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/buffer.h"

enum {
  TIME_AT = NOTE_KEY_ID_SIZE,
  SIGNATURE_AT = NOTE_KEY_ID_SIZE + 8,
  SIGNED_SIZE = SIGNATURE_AT + KEY_SIGNATURE_SIZE,
  HEAD_SIZE = 64,
};

// libsodium's multi-part calls are another algorithm (Ed25519ph), so the message is put together.
struct message {
  uint8_t bytes[HEAD_SIZE + COSIGNATURE_TEXT_MAX];
  size_t length;
};

static bool put_together(struct message *message, const char *text, size_t length, uint64_t time_s) {
  int head = snprintf((char *)message->bytes, HEAD_SIZE, "cosignature/v1\ntime %" PRIu64 "\n", time_s);
  if (head < 0 || length > COSIGNATURE_TEXT_MAX) return false;
  memcpy(message->bytes + head, text, length);
  message->length = (size_t)head + length;
  return true;
}

// The part of an origin before its last '/': the hub.
static size_t hub_length(const char *origin) {
  const char *slash = strrchr(origin, '/');
  return slash == NULL ? 0 : (size_t)(slash - origin);
}

bool cosignature_name(char name[COSIGNATURE_NAME_SIZE], const char *agency, const char *origin) {
  size_t hub = hub_length(origin);
  if (hub == 0 || agency[0] == '\0') return false;
  int length = snprintf(name, COSIGNATURE_NAME_SIZE, "%s.%.*s", agency, (int)hub, origin);
  return length > 0 && length < COSIGNATURE_NAME_SIZE;
}

bool cosignature_agency(char agency[COSIGNATURE_NAME_SIZE], const struct note_line *name,
                        const char *origin) {
  size_t hub = hub_length(origin);
  if (hub == 0 || name->length < hub + 2 || name->length >= COSIGNATURE_NAME_SIZE) return false;
  size_t length = name->length - hub - 1;
  if (name->text[length] != '.' || memcmp(name->text + length + 1, origin, hub) != 0) return false;
  memcpy(agency, name->text, length);
  agency[length] = '\0';
  return true;
}

void cosignature_make(char line[COSIGNATURE_LINE_SIZE], const char *text, size_t length, const char *name,
                      const struct key_pair_sign *key, uint64_t time_s) {
  struct message message;
  uint8_t bytes[SIGNED_SIZE];
  char base64[NOTE_BASE64_SIZE];
  NAV_ASSERT(strlen(name) < COSIGNATURE_NAME_SIZE && put_together(&message, text, length, time_s));
  note_key_id(bytes, name, NOTE_COSIGNATURE, key->public_key);
  nav_put_u64(bytes + TIME_AT, time_s);
  (void)crypto_sign_detached(bytes + SIGNATURE_AT, NULL, message.bytes, message.length, key->secret_key);
  (void)snprintf(line, COSIGNATURE_LINE_SIZE, "%s%s %s\n", note_mark, name,
                 note_base64(base64, bytes, sizeof bytes));
}

static bool refused(struct nav_error *err, int code, const char *name, const char *what) {
  return nav_fail(err, NAV_ERROR_PEER, code, "cosignature", "%s: %s", name, what);
}

bool cosignature_check(const struct note_line *line, const char *text, size_t length, const char *name,
                       const uint8_t public_key[KEY_ED25519_PUBLIC_SIZE], uint64_t *time_s,
                       struct nav_error *err) {
  struct message message;
  uint8_t bytes[SIGNED_SIZE];
  uint8_t id[NOTE_KEY_ID_SIZE];
  struct note_line named;
  struct note_line encoded;
  if (!note_signature(line, &named, &encoded) || !note_from_base64(bytes, sizeof bytes, &encoded))
    return refused(err, NAV__V1__CODE__CODE_MALFORMED, name,
                   "is no line of a name and 76 bytes in base64, as c2sp.org/tlog-cosignature writes it");
  if (!note_line_is(&named, name))
    return refused(err, NAV__V1__CODE__CODE_WRONG_AGENCY, name, "was expected, the line names another");
  note_key_id(id, name, NOTE_COSIGNATURE, public_key);
  if (memcmp(id, bytes, sizeof id) != 0)
    return refused(err, NAV__V1__CODE__CODE_UNKNOWN_KEY, name, "is made with another key than the known one");
  uint64_t time = nav_get_u64(bytes + TIME_AT);
  if (time == 0 || time > INT64_MAX || !put_together(&message, text, length, time))
    return refused(err, NAV__V1__CODE__CODE_BAD_VALUE, name, "has no time of its own");
  if (crypto_sign_verify_detached(bytes + SIGNATURE_AT, message.bytes, message.length, public_key) != 0)
    return refused(err, NAV__V1__CODE__CODE_BAD_SIGNATURE, name,
                   "does not fit the checkpoint: it was made over another one, or changed");
  *time_s = time;
  return true;
}
