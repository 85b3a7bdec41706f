// Finds the records (objects) of a JSON text without reading it as one tree, so that a bad record costs
// itself alone and a text that is cut off still gives what came before the cut. Called by: mappings. Must
// never: hold more than one record's tree, or look into a record.
#ifndef NAV_ADAPTERS_ENGINE_RECORDS_H
#define NAV_ADAPTERS_ENGINE_RECORDS_H

#include <jansson.h>

#include "adapters/engine/adapter.h"

enum { RECORDS_DEPTH_MAX = 64, RECORDS_WRAPPERS_MAX = 8 };

// One record as it stands in the file. place: "polisen.json: record 12 at byte 4711", from 1.
struct record_slice {
  const char *file;
  size_t index;   // from 1
  size_t offset;  // of its first byte
  const uint8_t *bytes;
  size_t length;
  char place[192];
};

typedef void records_fn(void *context, const struct record_slice *slice);

struct records_result {
  size_t count;  // slices given
  bool is_list;  // the outermost value is one array, and it ends where the text does
  bool whole;    // nothing was wrong with the text around the records
  size_t fault_offset;
  const char *fault;  // where not whole: what stands at fault_offset
};

// Gives every object of an array, of arrays in arrays, of objects one after the other (JSON lines), and of
// the values of `wrappers` (NULL-terminated, may be NULL): {"requests":[{"request":[{…},{…}]}]} with
// {"requests","request"} gives the innermost. A byte order mark is passed over.
struct records_result records_walk(const char *file, const uint8_t *bytes, size_t length,
                                   const char *const *wrappers, records_fn *record, void *context);
// Gives every line that is not blank as a record; offset and index are the line's.
struct records_result records_lines(const char *file, const uint8_t *bytes, size_t length, records_fn *record,
                                    void *context);

// The record's tree, a new reference: UTF-8, or Windows-1252 where it is not (*converted is set; may be
// NULL). NULL: skipped, with the place and jansson's reason but nothing of the content. Duplicate keys, other
// values than an object and more than one are refused.
json_t *records_parse(struct nav_mapping_run *run, const struct record_slice *slice, bool *converted);

// A member that is a non-empty text once blanks at the ends are gone; NULL: absent, null, empty or no text.
// In the arena, blanks taken off. no-break blanks count as blanks; runs of them become one.
char *records_text(struct nav_mapping_run *run, const json_t *object, const char *key);
// The same for identifiers that some write as numbers and some as texts: an integer's digits, or the text.
char *records_identifier(struct nav_mapping_run *run, const json_t *object, const char *key);
// A number, or a text that is one, with decimal point or comma. False: absent, empty or none.
bool records_number(const json_t *object, const char *key, double *number);

#endif
