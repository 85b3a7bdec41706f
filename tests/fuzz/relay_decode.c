// Any bytes as a relay head and its frame: what is taken encodes to the same bytes, its agency is a text that
// ends, and its frame is all there.
// Called by: libFuzzer. Must never: need anything but its bytes.
#include <string.h>

#include "hub/wire/relay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct relay_head head;
  struct nav_error err = {0};
  if (!relay_decode(&head, data, size, &err)) {
    NAV_ASSERT(err.class == NAV_ERROR_PEER && err.place[0] != '\0');
    return 0;
  }
  uint8_t again[RELAY_HEAD_SIZE];
  relay_encode(again, &head);
  NAV_ASSERT(size >= sizeof again && memcmp(again, data, sizeof again) == 0);
  NAV_ASSERT(head.length <= size - sizeof again);
  NAV_ASSERT(strnlen(head.agency, sizeof head.agency) < sizeof head.agency);
  return 0;
}
