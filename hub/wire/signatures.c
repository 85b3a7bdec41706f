// See keys.h: what is signed, and the digests and salts that signatures cover. Ed25519 needs its message in
// one piece, so the parts are put together in a buffer of a fixed size.
#include <sodium.h>
#include <string.h>

#include "hub/base/buffer.h"
#include "hub/wire/keys.h"
#include "hub/wire/merkle.h"
#include "hub/wire/message.h"
#include "hub/wire/sha256_many.h"

enum { DIGESTS_MAX = WIRE_EVENTS_MAX, DIGESTS_ROOM = WIRE_FRAME_MAX };

static const char prefix[] = "trygghetsnavet/v1/";

// 0: past the maximum.
static size_t join(uint8_t out[KEYS_SIGNED_MAX], const char *use, const struct nav_bytes *parts,
                   size_t count) {
  size_t use_length = strlen(use);
  size_t length = sizeof prefix - 1;
  if (use_length + 1 > KEYS_SIGNED_MAX - length) return 0;
  memcpy(out, prefix, length);
  memcpy(out + length, use, use_length + 1);  // with its 0
  length += use_length + 1;
  for (size_t i = 0; i < count; i++) {
    if (parts[i].length > KEYS_SIGNED_MAX - length) return 0;
    if (parts[i].length > 0) memcpy(out + length, parts[i].data, parts[i].length);
    length += parts[i].length;
  }
  return length;
}

void keys_sign(uint8_t signature[KEY_SIGNATURE_SIZE], const struct key_pair_sign *pair, const char *use,
               const struct nav_bytes *parts, size_t count) {
  uint8_t message[KEYS_SIGNED_MAX];
  size_t length = join(message, use, parts, count);
  NAV_ASSERT(length > 0);
  (void)crypto_sign_detached(signature, NULL, message, length, pair->secret_key);
}

bool keys_verify(const uint8_t *signature, const uint8_t *public_key, const char *use,
                 const struct nav_bytes *parts, size_t count) {
  uint8_t message[KEYS_SIGNED_MAX];
  size_t length = join(message, use, parts, count);
  return length > 0 && crypto_sign_verify_detached(signature, message, length, public_key) == 0;
}

void keys_event_salt(uint8_t salt[KEY_SALT_SIZE], const uint8_t id_key[KEY_SYMMETRIC_SIZE],
                     const uint8_t *event, size_t length) {
  (void)crypto_generichash(salt, KEY_SALT_SIZE, event, length, id_key, KEY_SYMMETRIC_SIZE);
}

void keys_event_digest(uint8_t digest[NAV_SHA256_SIZE], const uint8_t *salt, size_t salt_length,
                       const uint8_t *event, size_t length) {
  static const uint8_t leaf = 0x00;
  const struct nav_bytes parts[] = {{&leaf, 1}, {salt, salt_length}, {event, length}};
  nav_sha256(digest, parts, 3);
}

// As many as the room takes side by side; a longer event than any frame has goes by itself.
static size_t gather(struct sha256_input *inputs, uint8_t *room, uint8_t *digests,
                     const struct keys_salted *events, size_t count) {
  size_t used = 0;
  size_t taken = 0;
  while (taken < count && taken < DIGESTS_MAX &&
         used + KEY_SALT_SIZE + events[taken].length <= (size_t)DIGESTS_ROOM) {
    const struct keys_salted *event = &events[taken];
    uint8_t *at = room + used;
    memcpy(at, event->salt, KEY_SALT_SIZE);
    if (event->length > 0) memcpy(at + KEY_SALT_SIZE, event->event, event->length);
    inputs[taken] =
        (struct sha256_input){at, KEY_SALT_SIZE + event->length, 0x00, digests + taken * NAV_SHA256_SIZE};
    used += KEY_SALT_SIZE + event->length;
    taken++;
  }
  return taken;
}

void keys_event_digests(uint8_t *digests, const struct keys_salted *events, size_t count) {
  static _Thread_local uint8_t room[DIGESTS_ROOM];
  struct sha256_input inputs[DIGESTS_MAX];
  for (size_t done = 0; done < count;) {
    size_t taken = gather(inputs, room, digests + done * NAV_SHA256_SIZE, events + done, count - done);
    if (taken > 0) {
      nav_sha256_many(inputs, taken);
    } else {
      keys_event_digest(digests + done * NAV_SHA256_SIZE, events[done].salt, KEY_SALT_SIZE,
                        events[done].event, events[done].length);
      taken = 1;
    }
    done += taken;
  }
}

static void publication_root(uint8_t root[NAV_SHA256_SIZE], const uint8_t *digests, size_t count) {
  struct merkle_frontier tree = {0};
  merkle_append_many(&tree, digests, count, NULL, NULL);
  merkle_root(&tree, root);
}

void keys_sign_publication(uint8_t signature[KEY_SIGNATURE_SIZE], const struct key_pair_sign *pair,
                           const uint8_t *log_id, const char *agency, const uint8_t *digests, size_t count) {
  uint8_t root[NAV_SHA256_SIZE];
  publication_root(root, digests, count);
  const struct nav_bytes parts[] = {
      {log_id, KEY_LOG_ID_SIZE}, {agency, strlen(agency) + 1}, {root, sizeof root}};
  keys_sign(signature, pair, "publication", parts, 3);
}

bool keys_verify_publication(const uint8_t *signature, const uint8_t *public_key, const uint8_t *log_id,
                             const char *agency, const uint8_t *digests, size_t count) {
  uint8_t root[NAV_SHA256_SIZE];
  publication_root(root, digests, count);
  const struct nav_bytes parts[] = {
      {log_id, KEY_LOG_ID_SIZE}, {agency, strlen(agency) + 1}, {root, sizeof root}};
  return keys_verify(signature, public_key, "publication", parts, 3);
}

enum { PLACE_SIZE = 4 + 8 };

void keys_sign_acknowledge(uint8_t signature[KEY_SIGNATURE_SIZE], const struct key_pair_sign *pair,
                           const uint8_t *log_id, const char *agency, uint32_t lane, uint64_t position) {
  uint8_t place[PLACE_SIZE];
  nav_put_u32(place, lane);
  nav_put_u64(place + 4, position);
  const struct nav_bytes parts[] = {
      {log_id, KEY_LOG_ID_SIZE}, {agency, strlen(agency) + 1}, {place, sizeof place}};
  keys_sign(signature, pair, "acknowledge", parts, 3);
}

bool keys_verify_acknowledge(const uint8_t *signature, const uint8_t *public_key, const uint8_t *log_id,
                             const char *agency, uint32_t lane, uint64_t position) {
  uint8_t place[PLACE_SIZE];
  nav_put_u32(place, lane);
  nav_put_u64(place + 4, position);
  const struct nav_bytes parts[] = {
      {log_id, KEY_LOG_ID_SIZE}, {agency, strlen(agency) + 1}, {place, sizeof place}};
  return keys_verify(signature, public_key, "acknowledge", parts, 3);
}

static void bundle_parts(struct nav_bytes parts[2], uint8_t hash[NAV_SHA256_SIZE], const uint8_t *log_id,
                         const uint8_t *bundle, size_t length) {
  nav_sha256(hash, &(struct nav_bytes){bundle, length}, 1);
  parts[0] = (struct nav_bytes){log_id, KEY_LOG_ID_SIZE};
  parts[1] = (struct nav_bytes){hash, NAV_SHA256_SIZE};
}

void keys_sign_rules(uint8_t signature[KEY_SIGNATURE_SIZE], const struct key_pair_sign *pair,
                     const uint8_t *log_id, const uint8_t *bundle, size_t length) {
  struct nav_bytes parts[2];
  uint8_t hash[NAV_SHA256_SIZE];
  bundle_parts(parts, hash, log_id, bundle, length);
  keys_sign(signature, pair, "rules", parts, 2);
}

bool keys_verify_rules(const uint8_t *signature, const uint8_t *public_key, const uint8_t *log_id,
                       const uint8_t *bundle, size_t length) {
  struct nav_bytes parts[2];
  uint8_t hash[NAV_SHA256_SIZE];
  bundle_parts(parts, hash, log_id, bundle, length);
  return keys_verify(signature, public_key, "rules", parts, 2);
}
