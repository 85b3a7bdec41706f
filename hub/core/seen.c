// See seen.h.
#include "hub/core/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub/base/disk.h"
#include "hub/base/id.h"

static const char name[] = "seen";

// The file's text; *length 0: there is none.
static bool read_file(const char *path, char text[SEEN_NOTE_MAX], size_t *length, struct nav_error *err) {
  *length = 0;
  text[0] = '\0';
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return true;
  if (fd < 0) return nav_fail_errno(err, path, "cannot open");
  ssize_t got = 0;
  while ((got = read(fd, text + *length, SEEN_NOTE_MAX - 1 - *length)) > 0) *length += (size_t)got;
  bool ok = got == 0 ? true : nav_fail_errno(err, path, "cannot read");
  (void)close(fd);
  text[*length] = '\0';
  return ok;
}

// The tree's size, on the second line. 0: none.
static uint64_t size_of(const char *note) {
  const char *line = strchr(note, '\n');
  return line == NULL ? 0 : strtoull(line + 1, NULL, 10);
}

bool seen_load(struct seen *seen, const char *folder, const char *hub, const uint8_t *public_key,
               struct nav_error *err) {
  struct checkpoint checkpoint;
  char origin[CHECKPOINT_ORIGIN_SIZE];
  size_t length = 0;
  *seen = (struct seen){0};
  int made = snprintf(seen->folder, sizeof seen->folder, "%s", folder);
  if (made < 0 || (size_t)made >= sizeof seen->folder)
    return nav_fail(err, NAV_ERROR_LOCAL, 0, folder, "the state folder's path is too long");
  (void)snprintf(seen->path, sizeof seen->path, "%s/%s", seen->folder, name);
  if (!read_file(seen->path, seen->note, &length, err)) return false;
  if (length == 0) return true;
  size_t hub_length = strlen(hub);
  if (!checkpoint_origin(seen->note, origin) || strncmp(origin, hub, hub_length) != 0 ||
      origin[hub_length] != '/')
    return nav_fail(err, NAV_ERROR_LOCAL, 0, seen->path,
                    "holds no checkpoint of this hub: put the file back as it was");
  if (!checkpoint_open(seen->note, origin, public_key, &checkpoint, err)) return false;
  seen->size = checkpoint.size;
  memcpy(seen->root, checkpoint.root, sizeof seen->root);
  return true;
}

static bool write_file(const struct seen *seen, const char *note, struct nav_error *err) {
  return nav_disk_replace(seen->folder, name, (const uint8_t *)note, strlen(note), err);
}

static bool is_same_log(const char *a, const char *b) {
  size_t length = strcspn(a, "\n");
  return length == strcspn(b, "\n") && strncmp(a, b, length) == 0;
}

bool seen_note(struct seen *seen, const struct checkpoint *checkpoint, const char *note,
               struct nav_error *err) {
  if (strlen(note) >= sizeof seen->note)
    return nav_fail(err, NAV_ERROR_BUG, 0, seen->path, "a note of more than %d bytes", SEEN_NOTE_MAX - 1);
  // Somebody else may have noted a larger one meanwhile (seen_note_larger): that one stays. One of another
  // log was given up on the record, or nav-core had not started.
  char text[SEEN_NOTE_MAX];
  size_t length = 0;
  if (!read_file(seen->path, text, &length, err)) return false;
  if (length > 0 && is_same_log(text, note) && size_of(text) > checkpoint->size) return true;
  if (!write_file(seen, note, err)) return false;
  seen->size = checkpoint->size;
  memcpy(seen->root, checkpoint->root, sizeof seen->root);
  (void)snprintf(seen->note, sizeof seen->note, "%s", note);
  return true;
}

bool seen_note_larger(const struct seen *seen, const char *note, struct nav_error *err) {
  char text[SEEN_NOTE_MAX];
  size_t length = 0;
  if (strlen(note) >= SEEN_NOTE_MAX)
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "checkpoint",
                    "is larger than %d bytes", SEEN_NOTE_MAX - 1);
  if (!read_file(seen->path, text, &length, err)) return false;
  if (length > 0 && size_of(text) >= size_of(note)) return true;
  return write_file(seen, note, err);
}

bool seen_check(const struct seen *seen, const char *origin, uint64_t size,
                const uint8_t root_at_seen[NAV_SHA256_SIZE], struct nav_error *err) {
  char shown[CHECKPOINT_ORIGIN_SIZE];
  if (seen->size == 0) return true;
  if (!checkpoint_origin(seen->note, shown) || strcmp(shown, origin) != 0)
    return nav_fail(
        err, NAV_ERROR_LOCAL, 0, seen->path,
        "this hub has shown a checkpoint of the log %s, the database holds %s: connect the database "
        "that it was made in",
        shown, origin);
  if (size < seen->size)
    return nav_fail(
        err, NAV_ERROR_LOCAL, 0, seen->path,
        "this hub has shown a checkpoint of %llu records, the database holds %llu: records are gone. "
        "Put the database back to a later state",
        (unsigned long long)seen->size, (unsigned long long)size);
  if (memcmp(root_at_seen, seen->root, NAV_SHA256_SIZE) == 0) return true;
  char was[2 * NAV_SHA256_SIZE + 1];
  char is[2 * NAV_SHA256_SIZE + 1];
  return nav_fail(
      err, NAV_ERROR_LOCAL, 0, seen->path,
      "this hub has shown root %s for %llu records, the database gives %s: its records are not those. "
      "Run navctl audit verify and put the database back",
      nav_hex(was, seen->root, sizeof seen->root), (unsigned long long)seen->size,
      nav_hex(is, root_at_seen, NAV_SHA256_SIZE));
}
