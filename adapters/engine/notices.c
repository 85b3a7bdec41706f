// See notices.h.
#include "adapters/engine/notices.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub/base/clock.h"
#include "hub/base/disk.h"
#include "hub/wire/event.h"

enum { SEEN_MAX = 4096, KEY_SIZE = 16 };

struct notices {
  char path[PATH_MAX];
  uint8_t seen[SEEN_MAX][KEY_SIZE];  // a ring
  size_t seen_count;
};

struct notices *notices_new(const char *inbox) {
  struct nav_error ignored;
  struct notices *notices = calloc(1, sizeof *notices);
  if (notices != NULL && nav_disk_join(notices->path, inbox, "_notices.ndjson", &ignored)) return notices;
  free(notices);
  return NULL;
}

void notices_free(struct notices *notices) { free(notices); }

static const char *kind_name(Nav__V1__NoticeKind kind) {
  const char *name = wire_enum_name(&nav__v1__notice_kind__descriptor, (int)kind);
  return name == NULL ? "unknown" : name;
}

static void set_text(json_t *line, const char *key, const char *text) {
  if (text != NULL && text[0] != '\0') (void)json_object_set_new(line, key, json_string(text));
}

// Without the time of writing, by which two of the same would differ.
static json_t *make_line(const Nav__V1__Notice *notice) {
  json_t *line = json_pack("{s:s}", "kind", kind_name(notice->kind));
  if (line == NULL) return NULL;
  if (notice->has_seq) (void)json_object_set_new(line, "seq", json_integer((json_int_t)notice->seq));
  set_text(line, "text", notice->text);
  set_text(line, "recipient", notice->recipient);
  set_text(line, "purpose", notice->purpose);
  set_text(line, "rule", notice->rule);
  if (notice->has_urgent) (void)json_object_set_new(line, "urgent", json_boolean(notice->urgent));
  if (notice->has_deadline_ms) {
    char at[NAV_RFC3339_SIZE];
    set_text(line, "deadline", nav_clock_rfc3339(notice->deadline_ms, at));
  }
  if (notice->has_level) (void)json_object_set_new(line, "level", json_integer(notice->level));
  set_text(line, "assessor", notice->assessor);
  return line;
}

static bool is_seen(struct notices *notices, const char *text) {
  uint8_t key[KEY_SIZE];
  (void)crypto_generichash(key, sizeof key, (const uint8_t *)text, strlen(text), NULL, 0);
  size_t held = notices->seen_count < SEEN_MAX ? notices->seen_count : SEEN_MAX;
  for (size_t i = 0; i < held; i++)
    if (memcmp(notices->seen[i], key, sizeof key) == 0) return true;
  memcpy(notices->seen[notices->seen_count++ % SEEN_MAX], key, sizeof key);
  return false;
}

static bool append(const struct notices *notices, json_t *line, struct nav_error *err) {
  char at[NAV_RFC3339_SIZE];
  (void)json_object_set_new(line, "time", json_string(nav_clock_rfc3339(nav_clock_now_ms(), at)));
  char *text = json_dumps(line, JSON_COMPACT);
  if (text == NULL) return nav_fail(err, NAV_ERROR_LOCAL, 0, notices->path, "the line could not be made");
  size_t length = strlen(text);
  text[length++] = '\n';  // in the NUL's place; no longer a string
  int fd = open(notices->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  bool ok = fd >= 0 && write(fd, text, length) == (ssize_t)length;
  if (!ok) (void)nav_fail_errno(err, notices->path, "cannot write");
  if (fd >= 0) (void)close(fd);
  free(text);
  return ok;
}

bool notices_write(struct notices *notices, const Nav__V1__Notice *notice, struct nav_error *err) {
  json_t *line = make_line(notice);
  char *text = line == NULL ? NULL : json_dumps(line, JSON_COMPACT);
  bool ok = true;
  if (text == NULL) {
    ok = nav_fail(err, NAV_ERROR_LOCAL, 0, notices->path, "the line could not be made");
  } else if (!is_seen(notices, text)) {
    ok = append(notices, line, err);
  }
  free(text);
  json_decref(line);
  return ok;
}
