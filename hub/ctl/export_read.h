// An export of the ledger (export_write.h) as a source of hub/ledger/verify: one pass, a record at a time;
// the notes are kept, and of the texts of rules their hashes. Called by: audit_offline, tests. Must never:
// trust the archive: every length and count has a limit.
#ifndef NAV_CTL_EXPORT_READ_H
#define NAV_CTL_EXPORT_READ_H

#include "hub/ledger/verify.h"

struct export_read;

// Reads up to the records. NULL: *err; it is no export.
struct export_read *export_read_open(const char *path, struct nav_error *err);
void export_read_close(struct export_read *r);  // takes NULL
// The hub by the first note's origin, which its signature covers; "" where there is none.
const char *export_read_hub(const struct export_read *r);
// A source for verify_run, with records_only. Valid as long as r.
struct verify_source export_read_source(struct export_read *r);
// After the records: whether each file is the one that the manifest names, and each text of rules one that a
// record names. Says what is not through fault.
void export_read_check_files(struct export_read *r, verify_fault *fault, void *fault_context);

#endif
