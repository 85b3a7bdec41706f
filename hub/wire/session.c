// See session.h. The client's role in crypto_kx is the agency's, the server's role the hub's; the stream's
// keys come from both ephemeral keys, and the signatures tie those to the agency and the hub. A key is one
// session's and one direction's alone, so that messages can be numbered from 0.
#include "hub/wire/session.h"

#include <assert.h>
#include <string.h>

#include "hub/base/error.h"
#include "nav/v1/session.pb-c.h"

enum {
  ARENA_MAX = 16 * 1024,
  NONCE_SIZE = 32,
  VERSION = 2,  // 1 had libsodium's secretstream
  REFUSED_TEXT_MAX = 256,
};

static_assert(crypto_kx_PUBLICKEYBYTES == 32 && crypto_kx_SECRETKEYBYTES == 32, "as in session.h");
static_assert(crypto_kx_SESSIONKEYBYTES == NAV_AEAD_KEY_SIZE, "a session key is a stream's key");

static const uint64_t frames_max = UINT64_C(1) << 32;

static bool fail_peer(struct nav_error *err, int code, const char *place, const char *text) {
  return nav_fail(err, NAV_ERROR_PEER, code, place, "%s", text);
}

static bool has_size(const ProtobufCBinaryData *data, size_t size) {
  return data->data != NULL && data->len == size;
}

// Appends kind ‖ Signed{body, signature for that use}.
static bool append_signed(struct nav_buffer *frame, enum wire_kind kind, const char *use,
                          struct nav_buffer *body, const struct key_pair_sign *key) {
  uint8_t signature[KEY_SIGNATURE_SIZE];
  const struct nav_bytes part = {body->data, body->length};
  keys_sign(signature, key, use, &part, 1);
  Nav__V1__Signed message = NAV__V1__SIGNED__INIT;
  message.has_body = true;
  message.body = (ProtobufCBinaryData){body->length, body->data};
  message.has_signature = true;
  message.signature = (ProtobufCBinaryData){sizeof signature, signature};
  const uint8_t first = (uint8_t)kind;
  return nav_buffer_append(frame, &first, 1) && wire_encode(&message, frame);
}

// From kind ‖ Signed: the body, its signature checked. NULL: *err.
static const Nav__V1__Signed *open_signed(struct nav_arena *arena, enum wire_kind kind, const char *use,
                                          const uint8_t *public_key, const uint8_t *frame, size_t length,
                                          struct nav_error *err) {
  if (length < 1 || frame[0] != kind || length > WIRE_HANDSHAKE_MAX) {
    (void)fail_peer(err, NAV__V1__CODE__CODE_MALFORMED, use, "is not such a message, or too long");
    return NULL;
  }
  const Nav__V1__Signed *message =
      wire_decode(&nav__v1__signed__descriptor, arena, frame + 1, length - 1, err);
  if (message == NULL) return NULL;
  if (!message->has_body || !message->has_signature || !has_size(&message->signature, KEY_SIGNATURE_SIZE)) {
    (void)fail_peer(err, NAV__V1__CODE__CODE_MISSING_FIELD, use,
                    "body and a signature of 64 bytes must be there");
    return NULL;
  }
  const struct nav_bytes part = {message->body.data, message->body.len};
  if (!keys_verify(message->signature.data, public_key, use, &part, 1)) {
    (void)fail_peer(err, NAV__V1__CODE__CODE_BAD_SIGNATURE, use,
                    "is not signed by the key that was expected; compare the keys at both ends");
    return NULL;
  }
  return message;
}

static void hash_body(uint8_t out[NAV_SHA256_SIZE], const uint8_t *data, size_t length) {
  const struct nav_bytes part = {data, length};
  nav_sha256(out, &part, 1);
}

bool wire_hello_make(struct wire_hello *hello, const char *agency, const struct key_pair_sign *agency_key,
                     const uint8_t *hub_public, struct nav_buffer *frame, struct nav_error *err) {
  (void)crypto_kx_keypair(hello->ephemeral_public, hello->ephemeral_secret);
  uint8_t nonce[NONCE_SIZE];
  randombytes_buf(nonce, sizeof nonce);
  // protobuf-c has no const; nothing is written through these.
  Nav__V1__Hello message = NAV__V1__HELLO__INIT;
  uint8_t hub_key[KEY_ED25519_PUBLIC_SIZE];
  char name[256];
  memcpy(hub_key, hub_public, sizeof hub_key);
  if (strlen(agency) >= sizeof name) {
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "agency", "the agency's id is too long");
  }
  memcpy(name, agency, strlen(agency) + 1);
  message.has_version = message.has_ephemeral_key = message.has_nonce = message.has_hub_key = true;
  message.version = VERSION;
  message.agency = name;
  message.ephemeral_key = (ProtobufCBinaryData){sizeof hello->ephemeral_public, hello->ephemeral_public};
  message.nonce = (ProtobufCBinaryData){sizeof nonce, nonce};
  message.hub_key = (ProtobufCBinaryData){sizeof hub_key, hub_key};
  struct nav_buffer body;
  nav_buffer_init(&body, WIRE_HANDSHAKE_MAX);
  bool ok = wire_encode(&message, &body);
  if (ok) {
    hash_body(hello->hash, body.data, body.length);
    ok = append_signed(frame, WIRE_HELLO, "hello", &body, agency_key);
  }
  nav_buffer_free(&body);
  return ok || nav_fail(err, NAV_ERROR_BUG, 0, "hello", "does not fit into its buffer");
}

static bool check_hello(const Nav__V1__Hello *hello, const char *agency, const uint8_t *hub_public,
                        struct nav_error *err) {
  if (!hello->has_version || hello->version != VERSION) {
    return fail_peer(err, NAV__V1__CODE__CODE_VERSION, "hello.version", "must be 2");
  }
  if (hello->agency == NULL || strcmp(hello->agency, agency) != 0) {
    return fail_peer(err, NAV__V1__CODE__CODE_WRONG_AGENCY, "hello.agency",
                     "is not the agency that the CURVE key belongs to");
  }
  if (!hello->has_ephemeral_key || !has_size(&hello->ephemeral_key, crypto_kx_PUBLICKEYBYTES)) {
    return fail_peer(err, NAV__V1__CODE__CODE_BAD_VALUE, "hello.ephemeral_key", "must be 32 bytes");
  }
  if (!hello->has_nonce || !has_size(&hello->nonce, NONCE_SIZE)) {
    return fail_peer(err, NAV__V1__CODE__CODE_BAD_VALUE, "hello.nonce", "must be 32 bytes");
  }
  if (!hello->has_hub_key || !has_size(&hello->hub_key, KEY_ED25519_PUBLIC_SIZE) ||
      memcmp(hello->hub_key.data, hub_public, KEY_ED25519_PUBLIC_SIZE) != 0) {
    return fail_peer(err, NAV__V1__CODE__CODE_UNKNOWN_KEY, "hello.hub_key",
                     "is not this hub's session key; get the hub's public keys again");
  }
  return true;
}

// The hub's half: fresh key, both stream keys.
static bool begin_hub_stream(struct wire_stream *stream, const uint8_t *client_public,
                             uint8_t ephemeral_public[32], struct nav_error *err) {
  uint8_t ephemeral_secret[crypto_kx_SECRETKEYBYTES];
  *stream = (struct wire_stream){.is_hubs = true};
  (void)crypto_kx_keypair(ephemeral_public, ephemeral_secret);
  int result = crypto_kx_server_session_keys(stream->pull_key, stream->push_key, ephemeral_public,
                                             ephemeral_secret, client_public);
  sodium_memzero(ephemeral_secret, sizeof ephemeral_secret);
  if (result == 0) return true;
  wire_stream_wipe(stream);
  return fail_peer(err, NAV__V1__CODE__CODE_BAD_VALUE, "hello.ephemeral_key", "is not a usable key");
}

static bool append_welcome(struct nav_buffer *welcome, uint8_t hello_hash[NAV_SHA256_SIZE],
                           uint8_t ephemeral_public[32], const struct key_pair_sign *hub_key) {
  Nav__V1__Welcome message = NAV__V1__WELCOME__INIT;
  message.has_version = message.has_hello_hash = message.has_ephemeral_key = true;
  message.version = VERSION;
  message.hello_hash = (ProtobufCBinaryData){NAV_SHA256_SIZE, hello_hash};
  message.ephemeral_key = (ProtobufCBinaryData){crypto_kx_PUBLICKEYBYTES, ephemeral_public};
  struct nav_buffer body;
  nav_buffer_init(&body, WIRE_HANDSHAKE_MAX);
  bool ok = wire_encode(&message, &body) && append_signed(welcome, WIRE_WELCOME, "welcome", &body, hub_key);
  nav_buffer_free(&body);
  return ok;
}

static bool answer_hello(struct nav_arena *arena, const uint8_t *frame, size_t length, const char *agency,
                         const uint8_t *agency_public, const struct key_pair_sign *hub_key,
                         struct wire_stream *stream, struct nav_buffer *welcome, struct nav_error *err) {
  const Nav__V1__Signed *signed_hello =
      open_signed(arena, WIRE_HELLO, "hello", agency_public, frame, length, err);
  if (signed_hello == NULL) return false;
  const Nav__V1__Hello *hello =
      wire_decode(&nav__v1__hello__descriptor, arena, signed_hello->body.data, signed_hello->body.len, err);
  if (hello == NULL || !check_hello(hello, agency, hub_key->public_key, err)) return false;
  uint8_t hash[NAV_SHA256_SIZE];
  uint8_t ephemeral_public[crypto_kx_PUBLICKEYBYTES];
  hash_body(hash, signed_hello->body.data, signed_hello->body.len);
  if (!begin_hub_stream(stream, hello->ephemeral_key.data, ephemeral_public, err)) return false;
  if (append_welcome(welcome, hash, ephemeral_public, hub_key)) return true;
  wire_stream_wipe(stream);
  return nav_fail(err, NAV_ERROR_BUG, 0, "welcome", "does not fit into its buffer");
}

bool wire_hello_answer(const uint8_t *frame, size_t length, const char *agency, const uint8_t *agency_public,
                       const struct key_pair_sign *hub_key, struct wire_stream *stream,
                       struct nav_buffer *welcome, struct nav_error *err) {
  struct nav_arena *arena = nav_arena_new(ARENA_MAX);
  if (arena == NULL) return nav_fail(err, NAV_ERROR_RETRY, 0, "hello", "no memory");
  bool ok = answer_hello(arena, frame, length, agency, agency_public, hub_key, stream, welcome, err);
  nav_arena_free(arena);
  return ok;
}

static bool check_welcome(const Nav__V1__Welcome *welcome, const struct wire_hello *hello,
                          struct nav_error *err) {
  if (!welcome->has_version || welcome->version != VERSION) {
    return fail_peer(err, NAV__V1__CODE__CODE_VERSION, "welcome.version", "must be 2");
  }
  if (!welcome->has_hello_hash || !has_size(&welcome->hello_hash, NAV_SHA256_SIZE) ||
      memcmp(welcome->hello_hash.data, hello->hash, NAV_SHA256_SIZE) != 0) {
    return fail_peer(err, NAV__V1__CODE__CODE_BAD_VALUE, "welcome.hello_hash", "answers another Hello");
  }
  if (!welcome->has_ephemeral_key || !has_size(&welcome->ephemeral_key, crypto_kx_PUBLICKEYBYTES)) {
    return fail_peer(err, NAV__V1__CODE__CODE_BAD_VALUE, "welcome.ephemeral_key", "must be 32 bytes");
  }
  return true;
}

static bool open_welcome(struct nav_arena *arena, const struct wire_hello *hello, const uint8_t *hub_public,
                         const uint8_t *frame, size_t length, struct wire_stream *stream,
                         struct nav_error *err) {
  const Nav__V1__Signed *signed_welcome =
      open_signed(arena, WIRE_WELCOME, "welcome", hub_public, frame, length, err);
  if (signed_welcome == NULL) return false;
  const Nav__V1__Welcome *welcome = wire_decode(&nav__v1__welcome__descriptor, arena,
                                                signed_welcome->body.data, signed_welcome->body.len, err);
  if (welcome == NULL || !check_welcome(welcome, hello, err)) return false;
  *stream = (struct wire_stream){0};
  if (crypto_kx_client_session_keys(stream->pull_key, stream->push_key, hello->ephemeral_public,
                                    hello->ephemeral_secret, welcome->ephemeral_key.data) == 0)
    return true;
  wire_stream_wipe(stream);
  return fail_peer(err, NAV__V1__CODE__CODE_BAD_VALUE, "welcome.ephemeral_key", "is not a usable key");
}

bool wire_welcome_open(const struct wire_hello *hello, const uint8_t *hub_public, const uint8_t *frame,
                       size_t length, struct wire_stream *stream, struct nav_error *err) {
  struct nav_arena *arena = nav_arena_new(ARENA_MAX);
  if (arena == NULL) return nav_fail(err, NAV_ERROR_RETRY, 0, "welcome", "no memory");
  bool ok = open_welcome(arena, hello, hub_public, frame, length, stream, err);
  nav_arena_free(arena);
  return ok;
}

// A client's first frame says that it is.
static uint8_t kind_of(bool hubs, uint64_t number) { return !hubs && number == 0 ? WIRE_OPEN : WIRE_SEALED; }

bool wire_stream_seal(struct wire_stream *stream, const uint8_t *plain, size_t length,
                      struct nav_buffer *frame, struct nav_error *err) {
  if (stream->ended || stream->pushed == frames_max)
    return nav_fail(err, NAV_ERROR_RETRY, 0, "session", "has ended: start a new one");
  if (length > WIRE_FRAME_MAX - WIRE_SEALED_OVERHEAD) {
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_LARGE, "frame",
                    "%zu bytes do not fit into a frame of %d", length, WIRE_FRAME_MAX);
  }
  uint8_t *out = nav_buffer_reserve(frame, length + WIRE_SEALED_OVERHEAD);
  if (out == NULL) return nav_fail(err, NAV_ERROR_RETRY, 0, "frame", "the buffer has no room");
  *out = kind_of(stream->is_hubs, stream->pushed);
  nav_aead_seal(stream->push_key, stream->pushed, *out, plain, length, out + 1);
  stream->pushed++;
  frame->length += length + WIRE_SEALED_OVERHEAD;
  return true;
}

static bool open_next(struct wire_stream *stream, const uint8_t *frame, size_t length,
                      struct nav_buffer *plain) {
  bool right = !stream->ended && stream->pulled < frames_max && length >= WIRE_SEALED_OVERHEAD &&
               length <= WIRE_FRAME_MAX && frame[0] == kind_of(!stream->is_hubs, stream->pulled);
  uint8_t *out = right ? nav_buffer_reserve(plain, length - WIRE_SEALED_OVERHEAD) : NULL;
  if (out == NULL || !nav_aead_open(stream->pull_key, stream->pulled, frame[0], frame + 1, length - 1, out))
    return false;
  stream->pulled++;
  plain->length = length - WIRE_SEALED_OVERHEAD;
  return true;
}

bool wire_stream_open(struct wire_stream *stream, const uint8_t *frame, size_t length,
                      struct nav_buffer *plain, struct nav_error *err) {
  nav_buffer_clear(plain);
  if (open_next(stream, frame, length, plain)) return true;
  wire_stream_wipe(stream);
  return fail_peer(err, NAV__V1__CODE__CODE_MALFORMED, "frame",
                   "does not open in this session: the session has ended, start a new one");
}

void wire_stream_wipe(struct wire_stream *stream) {
  sodium_memzero(stream, sizeof *stream);
  nav_aead_forget();
  stream->ended = true;
}

bool wire_refused_make(struct nav_buffer *frame, int code, const char *text) {
  char copy[REFUSED_TEXT_MAX + 1];
  size_t length = strnlen(text, REFUSED_TEXT_MAX);
  // Never cut within a character of UTF-8.
  if (text[length] != '\0') {
    while (length > 0 && ((uint8_t)text[length] & 0xC0) == 0x80) length--;
  }
  memcpy(copy, text, length);
  copy[length] = '\0';
  Nav__V1__Refused message = NAV__V1__REFUSED__INIT;
  message.has_code = true;
  message.code = (Nav__V1__Code)code;
  message.text = copy;
  const uint8_t kind = WIRE_REFUSED;
  return nav_buffer_append(frame, &kind, 1) && wire_encode(&message, frame);
}

void wire_refused_read(const uint8_t *frame, size_t length, struct nav_error *err) {
  struct nav_arena *arena = nav_arena_new(ARENA_MAX);
  struct nav_error why = {0};
  const Nav__V1__Refused *message = NULL;
  if (arena != NULL && length >= 1 && frame[0] == WIRE_REFUSED && length <= WIRE_HANDSHAKE_MAX) {
    message = wire_decode(&nav__v1__refused__descriptor, arena, frame + 1, length - 1, &why);
  }
  if (message != NULL) {
    (void)nav_fail(err, NAV_ERROR_PEER, (int)message->code, "", "%s",
                   message->text != NULL ? message->text : "");
  } else {
    (void)fail_peer(err, NAV__V1__CODE__CODE_MALFORMED, "refused", "the hub refused, but why cannot be read");
  }
  nav_arena_free(arena);
}
