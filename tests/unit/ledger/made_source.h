// The rows of a made ledger as `audit verify` takes them. Called by: tests/unit/ledger. Must never: copy a
// row.
#ifndef NAV_TESTS_LEDGER_MADE_SOURCE_H
#define NAV_TESTS_LEDGER_MADE_SOURCE_H

#include "tests/unit/ledger/made.h"

struct made_reading {
  struct made *made;
  const struct made *whole;  // where records are read again; NULL: made
  size_t ledger, content, checkpoint, person, mention, subtree, cosignature,
      rules_text;  // the next row of each
};

// reading outlives the source.
struct verify_source made_source(struct made_reading *reading);

#endif
