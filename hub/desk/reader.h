// Reading events for a named person: index rows and verdicts from the read-only database, keys from nav-core
// after it has committed the record of the reading, then the opened and decoded events. One reader serves one
// request, in one worker process. Called by: hub/desk/briefing (through the functions below; its tests may
// put others in their place), audit commands. Must never: ask a key without a reason and a person, keep a
// key, or give an event whose reading is not recorded.
//
// Two steps, so that nothing is opened that the index alone can rule out:
//   desk_reader_list   what there is in a span: seq, sender, type, time, verdict for each lane. Opens
//   nothing, records nothing. desk_reader_open   for those chosen: records one Read (per 20,000 events), gets
//   the keys, opens and decodes: event->event is set.
// and then what was made of it is recorded with desk_reader_record_briefing before it is answered.
//
// nav-desk calls two functions of hub/desk/briefing/briefing.h, which the briefing's folder provides:
//   json_t *briefing_meetings(struct desk_reader *reader, struct nav_error *err);
//       answer to {"command":"meeting-list"}:
//       {"ok":true,"meetings":[{"id","title","kind","purpose","opens","closes"}]}
//   json_t *briefing_show(struct desk_reader *reader, const json_t *request, struct nav_error *err);
//       answer to {"command":"briefing","meeting":…,"output":"json|text|html","for":AGENCY?,"reason":…}:
//       {"ok":true,"content_type":"…","body":"…"} (body: the whole output as one string, for json too). NULL:
//       *err; its code CODE_NOT_FOUND where there is no such meeting, CODE_NOT_PERMITTED where this person
//       may not see it.
//   nav-desk has already checked that the person has the role reader or chair; whether the meeting is theirs,
//   and that `for` is their own agency, is checked by briefing_show.
#ifndef NAV_DESK_READER_H
#define NAV_DESK_READER_H

#include "hub/base/arena.h"
#include "hub/base/error.h"
#include "hub/conf/agencies.h"
#include "hub/conf/nav.h"
#include "nav/v1/event.pb-c.h"
#include "nav/v1/ledger.pb-c.h"

enum { DESK_EVENTS_MAX = 200000, DESK_LANES_MAX = 65536, DESK_VERDICTS_MAX = 65536 };

struct desk_reader;

// What the request stands on; all outlive the request.
const struct conf_nav *desk_reader_nav(const struct desk_reader *reader);
const struct conf_agencies *desk_reader_agencies(const struct desk_reader *reader);
const struct conf_person *desk_reader_person(const struct desk_reader *reader);  // who asks
int64_t desk_reader_now_ms(const struct desk_reader *reader);  // the request's time, one for all of it
// Memory until the request is answered.
struct nav_arena *desk_reader_arena(struct desk_reader *reader);

struct desk_lane {
  uint32_t number;
  const char *agency;  // the recipient
  const char *purpose;
};
// The lane's number; 0: no event was ever decided for that recipient and purpose.
uint32_t desk_reader_lane(const struct desk_reader *reader, const char *agency, const char *purpose);
const struct desk_lane *desk_reader_lane_by_number(const struct desk_reader *reader,
                                                   uint32_t number);  // NULL

// The rules in force now (hash of the latest RulesChanged record; zeros: none) and the latest checkpoint.
struct desk_state {
  uint8_t rules_hash[32];
  uint64_t checkpoint_size;  // 0: none yet
  uint8_t checkpoint_root[32];
  const char *checkpoint_note;  // C2SP text
  uint64_t records;
};
NAV_MUST_USE bool desk_reader_state(struct desk_reader *reader, struct desk_state *state,
                                    struct nav_error *err);

struct desk_event {
  uint64_t seq;
  uint8_t id[16];
  uint32_t revision;
  const char *agency;        // the sender
  uint32_t type;             // field number of the body in nav.v1.Event
  int64_t time_ms;           // when it happened
  int64_t accepted_time_ms;  // when the hub took it
  uint32_t bucket_class;
  uint32_t bucket_day;
  const Nav__V1__VerdictDefined *verdict;  // never NULL; its rules_hash says under which rules
  const Nav__V1__LaneVerdict *const
      *redecided;  // what later records (Redecided) put in place of single lanes
  size_t redecided_count;
  bool erased;                  // asked for, and its content is gone (retention, or by order)
  const Nav__V1__Event *event;  // the whole event as sent, not redacted: NULL until opened, or where erased
};
// What that lane may have of the event, the last redecision counted. NULL: withheld with no rule.
const Nav__V1__LaneVerdict *desk_event_lane(const struct desk_event *event, uint32_t lane);

struct desk_events {
  struct desk_event *items;  // in seq order
  size_t count;
  bool truncated;  // more than DESK_EVENTS_MAX stand in the span: say so in what is shown
};

// One event by its seq, or the newest revision by its id and sender (agency NULL: whoever sent it). count is
// 0 or 1.
NAV_MUST_USE bool desk_reader_event(struct desk_reader *reader, uint64_t seq, struct desk_events *events,
                                    struct nav_error *err);
NAV_MUST_USE bool desk_reader_event_by_id(struct desk_reader *reader, const uint8_t id[16],
                                          struct desk_events *events, struct nav_error *err);

struct desk_span {
  int64_t start_ms;  // inclusive, by when it happened
  int64_t end_ms;    // exclusive
};
// The newest revision of each event that happened in any of the spans, each event once. types: field numbers
// of bodies wanted; none: all.
NAV_MUST_USE bool desk_reader_list(struct desk_reader *reader, const struct desk_span *spans,
                                   size_t spans_count, const uint32_t *types, size_t types_count,
                                   struct desk_events *events, struct nav_error *err);

// Why they are opened; goes into the Read record with the reader's person and agency. Texts not NULL; meeting
// may be "".
struct desk_reading {
  const char *purpose;
  const char *meeting;
  const char *reason;
};
// Records the reading and opens the chosen ones (pointers into a list's items; those already open are passed
// over). All or nothing: on failure nothing may be shown. RETRY: nav-core cannot be reached, so nothing was
// opened.
NAV_MUST_USE bool desk_reader_open(struct desk_reader *reader, const struct desk_reading *reading,
                                   struct desk_event *const *chosen, size_t count, struct nav_error *err);

// Records what was compiled, before it is answered. person and reason are set by the caller. Gives the
// record's seq.
NAV_MUST_USE bool desk_reader_record_briefing(struct desk_reader *reader,
                                              const Nav__V1__BriefingCompiled *compiled, uint64_t *seq,
                                              struct nav_error *err);

// How fresh each sender's feed is: the newest event the hub took from it, among the last million records.
struct desk_feed {
  const char *agency;
  uint64_t newest_seq;  // 0: nothing
  int64_t newest_accepted_ms;
};
NAV_MUST_USE bool desk_reader_feeds(struct desk_reader *reader, struct desk_feed **feeds, size_t *count,
                                    struct nav_error *err);

#endif
