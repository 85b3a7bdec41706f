// What verify.c (order and merging), verify_tree.c (leaves, checkpoints), verify_record.c (one record against
// those before it), verify_event.c and verify_index.c (a record against its rows), verify_erased.c (content
// that is gone), verify_claim.c (what was erased singly), verify_subtree.c, verify_cosignature.c,
// verify_rules.c and verify_part.c (a range) share. Called by: those alone. Must never: be included
// elsewhere.
#ifndef NAV_LEDGER_VERIFY_PRIVATE_H
#define NAV_LEDGER_VERIFY_PRIVATE_H

#include "hub/base/arena.h"
#include "hub/base/id.h"
#include "hub/ledger/cosignature.h"
#include "hub/ledger/record.h"
#include "hub/ledger/verify.h"
#include "hub/ledger/verify_ahead.h"
#include "hub/wire/merkle.h"
#include "hub/wire/message.h"

enum {
  VERIFY_SUSPECTS_MAX = 256,
  VERIFY_DOUBTS_MAX = 64,
  VERIFY_NAMES_MAX = VERIFY_NUMBERS_MAX / 16,
  VERIFY_NAME_SIZE = 65,
  VERIFY_CLASSES = 8,
  VERIFY_DAYS = 65536,
  VERIFY_MISSING_MAX = 65536,
  VERIFY_SPOILED_MAX = 1024,
};
// How a fault ends that one record's word stands behind and nothing has vouched for either.
#define VERIFY_IN_DOUBT ": it or what it rests on was changed"

enum { VERIFY_SUBTREE_STEP = 8, VERIFY_TOLD_MAX = 8, VERIFY_ODD_MAX = 256 };

// A row whose bytes and leaf do not agree; the next checkpoint tells which of the two was changed.
struct verify_suspect {
  uint64_t seq;
  char detail[96];  // what the changed bytes are; may be ""
};

// The stored levels that one leaf has made perfect, from level 8.
struct verify_told {
  size_t count;
  uint64_t index[VERIFY_TOLD_MAX];
  uint8_t hashes[VERIFY_TOLD_MAX][NAV_SHA256_SIZE];
};

// A row of nav.subtree that does not fit both trees; the next checkpoint tells which counts.
struct verify_odd_subtree {
  unsigned level;
  uint64_t index;
  bool missing, fits_records, fits_leaves;
};

struct verify_tree {
  struct merkle_frontier records;  // of the rows' own bytes
  struct merkle_frontier leaves;   // of the leaf column, where it differs from them since the last checkpoint
  bool differ;
  bool broken;  // a leaf before here is not known: nothing can be compared until a checkpoint's frontier
  uint64_t interval_first;                   // the first record after the last checkpoint
  uint64_t interval_rows;                    // of it that are there
  uint64_t proven;                           // the largest checkpoint that held
  uint8_t interval_log_id[KEY_LOG_ID_SIZE];  // as it was before the interval
  uint64_t interval_fault;                   // a record of the interval that was accused already; 0: none
  struct verify_suspect suspects[VERIFY_SUSPECTS_MAX];
  size_t suspects_count;
  struct verify_told told_records, told_leaves;  // by the last row
  struct verify_odd_subtree odd[VERIFY_ODD_MAX];
  size_t odd_count;
};

// A fault of one record by the word of another that no checkpoint has vouched for yet.
struct verify_doubt {
  uint64_t seq;
  char what[VERIFY_WHAT_SIZE];
};

struct verify_publication {
  uint64_t seq;  // 0: empty
  char agency[VERIFY_NAME_SIZE];
  size_t count;
  uint8_t digests[WIRE_EVENTS_MAX][NAV_SHA256_SIZE];
  uint8_t used[WIRE_EVENTS_MAX / 8];
};

struct verify_name {
  char agency[VERIFY_NAME_SIZE];  // "": not defined
  uint64_t seq;                   // of its definition
  uint64_t position;              // a lane's last acknowledged
  uint64_t position_seq;          // by which record
};

enum { VERIFY_UNSURE_MAX = 32 };  // of one agency; what is more is accused

// A witness key as the last KeyChanged record of that agency says; seq 0: unlearned.
struct verify_cosigner {
  char agency[VERIFY_NAME_SIZE];
  uint8_t key[KEY_ED25519_PUBLIC_SIZE];
  bool has_key;
  uint64_t seq;
  // Checkpoints with a line of another key, after a record was lost that may have changed it: wrong once a
  // later line holds under the known key.
  uint64_t unsure[VERIFY_UNSURE_MAX];
  size_t unsure_count;
};

// A list by number that grows as numbers are defined.
struct verify_names {
  struct verify_name *items;
  size_t count;
};

enum verify_index_kind { VERIFY_PERSONS, VERIFY_MENTIONS, VERIFY_INDEXES };

struct verify_index {
  struct verify_index_row row;
  bool has;
};

// A retention class and day of acceptance, once content of it was missing or a record erased it.
struct verify_bucket {
  uint64_t erased_seq;  // of the Erased record; 0: none yet
  uint64_t missing;     // contents, no record yet says that they were erased
  uint64_t listed;      // of which the list names so many
  uint64_t last_missing;
  uint32_t retention_class;
  uint32_t day;
};

struct verify_missing {
  uint64_t seq;
  uint32_t bucket;
};

// What is missing counts as erased only once an Erased record has come, so it is kept until then: each by its
// number up to VERIFY_MISSING_MAX at one time, past that counted by bucket.
struct verify_erasing {
  uint32_t *index;  // by class and day: 1 + the bucket's place; NULL: nothing was missing or erased
  struct verify_bucket *buckets;
  size_t buckets_count, buckets_capacity;
  struct verify_missing *missing;  // VERIFY_MISSING_MAX, in order
  size_t missing_count;
  bool record_lost;     // a record that may have erased something is missing or not to be trusted
  int64_t end_time_ms;  // of the last record
};

// What an EventsErased record says of one event, and the record itself.
struct verify_claim {
  uint64_t event_seq;
  uint32_t claimant;
  uint32_t revision, retention_class, day;
  uint8_t event_id[NAV_EVENT_ID_SIZE];
};

struct verify_claimant {
  uint64_t seq;
  char source[VERIFY_NAME_SIZE];
};

struct verify_claims {
  struct verify_claim *items;
  size_t count, capacity;
  struct verify_claimant *claimants;
  size_t claimants_count, claimants_capacity;
};

// Records that are missing, or that nobody can vouch for: their word counts against no other.
struct verify_spoiled {
  uint64_t first, last;
};

struct verify {
  const struct verify_source *source;
  const struct verify_settings *settings;
  verify_fault *fault;
  void *fault_context;
  struct verify_report *report;
  struct nav_arena *arena;  // one record, where it could not be decoded ahead
  struct verify_ahead *ahead;
  struct verify_tree tree;

  uint64_t last_seq;
  int64_t last_time_ms;
  uint64_t last_epoch;
  uint64_t order_seq;  // whose time and epoch those are
  uint8_t log_id[KEY_LOG_ID_SIZE];
  uint64_t log_id_seq;                       // which record changed it; 0: none
  uint8_t previous_log_id[KEY_LOG_ID_SIZE];  // before that
  bool log_changed;                          // and no Restored record has followed yet
  bool has_started;                          // a record before this one named a log
  uint8_t hub_key[KEY_ED25519_PUBLIC_SIZE];  // the checkpoint key that the ledger names, if it does
  uint64_t hub_key_seq;

  // What was defined. Once a record is lost (missing, or not to be trusted) what it may have defined is not
  // known: references to things that were never seen accuse nobody any more.
  bool lost;
  struct verify_names agencies;
  struct verify_names lanes;
  uint8_t verdicts[VERIFY_NUMBERS_MAX / 8];
  struct verify_publication publications[VERIFY_PUBLICATIONS_BACK];
  size_t publication_next;

  struct verify_doubt doubts[VERIFY_DOUBTS_MAX];
  size_t doubts_count;
  uint64_t doubts_more;  // for which there was no room
  struct verify_erasing erasing;
  uint64_t texts_kept_seq;  // the first RulesChanged that keeps texts: every later one does; 0: none yet

  struct verify_content_row content;
  const uint8_t *content_hash;
  struct verify_checkpoint_row checkpoint;
  struct verify_cosignature_row cosignature;
  uint64_t absent;          // records that are missing, or cannot be read
  bool agencies_forgotten;  // a definition of one was learned, or rewritten, and is not to be trusted
  bool keys_lost;           // a record that may have named a witness key is missing or not to be trusted
  struct verify_cosigner *cosigners;  // VERIFY_COSIGNERS_MAX; NULL: no key yet
  size_t cosigners_count;
  bool has_content, has_checkpoint, has_subtree, has_cosignature;
  struct verify_index indexes[VERIFY_INDEXES];
  struct verify_subtree_row subtree;
  struct verify_rules_row rules_text;
  bool has_rules_text;
  bool muted;         // what is read beside a range accuses nobody
  bool spoiled_more;  // than there is room for: then all are taken to be
  struct verify_spoiled spoiled[VERIFY_SPOILED_MAX];
  size_t spoiled_count;
  struct verify_claims claims;
};

void verify_accuse(struct verify *v, uint64_t seq, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// The same of a checkpoint: it casts no doubt on the records before it.
void verify_accuse_checkpoint(struct verify *v, uint64_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// The same of a record that `rests_on` speaks against (0: it is not known which). It waits for the checkpoint
// that covers both.
void verify_doubt(struct verify *v, uint64_t seq, uint64_t rests_on, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
// The interval's root was proven, or was not.
void verify_doubts_end(struct verify *v, bool proven);
// Unlearns what the records of an interval that does not hold, up to the last of it, have said.
void verify_forget(struct verify *v, uint64_t last);

// verify_part.c
void verify_range_begin(struct verify *v);
// Appends to the range what stands behind it, up to the checkpoint.
void verify_range_complete(struct verify *v);
void verify_range_erased_later(struct verify *v);

// verify_tree.c
// Takes the log id that the checkpoint at hand is signed for; nothing where it is not the hub's.
void verify_tree_log_id(struct verify *v, const struct verify_checkpoint_row *row);
// Appends the row's leaf. False: bytes and leaf do not agree; a suspect is noted.
bool verify_tree_row(struct verify *v, const struct verify_ready *ready);
void verify_tree_detail(struct verify *v, const char *detail);  // on the suspect just noted
void verify_tree_break(struct verify *v);                       // a leaf is missing here
// True where the hub signed what the row says.
bool verify_tree_checkpoint(struct verify *v, const struct verify_checkpoint_row *row);
void verify_tree_end(struct verify *v);

// verify_record.c
// guess: of the record's signature; NULL: none was made.
void verify_record(struct verify *v, const Nav__V1__Record *record, const struct verify_guess *guess);
void verify_names_free(struct verify_names *names);
// The agency behind the number; NULL: not defined.
const char *verify_name(const struct verify_names *names, uint32_t number);
bool verify_verdict_known(const struct verify *v, uint32_t number);
// The publication; NULL: not among the last.
struct verify_publication *verify_publication_find(struct verify *v, uint64_t seq);

// verify_erased.c
// An Accepted record with no content behind it, or one that is sealed under what was erased before.
void verify_content_missing(struct verify *v, uint64_t seq, uint32_t retention_class, uint32_t day);
void verify_content_sealed(struct verify *v, uint64_t seq, uint32_t retention_class, uint32_t day);
void verify_erased(struct verify *v, const Nav__V1__Record *record);
void verify_events_erased(struct verify *v, uint64_t seq, const Nav__V1__EventsErased *erased);
// Accuses what is missing and no record erased.
void verify_missing_end(struct verify *v);
void verify_erasing_free(struct verify *v);

// verify_claim.c
void verify_spoil(struct verify *v, uint64_t first, uint64_t last);
bool verify_is_spoiled(const struct verify *v, uint64_t seq);
// Of an EventsErased record; kept until the end: whether another erased the event as well is told then too.
void verify_claim(struct verify *v, uint64_t seq, const char *source, const Nav__V1__ErasedEvent *event);
// Compares what was kept with the events' own records.
NAV_MUST_USE bool verify_claims_end(struct verify *v, struct nav_error *err);
void verify_claims_free(struct verify *v);

// verify_event.c
void verify_accepted(struct verify *v, const Nav__V1__Record *record);
// The row's event columns, of any record.
void verify_event_columns(struct verify *v, const struct verify_ledger_row *row,
                          const Nav__V1__Record *record);
// Takes the rows up to and with seq from the sources and compares those of `record` (NULL: those of seq are
// passed over). False: *err.
NAV_MUST_USE bool verify_rows_up_to(struct verify *v, uint64_t seq, const Nav__V1__Record *record,
                                    struct nav_error *err);

// verify_index.c: nav.person and nav.mention, as verify_rows_*.
NAV_MUST_USE bool verify_index_begin(struct verify *v, struct nav_error *err);
NAV_MUST_USE bool verify_index_up_to(struct verify *v, uint64_t seq, const Nav__V1__Record *record,
                                     struct nav_error *err);
NAV_MUST_USE bool verify_index_after_end(struct verify *v, struct nav_error *err);

// verify_rules.c: nav.rules_text, as verify_rows_*.
NAV_MUST_USE bool verify_rules_begin(struct verify *v, struct nav_error *err);
NAV_MUST_USE bool verify_rules_up_to(struct verify *v, uint64_t seq, const Nav__V1__Record *record,
                                     struct nav_error *err);
NAV_MUST_USE bool verify_rules_after_end(struct verify *v, struct nav_error *err);

// verify_subtree.c
void verify_told(void *told, unsigned level, uint64_t index, const uint8_t hash[NAV_SHA256_SIZE]);
NAV_MUST_USE bool verify_subtrees_begin(struct verify *v, struct nav_error *err);
// After the leaf of seq: the rows that end there, against what it told.
NAV_MUST_USE bool verify_subtrees_at(struct verify *v, uint64_t seq, struct nav_error *err);
void verify_subtrees_signed(struct verify *v,
                            bool records);  // the tree of the records, or of the leaf column
// After the last record; those up to `last` are known to be missing.
NAV_MUST_USE bool verify_subtrees_end(struct verify *v, uint64_t last, struct nav_error *err);

// verify_cosignature.c
// A KeyChanged record: the witness key that it names, if it does.
void verify_cosigner_key(struct verify *v, uint64_t seq, const Nav__V1__KeyChanged *record);
void verify_cosigners_forget(struct verify *v, uint64_t first);  // what records from `first` on have said
NAV_MUST_USE bool verify_cosignatures_begin(struct verify *v, struct nav_error *err);
// The rows up to the checkpoint's size; holds: it is the hub's. In an export the note's own lines.
NAV_MUST_USE bool verify_cosignatures_at(struct verify *v, const struct verify_checkpoint_row *row,
                                         bool holds, struct nav_error *err);
NAV_MUST_USE bool verify_cosignatures_end(struct verify *v, struct nav_error *err);

// verify_event.c, again
// What is left in the sources after the last record that is there or known to be missing.
NAV_MUST_USE bool verify_rows_after_end(struct verify *v, struct nav_error *err);

#endif
