// See page.h.
#include "hub/desk/briefing/page.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { FORMATTED_MAX = 1024, BAD_CHARACTER = 0xFFFD };

static void append(struct page *page, const char *bytes, size_t length) {
  if (!page->failed && !nav_buffer_append(page->out, bytes, length)) page->failed = true;
}

void page_raw(struct page *page, const char *markup) { append(page, markup, strlen(markup)); }

void page_printf(struct page *page, const char *format, ...) {
  char text[FORMATTED_MAX];
  va_list args;
  va_start(args, format);
  int length = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (length < 0 || (size_t)length >= sizeof text) {
    page->failed = true;
    return;
  }
  append(page, text, (size_t)length);
}

// How many bytes the character at `at` has and which it is; one byte and BAD_CHARACTER where it is not UTF-8.
static size_t read_character(const unsigned char *at, uint32_t *character) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t length = at[0] < 0x80                    ? 1
                  : at[0] >= 0xF0 && at[0] < 0xF8 ? 4
                  : at[0] >= 0xE0                 ? 3
                  : at[0] >= 0xC0                 ? 2
                                                  : 0;
  *character = BAD_CHARACTER;
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

// Invisible characters that could make text read as another, and those that XML does not allow.
static bool is_dropped(uint32_t c) {
  return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0) || c == 0x061C ||
         (c >= 0x200E && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ||
         c == 0xFEFF || c == 0xFFFE || c == 0xFFFF;
}

static const char *entity_of(uint32_t character, bool plain) {
  if (character == BAD_CHARACTER) return "\xEF\xBF\xBD";
  if (plain) return character == '\n' || character == '\t' ? " " : NULL;
  switch (character) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return NULL;
  }
}

void page_text_cut(struct page *page, const char *text, size_t max) {
  const unsigned char *at = (const unsigned char *)text;
  for (size_t written = 0; *at != '\0' && !page->failed; written++) {
    if (written == max) {
      page_raw(page, "…");
      return;
    }
    uint32_t character = 0;
    size_t length = read_character(at, &character);
    const char *entity = entity_of(character, page->plain);
    if (entity != NULL) {
      page_raw(page, entity);
    } else if (!is_dropped(character)) {
      append(page, (const char *)at, length);
    }
    at += length;
  }
}

void page_text(struct page *page, const char *text) { page_text_cut(page, text, SIZE_MAX); }

void page_element(struct page *page, const char *tag, const char *text) {
  page_raw(page, "<");
  page_raw(page, tag);
  page_raw(page, ">");
  page_text(page, text);
  page_raw(page, "</");
  page_raw(page, tag);
  page_raw(page, ">");
}
