// See audit_prove.h.
#include "hub/desk/audit_prove.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/id.h"
#include "hub/desk/subtrees.h"
#include "hub/ledger/proof.h"
#include "nav/v1/session.pb-c.h"

enum { HEX_SIZE = 2 * NAV_SHA256_SIZE + 1 };

struct newest {
  struct checkpoint checkpoint;
  PGresult *row;  // owns note
  const char *note;
};

static bool damaged(struct nav_error *err) {
  return nav_fail(err, NAV_ERROR_LOCAL, 0, "ledger",
                  "its rows do not give the root that the newest checkpoint signs: run navctl audit verify");
}

// The newest checkpoint; size 0: there is none. False: *err.
static bool read_newest(const struct desk_request *request, struct newest *newest, struct nav_error *err) {
  size_t length = 0;
  newest->row =
      desk_query(request->database,
                 "SELECT size, root, note FROM nav.checkpoint_view ORDER BY size DESC LIMIT 1", 0, NULL, err);
  if (newest->row == NULL) return false;
  if (PQntuples(newest->row) == 0) return true;
  newest->checkpoint.size = (uint64_t)desk_int8(newest->row, 0, 0);
  const uint8_t *root = desk_bytes(newest->row, 0, 1, &length);
  newest->note = PQgetvalue(newest->row, 0, 2);
  if (length != NAV_SHA256_SIZE) return damaged(err);
  memcpy(newest->checkpoint.root, root, NAV_SHA256_SIZE);
  return true;
}

static json_t *hashes_json(const struct merkle_proof *proof) {
  char hex[HEX_SIZE];
  json_t *list = json_array();
  for (size_t i = 0; i < proof->count; i++)
    (void)json_array_append_new(list, json_string(nav_hex(hex, proof->hashes[i], NAV_SHA256_SIZE)));
  return list;
}

// The leaf of the record's own bytes, not the stored one: it is the record that is proven.
static bool read_leaf(const struct desk_request *request, uint64_t seq, uint8_t leaf[NAV_SHA256_SIZE],
                      struct nav_error *err) {
  char number[24];
  size_t length = 0;
  (void)snprintf(number, sizeof number, "%" PRIu64, seq);
  const char *values[] = {number};
  PGresult *row = desk_query(request->database, "SELECT record FROM nav.ledger_view WHERE seq = $1::bigint",
                             1, values, err);
  if (row == NULL) return false;
  bool found = PQntuples(row) == 1;
  if (found) {
    const uint8_t *record = desk_bytes(row, 0, 0, &length);
    merkle_leaf(leaf, record, length);
  }
  PQclear(row);
  return found ? true
               : nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "seq",
                          "the ledger has no record %" PRIu64, seq);
}

static json_t *inclusion(const struct desk_request *request, struct subtrees *subtrees,
                         const struct newest *newest, uint64_t seq, struct nav_error *err) {
  const struct checkpoint *checkpoint = &newest->checkpoint;
  struct proof proof = {.index = seq - 1, .note = newest->note};
  uint8_t leaf[NAV_SHA256_SIZE];
  char hex[2][HEX_SIZE];
  if (!read_leaf(request, seq, leaf, err)) return NULL;
  if (seq > checkpoint->size) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "seq",
                   "no checkpoint covers record %" PRIu64 " yet, the newest is at %" PRIu64
                   ": ask again after nav.yaml's checkpoint time",
                   seq, checkpoint->size);
    return NULL;
  }
  if (!merkle_inclusion_make(subtrees_get, subtrees, proof.index, checkpoint->size, &proof.path, err))
    return NULL;
  if (!merkle_inclusion_check(leaf, proof.index, checkpoint->size, &proof.path, checkpoint->root)) {
    (void)damaged(err);
    return NULL;
  }
  struct nav_buffer file;
  nav_buffer_init(&file, PROOF_FILE_MAX);
  json_t *json = NULL;
  if (proof_write(&proof, &file) && nav_buffer_text(&file) != NULL) {
    json = json_pack("{s:I, s:I, s:s, s:I, s:s, s:o, s:s, s:s}", "seq", (json_int_t)seq, "index",
                     (json_int_t)proof.index, "leaf", nav_hex(hex[0], leaf, sizeof leaf), "size",
                     (json_int_t)checkpoint->size, "root",
                     nav_hex(hex[1], checkpoint->root, sizeof checkpoint->root), "hashes",
                     hashes_json(&proof.path), "note", newest->note, "file", nav_buffer_text(&file));
  }
  nav_buffer_free(&file);
  if (json == NULL) (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  return json;
}

static json_t *consistency(struct subtrees *subtrees, const struct newest *newest, uint64_t from,
                           struct nav_error *err) {
  const struct checkpoint *checkpoint = &newest->checkpoint;
  struct merkle_proof proof;
  uint8_t old_root[NAV_SHA256_SIZE];
  char hex[2][HEX_SIZE];
  if (from > checkpoint->size) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "from",
                   "the newest checkpoint is at %" PRIu64 ": a checkpoint at %" PRIu64
                   " signed by this hub's key would mean that the ledger was cut off or restored; show it to "
                   "the auditors",
                   checkpoint->size, from);
    return NULL;
  }
  if (!subtrees_root(subtrees, from, old_root, err) ||
      !merkle_consistency_make(subtrees_get, subtrees, from, checkpoint->size, &proof, err))
    return NULL;
  if (!merkle_consistency_check(from, old_root, checkpoint->size, checkpoint->root, &proof)) {
    (void)damaged(err);
    return NULL;
  }
  return json_pack("{s:I, s:s, s:I, s:s, s:o, s:s}", "old_size", (json_int_t)from, "old_root",
                   nav_hex(hex[0], old_root, sizeof old_root), "size", (json_int_t)checkpoint->size, "root",
                   nav_hex(hex[1], checkpoint->root, sizeof checkpoint->root), "hashes", hashes_json(&proof),
                   "note", newest->note);
}

json_t *audit_prove(const struct desk_request *request, struct nav_error *err) {
  const json_t *seq = json_object_get(request->json, "seq");
  const json_t *from = json_object_get(request->json, "from");
  const json_t *number = seq != NULL ? seq : from;
  char query[64];
  if ((seq != NULL) == (from != NULL) || !json_is_integer(number) || json_integer_value(number) < 1) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "seq",
                   "one of seq and from must be given: a record's number, or a checkpoint's size, from 1");
    return NULL;
  }
  uint64_t value = (uint64_t)json_integer_value(number);
  (void)snprintf(query, sizeof query, "audit prove %s%" PRIu64, seq != NULL ? "" : "--from ", value);
  if (!desk_record_audit(request, query, err)) return NULL;
  struct subtrees *subtrees = nav_arena_zalloc(request->arena, 1, sizeof *subtrees);
  struct newest newest = {0};
  json_t *proof = NULL;
  if (subtrees == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  } else if (read_newest(request, &newest, err)) {
    subtrees->database = request->database;
    proof = seq != NULL ? inclusion(request, subtrees, &newest, value, err)
                        : consistency(subtrees, &newest, value, err);
  }
  PQclear(newest.row);
  return proof == NULL ? NULL : json_pack("{s:b, s:o}", "ok", 1, "proof", proof);
}
