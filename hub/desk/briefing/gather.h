// The first half of compile: which events are the joint part, and what each counts as. Private to
// hub/desk/briefing. Called by: compile. Must never: read an event's content before redaction.
#ifndef NAV_DESK_BRIEFING_GATHER_H
#define NAV_DESK_BRIEFING_GATHER_H

#include "hub/desk/briefing/model.h"

// Where events' areas fall: the meeting's rows of area.
struct area_index;
// Fills briefing->units. NULL: *err.
struct area_index *area_index_new(struct briefing *briefing, struct nav_error *err);
// The row of a redacted event; ITEM_NO_UNIT: not in the meeting's area, or its area is not known. original:
// only to know whether redaction made the area of a position.
uint16_t area_index_unit(const struct area_index *index, const Nav__V1__Event *redacted,
                         const Nav__V1__Event *original);
// It has a place that may be drawn, not a centroid.
bool area_has_exact_place(const Nav__V1__Event *redacted);

// Senders' numbers; BRIEFING_SENDERS_MAX: too many.
size_t gather_sender(struct briefing *briefing, const char *agency);

// Events that an event of the input takes back, and older revisions: by index of input->events.
struct standing;
struct standing *standing_new(const struct briefing_input *input, struct nav_arena *arena);
bool standing_is_newest(const struct standing *standing, size_t index);
bool standing_is_recalled(const struct standing *standing, size_t index);

// Everything of the input into senders, categories (with true counts), items, seqs, fields, figures.
NAV_MUST_USE bool gather_events(struct briefing *briefing, const struct area_index *index,
                                const struct standing *standing, struct nav_error *err);

// For input.for_agency, if one. False: no memory.
NAV_MUST_USE bool annex_build(struct briefing *briefing, const struct area_index *areas,
                              const struct standing *standing);

#endif
