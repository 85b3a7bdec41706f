// Which CURVE key belongs to which agency. A book is never changed: a reload makes a new one.
// Called by: zap (every handshake, in its own thread), gate (new sessions, reload). Must never: change once
// made.
#ifndef NAV_GATE_BOOK_H
#define NAV_GATE_BOOK_H

#include <stdint.h>

#include "hub/base/error.h"
#include "hub/conf/agencies.h"
#include "hub/wire/relay.h"

struct book_entry {
  uint8_t key[32];
  char agency[RELAY_AGENCY_SIZE];
};

struct book {
  size_t count;
  struct book_entry entries[];  // by key
};

// Agencies without keys are left out. NULL: *err names what cannot be.
struct book *book_new(const struct conf_agencies *agencies, struct nav_error *err);
void book_free(struct book *book);  // takes NULL
// The agency's id; NULL: the key is nobody's.
const char *book_agency(const struct book *book, const uint8_t key[32]);

#endif
