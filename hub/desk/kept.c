// See kept.h.
#include "hub/desk/kept.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hub/base/clock.h"
#include "hub/desk/request.h"
#include "hub/desk/worker.h"
#include "hub/wire/json.h"

// ---- the desk's side ----

size_t kept_busy(const struct kept *kept) {
  size_t count = 0;
  for (size_t i = 0; i < KEPT_MAX; i++)
    if (kept->workers[i].pid != 0 && kept->workers[i].busy) count++;
  return count;
}

// The worker reads until its channel ends.
static void let_go(struct kept_worker *worker) {
  if (worker->channel >= 0) (void)close(worker->channel);
  worker->channel = -1;
}

static struct kept_worker *idle_of(struct kept *kept, uid_t uid, bool owned) {
  for (size_t i = 0; i < KEPT_MAX; i++) {
    struct kept_worker *worker = &kept->workers[i];
    bool idle = worker->pid != 0 && !worker->busy && worker->channel >= 0;
    if (idle && worker->owned == owned && (!owned || worker->uid == uid)) return worker;
  }
  return NULL;
}

static bool send_over(int channel, const char *text, size_t length, int fd) {
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } control = {{0}};
  struct iovec part = {.iov_base = (void *)(uintptr_t)text, .iov_len = length};
  struct msghdr message = {.msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = control.bytes,
                           .msg_controllen = sizeof control.bytes};
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(head), &fd, sizeof fd);
  return sendmsg(channel, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)length;
}

bool kept_take(struct kept *kept, uid_t uid, const json_t *request, int fd) {
  bool stays = desk_worker_for(request) == DESK_WORKER_STAYS;
  struct kept_worker *worker = stays ? idle_of(kept, uid, true) : NULL;
  if (worker == NULL) worker = idle_of(kept, uid, false);
  if (worker == NULL) return false;
  char *text = json_dumps(request, JSON_COMPACT);
  size_t length = text == NULL ? 0 : strlen(text);
  bool sent = length > 0 && length <= KEPT_REQUEST_BYTES && send_over(worker->channel, text, length, fd);
  free(text);
  if (!sent) return false;
  worker->owned = worker->busy = true;
  worker->last = !stays;
  worker->uid = uid;
  worker->served++;
  worker->deadline_ms =
      nav_clock_monotonic_ms() + ((int64_t)desk_time_limit_s(request) + 2 * DESK_ANSWER_S_MAX) * 1000;
  return true;
}

static const struct kept_worker *free_slot(const struct kept *kept) {
  for (size_t i = 0; i < KEPT_MAX; i++)
    if (kept->workers[i].pid == 0) return &kept->workers[i];
  return NULL;
}

bool kept_has_room(const struct kept *kept) { return free_slot(kept) != NULL; }

bool kept_is_wanting(const struct kept *kept) {
  for (size_t i = 0; i < KEPT_MAX; i++)
    if (kept->workers[i].pid != 0 && !kept->workers[i].owned && kept->workers[i].channel >= 0) return false;
  return kept_has_room(kept) && nav_clock_monotonic_ms() >= kept->next_ms;
}

int kept_channel(struct kept *kept, int *channel) {
  int pair[2];
  kept->next_ms = nav_clock_monotonic_ms() + KEPT_PAUSE_MS;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return -1;
  *channel = pair[1];
  return pair[0];
}

void kept_started(struct kept *kept, pid_t pid, int own_end) {
  struct kept_worker *slot = &kept->workers[free_slot(kept) - kept->workers];
  *slot = (struct kept_worker){.pid = pid, .channel = own_end, .since_ms = nav_clock_monotonic_ms()};
}

void kept_close_all(const struct kept *kept) {
  for (size_t i = 0; i < KEPT_MAX; i++)
    if (kept->workers[i].pid != 0 && kept->workers[i].channel >= 0) (void)close(kept->workers[i].channel);
}

nfds_t kept_poll(const struct kept *kept, struct pollfd *polled) {
  nfds_t count = 0;
  for (size_t i = 0; i < KEPT_MAX; i++) {
    const struct kept_worker *worker = &kept->workers[i];
    if (worker->pid != 0 && worker->channel >= 0)
      polled[count++] = (struct pollfd){.fd = worker->channel, .events = POLLIN};
  }
  return count;
}

// It says one byte for each request that it has answered.
static void take_word(struct kept_worker *worker, int64_t now_ms) {
  char word = 0;
  ssize_t got = recv(worker->channel, &word, sizeof word, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  worker->busy = false;
  worker->since_ms = now_ms;
  if (got <= 0 || worker->last || worker->served >= KEPT_REQUESTS_MAX) let_go(worker);
}

void kept_step(struct kept *kept) {
  int64_t now_ms = nav_clock_monotonic_ms();
  for (size_t i = 0; i < KEPT_MAX; i++) {
    struct kept_worker *worker = &kept->workers[i];
    if (worker->pid == 0 || worker->channel < 0) continue;
    take_word(worker, now_ms);
    if (worker->busy && now_ms > worker->deadline_ms) (void)kill(worker->pid, SIGKILL);
    bool old = worker->owned && now_ms - worker->since_ms > KEPT_IDLE_MS_MAX;
    if (!worker->busy && old) let_go(worker);
  }
}

void kept_reaped(struct kept *kept, pid_t pid) {
  for (size_t i = 0; i < KEPT_MAX; i++) {
    if (kept->workers[i].pid != pid) continue;
    let_go(&kept->workers[i]);
    kept->workers[i] = (struct kept_worker){.channel = -1};
  }
}

void kept_end(struct kept *kept) {
  kept->next_ms = 0;
  for (size_t i = 0; i < KEPT_MAX; i++) {
    kept->workers[i].last = true;
    if (kept->workers[i].pid != 0 && !kept->workers[i].busy) let_go(&kept->workers[i]);
  }
}

// ---- the worker's side ----

// The request and its connection. NULL: the desk lets go.
static json_t *receive(int channel, char *text, int *fd) {
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } control;
  struct iovec part = {.iov_base = text, .iov_len = KEPT_REQUEST_BYTES};
  struct msghdr message = {.msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = control.bytes,
                           .msg_controllen = sizeof control.bytes};
  struct nav_error ignored;
  ssize_t got = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
  const struct cmsghdr *head = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
  if (head == NULL || head->cmsg_type != SCM_RIGHTS || head->cmsg_len != CMSG_LEN(sizeof *fd)) return NULL;
  memcpy(fd, CMSG_DATA(head), sizeof *fd);
  return wire_json_parse(text, (size_t)got, &ignored);
}

_Noreturn void kept_work(const struct conf_nav *nav, const struct conf_agencies *agencies, int channel) {
  static char text[KEPT_REQUEST_BYTES];
  struct desk_database *database = NULL;
  json_t *request = NULL;
  int fd = -1;
  desk_make_ready(nav, &database);
  while ((request = receive(channel, text, &fd)) != NULL) {
    worker_answer(nav, agencies, fd, request, &database);
    json_decref(request);
    memset(text, 0, sizeof text);
    (void)close(fd);
    if (send(channel, "", 1, MSG_NOSIGNAL) != 1) break;
  }
  _exit(0);
}
