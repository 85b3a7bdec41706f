// See loop.h.
#include "adapters/engine/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/engine/alarm.h"
#include "adapters/engine/edge.h"
#include "adapters/engine/inbox.h"
#include "adapters/engine/input.h"
#include "adapters/engine/memory_file.h"
#include "adapters/engine/notices.h"
#include "adapters/engine/outbox.h"
#include "adapters/engine/poster.h"
#include "adapters/engine/report.h"
#include "hub/base/clock.h"
#include "hub/base/log.h"

enum { LAST_STEPS = 3, LAST_STEP_MS = 50, RULES_TOLD_MS = 5000, WAIT_TOLD_MS = 2000 };

struct loop {
  const struct nav_mapping *mapping;
  const struct engine_settings *settings;
  const struct options *options;
  struct summary *summary;
  struct keys_agency keys;
  struct state *state;
  struct inbox *inbox;
  struct notices *notices;
  struct outbox *outbox;
  struct edge *edge;
  struct poster *poster;
  struct nav_client *client;
  struct alarm alarm;
  struct nav_mapping_run *run;
  struct report report;
  char turned_away[NAV_ERROR_TEXT_SIZE];  // why the hub takes no session of ours, as last logged
  const char *connected_to;               // the node, when it was: the client goes on to the next at once
  size_t replays_asked;                   // purposes, in this session
  int64_t connected_ms;                   // monotonic: last seen connected, or the start
  int64_t waits_from_ms;                  // since when the hub tells us to wait (monotonic); 0: it does not
  int64_t durable_told_ms;                // when a fault of the inbox was last logged
  bool ends;                              // --once or standard input
  bool unreachable;
  bool connected;  // as last told
  bool wait_told;
  bool replays_wanted;  // by --replay-since or --replay-after; not yet all here
  bool send_failed;     // a mapping goes on emitting after this; *error is why
  struct nav_error error;
};

static volatile sig_atomic_t stop_asked = 0;

static void on_signal(int number) {
  (void)number;
  stop_asked = 1;
}

static void watch_signals(void) {
  struct sigaction action = {.sa_handler = on_signal};
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  stop_asked = 0;
  (void)sigaction(SIGINT, &action, NULL);
  (void)sigaction(SIGTERM, &action, NULL);
  (void)sigaction(SIGPIPE, &ignore, NULL);
}

// The client's callbacks.

static void on_receipt(void *context, uint64_t token, const Nav__V1__EventReceipt *receipt) {
  struct loop *loop = context;
  poster_receipt(loop->poster, token, receipt);
}

// A fault of the inbox (a full disk) is told once a minute; the hub sends again.
static bool told(struct loop *loop, bool ok) {
  int64_t now_ms = nav_clock_monotonic_ms();
  if (!ok && (loop->durable_told_ms == 0 || now_ms - loop->durable_told_ms > 60000)) {
    nav_log_failure(NAV_LOG_ERROR, "the inbox cannot take a delivery", inbox_error(loop->inbox));
    loop->durable_told_ms = now_ms;
  }
  return ok;
}

static bool on_delivery(void *context, const char *purpose, const uint8_t *log_id,
                        const Nav__V1__Delivery *delivery, const Nav__V1__VerdictInfo *verdict,
                        const Nav__V1__Event *event) {
  struct loop *loop = context;
  return told(loop, inbox_delivery(loop->inbox, purpose, log_id, delivery, verdict, event));
}

static bool on_durable(void *context) {
  struct loop *loop = context;
  return told(loop, inbox_durable(loop->inbox));
}

static bool on_resume(void *context, const char *purpose, uint8_t *log_id, uint64_t *position) {
  struct loop *loop = context;
  return inbox_resume(loop->inbox, purpose, log_id, position);
}

// A notice that cannot be written is told in the log: what it is about stands in the hub's queue.
static void on_notice(void *context, const Nav__V1__Notice *notice) {
  struct loop *loop = context;
  struct nav_error err = {0};
  if (!notices_write(loop->notices, notice, &err)) nav_log_failure(NAV_LOG_WARNING, "a notice", &err);
}

static void on_set_aside(void *context, const char *purpose, uint64_t position) {
  (void)context;
  nav_log(NAV_LOG_WARNING,
          "position %llu of %s could not be read and is set aside; the hub's operator can have it delivered "
          "again (navctl lane redeliver)",
          (unsigned long long)position, purpose);
}

static void on_rules(void *context, const Nav__V1__RulesBundle *bundle) {
  struct loop *loop = context;
  edge_take_rules(loop->edge, bundle);
}

static bool on_rules_hash(void *context, uint8_t hash[NAV_SHA256_SIZE]) {
  const struct loop *loop = context;
  return edge_rules_hash(loop->edge, hash);
}

static bool on_checkpoint(void *context, const Nav__V1__Checkpoint *checkpoint, struct nav_error *err) {
  struct loop *loop = context;
  return alarm_checkpoint(&loop->alarm, checkpoint, err);
}

static bool on_cosign(void *context, uint64_t *size, char line[COSIGNATURE_LINE_SIZE]) {
  const struct loop *loop = context;
  return loop->keys.has_witness && alarm_cosign(&loop->alarm, loop->settings->agency, &loop->keys.witness,
                                                (uint64_t)nav_clock_now_ms() / 1000, size, line);
}

static const char *on_witnessed(void *context) {
  struct loop *loop = context;
  return alarm_session_begins(&loop->alarm);
}

// The mapping's results.

static void on_event(void *context, const char *source_id, const Nav__V1__Event *event) {
  struct loop *loop = context;
  if (loop->send_failed) return;
  loop->send_failed = !poster_send(loop->poster, source_id, event, &loop->error);
}

static void on_skip(void *context, const char *place, const char *reason) {
  struct loop *loop = context;
  loop->summary->skipped++;
  report_line(&loop->report, "skipped", place, reason);
}

static void on_note(void *context, const char *place, const char *text) {
  struct loop *loop = context;
  report_line(&loop->report, "note", place, text);
}

static void tell_turned_away(struct loop *loop) {
  const struct nav_error *why = nav_client_turned_away(loop->client);
  if (why == NULL || strcmp(why->text, loop->turned_away) == 0) return;
  (void)snprintf(loop->turned_away, sizeof loop->turned_away, "%s", why->text);
  nav_log_failure(NAV_LOG_WARNING, "it is tried again", why);
}

static void tell_connection(struct loop *loop) {
  bool connected = nav_client_connected(loop->client);
  tell_turned_away(loop);
  if (connected) loop->connected_ms = nav_clock_monotonic_ms();
  if (connected == loop->connected) return;
  loop->connected = connected;
  if (connected) loop->connected_to = nav_client_endpoint(loop->client);
  nav_log(NAV_LOG_INFO, connected ? "connected to %s" : "the hub at %s is away", loop->connected_to);
}

// Once a run, until all of it is here. What is left of a replay when its session ends comes no more, so that
// it is asked for anew in the next.
static void ask_replays(struct loop *loop) {
  const struct options *options = loop->options;
  struct nav_error err;
  if (!loop->replays_wanted) return;
  if (!loop->connected) loop->replays_asked = 0;
  size_t count = loop->settings->purposes_count;
  if (loop->replays_asked == count) loop->replays_wanted = !nav_client_caught_up(loop->client);
  while (loop->connected && loop->replays_asked < count &&
         nav_client_replay(loop->client, loop->settings->purposes[loop->replays_asked], options->replay_after,
                           options->replay_since_ms, &err))
    loop->replays_asked++;
}

// What a busy hub says now and then is no news; what lasts is, once, and that it is over.
static void tell_wait(struct loop *loop) {
  struct nav_client_wait wait;
  bool waits = nav_client_waits(loop->client, &wait);
  int64_t now_ms = nav_clock_monotonic_ms();
  if (waits && loop->waits_from_ms == 0) loop->waits_from_ms = now_ms;
  if (!waits) loop->waits_from_ms = 0;
  bool lasts = waits && loop->connected && now_ms - loop->waits_from_ms >= WAIT_TOLD_MS;
  if (lasts && !loop->wait_told)
    nav_log(NAV_LOG_WARNING, "the hub at %s tells us to wait (%s); what is to be sent is kept",
            nav_client_endpoint(loop->client), wait.why);
  if (!waits && loop->wait_told) nav_log(NAV_LOG_INFO, "the hub takes what is sent again");
  loop->wait_told = waits && (loop->wait_told || lasts);
}

// The hub's nodes as a person reads them; those that there is no room for are counted.
static void name_nodes(const struct engine_settings *settings, char out[NAV_ERROR_PLACE_SIZE]) {
  enum { REST = sizeof " and 8 more" };
  size_t used = 0;
  for (size_t i = 0; i < settings->nodes_count; i++) {
    const char *endpoint = settings->nodes[i].endpoint;
    if (i > 0 && used + strlen(endpoint) + 2 + REST > NAV_ERROR_PLACE_SIZE) {
      (void)snprintf(out + used, NAV_ERROR_PLACE_SIZE - used, " and %zu more", settings->nodes_count - i);
      return;
    }
    used += (size_t)snprintf(out + used, NAV_ERROR_PLACE_SIZE - used, "%s%s", i > 0 ? ", " : "", endpoint);
    if (used > NAV_ERROR_PLACE_SIZE - REST) return;  // the first alone fills it
  }
}

// Who ends by himself waits for a hub that is away, or takes nothing, no longer than the limit.
static bool waits_too_long(struct loop *loop, struct nav_error *err) {
  enum { SECONDS = LOOP_UNREACHABLE_MS / 1000 };
  int64_t now_ms = nav_clock_monotonic_ms();
  bool away = now_ms - loop->connected_ms > LOOP_UNREACHABLE_MS;
  struct nav_client_wait wait;
  bool waits = nav_client_waits(loop->client, &wait) && loop->waits_from_ms != 0 &&
               now_ms - loop->waits_from_ms > LOOP_UNREACHABLE_MS;
  loop->unreachable = loop->ends && (away || waits);
  if (!loop->unreachable) return false;
  const struct nav_error *refused = nav_client_turned_away(loop->client);
  if (away && refused != NULL) {
    (void)nav_fail(err, NAV_ERROR_RETRY, refused->code, refused->place,
                   "%.200s; for %d seconds; what was not sent is kept", refused->text, SECONDS);
  } else if (away) {
    char nodes[NAV_ERROR_PLACE_SIZE] = "";
    name_nodes(loop->settings, nodes);
    (void)nav_fail(err, NAV_ERROR_RETRY, 0, nodes,
                   "the hub was not reached for %d seconds; what was not sent is kept", SECONDS);
  } else {
    (void)nav_fail(err, NAV_ERROR_RETRY, (int)wait.code, nav_client_endpoint(loop->client),
                   "the hub told us to wait for %d seconds (%s); what was not sent is kept", SECONDS,
                   wait.why);
  }
  return true;
}

// One step of everything that is not the mapping. False ends the run.
static bool tick(void *context, int wait_ms, struct nav_error *err) {
  struct loop *loop = context;
  if (stop_asked) return nav_fail(err, NAV_ERROR_RETRY, 0, "", "stopped by a signal");
  if (!nav_client_step(loop->client, wait_ms, err) || !poster_resend(loop->poster, err)) return false;
  tell_connection(loop);
  tell_wait(loop);
  ask_replays(loop);
  return !waits_too_long(loop, err);
}

// Nothing leaves before there are rules to decide by.
static bool wait_for_rules(struct loop *loop, struct nav_error *err) {
  int64_t begun_ms = nav_clock_monotonic_ms();
  bool told = false;
  while (!edge_has_rules(loop->edge)) {
    int64_t waited_ms = nav_clock_monotonic_ms() - begun_ms;
    if (!told && waited_ms > RULES_TOLD_MS)
      nav_log(NAV_LOG_WARNING, "waiting for the hub's rules; nothing is sent");
    told = told || waited_ms > RULES_TOLD_MS;
    if (loop->ends && loop->connected && waited_ms > LOOP_UNREACHABLE_MS) {
      loop->unreachable = true;
      return nav_fail(err, NAV_ERROR_RETRY, 0, nav_client_endpoint(loop->client),
                      "the hub sent no rules in %d seconds; nothing was sent, all is kept",
                      LOOP_UNREACHABLE_MS / 1000);
    }
    if (!tick(loop, LOOP_WAIT_MS, err)) return false;
  }
  return true;
}

static void tell_edge(const struct loop *loop, const struct summary *before) {
  const struct summary *now = loop->summary;
  report_edge(&loop->report, now->stayed_home - before->stayed_home, now->sealed - before->sealed,
              now->stripped - before->stripped);
}

// Maps one file's bytes and waits until everything of it has its receipt, on disk. *read: false where the
// file itself could not be read (*err says why, and what it had emitted before is settled all the same).
// False: the run ends.
static bool map_input(struct loop *loop, const char *name, struct input *input, bool *read,
                      struct nav_error *why, struct nav_error *err) {
  const struct summary before = *loop->summary;
  if (!wait_for_rules(loop, err)) return false;
  report_begin(&loop->report, name);
  poster_set_file(loop->poster, name);
  run_set_now(loop->run, loop->options->has_now ? loop->options->now_ms : nav_clock_now_ms());
  if (input->cut) on_skip(loop, "", why->text);
  *read = loop->mapping->map(loop->run, name, input->bytes, input->length, why);
  report_end(&loop->report);
  tell_edge(loop, &before);
  if (loop->send_failed) {
    *err = loop->error;
    return false;
  }
  return poster_settle(loop->poster, err) &&
         (!*read || memory_file_save(loop->settings->state, loop->run, err));
}

static bool set_aside(struct loop *loop, const char *name, const struct nav_error *why,
                      const struct stat *status, struct nav_error *err) {
  report_failure("failed", why);
  loop->summary->failed++;
  if (why->class == NAV_ERROR_PEER) return outbox_failed(loop->outbox, name, why, err);
  outbox_leave(loop->outbox, name, status);  // not the file's fault: its rights, or our memory
  return true;
}

static bool process_file(struct loop *loop, const char *name, struct nav_error *err) {
  char path[PATH_MAX];
  struct stat status;
  struct input input;
  struct nav_error why = {0};
  bool read = false;
  if (!outbox_path(loop->outbox, name, path, &status, &why)) return true;  // taken away again
  if (!input_read(&input, path, &why)) return set_aside(loop, name, &why, &status, err);
  bool ok = map_input(loop, name, &input, &read, &why, err);
  input_free(&input);
  if (!ok) return false;
  if (!read) return set_aside(loop, name, &why, &status, err);
  bool changed = false;
  if (!outbox_done(loop->outbox, name, &status, &changed, err)) return false;
  if (!changed) loop->summary->files++;
  return true;
}

static bool process_standard_input(struct loop *loop, struct nav_error *err) {
  struct input input;
  struct nav_error why = {0};
  bool read = false;
  if (!input_read(&input, "-", err)) return false;
  bool ok = map_input(loop, "standard input", &input, &read, &why, err);
  input_free(&input);
  if (ok && !read) *err = why;
  if (ok && read) loop->summary->files++;
  return ok && read;
}

// Everything that has been delivered is stored and, as far as one can tell, acknowledged.
static bool fetch_rest(struct loop *loop, struct nav_error *err) {
  if (loop->settings->purposes_count == 0) return true;
  while (!nav_client_caught_up(loop->client) || loop->replays_wanted) {
    if (!tick(loop, LOOP_WAIT_MS, err)) return false;
  }
  for (int i = 0; i < LAST_STEPS; i++) {
    if (!tick(loop, LAST_STEP_MS, err)) return false;
  }
  if (inbox_durable(loop->inbox)) return true;
  *err = *inbox_error(loop->inbox);
  return false;
}

// One look at the outbox. *idle: nothing was there to do, or to wait for.
static bool process_outbox(struct loop *loop, bool *idle, struct nav_error *err) {
  struct outbox_scan scan;
  if (!outbox_scan(loop->outbox, &scan, err)) return false;
  *idle = scan.ready_count == 0 && scan.growing == 0;
  for (size_t i = 0; i < scan.ready_count; i++) {
    if (!process_file(loop, scan.ready[i], err)) return false;
  }
  return true;
}

static bool watch(struct loop *loop, struct nav_error *err) {
  int64_t next_scan_ms = 0;
  for (;;) {
    bool idle = false;
    if (nav_clock_monotonic_ms() >= next_scan_ms) {
      if (!process_outbox(loop, &idle, err)) return false;
      next_scan_ms = nav_clock_monotonic_ms() + (loop->ends ? LOOP_WAIT_MS : LOOP_SCAN_EVERY_MS);
      if (idle && loop->options->once) return fetch_rest(loop, err);
    }
    if (!tick(loop, LOOP_WAIT_MS, err)) return false;
  }
}

static bool open_client(struct loop *loop, struct nav_error *err) {
  const struct engine_settings *settings = loop->settings;
  const struct nav_client_settings client = {.agency = settings->agency,
                                             .nodes = settings->nodes,
                                             .nodes_count = settings->nodes_count,
                                             .hub_session_key = settings->hub_session_key,
                                             .keys = &loop->keys,
                                             .purposes = settings->purposes,
                                             .purposes_count = settings->purposes_count,
                                             .program = loop->mapping->program};
  const struct nav_client_events events = {.context = loop,
                                           .receipt = on_receipt,
                                           .delivery = on_delivery,
                                           .durable = on_durable,
                                           .resume = on_resume,
                                           .notice = on_notice,
                                           .set_aside = on_set_aside,
                                           .checkpoint = on_checkpoint,
                                           .cosign = on_cosign,
                                           .witnessed = on_witnessed,
                                           .rules = on_rules,
                                           .rules_hash = on_rules_hash};
  loop->client = nav_client_new(&client, &events, err);
  if (loop->client != NULL) poster_set_client(loop->poster, loop->client);
  return loop->client != NULL;
}

static bool open_run(struct loop *loop, struct nav_error *err) {
  const struct engine_settings *settings = loop->settings;
  const struct run_settings run = {.agency = settings->agency,
                                   .id_key = loop->keys.id_key,
                                   .options = settings->options,
                                   .options_count = settings->options_count,
                                   .places = settings->places,
                                   .now_ms = nav_clock_now_ms(),
                                   .sink = {loop, on_event, on_skip, on_note}};
  loop->run = run_new(&run);
  if (loop->run == NULL) return nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  return memory_file_load(settings->state, loop->run, err);
}

static bool open_state(struct loop *loop, struct nav_error *err) {
  uint64_t dropped = 0;
  loop->state = state_open(loop->settings->state, &dropped, err);
  if (dropped > 0) {
    nav_log(NAV_LOG_WARNING, "%s: %llu records were damaged and left out; their events may be sent again",
            loop->settings->state, (unsigned long long)dropped);
  }
  return loop->state != NULL;
}

static bool open_all(struct loop *loop, struct nav_error *err) {
  const struct engine_settings *settings = loop->settings;
  if (!keys_agency_load(settings->keys, &loop->keys, err) || !open_state(loop, err) ||
      !alarm_open(&loop->alarm, settings->state, settings->hub_checkpoint_key, &settings->others, err))
    return false;
  loop->inbox = inbox_open(settings->inbox, settings->purposes, settings->purposes_count, loop->summary, err);
  if (loop->inbox == NULL) return false;
  loop->notices = notices_new(settings->inbox);
  if (loop->notices == NULL) return nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  loop->outbox = outbox_open(settings->outbox, loop->mapping->suffixes, err);
  if (loop->outbox == NULL) return false;
  loop->edge = edge_open(settings->state, settings->agency, loop->keys.id_key, err);
  if (loop->edge == NULL) return false;
  const struct poster_settings poster = {.state = loop->state,
                                         .edge = loop->edge,
                                         .id_key = loop->keys.id_key,
                                         .outbox = settings->outbox,
                                         .summary = loop->summary,
                                         .tick = tick,
                                         .context = loop};
  loop->poster = poster_new(&poster, err);
  return loop->poster != NULL && open_run(loop, err) && open_client(loop, err);
}

// The receipts that had come are kept, though their file is not done: it is read again and finds them
// unchanged.
static void close_all(struct loop *loop) {
  struct nav_error err = {0};
  if (loop->state != NULL && !state_sync(loop->state, &err))
    nav_log_failure(NAV_LOG_ERROR, "the state", &err);
  if (loop->inbox != NULL) (void)told(loop, inbox_durable(loop->inbox));
  nav_client_free(loop->client);
  poster_free(loop->poster);
  edge_close(loop->edge);
  run_free(loop->run);
  outbox_close(loop->outbox);
  notices_free(loop->notices);
  inbox_close(loop->inbox);
  state_close(loop->state);
  explicit_bzero(&loop->keys, sizeof loop->keys);
}

static enum loop_result result_of(const struct loop *loop, bool ok, const struct nav_error *err) {
  if (ok) return loop->ends && loop->summary->failed > 0 ? LOOP_FAILED : LOOP_DONE;
  if (stop_asked && err->class == NAV_ERROR_RETRY && !loop->unreachable) return LOOP_DONE;
  nav_log_failure(NAV_LOG_ERROR, "ended", err);
  if (loop->alarm.raised) return LOOP_ALARM;
  return loop->unreachable ? LOOP_UNREACHABLE : LOOP_FAILED;
}

enum loop_result loop_run(const struct nav_mapping *mapping, const struct engine_settings *settings,
                          const struct options *options, struct summary *summary) {
  struct loop loop = {.mapping = mapping,
                      .settings = settings,
                      .options = options,
                      .summary = summary,
                      .ends = options->once || options->standard_input,
                      .replays_wanted = options->replays,
                      .connected_ms = nav_clock_monotonic_ms()};
  struct nav_error err = {0};
  watch_signals();
  bool ok = open_all(&loop, &err);
  if (ok && options->standard_input) {
    ok = process_standard_input(&loop, &err) && fetch_rest(&loop, &err);
  } else if (ok) {
    ok = watch(&loop, &err);
  }
  close_all(&loop);
  return result_of(&loop, ok, &err);
}
