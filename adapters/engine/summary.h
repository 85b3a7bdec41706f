// What a run of an adapter has done, counted, and how it is told.
// Called by: dry, loop, post, inbox, main. Must never: count an event twice.
#ifndef NAV_ADAPTERS_ENGINE_SUMMARY_H
#define NAV_ADAPTERS_ENGINE_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

struct summary {
  uint64_t sent;  // events given a revision and handed to the hub
  uint64_t accepted;
  uint64_t duplicate;  // the hub had them already
  uint64_t rejected;
  uint64_t skipped;    // records that made no event
  uint64_t unchanged;  // records whose event the hub already has with that content
  uint64_t received;   // deliveries written to the inbox
  uint64_t files;      // done
  // Decided here, before anything left (edge.h).
  uint64_t stayed_home;  // events that no lane could be given
  uint64_t sealed;       // that wait for an assessor, and that the hub cannot read
  uint64_t stripped;     // of which a part stayed home
  uint64_t failed;       // files that could not be read at all
};

// "sent N, accepted N, …" on standard error; with json also an object on standard output.
void summary_print(const struct summary *summary, bool json);

#endif
