// See verify_ahead.h: the batches, and who works at which. How one is prepared: verify_prepare.c.
#include "hub/ledger/verify_ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub/base/thread.h"
#include "hub/ledger/verify_prepare.h"

enum batch_state { BATCH_IDLE, BATCH_WAITING, BATCH_TAKEN, BATCH_READY };

struct batch {
  struct verify_batch work;
  enum batch_state state;
  uint64_t number;  // the order in which batches were filled
  bool last;        // nothing after it, or a failure
  bool failed;
  struct nav_error err;
};

// Rows of one source in their order: `current` is being read, those after it are filled.
struct stream {
  struct batch *batches[AHEAD_BATCHES];
  unsigned current;
  size_t at;
  bool begun, ended;
};

enum { LEDGER, CONTENT, STREAMS };

struct verify_ahead {
  const struct verify_source *source;
  struct stream streams[STREAMS];
  uint64_t filled;
  pthread_mutex_t lock;  // of what follows, and of every batch's state
  pthread_cond_t work, done;
  bool stopping;
  struct verify_known known;
  pthread_t threads[AHEAD_THREADS_MAX];
  size_t threads_count;
  bool threads_tried;
};

// ---- the work; the lock is held ----

static struct batch *oldest_waiting(const struct verify_ahead *ahead) {
  struct batch *oldest = NULL;
  for (size_t s = 0; s < STREAMS; s++) {
    for (size_t i = 0; i < AHEAD_BATCHES; i++) {
      struct batch *b = ahead->streams[s].batches[i];
      if (b != NULL && b->state == BATCH_WAITING && (oldest == NULL || b->number < oldest->number))
        oldest = b;
    }
  }
  return oldest;
}

static void prepare(struct verify_ahead *ahead, struct batch *b) {
  b->state = BATCH_TAKEN;
  (void)pthread_mutex_unlock(&ahead->lock);
  verify_prepare(&b->work, &b->work.known_by);
  (void)pthread_mutex_lock(&ahead->lock);
  b->state = BATCH_READY;
  (void)pthread_cond_broadcast(&ahead->done);
}

static void *thread_main(void *context) {
  struct verify_ahead *ahead = context;
  (void)pthread_mutex_lock(&ahead->lock);
  while (!ahead->stopping) {
    struct batch *b = oldest_waiting(ahead);
    if (b != NULL) {
      prepare(ahead, b);
    } else {
      (void)pthread_cond_wait(&ahead->work, &ahead->lock);
    }
  }
  (void)pthread_mutex_unlock(&ahead->lock);
  return NULL;
}

// The judging thread works too while it would have to wait.
static void wait_for(struct verify_ahead *ahead, const struct batch *b) {
  (void)pthread_mutex_lock(&ahead->lock);
  while (b->state != BATCH_READY) {
    struct batch *other = oldest_waiting(ahead);
    if (other != NULL) {
      prepare(ahead, other);
    } else {
      (void)pthread_cond_wait(&ahead->done, &ahead->lock);
    }
  }
  (void)pthread_mutex_unlock(&ahead->lock);
}

// Fewer than wanted, or none, are as good. Signals are the judging thread's.
static void start_threads(struct verify_ahead *ahead) {
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  size_t wanted = processors < 1 ? 1 : (size_t)processors;
  if (wanted > AHEAD_THREADS_MAX) wanted = AHEAD_THREADS_MAX;
  ahead->threads_tried = true;
  while (ahead->threads_count < wanted &&
         nav_thread_start(&ahead->threads[ahead->threads_count], thread_main, ahead) == 0)
    ahead->threads_count++;
}

// ---- the streams ----

static int read_ledger(struct verify_ahead *ahead, struct batch *b) {
  struct verify_ledger_row row;
  int got = ahead->source->ledger(ahead->source->context, &row, &b->err);
  if (got > 0 && !verify_batch_add_record(&b->work, &row)) return -1;
  return got;
}

static int read_content(struct verify_ahead *ahead, struct batch *b) {
  struct verify_content_row row;
  int got = ahead->source->content(ahead->source->context, &row, &b->err);
  if (got > 0 && !verify_batch_add_content(&b->work, &row)) return -1;
  return got;
}

static void fill(struct verify_ahead *ahead, unsigned which, struct batch *b) {
  int got = 1;
  verify_batch_clear(&b->work);
  b->err = (struct nav_error){0};
  (void)nav_fail(&b->err, NAV_ERROR_LOCAL, 0, "verify", "no memory");
  while (got > 0 && !verify_batch_is_full(&b->work))
    got = which == LEDGER ? read_ledger(ahead, b) : read_content(ahead, b);
  b->last = got <= 0;
  b->failed = got < 0;
  b->number = ahead->filled++;
  ahead->streams[which].ended = b->last;
  (void)pthread_mutex_lock(&ahead->lock);
  b->work.known_by = ahead->known;
  b->state = BATCH_WAITING;
  (void)pthread_cond_signal(&ahead->work);
  (void)pthread_mutex_unlock(&ahead->lock);
  if (!b->last && !ahead->threads_tried) start_threads(ahead);
}

static bool begin(struct verify_ahead *ahead, unsigned which, struct nav_error *err) {
  struct stream *s = &ahead->streams[which];
  s->begun = true;
  for (unsigned i = 0; i < AHEAD_BATCHES && !s->ended; i++) {
    struct batch *b = calloc(1, sizeof *b);
    if (b == NULL || !verify_batch_init(&b->work, which == CONTENT)) {
      free(b);
      return nav_fail(err, NAV_ERROR_LOCAL, 0, "verify", "no memory");
    }
    (void)pthread_mutex_lock(&ahead->lock);
    s->batches[i] = b;
    (void)pthread_mutex_unlock(&ahead->lock);
    fill(ahead, which, b);
  }
  wait_for(ahead, s->batches[0]);
  return true;
}

// The batch that has the next row at s->at. 1: it has; 0: no more; -1: *err.
static int next(struct verify_ahead *ahead, unsigned which, struct batch **batch, struct nav_error *err) {
  struct stream *s = &ahead->streams[which];
  if (!s->begun && !begin(ahead, which, err)) return -1;
  struct batch *b = s->batches[s->current];
  while (s->at == b->work.count) {
    if (b->failed) *err = b->err;
    if (b->last) return b->failed ? -1 : 0;
    if (!s->ended) fill(ahead, which, b);
    s->current = (s->current + 1) % AHEAD_BATCHES;
    s->at = 0;
    b = s->batches[s->current];
    wait_for(ahead, b);
  }
  *batch = b;
  return 1;
}

int verify_ahead_ledger(struct verify_ahead *ahead, const struct verify_ready **ready,
                        struct nav_error *err) {
  struct batch *b = NULL;
  int got = next(ahead, LEDGER, &b, err);
  if (got > 0) *ready = &b->work.records[ahead->streams[LEDGER].at++];
  return got;
}

int verify_ahead_content(struct verify_ahead *ahead, struct verify_content_row *row, const uint8_t **hash,
                         struct nav_error *err) {
  struct batch *b = NULL;
  int got = next(ahead, CONTENT, &b, err);
  if (got <= 0) return got;
  size_t at = ahead->streams[CONTENT].at++;
  *row = b->work.contents[at];
  *hash = b->work.hashes[at];
  return 1;
}

// ---- what is known, and the whole ----

void verify_ahead_know_log(struct verify_ahead *ahead, const uint8_t log_id[KEY_LOG_ID_SIZE]) {
  memcpy(ahead->known.log_id, log_id, KEY_LOG_ID_SIZE);
}

void verify_ahead_know_lane(struct verify_ahead *ahead, uint32_t lane, const char *agency) {
  if (lane < AHEAD_LANES && strlen(agency) < AHEAD_NAME_SIZE)
    memcpy(ahead->known.lanes[lane], agency, strlen(agency) + 1);
}

struct verify_ahead *verify_ahead_new(const struct verify_source *source) {
  struct verify_ahead *ahead = calloc(1, sizeof *ahead);
  if (ahead == NULL) return NULL;
  ahead->source = source;
  bool ok = pthread_mutex_init(&ahead->lock, NULL) == 0;
  ok = ok && pthread_cond_init(&ahead->work, NULL) == 0 && pthread_cond_init(&ahead->done, NULL) == 0;
  NAV_ASSERT(ok);  // glibc's take no memory and cannot fail
  return ahead;
}

void verify_ahead_free(struct verify_ahead *ahead) {
  if (ahead == NULL) return;
  (void)pthread_mutex_lock(&ahead->lock);
  ahead->stopping = true;
  (void)pthread_cond_broadcast(&ahead->work);
  (void)pthread_mutex_unlock(&ahead->lock);
  for (size_t i = 0; i < ahead->threads_count; i++) (void)pthread_join(ahead->threads[i], NULL);
  for (size_t s = 0; s < STREAMS; s++) {
    for (size_t i = 0; i < AHEAD_BATCHES; i++) {
      if (ahead->streams[s].batches[i] == NULL) continue;
      verify_batch_free(&ahead->streams[s].batches[i]->work);
      free(ahead->streams[s].batches[i]);
    }
  }
  (void)pthread_cond_destroy(&ahead->work);
  (void)pthread_cond_destroy(&ahead->done);
  (void)pthread_mutex_destroy(&ahead->lock);
  free(ahead);
}
