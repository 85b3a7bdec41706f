// A YAML file as a tree in which every node knows its line and column. By libyaml's events, with limits: 256
// KiB a file, depth 32, no aliases, tags or second documents, no duplicate keys. Scalars are text. Called by:
// conf's and access's loaders, adapters/engine. Must never: give a value a type by its looks.
#ifndef NAV_CONF_TREE_H
#define NAV_CONF_TREE_H

#include "hub/base/arena.h"
#include "hub/conf/faults.h"

enum conf_node_kind { CONF_SCALAR, CONF_LIST, CONF_MAP };

struct conf_node {
  enum conf_node_kind kind;
  const char *file;          // as faults show it
  int line;                  // from 1
  int column;                // from 1
  const char *text;          // of a scalar; "" where empty
  struct conf_node **items;  // of a list; the values of a map
  struct conf_node **keys;   // of a map: scalars, in the file's order
  size_t count;
  bool told;  // a fault has said why it has no value: its readers say no more
};

// path: to open; name: how faults call it. NULL: faults say why. Lives in the arena.
// Where something is refused that leaves the rest readable (a key that stands twice, an anchor, a tag), the
// tree still comes, so that everything else that is wrong is found in the same run: a loader goes by the
// number of faults, as after conf_check_keys.
struct conf_node *conf_tree_load(const char *path, const char *name, struct nav_arena *arena,
                                 struct conf_faults *faults);
// The same from memory (tests, fuzzing).
struct conf_node *conf_tree_parse(const char *text, size_t length, const char *name, struct nav_arena *arena,
                                  struct conf_faults *faults);
// A map's value; NULL: not there, or not a map.
struct conf_node *conf_get(const struct conf_node *map, const char *key);
// A scalar's text at a key; NULL.
const char *conf_get_text(const struct conf_node *map, const char *key);
// The name of `names` (NULL-terminated) nearest to text for "did you mean"; NULL: none near enough.
const char *conf_nearest(const char *text, const char *const *names);
// A fault for every key of the map that is not in `names`: "unknown key 'purpse' in rules[0]" with "did you
// mean 'purpose'?".
void conf_check_keys(const struct conf_node *map, const char *const *names, const char *where,
                     struct conf_faults *faults);

#endif
