// See thread.h.
#include "hub/base/thread.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int nav_thread_start(pthread_t *id, void *(*run)(void *context), void *context) {
  sigset_t all;
  sigset_t before;
  (void)sigfillset(&all);
  int failed = pthread_sigmask(SIG_SETMASK, &all, &before);
  if (failed != 0) return failed;
  failed = pthread_create(id, NULL, run, context);
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  return failed;
}

int nav_tell_open(struct nav_error *err) {
  int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) (void)nav_fail_errno(err, "", "no eventfd");
  return fd;
}

void nav_tell(int fd) {
  const uint64_t one = 1;
  ssize_t written = 0;
  do {
    written = write(fd, &one, sizeof one);
  } while (written < 0 && errno == EINTR);
  NAV_ASSERT(written == (ssize_t)sizeof one);
}

bool nav_told(int fd) {
  uint64_t count = 0;
  return read(fd, &count, sizeof count) == (ssize_t)sizeof count;
}
