// See fixture.h.
#include "tests/unit/sdk/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"

struct fixture *f;

static void on_receipt(void *context, uint64_t token, const Nav__V1__EventReceipt *receipt) {
  struct fixture *fixture = context;
  fixture->receipts++;
  assert_true(token < TOKENS_MAX);
  fixture->token_receipts[token]++;
  if (receipt->status == NAV__V1__RECEIPT_STATUS__RECEIPT_STATUS_ACCEPTED) {
    fixture->accepted++;
  } else {
    fixture->rejected++;
  }
}

static bool on_delivery(void *context, const char *purpose, const uint8_t log_id[KEY_LOG_ID_SIZE],
                        const Nav__V1__Delivery *delivery, const Nav__V1__VerdictInfo *verdict,
                        const Nav__V1__Event *event) {
  struct fixture *fixture = context;
  assert_memory_equal(log_id, fixture->hub.log_id, KEY_LOG_ID_SIZE);
  assert_int_equal(nav_get_u64(event->id.data + 8), delivery->position);
  if (delivery->position == fixture->refuse_position) {
    fixture->refuse_position = 0;
    if (fixture->refuse_reason != NULL) nav_client_refuse(fixture->client, false, fixture->refuse_reason);
    return false;
  }
  assert_true(fixture->positions_count < POSITIONS_MAX);
  fixture->positions[fixture->positions_count++] = delivery->position;
  (void)snprintf(fixture->purpose, sizeof fixture->purpose, "%s", purpose);
  (void)snprintf(fixture->rule, sizeof fixture->rule, "%s", verdict->rule);
  return true;
}

static bool on_durable(void *context) {
  struct fixture *fixture = context;
  fixture->durables++;
  if (fixture->durable_fails) return false;
  fixture->has_place = fixture->has_place || fixture->positions_count > 0;
  if (fixture->positions_count > 0) {
    uint64_t last = fixture->positions[fixture->positions_count - 1];
    if (last > fixture->place) fixture->place = last;
  }
  return true;
}

static void on_set_aside(void *context, const char *purpose, uint64_t position) {
  struct fixture *fixture = context;
  assert_string_equal(purpose, "lagesbild");
  fixture->set_aside = position;
}

static bool on_resume(void *context, const char *purpose, uint8_t log_id[KEY_LOG_ID_SIZE],
                      uint64_t *position) {
  struct fixture *fixture = context;
  assert_string_equal(purpose, "lagesbild");
  memcpy(log_id, fixture->hub.log_id, KEY_LOG_ID_SIZE);
  *position = fixture->place;
  return fixture->has_place;
}

static void on_notice(void *context, const Nav__V1__Notice *notice) {
  struct fixture *fixture = context;
  if (notice->kind == NAV__V1__NOTICE_KIND__NOTICE_KIND_RULES_CHANGED) fixture->notices++;
}

struct nav_client_settings fixture_settings(bool receives) {
  static const char *const purposes[] = {"lagesbild"};
  static struct nav_client_node node;
  node = (struct nav_client_node){f->hub.endpoint, f->hub.curve.public_key};
  return (struct nav_client_settings){.agency = "skola",
                                      .nodes = &node,
                                      .nodes_count = 1,
                                      .hub_session_key = f->hub.session_key.public_key,
                                      .keys = &f->keys,
                                      .purposes = purposes,
                                      .purposes_count = receives ? 1 : 0,
                                      .program = "sdk_test 1"};
}

struct nav_client_events fixture_events(void) {
  return (struct nav_client_events){.context = f,
                                    .receipt = on_receipt,
                                    .delivery = on_delivery,
                                    .durable = on_durable,
                                    .resume = on_resume,
                                    .notice = on_notice,
                                    .set_aside = on_set_aside};
}

void fixture_new_client(bool receives) {
  const struct nav_client_settings settings = fixture_settings(receives);
  const struct nav_client_events events = fixture_events();
  nav_client_free(f->client);
  f->client = nav_client_new(&settings, &events, &f->err);
  assert_non_null(f->client);
}

static int start(bool receives) {
  f = calloc(1, sizeof *f);
  assert_non_null(f);
  (void)crypto_box_keypair(f->keys.curve.public_key, f->keys.curve.secret_key);
  (void)crypto_sign_keypair(f->keys.signing.public_key, f->keys.signing.secret_key);
  randombytes_buf(f->keys.id_key, sizeof f->keys.id_key);
  hub_start(&f->hub, "skola", f->keys.curve.public_key, f->keys.signing.public_key);
  if (receives) hub_add_lane(&f->hub, "lagesbild");
  fixture_new_client(receives);
  return 0;
}

int fixture_start(void **state) {
  (void)state;
  return start(false);
}

int fixture_start_receiving(void **state) {
  (void)state;
  return start(true);
}

int fixture_stop(void **state) {
  (void)state;
  nav_client_free(f->client);
  int faults = (int)f->hub.faults;
  if (faults > 0) (void)fprintf(stderr, "the client did wrong: %s\n", f->hub.fault);
  hub_stop(&f->hub);
  free(f);
  return faults;
}

void fixture_step(void) {
  bool any = hub_step(&f->hub);
  if (!nav_client_step(f->client, any ? 0 : 2, &f->err)) f->step_failed = true;
}

void fixture_step_for(int64_t ms) {
  int64_t until_ms = nav_clock_monotonic_ms() + ms;
  while (nav_clock_monotonic_ms() < until_ms) fixture_step();
}

void fixture_publish(uint64_t token, size_t count, size_t bytes) {
  static uint8_t event[WIRE_EVENT_MAX];
  for (size_t i = 0; i < count; i++) {
    memset(event, 'e', bytes);
    nav_put_u64(event, token + i);
    assert_true(nav_client_publish(f->client, token + i, event, bytes, &f->err));
  }
}
