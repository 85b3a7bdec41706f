// Writes an export of the ledger: a POSIX tar, so that anybody's tools open it, in this order:
//   GUIDE.md              what it is and how to check it
//   manifest.json         log id, hub, sizes, root, sha256 of each file
//   checkpoints/SIZE.txt  the signed notes (C2SP signed-note, tlog-checkpoint), by size
//   rules/SHA256.yaml     the kept texts of rules, by record and hash
//   records.bin           each record: seq 8 bytes, length 4 bytes (both big-endian), the record's bytes
// The records come last so that a reader has every note and text before the first record. Called by:
// audit_export. Must never: hold content; replace a file that is there.
#ifndef NAV_CTL_EXPORT_WRITE_H
#define NAV_CTL_EXPORT_WRITE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/base/error.h"

struct export_write;

// The records are gathered in a file of no name beside path. NULL: *err.
struct export_write *export_write_new(const char *path, struct nav_error *err);
// Framed records as records.bin has them, whole ones only.
NAV_MUST_USE bool export_write_records(struct export_write *w, const uint8_t *bytes, size_t length,
                                       struct nav_error *err);
NAV_MUST_USE bool export_write_note(struct export_write *w, uint64_t size, const char *note,
                                    struct nav_error *err);
// A kept text; length of at most ACCESS_FILE_BYTES_MAX. sha256: its file's name, in hex.
NAV_MUST_USE bool export_write_rules(struct export_write *w, const char *sha256, const uint8_t *text,
                                     size_t length, struct nav_error *err);
// Writes the archive. keys: the hub's checkpoint key in hex, or NULL; a convenience, never to be trusted.
NAV_MUST_USE bool export_write_finish(struct export_write *w, const char *hub, const char *log_id,
                                      const char *key, struct nav_error *err);
uint64_t export_write_count(const struct export_write *w);
void export_write_free(struct export_write *w);  // takes NULL; what is not finished leaves no file

#endif
