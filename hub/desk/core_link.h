// What the desk asks of nav-core: to record a reading, and for the keys of just the events read; and what
// those events' persons have consented to; whose a case is that waits, and what its release would tell. No
// record, no reading. Called by: reader, consents, assess, audit commands. Must never: go on where the record
// was not committed.
#ifndef NAV_DESK_CORE_LINK_H
#define NAV_DESK_CORE_LINK_H

#include <jansson.h>
#include <stdint.h>

#include "hub/base/error.h"
#include "hub/conf/nav.h"
#include "nav/v1/event.pb-c.h"

// message: Read, BriefingCompiled or AuditRead; kind: its name in nav.v1.Record ("audit_read"). contents:
// [[seq, class, day], …] whose keys are wanted (taken over), or NULL; then *keys gets a list of 64
// hexadecimal digits each, in the same order (new reference). False: *err, class RETRY where nav-core cannot
// be reached.
NAV_MUST_USE bool core_link_record(const struct conf_nav *nav, const char *kind, const void *message,
                                   json_t *contents, uint64_t *seq, json_t **keys, struct nav_error *err);

// Records an AuditRead about the person with this number: nav-core writes the person's token into it, before
// read->query, and the token (16 bytes), which nav-desk has no key for, is what is given back.
enum { CORE_LINK_TOKEN_SIZE = 16 };
NAV_MUST_USE bool core_link_person(const struct conf_nav *nav, const void *audit_read, const char *number,
                                   uint64_t *seq, uint8_t token[CORE_LINK_TOKEN_SIZE], struct nav_error *err);

// asked: [[source, personal number, recipient, purpose, message], …], CORE_LINK_CONSENTS_MAX at most (taken
// over). *answers gets 1, 0 or -1 (not known) for each (new reference). False: *err.
enum { CORE_LINK_CONSENTS_MAX = 5000 };
NAV_MUST_USE bool core_link_consents(const struct conf_nav *nav, json_t *asked, json_t **answers,
                                     struct nav_error *err);

// Keys of the reasons in records: asked: [[seq, class, day], …] (taken over), CORE_LINK_REASONS_MAX at most;
// under: the AuditRead that asks. *keys gets 64 hexadecimal digits or null for each, in that order (new
// reference). False: *err.
enum { CORE_LINK_REASONS_MAX = 5000 };
NAV_MUST_USE bool core_link_reason_keys(const struct conf_nav *nav, uint64_t under, json_t *asked,
                                        json_t **keys, struct nav_error *err);

// Whose case waits under that number, if this person (an id) may know of it. agency: of fewer than
// CORE_LINK_AGENCY_SIZE bytes. False: *err, NOT_FOUND where none.
enum { CORE_LINK_AGENCY_SIZE = 80 };
struct core_link_owner {
  char agency[CORE_LINK_AGENCY_SIZE];
  bool is_event;  // and neither sealed nor a request
};
NAV_MUST_USE bool core_link_owner(const struct conf_nav *nav, uint64_t seq, int64_t lane, const char *person,
                                  struct core_link_owner *out, struct nav_error *err);

// What a release of such a case would tell at this moment, by nav-core's own decision, and why: event is what
// was read of it, reveal and subjects what the assessor chooses (lists as in hold-decide; NULL: all). False:
// *err.
struct core_link_case {
  uint64_t seq;
  int64_t lane;
  const Nav__V1__Event *event;
  const json_t *reveal, *subjects;
  bool english;
};
struct core_link_preview {
  bool leaves;  // false: nothing would
  uint16_t reveal;
  uint64_t subjects;
  bool narrative_edited;
  json_t *explain;  // as access_explain gives it (a new reference)
};
NAV_MUST_USE bool core_link_preview(const struct conf_nav *nav, const struct core_link_case *asked,
                                    struct core_link_preview *out, struct nav_error *err);

#endif
