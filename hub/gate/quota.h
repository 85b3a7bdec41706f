// How much each agency may send through the gate, and what it was refused since the last report. One entry an
// agency, so that a flood changes numbers and grows nothing. Called by: gate. Must never: be asked from
// another thread.
#ifndef NAV_GATE_QUOTA_H
#define NAV_GATE_QUOTA_H

#include <stdint.h>

#include "hub/gate/book.h"

enum { QUOTA_CODES = 32 };  // nav.v1.Code's values are below this

struct quota_agency {
  char agency[RELAY_AGENCY_SIZE];
  uint64_t tokens;      // thousandths of a frame
  int64_t filled_ms;    // monotonic
  int64_t answered_ms;  // when a RATE refusal was last answered
  uint32_t sessions;    // live ones; the gate counts
  uint32_t refused[QUOTA_CODES];
};

struct quota {
  uint32_t frames_a_second;
  size_t count;
  struct quota_agency agencies[];  // by id
};

// old: whose counts go on for the agencies that stay; may be NULL. NULL: no memory.
struct quota *quota_new(const struct book *book, uint32_t frames_a_second, const struct quota *old);
void quota_free(struct quota *quota);  // takes NULL
// NULL: no such agency.
struct quota_agency *quota_find(struct quota *quota, const char *agency);
// Takes one frame's token. A second's worth may come at once.
bool quota_take(const struct quota *quota, struct quota_agency *agency, int64_t now_ms);
// A flood is answered once a second, not once a frame.
bool quota_may_answer(struct quota_agency *agency, int64_t now_ms);
void quota_count_refused(struct quota_agency *agency, int code);

#endif
