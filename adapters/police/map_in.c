// See map_in.h.
#include "adapters/police/map_in.h"

#include <string.h>

#include "adapters/engine/records.h"
#include "adapters/police/list.h"
#include "adapters/police/record.h"

struct mapping {
  struct nav_mapping_run *run;
  struct police_list *list;  // NULL: the file is an archive, not an answer
};

static void map_record(void *context, const struct record_slice *slice) {
  struct mapping *mapping = context;
  struct police_record record;
  json_t *json = records_parse(mapping->run, slice, NULL);
  if (json != NULL && police_record_read(mapping->run, slice, json, &record)) {
    if (mapping->list != NULL) police_list_add(mapping->list, &record);
    nav_mapping_emit(mapping->run, record.source_id, record.published_ms, record.event);
  } else if (mapping->list != NULL) {
    police_list_add_unread(mapping->list);
  }
  json_decref(json);
}

// The first byte that is no blank; '\0': there is none.
static char first_mark(const uint8_t *bytes, size_t length) {
  size_t at = length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  while (at < length && memchr(" \t\r\n", bytes[at], 4) != NULL) at++;
  return at < length ? (char)bytes[at] : '\0';
}

static bool map_list(struct mapping *mapping, const char *file, const uint8_t *bytes, size_t length,
                     struct nav_error *err) {
  char why[128];
  mapping->list = police_list_new();
  if (mapping->list == NULL) return nav_fail(err, NAV_ERROR_LOCAL, 0, file, "no memory");
  struct records_result result = records_walk(file, bytes, length, NULL, map_record, mapping);
  const char *partial = police_list_partial(mapping->list, why, sizeof why);
  bool nothing = !result.whole && result.count == 0;
  if (nothing) {
    (void)nav_fail(err, NAV_ERROR_PEER, 0, file, "byte %zu: %s", result.fault_offset, result.fault);
  } else if (!result.whole) {
    nav_mapping_skip(mapping->run, file, "byte %zu: %s; the %zu records before it are kept",
                     result.fault_offset, result.fault, result.count);
  } else if (partial != NULL) {
    nav_mapping_note(mapping->run, file, "is not the whole list (%s): nothing is taken as withdrawn",
                     partial);
  } else {
    police_list_compare(mapping->list, mapping->run, bytes, length);
  }
  police_list_free(mapping->list);
  return !nothing;
}

static bool map_police(struct nav_mapping_run *run, const char *file, const uint8_t *bytes, size_t length,
                       struct nav_error *err) {
  struct mapping mapping = {.run = run};
  switch (first_mark(bytes, length)) {
    case '[':
      return map_list(&mapping, file, bytes, length, err);
    case '{':
      (void)records_lines(file, bytes, length, map_record, &mapping);
      return true;
    case '\0':
      nav_mapping_skip(
          run, file, "has %zu bytes: the source gave an empty answer; nothing is taken as withdrawn", length);
      return true;
    default:
      return nav_fail(err, NAV_ERROR_PEER, 0, file,
                      "is not a list of events: it begins with neither '[' nor '{'");
  }
}

static const char *const suffixes[] = {".json", ".jsonl", ".json.gz", ".jsonl.gz", NULL};

const struct nav_mapping police_mapping = {
    .program = "nav-police",
    .description = "the police's published events (polisen.se) to Trygghetsnavet",
    .suffixes = suffixes,
    .map = map_police,
};
