// See gate.h: the loop, and what happens once a second.
#include "hub/gate/gate.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "hub/base/buffer.h"
#include "hub/base/clock.h"
#include "hub/base/log.h"
#include "hub/wire/session.h"

enum {
  TICK_MS = 1000,
  HOARD_CHECK_MS = 25,
  FLUSH_MS = 2,  // while something waits in an outbox
  LOG_LINES_A_MINUTE = 20,
  MINUTE_MS = 60000,
};

void gate_log_limited(struct gate *gate, const char *format, ...) {
  int64_t now_ms = nav_clock_monotonic_ms();
  if (now_ms - gate->log_ms >= MINUTE_MS) {
    gate->log_ms = now_ms;
    gate->log_lines = LOG_LINES_A_MINUTE;
  }
  if (gate->log_lines == 0) return;
  gate->log_lines--;
  char text[512];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  nav_log(NAV_LOG_WARNING, "%s%s", text, gate->log_lines == 0 ? " (no more such lines this minute)" : "");
}

static void session_gone(void *context, uint64_t number) {
  struct gate *gate = context;
  struct session *session = sessions_by_number(gate->sessions, number);
  if (session != NULL) gate_end_session(gate, session, true);
}

// Before anything is sent or read, so that ended sessions get nothing.
static void note_connections(struct gate *gate) {
  connections_read(gate->connections, nav_clock_monotonic_ms(), session_gone, gate);
  // Connections without a session do not count: whoever opens many of them keeps nobody out.
  zap_set_full(gate->zap, sessions_live(gate->sessions) >= gate->nav->connections_max);
}

static void end_all_sessions(struct gate *gate, bool core_must_know) {
  for (uint32_t i = 0; i < sessions_max(gate->sessions); i++) {
    struct session *session = sessions_at(gate->sessions, i);
    if (session == NULL) continue;
    gate_send_reset(gate, session->routing, session->routing_length);
    gate_end_session(gate, session, core_must_know);
  }
}

// Who did not run for so long (stopped, or on a machine that slept) does not know whether another node serves
// by now, and what its core said before is old.
static void note_sleep(struct gate *gate) {
  int64_t now_ms = nav_clock_boot_ms(), slept_ms = gate->turn_ms == 0 ? 0 : now_ms - gate->turn_ms;
  int silent_ms = gate_silent_ms(gate->nav);
  gate->turn_ms = now_ms;
  if (silent_ms == 0 || slept_ms < silent_ms) return;
  nav_log(NAV_LOG_WARNING,
          "this gate did not run for %.1f s; %u sessions end, another node may serve them by now",
          (double)slept_ms / 1000, sessions_live(gate->sessions));
  end_all_sessions(gate, true);
}

// The core went away: its sessions went with it. Clients are told at once, and start anew when there is a
// core again.
static void note_core(struct gate *gate) {
  if (corelink_lost(gate->core)) {
    nav_log(NAV_LOG_WARNING, "nav-core is gone; %u sessions end, and nothing is read until it is back",
            sessions_live(gate->sessions));
    end_all_sessions(gate, false);
  }
  bool connected = corelink_connected(gate->core);
  if (connected && !gate->had_core) nav_log(NAV_LOG_INFO, "connected to nav-core");
  gate->had_core = connected;
}

static void report_refused(struct gate *gate, const char *agency, int code, uint32_t *count) {
  if (*count == 0) return;
  uint8_t bytes[8];
  nav_put_u32(bytes, (uint32_t)code);
  nav_put_u32(bytes + 4, *count);
  struct relay_head head = {.kind = RELAY_REFUSED};
  memcpy(head.agency, agency, strlen(agency) + 1);
  zmq_msg_t message;
  if (zmq_msg_init_size(&message, sizeof bytes) != 0) return;
  memcpy(zmq_msg_data(&message), bytes, sizeof bytes);
  if (!corelink_send(gate->core, &head, &message)) {
    (void)zmq_msg_close(&message);
    return;  // told in a later second, with what comes until then
  }
  const ProtobufCEnumValue *name = protobuf_c_enum_descriptor_get_value(&nav__v1__code__descriptor, code);
  if (agency[0] == '\0') {
    gate_log_limited(gate, "refused %u connections: their CURVE key is nobody's", *count);
  } else {
    gate_log_limited(gate, "refused %u frames of %s: %s", *count, agency, name != NULL ? name->name : "?");
  }
  *count = 0;
}

static void report_all_refused(struct gate *gate) {
  gate->unknown_keys += zap_take_refused(gate->zap);
  report_refused(gate, "", NAV__V1__CODE__CODE_UNKNOWN_KEY, &gate->unknown_keys);
  for (size_t i = 0; i < gate->quota->count; i++) {
    struct quota_agency *agency = &gate->quota->agencies[i];
    for (int code = 1; code < QUOTA_CODES; code++) {
      report_refused(gate, agency->agency, code, &agency->refused[code]);
    }
  }
}

static void tick(struct gate *gate, int64_t now_ms) {
  if (now_ms - gate->tick_ms < TICK_MS) return;
  gate->tick_ms = now_ms;
  if (!zap_alive(gate->zap)) {
    nav_log(NAV_LOG_ERROR, "the ZAP handler no longer answers; stopping, so that nobody is let in unasked");
    abort();
  }
  struct relay_head head = {.kind = RELAY_GATE};
  (void)!corelink_send(gate->core, &head, NULL);  // the next second says it again
  report_all_refused(gate);
  uint32_t cut = connections_cut_idle(gate->connections, now_ms);
  if (cut > 0) gate_log_limited(gate, "cut %u connections that began no session", cut);
  uint32_t crowded = connections_take_crowded(gate->connections);
  if (crowded > 0) gate_log_limited(gate, "cut %u connections of addresses that have too many", crowded);
  uint32_t displaced = connections_take_displaced(gate->connections);
  if (displaced > 0) gate_log_limited(gate, "cut %u connections without a session, for new ones", displaced);
}

static void check_hoarding(struct gate *gate, int64_t now_ms) {
  if (now_ms - gate->hoard_ms < HOARD_CHECK_MS) return;
  gate->hoard_ms = now_ms;
  uint32_t cut = connections_cut_hoarding(gate->connections, now_ms);
  if (cut > 0) gate_log_limited(gate, "cut %u connections that sent a message without end", cut);
}

static int64_t wait_ms(struct gate *gate) {
  int64_t most = connections_open(gate->connections) > 0 ? HOARD_CHECK_MS : TICK_MS / 4;
  if (sessions_queued(gate->sessions) > 0) most = FLUSH_MS;
  int core = corelink_step(gate->core, nav_clock_monotonic_ms());
  return core >= 0 && core < most ? core : most;
}

static bool wait_for_something(struct gate *gate, int signal_fd, bool *signalled) {
  enum { DOOR = 1, ALL };
  struct news *const news[ALL] = {connections_news(gate->connections), [DOOR] = &gate->door_news};
  int64_t most_ms = wait_ms(gate);
  struct pollfd files[] = {{.fd = signal_fd, .events = POLLIN}, corelink_poll(gate->core)};
  // A parked message closes the public socket's tap: what it has is neither read nor waited for.
  if (!news_wait(news, gate->has_parked ? DOOR : ALL, files, sizeof files / sizeof *files, most_ms)) {
    nav_log(NAV_LOG_ERROR, "cannot wait for messages: %s", strerror(errno));
    return false;
  }
  *signalled = (files[0].revents & POLLIN) != 0;
  corelink_polled(gate->core, files[1].revents);
  return true;
}

// True: to stop.
static bool handle_signal(struct gate *gate, int signal_fd) {
  struct signalfd_siginfo info;
  if (read(signal_fd, &info, sizeof info) != (ssize_t)sizeof info) return false;
  if (info.ssi_signo == SIGHUP) {
    gate_reload(gate);
    return false;
  }
  nav_log(NAV_LOG_INFO, "stopping (%s)", info.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
  return true;
}

int gate_run(struct gate *gate, int signal_fd) {
  for (;;) {
    bool signalled = false;
    if (!wait_for_something(gate, signal_fd, &signalled)) return 1;
    if (signalled && handle_signal(gate, signal_fd)) return 0;
    int64_t now_ms = nav_clock_monotonic_ms();
    note_sleep(gate);
    note_connections(gate);
    gate_from_core(gate);
    note_core(gate);
    gate_from_clients(gate);
    gate_flush_outboxes(gate);
    gate_tell_ended(gate);  // of what ended just now
    check_hoarding(gate, now_ms);
    tick(gate, now_ms);
  }
}
