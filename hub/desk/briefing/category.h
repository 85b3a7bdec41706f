// What an event is counted as: its type and kind, with Swedish titles; and whether it is counted at all.
// Given a redacted copy, it looks only at what everybody at the table may see.
// Called by: compile, annex, renderers. Must never: look at an event that has not been redacted.
#ifndef NAV_DESK_BRIEFING_CATEGORY_H
#define NAV_DESK_BRIEFING_CATEGORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nav/v1/event.pb-c.h"

enum category_class {
  CATEGORY_NEVER,     // governs sharing (Consent, Recall) or repeats another event: counted as nothing
  CATEGORY_INCIDENT,  // something happened: on the map, by hour, in clusters
  CATEGORY_WORK,      // what somebody did or saw on purpose (rounds, interventions): counted, and apart from
                      // incidents
  CATEGORY_PERSON,    // about one person (reports of concern, absence): counted, never on the map
  CATEGORY_FIGURES,   // ready-made numbers (CaseCounts, SurveyResult): shown as they are
  CATEGORY_AGREED,    // problems, actions, promises: what the meeting agreed before
};

enum { CATEGORY_KIND_SIZE = 100 };

// By the body's field number; CATEGORY_NEVER where the type is not known.
enum category_class category_class_of(uint32_t type);
// The order types are shown in; SIZE_MAX where the type is not known.
size_t category_order(uint32_t type);
// "Störningar"; "" where the type is not known.
const char *category_type_title(uint32_t type);

// The kind within the type in Swedish: "Fest eller hög musik", a police type as they write it, a crime's
// name. Cut at a whole character; "" where the type has no kinds or it is not said. out has
// CATEGORY_KIND_SIZE bytes; returns out. counted_only: somebody may have no more than counts, so nothing that
// a sender wrote is taken.
const char *category_kind(const Nav__V1__Event *event, bool counted_only, char *out);

// "Summaries" and what the source has withdrawn are not events to count.
bool category_is_counted(const Nav__V1__Event *event);

#endif
