// `audit verify`: recomputes a ledger from its rows and says which row is wrong and how. Pure and streaming:
// rows come from several sources, each in order, and memory does not grow with the ledger (definitions, the
// last publications and the faults under way are kept, each bounded). What it finds, and whom it accuses:
//   a record's bytes changed           that record: its hash is not its leaf column's, and the leaves give
//   the root a checkpoint signed its leaf changed as well           the records since the last checkpoint
//   that holds: nothing in the database can tell more; then the tree
//                                      goes on from that checkpoint's own frontier, so that nobody after it
//                                      is accused
//   a record gone, two swapped         the number missing; the two records that say they are another
//   a derived column, an event's among them, sealed content, a checkpoint   that row
//   a row of nav.person or nav.mention   the record that it is of
//   a text of rules missing           the RulesChanged that names it; one changed, or that none names: the
//                                      record that it came with
//   a row of nav.subtree missing, extra or changed                   that row, and no record
//   an agency's cosignature of a checkpoint                          that checkpoint's size, and no record
//   sealed content gone                that event, where no Erased record covers its class and day and no
//                                      EventsErased record names it
//   what an EventsErased says          that record, where it says another agency, id, revision, class or day
//   of its events                      than the event's own record
//   the tail cut off                   the numbers missing, by the lease or the last checkpoint
//   a record by which others are      the others wait for the next checkpoint: if that does not hold they
//   judged (a definition, a time)      are named as "it or what it rests on"; later records forget it
// Rows are read ahead and prepared by threads (verify_ahead.h); one thread judges, in the records' order. A
// range of records can be verified alone (verify_range.h). nav.lease itself is named as seq 0, where a
// checkpoint proves that it is the lease that is wrong. What it cannot find: a tail cut off together with the
// lease and every checkpoint above it. That is what the witnesses hold checkpoints for. Called by: desk
// (audit verify), tests. Must never: accuse a record for another's fault, log, or stop at the first fault.
#ifndef NAV_LEDGER_VERIFY_H
#define NAV_LEDGER_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/base/error.h"
#include "hub/ledger/verify_range.h"
#include "hub/wire/keys.h"

enum {
  VERIFY_WHAT_SIZE = 480,         // a fault's text, with NUL
  VERIFY_NUMBERS_MAX = 1 << 20,   // of verdicts; lanes and agencies: a sixteenth
  VERIFY_COSIGNERS_MAX = 4096,    // agencies that ever had a witness key
  VERIFY_PUBLICATIONS_BACK = 64,  // an Accepted names one of the last so many Published
  VERIFY_PROGRESS_EVERY = 8192,   // records
};

enum verify_event_column {
  VERIFY_EVENT_ID,
  VERIFY_AGENCY,
  VERIFY_REVISION,
  VERIFY_DIGEST,
  VERIFY_TYPE,
  VERIFY_TIME,
  VERIFY_VERDICT,
  VERIFY_BUCKET_CLASS,
  VERIFY_BUCKET_DAY,
  VERIFY_PUBLISHED_SEQ,
  VERIFY_EVENT_COLUMNS
};
enum { VERIFY_EVENT_WHOLE = (1 << VERIFY_EVENT_COLUMNS) - 1 };

// Those columns of nav.ledger that an Accepted record has and no other.
struct verify_event {
  uint16_t there;  // bits by verify_event_column: those that are not null
  uint8_t event_id[16];
  uint8_t digest[32];
  int32_t agency;
  int32_t revision;
  int32_t type;
  int32_t verdict;
  int32_t bucket_class;
  int32_t bucket_day;
  int64_t time_us;
  int64_t published_seq;
};

// Times in microseconds since 1970, as PostgreSQL keeps them. Rows are valid until the next of the same
// source is asked for.
struct verify_ledger_row {
  uint64_t seq;
  int64_t at_us;
  int32_t kind;
  bool has_lane;
  int32_t lane;
  bool has_about;
  int64_t about;
  const char *reader;  // NULL: none
  size_t reader_length;
  const uint8_t *record;
  size_t record_length;
  const uint8_t *leaf;  // NULL: an export, which has none
  size_t leaf_length;
  struct verify_event event;
};

struct verify_content_row {
  uint64_t seq;
  int32_t part;
  const uint8_t *sealed;
  size_t length;
};

struct verify_checkpoint_row {
  uint64_t size;
  const uint8_t *root;  // 32 bytes; NULL: an export, where the note alone says it
  const char *note;
  const uint8_t *frontier;  // NULL: an export
  size_t frontier_length;
};

// Of nav.person and nav.mention: what a record names. key: a person's token; or of an event its seq,
// big-endian, behind eight zeros.
enum { VERIFY_KEY_SIZE = 16 };
struct verify_index_row {
  uint64_t seq;  // the record's
  uint8_t key[VERIFY_KEY_SIZE];
};
typedef int verify_next_index(void *context, struct verify_index_row *row, struct nav_error *err);

// Of nav.rules_text.
struct verify_rules_row {
  uint64_t seq;           // of the RulesChanged it came with
  const uint8_t *sha256;  // 32 bytes
  const uint8_t *text;
  size_t length;
};
enum verify_rules { VERIFY_RULES_MISSING, VERIFY_RULES_KEPT, VERIFY_RULES_CHANGED };

struct verify_subtree_row {
  unsigned level;  // 8, 16, …
  uint64_t index;
  const uint8_t *hash;  // 32 bytes
};

struct verify_cosignature_row {
  uint64_t size;
  const char *agency;
  const char *line;  // with its newline
};

typedef void verify_take_again(void *context, const struct verify_ledger_row *row);

// Each gives its next row, ledger and content by seq, checkpoints by size, cosignatures by size,
// subtrees by their last record, (index + 1) << level, which is below 2^62, then by level; all of one
// snapshot. 1: a row; 0: no more; -1: *err. subtree and cosignature may be NULL: an export has none, and its
// notes carry the cosignature lines.
struct verify_source {
  void *context;
  int (*ledger)(void *context, struct verify_ledger_row *row, struct nav_error *err);
  int (*content)(void *context, struct verify_content_row *row, struct nav_error *err);
  int (*checkpoint)(void *context, struct verify_checkpoint_row *row, struct nav_error *err);
  // By seq. NULL: there is no such table, as in an export.
  verify_next_index *person, *mention;
  int (*subtree)(void *context, struct verify_subtree_row *row, struct nav_error *err);
  int (*cosignature)(void *context, struct verify_cosignature_row *row, struct nav_error *err);
  // By seq. NULL: texts are asked for alone, as in an export.
  int (*rules_text)(void *context, struct verify_rules_row *row, struct nav_error *err);
  // Whether the text of that hash is there, come with this record or one before it: an enum verify_rules; -1:
  // *err. NULL: none are looked for.
  int (*rules_kept)(void *context, const uint8_t sha256[NAV_SHA256_SIZE], uint64_t seq,
                    struct nav_error *err);
  // Gives to `take` the rows of these records again, those that are there, after all other rows. seqs:
  // ascending, each once. False: *err. NULL: what single erasures say of their events is not compared.
  bool (*again)(void *context, const uint64_t *seqs, size_t count, verify_take_again *take,
                void *take_context, struct nav_error *err);
};

// How many records are judged, at the start and then every VERIFY_PROGRESS_EVERY. of: how many there should
// be; 0: that is not known.
typedef void verify_progress(void *context, uint64_t records, uint64_t of);

struct verify_settings {
  const char *hub;                // nav.yaml's hub: a checkpoint's origin is "<hub>/<log id>"
  const uint8_t *checkpoint_key;  // 32 bytes, from the hub's key file, never from the database
  bool records_only;              // an export: there are no columns and contents to compare
  bool has_lease;                 // false: an export, or a ledger whose lease row is gone
  uint8_t log_id[KEY_LOG_ID_SIZE];
  uint64_t lease_epoch;
  uint64_t lease_last_seq;
  // NULL: the whole ledger. Else the sources give the range's rows alone, no subtrees, and of checkpoints the
  // newest.
  const struct verify_range *range;
  verify_progress *progress;  // NULL: nobody asks
  void *progress_context;
};

struct verify_report {
  uint64_t records;
  uint64_t events;    // Accepted records
  uint64_t contents;  // of which the sealed content is still there and was compared
  uint64_t checkpoints;
  uint64_t signatures;    // of agencies, that were checked
  uint64_t cosignatures;  // that hold
  // That nobody can judge, since a record that may have named the key is missing or in doubt; a fault tells
  // of that.
  uint64_t cosignatures_unjudged;
  uint64_t unproved;  // records that no signed root vouches for: after the last checkpoint, or beside a fault
  uint64_t faults;    // 0: the ledger holds
  uint8_t root[NAV_SHA256_SIZE];  // over all records that are there
};

// One fault, at once when it is certain. seq: the record, or the checkpoint's size.
typedef void verify_fault(void *context, uint64_t seq, const char *what);

// False only where a source failed or memory is out: then nothing is known. Faults found are no failure.
NAV_MUST_USE bool verify_run(const struct verify_source *source, const struct verify_settings *settings,
                             verify_fault *fault, void *fault_context, struct verify_report *report,
                             struct nav_error *err);

#endif
