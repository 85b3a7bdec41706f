// Revisions and receipts: what is sent under which number, against a hub that answers as a hub does.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <sodium.h>

#include "adapters/engine/poster.h"
#include "tests/unit/engine/fake_client.h"
#include "tests/unit/engine/scratch.h"

static const uint8_t id_key[NAV_ID_KEY_SIZE] = {3};

struct fixture {
  char folder[SCRATCH_PATH];
  char state_folder[SCRATCH_PATH];
  struct summary summary;
  struct state *state;
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
  assert_non_null(fixture->state);
  const struct poster_settings settings = {.state = fixture->state,
                                           .id_key = id_key,
                                           .outbox = fixture->folder,
                                           .summary = &fixture->summary,
                                           .tick = tick,
                                           .context = fixture};
  fixture->poster = poster_new(&settings, &err);
  assert_non_null(fixture->poster);
  const struct nav_client_settings client = {0};
  const struct nav_client_events events = {.context = fixture, .receipt = on_receipt};
  fixture->client = nav_client_new(&client, &events, &err);
  poster_set_client(fixture->poster, fixture->client);
  poster_set_file(fixture->poster, "fil.json");
}

// As a kill does: nothing is settled or synced.
static void end(struct fixture *fixture) {
  poster_free(fixture->poster);
  nav_client_free(fixture->client);
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

static bool try_send(struct fixture *fixture, uint32_t number, const char *text, struct nav_error *err) {
  uint8_t id[16] = {0};
  char source_id[16];
  nav_put_u32(id + 4, number * 2654435761u);
  (void)snprintf(source_id, sizeof source_id, "%u", number);
  Nav__V1__PublicIncident body = NAV__V1__PUBLIC_INCIDENT__INIT;
  body.summary = (char *)(uintptr_t)text;
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  event.has_id = event.has_revision = 1;
  event.id = (ProtobufCBinaryData){.len = sizeof id, .data = id};
  event.revision = 1;
  event.body_case = NAV__V1__EVENT__BODY_PUBLIC_INCIDENT;
  event.public_incident = &body;
  return poster_send(fixture->poster, source_id, &event, err);
}

static void send_event(struct fixture *fixture, uint32_t number, const char *text) {
  struct nav_error err = {0};
  if (!try_send(fixture, number, text, &err)) fail_msg("%s", err.text);
}

static void settle(struct fixture *fixture) {
  struct nav_error err = {0};
  if (!poster_settle(fixture->poster, &err)) fail_msg("%s", err.text);
}

// The hub's revisions of all events in the order it took them, as "1:text 2:text ".
static const char *taken(void) {
  static char out[1024];
  out[0] = '\0';
  for (size_t i = 0; i < fake_hub_count(); i++) {
    const struct fake_event *kept = fake_hub_at(i);
    Nav__V1__Event *event = nav__v1__event__unpack(NULL, kept->length, kept->bytes);
    size_t length = strlen(out);
    (void)snprintf(out + length, sizeof out - length, "%u:%s ", event->revision,
                   event->public_incident->summary);
    nav__v1__event__free_unpacked(event, NULL);
  }
  return out;
}

static void unchanged_is_not_sent_changed_is_the_next_revision(void **state) {
  (void)state;
  struct fixture *fixture = make();
  static const char *const contents[] = {"A", "A", "B", "B", "A", "A"};
  for (size_t i = 0; i < 6; i++) {
    send_event(fixture, 1, contents[i]);
    settle(fixture);
  }
  assert_string_equal(taken(), "1:A 2:B 3:A ");
  assert_int_equal(fixture->summary.sent, 3);
  assert_int_equal(fixture->summary.accepted, 3);
  assert_int_equal(fixture->summary.unchanged, 3);
  assert_int_equal(fake_hub.conflicts, 0);
  end(fixture);
  begin(fixture);  // the same after a start anew
  send_event(fixture, 1, "A");
  send_event(fixture, 1, "B");
  settle(fixture);
  assert_string_equal(taken(), "1:A 2:B 3:A 4:B ");
  assert_int_equal(fixture->summary.unchanged, 1);
  unmake(fixture);
}

// Without a pause between them: each waits for the receipt of the one before, so that the hub sees them in
// order.
static void revisions_in_one_file_keep_their_order(void **state) {
  (void)state;
  struct fixture *fixture = make();
  fake_hub.away_steps = 3;
  fake_hub.receipts_a_step = 1;
  send_event(fixture, 1, "A");
  send_event(fixture, 2, "x");
  send_event(fixture, 1, "A");
  send_event(fixture, 1, "B");
  send_event(fixture, 1, "A");
  settle(fixture);
  assert_string_equal(taken(), "1:A 1:x 2:B 3:A ");
  assert_int_equal(fixture->summary.unchanged, 1);
  unmake(fixture);
}

static void a_kill_before_the_receipt_is_stored_doubles_nothing(void **state) {
  (void)state;
  struct fixture *fixture = make();
  struct nav_error err = {0};
  send_event(fixture, 1, "A");
  settle(fixture);
  send_event(fixture, 1, "B");
  send_event(fixture, 2, "x");
  while (poster_unsettled(fixture->poster) > 0)
    assert_true(tick(fixture, 0, &err));  // taken, but never synced
  end(fixture);
  begin(fixture);
  send_event(fixture, 1, "B");
  send_event(fixture, 2, "x");
  settle(fixture);
  assert_string_equal(taken(), "1:A 2:B 1:x ");
  assert_int_equal(fixture->summary.duplicate, 2);
  assert_int_equal(fixture->summary.accepted, 0);
  unmake(fixture);
}

static void a_hub_that_knows_more_is_followed(void **state) {
  (void)state;
  struct fixture *fixture = make();
  static const char *const contents[] = {"A", "B", "C"};
  for (size_t i = 0; i < 3; i++) {
    send_event(fixture, 1, contents[i]);
    settle(fixture);
  }
  end(fixture);
  char path[SCRATCH_PATH];
  assert_int_equal(remove(scratch_path(path, fixture->state_folder, "sent")), 0);  // the state is lost
  begin(fixture);
  send_event(fixture, 1, "C");  // what the hub has as its latest: no new revision
  settle(fixture);
  assert_string_equal(taken(), "1:A 2:B 3:C ");
  assert_int_equal(fixture->summary.duplicate, 1);
  send_event(fixture, 1, "D");
  settle(fixture);
  assert_string_equal(taken(), "1:A 2:B 3:C 4:D ");
  end(fixture);
  assert_int_equal(remove(path), 0);
  begin(fixture);
  send_event(fixture, 1, "E");  // 1 conflicts, 4 conflicts, 5 is taken
  settle(fixture);
  assert_string_equal(taken(), "1:A 2:B 3:C 4:D 5:E ");
  assert_int_equal(fixture->summary.sent, 1);
  assert_int_equal(fixture->summary.accepted, 1);
  unmake(fixture);
}

static void what_is_rejected_is_told_once_and_sent_again_when_it_comes_again(void **state) {
  (void)state;
  struct fixture *fixture = make();
  fake_hub.reject_word = "fel";
  fake_hub.reject_code = NAV__V1__CODE__CODE_BAD_VALUE;
  send_event(fixture, 1, "rätt");
  send_event(fixture, 2, "hemligt fel");
  settle(fixture);
  assert_int_equal(fixture->summary.rejected, 1);
  end(fixture);
  begin(fixture);
  send_event(fixture, 2, "hemligt fel");
  settle(fixture);
  assert_int_equal(fixture->summary.rejected, 1);
  char *text = scratch_read(fixture->folder, "rejected.ndjson", NULL);
  json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);  // one line alone
  assert_non_null(json);
  assert_string_equal(json_string_value(json_object_get(json, "code")), "bad_value");
  assert_string_equal(json_string_value(json_object_get(json, "field")), "place.area");
  assert_string_equal(json_string_value(json_object_get(json, "reason")), "no such area");
  assert_string_equal(json_string_value(json_object_get(json, "record")), "2");
  assert_string_equal(json_string_value(json_object_get(json, "file")), "fil.json");
  assert_null(strstr(text, "hemligt"));
  json_decref(json);
  free(text);
  fake_hub.reject_word = NULL;  // somebody mended the hub
  send_event(fixture, 2, "hemligt fel");
  settle(fixture);
  assert_string_equal(taken(), "1:rätt 1:hemligt fel ");
  unmake(fixture);
}

// One event stops the hub: the publication it was in is refused whole, and each of its events is sent again
// alone.
static void the_event_at_fault_takes_no_other_with_it(void **state) {
  (void)state;
  struct fixture *fixture = make();
  fake_hub.poison_word = "gift";
  fake_hub.receipts_a_step = 4;
  for (uint32_t i = 0; i < 10; i++) send_event(fixture, i, i == 5 ? "gift" : "A");
  settle(fixture);
  for (uint32_t i = 10; i < 13; i++) send_event(fixture, i, "B");
  settle(fixture);
  assert_int_equal(fake_hub_count(), 12);
  assert_int_equal(fixture->summary.accepted, 12);
  assert_int_equal(fixture->summary.rejected, 1);
  char *text = scratch_read(fixture->folder, "rejected.ndjson", NULL);
  assert_non_null(strstr(text, "\"code\":\"quarantined\""));
  assert_non_null(strstr(text, "\"record\":\"5\""));
  free(text);
  unmake(fixture);
}

// A wrong key is nobody's event: the run ends, and nothing counts as rejected.
static void what_is_wrong_with_the_adapter_ends_it(void **state) {
  (void)state;
  struct fixture *fixture = make();
  struct nav_error err = {0};
  fake_hub.reject_word = "";
  fake_hub.reject_code = NAV__V1__CODE__CODE_BAD_SIGNATURE;
  send_event(fixture, 1, "A");
  assert_false(poster_settle(fixture->poster, &err));
  assert_non_null(strstr(err.text, "bad_signature"));
  assert_int_equal(fixture->summary.rejected, 0);
  assert_false(scratch_exists(fixture->folder, "rejected.ndjson"));
  end(fixture);
  begin(fixture);
  fake_hub.reject_word = NULL;
  send_event(fixture, 1, "A");
  settle(fixture);
  assert_string_equal(taken(), "1:A ");
  unmake(fixture);
}

static void a_torn_line_of_rejections_is_cut(void **state) {
  (void)state;
  struct fixture *fixture = make();
  scratch_write(fixture->folder, "rejected.ndjson", "{\"a\":1}\n{\"hal");
  fake_hub.reject_word = "fel";
  fake_hub.reject_code = NAV__V1__CODE__CODE_BAD_VALUE;
  send_event(fixture, 1, "fel");
  settle(fixture);
  char *text = scratch_read(fixture->folder, "rejected.ndjson", NULL);
  assert_int_equal(strncmp(text, "{\"a\":1}\n{\"time\":", 16), 0);
  free(text);
  unmake(fixture);
}

static void a_busy_hub_is_asked_again(void **state) {
  (void)state;
  struct fixture *fixture = make();
  fake_hub.busy_times = 1;
  send_event(fixture, 1, "A");
  settle(fixture);
  assert_string_equal(taken(), "1:A ");
  assert_int_equal(fixture->summary.rejected, 0);
  unmake(fixture);
}

static void an_event_no_frame_holds_is_rejected_here(void **state) {
  (void)state;
  static char long_text[70 * 1024];
  static char longer_text[2 * 1024 * 1024];
  struct fixture *fixture = make();
  memset(long_text, 'a', sizeof long_text - 1);
  memset(longer_text, 'a', sizeof longer_text - 1);
  send_event(fixture, 1, long_text);
  send_event(fixture, 2, longer_text);
  send_event(fixture, 3, "A");
  settle(fixture);
  assert_string_equal(taken(), "1:A ");
  assert_int_equal(fixture->summary.rejected, 2);
  unmake(fixture);
}

// More than the client's queue takes, and few receipts in a step: none is lost, none doubled.
static void more_than_the_queue_holds_waits(void **state) {
  (void)state;
  struct fixture *fixture = make();
  enum { MANY = NAV_CLIENT_QUEUE_MAX + 500 };
  fake_hub.receipts_a_step = 200;
  for (uint32_t i = 0; i < MANY; i++) send_event(fixture, i, "A");
  settle(fixture);
  assert_int_equal(fake_hub_count(), MANY);
  assert_int_equal(fixture->summary.accepted, MANY);
  for (uint32_t i = 0; i < MANY; i++) send_event(fixture, i, "A");
  settle(fixture);
  assert_int_equal(fake_hub_count(), MANY);
  assert_int_equal(fixture->summary.unchanged, MANY);
  unmake(fixture);
}

static void a_hub_that_refuses_for_good_ends_it(void **state) {
  (void)state;
  struct fixture *fixture = make();
  struct nav_error err = {0};
  send_event(fixture, 1, "A");
  fake_hub.fails_for_good = true;
  assert_false(poster_settle(fixture->poster, &err));
  assert_string_equal(err.text, "the hub refuses this key");
  unmake(fixture);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unchanged_is_not_sent_changed_is_the_next_revision),
      cmocka_unit_test(revisions_in_one_file_keep_their_order),
      cmocka_unit_test(a_kill_before_the_receipt_is_stored_doubles_nothing),
      cmocka_unit_test(a_hub_that_knows_more_is_followed),
      cmocka_unit_test(what_is_rejected_is_told_once_and_sent_again_when_it_comes_again),
      cmocka_unit_test(the_event_at_fault_takes_no_other_with_it),
      cmocka_unit_test(what_is_wrong_with_the_adapter_ends_it),
      cmocka_unit_test(a_torn_line_of_rejections_is_cut),
      cmocka_unit_test(a_busy_hub_is_asked_again),
      cmocka_unit_test(an_event_no_frame_holds_is_rejected_here),
      cmocka_unit_test(more_than_the_queue_holds_waits),
      cmocka_unit_test(a_hub_that_refuses_for_good_ends_it),
  };
  return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
