// nav-core's start and stop: configuration, keys, database, what the ledger says of itself, then the first
// batch with what is new. Called by: main, the loop (stop). Must never: go on with half a
// configuration, or sign a tree that is not the ledger's.
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/base/log.h"
#include "hub/core/core.h"
#include "hub/core/erase.h"
#include "hub/core/erasures.h"
#include "hub/core/holds_ended.h"
#include "hub/core/known.h"
#include "hub/core/past.h"
#include "hub/core/recalls.h"
#include "hub/core/redecided.h"
#include "hub/core/redeliver.h"
#include "hub/core/reload.h"
#include "hub/core/replay.h"
#include "hub/core/restore.h"
#include "hub/core/retention.h"
#include "hub/core/rules_send.h"
#include "hub/core/shown.h"
#include "hub/core/standby.h"
#include "hub/core/tree_load.h"
#include "hub/core/witness.h"
#include "hub/ledger/record.h"

enum { RECORD_ARENA_MAX = 8 * 1024 * 1024 };

static bool faulty(struct conf_faults *faults, struct nav_error *err) {
  size_t count = faults->count + faults->dropped;
  conf_faults_print(faults);
  conf_faults_free(faults);
  return nav_fail(err, NAV_ERROR_LOCAL, 0, "configuration", "%zu faults; nothing was started", count);
}

static bool load_rules(struct core *core, struct nav_error *err) {
  struct conf_faults faults = {0};
  core->agencies = conf_agencies_load(core->nav->config_folder, &faults);
  if (core->agencies == NULL) return faulty(&faults, err);
  core->rules = access_rules_load(core->nav->config_folder, core->agencies, &faults);
  if (core->rules == NULL) return faulty(&faults, err);
  if (access_lane_count(core->rules) >= NUMBERS_LANES_MAX) {
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "agencies.yaml", "more than %d lanes", NUMBERS_LANES_MAX - 1);
  }
  conf_faults_free(&faults);
  return true;
}

static bool load_configuration(struct core *core, const char *home, struct nav_error *err) {
  struct conf_faults faults = {0};
  core->nav = conf_nav_load(home, &faults);
  if (core->nav == NULL) return faulty(&faults, err);
  conf_faults_free(&faults);
  return load_rules(core, err);
}

// What the active node has in force may have changed while this one stood by.
static bool load_rules_anew(struct core *core, struct nav_error *err) {
  struct conf_agencies *before = core->agencies;
  access_rules_free(core->rules);
  core->rules = NULL;
  bool ok = load_rules(core, err);
  if (core->agencies == NULL) {
    core->agencies = before;
    return false;
  }
  sessions_set_agencies(core->sessions, core->agencies);
  conf_agencies_free(before);
  return ok;
}

static bool load_pair(const struct core *core, const char *use, struct key_pair_sign *pair,
                      struct nav_error *err) {
  char path[512];
  (void)snprintf(path, sizeof path, "%s/%s.key", core->nav->keys_folder, use);
  return keys_read(path, use, true, pair->secret_key, sizeof pair->secret_key, err) &&
         keys_sign_pair(pair, err);
}

static bool load_keys(struct core *core, struct nav_error *err) {
  char path[512];
  (void)snprintf(path, sizeof path, "%s/pseudonym.key", core->nav->keys_folder);
  return load_pair(core, "session", &core->session_key, err) &&
         load_pair(core, "checkpoint", &core->checkpoint_key, err) &&
         keys_read(path, "pseudonym", true, core->pseudonym_key, sizeof core->pseudonym_key, err);
}

static bool make_parts(struct core *core, struct nav_error *err) {
  core->numbers = numbers_new();
  core->verdicts = verdicts_new();
  core->buckets = buckets_new(core->nav->buckets_folder);
  core->recent = recent_new();
  core->known = known_new();
  core->past = past_new();
  persons_key(core->person_key, core->pseudonym_key);
  core->registers = registers_new(core->pseudonym_key);
  core->reader = reader_new(core->nav->database_core);
  core->holds = holds_new();
  core->holds_ended = holds_ended_new();
  core->hold_decisions = hold_decisions_new();
  core->recalls = recalls_new();
  core->redecided = redecided_new();
  core->replays = replays_new();
  core->erasures = erasures_new();
  core->cosigners = cosigners_new();
  bool ok = core->cosigners != NULL && core->holds != NULL && core->holds_ended != NULL &&
            core->hold_decisions != NULL && core->recalls != NULL && core->redecided != NULL &&
            core->replays != NULL && core->erasures != NULL && core->numbers != NULL &&
            core->verdicts != NULL && core->buckets != NULL && core->recent != NULL && core->known != NULL &&
            core->past != NULL && core->registers != NULL && core->reader != NULL &&
            batch_init(&core->batches[0], &core->sequence) && batch_init(&core->batches[1], &core->sequence);
  core->staging = &core->batches[0];
  return ok ? true : nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
}

// ---- what the ledger says ----

struct loading {
  struct core *core;
  struct nav_arena *arena;
  uint8_t rules_hash[NAV_SHA256_SIZE];  // of the last RulesChanged
  bool rules_kept;                      // its texts are kept: not so of a ledger from before nav.rules_text
  uint8_t config_hash[NAV_SHA256_SIZE];
};

static bool load_definition(void *context, uint64_t seq, const uint8_t *bytes, size_t length,
                            struct nav_error *err) {
  struct loading *loading = context;
  nav_arena_reset(loading->arena);
  const Nav__V1__Record *record = record_decode(loading->arena, bytes, length, err);
  if (record == NULL) return false;
  switch (record->record_case) {
    case NAV__V1__RECORD__RECORD_AGENCY_DEFINED:
      return numbers_load_agency(loading->core->numbers, record->agency_defined, err);
    case NAV__V1__RECORD__RECORD_KEY_CHANGED:
      return cosigners_note_key(loading->core->cosigners, seq, record->key_changed) ||
             nav_fail(err, NAV_ERROR_LOCAL, 0, "ledger", "names witness keys of more than %d agencies",
                      CONF_AGENCIES_MAX);
    case NAV__V1__RECORD__RECORD_LANE_DEFINED:
      return numbers_load_lane(loading->core->numbers, record->lane_defined, err);
    case NAV__V1__RECORD__RECORD_VERDICT_DEFINED:
      return verdicts_load(loading->core->verdicts, record->verdict_defined, err);
    case NAV__V1__RECORD__RECORD_RULES_CHANGED:
      if (record->rules_changed->hash.len == NAV_SHA256_SIZE) {
        memcpy(loading->rules_hash, record->rules_changed->hash.data, NAV_SHA256_SIZE);
      }
      loading->rules_kept = record->rules_changed->texts_kept;
      return true;
    case NAV__V1__RECORD__RECORD_STARTED:
      return logs_take_started(&loading->core->logs, seq, record->started, err);
    case NAV__V1__RECORD__RECORD_RESTORED:
      logs_take_restored(&loading->core->logs, seq, record->restored);
      return true;
    case NAV__V1__RECORD__RECORD_RECALLED:
      recalls_load(loading->core, seq, record->recalled);
      return true;
    case NAV__V1__RECORD__RECORD_NACKED:
    case NAV__V1__RECORD__RECORD_REDELIVERED:
      nacks_load(loading->core, record);
      return true;
    case NAV__V1__RECORD__RECORD_ERASED:
      erasures_load(loading->core, seq, record->erased);
      return true;
    case NAV__V1__RECORD__RECORD_EVENTS_ERASED:
      erasures_load_events(loading->core, seq, record->events_erased);
      return true;
    default:
      holds_ended_take(loading->core, seq, record);
      return true;
  }
}

static bool load_cursor(void *context, uint64_t seq, const uint8_t *bytes, size_t length,
                        struct nav_error *err) {
  struct loading *loading = context;
  nav_arena_reset(loading->arena);
  const Nav__V1__Record *record = record_decode(loading->arena, bytes, length, err);
  if (record == NULL) return false;
  const Nav__V1__Acknowledged *acknowledged = record->acknowledged;
  if (record->record_case != NAV__V1__RECORD__RECORD_ACKNOWLEDGED || acknowledged->lane == 0 ||
      acknowledged->lane >= loading->core->numbers->lanes_end) {
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "ledger",
                    "a cursor is not as it was written: run navctl audit verify");
  }
  struct lane *lane = core_lane(loading->core, acknowledged->lane);
  lane->cursor = acknowledged->position;
  lane->counted = acknowledged->position;
  due_load_cursor(lane, acknowledged->position, seq);
  lane->delivered = acknowledged->delivered;
  redecided_pass(loading->core->redecided, acknowledged->lane, acknowledged->position);
  return true;
}

// After the cursors: what lanes have passed is not kept.
static bool load_redecided(void *context, uint64_t seq, const uint8_t *bytes, size_t length,
                           struct nav_error *err) {
  struct loading *loading = context;
  (void)seq;
  nav_arena_reset(loading->arena);
  const Nav__V1__Record *record = record_decode(loading->arena, bytes, length, err);
  if (record == NULL) return false;
  const Nav__V1__Redecided *redecided = record->redecided;
  if (redecided == NULL || redecided->lane == NULL ||
      redecided->lane->lane >= loading->core->numbers->lanes_end)
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "ledger",
                    "a redecision is not as it was written: run navctl audit verify");
  uint64_t position = redecided->position == 0 ? redecided->event_seq : redecided->position;
  const struct narrowed narrowed = redecided_of(redecided->lane, position);
  deliver_narrow(loading->core, &narrowed);
  return true;
}

static bool load_ledger(struct core *core, struct loading *loading, struct nav_error *err) {
  if (!store_read_definitions(core->store, load_definition, loading, err) ||
      !store_read_cursors(core->store, core->numbers->lanes_end, load_cursor, loading, err) ||
      !store_read_redecided(core->store, load_redecided, loading, err) || !tree_load(core, err) ||
      !past_begin(core, err) || !holds_load(core, err) || !shown_open(core, err)) {
    return false;
  }
  core->committed_seq = core->sequence.last_seq;
  if (!head_init(&core->head, core->committed_seq))
    return nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
  return true;
}

// Waits for a database that is down, until somebody stops the program.
static bool connect_store(struct core *core, struct nav_error *err) {
  enum { PAUSE_US = 500000, SAY_EVERY = 20 };
  for (unsigned tries = 0; !core_told_to_stop(); tries++) {
    core->store = store_open(core->nav->database_core, err);
    if (core->store != NULL) return true;
    if (err->class != NAV_ERROR_RETRY) return false;
    if (tries % SAY_EVERY == 0) nav_log_failure(NAV_LOG_WARNING, "waiting for the database", err);
    (void)usleep(PAUSE_US);
  }
  return false;
}

static bool open_ledger(struct core *core, struct nav_error *err) {
  if (!connect_store(core, err) || !standby_take_lease(core, err)) return false;
  char log_id[2 * KEY_LOG_ID_SIZE + 1];
  (void)snprintf(core->origin, sizeof core->origin, "%s/%s", core->nav->hub,
                 nav_hex(log_id, core->sequence.log_id, KEY_LOG_ID_SIZE));
  return true;
}

// ---- the first records ----

static void stage_started(struct core *core) {
  Nav__V1__Started started = NAV__V1__STARTED__INIT;
  started.program = (char *)(uintptr_t) "nav-core";
  started.has_log_id = started.has_epoch = true;
  started.log_id = (ProtobufCBinaryData){KEY_LOG_ID_SIZE, core->sequence.log_id};
  started.epoch = core->sequence.epoch;
  standby_fill_started(core, &started);
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_STARTED;
  record.started = &started;
  (void)batch_stage(core->staging, &record, core->now_ms);
}

static void stage_quarantined(struct core *core, uint8_t digest[NAV_SHA256_SIZE]) {
  Nav__V1__Quarantined quarantined = NAV__V1__QUARANTINED__INIT;
  quarantined.has_digest = true;
  quarantined.digest = (ProtobufCBinaryData){NAV_SHA256_SIZE, digest};
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_QUARANTINED;
  record.quarantined = &quarantined;
  (void)batch_stage(core->staging, &record, core->now_ms);
  nav_log(NAV_LOG_WARNING, "the last run crashed over a publication, which is refused from now on");
}

static bool stage_beginning(struct core *core, const struct loading *loading, struct nav_error *err) {
  bool crashed = false;
  uint8_t digest[NAV_SHA256_SIZE];
  core->quarantine = quarantine_open(core->nav->state_folder, &crashed, digest, err);
  if (core->quarantine == NULL) return false;
  if (core->restored_reason != NULL) restore_begin(core);
  stage_started(core);
  if (core->restored_reason != NULL && !restore_stage(core, err)) return false;
  if (crashed) stage_quarantined(core, digest);
  if (!loading->rules_kept ||
      memcmp(loading->rules_hash, access_rules_hash(core->rules), NAV_SHA256_SIZE) != 0) {
    (void)reload_stage_rules(core, &(struct rules_change){"", "", "", 0});
  }
  cosigners_define(core->cosigners, core->agencies, core->staging, core->now_ms);
  core->staging->urgent = true;
  return numbers_define(core->numbers, core->rules, core->staging, core->now_ms, err);
}

// ---- handlers of sessions ----

static void on_frame(void *context, struct session *session, Nav__V1__ClientFrame *frame,
                     const uint8_t *plain, size_t length) {
  struct core *core = context;
  struct nav_error err;
  if (frame->frame_case == NAV__V1__CLIENT_FRAME__FRAME_START && !batch_has_room(core->staging)) {
    session_end(core->sessions, session);  // a replay would need a record; the client tries again
    return;
  }
  if (frame->frame_case == NAV__V1__CLIENT_FRAME__FRAME_START) {
    deliver_start(core, session, frame->start);
    return;
  }
  if (!session->started) {
    session_end(core->sessions, session);
    return;
  }
  switch (frame->frame_case) {
    case NAV__V1__CLIENT_FRAME__FRAME_PUBLICATION:
      intake_publication(core, session, frame->publication, plain, length);
      return;
    case NAV__V1__CLIENT_FRAME__FRAME_ACKNOWLEDGE:
      deliver_acknowledge(core, session, frame->acknowledge);
      return;
    case NAV__V1__CLIENT_FRAME__FRAME_CREDIT:
      deliver_credit(session, frame->credit);
      return;
    case NAV__V1__CLIENT_FRAME__FRAME_NACK:
      nacks_take(core, session, frame->nack);
      return;
    case NAV__V1__CLIENT_FRAME__FRAME_REPLAY_REQUEST:
      replay_take(core, session, frame->replay_request);
      return;
    case NAV__V1__CLIENT_FRAME__FRAME_PING:
      deliver_ping(core, session, frame->ping);
      return;
    case NAV__V1__CLIENT_FRAME__FRAME_COSIGNATURE:
      witness_cosignature(core, session, frame->cosignature);
      return;
    default:
      (void)nav_fail(&err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_UNKNOWN_MESSAGE, "frame",
                     "this hub does not answer such a frame over a session");
      intake_reject(core, session->agency->id, &err, NULL, NULL);
  }
}

static void on_malformed(void *context, struct session *session, const char *agency,
                         const struct nav_error *err) {
  struct core *core = context;
  core_count(core, numbers_agency(core->numbers, agency))->rejected++;
  intake_reject(core, agency, err, NULL, NULL);
  if (session == NULL) return;
  char text[NAV_ERROR_PLACE_SIZE + NAV_ERROR_TEXT_SIZE];
  session_refuse(core->sessions, session, err->code, nav_error_string(err, text, sizeof text));
}

static void on_ended(void *context, struct session *session) { deliver_unbind(context, session); }

static void on_refused_at_gate(void *context, const char *agency, int code, uint32_t count) {
  struct core *core = context;
  if (!batch_has_room(core->staging)) {
    // The database has been away for long: counted, not recorded one by one.
    core_count(core, numbers_agency(core->numbers, agency))->rejections_more += count;
    return;
  }
  Nav__V1__RefusedSession refused = NAV__V1__REFUSED_SESSION__INIT;
  refused.agency = (char *)(uintptr_t)agency;
  refused.has_code = refused.has_count = true;
  refused.code = (Nav__V1__Code)code;
  refused.count = count;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_REFUSED_SESSION;
  record.refused_session = &refused;
  (void)batch_stage(core->staging, &record, core->now_ms);
}

// The control port first: where another nav-core of this home runs, that is refused, and its gate stays with
// it.
bool core_open_sockets(struct core *core, struct nav_error *err) {
  const struct sessions_handlers handlers = {core,     on_frame,           on_malformed,
                                             on_ended, on_refused_at_gate, standby_may_send};
  core->control = control_port_open(core, err);
  if (core->control == NULL) return false;
  core->sessions = sessions_open(core->nav->gate_socket, core->agencies, &core->session_key, &handlers, err);
  return core->sessions != NULL;
}

// No longer than the lease lasts: then clients are to look for another node.
static void say_alive(void *context) {
  const struct core *core = context;
  if (standby_may_deliver(core)) sessions_say_alive(core->sessions);
}

// A node that takes over has a gate, which gives up a nav-core that is silent while it reads its ledger.
static bool load_all(struct core *core, struct loading *loading, struct nav_error *err) {
  bool stood_by = core->sessions != NULL;
  if (stood_by) store_meanwhile(core->store, say_alive, core);
  bool ok = (!stood_by || load_rules_anew(core, err)) && load_ledger(core, loading, err) &&
            core_load_registers(core, err);
  store_meanwhile(core->store, NULL, NULL);
  return ok;
}

bool core_start(struct core *core, const char *home, struct nav_error *err) {
  core_handle_signals();
  if (core->restored_reason != NULL && !restore_check_reason(core->restored_reason, err)) return false;
  core->now_ms = nav_clock_now_ms();
  struct loading loading = {.core = core, .arena = nav_arena_new(RECORD_ARENA_MAX)};
  bool ok = loading.arena != NULL && load_configuration(core, home, err) && load_keys(core, err) &&
            standby_open(core, err) && make_parts(core, err) && open_ledger(core, err) &&
            load_all(core, &loading, err) && stage_beginning(core, &loading, err) &&
            (core->sessions != NULL || core_open_sockets(core, err));  // open already where it stood by
  nav_arena_free(loading.arena);
  if (ok) {
    standby_started(core);
    nav_log(NAV_LOG_INFO, "ledger of %llu records, %zu rules, %zu lanes",
            (unsigned long long)core->committed_seq, access_rule_count(core->rules),
            access_lane_count(core->rules));
  }
  return ok;
}

struct agency_count *core_count(struct core *core, uint32_t agency_number) {
  NAV_ASSERT(agency_number < NUMBERS_AGENCIES_MAX);
  if (core->counts[agency_number] == NULL) {
    core->counts[agency_number] = calloc(1, sizeof(struct agency_count));
    NAV_ASSERT(core->counts[agency_number] != NULL);
  }
  return core->counts[agency_number];
}

void core_count_event(struct core *core, uint32_t agency_number, uint32_t number, uint64_t seq) {
  const struct verdict *verdict = verdicts_get(core->verdicts, number);
  if (verdict == NULL || agency_number >= core->numbers->agencies_end) return;
  bool released = false;
  bool held = false;
  for (size_t i = 0; i < verdict->lanes_count; i++) {
    const Nav__V1__LaneVerdict *lane = verdict->lanes[i];
    if (lane->outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE) {
      released = true;
      due_give_event(core_lane(core, lane->lane), seq);
    }
    if (lane->outcome == NAV__V1__OUTCOME__OUTCOME_HOLD || lane->hold_rule != NULL) held = true;
  }
  struct agency_count *counts = core_count(core, agency_number);
  counts->accepted++;
  core->events++;
  if (held) counts->held++;
  if (!released && !held) counts->withheld++;
}

void core_stop(struct core *core) {
  reload_free(core);
  retention_free(core);
  erase_free(core);
  redeliver_free(core);
  erasures_free(core->erasures);
  control_port_close(core->control);
  shown_close(core);
  intake_free(core);
  if (core->numbers != NULL) deliver_free(core);
  sessions_close(core->sessions);
  reader_free(core->reader);
  standby_close(core);
  store_close(core->store);
  head_free(&core->head);
  batch_free(&core->batches[0]);
  batch_free(&core->batches[1]);
  for (size_t i = 0; i < NUMBERS_AGENCIES_MAX; i++) free(core->counts[i]);
  quarantine_close(core->quarantine);
  registers_free(core->registers);
  recent_free(core->recent);
  known_free(core->known);
  past_free(core->past);
  buckets_free(core->buckets);
  hold_decisions_free(core->hold_decisions);
  holds_ended_free(core->holds_ended);
  holds_free(core->holds);
  redecided_free(core->redecided);
  replays_free(core->replays);
  recalls_free(core->recalls);
  verdicts_free(core->verdicts);
  numbers_free(core->numbers);
  rules_send_free(core);
  witness_free(core);
  cosigners_free(core->cosigners);
  access_rules_free(core->rules);
  conf_agencies_free(core->agencies);
  conf_nav_free(core->nav);
  sodium_memzero(core, sizeof *core);
}
