// What database.c and stream.c share. Called by: those alone. Must never: be included elsewhere.
#ifndef NAV_DESK_DATABASE_PRIVATE_H
#define NAV_DESK_DATABASE_PRIVATE_H

#include "hub/desk/database.h"

enum { DESK_SNAPSHOT_SIZE = 64 };

struct desk_database {
  PGconn *connection;
  char *conninfo;
  char snapshot[DESK_SNAPSHOT_SIZE];  // as exported for others; "": not yet
};

// Says in *err what the server or the connection said. result: NULL where there is none. False.
bool desk_failed(struct nav_error *err, const struct desk_database *database, const PGresult *result);

#endif
