// See inbox.h.
#include "adapters/engine/inbox.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/engine/inbox_place.h"
#include "adapters/engine/line.h"
#include "hub/base/disk.h"

// One purpose. What is in the buffer is past `written`; place is what the file on disk holds, seen what the
// buffer adds.
struct lane {
  char purpose[65];
  char name[80];  // "<purpose>.ndjson"
  char path[PATH_MAX];
  int fd;
  off_t written;             // whole lines in the file
  struct inbox_place place;  // log id and position of the last line written
  uint64_t seen;             // the furthest position of a line, buffered too
  struct nav_buffer buffer;
  uint64_t buffered_lines;
  bool dirty;   // written since the last sync
  bool unsure;  // what is past `synced` must be written once more before it is synced
  off_t synced;
};

struct inbox {
  char folder[PATH_MAX];
  struct summary *summary;
  struct lane *lanes;
  size_t count;
  struct nav_error error;
};

const struct nav_error *inbox_error(const struct inbox *inbox) { return &inbox->error; }

static struct lane *find_lane(struct inbox *inbox, const char *purpose) {
  for (size_t i = 0; i < inbox->count; i++) {
    if (strcmp(inbox->lanes[i].purpose, purpose) == 0) return &inbox->lanes[i];
  }
  return NULL;
}

static bool open_file(struct inbox *inbox, struct lane *lane) {
  struct nav_error *err = &inbox->error;
  lane->fd =
      open(lane->path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);  // who may look into the folder may read it
  if (lane->fd < 0) return nav_fail_errno(err, lane->path, "cannot open");
  if (!nav_disk_cut_torn_line(lane->fd, &lane->written))
    return nav_fail_errno(err, lane->path, "cannot read its end");
  lane->synced = lane->written;
  return nav_disk_sync_folder(inbox->folder) ? true : nav_fail_errno(err, inbox->folder, "cannot sync");
}

// Lines that the place does not vouch for were written, and perhaps never synced, by a program that was
// killed: what is acknowledged on their account must be on disk.
static void note_tail(struct lane *lane) {
  bool known = lane->place.has_log && lane->place.offset <= (uint64_t)lane->written;
  off_t from = known ? (off_t)lane->place.offset : lane->written - INBOX_TAIL_BYTES;
  lane->synced = from > 0 ? from : 0;
  lane->dirty = lane->unsure = lane->synced < lane->written;
}

static bool open_lane(struct inbox *inbox, struct lane *lane, const char *purpose) {
  struct nav_error *err = &inbox->error;
  (void)snprintf(lane->purpose, sizeof lane->purpose, "%s", purpose);
  (void)snprintf(lane->name, sizeof lane->name, "%s.ndjson", purpose);
  nav_buffer_init(&lane->buffer, INBOX_BUFFER_MAX);
  if (!nav_disk_join(lane->path, inbox->folder, lane->name, err) || !open_file(inbox, lane)) return false;
  if (!inbox_place_read(inbox->folder, purpose, &lane->place, err)) return false;
  note_tail(lane);
  if (!inbox_place_from_tail(lane->fd, lane->path, lane->written, &lane->place, err)) return false;
  lane->seen = lane->place.position;
  return true;
}

struct inbox *inbox_open(const char *folder, const char *const *purposes, size_t count,
                         struct summary *summary, struct nav_error *err) {
  struct inbox *inbox = calloc(1, sizeof *inbox);
  struct lane *lanes = calloc(count + 1, sizeof *lanes);
  if (inbox == NULL || lanes == NULL) {
    free(inbox);
    free(lanes);
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, folder, "no memory");
    return NULL;
  }
  (void)snprintf(inbox->folder, sizeof inbox->folder, "%s", folder);
  inbox->summary = summary;
  inbox->lanes = lanes;
  for (size_t i = 0; i < count; i++) lanes[i].fd = -1;
  bool ok = count == 0 || nav_disk_make_folder(folder, &inbox->error);
  for (; ok && inbox->count < count; inbox->count++) {
    ok = open_lane(inbox, &lanes[inbox->count], purposes[inbox->count]);
  }
  if (ok) return inbox;
  *err = inbox->error;
  inbox_close(inbox);
  return NULL;
}

void inbox_close(struct inbox *inbox) {
  if (inbox == NULL) return;
  for (size_t i = 0; i < inbox->count; i++) {
    if (inbox->lanes[i].fd >= 0) (void)close(inbox->lanes[i].fd);
    nav_buffer_free(&inbox->lanes[i].buffer);
  }
  free(inbox->lanes);
  free(inbox);
}

static bool write_again(const struct lane *lane) {
  uint8_t bytes[64 * 1024];
  struct stat now;
  if (fstat(lane->fd, &now) != 0) return false;
  // Its reader may have cut it short meanwhile.
  off_t end = now.st_size < lane->written ? now.st_size : lane->written;
  for (off_t at = lane->synced; at < end;) {
    size_t left = (size_t)(end - at);
    ssize_t got = pread(lane->fd, bytes, left < sizeof bytes ? left : sizeof bytes, at);
    if (got <= 0 || !nav_disk_write_at(lane->fd, bytes, (size_t)got, at)) return false;
    at += got;
  }
  return true;
}

// What a sync that failed could not write the system takes for written: the next would succeed without it.
static bool sync_lines(struct inbox *inbox, struct lane *lane) {
  bool ok = !lane->unsure || write_again(lane);
  lane->unsure = !ok || fdatasync(lane->fd) != 0;
  if (lane->unsure) return nav_fail_errno(&inbox->error, lane->path, "cannot sync");
  lane->synced = lane->written;
  return true;
}

// The reader moved the file away: what waits goes into a new one.
static bool follow_move(struct inbox *inbox, struct lane *lane) {
  struct stat here;
  struct stat there;
  bool same = fstat(lane->fd, &here) == 0 && stat(lane->path, &there) == 0 && here.st_ino == there.st_ino &&
              here.st_dev == there.st_dev;
  if (same && here.st_size >= lane->written) return true;
  bool opened = lane->fd >= 0;  // not where a new one could not be made before
  if (opened && lane->dirty && !sync_lines(inbox, lane)) return false;
  if (opened) (void)close(lane->fd);
  return open_file(inbox, lane);
}

// Writes what waits. On failure the file ends where it did and what waited waits on: were it forgotten, the
// next inbox_durable would find nothing to write and be taken for done, and what was acknowledged then, or
// was a replay, would come no more.
static bool flush(struct inbox *inbox, struct lane *lane) {
  if (lane->buffer.length == 0) return true;
  if (!follow_move(inbox, lane)) return false;
  if (!nav_disk_write_at(lane->fd, lane->buffer.data, lane->buffer.length, lane->written)) {
    (void)nav_fail_errno(&inbox->error, lane->path, "cannot write");
    (void)!ftruncate(lane->fd, lane->written);  // else the next write goes over it, or the next start cuts it
    return false;
  }
  lane->written += (off_t)lane->buffer.length;
  lane->place.position = lane->seen;
  lane->place.offset = (uint64_t)lane->written;
  lane->dirty = true;
  inbox->summary->received += lane->buffered_lines;
  lane->buffered_lines = 0;
  nav_buffer_clear(&lane->buffer);
  return true;
}

static bool make_durable(struct inbox *inbox, struct lane *lane) {
  if (!flush(inbox, lane)) return false;
  if (!lane->dirty) return true;
  if (!sync_lines(inbox, lane)) return false;
  // Without a log's id there is no place yet: the file's last line is.
  if (lane->place.has_log && !inbox_place_write(inbox->folder, lane->purpose, &lane->place, &inbox->error))
    return false;
  lane->dirty = false;
  return true;
}

bool inbox_durable(struct inbox *inbox) {
  bool ok = true;
  for (size_t i = 0; i < inbox->count; i++) ok = make_durable(inbox, &inbox->lanes[i]) && ok;
  return ok;
}

// Positions of another log are counted anew, from its first delivery here on (the hub's own cursor was behind
// it). Its id is on disk before the first of its lines is, so that the tail of the file always belongs to the
// place's log.
static bool begin_log(struct inbox *inbox, struct lane *lane, const uint8_t *log_id, uint64_t first) {
  bool known = lane->place.has_log;
  if (known && !make_durable(inbox, lane)) return false;
  memcpy(lane->place.log_id, log_id, sizeof lane->place.log_id);
  lane->place.has_log = true;
  uint64_t before = first > 0 ? first - 1 : 0;
  if (known || before > lane->seen) lane->seen = before;
  lane->place.position = lane->seen;
  lane->place.offset = (uint64_t)lane->written;
  return inbox_place_write(inbox->folder, lane->purpose, &lane->place, &inbox->error);
}

bool inbox_delivery(struct inbox *inbox, const char *purpose, const uint8_t log_id[KEY_LOG_ID_SIZE],
                    const Nav__V1__Delivery *delivery, const Nav__V1__VerdictInfo *verdict,
                    const Nav__V1__Event *event) {
  struct lane *lane = find_lane(inbox, purpose);
  if (lane == NULL) return nav_fail(&inbox->error, NAV_ERROR_PEER, 0, purpose, "was not asked for");
  bool same_log = lane->place.has_log && memcmp(lane->place.log_id, log_id, KEY_LOG_ID_SIZE) == 0;
  if (!same_log && !begin_log(inbox, lane, log_id, delivery->position)) return false;
  if (delivery->position <= lane->seen && !delivery->replay) return true;  // a repeat
  if (lane->buffer.length >= INBOX_FLUSH_BYTES && !flush(inbox, lane)) return false;
  if (!line_write(&lane->buffer, purpose, delivery, verdict, event)) {
    return nav_fail(&inbox->error, NAV_ERROR_LOCAL, 0, lane->path, "no room for a line");
  }
  if (delivery->position > lane->seen) lane->seen = delivery->position;
  lane->buffered_lines++;
  return true;
}

bool inbox_resume(struct inbox *inbox, const char *purpose, uint8_t log_id[KEY_LOG_ID_SIZE],
                  uint64_t *position) {
  const struct lane *lane = find_lane(inbox, purpose);
  if (lane == NULL || !lane->place.has_log) return false;
  memcpy(log_id, lane->place.log_id, KEY_LOG_ID_SIZE);
  *position = lane->place.position;
  return true;
}
