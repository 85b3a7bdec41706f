// See harness.h.
#include "tests/unit/gate/harness.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"

enum { PATH_SIZE = 256, LOG_MAX = 65536, SOCKETS_MAX = 64 };

// Every socket open now, so that a test that failed halfway leaves none (zmq_ctx_term would wait for it for
// ever).
static void *sockets[SOCKETS_MAX];

static void *new_socket(int type) {
  const int nothing = 0;
  size_t i = 0;
  while (i < SOCKETS_MAX && sockets[i] != NULL) i++;
  assert_true(i < SOCKETS_MAX);
  sockets[i] = zmq_socket(h.context, type);
  assert_non_null(sockets[i]);
  (void)zmq_setsockopt(sockets[i], ZMQ_LINGER, &nothing, sizeof nothing);
  return sockets[i];
}

static void close_socket(void *socket) {
  for (size_t i = 0; i < SOCKETS_MAX; i++) {
    if (sockets[i] == socket) sockets[i] = NULL;
  }
  (void)zmq_close(socket);
}

struct harness h;
const char *const party_names[PARTIES] = {"skola", "polis", "stranger"};

static const char *in_home(const char *name) {
  static char path[PATH_SIZE];
  (void)snprintf(path, sizeof path, "%s/%s", h.home, name);
  return path;
}

static const char *read_log(void) {
  static char log[LOG_MAX + 1];
  FILE *file = fopen(in_home("log"), "r");
  if (file == NULL) return "";
  log[fread(log, 1, LOG_MAX, file)] = '\0';
  (void)fclose(file);
  return log;
}

static void put_file(const char *name, const char *text) {
  FILE *file = fopen(in_home(name), "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

// A port that was free a moment ago.
static unsigned free_port(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
  (void)close(fd);
  return ntohs(address.sin_port);
}

static void write_nav(void) {
  char text[2048];
  (void)snprintf(text, sizeof text,
                 "hub: test.example.se\n"
                 "endpoint: %s\n"
                 "database:\n  core: dbname=none\n  desk: dbname=none\n  owner: dbname=none\n"
                 "limits:\n  connections: %d\n  frames_a_second: %d\n%s",
                 h.endpoint, h.connections, h.frames_a_second, h.more != NULL ? h.more : "");
  put_file("nav.yaml", text);
}

static void write_key(const char *agency, const struct key_pair_curve *key) {
  char name[64], text[256], hex[65], signing[65];
  uint8_t any[32];
  randombytes_buf(any, sizeof any);
  (void)snprintf(name, sizeof name, "config/keys/%s.yaml", agency);
  (void)unlink(in_home(name));
  if (key == NULL) return;
  (void)snprintf(text, sizeof text, "curve: %s\nsigning: %s\n", nav_hex(hex, key->public_key, 32),
                 nav_hex(signing, any, 32));
  put_file(name, text);
}

void harness_write_agencies(const struct key_pair_curve *skola, const struct key_pair_curve *polis) {
  put_file("config/agencies.yaml",
           "agencies:\n"
           "  - id: skola\n    title: Skolan\n    kind: school\n    form: authority\n"
           "  - id: polis\n    title: Polisen\n    kind: police\n    form: authority\n");
  write_key("skola", skola);
  write_key("polis", polis);
}

static void make_home(void) {
  (void)snprintf(h.home, sizeof h.home, "/tmp/nav-gate-XXXXXX");
  assert_non_null(mkdtemp(h.home));
  assert_int_equal(mkdir(in_home("run"), 0700), 0);
  assert_int_equal(mkdir(in_home("keys"), 0700), 0);
  assert_int_equal(mkdir(in_home("config"), 0700), 0);
  assert_int_equal(mkdir(in_home("config/keys"), 0700), 0);
  (void)crypto_box_keypair(h.hub.public_key, h.hub.secret_key);
  for (int i = 0; i < PARTIES; i++) {
    (void)crypto_box_keypair(h.parties[i].public_key, h.parties[i].secret_key);
  }
  assert_true(keys_write(in_home("keys/curve.key"), "curve", true, h.hub.secret_key, 32, NULL));
  harness_write_agencies(&h.parties[SKOLA], &h.parties[POLIS]);
  (void)snprintf(h.endpoint, sizeof h.endpoint, "tcp://127.0.0.1:%u", free_port());
  write_nav();
}

static pid_t start_program(void) {
  char log[PATH_SIZE];
  (void)snprintf(log, sizeof log, "%s", in_home("log"));
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd < 0 || dup2(fd, STDERR_FILENO) < 0) _exit(126);
    (void)execl(NAV_GATE, NAV_GATE, "--home", h.home, (char *)NULL);
    _exit(127);
  }
  return pid;
}

static int start_with(int frames_a_second, int connections, bool with_core, const char *more) {
  h = (struct harness){.frames_a_second = frames_a_second, .connections = connections, .more = more};
  h.context = zmq_ctx_new();
  make_home();
  if (with_core) harness_bind_core();
  h.pid = start_program();
  return harness_logged("listening on") ? 0 : -1;
}

static int start(int frames_a_second, int connections, bool with_core) {
  return start_with(frames_a_second, connections, with_core, NULL);
}

#define NODE "standby: {lease: 2s, others: [\"tcp://127.0.0.1:1\"]}\n"

int harness_start_node(void **state) {
  (void)state;
  return start_with(5000, 64, false, NODE);
}

int harness_start_node_with_core(void **state) {
  (void)state;
  return start_with(5000, 64, true, NODE);
}

int harness_start(void **state) {
  (void)state;
  return start(5000, 64, true);
}

int harness_start_without_core(void **state) {
  (void)state;
  return start(5000, 64, false);
}

int harness_start_small(void **state) {
  (void)state;
  return start(20, 4, true);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
  (void)st, (void)type, (void)ftw;
  return remove(path);
}

int harness_stop(void **state) {
  (void)state;
  int code = 0;
  if (h.pid > 0) {
    harness_signal(SIGTERM);
    code = harness_wait();
  }
  harness_end_core();
  for (size_t i = 0; i < SOCKETS_MAX; i++) {
    if (sockets[i] != NULL) close_socket(sockets[i]);
  }
  (void)zmq_ctx_term(h.context);
  if (code != 0) (void)fprintf(stderr, "nav-gate ended with %d:\n%s", code, read_log());
  (void)nftw(h.home, remove_one, 8, FTW_DEPTH | FTW_PHYS);
  return code;
}

// ---- the core ----

static struct {
  pthread_t thread;
  bool runs;
  char path[PATH_SIZE];
  int listening, spare;
  atomic_int gate;  // its connection; -1: none
  atomic_bool ends;
} core = {.spare = -1, .gate = -1};

static void *serve_core(void *context) {
  (void)context;
  const struct relay_head alive = {.kind = RELAY_CORE};
  while (!core.ends) {
    struct pollfd file = {.fd = core.listening, .events = POLLIN};
    (void)poll(&file, 1, RELAY_ALIVE_MS / 4);
    int fd = relay_accept(core.listening, &core.spare);
    if (core.gate >= 0 && fd >= 0) (void)close(core.gate);
    if (fd >= 0) core.gate = fd;
    if (core.gate >= 0) (void)relay_send_one(core.gate, &alive, NULL);
  }
  return NULL;
}

void harness_bind_core(void) {
  struct nav_error err;
  (void)snprintf(core.path, sizeof core.path, "%s", in_home("run/gate.sock"));
  core.gate = -1;
  core.ends = false;
  core.listening = relay_listen(core.path, &err);
  assert_true(core.listening >= 0);
  assert_int_equal(pthread_create(&core.thread, NULL, serve_core, NULL), 0);
  core.runs = true;
}

void harness_end_core(void) {
  if (!core.runs) return;
  core.ends = true;
  assert_int_equal(pthread_join(core.thread, NULL), 0);
  core.runs = false;
  if (core.gate >= 0) (void)close(core.gate);
  (void)close(core.listening);
  if (core.spare >= 0) (void)close(core.spare);
  core.spare = -1;
  (void)unlink(core.path);
}

// False: nothing within that time.
static bool wait_for_gate(short events, int64_t until_ms) {
  for (;;) {
    int64_t left = until_ms - nav_clock_monotonic_ms();
    struct pollfd file = {.fd = core.gate, .events = events};
    // Not connected yet: looked at again soon.
    int ready = poll(&file, 1, left <= 0 ? 0 : file.fd < 0 ? 5 : (int)left);
    if (ready > 0 || left <= 0) return ready > 0;
  }
}

bool core_has_mail(int wait_ms) { return wait_for_gate(POLLIN, nav_clock_monotonic_ms() + wait_ms); }

bool core_receive_any(struct relayed *out, int wait_ms) {
  if (!core_has_mail(wait_ms)) {
    assert_true(core.gate >= 0);  // else it says nothing that nothing came
    return false;
  }
  static struct relay_reader reader;
  struct relay_frame frame;
  struct nav_error err;
  assert_int_equal(relay_receive(core.gate, &reader, &frame, &err), RELAY_DONE);
  assert_false(relay_has_more(&reader));  // the gate sends each by itself
  out->head = frame.head;
  out->length = frame.head.length;
  memcpy(out->data, frame.bytes, out->length);
  return true;
}

bool core_receive(struct relayed *out, int wait_ms) {
  int64_t until_ms = nav_clock_monotonic_ms() + wait_ms;
  do {
    int64_t left = until_ms - nav_clock_monotonic_ms();
    if (!core_receive_any(out, left > 0 ? (int)left : 0)) return false;
  } while (out->head.kind == RELAY_GATE);
  return true;
}

void core_send(const struct relay_head *head, const void *data, size_t length) {
  struct relay_frame frame = {*head, data};
  frame.head.length = (uint32_t)length;
  core_send_together(&frame, 1);
}

void core_send_together(const struct relay_frame *frames, size_t count) {
  for (size_t done = 0, sent; done < count; done += sent) {
    enum relay_result result = relay_send(core.gate, frames + done, count - done, &sent);
    assert_true(result == RELAY_DONE || result == RELAY_LATER);
    if (sent == 0) assert_true(wait_for_gate(POLLOUT, nav_clock_monotonic_ms() + WAIT_MS));
  }
}

// ---- the program ----

void harness_signal(int signal) { assert_int_equal(kill(h.pid, signal), 0); }

static int wait_for(pid_t pid) {
  int status = 0;
  int64_t until_ms = nav_clock_monotonic_ms() + 10000;
  while (waitpid(pid, &status, WNOHANG) == 0) {
    if (nav_clock_monotonic_ms() > until_ms) (void)kill(pid, SIGKILL);
    (void)usleep(5000);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int harness_wait(void) {
  pid_t pid = h.pid;
  h.pid = 0;
  return wait_for(pid);
}

int harness_run_second(void) { return wait_for(start_program()); }

size_t harness_memory(void) {
  char path[64];
  unsigned long total = 0, resident = 0;
  (void)snprintf(path, sizeof path, "/proc/%d/statm", (int)h.pid);
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%lu %lu", &total, &resident), 2);
  (void)fclose(file);
  return resident * (size_t)sysconf(_SC_PAGESIZE);
}

unsigned long harness_sleeps(void) {
  const char *name = "\nvoluntary_ctxt_switches:";  // proc(5): of the main thread alone
  char path[64], text[4096];
  (void)snprintf(path, sizeof path, "/proc/%d/status", (int)h.pid);
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  (void)fclose(file);
  const char *at = strstr(text, name);
  assert_non_null(at);
  return strtoul(at + strlen(name), NULL, 10);
}

bool harness_logged(const char *text) {
  int64_t until_ms = nav_clock_monotonic_ms() + WAIT_MS;
  while (nav_clock_monotonic_ms() < until_ms) {
    if (strstr(read_log(), text) != NULL) return true;
    (void)usleep(5000);
  }
  return strstr(read_log(), text) != NULL;
}

int harness_count_logged(const char *text) {
  int count = 0;
  for (const char *at = read_log(); (at = strstr(at, text)) != NULL; at++) count++;
  return count;
}

static void *client_socket(int party, const char *routing) {
  const int never = -1, large = 100000;
  void *client = new_socket(ZMQ_DEALER);
  (void)zmq_setsockopt(client, ZMQ_RECONNECT_IVL, &never, sizeof never);
  (void)zmq_setsockopt(client, ZMQ_SNDHWM, &large, sizeof large);
  if (routing != NULL) (void)zmq_setsockopt(client, ZMQ_ROUTING_ID, routing, strlen(routing));
  (void)zmq_setsockopt(client, ZMQ_CURVE_SERVERKEY, h.hub.public_key, 32);
  (void)zmq_setsockopt(client, ZMQ_CURVE_PUBLICKEY, h.parties[party].public_key, 32);
  (void)zmq_setsockopt(client, ZMQ_CURVE_SECRETKEY, h.parties[party].secret_key, 32);
  return client;
}

void *client_new(int party, const char *routing) {
  void *client = client_socket(party, routing);
  assert_int_equal(zmq_connect(client, h.endpoint), 0);
  return client;
}

void *client_new_plain(void) {
  void *client = new_socket(ZMQ_DEALER);
  assert_int_equal(zmq_connect(client, h.endpoint), 0);
  return client;
}

void client_close(void *client) { close_socket(client); }

void client_send(void *client, const void *data, size_t length) {
  assert_int_equal(zmq_send(client, data, length, 0), (int)length);
}

void client_send_kind(void *client, enum wire_kind kind, const char *rest) {
  uint8_t frame[256];
  frame[0] = (uint8_t)kind;
  memcpy(frame + 1, rest, strlen(rest));
  client_send(client, frame, 1 + strlen(rest));
}

int client_receive(void *client, uint8_t *data, size_t size, int wait_ms) {
  zmq_pollitem_t item = {.socket = client, .events = ZMQ_POLLIN};
  if (zmq_poll(&item, 1, wait_ms) <= 0) return -1;
  return zmq_recv(client, data, size, 0);
}

int client_refused(void *client) {
  uint8_t data[1024];
  struct nav_error err = {0};
  int length = client_receive(client, data, sizeof data, WAIT_MS);
  if (length < 1 || data[0] != WIRE_REFUSED) return -1;
  wire_refused_read(data, (size_t)length, &err);
  return err.code;
}

int client_handshake(int party, int wait_ms) {
  void *client = client_socket(party, NULL);
  void *monitor = new_socket(ZMQ_PAIR);
  const int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                     ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;
  // A new name each time: a closed socket gives its own back only later.
  static unsigned count = 0;
  char name[64];
  (void)snprintf(name, sizeof name, "inproc://handshake-%u", count++);
  assert_int_equal(zmq_socket_monitor(client, name, events), 0);
  assert_int_equal(zmq_connect(monitor, name), 0);
  assert_int_equal(zmq_connect(client, h.endpoint), 0);
  uint8_t event[6] = {0};
  uint16_t which = 0;
  if (client_receive(monitor, event, sizeof event, wait_ms) > 0) memcpy(&which, event, sizeof which);
  (void)zmq_socket_monitor(client, NULL, 0);
  close_socket(monitor);
  close_socket(client);
  return which;
}

struct relay_head begin(void *client, int party) {
  static struct relayed got;
  client_send_kind(client, WIRE_HELLO, "hello");
  assert_true(core_receive(&got, WAIT_MS));
  assert_int_equal(got.head.kind, RELAY_FRAME);
  assert_string_equal(got.head.agency, party_names[party]);
  assert_int_equal(got.length, 6);
  assert_int_equal(got.data[0], WIRE_HELLO);
  return got.head;
}
