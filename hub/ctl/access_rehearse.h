// A rehearsal as navctl asks for it and shows it. Called by: access rehearse, access load. Must never: hide
// that something was left out of it.
#ifndef NAV_CTL_ACCESS_REHEARSE_H
#define NAV_CTL_ACCESS_REHEARSE_H

#include "hub/ctl/ctl.h"

// Asks nav-desk. files: [{"name","text"}] of a draft (taken over); NULL: the installation's own folder.
// since: "30d"; until may be NULL. NULL: said, and *code set; faults of the rules are printed with their
// lines, as in folder.
json_t *rehearsal_ask(struct ctl *ctl, json_t *files, const char *folder, const char *since,
                      const char *until, enum ctl_exit *code);
// The table of it. False: it could not be printed.
NAV_MUST_USE bool rehearsal_print(enum ctl_format format, const json_t *rehearsal);

#endif
