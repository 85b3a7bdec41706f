// See output.h. libsmartcols makes tables only: its JSON breaks å, ä and ö.
#include "hub/ctl/output.h"

#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub/base/clock.h"

enum { CELL_SIZE = 4096 };

const char *output_text_of(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text == NULL ? "" : text;
}

// The text of a value; lists joined by blanks, null as nothing.
static void cell_text(const json_t *value, char out[CELL_SIZE]) {
  out[0] = '\0';
  if (json_is_string(value)) {
    (void)snprintf(out, CELL_SIZE, "%s", json_string_value(value));
  } else if (json_is_integer(value)) {
    (void)snprintf(out, CELL_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
  } else if (json_is_boolean(value)) {
    (void)snprintf(out, CELL_SIZE, "%s", json_is_true(value) ? "yes" : "no");
  } else if (json_is_array(value)) {
    size_t used = 0;
    for (size_t i = 0; i < json_array_size(value) && used < CELL_SIZE - 1; i++) {
      const char *text = json_string_value(json_array_get(value, i));
      int n = snprintf(out + used, CELL_SIZE - used, "%s%s", i == 0 ? "" : " ", text != NULL ? text : "");
      used += n > 0 ? (size_t)n : 0;
    }
  }
}

// ---- CSV (RFC 4180) ----

// A spreadsheet would run a cell that begins like a formula.
static void csv_cell(const char *text, bool is_text) {
  bool formula = is_text && text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
  bool quote = formula || strpbrk(text, ",;\"\r\n") != NULL;
  if (!quote) {
    (void)fputs(text, stdout);
    return;
  }
  (void)fputs(formula ? "\"'" : "\"", stdout);
  for (const char *p = text; *p != '\0'; p++) {
    if (*p == '"') (void)putchar('"');
    (void)putchar(*p);
  }
  (void)putchar('"');
}

static void csv_rows(const struct ctl_column *columns, size_t count, const json_t *rows) {
  char text[CELL_SIZE];
  for (size_t c = 0; c < count; c++) (void)printf("%s%s", c == 0 ? "" : ",", columns[c].key);
  (void)fputs("\r\n", stdout);
  for (size_t r = 0; r < json_array_size(rows); r++) {
    for (size_t c = 0; c < count; c++) {
      const json_t *value = json_object_get(json_array_get(rows, r), columns[c].key);
      cell_text(value, text);
      if (c > 0) (void)putchar(',');
      csv_cell(text, !json_is_integer(value));
    }
    (void)fputs("\r\n", stdout);
  }
}

// ---- table ----

const char *output_time(const char *text, char out[OUTPUT_TIME_SIZE]) {
  int64_t ms = 0;
  bool is_written_so =
      strcspn(text, "T") == sizeof "2026-11-22" - 1 && strcspn(text, "Z") + 1 == strlen(text);
  if (!is_written_so || !nav_clock_parse(text, false, &ms)) return text;
  struct nav_civil civil = nav_civil_stockholm(ms);
  (void)snprintf(out, OUTPUT_TIME_SIZE, "%04d-%02d-%02d %02d.%02d.%02d", civil.year, civil.month, civil.day,
                 civil.hour, civil.minute, civil.second);
  return out;
}

static bool table_rows(const struct ctl_column *columns, size_t count, const json_t *rows) {
  char text[CELL_SIZE];
  char time[OUTPUT_TIME_SIZE];
  struct libscols_table *table = scols_new_table();
  if (table == NULL) return false;
  bool terminal = isatty(STDOUT_FILENO) != 0;
  (void)scols_table_enable_colors(table, 0);
  (void)scols_table_enable_maxout(table, 0);
  if (!terminal) (void)scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
  for (size_t c = 0; c < count; c++) {
    int flags = (columns[c].right ? SCOLS_FL_RIGHT : 0) | (terminal ? SCOLS_FL_WRAP : 0);
    if (columns[c].title != NULL && scols_table_new_column(table, columns[c].title, 0, flags) == NULL) break;
  }
  for (size_t r = 0; r < json_array_size(rows); r++) {
    struct libscols_line *line = scols_table_new_line(table, NULL);
    size_t shown = 0;
    for (size_t c = 0; line != NULL && c < count; c++) {
      if (columns[c].title == NULL) continue;
      cell_text(json_object_get(json_array_get(rows, r), columns[c].key), text);
      (void)scols_line_set_data(line, shown++, output_time(text, time));
    }
  }
  bool ok = json_array_size(rows) == 0 || scols_print_table(table) == 0;
  scols_unref_table(table);
  return ok;
}

// ---- JSON ----

bool output_json(enum ctl_format format, const json_t *json) {
  size_t flags = format == CTL_NDJSON ? JSON_COMPACT : JSON_INDENT(2);
  return json_dumpf(json, stdout, flags | JSON_ENCODE_ANY) == 0 && putchar('\n') != EOF;
}

bool output_line(const json_t *object) { return output_json(CTL_NDJSON, object); }

bool output_rows(enum ctl_format format, const struct ctl_column *columns, size_t count, const json_t *rows) {
  bool ok = true;
  if (format == CTL_JSON) {
    ok = output_json(format, rows);
  } else if (format == CTL_NDJSON) {
    for (size_t i = 0; ok && i < json_array_size(rows); i++) ok = output_line(json_array_get(rows, i));
  } else if (format == CTL_CSV) {
    csv_rows(columns, count, rows);
  } else {
    ok = table_rows(columns, count, rows);
  }
  return fflush(stdout) == 0 && ok && ferror(stdout) == 0;
}
