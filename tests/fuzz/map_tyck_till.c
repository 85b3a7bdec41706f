// Any bytes as an Open311 answer: events that the hub would take, or skips with their place, or an error.
#include "adapters/tyck_till/map_in.h"
#include "tests/fuzz/map_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct run_option options[] = {{"municipality", "0180"}, {"municipality-of-bromma", "0180"}};
  return map_fuzz_one(&tyck_till_mapping, options, sizeof options / sizeof options[0], data, size);
}
