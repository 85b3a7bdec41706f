// See sha256_many.h. A lane is one input under way; when it ends its lane takes the next input, so that lanes
// are full but for the last few blocks. The rounds are FIPS 180-4 §6.2, each operation on all lanes.
#include "hub/wire/sha256_many.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "hub/base/buffer.h"

static void one_by_one(const struct sha256_input *inputs, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const uint8_t prefix = (uint8_t)inputs[i].prefix;
    const struct nav_bytes parts[] = {{&prefix, inputs[i].prefix >= 0 ? 1 : 0},
                                      {inputs[i].data, inputs[i].length}};
    nav_sha256(inputs[i].out, parts, 2);
  }
}

#if defined(__x86_64__) && defined(__GNUC__)

enum { LANES = 16, BLOCK = 64, WORDS = 8, ROUNDS = 64 };
// From so many inputs on, lanes are quicker; measured (tests/bench/wire_bench).
enum { WORTH = 4, WORTH_BESIDE_SHA = 8 };

typedef uint32_t words __attribute__((vector_size(4 * LANES)));

static const uint32_t constants[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
static const uint32_t initial[WORDS] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

struct lane {
  const uint8_t *data;  // whole blocks straight from the input
  size_t blocks;
  uint8_t head[BLOCK];  // the prefix and what follows it
  bool has_head;
  uint8_t tail[2 * BLOCK];  // the rest, padded
  unsigned tail_blocks, tail_done;
  uint8_t *out;  // NULL: the lane is empty
};

struct many {
  words state[WORDS];
  struct lane lanes[LANES];
  const uint8_t *block[LANES];
};

// What is left of the input after its whole blocks, 0x80, zeros, and the length in bits.
static void pad(struct lane *lane, const uint8_t *rest, size_t length, uint64_t message) {
  lane->tail_blocks = length + 9 <= BLOCK ? 1 : 2;
  lane->tail_done = 0;
  size_t size = (size_t)lane->tail_blocks * BLOCK;
  if (length > 0) memcpy(lane->tail, rest, length);
  lane->tail[length] = 0x80;
  memset(lane->tail + length + 1, 0, size - 8 - length - 1);
  nav_put_u64(lane->tail + size - 8, message * 8);
}

static void begin(struct many *many, size_t at, const struct sha256_input *input) {
  struct lane *lane = &many->lanes[at];
  const uint8_t *data = input->data;
  size_t length = input->length;
  uint64_t message = length + (input->prefix >= 0 ? 1 : 0);
  lane->out = input->out;
  lane->has_head = input->prefix >= 0 && message >= BLOCK;
  uint8_t start[BLOCK];
  if (lane->has_head) {
    lane->head[0] = (uint8_t)input->prefix;
    memcpy(lane->head + 1, data, BLOCK - 1);
    data += BLOCK - 1;
    length -= BLOCK - 1;
  } else if (input->prefix >= 0) {
    start[0] = (uint8_t)input->prefix;
    if (length > 0) memcpy(start + 1, data, length);
    data = start;
    length = (size_t)message;
  }
  lane->data = data;
  lane->blocks = length / BLOCK;
  pad(lane, length > 0 ? data + lane->blocks * BLOCK : NULL, length % BLOCK, message);
  for (size_t i = 0; i < WORDS; i++) many->state[i][at] = initial[i];
}

static const uint8_t *next_block(struct lane *lane) {
  if (lane->has_head) {
    lane->has_head = false;
    return lane->head;
  }
  if (lane->blocks > 0) {
    const uint8_t *block = lane->data;
    lane->blocks--;
    lane->data += BLOCK;
    return block;
  }
  return lane->tail + (size_t)lane->tail_done++ * BLOCK;
}

static bool is_done(const struct lane *lane) {
  return !lane->has_head && lane->blocks == 0 && lane->tail_done == lane->tail_blocks;
}

static void end(struct many *many, size_t at) {
  for (size_t i = 0; i < WORDS; i++) nav_put_u32(many->lanes[at].out + 4 * i, many->state[i][at]);
  many->lanes[at].out = NULL;
}

#define ROTATE(x, n) ((x) >> (n) | (x) << (32 - (n)))

static inline __attribute__((always_inline)) void compress(struct many *many) {
  union {
    uint32_t each[16][LANES];  // through memory: a lane at a time into a register is slower
    words all[16];
  } in;
  words w[16];
  words s[WORDS];
  for (size_t lane = 0; lane < LANES; lane++) {
    for (size_t t = 0; t < 16; t++) {
      uint32_t word = 0;
      memcpy(&word, many->block[lane] + 4 * t, sizeof word);
      in.each[t][lane] = __builtin_bswap32(word);
    }
  }
  for (size_t t = 0; t < 16; t++) w[t] = in.all[t];
  for (size_t i = 0; i < WORDS; i++) s[i] = many->state[i];
#pragma GCC unroll 64
  for (size_t t = 0; t < ROUNDS; t++) {
    if (t >= 16) {
      words w15 = w[(t + 1) & 15];
      words w2 = w[(t + 14) & 15];
      w[t & 15] += (ROTATE(w15, 7) ^ ROTATE(w15, 18) ^ w15 >> 3) + w[(t + 9) & 15] +
                   (ROTATE(w2, 17) ^ ROTATE(w2, 19) ^ w2 >> 10);
    }
    words e = s[4];
    words a = s[0];
    words t1 = s[7] + (ROTATE(e, 6) ^ ROTATE(e, 11) ^ ROTATE(e, 25)) + ((e & s[5]) ^ (~e & s[6])) +
               constants[t] + w[t & 15];
    words t2 = (ROTATE(a, 2) ^ ROTATE(a, 13) ^ ROTATE(a, 22)) + ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
    s[7] = s[6];
    s[6] = s[5];
    s[5] = s[4];
    s[4] = s[3] + t1;
    s[3] = s[2];
    s[2] = s[1];
    s[1] = s[0];
    s[0] = t1 + t2;
  }
  for (size_t i = 0; i < WORDS; i++) many->state[i] += s[i];
}

__attribute__((target("avx512f"))) static void compress_avx512(struct many *many) { compress(many); }
__attribute__((target("avx2"))) static void compress_avx2(struct many *many) { compress(many); }

static void run(const struct sha256_input *inputs, size_t count, void (*round)(struct many *many)) {
  static const uint8_t nothing[BLOCK];
  struct many many;
  size_t next = 0;
  size_t running = 0;
  for (size_t i = 0; i < LANES; i++) many.lanes[i].out = NULL;
  memset(many.state, 0, sizeof many.state);
  do {
    for (size_t i = 0; i < LANES; i++) {
      if (many.lanes[i].out == NULL && next < count) {
        begin(&many, i, &inputs[next++]);
        running++;
      }
      many.block[i] = many.lanes[i].out != NULL ? next_block(&many.lanes[i]) : nothing;
    }
    round(&many);
    for (size_t i = 0; i < LANES; i++) {
      if (many.lanes[i].out == NULL || !is_done(&many.lanes[i])) continue;
      end(&many, i);
      running--;
    }
  } while (running > 0 || next < count);
}

static bool has_sha_instructions(void) {
  uint32_t a = 7;
  uint32_t b = 0;
  uint32_t c = 0;
  uint32_t d = 0;
  __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  return (b >> 29 & 1) != 0;
}

// What this processor does best; asked once, as a virtual machine's asks its host.
static pthread_once_t once = PTHREAD_ONCE_INIT;
static void (*best)(struct many *many);  // NULL: one by one
static size_t worth;

// Sixteen busy lanes take half of what OpenSSL does with SHA instructions; a few do not.
static void choose(void) {
  bool sha = has_sha_instructions();
  worth = sha ? WORTH_BESIDE_SHA : WORTH;
  if (__builtin_cpu_supports("avx512f")) {
    best = compress_avx512;
  } else if (__builtin_cpu_supports("avx2") && !sha) {
    best = compress_avx2;
  }
}

// So many lanes are busy at least: one long input alone fills one lane.
static bool fills(const struct sha256_input *inputs, size_t count, size_t lanes) {
  size_t total = 0;
  size_t longest = 0;
  for (size_t i = 0; i < count; i++) {
    total += inputs[i].length + BLOCK;
    if (inputs[i].length + BLOCK > longest) longest = inputs[i].length + BLOCK;
  }
  return total >= longest * lanes;
}

void nav_sha256_many(const struct sha256_input *inputs, size_t count) {
  NAV_ASSERT(pthread_once(&once, choose) == 0);
  if (best == NULL || count < worth || !fills(inputs, count, worth / 2)) {
    one_by_one(inputs, count);
  } else {
    run(inputs, count, best);
  }
}

#else

void nav_sha256_many(const struct sha256_input *inputs, size_t count) { one_by_one(inputs, count); }

#endif
