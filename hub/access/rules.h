// The compiled rules: what load.c builds, decide.c runs, explain.c and check.c tell about. Immutable once
// built. Called by: access alone. Must never: be changed after access_rules_load has returned.
#ifndef NAV_ACCESS_RULES_H
#define NAV_ACCESS_RULES_H

#include "hub/access/access.h"
#include "hub/access/law.h"
#include "hub/access/schema.h"
#include "hub/conf/tree.h"

enum {
  RULES_MAX = 4096,
  RULES_FORBIDS_MAX = 64,     // that can match one event
  RULES_PREDICATES_MAX = 32,  // of one rule
  RULES_VALUES_MAX = 256,     // of one predicate
  RULES_FILES_MAX = 1200,
  RULES_LANES_MAX = 1 << 16,
  RULES_MEMORY_MAX = 256 * 1024 * 1024,
  RULES_ALL_CLASSES = 0x1FE,
  RULES_COMMON = 0xFF,                          // purpose of common.yaml's rules
  RULES_ROLE_LAST = NAV__V1__ROLE__ROLE_OTHER,  // a higher one is of a schema that is newer than this program
};

// "Not known" lies between the others, so that "and" is the least and "or" the greatest.
enum truth { IS_FALSE = 0, IS_UNKNOWN = 1, IS_TRUE = 2 };

enum predicate_scope { SCOPE_EVENT, SCOPE_PLACE, SCOPE_MARKS, SCOPE_BODY, SCOPE_SUBJECT, SCOPE_RECIPIENT };

enum predicate_fact {
  FACT_FIELD,      // a field of the scope's message
  FACT_AREA,       // place.area, or the area of the position
  FACT_AGE,        // of a subject, whole years
  FACT_PROTECTED,  // of a subject
  FACT_CONSENT,    // of a subject, to this recipient
  FACT_ID,         // the recipient's, and so on
  FACT_KIND,
  FACT_FORM,
  FACT_GROUPS,
  FACT_AREAS,
  FACT_ADDRESSED,  // the event names this recipient
  FACT_REQUEST,    // the event answers a Request of this recipient
};

enum predicate_op {
  OP_IN,  // is, in
  OP_BELOW,
  OP_AT_LEAST,
  OP_WITHIN,    // an area, or a time back from now
  OP_OVERLAPS,  // with a list, or with the recipient's areas
  OP_PRESENT,
  OP_CONSENT,
};

enum predicate_value { VALUE_TEXT, VALUE_INTEGER, VALUE_REAL };

struct predicate {
  enum predicate_scope scope;
  enum predicate_fact fact;
  enum predicate_op op;
  enum predicate_value value;
  bool is_volatile;      // consent, age, a date or a request
  bool by_lane;          // differs from recipient to recipient in a way only the event tells
  bool is_static;        // of the recipient alone: decided when the rules are compiled
  bool recipient_areas;  // OP_OVERLAPS with the recipient's areas
  bool wanted;           // OP_PRESENT, OP_CONSENT
  const ProtobufCFieldDescriptor *field;
  const ProtobufCFieldDescriptor **by_body;  // SCOPE_BODY: by the body's index
  const char **texts;                        // sorted; OP_WITHIN: every area within
  int64_t *integers;                         // sorted
  double real;
  size_t count;
  const char *name;   // "subject.age", as written
  const char *shown;  // "below 18"
  int line, column;
};

enum rule_action { RULE_PERMIT, RULE_FORBID, RULE_AGGREGATE };

struct rule {
  struct access_rule_info info;
  uint16_t index;
  enum rule_action action;
  uint8_t outcome;                // nav.v1.Outcome; of a forbid: WITHHOLD, or HOLD (a limit)
  uint8_t purpose;                // or RULES_COMMON
  const struct law_basis *basis;  // NULL: a forbid without one
  uint64_t bodies;                // bit n: body index n
  uint8_t *senders;               // bit n: agency n
  uint8_t *recipients;            // the same
  uint8_t *social_alone;          // recipients reached by `to: social` alone
  uint32_t from_kinds, to_kinds;  // named by kind
  uint32_t *lanes;                // sorted
  size_t lanes_count;
  uint8_t *lane_bits;
  uint8_t
      *board_bits;  // lanes reached by `to: social` alone: the addressee, or the board of the subject's area
  bool has_roles;
  bool no_subjects;              // `roles: none`: all are asked about, none is kept
  uint16_t roles;                // bit n: nav.v1.Role n
  struct predicate *predicates;  // event's first, then subjects', then lanes', then static ones
  size_t event_count, subject_count, lane_count, static_count;
  bool uses_subjects;
  bool lane_subjects;  // a lane's predicate is about subjects
  bool names_protected;
  bool is_volatile;
  bool is_unconditional;
  uint16_t reveal;
  int64_t day_from, day_to;  // both inclusive; INT64_MIN, INT64_MAX: open
  uint16_t *except;          // indices of permits
  size_t except_count;
  uint32_t smallest_cell;
  const char *note;          // for people, Swedish; NULL
  const char *note_english;  // NULL
  const struct conf_node *node;
  const struct conf_node *selectors;  // of permit, forbid or aggregate
};

struct purpose {
  const char *id;
  const char *title;
  uint8_t *members;              // bit n: agency n
  const struct conf_node *node;  // NULL: only agencies.yaml names it
};

struct lane {
  struct access_lane info;
  uint32_t agency;
  uint8_t purpose;
};

struct agency_facts {
  const struct conf_agency *agency;
  uint64_t purposes;   // bit n: purpose n
  const char **areas;  // sorted: its areas and all that lie within them
  size_t areas_count;
  uint32_t lane_first, lane_count;
};

// What can matter for one sender's message of one kind: rule indices in file order, forbids before permits.
struct program {
  uint32_t first;
  uint16_t forbids;
  uint16_t permits;
  uint16_t forbids_all;  // as forbids; where the permits begin while the rules are put in place
};

struct rules_file {
  const char *name;
  uint8_t sha256[32];
  const char *text;  // as read
  size_t length;
};

struct access_rules {
  struct nav_arena *arena;
  const struct conf_agencies *agencies;
  struct nav_areas *areas;
  struct law law;
  const char **area_ids;  // sorted
  size_t area_ids_count;
  struct agency_facts *agency_facts;  // as agencies->agencies
  uint32_t *agencies_by_id;           // indices, sorted by id
  struct purpose purposes[CONF_PURPOSES_MAX];
  size_t purposes_count;
  struct lane *lanes;
  size_t lanes_count;
  struct rule *rules;
  size_t rules_count;
  struct program *programs;  // [agency][body]
  uint16_t *program_rules;
  struct rules_file *files;
  size_t files_count;
  uint8_t hash[32];
};

// -1: no such agency.
int rules_agency_index(const struct access_rules *rules, const char *id);
bool rules_text_in(const char *const *sorted, size_t count, const char *text);

static inline bool bit_of(const uint8_t *bits, size_t index) {
  return ((unsigned)bits[index / 8] >> (index % 8) & 1U) != 0;
}
static inline void bit_set(uint8_t *bits, size_t index) {
  bits[index / 8] = (uint8_t)(bits[index / 8] | 1U << (index % 8));
}

#endif
