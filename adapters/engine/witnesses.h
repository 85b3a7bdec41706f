// witnesses.yaml in the agency's own folder, beside adapter.yaml: which of the other agencies must have
// confirmed the checkpoints that the hub shows here, with their public witness keys as this agency has got
// them from the others themselves.
//   quorum: 1                 0: none must, and what they have confirmed is compared all the same
//   witnesses:
//     - {agency: skolan, key: 64 hexadecimal digits}
// No such file: nothing is demanded. Called by: settings. Must never: take a key from anything that the hub
// sends.
#ifndef NAV_ADAPTERS_ENGINE_WITNESSES_H
#define NAV_ADAPTERS_ENGINE_WITNESSES_H

#include "adapters/sdk/others.h"
#include "hub/conf/faults.h"

// path: the file's; agency: whose folder it is in. False: faults say what is wrong, with file, line, column.
bool witnesses_load(const char *path, const char *agency, struct others *others, struct conf_faults *faults);

#endif
