// See zap.h. The protocol is ZeroMQ's RFC 27 (ZAP 1.0).
#include "hub/gate/zap.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "hub/base/buffer.h"
#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/base/log.h"
#include "hub/wire/sha256.h"

enum {
  POLL_MS = 500,
  SILENT_MS_MAX = 10000,
  PARTS = 7,  // version, request id, domain, address, identity, mechanism, CURVE key
  PART_MAX = 256,
  KEY_SIZE = 32,
};

struct zap {
  void *socket;
  pthread_t thread;
  pthread_mutex_t lock;  // of book
  struct book *book;
  atomic_bool full;
  atomic_bool stopping;
  atomic_uint refused;
  atomic_llong beat_ms;
};

struct part {
  uint8_t data[PART_MAX];
  size_t length;  // as sent: more than PART_MAX is cut and matches nothing
};

struct verdict {
  const char *status, *text;
  char agency[RELAY_AGENCY_SIZE];
};

// False: the context is ending. The handler must not survive anything else: the program ends, so that nobody
// is let in unasked.
static bool still_going(struct zap *zap, const char *what) {
  int error = errno;
  if (error == EINTR || error == EAGAIN) return true;
  if (error == ETERM && atomic_load(&zap->stopping)) return false;
  nav_log(NAV_LOG_ERROR, "the ZAP handler cannot go on (%s: %s); stopping, so that nobody is let in unasked",
          what, zmq_strerror(error));
  abort();
}

// How many parts came; those past PARTS are read and dropped. -1: nothing could be received.
static int receive(struct zap *zap, struct part parts[PARTS]) {
  int count = 0, more = 1;
  for (size_t size = sizeof more; more; count++) {
    struct part spare, *part = count < PARTS ? &parts[count] : &spare;
    int got = zmq_recv(zap->socket, part->data, PART_MAX, count == 0 ? ZMQ_DONTWAIT : 0);
    if (got < 0) return still_going(zap, "receiving") ? 0 : -1;
    part->length = (size_t)got;
    if (zmq_getsockopt(zap->socket, ZMQ_RCVMORE, &more, &size) != 0) {
      return still_going(zap, "receiving") ? 0 : -1;
    }
  }
  return count;
}

static bool is_text(const struct part *part, const char *text) {
  return part->length == strlen(text) && memcmp(part->data, text, part->length) == 0;
}

static struct verdict decide(struct zap *zap, const struct part parts[PARTS], int count) {
  struct verdict verdict = {.status = "400", .text = "only CURVE"};
  if (count != PARTS || !is_text(&parts[0], "1.0") || !is_text(&parts[2], ZAP_DOMAIN) ||
      !is_text(&parts[5], "CURVE") || parts[6].length != KEY_SIZE) {
    (void)atomic_fetch_add(&zap->refused, 1);
    return verdict;
  }
  (void)pthread_mutex_lock(&zap->lock);
  const char *agency = book_agency(zap->book, parts[6].data);
  if (agency != NULL) memcpy(verdict.agency, agency, sizeof verdict.agency);
  (void)pthread_mutex_unlock(&zap->lock);
  if (agency == NULL) {
    verdict.text = "this key is nobody's";
    (void)atomic_fetch_add(&zap->refused, 1);
  } else if (atomic_load(&zap->full)) {
    verdict.status = "300";
    verdict.text = "too many connections, come back";
  } else {
    verdict.status = "200";
    verdict.text = "";
  }
  return verdict;
}

// One property: 1 byte length and the name, 4 bytes length and the value.
static size_t put_key_property(uint8_t *out, const uint8_t key[KEY_SIZE]) {
  static const char name[] = ZAP_PROPERTY_KEY;
  char hex[2 * KEY_SIZE + 1];
  (void)nav_hex(hex, key, KEY_SIZE);
  size_t length = 0;
  out[length++] = sizeof name - 1;
  memcpy(out + length, name, sizeof name - 1);
  length += sizeof name - 1;
  nav_put_u32(out + length, 2 * KEY_SIZE);
  memcpy(out + length + 4, hex, 2 * KEY_SIZE);
  return length + 4 + 2 * KEY_SIZE;
}

static bool answer(struct zap *zap, const struct part parts[PARTS], const struct verdict *verdict) {
  bool in = strcmp(verdict->status, "200") == 0;
  uint8_t metadata[128];
  size_t metadata_length = in ? put_key_property(metadata, parts[6].data) : 0;
  size_t id_length = parts[1].length < PART_MAX ? parts[1].length : 0;
  const struct nav_bytes out[] = {{"1.0", 3},
                                  {parts[1].data, id_length},
                                  {verdict->status, 3},
                                  {verdict->text, strlen(verdict->text)},
                                  {verdict->agency, in ? strlen(verdict->agency) : 0},
                                  {metadata, metadata_length}};
  const size_t count = sizeof out / sizeof out[0];
  for (size_t i = 0; i < count; i++) {
    while (zmq_send(zap->socket, out[i].data, out[i].length, i + 1 < count ? ZMQ_SNDMORE : 0) < 0) {
      if (!still_going(zap, "answering")) return false;
    }
  }
  return true;
}

static void *serve(void *argument) {
  struct zap *zap = argument;
  for (;;) {
    atomic_store(&zap->beat_ms, nav_clock_monotonic_ms());
    zmq_pollitem_t item = {.socket = zap->socket, .events = ZMQ_POLLIN};
    int ready = zmq_poll(&item, 1, POLL_MS);
    if (ready < 0 && !still_going(zap, "waiting")) break;
    if (ready <= 0) continue;
    struct part parts[PARTS] = {{{0}, 0}};
    int count = receive(zap, parts);
    if (count < 0) break;
    if (count == 0) continue;
    struct verdict verdict = decide(zap, parts, count);
    if (!answer(zap, parts, &verdict)) break;
  }
  (void)zmq_close(zap->socket);
  return NULL;
}

static bool bind_handler(struct zap *zap, void *zmq_context) {
  zap->socket = zmq_socket(zmq_context, ZMQ_REP);
  int linger = 0;
  return zap->socket != NULL && zmq_setsockopt(zap->socket, ZMQ_LINGER, &linger, sizeof linger) == 0 &&
         zmq_bind(zap->socket, "inproc://zeromq.zap.01") == 0;
}

struct zap *zap_start(void *zmq_context, struct book *book, struct nav_error *err) {
  struct zap *zap = calloc(1, sizeof *zap);
  if (zap == NULL) {
    book_free(book);
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "zap", "no memory");
    return NULL;
  }
  zap->book = book;
  atomic_store(&zap->beat_ms, nav_clock_monotonic_ms());
  (void)pthread_mutex_init(&zap->lock, NULL);
  if (!bind_handler(zap, zmq_context)) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "zap", "cannot bind the handler: %s", zmq_strerror(errno));
  } else if ((errno = pthread_create(&zap->thread, NULL, serve, zap)) != 0) {
    (void)nav_fail_errno(err, "zap", "cannot start the handler");
  } else {
    return zap;
  }
  if (zap->socket != NULL) (void)zmq_close(zap->socket);
  (void)pthread_mutex_destroy(&zap->lock);
  book_free(zap->book);
  free(zap);
  return NULL;
}

void zap_stop(struct zap *zap) {
  if (zap == NULL) return;
  (void)pthread_join(zap->thread, NULL);
  (void)pthread_mutex_destroy(&zap->lock);
  book_free(zap->book);
  free(zap);
}

void zap_ending(struct zap *zap) { atomic_store(&zap->stopping, true); }

bool zap_alive(const struct zap *zap) {
  return nav_clock_monotonic_ms() - atomic_load(&zap->beat_ms) < SILENT_MS_MAX;
}

void zap_set_book(struct zap *zap, struct book *book) {
  (void)pthread_mutex_lock(&zap->lock);
  struct book *old = zap->book;
  zap->book = book;
  (void)pthread_mutex_unlock(&zap->lock);
  book_free(old);
}

uint32_t zap_take_refused(struct zap *zap) { return atomic_exchange(&zap->refused, 0); }

void zap_set_full(struct zap *zap, bool full) { atomic_store(&zap->full, full); }
