// A ledger made for tests as nav-core would make it: agencies, lanes, verdicts, signed publications, sealed
// events, signed acknowledgements, readings, checkpoints. The same from the same settings: all keys and times
// come from a seed. Called by: tests/unit/ledger (in memory), tests/flow/make_ledger (into a database).
#ifndef NAV_TESTS_LEDGER_MADE_H
#define NAV_TESTS_LEDGER_MADE_H

#include "hub/base/arena.h"
#include "hub/ledger/content.h"
#include "hub/ledger/verify.h"
#include "hub/wire/merkle.h"
#include "nav/v1/ledger.pb-c.h"

enum {
  MADE_AGENCIES = 3,
  MADE_RECORDS_MAX = 2500000,
  MADE_EVENTS_A_PUBLICATION = 4,
  MADE_PERSONS = 50000,
  MADE_SUBTREES_MAX = 16384,
  MADE_WITNESSES = 2,        // the first agencies: they cosign every checkpoint over their keys' records
  MADE_RULES_TEXTS_MAX = 3,  // of two changes of rules: one file stays the same
};

struct made_settings {
  unsigned publications;
  unsigned events_a_publication;  // at most WIRE_EVENTS_MAX; 0: one to four, in turn
  unsigned acknowledge_every;     // events, as lanes do under load; 0: every fifth publication
  unsigned checkpoint_every;      // records
  int64_t start_ms;
  const char *hub;
  bool keeps_no_texts;  // of rules: a ledger from before they were kept
};

struct made {
  struct made_settings settings;
  struct nav_arena *arena;
  uint8_t log_id[KEY_LOG_ID_SIZE];
  struct key_pair_sign checkpoint_key;
  struct key_pair_sign agency_keys[MADE_AGENCIES];
  size_t capacity;  // of each of these lists
  struct verify_ledger_row *ledger;
  size_t ledger_count;
  uint64_t *events;  // the numbers of their records
  size_t events_count;
  struct verify_content_row *contents;
  size_t contents_count;
  struct verify_checkpoint_row *checkpoints;
  size_t checkpoints_count;
  struct verify_index_row *persons, *mentions;  // of nav.person and nav.mention
  size_t persons_count, mentions_count;
  struct merkle_frontier frontier;
  struct verify_subtree_row subtrees[MADE_SUBTREES_MAX];
  size_t subtrees_count;
  struct key_pair_sign witness_keys[MADE_WITNESSES];
  uint64_t witness_seq;                         // of the last of their KeyChanged records; 0: none yet
  struct verify_cosignature_row *cosignatures;  // of nav.cosignature
  size_t cosignatures_count;
  struct verify_rules_row rules_texts[MADE_RULES_TEXTS_MAX];
  size_t rules_texts_count;
  int64_t time_ms;
  size_t acknowledged;  // events, when the last acknowledgement came
  unsigned acknowledgements;
};

extern const char *const made_agencies[MADE_AGENCIES];

struct made *made_new(const struct made_settings *settings);
void made_free(struct made *made);
// Adds the Erased record of a bucket at a later time, and a checkpoint over it. The contents stay: take them
// out.
void made_erase(struct made *made, uint32_t retention_class, uint32_t day, int64_t at_ms);
// Adds the EventsErased records of these events, one an agency, as their rows say just now, and a checkpoint
// over them. basis: NULL: they state none. The contents stay.
void made_erase_events(struct made *made, const size_t *events, size_t count, const char *basis);
// The bucket's key: BLAKE2b of "bucket" ‖ class (4) ‖ day (4), so that a test's stand-in for nav-core can
// make it too.
void made_bucket_key(uint8_t key[CONTENT_KEY_SIZE], uint32_t retention_class, uint32_t day);
// One event's key: BLAKE2b keyed with that over "event" ‖ seq (8). The hub's own are leaves of random trees.
void made_event_key(uint8_t key[CONTENT_KEY_SIZE], const uint8_t bucket_key[CONTENT_KEY_SIZE], uint64_t seq);
// The nth person's token: BLAKE2b of "person" ‖ n (4). An event is about none, one or two.
void made_person(uint8_t token[VERIFY_KEY_SIZE], uint32_t n);
// The columns of the nth event, from 0, while no record is removed.
struct verify_event *made_event(struct made *made, size_t n);
// Hashes the row's bytes into its leaf, as one would who wants to hide a change.
void made_set_leaf(struct made *made, struct verify_ledger_row *row);
// Encodes a record into the row in place of what is there; the leaf is left alone.
void made_set_record(struct made *made, struct verify_ledger_row *row, const Nav__V1__Record *record);
// Signs a checkpoint of what the ledger's rows (by their leaves) give up to size, with any key.
struct verify_checkpoint_row made_checkpoint(struct made *made, uint64_t size,
                                             const struct key_pair_sign *key);

#endif
