// From a record's bytes to its values. See records.h.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/engine/records.h"
#include "hub/wire/utf8.h"

// Windows-1252 from 0x80 to 0x9F; the five bytes that have no character there become U+FFFD.
static const uint16_t windows_1252[32] = {0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                          0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD,
                                          0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                          0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178};

static size_t put_character(char *out, uint32_t character) {
  if (character < 0x80) {
    out[0] = (char)character;
    return 1;
  }
  if (character < 0x800) {
    out[0] = (char)(0xC0 | character >> 6);
    out[1] = (char)(0x80 | (character & 0x3F));
    return 2;
  }
  out[0] = (char)(0xE0 | character >> 12);
  out[1] = (char)(0x80 | (character >> 6 & 0x3F));
  out[2] = (char)(0x80 | (character & 0x3F));
  return 3;
}

// The bytes as UTF-8 in the arena; ISO-8859-1 is Windows-1252 but for control characters. NULL: no room.
static const char *convert(struct nav_arena *arena, const uint8_t *bytes, size_t length, size_t *out_length) {
  char *out = nav_arena_alloc(arena, length * 3 + 1);
  if (out == NULL) return NULL;
  *out_length = 0;
  for (size_t i = 0; i < length; i++) {
    uint32_t character = bytes[i] >= 0x80 && bytes[i] < 0xA0 ? windows_1252[bytes[i] - 0x80] : bytes[i];
    *out_length += put_character(out + *out_length, character);
  }
  return out;
}

// jansson's text without what it quotes of the record.
static void skip_fault(struct nav_mapping_run *run, const struct record_slice *slice, json_error_t *fault) {
  char *near = strstr(fault->text, " near ");
  if (near != NULL) *near = '\0';
  if (strncmp(fault->text, "duplicate object key", 20) == 0) fault->text[20] = '\0';
  nav_mapping_skip(run, slice->place, "is not JSON: %s (at byte %d of the record)", fault->text,
                   fault->position);
}

json_t *records_parse(struct nav_mapping_run *run, const struct record_slice *slice, bool *converted) {
  const char *text = (const char *)slice->bytes;
  size_t length = slice->length;
  bool latin = !wire_utf8_valid(slice->bytes, slice->length);
  if (converted != NULL) *converted = latin;
  if (latin) {
    text = convert(nav_mapping_arena(run), slice->bytes, slice->length, &length);
    if (text == NULL) {
      nav_mapping_skip(run, slice->place, "is larger than an adapter takes for one record");
      return NULL;
    }
  }
  json_error_t fault;
  json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &fault);
  if (json == NULL) {
    skip_fault(run, slice, &fault);
  } else if (!json_is_object(json)) {
    nav_mapping_skip(run, slice->place, "is not an object");
    json_decref(json);
    json = NULL;
  }
  return json;
}

// Bytes of the blank at p: ASCII's, and the no-break blanks U+00A0 and U+202F; 0: none.
static size_t blank_size(const char *p) {
  unsigned char c = (unsigned char)*p;
  if (c == ' ' || (c >= '\t' && c <= '\r')) return 1;
  if (c == 0xC2 && (unsigned char)p[1] == 0xA0) return 2;
  if (c == 0xE2 && (unsigned char)p[1] == 0x80 && (unsigned char)p[2] == 0xAF) return 3;
  return 0;
}

// One blank between words, none at the ends; line breaks stay as one line break.
static char *tidy(struct nav_arena *arena, const char *text) {
  char *out = nav_arena_alloc(arena, strlen(text) + 1);
  if (out == NULL) return NULL;
  size_t length = 0;
  char pending = '\0';
  for (const char *p = text; *p != '\0';) {
    size_t blank = blank_size(p);
    if (blank > 0) {
      pending = *p == '\n' || pending == '\n' ? '\n' : ' ';
      p += blank;
      continue;
    }
    if (pending != '\0' && length > 0) out[length++] = pending;
    pending = '\0';
    out[length++] = *p++;
  }
  out[length] = '\0';
  return out;
}

char *records_text(struct nav_mapping_run *run, const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  if (text == NULL) return NULL;
  char *out = tidy(nav_mapping_arena(run), text);
  return out == NULL || *out == '\0' ? NULL : out;
}

char *records_identifier(struct nav_mapping_run *run, const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  if (json_is_integer(value)) {
    return nav_arena_printf(nav_mapping_arena(run), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
  }
  return records_text(run, object, key);
}

bool records_number(const json_t *object, const char *key, double *number) {
  const json_t *value = json_object_get(object, key);
  if (json_is_number(value)) {
    *number = json_number_value(value);
    return isfinite(*number);
  }
  const char *text = json_string_value(value);
  char copy[64];
  if (text == NULL || strlen(text) >= sizeof copy) return false;
  size_t length = strspn(text, "0123456789+-., ");
  if (text[length] != '\0' || strpbrk(text, "0123456789") == NULL) return false;  // no hexadecimal, no "nan"
  (void)snprintf(copy, sizeof copy, "%s", text);
  char *comma = strchr(copy, ',');
  if (comma != NULL) *comma = '.';
  char *end = NULL;
  *number = strtod(copy, &end);  // the C locale: no program of ours sets another
  while (*end == ' ') end++;
  return end != copy && *end == '\0' && isfinite(*number);
}
