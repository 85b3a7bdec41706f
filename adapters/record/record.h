// What the mappings of schools, social services and housing companies share: one record on its way to an
// event, its texts, its person and its place. Pure: everything lives in the run's arena until the record is
// emitted or skipped. Called by: adapters/school, adapters/social, adapters/housing. Must never: print a
// record's content in a reason.
#ifndef NAV_ADAPTERS_RECORD_RECORD_H
#define NAV_ADAPTERS_RECORD_RECORD_H

#include "adapters/engine/adapter.h"

enum {
  RECORD_TEXT_MAX = 16 * 1024 - 16,  // bytes of one text; the hub takes 16 KiB
  RECORD_PLACE_SIZE = 256,
  RECORD_ID_MAX = 128,  // bytes of a source's own id
};

// One record. `full` is set by whatever found no room; record_emit then skips instead of sending half.
struct record {
  struct nav_mapping_run *run;
  struct nav_arena *arena;
  char place[RECORD_PLACE_SIZE];  // "absences.json: data[12]"
  bool full;
};

void record_begin(struct record *record, struct nav_mapping_run *run, const char *place_format, ...)
    __attribute__((format(printf, 3, 4)));
// Leaves the record out; returns false, so that a refusal is one line.
bool record_skip(struct record *record, const char *format, ...) __attribute__((format(printf, 2, 3)));
// False: it did not fit, and was skipped.
bool record_emit(struct record *record, const char *source_id, int64_t created_ms,
                 const Nav__V1__Event *event);

// Zeroed memory; NULL sets full.
void *record_new(struct record *record, size_t size);
// Text without blanks at either end; NULL where text is NULL or nothing is left. What is longer than
// RECORD_TEXT_MAX is cut between characters and ends with " […]".
char *record_text(struct record *record, const char *text);
char *record_printf(struct record *record, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The next part of an option such as "a; b; c", without blanks around it ("" where it is empty); NULL: no
// more.
char *record_next_part(struct record *record, const char **rest, char separator);
// The option whose key is the format's result; NULL: not set, or empty.
const char *record_option(struct record *record, const char *key_format, ...)
    __attribute__((format(printf, 2, 3)));

// An event with its times set and no body.
Nav__V1__Event *record_event(struct record *record, int64_t time_ms);
void record_recorded(Nav__V1__Event *event, int64_t recorded_ms);
// Makes `subject` the event's one subject. NULL subject: nothing.
void record_one_subject(struct record *record, Nav__V1__Event *event, Nav__V1__Subject *subject);

Nav__V1__Subject *record_subject(struct record *record, Nav__V1__Role role);
// Personal number and, where it has one, birth date. False: the text is no real number of any kind.
bool record_subject_number(struct record *record, Nav__V1__Subject *subject, const char *text);
// Ingen | Sekretessmarkering | Skyddad folkbokföring, whatever the letter case. Anything else is not known,
// which the hub treats as protected.
Nav__V1__Protection record_protection(const char *text);
void record_subject_protection(Nav__V1__Subject *subject, const char *text);

// A place from an option "area; municipality; latitude, longitude; address; property"; later parts may be
// absent or empty. NULL after a skip that names the option: it is not of that form.
Nav__V1__Place *record_place(struct record *record, const char *option, const char *option_name);

#endif
