// How long events of 250 and 512 bytes take through hub/wire: decode (check and fill), validate, encode,
// and protobuf-c's own unpack beside it; then a batch of hashes side by side and one by one, and a frame
// sealed as sessions' are and, beside it, by libsodium's secretstream. Prints microseconds of processor time
// an event, the best of many short rounds. Called by: people (build/bin/wire_bench). Must never: fail a
// build; a loaded machine is slow.
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hub/wire/aead.h"
#include "hub/wire/event.h"
#include "hub/wire/json.h"
#include "hub/wire/message.h"
#include "hub/wire/sha256_many.h"

enum { LOOPS = 2000, ROUNDS = 500, ARENA_MAX = 1024 * 1024, LARGER = 512 };
enum { HASHES = 64, NODE = 2 * NAV_SHA256_SIZE, FRAME = 60000, FEW_LOOPS = 10 };

static const char sample[] =
    "{\"specversion\":\"1.0\",\"type\":\"nav.v1.Disturbance\",\"id\":\"000050e1a1b2c3d4e5f60718293a4b5c\","
    "\"source\":\"stockholmshem\",\"time\":\"2026-08-22T21:59:00Z\",\"recordedtime\":\"2026-08-22T22:05:"
    "00Z\","
    "\"navrevision\":1,\"data\":{\"place\":{\"position\":{\"latitude\":59.3389,\"longitude\":17.9395},"
    "\"precision\":\"address\",\"address\":\"Brommaplan "
    "1\",\"area\":\"bromma\",\"municipality\":\"0180\",\"county\":\"01\"},"
    "\"subjects\":[{\"role\":\"other\",\"protection\":\"none\",\"name\":\"Åsa Öberg\"}],"
    "\"marks\":{\"source_evaluation\":\"a\",\"information_evaluation\":2,\"handling\":\"h1\"},"
    "\"body\":{\"kind\":\"noise\",\"status\":\"open\",\"description\":\"Hög musik och bråk i trapphuset "
    "sedan 22, flera "
    "grannar har ringt. Väktare på väg.\",\"case_number\":\"2026-1234\",\"category\":\"Störning\"}}}";

static double now_us(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

struct bench {
  struct nav_buffer bytes;
  struct nav_buffer out;
  struct nav_arena *arena;
  Nav__V1__Event *event;  // in its own arena
};

static uint8_t frame[FRAME], sealed[FRAME + crypto_secretstream_xchacha20poly1305_ABYTES];
static uint8_t key[NAV_AEAD_KEY_SIZE], hashes[HASHES][NAV_SHA256_SIZE];
static crypto_secretstream_xchacha20poly1305_state stream;

static bool run_hash_many(struct bench *bench) {
  (void)bench;
  struct sha256_input inputs[HASHES];
  for (size_t i = 0; i < HASHES; i++) inputs[i] = (struct sha256_input){frame + i * NODE, NODE, 1, hashes[i]};
  nav_sha256_many(inputs, HASHES);
  return true;
}

static bool run_hash_each(struct bench *bench) {
  (void)bench;
  for (size_t i = 0; i < HASHES; i++) {
    const struct nav_bytes parts[] = {{"\1", 1}, {frame + i * NODE, NODE}};
    nav_sha256(hashes[i], parts, 2);
  }
  return true;
}

static bool run_seal(struct bench *bench) {
  static uint64_t number;
  (void)bench;
  nav_aead_seal(key, number++, 4, frame, sizeof frame, sealed);
  return true;
}

static bool run_secretstream(struct bench *bench) {
  (void)bench;
  return crypto_secretstream_xchacha20poly1305_push(&stream, sealed, NULL, frame, sizeof frame, NULL, 0, 0) ==
         0;
}

static bool run_decode(struct bench *bench) {
  nav_arena_reset(bench->arena);
  struct nav_error err;
  return wire_decode_lenient(&nav__v1__event__descriptor, bench->arena, bench->bytes.data,
                             bench->bytes.length, &err) != NULL;
}

static bool run_validate(struct bench *bench) {
  struct nav_error err;
  return wire_event_validate(bench->event, &err);
}

static bool run_encode(struct bench *bench) {
  nav_buffer_clear(&bench->out);
  return wire_encode(bench->event, &bench->out);
}

static bool run_protobuf_c(struct bench *bench) {
  Nav__V1__Event *event = nav__v1__event__unpack(NULL, bench->bytes.length, bench->bytes.data);
  if (event == NULL) return false;
  nav__v1__event__free_unpacked(event, NULL);
  return true;
}

// The same event with a longer description, so that it has LARGER bytes.
static bool grow(struct bench *bench) {
  char text[LARGER] = "";
  const char *description = bench->event->disturbance->description;
  size_t more = LARGER - bench->bytes.length - 2;  // two lengths then take a byte more
  (void)snprintf(text, sizeof text, "%s%*s", description, (int)more, "på väg.");
  bench->event->disturbance->description = text;
  nav_buffer_clear(&bench->bytes);
  bool encoded = wire_encode(bench->event, &bench->bytes);
  bench->event->disturbance->description = (char *)(uintptr_t)description;
  return encoded;
}

static void measure(const char *name, bool (*run)(struct bench *), struct bench *bench, int loops) {
  double best = 1e9;
  for (int round = 0; round < ROUNDS; round++) {
    double start = now_us();
    for (int i = 0; i < loops; i++) {
      if (!run(bench)) {
        (void)fprintf(stderr, "wire_bench: %s failed\n", name);
        exit(1);
      }
    }
    double each = (now_us() - start) / loops;
    if (each < best) best = each;
  }
  (void)printf("%-40s %7.3f us\n", name, best);
}

int main(void) {
  struct nav_error err = {0};
  struct bench bench = {.arena = nav_arena_new(ARENA_MAX)};
  struct nav_arena *kept = nav_arena_new(ARENA_MAX);
  json_t *json = wire_json_parse(sample, sizeof sample - 1, &err);
  nav_buffer_init(&bench.bytes, WIRE_EVENT_MAX);
  nav_buffer_init(&bench.out, WIRE_EVENT_MAX);
  if (bench.arena == NULL || kept == NULL || json == NULL || sodium_init() < 0) return 1;
  bench.event = wire_cloudevent_to_event(json, kept, &err);
  json_decref(json);
  if (bench.event == NULL || !wire_encode(bench.event, &bench.bytes)) {
    (void)fprintf(stderr, "wire_bench: %s: %s\n", err.place, err.text);
    return 1;
  }
  (void)printf("an event of %zu bytes\n", bench.bytes.length);
  measure("wire_decode_lenient (check and fill)", run_decode, &bench, LOOPS);
  measure("wire_event_validate", run_validate, &bench, LOOPS);
  measure("wire_encode", run_encode, &bench, LOOPS);
  measure("protobuf-c's own unpack and free", run_protobuf_c, &bench, LOOPS);
  if (!grow(&bench)) return 1;
  (void)printf("an event of %zu bytes\n", bench.bytes.length);
  measure("wire_decode_lenient (check and fill)", run_decode, &bench, LOOPS);
  measure("protobuf-c's own unpack and free", run_protobuf_c, &bench, LOOPS);
  (void)printf("%d hashes of %d bytes\n", HASHES, NODE);
  measure("nav_sha256_many", run_hash_many, &bench, FEW_LOOPS);
  measure("nav_sha256, each", run_hash_each, &bench, FEW_LOOPS);
  (void)printf("a frame of %d bytes\n", FRAME);
  uint8_t header[crypto_secretstream_xchacha20poly1305_HEADERBYTES];
  (void)crypto_secretstream_xchacha20poly1305_init_push(&stream, header, key);
  measure("nav_aead_seal", run_seal, &bench, FEW_LOOPS);
  measure("libsodium's secretstream", run_secretstream, &bench, FEW_LOOPS);
  nav_buffer_free(&bench.bytes);
  nav_buffer_free(&bench.out);
  nav_arena_free(bench.arena);
  nav_arena_free(kept);
  return 0;
}
