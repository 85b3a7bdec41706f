// The engine's side of the edge: rules that are kept, what travels of an event and under which revision, and
// what the state remembers of it. Called by: ctest. Must never: depend on the shipped rules.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <sodium.h>

#include "adapters/engine/poster.h"
#include "hub/wire/keys.h"
#include "tests/unit/engine/fake_client.h"
#include "tests/unit/engine/fake_rules.h"
#include "tests/unit/engine/scratch.h"

static const uint8_t id_key[NAV_ID_KEY_SIZE] = {3};
static const char purpose[] = "purpose: {id: test, title: Test}\nrules:\n";
static const char held[] =
    "  - id: held-incidents\n"
    "    permit: {from: police, event: PublicIncident, to: school}\n"
    "    basis: fri\n    outcome: hold\n    reveal: all\n";
static const char place_alone[] =
    "  - id: places\n"
    "    permit: {from: police, event: PublicIncident, to: school}\n"
    "    basis: fri\n    reveal: [open]\n";

struct fixture {
  char folder[SCRATCH_PATH], state_folder[SCRATCH_PATH];
  struct summary summary;
  struct state *state;
  struct edge *edge;
  struct poster *poster;
  struct nav_client *client;
};

static bool tick(void *context, int wait_ms, struct nav_error *err) {
  struct fixture *fixture = context;
  return nav_client_step(fixture->client, wait_ms, err) && poster_resend(fixture->poster, err);
}

static void on_receipt(void *context, uint64_t token, const Nav__V1__EventReceipt *receipt) {
  struct fixture *fixture = context;
  poster_receipt(fixture->poster, token, receipt);
}

static void begin(struct fixture *fixture) {
  uint64_t dropped = 0;
  struct nav_error err = {0};
  fixture->summary = (struct summary){0};
  fixture->state = state_open(fixture->state_folder, &dropped, &err);
  fixture->edge = edge_open(fixture->state_folder, "polisen", id_key, &err);
  assert_non_null(fixture->edge);
  const struct poster_settings settings = {.state = fixture->state,
                                           .edge = fixture->edge,
                                           .id_key = id_key,
                                           .outbox = fixture->folder,
                                           .summary = &fixture->summary,
                                           .tick = tick,
                                           .context = fixture};
  fixture->poster = poster_new(&settings, &err);
  const struct nav_client_settings client = {0};
  const struct nav_client_events events = {.context = fixture, .receipt = on_receipt};
  fixture->client = nav_client_new(&client, &events, &err);
  poster_set_client(fixture->poster, fixture->client);
}

static void end(struct fixture *fixture) {
  poster_free(fixture->poster);
  nav_client_free(fixture->client);
  edge_close(fixture->edge);
  state_close(fixture->state);
}

static struct fixture *make(void) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  assert_non_null(fixture);
  fake_hub_reset();
  scratch_make(fixture->folder);
  scratch_path(fixture->state_folder, fixture->folder, "state");
  begin(fixture);
  return fixture;
}

static void unmake(struct fixture *fixture) {
  end(fixture);
  scratch_remove(fixture->folder);
  free(fixture);
  fake_hub_reset();
}

static void give(struct fixture *fixture, const char *rules, uint8_t byte) {
  char text[2048];
  struct nav_arena *arena = nav_arena_new(1 << 16);
  (void)snprintf(text, sizeof text, "%s%s", strncmp(rules, "purpose", 7) == 0 ? "" : purpose, rules);
  edge_take_rules(fixture->edge, fake_rules_bundle(text, byte, arena));
  nav_arena_free(arena);
}

static uint8_t hash_byte(const struct fixture *fixture) {
  uint8_t hash[NAV_SHA256_SIZE];
  return edge_rules_hash(fixture->edge, hash) ? hash[0] : 0;
}

// An incident with a person's name, which is of class identity; as a body nobody has rules for where odd.
static void send(struct fixture *fixture, uint32_t number, const char *text, bool odd) {
  struct nav_error err = {0};
  uint8_t id[16] = {0};
  nav_put_u32(id + 4, number);
  Nav__V1__PublicIncident body = NAV__V1__PUBLIC_INCIDENT__INIT;
  body.summary = (char *)(uintptr_t)text;
  Nav__V1__CrimeReport report = NAV__V1__CRIME_REPORT__INIT;
  Nav__V1__Place place = NAV__V1__PLACE__INIT;
  place.address = (char *)(uintptr_t) "Storgatan 1";
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  event.has_id = event.has_time_ms = 1;
  event.id = (ProtobufCBinaryData){.len = sizeof id, .data = id};
  event.source = (char *)(uintptr_t) "polisen";
  event.time_ms = 1700000000000;
  event.place = &place;
  event.body_case = odd ? NAV__V1__EVENT__BODY_CRIME_REPORT : NAV__V1__EVENT__BODY_PUBLIC_INCIDENT;
  if (odd) event.crime_report = &report;
  if (!odd) event.public_incident = &body;
  if (!poster_send(fixture->poster, "källa", &event, &err)) fail_msg("%s", err.text);
  if (!poster_settle(fixture->poster, &err)) fail_msg("%s", err.text);
}

static Nav__V1__Event *taken(size_t index) {
  const struct fake_event *kept = fake_hub_at(index);
  Nav__V1__Event *event = nav__v1__event__unpack(NULL, kept->length, kept->bytes);
  assert_non_null(event);
  return event;
}

static void rules_are_kept_over_starts(void **state) {
  (void)state;
  struct fixture *fixture = make();
  assert_false(edge_has_rules(fixture->edge));
  give(fixture, fake_rules_all, 1);
  assert_int_equal(hash_byte(fixture), 1);
  end(fixture);
  begin(fixture);
  assert_int_equal(hash_byte(fixture), 1);
  give(fixture, held, 2);
  end(fixture);
  begin(fixture);
  assert_int_equal(hash_byte(fixture), 2);
  // What cannot be read leaves those in force.
  give(fixture, "  - nonsense\n", 3);
  assert_int_equal(hash_byte(fixture), 2);
  give(fixture, "  - nonsense\n", 2);  // under their own name
  assert_int_equal(hash_byte(fixture), 2);
  end(fixture);
  begin(fixture);
  assert_int_equal(hash_byte(fixture), 2);
  unmake(fixture);
}

static void a_name_that_leads_elsewhere_is_refused(void **state) {
  (void)state;
  static const char *const names[] = {
      "../sent",      "access/../../x.yaml", "access/.x.yaml", "/etc/x.yaml", "access/x.txt",
      "other/x.yaml", "access/a/b.yaml",     "access/.yaml",   "hub.yaml",    ""};
  struct fixture *fixture = make();
  struct nav_arena *arena = nav_arena_new(1 << 16);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    Nav__V1__RulesBundle *bundle = fake_rules_bundle(fake_rules_all, 4, arena);
    bundle->files[2]->name = (char *)(uintptr_t)names[i];
    edge_take_rules(fixture->edge, bundle);
    assert_false(edge_has_rules(fixture->edge));
  }
  nav_arena_free(arena);
  unmake(fixture);
}

static void what_nobody_may_have_leaves_no_trace(void **state) {
  (void)state;
  struct fixture *fixture = make();
  give(fixture, fake_rules_all, 1);
  send(fixture, 1, "A", false);
  send(fixture, 2, "B", true);
  assert_int_equal(fake_hub_count(), 1);
  assert_int_equal(fixture->summary.stayed_home, 1);
  assert_int_equal(fixture->summary.sent, 1);
  assert_int_equal(fixture->summary.stripped, 0);
  assert_int_equal(state_count(fixture->state), 1);
  unmake(fixture);
}

static void what_no_lane_may_be_told_is_removed(void **state) {
  (void)state;
  struct fixture *fixture = make();
  give(fixture, place_alone, 1);
  send(fixture, 1, "A", false);
  assert_int_equal(fixture->summary.stripped, 1);
  Nav__V1__Event *event = taken(0);
  assert_null(event->place);
  assert_int_equal(event->revision, 1);
  nav__v1__event__free_unpacked(event, NULL);
  unmake(fixture);
}

// The content that counts is the source's.
static void other_rules_alone_send_nothing_anew(void **state) {
  (void)state;
  struct fixture *fixture = make();
  give(fixture, fake_rules_all, 1);
  send(fixture, 1, "A", false);
  give(fixture, place_alone, 2);
  send(fixture, 1, "A", false);
  assert_int_equal(fake_hub_count(), 1);
  assert_int_equal(fixture->summary.unchanged, 1);
  send(fixture, 1, "B", false);
  assert_int_equal(fake_hub_count(), 2);
  unmake(fixture);
}

// A correction that nobody may have any more: the earlier revision must not stand.
static void a_correction_that_would_stay_home_is_told_bare(void **state) {
  (void)state;
  struct fixture *fixture = make();
  give(fixture, fake_rules_all, 1);
  send(fixture, 1, "A", false);
  give(fixture,
       "  - id: none\n    forbid: {from: police, event: PublicIncident, to: school}\n    basis: fri\n", 2);
  send(fixture, 1, "B", false);
  send(fixture, 2, "C", false);
  assert_int_equal(fake_hub_count(), 2);
  assert_int_equal(fixture->summary.stayed_home, 1);
  Nav__V1__Event *event = taken(1);
  assert_int_equal(event->revision, 2);
  assert_null(event->place);
  nav__v1__event__free_unpacked(event, NULL);
  unmake(fixture);
}

static void open_sealed(const Nav__V1__Event *event, const char *text) {
  uint8_t plain[1024];
  const ProtobufCBinaryData *content = &event->sealed->content;
  const struct keys_edge key = {id_key, "polisen", event->id.data, event->revision};
  assert_true(content->len - KEYS_EDGE_OVERHEAD <= sizeof plain);
  assert_true(keys_edge_open(plain, &key, content->data, content->len));
  Nav__V1__Event *whole = nav__v1__event__unpack(NULL, content->len - KEYS_EDGE_OVERHEAD, plain);
  assert_non_null(whole);
  assert_string_equal(whole->public_incident->summary, text);
  assert_int_equal(whole->revision, event->revision);
  nav__v1__event__free_unpacked(whole, NULL);
}

static void what_waits_for_an_assessor_is_sealed(void **state) {
  (void)state;
  struct fixture *fixture = make();
  give(fixture, held, 1);
  send(fixture, 1, "hemligt", false);
  assert_int_equal(fixture->summary.sealed, 1);
  Nav__V1__Event *event = taken(0);
  assert_int_equal(event->body_case, NAV__V1__EVENT__BODY_SEALED);
  assert_int_equal(event->sealed->type, NAV__V1__EVENT__BODY_PUBLIC_INCIDENT);
  assert_string_equal(event->sealed->recipients[0], "skolan");
  assert_string_equal(event->sealed->purposes[0], "test");
  assert_string_equal(event->sealed->rules[0], "held-incidents");
  assert_null(event->place);
  assert_null(memmem(fake_hub_at(0)->bytes, fake_hub_at(0)->length, "hemligt", 7));
  open_sealed(event, "hemligt");
  nav__v1__event__free_unpacked(event, NULL);
  unmake(fixture);
}

// After a crash the same bytes are sent again; where the hub knows more, the content is sealed anew under the
// revision that it takes.
static void sealed_content_follows_its_revision(void **state) {
  (void)state;
  struct fixture *fixture = make();
  char path[SCRATCH_PATH];
  give(fixture, held, 1);
  send(fixture, 1, "A", false);
  end(fixture);
  assert_int_equal(remove(scratch_path(path, fixture->state_folder, "sent")), 0);
  begin(fixture);
  send(fixture, 1, "A", false);
  assert_int_equal(fixture->summary.duplicate, 1);
  end(fixture);
  assert_int_equal(remove(path), 0);
  begin(fixture);
  send(fixture, 1, "B", false);
  assert_int_equal(fake_hub_count(), 2);
  Nav__V1__Event *event = taken(1);
  assert_int_equal(event->revision, 2);
  open_sealed(event, "B");
  nav__v1__event__free_unpacked(event, NULL);
  unmake(fixture);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rules_are_kept_over_starts),
      cmocka_unit_test(a_name_that_leads_elsewhere_is_refused),
      cmocka_unit_test(what_nobody_may_have_leaves_no_trace),
      cmocka_unit_test(what_no_lane_may_be_told_is_removed),
      cmocka_unit_test(other_rules_alone_send_nothing_anew),
      cmocka_unit_test(a_correction_that_would_stay_home_is_told_bare),
      cmocka_unit_test(what_waits_for_an_assessor_is_sealed),
      cmocka_unit_test(sealed_content_follows_its_revision),
  };
  return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
