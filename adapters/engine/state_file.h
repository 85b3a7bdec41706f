// The file of state.h on disk: a header, then records of 48 bytes: kind, revision, id, digest, and a check
// over them. Called by: state. Must never: change a record that stands.
#ifndef NAV_ADAPTERS_ENGINE_STATE_FILE_H
#define NAV_ADAPTERS_ENGINE_STATE_FILE_H

#include <stdint.h>

#include "adapters/engine/content.h"
#include "hub/base/error.h"
#include "hub/base/id.h"

enum state_record_kind { STATE_RECORD_KEPT = 1, STATE_RECORD_REJECTED = 2 };

struct state_record {
  enum state_record_kind kind;
  uint32_t revision;
  uint8_t id[NAV_EVENT_ID_SIZE];
  uint8_t digest[CONTENT_DIGEST_SIZE];
};

struct state_file;

typedef bool state_load_fn(void *context, const struct state_record *record, struct nav_error *err);
typedef bool state_store_fn(void *context, struct state_file *file, struct nav_error *err);

// Makes the folder (0700) and the file where there is none, locks it, and gives every record to load. What is
// no whole, true record is left out and counted in *dropped; a torn end is cut off.
struct state_file *state_file_open(const char *folder, state_load_fn *load, void *context, uint64_t *dropped,
                                   struct nav_error *err);
void state_file_close(struct state_file *file);  // takes NULL
NAV_MUST_USE bool state_file_append(struct state_file *file, const struct state_record *record,
                                    struct nav_error *err);
NAV_MUST_USE bool state_file_sync(struct state_file *file, struct nav_error *err);
uint64_t state_file_records(const struct state_file *file);
// Writes a new file with what store appends, and puts it in the place of the old one in one step.
NAV_MUST_USE bool state_file_rewrite(struct state_file *file, state_store_fn *store, void *context,
                                     struct nav_error *err);

#endif
