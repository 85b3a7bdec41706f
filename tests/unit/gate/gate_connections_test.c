// Who gives way when the gate's descriptors run out: a real public socket with few of them, and clients from
// many addresses that connect and say nothing. Called by: ctest. Must never: need more descriptors than
// 1,024.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "hub/base/clock.h"
#include "hub/gate/connections.h"

enum {
  FILES = 128,  // of which a quarter stays free, also for what this program has open
  PLACES = FILES - FILES / 4,
  CLIENTS_MAX = PLACES + 8,
  HIGH = 500,  // descriptors of clients, so that the gate's are low
  WAIT_MS = 5000,
};

struct world {
  void *context, *door;
  struct connections *connections;
  uint16_t port;
  int clients[CLIENTS_MAX];
  int count;
  int64_t now_ms;
  uint64_t gone[4];
  size_t gone_count;
};

static int make(void **state) {
  struct world *w = calloc(1, sizeof *w);
  struct nav_error err;
  char endpoint[64];
  size_t size = sizeof endpoint;
  const int none = 0;
  assert_non_null(w);
  w->context = zmq_ctx_new();
  w->door = zmq_socket(w->context, ZMQ_ROUTER);
  assert_int_equal(zmq_setsockopt(w->door, ZMQ_LINGER, &none, sizeof none), 0);
  assert_int_equal(zmq_bind(w->door, "tcp://127.0.0.1:*"), 0);
  assert_int_equal(zmq_getsockopt(w->door, ZMQ_LAST_ENDPOINT, endpoint, &size), 0);
  w->port = (uint16_t)strtoul(strrchr(endpoint, ':') + 1, NULL, 10);
  w->connections = connections_watch(w->context, w->door, FILES, &err);
  assert_non_null(w->connections);
  w->now_ms = nav_clock_monotonic_ms() - 10 * CLIENTS_MAX;
  *state = w;
  return 0;
}

static int unmake(void **state) {
  struct world *w = *state;
  for (int i = 0; i < w->count; i++)
    if (w->clients[i] >= 0) (void)close(w->clients[i]);
  connections_free(w->connections);
  (void)zmq_close(w->door);
  (void)zmq_ctx_term(w->context);
  free(w);
  return 0;
}

// Each from an address of its own.
static void knock(struct world *w) {
  struct sockaddr_in from = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(0x7F000100U + (uint32_t)w->count)};
  struct sockaddr_in to = {
      .sin_family = AF_INET, .sin_port = htons(w->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int low = socket(AF_INET, SOCK_STREAM, 0);
  int fd = fcntl(low, F_DUPFD_CLOEXEC, HIGH);
  assert_true(fd >= HIGH && w->count < CLIENTS_MAX);
  (void)close(low);
  assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
  assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
  w->clients[w->count++] = fd;
}

static void is_gone(void *context, uint64_t session) {
  struct world *w = context;
  assert_true(w->gone_count < sizeof w->gone / sizeof w->gone[0]);
  w->gone[w->gone_count++] = session;
}

static void read_events(struct world *w, int wait_ms) {
  struct news *const news = connections_news(w->connections);
  assert_true(news_wait(&news, 1, NULL, 0, wait_ms));
  connections_read(w->connections, w->now_ms++, is_gone, w);
}

static void read_until_open(struct world *w, uint32_t open) {
  int64_t until_ms = nav_clock_monotonic_ms() + WAIT_MS;
  while (connections_open(w->connections) != open && nav_clock_monotonic_ms() < until_ms) read_events(w, 50);
  assert_int_equal(connections_open(w->connections), open);
}

static void let_in(struct world *w, int count) {
  for (int i = 0; i < count; i++) {
    knock(w);
    read_until_open(w, (uint32_t)w->count);
  }
}

// What is read from now on comes after everything that was said of sessions.
static void later(struct world *w) { w->now_ms = nav_clock_monotonic_ms() + 1000; }

// The gate's descriptor of this client's connection.
static int at_gate(const struct world *w, int client) {
  struct sockaddr_in mine = {0}, peer = {0};
  socklen_t size = sizeof mine;
  assert_int_equal(getsockname(w->clients[client], (struct sockaddr *)&mine, &size), 0);
  for (int fd = 3; fd < FILES; fd++) {
    size = sizeof peer;
    if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0 && peer.sin_port == mine.sin_port &&
        peer.sin_addr.s_addr == mine.sin_addr.s_addr)
      return fd;
  }
  fail_msg("client %d has no connection at the gate", client);
  return -1;
}

static bool is_closed(const struct world *w, int client, int wait_ms) {
  struct pollfd fd = {w->clients[client], POLLRDHUP, 0};
  return poll(&fd, 1, wait_ms) == 1;
}

// Waits for those to go that are to go; then all others must still be there.
static void closed_are(const struct world *w, const int *which, size_t count) {
  for (size_t i = 0; i < count; i++) assert_true(is_closed(w, which[i], WAIT_MS));
  size_t closed = 0;
  for (int i = 0; i < w->count; i++) closed += is_closed(w, i, 0);
  assert_int_equal(closed, count);
}

static void displaced_are(struct world *w, uint32_t wanted) {
  uint32_t displaced = connections_take_displaced(w->connections);
  int64_t until_ms = nav_clock_monotonic_ms() + WAIT_MS;
  while (displaced < wanted && nav_clock_monotonic_ms() < until_ms) {
    read_events(w, 50);
    displaced += connections_take_displaced(w->connections);
  }
  assert_int_equal(displaced, wanted);
}

// ---- tests ----

static void while_there_is_room_nobody_gives_way(void **state) {
  struct world *w = *state;
  let_in(w, PLACES);
  assert_int_equal(connections_take_displaced(w->connections), 0);
  assert_int_equal(connections_take_crowded(w->connections), 0);
  closed_are(w, NULL, 0);
}

static void the_oldest_without_a_session_gives_way(void **state) {
  struct world *w = *state;
  let_in(w, PLACES);
  connections_carry(w->connections, at_gate(w, 0), 7);
  knock(w);
  displaced_are(w, 1);
  closed_are(w, (const int[]){1}, 1);
  assert_int_equal(connections_take_displaced(w->connections), 0);  // told once
  read_until_open(w, PLACES);
  knock(w);
  displaced_are(w, 1);
  closed_are(w, (const int[]){1, 2}, 2);
  assert_int_equal(w->gone_count, 0);  // no session ended by it
}

// The one that was cut has not gone yet, and gives its place once.
static void each_new_one_displaces_another(void **state) {
  struct world *w = *state;
  let_in(w, PLACES);
  for (int i = 0; i < 3; i++) knock(w);
  (void)usleep(200000);  // so that all three are told of at once
  displaced_are(w, 3);
  closed_are(w, (const int[]){0, 1, 2}, 3);
}

static void who_had_a_session_counts_from_its_end(void **state) {
  struct world *w = *state;
  let_in(w, PLACES);
  connections_carry(w->connections, at_gate(w, 0), 7);
  connections_release(w->connections, at_gate(w, 0), 7);
  knock(w);
  displaced_are(w, 1);
  closed_are(w, (const int[]){1}, 1);
  assert_int_equal(w->gone_count, 0);
}

static void another_sessions_end_takes_it_from_nobody(void **state) {
  struct world *w = *state;
  let_in(w, 2);
  for (int i = 0; i < 2; i++) connections_carry(w->connections, at_gate(w, i), 7 + (uint64_t)i);
  connections_release(w->connections, at_gate(w, 0), 7);
  connections_release(w->connections, at_gate(w, 1), 7);
  later(w);
  let_in(w, PLACES - 2);
  for (int i = 0; i < 2; i++) {
    knock(w);
    displaced_are(w, 1);
    read_until_open(w, PLACES);
  }
  closed_are(w, (const int[]){0, 2}, 2);
}

static void sessions_give_way_to_nobody(void **state) {
  struct world *w = *state;
  let_in(w, PLACES);
  for (int i = 0; i < PLACES; i++) connections_carry(w->connections, at_gate(w, i), 1 + (uint64_t)i);
  later(w);
  knock(w);  // the only one without, so it is this one that goes
  displaced_are(w, 1);
  closed_are(w, (const int[]){PLACES}, 1);
  read_until_open(w, PLACES);
  (void)close(w->clients[0]);
  w->clients[0] = -1;
  read_until_open(w, PLACES - 1);
  assert_int_equal(w->gone_count, 1);
  assert_int_equal(w->gone[0], 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(while_there_is_room_nobody_gives_way),
      TEST(the_oldest_without_a_session_gives_way),
      TEST(each_new_one_displaces_another),
      TEST(who_had_a_session_counts_from_its_end),
      TEST(another_sessions_end_takes_it_from_nobody),
      TEST(sessions_give_way_to_nobody),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
