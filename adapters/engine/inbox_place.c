// See inbox_place.h. One line of text: "navplace1 <log id> <position> <offset>".
#include "adapters/engine/inbox_place.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/engine/inbox.h"
#include "adapters/engine/line.h"
#include "hub/base/disk.h"
#include "hub/base/id.h"

enum { PLACE_TEXT_SIZE = 128, NAME_SIZE = 80, HEX_SIZE = KEY_LOG_ID_SIZE * 2 + 1 };

static void file_name(char name[NAME_SIZE], const char *purpose) {
  (void)snprintf(name, NAME_SIZE, ".place-%.64s", purpose);
}

// A number and the one character that ends it.
static bool take_number(const char **text, char end, uint64_t *value) {
  char *after = NULL;
  if (**text < '0' || **text > '9') return false;
  errno = 0;
  *value = strtoull(*text, &after, 10);
  if (errno != 0 || *after != end) return false;
  *text = after + 1;
  return true;
}

static bool parse(const char *text, struct inbox_place *place) {
  static const char mark[] = "navplace1 ";
  char hex[HEX_SIZE] = "";
  if (strncmp(text, mark, sizeof mark - 1) != 0) return false;
  text += sizeof mark - 1;
  if (strlen(text) < HEX_SIZE || text[HEX_SIZE - 1] != ' ') return false;
  memcpy(hex, text, HEX_SIZE - 1);
  text += HEX_SIZE;
  place->has_log = nav_unhex(place->log_id, sizeof place->log_id, hex);
  return place->has_log && take_number(&text, ' ', &place->position) &&
         take_number(&text, '\n', &place->offset) && *text == '\0';
}

bool inbox_place_read(const char *folder, const char *purpose, struct inbox_place *place,
                      struct nav_error *err) {
  char name[NAME_SIZE];
  char path[PATH_MAX];
  char text[PLACE_TEXT_SIZE] = "";
  *place = (struct inbox_place){0};
  file_name(name, purpose);
  if (!nav_disk_join(path, folder, name, err)) return false;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT ? true : nav_fail_errno(err, path, "cannot open");
  ssize_t got = read(fd, text, sizeof text - 1);
  (void)close(fd);
  if (got < 0) return nav_fail_errno(err, path, "cannot read");
  if (parse(text, place)) return true;
  return nav_fail(err, NAV_ERROR_LOCAL, 0, path,
                  "is no place of an inbox: remove it to go on from the last line of %s.ndjson", purpose);
}

bool inbox_place_write(const char *folder, const char *purpose, const struct inbox_place *place,
                       struct nav_error *err) {
  char name[NAME_SIZE];
  char hex[HEX_SIZE];
  char text[PLACE_TEXT_SIZE];
  file_name(name, purpose);
  int length = snprintf(text, sizeof text, "navplace1 %s %" PRIu64 " %" PRIu64 "\n",
                        nav_hex(hex, place->log_id, sizeof place->log_id), place->position, place->offset);
  return nav_disk_replace(folder, name, (const uint8_t *)text, (size_t)length, err);
}

// Takes the position of every whole line of the block; gives how many bytes those lines are.
static size_t take_lines(const char *block, size_t length, struct inbox_place *place) {
  size_t at = 0;
  for (;;) {
    const char *end = memchr(block + at, '\n', length - at);
    if (end == NULL) return at;
    uint64_t position = 0;
    size_t size = (size_t)(end - (block + at));
    if (line_position(block + at, size, &position) && position > place->position) place->position = position;
    at += size + 1;
  }
}

bool inbox_place_from_tail(int fd, const char *path, off_t size, struct inbox_place *place,
                           struct nav_error *err) {
  off_t at = (off_t)place->offset;
  // Without a place the file's end tells; with one past the end the file was moved away, and this is a
  // younger one.
  if (!place->has_log && size > INBOX_TAIL_BYTES) at = size - INBOX_TAIL_BYTES;
  if (place->has_log && (place->offset > (uint64_t)size)) at = 0;
  char *block = malloc(INBOX_BUFFER_MAX);
  if (block == NULL) return nav_fail(err, NAV_ERROR_LOCAL, 0, path, "no memory");
  bool ok = true;
  while (ok && at < size) {
    ssize_t got = pread(fd, block, INBOX_BUFFER_MAX, at);
    if (got <= 0) {
      ok = nav_fail_errno(err, path, "cannot read its tail");
      break;
    }
    size_t taken = take_lines(block, (size_t)got, place);
    if (taken == 0)
      ok = nav_fail(err, NAV_ERROR_LOCAL, 0, path, "has a line longer than any that is written here");
    at += (off_t)taken;
  }
  free(block);
  place->offset = (uint64_t)size;
  return ok;
}
