// See proof.h.
#include "hub/ledger/proof.h"

#include <sodium.h>
#include <string.h>

enum { HASH_TEXT_SIZE = 45 };  // base64 of 32 bytes, with NUL

static const char first_line[] = "c2sp.org/tlog-proof@v1\n";

static bool write_extra(const struct ledger_proof *proof, struct nav_buffer *out) {
  if (proof->record == NULL) return true;
  size_t size = sodium_base64_encoded_len(proof->record_length, sodium_base64_VARIANT_ORIGINAL);
  if (!nav_buffer_append_text(out, "extra ")) return false;
  uint8_t *room = nav_buffer_reserve(out, size);
  if (room == NULL) return false;
  (void)sodium_bin2base64((char *)room, size, proof->record, proof->record_length,
                          sodium_base64_VARIANT_ORIGINAL);
  out->length += size - 1;
  return nav_buffer_append_text(out, "\n");
}

bool proof_write(const struct ledger_proof *proof, struct nav_buffer *out) {
  bool ok = nav_buffer_append_text(out, first_line) && write_extra(proof, out) &&
            nav_buffer_printf(out, "index %llu\n", (unsigned long long)proof->index);
  for (size_t i = 0; ok && i < proof->path.count; i++) {
    char text[HASH_TEXT_SIZE];
    (void)sodium_bin2base64(text, sizeof text, proof->path.hashes[i], NAV_SHA256_SIZE,
                            sodium_base64_VARIANT_ORIGINAL);
    ok = nav_buffer_printf(out, "%s\n", text);
  }
  return ok && nav_buffer_append_text(out, "\n") && nav_buffer_append_text(out, proof->note);
}

static bool bad(struct nav_error *err, int line, const char *what) {
  char place[32];
  (void)snprintf(place, sizeof place, "line %d", line);
  return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_MALFORMED, place, "%s", what);
}

struct lines {
  const char *rest;
  const char *line;
  size_t length;
  int number;
};

// The next line, without its newline. False: none that ends.
static bool next_line(struct lines *lines) {
  const char *end = strchr(lines->rest, '\n');
  lines->number++;
  if (end == NULL) return false;
  lines->line = lines->rest;
  lines->length = (size_t)(end - lines->rest);
  lines->rest = end + 1;
  return true;
}

static bool begins(const struct lines *lines, const char *word) {
  size_t length = strlen(word);
  return lines->length > length && memcmp(lines->line, word, length) == 0;
}

static bool read_extra(const struct lines *lines, struct nav_arena *arena, struct ledger_proof *proof) {
  const char *text = lines->line + strlen("extra ");
  size_t length = lines->length - strlen("extra ");
  uint8_t *bytes = nav_arena_alloc(arena, length / 4 * 3 + 3);
  if (bytes == NULL || sodium_base642bin(bytes, length / 4 * 3 + 3, text, length, NULL, &proof->record_length,
                                         NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
    return false;
  proof->record = bytes;
  return true;
}

// Decimal without leading zeros.
static bool read_index(const struct lines *lines, uint64_t *index) {
  const char *text = lines->line + strlen("index ");
  size_t length = lines->length - strlen("index ");
  if (length == 0 || length > 19 || (text[0] == '0' && length > 1)) return false;
  *index = 0;
  for (size_t i = 0; i < length; i++) {
    if (text[i] < '0' || text[i] > '9') return false;
    *index = *index * 10 + (uint64_t)(text[i] - '0');
  }
  return true;
}

static bool read_hash(const struct lines *lines, uint8_t out[NAV_SHA256_SIZE]) {
  size_t got = 0;
  return lines->length == HASH_TEXT_SIZE - 1 &&
         sodium_base642bin(out, NAV_SHA256_SIZE, lines->line, lines->length, NULL, &got, NULL,
                           sodium_base64_VARIANT_ORIGINAL) == 0 &&
         got == NAV_SHA256_SIZE;
}

bool proof_read(const char *text, struct nav_arena *arena, struct ledger_proof *proof,
                struct nav_error *err) {
  struct lines lines = {.rest = text};
  *proof = (struct ledger_proof){0};
  if (strnlen(text, PROOF_FILE_MAX + 1) > PROOF_FILE_MAX) return bad(err, 1, "the file is larger than 2 MiB");
  if (strncmp(text, first_line, sizeof first_line - 1) != 0)
    return bad(err, 1, "is not c2sp.org/tlog-proof@v1");
  (void)next_line(&lines);
  if (!next_line(&lines)) return bad(err, lines.number, "there is no index");
  if (begins(&lines, "extra ")) {
    if (!read_extra(&lines, arena, proof)) return bad(err, lines.number, "extra is not base64");
    if (!next_line(&lines)) return bad(err, lines.number, "there is no index");
  }
  if (!begins(&lines, "index ") || !read_index(&lines, &proof->index))
    return bad(err, lines.number, "is not 'index' and a number");
  while (next_line(&lines) && lines.length > 0) {
    if (proof->path.count == MERKLE_PROOF_MAX) return bad(err, lines.number, "more than 64 hashes");
    if (!read_hash(&lines, proof->path.hashes[proof->path.count++]))
      return bad(err, lines.number, "is not a hash of 32 bytes in base64");
  }
  if (lines.rest[0] == '\0') return bad(err, lines.number, "there is no checkpoint after an empty line");
  proof->note = lines.rest;
  return true;
}

bool proof_check(const struct ledger_proof *proof, const uint8_t *record, size_t record_length,
                 const char *origin, const uint8_t *public_key, struct checkpoint *checkpoint,
                 struct nav_error *err) {
  if (record == NULL) {
    record = proof->record;
    record_length = proof->record_length;
  }
  if (record == NULL) return bad(err, 2, "has no extra line: which record is to be proven?");
  if (!checkpoint_open(proof->note, origin, public_key, checkpoint, err)) return false;
  uint8_t leaf[NAV_SHA256_SIZE];
  merkle_leaf(leaf, record, record_length);
  if (merkle_inclusion_check(leaf, proof->index, checkpoint->size, &proof->path, checkpoint->root))
    return true;
  return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_SIGNATURE, "proof",
                  "does not lead from the record to the root that the checkpoint signs");
}
