// See witness.h. A proof is tried with the tiles that are here; one that is missing is asked for, and the
// proof is tried anew when it has come.
#include "hub/core/witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/log.h"
#include "hub/core/shown.h"
#include "hub/ledger/tile.h"

struct witness {
  struct tile tiles[WITNESS_TILES_MAX];
  size_t count;
  size_t oldest;  // replaced next, where all are used
  bool asked;     // a query is under way
  bool wants;     // the wanted tile is missing
  bool failed;    // it came without the rows that must be there
  struct tile_place wanted;
};

static const char leaf_sql[] =
    "SELECT leaf FROM nav.ledger WHERE seq > $1 AND seq <= $1 + 256 AND $2 = 0 ORDER BY seq";
static const char subtree_sql[] =
    "SELECT hash FROM nav.subtree WHERE level = $2 AND index >= $1 AND index < $1 + 256 ORDER BY index";

void witness_free(struct core *core) {
  free(core->witness);
  core->witness = NULL;
}

static struct witness *witness_of(struct core *core) {
  if (core->witness == NULL) core->witness = calloc(1, sizeof *core->witness);
  NAV_ASSERT(core->witness != NULL);
  return core->witness;
}

static struct tile *find(struct witness *witness, const struct tile_place *place) {
  for (size_t i = 0; i < witness->count; i++)
    if (tile_is_at(&witness->tiles[i], place)) return &witness->tiles[i];
  return NULL;
}

static struct tile *room_for(struct witness *witness) {
  if (witness->count < WITNESS_TILES_MAX) return &witness->tiles[witness->count++];
  return &witness->tiles[witness->oldest++ % WITNESS_TILES_MAX];
}

// ---- rows ----

static void rows_came(void *context, const PGresult *result) {
  struct witness *witness = context;
  witness->asked = false;
  if (result == NULL) return;  // asked again
  struct tile *tile = find(witness, &witness->wanted);
  size_t before = tile == NULL ? 0 : tile->count;
  if (tile == NULL) tile = room_for(witness);
  *tile = (struct tile){.level = witness->wanted.level, .index = witness->wanted.index};
  int rows = PQntuples(result);
  for (int i = 0; i < rows && i < TILE_HASHES && PQgetlength(result, i, 0) == NAV_SHA256_SIZE; i++)
    memcpy(tile->hashes[tile->count++], PQgetvalue(result, i, 0), NAV_SHA256_SIZE);
  witness->failed = tile->count <= before;
}

static void ask(struct core *core, struct witness *witness) {
  uint8_t first[8];
  uint8_t level[4];
  nav_put_u64(first, witness->wanted.index * TILE_HASHES);
  nav_put_u32(level, witness->wanted.level);
  const Oid types[] = {20, 23};  // bigint, integer
  const char *values[] = {(const char *)first, (const char *)level};
  const int lengths[] = {sizeof first, sizeof level};
  witness->asked = true;
  witness->wants = witness->failed = false;
  reader_ask(core->reader, witness->wanted.level == 0 ? leaf_sql : subtree_sql, 2, types, values, lengths,
             rows_came, witness);
}

// A merkle_subtree. False: the tile that is missing is noted.
static bool subtree(void *context, unsigned level, uint64_t index, uint8_t out[NAV_SHA256_SIZE],
                    struct nav_error *err) {
  struct witness *witness = context;
  const struct tile_place place = tile_place_of(level, index);
  if (tile_hash(find(witness, &place), &place, out, err)) return true;
  witness->wants = true;
  witness->wanted = place;
  return false;
}

// ---- sending ----

// Of a cosigned note: the hub's note and as many lines as there can be.
enum { COSIGNED_SIZE = COSIGNERS_NOTE_MAX + COSIGNATURES_MAX * COSIGNATURE_LINE_SIZE };

static void send_checkpoint(struct core *core, struct session *session, const struct merkle_proof *proof) {
  struct nav_buffer before;
  ProtobufCBinaryData hashes[MERKLE_PROOF_MAX];
  for (size_t i = 0; i < proof->count; i++)
    hashes[i] = (ProtobufCBinaryData){NAV_SHA256_SIZE, (uint8_t *)(uintptr_t)proof->hashes[i]};
  Nav__V1__Checkpoint message = NAV__V1__CHECKPOINT__INIT;
  nav_buffer_init(&before, COSIGNED_SIZE + 1);
  NAV_ASSERT(cosigners_before(core->cosigners, &before));
  if (before.length > 0) message.cosigned_note = (char *)(uintptr_t)nav_buffer_text(&before);
  message.note = core->cosigners->shown.note;
  message.has_old_size = true;
  message.old_size = session->witness_size;
  message.hashes = hashes;
  message.n_hashes = proof->count;
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_CHECKPOINT;
  frame.checkpoint = &message;
  session_send(core->sessions, session, &frame);
  nav_buffer_free(&before);
}

static void refuse(struct core *core, struct session *session, int code, const char *text) {
  nav_log(NAV_LOG_ERROR, "%s as a witness, of %" PRIu64 " records: %s", session->agency->id,
          session->witness_size, text);
  session_refuse(core->sessions, session, code, text);
  session_end(core->sessions, session);
}

static void refuse_log(struct core *core, struct session *session, const char *note) {
  char origin[CHECKPOINT_ORIGIN_SIZE];
  bool before = core->logs.restored_seq != 0 && checkpoint_origin(note, origin) &&
                logs_know(&core->logs, core->nav->hub, origin);
  refuse(core, session, NAV__V1__CODE__CODE_WRONG_LOG,
         before
             ? "the hub's database was put back to an earlier state, and its ledger says why: ask the hub's "
               "operator, and begin anew with this ledger when you agree; see hub/ledger/RESTORE.md"
             : "the checkpoint that this agency holds is not one of this hub's ledger");
}

// The witness is shown what there is here, so that it can tell for itself, and sent away.
static void contradict(struct core *core, struct session *session, const struct merkle_proof *proof) {
  send_checkpoint(core, session, proof);
  refuse(core, session, NAV__V1__CODE__CODE_CONFLICT,
         "this agency holds a checkpoint that the hub has signed and that the hub's ledger does not extend: "
         "records are gone or rewritten. Stop the hub and put its database back; see hub/ledger/README.md");
}

// What is behind a witness must not go on signing: the next start refuses.
static void behind(struct core *core, struct session *session, const char *note) {
  static const struct merkle_proof none;
  struct nav_error err;
  (void)shown_finish(core);
  if (!seen_note_larger(&core->seen, note, &err))
    nav_log_failure(NAV_LOG_ERROR, "what a witness has seen is not noted", &err);
  contradict(core, session, &none);
}

// ---- what is shown ----

static void show_newest(struct core *core) {
  struct nav_error err;
  struct checkpoint newest;
  if (!checkpoint_open(core->checkpoint_note, core->origin, core->checkpoint_key.public_key, &newest, &err)) {
    nav_log_failure(NAV_LOG_ERROR, "the newest checkpoint cannot be shown", &err);
    return;
  }
  cosigners_show(core->cosigners, &newest, core->checkpoint_note, nav_clock_monotonic_ms());
}

// The newest checkpoint, as soon as the one shown has been confirmed or has had its time. False: there is
// none.
static bool choose_shown(struct core *core) {
  const struct cosigners *cosigners = core->cosigners;
  int64_t wait_ms = core->nav->checkpoint_ms;
  if (wait_ms < COSIGNERS_WAIT_MS_MIN) wait_ms = COSIGNERS_WAIT_MS_MIN;
  if (core->checkpoint_size > cosigners->shown.checkpoint.size &&
      cosigners_may_go_on(cosigners, nav_clock_monotonic_ms(), wait_ms))
    show_newest(core);
  return cosigners->shown.checkpoint.size > 0;
}

void witness_start(struct core *core, struct session *session, const Nav__V1__Start *start) {
  struct nav_error err;
  struct checkpoint held = {0};
  if (start->checkpoint == NULL || session->ended) return;
  (void)choose_shown(core);
  if (start->checkpoint[0] != '\0' &&
      !checkpoint_open(start->checkpoint, core->origin, core->checkpoint_key.public_key, &held, &err)) {
    static const struct merkle_proof none;
    nav_log_failure(NAV_LOG_ERROR, "a witness's note", &err);
    send_checkpoint(core, session, &none);
    refuse_log(core, session, start->checkpoint);
    return;
  }
  session->is_witness = session->witness_waits = true;
  session->witness_size = held.size;
  memcpy(session->witness_root, held.root, sizeof session->witness_root);
  if (held.size > core->checkpoint_size) (void)shown_finish(core);  // one may be on its way
  if (held.size > core->checkpoint_size) {
    behind(core, session, start->checkpoint);
  } else if (held.size > core->cosigners->shown.checkpoint.size) {
    show_newest(core);  // it holds what an earlier run has shown it
  }
}

// False: rows are missing, and were asked for.
static bool serve(struct core *core, struct witness *witness, struct session *session) {
  const struct checkpoint *head = &core->cosigners->shown.checkpoint;
  struct merkle_proof proof = {0};
  struct nav_error err;
  if (session->witness_size > 0 &&
      !merkle_consistency_make(subtree, witness, session->witness_size, head->size, &proof, &err)) {
    if (!witness->failed) return false;
    nav_log_failure(NAV_LOG_ERROR, "no checkpoint can be proven to witnesses", &err);
    session->is_witness = witness->failed = false;
    return true;
  }
  session->witness_waits = false;
  if (session->witness_size > 0 && !merkle_consistency_check(session->witness_size, session->witness_root,
                                                             head->size, head->root, &proof)) {
    contradict(core, session, &proof);
    return true;
  }
  send_checkpoint(core, session, &proof);
  session->witness_size = head->size;
  memcpy(session->witness_root, head->root, sizeof session->witness_root);
  return true;
}

void witness_step(struct core *core) {
  struct witness *witness = witness_of(core);
  if (core->checkpoint_size == 0 || witness->asked || core->database_lost) return;
  if (!choose_shown(core)) return;
  for (size_t i = 0; i < sessions_count(core->sessions); i++) {
    struct session *session = sessions_at(core->sessions, i);
    if (session == NULL || session->ended || !session->is_witness) continue;
    if (!session->witness_waits && session->witness_size == core->cosigners->shown.checkpoint.size) continue;
    if (!sessions_have_room(core->sessions)) return;  // the loop wakes when there is
    if (serve(core, witness, session)) continue;
    if (witness->wants && reader_is_idle(core->reader)) ask(core, witness);
    return;
  }
}

// ---- what it answers ----

void witness_cosignature(struct core *core, struct session *session,
                         const Nav__V1__Cosignature *cosignature) {
  struct nav_error err = {0};
  const char *agency = session->agency->id;
  if (session->cosigns_badly) return;
  if (!cosigners_has_key(core->cosigners,
                         agency)) {  // whoever sends it has made a key that we were not given
    nav_log(NAV_LOG_WARNING, "%s confirms checkpoints and has no witness key in config/keys/%s.yaml", agency,
            agency);
    session->cosigns_badly = true;
    return;
  }
  if (!session->is_witness || cosignature->size > session->witness_size) {
    (void)nav_fail(&err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_PERMITTED, "cosignature",
                   "%s was not shown such a checkpoint in this session", agency);
  } else if (cosigners_take(core->cosigners, core->origin, agency, cosignature->size, cosignature->line,
                            &err)) {
    return;
  }
  // Once a session: each Rejected record makes a new checkpoint due, and that one would be cosigned so again.
  session->cosigns_badly = true;
  core_count(core, session->agency_number)->rejected++;
  intake_reject(core, agency, &err, NULL, NULL);
}
