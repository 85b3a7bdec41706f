// An adapter is a mapping of one source's records to events, plus this engine. The engine finds input
// (watched outbox folder, files, standard input), keeps its place, gives revisions, publishes through
// adapters/sdk and writes what is delivered to the inbox. A mapping is a pure function from bytes to events
// and skips. Called by: each adapter's main.c (nav_adapter_main). Must never: let a mapping touch a socket or
// a clock.
#ifndef NAV_ADAPTERS_ENGINE_ADAPTER_H
#define NAV_ADAPTERS_ENGINE_ADAPTER_H

#include <stdint.h>

#include "hub/base/arena.h"
#include "hub/base/error.h"
#include "nav/v1/event.pb-c.h"

struct nav_mapping_run;

// What a mapping is given of its adapter.yaml: `map:` keys, as text; and the gazetteer of places.
const char *nav_mapping_option(const struct nav_mapping_run *run, const char *key);  // NULL: not set

// The area (its id in the adapter's `places:` table) that a free text names as a whole word, whatever the
// letter case; NULL: none. The table stands in adapter.yaml: places: {bromma: [Bromma, Brommaplan, …]}. The
// longest name wins, of equals the first in the text. A Swedish genitive is the name too ("Vällingbys
// centrum").
const char *nav_mapping_area_in_text(const struct nav_mapping_run *run, const char *text);
// The municipality's SCB code from its name ("Upplands-Bro" → "0139", also "Upplands-bro"); NULL: none. In
// adapters/engine/municipalities.c.
const char *nav_municipality_code(const char *name);
// The county's SCB code from its name ("Stockholms län" → "01"); NULL.
const char *nav_county_code(const char *name);

// The mapping emits one event: it fills everything but id, source and revision, which the engine gives.
// source_id: the record's own id, stable for ever. created_ms: when the source created it (immutable), for
// the id. The same event emitted again with other content gets the next revision. The event may live in run's
// arena until the emit returns.
void nav_mapping_emit(struct nav_mapping_run *run, const char *source_id, int64_t created_ms,
                      const Nav__V1__Event *event);
// One record is left out, and why; place is file:line, record number or path within the file. Counted; the
// rest goes on.
void nav_mapping_skip(struct nav_mapping_run *run, const char *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// Something about a file that a person should know though nothing is left out ("only one type of event: not
// the whole list").
void nav_mapping_note(struct nav_mapping_run *run, const char *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// The id that the engine will give an event of this agency, for in_reply_to. 16 bytes in the arena.
uint8_t *nav_mapping_event_id(struct nav_mapping_run *run, const char *source_id, int64_t created_ms);
// Memory until the record's emit has returned, or after a skip until it is asked for again.
// NAV_MAPPING_ARENA_MAX bytes.
enum { NAV_MAPPING_ARENA_MAX = 64 * 1024 * 1024 };
struct nav_arena *nav_mapping_arena(struct nav_mapping_run *run);
// Milliseconds of "now" for whatever a source leaves out (a year); fixed by --now in tests.
int64_t nav_mapping_now_ms(const struct nav_mapping_run *run);

// What a mapping keeps from file to file, for sources that tell of a withdrawal by leaving an event out of
// their list. One run of bytes in the mapping's own form, NULL and length 0 at first. The engine stores what
// is remembered when the file is done, in one piece or not at all, so that a file that is read again meets
// the memory that it met the first time.
enum { NAV_MAPPING_MEMORY_MAX = 16 * 1024 * 1024 };
const uint8_t *nav_mapping_memory(const struct nav_mapping_run *run, size_t *length);
// Copies. False: past the maximum, or no memory; the memory of before stands.
NAV_MUST_USE bool nav_mapping_remember(struct nav_mapping_run *run, const uint8_t *bytes, size_t length);

struct nav_mapping {
  const char *program;      // "nav-police"
  const char *description;  // for --help
  // Files of the outbox whose names end so are this mapping's; others are left and named. NULL-terminated.
  const char *const *suffixes;
  // Maps one whole file (unpacked if it was .gz). Bad records are skipped, with their place; false only where
  // nothing of the file can be read (then *err names the file's fault and the engine sets the file aside).
  bool (*map)(struct nav_mapping_run *run, const char *file, const uint8_t *bytes, size_t length,
              struct nav_error *err);
};

// The whole program: --home, --config FILE, --once, --dry-run FILE…, -, --now RFC3339, -o text|json, --help,
// --version. Returns the exit code: 0 done, 1 failed, 2 usage, 5 the hub was not reached.
int nav_adapter_main(const struct nav_mapping *mapping, int argc, char **argv);

#endif
