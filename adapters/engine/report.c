// See report.h.
#include "adapters/engine/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LINE_SIZE = 1200 };

static void print_clean(char *line) {
  for (char *p = line; *p != '\0'; p++) {
    if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = ' ';
  }
  (void)fprintf(stderr, "%s\n", line);
}

void report_begin(struct report *report, const char *file) { *report = (struct report){.file = file}; }

void report_line(struct report *report, const char *what, const char *place, const char *text) {
  if (report->lines >= REPORT_LINES_MAX) {
    report->unsaid++;
    return;
  }
  report->lines++;
  char line[LINE_SIZE];
  // A place often begins with the file's name already.
  size_t length = strlen(report->file);
  bool named = strncmp(place, report->file, length) == 0;
  (void)snprintf(line, sizeof line, "%s %s%s%s%s%s", what, named ? "" : report->file, named ? "" : ": ",
                 place, *place != '\0' ? ": " : "", text);
  print_clean(line);
}

void report_failure(const char *what, const struct nav_error *err) {
  char text[NAV_ERROR_PLACE_SIZE + NAV_ERROR_TEXT_SIZE + 4];
  char line[LINE_SIZE];
  (void)snprintf(line, sizeof line, "%s %s", what, nav_error_string(err, text, sizeof text));
  print_clean(line);
}

void report_edge(const struct report *report, uint64_t stayed_home, uint64_t sealed, uint64_t stripped) {
  char line[LINE_SIZE];
  if (stayed_home + sealed + stripped == 0) return;
  (void)snprintf(line, sizeof line,
                 "edge %s: %" PRIu64 " stayed home, %" PRIu64 " sealed, %" PRIu64 " stripped", report->file,
                 stayed_home, sealed, stripped);
  print_clean(line);
}

void report_end(struct report *report) {
  if (report->unsaid > 0) (void)fprintf(stderr, "and %zu more of %s\n", report->unsaid, report->file);
}
