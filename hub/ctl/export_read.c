// See export_read.h.
#include "hub/ctl/export_read.h"

#include <archive.h>
#include <archive_entry.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/buffer.h"
#include "hub/base/id.h"
#include "hub/wire/json.h"

enum {
  HEAD = 12,
  BLOCK = 256 * 1024,
  RECORD_BYTES_MAX = 1024 * 1024,
  FILE_BYTES_MAX = 256 * 1024 * 1024,  // the manifest: a line a checkpoint
  NOTE_BYTES_MAX = 64 * 1024,
  NOTES_MAX = 1 << 22,
  HUB_SIZE = 256,
  RULES_BYTES_MAX = 256 * 1024,  // as hub/access: a text of rules
  RULES_MAX = 1 << 20,
};

// A text that is not of its name's hash is CHANGED; NAMED: a record names it.
enum text_state { TEXT_THERE, TEXT_CHANGED, TEXT_NAMED };

struct note {
  uint64_t size;
  char *text;
};

struct export_read {
  char path[512];
  struct archive *archive;
  struct note *notes;
  size_t notes_count, notes_room, next_note;
  char hub[HUB_SIZE];
  json_t *manifest;
  json_t *rules;                   // of the texts, by hash in hex: what is known of each, enum text_state
  json_t *hashes;                  // of the files that are there, as the manifest writes them
  struct nav_sha256_stream *hash;  // of records.bin
  struct nav_buffer block;         // of records.bin, from `at` on
  size_t at;
  bool ended;
  uint64_t count;
  uint64_t last_seq;
};

static bool bad(const struct export_read *r, struct nav_error *err, const char *what) {
  return nav_fail(err, NAV_ERROR_LOCAL, 0, r->path, "is no export of a ledger: %s", what);
}

static bool archive_failed(const struct export_read *r, struct nav_error *err) {
  const char *text = archive_error_string(r->archive);
  return bad(r, err, text != NULL ? text : "its archive cannot be read");
}

static void keep_hash(struct export_read *r, const char *name, const uint8_t hash[NAV_SHA256_SIZE]) {
  char hex[2 * NAV_SHA256_SIZE + 1];
  (void)json_object_set_new(r->hashes, name, json_string(nav_hex(hex, hash, NAV_SHA256_SIZE)));
}

// The whole entry, with a NUL after it.
static bool read_whole(struct export_read *r, size_t max, struct nav_buffer *out, struct nav_error *err) {
  nav_buffer_clear(out);
  for (;;) {
    uint8_t *room = nav_buffer_reserve(out, BLOCK);
    if (room == NULL || out->length > max) return bad(r, err, "a file in it is too large");
    la_ssize_t got = archive_read_data(r->archive, room, BLOCK);
    if (got < 0) return archive_failed(r, err);
    if (got == 0) return nav_buffer_text(out) != NULL || bad(r, err, "a file in it is too large");
    out->length += (size_t)got;
  }
}

static bool add_note(struct export_read *r, const char *name, const struct nav_buffer *bytes,
                     struct nav_error *err) {
  char *end = NULL;
  unsigned long long size = strtoull(name, &end, 10);
  if (name[0] < '1' || name[0] > '9' || strcmp(end, ".txt") != 0 || size > INT64_MAX)
    return bad(r, err, "a checkpoint's file is not named by its size");
  if (r->notes_count > 0 && size <= r->notes[r->notes_count - 1].size)
    return bad(r, err, "its checkpoints are not in order");
  if (r->notes_count == r->notes_room) {
    size_t room = r->notes_room == 0 ? 64 : 2 * r->notes_room;
    struct note *more = room > NOTES_MAX ? NULL : realloc(r->notes, room * sizeof *more);
    if (more == NULL) return bad(r, err, "it has too many checkpoints");
    r->notes = more;
    r->notes_room = room;
  }
  char *text = strndup((const char *)bytes->data, bytes->length);
  if (text == NULL) return bad(r, err, "no memory");
  r->notes[r->notes_count++] = (struct note){size, text};
  return true;
}

// hash: the text's own.
static bool add_rules(struct export_read *r, const char *name, const uint8_t hash[NAV_SHA256_SIZE],
                      struct nav_error *err) {
  char hex[2 * NAV_SHA256_SIZE + 1];
  size_t length = strspn(name, "0123456789abcdef");
  if (length != sizeof hex - 1 || strcmp(name + length, ".yaml") != 0)
    return bad(r, err, "a text of rules is not named by its SHA-256");
  if (json_object_size(r->rules) == RULES_MAX) return bad(r, err, "it has too many texts of rules");
  (void)nav_hex(hex, hash, NAV_SHA256_SIZE);
  bool is_whole = strncmp(hex, name, length) == 0;
  (void)snprintf(hex, sizeof hex, "%.*s", (int)length, name);
  return json_object_set_new(r->rules, hex, json_integer(is_whole ? TEXT_THERE : TEXT_CHANGED)) == 0 ||
         bad(r, err, "no memory");
}

static bool add_file(struct export_read *r, const char *name, struct nav_buffer *bytes,
                     struct nav_error *err) {
  static const char folder[] = "checkpoints/";
  static const char rules_folder[] = "rules/";
  bool note = strncmp(name, folder, sizeof folder - 1) == 0;
  bool rules = strncmp(name, rules_folder, sizeof rules_folder - 1) == 0;
  size_t max = note ? NOTE_BYTES_MAX : rules ? RULES_BYTES_MAX : FILE_BYTES_MAX;
  if (json_object_get(r->hashes, name) != NULL) return bad(r, err, "a file stands in it twice");
  if (!read_whole(r, max, bytes, err)) return false;
  if (strcmp(name, "manifest.json") == 0) {
    r->manifest = wire_json_parse((const char *)bytes->data, bytes->length, err);
    return r->manifest != NULL;
  }
  uint8_t hash[NAV_SHA256_SIZE];
  const struct nav_bytes part = {bytes->data, bytes->length};
  nav_sha256(hash, &part, 1);
  keep_hash(r, name, hash);
  if (rules) return add_rules(r, name + sizeof rules_folder - 1, hash, err);
  return !note || add_note(r, name + sizeof folder - 1, bytes, err);
}

// Up to records.bin, whose bytes are then at hand.
static bool read_files(struct export_read *r, struct nav_error *err) {
  struct nav_buffer bytes;
  struct archive_entry *entry = NULL;
  nav_buffer_init(&bytes, FILE_BYTES_MAX + 2 * BLOCK);
  bool ok = true;
  for (bool found = false; ok && !found;) {
    int got = archive_read_next_header(r->archive, &entry);
    const char *name = got == ARCHIVE_OK ? archive_entry_pathname(entry) : NULL;
    if (got == ARCHIVE_EOF) {
      ok = bad(r, err, "it has no records.bin");
    } else if (name == NULL) {
      ok = archive_failed(r, err);
    } else if (strcmp(name, "records.bin") == 0) {
      found = true;
    } else {
      ok = add_file(r, name, &bytes, err);
    }
  }
  nav_buffer_free(&bytes);
  if (ok && r->manifest == NULL) ok = bad(r, err, "it has no manifest.json before its records");
  return ok;
}

struct export_read *export_read_open(const char *path, struct nav_error *err) {
  struct export_read *r = calloc(1, sizeof *r);
  if (r == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, path, "no memory");
    return NULL;
  }
  (void)snprintf(r->path, sizeof r->path, "%s", path);
  r->hashes = json_object();
  r->rules = json_object();
  r->archive = archive_read_new();
  nav_buffer_init(&r->block, RECORD_BYTES_MAX + HEAD + 2 * BLOCK);
  r->hash = nav_sha256_stream_new();
  bool ok = r->archive != NULL && r->hash != NULL &&
            archive_read_support_format_tar(r->archive) == ARCHIVE_OK &&
            archive_read_open_filename(r->archive, path, BLOCK) == ARCHIVE_OK;
  if (!ok && r->archive != NULL) {
    (void)archive_failed(r, err);
  }
  if (!ok || !read_files(r, err)) {
    export_read_close(r);
    return NULL;
  }
  if (r->notes_count > 0) {
    size_t line = strcspn(r->notes[0].text, "\n");
    const char *slash = memrchr(r->notes[0].text, '/', line);
    if (slash != NULL && slash - r->notes[0].text < HUB_SIZE)
      memcpy(r->hub, r->notes[0].text, (size_t)(slash - r->notes[0].text));
  }
  return r;
}

void export_read_close(struct export_read *r) {
  if (r == NULL) return;
  for (size_t i = 0; i < r->notes_count; i++) free(r->notes[i].text);
  free(r->notes);
  if (r->archive != NULL) (void)archive_read_free(r->archive);
  nav_buffer_free(&r->block);
  nav_sha256_stream_free(r->hash);
  json_decref(r->manifest);
  json_decref(r->hashes);
  json_decref(r->rules);
  free(r);
}

const char *export_read_hub(const struct export_read *r) { return r->hub; }

// ---- the source ----

// Has `size` bytes of records.bin at hand. 1: it has; 0: the file ends before the first of them; -1: *err.
static int have(struct export_read *r, size_t size, struct nav_error *err) {
  while (r->block.length - r->at < size && !r->ended) {
    if (r->at > 0) memmove(r->block.data, r->block.data + r->at, r->block.length - r->at);
    r->block.length -= r->at;
    r->at = 0;
    uint8_t *room = nav_buffer_reserve(&r->block, BLOCK);
    la_ssize_t got = room == NULL ? -1 : archive_read_data(r->archive, room, BLOCK);
    if (got < 0) return archive_failed(r, err) ? 1 : -1;
    if (got == 0) r->ended = true;
    if (got > 0) nav_sha256_stream_add(r->hash, room, (size_t)got);
    r->block.length += (size_t)got;
  }
  size_t left = r->block.length - r->at;
  if (left >= size) return 1;
  if (left == 0) return 0;
  return bad(r, err, "records.bin ends within a record") ? 1 : -1;
}

static int next_record(void *context, struct verify_ledger_row *row, struct nav_error *err) {
  struct export_read *r = context;
  int got = have(r, HEAD, err);
  if (got <= 0) return got;
  uint64_t seq = nav_get_u64(r->block.data + r->at);
  size_t length = nav_get_u32(r->block.data + r->at + 8);
  if (length > RECORD_BYTES_MAX || seq == 0 || seq > INT64_MAX || seq < r->last_seq)
    return bad(r, err, "records.bin has a length or a number that cannot be, or is not in order") ? 1 : -1;
  if (have(r, HEAD + length, err) < 1) return bad(r, err, "records.bin ends within a record") ? 1 : -1;
  *row =
      (struct verify_ledger_row){.seq = seq, .record = r->block.data + r->at + HEAD, .record_length = length};
  r->at += HEAD + length;
  r->last_seq = seq;
  r->count++;
  return 1;
}

static int no_content(void *context, struct verify_content_row *row, struct nav_error *err) {
  (void)context;
  (void)row;
  (void)err;
  return 0;
}

static int next_checkpoint(void *context, struct verify_checkpoint_row *row, struct nav_error *err) {
  struct export_read *r = context;
  (void)err;
  if (r->next_note == r->notes_count) return 0;
  const struct note *note = &r->notes[r->next_note++];
  *row = (struct verify_checkpoint_row){.size = note->size, .note = note->text};
  return 1;
}

static int rules_kept(void *context, const uint8_t sha256[NAV_SHA256_SIZE], uint64_t seq,
                      struct nav_error *err) {
  struct export_read *r = context;
  char hex[2 * NAV_SHA256_SIZE + 1];
  (void)seq;
  (void)err;
  json_t *state = json_object_get(r->rules, nav_hex(hex, sha256, NAV_SHA256_SIZE));
  if (state == NULL) return VERIFY_RULES_MISSING;
  if (json_integer_value(state) == TEXT_CHANGED) return VERIFY_RULES_CHANGED;
  (void)json_integer_set(state, TEXT_NAMED);
  return VERIFY_RULES_KEPT;
}

// From the archive's beginning: nothing of what goes by is kept.
static bool again(void *context, const uint64_t *seqs, size_t count, verify_take_again *take,
                  void *take_context, struct nav_error *err) {
  struct export_read *r = export_read_open(((struct export_read *)context)->path, err);
  struct verify_ledger_row row = {0};
  size_t next = 0;
  int got = r == NULL ? -1 : 1;
  while (next < count && got > 0 && (got = next_record(r, &row, err)) > 0) {
    while (next < count && seqs[next] < row.seq) next++;
    if (next < count && seqs[next] == row.seq) take(take_context, &row);
  }
  export_read_close(r);
  return got >= 0;
}

struct verify_source export_read_source(struct export_read *r) {
  return (struct verify_source){.context = r,
                                .ledger = next_record,
                                .content = no_content,
                                .checkpoint = next_checkpoint,
                                .rules_kept = rules_kept,
                                .again = again};
}

static void check_rules(struct export_read *r, verify_fault *fault, void *fault_context) {
  char what[VERIFY_WHAT_SIZE];
  const char *name = NULL;
  json_t *state = NULL;
  json_object_foreach(r->rules, name, state) {
    if (json_integer_value(state) != TEXT_THERE) continue;
    (void)snprintf(what, sizeof what, "rules/%.80s.yaml is a text that no record names", name);
    fault(fault_context, 0, what);
  }
}

void export_read_check_files(struct export_read *r, verify_fault *fault, void *fault_context) {
  uint8_t hash[NAV_SHA256_SIZE];
  char what[VERIFY_WHAT_SIZE];
  const char *name = NULL;
  json_t *value = NULL;
  json_t *files = json_object_get(r->manifest, "files");
  check_rules(r, fault, fault_context);
  nav_sha256_stream_end(r->hash, hash);
  keep_hash(r, "records.bin", hash);
  json_object_foreach(files, name, value) {
    const json_t *mine = json_object_get(r->hashes, name);
    if (json_equal(mine, value)) continue;
    (void)snprintf(
        what, sizeof what, "%.200s %s", name,
        mine == NULL ? "is named in the manifest and not there" : "is not the file that the manifest names");
    fault(fault_context, 0, what);
  }
  json_object_foreach(r->hashes, name, value) {
    if (json_object_get(files, name) != NULL) continue;
    (void)snprintf(what, sizeof what, "%.200s is there and not named in the manifest", name);
    fault(fault_context, 0, what);
  }
  json_int_t records = json_integer_value(json_object_get(r->manifest, "records"));
  if ((uint64_t)records != r->count) {
    (void)snprintf(what, sizeof what,
                   "the manifest says %" JSON_INTEGER_FORMAT " records; %" PRIu64 " are there", records,
                   r->count);
    fault(fault_context, 0, what);
  }
}
