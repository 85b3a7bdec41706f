// See export_write.h.
#include "hub/ctl/export_write.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub/base/buffer.h"
#include "hub/base/id.h"
#include "hub/ctl/export_guide.h"
#include "hub/wire/merkle.h"

enum {
  HEAD = 12,
  PATH_SIZE = 4096,
  CHUNK = 256 * 1024,
  NOTES_BYTES_MAX = 1 << 30,
  RULES_BYTES_MAX = 1 << 30,
  NAME_SIZE = 80
};
enum { HASH_SIZE = 2 * NAV_SHA256_SIZE };

struct export_write {
  char path[PATH_SIZE];
  int records;  // the file of no name
  bool made;    // the archive's file is ours
  uint64_t bytes;
  uint64_t count, first, last;
  struct merkle_frontier tree;
  crypto_hash_sha256_state hash;
  struct nav_buffer notes;  // each: size 8, length 4, the note
  uint64_t notes_count;
  struct nav_buffer rules;  // each: hash in hex, length 4, the text
  uint64_t rules_count;
  json_t *files;
};

struct export_write *export_write_new(const char *path, struct nav_error *err) {
  char name[PATH_SIZE];
  struct export_write *w = calloc(1, sizeof *w);
  if (w == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, path, "no memory");
    return NULL;
  }
  nav_buffer_init(&w->notes, NOTES_BYTES_MAX);
  nav_buffer_init(&w->rules, RULES_BYTES_MAX);
  (void)crypto_hash_sha256_init(&w->hash);
  w->files = json_object();
  (void)snprintf(w->path, sizeof w->path, "%s", path);
  int length = snprintf(name, sizeof name, "%s.XXXXXX", path);
  w->records = length < (int)sizeof name ? mkostemp(name, O_CLOEXEC) : -1;
  if (w->records < 0) {
    (void)nav_fail_errno(err, path, "cannot write beside it");
    export_write_free(w);
    return NULL;
  }
  (void)unlink(name);
  return w;
}

void export_write_free(struct export_write *w) {
  if (w == NULL) return;
  if (w->records >= 0) (void)close(w->records);
  if (w->made) (void)unlink(w->path);
  nav_buffer_free(&w->notes);
  nav_buffer_free(&w->rules);
  json_decref(w->files);
  free(w);
}

uint64_t export_write_count(const struct export_write *w) { return w->count; }

bool export_write_records(struct export_write *w, const uint8_t *bytes, size_t length,
                          struct nav_error *err) {
  for (size_t at = 0; at < length;) {
    size_t size = length - at < HEAD ? SIZE_MAX : nav_get_u32(bytes + at + 8);
    if (size > length - at - HEAD)
      return nav_fail(err, NAV_ERROR_PEER, 0, "records", "nav-desk sent half a record");
    uint8_t leaf[NAV_SHA256_SIZE];
    merkle_leaf(leaf, bytes + at + HEAD, size);
    merkle_append(&w->tree, leaf);
    w->last = nav_get_u64(bytes + at);
    if (w->count++ == 0) w->first = w->last;
    at += HEAD + size;
  }
  (void)crypto_hash_sha256_update(&w->hash, bytes, length);
  w->bytes += length;
  while (length > 0) {
    ssize_t n = write(w->records, bytes, length);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return nav_fail_errno(err, w->path, "cannot write the records");
    bytes += n;
    length -= (size_t)n;
  }
  return true;
}

bool export_write_note(struct export_write *w, uint64_t size, const char *note, struct nav_error *err) {
  uint8_t head[HEAD];
  nav_put_u64(head, size);
  nav_put_u32(head + 8, (uint32_t)strlen(note));
  w->notes_count++;
  return (nav_buffer_append(&w->notes, head, sizeof head) && nav_buffer_append_text(&w->notes, note)) ||
         nav_fail(err, NAV_ERROR_LOCAL, 0, w->path, "more checkpoints than fit in memory; use --until");
}

bool export_write_rules(struct export_write *w, const char *sha256, const uint8_t *text, size_t length,
                        struct nav_error *err) {
  uint8_t size[4];
  if (strlen(sha256) != HASH_SIZE || strspn(sha256, "0123456789abcdef") != HASH_SIZE)
    return nav_fail(err, NAV_ERROR_PEER, 0, "texts", "nav-desk sent a text without a hash");
  nav_put_u32(size, (uint32_t)length);
  w->rules_count++;
  return (nav_buffer_append(&w->rules, sha256, HASH_SIZE) &&
          nav_buffer_append(&w->rules, size, sizeof size) && nav_buffer_append(&w->rules, text, length)) ||
         nav_fail(err, NAV_ERROR_LOCAL, 0, w->path, "more texts of rules than fit in memory; use --until");
}

// ---- the archive ----

static bool archive_failed(struct archive *a, const struct export_write *w, struct nav_error *err) {
  const char *text = archive_error_string(a);
  return nav_fail(err, NAV_ERROR_LOCAL, 0, w->path, "cannot be written: %s", text != NULL ? text : "?");
}

static bool begin_entry(struct archive *a, const struct export_write *w, const char *name, uint64_t size,
                        struct nav_error *err) {
  struct archive_entry *entry = archive_entry_new();
  if (entry == NULL) return nav_fail(err, NAV_ERROR_LOCAL, 0, w->path, "no memory");
  archive_entry_set_pathname(entry, name);
  archive_entry_set_size(entry, (la_int64_t)size);
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_perm(entry, 0644);
  int result = archive_write_header(a, entry);
  archive_entry_free(entry);
  return result == ARCHIVE_OK || archive_failed(a, w, err);
}

static bool put(struct archive *a, const struct export_write *w, const void *bytes, size_t length,
                struct nav_error *err) {
  return archive_write_data(a, bytes, length) == (la_ssize_t)length || archive_failed(a, w, err);
}

static void note_hash(struct export_write *w, const char *name, const void *bytes, size_t length) {
  uint8_t hash[NAV_SHA256_SIZE];
  char hex[2 * NAV_SHA256_SIZE + 1];
  const struct nav_bytes part = {bytes, length};
  nav_sha256(hash, &part, 1);
  (void)json_object_set_new(w->files, name, json_string(nav_hex(hex, hash, sizeof hash)));
}

// Puts each note in the archive; without one, only its hash in the list.
static bool each_note(struct archive *a, struct export_write *w, struct nav_error *err) {
  bool ok = true;
  for (size_t at = 0; ok && at < w->notes.length;) {
    char name[NAME_SIZE];
    size_t length = nav_get_u32(w->notes.data + at + 8);
    const uint8_t *note = w->notes.data + at + HEAD;
    (void)snprintf(name, sizeof name, "checkpoints/%" PRIu64 ".txt", nav_get_u64(w->notes.data + at));
    if (a == NULL) {
      note_hash(w, name, note, length);
    } else {
      ok = begin_entry(a, w, name, length, err) && put(a, w, note, length, err);
    }
    at += HEAD + length;
  }
  return ok;
}

// As each_note.
static bool each_rules(struct archive *a, struct export_write *w, struct nav_error *err) {
  bool ok = true;
  for (size_t at = 0; ok && at < w->rules.length;) {
    char name[NAME_SIZE];
    size_t length = nav_get_u32(w->rules.data + at + HASH_SIZE);
    const uint8_t *text = w->rules.data + at + HASH_SIZE + 4;
    (void)snprintf(name, sizeof name, "rules/%.*s.yaml", (int)HASH_SIZE, (const char *)w->rules.data + at);
    if (a == NULL) {
      note_hash(w, name, text, length);
    } else {
      ok = begin_entry(a, w, name, length, err) && put(a, w, text, length, err);
    }
    at += HASH_SIZE + 4 + length;
  }
  return ok;
}

static bool put_records(struct archive *a, struct export_write *w, struct nav_error *err) {
  if (!begin_entry(a, w, "records.bin", w->bytes, err)) return false;
  uint8_t *chunk = malloc(CHUNK);
  bool ok = chunk != NULL && lseek(w->records, 0, SEEK_SET) == 0;
  if (!ok) (void)nav_fail(err, NAV_ERROR_LOCAL, 0, w->path, "cannot read what was gathered");
  ssize_t n = 0;
  while (ok && (n = read(w->records, chunk, CHUNK)) != 0) {
    if (n < 0 && errno == EINTR) continue;
    ok = n > 0 ? put(a, w, chunk, (size_t)n, err) : nav_fail_errno(err, w->path, "cannot read the records");
  }
  free(chunk);
  return ok;
}

static json_t *make_manifest(struct export_write *w, const char *hub, const char *log_id, const char *key) {
  uint8_t hash[NAV_SHA256_SIZE];
  char hex[2 * NAV_SHA256_SIZE + 1];
  (void)crypto_hash_sha256_final(&w->hash, hash);
  note_hash(w, "GUIDE.md", export_guide, strlen(export_guide));
  (void)each_note(NULL, w, NULL);
  (void)each_rules(NULL, w, NULL);
  (void)json_object_set_new(w->files, "records.bin", json_string(nav_hex(hex, hash, sizeof hash)));
  uint8_t root[NAV_SHA256_SIZE];
  merkle_root(&w->tree, root);
  return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:s, s:s*, s:s, s:O}", "format",
                   "trygghetsnavet-export-1", "hub", hub, "log_id", log_id, "records", (json_int_t)w->count,
                   "first", (json_int_t)w->first, "last", (json_int_t)w->last, "checkpoints",
                   (json_int_t)w->notes_count, "rules", (json_int_t)w->rules_count, "root",
                   nav_hex(hex, root, sizeof root), "checkpoint_key", key, "checkpoint_key_note",
                   "a convenience; take the key from the hub by another way, and do not trust this one",
                   "files", w->files);
}

static bool put_all(struct archive *a, struct export_write *w, const char *manifest, struct nav_error *err) {
  size_t guide = strlen(export_guide);
  size_t length = strlen(manifest);
  return begin_entry(a, w, "GUIDE.md", guide, err) && put(a, w, export_guide, guide, err) &&
         begin_entry(a, w, "manifest.json", length, err) && put(a, w, manifest, length, err) &&
         each_note(a, w, err) && each_rules(a, w, err) && put_records(a, w, err) &&
         (archive_write_close(a) == ARCHIVE_OK || archive_failed(a, w, err));
}

bool export_write_finish(struct export_write *w, const char *hub, const char *log_id, const char *key,
                         struct nav_error *err) {
  json_t *json = make_manifest(w, hub, log_id, key);
  char *manifest = json != NULL ? json_dumps(json, JSON_INDENT(2)) : NULL;
  struct archive *a = archive_write_new();
  int fd = open(w->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  w->made = fd >= 0;
  bool ok = false;
  if (manifest == NULL || a == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, w->path, "no memory");
  } else if (fd < 0) {
    (void)nav_fail_errno(err, w->path, "cannot be made");
  } else if (archive_write_set_format_pax_restricted(a) != ARCHIVE_OK ||
             archive_write_open_fd(a, fd) != ARCHIVE_OK) {
    (void)archive_failed(a, w, err);
  } else {
    ok = put_all(a, w, manifest, err);
  }
  if (a != NULL) (void)archive_write_free(a);
  if (ok && fsync(fd) != 0) ok = nav_fail_errno(err, w->path, "cannot be written to disk");
  if (fd >= 0) (void)close(fd);
  if (ok) w->made = false;  // it stays
  free(manifest);
  json_decref(json);
  return ok;
}
