// See mark.h: a Feistel network over two halves of 48 bits. It scatters; it hides nothing.
#include "tests/bench/load/mark.h"

enum { ROUNDS = 4, HALF_BYTES = MARK_SIZE / 2 };

static const uint64_t half_mask = (UINT64_C(1) << 48) - 1;

// The finishing steps of splitmix64: each bit of the input changes half of the output.
static uint64_t mix(uint64_t half, uint64_t round) {
  uint64_t x = half + (round + 1) * UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (x ^ (x >> 31)) & half_mask;
}

static void put(uint8_t *out, uint64_t half) {
  for (int i = 0; i < HALF_BYTES; i++) out[i] = (uint8_t)(half >> (8 * (HALF_BYTES - 1 - i)));
}

static uint64_t get(const uint8_t *bytes) {
  uint64_t half = 0;
  for (int i = 0; i < HALF_BYTES; i++) half = half << 8 | bytes[i];
  return half;
}

void mark_write(uint8_t out[MARK_SIZE], const struct mark *mark) {
  uint64_t left = (uint64_t)mark->run << 32 | (uint64_t)mark->publisher << 16 | mark->number >> 16;
  uint64_t right = (uint64_t)(mark->number & 0xffff) << 32 | mark->due_us;
  for (uint64_t round = 0; round < ROUNDS; round++) {
    uint64_t next = left ^ mix(right, round);
    left = right;
    right = next;
  }
  put(out, left);
  put(out + HALF_BYTES, right);
}

struct mark mark_read(const uint8_t bytes[MARK_SIZE]) {
  uint64_t left = get(bytes);
  uint64_t right = get(bytes + HALF_BYTES);
  for (uint64_t round = ROUNDS; round-- > 0;) {
    uint64_t before = right ^ mix(left, round);
    right = left;
    left = before;
  }
  return (struct mark){.run = (uint16_t)(left >> 32),
                       .publisher = (uint16_t)(left >> 16),
                       .number = (uint32_t)(left & 0xffff) << 16 | (uint32_t)(right >> 32),
                       .due_us = (uint32_t)right};
}
