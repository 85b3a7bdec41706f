// See page.h.
#include "hub/desk/briefing/page.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/text.h"

enum { FORMATTED_MAX = 1024 };

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

static const char *entity_of(uint32_t character, bool plain) {
  if (character == NAV_TEXT_BAD) return "\xEF\xBF\xBD";
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
  const char *at = text;
  for (size_t written = 0; *at != '\0' && !page->failed; written++) {
    if (written == max) {
      page_raw(page, "…");
      return;
    }
    uint32_t character = 0;
    size_t length = nav_text_character(at, &character);
    const char *entity = entity_of(character, page->plain);
    if (entity != NULL) {
      page_raw(page, entity);
    } else if (!nav_text_hides(character)) {
      append(page, at, length);
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
