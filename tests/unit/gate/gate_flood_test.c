// See gate_flood_test.h (invariant I8).
#include "tests/unit/gate/gate_flood_test.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hub/base/buffer.h"
#include "hub/base/clock.h"
#include "tests/unit/gate/harness.h"

// Under ASan freed memory stays a while; what a flood would take without limits is far above either.
#if defined(__SANITIZE_ADDRESS__)
enum { MEMORY_MAX = 500 * 1024 * 1024 };
#else
enum { MEMORY_MAX = 100 * 1024 * 1024 };
#endif

static struct relayed got;
static uint8_t data[WIRE_FRAME_MAX];

void a_flood_of_unknown_keys_is_counted_not_told_one_by_one(void **state) {
  (void)state;
  enum { COUNT = 150 };
  for (int i = 0; i < COUNT; i++) {
    assert_int_equal(client_handshake(STRANGER, WAIT_MS), ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
  }
  uint32_t told = 0, reports = 0;
  int64_t from_ms = nav_clock_monotonic_ms();
  while (told < COUNT && core_receive(&got, WAIT_MS)) {
    assert_int_equal(got.head.kind, RELAY_REFUSED);
    assert_int_equal(nav_get_u32(got.data), NAV__V1__CODE__CODE_UNKNOWN_KEY);
    told += nav_get_u32(got.data + 4);
    reports++;
  }
  assert_int_equal(told, COUNT);
  assert_true(reports <= 2 + (uint32_t)(nav_clock_monotonic_ms() - from_ms) / 1000 + 30);
  assert_true(reports < COUNT / 3);
}

void a_flood_is_refused_and_delays_nobody_else(void **state) {
  (void)state;
  void *skola = client_new(SKOLA, NULL), *polis = client_new(POLIS, NULL);
  (void)begin(skola, SKOLA);
  struct relay_head of_polis = begin(polis, POLIS);
  for (int i = 0; i < 2000; i++) client_send_kind(skola, WIRE_SEALED, "flood");
  client_send_kind(polis, WIRE_SEALED, "calm");
  int flood = 0, refused = 0;
  bool calm = false;
  while (core_receive(&got, 1500)) {
    if (got.head.kind == RELAY_FRAME && got.head.session == of_polis.session) calm = true;
    if (got.head.kind == RELAY_FRAME && got.head.session != of_polis.session) flood++;
    if (got.head.kind != RELAY_REFUSED) continue;
    assert_string_equal(got.head.agency, "skola");
    assert_int_equal(nav_get_u32(got.data), NAV__V1__CODE__CODE_RATE);
    refused += (int)nav_get_u32(got.data + 4);
  }
  assert_true(calm);
  assert_in_range(flood, 1, 40);  // 20 at once, and 20 a second
  assert_true(refused > 1000);
  assert_int_equal(client_refused(skola), NAV__V1__CODE__CODE_RATE);
  client_close(skola);
  client_close(polis);
}

void connections_past_the_limit_are_turned_away_until_some_go(void **state) {
  (void)state;
  enum { LIMIT = 4 };
  void *clients[LIMIT];
  for (int i = 0; i < LIMIT; i++) {
    clients[i] = client_new(POLIS, NULL);
    (void)begin(clients[i], POLIS);
  }
  assert_int_not_equal(client_handshake(SKOLA, WAIT_MS), ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
  client_close(clients[0]);
  bool in = false;
  for (int i = 0; i < 20 && !in; i++) {
    in = client_handshake(SKOLA, WAIT_MS) == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
    (void)usleep(50000);
  }
  assert_true(in);
  for (int i = 1; i < LIMIT; i++) client_close(clients[i]);
}

// from: the last number of 127.0.0.x.
static int tcp_connection(uint8_t from) {
  unsigned port = (unsigned)strtoul(strrchr(h.endpoint, ':') + 1, NULL, 10);
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000U | from)};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof own), 0);
  assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
  return fd;
}

void connections_that_say_nothing_are_closed(void **state) {
  (void)state;
  enum { COUNT = 40 };
  int fds[COUNT];
  for (int i = 0; i < COUNT; i++) fds[i] = tcp_connection(1);
  void *skola = client_new(SKOLA, NULL);
  (void)begin(skola, SKOLA);  // the others delay nobody
  int64_t until_ms = nav_clock_monotonic_ms() + 8000;
  for (int i = 0; i < COUNT; i++) {
    struct timeval wait = {.tv_sec = 8};
    (void)setsockopt(fds[i], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    char greeting[64];
    ssize_t length;
    while ((length = recv(fds[i], greeting, sizeof greeting, 0)) > 0) continue;
    assert_int_equal(length, 0);  // closed by the gate
    (void)close(fds[i]);
  }
  assert_true(nav_clock_monotonic_ms() < until_ms);
  client_close(skola);
}

void one_address_cannot_take_every_place_at_the_door(void **state) {
  (void)state;
  enum { COUNT = 900, TRIES = 5 };  // more than there are places
  static int fds[COUNT];
  void *skola = client_new(SKOLA, NULL);
  (void)begin(skola, SKOLA);
  for (int i = 0; i < COUNT; i++) fds[i] = tcp_connection(2);
  for (int i = 0; i < TRIES; i++) {
    int64_t from_ms = nav_clock_monotonic_ms();
    assert_int_equal(client_handshake(POLIS, WAIT_MS), ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    assert_true(nav_clock_monotonic_ms() - from_ms < 2000);  // before the handshakes run out
  }
  client_send_kind(skola, WIRE_SEALED, "goes on");
  assert_true(core_receive(&got, WAIT_MS));
  for (int i = 0; i < COUNT; i++) (void)close(fds[i]);
  assert_true(harness_logged("addresses that have too many"));
  client_close(skola);
}

void a_message_without_end_is_cut_and_takes_no_memory(void **state) {
  (void)state;
  enum { PARTS = 16000 };  // 1 GB
  void *skola = client_new(SKOLA, NULL), *polis = client_new(POLIS, NULL);
  struct relay_head head = begin(skola, SKOLA);
  (void)begin(polis, POLIS);
  size_t before = harness_memory();
  memset(data, WIRE_SEALED, sizeof data);
  // libzmq sends a message's first part when it has got the last; then they all come at once.
  for (int i = 0; i < PARTS; i++) assert_true(zmq_send(skola, data, sizeof data, ZMQ_SNDMORE) > 0);
  assert_true(zmq_send(skola, data, sizeof data, 0) > 0);
  size_t most = 0;
  bool gone = false;
  int64_t until_ms = nav_clock_monotonic_ms() + 3 * WAIT_MS;
  while (!gone && nav_clock_monotonic_ms() < until_ms) {
    size_t now = harness_memory();
    if (now > most) most = now;
    gone = core_receive(&got, 1) && got.head.kind == RELAY_GONE && got.head.session == head.session;
  }
  assert_true(gone);
  assert_true(most < before + MEMORY_MAX);
  assert_true(harness_logged("a message without end"));
  client_send_kind(polis, WIRE_SEALED, "goes on");
  assert_true(core_receive(&got, WAIT_MS));
  assert_string_equal(got.head.agency, "polis");
  client_close(skola);
  client_close(polis);
}

void a_reader_that_stops_reading_delays_nobody_and_takes_no_memory(void **state) {
  (void)state;
  const int small = 1;
  void *polis = client_new(POLIS, NULL), *skola = client_new(SKOLA, NULL);
  (void)zmq_setsockopt(skola, ZMQ_RCVHWM, &small, sizeof small);
  struct relay_head slow = begin(skola, SKOLA), quick = begin(polis, POLIS);
  size_t before = harness_memory();
  memset(data, WIRE_SEALED, sizeof data);
  bool gone = false;
  for (int i = 0; i < 8000 && !gone; i++) {
    core_send(&slow, data, sizeof data);
    if (i % 100 == 0) {
      core_send(&quick, "\4quick", 6);
      assert_int_equal(client_receive(polis, data + 1, 16, WAIT_MS), 6);
      memset(data, WIRE_SEALED, sizeof data);
      assert_true(harness_memory() < before + MEMORY_MAX);
    }
    while (core_receive(&got, 0))
      gone = gone || (got.head.kind == RELAY_GONE && got.head.session == slow.session);
  }
  assert_true(gone);
  client_close(skola);
  client_close(polis);
}

// Whether the gate goes to sleep again and again while nothing new comes to it. Time is not asked: one that
// tries without end never does, and one that sleeps does so on the slowest machine.
static bool sleeps(void) {
  enum { TIMES = 5 };
  unsigned long before = harness_sleeps();
  int64_t until_ms = nav_clock_monotonic_ms() + WAIT_MS;
  while (harness_sleeps() - before < TIMES && nav_clock_monotonic_ms() < until_ms) (void)usleep(1000);
  return harness_sleeps() - before >= TIMES;
}

// What nobody reads fills pipes and sockets, then the gate's outbox; whenever that is, the gate sleeps
// between two tries.
void what_waits_for_a_reader_takes_no_time(void **state) {
  (void)state;
  enum { FRAMES_MAX = 2000, AT_ONCE = 10 };
  void *skola = client_new(SKOLA, NULL);
  struct relay_head slow = begin(skola, SKOLA);
  bool gone = false;
  memset(data, WIRE_SEALED, sizeof data);
  for (int sent = 0; sent < FRAMES_MAX && !gone; sent += AT_ONCE) {
    for (int i = 0; i < AT_ONCE; i++) core_send(&slow, data, sizeof data);
    (void)usleep(20 * 1000);
    while (core_receive(&got, 0)) gone = gone || got.head.kind == RELAY_GONE;
    bool looks = sent > 900;  // the reader's own library takes the first thousand
    if (looks) assert_true(sleeps());
  }
  assert_true(gone);  // else the outbox never held anything
  client_close(skola);
}

void an_agency_cannot_take_all_sessions(void **state) {
  (void)state;
  enum { COUNT = 33 };
  void *clients[COUNT];
  for (int i = 0; i < COUNT - 1; i++) {
    clients[i] = client_new(SKOLA, NULL);
    (void)begin(clients[i], SKOLA);
  }
  clients[COUNT - 1] = client_new(SKOLA, NULL);
  client_send_kind(clients[COUNT - 1], WIRE_HELLO, "one too many");
  assert_int_equal(client_refused(clients[COUNT - 1]), NAV__V1__CODE__CODE_BUSY);
  void *polis = client_new(POLIS, NULL);
  client_send_kind(polis, WIRE_HELLO, "hello");
  while (core_receive(&got, WAIT_MS) && got.head.kind != RELAY_FRAME) continue;
  assert_string_equal(got.head.agency, "polis");
  client_close(polis);
  for (int i = 0; i < COUNT; i++) client_close(clients[i]);
}
