// One line a happening on standard error: time, program, level, text.
// Called by: programs only. Must never: be given content of an event, a key, or a person's data.
#ifndef NAV_BASE_LOG_H
#define NAV_BASE_LOG_H

#include <stdbool.h>

#include "hub/base/error.h"

enum nav_log_level { NAV_LOG_ERROR, NAV_LOG_WARNING, NAV_LOG_INFO, NAV_LOG_DEBUG };

// Sets the program's name (a string that outlives the program) and the highest level printed.
void nav_log_open(const char *program, enum nav_log_level level_max);

void nav_log(enum nav_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

// "what: place: text".
void nav_log_failure(enum nav_log_level level, const char *what, const struct nav_error *err);

#endif
