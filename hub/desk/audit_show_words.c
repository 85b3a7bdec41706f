// See audit_show_words.h.
#include "hub/desk/audit_show_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/access/access.h"
#include "hub/desk/audit_words.h"
#include "hub/desk/mandate.h"
#include "hub/desk/rules_changed.h"
#include "hub/desk/rules_text.h"
#include "hub/ledger/record.h"
#include "hub/wire/sha256.h"

enum { NUMBER_SIZE = 24 };

static const char *number_text(char out[NUMBER_SIZE], uint64_t number) {
  (void)snprintf(out, NUMBER_SIZE, "%" PRIu64, number);
  return out;
}

// Whether the mandate has anything of a record about this one.
static bool is_told(const struct desk_request *request, const struct audit_record *a,
                    const Nav__V1__Record *later) {
  struct audit_lines *lines = nav_arena_zalloc(request->arena, 1, sizeof *lines);
  if (request->person->mandate_all) return true;
  if (lines == NULL) return false;
  audit_lines_of(later, &a->definitions, request->arena, lines);
  for (size_t i = 0; i < lines->count; i++) {
    if (lines->items[i].event_id == NULL) audit_line_name_event(&lines->items[i], a->record);
    if (mandate_shows(request->person, &lines->items[i])) return true;
  }
  return false;
}

static bool read_later(const struct desk_request *request, const struct audit_record *a,
                       struct audit_words *words, struct nav_error *err) {
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
    const Nav__V1__Record *record = record_stored(request->arena, bytes, length, &ignored);
    if (record != NULL && is_told(request, a, record)) later[words->later_count++] = record;
  }
  words->later = later;
  PQclear(result);
  return true;
}

// Whether law.yaml of these rules is the one of the rules that were in force then.
static bool law_is_of(const struct access_rules *rules, const Nav__V1__Record *then) {
  if (rules == NULL) return false;
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

struct loaded {
  struct access_rules *rules;      // NULL: they cannot be loaded, and paragraphs keep their ids alone
  struct conf_agencies *agencies;  // of then; NULL: today's
  bool are_then, law_is_then;
};

// Today's where they are those of then; else the kept ones, and where there are none, today's all the same.
static struct loaded load_rules(const struct desk_request *request, const Nav__V1__Record *then) {
  struct conf_faults faults = {0};
  struct loaded loaded = {.rules =
                              access_rules_load(request->nav->config_folder, request->agencies, &faults)};
  conf_faults_free(&faults);
  loaded.are_then = loaded.law_is_then = rules_changed_are(loaded.rules, then);
  if (loaded.are_then || then == NULL) return loaded;
  struct access_rules *kept = rules_text_load(request, then->rules_changed, &loaded.agencies);
  loaded.are_then = kept != NULL;
  loaded.law_is_then = kept != NULL || law_is_of(loaded.rules, then);
  if (kept == NULL) return loaded;
  access_rules_free(loaded.rules);
  loaded.rules = kept;
  return loaded;
}

json_t *audit_show_words(const struct desk_request *request, const struct audit_record *a,
                         uint64_t checkpoint_size, struct nav_error *err) {
  struct audit_words words = {.record = a->record,
                              .about = a->about,
                              .reader = request->person->mandate_all ? NULL : request->person,
                              .definitions = &a->definitions,
                              .agencies = request->agencies,
                              .hold_answer_ms = request->nav->hold_answer_ms,
                              .hold_urgent_ms = request->nav->hold_urgent_ms,
                              .checkpoint_size = checkpoint_size,
                              .arena = request->arena};
  const Nav__V1__Record *rules_then = NULL;
  uint64_t about = 0;
  uint64_t other = 0;
  audit_words_seqs(a->record, &about, &other);
  if (!audit_record_other(request, other, &words.other, err) || !read_later(request, a, &words, err) ||
      !rules_changed_read(request, a->record->seq, &rules_then, err))
    return NULL;
  struct loaded loaded = load_rules(request, rules_then);
  words.rules = loaded.rules;
  words.rules_then = loaded.are_then ? loaded.rules : NULL;
  words.law_is_then = loaded.law_is_then;
  json_t *said = json_pack("{s:o, s:o}", "sv", audit_words(&words, ACCESS_SWEDISH), "en",
                           audit_words(&words, ACCESS_ENGLISH));
  access_rules_free(loaded.rules);
  conf_agencies_free(loaded.agencies);
  if (said == NULL) (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  return said;
}
