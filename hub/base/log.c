// See log.h. A line is written with one write(2), so that lines of several programs never mix.
#include "hub/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "hub/base/clock.h"

enum { LINE_SIZE = 1024 };

static const char *log_program = "nav";
static enum nav_log_level log_level_max = NAV_LOG_INFO;

void nav_log_open(const char *program, enum nav_log_level level_max) {
  log_program = program;
  log_level_max = level_max;
}

void nav_log(enum nav_log_level level, const char *format, ...) {
  static const char *const names[] = {"error", "warning", "info", "debug"};
  if (level > log_level_max) return;
  char text[LINE_SIZE - 128];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  // A line break in a text that came from outside must not make a second line.
  for (char *p = text; *p != '\0'; p++) {
    if ((unsigned char)*p < 0x20) *p = ' ';
  }
  char time[NAV_RFC3339_SIZE];
  char line[LINE_SIZE];
  int length = snprintf(line, sizeof line, "%s %s %s: %s\n", nav_clock_rfc3339(nav_clock_now_ms(), time),
                        log_program, names[level], text);
  if (length < 0) return;
  ssize_t written = write(STDERR_FILENO, line, (size_t)length);
  (void)written;  // there is nowhere to say that the log is gone
}

void nav_log_failure(enum nav_log_level level, const char *what, const struct nav_error *err) {
  char text[NAV_ERROR_PLACE_SIZE + NAV_ERROR_TEXT_SIZE];
  nav_log(level, "%s: %s", what, nav_error_string(err, text, sizeof text));
}
