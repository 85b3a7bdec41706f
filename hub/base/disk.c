// See disk.h.
#include "hub/base/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hub/base/clock.h"

bool nav_disk_join(char *out, const char *folder, const char *name, struct nav_error *err) {
  int length = snprintf(out, PATH_MAX, "%s/%s", folder, name);
  if (length > 0 && length < PATH_MAX) return true;
  return nav_fail(err, NAV_ERROR_LOCAL, 0, name, "the path is too long");
}

bool nav_disk_make_folder(const char *path, struct nav_error *err) {
  char part[PATH_MAX];
  size_t length = strlen(path);
  if (length == 0 || length >= sizeof part)
    return nav_fail(err, NAV_ERROR_LOCAL, 0, path, "is no folder's path");
  memcpy(part, path, length + 1);
  for (size_t i = 1; i <= length; i++) {
    if (part[i] != '/' && part[i] != '\0') continue;
    char kept = part[i];
    part[i] = '\0';
    if (mkdir(part, 0700) != 0 && errno != EEXIST) return nav_fail_errno(err, part, "cannot make the folder");
    part[i] = kept;
  }
  struct stat status;
  if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) return true;
  return nav_fail(err, NAV_ERROR_LOCAL, 0, path, "is not a folder");
}

bool nav_disk_sync_folder(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  bool ok = fsync(fd) == 0;
  (void)close(fd);
  return ok;
}

bool nav_disk_write_at(int fd, const uint8_t *bytes, size_t length, off_t at) {
  size_t done = 0;
  while (done < length) {
    ssize_t wrote = pwrite(fd, bytes + done, length - done, at + (off_t)done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    done += (size_t)wrote;
  }
  return true;
}

bool nav_disk_replace(const char *folder, const char *name, const uint8_t *bytes, size_t length,
                      struct nav_error *err) {
  char path[PATH_MAX];
  char fresh[PATH_MAX];
  if (!nav_disk_join(path, folder, name, err)) return false;
  int made = snprintf(fresh, sizeof fresh, "%s.new", path);
  if (made < 0 || (size_t)made >= sizeof fresh)
    return nav_fail(err, NAV_ERROR_LOCAL, 0, path, "the path is too long");
  // What a crash left goes; and a process that was frozen while it wrote writes on into a file without a
  // name.
  (void)unlink(fresh);
  int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return nav_fail_errno(err, fresh, "cannot open");
  bool ok = nav_disk_write_at(fd, bytes, length, 0) && fsync(fd) == 0;
  if (!ok) (void)nav_fail_errno(err, fresh, "cannot write");
  (void)close(fd);
  if (!ok) return false;
  if (rename(fresh, path) != 0) return nav_fail_errno(err, path, "cannot replace");
  return nav_disk_sync_folder(folder) ? true : nav_fail_errno(err, folder, "cannot sync");
}

static bool move_to(const char *from, const char *to) {
  return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0;
}

bool nav_disk_move(const char *from_folder, const char *name, const char *to_folder, char *taken,
                   struct nav_error *err) {
  char from[PATH_MAX];
  char to[PATH_MAX];
  char other[NAME_MAX + 1];
  if (!nav_disk_join(from, from_folder, name, err) || !nav_disk_join(to, to_folder, name, err)) return false;
  if (taken != NULL) (void)snprintf(taken, PATH_MAX, "%s", name);
  bool ok = move_to(from, to);
  if (!ok && errno == EEXIST) {
    int made = snprintf(other, sizeof other, "%.200s.%" PRId64, name, nav_clock_now_ms());
    if (made < 0 || !nav_disk_join(to, to_folder, other, err)) return false;
    if (taken != NULL) (void)snprintf(taken, PATH_MAX, "%s", other);
    ok = move_to(from, to);
  }
  if (!ok) return nav_fail_errno(err, from, "cannot move the file away");
  if (nav_disk_sync_folder(to_folder) && nav_disk_sync_folder(from_folder)) return true;
  return nav_fail_errno(err, to_folder, "cannot sync");
}

bool nav_disk_cut_torn_line(int fd, off_t *end) {
  uint8_t block[4096];
  struct stat status;
  if (fstat(fd, &status) != 0) return false;
  off_t at = status.st_size;
  *end = 0;
  while (at > 0 && *end == 0) {
    size_t size = at < (off_t)sizeof block ? (size_t)at : sizeof block;
    at -= (off_t)size;
    if (pread(fd, block, size, at) != (ssize_t)size) return false;
    const uint8_t *found = memrchr(block, '\n', size);
    if (found != NULL) *end = at + (off_t)(found - block) + 1;
  }
  return *end == status.st_size || ftruncate(fd, *end) == 0;
}
