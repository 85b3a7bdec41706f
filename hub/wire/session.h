// The sealed session between a client and nav-core (session.proto): handshake signed by both, crypto_kx, then
// AES-256-GCM, a key each way, under the message's number. Pure: bytes in, bytes out. Called by:
// core/sessions, adapters/sdk. Must never: touch a socket, seal two messages under one number, or reuse an
// ephemeral key.
#ifndef NAV_WIRE_SESSION_H
#define NAV_WIRE_SESSION_H

#include <sodium.h>

#include "hub/base/arena.h"
#include "hub/base/buffer.h"
#include "hub/wire/aead.h"
#include "hub/wire/keys.h"
#include "hub/wire/message.h"

// The first byte of every ZeroMQ message.
enum wire_kind {
  WIRE_HELLO = 1,
  WIRE_WELCOME = 2,
  WIRE_OPEN = 3,
  WIRE_SEALED = 4,
  WIRE_RESET = 5,
  WIRE_REFUSED = 6,
};

// A session ends for good at the first frame that does not open.
struct wire_stream {
  bool is_hubs;  // the hub's end, else the client's
  bool ended;
  uint64_t pushed, pulled;  // how many; the number of the next one
  uint8_t push_key[NAV_AEAD_KEY_SIZE], pull_key[NAV_AEAD_KEY_SIZE];
};

// Client. Holds the ephemeral secret between Hello and Welcome.
struct wire_hello {
  uint8_t ephemeral_public[32], ephemeral_secret[32];
  uint8_t hash[NAV_SHA256_SIZE];  // of the Hello's body
};

// Writes the HELLO message (kind byte included) into frame.
NAV_MUST_USE bool wire_hello_make(struct wire_hello *hello, const char *agency,
                                  const struct key_pair_sign *agency_key, const uint8_t *hub_public,
                                  struct nav_buffer *frame, struct nav_error *err);
// From the WELCOME message: checks signature and hash, and makes the stream ready both ways.
NAV_MUST_USE bool wire_welcome_open(const struct wire_hello *hello, const uint8_t *hub_public,
                                    const uint8_t *frame, size_t length, struct wire_stream *stream,
                                    struct nav_error *err);

// Hub. From a HELLO message that came over a CURVE connection of `agency`: its signature must be of
// agency_public. Writes the WELCOME message and makes the stream ready.
NAV_MUST_USE bool wire_hello_answer(const uint8_t *frame, size_t length, const char *agency,
                                    const uint8_t *agency_public, const struct key_pair_sign *hub_key,
                                    struct wire_stream *stream, struct nav_buffer *welcome,
                                    struct nav_error *err);

enum {
  WIRE_SEALED_OVERHEAD = 1 + NAV_AEAD_TAG_SIZE,
  WIRE_HANDSHAKE_MAX = 1024,  // bytes of a HELLO or WELCOME message
};

// Seals an encoded ClientFrame or HubFrame: appends kind byte (OPEN for a client's first, else SEALED),
// cipher text and tag. Fails where it would pass WIRE_FRAME_MAX, and after 2^32 frames, for which a key is
// good.
NAV_MUST_USE bool wire_stream_seal(struct wire_stream *stream, const uint8_t *plain, size_t length,
                                   struct nav_buffer *frame, struct nav_error *err);
// Opens an OPEN or SEALED message into plain (cleared first). Any failure ends the session: start anew.
NAV_MUST_USE bool wire_stream_open(struct wire_stream *stream, const uint8_t *frame, size_t length,
                                   struct nav_buffer *plain, struct nav_error *err);

// Forgets every key.
void wire_stream_wipe(struct wire_stream *stream);

// Appends a REFUSED message in clear; the text is cut at 256 bytes.
NAV_MUST_USE bool wire_refused_make(struct nav_buffer *frame, int code, const char *text);
// Reads a REFUSED message: always fills *err (class PEER, its code and text, or that it could not be read).
void wire_refused_read(const uint8_t *frame, size_t length, struct nav_error *err);

#endif
