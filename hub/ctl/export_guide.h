// The text that goes with every export of the ledger. Called by: export_write. Must never: promise more than
// the files beside it can show.
#ifndef NAV_CTL_EXPORT_GUIDE_H
#define NAV_CTL_EXPORT_GUIDE_H

extern const char export_guide[];

#endif
