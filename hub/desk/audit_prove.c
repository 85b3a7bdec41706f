// `audit prove`: that one record stands in the ledger under the newest checkpoint, as a file that anybody can
// check without us; or that the newest checkpoint continues an older one that somebody has kept.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/id.h"
#include "hub/desk/audit.h"
#include "hub/desk/audit_record.h"
#include "hub/desk/subtrees.h"
#include "hub/ledger/proof.h"

enum { QUERY_SIZE = 64 };

struct newest {
  uint64_t size;
  uint8_t root[NAV_SHA256_SIZE];
  const char *note;
};

static bool newest_checkpoint(const struct desk_request *request, struct newest *newest,
                              struct nav_error *err) {
  PGresult *result =
      desk_query(request->database,
                 "SELECT size, root, note FROM nav.checkpoint_view ORDER BY size DESC LIMIT 1", 0, NULL, err);
  if (result == NULL) return false;
  size_t length = 0;
  bool ok = PQntuples(result) == 1;
  if (!ok) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "",
                   "the ledger has no checkpoint yet");
  } else {
    const uint8_t *root = desk_bytes(result, 0, 1, &length);
    newest->size = (uint64_t)desk_int8(result, 0, 0);
    newest->note = nav_arena_printf(request->arena, "%s", PQgetvalue(result, 0, 2));
    ok = length == NAV_SHA256_SIZE && newest->size > 0 && newest->note != NULL;
    if (ok) {
      memcpy(newest->root, root, NAV_SHA256_SIZE);
    } else {
      (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "",
                     "the newest checkpoint is damaged: run navctl audit verify");
    }
  }
  PQclear(result);
  return ok;
}

static json_t *hashes_json(const struct merkle_proof *proof) {
  json_t *list = json_array();
  for (size_t i = 0; i < proof->count; i++) {
    char hex[2 * NAV_SHA256_SIZE + 1];
    (void)json_array_append_new(list, json_string(nav_hex(hex, proof->hashes[i], NAV_SHA256_SIZE)));
  }
  return list;
}

static bool disagrees(struct nav_error *err, uint64_t seq) {
  return nav_fail(err, NAV_ERROR_LOCAL, 0, "ledger",
                  "what is stored of %" PRIu64
                  " does not lead to the root that the checkpoint signs: run "
                  "navctl audit verify",
                  seq);
}

// ---- one record ----

// A proof carries the record's own bytes: they must be the auditor's to read, all of them.
static bool read_record(const struct desk_request *request, uint64_t seq, struct ledger_proof *proof,
                        struct nav_error *err) {
  bool all = request->person->mandate_all;  // then what the record says need not be understood
  const struct audit_record *a =
      all ? audit_record_bytes(request, seq, err) : audit_record_read(request, seq, err);
  if (a == NULL) return false;
  proof->record = a->bytes;
  proof->record_length = a->length;
  return all || a->is_whole ||
         nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_PERMITTED, "seq",
                  "the record says something outside your mandate (agencies.yaml: mandate), "
                  "and a proof holds all of it");
}

static json_t *file_json(const struct ledger_proof *proof, const struct newest *newest, uint64_t seq,
                         struct nav_error *err) {
  char root[2 * NAV_SHA256_SIZE + 1];
  struct nav_buffer file;
  nav_buffer_init(&file, PROOF_FILE_MAX);
  json_t *json = NULL;
  if (!proof_write(proof, &file)) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  } else {
    json = json_pack("{s:I, s:I, s:s, s:o, s:s}", "seq", (json_int_t)seq, "size", (json_int_t)newest->size,
                     "root", nav_hex(root, newest->root, sizeof newest->root), "hashes",
                     hashes_json(&proof->path), "file", nav_buffer_text(&file));
  }
  nav_buffer_free(&file);
  return json;
}

static json_t *prove_record(const struct desk_request *request, uint64_t seq, struct nav_error *err) {
  struct subtrees subtrees = {.database = request->database};
  struct ledger_proof proof = {.index = seq - 1};
  struct newest newest;
  uint8_t leaf[NAV_SHA256_SIZE];
  json_t *json = NULL;
  if (!read_record(request, seq, &proof, err) || !newest_checkpoint(request, &newest, err)) return NULL;
  merkle_leaf(leaf, proof.record, proof.record_length);
  proof.note = newest.note;
  if (seq > newest.size) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "seq",
                   "no checkpoint covers record %" PRIu64 " yet, the last one ends at %" PRIu64
                   ": try again when the next is made (nav.yaml, checkpoint)",
                   seq, newest.size);
  } else if (merkle_inclusion_make(subtrees_hash, &subtrees, proof.index, newest.size, &proof.path, err)) {
    if (merkle_inclusion_check(leaf, proof.index, newest.size, &proof.path, newest.root)) {
      json = file_json(&proof, &newest, seq, err);
    } else {
      (void)disagrees(err, seq);
    }
  }
  subtrees_free(&subtrees);
  return json;
}

// ---- two checkpoints ----

static json_t *prove_from(const struct desk_request *request, uint64_t old_size, struct nav_error *err) {
  struct subtrees subtrees = {.database = request->database};
  struct merkle_proof proof;
  struct newest newest;
  json_t *json = NULL;
  if (!newest_checkpoint(request, &newest, err)) return NULL;
  if (old_size > newest.size) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "from",
                   "the newest checkpoint ends at %" PRIu64
                   ": whoever holds a larger one of this log holds proof that records are gone",
                   newest.size);
  } else if (merkle_consistency_make(subtrees_hash, &subtrees, old_size, newest.size, &proof, err)) {
    char root[2 * NAV_SHA256_SIZE + 1];
    json = json_pack("{s:I, s:I, s:s, s:o, s:s}", "from", (json_int_t)old_size, "size",
                     (json_int_t)newest.size, "root", nav_hex(root, newest.root, sizeof newest.root),
                     "hashes", hashes_json(&proof), "note", newest.note);
  }
  subtrees_free(&subtrees);
  return json;
}

json_t *audit_prove(const struct desk_request *request, struct nav_error *err) {
  const json_t *seq = json_object_get(request->json, "seq");
  const json_t *from = json_object_get(request->json, "from");
  const json_t *number = seq != NULL ? seq : from;
  char query[QUERY_SIZE];
  if (!json_is_integer(number) || json_integer_value(number) < 1 || (seq != NULL && from != NULL)) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "seq",
                   "a record's number, or the size of an older checkpoint in from, from 1");
    return NULL;
  }
  (void)snprintf(query, sizeof query, "audit prove %s%" JSON_INTEGER_FORMAT, seq != NULL ? "" : "--from ",
                 json_integer_value(number));
  if (!desk_record_audit(request, query, err)) return NULL;
  json_t *proof = seq != NULL ? prove_record(request, (uint64_t)json_integer_value(number), err)
                              : prove_from(request, (uint64_t)json_integer_value(number), err);
  return proof == NULL ? NULL : json_pack("{s:b, s:o}", "ok", 1, "proof", proof);
}

void audit_prove_make_ready(const struct desk_request *request) {
  struct subtrees subtrees = {.database = request->database};
  uint8_t hash[NAV_SHA256_SIZE];
  struct newest newest;
  struct nav_error ignored;
  bool asked =
      audit_record_bytes(request, 1, &ignored) != NULL && newest_checkpoint(request, &newest, &ignored) &&
      subtrees_hash(&subtrees, 0, 0, hash, &ignored) && subtrees_hash(&subtrees, 8, 0, hash, &ignored);
  (void)asked;  // a ledger that has not so much yet is asked the rest with the first proof
  subtrees_free(&subtrees);
}
