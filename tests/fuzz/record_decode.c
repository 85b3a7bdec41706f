// Any bytes as a ledger record: refused with a place, or a record whose columns, JSON and encoding hold.
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/ledger/record.h"
#include "hub/wire/json.h"

enum { ARENA_BYTES_MAX = 64 * 1024 * 1024 };

static void look_at(const Nav__V1__Record *record) {
  struct record_columns columns;
  record_columns_of(record, &columns);
  NAV_ASSERT(columns.seq == record->seq && columns.kind == (uint16_t)record->record_case);
  NAV_ASSERT(record_kind_name(columns.kind)[0] != '\0');
  json_t *json = wire_json_from_message(&record->base);
  NAV_ASSERT(json != NULL);
  json_decref(json);
  struct nav_buffer bytes;
  nav_buffer_init(&bytes, 4 * RECORD_SIZE_MAX);
  (void)record_encode(record, &bytes);  // at most RECORD_SIZE_MAX, and nothing breaks
  nav_buffer_free(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct nav_arena *arena = nav_arena_new(ARENA_BYTES_MAX);
  struct nav_error err = {0};
  if (arena == NULL) return 0;
  const Nav__V1__Record *record = record_decode(arena, data, size, &err);
  if (record != NULL) {
    look_at(record);
  } else {
    NAV_ASSERT(err.class != NAV_ERROR_NONE && err.text[0] != '\0');
  }
  nav_arena_free(arena);
  return 0;
}
