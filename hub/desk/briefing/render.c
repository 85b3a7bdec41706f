// See render.h.
#include "hub/desk/briefing/render.h"

#include <math.h>
#include <string.h>

bool render_may_show_annex(const struct briefing *briefing, const char *for_agency, struct nav_error *err) {
  if (for_agency == NULL) return true;
  if (briefing->annex != NULL && strcmp(briefing->annex->agency, for_agency) == 0) return true;
  return nav_fail(err, NAV_ERROR_BUG, 0, for_agency,
                  "the briefing was not compiled with this agency's annex");
}

double render_rate(const struct briefing *briefing, size_t unit) {
  const struct nav_area *area = briefing->units[unit].area;
  if (area == NULL || area->population < RENDER_POPULATION_MIN) return NAN;
  return 1000.0 * briefing->unit_incidents[unit].count[SPAN_NOW] / area->population;
}

const struct sender *render_sender(const struct briefing *briefing, const char *agency) {
  for (size_t i = 0; i < briefing->senders_count; i++) {
    if (strcmp(briefing->senders[i].agency, agency) == 0) return &briefing->senders[i];
  }
  return NULL;
}
