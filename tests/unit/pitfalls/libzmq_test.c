// What libzmq really does (measured on 4.3.4). nav-gate and adapters/sdk are built around each of these
// lines: when an upgrade changes one, this fails, and what leans on it can be looked at again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "hub/base/clock.h"

#define OPTION_ZAP_ENFORCE_DOMAIN 93

enum { WAIT_MS = 3000, QUIET_MS = 200, SOCKETS_MAX = 16 };

struct pair {
  uint8_t public_key[32], secret_key[32];
};

static void *context;
static void *sockets[SOCKETS_MAX];
static size_t sockets_count;
static struct pair hub, alice, bob;
static char endpoint[128];

static int start(void **state) {
  (void)state;
  context = zmq_ctx_new();
  sockets_count = 0;
  (void)crypto_box_keypair(hub.public_key, hub.secret_key);
  (void)crypto_box_keypair(alice.public_key, alice.secret_key);
  (void)crypto_box_keypair(bob.public_key, bob.secret_key);
  return context == NULL ? -1 : 0;
}

static int stop(void **state) {
  (void)state;
  for (size_t i = 0; i < sockets_count; i++) {
    if (sockets[i] != NULL) (void)zmq_close(sockets[i]);
  }
  return zmq_ctx_term(context);
}

static void set(void *socket, int option, int value) {
  assert_int_equal(zmq_setsockopt(socket, option, &value, sizeof value), 0);
}

static void *new_socket(int type) {
  void *socket = zmq_socket(context, type);
  assert_non_null(socket);
  assert_true(sockets_count < SOCKETS_MAX);
  sockets[sockets_count++] = socket;
  set(socket, ZMQ_LINGER, 0);
  return socket;
}

static void close_socket(void *socket) {
  for (size_t i = 0; i < sockets_count; i++) {
    if (sockets[i] == socket) sockets[i] = NULL;
  }
  assert_int_equal(zmq_close(socket), 0);
}

static void listen_on(void *socket) {
  size_t size = sizeof endpoint;
  assert_int_equal(zmq_bind(socket, "tcp://127.0.0.1:*"), 0);
  assert_int_equal(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size), 0);
}

static void *new_curve_router(void) {
  void *router = new_socket(ZMQ_ROUTER);
  set(router, ZMQ_CURVE_SERVER, 1);
  assert_int_equal(zmq_setsockopt(router, ZMQ_CURVE_SECRETKEY, hub.secret_key, 32), 0);
  return router;
}

static void *connect_client(const struct pair *keys, const char *routing) {
  void *client = new_socket(ZMQ_DEALER);
  set(client, ZMQ_RECONNECT_IVL, -1);
  if (routing != NULL) {
    assert_int_equal(zmq_setsockopt(client, ZMQ_ROUTING_ID, routing, strlen(routing)), 0);
  }
  if (keys != NULL) {
    assert_int_equal(zmq_setsockopt(client, ZMQ_CURVE_SERVERKEY, hub.public_key, 32), 0);
    assert_int_equal(zmq_setsockopt(client, ZMQ_CURVE_PUBLICKEY, keys->public_key, 32), 0);
    assert_int_equal(zmq_setsockopt(client, ZMQ_CURVE_SECRETKEY, keys->secret_key, 32), 0);
  }
  assert_int_equal(zmq_connect(client, endpoint), 0);
  return client;
}

static bool readable(void *socket, int wait_ms) {
  zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};
  return zmq_poll(&item, 1, wait_ms) == 1;
}

static void put(void *socket, const char *text) {
  assert_int_equal(zmq_send(socket, text, strlen(text), 0), (int)strlen(text));
}

static void put_to(void *router, const char *routing, const char *text) {
  assert_int_equal(zmq_send(router, routing, strlen(routing), ZMQ_SNDMORE), (int)strlen(routing));
  put(router, text);
}

static void assert_gets(void *socket, const char *text) {
  char got[256];
  assert_true(readable(socket, WAIT_MS));
  int length = zmq_recv(socket, got, sizeof got, 0);
  assert_int_equal(length, (int)strlen(text));
  assert_memory_equal(got, text, strlen(text));
}

// Whether a message of one part and its routing id come; both are taken.
static bool router_gets(void *router, int wait_ms) {
  char got[256];
  if (!readable(router, wait_ms)) return false;
  assert_true(zmq_recv(router, got, sizeof got, 0) >= 0);
  assert_true(zmq_recv(router, got, sizeof got, 0) >= 0);
  return true;
}

static void *watch(void *socket, int events) {
  static unsigned count;
  char name[64];
  (void)snprintf(name, sizeof name, "inproc://watch-%u", count++);
  void *monitor = new_socket(ZMQ_PAIR);
  assert_int_equal(zmq_socket_monitor(socket, name, events), 0);
  assert_int_equal(zmq_connect(monitor, name), 0);
  return monitor;
}

// The next event and its value; 0: none.
static uint16_t next_event(void *monitor, int32_t *value) {
  uint8_t bytes[6];
  char address[256];
  uint16_t event;
  if (!readable(monitor, WAIT_MS)) return 0;
  assert_int_equal(zmq_recv(monitor, bytes, sizeof bytes, 0), 6);
  assert_true(zmq_recv(monitor, address, sizeof address, 0) >= 0);
  memcpy(&event, bytes, sizeof event);
  memcpy(value, bytes + 2, sizeof *value);
  return event;
}

// A ZAP handler that says yes to everybody but nobody's key, in its own thread, with a property of its own.
struct handler {
  void *socket;
  pthread_t thread;
};

static void *answer_all(void *argument) {
  void *socket = argument;
  static const char metadata[] = "\7Nav-Key\0\0\0\5value";
  for (;;) {
    char id[64], part[256];
    int id_length = 0, index = 0, more = 1;
    for (size_t size = sizeof more; more; index++) {
      int length = zmq_recv(socket, index == 1 ? id : part, index == 1 ? sizeof id : sizeof part, 0);
      if (length < 0) break;
      if (index == 1) id_length = length;
      if (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) != 0) break;
    }
    if (more) break;  // the context has ended
    bool known = memcmp(part, bob.public_key, 32) != 0;
    (void)zmq_send(socket, "1.0", 3, ZMQ_SNDMORE);
    (void)zmq_send(socket, id, (size_t)id_length, ZMQ_SNDMORE);
    (void)zmq_send(socket, known ? "200" : "400", 3, ZMQ_SNDMORE);
    (void)zmq_send(socket, "", 0, ZMQ_SNDMORE);
    (void)zmq_send(socket, "alice", 5, ZMQ_SNDMORE);
    (void)zmq_send(socket, metadata, sizeof metadata - 1, 0);
  }
  (void)zmq_close(socket);
  return NULL;
}

static struct handler handler;

static int start_with_handler(void **state) {
  if (start(state) != 0) return -1;
  handler.socket = zmq_socket(context, ZMQ_REP);
  if (zmq_bind(handler.socket, "inproc://zeromq.zap.01") != 0) return -1;
  return pthread_create(&handler.thread, NULL, answer_all, handler.socket);
}

static int stop_with_handler(void **state) {
  (void)state;
  (void)zmq_ctx_shutdown(context);
  (void)pthread_join(handler.thread, NULL);
  return stop(state);
}

// In a process of its own: the number is the first of rand(), which nobody seeds.
static void a_routers_first_id_is_always_the_same(void **state) {
  (void)state;
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    void *own = zmq_ctx_new(), *router = zmq_socket(own, ZMQ_ROUTER), *dealer = zmq_socket(own, ZMQ_DEALER);
    uint8_t id[255] = {0};
    int length = -1;
    if (zmq_bind(router, "inproc://first") == 0 && zmq_connect(dealer, "inproc://first") == 0 &&
        zmq_send(dealer, "x", 1, 0) == 1) {
      length = zmq_recv(router, id, sizeof id, 0);
    }
    _exit(length == 5 && memcmp(id, "\x00\x6b\x8b\x45\x67", 5) == 0 ? 0 : 1);
  }
  int status = 1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
}

static void a_routing_id_goes_to_whoever_takes_it_next(void **state) {
  (void)state;
  void *router = new_curve_router();
  int32_t value;
  listen_on(router);
  void *monitor = watch(router, ZMQ_EVENT_DISCONNECTED);
  void *a = connect_client(&alice, "the id");
  put(a, "hello");
  assert_true(router_gets(router, WAIT_MS));
  close_socket(a);
  assert_int_equal(next_event(monitor, &value), ZMQ_EVENT_DISCONNECTED);
  // The event comes before the router itself lets go of the id, which it does while it is asked for messages.
  assert_false(router_gets(router, QUIET_MS));
  void *b = connect_client(&bob, "the id");
  put(b, "hello");
  assert_true(router_gets(router, WAIT_MS));
  put_to(router, "the id", "meant for alice");
  assert_gets(b, "meant for alice");
}

static void curve_without_a_handler_lets_anybody_in(void **state) {
  (void)state;
  void *router = new_curve_router();
  listen_on(router);
  put(connect_client(&bob, NULL), "let me in");
  assert_true(router_gets(router, WAIT_MS));
}

static void option_93_closes_that_door(void **state) {
  (void)state;
#ifdef ZMQ_ZAP_ENFORCE_DOMAIN
  assert_int_equal(ZMQ_ZAP_ENFORCE_DOMAIN, OPTION_ZAP_ENFORCE_DOMAIN);
#endif
  void *router = new_curve_router();
  set(router, OPTION_ZAP_ENFORCE_DOMAIN, 1);
  assert_int_equal(zmq_setsockopt(router, ZMQ_ZAP_DOMAIN, "nav", 3), 0);
  listen_on(router);
  put(connect_client(&bob, NULL), "let me in");
  assert_false(router_gets(router, QUIET_MS));
}

static void a_handlers_no_is_told_to_the_client(void **state) {
  (void)state;
  int32_t value;
  void *router = new_curve_router();
  listen_on(router);
  void *client = new_socket(ZMQ_DEALER);
  void *monitor = watch(client, ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
  assert_int_equal(zmq_setsockopt(client, ZMQ_CURVE_SERVERKEY, hub.public_key, 32), 0);
  assert_int_equal(zmq_setsockopt(client, ZMQ_CURVE_PUBLICKEY, bob.public_key, 32), 0);
  assert_int_equal(zmq_setsockopt(client, ZMQ_CURVE_SECRETKEY, bob.secret_key, 32), 0);
  assert_int_equal(zmq_connect(client, endpoint), 0);
  assert_int_equal(next_event(monitor, &value), ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
  assert_int_equal(value, 400);
}

// User-Id, a property of the handler's own, and the descriptor that the monitor named stand on the payload.
static void what_zap_said_stands_on_the_payload_not_on_the_first_part(void **state) {
  (void)state;
  int32_t accepted = -1, gone = -1;
  void *router = new_curve_router();
  listen_on(router);
  void *monitor = watch(router, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED);
  void *client = connect_client(&alice, NULL);
  put(client, "x");
  assert_true(readable(router, WAIT_MS));
  zmq_msg_t first, payload;
  (void)zmq_msg_init(&first);
  (void)zmq_msg_init(&payload);
  assert_true(zmq_msg_recv(&first, router, 0) >= 0);
  assert_null(zmq_msg_gets(&first, "User-Id"));
  assert_true(zmq_msg_recv(&payload, router, 0) >= 0);
  assert_string_equal(zmq_msg_gets(&payload, "User-Id"), "alice");
  assert_string_equal(zmq_msg_gets(&payload, "Nav-Key"), "value");
  assert_int_equal(next_event(monitor, &accepted), ZMQ_EVENT_ACCEPTED);
  assert_int_equal(zmq_msg_get(&payload, ZMQ_SRCFD), accepted);
  (void)zmq_msg_close(&first);
  (void)zmq_msg_close(&payload);
  close_socket(client);
  assert_int_equal(next_event(monitor, &gone), ZMQ_EVENT_DISCONNECTED);
  assert_int_equal(gone, accepted);
}

static void a_message_may_be_of_any_size_unless_one_says_so(void **state) {
  (void)state;
  int64_t most = 0;
  size_t size = sizeof most;
  assert_int_equal(zmq_getsockopt(new_socket(ZMQ_ROUTER), ZMQ_MAXMSGSIZE, &most, &size), 0);
  assert_true(most == -1);
}

static void limit_size(void *socket, int64_t most) {
  assert_int_equal(zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &most, sizeof most), 0);
}

static void a_message_that_is_too_large_is_lost_without_a_word(void **state) {
  (void)state;
  static char large[2000];
  void *router = new_socket(ZMQ_ROUTER);
  limit_size(router, 1000);
  listen_on(router);
  void *client = connect_client(NULL, NULL);
  assert_int_equal(zmq_send(client, large, sizeof large, 0), sizeof large);
  assert_false(router_gets(router, QUIET_MS));
}

static void the_limit_of_size_is_of_a_part_not_of_the_message(void **state) {
  (void)state;
  enum { PARTS = 100 };
  static char part[900];
  void *router = new_socket(ZMQ_ROUTER);
  limit_size(router, 1000);
  listen_on(router);
  void *client = connect_client(NULL, NULL);
  for (int i = 0; i < PARTS; i++) {
    assert_int_equal(zmq_send(client, part, sizeof part, i + 1 < PARTS ? ZMQ_SNDMORE : 0), sizeof part);
  }
  assert_true(readable(router, WAIT_MS));
  int count = 0, more = 1;
  for (size_t size = sizeof more; more; count++) {
    assert_true(zmq_recv(router, part, sizeof part, 0) >= 0);
    assert_int_equal(zmq_getsockopt(router, ZMQ_RCVMORE, &more, &size), 0);
  }
  assert_int_equal(count, PARTS + 1);
}

enum { HWM = 10, SENT = 2500, PART_BYTES = 4096 };

// Sends to a client that does not read until SENT are gone or one is refused; gives how many were taken.
static int send_to_a_slow_reader(void *router) {
  static char part[PART_BYTES];
  int taken = 0;
  while (taken < SENT && zmq_send(router, "slow", 4, ZMQ_SNDMORE | ZMQ_DONTWAIT) == 4) {
    assert_int_equal(zmq_send(router, part, sizeof part, ZMQ_DONTWAIT), sizeof part);
    taken++;
  }
  return taken;
}

static void *slow_reader(void *router) {
  set(router, ZMQ_SNDHWM, HWM);
  set(router, ZMQ_SNDBUF, 8192);
  listen_on(router);
  void *client = new_socket(ZMQ_DEALER);
  set(client, ZMQ_RCVHWM, HWM);
  set(client, ZMQ_RCVBUF, 8192);
  assert_int_equal(zmq_setsockopt(client, ZMQ_ROUTING_ID, "slow", 4), 0);
  assert_int_equal(zmq_connect(client, endpoint), 0);
  put(client, "hello");
  assert_true(router_gets(router, WAIT_MS));
  return client;
}

static void without_mandatory_messages_to_a_slow_reader_vanish(void **state) {
  (void)state;
  static char part[PART_BYTES];
  void *router = new_socket(ZMQ_ROUTER), *client = slow_reader(router);
  assert_int_equal(send_to_a_slow_reader(router), SENT);  // every one was "sent"
  int got = 0;
  while (readable(client, QUIET_MS)) {
    assert_int_equal(zmq_recv(client, part, sizeof part, 0), sizeof part);
    got++;
  }
  assert_true(got < SENT);
}

static void with_mandatory_they_are_refused(void **state) {
  (void)state;
  static char part[PART_BYTES];
  void *router = new_socket(ZMQ_ROUTER);
  set(router, ZMQ_ROUTER_MANDATORY, 1);
  void *client = slow_reader(router);
  int taken = send_to_a_slow_reader(router), got = 0;
  assert_int_equal(errno, EAGAIN);
  assert_true(taken < SENT);
  while (readable(client, QUIET_MS)) {
    assert_int_equal(zmq_recv(client, part, sizeof part, 0), sizeof part);
    got++;
  }
  assert_int_equal(got, taken);
  assert_int_equal(zmq_send(router, "nobody", 6, ZMQ_SNDMORE | ZMQ_DONTWAIT), -1);
  assert_int_equal(errno, EHOSTUNREACH);
}

static void handover_cuts_the_owner_off(void **state) {
  (void)state;
  for (int handover = 0; handover < 2; handover++) {
    void *router = new_socket(ZMQ_ROUTER);
    set(router, ZMQ_ROUTER_HANDOVER, handover);
    listen_on(router);
    void *owner = connect_client(NULL, "the id");
    put(owner, "hello");
    assert_true(router_gets(router, WAIT_MS));
    void *other = connect_client(NULL, "the id");
    put(other, "hello");
    assert_int_equal(router_gets(router, QUIET_MS), handover == 1);
    put_to(router, "the id", "for the owner");
    assert_gets(handover == 1 ? other : owner, "for the owner");
  }
}

static void the_descriptor_tells_once_not_as_long_as_there_is_something(void **state) {
  (void)state;
  void *router = new_socket(ZMQ_ROUTER);
  listen_on(router);
  void *client = connect_client(NULL, NULL);
  put(client, "one");
  put(client, "two");
  int fd = -1;
  size_t size = sizeof fd;
  assert_int_equal(zmq_getsockopt(router, ZMQ_FD, &fd, &size), 0);
  (void)usleep(QUIET_MS * 1000);
  assert_true(router_gets(router, WAIT_MS));
  struct pollfd item = {.fd = fd, .events = POLLIN};
  assert_int_equal(poll(&item, 1, QUIET_MS), 0);  // and yet
  assert_true(router_gets(router, 0));
}

static int tcp_connection(void) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)strtoul(strrchr(endpoint, ':') + 1, NULL, 10)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct timeval wait = {.tv_sec = WAIT_MS / 1000};
  (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
  return fd;
}

static void a_silent_connection_is_closed_after_the_handshake_interval(void **state) {
  (void)state;
  char greeting[64];
  void *router = new_curve_router();
  set(router, ZMQ_HANDSHAKE_IVL, 100);
  listen_on(router);
  int fd = tcp_connection();
  ssize_t length;
  while ((length = recv(fd, greeting, sizeof greeting, 0)) > 0) continue;
  assert_int_equal(length, 0);
  (void)close(fd);
}

static void without_reconnect_a_lost_connection_stays_lost(void **state) {
  (void)state;
  void *router = new_socket(ZMQ_ROUTER);
  listen_on(router);
  void *client = connect_client(NULL, NULL);
  void *monitor = watch(client, ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECTED);
  put(client, "hello");
  assert_true(router_gets(router, WAIT_MS));
  close_socket(router);
  int32_t value;
  uint16_t event;
  while ((event = next_event(monitor, &value)) == ZMQ_EVENT_CONNECTED) continue;
  assert_int_equal(event, ZMQ_EVENT_DISCONNECTED);
  router = new_socket(ZMQ_ROUTER);
  assert_int_equal(zmq_bind(router, endpoint), 0);
  assert_false(readable(monitor, QUIET_MS));
}

static void a_connection_that_is_refused_is_told_as_closed(void **state) {
  (void)state;
  void *router = new_socket(ZMQ_ROUTER);
  listen_on(router);
  close_socket(router);
  (void)usleep(50000);
  void *client = new_socket(ZMQ_DEALER);
  set(client, ZMQ_RECONNECT_IVL, -1);
  void *monitor = watch(client, ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED);
  assert_int_equal(zmq_connect(client, endpoint), 0);
  int32_t value;
  assert_int_equal(next_event(monitor, &value), ZMQ_EVENT_CLOSED);
}

int main(int argc, char **argv) {
  if (sodium_init() < 0) return 1;
  if (argc > 1) cmocka_set_test_filter(argv[1]);
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
#define WITH_HANDLER(name) cmocka_unit_test_setup_teardown(name, start_with_handler, stop_with_handler)
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_routers_first_id_is_always_the_same),  // first: before this process has asked rand()
      TEST(a_routing_id_goes_to_whoever_takes_it_next),
      TEST(curve_without_a_handler_lets_anybody_in),
      TEST(option_93_closes_that_door),
      WITH_HANDLER(a_handlers_no_is_told_to_the_client),
      WITH_HANDLER(what_zap_said_stands_on_the_payload_not_on_the_first_part),
      TEST(a_message_may_be_of_any_size_unless_one_says_so),
      TEST(a_message_that_is_too_large_is_lost_without_a_word),
      TEST(the_limit_of_size_is_of_a_part_not_of_the_message),
      TEST(without_mandatory_messages_to_a_slow_reader_vanish),
      TEST(with_mandatory_they_are_refused),
      TEST(handover_cuts_the_owner_off),
      TEST(the_descriptor_tells_once_not_as_long_as_there_is_something),
      TEST(a_silent_connection_is_closed_after_the_handshake_interval),
      TEST(without_reconnect_a_lost_connection_stays_lost),
      TEST(a_connection_that_is_refused_is_told_as_closed),
  };
#undef TEST
#undef WITH_HANDLER
  return cmocka_run_group_tests(tests, NULL, NULL);
}
