// What somebody between a client and the hub may do to sealed frames, as a list of steps: pass on, change a
// bit, repeat, leave out, cut, put in their own. Only the very frames that were sealed, in their order, may
// ever open; after the first other one nothing does. Called by: libFuzzer. Must never: need anything but its
// bytes.
#include <string.h>

#include "hub/wire/session.h"

enum { FRAMES_MAX = 16, STEPS_MAX = 64, FRAME_ROOM = 512 };

struct sealed {
  uint8_t data[FRAME_ROOM], plain[256];
  size_t length, plain_length;
};

static struct sealed frames[FRAMES_MAX];
static struct wire_stream from, to;

// A client and its hub, with the same keys each time, so that a finding can be found again.
static void begin(void) {
  memset(&from, 0, sizeof from);
  memset(&to, 0, sizeof to);
  memset(from.push_key, 7, sizeof from.push_key);
  memset(to.pull_key, 7, sizeof to.pull_key);
  to.is_hubs = true;
}

static void seal_all(const uint8_t *data, size_t size) {
  struct nav_buffer out;
  nav_buffer_init(&out, FRAME_ROOM);
  for (size_t i = 0; i < FRAMES_MAX; i++) {
    struct sealed *frame = &frames[i];
    frame->plain_length = size == 0 ? 0 : data[i % size];
    memset(frame->plain, (int)i, frame->plain_length);
    nav_buffer_clear(&out);
    NAV_ASSERT(wire_stream_seal(&from, frame->plain, frame->plain_length, &out, NULL));
    memcpy(frame->data, out.data, out.length);
    frame->length = out.length;
  }
  nav_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct nav_buffer plain;
  nav_buffer_init(&plain, FRAME_ROOM);
  begin();
  seal_all(data, size);
  size_t next = 0;
  bool ended = false;
  for (size_t i = 0; i + 2 < size && i / 3 < STEPS_MAX; i += 3) {
    uint8_t which = data[i + 1] % FRAMES_MAX, value = data[i + 2];
    struct sealed frame = frames[which];
    bool right = which == next && !ended;
    switch (data[i] % 4) {
      case 0:
        break;
      case 1:
        frame.data[value % frame.length] ^= (uint8_t)(1 << value % 8);
        right = false;
        break;
      case 2:
        frame.length = value % frame.length;
        right = false;
        break;
      default:
        frame.length = size - i < FRAME_ROOM ? size - i : FRAME_ROOM;
        memcpy(frame.data, data + i, frame.length);
        right = false;
    }
    bool opened = wire_stream_open(&to, frame.data, frame.length, &plain, NULL);
    NAV_ASSERT(opened == right);
    if (opened) {
      NAV_ASSERT(plain.length == frame.plain_length && memcmp(plain.data, frame.plain, plain.length) == 0);
      next++;
    } else {
      ended = true;
    }
  }
  nav_buffer_free(&plain);
  return 0;
}
