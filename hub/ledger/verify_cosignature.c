// Cosignatures in `audit verify`: each of nav.cosignature, or each line under an export's note, must be of an
// agency whose witness key a KeyChanged record up to that checkpoint names, and hold over the checkpoint's
// text. A wrong one is named by its checkpoint's size, and casts no doubt on any record. See verify.h.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/ledger/verify_private.h"

static struct verify_cosigner *find(struct verify *v, const char *agency) {
  for (size_t i = 0; i < v->cosigners_count; i++)
    if (strcmp(v->cosigners[i].agency, agency) == 0) return &v->cosigners[i];
  return NULL;
}

static struct verify_cosigner *add(struct verify *v, const char *agency) {
  if (v->cosigners == NULL) v->cosigners = calloc(VERIFY_COSIGNERS_MAX, sizeof *v->cosigners);
  if (v->cosigners == NULL || v->cosigners_count == VERIFY_COSIGNERS_MAX) return NULL;
  struct verify_cosigner *cosigner = &v->cosigners[v->cosigners_count++];
  (void)snprintf(cosigner->agency, sizeof cosigner->agency, "%s", agency);
  return cosigner;
}

// Neither accused nor passed over: no line that is left tells whether the key had changed.
static void tell_unsure(struct verify *v, struct verify_cosigner *cosigner) {
  for (size_t i = 0; i < cosigner->unsure_count; i++)
    verify_accuse_checkpoint(
        v, cosigner->unsure[i],
        "the cosignature of %s at %" PRIu64
        " cannot be judged: it is of an unknown key, which a record that is missing or in "
        "doubt may have named",
        cosigner->agency, cosigner->unsure[i]);
  v->report->cosignatures_unjudged += cosigner->unsure_count;
  cosigner->unsure_count = 0;
}

void verify_cosigner_key(struct verify *v, uint64_t seq, const Nav__V1__KeyChanged *record) {
  if (record->use == NULL || strcmp(record->use, "witness") != 0 || record->owner == NULL ||
      strlen(record->owner) >= VERIFY_NAME_SIZE)
    return;
  struct verify_cosigner *cosigner = find(v, record->owner);
  if (cosigner == NULL) cosigner = add(v, record->owner);
  if (cosigner == NULL) {
    v->keys_lost = true;  // no room: its lines are not judged
    return;
  }
  tell_unsure(v, cosigner);
  cosigner->seq = seq;
  cosigner->has_key = record->public_key.len == sizeof cosigner->key;
  if (cosigner->has_key) memcpy(cosigner->key, record->public_key.data, sizeof cosigner->key);
}

void verify_cosigners_forget(struct verify *v, uint64_t first) {
  for (size_t i = 0; i < v->cosigners_count; i++) {
    struct verify_cosigner *cosigner = &v->cosigners[i];
    if (cosigner->seq >= first) cosigner->seq = 0;
  }
}

static bool next(struct verify *v, struct nav_error *err) {
  v->has_cosignature = false;
  if (v->source->cosignature == NULL) return true;
  int got = v->source->cosignature(v->source->context, &v->cosignature, err);
  v->has_cosignature = got > 0;
  return got >= 0;
}

bool verify_cosignatures_begin(struct verify *v, struct nav_error *err) { return next(v, err); }

static bool is_defined(const struct verify *v, const char *agency) {
  // It may be: of several that are lost or were rewritten one may have defined it, another named its key.
  if (v->agencies_forgotten || v->absent > 1) return true;
  for (size_t i = 0; i < v->agencies.count; i++) {
    const struct verify_name *name = &v->agencies.items[i];
    if (name->seq != 0 && strcmp(name->agency, agency) == 0) return true;
  }
  return false;
}

// The key had not changed after all: the lines of another one were wrong.
static void accuse_unsure(struct verify *v, struct verify_cosigner *cosigner) {
  for (size_t i = 0; i < cosigner->unsure_count; i++)
    verify_accuse_checkpoint(v, cosigner->unsure[i],
                             "the cosignature at %" PRIu64
                             " does not hold: %s made it with another key than those before and after it",
                             cosigner->unsure[i], cosigner->agency);
  cosigner->unsure_count = 0;
}

// One line of that agency over the note, which the hub signed.
static void check(struct verify *v, const struct verify_checkpoint_row *row, const char *origin,
                  const char *agency, const struct note_line *line) {
  struct verify_cosigner *cosigner = find(v, agency);
  struct checkpoint_text text;
  char name[COSIGNATURE_NAME_SIZE];
  struct nav_error err = {0};
  uint64_t time_s = 0;
  bool known = cosigner != NULL && cosigner->seq != 0 && cosigner->has_key;
  if (!known) {
    // What a lost record may have named is not known; that of an agency that no record defines is.
    bool may_be = v->keys_lost && is_defined(v, agency);
    if (may_be)
      v->report->cosignatures_unjudged++;
    else
      verify_accuse_checkpoint(v, row->size,
                               "the cosignature of %s at %" PRIu64
                               ": no record up to there names a witness key of it",
                               agency, row->size);
    return;
  }
  if (checkpoint_text(row->note, origin, &text, &err) && cosignature_name(name, agency, origin) &&
      cosignature_check(line, row->note, text.length, name, cosigner->key, &time_s, &err)) {
    v->report->cosignatures++;
    accuse_unsure(v, cosigner);
    return;
  }
  if (v->keys_lost && err.code == NAV__V1__CODE__CODE_UNKNOWN_KEY &&
      cosigner->unsure_count < VERIFY_UNSURE_MAX) {
    cosigner->unsure[cosigner->unsure_count++] = row->size;
    return;
  }
  verify_accuse_checkpoint(v, row->size, "the cosignature at %" PRIu64 " does not hold: %s", row->size,
                           err.text);
}

static void check_row(struct verify *v, const struct verify_checkpoint_row *row, const char *origin) {
  const char *rest = v->cosignature.line;
  struct note_line line;
  if (!note_take_line(&rest, &line) || *rest != '\0') {
    verify_accuse_checkpoint(v, row->size, "the cosignature of %s at %" PRIu64 " is not one line",
                             v->cosignature.agency, row->size);
    return;
  }
  check(v, row, origin, v->cosignature.agency, &line);
}

// In an export every line but the hub's must be of an agency whose key the records name: who wants to add
// others' lines has them beside the archive.
static void check_lines(struct verify *v, const struct verify_checkpoint_row *row, const char *origin) {
  struct checkpoint_text text;
  struct nav_error err;
  struct note_line line, name, encoded;
  char agency[COSIGNATURE_NAME_SIZE];
  if (!checkpoint_text(row->note, origin, &text, &err)) return;
  const char *rest = text.signatures;
  while (note_take_line(&rest, &line)) {
    if (!note_signature(&line, &name, &encoded) || note_line_is(&name, origin)) continue;
    if (cosignature_agency(agency, &name, origin)) {
      check(v, row, origin, agency, &line);
    } else {
      verify_accuse_checkpoint(v, row->size, "the note at %" PRIu64 " carries a line that is no agency's",
                               row->size);
    }
  }
}

static void accuse_alone(struct verify *v) {
  verify_accuse_checkpoint(v, v->cosignature.size,
                           "%s has cosigned a checkpoint at %" PRIu64 ", and none is there",
                           v->cosignature.agency, v->cosignature.size);
}

bool verify_cosignatures_at(struct verify *v, const struct verify_checkpoint_row *row, bool holds,
                            struct nav_error *err) {
  char origin[CHECKPOINT_ORIGIN_SIZE];
  bool readable = holds && checkpoint_origin(row->note, origin);
  if (readable && v->source->cosignature == NULL) check_lines(v, row, origin);
  while (v->has_cosignature && v->cosignature.size <= row->size) {
    if (v->cosignature.size < row->size) {
      accuse_alone(v);
    } else if (readable) {
      check_row(v, row, origin);
    }
    if (!next(v, err)) return false;
  }
  return true;
}

bool verify_cosignatures_end(struct verify *v, struct nav_error *err) {
  for (size_t i = 0; i < v->cosigners_count; i++) tell_unsure(v, &v->cosigners[i]);
  while (v->has_cosignature) {
    accuse_alone(v);
    if (!next(v, err)) return false;
  }
  return true;
}
