// Event ids, hexadecimal, and Swedish personal numbers.
// Called by: adapters (to make ids), intake, rules. Must never: keep a key.
#ifndef NAV_BASE_ID_H
#define NAV_BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NAV_EVENT_ID_SIZE = 16, NAV_ID_KEY_SIZE = 32 };

// 4 bytes day of creation at the source (days since 1970, big-endian) ‖ 12 bytes of keyed BLAKE2b over
// source ‖ 0 ‖ source id. key is the agency's id key, NAV_ID_KEY_SIZE bytes.
void nav_event_id(uint8_t id[NAV_EVENT_ID_SIZE], const uint8_t *key, int64_t created_ms, const char *source,
                  const char *source_id);

// out has 2 × length + 1 bytes. Returns out.
const char *nav_hex(char *out, const uint8_t *data, size_t length);
// Lower or upper case, exactly 2 × length digits.
bool nav_unhex(uint8_t *data, size_t length, const char *text);

enum nav_personal_number_kind {
  NAV_PERSONNUMMER,
  NAV_SAMORDNINGSNUMMER,  // day + 60
  NAV_INTERIM,            // a letter in place of the first serial digit; T, R, S, U, W, X, J, K, L, M, N as
                          // registers issue them, and SS 12000's TF
};

struct nav_personal_number {
  char digits[13];  // YYYYMMDDNNNN
  enum nav_personal_number_kind kind;
  // Day without the + 60. Month and day are 0 where a coordination number does not tell them: then only the
  // year is known.
  int birth_year, birth_month, birth_day;
};

// Takes YYYYMMDD-NNNN, YYMMDD-NNNN, YYMMDD+NNNN (100 years and older), with or without the separator.
// today_ms decides the century of ten digits. Luhn over the last ten digits and a serial from 001, but for
// interim numbers.
bool nav_personal_number_parse(const char *text, int64_t today_ms, struct nav_personal_number *out);

#endif
