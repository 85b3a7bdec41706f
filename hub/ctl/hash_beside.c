// See hash_beside.h: a ring of chunks, which the caller fills and the thread empties.
#include "hub/ctl/hash_beside.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNKS = 4, CHUNK_BYTES = 256 * 1024 };

struct chunk {
  size_t length;
  uint8_t bytes[CHUNK_BYTES];
};

struct hash_beside {
  struct nav_sha256_stream *stream;  // the thread's until it has ended
  bool has_thread;
  pthread_t thread;
  pthread_mutex_t lock;  // of what follows, and of the chunks that are filled
  pthread_cond_t filled, emptied;
  size_t first, count;  // of the ring, those that are filled
  bool ended;
  struct chunk chunks[CHUNKS];
};

static void *run(void *context) {
  struct hash_beside *hash = context;
  (void)pthread_mutex_lock(&hash->lock);
  for (;;) {
    while (hash->count == 0 && !hash->ended) (void)pthread_cond_wait(&hash->filled, &hash->lock);
    if (hash->count == 0) break;
    const struct chunk *chunk = &hash->chunks[hash->first];
    (void)pthread_mutex_unlock(&hash->lock);
    nav_sha256_stream_add(hash->stream, chunk->bytes, chunk->length);
    (void)pthread_mutex_lock(&hash->lock);
    hash->first = (hash->first + 1) % CHUNKS;
    hash->count--;
    (void)pthread_cond_signal(&hash->emptied);
  }
  (void)pthread_mutex_unlock(&hash->lock);
  return NULL;
}

// Where there is no thread to be had, the caller hashes. Signals are the caller's.
static void start(struct hash_beside *hash) {
  sigset_t all;
  sigset_t before;
  (void)sigfillset(&all);
  if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) return;
  hash->has_thread = pthread_create(&hash->thread, NULL, run, hash) == 0;
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct hash_beside *hash_beside_new(void) {
  struct hash_beside *hash = calloc(1, sizeof *hash);
  if (hash == NULL) return NULL;
  hash->stream = nav_sha256_stream_new();
  if (hash->stream == NULL) {
    free(hash);
    return NULL;
  }
  (void)pthread_mutex_init(&hash->lock, NULL);
  (void)pthread_cond_init(&hash->filled, NULL);
  (void)pthread_cond_init(&hash->emptied, NULL);
  start(hash);
  return hash;
}

static void add_chunk(struct hash_beside *hash, const uint8_t *data, size_t length) {
  (void)pthread_mutex_lock(&hash->lock);
  while (hash->count == CHUNKS) (void)pthread_cond_wait(&hash->emptied, &hash->lock);
  struct chunk *chunk = &hash->chunks[(hash->first + hash->count) % CHUNKS];
  (void)pthread_mutex_unlock(&hash->lock);  // the thread looks at no chunk that is not counted
  memcpy(chunk->bytes, data, length);
  chunk->length = length;
  (void)pthread_mutex_lock(&hash->lock);
  hash->count++;
  (void)pthread_cond_signal(&hash->filled);
  (void)pthread_mutex_unlock(&hash->lock);
}

void hash_beside_add(struct hash_beside *hash, const void *data, size_t length) {
  const uint8_t *at = data;
  if (!hash->has_thread) {
    nav_sha256_stream_add(hash->stream, data, length);
    return;
  }
  while (length > 0) {
    size_t part = length < CHUNK_BYTES ? length : CHUNK_BYTES;
    add_chunk(hash, at, part);
    at += part;
    length -= part;
  }
}

static void stop(struct hash_beside *hash) {
  if (!hash->has_thread) return;
  (void)pthread_mutex_lock(&hash->lock);
  hash->ended = true;
  (void)pthread_cond_signal(&hash->filled);
  (void)pthread_mutex_unlock(&hash->lock);
  (void)pthread_join(hash->thread, NULL);
  hash->has_thread = false;
}

void hash_beside_end(struct hash_beside *hash, uint8_t out[NAV_SHA256_SIZE]) {
  stop(hash);
  nav_sha256_stream_end(hash->stream, out);
}

void hash_beside_free(struct hash_beside *hash) {
  if (hash == NULL) return;
  stop(hash);
  (void)pthread_cond_destroy(&hash->filled);
  (void)pthread_cond_destroy(&hash->emptied);
  (void)pthread_mutex_destroy(&hash->lock);
  nav_sha256_stream_free(hash->stream);
  free(hash);
}
