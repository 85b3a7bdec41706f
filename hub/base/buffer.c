// See buffer.h.
#include "hub/base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void nav_buffer_init(struct nav_buffer *buffer, size_t max) { *buffer = (struct nav_buffer){.max = max}; }

void nav_buffer_free(struct nav_buffer *buffer) {
  free(buffer->data);
  *buffer = (struct nav_buffer){0};
}

void nav_buffer_clear(struct nav_buffer *buffer) { buffer->length = 0; }

uint8_t *nav_buffer_take(struct nav_buffer *buffer) {
  uint8_t *data = buffer->data;
  nav_buffer_init(buffer, buffer->max);
  return data;
}

uint8_t *nav_buffer_reserve(struct nav_buffer *buffer, size_t more) {
  if (more > buffer->max || buffer->length > buffer->max - more) return NULL;
  size_t needed = buffer->length + more;
  if (needed > buffer->capacity || buffer->data == NULL) {
    size_t capacity = buffer->capacity < 256 ? 256 : buffer->capacity;
    while (capacity < needed) capacity *= 2;
    uint8_t *data = realloc(buffer->data, capacity);
    if (data == NULL) return NULL;
    buffer->data = data;
    buffer->capacity = capacity;
  }
  return buffer->data + buffer->length;
}

bool nav_buffer_append(struct nav_buffer *buffer, const void *data, size_t length) {
  uint8_t *room = nav_buffer_reserve(buffer, length);
  if (room == NULL) return false;
  if (length > 0) memcpy(room, data, length);
  buffer->length += length;
  return true;
}

bool nav_buffer_append_text(struct nav_buffer *buffer, const char *text) {
  return nav_buffer_append(buffer, text, strlen(text));
}

bool nav_buffer_printf(struct nav_buffer *buffer, const char *format, ...) {
  va_list args;
  va_start(args, format);
  va_list again;
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  uint8_t *room = length < 0 ? NULL : nav_buffer_reserve(buffer, (size_t)length + 1);
  if (room != NULL) {
    (void)vsnprintf((char *)room, (size_t)length + 1, format, again);
    buffer->length += (size_t)length;
  }
  va_end(again);
  return room != NULL;
}

const char *nav_buffer_text(struct nav_buffer *buffer) {
  uint8_t *room = nav_buffer_reserve(buffer, 1);
  if (room == NULL) return NULL;
  *room = 0;
  return (const char *)buffer->data;
}
