// See checkpoint.h. Parsing takes the note as C2SP's signed-note and tlog-checkpoint write it and nothing
// looser: other people's verifiers must come to the same answer.
#include "hub/ledger/checkpoint.h"

#include <sodium.h>
#include <string.h>

#include "hub/ledger/note.h"
#include "hub/wire/utf8.h"

enum { SIGNED_SIZE = NOTE_KEY_ID_SIZE + KEY_SIGNATURE_SIZE };

bool checkpoint_sign(const struct checkpoint *checkpoint, const char *origin, const struct key_pair_sign *key,
                     struct nav_buffer *note) {
  char text[NOTE_BASE64_SIZE];
  size_t start = note->length;
  if (!nav_buffer_printf(note, "%s\n%llu\n%s\n", origin, (unsigned long long)checkpoint->size,
                         note_base64(text, checkpoint->root, sizeof checkpoint->root))) {
    return false;
  }
  uint8_t signed_bytes[SIGNED_SIZE];
  note_key_id(signed_bytes, origin, NOTE_ED25519, key->public_key);
  (void)crypto_sign_detached(signed_bytes + NOTE_KEY_ID_SIZE, NULL, note->data + start, note->length - start,
                             key->secret_key);
  return nav_buffer_printf(note, "\n%s%s %s\n", note_mark, origin,
                           note_base64(text, signed_bytes, sizeof signed_bytes));
}

static bool bad_note(struct nav_error *err, const char *what) {
  return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_MALFORMED, "checkpoint", "%s", what);
}

// The three lines and the blank one; extension lines between are passed over, as the specification asks.
// *rest is left at the signatures, *text_length covers what they sign.
static bool parse_text(const char *note, const char *origin, struct checkpoint *checkpoint, const char **rest,
                       size_t *text_length, struct nav_error *err) {
  struct note_line line;
  *rest = note;
  if (!note_take_line(rest, &line)) return bad_note(err, "has no first line");
  if (!note_line_is(&line, origin))
    return bad_note(err, "is of another log: its first line is not this log's origin");
  if (!note_take_line(rest, &line) || !note_number(&line, &checkpoint->size)) {
    return bad_note(err, "has no tree size on its second line");
  }
  if (!note_take_line(rest, &line) || !note_from_base64(checkpoint->root, sizeof checkpoint->root, &line)) {
    return bad_note(err, "has no root of 32 bytes in base64 on its third line");
  }
  do {
    *text_length = (size_t)(*rest - note);
    if (!note_take_line(rest, &line)) return bad_note(err, "has no blank line before its signatures");
  } while (line.length > 0);
  return true;
}

// A line of another key (a witness's) is passed over; ours must hold. *found counts ours.
static bool check_signature(const struct note_line *line, const char *note, size_t text_length,
                            const char *origin, const uint8_t *public_key, unsigned *found,
                            struct nav_error *err) {
  struct note_line name;
  struct note_line encoded;
  uint8_t id[NOTE_KEY_ID_SIZE];
  uint8_t bytes[SIGNED_SIZE];
  if (!note_signature(line, &name, &encoded)) return bad_note(err, "has a line that is not a signature");
  if (!note_line_is(&name, origin)) return true;
  note_key_id(id, origin, NOTE_ED25519, public_key);
  if (!note_from_base64(bytes, sizeof bytes, &encoded)) return true;  // another algorithm's
  if (memcmp(bytes, id, sizeof id) != 0) return true;
  if (crypto_sign_verify_detached(bytes + NOTE_KEY_ID_SIZE, (const uint8_t *)note, text_length, public_key) !=
      0) {
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

bool checkpoint_text(const char *note, const char *origin, struct checkpoint_text *text,
                     struct nav_error *err) {
  if (strnlen(note, NOTE_SIZE_MAX + 1) > NOTE_SIZE_MAX) return bad_note(err, "is larger than 64 KiB");
  for (const char *p = note; *p != '\0'; p++) {
    if ((unsigned char)*p < 0x20 && *p != '\n') return bad_note(err, "holds a control character");
  }
  if (!wire_utf8_valid((const uint8_t *)note, strlen(note))) return bad_note(err, "is not UTF-8");
  return parse_text(note, origin, &text->checkpoint, &text->signatures, &text->length, err);
}

bool checkpoint_open(const char *note, const char *origin, const uint8_t *public_key,
                     struct checkpoint *checkpoint, struct nav_error *err) {
  struct checkpoint_text text = {0};
  if (!checkpoint_text(note, origin, &text, err)) return false;
  const char *rest = text.signatures;
  struct note_line line;
  unsigned found = 0;
  unsigned lines = 0;
  while (note_take_line(&rest, &line)) {
    if (++lines > NOTE_SIGNATURES_MAX) return bad_note(err, "has more than 100 signatures");
    if (!check_signature(&line, note, text.length, origin, public_key, &found, err)) return false;
  }
  if (*rest != '\0') return bad_note(err, "does not end in a newline");
  if (found == 0) {
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_SIGNATURE, "checkpoint",
                    "carries no signature by this hub's checkpoint key");
  }
  *checkpoint = text.checkpoint;
  return true;
}
