// See audit_words.h. The table of kinds, and what every record's words begin and end with.
#include <inttypes.h>

#include "hub/desk/audit_words_parts.h"
#include "hub/ledger/record.h"

static const struct {
  Nav__V1__Record__RecordCase kind;
  audit_sentence *words;
} kinds[] = {
    {NAV__V1__RECORD__RECORD_STARTED, words_started},
    {NAV__V1__RECORD__RECORD_STOPPED, words_stopped},
    {NAV__V1__RECORD__RECORD_RESUMED, words_resumed},
    {NAV__V1__RECORD__RECORD_RESTORED, words_restored},
    {NAV__V1__RECORD__RECORD_RULES_CHANGED, words_rules_changed},
    {NAV__V1__RECORD__RECORD_CONFIG_CHANGED, words_config_changed},
    {NAV__V1__RECORD__RECORD_KEY_CHANGED, words_key_changed},
    {NAV__V1__RECORD__RECORD_AGENCY_DEFINED, words_agency_defined},
    {NAV__V1__RECORD__RECORD_LANE_DEFINED, words_lane_defined},
    {NAV__V1__RECORD__RECORD_VERDICT_DEFINED, words_verdict_defined},
    {NAV__V1__RECORD__RECORD_PUBLISHED, words_published},
    {NAV__V1__RECORD__RECORD_ACCEPTED, words_accepted},
    {NAV__V1__RECORD__RECORD_REJECTED, words_rejected},
    {NAV__V1__RECORD__RECORD_REJECTED_MORE, words_rejected_more},
    {NAV__V1__RECORD__RECORD_QUARANTINED, words_quarantined},
    {NAV__V1__RECORD__RECORD_REDECIDED, words_redecided},
    {NAV__V1__RECORD__RECORD_ACKNOWLEDGED, words_acknowledged},
    {NAV__V1__RECORD__RECORD_REPLAYED, words_replayed},
    {NAV__V1__RECORD__RECORD_NACKED, words_nacked},
    {NAV__V1__RECORD__RECORD_READ, words_read},
    {NAV__V1__RECORD__RECORD_BRIEFING_COMPILED, words_briefing_compiled},
    {NAV__V1__RECORD__RECORD_AUDIT_READ, words_audit_read},
    {NAV__V1__RECORD__RECORD_REFUSED_SESSION, words_refused_session},
    {NAV__V1__RECORD__RECORD_HOLD_RELEASED, words_hold_released},
    {NAV__V1__RECORD__RECORD_HOLD_REFUSED, words_hold_refused},
    {NAV__V1__RECORD__RECORD_HOLD_ESCALATED, words_hold_escalated},
    {NAV__V1__RECORD__RECORD_HOLD_LAPSED, words_hold_lapsed},
    {NAV__V1__RECORD__RECORD_HOLD_CLOSED, words_hold_closed},
    {NAV__V1__RECORD__RECORD_ERASED, words_erased},
    {NAV__V1__RECORD__RECORD_RECALLED, words_recalled},
    {NAV__V1__RECORD__RECORD_RECALL_CONFIRMED, words_recall_confirmed},
    {NAV__V1__RECORD__RECORD_CONSENT_CHANGED, words_consent_changed},
    {NAV__V1__RECORD__RECORD_REQUEST_ANSWERED, words_request_answered},
};

static audit_sentence *find_kind(uint16_t kind) {
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (kinds[i].kind == kind) return kinds[i].words;
  }
  return NULL;
}

bool audit_words_known(uint16_t kind) { return find_kind(kind) != NULL; }

void audit_words_seqs(const Nav__V1__Record *record, uint64_t *about, uint64_t *other) {
  struct record_columns columns;
  record_columns_of(record, &columns);
  *about = columns.about;
  *other = 0;
  if (record->record_case == NAV__V1__RECORD__RECORD_HOLD_CLOSED) *other = record->hold_closed->by_seq;
  if (record->record_case == NAV__V1__RECORD__RECORD_REQUEST_ANSWERED)
    *other = record->request_answered->event_seq;
  if (record->record_case == NAV__V1__RECORD__RECORD_READ && record->read->n_event_seqs == 1)
    *about = record->read->event_seqs[0];
}

// What came after, in one sentence a record: the words of each are its own `audit show`.
static void say_later(struct saying *s) {
  const struct audit_words *w = s->words;
  for (size_t i = 0; i < w->later_count; i++) {
    const Nav__V1__Record *later = w->later[i];
    say(s, "Därefter: post %" PRIu64 " (%s), %s.", "Then: record %" PRIu64 " (%s), %s.", later->seq,
        record_kind_name((uint16_t)later->record_case), part_time(s, later->time_ms));
  }
  if (w->later_more)
    say(s, "Fler poster om den följer; navctl audit search --event visar alla.",
        "More records about it follow; navctl audit search --event shows all.");
}

static void say_checkpoint(struct saying *s) {
  if (s->words->checkpoint_size == 0) {
    say(s, "Ingen undertecknad kontrollpunkt täcker posten ännu.",
        "No signed checkpoint covers the record yet.");
  } else {
    say(s, "Posten täcks av den undertecknade kontrollpunkten över de %" PRIu64 " första posterna.",
        "The record is covered by the signed checkpoint over the first %" PRIu64 " records.",
        s->words->checkpoint_size);
  }
}

json_t *audit_words(const struct audit_words *words, enum access_language language) {
  struct saying s = {.words = words, .language = language, .sentences = json_array()};
  const Nav__V1__Record *record = words->record;
  uint16_t kind = (uint16_t)record->record_case;
  audit_sentence *sentence = find_kind(kind);
  say(&s, "Post %" PRIu64 " (%s), %s.", "Record %" PRIu64 " (%s), %s.", record->seq, record_kind_name(kind),
      part_time(&s, record->time_ms));
  if (sentence != NULL) {
    sentence(&s);
  } else {
    say(&s,
        "Det här programmet är äldre än den sortens post och kan inte berätta om den; uppgifterna står i "
        "JSON.",
        "This program is older than that kind of record and cannot tell of it; its fields stand in the "
        "JSON.");
  }
  say_later(&s);
  if (!words->for_person) say_checkpoint(&s);
  if (!s.lost && s.sentences != NULL) return s.sentences;
  json_decref(s.sentences);
  return NULL;
}
