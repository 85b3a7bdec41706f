// The load on the hub, through the public client library alone: publishers with the police's keys, who
// publish what the police have published themselves (PublicIncident, which the shipped rules release to every
// party of the situation picture), and recipients with an agency's keys each. CURVE, the sealed session and
// the signatures of publications and receipts are the library's own; nothing of them is left out. A recipient
// stores nothing: peers' clients do not either.
//   --at HOME      a hub's home: nav.yaml, config/, agencies/ID/keys
// The first five recipients are agencies of the shipped agencies.yaml; further ones, bench-6 and so on, are
// those that hub_home.py adds to it. Called by: tests/bench/run. Must never: be a client that the library
// does not allow to be.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/sdk/client.h"
#include "hub/base/clock.h"
#include "hub/conf/hub_keys.h"
#include "hub/conf/nav.h"
#include "hub/wire/message.h"
#include "tests/bench/load/load.h"

enum {
  PATH_SIZE = 4096,
  STEP_MS = 20,
  NAP_NS_MAX = 500000,  // receipts are looked for so often at least where events are due at even times
  EVENT_ID_SIZE = 16,
  ID_OFFSET = 2,  // the id is field 1: a tag and a length go before it
  DAY_BYTES = EVENT_ID_SIZE - MARK_SIZE,
  REASONS_MAX = 3,
};

static const char *const publisher_agency = "polisen";
static const char *const purpose = "situation-picture";
static const char *const shipped[] = {"socialtjansten", "skolan", "bostadsbolaget", "tycktill",
                                      "brandforsvaret"};

struct session {
  struct conf_nav *nav;
  struct conf_hub_keys hub;
  struct keys_agency keys;
  struct nav_client *client;
  struct load_worker *worker;
  struct load_pace *pace;  // of a publisher
  struct load_seen *seen;  // of a recipient
  unsigned reasons;        // that were printed
};

static bool complain(const char *who, const struct nav_error *err) {
  char text[NAV_ERROR_PLACE_SIZE + NAV_ERROR_TEXT_SIZE];
  (void)fprintf(stderr, "%s: %s\n", who, nav_error_string(err, text, sizeof text));
  return false;
}

// ---- what the library calls ----

static void take_receipt(void *context, uint64_t token, const Nav__V1__EventReceipt *receipt) {
  struct session *s = context;
  bool accepted = receipt->status == NAV__V1__RECEIPT_STATUS__RECEIPT_STATUS_ACCEPTED;
  if (!accepted && s->reasons++ < REASONS_MAX)
    (void)fprintf(stderr, "event %llu: status %d, %s\n", (unsigned long long)token, (int)receipt->status,
                  receipt->reason != NULL ? receipt->reason : "");
  load_settled(s->pace, (uint32_t)token, accepted);
}

static bool take_delivery(void *context, const char *for_purpose, const uint8_t log_id[KEY_LOG_ID_SIZE],
                          const Nav__V1__Delivery *delivery, const Nav__V1__VerdictInfo *verdict,
                          const Nav__V1__Event *event) {
  struct session *s = context;
  (void)for_purpose;
  (void)log_id;
  (void)delivery;
  (void)verdict;
  if (event->has_id && event->id.len == EVENT_ID_SIZE) load_received(s->seen, event->id.data + DAY_BYTES);
  return true;
}

static bool durable(void *context) {
  (void)context;
  return true;
}

// A new inbox each run: the hub goes on from the last receipt that it has.
static bool no_place(void *context, const char *for_purpose, uint8_t log_id[KEY_LOG_ID_SIZE],
                     uint64_t *position) {
  (void)context;
  (void)for_purpose;
  (void)log_id;
  (void)position;
  return false;
}

// ---- a session ----

static bool load_hub(struct session *s) {
  struct conf_faults faults = {0};
  s->nav = conf_nav_load(load_options->at, &faults);
  bool ok = s->nav != NULL && conf_hub_keys_load(s->nav->config_folder, &s->hub, &faults);
  if (!ok) conf_faults_print(&faults);
  conf_faults_free(&faults);
  return ok;
}

static void session_close(struct session *s) {
  nav_client_free(s->client);
  conf_nav_free(s->nav);
  load_pace_free(s->pace);
  load_seen_free(s->seen);
}

static bool session_open(struct session *s, const char *agency, bool receives) {
  char path[PATH_SIZE];
  struct nav_error err = {0};
  if (!load_hub(s)) return false;
  (void)snprintf(path, sizeof path, "%s/agencies/%s/keys", load_options->at, agency);
  if (!keys_agency_load(path, &s->keys, &err)) return complain(agency, &err);
  const struct nav_client_settings settings = {.agency = agency,
                                               .endpoint = s->nav->endpoint,
                                               .hub_curve_key = s->hub.curve,
                                               .hub_session_key = s->hub.session,
                                               .keys = &s->keys,
                                               .purposes = &purpose,
                                               .purposes_count = receives ? 1 : 0,
                                               .program = "nav-bench-hub"};
  const struct nav_client_events events = {.context = s,
                                           .receipt = take_receipt,
                                           .delivery = take_delivery,
                                           .durable = durable,
                                           .resume = no_place};
  s->client = nav_client_new(&settings, &events, &err);
  return s->client != NULL || complain(agency, &err);
}

// Until the session is open, and then until everybody's is.
static bool wait_start(struct session *s, const char *agency) {
  struct nav_error err = {0};
  while (!load_started()) {
    if (!nav_client_step(s->client, 1, &err)) return complain(agency, &err);
    if (nav_client_connected(s->client)) load_ready(s->worker);
    if (atomic_load(&load_shared->quit)) return true;
  }
  return true;
}

// ---- a publisher ----

// One encoded event of load_options->bytes; the id is filled in for each.
struct template {
  struct nav_buffer bytes;
  uint8_t id[EVENT_ID_SIZE];
  char summary[LOAD_BYTES_MAX + 1];
};

static bool encode(struct template *t, size_t summary) {
  int64_t now_ms = nav_clock_now_ms();
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  Nav__V1__Place place = NAV__V1__PLACE__INIT;
  Nav__V1__PublicIncident incident = NAV__V1__PUBLIC_INCIDENT__INIT;
  nav_put_u32(t->id, (uint32_t)(now_ms / 86400000));
  event.has_id = event.has_revision = event.has_time_ms = event.has_recorded_time_ms = true;
  event.id = (ProtobufCBinaryData){sizeof t->id, t->id};
  event.source = (char *)(uintptr_t)publisher_agency;
  event.revision = 1;
  event.time_ms = event.recorded_time_ms = now_ms;
  place.municipality = (char *)(uintptr_t) "0180";
  place.has_precision = true;
  place.precision = NAV__V1__PRECISION__PRECISION_AREA;
  event.place = &place;
  incident.kind = (char *)(uintptr_t) "Trafikolycka, personskada";
  incident.title = (char *)(uintptr_t) "28 november 15.40, Trafikolycka, personskada, Stockholm";
  incident.url = (char *)(uintptr_t) "https://polisen.se/aktuellt/handelser/2026/november/28/";
  incident.place_name = (char *)(uintptr_t) "Stockholm";
  memset(t->summary, 'a', summary);
  for (size_t i = 7; i < summary; i += 8) t->summary[i] = ' ';
  t->summary[summary] = '\0';
  incident.summary = t->summary;
  event.body_case = NAV__V1__EVENT__BODY_PUBLIC_INCIDENT;
  event.public_incident = &incident;
  nav_buffer_clear(&t->bytes);
  return wire_encode(&event, &t->bytes);
}

// The summary fills it up to exactly the size that was asked for.
static bool template_make(struct template *t) {
  nav_buffer_init(&t->bytes, WIRE_EVENT_MAX);
  for (size_t summary = 1; summary <= LOAD_BYTES_MAX; summary++) {
    if (!encode(t, summary)) return false;
    if (t->bytes.length == load_options->bytes) return true;
  }
  (void)fprintf(stderr, "no such event has exactly %u bytes\n", load_options->bytes);
  return false;
}

static bool publish_due(struct session *s, struct template *t, struct nav_error *err) {
  uint32_t number = 0;
  uint8_t *mark = t->bytes.data + ID_OFFSET + DAY_BYTES;
  while (load_may_send(s->pace, mark, &number)) {
    if (!nav_client_publish(s->client, number, t->bytes.data, t->bytes.length, err)) return false;
  }
  return true;
}

// Where events are due at even times the wait ends when the next one is: the library's own wait counts whole
// milliseconds.
static bool wait_answers(struct session *s, struct nav_error *err) {
  if (load_options->rate == 0) return nav_client_step(s->client, STEP_MS, err);
  if (!nav_client_step(s->client, 0, err)) return false;
  uint64_t wait_ns = load_wait_ns(s->pace);
  struct timespec nap = {0, (long)(wait_ns < NAP_NS_MAX ? wait_ns : NAP_NS_MAX)};
  if (nap.tv_nsec > 0) (void)nanosleep(&nap, NULL);
  return true;
}

static bool publish_all(struct session *s, struct template *t) {
  struct nav_error err = {0};
  while (!load_publisher_done(s->pace)) {
    if (!publish_due(s, t, &err) || !wait_answers(s, &err)) return complain(publisher_agency, &err);
  }
  return true;
}

static bool publish(unsigned publisher) {
  struct session s = {.worker = &load_shared->publishers[publisher], .pace = load_pace_new(publisher)};
  static struct template t;
  bool ok = s.pace != NULL && load_options->window <= NAV_CLIENT_QUEUE_MAX && template_make(&t) &&
            session_open(&s, publisher_agency, false) && wait_start(&s, publisher_agency) &&
            publish_all(&s, &t);
  if (load_options->window > NAV_CLIENT_QUEUE_MAX)
    (void)fprintf(stderr, "--window is at most %d with the hub\n", NAV_CLIENT_QUEUE_MAX);
  session_close(&s);
  nav_buffer_free(&t.bytes);
  return ok;
}

// ---- a recipient ----

static bool receive(unsigned recipient) {
  char agency[64];
  struct nav_error err = {0};
  struct session s = {.worker = &load_shared->recipients[recipient], .seen = load_seen_new(recipient)};
  unsigned number = load_options->first_recipient + recipient;
  if (number < sizeof shipped / sizeof *shipped)
    (void)snprintf(agency, sizeof agency, "%s", shipped[number]);
  else
    (void)snprintf(agency, sizeof agency, "bench-%u", number + 1);
  bool ok = s.seen != NULL && session_open(&s, agency, true) && wait_start(&s, agency);
  while (ok && !atomic_load(&load_shared->quit))
    ok = nav_client_step(s.client, STEP_MS, &err) || complain(agency, &err);
  session_close(&s);
  return ok;
}

int main(int argc, char **argv) {
  static const struct load_peer peer = {.publish = publish, .receive = receive};
  return load_main(argc, argv, &peer);
}
