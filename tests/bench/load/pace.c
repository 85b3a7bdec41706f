// See load.h: a publisher's pace, and what a recipient has seen.
#include <stdlib.h>
#include <time.h>

#include "tests/bench/load/load.h"

enum { RING = 2 * LOAD_WINDOW_MAX, WAIT_NS_MAX = 50000000, SEEN_BYTES = LOAD_NUMBERS_MAX / 8 };

struct load_pace {
  struct load_worker *worker;
  unsigned publisher;
  uint64_t apart_ns;  // between due times; 0: as fast as answers come
  uint64_t next_ns;   // the next due time
  uint64_t most;      // events
  uint64_t sent, settled;
  uint64_t due_ns[RING];  // by number
};

struct load_seen {
  struct load_worker *worker;
  uint8_t *bits[LOAD_PUBLISHERS_MAX];  // the kernel gives memory to what is touched alone
};

uint64_t load_now_ns(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// ---- publishers ----

struct load_pace *load_pace_new(unsigned publisher) {
  struct load_pace *pace = calloc(1, sizeof *pace);
  if (pace == NULL) return NULL;
  pace->worker = &load_shared->publishers[publisher];
  pace->publisher = publisher;
  pace->most = load_options->events > 0 ? load_options->events / load_options->publishers : LOAD_NUMBERS_MAX;
  if (load_options->rate > 0)
    pace->apart_ns = (uint64_t)(1e9 * load_options->publishers / load_options->rate);
  return pace;
}

void load_pace_free(struct load_pace *pace) { free(pace); }

void load_ready(struct load_worker *worker) { atomic_store(&worker->ready, true); }

bool load_started(void) {
  return atomic_load(&load_shared->go) && load_now_ns() >= atomic_load(&load_shared->start_ns);
}

bool load_window_full(const struct load_pace *pace) {
  return pace->sent - pace->settled >= load_options->window;
}

static bool has_more(const struct load_pace *pace) {
  return pace->sent < pace->most && !atomic_load(&load_shared->stop);
}

// Publishers take turns: the first due times lie evenly within one interval.
static uint64_t first_due(const struct load_pace *pace) {
  return atomic_load(&load_shared->start_ns) + pace->apart_ns * pace->publisher / load_options->publishers;
}

bool load_may_send(struct load_pace *pace, uint8_t mark[MARK_SIZE], uint32_t *number) {
  if (!has_more(pace) || load_window_full(pace)) return false;
  uint64_t due_ns = load_now_ns();
  if (pace->apart_ns > 0) {
    if (pace->next_ns == 0) pace->next_ns = first_due(pace);
    if (due_ns < pace->next_ns) return false;
    due_ns = pace->next_ns;
    pace->next_ns += pace->apart_ns;
  }
  pace->sent++;
  pace->due_ns[pace->sent % RING] = due_ns;
  *number = (uint32_t)pace->sent;
  mark_write(mark, &(struct mark){
                       .run = (uint16_t)load_options->run,
                       .publisher = (uint16_t)pace->publisher,
                       .number = *number,
                       .due_us = (uint32_t)((due_ns - atomic_load(&load_shared->start_ns)) / 1000),
                   });
  atomic_store(&pace->worker->sent, pace->sent);
  return true;
}

static bool counts(uint64_t due_ns) {
  return due_ns >= atomic_load(&load_shared->begin_ns) && due_ns < atomic_load(&load_shared->end_ns);
}

static void note_time(struct load_worker *worker, uint64_t due_ns, uint64_t now_ns) {
  histogram_add(&worker->latency, now_ns - due_ns);
  if (load_options->rate == 0) return;
  struct load_times *times = &worker->times;
  uint32_t count = atomic_load(&times->count);
  uint64_t since_ns = due_ns - atomic_load(&load_shared->start_ns);
  if (count < LOAD_TIMES_MAX)
    times->list[count] =
        (struct load_time){(uint32_t)(since_ns / 1000), (uint32_t)((now_ns - due_ns) / 1000)};
  atomic_store(&times->count, count + 1);
}

void load_settled(struct load_pace *pace, uint32_t number, bool accepted) {
  struct load_worker *worker = pace->worker;
  uint64_t now_ns = load_now_ns();
  uint64_t due_ns = pace->due_ns[number % RING];
  pace->settled++;
  atomic_fetch_add(&worker->settled, 1);
  atomic_fetch_add(accepted ? &worker->accepted : &worker->refused, 1);
  atomic_store(&worker->last_ns, now_ns);
  if (accepted && counts(due_ns)) note_time(worker, due_ns, now_ns);
}

uint64_t load_wait_ns(const struct load_pace *pace) {
  if (pace->apart_ns == 0 || !has_more(pace) || load_window_full(pace) || pace->next_ns == 0)
    return WAIT_NS_MAX;
  uint64_t now_ns = load_now_ns();
  uint64_t left_ns = pace->next_ns > now_ns ? pace->next_ns - now_ns : 0;
  return left_ns < WAIT_NS_MAX ? left_ns : WAIT_NS_MAX;
}

bool load_publisher_done(const struct load_pace *pace) {
  return atomic_load(&load_shared->quit) || (!has_more(pace) && pace->settled == pace->sent);
}

// ---- recipients ----

struct load_seen *load_seen_new(unsigned recipient) {
  struct load_seen *seen = calloc(1, sizeof *seen);
  bool ok = seen != NULL;
  for (unsigned i = 0; ok && i < LOAD_PUBLISHERS_MAX; i++) {
    seen->bits[i] = calloc(1, SEEN_BYTES);
    ok = seen->bits[i] != NULL;
  }
  if (!ok) {
    load_seen_free(seen);
    return NULL;
  }
  seen->worker = &load_shared->recipients[recipient];
  return seen;
}

void load_seen_free(struct load_seen *seen) {
  for (unsigned i = 0; seen != NULL && i < LOAD_PUBLISHERS_MAX; i++) free(seen->bits[i]);
  free(seen);
}

// False: it has been there before.
static bool note(struct load_seen *seen, const struct mark *mark) {
  uint8_t *byte = &seen->bits[mark->publisher][mark->number / 8];
  uint8_t bit = (uint8_t)(1u << mark->number % 8);
  if ((*byte & bit) != 0) return false;
  *byte |= bit;
  return true;
}

void load_received(struct load_seen *seen, const uint8_t mark[MARK_SIZE]) {
  struct load_worker *worker = seen->worker;
  struct mark it = mark_read(mark);
  uint64_t now_ns = load_now_ns();
  if (it.run != load_options->run || it.publisher >= LOAD_PUBLISHERS_MAX || it.number >= LOAD_NUMBERS_MAX) {
    atomic_fetch_add(&worker->strange, 1);
    return;
  }
  if (!note(seen, &it)) {
    atomic_fetch_add(&worker->repeated, 1);
    return;
  }
  uint64_t due_ns = atomic_load(&load_shared->start_ns) + (uint64_t)it.due_us * 1000;
  if (load_options->publishers > 0 && counts(due_ns) && now_ns > due_ns) note_time(worker, due_ns, now_ns);
  atomic_fetch_add(&worker->received, 1);
  atomic_store(&worker->last_ns, now_ns);
}
