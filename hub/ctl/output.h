// Data on standard output: a table for people, JSON, NDJSON or CSV for programs.
// Called by: commands. Must never: colour what is not a terminal, or print anything but data.
#ifndef NAV_CTL_OUTPUT_H
#define NAV_CTL_OUTPUT_H

#include "hub/ctl/ctl.h"

enum { OUTPUT_TIME_SIZE = 64 };

struct ctl_column {
  const char *key;    // of the JSON object
  const char *title;  // of the table; NULL: not in the table
  bool right;
};

// rows: a list of objects. JSON prints the list, NDJSON a line each; table and CSV the columns (a list within
// a cell is joined by blanks). A table has times as output_time says, all else as they come: UTC.
NAV_MUST_USE bool output_rows(enum ctl_format format, const struct ctl_column *columns, size_t count,
                              const json_t *rows);
// Any JSON by itself, indented; NDJSON: on one line.
NAV_MUST_USE bool output_json(enum ctl_format format, const json_t *json);
// The text at the key; "" where there is none.
const char *output_text_of(const json_t *object, const char *key);
// What is a time and nothing else, as nav_clock_rfc3339 writes it, as people here read it: Swedish time, to
// the second. Gives out, or text as it is.
const char *output_time(const char *text, char out[OUTPUT_TIME_SIZE]);
// Without a heading of columns, for lines that come one after another. In CSV and table like output_rows.
NAV_MUST_USE bool output_line(const json_t *object);

#endif
