// See memory.h. Header: "pol1", the list's digest, the count; an event: id, publication, misses, length,
// bytes. Big-endian.
#include "adapters/police/memory.h"

#include <string.h>

enum {
  HEADER_SIZE = 4 + MEMORY_DIGEST_SIZE + 4,
  COUNT_AT = 4 + MEMORY_DIGEST_SIZE,
  EVENT_HEAD_SIZE = 8 + 8 + 4 + 4
};

static const char mark[4] = {'p', 'o', 'l', '1'};

void memory_open(struct memory_reader *reader, const struct nav_mapping_run *run) {
  size_t length = 0;
  const uint8_t *bytes = nav_mapping_memory(run, &length);
  *reader = (struct memory_reader){0};
  if (bytes == NULL || length < HEADER_SIZE || memcmp(bytes, mark, sizeof mark) != 0) return;
  memcpy(reader->digest, bytes + sizeof mark, MEMORY_DIGEST_SIZE);
  reader->count = nav_get_u32(bytes + COUNT_AT);
  reader->at = bytes + HEADER_SIZE;
  reader->end = bytes + length;
}

const uint8_t *memory_next(struct memory_reader *reader, struct memory_event *event) {
  if (reader->count == 0 || reader->end - reader->at < EVENT_HEAD_SIZE) return NULL;
  const uint8_t *head = reader->at;
  *event = (struct memory_event){.id = (int64_t)nav_get_u64(head),
                                 .published_ms = (int64_t)nav_get_u64(head + 8),
                                 .missing = nav_get_u32(head + 16),
                                 .length = nav_get_u32(head + 20)};
  const uint8_t *bytes = head + EVENT_HEAD_SIZE;
  if ((size_t)(reader->end - bytes) < event->length) return NULL;
  reader->at = bytes + event->length;
  reader->count--;
  return bytes;
}

void memory_begin(struct memory_writer *writer, const uint8_t digest[MEMORY_DIGEST_SIZE]) {
  *writer = (struct memory_writer){0};
  nav_buffer_init(&writer->buffer, NAV_MAPPING_MEMORY_MAX);
  uint8_t count[4] = {0};
  writer->failed = !nav_buffer_append(&writer->buffer, mark, sizeof mark) ||
                   !nav_buffer_append(&writer->buffer, digest, MEMORY_DIGEST_SIZE) ||
                   !nav_buffer_append(&writer->buffer, count, sizeof count);
}

void memory_write(struct memory_writer *writer, const struct memory_event *event, const uint8_t *bytes) {
  if (writer->failed || writer->count >= MEMORY_EVENTS_MAX) return;
  uint8_t head[EVENT_HEAD_SIZE];
  nav_put_u64(head, (uint64_t)event->id);
  nav_put_u64(head + 8, (uint64_t)event->published_ms);
  nav_put_u32(head + 16, event->missing);
  nav_put_u32(head + 20, (uint32_t)event->length);
  writer->failed = !nav_buffer_append(&writer->buffer, head, sizeof head) ||
                   !nav_buffer_append(&writer->buffer, bytes, event->length);
  writer->count++;
}

bool memory_end(struct memory_writer *writer, struct nav_mapping_run *run) {
  bool ok = !writer->failed;
  if (ok) nav_put_u32(writer->buffer.data + COUNT_AT, writer->count);
  ok = ok && nav_mapping_remember(run, writer->buffer.data, writer->buffer.length);
  nav_buffer_free(&writer->buffer);
  return ok;
}
