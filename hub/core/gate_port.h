// The socket to which nav-gate connects: one connection, the newest, and what waits to leave on it.
// Called by: sessions. Must never: look into a frame, or let one that was put leave while nothing may be
// said.
#ifndef NAV_CORE_GATE_PORT_H
#define NAV_CORE_GATE_PORT_H

#include <poll.h>

#include "hub/wire/relay_socket.h"

enum {
  GATE_PORT_FILES = 3,
  GATE_PORT_SILENT_MS = 5000,  // a gate that is listened to and says nothing for so long has gone
  GATE_PORT_QUEUE_MAX = 2048,  // frames waiting for the gate
};

struct gate_port;

struct gate_port_handlers {
  void *context;
  // Asked before each message that leaves, and before any is read. False: it waits. Only that nav-core lives,
  // and gate_port_send_now, go out all the same.
  bool (*may_send)(void *context);
  // The gate has gone or another has come: all sessions end. What waited for it is dropped.
  void (*lost)(void *context);
};

// Listens; path must outlive it. NULL: *err.
struct gate_port *gate_port_open(const char *path, const struct gate_port_handlers *handlers,
                                 struct nav_error *err);
void gate_port_close(struct gate_port *port);  // takes NULL

// What to wait for, GATE_PORT_FILES of them. reads: frames are wanted.
void gate_port_poll_fill(struct gate_port *port, struct pollfd *files, bool reads);
// After the wait: takes a new connection once it says something, notes one that ended or has been silent for
// seconds, and says that nav-core lives.
void gate_port_step(struct gate_port *port, const struct pollfd *files);
// In a place of gate_port_step where nothing else may be done: only says that nav-core lives.
void gate_port_say_alive(struct gate_port *port);
// Whether a gate is connected.
bool gate_port_lives(const struct gate_port *port);

// The next frame; its bytes live until the next call. False: nothing has come, or nothing may be read.
bool gate_port_receive(struct gate_port *port, struct relay_frame *frame);
// The frame waits for gate_port_flush or for some others, and leaves with them, so that the gate wakes once
// for all; without a gate it is dropped. Its head->length bytes, from malloc, are the port's now, whatever
// comes of them. False: too many wait.
NAV_MUST_USE bool gate_port_put(struct gate_port *port, const struct relay_head *head, uint8_t *bytes);
// What the gate does not take now waits on.
void gate_port_flush(struct gate_port *port);
// Sends ahead of what waits, and whether it may be said or not. False: the gate takes nothing now.
NAV_MUST_USE bool gate_port_send_now(struct gate_port *port, const struct relay_head *head,
                                     const uint8_t *bytes);
void gate_port_drop_waiting(struct gate_port *port);
// Ends the connection: the gate then ends all its sessions. The `lost` handler is not called.
void gate_port_hang_up(struct gate_port *port);
// Whether more may be put now: false where nothing may be said, or what waits was not taken when last tried.
bool gate_port_has_room(const struct gate_port *port);

#endif
