// What the next transaction will hold. The one place where sequence numbers are given, leaves are hashed and
// rows written. Two batches take turns: one is staged while the other commits. A batch that failed is
// committed again as it is. Called by: intake, deliver, control_port (stage), store (commit), the loop. Must
// never: be changed while it commits.
#ifndef NAV_CORE_BATCH_H
#define NAV_CORE_BATCH_H

#include "hub/core/head.h"
#include "hub/ledger/checkpoint.h"
#include "hub/ledger/cosignature.h"
#include "hub/wire/merkle.h"
#include "nav/v1/ledger.pb-c.h"

enum {
  BATCH_EVENTS_MAX = 8192,
  BATCH_RECORDS_MAX = 65536,
  BATCH_BYTES_MAX = 24 * 1024 * 1024,  // of content; then the next batch
  BATCH_PARTS_MAX = 16,
  BATCH_TOKEN_SIZE = 16,     // of nav.person
  BATCH_SUBTREE_LEVELS = 8,  // of nav.subtree: levels 8, 16, 24, …
  // Of nav.cosignature: all of two checkpoints, which is all that core/cosigners keeps.
  BATCH_COSIGNATURES_MAX = 2 * COSIGNATURES_MAX,
};

// Where the ledger stands in memory: the last number given, not the last committed.
struct sequence {
  uint8_t log_id[KEY_LOG_ID_SIZE];
  uint64_t epoch;
  uint64_t last_seq;
  int64_t last_time_ms;
  struct merkle_frontier frontier;
  // Grown again from the last signed frontier over the leaves staged since; a checkpoint is signed only where
  // it gives the same root. One more node hash a record.
  struct merkle_frontier check;
  uint64_t checkpoint_seq;  // of the last checkpoint staged
  int64_t checkpoint_time_ms;
};

// What is done once the batch is durable, in order: a receipt to a session, an answer on the control socket.
struct batch_answer {
  uint64_t session;       // a session's id; 0: to a control connection
  uint64_t connection;    // the control connection's number
  size_t offset, length;  // in `answers`: an encoded HubFrame, or a JSON text
};

struct batch_acknowledged {
  uint32_t lane;
  uint64_t position;
  uint64_t rank;  // of the position: due.h
};

// A row of nav.cosignature.
struct batch_cosignature {
  uint64_t size;
  char agency[COSIGNATURE_NAME_SIZE];
  char line[COSIGNATURE_LINE_SIZE];
};

// A record staged whose leaf, and whose commitment where it is an event's, is hashed with those of others.
struct batch_unhashed {
  size_t record;           // where its bytes stand in `ledger`; its leaf stands 4 bytes after them
  size_t sealed;           // where its content stands in `content`
  uint32_t length;         // of the record
  uint32_t sealed_length;  // 0: none
  uint32_t commitment;     // where in the record
};

struct batch {
  struct sequence *sequence;
  uint64_t first_seq;  // 0: empty
  uint64_t last_seq;
  struct nav_buffer ledger, content, subtree, person, mention;  // binary COPY
  struct nav_buffer rules_text;                                 // the same; most batches have none
  bool has_rules_texts;
  struct batch_unhashed *unhashed;
  size_t unhashed_count, unhashed_capacity;
  struct head_entry **entries;  // events, for the lanes' head
  size_t entries_count, entries_capacity;
  size_t ahead_bytes;  // of their copies made already (deliver_copy.h)
  struct nav_buffer answers;
  struct batch_answer *answer_list;
  size_t answers_count, answers_capacity;
  struct batch_acknowledged *acknowledged;
  size_t acknowledged_count, acknowledged_capacity;
  uint32_t parts[BATCH_PARTS_MAX];  // of content that this batch touches
  size_t parts_count;
  struct batch_cosignature *cosignatures;  // BATCH_COSIGNATURES_MAX
  size_t cosignatures_count;
  bool has_checkpoint;
  struct checkpoint checkpoint;
  struct nav_buffer note;
  struct merkle_frontier frontier;  // at the checkpoint
  bool urgent;                      // somebody waits for it
  bool begins_log;                  // its commit gives the ledger the sequence's log id; see restore.h
  bool finished;                    // the COPY trailers are written: no more may be staged
  struct nav_buffer scratch;
};

// Of one accepted event: the columns beside its record.
struct batch_event {
  uint8_t event_id[16];
  uint32_t agency;  // number
  uint32_t revision;
  uint8_t digest[32];
  uint32_t type;
  int64_t time_ms;
  uint32_t verdict;
  uint32_t retention_class;
  uint32_t bucket_day;
  uint64_t published_seq;
  const uint8_t (*persons)[BATCH_TOKEN_SIZE];  // as Accepted.persons
  size_t persons_count;
};

NAV_MUST_USE bool batch_init(struct batch *batch, struct sequence *sequence);
void batch_free(struct batch *batch);
// Empties it for the next use. Entries that were not taken over are freed.
void batch_clear(struct batch *batch);
bool batch_is_empty(const struct batch *batch);
// Whether another publication fits.
bool batch_has_room(const struct batch *batch);
// The number that the next record staged will have.
uint64_t batch_next_seq(const struct batch *batch);

// Gives the record its seq, time and epoch, encodes it and writes its row; its leaf is hashed when the batch
// is finished. Returns the seq. Ends the program where memory is out: a half-staged batch would be worse.
uint64_t batch_stage(struct batch *batch, Nav__V1__Record *record, int64_t now_ms);
// The same of an Accepted record, which has columns of its own, and the persons it names.
uint64_t batch_stage_accepted(struct batch *batch, Nav__V1__Record *record, const struct batch_event *event,
                              int64_t now_ms);
// The sealed content of the event just staged; its record's commitment to these bytes is filled in when the
// batch is finished. Takes over the entry; NULL: no lane waits for it.
void batch_stage_content(struct batch *batch, const struct batch_event *event, const uint8_t *sealed,
                         size_t sealed_length, struct head_entry *entry);
// A cause of deliveries that is no event of its own: the record just staged. Takes over the entry.
void batch_stage_entry(struct batch *batch, struct head_entry *entry);
// A text that the RulesChanged record just staged names by its hash; at most ACCESS_TEXTS_BYTES_MAX a record.
void batch_stage_rules_text(struct batch *batch, uint64_t seq, const uint8_t sha256[NAV_SHA256_SIZE],
                            const char *text, size_t length);
// The bytes of the record that was staged last; of an Accepted one still without its commitment.
const struct nav_buffer *batch_last_record(const struct batch *batch);
void batch_answer_session(struct batch *batch, uint64_t session_id, const void *hub_frame);
void batch_answer_control(struct batch *batch, uint64_t connection, const char *json);
// A row that goes with whatever else is committed: it makes no batch due by itself. False: no room now.
NAV_MUST_USE bool batch_stage_cosignature(struct batch *batch, uint64_t size, const char *agency,
                                          const char *line);
void batch_note_acknowledged(struct batch *batch, uint32_t lane, uint64_t position, uint64_t rank);

// Whether the last records given have waited so long for a checkpoint that one is made without further
// records.
bool batch_checkpoint_waits(const struct batch *batch, int64_t now_ms, uint32_t checkpoint_ms);
// Closes it for commit: signs a checkpoint where one is due, writes the trailers. An empty batch is a
// checkpoint alone: first_seq is then last_seq + 1.
void batch_finish(struct batch *batch, const char *origin, const struct key_pair_sign *key,
                  uint32_t checkpoint_records, uint32_t checkpoint_ms, bool last);

// The partition of a retention class and day: class × 1,000,000 + year × 100 + month.
uint32_t batch_part(uint32_t retention_class, uint32_t bucket_day);

#endif
