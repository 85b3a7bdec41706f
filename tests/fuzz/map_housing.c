// Any bytes as a housing company's cases.
#include "adapters/housing/map_in.h"
#include "tests/fuzz/map_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct run_option options[] = {
      {"category.Case", "by_words"},
      {"words", "klotter = damage.graffiti; fest = disturbance.party"},
      {"otherwise", "damage.fault"},
      {"category.S", "disturbance.noise"},
      {"category.R", "guard_round"},
      {"category.H", "tenancy_concern.criminal_use"},
      {"category.B", "damage.nothing"},
      {"object.HUS-1", "bromma; 0180; 59.33, 17.94; Exempelgatan 1; Provet 1"},
      {"object.LGH-*", "bromma"},
      {"object.FEL", "a; b; c; d; e; f"},
  };
  return map_fuzz_one(&housing_mapping, options, sizeof options / sizeof options[0], data, size);
}
