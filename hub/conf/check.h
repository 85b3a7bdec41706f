// Reading a tree by tables: what keys a map has, of which kind, within which limits; every fault at its
// place. `where` names a node for people: "agencies[2].kind". Text handed out points into the tree and lives
// as long. Called by: the loaders of conf, access and the adapters' engine. Must never: put a default in
// place of a bad value.
#ifndef NAV_CONF_CHECK_H
#define NAV_CONF_CHECK_H

#include <stdint.h>

#include "hub/conf/tree.h"

enum { CONF_WHERE_SIZE = 192, CONF_ID_LENGTH_MAX = 64, CONF_TEXT_LENGTH_MAX = 4096, CONF_LIST_MAX = 1000 };

// [a-z0-9-], not '-' first, at most CONF_ID_LENGTH_MAX.
bool conf_is_id(const char *text);
// Single scalars. False (or NULL): a fault was added. node may not be NULL.
const char *conf_read_text(const struct conf_node *node, const char *where,
                           struct conf_faults *faults);  // not empty
const char *conf_read_id(const struct conf_node *node, const char *where,
                         struct conf_faults *faults);  // conf_is_id
bool conf_read_integer(const struct conf_node *node, const char *where, int64_t min, int64_t max,
                       int64_t *out, struct conf_faults *faults);
bool conf_read_number(const struct conf_node *node, const char *where, double min, double max, double *out,
                      struct conf_faults *faults);
bool conf_read_bool(const struct conf_node *node, const char *where, bool *out, struct conf_faults *faults);
// 2026-11-22, as days since 1970.
bool conf_read_date(const struct conf_node *node, const char *where, int64_t *day,
                    struct conf_faults *faults);
// 500ms, 30s, 15m, 36h, 90d, 4w; at most max_ms.
bool conf_read_duration(const struct conf_node *node, const char *where, int64_t max_ms, int64_t *ms,
                        struct conf_faults *faults);
// One of words (NULL-terminated), by its index.
bool conf_read_word(const struct conf_node *node, const char *where, const char *const *words, size_t *index,
                    struct conf_faults *faults);
// Exactly 2 × size hexadecimal digits.
bool conf_read_hex(const struct conf_node *node, const char *where, uint8_t *out, size_t size,
                   struct conf_faults *faults);

// How many items a list has; a single scalar is a list of one where one_is_list. False: a fault.
bool conf_read_list(const struct conf_node *node, const char *where, bool one_is_list, size_t max,
                    size_t *count, struct conf_faults *faults);
// The item of a list, or the scalar itself.
struct conf_node *conf_list_item(struct conf_node *node, size_t index);
// False with a fault where the node is not a map.
bool conf_expect_map(const struct conf_node *node, const char *where, struct conf_faults *faults);

// A fault at a node, with "did you mean" from names (NULL-terminated; may be NULL) for text.
void conf_fault_unknown(const struct conf_node *node, const char *where, const char *what, const char *text,
                        const char *const *names, struct conf_faults *faults);

// A map into a struct.
enum conf_key_kind {
  CONF_KEY_TEXT,       // char *, not empty, at most max bytes (0: CONF_TEXT_LENGTH_MAX)
  CONF_KEY_ID,         // char *
  CONF_KEY_WORD,       // char *, one of words
  CONF_KEY_UINT32,     // uint32_t, min to max
  CONF_KEY_BOOL,       // bool
  CONF_KEY_MS,         // uint32_t of milliseconds, min to max, from a duration
  CONF_KEY_IDS,        // char ** and its size_t at count_offset: a list of ids, each once, at most max (0:
                       // CONF_LIST_MAX)
  CONF_KEY_WORD_BITS,  // unsigned: bit n for words[n]; a list
  CONF_KEY_NODE,       // struct conf_node *: looked at by the caller
};

struct conf_key {
  const char *name;
  enum conf_key_kind kind;
  bool required;
  size_t offset;
  size_t count_offset;  // of CONF_KEY_IDS
  int64_t min, max;
  const char *const *words;  // NULL-terminated
  const char *fallback;      // as if the file said so; NULL: zero or NULL (read by the scalar kinds)
};

// Fills *out by the table (count keys, at most 32), faults for every unknown, missing or bad one. True: no
// fault was added.
bool conf_read_map(const struct conf_node *map, const char *where, const struct conf_key *keys, size_t count,
                   struct nav_arena *arena, void *out, struct conf_faults *faults);

#endif
