// nav-core as a whole: what its coordinators (start, loop, intake, deliver, control_port) share. The leaves
// (batch, store, reader, sessions, head, numbers, verdicts, buckets, recent, registers, quarantine) know
// nothing of it. The flow, never back upward: sessions → intake → reader (duplicates) → access_decide → batch
// → store → answers, head → deliver.
#ifndef NAV_CORE_CORE_H
#define NAV_CORE_CORE_H

#include "hub/access/access.h"
#include "hub/conf/nav.h"
#include "hub/core/buckets.h"
#include "hub/core/cosigners.h"
#include "hub/core/due.h"
#include "hub/core/logs.h"
#include "hub/core/nacks.h"
#include "hub/core/numbers.h"
#include "hub/core/persons.h"
#include "hub/core/quarantine.h"
#include "hub/core/reader.h"
#include "hub/core/recent.h"
#include "hub/core/registers.h"
#include "hub/core/seen.h"
#include "hub/core/sessions.h"
#include "hub/core/store.h"
#include "hub/core/verdicts.h"

enum { LANE_SENT_MAX = 32768, LAG_ROWS_MAX = 256, LAG_BYTES_MAX = 64 * 1024 * 1024, CORE_AUDIT_READS = 64 };

// A lane's place. Committed, unless it says otherwise.
struct lane {
  struct session *session;   // the newest that asked for it; NULL
  uint64_t cursor;           // the last position acknowledged
  uint64_t delivered;        // deliveries acknowledged, ever, each counted once
  uint64_t counted;          // deliveries up to this position are counted: staged, perhaps not yet committed
  uint64_t scan;             // every event up to this seq has been looked at for this session
  uint64_t replay_until;     // deliveries up to this position are a replay
  uint64_t replay_after;     // that began after this one
  uint64_t replay_recorded;  // and was recorded up to this one: the last there was, ended or not
  uint64_t replay_beside;  // what had been sent before it began: a refusal up to here passes over it. 0: none
  int64_t replay_ms;       // when one was last asked for (monotonic)
  bool replay_asked;       // from a time, which is being looked up
  bool replay_ordered;     // by a person: it goes on where the session ends
  uint64_t wait_seq;       // nothing is sent before this record is committed (a replay's)
  uint64_t *sent;          // positions sent and not acknowledged: a ring of LANE_SENT_MAX
  uint64_t sent_first, sent_next;
  bool acknowledge_waits;  // to be staged with the next batch
  uint64_t acknowledge_position, acknowledge_rank;
  uint8_t acknowledge_signature[KEY_SIGNATURE_SIZE];
  struct head_entry *lag[LAG_ROWS_MAX];  // read from the store, not yet sent
  size_t lag_first, lag_count;
  uint64_t lag_until;  // when lag is used up, everything up to here has been looked at
  struct lane_nacks nacks;
  struct lane_due due;
};

struct agency_count {
  uint64_t sent, duplicate, rejected;  // since nav-core started
  uint64_t accepted, withheld, held;   // ever
  int64_t rejections_minute;           // for the limit on full records
  uint32_t rejections_in_minute;
  uint64_t rejections_more;
};

struct publication;
struct holds;
struct holds_ended;
struct hold_decisions;
struct recalls;
struct redecided;
struct replays;
struct redelivery;
struct reload;
struct rules_bundle;
struct erasures;
struct known;
struct past;
struct shown;
struct retention;
struct erase;
struct witness;
struct standby;

struct core {
  struct conf_nav *nav;
  struct conf_agencies *agencies;
  struct access_rules *rules;
  uint32_t rules_loaded;              // how often they were
  struct rules_bundle *rules_bundle;  // rules_send.c: as clients are sent them; NULL: not yet built
  struct key_pair_sign session_key, checkpoint_key;
  uint8_t pseudonym_key[KEY_SYMMETRIC_SIZE];
  uint8_t person_key[PERSON_KEY_SIZE];  // of tokens, derived from it
  char origin[CHECKPOINT_ORIGIN_SIZE];  // of checkpoints

  struct sessions *sessions;
  struct store *store;
  struct reader *reader;
  struct numbers *numbers;
  struct verdicts *verdicts;
  struct buckets *buckets;
  struct quarantine *quarantine;
  struct recent *recent;
  struct known *known;  // the ids of all events
  struct past *past;    // the events of before the start
  struct holds *holds;
  struct holds_ended *holds_ended;  // while starting
  struct hold_decisions *hold_decisions;
  struct recalls *recalls;
  struct redecided *redecided;
  struct replays *replays;
  struct redelivery *redelivery;  // on its way; NULL: none
  struct registers *registers;
  struct erasures *erasures;
  struct retention *retention;  // what is asked for and under way; NULL: nothing
  struct erase *erase;          // an order to erase events, under way; NULL: none
  uint32_t parts_day;           // partitions ahead: the day they were last made, and how many of it
  uint32_t parts_made;
  int64_t parts_retry_ms;
  struct head head;
  struct sequence sequence;
  struct batch batches[2];
  struct batch *staging, *committing;  // committing is NULL while the store is idle
  struct standby *standby;             // this node among the hub's, and its lease
  uint64_t committed_seq;
  char checkpoint_note[SEEN_NOTE_MAX];  // the last one shown
  uint64_t checkpoint_size;
  struct seen seen;             // the last checkpoint shown, kept outside the database
  struct shown *shown;          // one on its way to being shown
  struct logs logs;             // which log ids the ledger has had
  const char *restored_reason;  // restore.h: why the database was put back; NULL: it was not
  uint64_t restored_seq;        // the record of that

  struct lane *lanes[NUMBERS_LANES_MAX];  // by number
  struct agency_count *counts[NUMBERS_AGENCIES_MAX];
  uint64_t events;  // ever accepted, once past_is_whole
  size_t lag_bytes;
  uint32_t lag_turn;
  uint32_t lag_asked_lane;
  uint64_t lag_asked_after, lag_asked_until;

  struct publication *first_publication, *last_publication;  // waiting for their duplicates to be looked up
  struct publication *asked_publications;
  size_t publications_count;
  size_t publication_events;

  uint64_t audit_reads[CORE_AUDIT_READS];  // the last ones staged: a ring, see reasons.h
  size_t audit_reads_next;

  struct control_port *control;
  struct witness *witness;  // witness.c: tiles of proofs; NULL: none has been made yet
  struct cosigners *cosigners;
  struct reload *reload;  // new rules on their way; NULL: none. See reload.h
  int64_t now_ms;         // set once a turn of the loop
  int64_t last_commit_ms, retry_ms, swept_ms;
  bool database_lost;
  bool stopping;
};

// start.c: everything in order, from configuration to the first batch. False: *err.
// core->restored_reason is set before, where the database was put back.
NAV_MUST_USE bool core_start(struct core *core, const char *home, struct nav_error *err);
NAV_MUST_USE bool core_open_sockets(struct core *core, struct nav_error *err);
void core_stop(struct core *core);
struct lane *core_lane(struct core *core, uint32_t number);  // makes it; never NULL
struct agency_count *core_count(struct core *core, uint32_t agency_number);
// Counts an event of the agency, and what the verdict gives to lanes by it: staged now, or read by past.
void core_count_event(struct core *core, uint32_t agency_number, uint32_t verdict, uint64_t seq);

// registers_ledger.c: the registers made from what is stored; after load_ledger.
NAV_MUST_USE bool core_load_registers(struct core *core, struct nav_error *err);
// What an event just staged under seq means to the registers, and the records of that.
void core_register_event(struct core *core, const Nav__V1__Event *event, const struct batch_event *row,
                         uint64_t seq);

// loop.c
void core_run(struct core *core);
void core_handle_signals(void);
bool core_told_to_stop(void);

// intake.c
void intake_publication(struct core *core, struct session *session, Nav__V1__Publication *publication,
                        const uint8_t *plain, size_t length);
// Stages what waits, as far as the batch has room; asks first of what may be there already, when the reader
// is free.
void intake_step(struct core *core);
void intake_free(struct core *core);
// Records (within limits) and counts what was refused.
void intake_reject(struct core *core, const char *agency, const struct nav_error *err,
                   const uint8_t *event_id, const uint8_t *digest);
// Stages what was only counted in the minutes that have passed.
void intake_flush_rejections(struct core *core);

// deliver.c
// What a delivery was found to be less than: noted, and where it is nothing any more not waited for.
struct narrowed;
void deliver_narrow(struct core *core, const struct narrowed *narrowed);
void deliver_start(struct core *core, struct session *session, const Nav__V1__Start *start);
void deliver_unbind(struct core *core, struct session *session);
void deliver_acknowledge(struct core *core, struct session *session, const Nav__V1__Acknowledge *acknowledge);
void deliver_credit(struct session *session, const Nav__V1__Credit *credit);
// Whether the lane is this session's.
bool deliver_owns(const struct core *core, const struct session *session, uint32_t number);
// Whether the session was sent the position and has not acknowledged it; or has been sent it in a replay.
bool deliver_was_sent(const struct lane *lane, uint64_t position);
// The last position that the lane has acknowledged, or been sent: what is on its way counts as had.
uint64_t deliver_had_up_to(const struct lane *lane);
// The lane is sent everything after the position again.
void deliver_rewind(struct core *core, struct lane *lane, uint64_t position);
void deliver_ping(struct core *core, struct session *session, const Nav__V1__Ping *ping);
// Sends what lanes have, as far as credit and the gate allow. True: there is more to send at once.
bool deliver_step(struct core *core);
// Stages acknowledgements that wait. Returns whether any did.
bool deliver_acknowledgements_wait(const struct core *core);
void deliver_stage_acknowledgements(struct core *core);
void deliver_committed(struct core *core, const struct batch *batch);
// Drops what is in memory of events, for all lanes: what was erased must not be sent from there.
void deliver_forget(struct core *core);
void deliver_free(struct core *core);

// control_port.c: navctl and nav-desk.
enum { CORE_FILES_MAX = 96 };  // of one wait: the control port has 65 at the most
// Waits for one of them, or so long; interrupted, none is ready.
void core_wait(struct pollfd *files, size_t count, int wait_ms);
struct control_port;
struct control_port *control_port_open(struct core *core, struct nav_error *err);
void control_port_close(struct control_port *port);  // takes NULL
size_t control_port_poll_count(const struct control_port *port);
void control_port_poll_fill(const struct control_port *port, struct pollfd *files);
void control_port_step(struct control_port *port, const struct pollfd *files);
void control_port_answer(struct control_port *port, uint64_t connection, const char *json);
// Of a command that is answered later: at once, or when the batch being staged is durable. Both take answer.
void core_answer(struct core *core, uint64_t connection, json_t *answer);
void core_answer_durable(struct core *core, uint64_t connection, json_t *answer);

#endif
