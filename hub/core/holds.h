// The assessment queue: every event and lane that waits for a named person at the disclosing agency, and
// every Request that waits for its addressee's answer. A cache of the ledger: what is open is what a verdict
// holds, minus what records say was released, refused, lapsed or closed. Called by: intake_stage (open,
// supersede), recalls (close), loop (deadlines, notices), hold_commands (decisions), start (load). Must
// never: let a duty or a request lapse, or tell the recipient's side of a hold.
//
// A hold's life:   open ─► released | refused | closed (revised, recalled, answered)
//                    │ deadline: level 0 the first assessor → 1 the deputies → 2 the on-call desk, and again
//                    each day └ on own initiative and not urgent: after level 1 it lapses
// Every step is a record; holds.c alone changes a hold.
#ifndef NAV_CORE_HOLDS_H
#define NAV_CORE_HOLDS_H

#include "hub/core/core.h"

enum {
  HOLDS_MAX = 262144,                // open at one time; past it no event is accepted until some are answered
  HOLDS_OF_SOURCE_MAX = 262144 / 4,  // of one agency's events: past it that agency's alone are not accepted
  HOLD_LEVEL_ON_CALL = 2,
};

enum hold_kind {
  HOLD_EVENT,    // the hub has the content
  HOLD_SEALED,   // only its agency can open it
  HOLD_REQUEST,  // a Request of another agency waits for this one's answer
};

struct hold {
  uint64_t event_seq;
  uint32_t lane;    // of the recipient; of HOLD_REQUEST the asked agency's own
  uint32_t agency;  // whose person decides
  uint32_t source;  // whose event it is: a revision of it is theirs alone
  uint32_t type;    // body's field number; of what is sealed: of the event within
  uint32_t revision;
  uint8_t event_id[16];
  enum hold_kind kind;
  bool urgent, must_answer;
  uint16_t reveal;    // at most
  uint64_t subjects;  // at most
  const char *rule;   // interned for the program's life
  const char *basis;
  const char *limit;  // NULL: none
  int64_t opened_ms, deadline_ms;
  int64_t answer_ms;  // a level's time
  uint32_t level;
  bool deciding;      // somebody's decision is on its way
  bool notice_waits;  // to be told to the agency's adapter once it is committed
};

struct holds;

struct holds *holds_new(void);
void holds_free(struct holds *holds);  // takes NULL

// Whether so many more holds of an agency's events fit, in the queue and in its own share of it.
bool holds_have_room(const struct holds *holds, uint32_t source, size_t more);
// Opens what the verdict of an event just staged holds, and closes what waited of its earlier revisions.
void holds_open_event(struct core *core, uint64_t seq, const struct batch_event *event,
                      const Nav__V1__Event *content);
// Closes all of an event's, with a record each.
void holds_close_event(struct core *core, uint64_t event_seq, Nav__V1__HoldClosedReason reason,
                       uint64_t by_seq);
// Its content was erased: closes what nobody must answer, and what only the content told of (a request, a
// sealed event). Gives how many it closed; *kept what stays, which can only be refused.
size_t holds_close_erased(struct core *core, uint64_t event_seq, uint64_t by_seq, size_t *kept);
bool holds_has_event(const struct holds *holds, uint64_t event_seq);
// Adds how many of the event would be closed, and how many kept.
void holds_count_event(const struct holds *holds, uint64_t event_seq, size_t *closable, size_t *kept);
// What was released after assessment of the events from first to last.
typedef void holds_release_row(void *context, uint64_t event_seq, uint32_t lane, uint64_t position);
void holds_each_release(const struct holds *holds, uint64_t first_seq, uint64_t last_seq,
                        holds_release_row *row, void *context);
// NULL: not open.
struct hold *holds_find(const struct holds *holds, uint64_t event_seq, uint32_t lane);
// Whether the event was released to the lane after assessment, and at which position.
bool holds_was_released(const struct holds *holds, uint64_t event_seq, uint32_t lane, uint64_t *position);
// Where a lane that was let have the event has it: where somebody released it, or the event itself.
uint64_t holds_position(const struct holds *holds, uint64_t event_seq, uint32_t lane);
// The text kept for the program's life, so that a hold outlives the rules that made it. NULL: no room for
// more names.
const char *holds_keep_name(struct holds *holds, const char *name);
// Every open one, in no order; index runs to holds_slots, NULL in between.
size_t holds_slots(const struct holds *holds);
struct hold *holds_at(const struct holds *holds, size_t index);
size_t holds_count(const struct holds *holds);

// Once the record is staged: HoldReleased (position), HoldRefused.
void holds_released(struct holds *holds, struct hold *hold, uint64_t position);
void holds_refused(struct holds *holds, struct hold *hold);

// Whether any hold has a notice that waits; and that one's was told, or need not be.
bool holds_notices_wait(const struct holds *holds);
void holds_notice_done(struct holds *holds, struct hold *hold);
// Stages what deadlines that have passed mean: HoldEscalated, HoldLapsed; a bounded number a call.
void holds_sweep(struct core *core);
// Who answers at this level: "soc-gruppledare", "Socialjouren"; never empty.
const char *hold_assessor(const struct core *core, const struct hold *hold, char out[256]);

// holds_notify.c: tells adapters of holds that are committed, and a new session of what waits.
void holds_notify_committed(struct core *core);
void holds_notify_session(struct core *core, struct session *session);

// holds_load.c: at start, after definitions. False: *err.
NAV_MUST_USE bool holds_load(struct core *core, struct nav_error *err);
// What an event makes wait by what is in it: a Request its addressee's answer, a sealed event its own
// agency's assessment. hold has the event's own part filled in. Gives how many, HOLDS_OF_CONTENT_MAX at the
// most.
enum { HOLDS_OF_CONTENT_MAX = 64 };
size_t holds_of_content(struct core *core, const struct hold *hold, uint32_t verdict,
                        const Nav__V1__Event *event, struct hold list[HOLDS_OF_CONTENT_MAX]);
// Puts a hold in from the ledger: opened then, at that level. Used by holds_load alone.
void holds_restore(struct holds *holds, const struct hold *hold);
void holds_note_released(struct holds *holds, uint64_t event_seq, uint32_t lane, uint64_t position);
// Fills what a hold is of a lane's verdict. False: the verdict holds nothing for it.
bool hold_of_verdict(struct hold *hold, const Nav__V1__LaneVerdict *verdict, const struct conf_nav *nav);

// hold_decide.c: decisions on their way.
struct hold_decisions;
struct hold_decisions *hold_decisions_new(void);
void hold_decisions_free(struct hold_decisions *decisions);  // takes NULL
// Reads the content of the next one that waits, when the reader is free.
void hold_decide_step(struct core *core);

#endif
