// Any bytes as HELLO, WELCOME and REFUSED messages; and, since no random bytes have a signature that holds,
// also as the signed body of a Hello and a Welcome, signed here: what stands behind the signature must bear
// anything too. The first byte chooses. Called by: libFuzzer. Must never: need anything but its bytes.
#include <string.h>

#include "hub/wire/session.h"

static struct key_pair_sign agency, hub;
static struct wire_hello hello;

static void make_keys(void) {
  static const uint8_t agency_seed[32] = {1}, hub_seed[32] = {2};
  (void)crypto_sign_seed_keypair(agency.public_key, agency.secret_key, agency_seed);
  (void)crypto_sign_seed_keypair(hub.public_key, hub.secret_key, hub_seed);
  memset(&hello, 3, sizeof hello);
  (void)crypto_scalarmult_base(hello.ephemeral_public, hello.ephemeral_secret);
}

static void make_signed(struct nav_buffer *frame, enum wire_kind kind, const char *use,
                        const struct key_pair_sign *key, const uint8_t *body, size_t length) {
  uint8_t signature[KEY_SIGNATURE_SIZE], first = (uint8_t)kind;
  const struct nav_bytes part = {body, length};
  keys_sign(signature, key, use, &part, 1);
  Nav__V1__Signed message = NAV__V1__SIGNED__INIT;
  message.has_body = message.has_signature = true;
  message.body = (ProtobufCBinaryData){length, (uint8_t *)(uintptr_t)body};
  message.signature = (ProtobufCBinaryData){sizeof signature, signature};
  NAV_ASSERT(nav_buffer_append(frame, &first, 1) && wire_encode(&message, frame));
}

static void try_hello(const uint8_t *frame, size_t length) {
  struct wire_stream stream = {0};
  struct nav_buffer welcome;
  struct nav_error err = {0};
  nav_buffer_init(&welcome, WIRE_FRAME_MAX);
  if (wire_hello_answer(frame, length, "skola", agency.public_key, &hub, &stream, &welcome, &err)) {
    NAV_ASSERT(stream.is_hubs && !stream.ended && welcome.length > 1 && welcome.data[0] == WIRE_WELCOME);
  } else {
    NAV_ASSERT(err.class == NAV_ERROR_PEER && err.code != 0 && welcome.length == 0);
  }
  nav_buffer_free(&welcome);
}

static void try_welcome(const uint8_t *frame, size_t length) {
  struct wire_stream stream = {0};
  struct nav_error err = {0};
  if (wire_welcome_open(&hello, hub.public_key, frame, length, &stream, &err)) {
    NAV_ASSERT(!stream.is_hubs && !stream.ended);
  } else {
    NAV_ASSERT(err.class == NAV_ERROR_PEER && err.code != 0);
  }
}

static void try_refused(const uint8_t *frame, size_t length) {
  struct nav_error err = {0};
  wire_refused_read(frame, length, &err);
  NAV_ASSERT(err.class == NAV_ERROR_PEER);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (hub.public_key[0] == 0 && hub.public_key[1] == 0) make_keys();
  if (size == 0 || size > KEYS_SIGNED_MAX / 2) return 0;
  const uint8_t *rest = data + 1;
  size_t length = size - 1;
  struct nav_buffer frame;
  nav_buffer_init(&frame, WIRE_FRAME_MAX);
  switch (data[0] % 5) {
    case 0:
      try_hello(rest, length);
      break;
    case 1:
      try_welcome(rest, length);
      break;
    case 2:
      try_refused(rest, length);
      break;
    case 3:
      make_signed(&frame, WIRE_HELLO, "hello", &agency, rest, length);
      try_hello(frame.data, frame.length);
      break;
    default:
      make_signed(&frame, WIRE_WELCOME, "welcome", &hub, rest, length);
      try_welcome(frame.data, frame.length);
  }
  nav_buffer_free(&frame);
  return 0;
}
