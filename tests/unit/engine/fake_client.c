// See fake_client.h.
#include "tests/unit/engine/fake_client.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hub/base/buffer.h"
#include "hub/base/clock.h"
#include "tests/unit/engine/fake_rules.h"

struct fake_hub fake_hub;

struct queued {
  uint64_t token;
  uint8_t *bytes;
  size_t length;
};

struct nav_client {
  struct nav_client_events events;
  const char *purposes[64];
  size_t purposes_count;
  uint64_t sent_to[64];     // position delivered
  uint64_t durable_to[64];  // and stored by the client
  struct queued queue[NAV_CLIENT_QUEUE_MAX];
  size_t queued;
  bool connected;
  bool has_rules;
  bool replaying[64];
  size_t node;
  bool waits;
  int64_t waits_from_ms;
  size_t waited_steps;
};

static struct fake_event *events;
static size_t events_count;

void fake_hub_reset(void) {
  for (size_t i = 0; i < events_count; i++) free(events[i].bytes);
  free(events);
  events = NULL;
  events_count = 0;
  fake_hub = (struct fake_hub){.log_byte = 7};
}

size_t fake_hub_count(void) { return events_count; }
const struct fake_event *fake_hub_at(size_t index) { return &events[index]; }

static void add_event(const uint8_t *bytes, size_t length) {
  Nav__V1__Event *event = nav__v1__event__unpack(NULL, length, bytes);
  events = realloc(events, (events_count + 1) * sizeof *events);
  struct fake_event *added = &events[events_count++];
  *added = (struct fake_event){.revision = event->revision, .length = length, .bytes = malloc(length)};
  memcpy(added->id, event->id.data, sizeof added->id);
  memcpy(added->bytes, bytes, length);
  nav__v1__event__free_unpacked(event, NULL);
}

void fake_hub_load(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return;
  uint8_t head[4];
  static uint8_t bytes[1024 * 1024];
  while (fread(head, 1, 4, file) == 4) {
    size_t length = nav_get_u32(head);
    if (length > sizeof bytes || fread(bytes, 1, length, file) != length) break;
    add_event(bytes, length);
  }
  (void)fclose(file);
}

// One write, so that a kill leaves a whole record or none.
static void store_event(const uint8_t *bytes, size_t length) {
  add_event(bytes, length);
  if (fake_hub.path == NULL) return;
  uint8_t *record = malloc(length + 4);
  nav_put_u32(record, (uint32_t)length);
  memcpy(record + 4, bytes, length);
  int fd = open(fake_hub.path, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (write(fd, record, length + 4) != (ssize_t)length + 4) abort();
  (void)close(fd);
  free(record);
}

struct nav_client *nav_client_new(const struct nav_client_settings *settings,
                                  const struct nav_client_events *callbacks, struct nav_error *err) {
  (void)err;
  struct nav_client *client = calloc(1, sizeof *client);
  client->events = *callbacks;
  client->purposes_count = settings->purposes_count;
  for (size_t i = 0; i < settings->purposes_count; i++) client->purposes[i] = settings->purposes[i];
  if (fake_hub.path != NULL && events_count == 0) fake_hub_load(fake_hub.path);
  return client;
}

void nav_client_free(struct nav_client *client) {
  if (client == NULL) return;
  for (size_t i = 0; i < client->queued; i++) free(client->queue[i].bytes);
  free(client);
}

bool nav_client_publish(struct nav_client *client, uint64_t token, const uint8_t *event, size_t length,
                        struct nav_error *err) {
  if (length > 60 * 1024)
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_LARGE, "", "too large");
  if (client->queued == NAV_CLIENT_QUEUE_MAX) return nav_fail(err, NAV_ERROR_RETRY, 0, "", "full");
  struct queued *queued = &client->queue[client->queued++];
  *queued = (struct queued){.token = token, .bytes = malloc(length), .length = length};
  memcpy(queued->bytes, event, length);
  return true;
}

// What a hub answers (semantics: dedupe by id and revision, a lower or taken one is told the latest).
static void decide(const struct queued *queued, Nav__V1__EventReceipt *receipt) {
  Nav__V1__Event *event = nav__v1__event__unpack(NULL, queued->length, queued->bytes);
  uint32_t latest = 0;
  bool same = false;
  for (size_t i = 0; i < events_count; i++) {
    if (memcmp(events[i].id, event->id.data, 16) != 0) continue;
    if (events[i].revision > latest) latest = events[i].revision;
    if (events[i].revision == event->revision && events[i].length == queued->length) {
      same = memcmp(events[i].bytes, queued->bytes, queued->length) == 0;
    }
  }
  const char *summary = event->public_incident != NULL ? event->public_incident->summary : NULL;
  receipt->has_status = receipt->has_code = 1;
  receipt->status = NAV__V1__RECEIPT_STATUS__RECEIPT_STATUS_REJECTED;
  if (fake_hub.busy_times > 0) {
    fake_hub.busy_times--;
    receipt->code = NAV__V1__CODE__CODE_BUSY;
  } else if (fake_hub.reject_word != NULL && summary != NULL &&
             strstr(summary, fake_hub.reject_word) != NULL) {
    receipt->code = (Nav__V1__Code)fake_hub.reject_code;
    receipt->field = (char *)(uintptr_t) "place.area";
    receipt->reason = (char *)(uintptr_t) "no such area";
  } else if (same) {
    receipt->status = NAV__V1__RECEIPT_STATUS__RECEIPT_STATUS_DUPLICATE;
  } else if (event->revision <= latest) {
    receipt->code =
        event->revision == latest ? NAV__V1__CODE__CODE_CONFLICT : NAV__V1__CODE__CODE_STALE_REVISION;
    fake_hub.conflicts++;
    receipt->has_latest_revision = 1;
    receipt->latest_revision = latest;
  } else {
    receipt->status = NAV__V1__RECEIPT_STATUS__RECEIPT_STATUS_ACCEPTED;
    store_event(queued->bytes, queued->length);
  }
  nav__v1__event__free_unpacked(event, NULL);
}

static bool is_poisoned(const struct nav_client *client, size_t count) {
  for (size_t i = 0; fake_hub.poison_word != NULL && i < count; i++) {
    const struct queued *queued = &client->queue[i];
    if (memmem(queued->bytes, queued->length, fake_hub.poison_word, strlen(fake_hub.poison_word)) != NULL)
      return true;
  }
  return false;
}

static void give_receipts(struct nav_client *client) {
  size_t count = client->queued;
  if (fake_hub.receipts_a_step > 0 && count > fake_hub.receipts_a_step) count = fake_hub.receipts_a_step;
  bool poisoned = is_poisoned(client, count);
  for (size_t i = 0; i < count; i++) {
    Nav__V1__EventReceipt receipt = NAV__V1__EVENT_RECEIPT__INIT;
    struct queued queued = client->queue[i];
    if (fake_hub.takes_all) {
      fake_hub.taken++;
      receipt.has_status = 1;
      receipt.status = NAV__V1__RECEIPT_STATUS__RECEIPT_STATUS_ACCEPTED;
    } else if (poisoned) {
      receipt.has_status = receipt.has_code = 1;
      receipt.status = NAV__V1__RECEIPT_STATUS__RECEIPT_STATUS_REJECTED;
      receipt.code = NAV__V1__CODE__CODE_QUARANTINED;
    } else {
      decide(&queued, &receipt);
    }
    client->events.receipt(client->events.context, queued.token, &receipt);
    free(queued.bytes);
  }
  client->queued -= count;
  memmove(client->queue, client->queue + count, client->queued * sizeof *client->queue);
}

static bool deliver_one(struct nav_client *client, size_t lane, uint64_t position, const uint8_t *log_id,
                        bool replay) {
  char text[64];
  uint8_t id[16] = {0};
  nav_put_u64(id + 8, position);
  (void)snprintf(text, sizeof text, "leverans %llu", (unsigned long long)position);
  Nav__V1__PublicIncident body = NAV__V1__PUBLIC_INCIDENT__INIT;
  body.summary = text;
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  event.has_id = event.has_revision = event.has_time_ms = 1;
  event.id = (ProtobufCBinaryData){.len = sizeof id, .data = id};
  event.source = (char *)(uintptr_t) "skolan";
  event.revision = 1;
  event.time_ms = 1700000000000;
  event.body_case = NAV__V1__EVENT__BODY_PUBLIC_INCIDENT;
  event.public_incident = &body;
  char *withheld[] = {(char *)(uintptr_t) "subjects.0.name", (char *)(uintptr_t) "place.address"};
  Nav__V1__Delivery delivery = NAV__V1__DELIVERY__INIT;
  delivery.has_position = delivery.has_replay = 1;
  delivery.replay = replay;
  delivery.position = position;
  delivery.withheld = withheld;
  delivery.n_withheld = 2;
  Nav__V1__VerdictInfo verdict = NAV__V1__VERDICT_INFO__INIT;
  verdict.rule = (char *)(uintptr_t) "lagesbild-1";
  verdict.basis = (char *)(uintptr_t) "osl-10-15a";
  return client->events.delivery(client->events.context, client->purposes[lane], log_id, &delivery, &verdict,
                                 &event);
}

static void deliver(struct nav_client *client, size_t lane) {
  uint8_t log_id[KEY_LOG_ID_SIZE];
  memset(log_id, fake_hub.log_byte, sizeof log_id);
  for (uint64_t i = fake_hub.replay_after + 1; client->replaying[lane] && i <= client->sent_to[lane]; i++)
    (void)deliver_one(client, lane, i, log_id, true);
  client->replaying[lane] = false;
  size_t a_step = fake_hub.deliveries_a_step > 0 ? fake_hub.deliveries_a_step : 100;
  for (size_t i = 0; i < a_step && client->sent_to[lane] < fake_hub.deliveries; i++) {
    if (!deliver_one(client, lane, client->sent_to[lane] + 1, log_id, false)) {
      client->sent_to[lane] =
          client->durable_to[lane];  // the session ends; all that is not acknowledged comes again
      return;
    }
    client->sent_to[lane]++;
  }
}

static const char *cursor_path(void) {
  static char path[600];
  (void)snprintf(path, sizeof path, "%s.cursor", fake_hub.path);
  return path;
}

// The hub's own cursors; in memory alone, or for a new client, what the client says.
static void read_cursors(uint64_t cursors[64]) {
  FILE *file = fake_hub.path != NULL ? fopen(cursor_path(), "rb") : NULL;
  if (file == NULL) return;
  if (fread(cursors, sizeof *cursors, 64, file) != 64) memset(cursors, 0, 64 * sizeof *cursors);
  (void)fclose(file);
}

// Every third acknowledgement arrives.
static void store_cursors(const uint64_t cursors[64]) {
  static int count;
  if (fake_hub.path == NULL || ++count % 3 != 0) return;
  int fd = open(cursor_path(), O_WRONLY | O_CREAT, 0600);
  if (pwrite(fd, cursors, 64 * sizeof *cursors, 0) != 64 * (ssize_t)sizeof *cursors) abort();
  (void)close(fd);
}

static void connect_client(struct nav_client *client) {
  uint64_t cursors[64];
  memset(cursors, 0, sizeof cursors);
  bool kept = fake_hub.path != NULL;
  read_cursors(cursors);
  client->connected = true;
  for (size_t i = 0; i < client->purposes_count; i++) {
    uint8_t log_id[KEY_LOG_ID_SIZE];
    uint64_t position = 0;
    bool stored = client->events.resume(client->events.context, client->purposes[i], log_id, &position);
    bool same_log = stored && log_id[0] == fake_hub.log_byte;
    uint64_t after = same_log && !fake_hub.repeats ? position : 0;
    if (kept && cursors[i] < after) after = cursors[i];  // the hub's cursor is the truth
    client->sent_to[i] = client->durable_to[i] = after;
  }
}

// The rules, unless the client has them already.
static void send_rules(struct nav_client *client) {
  enum { BYTE = 9, ARENA = 64 * 1024 };
  uint8_t hash[NAV_SHA256_SIZE];
  bool kept = client->events.rules_hash(client->events.context, hash) && hash[0] == BYTE;
  client->has_rules = true;
  if (kept) return;
  struct nav_arena *arena = nav_arena_new(ARENA);
  client->events.rules(client->events.context, fake_rules_bundle(fake_rules_all, BYTE, arena));
  nav_arena_free(arena);
}

// So long, and then some steps, so that whoever looks at each step has seen it.
static bool tells_to_wait(struct nav_client *client) {
  enum { STEPS = 20 };
  if (client->queued == 0 || fake_hub.waits_ms == 0) return false;
  int64_t now_ms = nav_clock_monotonic_ms();
  if (client->waits_from_ms == 0) client->waits_from_ms = now_ms;
  if (now_ms - client->waits_from_ms > fake_hub.waits_ms) client->waited_steps++;
  return client->waited_steps < STEPS;
}

static void drop(struct nav_client *client) {
  client->connected = false;
  client->node++;
  memset(client->replaying, 0, sizeof client->replaying);
}

bool nav_client_step(struct nav_client *client, int wait_ms, struct nav_error *err) {
  const struct timespec pause = {.tv_nsec = 1000000};
  if ((client->queued == 0 || client->waits) && wait_ms > 0)
    (void)nanosleep(&pause, NULL);  // nothing to do is no work
  if (fake_hub.fails_for_good) return nav_fail(err, NAV_ERROR_PEER, 0, "", "the hub refuses this key");
  if (fake_hub.away_steps > 0) {
    fake_hub.away_steps--;
    return true;
  }
  if (client->connected && fake_hub.drops_after > 0 && --fake_hub.drops_after == 0) {
    drop(client);
    return true;
  }
  if (!client->connected) connect_client(client);
  if (client->events.rules != NULL && !client->has_rules) {
    fake_hub.published_early += client->queued;
    if (fake_hub.rules_after > 0) {
      fake_hub.rules_after--;
    } else {
      send_rules(client);
    }
  }
  client->waits = tells_to_wait(client);
  if (!client->waits) give_receipts(client);
  for (size_t i = 0; i < client->purposes_count; i++) deliver(client, i);
  if (client->purposes_count > 0 && client->events.durable(client->events.context)) {
    memcpy(client->durable_to, client->sent_to, sizeof client->durable_to);
    store_cursors(client->durable_to);
  }
  return true;
}

const char *nav_client_endpoint(const struct nav_client *client) {
  return client->node == 0 ? "the fake hub" : "the other node";
}

bool nav_client_replay(struct nav_client *client, const char *purpose, uint64_t after_position,
                       int64_t since_ms, struct nav_error *err) {
  (void)err;
  fake_hub.replays++;
  fake_hub.replay_after = after_position;
  fake_hub.replay_since_ms = since_ms;
  for (size_t i = 0; i < client->purposes_count; i++)
    if (strcmp(client->purposes[i], purpose) == 0) client->replaying[i] = true;
  return true;
}

bool nav_client_waits(const struct nav_client *client, struct nav_client_wait *wait) {
  *wait = (struct nav_client_wait){.code = NAV__V1__CODE__CODE_BUSY, .why = "busy: as the test says"};
  return client->waits;
}

const struct nav_error *nav_client_turned_away(const struct nav_client *client) {
  (void)client;
  return NULL;
}

bool nav_client_connected(const struct nav_client *client) { return client->connected; }
size_t nav_client_unsettled(const struct nav_client *client) { return client->queued; }
int64_t nav_client_last_delivery_ms(const struct nav_client *client) { return client->connected ? 1 : 0; }

bool nav_client_caught_up(const struct nav_client *client) {
  for (size_t i = 0; i < client->purposes_count; i++) {
    if (client->sent_to[i] < fake_hub.deliveries || client->replaying[i]) return false;
  }
  return client->connected;
}
