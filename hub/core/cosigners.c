// See cosigners.h.
#include "hub/core/cosigners.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/log.h"

static const char witness_use[] = "witness";

struct cosigners *cosigners_new(void) {
  return calloc(1, sizeof(struct cosigners));
}

void cosigners_free(struct cosigners *cosigners) { free(cosigners); }

static struct cosigner *find(struct cosigners *cosigners, const char *agency) {
  for (size_t i = 0; i < cosigners->count; i++)
    if (strcmp(cosigners->list[i].agency, agency) == 0) return &cosigners->list[i];
  return NULL;
}

bool cosigners_note_key(struct cosigners *cosigners, uint64_t seq, const Nav__V1__KeyChanged *record) {
  if (record->use == NULL || strcmp(record->use, witness_use) != 0 || record->owner == NULL ||
      strlen(record->owner) > CONF_ID_LENGTH_MAX)
    return true;
  struct cosigner *cosigner = find(cosigners, record->owner);
  if (cosigner == NULL) {
    if (cosigners->count == CONF_AGENCIES_MAX) return false;
    cosigner = &cosigners->list[cosigners->count++];
    (void)snprintf(cosigner->agency, sizeof cosigner->agency, "%s", record->owner);
  }
  cosigner->seq = seq;
  if (cosigner->has_key) cosigners->keyed--;
  cosigner->has_key = record->public_key.len == sizeof cosigner->key;
  if (cosigner->has_key) cosigners->keyed++;
  if (cosigner->has_key) memcpy(cosigner->key, record->public_key.data, sizeof cosigner->key);
  return true;
}

// key: NULL: it has none any more.
static void stage_key(struct cosigners *cosigners, const char *agency, const uint8_t *key,
                      struct batch *batch, int64_t now_ms) {
  Nav__V1__KeyChanged changed = NAV__V1__KEY_CHANGED__INIT;
  changed.owner = (char *)(uintptr_t)agency;
  changed.use = (char *)(uintptr_t)witness_use;
  changed.has_public_key = true;
  if (key != NULL)
    changed.public_key = (ProtobufCBinaryData){KEY_ED25519_PUBLIC_SIZE, (uint8_t *)(uintptr_t)key};
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_KEY_CHANGED;
  record.key_changed = &changed;
  uint64_t seq = batch_stage(batch, &record, now_ms);
  if (!cosigners_note_key(cosigners, seq, &changed))
    nav_log(NAV_LOG_ERROR, "%s: no room for its witness key; its cosignatures are refused", agency);
}

void cosigners_define(struct cosigners *cosigners, const struct conf_agencies *agencies, struct batch *batch,
                      int64_t now_ms) {
  for (size_t i = 0; i < agencies->agencies_count; i++) {
    const struct conf_agency *agency = &agencies->agencies[i];
    const struct cosigner *known = find(cosigners, agency->id);
    bool had = known != NULL && known->has_key;
    if (had == agency->has_witness_key &&
        (!had || memcmp(known->key, agency->witness_key, sizeof known->key) == 0))
      continue;
    stage_key(cosigners, agency->id, agency->has_witness_key ? agency->witness_key : NULL, batch, now_ms);
  }
  for (size_t i = 0; i < cosigners->count; i++) {  // those who take no part any more
    const struct cosigner *known = &cosigners->list[i];
    if (known->has_key && conf_agency_find(agencies, known->agency) == NULL)
      stage_key(cosigners, known->agency, NULL, batch, now_ms);
  }
}

bool cosigners_has_key(struct cosigners *cosigners, const char *agency) {
  const struct cosigner *cosigner = find(cosigners, agency);
  return cosigner != NULL && cosigner->has_key;
}

void cosigners_show(struct cosigners *cosigners, const struct checkpoint *checkpoint, const char *note,
                    int64_t now_ms) {
  cosigners->before = cosigners->shown;
  struct cosigned *shown = &cosigners->shown;
  shown->checkpoint = *checkpoint;
  (void)snprintf(shown->note, sizeof shown->note, "%s", note);
  shown->shown_ms = now_ms;
  shown->count = 0;
}

static bool has_line(const struct cosigned *cosigned, const char *agency) {
  for (size_t i = 0; i < cosigned->count; i++)
    if (strcmp(cosigned->lines[i].agency, agency) == 0) return true;
  return false;
}

// Each line is of an agency that had a key, and one each. Asked at every turn of the loop.
bool cosigners_may_go_on(const struct cosigners *cosigners, int64_t now_ms, int64_t wait_ms) {
  const struct cosigned *shown = &cosigners->shown;
  return shown->checkpoint.size == 0 || shown->count == COSIGNATURES_MAX ||
         shown->count >= cosigners->keyed || now_ms - shown->shown_ms >= wait_ms;
}

static struct cosigned *of_size(struct cosigners *cosigners, uint64_t size) {
  if (size == 0) return NULL;
  if (cosigners->shown.checkpoint.size == size) return &cosigners->shown;
  return cosigners->before.checkpoint.size == size ? &cosigners->before : NULL;
}

// The line without its newline, and whether it is one line.
static bool bare(const char *line, struct note_line *out) {
  const char *rest = line;
  return line != NULL && strlen(line) < COSIGNATURE_LINE_SIZE && note_take_line(&rest, out) && *rest == '\0';
}

static bool check(const struct cosigned *cosigned, const struct cosigner *cosigner, const char *origin,
                  const char *line, struct nav_error *err) {
  struct checkpoint_text text;
  struct note_line named;
  char name[COSIGNATURE_NAME_SIZE];
  uint64_t time_s = 0;
  if (!bare(line, &named))
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_MALFORMED, "cosignature.line",
                    "is not one line with its newline");
  return checkpoint_text(cosigned->note, origin, &text, err) &&
         (cosignature_name(name, cosigner->agency, origin) ||
          nav_fail(err, NAV_ERROR_BUG, 0, origin, "gives no witness's name")) &&
         cosignature_check(&named, cosigned->note, text.length, name, cosigner->key, &time_s, err);
}

bool cosigners_take(struct cosigners *cosigners, const char *origin, const char *agency, uint64_t size,
                    const char *line, struct nav_error *err) {
  const struct cosigner *cosigner = find(cosigners, agency);
  struct cosigned *cosigned = of_size(cosigners, size);
  if (cosigner == NULL || !cosigner->has_key)
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_UNKNOWN_KEY, "cosignature",
                    "no witness key of %s is known: put it in config/keys/%s.yaml", agency, agency);
  if (cosigned == NULL)
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_POSITION, "cosignature.size",
                    "%" PRIu64 " is not of the checkpoint shown now or of the one before", size);
  if (!check(cosigned, cosigner, origin, line, err)) return false;
  if (has_line(cosigned, agency) || cosigned->count == COSIGNATURES_MAX) return true;
  struct cosigned_line *kept = &cosigned->lines[cosigned->count++];
  kept->staged = cosigner->seq > cosigned->checkpoint.size;  // see cosigners_stage
  (void)snprintf(kept->agency, sizeof kept->agency, "%s", agency);
  (void)snprintf(kept->line, sizeof kept->line, "%s", line);
  return true;
}

bool cosigners_before(const struct cosigners *cosigners, struct nav_buffer *note) {
  const struct cosigned *before = &cosigners->before;
  if (before->checkpoint.size == 0) return true;
  bool ok = nav_buffer_append_text(note, before->note);
  for (size_t i = 0; ok && i < before->count; i++) ok = nav_buffer_append_text(note, before->lines[i].line);
  return ok;
}

static void stage_lines(struct cosigned *cosigned, struct batch *batch) {
  for (size_t i = 0; i < cosigned->count; i++) {
    struct cosigned_line *line = &cosigned->lines[i];
    if (line->staged) continue;
    if (!batch_stage_cosignature(batch, cosigned->checkpoint.size, line->agency, line->line)) return;
    line->staged = true;
  }
}

void cosigners_stage(struct cosigners *cosigners, struct batch *batch) {
  stage_lines(&cosigners->before, batch);
  stage_lines(&cosigners->shown, batch);
}
