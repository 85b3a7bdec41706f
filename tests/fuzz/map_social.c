// Any bytes as a form of social services.
#include "adapters/social/map_in.h"
#include "tests/fuzz/map_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct run_option options[] = {
      {"not_status", "Preliminär"},
      {"family.1", "concern_report"},
      {"family.1.person", "barn | barn*"},
      {"family.1.person.number", "nr"},
      {"family.1.person.name", "namn"},
      {"family.1.person.home", "hem"},
      {"family.1.assessed_by", "av"},
      {"family.1.kind", "slag"},
      {"family.1.kind.Heder", "honour"},
      {"family.1.description", "text/a | text"},
      {"family.1.urgent", "akut"},
      {"family.1.area", "plats"},
      {"family.1.time", "tid"},
      {"family.2", "social_intervention"},
      {"family.2.kind", "=sig"},
      {"family.2.person", "p"},
      {"family.2.person.number", "nr"},
      {"family.3", "victim_support"},
      {"family.3.person", "p"},
      {"family.3.person.birth_date", "d"},
      {"family.4", "case_counts"},
      {"family.4.kind", "k"},
      {"family.4.count", "n"},
      {"family.4.start", "s"},
      {"family.4.end", "e"},
      {"family.5", "unknown"},
  };
  return map_fuzz_one(&social_mapping, options, sizeof options / sizeof options[0], data, size);
}
