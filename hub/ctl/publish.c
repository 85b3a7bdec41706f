// navctl publish: an ordinary client with an agency's own keys, through nav-gate; one receipt a line. It
// holds no way past the rules.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/sdk/client.h"
#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/conf/check.h"
#include "hub/conf/hub_keys.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/event_file.h"
#include "hub/ctl/output.h"
#include "hub/ctl/publish.h"
#include "hub/wire/event.h"
#include "hub/wire/json.h"
#include "hub/wire/message.h"

enum {
  WAIT_MS = 60000,
  STEP_MS = 200,
  ARENA_BYTES_MAX = 8 * 1024 * 1024,
  PATH_SIZE = 4096,
  ENDPOINT_SIZE = 256
};

static const struct ctl_column columns[] = {
    {"event", "EVENT", true}, {"id", "ID", false},       {"status", "STATUS", false}, {"seq", "SEQ", true},
    {"code", "CODE", false},  {"field", "FIELD", false}, {"reason", "REASON", false},
};

struct publishing {
  struct ctl *ctl;
  const char *agency;
  bool as_it_comes;  // NDJSON: a line is printed with its receipt
  json_t *events;    // CloudEvents
  json_t *receipts;  // what is printed, by event
  size_t settled;
  size_t refused;
  int64_t progress_ms;  // when something last happened
  bool broken;          // standard output
};

static json_t *line_of(const struct publishing *p, uint64_t index, const char *status) {
  const json_t *id = json_object_get(json_array_get(p->events, (size_t)index), "id");
  return json_pack("{s:I, s:s?, s:s}", "event", (json_int_t)index + 1, "id", json_string_value(id), "status",
                   status);
}

// NDJSON as it comes; the rest when all is there.
static void settle(struct publishing *p, uint64_t index, json_t *line, bool refused) {
  p->settled++;
  p->refused += refused ? 1 : 0;
  p->progress_ms = nav_clock_monotonic_ms();
  if (p->as_it_comes) {
    p->broken = !output_line(line) || fflush(stdout) != 0 || p->broken;
  }
  (void)json_array_set_new(p->receipts, (size_t)index, line);
}

static void set_text(json_t *line, const char *key, const char *text) {
  if (text != NULL) (void)json_object_set_new(line, key, json_string(text));
}

static void take_receipt(void *context, uint64_t token, const Nav__V1__EventReceipt *receipt) {
  struct publishing *p = context;
  const char *status = wire_enum_name(&nav__v1__receipt_status__descriptor, (int)receipt->status);
  if (token >= json_array_size(p->events)) return;
  json_t *line = line_of(p, token, status != NULL ? status : "unknown");
  if (receipt->has_seq) (void)json_object_set_new(line, "seq", json_integer((json_int_t)receipt->seq));
  bool refused = receipt->status == NAV__V1__RECEIPT_STATUS__RECEIPT_STATUS_REJECTED;
  if (refused) {
    set_text(line, "code", wire_enum_name(&nav__v1__code__descriptor, (int)receipt->code));
    set_text(line, "field", receipt->field);
    set_text(line, "reason", receipt->reason);
  }
  settle(p, token, line, refused);
}

// What cannot even be sent: the hub never sees it.
static void refuse_here(struct publishing *p, size_t index, const struct nav_error *err) {
  json_t *line = line_of(p, index, "not sent");
  set_text(line, "code", wire_enum_name(&nav__v1__code__descriptor, err->code));
  set_text(line, "field", err->place);
  set_text(line, "reason", err->text);
  settle(p, index, line, true);
}

// True: queued or refused here; false: the queue is full.
static bool queue_event(struct publishing *p, struct nav_client *client, struct nav_arena *arena,
                        size_t index) {
  struct nav_error err = {0};
  struct nav_buffer bytes;
  nav_buffer_init(&bytes, WIRE_EVENT_MAX);
  nav_arena_reset(arena);
  const Nav__V1__Event *event = wire_cloudevent_to_event(json_array_get(p->events, index), arena, &err);
  bool ok = event != NULL && wire_event_validate(event, &err);
  if (ok && !wire_encode(event, &bytes)) {
    ok = nav_fail(&err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_LARGE, "", "is larger than %d bytes",
                  WIRE_EVENT_MAX);
  }
  ok = ok && nav_client_publish(client, index, bytes.data, bytes.length, &err);
  nav_buffer_free(&bytes);
  if (ok) return true;
  if (err.class == NAV_ERROR_RETRY) return false;
  refuse_here(p, index, &err);
  return true;
}

// Why there is no receipt, where it was waited for long enough.
static enum ctl_exit no_receipt(const struct nav_client *client, size_t missing, size_t count) {
  struct nav_client_wait wait;
  if (!nav_client_connected(client))
    return ctl_complain(CTL_UNREACHABLE, "no receipt for %zu of %zu events: the hub cannot be reached",
                        missing, count);
  if (!nav_client_waits(client, &wait))
    return ctl_complain(CTL_UNREACHABLE, "no receipt for %zu of %zu events: the hub does not answer", missing,
                        count);
  return ctl_complain(CTL_UNREACHABLE,
                      "no receipt for %zu of %zu events: the hub tells us to wait (%s); try again later",
                      missing, count, wait.why);
}

static enum ctl_exit pump(struct publishing *p, struct nav_client *client, int64_t wait_ms) {
  struct nav_arena *arena = nav_arena_new(ARENA_BYTES_MAX);
  struct nav_error err = {0};
  size_t count = json_array_size(p->events);
  size_t next = 0;
  enum ctl_exit code = arena == NULL ? ctl_complain(CTL_FAILED, "no memory") : CTL_DONE;
  p->progress_ms = nav_clock_monotonic_ms();
  while (code == CTL_DONE && p->settled < count) {
    while (next < count && queue_event(p, client, arena, next)) next++;
    if (p->settled < count && !nav_client_step(client, STEP_MS, &err)) {
      code = ctl_fail(&err);
    } else if (nav_clock_monotonic_ms() - p->progress_ms > wait_ms) {
      code = no_receipt(client, count - p->settled, count);
    }
  }
  nav_arena_free(arena);
  return code;
}

// ---- setting up ----

// The gate may listen on all addresses; we reach it on our own.
static void reachable(const char *endpoint, char out[ENDPOINT_SIZE]) {
  static const char all[] = "tcp://*:";
  if (strncmp(endpoint, all, sizeof all - 1) == 0) {
    (void)snprintf(out, ENDPOINT_SIZE, "tcp://127.0.0.1:%s", endpoint + sizeof all - 1);
  } else {
    (void)snprintf(out, ENDPOINT_SIZE, "%s", endpoint);
  }
}

bool publish_keys(struct ctl *ctl, const char *agency, struct keys_agency *keys, enum ctl_exit *code) {
  const struct conf_nav *nav = ctl_nav(ctl);
  struct nav_error err = {0};
  char path[PATH_SIZE];
  *code = CTL_FAILED;
  if (nav == NULL) return false;
  if (!conf_is_id(agency)) {
    *code = ctl_no_agency(agency);
    return false;
  }
  (void)snprintf(path, sizeof path, "%s/agencies/%s/keys", nav->home, agency);
  if (keys_agency_load(path, keys, &err)) return true;
  *code = ctl_fail(&err);
  return false;
}

static bool load_hub_keys(const struct conf_nav *nav, struct conf_hub_keys *hub) {
  struct conf_faults faults = {0};
  bool ok = conf_hub_keys_load(nav->config_folder, hub, &faults);
  conf_faults_print(&faults);
  conf_faults_free(&faults);
  return ok;
}

static enum ctl_exit publish_all(struct publishing *p, int64_t wait_ms) {
  const struct conf_nav *nav = ctl_nav(p->ctl);
  struct keys_agency keys;
  struct conf_hub_keys hub;
  struct nav_error err = {0};
  enum ctl_exit code = CTL_FAILED;
  char endpoint[ENDPOINT_SIZE];
  struct nav_client_node nodes[1 + NAV_OTHERS_MAX];
  if (nav == NULL || !load_hub_keys(nav, &hub) || !publish_keys(p->ctl, p->agency, &keys, &code)) return code;
  reachable(nav->endpoint, endpoint);
  nodes[0] = (struct nav_client_node){endpoint, hub.curve};
  for (size_t i = 0; i < nav->others_count; i++)
    nodes[1 + i] = (struct nav_client_node){nav->others[i], hub.curve};
  const struct nav_client_settings settings = {.agency = p->agency,
                                               .nodes = nodes,
                                               .nodes_count = 1 + nav->others_count,
                                               .hub_session_key = hub.session,
                                               .keys = &keys,
                                               .program = "navctl publish"};
  const struct nav_client_events events = {.context = p, .receipt = take_receipt};
  struct nav_client *client = nav_client_new(&settings, &events, &err);
  if (client == NULL) return ctl_fail(&err);
  code = pump(p, client, wait_ms);
  nav_client_free(client);
  return code;
}

static bool read_wait(struct ctl *ctl, int64_t *wait_ms) {
  const char *text = ctl_value(ctl, "wait");
  *wait_ms = WAIT_MS;
  if (text == NULL) return true;
  // "30s" is that long before a now of 0.
  int64_t ms = 0;
  if (!ctl_parse_time(text, 0, &ms) || ms > 0 || ms < -86400000) return false;
  *wait_ms = -ms;
  return true;
}

static enum ctl_exit run(struct publishing *p, int64_t wait_ms) {
  p->receipts = json_array();
  for (size_t i = 0; i < json_array_size(p->events); i++)
    (void)json_array_append_new(p->receipts, json_null());
  enum ctl_exit code = publish_all(p, wait_ms);
  // Where it ended early, what has no receipt is said to have none.
  for (size_t i = 0; i < json_array_size(p->receipts); i++) {
    if (json_is_null(json_array_get(p->receipts, i)))
      (void)json_array_set_new(p->receipts, i, line_of(p, i, "no receipt"));
  }
  return code == CTL_DONE && p->refused > 0 ? CTL_FAILED : code;
}

enum ctl_exit publish_events(struct ctl *ctl, const char *agency, json_t *events, int64_t wait_ms,
                             json_t **receipts) {
  struct publishing p = {.ctl = ctl, .agency = agency, .events = events};
  enum ctl_exit code = run(&p, wait_ms);
  *receipts = p.receipts;
  return code;
}

static bool print_receipts(struct publishing *p) {
  if (p->ctl->format == CTL_NDJSON) return !p->broken;
  return output_rows(p->ctl->format, columns, sizeof columns / sizeof *columns, p->receipts);
}

enum ctl_exit ctl_publish(struct ctl *ctl) {
  struct nav_error err = {0};
  struct publishing p = {
      .ctl = ctl, .agency = ctl_value(ctl, "as"), .as_it_comes = ctl->format == CTL_NDJSON};
  int64_t wait_ms = 0;
  if (!read_wait(ctl, &wait_ms)) return ctl_complain(CTL_USAGE, "--wait is a time such as 30s or 5m");
  if (ctl_nav(ctl) == NULL) return CTL_FAILED;
  p.events = event_file_read(ctl->arguments[0], &err);
  if (p.events == NULL) return ctl_fail(&err);
  enum ctl_exit code = run(&p, wait_ms);
  if (p.settled > 0 && !print_receipts(&p)) code = CTL_FAILED;
  json_decref(p.receipts);
  json_decref(p.events);
  return code;
}
