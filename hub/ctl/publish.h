// Publishing as an agency, for commands that do it by the way (recall send, hold release of what is sealed).
// Called by: publish, recall, hold. Must never: send with keys that the caller cannot read.
#ifndef NAV_CTL_PUBLISH_H
#define NAV_CTL_PUBLISH_H

#include "hub/ctl/ctl.h"
#include "hub/wire/keys.h"

// Sends the CloudEvents of the list as that agency; receipts (new reference) gets an object an event: event,
// id, status, seq, code, field, reason. CTL_DONE only where every event was accepted or was there already.
enum ctl_exit publish_events(struct ctl *ctl, const char *agency, json_t *events, int64_t wait_ms,
                             json_t **receipts);
// The keys in agencies/AGENCY/keys of the installation. False: said, and *code set.
bool publish_keys(struct ctl *ctl, const char *agency, struct keys_agency *keys, enum ctl_exit *code);

#endif
