// See tree.h: the questions asked of a finished tree, and the nearest name for "did you mean".
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "hub/conf/tree.h"

enum { NAME_MAX = 64, SHOWN_MAX = 80 };

struct conf_node *conf_get(const struct conf_node *map, const char *key) {
  if (map == NULL || map->kind != CONF_MAP) return NULL;
  for (size_t i = 0; i < map->count; i++) {
    if (strcmp(map->keys[i]->text, key) == 0) return map->items[i];
  }
  return NULL;
}

const char *conf_get_text(const struct conf_node *map, const char *key) {
  const struct conf_node *node = conf_get(map, key);
  return node != NULL && node->kind == CONF_SCALAR ? node->text : NULL;
}

static size_t min_of(size_t a, size_t b) { return a < b ? a : b; }

static bool same_letter(char a, char b) { return tolower((unsigned char)a) == tolower((unsigned char)b); }

// How many letters must be changed, added, removed or exchanged with their neighbour; both at most NAME_MAX
// long. More than `most` is told as most + 1, as soon as no way leads to fewer.
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length, size_t most) {
  size_t rows[3][NAME_MAX + 1] = {{0}};  // this row, the last, the row before: in turn
  for (size_t j = 0; j <= b_length; j++) rows[0][j] = j;
  for (size_t i = 1; i <= a_length; i++) {
    size_t *row = rows[i % 3];
    const size_t *last = rows[(i + 2) % 3];
    const size_t *before = rows[(i + 1) % 3];
    size_t least = row[0] = i;
    for (size_t j = 1; j <= b_length; j++) {
      size_t best = last[j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1);
      best = min_of(best, min_of(last[j], row[j - 1]) + 1);
      if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1])) {
        best = min_of(best, before[j - 2] + 1);
      }
      row[j] = best;
      least = min_of(least, best);
    }
    if (least > most) return most + 1;  // what the row before adds by an exchange is no less
  }
  return rows[a_length % 3][b_length];
}

const char *conf_nearest(const char *text, const char *const *names) {
  size_t length = strlen(text);
  if (length == 0 || length > NAME_MAX) return NULL;
  const char *nearest = NULL;
  size_t allowed = length < 3 ? 1 : length < 6 ? 2 : 3;  // a word's third part or so
  for (; *names != NULL; names++) {
    size_t name_length = strlen(*names);
    size_t longer = name_length > length ? name_length - length : length - name_length;
    if (name_length > NAME_MAX || longer > allowed) continue;
    size_t found = distance(text, length, *names, name_length, allowed);
    if (found > allowed || found >= name_length) continue;  // nothing in common is not near
    nearest = *names;
    if (found == 0) return nearest;
    allowed = found - 1;  // only nearer ones from here on
  }
  return nearest;
}

void conf_check_keys(const struct conf_node *map, const char *const *names, const char *where,
                     struct conf_faults *faults) {
  if (map == NULL || map->kind != CONF_MAP) return;
  for (size_t i = 0; i < map->count; i++) {
    const struct conf_node *key = map->keys[i];
    bool known = false;
    for (const char *const *name = names; *name != NULL && !known; name++) {
      known = strcmp(*name, key->text) == 0;
    }
    if (known) continue;
    const char *nearest = conf_nearest(key->text, names);
    char hint[NAME_MAX + 32] = "";
    if (nearest != NULL) (void)snprintf(hint, sizeof hint, "did you mean '%s'?", nearest);
    conf_faults_add(faults, key->file, key->line, key->column, hint, "unknown key '%.*s' in %s", SHOWN_MAX,
                    key->text, where);
  }
}
