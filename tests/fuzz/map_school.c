// Any bytes as a school's answer: events that the hub would take, or skips with their place, or an error.
#include "adapters/school/map_in.h"
#include "tests/fuzz/map_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct run_option options[] = {
      {"unit.u1", "99900001; bromma; 0180"}, {"unit.u2", "x; y; z; w"}, {"postal.16799", "bromma"}};
  return map_fuzz_one(&school_mapping, options, sizeof options / sizeof options[0], data, size);
}
