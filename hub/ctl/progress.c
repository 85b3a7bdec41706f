// See progress.h.
#include "hub/ctl/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

// The terminal's own: to the line's beginning, and what stands there is erased.
static const char erase[] = "\r\x1b[K";

bool ctl_progress_begin(struct ctl_progress *progress) {
  *progress = (struct ctl_progress){.is_terminal = isatty(STDERR_FILENO) != 0};
  return progress->is_terminal;
}

void ctl_progress_show(struct ctl_progress *progress, uint64_t records, uint64_t of) {
  if (!progress->is_terminal) return;
  progress->shown = true;
  if (of > 0)
    (void)fprintf(stderr, "%s%" PRIu64 " of %" PRIu64 " records, %u %%", erase, records, of,
                  (unsigned)(records >= of ? 100 : (double)records * 100 / (double)of));
  else
    (void)fprintf(stderr, "%s%" PRIu64 " records", erase, records);
}

void ctl_progress_end(struct ctl_progress *progress) {
  if (progress != NULL && progress->shown) (void)fputs(erase, stderr);
}
