// The sentences of explain, in Swedish and English, and the names of fields for people.
// Called by: explain, matrix, hub/desk/audit_words. Must never: hold anything but words.
#ifndef NAV_ACCESS_WORDS_H
#define NAV_ACCESS_WORDS_H

#include "hub/access/explain.h"
#include "hub/access/rules.h"
#include "hub/base/buffer.h"

enum words {
  WORDS_RULE,         // rule, note
  WORDS_BASIS,        // section, statute, text
  WORDS_THRESHOLD,    // threshold
  WORDS_HELD,         // sender
  WORDS_HELD_URGENT,  // on-call desk
  WORDS_HELD_DUTY,
  WORDS_HELD_BESIDE,        // rule
  WORDS_CONDITION_MET,      // condition
  WORDS_CONDITION_FAILED,   // rule, condition
  WORDS_CONDITION_UNKNOWN,  // rule, condition
  WORDS_DUTY_UNKNOWN,       // condition
  WORDS_FORBIDDEN,          // rule, note
  WORDS_LIMITED,            // rule, note
  WORDS_FORBID_UNKNOWN,     // condition
  WORDS_OWN_EVENT,
  WORDS_NOT_IN_PURPOSE,  // sender, purpose
  WORDS_NO_RULE,         // message, sender, recipient, purpose
  WORDS_SECRECY,         // section, statute, text
  WORDS_NEED,            // paragraph, condition
  WORDS_COUNTS,          // smallest cell, rule
  WORDS_PROTECTED,       // rule
  WORDS_BOARD_OTHER,     // recipient
  WORDS_BOARD_UNKNOWN,
  WORDS_ROLES,         // rule
  WORDS_DATES,         // rule
  WORDS_CONSENT_NEED,  // recipient
  WORDS_URGENT_NEED,   // on-call desk
  WORDS_RELEASE_NEED,  // threshold
  WORDS_ON_CALL,       // where an agency has no desk
  WORDS_ASSESS_NEED,   // where the basis names no threshold
  WORDS_KNOW_NEED,     // condition
  WORDS_FORBID_KNOW,   // rule, condition
  WORDS_CONSENT_MISSING,
  WORDS_REQUEST_NEED,
  WORDS_BOARD_NEED,
  WORDS_BOARD_SEND,
  WORDS_BOARD_MISSING,
  WORDS_PROTECTED_NEED,  // rule
  WORDS_PROTECTED_MISSING,
  WORDS_ONLY_RECIPIENT,     // agency
  WORDS_ELSEWHERE,          // agency, rule
  WORDS_ELSEWHERE_IF,       // agency, rule, condition
  WORDS_ELSEWHERE_HELD,     // agency, rule
  WORDS_ELSEWHERE_HELD_IF,  // agency, rule, condition
  WORDS_ANSWER_AS_SET,
  // Conditions without a sentence around them.
  WORDS_IF_BOARD,
  WORDS_IF_NOT_PROTECTED,
  WORDS_IF_NOT_KNOWN_PROTECTED,
  WORDS_IF_EDITED,
  WORDS_IF_FROM,   // date
  WORDS_IF_UNTIL,  // date
  WORDS_IF_ROLES,  // roles
  WORDS_COUNT,
};

// A format with %s alone.
const char *words_text(enum words words, enum access_language language);
// "personens ålder är under 18", appended. False without memory.
bool words_condition(struct nav_buffer *out, const struct predicate *predicate,
                     enum access_language language);
// "subject.protected: any of the marks, or unknown" names protected persons (I13) and asks for nothing.
bool words_asks_nothing(const struct predicate *predicate);
// The format with its %s replaced by the arguments, appended, as far as there is room.
bool words_fill(struct nav_buffer *out, enum words words, enum access_language language,
                const char *const *arguments, size_t count);
// "identity" as "identitet".
const char *words_class(const char *name, enum access_language language);
// "child" as "barn"; a word that is not known stays as it is.
const char *words_value(const char *value, enum access_language language);
// "24 timmar", "3 dagar", appended.
bool words_duration(struct nav_buffer *out, int64_t ms, enum access_language language);

#endif
