// The client library's fake hub as a program, for the Python client: the agency's public keys are its
// arguments; it says where it is in one line of JSON, and delivers three events on one lane and whatever was
// published. It ends when its standard input does, and then says what came. With --vectors: ids, salts and
// digests of fixed input, to compare. Run by: nav_client_test.py. Must never: be taken for a hub.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub/base/id.h"
#include "hub/wire/merkle.h"
#include "tests/unit/sdk/fake_hub.h"

enum { FIRST_DELIVERIES = 3 };

static struct fake_hub hub;

static void print_hex(const char *key, const uint8_t *data, size_t length) {
  static char hex[8192];
  NAV_ASSERT(2 * length < sizeof hex);
  printf("\"%s\": \"%s\"", key, nav_hex(hex, data, length));
}

static int print_vectors(void) {
  uint8_t key[32], id[NAV_EVENT_ID_SIZE], salt[KEY_SALT_SIZE], digests[3][NAV_SHA256_SIZE],
      root[NAV_SHA256_SIZE];
  for (size_t i = 0; i < sizeof key; i++) key[i] = (uint8_t)i;
  nav_event_id(id, key, 1764547200123, "skola", "frånvaro-1");
  struct merkle_frontier tree = {0};
  for (uint8_t i = 0; i < 3; i++) {
    const uint8_t event[] = {'e', i};
    keys_event_salt(salt, key, event, sizeof event);
    keys_event_digest(digests[i], salt, sizeof salt, event, sizeof event);
    merkle_append(&tree, digests[i]);
  }
  merkle_root(&tree, root);
  printf("{");
  print_hex("id", id, sizeof id);
  printf(", ");
  print_hex("salt", salt, sizeof salt);
  printf(", ");
  print_hex("digest", digests[2], NAV_SHA256_SIZE);
  printf(", ");
  print_hex("root", root, sizeof root);
  printf("}\n");
  return 0;
}

static void say_where(void) {
  printf("{\"endpoint\": \"%s\", ", hub.endpoint);
  print_hex("curve", hub.curve.public_key, 32);
  printf(", ");
  print_hex("session", hub.session_key.public_key, 32);
  printf(", ");
  print_hex("log_id", hub.log_id, sizeof hub.log_id);
  printf("}\n");
  (void)fflush(stdout);
}

static void say_what_came(void) {
  printf(
      "{\"hellos\": %u, \"publications\": %u, \"events\": %zu, \"faults\": %u, \"fault\": \"%s\", "
      "\"cursor\": %llu, "
      "\"credit\": %lld}\n",
      hub.hellos, hub.publications, hub.events_count, hub.faults, hub.fault != NULL ? hub.fault : "",
      (unsigned long long)hub.lanes[0].cursor, (long long)hub.credit);
}

// Each session gets what it has not acknowledged of the first three; a replay where it asks from before its
// cursor.
static void deliver_to(unsigned session) {
  static unsigned served;
  const struct hub_lane *lane = &hub.lanes[0];
  if (!hub.started || served == session || !lane->asked) return;
  served = session;
  if (lane->resumed && lane->resumed_position < lane->cursor) {
    hub_deliver(&hub, 0, lane->resumed_position + 1, lane->cursor - lane->resumed_position, 100, true);
  }
  if (lane->cursor < FIRST_DELIVERIES) {
    hub_deliver(&hub, 0, lane->cursor + 1, FIRST_DELIVERIES - lane->cursor, 100, false);
  }
}

int main(int argc, char **argv) {
  uint8_t curve[32], signing[32];
  if (sodium_init() < 0) return 1;
  if (argc == 2 && strcmp(argv[1], "--vectors") == 0) return print_vectors();
  if (argc < 4 || !nav_unhex(curve, 32, argv[2]) || !nav_unhex(signing, 32, argv[3])) return 2;
  hub_start(&hub, argv[1], curve, signing);
  hub_add_lane(&hub, "situation-picture");
  if (argc > 4) hub.answer = HUB_REJECT_ODD;
  say_where();
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
  while (poll(&input, 1, 2) == 0) {
    (void)hub_step(&hub);
    deliver_to(hub.hellos);
  }
  say_what_came();
  hub_stop(&hub);
  return hub.faults == 0 ? 0 : 1;
}
