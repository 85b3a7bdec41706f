// See text.h.
#include "hub/base/text.h"

#include <string.h>

size_t nav_text_character(const char *text, uint32_t *character) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const unsigned char *at = (const unsigned char *)text;
  size_t length = at[0] < 0x80                    ? 1
                  : at[0] >= 0xF0 && at[0] < 0xF8 ? 4
                  : at[0] >= 0xE0                 ? 3
                  : at[0] >= 0xC0                 ? 2
                                                  : 0;
  *character = NAV_TEXT_BAD;
  if (length == 0 || at[0] >= 0xF8) return 1;
  uint32_t value = length == 1 ? at[0] : at[0] & (0x7FU >> length);
  for (size_t i = 1; i < length; i++) {
    if ((at[i] & 0xC0) != 0x80) return 1;  // also at the text's end
    value = value << 6 | (at[i] & 0x3FU);
  }
  if (value < least[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return 1;
  *character = value;
  return length;
}

bool nav_text_hides(uint32_t c) {
  return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0) || c == 0x061C ||
         (c >= 0x200E && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ||
         c == 0xFEFF || c == 0xFFFE || c == 0xFFFF;
}

void nav_text_copy(char *out, size_t size, const char *text) {
  size_t used = 0;
  for (const char *at = text != NULL ? text : ""; *at != '\0';) {
    uint32_t character = 0;
    size_t length = nav_text_character(at, &character);
    if (used + length >= size) break;
    bool bad = character == NAV_TEXT_BAD && length == 1;
    memcpy(out + used, bad ? "?" : at, length);
    used += length;
    at += length;
  }
  out[used] = '\0';
}

static void replace(char *text, bool also_hidden) {
  char *to = text;
  for (const char *at = text; *at != '\0';) {
    uint32_t character = 0;
    size_t length = nav_text_character(at, &character);
    bool bad = character == NAV_TEXT_BAD && length == 1;
    if (bad || (also_hidden && nav_text_hides(character))) {
      *to++ = '?';
    } else {
      memmove(to, at, length);
      to += length;
    }
    at += length;
  }
  *to = '\0';
}

void nav_text_printable(char *text) { replace(text, true); }

void nav_text_mend(char *text) { replace(text, false); }
