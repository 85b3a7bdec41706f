// See serve.h.
#include "hub/desk/serve.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hub/base/clock.h"
#include "hub/base/log.h"
#include "hub/desk/kept.h"
#include "hub/desk/request.h"
#include "hub/desk/worker.h"
#include "hub/wire/control.h"
#include "hub/wire/unix_socket.h"
#include "nav/v1/session.pb-c.h"

enum { POLL_MS = 1000, REFUSAL_BYTES_MAX = 4096 };

struct waiting {
  int fd;  // -1: free
  struct nav_buffer in;
  json_t *request;  // whole: waits for a worker
  int64_t since_ms;
};

struct worker {
  pid_t pid;  // 0: free
  bool heavy;
  int64_t deadline_ms;  // past it the worker is killed, whatever it does with its own alarm
};

struct serve {
  const struct conf_nav *nav;
  struct conf_agencies *agencies;
  desk_reload *reload;
  int listen_fd, spare_fd;  // spare_fd: unix_socket_accept
  int signal_fd;
  bool stopping;
  struct waiting waiting[DESK_WAITING_MAX];
  struct worker workers[DESK_WORKERS_MAX];
  struct kept kept;
};

static void drop(struct waiting *w) {
  (void)close(w->fd);
  nav_buffer_free(&w->in);
  json_decref(w->request);
  *w = (struct waiting){.fd = -1};
}

// ---- the worker ----

// In the child: what is the desk's. w: whose connection stays; NULL: nobody's.
static void let_go_of_desk(const struct serve *serve, const struct waiting *w) {
  worker_begin();
  (void)close(serve->listen_fd);
  if (serve->spare_fd >= 0) (void)close(serve->spare_fd);
  (void)close(serve->signal_fd);
  kept_close_all(&serve->kept);
  for (size_t i = 0; i < DESK_WAITING_MAX; i++) {
    if (&serve->waiting[i] != w && serve->waiting[i].fd >= 0) (void)close(serve->waiting[i].fd);
  }
}

// One request, with a connection of its own.
static _Noreturn void work(const struct serve *serve, const struct waiting *w) {
  let_go_of_desk(serve, w);
  worker_answer(serve->nav, serve->agencies, w->fd, w->request, NULL);
  _exit(0);
}

// Made ready before anybody asks.
static void start_kept(struct serve *serve) {
  int channel = -1;
  int own_end = kept_channel(&serve->kept, &channel);
  if (own_end < 0) return;
  pid_t pid = fork();
  if (pid == 0) {
    let_go_of_desk(serve, NULL);
    (void)close(own_end);
    kept_work(serve->nav, serve->agencies, channel);
  }
  (void)close(channel);
  if (pid < 0) {
    (void)close(own_end);
    nav_log(NAV_LOG_ERROR, "cannot start a worker: %s", strerror(errno));
  } else {
    kept_started(&serve->kept, pid, own_end);
  }
}

// ---- the desk ----

static size_t count_workers(const struct serve *serve, bool heavy_only) {
  size_t count = heavy_only ? 0 : kept_busy(&serve->kept);
  for (size_t i = 0; i < DESK_WORKERS_MAX; i++) {
    if (serve->workers[i].pid != 0 && (!heavy_only || serve->workers[i].heavy)) count++;
  }
  return count;
}

// One that would stay is as well started for its first request, where none is ready.
static bool take_kept(struct serve *serve, const struct waiting *w) {
  uid_t uid = 0;
  enum desk_worker wanted = desk_worker_for(w->request);
  if (wanted == DESK_WORKER_OWN || !control_peer_uid(w->fd, &uid)) return false;
  if (kept_take(&serve->kept, uid, w->request, w->fd)) return true;
  if (wanted != DESK_WORKER_STAYS || !kept_has_room(&serve->kept)) return false;
  start_kept(serve);
  return kept_take(&serve->kept, uid, w->request, w->fd);
}

static void start_worker(struct serve *serve, struct waiting *w) {
  bool heavy = desk_is_heavy(w->request);
  if (count_workers(serve, false) == DESK_WORKERS_MAX ||
      (heavy && count_workers(serve, true) == DESK_HEAVY_MAX)) {
    return;  // it waits
  }
  if (take_kept(serve, w)) {
    drop(w);
    return;
  }
  unsigned limit_s = desk_time_limit_s(w->request);
  pid_t pid = fork();
  if (pid == 0) work(serve, w);
  if (pid < 0) {
    nav_log(NAV_LOG_ERROR, "cannot start a worker: %s", strerror(errno));
  } else {
    for (size_t i = 0; i < DESK_WORKERS_MAX; i++) {
      if (serve->workers[i].pid != 0) continue;
      int64_t limit_ms = ((int64_t)limit_s + 2 * DESK_ANSWER_S_MAX) * 1000;
      serve->workers[i] = (struct worker){pid, heavy, nav_clock_monotonic_ms() + limit_ms};
      break;
    }
  }
  drop(w);
}

static void start_workers(struct serve *serve) {
  // The longest waiting first.
  for (;;) {
    struct waiting *next = NULL;
    for (size_t i = 0; i < DESK_WAITING_MAX; i++) {
      struct waiting *w = &serve->waiting[i];
      bool heavy_full =
          w->request != NULL && desk_is_heavy(w->request) && count_workers(serve, true) == DESK_HEAVY_MAX;
      if (w->fd < 0 || w->request == NULL || heavy_full) continue;
      if (next == NULL || w->since_ms < next->since_ms) next = w;
    }
    if (next == NULL || count_workers(serve, false) == DESK_WORKERS_MAX) return;
    start_worker(serve, next);
  }
}

static void reap(struct serve *serve) {
  int status = 0;
  pid_t pid = 0;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    for (size_t i = 0; i < DESK_WORKERS_MAX; i++) {
      if (serve->workers[i].pid == pid) serve->workers[i] = (struct worker){0};
    }
    kept_reaped(&serve->kept, pid);
    if (WIFSIGNALED(status)) {
      nav_log(NAV_LOG_WARNING, "a worker ended by signal %d%s", WTERMSIG(status),
              WTERMSIG(status) == SIGALRM ? ": it took too long" : "");
    }
  }
}

static void kill_overdue(const struct serve *serve) {
  int64_t now_ms = nav_clock_monotonic_ms();
  for (size_t i = 0; i < DESK_WORKERS_MAX; i++) {
    if (serve->workers[i].pid != 0 && now_ms > serve->workers[i].deadline_ms)
      (void)kill(serve->workers[i].pid, SIGKILL);
  }
}

static struct waiting *free_slot(struct serve *serve) {
  for (size_t i = 0; i < DESK_WAITING_MAX; i++) {
    if (serve->waiting[i].fd < 0) return &serve->waiting[i];
  }
  return NULL;
}

static void accept_all(struct serve *serve) {
  struct waiting *slot = NULL;
  while ((slot = free_slot(serve)) != NULL) {
    int fd = unix_socket_accept(serve->listen_fd, &serve->spare_fd);
    if (fd < 0) return;
    *slot = (struct waiting){.fd = fd, .since_ms = nav_clock_monotonic_ms()};
    nav_buffer_init(&slot->in, DESK_REQUEST_BYTES_MAX);
  }
}

static size_t count_large(const struct serve *serve) {
  size_t large = 0;
  for (size_t i = 0; i < DESK_WAITING_MAX; i++) {
    const struct waiting *w = &serve->waiting[i];
    if (w->fd >= 0 && w->in.max == DESK_LARGE_BYTES_MAX) large++;
  }
  return large;
}

static bool too_large(struct nav_error *err, int most) {
  return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_LARGE, "",
                  "the request is longer than %d bytes: shorten what it says", most);
}

// A request that says it is long gets the room for it, where few others have it. False: *err.
static bool make_room(struct serve *serve, struct waiting *w, struct nav_error *err) {
  uint8_t head[4];
  if (w->in.length > 0) return true;
  if (recv(w->fd, head, sizeof head, MSG_PEEK | MSG_DONTWAIT) != (ssize_t)sizeof head) return true;
  uint32_t length = nav_get_u32(head);
  if (length <= DESK_REQUEST_BYTES_MAX - sizeof head) return true;
  if (length > DESK_LARGE_BYTES_MAX - sizeof head) return too_large(err, DESK_LARGE_BYTES_MAX);
  if (count_large(serve) >= DESK_LARGE_MAX)
    return nav_fail(err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, "",
                    "%d large requests wait already: try again soon", DESK_LARGE_MAX);
  w->in.max = DESK_LARGE_BYTES_MAX;
  return true;
}

// Says it to whoever is still there, as far as the socket takes it now.
static void refuse(struct waiting *w, const struct nav_error *err) {
  struct nav_buffer out;
  nav_buffer_init(&out, REFUSAL_BYTES_MAX);
  json_t *refusal = control_error(err);
  if (refusal != NULL && control_append(&out, refusal)) (void)control_flush(w->fd, &out);
  json_decref(refusal);
  nav_buffer_free(&out);
  drop(w);
}

static void read_request(struct serve *serve, struct waiting *w) {
  struct nav_error err;
  bool ok = make_room(serve, w, &err);
  int got = ok ? control_read(w->fd, &w->in, &w->request, &err) : -1;
  if (got > 0 && w->in.max == DESK_LARGE_BYTES_MAX && !desk_may_be_large(w->request)) {
    got = -1;
    (void)too_large(&err, DESK_REQUEST_BYTES_MAX);
  }
  if (got < 0) refuse(w, &err);
}

static void handle_signal(struct serve *serve) {
  struct signalfd_siginfo info;
  while (read(serve->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
    if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) serve->stopping = true;
    if (info.ssi_signo != SIGHUP) continue;
    struct conf_agencies *fresh = serve->reload(serve->nav);
    if (fresh == NULL) {
      nav_log(NAV_LOG_WARNING, "agencies.yaml has faults: the one before stays in force");
    } else {
      conf_agencies_free(serve->agencies);
      serve->agencies = fresh;
      kept_end(&serve->kept);
      nav_log(NAV_LOG_INFO, "agencies.yaml was read again");
    }
  }
}

static void drop_overdue(struct serve *serve) {
  int64_t now_ms = nav_clock_monotonic_ms();
  for (size_t i = 0; i < DESK_WAITING_MAX; i++) {
    struct waiting *w = &serve->waiting[i];
    if (w->fd >= 0 && w->request == NULL && now_ms - w->since_ms > DESK_READ_MS_MAX) drop(w);
  }
}

static void step(struct serve *serve) {
  struct pollfd polled[DESK_WAITING_MAX + 2 + KEPT_MAX];
  struct waiting *of[DESK_WAITING_MAX + 2] = {NULL, NULL};
  nfds_t count = 2;
  polled[0] = (struct pollfd){.fd = serve->signal_fd, .events = POLLIN};
  polled[1] = (struct pollfd){.fd = free_slot(serve) != NULL ? serve->listen_fd : -1, .events = POLLIN};
  for (size_t i = 0; i < DESK_WAITING_MAX; i++) {
    struct waiting *w = &serve->waiting[i];
    if (w->fd < 0 || w->request != NULL) continue;
    of[count] = w;
    polled[count++] = (struct pollfd){.fd = w->fd, .events = POLLIN};
  }
  if (poll(polled, count + kept_poll(&serve->kept, polled + count), POLL_MS) > 0) {
    if (polled[0].revents != 0) handle_signal(serve);
    for (nfds_t i = 2; i < count; i++) {
      if (polled[i].revents != 0) read_request(serve, of[i]);
    }
    if (polled[1].revents != 0) accept_all(serve);
  }
  kept_step(&serve->kept);
  reap(serve);
  drop_overdue(serve);
  kill_overdue(serve);
  start_workers(serve);
  if (kept_is_wanting(&serve->kept)) start_kept(serve);
}

static void stop_workers(struct serve *serve) {
  for (size_t i = 0; i < KEPT_MAX; i++) {
    if (serve->kept.workers[i].pid == 0) continue;
    (void)kill(serve->kept.workers[i].pid, SIGTERM);
    (void)waitpid(serve->kept.workers[i].pid, NULL, 0);
  }
  for (size_t i = 0; i < DESK_WORKERS_MAX; i++) {
    if (serve->workers[i].pid == 0) continue;
    (void)kill(serve->workers[i].pid, SIGTERM);
    (void)waitpid(serve->workers[i].pid, NULL, 0);
  }
}

bool desk_serve(const struct conf_nav *nav, struct conf_agencies *agencies, desk_reload *reload,
                int signal_fd, struct nav_error *err) {
  struct serve *serve = calloc(1, sizeof *serve);
  if (serve == NULL) {
    conf_agencies_free(agencies);
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  }
  *serve = (struct serve){
      .nav = nav, .agencies = agencies, .reload = reload, .spare_fd = -1, .signal_fd = signal_fd};
  for (size_t i = 0; i < DESK_WAITING_MAX; i++) serve->waiting[i].fd = -1;
  serve->listen_fd = control_listen(nav->desk_socket, err);
  bool ok = serve->listen_fd >= 0;
  if (ok) nav_log(NAV_LOG_INFO, "listens on %s", nav->desk_socket);
  while (ok && !serve->stopping) step(serve);
  stop_workers(serve);
  for (size_t i = 0; i < DESK_WAITING_MAX; i++) {
    if (serve->waiting[i].fd >= 0) drop(&serve->waiting[i]);
  }
  if (serve->listen_fd >= 0) {
    (void)unlink(nav->desk_socket);
    (void)close(serve->listen_fd);
  }
  if (serve->spare_fd >= 0) (void)close(serve->spare_fd);
  conf_agencies_free(serve->agencies);
  free(serve);
  return ok;
}
