// See audit_show_words.h.
#include "hub/desk/audit_show_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/access/access.h"
#include "hub/desk/audit_words.h"
#include "hub/ledger/record.h"
#include "hub/wire/sha256.h"

enum { NUMBER_SIZE = 24 };

static const char *number_text(char out[NUMBER_SIZE], uint64_t number) {
  (void)snprintf(out, NUMBER_SIZE, "%" PRIu64, number);
  return out;
}

// A record that the words refer to; *found NULL where it is not there or cannot be read: verify tells of
// that.
static bool read_record(const struct desk_request *request, const char *sql, uint64_t seq,
                        const Nav__V1__Record **found, struct nav_error *err) {
  char number[NUMBER_SIZE];
  const char *values[] = {number_text(number, seq)};
  struct nav_error ignored;
  size_t length = 0;
  *found = NULL;
  PGresult *result = desk_query(request->database, sql, 1, values, err);
  if (result == NULL) return false;
  const uint8_t *bytes = PQntuples(result) == 1 ? desk_bytes(result, 0, 0, &length) : NULL;
  if (bytes != NULL) *found = record_decode(request->arena, bytes, length, &ignored);
  PQclear(result);
  return true;
}

static bool read_one(const struct desk_request *request, uint64_t seq, const Nav__V1__Record **found,
                     struct nav_error *err) {
  *found = NULL;
  if (seq == 0) return true;
  return read_record(request, "SELECT record FROM nav.ledger_view WHERE seq = $1::bigint", seq, found, err);
}

static bool read_later(const struct desk_request *request, struct audit_words *words, struct nav_error *err) {
  static const Nav__V1__Record *later[AUDIT_WORDS_LATER_MAX];
  char number[NUMBER_SIZE];
  const char *values[] = {number_text(number, words->record->seq)};
  PGresult *result = desk_query(
      request->database, "SELECT record FROM nav.ledger_view WHERE about = $1::bigint ORDER BY seq LIMIT 101",
      1, values, err);
  if (result == NULL) return false;
  int rows = PQntuples(result);
  words->later_more = rows > AUDIT_WORDS_LATER_MAX;
  for (int i = 0; i < rows && i < AUDIT_WORDS_LATER_MAX; i++) {
    struct nav_error ignored;
    size_t length = 0;
    const uint8_t *bytes = desk_bytes(result, i, 0, &length);
    const Nav__V1__Record *record = record_decode(request->arena, bytes, length, &ignored);
    if (record != NULL) later[words->later_count++] = record;
  }
  words->later = later;
  PQclear(result);
  return true;
}

// Whether law.yaml of these rules is the one of the rules that were in force then.
static bool law_is_of(const struct access_rules *rules, const Nav__V1__Record *then) {
  if (then == NULL || then->record_case != NAV__V1__RECORD__RECORD_RULES_CHANGED) return false;
  for (size_t i = 0; i < access_rules_file_count(rules); i++) {
    uint8_t now[NAV_SHA256_SIZE];
    if (strcmp(access_rules_file(rules, i, now), "law.yaml") != 0) continue;
    for (size_t j = 0; j < then->rules_changed->n_files; j++) {
      const Nav__V1__RulesFile *file = then->rules_changed->files[j];
      if (file->name != NULL && strcmp(file->name, "law.yaml") == 0)
        return file->sha256.len == sizeof now && memcmp(file->sha256.data, now, sizeof now) == 0;
    }
  }
  return false;
}

// NULL: they cannot be loaded, and paragraphs keep their ids alone.
static struct access_rules *load_rules(const struct desk_request *request) {
  struct conf_faults faults = {0};
  struct access_rules *rules = access_rules_load(request->nav->config_folder, request->agencies, &faults);
  conf_faults_free(&faults);
  return rules;
}

json_t *audit_show_words(const struct desk_request *request, const Nav__V1__Record *record,
                         const struct definitions *definitions, uint64_t checkpoint_size,
                         struct nav_error *err) {
  struct audit_words words = {.record = record,
                              .definitions = definitions,
                              .agencies = request->agencies,
                              .hold_answer_ms = request->nav->hold_answer_ms,
                              .hold_urgent_ms = request->nav->hold_urgent_ms,
                              .checkpoint_size = checkpoint_size,
                              .arena = request->arena};
  const Nav__V1__Record *rules_then = NULL;
  uint64_t about = 0;
  uint64_t other = 0;
  audit_words_seqs(record, &about, &other);
  if (!read_one(request, about, &words.about, err) || !read_one(request, other, &words.other, err) ||
      !read_later(request, &words, err) ||
      !read_record(
          request,
          "SELECT record FROM nav.ledger_view WHERE kind = 13 AND seq <= $1::bigint ORDER BY seq DESC "
          "LIMIT 1",
          record->seq, &rules_then, err)) {
    return NULL;
  }
  struct access_rules *rules = load_rules(request);
  words.rules = rules;
  words.law_is_then = rules != NULL && law_is_of(rules, rules_then);
  json_t *said = json_pack("{s:o, s:o}", "sv", audit_words(&words, ACCESS_SWEDISH), "en",
                           audit_words(&words, ACCESS_ENGLISH));
  access_rules_free(rules);
  if (said == NULL) (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  return said;
}
