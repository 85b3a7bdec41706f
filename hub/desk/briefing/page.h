// Writing HTML (well-formed also as XML): markup as it stands, and text from anywhere made harmless.
// Called by: render_html and its parts. Must never: let text from an event or a configuration file out
// unescaped.
#ifndef NAV_DESK_BRIEFING_PAGE_H
#define NAV_DESK_BRIEFING_PAGE_H

#include <stdbool.h>

#include "hub/base/buffer.h"

struct page {
  struct nav_buffer *out;
  bool plain;   // for a terminal: nothing is escaped, line breaks in text become blanks
  bool failed;  // the buffer is full: nothing more is written, the whole is refused at the end
};

// Our own markup.
void page_raw(struct page *page, const char *markup);
// Our own markup with numbers; never %s of text that is not ours.
void page_printf(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Text: & < > " ' escaped; control characters and what turns the direction of writing left out; what is not
// UTF-8 as U+FFFD.
void page_text(struct page *page, const char *text);
// The same, cut after `max` characters with "…".
void page_text_cut(struct page *page, const char *text, size_t max);
// <tag>text</tag>
void page_element(struct page *page, const char *tag, const char *text);

#endif
