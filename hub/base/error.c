// See error.h.
#include "hub/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/text.h"

bool nav_fail(struct nav_error *err, enum nav_error_class class, int code, const char *place,
              const char *format, ...) {
  if (err == NULL) return false;
  err->class = class;
  err->code = code;
  (void)snprintf(err->place, sizeof err->place, "%s", place != NULL ? place : "");
  va_list args;
  va_start(args, format);
  (void)vsnprintf(err->text, sizeof err->text, format, args);
  va_end(args);
  // It is recorded and sent on as text: words of a client's may have been cut in the midst of a character.
  nav_text_mend(err->place);
  nav_text_mend(err->text);
  return false;
}

bool nav_fail_errno(struct nav_error *err, const char *place, const char *what) {
  return nav_fail(err, NAV_ERROR_LOCAL, 0, place, "%s: %s", what, strerror(errno));
}

const char *nav_error_string(const struct nav_error *err, char *out, size_t size) {
  if (err->place[0] != '\0') {
    (void)snprintf(out, size, "%s: %s", err->place, err->text);
  } else {
    (void)snprintf(out, size, "%s", err->text);
  }
  return out;
}

_Noreturn void nav_assert_failed(const char *condition, const char *file, int line) {
  (void)fprintf(stderr, "%s:%d: this is a bug: '%s' does not hold\n", file, line, condition);
  abort();
}
