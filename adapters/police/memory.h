// What the mapping remembers of the last whole list: its events of the time that a list spans, and how often
// each has been missing since. Written with a version, so that another form of it is passed over instead of
// misread. Called by: list. Must never: hold more than MEMORY_EVENTS_MAX events.
#ifndef NAV_ADAPTERS_POLICE_MEMORY_H
#define NAV_ADAPTERS_POLICE_MEMORY_H

#include "adapters/engine/adapter.h"
#include "hub/base/buffer.h"

enum { MEMORY_DIGEST_SIZE = 16, MEMORY_EVENTS_MAX = 4000 };

struct memory_event {
  int64_t id;
  int64_t published_ms;
  uint32_t missing;  // lists in a row that lacked it
  size_t offset;     // for the list's own use
  size_t length;     // of the packed nav.v1.Event
};

struct memory_reader {
  const uint8_t *at;
  const uint8_t *end;
  uint32_t count;                      // events not read yet
  uint8_t digest[MEMORY_DIGEST_SIZE];  // of the list remembered
};

struct memory_writer {
  struct nav_buffer buffer;
  uint32_t count;
  bool failed;
};

// Nothing remembered, or in another form: a reader without events.
void memory_open(struct memory_reader *reader, const struct nav_mapping_run *run);
// The next event's bytes; NULL: no more.
const uint8_t *memory_next(struct memory_reader *reader, struct memory_event *event);

void memory_begin(struct memory_writer *writer, const uint8_t digest[MEMORY_DIGEST_SIZE]);
void memory_write(struct memory_writer *writer, const struct memory_event *event, const uint8_t *bytes);
// Gives it to the run. False: it did not fit; what was remembered before stands.
NAV_MUST_USE bool memory_end(struct memory_writer *writer, struct nav_mapping_run *run);

#endif
