// The parts of the HTML page, in the order they stand. Private to hub/desk/briefing.
// Called by: render_html. Must never: refer to anything outside the file, or need a script.
#ifndef NAV_DESK_BRIEFING_HTML_H
#define NAV_DESK_BRIEFING_HTML_H

#include "hub/desk/briefing/page.h"
#include "hub/desk/briefing/render.h"

extern const char html_style[];

void html_head(struct page *page,
               const struct briefing *briefing);  // meeting, period, participants, in short
void html_changes(struct page *page, const struct briefing *briefing);   // what changed, trend
void html_map(struct page *page, const struct briefing *briefing);       // where
void html_hours(struct page *page, const struct briefing *briefing);     // when
void html_places(struct page *page, const struct briefing *briefing);    // places where several sources point
void html_newest(struct page *page, const struct briefing *briefing);    // the newest events, one by one
void html_persons(struct page *page, const struct briefing *briefing);   // sig meetings only
void html_figures(struct page *page, const struct briefing *briefing);   // ready-made counts and surveys
void html_agreed(struct page *page, const struct briefing *briefing);    // agreed before
void html_method(struct page *page, const struct briefing *briefing);    // method and sources
void html_appendix(struct page *page, const struct briefing *briefing);  // every category by area
void html_annex(struct page *page, const struct briefing *briefing);     // one agency's own

// Charts: each an <svg> with <title> and <desc>; the caller puts the same numbers in a table beside it.
void chart_map(struct page *page, const struct briefing *briefing);
void chart_weeks(struct page *page, const struct briefing *briefing);
void chart_hours(struct page *page, const struct briefing *briefing);
// A row's rate ratio with its interval on a logarithmic scale from 1/4 to 4. label: of what.
void chart_ratio(struct page *page, const char *label, const struct comparison *comparison);

// Shades 1 (least) to SHADES; 0: none to tell. The same scale serves map and legend.
enum { SHADES = 5 };
struct shades {
  double upper[SHADES];  // of each shade, the last the largest value
  bool by_rate;          // per 1,000 inhabitants; else by count
  bool any;
};
struct shades html_area_shades(const struct briefing *briefing);
unsigned html_area_shade(const struct briefing *briefing, const struct shades *shades, size_t unit);

// "12" or "1–4".
void html_told(struct page *page, struct told told);
// "1,36 (1,05–1,77)", or why there is none.
void html_ratio(struct page *page, const struct comparison *comparison);
// "Störningar i bostadsområden: buller", for sentences and rows outside their group.
void html_category(struct page *page, const struct category *category);
// One event as a line: when, what, where, from whom; with its free text where all may see it.
void html_event(struct page *page, const struct briefing *briefing, const struct item *item, bool with_place);

#endif
