// See record.h.
#include "adapters/record/record.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"

enum { KEY_SIZE = 256, REASON_SIZE = 320 };

static const char CUT_MARK[] = " […]";

void record_begin(struct record *record, struct nav_mapping_run *run, const char *place_format, ...) {
  *record = (struct record){.run = run, .arena = nav_mapping_arena(run)};
  va_list args;
  va_start(args, place_format);
  (void)vsnprintf(record->place, sizeof record->place, place_format, args);
  va_end(args);
}

bool record_skip(struct record *record, const char *format, ...) {
  char reason[REASON_SIZE];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(reason, sizeof reason, format, args);
  va_end(args);
  nav_mapping_skip(record->run, record->place, "%s", reason);
  return false;
}

bool record_emit(struct record *record, const char *source_id, int64_t created_ms,
                 const Nav__V1__Event *event) {
  if (record->full || source_id == NULL || event == NULL) {
    return record_skip(record, "is larger than an adapter takes for one record");
  }
  nav_mapping_emit(record->run, source_id, created_ms, event);
  return true;
}

void *record_new(struct record *record, size_t size) {
  void *memory = nav_arena_zalloc(record->arena, 1, size);
  if (memory == NULL) record->full = true;
  return memory;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// The bytes of text between its outer blanks.
static const char *trim(const char *text, size_t *length) {
  while (is_blank(*text)) text++;
  *length = strlen(text);
  while (*length > 0 && is_blank(text[*length - 1])) (*length)--;
  return text;
}

char *record_text(struct record *record, const char *text) {
  if (text == NULL) return NULL;
  size_t length = 0;
  text = trim(text, &length);
  if (length == 0) return NULL;
  char *copy = NULL;
  if (length > RECORD_TEXT_MAX) {
    length = RECORD_TEXT_MAX - sizeof CUT_MARK;
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
    copy = nav_arena_printf(record->arena, "%.*s%s", (int)length, text, CUT_MARK);
  } else {
    copy = nav_arena_strndup(record->arena, text, length);
  }
  if (copy == NULL) record->full = true;
  return copy;
}

char *record_printf(struct record *record, const char *format, ...) {
  char text[KEY_SIZE * 4];
  va_list args;
  va_start(args, format);
  int length = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  char *copy = length < 0 || (size_t)length >= sizeof text ? NULL : nav_arena_strdup(record->arena, text);
  if (copy == NULL) record->full = true;
  return copy;
}

char *record_next_part(struct record *record, const char **rest, char separator) {
  if (*rest == NULL) return NULL;
  const char *start = *rest;
  const char *end = strchr(start, separator);
  *rest = end == NULL ? NULL : end + 1;
  size_t length = end == NULL ? strlen(start) : (size_t)(end - start);
  while (length > 0 && is_blank(*start)) {
    start++;
    length--;
  }
  while (length > 0 && is_blank(start[length - 1])) length--;
  char *part = nav_arena_strndup(record->arena, start, length);
  if (part == NULL) record->full = true;
  return part;
}

const char *record_option(struct record *record, const char *key_format, ...) {
  char key[KEY_SIZE];
  va_list args;
  va_start(args, key_format);
  int length = vsnprintf(key, sizeof key, key_format, args);
  va_end(args);
  if (length < 0 || (size_t)length >= sizeof key) return NULL;
  const char *text = nav_mapping_option(record->run, key);
  return text == NULL || *text == '\0' ? NULL : text;
}

Nav__V1__Event *record_event(struct record *record, int64_t time_ms) {
  Nav__V1__Event *event = record_new(record, sizeof *event);
  if (event == NULL) return NULL;
  nav__v1__event__init(event);
  event->has_time_ms = true;
  event->time_ms = time_ms;
  return event;
}

void record_recorded(Nav__V1__Event *event, int64_t recorded_ms) {
  event->has_recorded_time_ms = true;
  event->recorded_time_ms = recorded_ms;
}

void record_one_subject(struct record *record, Nav__V1__Event *event, Nav__V1__Subject *subject) {
  if (subject == NULL) return;
  event->subjects = record_new(record, sizeof *event->subjects);
  if (event->subjects == NULL) return;
  event->subjects[0] = subject;
  event->n_subjects = 1;
}

Nav__V1__Subject *record_subject(struct record *record, Nav__V1__Role role) {
  Nav__V1__Subject *subject = record_new(record, sizeof *subject);
  if (subject == NULL) return NULL;
  nav__v1__subject__init(subject);
  subject->has_role = true;
  subject->role = role;
  return subject;
}

bool record_subject_number(struct record *record, Nav__V1__Subject *subject, const char *text) {
  struct nav_personal_number number;
  size_t length = 0;
  const char *start = trim(text, &length);
  char copy[16];
  if (length >= sizeof copy) return false;
  memcpy(copy, start, length);
  copy[length] = '\0';
  if (!nav_personal_number_parse(copy, nav_mapping_now_ms(record->run), &number)) return false;
  subject->personal_number = record_text(record, number.digits);
  if (number.birth_month > 0) {  // else a coordination number that tells the year alone
    subject->birth_date = record_printf(record, "%04d-%02d-%02d", number.birth_year % 10000,
                                        number.birth_month % 100, number.birth_day % 100);
  }
  return true;
}

Nav__V1__Protection record_protection(const char *text) {
  static const struct {
    const char *word;
    Nav__V1__Protection protection;
  } words[] = {
      {"Ingen", NAV__V1__PROTECTION__PROTECTION_NONE},
      {"Nej", NAV__V1__PROTECTION__PROTECTION_NONE},
      {"Sekretessmarkering", NAV__V1__PROTECTION__PROTECTION_SEKRETESSMARKERING},
      {"Skyddad folkbokföring", NAV__V1__PROTECTION__PROTECTION_SKYDDAD_FOLKBOKFORING},
  };
  if (text == NULL) return NAV__V1__PROTECTION__PROTECTION_UNSPECIFIED;
  size_t length = 0;
  text = trim(text, &length);
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (strlen(words[i].word) == length && strncasecmp(words[i].word, text, length) == 0) {
      return words[i].protection;
    }
  }
  return NAV__V1__PROTECTION__PROTECTION_UNSPECIFIED;
}

void record_subject_protection(Nav__V1__Subject *subject, const char *text) {
  subject->protection = record_protection(text);
  subject->has_protection = subject->protection != NAV__V1__PROTECTION__PROTECTION_UNSPECIFIED;
}

// "59.3383, 17.9391": digits with a point, whatever the locale.
static bool parse_degrees(const char **text, double *degrees) {
  while (is_blank(**text)) (*text)++;
  double value = 0;
  double scale = 0;
  int digits = 0;
  bool negative = **text == '-';
  if (negative) (*text)++;
  for (; (**text >= '0' && **text <= '9') || (**text == '.' && scale == 0); (*text)++) {
    if (**text == '.') {
      scale = 1;
      continue;
    }
    value = value * 10 + (**text - '0');
    if (scale != 0) scale *= 10;
    if (++digits > 15) return false;
  }
  if (digits == 0) return false;
  if (scale != 0) value /= scale;
  *degrees = negative ? -value : value;
  return true;
}

static bool parse_position(struct record *record, const char *text, Nav__V1__Place *place) {
  double latitude = 0;
  double longitude = 0;
  if (!parse_degrees(&text, &latitude) || *text++ != ',' || !parse_degrees(&text, &longitude)) return false;
  if (*text != '\0' || latitude < -90 || latitude > 90 || longitude < -180 || longitude > 180) return false;
  Nav__V1__Position *position = record_new(record, sizeof *position);
  if (position == NULL) return true;  // full: record_emit says so
  nav__v1__position__init(position);
  position->has_latitude = position->has_longitude = true;
  position->latitude = latitude;
  position->longitude = longitude;
  place->position = position;
  return true;
}

static char *non_empty(char *text) { return text == NULL || *text == '\0' ? NULL : text; }

static bool is_municipality(const char *text) { return strspn(text, "0123456789") == 4 && text[4] == '\0'; }

Nav__V1__Place *record_place(struct record *record, const char *option, const char *option_name) {
  Nav__V1__Place *place = record_new(record, sizeof *place);
  if (place == NULL) {
    (void)record_emit(record, NULL, 0, NULL);  // says that it does not fit
    return NULL;
  }
  nav__v1__place__init(place);
  const char *rest = option;
  place->area = non_empty(record_next_part(record, &rest, ';'));
  place->municipality = non_empty(record_next_part(record, &rest, ';'));
  char *position = non_empty(record_next_part(record, &rest, ';'));
  place->address = non_empty(record_next_part(record, &rest, ';'));
  place->property = non_empty(record_next_part(record, &rest, ';'));
  bool sound = rest == NULL && (place->municipality == NULL || is_municipality(place->municipality)) &&
               (position == NULL || parse_position(record, position, place));
  if (!sound) {
    (void)record_skip(
        record, "map: %s in adapter.yaml is not 'area; municipality; latitude, longitude; address; property'",
        option_name);
    return NULL;
  }
  if (place->municipality != NULL) place->county = record_printf(record, "%.2s", place->municipality);
  place->has_precision = true;
  place->precision = place->position != NULL  ? NAV__V1__PRECISION__PRECISION_POINT
                     : place->address != NULL ? NAV__V1__PRECISION__PRECISION_ADDRESS
                                              : NAV__V1__PRECISION__PRECISION_AREA;
  return place;
}
