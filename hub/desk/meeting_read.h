// The events of a meeting's part, from the reader: listed by the index, chosen by their stored verdicts,
// opened on record, and decided again where the rules changed or the verdict is volatile (stored ∧ decided
// now, with what nav-core's register knows of consent). Called by: meeting_view. Must never: open an event
// that its stored verdict keeps from the table, but for the own agency's annex.
#ifndef NAV_DESK_MEETING_READ_H
#define NAV_DESK_MEETING_READ_H

#include "hub/desk/briefing/briefing.h"
#include "hub/desk/reader.h"

struct meeting_reading {
  struct desk_reader *reader;
  const struct access_rules *rules;  // those in force
  const struct meeting *meeting;
  const struct meeting_part *part;
  const char *for_agency;  // NULL: none
  const char *reason;
};

struct meeting_events {
  struct briefing_event *items;
  size_t count;
  bool truncated;
};

NAV_MUST_USE bool meeting_read(const struct meeting_reading *reading, struct meeting_events *events,
                               struct nav_error *err);

#endif
