// "where.key", as faults name a place in a file. Called by: the loaders. Must never: run past its buffer; a
// longer path is cut.
#ifndef NAV_ACCESS_PATH_H
#define NAV_ACCESS_PATH_H

#include <stdio.h>

#include "hub/conf/check.h"

static inline const char *path_join(char out[CONF_WHERE_SIZE], const char *where, const char *key) {
  int length = snprintf(out, CONF_WHERE_SIZE, "%s.%s", where, key);
  if (length < 0) out[0] = '\0';
  return length < CONF_WHERE_SIZE ? out : where;
}

#endif
