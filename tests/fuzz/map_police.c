// Any bytes as the police's list or archive: events that the hub would take, or skips with their place, or an
// error.
#include "adapters/police/map_in.h"
#include "tests/fuzz/map_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct run_option options[] = {{"municipality-of-bromma", "0180"},
                                              {"area-of-0139", "upplands-bro"}};
  return map_fuzz_one(&police_mapping, options, sizeof options / sizeof options[0], data, size);
}
