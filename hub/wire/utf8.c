// See utf8.h. Eight ASCII bytes at a time, since that is what most text is made of.
#include "hub/wire/utf8.h"

#include <string.h>

// True where every byte of the word is 0x01-0x7f.
static bool all_ascii(uint64_t word) {
  const uint64_t high = 0x8080808080808080u;
  return ((word | (word - 0x0101010101010101u)) & high) == 0;
}

static bool is_tail(uint8_t byte) { return (byte & 0xc0) == 0x80; }

// The length of the sequence at p (2-4), which has `left` bytes; 0: it is none.
static size_t sequence(const uint8_t *p, size_t left) {
  if (p[0] >= 0xc2 && p[0] <= 0xdf) return left >= 2 && is_tail(p[1]) ? 2 : 0;
  if ((p[0] & 0xf0) == 0xe0) {
    if (left < 3 || !is_tail(p[1]) || !is_tail(p[2])) return 0;
    if (p[0] == 0xe0 && p[1] < 0xa0) return 0;  // overlong
    if (p[0] == 0xed && p[1] > 0x9f) return 0;  // surrogate
    return 3;
  }
  if (p[0] < 0xf0 || p[0] > 0xf4) return 0;
  if (left < 4 || !is_tail(p[1]) || !is_tail(p[2]) || !is_tail(p[3])) return 0;
  if (p[0] == 0xf0 && p[1] < 0x90) return 0;  // overlong
  if (p[0] == 0xf4 && p[1] > 0x8f) return 0;  // past U+10FFFF
  return 4;
}

bool wire_utf8_valid(const uint8_t *text, size_t length) {
  size_t i = 0;
  while (i < length) {
    if (length - i >= 8) {
      uint64_t word;
      memcpy(&word, text + i, sizeof word);
      if (all_ascii(word)) {
        i += 8;
        continue;
      }
    }
    if (text[i] != 0 && text[i] < 0x80) {
      i++;
      continue;
    }
    size_t step = sequence(text + i, length - i);
    if (step == 0) return false;
    i += step;
  }
  return true;
}
