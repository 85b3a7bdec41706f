// See note.h.
#include "hub/ledger/note.h"

#include <sodium.h>
#include <string.h>

const char note_mark[] = "\xe2\x80\x94 ";  // em dash and a blank

bool note_take_line(const char **rest, struct note_line *line) {
  const char *end = strchr(*rest, '\n');
  if (end == NULL) return false;
  *line = (struct note_line){*rest, (size_t)(end - *rest)};
  *rest = end + 1;
  return true;
}

bool note_line_is(const struct note_line *line, const char *text) {
  return line->length == strlen(text) && memcmp(line->text, text, line->length) == 0;
}

bool note_number(const struct note_line *line, uint64_t *number) {
  if (line->length == 0 || line->length > 20 || (line->text[0] == '0' && line->length > 1)) return false;
  *number = 0;
  for (size_t i = 0; i < line->length; i++) {
    char c = line->text[i];
    if (c < '0' || c > '9') return false;
    uint64_t digit = (uint64_t)(c - '0');
    if (*number > (UINT64_MAX - digit) / 10) return false;
    *number = *number * 10 + digit;
  }
  return true;
}

bool note_signature(const struct note_line *line, struct note_line *name, struct note_line *encoded) {
  size_t mark = strlen(note_mark);
  if (line->length <= mark || memcmp(line->text, note_mark, mark) != 0) return false;
  const char *start = line->text + mark;
  const char *end = line->text + line->length;
  const char *blank = memchr(start, ' ', (size_t)(end - start));
  if (blank == NULL || blank == start || blank + 1 == end) return false;
  if (memchr(start, '+', (size_t)(blank - start)) != NULL) return false;
  *name = (struct note_line){start, (size_t)(blank - start)};
  *encoded = (struct note_line){blank + 1, (size_t)(end - blank - 1)};
  return memchr(encoded->text, ' ', encoded->length) == NULL;
}

void note_key_id(uint8_t id[NOTE_KEY_ID_SIZE], const char *name, uint8_t algorithm,
                 const uint8_t public_key[KEY_ED25519_PUBLIC_SIZE]) {
  const uint8_t kind[2] = {'\n', algorithm};
  uint8_t hash[NAV_SHA256_SIZE];
  const struct nav_bytes parts[] = {
      {name, strlen(name)}, {kind, sizeof kind}, {public_key, KEY_ED25519_PUBLIC_SIZE}};
  nav_sha256(hash, parts, sizeof parts / sizeof parts[0]);
  memcpy(id, hash, NOTE_KEY_ID_SIZE);
}

const char *note_base64(char out[NOTE_BASE64_SIZE], const uint8_t *data, size_t length) {
  return sodium_bin2base64(out, NOTE_BASE64_SIZE, data, length, sodium_base64_VARIANT_ORIGINAL);
}

bool note_from_base64(uint8_t *out, size_t size, const struct note_line *line) {
  size_t read = 0;
  return sodium_base642bin(out, size, line->text, line->length, NULL, &read, NULL,
                           sodium_base64_VARIANT_ORIGINAL) == 0 &&
         read == size;
}
