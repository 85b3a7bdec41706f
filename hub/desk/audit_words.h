// One ledger record in plain words, Swedish and English: who did what, to whom, about what, when, by which
// rule and legal basis, what was revealed and withheld, the stated reason, what followed, and which
// checkpoint covers it. Pure: what it needs of other records is given in. A kind of record is one row of the
// table in audit_words.c and one function in the file of its family. Called by: audit_show_words,
// audit_extract, tests. Must
// never: tell content, say more than the record and those given in, or what is outside the reader's mandate.
#ifndef NAV_DESK_AUDIT_WORDS_H
#define NAV_DESK_AUDIT_WORDS_H

#include <jansson.h>

#include "hub/access/access.h"
#include "hub/access/explain.h"
#include "hub/conf/agencies.h"
#include "hub/desk/definitions.h"

enum { AUDIT_WORDS_LATER_MAX = 100, AUDIT_WORDS_LISTED_MAX = 20 };  // records, and what one sentence lists

// All of it outlives the call. What is NULL is not known, and the words then give ids alone.
struct audit_words {
  const Nav__V1__Record *record;
  const struct definitions *definitions;
  const struct conf_person *reader;        // whose mandate bounds what is said; NULL: everything is
  const struct conf_agencies *agencies;    // as they are now: titles, assessors
  const struct access_rules *rules;        // as they are now: names of paragraphs
  const struct access_rules *rules_then;   // those that were in force at the record; NULL: cannot be had
  bool law_is_then;                        // law.yaml is what it was when the record was written
  int64_t hold_answer_ms, hold_urgent_ms;  // the installation's
  const Nav__V1__Record *about;            // the record that this one is about
  const Nav__V1__Record *other;            // and a second one, see audit_words_seqs
  const Nav__V1__Record *const *later;     // records about this one, oldest first
  size_t later_count;
  bool later_more;           // there are more than are given
  bool for_person;           // an extract: without what proves the record and how to search on
  uint64_t checkpoint_size;  // of the first checkpoint that covers the record; 0: none yet
  struct nav_arena *arena;
};

// Which records the words of this one need: about, and other (0: none).
void audit_words_seqs(const Nav__V1__Record *record, uint64_t *about, uint64_t *other);
// Whether there is a sentence for that kind of record.
bool audit_words_known(uint16_t kind);
// Sentences in order, as a list of texts; a new reference, NULL only without memory.
json_t *audit_words(const struct audit_words *words, enum access_language language);

#endif
