// A line on standard error that says how far a long command has come, over and over in the same place, and is
// gone when the command ends. Called by: ctl, audit_offline. Must never: write where standard error is no
// terminal, or to standard output.
#ifndef NAV_CTL_PROGRESS_H
#define NAV_CTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct ctl_progress {
  bool is_terminal;
  bool shown;
};

// Whether anybody would see it.
bool ctl_progress_begin(struct ctl_progress *progress);
// of: how many there should be; 0: not known.
void ctl_progress_show(struct ctl_progress *progress, uint64_t records, uint64_t of);
void ctl_progress_end(struct ctl_progress *progress);  // takes NULL

#endif
