// nav-desk's loop: takes requests on its unix socket and gives each to a worker process, so that a slow or
// broken one delays no other and gives its memory back: one forked for it, or for quick questions one that
// stays (kept.h). At most 8 work at a time, 2 of them heavy; each request has a time limit. Called by: main.
// Must never: touch the database or a key itself.
#ifndef NAV_DESK_SERVE_H
#define NAV_DESK_SERVE_H

#include "hub/base/error.h"
#include "hub/conf/agencies.h"
#include "hub/conf/nav.h"

enum {
  DESK_WORKERS_MAX = 8,
  DESK_HEAVY_MAX = 2,
  DESK_WAITING_MAX = 64,  // connections whose request is not read, or waits for a worker
  DESK_REQUEST_BYTES_MAX = 64 * 1024,
  DESK_LARGE_BYTES_MAX = 8 * 1024 * 1024,  // of commands that take files,
  DESK_LARGE_MAX = 2,                      // so many at a time
  DESK_READ_MS_MAX = 10000,                // to send a whole request
};

// Reads agencies.yaml again (SIGHUP). NULL: it has faults, which were told; the old one stays in force.
typedef struct conf_agencies *desk_reload(const struct conf_nav *nav);

// Runs until SIGTERM or SIGINT comes over signal_fd; takes over agencies and frees what it holds of them.
NAV_MUST_USE bool desk_serve(const struct conf_nav *nav, struct conf_agencies *agencies, desk_reload *reload,
                             int signal_fd, struct nav_error *err);

#endif
