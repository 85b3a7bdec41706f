// Tampers and verifies, case after case, as a superuser: each line of standard input is a JSON list of SQL
// statements; they are run and committed with triggers off in a fresh copy of the database, which `audit
// verify`'s own source then reads as it reads any, over connections of its own. Each line of output is
// {"records":n,"unproved":n,"faults":[{"seq":n,"what":"…"}]} or {"error":"…"}.
//   tamper_driver CONNINFO DATABASE HUB KEY_HEX
// CONNINFO leads to another database of the same server; nobody may be connected to DATABASE. Called by:
// tests/ledger/tamper_test.py. Must never: write to DATABASE itself.
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/id.h"
#include "hub/desk/verify_rows.h"

enum { LINE_MAX_BYTES = 16 * 1024 * 1024, SQL_SIZE = 256, CONNINFO_SIZE = 1024 };

static void add_fault(void *context, uint64_t seq, const char *what) {
  (void)json_array_append_new(context, json_pack("{s:I, s:s}", "seq", (json_int_t)seq, "what", what));
}

static bool run_sql(PGconn *connection, const char *sql, struct nav_error *err) {
  PGresult *result = PQexec(connection, sql);
  bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;
  if (!ok) (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "%.200s: %.200s", sql, PQerrorMessage(connection));
  PQclear(result);
  return ok;
}

// The copy is made file by file: a small database is copied faster so than by its log.
static bool make_copy(PGconn *connection, const char *database, struct nav_error *err) {
  char sql[SQL_SIZE];
  (void)snprintf(sql, sizeof sql, "CREATE DATABASE tampered TEMPLATE %s STRATEGY file_copy", database);
  return run_sql(connection, "DROP DATABASE IF EXISTS tampered WITH (FORCE)", err) &&
         run_sql(connection, sql, err);
}

static bool tamper(const char *conninfo, const json_t *statements, struct nav_error *err) {
  size_t i = 0;
  const json_t *statement = NULL;
  PGconn *connection = PQconnectdb(conninfo);
  bool ok = run_sql(connection, "BEGIN", err) &&
            run_sql(connection, "SET LOCAL session_replication_role = replica", err);
  json_array_foreach(statements, i, statement) {
    ok = ok && run_sql(connection, json_string_value(statement), err);
  }
  ok = ok && run_sql(connection, "COMMIT", err);
  PQfinish(connection);
  return ok;
}

struct test {
  PGconn *connection;  // to a database beside those of the cases
  const char *database;
  char copy[CONNINFO_SIZE];
  const char *hub;
  uint8_t key[32];
};

static json_t *one_case(const struct test *test, const json_t *statements) {
  struct nav_error err = {0};
  struct verify_report report = {0};
  struct desk_database *database = NULL;
  json_t *faults = json_array();
  bool ok = make_copy(test->connection, test->database, &err) && tamper(test->copy, statements, &err);
  if (ok) database = desk_database_open(test->copy, &err);
  ok = database != NULL && desk_verify(database, test->hub, test->key, add_fault, faults, &report, &err);
  desk_database_close(database);
  if (!ok) {
    json_decref(faults);
    return json_pack("{s:s}", "error", err.text);
  }
  return json_pack("{s:I, s:I, s:o}", "records", (json_int_t)report.records, "unproved",
                   (json_int_t)report.unproved, "faults", faults);
}

static int run(const struct test *test) {
  char *line = malloc(LINE_MAX_BYTES);
  int code = line == NULL ? 1 : 0;
  while (code == 0 && fgets(line, LINE_MAX_BYTES, stdin) != NULL) {
    json_t *statements = json_loads(line, 0, NULL);
    json_t *answer = one_case(test, statements);
    code =
        json_dumpf(answer, stdout, JSON_COMPACT) == 0 && putchar('\n') != EOF && fflush(stdout) == 0 ? 0 : 1;
    json_decref(answer);
    json_decref(statements);
  }
  free(line);
  return code;
}

int main(int argc, char **argv) {
  struct test test = {0};
  size_t length = 0;
  if (argc != 5 || sodium_init() < 0 ||
      sodium_hex2bin(test.key, sizeof test.key, argv[4], strlen(argv[4]), NULL, &length, NULL) != 0 ||
      length != 32) {
    (void)fputs("tamper_driver CONNINFO DATABASE HUB KEY_HEX\n", stderr);
    return 2;
  }
  test.database = argv[2];
  test.hub = argv[3];
  (void)snprintf(test.copy, sizeof test.copy, "%s dbname=tampered", argv[1]);  // the later name counts
  test.connection = PQconnectdb(argv[1]);
  int code = 1;
  if (PQstatus(test.connection) == CONNECTION_OK)
    code = run(&test);
  else
    (void)fprintf(stderr, "tamper_driver: %s\n", PQerrorMessage(test.connection));
  PQfinish(test.connection);
  return code;
}
