// See news.h.
#include "hub/wire/news.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <zmq.h>

bool news_open(struct news *news, void *socket) {
  size_t size = sizeof news->fd;
  *news = (struct news){.socket = socket, .fd = -1, .likely = true};
  return zmq_getsockopt(socket, ZMQ_FD, &news->fd, &size) == 0;
}

bool news_may_send(struct news *news) {
  int events = 0;
  size_t size = sizeof events;
  // Asking takes in what the descriptor told of. Interrupted, nobody knows.
  if (zmq_getsockopt(news->socket, ZMQ_EVENTS, &events, &size) != 0) events = ZMQ_POLLIN;
  if ((events & ZMQ_POLLIN) != 0) news->likely = true;
  news->full = (events & ZMQ_POLLOUT) == 0;
  return !news->full;
}

static int poll_ms(struct news *const *news, size_t count, int64_t wait_ms) {
  bool waits = true;
  for (size_t i = 0; i < count; i++) {
    bool has_room = news[i]->full && news_may_send(news[i]);
    waits = waits && !has_room && !news[i]->likely;
  }
  if (!waits) return 0;
  return wait_ms > INT_MAX ? INT_MAX : (int)wait_ms;
}

bool news_wait(struct news *const *news, size_t count, struct pollfd *files, size_t files_count,
               int64_t wait_ms) {
  struct pollfd all[NEWS_FILES_MAX];
  NAV_ASSERT(count + files_count <= NEWS_FILES_MAX);
  for (size_t i = 0; i < count; i++) all[i] = (struct pollfd){.fd = news[i]->fd, .events = POLLIN};
  for (size_t i = 0; i < files_count; i++) {
    files[i].revents = 0;
    all[count + i] = files[i];
  }
  int ready = poll(all, count + files_count, poll_ms(news, count, wait_ms));
  if (ready < 0) return errno == EINTR;
  for (size_t i = 0; i < count; i++)
    if (all[i].revents != 0) news[i]->likely = true;
  for (size_t i = 0; i < files_count; i++) files[i].revents = all[count + i].revents;
  return true;
}
