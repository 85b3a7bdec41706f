// See outbox.h.
#include "adapters/engine/outbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub/base/clock.h"
#include "hub/base/disk.h"
#include "hub/base/log.h"

enum { LEFT_MAX = 256, WHY_SIZE = 1024 };

struct left {
  char name[NAME_MAX + 1];
  off_t size;
  struct timespec changed;
};

struct outbox {
  char folder[PATH_MAX];
  char done[PATH_MAX];
  char failed[PATH_MAX];
  const char *const *suffixes;
  char **names;
  size_t count;
  size_t capacity;
  char *named[OUTBOX_NAMED_MAX];  // told of as not ours
  size_t named_count;
  struct left left[LEFT_MAX];
  size_t left_count;
};

struct outbox *outbox_open(const char *folder, const char *const *suffixes, struct nav_error *err) {
  struct outbox *outbox = calloc(1, sizeof *outbox);
  if (outbox == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, folder, "no memory");
    return NULL;
  }
  outbox->suffixes = suffixes;
  (void)snprintf(outbox->folder, sizeof outbox->folder, "%s", folder);
  bool ok = nav_disk_make_folder(folder, err) && nav_disk_join(outbox->done, folder, "done", err) &&
            nav_disk_join(outbox->failed, folder, "failed", err) && nav_disk_make_folder(outbox->done, err) &&
            nav_disk_make_folder(outbox->failed, err);
  if (ok) return outbox;
  outbox_close(outbox);
  return NULL;
}

static void forget_names(struct outbox *outbox) {
  for (size_t i = 0; i < outbox->count; i++) free(outbox->names[i]);
  outbox->count = 0;
}

void outbox_close(struct outbox *outbox) {
  if (outbox == NULL) return;
  forget_names(outbox);
  for (size_t i = 0; i < outbox->named_count; i++) free(outbox->named[i]);
  free(outbox->names);
  free(outbox);
}

static bool ends_with(const char *name, const char *end) {
  size_t length = strlen(name);
  size_t size = strlen(end);
  return length > size && strcmp(name + length - size, end) == 0;
}

// What the engine itself writes here.
static bool is_own(const char *name) {
  return name[0] == '.' || strcmp(name, "rejected.ndjson") == 0 || ends_with(name, ".why.txt");
}

static bool has_suffix(const struct outbox *outbox, const char *name) {
  for (const char *const *suffix = outbox->suffixes; *suffix != NULL; suffix++) {
    if (ends_with(name, *suffix)) return true;
  }
  return false;
}

// Says once of a file that it is not this adapter's.
static void name_stranger(struct outbox *outbox, const char *name) {
  for (size_t i = 0; i < outbox->named_count; i++) {
    if (strcmp(outbox->named[i], name) == 0) return;
  }
  if (outbox->named_count == OUTBOX_NAMED_MAX) return;
  char *copy = strdup(name);
  if (copy == NULL) return;
  outbox->named[outbox->named_count++] = copy;
  nav_log(NAV_LOG_WARNING,
          "%s/%s is left alone: its name does not end as this adapter's files do (--help lists them)",
          outbox->folder, name);
}

static bool add_name(struct outbox *outbox, const char *name) {
  if (outbox->count == outbox->capacity) {
    size_t capacity = outbox->capacity == 0 ? 64 : outbox->capacity * 2;
    char **names = realloc(outbox->names, capacity * sizeof *names);
    if (names == NULL) return false;
    outbox->names = names;
    outbox->capacity = capacity;
  }
  char *copy = strdup(name);
  if (copy == NULL) return false;
  outbox->names[outbox->count++] = copy;
  return true;
}

static bool same_time(const struct timespec *a, const struct timespec *b) {
  return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_left(const struct outbox *outbox, const char *name, const struct stat *status) {
  for (size_t i = 0; i < outbox->left_count; i++) {
    const struct left *left = &outbox->left[i];
    if (strcmp(left->name, name) == 0 && left->size == status->st_size &&
        same_time(&left->changed, &status->st_ctim)) {
      return true;
    }
  }
  return false;
}

void outbox_leave(struct outbox *outbox, const char *name, const struct stat *status) {
  struct left *left = NULL;
  for (size_t i = 0; i < outbox->left_count && left == NULL; i++) {
    if (strcmp(outbox->left[i].name, name) == 0) left = &outbox->left[i];
  }
  if (left == NULL) left = &outbox->left[outbox->left_count < LEFT_MAX ? outbox->left_count++ : 0];
  (void)snprintf(left->name, sizeof left->name, "%s", name);
  left->size = status->st_size;
  left->changed = status->st_ctim;
}

// The kernel gives a read lease only on a file that nobody has open for writing. Where it cannot tell
// (another's file, a file system without leases) the stillness alone decides.
static bool somebody_writes(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return false;
  bool writes = fcntl(fd, F_SETLEASE, F_RDLCK) != 0 && errno == EAGAIN;
  (void)close(fd);
  return writes;
}

// ctime: set by this machine at every write, rename and change of times, whatever the file's writer claims.
static bool is_still(const char *path, const struct stat *status) {
  int64_t changed_ms = (int64_t)status->st_ctim.tv_sec * 1000 + status->st_ctim.tv_nsec / 1000000;
  int64_t age_ms = nav_clock_now_ms() - changed_ms;
  bool still = age_ms >= OUTBOX_STILL_MS || age_ms < -OUTBOX_STILL_MS;  // the clock was set back
  return still && !somebody_writes(path);
}

static bool look_at(struct outbox *outbox, struct outbox_scan *scan, const char *name,
                    struct nav_error *err) {
  char path[PATH_MAX];
  struct stat status;
  if (is_own(name)) return true;
  if (!nav_disk_join(path, outbox->folder, name, err)) return false;
  if (lstat(path, &status) != 0 || !S_ISREG(status.st_mode)) return true;
  if (!has_suffix(outbox, name)) {
    name_stranger(outbox, name);
    return true;
  }
  if (is_left(outbox, name, &status)) return true;
  if (!is_still(path, &status)) {
    scan->growing++;
    return true;
  }
  return add_name(outbox, name) ? true : nav_fail(err, NAV_ERROR_LOCAL, 0, path, "no memory");
}

static int compare_names(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

bool outbox_scan(struct outbox *outbox, struct outbox_scan *scan, struct nav_error *err) {
  *scan = (struct outbox_scan){0};
  forget_names(outbox);
  DIR *handle = opendir(outbox->folder);
  if (handle == NULL) return nav_fail_errno(err, outbox->folder, "cannot be read");
  bool ok = true;
  struct dirent *entry = NULL;
  for (size_t i = 0; ok && i < OUTBOX_FILES_MAX && (entry = readdir(handle)) != NULL; i++) {
    ok = look_at(outbox, scan, entry->d_name, err);
  }
  (void)closedir(handle);
  if (outbox->count > 0) qsort(outbox->names, outbox->count, sizeof *outbox->names, compare_names);
  scan->ready = outbox->names;
  scan->ready_count = outbox->count;
  return ok;
}

bool outbox_path(const struct outbox *outbox, const char *name, char *out, struct stat *status,
                 struct nav_error *err) {
  if (!nav_disk_join(out, outbox->folder, name, err)) return false;
  return lstat(out, status) == 0 ? true : nav_fail_errno(err, out, "cannot be seen");
}

bool outbox_done(struct outbox *outbox, const char *name, const struct stat *status, bool *changed,
                 struct nav_error *err) {
  char path[PATH_MAX];
  struct stat now;
  if (!outbox_path(outbox, name, path, &now, err)) return false;
  *changed = now.st_ino != status->st_ino || now.st_size != status->st_size ||
             !same_time(&now.st_mtim, &status->st_mtim) || somebody_writes(path);
  return *changed || nav_disk_move(outbox->folder, name, outbox->done, NULL, err);
}

bool outbox_failed(struct outbox *outbox, const char *name, const struct nav_error *why,
                   struct nav_error *err) {
  char taken[PATH_MAX];
  char why_name[PATH_MAX];
  char reason[NAV_ERROR_PLACE_SIZE + NAV_ERROR_TEXT_SIZE + 4];
  char text[WHY_SIZE];
  char now[NAV_RFC3339_SIZE];
  if (!nav_disk_move(outbox->folder, name, outbox->failed, taken, err)) return false;
  int length =
      snprintf(text, sizeof text,
               "%s\n\nRead %s. Nothing of the file could be used. Mend it and put it in the outbox again.\n",
               nav_error_string(why, reason, sizeof reason), nav_clock_rfc3339(nav_clock_now_ms(), now));
  int name_length = snprintf(why_name, sizeof why_name, "%.240s.why.txt", taken);
  if (length < 0 || name_length < 0) return nav_fail(err, NAV_ERROR_BUG, 0, name, "cannot say why it failed");
  return nav_disk_replace(outbox->failed, why_name, (const uint8_t *)text, (size_t)length, err);
}
