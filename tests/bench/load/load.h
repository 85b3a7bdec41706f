// One load for every broker: publishers and recipients, a process each, a warm-up, a window, a drain, one
// line of JSON. What is measured is counted here and is the same for all; a program for one broker says only
// how an event is sent and how it comes. Latency counts from the moment an event was due, not from when it
// left, so that a sender that is held up does not hide what waited. Called by: hub.c, redis.c, rabbit.c. Must
// never: know of a broker.
#ifndef NAV_TESTS_BENCH_LOAD_LOAD_H
#define NAV_TESTS_BENCH_LOAD_LOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/load/histogram.h"
#include "tests/bench/load/mark.h"
#include "tests/bench/load/steady.h"

enum {
  LOAD_PUBLISHERS_MAX = 16,
  LOAD_RECIPIENTS_MAX = 64,
  LOAD_SERVERS_MAX = 8,
  LOAD_WINDOW_MAX = 32768,
  LOAD_NUMBERS_MAX = 1 << 26,  // events of one publisher in one run
  LOAD_BYTES_MIN = 256,
  LOAD_BYTES_MAX = 4096,
  LOAD_SECONDS_MAX = 3600,
  LOAD_TIMES_MAX = 1 << 17,  // of one worker, where events are due at even times
};

// A process of the broker whose processor time and memory are told.
struct load_server {
  const char *name;
  int pid;
  bool children;  // with its children (PostgreSQL)
};

struct load_options {
  const char *peer, *name;  // of the line
  const char *at;           // where the broker is: a hub's home, a socket, a port
  const char *database;     // libpq's words; NULL: no gate (peers alone)
  unsigned publishers, recipients, first_recipient;
  unsigned window;  // events of one publisher without an answer
  unsigned bytes;   // of an event
  double rate;      // events a second of all publishers, due at even times; 0: as fast as answers come
  uint64_t events;  // of all publishers: end after so many; 0: after `seconds`
  uint64_t expect;  // without publishers: end when each recipient has so many of run `run`
  unsigned run;     // 1 to 65535; 0: by chance
  double warm_s, seconds, drain_s;
  struct load_server servers[LOAD_SERVERS_MAX];
  size_t servers_count;
};

// When each event was due that latency counts, from start_ns on, and how long it took.
struct load_times {
  _Atomic uint32_t count;  // past LOAD_TIMES_MAX: so many there would have been
  struct load_time {
    uint32_t due_us, took_us;
  } list[LOAD_TIMES_MAX];
};

// What one process counts. Its own process writes; the parent reads.
struct load_worker {
  _Atomic uint64_t sent, settled, accepted, refused;  // of a publisher; settled is accepted + refused
  _Atomic uint64_t received, repeated, strange;       // of a recipient; strange: another run's
  _Atomic uint64_t last_ns;                           // of its last answer or event
  _Atomic bool ready, done, failed;
  struct histogram latency;  // publisher: due to accepted; recipient: due to received
  struct load_times times;
};

struct load_shared {
  _Atomic bool go, stop, quit;
  _Atomic uint64_t start_ns, begin_ns, end_ns;  // monotonic; latency counts what was due in [begin, end)
  struct load_worker publishers[LOAD_PUBLISHERS_MAX];
  struct load_worker recipients[LOAD_RECIPIENTS_MAX];
  struct steady steady;
};

extern const struct load_options *const load_options;
extern struct load_shared *load_shared;

uint64_t load_now_ns(void);

// ---- a publisher's pace ----

struct load_pace;
struct load_pace *load_pace_new(unsigned publisher);
void load_pace_free(struct load_pace *pace);  // takes NULL
// True: one more event may be sent now; mark is it, number its number. False: not yet, or no more.
bool load_may_send(struct load_pace *pace, uint8_t mark[MARK_SIZE], uint32_t *number);
// The answer to event `number`.
void load_settled(struct load_pace *pace, uint32_t number, bool accepted);
// How long to wait for answers at most before load_may_send is asked again; up to 50 ms.
uint64_t load_wait_ns(const struct load_pace *pace);
bool load_window_full(const struct load_pace *pace);
// Everything that was to be sent has been and has its answer, or the run is over.
bool load_publisher_done(const struct load_pace *pace);
// Ready to publish; the loop runs on (a session wants its Pings) until load_shared->go.
void load_ready(struct load_worker *worker);
bool load_started(void);

// ---- a recipient ----

struct load_seen;
struct load_seen *load_seen_new(unsigned recipient);
void load_seen_free(struct load_seen *seen);  // takes NULL
// An event has come.
void load_received(struct load_seen *seen, const uint8_t mark[MARK_SIZE]);

// ---- a program ----

struct load_peer {
  // Before anything else, in a process of its own: make queues. NULL: nothing to do. False: it has said why.
  bool (*prepare)(void);
  // Both return when they are done (load_publisher_done; load_shared->quit). False: it has said why.
  bool (*publish)(unsigned publisher);
  bool (*receive)(unsigned recipient);
};

// Reads the options, runs, prints the line. Exit code: 0 measured, 1 failed, 2 usage.
int load_main(int argc, char **argv, const struct load_peer *peer);

#endif
