// See rejected.h.
#include "adapters/engine/rejected.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hub/base/clock.h"
#include "hub/base/disk.h"
#include "hub/wire/event.h"
#include "nav/v1/session.pb-c.h"

_Static_assert(sizeof(((struct rejected *)0)->path) >= PATH_MAX, "nav_disk_join writes PATH_MAX bytes");

bool rejected_open(struct rejected *rejected, const char *outbox, struct nav_error *err) {
  rejected->fd = -1;
  return nav_disk_join(rejected->path, outbox, "rejected.ndjson", err);
}

// Made with the first line; a line torn by a crash is cut off (its event comes again).
static bool open_file(struct rejected *rejected, struct nav_error *err) {
  if (rejected->fd >= 0) return true;
  rejected->fd = open(rejected->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (rejected->fd < 0) return nav_fail_errno(err, rejected->path, "cannot open");
  off_t end = 0;
  if (nav_disk_cut_torn_line(rejected->fd, &end)) return true;
  (void)nav_fail_errno(err, rejected->path, "cannot read its end");
  rejected_close(rejected);
  return false;
}

static json_t *make_line(const struct rejected_event *event) {
  char id[NAV_EVENT_ID_SIZE * 2 + 1];
  char now[NAV_RFC3339_SIZE];
  const char *code = wire_enum_name(&nav__v1__code__descriptor, event->code);
  return json_pack("{s:s, s:s?, s:s, s:s?, s:I, s:s, s:s*, s:s*}", "time",
                   nav_clock_rfc3339(nav_clock_now_ms(), now), "file", event->file, "id",
                   nav_hex(id, event->id, NAV_EVENT_ID_SIZE), "record", event->source_id, "revision",
                   (json_int_t)event->revision, "code", code != NULL ? code : "unspecified", "field",
                   event->field, "reason", event->reason);
}

bool rejected_write(struct rejected *rejected, const struct rejected_event *event, struct nav_error *err) {
  if (!open_file(rejected, err)) return false;
  json_t *json = make_line(event);
  char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
  json_decref(json);
  if (text == NULL) return nav_fail(err, NAV_ERROR_LOCAL, 0, rejected->path, "the line could not be made");
  size_t length = strlen(text);
  text[length++] = '\n';  // in the NUL's place; no longer a string
  ssize_t wrote = write(rejected->fd, text, length);
  free(text);
  if (wrote == (ssize_t)length) return true;
  return nav_fail_errno(err, rejected->path, "cannot write");
}

bool rejected_sync(struct rejected *rejected, struct nav_error *err) {
  if (rejected->fd < 0 || fdatasync(rejected->fd) == 0) return true;
  return nav_fail_errno(err, rejected->path, "cannot sync");
}

void rejected_close(struct rejected *rejected) {
  if (rejected->fd >= 0) (void)close(rejected->fd);
  rejected->fd = -1;
}
