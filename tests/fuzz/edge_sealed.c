// What an edge seals and opens: any bytes as sealed content never open; whatever was sealed opens to the same
// and, with one bit changed, never; any bytes as an event from the outbox are sealed anew under another
// revision or refused. Called by: libFuzzer. Must never: need rules, or leave a file.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/engine/edge.h"
#include "hub/base/arena.h"
#include "hub/base/id.h"
#include "hub/wire/event.h"
#include "hub/wire/keys.h"
#include "hub/wire/message.h"

enum { ARENA_MAX = 8 * 1024 * 1024, OUT_MAX = 4 * 1024 * 1024, REVISION = 3 };

static const uint8_t id_key[KEY_SYMMETRIC_SIZE] = {3};
static const uint8_t event_id[NAV_EVENT_ID_SIZE] = {1, 2, 3};

static struct keys_edge key_of(uint32_t revision) {
  return (struct keys_edge){id_key, "polisen", event_id, revision};
}

static struct edge *edge_here(void) {
  static struct edge *edge;
  struct nav_error err;
  char folder[] = "/tmp/navfuzzXXXXXX";
  if (edge != NULL) return edge;
  char *made = mkdtemp(folder);
  NAV_ASSERT(made != NULL);
  edge = edge_open(folder, "polisen", id_key, &err);
  NAV_ASSERT(edge != NULL);
  (void)rmdir(folder);
  return edge;
}

static void never_opens(const uint8_t *sealed, size_t length) {
  const struct keys_edge key = key_of(REVISION);
  uint8_t *plain = malloc(length + 1);
  NAV_ASSERT(plain != NULL);
  bool opened = keys_edge_open(plain, &key, sealed, length);
  NAV_ASSERT(!opened);
  free(plain);
}

// The event within, as nav-core's people and the agency's own tools read it.
static void decode(const uint8_t *plain, size_t length) {
  struct nav_arena *arena = nav_arena_new(ARENA_MAX);
  struct nav_error err = {0};
  NAV_ASSERT(arena != NULL);
  const Nav__V1__Event *event = wire_decode_lenient(&nav__v1__event__descriptor, arena, plain, length, &err);
  NAV_ASSERT(event != NULL || err.text[0] != '\0');
  if (event != NULL) (void)wire_event_validate(event, &err);
  nav_arena_free(arena);
}

static void revise(const uint8_t *sealed, size_t sealed_length, const uint8_t *plain, size_t length) {
  Nav__V1__Sealed body = NAV__V1__SEALED__INIT;
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  struct nav_buffer packed, out;
  nav_buffer_init(&packed, OUT_MAX);
  nav_buffer_init(&out, OUT_MAX);
  body.has_content = event.has_id = event.has_revision = true;
  body.content = (ProtobufCBinaryData){sealed_length, (uint8_t *)(uintptr_t)sealed};
  event.id = (ProtobufCBinaryData){sizeof event_id, (uint8_t *)(uintptr_t)event_id};
  event.revision = REVISION;
  event.body_case = NAV__V1__EVENT__BODY_SEALED;
  event.sealed = &body;
  bool ok = wire_encode(&event, &packed);
  NAV_ASSERT(ok);
  Nav__V1__Event *within = nav__v1__event__unpack(NULL, length, plain);
  bool good = within != NULL && within->id.len == NAV_EVENT_ID_SIZE;
  bool same_id = good && memcmp(within->id.data, event_id, NAV_EVENT_ID_SIZE) == 0;
  bool revised = edge_revise(edge_here(), packed.data, packed.length, REVISION + 1, &out);
  NAV_ASSERT(revised == good);
  if (revised && same_id) {
    Nav__V1__Event *again = nav__v1__event__unpack(NULL, out.length, out.data);
    const struct keys_edge key = key_of(REVISION + 1);
    NAV_ASSERT(again != NULL && again->revision == REVISION + 1 && again->sealed != NULL);
    uint8_t *opened = malloc(again->sealed->content.len);
    NAV_ASSERT(opened != NULL);
    ok = keys_edge_open(opened, &key, again->sealed->content.data, again->sealed->content.len);
    NAV_ASSERT(ok);
    free(opened);
    nav__v1__event__free_unpacked(again, NULL);
  }
  nav__v1__event__free_unpacked(within, NULL);
  nav_buffer_free(&packed);
  nav_buffer_free(&out);
}

static void seal_and_open(const uint8_t *plain, size_t length, uint8_t which) {
  const struct keys_edge key = key_of(REVISION);
  size_t sealed_length = length + KEYS_EDGE_OVERHEAD;
  uint8_t *sealed = malloc(sealed_length), *opened = malloc(length + 1);
  NAV_ASSERT(sealed != NULL && opened != NULL);
  keys_edge_seal(sealed, &key, plain, length);
  bool ok = keys_edge_open(opened, &key, sealed, sealed_length) && memcmp(opened, plain, length) == 0;
  NAV_ASSERT(ok);
  decode(opened, length);
  revise(sealed, sealed_length, plain, length);
  sealed[which % sealed_length] ^= (uint8_t)(1U << which % 8);
  never_opens(sealed, sealed_length);
  free(sealed);
  free(opened);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct nav_buffer out;
  if (size < 2) return 0;
  switch (data[0] % 3) {
    case 0:
      never_opens(data + 1, size - 1);
      break;
    case 1:
      nav_buffer_init(&out, OUT_MAX);
      (void)edge_revise(edge_here(), data + 1, size - 1, REVISION, &out);
      nav_buffer_free(&out);
      break;
    default:
      seal_and_open(data + 2, size - 2, data[1]);
  }
  return 0;
}
