// What the three renderers share. Private to hub/desk/briefing.
// Called by: render_json, render_text, render_html and its charts. Must never: change the briefing.
#ifndef NAV_DESK_BRIEFING_RENDER_H
#define NAV_DESK_BRIEFING_RENDER_H

#include "hub/desk/briefing/model.h"

enum {
  RENDER_SCRATCH_MAX = 16 * 1024 * 1024,  // of one event's redacted copy
  RENDER_POPULATION_MIN = 500,            // fewer inhabitants: no rate, it would be mostly chance
};

// The annex can be asked for only by the agency it was made for.
NAV_MUST_USE bool render_may_show_annex(const struct briefing *briefing, const char *for_agency,
                                        struct nav_error *err);
// Incidents of the period per 1,000 inhabitants of the row of area; NAN where it cannot be told.
double render_rate(const struct briefing *briefing, size_t unit);
const struct sender *render_sender(const struct briefing *briefing,
                                   const char *agency);  // NULL: nothing of it

// The free text of a redacted event where all may see it; NULL.
const char *render_narrative(const Nav__V1__Event *redacted);
// The period's records of the joint part, newest first; gives how many are in `newest`.
size_t render_newest(const struct briefing *briefing, const struct item **newest, size_t max);

// What changed beyond chance, surest first; of one kind, against one period, once.
struct change {
  const struct category *category;  // NULL: all incidents
  const struct unit *unit;          // NULL: the whole area
  const struct cell *cell;
  const struct comparison *comparison;
  enum briefing_span_name against;  // SPAN_BEFORE or SPAN_YEAR
};
enum { RENDER_CHANGES_MAX = 500 };
size_t render_changes(const struct briefing *briefing, struct change *changes, size_t max);

// Rows of a table of categories: kinds too rare to say anything are one row of their type.
struct category_row {
  const struct category *category;  // of the type; the one itself where `merged` is 0
  uint32_t merged;                  // so many kinds together
  uint32_t count[BRIEFING_SPANS];   // of the merged
};
// Appends the type's rows (categories[first..last)) to rows; gives how many. Counted-only and changed kinds
// always stand alone.
size_t render_rows(const struct briefing *briefing, size_t first, size_t last, struct category_row *rows);
// The end of the run of categories of the same type that begins at `first`.
size_t render_type_end(const struct briefing *briefing, size_t first);

#endif
