// Memory for one message or one batch, given back all at once. Has a stated maximum.
// Called by: intake, delivery, parsers. Must never: outlive what points into it.
#ifndef NAV_BASE_ARENA_H
#define NAV_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct nav_arena;

// max: bytes in all; allocations past it give NULL. NULL: no memory.
struct nav_arena *nav_arena_new(size_t max);
void nav_arena_free(struct nav_arena *arena);  // takes NULL
// Everything is given back; the memory is kept for the next message.
void nav_arena_reset(struct nav_arena *arena);
// Aligned for any type; not zeroed. NULL past the maximum.
void *nav_arena_alloc(struct nav_arena *arena, size_t size);
// Zeroed; NULL past the maximum or where count × size overflows.
void *nav_arena_zalloc(struct nav_arena *arena, size_t count, size_t size);
char *nav_arena_strndup(struct nav_arena *arena, const char *text, size_t length);
char *nav_arena_strdup(struct nav_arena *arena, const char *text);
char *nav_arena_printf(struct nav_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
size_t nav_arena_used(const struct nav_arena *arena);

#endif
