// navctl db upgrade: runs the schema's migrations (schemas/sql, embedded in this program) that the database
// has not had, in order, each in a transaction of its own together with the note that it ran. Roles that are
// missing are made where the login may.
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/id.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/migrations.h"
#include "hub/wire/sha256.h"

static bool failed(struct nav_error *err, const PGconn *connection, const PGresult *result,
                   const char *what) {
  const char *text = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
  bool lost = PQstatus(connection) != CONNECTION_OK;
  char line[220];
  (void)snprintf(line, sizeof line, "%s", text != NULL ? text : PQerrorMessage(connection));
  line[strcspn(line, "\n")] = '\0';
  return nav_fail(err, lost ? NAV_ERROR_RETRY : NAV_ERROR_LOCAL, 0, "database", "%s: %s", what, line);
}

static bool execute(PGconn *connection, const char *sql, const char *what, struct nav_error *err) {
  PGresult *result = PQexec(connection, sql);
  ExecStatusType status = PQresultStatus(result);
  bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
  if (!ok) (void)failed(err, connection, result, what);
  PQclear(result);
  return ok;
}

// One value, copied; "" where there is no row. False: *err.
static bool value_of(PGconn *connection, const char *sql, const char *parameter, char *out, size_t size,
                     struct nav_error *err) {
  const char *values[] = {parameter};
  PGresult *result = PQexecParams(connection, sql, parameter == NULL ? 0 : 1, NULL, values, NULL, NULL, 0);
  bool ok = PQresultStatus(result) == PGRES_TUPLES_OK;
  if (!ok) {
    (void)failed(err, connection, result, "cannot look into the database");
  } else {
    (void)snprintf(out, size, "%s", PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
  }
  PQclear(result);
  return ok;
}

static bool make_roles(PGconn *connection, struct nav_error *err) {
  static const char *const roles[] = {"nav_owner", "nav_core", "nav_desk", "nav_auditor"};
  for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
    char found[8];
    char sql[128];
    if (!value_of(connection, "SELECT 1 FROM pg_roles WHERE rolname = $1", roles[i], found, sizeof found,
                  err))
      return false;
    if (found[0] != '\0') continue;
    (void)snprintf(sql, sizeof sql, "CREATE ROLE %s LOGIN", roles[i]);
    if (!execute(connection, sql, "a role is missing, and this login may not make it", err)) return false;
    (void)fprintf(stderr, "navctl: made the role %s\n", roles[i]);
  }
  return true;
}

// Everything belongs to nav_owner, whoever runs this.
static bool prepare(PGconn *connection, bool *become_owner, struct nav_error *err) {
  char user[128];
  char database[128];
  if (!execute(connection, "SET client_min_messages = warning", "cannot begin", err) ||
      !execute(connection, "SELECT pg_advisory_lock(7701)", "cannot wait for another upgrade", err) ||
      !make_roles(connection, err) ||
      !value_of(connection, "SELECT current_user", NULL, user, sizeof user, err) ||
      !value_of(connection, "SELECT quote_ident(current_database())", NULL, database, sizeof database, err)) {
    return false;
  }
  *become_owner = strcmp(user, "nav_owner") != 0;
  if (*become_owner) {
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "GRANT CREATE ON DATABASE %s TO nav_owner; GRANT CREATE ON SCHEMA public TO nav_owner",
                   database);
    if (!execute(connection, sql, "cannot let nav_owner make its schema", err) ||
        !execute(connection, "SET ROLE nav_owner", "this login may not act as nav_owner", err)) {
      return false;
    }
  }
  return execute(
      connection,
      "CREATE TABLE IF NOT EXISTS public.nav_schema_version (name text PRIMARY KEY, sha256 text NOT NULL, "
      "at timestamptz NOT NULL DEFAULT now())",
      "cannot make the table of versions", err);
}

static bool run_migration(PGconn *connection, const struct migration *migration, const char *hash,
                          struct nav_error *err) {
  char sql[512];
  (void)snprintf(sql, sizeof sql, "INSERT INTO public.nav_schema_version (name, sha256) VALUES ('%s', '%s')",
                 migration->name, hash);
  bool ok = execute(connection, "BEGIN", "cannot begin", err) &&
            execute(connection, migration->sql, migration->name, err) &&
            execute(connection, sql, "cannot note that it ran", err) &&
            execute(connection, "COMMIT", "cannot commit", err);
  if (!ok) PQclear(PQexec(connection, "ROLLBACK"));
  if (ok) (void)fprintf(stderr, "navctl: ran %s\n", migration->name);
  return ok;
}

static bool upgrade(PGconn *connection, struct nav_error *err) {
  bool become_owner = false;
  if (!prepare(connection, &become_owner, err)) return false;
  for (size_t i = 0; i < migrations_count; i++) {
    uint8_t digest[NAV_SHA256_SIZE];
    char hash[2 * NAV_SHA256_SIZE + 1];
    char known[2 * NAV_SHA256_SIZE + 1];
    const struct nav_bytes bytes = {migrations[i].sql, strlen(migrations[i].sql)};
    nav_sha256(digest, &bytes, 1);
    (void)nav_hex(hash, digest, sizeof digest);
    if (!value_of(connection, "SELECT sha256 FROM public.nav_schema_version WHERE name = $1",
                  migrations[i].name, known, sizeof known, err)) {
      return false;
    }
    if (strcmp(known, hash) == 0) continue;
    if (known[0] != '\0') {
      return nav_fail(err, NAV_ERROR_LOCAL, 0, migrations[i].name,
                      "ran here as another text than this program's: the database is of another build; "
                      "nothing was changed");
    }
    if (!run_migration(connection, &migrations[i], hash, err)) return false;
  }
  return true;
}

enum ctl_exit ctl_db_upgrade(struct ctl *ctl) {
  const struct conf_nav *nav = ctl_nav(ctl);
  struct nav_error err = {0};
  if (nav == NULL) return CTL_FAILED;
  PGconn *connection = PQconnectdb(nav->database_owner);
  bool ok = PQstatus(connection) == CONNECTION_OK;
  if (!ok) (void)failed(&err, connection, NULL, "cannot connect");
  ok = ok && upgrade(connection, &err);
  PQfinish(connection);
  return ok ? CTL_DONE : ctl_fail(&err);
}
