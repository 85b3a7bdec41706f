// What the sentences of audit_words share: saying one, and the words for agencies, people, times, classes,
// bases, events and lanes. Called by: audit_words*.c alone. Must never: be included elsewhere.
#ifndef NAV_DESK_AUDIT_WORDS_PARTS_H
#define NAV_DESK_AUDIT_WORDS_PARTS_H

#include "hub/desk/audit_words.h"

struct saying {
  const struct audit_words *words;
  enum access_language language;
  json_t *sentences;
  bool lost;  // no memory
};

typedef void audit_sentence(struct saying *s);

// Adds one sentence; both formats take the same arguments.
void say(struct saying *s, const char *swedish, const char *english, ...)
    __attribute__((format(printf, 2, 4), format(printf, 3, 4)));
const char *said(const struct saying *s, const char *swedish, const char *english);  // one of the two

// Parts of sentences: in the arena, never NULL.
const char *part(const struct saying *s, const char *swedish, const char *english, ...)
    __attribute__((format(printf, 2, 4), format(printf, 3, 4)));
const char *part_join(const struct saying *s, const char *before, const char *text, const char *after);
const char *part_agency(const struct saying *s, const char *id);  // "Polisen, … (polisen)"
const char *part_person(const struct saying *s, const char *person, const char *agency);
const char *part_time(const struct saying *s, int64_t time_ms);  // Swedish civil time
const char *part_quote(const struct saying *s, const char *text);
const char *part_hex(const struct saying *s, ProtobufCBinaryData bytes);
const char *part_list(const struct saying *s, char *const *items, size_t count);
const char *part_seqs(const struct saying *s, const uint64_t *seqs, size_t count);
const char *part_events(const struct saying *s, size_t count);   // "1 händelse", "2 händelser"
const char *part_persons(const struct saying *s, size_t count);  // "1 person", "2 personer"
const char *part_classes(const struct saying *s, uint32_t reveal, bool revealed);  // "plats, identitet"
const char *part_basis(const struct saying *s, const char *basis);  // "10 kap. 2 § OSL (osl-10-2)"
const char *part_lane(const struct saying *s, uint32_t lane);       // "Skolan (skolan), för ändamålet sig"
// "en orosanmälan (händelse 0123…, version 1, från Skolan (skolan), post 17)"; of the record `about` where
// that is the event's Accepted, else by its number alone.
const char *part_event(const struct saying *s, const Nav__V1__Record *about, uint64_t seq);

// Whether the reader's mandate has a lane of an event from `from`: the sender's all, the recipient's own
// where it is released.
bool part_told(const struct saying *s, const char *from, uint32_t lane, bool released);
bool part_told_all(const struct saying *s, const char *from);

// Sentences that several kinds have.
void say_reason(struct saying *s, const char *reason);  // nothing where none was stated
void say_verdict(struct saying *s, const Nav__V1__LaneVerdict *verdict);
// "who was asked and until when", where a verdict opens a hold: event_agency sent it, accepted at time_ms.
void say_asked(struct saying *s, const Nav__V1__LaneVerdict *verdict, uint32_t type, const char *event_agency,
               int64_t time_ms);

// audit_words_names.c: what codes are called. Never NULL.
const char *name_event(const struct saying *s, uint32_t type);  // "en orosanmälan"
const char *name_code(const struct saying *s, int code);
const char *name_key_use(const struct saying *s, const char *use);
const char *name_recall_reason(const struct saying *s, int reason);
const char *name_hold_closed(const struct saying *s, int reason);
// For tests: whether there are words for it.
bool name_event_known(uint32_t type);
bool name_code_known(int code);

// The families.
audit_sentence words_started, words_stopped, words_resumed, words_restored, words_rules_changed,
    words_config_changed, words_key_changed, words_agency_defined, words_lane_defined, words_verdict_defined,
    words_refused_session;
audit_sentence words_published, words_accepted, words_rejected, words_rejected_more, words_quarantined,
    words_redecided, words_acknowledged, words_replayed, words_nacked;
audit_sentence words_read, words_briefing_compiled, words_audit_read;
audit_sentence words_hold_released, words_hold_refused, words_hold_escalated, words_hold_lapsed,
    words_hold_closed, words_erased, words_recalled, words_recall_confirmed, words_consent_changed,
    words_request_answered;

#endif
