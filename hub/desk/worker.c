// See worker.h.
#include "hub/desk/worker.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "hub/base/clock.h"
#include "hub/desk/request.h"
#include "hub/wire/control.h"

enum { POLL_MS = 1000, ANSWER_BYTES_MAX = CONTROL_MESSAGE_MAX + 4, PROGRESS_BYTES_MAX = 256 };

void worker_begin(void) {
  sigset_t none;
  (void)sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, NULL);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

// out: what else is to be sent first.
static void send_answer(int fd, struct nav_buffer *out, const json_t *answer) {
  if (!control_append(out, answer)) {
    struct nav_error err;
    (void)nav_fail(&err, NAV_ERROR_LOCAL, 0, "", "the answer is larger than %d bytes: ask for less",
                   CONTROL_MESSAGE_MAX);
    json_t *refusal = control_error(&err);
    if (refusal == NULL || !control_append(out, refusal)) _exit(1);
    json_decref(refusal);
  }
  int64_t deadline_ms = nav_clock_monotonic_ms() + DESK_ANSWER_S_MAX * 1000;
  while (control_flush(fd, out) > 0 && nav_clock_monotonic_ms() < deadline_ms) {
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    (void)poll(&p, 1, POLL_MS);
  }
}

void worker_answer(const struct conf_nav *nav, const struct conf_agencies *agencies, int fd,
                   const json_t *request, struct desk_database **database) {
  uid_t caller = 0;
  (void)alarm(desk_time_limit_s(request) + DESK_ANSWER_S_MAX);
  if (!control_peer_uid(fd, &caller)) _exit(1);
  struct nav_buffer out;
  nav_buffer_init(&out, ANSWER_BYTES_MAX + PROGRESS_BYTES_MAX);
  struct desk_progress progress = {.fd = fd, .out = &out};
  json_t *answer = desk_answer(nav, agencies, caller, request, &progress, database);
  if (answer == NULL) _exit(1);
  send_answer(fd, &out, answer);
  nav_buffer_free(&out);
  json_decref(answer);
  (void)alarm(0);
}
