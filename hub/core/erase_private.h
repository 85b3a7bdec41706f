// What erase.c (the order of a run), erase_find.c (its queries), erase_judge.c (what may be erased, and who
// had it) and erase_answer.c (what is told) share. Called by: those alone. Must never: be included elsewhere.
#ifndef NAV_CORE_ERASE_PRIVATE_H
#define NAV_CORE_ERASE_PRIVATE_H

#include "hub/conf/check.h"
#include "hub/core/erase.h"
#include "hub/core/erasures.h"

enum {
  ERASE_ID_SIZE = CONF_ID_LENGTH_MAX + 1,
  ERASE_LANES_MAX = 65536,  // lanes of all events of one order; what is past it is the next order's
  ERASE_TRIES_MAX = 50,
  ERASE_FAILED_SIZE = 512,
};

// In this order.
enum erase_phase {
  ERASE_FIND,    // the events, a page at a time
  ERASE_ROOM,    // whether their keys can be taken out
  ERASE_STAGE,   // judged, recorded, holds closed: all in one turn, so in one transaction
  ERASE_COMMIT,  // until all is durable and the keys are gone
};

enum erase_lane_state { ERASE_LANE_HAD, ERASE_LANE_MISSED, ERASE_LANE_SET_ASIDE };

struct erase_lane {
  uint32_t lane;
  enum erase_lane_state state;
};

// After assessment.
struct erase_release {
  uint64_t event_seq, position;
  uint32_t lane;
};

struct erase_event {
  uint64_t seq;
  uint8_t event_id[16];
  uint32_t agency, revision, type, verdict;
  struct bucket_place place;
  struct erase_lane *lanes;  // in the run's
  size_t lanes_count;
  size_t holds;         // that wait, and are closed with it
  const char *against;  // why it is kept; NULL: nothing stands against it
  uint64_t record_seq;
};

struct erase_name {
  uint32_t agency;
  uint8_t event_id[16];
  bool found;
};

struct erase {
  enum erase_phase phase;
  bool dry, asked;
  unsigned tries;       // of queries that failed
  uint64_t connection;  // who waits
  char person[ERASE_ID_SIZE], agency[ERASE_ID_SIZE];
  char basis[ERASE_BASIS_MAX + 1], reason[ERASE_REASON_MAX + 1];
  bool by_person;
  uint8_t token[PERSON_TOKEN_SIZE];
  struct erase_name names[ERASE_NAMES_MAX];
  size_t names_count;
  uint64_t scanned_seq, staged_seq;

  struct erase_event events[ERASURES_EVENTS_MAX];  // in order of seq
  size_t count;
  size_t already;
  bool more;
  size_t room_at;
  struct erase_lane lanes[ERASE_LANES_MAX];
  size_t lanes_count;
  struct erase_release releases[ERASE_LANES_MAX];  // while judging
  size_t releases_count, releases_at;
  char failed[ERASE_FAILED_SIZE];  // why part of the order was not carried out; "": all of it was
};

// Asks the reader, which is idle, for the next page, and notes what comes; the last one ends the phase.
void erase_ask(struct core *core);
// Whether its content is gone already.
bool erase_is_gone(const struct core *core, const struct erase_event *event);
// What stands against each, and its lanes; again just before staging, as both may change. What stood against
// it once does so for this order. Drops the events whose lanes there is no room for.
void erase_judge(struct core *core);
// A new reference.
json_t *erase_answer(const struct core *core);

#endif
