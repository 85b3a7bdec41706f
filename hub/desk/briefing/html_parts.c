// See html.h: the small pieces that several parts of the page share.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/desk/briefing/html.h"
#include "hub/desk/briefing/words.h"

enum { NARRATIVE_SHOWN = 400, RFC3339_DATE = 16 };

void html_told(struct page *page, struct told told) {
  char low[WORDS_SIZE], high[WORDS_SIZE];
  if (told.hidden) {
    page_raw(page, "<span class=\"ci\">dolt</span>");
    return;
  }
  page_raw(page, words_number(low, told.low));
  if (told.low != told.high) page_printf(page, "–%s", words_number(high, told.high));
}

void html_ratio(struct page *page, const struct comparison *comparison) {
  char ratio[WORDS_SIZE], low[WORDS_SIZE], high[WORDS_SIZE];
  const struct rate_ratio *rate = &comparison->rate;
  if (!comparison->tested) {
    page_raw(page, "<span class=\"ci\">–</span>");
  } else if (isinf(rate->ratio)) {
    page_raw(page, "från noll");
  } else {
    page_printf(page, "%s <span class=\"ci\">(%s–%s)</span>", words_decimal(ratio, rate->ratio, 2),
                words_decimal(low, rate->low, 2), words_decimal(high, rate->high, 2));
  }
}

void html_category(struct page *page, const struct category *category) {
  page_text(page, category_type_title(category->type));
  if (category->kind[0] == '\0') return;
  page_raw(page, ": ");
  page_text(page, category->kind);
}

// The revealed free text of the event's body, whatever its type calls it; NULL.
const char *render_narrative(const Nav__V1__Event *event) {
  switch (event->body_case) {
    case NAV__V1__EVENT__BODY_PUBLIC_INCIDENT:
      return event->public_incident->summary;
    case NAV__V1__EVENT__BODY_CRIME_REPORT:
      return event->crime_report->description;
    case NAV__V1__EVENT__BODY_PLACE_NOTICE:
      return event->place_notice->description;
    case NAV__V1__EVENT__BODY_POLICE_NOTICE:
      return event->police_notice->description;
    case NAV__V1__EVENT__BODY_CONCERN_REPORT:
      return event->concern_report->description;
    case NAV__V1__EVENT__BODY_SOCIAL_INTERVENTION:
      return event->social_intervention->description;
    case NAV__V1__EVENT__BODY_SCHOOL_INCIDENT:
      return event->school_incident->description;
    case NAV__V1__EVENT__BODY_DISTURBANCE:
      return event->disturbance->description;
    case NAV__V1__EVENT__BODY_DAMAGE:
      return event->damage->description;
    case NAV__V1__EVENT__BODY_GUARD_ROUND:
      return event->guard_round->observation;
    case NAV__V1__EVENT__BODY_CITIZEN_REPORT:
      return event->citizen_report->description;
    case NAV__V1__EVENT__BODY_OUTREACH_OBSERVATION:
      return event->outreach_observation->observation;
    case NAV__V1__EVENT__BODY_FIRE_INCIDENT:
      return event->fire_incident->description;
    default:
      return NULL;
  }
}

static void event_line(struct page *page, const struct briefing *briefing, const struct item *item,
                       const Nav__V1__Event *redacted, bool with_place) {
  char when[WORDS_SIZE], iso[NAV_RFC3339_SIZE];
  const struct category *category = &briefing->categories[item->category];
  page_printf(page, "<li><time datetime=\"%s\">%s</time><div>", nav_clock_rfc3339(item->time_ms, iso),
              words_time_short(when, item->time_ms));
  page_text(page, category->kind[0] != '\0' ? category->kind : category_type_title(category->type));
  if (with_place && item->address != NULL && item->address[0] != '\0') {
    page_raw(page, ", ");
    page_text(page, item->address);
  } else if (with_place) {
    page_raw(page, ", ");
    page_text(page, briefing->units[item->unit].place);
  }
  page_raw(page, " <span class=\"from\">– ");
  page_text(page, briefing->senders[item->sender].title);
  page_raw(page, "</span>");
  const char *narrative = render_narrative(redacted);
  if (narrative != NULL && narrative[0] != '\0') {
    page_raw(page, "<blockquote>");
    page_text_cut(page, narrative, NARRATIVE_SHOWN);
    page_raw(page, "</blockquote>");
  }
  page_raw(page, "</div></li>\n");
}

void html_event(struct page *page, const struct briefing *briefing, const struct item *item,
                bool with_place) {
  struct nav_arena *scratch = nav_arena_new(RENDER_SCRATCH_MAX);
  const Nav__V1__Event *redacted =
      scratch != NULL ? briefing_redacted(briefing, item->source, &item->joint, scratch) : NULL;
  if (redacted != NULL) {
    event_line(page, briefing, item, redacted, with_place);
  } else {
    page->failed = true;
  }
  nav_arena_free(scratch);
}

static double shade_value(const struct briefing *briefing, const struct shades *shades, size_t unit) {
  if (briefing->units[unit].area == NULL) return NAN;
  return shades->by_rate ? render_rate(briefing, unit) : briefing->unit_incidents[unit].count[SPAN_NOW];
}

static int by_value(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

// Fifths of the areas, so that one extreme area does not make all others look alike.
struct shades html_area_shades(const struct briefing *briefing) {
  struct shades shades = {0};
  double values[BRIEFING_AREAS_MAX];
  size_t count = 0;
  for (size_t i = 0; i < briefing->units_count; i++) shades.by_rate |= !isnan(render_rate(briefing, i));
  for (size_t i = 0; i < briefing->units_count; i++) {
    double value = shade_value(briefing, &shades, i);
    if (!isnan(value)) values[count++] = value;
  }
  if (count == 0) return shades;
  shades.any = true;
  qsort(values, count, sizeof *values, by_value);
  for (size_t i = 0; i < SHADES; i++) {
    size_t last = ((i + 1) * count + SHADES - 1) / SHADES;
    shades.upper[i] = values[last - 1];
  }
  return shades;
}

unsigned html_area_shade(const struct briefing *briefing, const struct shades *shades, size_t unit) {
  double value = shade_value(briefing, shades, unit);
  if (isnan(value) || !shades->any) return 0;
  for (unsigned i = 0; i < SHADES; i++) {
    if (value <= shades->upper[i]) return i + 1;
  }
  return SHADES;
}
