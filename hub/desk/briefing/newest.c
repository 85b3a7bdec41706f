// The newest events of the joint part, one by one: what a meeting reads aloud. Called by: the renderers.
// Must never: list what only counts may tell of.
#include <stdlib.h>

#include "hub/desk/briefing/html.h"

enum { NEWEST_LISTED = 40, SPAN_NOW_BIT = 1 << SPAN_NOW };

// Whether a comes before b: later, or at the same time with the higher number.
static bool is_newer(const struct item *a, const struct item *b) {
  return a->time_ms != b->time_ms ? a->time_ms > b->time_ms : a->seq > b->seq;
}

size_t render_newest(const struct briefing *briefing, const struct item **newest, size_t max) {
  size_t count = 0;
  for (size_t i = 0; i < briefing->items_count; i++) {
    const struct item *item = &briefing->items[i];
    if ((item->spans & SPAN_NOW_BIT) == 0) continue;
    size_t place = count;
    while (place > 0 && is_newer(item, newest[place - 1])) place--;
    if (place == max) continue;
    if (count < max) count++;
    for (size_t j = count - 1; j > place; j--) newest[j] = newest[j - 1];
    newest[place] = item;
  }
  return count;
}

void html_newest(struct page *page, const struct briefing *briefing) {
  const struct item *items[NEWEST_LISTED];
  size_t count = render_newest(briefing, items, NEWEST_LISTED);
  if (count == 0) return;
  page_raw(page, "<section id=\"handelser\"><h2>De senaste händelserna</h2>\n<ol class=\"events\">\n");
  for (size_t i = 0; i < count; i++) html_event(page, briefing, items[i], true);
  page_raw(page, "</ol></section>\n");
}
