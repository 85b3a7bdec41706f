// Input that crashed the hub once does not crash it twice: before a publication is looked at its digest is
// noted in a small mapped file; the handler of a fatal signal marks it as the culprit, and the next start
// puts it among the refused. A kill from outside (kill -9, a power cut) runs no handler and accuses nobody.
// Called by: intake, start. Must never: need a system call for a note.
#ifndef NAV_CORE_QUARANTINE_H
#define NAV_CORE_QUARANTINE_H

#include "hub/base/error.h"
#include "hub/wire/sha256.h"

enum { QUARANTINE_MAX = 1024 };

struct quarantine;

// folder: nav.yaml's state folder. *found: the last run crashed over a publication; it is quarantined now,
// and copied to digest.
struct quarantine *quarantine_open(const char *folder, bool *found, uint8_t digest[NAV_SHA256_SIZE],
                                   struct nav_error *err);
void quarantine_close(struct quarantine *quarantine);  // takes NULL
void quarantine_note(struct quarantine *quarantine, const uint8_t digest[NAV_SHA256_SIZE]);
void quarantine_clear(struct quarantine *quarantine);
bool quarantine_has(const struct quarantine *quarantine, const uint8_t digest[NAV_SHA256_SIZE]);

#endif
