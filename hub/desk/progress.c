// See progress.h.
#include "hub/desk/progress.h"

#include "hub/base/clock.h"
#include "hub/wire/control.h"

void desk_progress_tell(struct desk_progress *progress, uint64_t records, uint64_t of) {
  if (progress == NULL) return;
  int64_t now_ms = nav_clock_monotonic_ms();
  if (progress->told_ms != 0 && now_ms - progress->told_ms < DESK_PROGRESS_MS) return;
  progress->told_ms = now_ms;
  if (control_flush(progress->fd, progress->out) != 0) return;  // the one before is not gone yet
  json_t *message =
      json_pack("{s:{s:I, s:I}}", "progress", "records", (json_int_t)records, "of", (json_int_t)of);
  if (control_append(progress->out, message)) (void)control_flush(progress->fd, progress->out);
  json_decref(message);
}
