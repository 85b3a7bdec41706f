// schemas/sql/*.sql as they stood when this program was built, in order. Written by hub/ctl/embed_sql.cmake.
// Called by: db upgrade. Must never: be edited once they have run anywhere.
#ifndef NAV_CTL_MIGRATIONS_H
#define NAV_CTL_MIGRATIONS_H

#include <stddef.h>

struct migration {
  const char *name;  // "001_ledger.sql"
  const char *sql;
};

extern const struct migration migrations[];
extern const size_t migrations_count;

#endif
