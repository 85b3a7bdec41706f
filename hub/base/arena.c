// See arena.h. A list of blocks, each twice the one before; reset keeps the largest, so that a steady
// load settles on one block and no call to malloc.
#include "hub/base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(from, size) ((void)(from), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(from, size) ((void)(from), (void)(size))
#endif

enum { BLOCK_MIN = 4096 };

struct block {
  struct block *next;
  size_t size;  // of data
  size_t used;
  max_align_t data[];
};

struct nav_arena {
  struct block *head;
  size_t total;  // bytes held in blocks
  size_t max;
};

struct nav_arena *nav_arena_new(size_t max) {
  struct nav_arena *arena = calloc(1, sizeof *arena);
  if (arena != NULL) arena->max = max;
  return arena;
}

static void free_blocks(struct block *block) {
  while (block != NULL) {
    struct block *next = block->next;
    free(block);
    block = next;
  }
}

void nav_arena_free(struct nav_arena *arena) {
  if (arena == NULL) return;
  free_blocks(arena->head);
  free(arena);
}

void nav_arena_reset(struct nav_arena *arena) {
  if (arena->head == NULL) return;
  free_blocks(arena->head->next);  // the head is the newest, so the largest
  arena->head->next = NULL;
  arena->head->used = 0;
  arena->total = arena->head->size;
}

static bool add_block(struct nav_arena *arena, size_t needed) {
  if (needed > arena->max || arena->total > arena->max - needed) return false;
  size_t size = arena->head == NULL ? BLOCK_MIN : arena->head->size * 2;
  if (size < needed) size = needed;
  if (size > arena->max - arena->total) size = arena->max - arena->total;
  struct block *block = malloc(sizeof *block + size);
  if (block == NULL) return false;
  *block = (struct block){.next = arena->head, .size = size};
  arena->head = block;
  arena->total += size;
  return true;
}

void *nav_arena_alloc(struct nav_arena *arena, size_t size) {
  if (size > SIZE_MAX - sizeof(max_align_t)) return NULL;
  size_t rounded = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
  if (rounded == 0) rounded = sizeof(max_align_t);
  if (arena->head == NULL || arena->head->size - arena->head->used < rounded) {
    if (!add_block(arena, rounded)) return NULL;
  }
  char *result = (char *)arena->head->data + arena->head->used;
  arena->head->used += rounded;
  // Under the sanitizer a byte past what was asked for is seen, though it lies in the same block.
  ASAN_UNPOISON_MEMORY_REGION(result, size);
  ASAN_POISON_MEMORY_REGION(result + size, rounded - size);
  return result;
}

void *nav_arena_zalloc(struct nav_arena *arena, size_t count, size_t size) {
  if (size != 0 && count > SIZE_MAX / size) return NULL;
  void *result = nav_arena_alloc(arena, count * size);
  if (result != NULL) memset(result, 0, count * size);
  return result;
}

char *nav_arena_strndup(struct nav_arena *arena, const char *text, size_t length) {
  char *copy = nav_arena_alloc(arena, length + 1);
  if (copy == NULL) return NULL;
  if (length > 0) memcpy(copy, text, length);
  copy[length] = '\0';
  return copy;
}

char *nav_arena_strdup(struct nav_arena *arena, const char *text) {
  return nav_arena_strndup(arena, text, strlen(text));
}

char *nav_arena_printf(struct nav_arena *arena, const char *format, ...) {
  va_list args;
  va_start(args, format);
  va_list again;
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  char *text = length < 0 ? NULL : nav_arena_alloc(arena, (size_t)length + 1);
  if (text != NULL) (void)vsnprintf(text, (size_t)length + 1, format, again);
  va_end(again);
  return text;
}

size_t nav_arena_used(const struct nav_arena *arena) {
  size_t used = 0;
  for (const struct block *block = arena->head; block != NULL; block = block->next) used += block->used;
  return used;
}
