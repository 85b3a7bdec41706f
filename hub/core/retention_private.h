// What retention.c (the order of a run) and retention_ask.c (its queries) share. Called by: those alone. Must
// never: be included elsewhere.
#ifndef NAV_CORE_RETENTION_PRIVATE_H
#define NAV_CORE_RETENTION_PRIVATE_H

#include "hub/conf/check.h"
#include "hub/core/erasures.h"
#include "hub/core/retention.h"

enum { PARTS_MAX = 4096, TRIES_MAX = 50, DROP_TRIES_MAX = 5, ID_SIZE = CONF_ID_LENGTH_MAX + 1 };

// In this order; PARTS to HOLDS again for each part and bucket.
enum retention_phase {
  RETENTION_PARTS,   // which partitions there are
  RETENTION_DAYS,    // of each that is past: days whose key file is gone without a record
  RETENTION_BOUNDS,  // of each bucket: how many events, from where to where
  RETENTION_EVENTS,  // which of them lanes have not had, and which somebody holds
  RETENTION_STAGE,
  RETENTION_HOLDS,   // closes what waited
  RETENTION_COMMIT,  // until all is durable and the keys are gone
  RETENTION_DROP,    // the partitions that are erased whole
};

struct retention {
  enum retention_phase phase;
  bool dry, asked;
  unsigned tries;       // of queries that failed
  uint64_t connection;  // who waits
  char person[ID_SIZE], agency[ID_SIZE];
  char reason[RETENTION_REASON_MAX + 1];
  int64_t today, databases_today;  // days since 1970
  struct bucket_place *places;     // RETENTION_BUCKETS_MAX
  size_t places_count, at;
  uint64_t staged_seq;        // the last record when everything was staged; others' go on coming
  bool more;                  // there were too many for one run
  uint32_t parts[PARTS_MAX];  // that are past
  size_t parts_count, part_at;
  size_t parts_dropped, parts_left;
  unsigned drop_tries;  // of the one at hand

  // Of the bucket at hand.
  uint64_t events, first_seq, last_seq, scanned_seq;
  uint64_t erased_before;  // of them, singly, by order
  uint64_t undelivered[NUMBERS_LANES_MAX];
  uint64_t *held;  // events with open holds
  size_t held_count, held_capacity, held_at;
  size_t closed, kept;
  uint64_t record_seq;

  uint64_t all_events, all_erased_before;
  json_t *items;
};

// Each asks the reader, which is idle, and notes what comes.
void retention_ask_parts(struct core *core);
void retention_ask_days(struct core *core);
void retention_ask_bounds(struct core *core);
void retention_ask_events(struct core *core);
void retention_ask_drop(struct core *core);
// Whether a partition's whole month is past, and its first and last day.
bool retention_part_days(uint32_t part, int64_t today, uint32_t *first_day, uint32_t *last_day);

#endif
