// law.yaml: the register of legal bases. A lawyer maintains it; rules only cite it.
// Called by: load, explain. Must never: be taken for legal advice; every entry says how it was checked.
#ifndef NAV_ACCESS_LAW_H
#define NAV_ACCESS_LAW_H

#include "hub/base/arena.h"
#include "hub/conf/check.h"
#include "hub/conf/faults.h"

enum { LAW_BASES_MAX = 500, LAW_KINDS_MAX = 16, LAW_CONDITIONS_MAX = 16 };

// Kinds of agency, as agencies.yaml has them; NULL-terminated.
extern const char *const law_agency_kinds[];

enum law_trigger { LAW_ON_OWN_INITIATIVE = 1, LAW_ON_REQUEST = 2, LAW_EITHER = 3 };

// What whoever assesses a case must find to hold, one by one.
struct law_condition {
  const char *id;
  const char *text;  // Swedish
  const char *english;
};

struct law_basis {
  const char *id;
  const char *statute;  // "Offentlighets- och sekretesslagen (2009:400)"
  const char *section;  // "10 kap. 18 a §"
  const char *text;     // Swedish, a paraphrase
  const char *english;
  const char *threshold;  // Swedish; NULL
  const char *threshold_english;
  const char *way_out;  // Swedish: what makes a disclosure lawful where this stands in the way; NULL
  const char *way_out_english;
  const char *verified;  // how the entry was checked
  bool opens;            // a permit may rest on it; else it only stands in the way, or frames the work
  uint32_t from_kinds;   // bit n: law_agency_kinds[n]
  uint32_t to_kinds;
  enum law_trigger trigger;
  bool weighing;  // each single case is assessed: hold, never release
  bool duty;
  bool urgent;
  bool assessed;                // the message must name who assessed the case
  bool consent;                 // a permit must ask for consent
  bool counts;                  // opens for counts alone
  uint16_t reveals;             // the classes it can open at most; bit n: class n of nav.v1.Sensitivity
  int age_below;                // a permit must set this limit or a lower one; 0: none
  const char *const *excludes;  // secrecy that it does not break
  size_t excludes_count;
  const struct law_condition *conditions;
  size_t conditions_count;
  int64_t answer_ms;         // how long a hold may wait before it goes on to the next; 0: the installation's
  int64_t day_from, day_to;  // in force, inclusive; INT64_MIN, INT64_MAX: open
  const struct conf_node *node;
};

struct law {
  struct law_basis *items;
  size_t count;
  const char **ids;  // NULL-terminated, for "did you mean"
};

// False: faults were added; what could be read is there none the less, so that rules can be checked against
// it.
bool law_load(const struct conf_node *root, struct nav_arena *arena, struct law *law,
              struct conf_faults *faults);
const struct law_basis *law_find(const struct law *law, const char *id);
// open, place, home, narrative, contact, identity, health, offence: name n is class n + 1; NULL-terminated.
extern const char *const law_class_names[];
// -1: no such kind.
int law_kind(const char *name);

#endif
