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

#endif
