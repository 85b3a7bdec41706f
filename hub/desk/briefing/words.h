// Numbers, dates and times as Swedish readers expect them: blank between thousands (unbreakable), decimal
// comma, "3–30 oktober 2026". Called by: the renderers of a briefing. Must never: read a locale or the clock.
#ifndef NAV_DESK_BRIEFING_WORDS_H
#define NAV_DESK_BRIEFING_WORDS_H

#include <stddef.h>
#include <stdint.h>

enum { WORDS_SIZE = 96 };

// Each writes into out (WORDS_SIZE bytes) and returns it.
const char *words_number(char *out, uint64_t value);               // "12 345"
const char *words_decimal(char *out, double value, int decimals);  // "1,36"; "∞" where infinite
const char *words_date(char *out, int64_t day);                    // "3 oktober 2026"
const char *words_date_short(char *out, int64_t day);              // "3 okt"
const char *words_date_iso(char *out, int64_t day);                // "2026-10-03"
const char *words_period(char *out, int64_t start_day,
                         int64_t end_day);            // end not included: "3–30 oktober 2026"
const char *words_time(char *out, int64_t ms);        // "3 oktober 2026 kl. 17.45"
const char *words_time_short(char *out, int64_t ms);  // "lör 3 okt 17.45"
const char *words_plural(uint64_t count, const char *one, const char *many);
const char *words_weekday(int weekday);  // 0: "måndag"
// 0: Monday. Days since 1970.
int words_weekday_of(int64_t day);
// ISO 8601 week number of that day.
int words_week_of(int64_t day);

#endif
