// See id.h. Skatteverket's rules (SKV 704, SKV 707) for personal and coordination numbers.
#include "hub/base/id.h"

#include <ctype.h>
#include <sodium.h>
#include <string.h>

#include "hub/base/buffer.h"
#include "hub/base/clock.h"

enum { MS_A_DAY = 86400000, DIGEST_SIZE = 16 };

void nav_event_id(uint8_t id[NAV_EVENT_ID_SIZE], const uint8_t *key, int64_t created_ms, const char *source,
                  const char *source_id) {
  crypto_generichash_state state;
  uint8_t digest[DIGEST_SIZE];
  (void)crypto_generichash_init(&state, key, NAV_ID_KEY_SIZE, sizeof digest);
  (void)crypto_generichash_update(&state, (const uint8_t *)source, strlen(source) + 1);
  (void)crypto_generichash_update(&state, (const uint8_t *)source_id, strlen(source_id));
  (void)crypto_generichash_final(&state, digest, sizeof digest);
  int64_t day = created_ms / MS_A_DAY;
  nav_put_u32(id, day < 0 ? 0 : (uint32_t)day);
  memcpy(id + 4, digest, NAV_EVENT_ID_SIZE - 4);
}

const char *nav_hex(char *out, const uint8_t *data, size_t length) {
  return sodium_bin2hex(out, length * 2 + 1, data, length);
}

bool nav_unhex(uint8_t *data, size_t length, const char *text) {
  size_t read = 0;
  if (strlen(text) != length * 2) return false;
  return sodium_hex2bin(data, length, text, length * 2, NULL, &read, NULL) == 0 && read == length;
}

static bool luhn_holds(const char ten[10]) {
  int sum = 0;
  for (int i = 0; i < 10; i++) {
    int n = (ten[i] - '0') * (i % 2 == 0 ? 2 : 1);
    sum += n > 9 ? n - 9 : n;
  }
  return sum % 10 == 0;
}

// Splits text into date digits, the separator (0 where there is none) and the four last characters.
static bool split(const char *text, char date[9], size_t *date_length, char *separator, char last[5]) {
  size_t length = strlen(text);
  if (length < 10 || length > 13) return false;
  memcpy(last, text + length - 4, 4);
  last[4] = '\0';
  size_t rest = length - 4;
  *separator = '\0';
  if (text[rest - 1] == '-' || text[rest - 1] == '+') {
    *separator = text[rest - 1];
    rest--;
  }
  if (rest != 6 && rest != 8) return false;
  for (size_t i = 0; i < rest; i++) {
    if (!isdigit((unsigned char)text[i])) return false;
  }
  memcpy(date, text, rest);
  date[rest] = '\0';
  *date_length = rest;
  return true;
}

static int two_digits(const char *p) { return (p[0] - '0') * 10 + (p[1] - '0'); }

static int full_year(const char *date, size_t length, char separator, int64_t today_ms) {
  if (length == 8) return two_digits(date) * 100 + two_digits(date + 2);
  struct nav_civil today = nav_civil_stockholm(today_ms);
  int year = today.year - today.year % 100 + two_digits(date);
  if (year > today.year) year -= 100;
  return separator == '+' ? year - 100 : year;
}

static bool last_four(const char last[5], enum nav_personal_number_kind *kind) {
  bool digits = isdigit((unsigned char)last[2]) && isdigit((unsigned char)last[3]);
  if (!digits) return false;
  if (isdigit((unsigned char)last[0]) && isdigit((unsigned char)last[1])) return true;
  bool interim =
      strchr("TRSUWXJKLMN", last[0]) != NULL && (isdigit((unsigned char)last[1]) || last[1] == 'F');
  if (interim) *kind = NAV_INTERIM;
  return interim;
}

// Fills the birth date. Coordination numbers are also given where month or day is not known (00, 60), and
// where the calendar does not have it: Skatteverket's own test numbers show both. Of these only the year is
// told.
static bool read_birth(struct nav_personal_number *out, const char *month_day) {
  out->birth_month = two_digits(month_day);
  out->birth_day = two_digits(month_day + 2);
  if (out->birth_day >= 60 && out->kind == NAV_PERSONNUMMER) out->kind = NAV_SAMORDNINGSNUMMER;
  if (out->birth_day > 60) out->birth_day -= 60;
  if (nav_date_valid(out->birth_year, out->birth_month, out->birth_day)) return true;
  bool plausible = out->birth_month <= 12 && (out->birth_day <= 31 || out->birth_day == 60);
  out->birth_month = 0;
  out->birth_day = 0;
  return out->kind == NAV_SAMORDNINGSNUMMER && plausible && out->birth_year > 0;
}

bool nav_personal_number_parse(const char *text, int64_t today_ms, struct nav_personal_number *out) {
  char date[9];
  char last[5];
  char separator = '\0';
  size_t length = 0;
  if (!split(text, date, &length, &separator, last)) return false;
  *out = (struct nav_personal_number){.kind = NAV_PERSONNUMMER};
  if (!last_four(last, &out->kind)) return false;
  out->birth_year = full_year(date, length, separator, today_ms);
  if (!read_birth(out, date + length - 4)) return false;
  if (out->kind != NAV_INTERIM) {
    char ten[10];
    memcpy(ten, date + length - 6, 6);
    memcpy(ten + 6, last, 4);
    if (!luhn_holds(ten) || memcmp(last, "000", 3) == 0) return false;  // serials are 001 to 999
  }
  out->digits[0] = (char)('0' + out->birth_year / 1000 % 10);
  out->digits[1] = (char)('0' + out->birth_year / 100 % 10);
  memcpy(out->digits + 2, date + length - 6, 6);
  memcpy(out->digits + 8, last, 5);
  return true;
}
