// The access rules: loading them, and the one decision that nav-core, nav-desk, navctl and tests all make.
// Release, hold for a named person's assessment, or withhold; and what may be seen. Default: withhold.
// access_decide and access_redact are pure. A loaded set is immutable: build, check, swap.
#ifndef NAV_ACCESS_ACCESS_H
#define NAV_ACCESS_ACCESS_H

#include "hub/access/areas.h"
#include "hub/base/arena.h"
#include "hub/base/error.h"
#include "hub/conf/agencies.h"
#include "hub/conf/faults.h"
#include "nav/v1/event.pb-c.h"
#include "nav/v1/ledger.pb-c.h"

struct access_rules;

// Of the files that decide: each, and all together. The ledger keeps them (nav.rules_text).
enum { ACCESS_FILE_BYTES_MAX = 256 * 1024, ACCESS_TEXTS_BYTES_MAX = 16 * 1024 * 1024 };

// Loads law.yaml, access/*.yaml and areas of the configuration folder. agencies must outlive the rules. NULL:
// the faults say all that is wrong; nothing is half loaded.
struct access_rules *access_rules_load(const char *config_folder, const struct conf_agencies *agencies,
                                       struct conf_faults *faults);
// The same of files in memory, which the caller may free afterwards.
struct access_rules *access_rules_load_texts(const struct conf_texts *texts,
                                             const struct conf_agencies *agencies,
                                             struct conf_faults *faults);
void access_rules_free(struct access_rules *rules);  // takes NULL

// SHA-256 over the names and hashes of all files that decide, in order.
const uint8_t *access_rules_hash(const struct access_rules *rules);
// Bytes that the compiled set holds, with the texts of its files; areas' shapes are not counted.
size_t access_rules_memory(const struct access_rules *rules);
size_t access_rules_file_count(const struct access_rules *rules);
const char *access_rules_file(const struct access_rules *rules, size_t index, uint8_t sha256[32]);
// The file's very bytes, as read, hashed and compiled, for clients that decide too. NULL: agencies.yaml,
// which names persons and is never passed on as it is.
const char *access_rules_text(const struct access_rules *rules, size_t index, size_t *length);
// The same of any file, agencies.yaml too: for the ledger, which keeps what it hashes, and for nobody else.
const char *access_rules_kept_text(const struct access_rules *rules, size_t index, size_t *length);
const struct nav_areas *access_rules_areas(const struct access_rules *rules);
const struct conf_agencies *access_rules_agencies(const struct access_rules *rules);

// A lane is recipient × purpose: every agency of every purpose it takes part in.
struct access_lane {
  const char *agency;
  const char *purpose;
};
size_t access_lane_count(const struct access_rules *rules);
const struct access_lane *access_lane(const struct access_rules *rules, size_t index);

enum { ACCESS_NO_RULE = 0xFFFF, ACCESS_SUBJECTS_MAX = 64 };

struct access_rule_info {
  const char *id;
  const char *basis;  // id in law.yaml
  const char *purpose;
  const char *const *obligations;  // "retain 90d", "receipt", "no-onward"
  size_t obligations_count;
  // A duty or a request is behind it: a hold must be answered by somebody and never lapses.
  bool is_duty;
  bool on_request;
  bool is_aggregate;     // counts alone: no decision names it
  bool is_limit;         // a forbid that makes a hold of a release, and stops nothing
  int64_t answer_ms;     // how long a hold may wait before it goes on to the next; 0: the installation's
  uint32_t retain_days;  // how long the recipient's lane may have what the rule released; 0: as the content
  bool wants_receipt;
  bool no_onward;
};
const struct access_rule_info *access_rule(const struct access_rules *rules, uint16_t index);
size_t access_rule_count(const struct access_rules *rules);
const struct access_rule_info *access_rule_named(const struct access_rules *rules,
                                                 const char *id);  // NULL: none
// The entry of law.yaml (hub/access/law.h); NULL: none.
struct law_basis;
const struct law_basis *access_basis(const struct access_rules *rules, const char *id);
// What whoever assesses must find to hold: the conditions of the basis, and those of the limit's (a rule's
// id; NULL: none). Gives how many.
enum { ACCESS_CONDITIONS_MAX = 32 };
struct law_condition;
size_t access_conditions(const struct access_rules *rules, const char *basis, const char *limit,
                         const struct law_condition *list[ACCESS_CONDITIONS_MAX]);

// Whether the person of a subject has consented; tells -1 not known, 0 no, 1 yes.
typedef int access_consent(void *context, const Nav__V1__Subject *subject, const char *recipient,
                           const char *purpose, const char *message);

// Whether the event answers (in_reply_to) a Request that this recipient has sent to the event's source, about
// the same persons where the Request names any; tells -1 not known, 0 no, 1 yes.
typedef int access_request(void *context, const Nav__V1__Event *event, const char *recipient);

struct access_question {
  const Nav__V1__Event *event;  // its source must be an agency of the rules
  int64_t now_ms;
  access_consent *consent;  // NULL: nothing is known of consent
  void *consent_context;
  access_request *request;  // NULL: nothing is known of requests
  void *request_context;
  // The event answers one that its source was given with no-onward: this agency, who sent that, is the only
  // one who may have it. NULL: anybody that the rules let.
  const char *only_recipient;
  // What could the hub decide, which knows of consent and requests? For the edge, where neither is known: a
  // permit takes them as given, a forbid as not.
  bool could_be;
};

struct access_decision {
  uint8_t outcome;        // nav.v1.Outcome: WITHHOLD, HOLD or RELEASE
  bool is_volatile;       // consent, age, a date or a request decided it
  bool narrative_edited;  // the free text was edited for this recipient
  bool urgent;         // a hold for the on-call desk, if nobody else answers: the mark, the basis, or a duty
                       // that rests on something unknown
  uint16_t rule;       // released; or held where nothing released; or forbade; ACCESS_NO_RULE: the default
  uint16_t hold_rule;  // where a hold matches beside a release; ACCESS_NO_RULE
  uint16_t limit;      // the limit that made a hold of what the rule would release; ACCESS_NO_RULE
  uint16_t reveal;     // bit n: class n of nav.v1.Sensitivity (OPEN always)
  uint16_t hold_reveal;
  uint64_t subjects;       // bit n: subject n is kept
  uint64_t hold_subjects;  // of the hold beside a release
};

// Decides for every lane at once; decisions has access_lane_count elements. A lane of the sender itself is
// WITHHOLD without a rule: nobody is sent their own event.
void access_decide(const struct access_rules *rules, const struct access_question *question,
                   struct access_decision *decisions);
// The same for one lane.
struct access_decision access_decide_lane(const struct access_rules *rules,
                                          const struct access_question *question, size_t lane);

// Where a recipient may have counts, though not the records: by an `aggregate` permit that binds the lane,
// and no unconditional forbid. body: the message's field number in nav.v1.Event. A sender may always count
// its own.
struct access_aggregate {
  uint16_t rule;
  uint32_t smallest_cell;  // below it: "1-4"
};
bool access_aggregate_allowed(const struct access_rules *rules, const char *source, uint32_t body,
                              size_t lane, int64_t now_ms, struct access_aggregate *out);

// The paths left out or generalised, with memory in the arena.
struct access_paths {
  const char **items;
  size_t count;
};

struct access_redaction {
  uint16_t reveal;
  uint64_t subjects;
  bool narrative_edited;
  const char *recipient;  // for pseudonyms: stable per recipient and purpose
  const char *purpose;
  const uint8_t *pseudonym_key;   // 32 bytes
  const struct nav_areas *areas;  // to turn a position into an area; may be NULL
  int64_t now_ms;                 // to turn a birth date into an age band
};

// A copy of the event that holds what may be seen and nothing else; unknown fields are gone at every level.
// Text and bytes point into the original. In the arena; NULL only without memory.
Nav__V1__Event *access_redact(const struct access_redaction *redaction, const Nav__V1__Event *event,
                              struct nav_arena *arena, struct access_paths *withheld);
// Whole years by birth date or personal number; false: not known, or the two contradict each other.
bool access_subject_age(const Nav__V1__Subject *subject, int64_t now_ms, int *years);
// True where the copy differs from recipient to recipient (it holds a pseudonym), so that it cannot be
// shared.
bool access_redaction_is_personal(const struct access_redaction *redaction, const Nav__V1__Event *event);

#endif
