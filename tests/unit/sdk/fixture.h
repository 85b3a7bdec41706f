// A client and a fake hub side by side, and what the client told its caller.
// Called by: sdk_test, sdk_delivery_test. Must never: wait for what cannot come.
#ifndef NAV_TESTS_SDK_FIXTURE_H
#define NAV_TESTS_SDK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "adapters/sdk/client.h"
#include "tests/unit/sdk/fake_hub.h"

enum { TOKENS_MAX = 20000, POSITIONS_MAX = 20000, SOON_MS = 8000 };

struct fixture {
  struct fake_hub hub;
  struct keys_agency keys;
  struct nav_client *client;
  struct nav_error err;
  bool step_failed;
  // Receipts.
  unsigned receipts, accepted, rejected;
  uint8_t token_receipts[TOKENS_MAX];
  // Deliveries.
  uint64_t positions[POSITIONS_MAX];
  size_t positions_count;
  char purpose[32], rule[32];
  unsigned durables, notices;
  bool durable_fails;
  uint64_t refuse_position;   // the delivery callback says no to it, once
  const char *refuse_reason;  // and tells the hub why; NULL: the session ends
  uint64_t set_aside;         // the last position that the hub has set aside
  bool has_place;
  uint64_t place;
};

extern struct fixture *f;

int fixture_start(void **state);            // publishes only
int fixture_start_receiving(void **state);  // one lane, "lagesbild"
int fixture_stop(void **state);
// The client as a new one, with that lane or none.
void fixture_new_client(bool receives);
struct nav_client_settings fixture_settings(bool receives);
struct nav_client_events fixture_events(void);

// Steps both until the condition holds; the test fails where it does not in time.
#define UNTIL(condition)                                    \
  do {                                                      \
    int64_t until_ms_ = nav_clock_monotonic_ms() + SOON_MS; \
    while (!(condition)) {                                  \
      assert_true(nav_clock_monotonic_ms() < until_ms_);    \
      fixture_step();                                       \
    }                                                       \
  } while (0)
void fixture_step(void);
void fixture_step_for(int64_t ms);
// Queues `count` events of that many bytes, tokens from `token`.
void fixture_publish(uint64_t token, size_t count, size_t bytes);

#endif
