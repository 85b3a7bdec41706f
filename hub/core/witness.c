// See witness.h. A proof is tried with the tiles that are here; one that is missing is asked for, and the
// proof is tried anew when it has come.
#include "hub/core/witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/log.h"

enum { LEVELS = 8, TILE = 1 << LEVELS };

struct tile {
  unsigned level;  // 0, 8, 16, …
  uint64_t index;  // of 256 hashes of that level
  size_t count;    // that are here; fewer only at the right edge
  uint8_t hashes[TILE][NAV_SHA256_SIZE];
};

struct witness {
  struct tile tiles[WITNESS_TILES_MAX];
  size_t count;
  size_t oldest;  // replaced next, where all are used
  bool asked;     // a query is under way
  bool wants;     // the tile below is missing
  bool failed;    // it came without the rows that must be there
  unsigned level;
  uint64_t index;
  struct checkpoint head;  // of core->checkpoint_note
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

static struct tile *find(struct witness *witness, unsigned level, uint64_t index) {
  for (size_t i = 0; i < witness->count; i++)
    if (witness->tiles[i].level == level && witness->tiles[i].index == index) return &witness->tiles[i];
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
  struct tile *tile = find(witness, witness->level, witness->index);
  if (tile == NULL) tile = room_for(witness);
  size_t before = tile->level == witness->level && tile->index == witness->index ? tile->count : 0;
  *tile = (struct tile){.level = witness->level, .index = witness->index};
  int rows = PQntuples(result);
  for (int i = 0; i < rows && i < TILE && PQgetlength(result, i, 0) == NAV_SHA256_SIZE; i++)
    memcpy(tile->hashes[tile->count++], PQgetvalue(result, i, 0), NAV_SHA256_SIZE);
  witness->failed = tile->count <= before;
}

static void ask(struct core *core, struct witness *witness) {
  uint8_t first[8];
  uint8_t level[4];
  nav_put_u64(first, witness->index * TILE);
  nav_put_u32(level, witness->level);
  const Oid types[] = {20, 23};  // bigint, integer
  const char *values[] = {(const char *)first, (const char *)level};
  const int lengths[] = {sizeof first, sizeof level};
  witness->asked = true;
  witness->wants = witness->failed = false;
  reader_ask(core->reader, witness->level == 0 ? leaf_sql : subtree_sql, 2, types, values, lengths, rows_came,
             witness);
}

// A merkle_subtree. False: the tile that is missing is noted.
static bool subtree(void *context, unsigned level, uint64_t index, uint8_t out[NAV_SHA256_SIZE],
                    struct nav_error *err) {
  struct witness *witness = context;
  unsigned stored = level / LEVELS * LEVELS;
  size_t width = (size_t)1 << (level - stored);
  uint64_t first = index * width;
  size_t at = (size_t)(first % TILE);
  const struct tile *tile = find(witness, stored, first / TILE);
  if (tile == NULL || at + width > tile->count) {
    witness->wants = true;
    witness->level = stored;
    witness->index = first / TILE;
    return nav_fail(err, NAV_ERROR_RETRY, 0, "ledger",
                    "the tree's stored hashes of level %u, from %" PRIu64
                    ", are missing: run navctl audit verify",
                    stored, first / TILE * TILE);
  }
  uint8_t hashes[TILE / 2][NAV_SHA256_SIZE];
  memcpy(hashes, tile->hashes[at], width * NAV_SHA256_SIZE);
  for (; width > 1; width /= 2)
    for (size_t i = 0; i < width / 2; i++) merkle_node(hashes[i], hashes[2 * i], hashes[2 * i + 1]);
  memcpy(out, hashes[0], NAV_SHA256_SIZE);
  return true;
}

// ---- sending ----

static void send_checkpoint(struct core *core, struct session *session, const struct merkle_proof *proof) {
  ProtobufCBinaryData hashes[MERKLE_PROOF_MAX];
  for (size_t i = 0; i < proof->count; i++)
    hashes[i] = (ProtobufCBinaryData){NAV_SHA256_SIZE, (uint8_t *)(uintptr_t)proof->hashes[i]};
  Nav__V1__Checkpoint message = NAV__V1__CHECKPOINT__INIT;
  message.note = core->checkpoint_note;
  message.has_old_size = true;
  message.old_size = session->witness_size;
  message.hashes = hashes;
  message.n_hashes = proof->count;
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_CHECKPOINT;
  frame.checkpoint = &message;
  session_send(core->sessions, session, &frame);
}

static void refuse(struct core *core, struct session *session, int code, const char *text) {
  Nav__V1__Refused refused = NAV__V1__REFUSED__INIT;
  refused.has_code = true;
  refused.code = (Nav__V1__Code)code;
  refused.text = (char *)(uintptr_t)text;
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_REFUSED;
  frame.refused = &refused;
  nav_log(NAV_LOG_ERROR, "%s as a witness, of %" PRIu64 " records: %s", session->agency->id,
          session->witness_size, text);
  session_send(core->sessions, session, &frame);
  session_end(core->sessions, session);
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
  if (!seen_note_larger(core->seen.path, note, &err))
    nav_log_failure(NAV_LOG_ERROR, "what a witness has seen is not noted", &err);
  contradict(core, session, &none);
}

void witness_start(struct core *core, struct session *session, const Nav__V1__Start *start) {
  struct nav_error err;
  struct checkpoint held = {0};
  if (start->checkpoint == NULL || session->ended) return;
  if (start->checkpoint[0] != '\0' &&
      !checkpoint_open(start->checkpoint, core->origin, core->checkpoint_key.public_key, &held, &err)) {
    static const struct merkle_proof none;
    nav_log_failure(NAV_LOG_ERROR, "a witness's note", &err);
    send_checkpoint(core, session, &none);
    refuse(core, session, NAV__V1__CODE__CODE_WRONG_LOG,
           "the checkpoint that this agency holds is not one of this hub's ledger");
    return;
  }
  session->is_witness = session->witness_waits = true;
  session->witness_size = held.size;
  memcpy(session->witness_root, held.root, sizeof session->witness_root);
  if (held.size > core->checkpoint_size) behind(core, session, start->checkpoint);
}

// False: rows are missing, and were asked for.
static bool serve(struct core *core, struct witness *witness, struct session *session) {
  const struct checkpoint *head = &witness->head;
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

static bool knows_head(struct core *core, struct witness *witness) {
  struct nav_error err;
  if (witness->head.size == core->checkpoint_size) return true;
  return checkpoint_open(core->checkpoint_note, core->origin, core->checkpoint_key.public_key, &witness->head,
                         &err);
}

void witness_step(struct core *core) {
  struct witness *witness = witness_of(core);
  if (core->checkpoint_size == 0 || witness->asked || core->database_lost) return;
  if (!knows_head(core, witness)) return;
  for (size_t i = 0; i < sessions_count(core->sessions); i++) {
    struct session *session = sessions_at(core->sessions, i);
    if (session == NULL || session->ended || !session->is_witness) continue;
    if (!session->witness_waits && session->witness_size == core->checkpoint_size) continue;
    if (!sessions_have_room(core->sessions)) return;  // the loop wakes when there is
    if (serve(core, witness, session)) continue;
    if (witness->wants && reader_is_idle(core->reader)) ask(core, witness);
    return;
  }
}
