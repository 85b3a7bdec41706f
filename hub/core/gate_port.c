// See gate_port.h.
#include "hub/core/gate_port.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub/base/clock.h"
#include "hub/base/log.h"

enum { TOLD_AGAIN_MS = 60000 };

struct gate_port {
  const char *path;
  int listening, spare;  // spare: unix_socket_accept
  int fd;                // of the gate; -1: none
  int candidate;         // a connection that has said nothing yet; -1: none
  struct gate_port_handlers handlers;
  struct relay_frame queue[GATE_PORT_QUEUE_MAX];  // a ring; their bytes are its own
  size_t queue_first, queue_count;
  bool refused;   // what waits was not taken when it was last tried
  bool reads;     // frames are wanted, and something may be said
  bool readable;  // something may have come
  int64_t heard_ms, said_ms;
  struct relay_reader reader;
  struct nav_error told;  // what was wrong with a gate, as last logged
  int64_t told_ms;        // 0: never
};

static void end_candidate(struct gate_port *port) {
  if (port->candidate >= 0) (void)close(port->candidate);
  port->candidate = -1;
}

struct gate_port *gate_port_open(const char *path, const struct gate_port_handlers *handlers,
                                 struct nav_error *err) {
  struct gate_port *port = calloc(1, sizeof *port);
  if (port == NULL) {
    (void)nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
    return NULL;
  }
  port->path = path;
  port->handlers = *handlers;
  port->fd = port->candidate = port->spare = -1;
  port->listening = relay_listen(path, err);
  if (port->listening >= 0) return port;
  free(port);
  return NULL;
}

void gate_port_close(struct gate_port *port) {
  if (port == NULL) return;
  gate_port_hang_up(port);
  end_candidate(port);
  (void)close(port->listening);
  if (port->spare >= 0) (void)close(port->spare);
  (void)unlink(port->path);
  free(port);
}

// ---- what waits ----

static void drop_first(struct gate_port *port) {
  free((void *)(uintptr_t)port->queue[port->queue_first].bytes);
  port->queue_first = (port->queue_first + 1) % GATE_PORT_QUEUE_MAX;
  port->queue_count--;
}

void gate_port_drop_waiting(struct gate_port *port) {
  while (port->queue_count > 0) drop_first(port);
  port->refused = false;
}

static bool may_send(const struct gate_port *port) { return port->handlers.may_send(port->handlers.context); }

bool gate_port_has_room(const struct gate_port *port) { return !port->refused && may_send(port); }

// ---- the connection ----

void gate_port_hang_up(struct gate_port *port) {
  gate_port_drop_waiting(port);
  if (port->fd >= 0) (void)close(port->fd);
  port->fd = -1;
  port->readable = false;
  port->reader.at = port->reader.length = 0;
}

static void end_gate(struct gate_port *port) {
  gate_port_hang_up(port);
  port->handlers.lost(port->handlers.context);
}

static void lose(struct gate_port *port, const char *why) {
  nav_log(NAV_LOG_INFO, "%s; its clients begin anew", why);
  end_gate(port);
}

// What it sent no sound gate sends, and a frame may be missing in some session. A gate of another version
// comes back ten times a second: it is told of once a minute.
static void refuse_gate(struct gate_port *port, const struct nav_error *err) {
  int64_t now_ms = nav_clock_monotonic_ms();
  bool known = port->told_ms != 0 && now_ms - port->told_ms < TOLD_AGAIN_MS;
  if (!known || strcmp(port->told.text, err->text) != 0) {
    nav_log_failure(NAV_LOG_ERROR, "nav-gate is hung up on", err);
    port->told = *err;
    port->told_ms = now_ms;
  }
  end_gate(port);
}

// A message of no session; where the gate takes nothing it has enough to read.
static void say_alive(struct gate_port *port, int64_t now_ms) {
  const struct relay_head head = {.kind = RELAY_CORE};
  port->said_ms = now_ms;
  (void)relay_send_one(port->fd, &head, NULL);
}

// Whoever only looks whether somebody listens here takes no gate's place.
static void take_candidate(struct gate_port *port) {
  if (port->fd >= 0) lose(port, "another nav-gate has connected");
  port->fd = port->candidate;
  port->candidate = -1;
  port->heard_ms = nav_clock_monotonic_ms();
  port->readable = true;
  say_alive(port, port->heard_ms);
}

void gate_port_poll_fill(struct gate_port *port, struct pollfd *files, bool reads) {
  bool speaks = may_send(port);
  port->reads = reads && speaks;
  files[0] = (struct pollfd){.fd = port->listening, .events = POLLIN};
  files[1] = (struct pollfd){.fd = port->candidate, .events = POLLIN};
  files[2] = (struct pollfd){.fd = port->fd, .events = port->reads ? POLLIN : 0};
  if (port->refused && speaks) files[2].events |= POLLOUT;
}

static void step_gate(struct gate_port *port, short revents) {
  bool gone = (revents & (POLLHUP | POLLERR)) != 0;
  // What it said before it went is read first.
  if ((revents & POLLIN) != 0 || (gone && port->reads)) port->readable = true;
  if (gone && !port->reads) lose(port, "nav-gate is gone");
}

static bool is_silent(const struct gate_port *port, int64_t now_ms) {
  return port->fd >= 0 && now_ms - port->heard_ms >= GATE_PORT_SILENT_MS;
}

void gate_port_step(struct gate_port *port, const struct pollfd *files) {
  int64_t now_ms = nav_clock_monotonic_ms();
  step_gate(port, files[2].revents);
  if ((files[1].revents & (POLLHUP | POLLERR)) != 0) {
    end_candidate(port);
  } else if (files[1].revents != 0) {
    take_candidate(port);
  }
  if (files[0].revents != 0) {
    end_candidate(port);
    port->candidate = relay_accept(port->listening, &port->spare);
  }
  if (!port->reads) port->heard_ms = now_ms;           // who is not listened to is not silent
  if (is_silent(port, now_ms)) port->readable = true;  // nav-core itself may have stood still: see what came
  gate_port_say_alive(port);
}

void gate_port_say_alive(struct gate_port *port) {
  int64_t now_ms = nav_clock_monotonic_ms();
  if (port->fd >= 0 && now_ms - port->said_ms >= RELAY_ALIVE_MS) say_alive(port, now_ms);
}

bool gate_port_lives(const struct gate_port *port) { return port->fd >= 0; }

// ---- receiving ----

bool gate_port_receive(struct gate_port *port, struct relay_frame *frame) {
  struct nav_error err;
  if (!port->readable || !may_send(port)) return false;
  switch (relay_receive(port->fd, &port->reader, frame, &err)) {
    case RELAY_DONE:
      port->heard_ms = nav_clock_monotonic_ms();
      if (!relay_has_more(&port->reader)) return true;
      (void)nav_fail(&err, NAV_ERROR_PEER, 0, "relay", "several frames in one message");
      refuse_gate(port, &err);
      break;
    case RELAY_LATER:
      port->readable = false;
      if (is_silent(port, nav_clock_monotonic_ms())) lose(port, "nav-gate has fallen silent");
      break;
    case RELAY_ENDED:
      lose(port, "nav-gate is gone");
      break;
    case RELAY_MALFORMED:
      refuse_gate(port, &err);
      break;
  }
  return false;
}

// ---- sending ----

bool gate_port_send_now(struct gate_port *port, const struct relay_head *head, const uint8_t *bytes) {
  return port->fd >= 0 && relay_send_one(port->fd, head, bytes) == RELAY_DONE;
}

void gate_port_flush(struct gate_port *port) {
  while (port->queue_count > 0) {
    size_t to_end = GATE_PORT_QUEUE_MAX - port->queue_first, sent = 0;
    // Where the gate has gone, the next wait tells: sessions end there, not in the midst of what is sent to
    // them.
    port->refused = !may_send(port) ||
                    relay_send(port->fd, &port->queue[port->queue_first],
                               port->queue_count < to_end ? port->queue_count : to_end, &sent) != RELAY_DONE;
    if (port->refused) return;
    while (sent-- > 0) drop_first(port);
  }
}

bool gate_port_put(struct gate_port *port, const struct relay_head *head, uint8_t *bytes) {
  if (port->fd < 0 || port->queue_count == GATE_PORT_QUEUE_MAX) {
    free(bytes);
    return port->fd < 0;  // nobody is there to want it
  }
  port->queue[(port->queue_first + port->queue_count) % GATE_PORT_QUEUE_MAX] =
      (struct relay_frame){*head, bytes};
  port->queue_count++;
  if (port->queue_count >= RELAY_TOGETHER_MAX && !port->refused) gate_port_flush(port);
  return true;
}
