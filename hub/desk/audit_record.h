// One ledger record by its number, with what the auditor's mandate has of it. Called by: audit_show,
// audit_prove. Must never: give out a record of which the mandate has nothing.
#ifndef NAV_DESK_AUDIT_RECORD_H
#define NAV_DESK_AUDIT_RECORD_H

#include "hub/desk/audit_line.h"
#include "hub/desk/request.h"

struct audit_record {
  const uint8_t *bytes;  // as they stand in the ledger
  size_t length;
  bool leaf_agrees;              // the stored leaf is the bytes'
  Nav__V1__Record *record;       // for audit_record_open_reason alone to change
  const Nav__V1__Record *about;  // the record that it is about; NULL: none
  struct definitions definitions;
  struct audit_lines lines;  // those within the mandate
  bool is_whole;             // nothing of it is outside the mandate
};

// In the request's arena. NULL: *err; the ledger has no such record, or the mandate has nothing of it.
struct audit_record *audit_record_read(const struct desk_request *request, uint64_t seq,
                                       struct nav_error *err);
// Its bytes alone, for one whose mandate is all: nothing is decided about them. NULL: *err.
struct audit_record *audit_record_bytes(const struct desk_request *request, uint64_t seq,
                                        struct nav_error *err);
// Opens the reason that the record seals, so that its lines say it too. False: *err.
NAV_MUST_USE bool audit_record_open_reason(const struct desk_request *request, struct audit_record *a,
                                           struct nav_error *err);
// The record of that number; *found NULL where it is not there or cannot be read: verify tells of that. 0:
// none.
NAV_MUST_USE bool audit_record_other(const struct desk_request *request, uint64_t seq,
                                     const Nav__V1__Record **found, struct nav_error *err);

#endif
