// See proof.h.
#include "hub/ledger/proof.h"

#include <sodium.h>
#include <string.h>

enum { HASH_BASE64_LENGTH = 44, EXTRA_BASE64_SIZE = (PROOF_EXTRA_MAX + 2) / 3 * 4 + 1 };

static const char first_line[] = "c2sp.org/tlog-proof@v1";

bool proof_write(const struct proof *proof, struct nav_buffer *out) {
  char text[EXTRA_BASE64_SIZE];
  NAV_ASSERT(proof->extra_length <= PROOF_EXTRA_MAX && proof->path.count <= MERKLE_PROOF_MAX);
  bool ok = nav_buffer_printf(out, "%s\n", first_line);
  if (proof->extra_length > 0) {
    (void)sodium_bin2base64(text, sizeof text, proof->extra, proof->extra_length,
                            sodium_base64_VARIANT_ORIGINAL);
    ok = ok && nav_buffer_printf(out, "extra %s\n", text);
  }
  ok = ok && nav_buffer_printf(out, "index %llu\n", (unsigned long long)proof->index);
  for (size_t i = 0; ok && i < proof->path.count; i++) {
    (void)sodium_bin2base64(text, sizeof text, proof->path.hashes[i], NAV_SHA256_SIZE,
                            sodium_base64_VARIANT_ORIGINAL);
    ok = nav_buffer_printf(out, "%s\n", text);
  }
  return ok && nav_buffer_append_text(out, "\n") && nav_buffer_append_text(out, proof->note);
}

static bool bad(struct nav_error *err, const char *what) {
  return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_MALFORMED, "tlog-proof", "%s", what);
}

struct line {
  const char *text;
  size_t length;
};

static bool take_line(const char **rest, struct line *line) {
  const char *end = strchr(*rest, '\n');
  if (end == NULL) return false;
  *line = (struct line){*rest, (size_t)(end - *rest)};
  *rest = end + 1;
  return true;
}

// Whether the line is "<word> <value>"; *value is what follows the blank.
static bool is_field(const struct line *line, const char *word, struct line *value) {
  size_t length = strlen(word);
  if (line->length <= length || memcmp(line->text, word, length) != 0 || line->text[length] != ' ')
    return false;
  *value = (struct line){line->text + length + 1, line->length - length - 1};
  return true;
}

// Decimal without leading zeros.
static bool parse_index(const struct line *value, uint64_t *index) {
  if (value->length == 0 || value->length > 20 || (value->text[0] == '0' && value->length > 1)) return false;
  *index = 0;
  for (size_t i = 0; i < value->length; i++) {
    if (value->text[i] < '0' || value->text[i] > '9') return false;
    uint64_t digit = (uint64_t)(value->text[i] - '0');
    if (*index > (UINT64_MAX - digit) / 10) return false;
    *index = *index * 10 + digit;
  }
  return true;
}

static bool from_base64(uint8_t *out, size_t size, const struct line *value, size_t *length) {
  return sodium_base642bin(out, size, value->text, value->length, NULL, length, NULL,
                           sodium_base64_VARIANT_ORIGINAL) == 0;
}

static bool parse_path(const char **rest, struct merkle_proof *path, struct nav_error *err) {
  struct line line;
  path->count = 0;
  for (;;) {
    size_t length = 0;
    if (!take_line(rest, &line)) return bad(err, "has no empty line before its checkpoint");
    if (line.length == 0) return true;
    if (path->count == MERKLE_PROOF_MAX) return bad(err, "has more than 64 hashes");
    if (line.length != HASH_BASE64_LENGTH ||
        !from_base64(path->hashes[path->count], NAV_SHA256_SIZE, &line, &length) || length != NAV_SHA256_SIZE)
      return bad(err, "has a line that is not a hash of 32 bytes in base64");
    path->count++;
  }
}

bool proof_parse(const char *text, struct proof *proof, struct nav_error *err) {
  struct line line;
  struct line value;
  const char *rest = text;
  proof->extra_length = 0;
  if (strnlen(text, PROOF_FILE_MAX + 1) > PROOF_FILE_MAX) return bad(err, "is larger than 80 KiB");
  if (!take_line(&rest, &line) || line.length != strlen(first_line) ||
      memcmp(line.text, first_line, line.length) != 0)
    return bad(err, "does not begin with the line c2sp.org/tlog-proof@v1");
  if (!take_line(&rest, &line)) return bad(err, "has no index");
  if (is_field(&line, "extra", &value)) {
    if (!from_base64(proof->extra, sizeof proof->extra, &value, &proof->extra_length) ||
        proof->extra_length == 0)
      return bad(err, "has extra data that is not base64 of 1 to 1024 bytes");
    if (!take_line(&rest, &line)) return bad(err, "has no index");
  }
  if (!is_field(&line, "index", &value) || !parse_index(&value, &proof->index))
    return bad(err, "has no index, a whole number from 0 without leading zeros");
  if (!parse_path(&rest, &proof->path, err)) return false;
  if (*rest == '\0') return bad(err, "has no checkpoint");
  proof->note = rest;
  return true;
}

bool proof_check(const struct proof *proof, const uint8_t leaf[NAV_SHA256_SIZE], const char *origin,
                 const uint8_t *public_key, struct checkpoint *checkpoint, struct nav_error *err) {
  if (!checkpoint_open(proof->note, origin, public_key, checkpoint, err)) return false;
  if (merkle_inclusion_check(leaf, proof->index, checkpoint->size, &proof->path, checkpoint->root))
    return true;
  return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_SIGNATURE, "tlog-proof",
                  "does not lead from this record to the checkpoint's root at %llu",
                  (unsigned long long)checkpoint->size);
}
