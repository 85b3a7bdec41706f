// The thread that sees a large commit through: it feeds the COPYs, each of which is a round trip, and waits
// for the disk, while the loop takes in and delivers. With the loop between, a commit waited for a turn of it
// at each round trip. It connects anew as well (store_connect.c). See store_private.h. Must never: be given
// anything but a connection and a finished batch, or a claim to the lease.
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hub/base/thread.h"
#include "hub/core/store_private.h"

static enum store_state see_through(struct store *store) {
  for (;;) {
    enum store_state state = store_advance(store);
    if (state != STORE_BUSY) return state;
    bool writing = store->copy_active || PQflush(store->connection) > 0;
    struct pollfd fd = {PQsocket(store->connection), (short)(writing ? POLLIN | POLLOUT : POLLIN), 0};
    if (poll(&fd, 1, -1) < 0 && errno != EINTR) return STORE_LOST;
  }
}

static void *run(void *context) {
  struct store *store = context;
  struct store_thread *thread = &store->thread;
  (void)pthread_mutex_lock(&thread->lock);
  for (;;) {
    while (!thread->works && !thread->ends) (void)pthread_cond_wait(&thread->wake, &thread->lock);
    if (!thread->works) break;
    (void)pthread_mutex_unlock(&thread->lock);
    enum store_state outcome = thread->job(store);
    (void)pthread_mutex_lock(&thread->lock);
    thread->works = false;
    thread->outcome = outcome;
    nav_tell(thread->done_fd);
  }
  (void)pthread_mutex_unlock(&thread->lock);
  return NULL;
}

bool store_thread_start(struct store *store, struct nav_error *err) {
  struct store_thread *thread = &store->thread;
  thread->done_fd = nav_tell_open(err);
  if (thread->done_fd < 0) return false;
  (void)pthread_mutex_init(&thread->lock, NULL);
  (void)pthread_cond_init(&thread->wake, NULL);
  int failed = nav_thread_start(&thread->id, run, store);
  thread->started = failed == 0;
  if (thread->started) return true;
  (void)close(thread->done_fd);
  return nav_fail(err, NAV_ERROR_RETRY, 0, "", "no thread for commits: %s", strerror(failed));
}

void store_thread_end(struct store *store) {
  struct store_thread *thread = &store->thread;
  if (!thread->started) return;
  if (store->asking.under_way) {
    store_cut(store);
  } else if (store->state == STORE_BUSY) {
    (void)shutdown(PQsocket(store->connection), SHUT_RDWR);
  }
  (void)pthread_mutex_lock(&thread->lock);
  thread->ends = true;
  (void)pthread_cond_signal(&thread->wake);
  (void)pthread_mutex_unlock(&thread->lock);
  (void)pthread_join(thread->id, NULL);
  (void)pthread_cond_destroy(&thread->wake);
  (void)pthread_mutex_destroy(&thread->lock);
  (void)close(thread->done_fd);
  thread->started = false;
}

void store_thread_do(struct store *store, store_job *job) {
  struct store_thread *thread = &store->thread;
  (void)pthread_mutex_lock(&thread->lock);
  thread->job = job;
  thread->works = true;
  (void)pthread_cond_signal(&thread->wake);
  (void)pthread_mutex_unlock(&thread->lock);
}

void store_thread_go(struct store *store) { store_thread_do(store, see_through); }

enum store_state store_thread_outcome(struct store *store) {
  struct store_thread *thread = &store->thread;
  if (!nav_told(thread->done_fd)) return STORE_BUSY;
  (void)pthread_mutex_lock(&thread->lock);
  enum store_state outcome = thread->outcome;
  (void)pthread_mutex_unlock(&thread->lock);
  return outcome;
}
