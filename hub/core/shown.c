// See shown.h.
#include "hub/core/shown.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hub/base/clock.h"
#include "hub/base/log.h"
#include "hub/base/thread.h"
#include "hub/core/standby.h"

enum { SLOW_MS = 5000, APART_MS = 200, NS_A_MS = 1000000 };

struct noting {
  struct checkpoint checkpoint;
  char note[SEEN_NOTE_MAX];
};

struct shown {
  struct seen *seen;  // the thread's, from shown_open to shown_close
  struct noting now;  // the thread's while it works
  pthread_t thread;
  pthread_mutex_t lock;  // of what follows
  pthread_cond_t wake, ready;
  struct noting next;
  bool waits;  // next is to be noted
  bool works;
  int64_t begun_ms;  // monotonic: when it last began to
  bool told;         // that it takes long
  bool hurry;        // somebody waits
  bool done, noted;  // now has an outcome, which nobody has taken yet
  struct nav_error err;
  bool ends;
  int ready_fd;
};

// Under load checkpoints come many a second, and each note makes the file system write its journal, which
// commits wait for too. The lock is held.
static void wait_apart(struct shown *shown) {
  int64_t due_ms = shown->begun_ms + APART_MS;
  struct timespec due = {due_ms / 1000, (long)(due_ms % 1000) * NS_A_MS};
  while (!shown->hurry && !shown->ends && nav_clock_monotonic_ms() < due_ms)
    (void)pthread_cond_timedwait(&shown->wake, &shown->lock, &due);
}

static void *run(void *context) {
  struct shown *shown = context;
  (void)pthread_mutex_lock(&shown->lock);
  for (;;) {
    while ((!shown->waits || shown->done) && !shown->ends)
      (void)pthread_cond_wait(&shown->wake, &shown->lock);
    if (!shown->waits || shown->done) break;
    wait_apart(shown);
    if (!shown->waits) continue;
    shown->now = shown->next;
    shown->waits = false;
    shown->works = true;
    shown->told = false;
    shown->begun_ms = nav_clock_monotonic_ms();
    (void)pthread_mutex_unlock(&shown->lock);
    struct nav_error err = {0};
    bool noted = seen_note(shown->seen, &shown->now.checkpoint, shown->now.note, &err);
    (void)pthread_mutex_lock(&shown->lock);
    shown->works = false;
    shown->done = true;
    shown->noted = noted;
    shown->err = err;
    (void)pthread_cond_signal(&shown->ready);
    nav_tell(shown->ready_fd);
  }
  (void)pthread_mutex_unlock(&shown->lock);
  return NULL;
}

bool shown_open(struct core *core, struct nav_error *err) {
  struct shown *shown = calloc(1, sizeof *shown);
  if (shown == NULL) return nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
  shown->seen = &core->seen;
  shown->ready_fd = nav_tell_open(err);
  if (shown->ready_fd < 0) {
    free(shown);
    return false;
  }
  pthread_condattr_t monotonic;
  (void)pthread_condattr_init(&monotonic);
  (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  (void)pthread_mutex_init(&shown->lock, NULL);
  (void)pthread_cond_init(&shown->wake, &monotonic);
  (void)pthread_cond_init(&shown->ready, &monotonic);
  (void)pthread_condattr_destroy(&monotonic);
  int failed = nav_thread_start(&shown->thread, run, shown);
  if (failed == 0) {
    core->shown = shown;
    return true;
  }
  (void)close(shown->ready_fd);
  free(shown);
  return nav_fail(err, NAV_ERROR_RETRY, 0, "", "no thread for checkpoints: %s", strerror(failed));
}

int shown_fd(const struct core *core) { return core->shown->ready_fd; }

void shown_give(struct core *core, const struct batch *batch) {
  struct shown *shown = core->shown;
  (void)pthread_mutex_lock(&shown->lock);
  shown->next.checkpoint = batch->checkpoint;
  (void)snprintf(shown->next.note, sizeof shown->next.note, "%.*s", (int)batch->note.length,
                 (const char *)batch->note.data);
  shown->waits = true;
  (void)pthread_cond_signal(&shown->wake);
  (void)pthread_mutex_unlock(&shown->lock);
}

// The lock is held.
static void take(struct core *core, struct shown *shown) {
  if (!shown->done) return;
  (void)nav_told(shown->ready_fd);
  shown->done = false;
  if (shown->noted) {
    core->checkpoint_size = shown->now.checkpoint.size;
    memcpy(core->checkpoint_note, shown->now.note, sizeof core->checkpoint_note);
  } else {
    nav_log_failure(NAV_LOG_ERROR, "the new checkpoint is not noted, so the one before is still shown",
                    &shown->err);
  }
  (void)pthread_cond_signal(&shown->wake);
}

// The lock is held.
static void tell_slow(struct shown *shown) {
  if (!shown->works || shown->told || nav_clock_monotonic_ms() < shown->begun_ms + SLOW_MS) return;
  shown->told = true;
  nav_log(NAV_LOG_WARNING,
          "%s has not been written for %d seconds: until it is, no newer checkpoint is shown to witnesses",
          shown->seen->path, SLOW_MS / 1000);
}

void shown_step(struct core *core) {
  struct shown *shown = core->shown;
  (void)pthread_mutex_lock(&shown->lock);
  take(core, shown);
  tell_slow(shown);
  (void)pthread_mutex_unlock(&shown->lock);
}

bool shown_finish(struct core *core) {
  struct shown *shown = core->shown;
  struct timespec until;
  (void)clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += SLOW_MS / 1000;
  (void)pthread_mutex_lock(&shown->lock);
  bool in_time = true;
  shown->hurry = true;
  (void)pthread_cond_signal(&shown->wake);
  take(core, shown);
  while (in_time && (shown->waits || shown->works)) {
    in_time = pthread_cond_timedwait(&shown->ready, &shown->lock, &until) != ETIMEDOUT;
    take(core, shown);
  }
  shown->hurry = false;
  tell_slow(shown);
  (void)pthread_mutex_unlock(&shown->lock);
  return in_time;
}

static void drop_waiting(struct shown *shown) {
  (void)pthread_mutex_lock(&shown->lock);
  shown->waits = false;
  (void)pthread_mutex_unlock(&shown->lock);
}

void shown_close(struct core *core) {
  struct shown *shown = core->shown;
  if (shown == NULL) return;
  if (standby_has_stepped_down(core)) drop_waiting(shown);
  bool finished = shown_finish(core);
  core->shown = NULL;
  if (!finished) return;  // the program ends while a disk is waited for: the thread ends with it
  (void)pthread_mutex_lock(&shown->lock);
  shown->ends = true;
  (void)pthread_cond_signal(&shown->wake);
  (void)pthread_mutex_unlock(&shown->lock);
  (void)pthread_join(shown->thread, NULL);
  (void)pthread_cond_destroy(&shown->wake);
  (void)pthread_cond_destroy(&shown->ready);
  (void)pthread_mutex_destroy(&shown->lock);
  (void)close(shown->ready_fd);
  free(shown);
}
