// See state_file.h.
#include "adapters/engine/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hub/base/buffer.h"
#include "hub/base/disk.h"

enum {
  RECORD_SIZE = 48,
  CHECKED_SIZE = 40,
  CHECK_SIZE = 8,
  HEADER_SIZE = 16,
  BUFFER_RECORDS = 1024,
};

static const uint8_t header[HEADER_SIZE] = "navsent1\0\0\0\060";  // the last: the record's size
static const uint8_t check_key[crypto_shorthash_KEYBYTES] = "navsent-check-1";

struct state_file {
  char path[PATH_MAX];
  char folder[PATH_MAX];
  int fd;
  int lock;
  off_t written;     // bytes of whole records in the file
  uint64_t records;  // in the file and the buffer
  size_t buffered;
  uint8_t buffer[BUFFER_RECORDS * RECORD_SIZE];
};

_Static_assert(RECORD_SIZE == 8 + NAV_EVENT_ID_SIZE + CONTENT_DIGEST_SIZE + CHECK_SIZE,
               "a record has no gaps");

static void encode(uint8_t *out, const struct state_record *record) {
  nav_put_u32(out, (uint32_t)record->kind);
  nav_put_u32(out + 4, record->revision);
  memcpy(out + 8, record->id, NAV_EVENT_ID_SIZE);
  memcpy(out + 24, record->digest, CONTENT_DIGEST_SIZE);
  (void)crypto_shorthash(out + CHECKED_SIZE, out, CHECKED_SIZE, check_key);
}

static bool decode(const uint8_t *in, struct state_record *record) {
  uint8_t check[CHECK_SIZE];
  (void)crypto_shorthash(check, in, CHECKED_SIZE, check_key);
  if (memcmp(check, in + CHECKED_SIZE, CHECK_SIZE) != 0) return false;
  uint32_t kind = nav_get_u32(in);
  if (kind != STATE_RECORD_KEPT && kind != STATE_RECORD_REJECTED) return false;
  record->kind = (enum state_record_kind)kind;
  record->revision = nav_get_u32(in + 4);
  memcpy(record->id, in + 8, NAV_EVENT_ID_SIZE);
  memcpy(record->digest, in + 24, CONTENT_DIGEST_SIZE);
  return true;
}

static bool lock_folder(struct state_file *file, struct nav_error *err) {
  char path[PATH_MAX];
  if (!nav_disk_join(path, file->folder, ".lock", err)) return false;
  file->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file->lock < 0) return nav_fail_errno(err, path, "cannot open");
  if (flock(file->lock, LOCK_EX | LOCK_NB) == 0) return true;
  if (errno != EWOULDBLOCK) return nav_fail_errno(err, path, "cannot lock");
  return nav_fail(err, NAV_ERROR_LOCAL, 0, path,
                  "another adapter runs with this state folder: stop it first");
}

// Reads all records. *good_end: the byte after the last true one.
static bool load_records(struct state_file *file, state_load_fn *load, void *context, off_t *good_end,
                         uint64_t *dropped, struct nav_error *err) {
  off_t at = HEADER_SIZE;
  uint64_t bad_since = 0;
  *good_end = at;
  for (;;) {
    ssize_t got = pread(file->fd, file->buffer, sizeof file->buffer, at);
    if (got < 0) return nav_fail_errno(err, file->path, "cannot read");
    size_t whole = (size_t)got / RECORD_SIZE;
    for (size_t i = 0; i < whole; i++) {
      struct state_record record;
      if (!decode(file->buffer + i * RECORD_SIZE, &record)) {
        bad_since++;
        continue;
      }
      if (!load(context, &record, err)) return false;
      *dropped += bad_since;
      bad_since = 0;
      file->records++;
      *good_end = at + (off_t)((i + 1) * RECORD_SIZE);
    }
    if (whole == 0) break;
    at += (off_t)(whole * RECORD_SIZE);
  }
  *dropped += bad_since;
  return true;
}

static bool begin_file(struct state_file *file, struct nav_error *err) {
  if (ftruncate(file->fd, 0) != 0 || pwrite(file->fd, header, HEADER_SIZE, 0) != HEADER_SIZE) {
    return nav_fail_errno(err, file->path, "cannot write");
  }
  file->written = HEADER_SIZE;
  file->records = 0;
  return fsync(file->fd) == 0 && nav_disk_sync_folder(file->folder)
             ? true
             : nav_fail_errno(err, file->path, "cannot sync");
}

static bool load_file(struct state_file *file, state_load_fn *load, void *context, uint64_t *dropped,
                      struct nav_error *err) {
  uint8_t head[HEADER_SIZE];
  ssize_t got = pread(file->fd, head, sizeof head, 0);
  if (got < 0) return nav_fail_errno(err, file->path, "cannot read");
  if (got < HEADER_SIZE) return begin_file(file, err);  // new, or torn at its very beginning
  if (memcmp(head, header, HEADER_SIZE) != 0) {
    return nav_fail(err, NAV_ERROR_LOCAL, 0, file->path, "is not the state of an adapter of this version");
  }
  off_t end = 0;
  if (!load_records(file, load, context, &end, dropped, err)) return false;
  if (ftruncate(file->fd, end) != 0) return nav_fail_errno(err, file->path, "cannot cut off its torn end");
  file->written = end;
  return true;
}

struct state_file *state_file_open(const char *folder, state_load_fn *load, void *context, uint64_t *dropped,
                                   struct nav_error *err) {
  struct state_file *file = calloc(1, sizeof *file);
  if (file == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, folder, "no memory");
    return NULL;
  }
  file->fd = file->lock = -1;
  (void)snprintf(file->folder, sizeof file->folder, "%s", folder);
  bool ok = nav_disk_make_folder(folder, err) && nav_disk_join(file->path, folder, "sent", err) &&
            lock_folder(file, err);
  if (ok) {
    file->fd = open(file->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ok = file->fd >= 0 ? load_file(file, load, context, dropped, err)
                       : nav_fail_errno(err, file->path, "cannot open");
  }
  if (ok) return file;
  state_file_close(file);
  return NULL;
}

void state_file_close(struct state_file *file) {
  if (file == NULL) return;
  if (file->fd >= 0) (void)close(file->fd);
  if (file->lock >= 0) (void)close(file->lock);
  free(file);
}

// What could not be written whole is cut off again and stays in the buffer.
static bool flush(struct state_file *file, struct nav_error *err) {
  size_t size = file->buffered * RECORD_SIZE;
  if (size == 0) return true;
  if (!nav_disk_write_at(file->fd, file->buffer, size, file->written)) {
    (void)nav_fail_errno(err, file->path, "cannot write");
    if (ftruncate(file->fd, file->written) != 0) return false;  // the next start cuts it
    return false;
  }
  file->written += (off_t)size;
  file->buffered = 0;
  return true;
}

bool state_file_append(struct state_file *file, const struct state_record *record, struct nav_error *err) {
  if (file->buffered == BUFFER_RECORDS && !flush(file, err)) return false;
  encode(file->buffer + file->buffered * RECORD_SIZE, record);
  file->buffered++;
  file->records++;
  return true;
}

bool state_file_sync(struct state_file *file, struct nav_error *err) {
  if (!flush(file, err)) return false;
  return fdatasync(file->fd) == 0 ? true : nav_fail_errno(err, file->path, "cannot sync");
}

uint64_t state_file_records(const struct state_file *file) { return file->records; }

bool state_file_rewrite(struct state_file *file, state_store_fn *store, void *context,
                        struct nav_error *err) {
  char fresh[PATH_MAX];
  if (!nav_disk_join(fresh, file->folder, "sent.new", err)) return false;
  int old = file->fd;
  file->fd = open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool ok = file->fd >= 0 ? true : nav_fail_errno(err, fresh, "cannot open");
  ok = ok && begin_file(file, err) && store(context, file, err) && state_file_sync(file, err);
  if (ok && rename(fresh, file->path) != 0) ok = nav_fail_errno(err, file->path, "cannot replace");
  if (ok && !nav_disk_sync_folder(file->folder)) ok = nav_fail_errno(err, file->folder, "cannot sync");
  (void)close(old);
  return ok;
}
