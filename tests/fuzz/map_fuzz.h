// What the fuzz targets of the adapters' mappings share: a run with a few options and places, and a sink that
// checks what comes. Called by: map_*.c. Must never: let an event pass that the hub would refuse.
#ifndef NAV_TESTS_FUZZ_MAP_FUZZ_H
#define NAV_TESTS_FUZZ_MAP_FUZZ_H

#include <stdlib.h>
#include <string.h>

#include "adapters/engine/run.h"
#include "hub/base/id.h"
#include "hub/wire/event.h"

static inline void map_fuzz_event(void *context, const char *source_id, const Nav__V1__Event *event) {
  (void)context;
  struct nav_error err = {0};
  NAV_ASSERT(source_id[0] != '\0');
  NAV_ASSERT(wire_event_validate(event, &err));
  uint8_t *packed = malloc(nav__v1__event__get_packed_size(event));
  NAV_ASSERT(packed != NULL);
  (void)nav__v1__event__pack(event, packed);  // every pointer is read
  free(packed);
}

static inline void map_fuzz_text(void *context, const char *place, const char *text) {
  (void)context;
  NAV_ASSERT(place != NULL && strlen(text) > 0);
}

static inline int map_fuzz_one(const struct nav_mapping *mapping, const struct run_option *options,
                               size_t count, const uint8_t *data, size_t size) {
  static const uint8_t id_key[NAV_ID_KEY_SIZE] = {1};
  struct gazetteer *places = gazetteer_new();
  if (places == NULL || !gazetteer_add(places, "bromma", "Bromma")) return 0;
  struct run_settings settings = {.agency = "fuzz",
                                  .id_key = id_key,
                                  .options = options,
                                  .options_count = count,
                                  .places = places,
                                  .now_ms = INT64_C(1795345200000),
                                  .sink = {NULL, map_fuzz_event, map_fuzz_text, map_fuzz_text}};
  struct nav_mapping_run *run = run_new(&settings);
  if (run != NULL) {
    struct nav_error err = {0};
    bool mapped = mapping->map(run, "fuzz", data, size, &err);
    NAV_ASSERT(mapped || err.text[0] != '\0');
  }
  run_free(run);
  gazetteer_free(places);
  return 0;
}

#endif
