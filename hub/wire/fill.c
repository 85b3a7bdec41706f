// See fill.h. A repeated field's array has room for four elements, and then for the next power of two, so
// that its count alone tells when it is full. What an array has outgrown stays in the arena.
#include "hub/wire/fill.h"

#include "hub/wire/reflect.h"

enum { ROOM_MIN = 4 };

static bool full(size_t count) { return count == 0 || (count >= ROOM_MIN && (count & (count - 1)) == 0); }

void *wire_fill_element(struct wire_fill *fill, const ProtobufCFieldDescriptor *field,
                        ProtobufCMessage *message) {
  size_t size = wire_field_value_size(field);
  size_t count = wire_field_count(field, message);
  void *member = (char *)message + field->offset;
  char *elements = NULL;
  memcpy(&elements, member, sizeof elements);
  if (full(count)) {
    char *larger = wire_fill_alloc(fill, (count == 0 ? ROOM_MIN : count * 2) * size);
    if (larger == NULL) return NULL;
    if (count > 0) memcpy(larger, elements, count * size);
    memcpy(member, &larger, sizeof larger);
    elements = larger;
  }
  *(size_t *)(void *)((char *)message + field->quantifier_offset) = count + 1;
  return elements + count * size;
}
