// Tampers and verifies, case after case, as a superuser: each line of standard input is a JSON list of SQL
// statements; they are run and committed with triggers off in a copy of the database, which `audit verify`'s
// own source then reads as it reads any, over connections of its own. Afterwards the copy's rows are put back
// from a second copy of them; where a case changed more than rows, the whole is copied anew. Each line of
// output is {"records":n,"unproved":n,"unjudged":n,"faults":[{"seq":n,"what":"…"}]} or {"error":"…"}.
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
  bool ok = PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;
  if (!ok) (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "%.200s: %.200s", sql, PQerrorMessage(connection));
  PQclear(result);
  return ok;
}

static const char *const tables[] = {"ledger",  "content",     "checkpoint", "person", "mention",
                                     "subtree", "cosignature", "rules_text", "lease"};
enum { TABLES = sizeof tables / sizeof *tables };

// A transaction of the statements, with triggers off.
static bool commit(PGconn *connection, const json_t *statements, struct nav_error *err) {
  size_t i = 0;
  const json_t *statement = NULL;
  bool ok = run_sql(connection, "BEGIN", err) &&
            run_sql(connection, "SET LOCAL session_replication_role = replica", err);
  json_array_foreach(statements, i, statement) {
    ok = ok && run_sql(connection, json_string_value(statement), err);
  }
  if (ok) return run_sql(connection, "COMMIT", err);
  PQclear(PQexec(connection, "ROLLBACK"));
  return false;
}

enum each { KEEP, EMPTY, FILL };

static json_t *statement_of(enum each each, const char *table) {
  if (each == KEEP) return json_sprintf("CREATE UNLOGGED TABLE kept_%s AS TABLE nav.%s", table, table);
  if (each == EMPTY) return json_sprintf("TRUNCATE nav.%s", table);
  return json_sprintf("INSERT INTO nav.%s SELECT * FROM kept_%s", table, table);
}

static void add_each(json_t *statements, enum each each) {
  for (size_t i = 0; i < TABLES; i++) (void)json_array_append_new(statements, statement_of(each, tables[i]));
}

static void say_nothing(void *context, const char *notice) {
  (void)context;
  (void)notice;
}

struct test {
  PGconn *connection;  // to a database beside those of the cases
  const char *database;
  char copy[CONNINFO_SIZE];
  PGconn *writer;  // to the copy; NULL: there is none
  const char *hub;
  uint8_t key[32];
};

static void forget_copy(struct test *test) {
  PQfinish(test->writer);
  test->writer = NULL;
}

static bool make_copy(struct test *test, struct nav_error *err) {
  char sql[SQL_SIZE];
  (void)snprintf(sql, sizeof sql, "CREATE DATABASE tampered TEMPLATE %s", test->database);
  json_t *keep = json_array();
  add_each(keep, KEEP);
  bool ok = run_sql(test->connection, "DROP DATABASE IF EXISTS tampered WITH (FORCE)", err) &&
            run_sql(test->connection, sql, err);
  if (ok) test->writer = PQconnectdb(test->copy);
  ok = ok && commit(test->writer, keep, err);
  json_decref(keep);
  return ok;
}

static bool changes_more_than_rows(const json_t *statements) {
  static const char *const rows[] = {"UPDATE ", "INSERT ", "DELETE ", "WITH "};
  size_t i = 0;
  const json_t *statement = NULL;
  json_array_foreach(statements, i, statement) {
    bool is = false;
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
      is = is || strncmp(json_string_value(statement), rows[k], strlen(rows[k])) == 0;
    if (!is) return true;
  }
  return false;
}

// As it was before the case.
static void put_back(struct test *test, const json_t *statements) {
  struct nav_error err = {0};
  json_t *back = json_array();
  add_each(back, EMPTY);
  add_each(back, FILL);
  if (changes_more_than_rows(statements) || !commit(test->writer, back, &err)) forget_copy(test);
  json_decref(back);
}

static json_t *one_case(struct test *test, const json_t *statements) {
  struct nav_error err = {0};
  struct verify_report report = {0};
  struct desk_database *database = NULL;
  const struct desk_verifying verifying = {.hub = test->hub, .key = test->key};
  json_t *faults = json_array();
  bool ok = (test->writer != NULL || make_copy(test, &err)) && commit(test->writer, statements, &err);
  if (ok) database = desk_database_open(test->copy, &err);
  ok = database != NULL && desk_verify(database, &verifying, add_fault, faults, &report, &err);
  desk_database_close(database);
  put_back(test, statements);
  if (!ok) {
    json_decref(faults);
    return json_pack("{s:s}", "error", err.text);
  }
  return json_pack("{s:I, s:I, s:I, s:o}", "records", (json_int_t)report.records, "unproved",
                   (json_int_t)report.unproved, "unjudged", (json_int_t)report.cosignatures_unjudged,
                   "faults", faults);
}

static int run(struct test *test) {
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
  (void)PQsetNoticeProcessor(test.connection, say_nothing, NULL);
  int code = 1;
  if (PQstatus(test.connection) == CONNECTION_OK)
    code = run(&test);
  else
    (void)fprintf(stderr, "tamper_driver: %s\n", PQerrorMessage(test.connection));
  forget_copy(&test);
  PQfinish(test.connection);
  return code;
}
