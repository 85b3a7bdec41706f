// Names of places and the areas they lie in, found as whole words in Swedish free text.
// Called by: run. Must never: find a name inside a longer word.
#ifndef NAV_ADAPTERS_ENGINE_GAZETTEER_H
#define NAV_ADAPTERS_ENGINE_GAZETTEER_H

#include <stdbool.h>
#include <stddef.h>

enum {
  GAZETTEER_NAMES_MAX = 10000,
  GAZETTEER_NAME_MAX = 128,        // bytes
  GAZETTEER_TEXT_MAX = 16 * 1024,  // bytes of a text that are searched
};

struct gazetteer;

struct gazetteer *gazetteer_new(void);             // NULL: no memory
void gazetteer_free(struct gazetteer *gazetteer);  // takes NULL
// False: too many names, a name without a letter or longer than GAZETTEER_NAME_MAX, or no memory. Copies
// both.
bool gazetteer_add(struct gazetteer *gazetteer, const char *area, const char *name);
// The area of the longest name in the text, of equals the first; NULL: none. Valid as long as the gazetteer.
const char *gazetteer_find(const struct gazetteer *gazetteer, const char *text);

#endif
