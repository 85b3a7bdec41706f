// See checkpoint.h. Parsing takes the note as C2SP's signed-note and tlog-checkpoint write it and nothing
// looser: other people's verifiers must come to the same answer.
#include "hub/ledger/checkpoint.h"

#include <sodium.h>
#include <string.h>

enum {
  NOTE_SIZE_MAX = 64 * 1024,
  SIGNATURES_MAX = 100,
  KEY_ID_SIZE = 4,
  ALGORITHM_ED25519 = 0x01,
  SIGNED_SIZE = KEY_ID_SIZE + KEY_SIGNATURE_SIZE,
  BASE64_SIZE = 128,  // of a root or a signature with its key id, with NUL
};

static const char signature_mark[] = "\xe2\x80\x94 ";  // em dash and a blank

static void key_id(uint8_t id[KEY_ID_SIZE], const char *name, const uint8_t *public_key) {
  static const uint8_t kind[2] = {'\n', ALGORITHM_ED25519};
  uint8_t hash[NAV_SHA256_SIZE];
  const struct nav_bytes parts[] = {
      {name, strlen(name)}, {kind, sizeof kind}, {public_key, KEY_ED25519_PUBLIC_SIZE}};
  nav_sha256(hash, parts, sizeof parts / sizeof parts[0]);
  memcpy(id, hash, KEY_ID_SIZE);
}

static const char *base64(char out[BASE64_SIZE], const uint8_t *data, size_t length) {
  return sodium_bin2base64(out, BASE64_SIZE, data, length, sodium_base64_VARIANT_ORIGINAL);
}

// Exactly `size` bytes from all of text.
static bool from_base64(uint8_t *out, size_t size, const char *text, size_t length) {
  size_t read = 0;
  return sodium_base642bin(out, size, text, length, NULL, &read, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
         read == size;
}

bool checkpoint_sign(const struct checkpoint *checkpoint, const char *origin, const struct key_pair_sign *key,
                     struct nav_buffer *note) {
  char text[BASE64_SIZE];
  size_t start = note->length;
  if (!nav_buffer_printf(note, "%s\n%llu\n%s\n", origin, (unsigned long long)checkpoint->size,
                         base64(text, checkpoint->root, sizeof checkpoint->root))) {
    return false;
  }
  uint8_t signed_bytes[SIGNED_SIZE];
  key_id(signed_bytes, origin, key->public_key);
  (void)crypto_sign_detached(signed_bytes + KEY_ID_SIZE, NULL, note->data + start, note->length - start,
                             key->secret_key);
  return nav_buffer_printf(note, "\n%s%s %s\n", signature_mark, origin,
                           base64(text, signed_bytes, sizeof signed_bytes));
}

struct line {
  const char *text;
  size_t length;
};

// Takes a line that ends in a newline off *rest. False: there is none.
static bool take_line(const char **rest, struct line *line) {
  const char *end = strchr(*rest, '\n');
  if (end == NULL) return false;
  *line = (struct line){*rest, (size_t)(end - *rest)};
  *rest = end + 1;
  return true;
}

static bool line_is(const struct line *line, const char *text) {
  return line->length == strlen(text) && memcmp(line->text, text, line->length) == 0;
}

// Decimal without leading zeros.
static bool parse_size(const struct line *line, uint64_t *size) {
  if (line->length == 0 || line->length > 20 || (line->text[0] == '0' && line->length > 1)) return false;
  *size = 0;
  for (size_t i = 0; i < line->length; i++) {
    char c = line->text[i];
    if (c < '0' || c > '9') return false;
    uint64_t digit = (uint64_t)(c - '0');
    if (*size > (UINT64_MAX - digit) / 10) return false;
    *size = *size * 10 + digit;
  }
  return true;
}

static bool bad_note(struct nav_error *err, const char *what) {
  return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_MALFORMED, "checkpoint", "%s", what);
}

// The three lines and the blank one; extension lines between are passed over, as the specification asks.
// *rest is left at the signatures, *text_length covers what they sign.
static bool parse_text(const char *note, const char *origin, struct checkpoint *checkpoint, const char **rest,
                       size_t *text_length, struct nav_error *err) {
  struct line line;
  *rest = note;
  if (!take_line(rest, &line)) return bad_note(err, "has no first line");
  if (!line_is(&line, origin))
    return bad_note(err, "is of another log: its first line is not this log's origin");
  if (!take_line(rest, &line) || !parse_size(&line, &checkpoint->size)) {
    return bad_note(err, "has no tree size on its second line");
  }
  if (!take_line(rest, &line) ||
      !from_base64(checkpoint->root, sizeof checkpoint->root, line.text, line.length)) {
    return bad_note(err, "has no root of 32 bytes in base64 on its third line");
  }
  do {
    *text_length = (size_t)(*rest - note);
    if (!take_line(rest, &line)) return bad_note(err, "has no blank line before its signatures");
  } while (line.length > 0);
  return true;
}

// One signature line: its key's name and the bytes of key id and signature. False: not a signature line.
static bool parse_signature(const struct line *line, struct line *name, struct line *encoded) {
  size_t mark = strlen(signature_mark);
  if (line->length <= mark || memcmp(line->text, signature_mark, mark) != 0) return false;
  const char *start = line->text + mark;
  const char *end = line->text + line->length;
  const char *blank = memchr(start, ' ', (size_t)(end - start));
  if (blank == NULL || blank == start || blank + 1 == end) return false;
  if (memchr(start, '+', (size_t)(blank - start)) != NULL) return false;
  *name = (struct line){start, (size_t)(blank - start)};
  *encoded = (struct line){blank + 1, (size_t)(end - blank - 1)};
  return memchr(encoded->text, ' ', encoded->length) == NULL;
}

// A line of another key (a witness's) is passed over; ours must hold. *found counts ours.
static bool check_signature(const struct line *line, const char *note, size_t text_length, const char *origin,
                            const uint8_t *public_key, unsigned *found, struct nav_error *err) {
  struct line name;
  struct line encoded;
  uint8_t id[KEY_ID_SIZE];
  uint8_t bytes[SIGNED_SIZE];
  if (!parse_signature(line, &name, &encoded)) return bad_note(err, "has a line that is not a signature");
  if (!line_is(&name, origin)) return true;
  key_id(id, origin, public_key);
  if (!from_base64(bytes, sizeof bytes, encoded.text, encoded.length)) return true;  // another algorithm's
  if (memcmp(bytes, id, sizeof id) != 0) return true;
  if (crypto_sign_verify_detached(bytes + KEY_ID_SIZE, (const uint8_t *)note, text_length, public_key) != 0) {
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_SIGNATURE, "checkpoint",
                    "is not signed by this hub: the signature does not fit the text");
  }
  (*found)++;
  return true;
}

bool checkpoint_origin(const char *note, char origin[CHECKPOINT_ORIGIN_SIZE]) {
  size_t length = strcspn(note, "\n");
  if (note[length] == '\0' || length == 0 || length >= CHECKPOINT_ORIGIN_SIZE) return false;
  memcpy(origin, note, length);
  origin[length] = '\0';
  return true;
}

bool checkpoint_open(const char *note, const char *origin, const uint8_t *public_key,
                     struct checkpoint *checkpoint, struct nav_error *err) {
  if (strnlen(note, NOTE_SIZE_MAX + 1) > NOTE_SIZE_MAX) return bad_note(err, "is larger than 64 KiB");
  for (const char *p = note; *p != '\0'; p++) {
    if ((unsigned char)*p < 0x20 && *p != '\n') return bad_note(err, "holds a control character");
  }
  struct checkpoint parsed;
  const char *rest = NULL;
  size_t text_length = 0;
  if (!parse_text(note, origin, &parsed, &rest, &text_length, err)) return false;
  struct line line;
  unsigned found = 0;
  unsigned lines = 0;
  while (take_line(&rest, &line)) {
    if (++lines > SIGNATURES_MAX) return bad_note(err, "has more than 100 signatures");
    if (!check_signature(&line, note, text_length, origin, public_key, &found, err)) return false;
  }
  if (*rest != '\0') return bad_note(err, "does not end in a newline");
  if (found == 0) {
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_SIGNATURE, "checkpoint",
                    "carries no signature by this hub's checkpoint key");
  }
  *checkpoint = parsed;
  return true;
}
