// config/meetings/*.yaml: who meets, about which area and period, for which purpose; in parts where not
// everybody is present for everything. Loaded whole or not at all; immutable.
// README.md beside says how one is written.
// Called by: hub/desk/meeting_view, navctl config check (through it). Must never: guess a participant, a
// purpose or a date.
#ifndef NAV_DESK_BRIEFING_MEETING_H
#define NAV_DESK_BRIEFING_MEETING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/access/areas.h"
#include "hub/conf/agencies.h"
#include "hub/conf/faults.h"

enum {
  MEETINGS_MAX = 500,
  MEETING_PARTS_MAX = 8,
  MEETING_PARTICIPANTS_MAX = 24,
  MEETING_ATTENDEES_MAX = 64,
  MEETING_AREAS_MAX = 32,
  MEETING_PERSONS_MAX = 32,
  MEETING_DAYS_MAX = 366,
};

enum meeting_kind { MEETING_LAGESBILD, MEETING_PLATSSAMVERKAN, MEETING_SIG, MEETING_RAD };

struct meeting_participant {
  const char *agency;
  const char **attendees;  // persons' ids; none: everybody of the agency who may read
  size_t attendees_count;
};

struct meeting_part {
  const char *id;
  const char *title;
  const char *purpose;
  struct meeting_participant *participants;  // two at least
  size_t participants_count;
};

struct meeting_person {
  const char *id;
  const char *title;            // what the table calls the person
  const char *personal_number;  // twelve digits
};

struct meeting {
  const char *id;
  enum meeting_kind kind;
  const char *title;
  const char *agreement;  // may be NULL
  const char *chair;      // a person's id
  const char **areas;
  size_t areas_count;
  struct meeting_part *parts;  // one at least
  size_t parts_count;
  struct meeting_person *persons;
  size_t persons_count;
  int64_t opens_ms;
  int64_t closes_ms;  // INT64_MAX: never
  int64_t start_day;  // days since 1970, Swedish civil days
  int64_t end_day;    // not included
};

struct meetings {
  struct meeting *items;  // by id
  size_t count;
  struct nav_arena *arena;
};

// All of config_folder/meetings. NULL: the faults say all that is wrong. No folder: no meetings.
struct meetings *meetings_load(const char *config_folder, const struct conf_agencies *agencies,
                               const struct nav_areas *areas, struct conf_faults *faults);
void meetings_free(struct meetings *meetings);  // takes NULL
const struct meeting *meeting_find(const struct meetings *meetings, const char *id);
const struct meeting_part *meeting_part_find(const struct meeting *meeting,
                                             const char *id);  // NULL id: the first
const char *meeting_kind_name(enum meeting_kind kind);         // "lagesbild"
const char *meeting_kind_title(enum meeting_kind kind);        // "Lägesbildsmöte"

// Who may open the part's briefing at that time: the chair at any time until it closes; others whose agency
// takes part (and who are named, where it names its attendees) from when it opens. NULL: may; else why not,
// in Swedish.
const char *meeting_refuses(const struct meeting *meeting, const struct meeting_part *part,
                            const struct conf_person *person, int64_t now_ms);

#endif
