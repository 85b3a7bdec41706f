// A joint briefing: from decoded events with their verdicts to what everybody at the table may see, as JSON,
// terminal text or one HTML file. Pure: no sockets, no database, no clock, no files. The order: select
// (intersection) → access_redact → everything else. Counts, map, clusters and lists are made from the
// redacted copies alone, so that what is not shown to all cannot be counted either. Called by:
// hub/desk/meeting_view, tests, bench. Must never: look at an event's content before it is redacted, but for
// its own sender's annex.
#ifndef NAV_DESK_BRIEFING_BRIEFING_H
#define NAV_DESK_BRIEFING_BRIEFING_H

#include "hub/access/access.h"
#include "hub/base/arena.h"
#include "hub/base/buffer.h"
#include "hub/base/error.h"
#include "hub/desk/briefing/meeting.h"
#include "hub/desk/briefing/select.h"

enum {
  BRIEFING_EVENTS_MAX = 200000,   // given in
  BRIEFING_JOINT_MAX = 89000,     // in the joint part: so many numbers fit in one ledger record
  BRIEFING_AREAS_MAX = 200,       // rows of area
  BRIEFING_CATEGORIES_MAX = 400,  // what more there is, is counted as "Övrigt" of its type
  BRIEFING_SENDERS_MAX = 64,
  BRIEFING_CLUSTERS_MAX = 40,
  BRIEFING_CLUSTER_EVENTS_MAX = 12,  // listed of one cluster
  BRIEFING_LISTED_MAX = 1000,        // events listed in JSON
  BRIEFING_TIMELINE_MAX = 200,       // of one person
  BRIEFING_AGREED_MAX = 500,
  BRIEFING_FIGURES_MAX = 500,
  BRIEFING_ANNEX_MAX = 500,
  BRIEFING_ARENA_MAX = 512 * 1024 * 1024,
  BRIEFING_OUTPUT_MAX = 16 * 1024 * 1024,
};

enum briefing_span_name { SPAN_NOW, SPAN_BEFORE, SPAN_YEAR, BRIEFING_SPANS };

// Swedish civil days; the end is not included.
struct briefing_span {
  int64_t start_day, end_day;
  int64_t start_ms, end_ms;
};

// The period, as many days before it, and the same days 52 weeks earlier (so that weekdays match).
void briefing_spans(const struct meeting *meeting, struct briefing_span spans[BRIEFING_SPANS]);
// How far back problems, actions and promises are looked for.
struct briefing_span briefing_agreed_span(const struct meeting *meeting);

struct briefing_event {
  uint64_t seq;
  const Nav__V1__Event *event;     // as sent; its newest revision
  const struct joint_lane *lanes;  // one for each participant of the part, in its order
};

struct briefing_feed {
  const char *agency;
  int64_t newest_ms;  // when the hub took its newest event; 0: never
};

// Everything outlives the briefing.
struct briefing_input {
  const struct meeting *meeting;
  const struct meeting_part *part;
  const struct conf_agencies *agencies;
  const struct nav_areas *areas;
  const struct access_rules *rules;  // those in force, to explain the annex; may be NULL
  const struct briefing_event
      *events;  // in any order, of all spans; problems, actions and promises of any time
  size_t events_count;
  bool truncated;  // there were more than could be read
  const struct briefing_feed *feeds;
  size_t feeds_count;
  const uint8_t *rules_hash;     // 32 bytes
  const char *checkpoint;        // "12 345 records, root ab12…"; may be NULL
  const uint8_t *pseudonym_key;  // 32 bytes
  int64_t now_ms;
  const char *for_agency;  // whose annex; NULL: none. Must take part.
};

struct briefing;

// NULL: *err; too many events, too many areas, no memory.
struct briefing *briefing_compile(const struct briefing_input *input, struct nav_error *err);
void briefing_free(struct briefing *briefing);  // takes NULL

// What the ledger's BriefingCompiled record says, pointing into the briefing; person and reason are left to
// the caller.
NAV_MUST_USE bool briefing_record(const struct briefing *briefing, Nav__V1__BriefingCompiled *record);

// Whose copy it is and the record that told of it: shown in head and foot. Texts are not copied.
void briefing_set_copy(struct briefing *briefing, const char *reader, uint64_t record_seq,
                       const char *reason);

// Appends the whole output. for_agency: as compiled; another's annex cannot be asked for (NULL: without
// annex). False: *err, as where it does not fit in the buffer.
NAV_MUST_USE bool briefing_render_json(const struct briefing *briefing, const char *for_agency,
                                       struct nav_buffer *out, struct nav_error *err);
NAV_MUST_USE bool briefing_render_text(const struct briefing *briefing, const char *for_agency,
                                       struct nav_buffer *out, struct nav_error *err);
NAV_MUST_USE bool briefing_render_html(const struct briefing *briefing, const char *for_agency,
                                       struct nav_buffer *out, struct nav_error *err);

#endif
