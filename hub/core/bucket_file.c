// See bucket_file.h.
#include "hub/core/bucket_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hub/base/disk.h"

enum { NOISE_SIZE = 4096 };

static bool beside(char out[PATH_MAX], const char *path, const char *ending, struct nav_error *err) {
  int length = snprintf(out, PATH_MAX, "%s%s", path, ending);
  if (length > 0 && length < PATH_MAX) return true;
  return nav_fail(err, NAV_ERROR_LOCAL, 0, path, "the path is too long");
}

static bool sync_folder(const char *folder, struct nav_error *err) {
  return nav_disk_sync_folder(folder) || nav_fail_errno(err, folder, "cannot be made durable");
}

// ---- writing ----

// What stands in the file is written over, as far as the disk lets anybody. A file that is not there is none.
static bool overwrite(const char *path, struct nav_error *err) {
  int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return true;
  struct stat status;
  bool ok = fd >= 0 && fstat(fd, &status) == 0;
  for (off_t at = 0; ok && at < status.st_size; at += NOISE_SIZE) {
    uint8_t noise[NOISE_SIZE];
    off_t left = status.st_size - at;
    size_t length = left < NOISE_SIZE ? (size_t)left : NOISE_SIZE;
    randombytes_buf(noise, length);
    ok = nav_disk_write_at(fd, noise, length, at);
  }
  ok = ok && fsync(fd) == 0;
  if (!ok) (void)nav_fail_errno(err, path, "content keys cannot be overwritten");
  if (fd >= 0) (void)close(fd);
  return ok;
}

static bool remove_file(const char *path, struct nav_error *err) {
  if (!overwrite(path, err)) return false;
  return unlink(path) == 0 || errno == ENOENT || nav_fail_errno(err, path, "content keys cannot be removed");
}

// Under a name of its own; what a crash left there is no longer of use.
static bool write_new(const char *path, const struct keytree *tree, struct nav_error *err) {
  if (!remove_file(path, err)) return false;
  size_t length = 0;
  char *text = keytree_text(tree, &length);
  if (text == NULL) return nav_fail(err, NAV_ERROR_RETRY, 0, path, "out of memory");
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  bool ok = fd >= 0 && fchmod(fd, 0600) == 0 && nav_disk_write_at(fd, (const uint8_t *)text, length, 0) &&
            fsync(fd) == 0;
  if (!ok) (void)nav_fail_errno(err, path, "the content keys cannot be written");
  sodium_free(text);
  if (fd >= 0) (void)close(fd);
  if (!ok) (void)unlink(path);
  return ok;
}

// The second half of a change: NAME.new is durable.
static bool take_place(const char *folder, const char *path, const char *fresh, struct nav_error *err) {
  if (!overwrite(path, err)) return false;
  if (rename(fresh, path) != 0) return nav_fail_errno(err, path, "the content keys cannot be replaced");
  return sync_folder(folder, err);
}

bool bucket_file_replace(const char *folder, const char *name, const struct keytree *tree,
                         struct nav_error *err) {
  char path[PATH_MAX];
  char fresh[PATH_MAX];
  return nav_disk_join(path, folder, name, err) && beside(fresh, path, ".new", err) &&
         write_new(fresh, tree, err) && sync_folder(folder, err) && take_place(folder, path, fresh, err);
}

// Linked to its name, so that of two programs that make one bucket's file the second is refused.
bool bucket_file_create(const char *folder, const char *name, const struct keytree *tree,
                        struct nav_error *err) {
  char path[PATH_MAX];
  char fresh[PATH_MAX];
  char ending[32];
  (void)snprintf(ending, sizeof ending, ".new-%ld", (long)getpid());
  if (!nav_disk_join(path, folder, name, err) || !beside(fresh, path, ending, err) ||
      !write_new(fresh, tree, err))
    return false;
  bool ok = link(fresh, path) == 0 || nav_fail_errno(err, path, "the content keys cannot be made");
  (void)unlink(fresh);
  return ok && sync_folder(folder, err);
}

bool bucket_file_destroy(const char *folder, const char *name, struct nav_error *err) {
  char path[PATH_MAX];
  char fresh[PATH_MAX];
  return nav_disk_join(path, folder, name, err) && beside(fresh, path, ".new", err) &&
         remove_file(fresh, err) && remove_file(path, err) && sync_folder(folder, err);
}

// ---- reading ----

// Refused before reading where others may read it. -1: *err, with *none where there is no such file.
static int open_secret(const char *path, struct stat *status, bool *none, struct nav_error *err) {
  int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  *none = fd < 0 && errno == ENOENT;
  if (fd < 0) {
    (void)nav_fail_errno(err, path, "the content keys cannot be read");
    return -1;
  }
  bool ok = fstat(fd, status) == 0 || nav_fail_errno(err, path, "cannot look at");
  if (ok && !S_ISREG(status->st_mode)) ok = nav_fail(err, NAV_ERROR_LOCAL, 0, path, "is not a file");
  if (ok && (status->st_mode & 077) != 0)
    ok = nav_fail(err, NAV_ERROR_LOCAL, 0, path, "holds content keys that others may read: chmod 600");
  if (ok) return fd;
  (void)close(fd);
  return -1;
}

static bool read_all(int fd, char *text, size_t length) {
  size_t done = 0;
  while (done < length) {
    ssize_t got = read(fd, text + done, length - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += (size_t)got;
  }
  return true;
}

// NULL: *err; *none where there is no such file, *torn where it is no whole one.
static struct keytree *read_tree(const char *path, bool *none, bool *torn, struct nav_error *err) {
  struct stat status;
  *torn = false;
  int fd = open_secret(path, &status, none, err);
  if (fd < 0) return NULL;
  *torn = status.st_size > KEYTREE_TEXT_MAX;
  size_t length = *torn ? 0 : (size_t)status.st_size;
  char *text = sodium_malloc(length + 1);
  struct keytree *tree = NULL;
  if (text == NULL) {
    (void)nav_fail(err, NAV_ERROR_RETRY, 0, path, "out of memory");
  } else if (!read_all(fd, text, length)) {
    (void)nav_fail_errno(err, path, "the content keys cannot be read");
  } else {
    tree = keytree_parse(text, length, err);
    *torn = tree == NULL && err->class == NAV_ERROR_LOCAL;
    if (tree == NULL) (void)snprintf(err->place, sizeof err->place, "%s", path);
  }
  sodium_free(text);
  (void)close(fd);
  return tree;
}

// A crash may have come between the steps of a change. What is no fault leaves *err alone.
static bool settle(const char *folder, const char *path, struct nav_error *err) {
  char fresh[PATH_MAX];
  struct nav_error why;
  bool none = false;
  bool torn = false;
  if (!beside(fresh, path, ".new", err)) return false;
  struct keytree *tree = read_tree(fresh, &none, &torn, &why);
  bool whole = tree != NULL;
  keytree_free(tree);
  if (none) return true;
  if (torn) return remove_file(fresh, err) && sync_folder(folder, err);
  if (whole) return sync_folder(folder, err) && take_place(folder, path, fresh, err);
  *err = why;
  return false;
}

struct keytree *bucket_file_read(const char *folder, const char *name, struct nav_error *err) {
  char path[PATH_MAX];
  bool none = false;
  bool torn = false;
  if (!nav_disk_join(path, folder, name, err) || !settle(folder, path, err)) return NULL;
  struct keytree *tree = read_tree(path, &none, &torn, err);
  if (tree == NULL && none)
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "",
                   "the content was erased when its time was up");
  return tree;
}
