// See private.h: the access rules, collected part by part and believed only when the hub's signature holds.
#include <string.h>

#include "adapters/sdk/private.h"

// An arena for the decoded bundle: the files once more, and what names them.
enum { BUNDLE_ARENA_MAX = 2 * RULES_BYTES_MAX };

static bool tell(struct nav_client *client) {
  struct nav_error err = {0};
  struct nav_arena *arena = nav_arena_new(BUNDLE_ARENA_MAX);
  if (arena == NULL) return false;
  const Nav__V1__RulesBundle *bundle = wire_decode_lenient(&nav__v1__rules_bundle__descriptor, arena,
                                                           client->rules.data, client->rules.length, &err);
  bool ok = bundle != NULL && bundle->hash.len == NAV_SHA256_SIZE &&
            memcmp(bundle->hash.data, client->rules_hash, NAV_SHA256_SIZE) == 0;
  if (ok) client->events.rules(client->events.context, bundle);
  nav_arena_free(arena);
  return ok;
}

// Part 0 begins anew, also where the rules changed while earlier ones were on their way.
static bool follows(struct nav_client *client, const Nav__V1__RulesPart *part) {
  if (part->hash.len != NAV_SHA256_SIZE || part->count == 0 || part->count > RULES_PARTS_MAX) return false;
  if (part->index == 0) {
    nav_buffer_clear(&client->rules);
    memcpy(client->rules_hash, part->hash.data, NAV_SHA256_SIZE);
    client->rules_count = part->count;
    client->rules_next = 0;
  }
  return part->index == client->rules_next && part->index < client->rules_count &&
         part->count == client->rules_count &&
         memcmp(part->hash.data, client->rules_hash, NAV_SHA256_SIZE) == 0;
}

bool rules_take(struct nav_client *client, const Nav__V1__RulesPart *part) {
  if (client->events.rules == NULL) return true;  // nobody asked
  if (!follows(client, part) || !nav_buffer_append(&client->rules, part->bytes.data, part->bytes.len))
    return false;
  client->rules_next++;
  if (client->rules_next < client->rules_count) return true;
  client->rules_next = 0;
  client->rules_count = 0;
  bool ok = part->signature.len == KEY_SIGNATURE_SIZE &&
            keys_verify_rules(part->signature.data, client->hub_session_key, client->log_id,
                              client->rules.data, client->rules.length) &&
            tell(client);
  nav_buffer_free(&client->rules);  // seldom needed, and large
  nav_buffer_init(&client->rules, RULES_BYTES_MAX);
  return ok;
}
