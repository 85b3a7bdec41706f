// The kept texts of rules, of `audit verify`: each file that a RulesChanged record names has its text, each
// text is of its hash, and each is named. The texts go by in the records' order; memory holds one. See
// verify.h.
#include <inttypes.h>
#include <string.h>

#include "hub/ledger/verify_private.h"

enum { NAME_SHOWN = 120 };

static bool next_row(struct verify *v, struct nav_error *err) {
  uint64_t before = v->rules_text.seq;
  int got = v->source->rules_text(v->source->context, &v->rules_text, err);
  v->has_rules_text = got > 0;
  if (got > 0 && v->rules_text.seq < before)
    return nav_fail(err, NAV_ERROR_BUG, 0, "verify", "rows of nav.rules_text are not in order");
  return got >= 0;
}

bool verify_rules_begin(struct verify *v, struct nav_error *err) {
  return v->source->rules_text == NULL || next_row(v, err);
}

// The file of that hash; NULL: the record names none.
static const Nav__V1__RulesFile *named(const Nav__V1__RulesChanged *changed,
                                       const uint8_t sha256[NAV_SHA256_SIZE]) {
  for (size_t i = 0; i < changed->n_files; i++) {
    const ProtobufCBinaryData *hash = &changed->files[i]->sha256;
    if (hash->len == NAV_SHA256_SIZE && memcmp(hash->data, sha256, NAV_SHA256_SIZE) == 0)
      return changed->files[i];
  }
  return NULL;
}

static const char *name_of(const Nav__V1__RulesFile *file) {
  return file->name != NULL && file->name[0] != '\0' ? file->name : "a file without a name";
}

static void stray(struct verify *v) {
  char hex[2 * NAV_SHA256_SIZE + 1];
  verify_accuse(v, v->rules_text.seq, "nav.rules_text has a text that the record does not name: SHA-256 %s",
                nav_hex(hex, v->rules_text.sha256, NAV_SHA256_SIZE));
}

static void check_text(struct verify *v, const Nav__V1__RulesChanged *changed) {
  const struct verify_rules_row *row = &v->rules_text;
  const Nav__V1__RulesFile *file = changed == NULL ? NULL : named(changed, row->sha256);
  uint8_t hash[NAV_SHA256_SIZE];
  if (file == NULL) {
    stray(v);
    return;
  }
  nav_sha256(hash, &(struct nav_bytes){row->text, row->length}, 1);
  if (memcmp(hash, row->sha256, sizeof hash) == 0) return;
  verify_accuse(v, row->seq, "the kept text of %.*s is not the one that the record hashes", NAME_SHOWN,
                name_of(file));
}

// Whether the record's texts must be there: not of those from before the hub kept any. By the record's own
// word, or that of one before it that a checkpoint has vouched for.
static bool are_kept(struct verify *v, uint64_t seq, const Nav__V1__RulesChanged *changed) {
  bool before = v->texts_kept_seq != 0 && v->texts_kept_seq < v->tree.interval_first;
  if (changed->texts_kept && v->texts_kept_seq == 0) v->texts_kept_seq = seq;
  return (changed->texts_kept || before) && v->source->rules_kept != NULL;
}

static bool check_files(struct verify *v, uint64_t seq, const Nav__V1__RulesChanged *changed,
                        struct nav_error *err) {
  if (!are_kept(v, seq, changed)) return true;
  for (size_t i = 0; i < changed->n_files; i++) {
    const Nav__V1__RulesFile *file = changed->files[i];
    if (file->sha256.len != NAV_SHA256_SIZE) {
      verify_accuse(v, seq, "names %.*s without a SHA-256", NAME_SHOWN, name_of(file));
      continue;
    }
    int kept = v->source->rules_kept(v->source->context, file->sha256.data, seq, err);
    if (kept < 0) return false;
    if (kept == VERIFY_RULES_MISSING)
      verify_accuse(v, seq, "the text of %.*s, which it put in force, is not kept", NAME_SHOWN,
                    name_of(file));
    if (kept == VERIFY_RULES_CHANGED)
      verify_accuse(v, seq, "the kept text of %.*s is not the one that the record hashes", NAME_SHOWN,
                    name_of(file));
  }
  return true;
}

// Rows of a number that is no record's here.
static bool pass_strays(struct verify *v, uint64_t seq, struct nav_error *err) {
  while (v->has_rules_text && v->rules_text.seq < seq) {
    bool record_missing = v->rules_text.seq > v->last_seq;  // between two records: that is said already
    if (!record_missing) stray(v);
    if (!next_row(v, err)) return false;
  }
  return true;
}

bool verify_rules_up_to(struct verify *v, uint64_t seq, const Nav__V1__Record *record,
                        struct nav_error *err) {
  bool is_rules = record != NULL && record->record_case == NAV__V1__RECORD__RECORD_RULES_CHANGED;
  if (!pass_strays(v, seq, err)) return false;
  while (v->has_rules_text && v->rules_text.seq == seq) {
    // A record that is missing or not to be trusted is accused already.
    if (record != NULL) check_text(v, is_rules ? record->rules_changed : NULL);
    if (!next_row(v, err)) return false;
  }
  return !is_rules || check_files(v, seq, record->rules_changed, err);
}

bool verify_rules_after_end(struct verify *v, struct nav_error *err) {
  while (v->has_rules_text) {
    stray(v);
    if (!next_row(v, err)) return false;
  }
  return true;
}
