// A nav-gate of its own for each test, in a folder of its own, with the test as its core and its clients.
// Called by: gate_test, gate_flood_test. Must never: leave a process or a folder behind.
#ifndef NAV_TESTS_GATE_HARNESS_H
#define NAV_TESTS_GATE_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/types.h>
#include <zmq.h>

#include "hub/wire/keys.h"
#include "hub/wire/relay_socket.h"
#include "hub/wire/session.h"

enum { WAIT_MS = 5000, QUIET_MS = 400, SKOLA = 0, POLIS = 1, STRANGER = 2, PARTIES = 3 };

struct harness {
  char home[64];
  char endpoint[64];
  pid_t pid;
  void *context;
  struct key_pair_curve hub, parties[PARTIES];
  int frames_a_second, connections;  // for nav.yaml
  const char *more;                  // further lines of it; NULL: none
};

struct relayed {
  struct relay_head head;
  uint8_t data[WIRE_FRAME_MAX];
  size_t length;
};

extern struct harness h;
extern const char *const party_names[PARTIES];

// Setups and teardown of cmocka. Without a core: harness_bind_core when it is wanted.
int harness_start(void **state);
int harness_start_without_core(void **state);
int harness_start_small(void **state);  // 20 frames a second, 4 connections
int harness_start_node(void **state);   // of a hub with another node, and a lease of 2 s; without a core
int harness_start_node_with_core(void **state);
int harness_stop(void **state);

// A core that takes the gate's connection and says that it lives, by a thread of its own.
void harness_bind_core(void);
void harness_end_core(void);
// Writes agencies.yaml and keys; a party without keys is left out of them.
void harness_write_agencies(const struct key_pair_curve *skola, const struct key_pair_curve *polis);
void harness_signal(int signal);
// Waits for it; gives the exit code (128 + signal where one ended it).
int harness_wait(void);
// Another nav-gate in the same home, to its end; gives its exit code. It logs where the first does.
int harness_run_second(void);
size_t harness_memory(void);         // bytes resident
unsigned long harness_sleeps(void);  // how often its main thread has waited for something
// The log has such a line (waits for it); how many such it has.
bool harness_logged(const char *text);
int harness_count_logged(const char *text);

// A connected DEALER; routing: its own id, or NULL.
void *client_new(int party, const char *routing);
void *client_new_plain(void);  // without CURVE
void client_close(void *client);
void client_send(void *client, const void *data, size_t length);
void client_send_kind(void *client, enum wire_kind kind, const char *rest);
// Gives the length, or -1: nothing within that time.
int client_receive(void *client, uint8_t *data, size_t size, int wait_ms);
// The code of the REFUSED that comes; -1: none.
int client_refused(void *client);
// How the handshake ends: ZMQ_EVENT_HANDSHAKE_…; 0: not at all.
int client_handshake(int party, int wait_ms);

// Whether something waits to be received, within that time.
bool core_has_mail(int wait_ms);
// The next of any kind; false: nothing within that time.
bool core_receive_any(struct relayed *out, int wait_ms);
// The next but the gate's signs of life.
bool core_receive(struct relayed *out, int wait_ms);
void core_send(const struct relay_head *head, const void *data, size_t length);
// All of them, as many in a message as fit.
void core_send_together(const struct relay_frame *frames, size_t count);
// A client's session: sends HELLO and gives the head that the core got.
struct relay_head begin(void *client, int party);

#endif
