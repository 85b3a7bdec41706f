// What a briefing is made of, between compile and render. Private to hub/desk/briefing.
// Called by: compile and its parts (fill), renderers (read). Must never: hold anything that not everybody at
// the table may see, but in `annex`, which is one agency's own.
#ifndef NAV_DESK_BRIEFING_MODEL_H
#define NAV_DESK_BRIEFING_MODEL_H

#include "hub/desk/briefing/briefing.h"
#include "hub/desk/briefing/category.h"
#include "hub/desk/briefing/ratio.h"

enum { ITEM_NO_UNIT = 0xFFFF };

// One event of the joint part, as the counts need it; from its redacted copy.
struct item {
  const struct briefing_event *source;
  uint64_t seq;
  int64_t time_ms;
  double latitude, longitude;
  const char *address;  // revealed to all; NULL
  struct joint joint;   // what all may see of it
  uint16_t unit;        // of briefing->units
  uint16_t category;    // of briefing->categories
  uint8_t sender;       // of briefing->senders
  uint8_t spans;        // bit n: within span n
  bool has_point;       // an exact place revealed to all; never a centroid
};

// A row of area: the smallest areas that the meeting is looked at by; the last may be "other parts".
struct unit {
  const struct nav_area *area;  // NULL: within the meeting's area, in none of the others
  const char *title;
  const char *place;  // what an event there is said to be in: "Bromma", not "Bromma, utan delområde"
};

// A count that may be too small to be told: low = high where it is exact.
struct told {
  uint32_t low, high;
  bool hidden;  // not told at all: its row's total would give others away
};

struct comparison {
  struct rate_ratio rate;
  bool tested;   // both periods have data from the same senders, and the counts are exact and enough
  bool changed;  // beyond chance, with all comparisons of the briefing counted
};

struct cell {
  uint32_t count[BRIEFING_SPANS];  // true counts; of counted_only rows these never leave the library
  struct told told[BRIEFING_SPANS];
  struct comparison before, year;
};

struct category {
  uint32_t type;
  enum category_class class;
  bool counted_only;       // somebody may have no more than counts
  uint32_t smallest_cell;  // of counted_only
  uint16_t found_as;       // its number before they were put in order
  uint64_t senders;        // bit n: sender n
  const char *kind;        // "" where the type has none
  struct cell total;
  struct cell *units;  // units_count
};

struct sender {
  const char *agency;
  const char *title;
  uint32_t count[BRIEFING_SPANS];  // records in the joint part
  bool heard[BRIEFING_SPANS];      // anything at all of it, counts included
};

struct cluster {
  double latitude, longitude;  // of the place in it where most happened
  const char *address;         // NULL: none revealed
  uint16_t unit;
  uint32_t count;
  uint32_t count_before;  // within the same distance in the period before
  uint64_t senders;
  uint32_t sender_count[BRIEFING_SENDERS_MAX];
  const struct item *items[BRIEFING_CLUSTER_EVENTS_MAX];  // newest first
  size_t items_count;
};

struct week {
  int64_t start_day;
  uint32_t days;
  bool in_period;
  uint32_t count;
  uint32_t year_count;  // 52 weeks earlier
};

struct figure {
  const Nav__V1__Event *event;  // redacted: CaseCounts or SurveyResult
  uint16_t unit;
  struct told told;
};

struct agreed {
  const Nav__V1__Event *event;      // redacted: Problem, Action, Promise
  const Nav__V1__Event *follow_up;  // redacted; the newest of an action; NULL
  const Nav__V1__Event *problem;    // redacted; of an action; NULL
  bool overdue;
};

struct timeline {
  const struct meeting_person *person;
  const struct item **items;  // oldest first
  size_t count;
};

enum annex_why { ANNEX_OUT, ANNEX_COUNT, ANNEX_FIELDS };

// Own events of one kind that the same thing kept out, for the same participants.
struct annex_row {
  enum annex_why why;
  uint32_t type;
  const char *kind;
  uint32_t participants;  // bit n: participant n of the part, whose lanes it was
  size_t participant;     // the first of them
  const struct joint_lane *lane;
  const Nav__V1__Event *example;  // own, as sent
  const char *because;            // in Swedish, by the rules in force; NULL where nothing explains it
  const char *would_allow;        // what would make it lawful; NULL
  uint16_t hidden;                // classes, of ANNEX_FIELDS
  uint32_t count;
  uint64_t seqs[3];  // the newest, as examples
  int64_t times[3];
};

struct annex {
  const char *agency;
  uint32_t own, shown, counted, left_out;  // events of the period
  struct annex_row *rows;
  size_t rows_count;
  bool truncated;
};

struct briefing {
  struct briefing_input input;
  struct nav_arena *arena;
  const char *recipient;  // of pseudonyms: the meeting's part, so that they are its own
  struct briefing_span spans[BRIEFING_SPANS];
  struct unit *units;
  size_t units_count;
  struct sender senders[BRIEFING_SENDERS_MAX];
  size_t senders_count;
  struct category *categories;  // by class, type, kind
  size_t categories_count;
  struct item *items;  // every record of the joint part, by seq
  size_t items_count;
  uint64_t *seqs;  // of all that is shown or counted, ascending
  size_t seqs_count;
  const char **fields;  // paths shown, sorted
  size_t fields_count;
  struct cell incidents;        // all incidents that may be shown as records
  struct cell *unit_incidents;  // the same by unit
  struct cluster *clusters;     // most senders first, then most events
  size_t clusters_count;
  size_t shared_clusters;  // of which so many (the first) have two senders or more
  struct week *weeks;
  size_t weeks_count;
  uint32_t hours[7][24];  // of incidents, Monday first
  uint32_t without_hour;  // exactly midnight: a date, not a time
  struct figure *figures;
  size_t figures_count;
  struct agreed *agreed;  // problems, then actions, then promises; overdue first
  size_t agreed_count;
  struct timeline *timelines;
  size_t timelines_count;
  const char **rules;  // ids of rules by which the joint part is disclosed, with their basis
  const char **bases;
  size_t rules_count;
  size_t comparisons_tested, comparisons_changed;
  uint32_t recalled;  // events of the joint part that their sender has taken back
  struct annex *annex;
  const char *reader;
  const char *reason;
  uint64_t record_seq;
};

// The redacted copy of a record of the joint part, in the arena. NULL only without memory.
const Nav__V1__Event *briefing_redacted(const struct briefing *briefing, const struct briefing_event *event,
                                        const struct joint *joint, struct nav_arena *arena);
const char *briefing_agency_title(const struct briefing *briefing, const char *agency);

// Paths that some redacted copy has: "place.position.latitude", "crime_report.crime_code".
struct paths;
struct paths *paths_new(struct nav_arena *arena);
void paths_add(struct paths *paths, const Nav__V1__Event *redacted);
NAV_MUST_USE bool paths_list(const struct paths *paths, struct nav_arena *arena, const char ***items,
                             size_t *count);

// A count as it may be told where cells below `smallest` may not; and a sum as its told parts tell it, so
// that a sum can never give a part away.
struct told told_of(uint32_t count, uint32_t smallest);
struct told told_sum(struct told a, struct told b);
// Tells a row's cells; gives what is told of its total.
struct told told_row(const uint32_t *counts, size_t count, uint32_t smallest, struct told *cells);

// Parts of compile, each in its file. False: no memory.
NAV_MUST_USE bool briefing_count(struct briefing *briefing);
NAV_MUST_USE bool briefing_find_clusters(struct briefing *briefing);
void briefing_collect_agreed(struct briefing *briefing);
NAV_MUST_USE bool briefing_collect_timelines(struct briefing *briefing);

#endif
