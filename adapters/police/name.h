// The name of a police event: "22 augusti 17.59, Trafikolycka, personskada, Kävlinge".
// Called by: record. Must never: guess a year that the publication does not give.
#ifndef NAV_ADAPTERS_POLICE_NAME_H
#define NAV_ADAPTERS_POLICE_NAME_H

#include "adapters/engine/adapter.h"

struct police_name {
  char *text;   // all of it, cleaned; NULL: the event has no name
  char *kind;   // between the first comma and the last; NULL
  char *place;  // after the last comma; NULL
  int month;    // 0: it begins with no day, month and time
  int day, hour, minute;
};

// text: cleaned, in the run's arena; may be NULL.
void police_name_read(struct nav_mapping_run *run, char *text, struct police_name *name);
// The time in milliseconds: of the years in which that date exists the one nearest to the publication, so
// that the last of December told of on the first of January is last year's. False: the name has no time.
bool police_name_time(const struct police_name *name, int64_t published_ms, int64_t *time_ms);

#endif
