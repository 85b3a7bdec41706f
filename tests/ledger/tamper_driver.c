// Tampers and verifies, case after case, in one connection of a superuser: each line of standard input is a
// JSON list of SQL statements; they are run in a transaction with triggers off, `audit verify`'s own source
// reads in that same transaction, and it is rolled back. Each line of output is
// {"records":n,"unproved":n,"faults":[{"seq":n,"what":"…"}]} or {"error":"…"}.
//   tamper_driver CONNINFO HUB KEY_HEX
// Called by: tests/ledger/tamper_test.py. Must never: commit.
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/id.h"
#include "hub/desk/verify_rows.h"

enum { LINE_MAX_BYTES = 16 * 1024 * 1024 };

static void add_fault(void *context, uint64_t seq, const char *what) {
  (void)json_array_append_new(context, json_pack("{s:I, s:s}", "seq", (json_int_t)seq, "what", what));
}

static bool run_sql(struct desk_database *database, const char *sql, struct nav_error *err) {
  PGresult *result = desk_query(database, sql, 0, NULL, err);
  PQclear(result);
  return result != NULL;
}

static bool tamper(struct desk_database *database, const json_t *statements, struct nav_error *err) {
  size_t i = 0;
  const json_t *statement = NULL;
  if (!run_sql(database, "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE", err) ||
      !run_sql(database, "SET LOCAL session_replication_role = replica", err)) {
    return false;
  }
  json_array_foreach(statements, i, statement) {
    if (!run_sql(database, json_string_value(statement), err)) return false;
  }
  return true;
}

static json_t *one_case(struct desk_database *database, const char *hub, const uint8_t *key,
                        const json_t *statements) {
  struct nav_error err = {0};
  struct verify_report report = {0};
  json_t *faults = json_array();
  bool ok =
      tamper(database, statements, &err) && desk_verify(database, hub, key, add_fault, faults, &report, &err);
  if (!ok) {
    json_decref(faults);
    return json_pack("{s:s}", "error", err.text);
  }
  return json_pack("{s:I, s:I, s:o}", "records", (json_int_t)report.records, "unproved",
                   (json_int_t)report.unproved, "faults", faults);
}

static int run(struct desk_database *database, const char *hub, const uint8_t *key) {
  char *line = malloc(LINE_MAX_BYTES);
  struct nav_error err = {0};
  int code = line == NULL ? 1 : 0;
  while (code == 0 && fgets(line, LINE_MAX_BYTES, stdin) != NULL) {
    json_t *statements = json_loads(line, 0, NULL);
    json_t *answer = one_case(database, hub, key, statements);
    code =
        json_dumpf(answer, stdout, JSON_COMPACT) == 0 && putchar('\n') != EOF && fflush(stdout) == 0 ? 0 : 1;
    json_decref(answer);
    json_decref(statements);
    if (!run_sql(database, "ROLLBACK", &err)) code = 1;
  }
  free(line);
  return code;
}

int main(int argc, char **argv) {
  struct nav_error err = {0};
  uint8_t key[32];
  size_t length = 0;
  if (argc != 4 || sodium_init() < 0 ||
      sodium_hex2bin(key, sizeof key, argv[3], strlen(argv[3]), NULL, &length, NULL) != 0 || length != 32) {
    (void)fputs("tamper_driver CONNINFO HUB KEY_HEX\n", stderr);
    return 2;
  }
  struct desk_database *database = desk_database_open(argv[1], &err);
  int code = 1;
  if (database != NULL && run_sql(database, "ROLLBACK", &err)) code = run(database, argv[2], key);
  if (code != 0) (void)fprintf(stderr, "tamper_driver: %s\n", err.text);
  desk_database_close(database);
  return code;
}
