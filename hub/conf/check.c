// See check.h: single scalars and lists. Tables of keys are in check_map.c.
#include "hub/conf/check.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"

enum { SHOWN_MAX = 80, WORDS_TEXT_SIZE = 320 };

#define FAULT(node, hint, ...) \
  conf_faults_add(faults, (node)->file, (node)->line, (node)->column, hint, __VA_ARGS__)

const char *conf_read_text(const struct conf_node *node, const char *where, struct conf_faults *faults) {
  if (node->told) return NULL;
  if (node->kind != CONF_SCALAR) {
    FAULT(node, "", "%s must be a single value, not a %s", where, node->kind == CONF_LIST ? "list" : "map");
    return NULL;
  }
  if (node->text[0] == '\0') {
    FAULT(node, "give it a value, or remove the key", "%s is empty", where);
    return NULL;
  }
  if (strlen(node->text) > CONF_TEXT_LENGTH_MAX) {
    FAULT(node, "shorten it", "%s is longer than %d bytes", where, CONF_TEXT_LENGTH_MAX);
    return NULL;
  }
  return node->text;
}

bool conf_is_id(const char *text) {
  size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
  return length > 0 && text[length] == '\0' && length <= CONF_ID_LENGTH_MAX && text[0] != '-';
}

const char *conf_read_id(const struct conf_node *node, const char *where, struct conf_faults *faults) {
  const char *text = conf_read_text(node, where, faults);
  if (text == NULL || conf_is_id(text)) return text;
  FAULT(node, "ids have only a-z, 0-9 and '-', do not begin with '-', and are at most 64 long",
        "%s: '%.*s' is not an id", where, SHOWN_MAX, text);
  return NULL;
}

bool conf_read_integer(const struct conf_node *node, const char *where, int64_t min, int64_t max,
                       int64_t *out, struct conf_faults *faults) {
  const char *text = conf_read_text(node, where, faults);
  if (text == NULL) return false;
  char *end = NULL;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  size_t digits = strspn(text + (text[0] == '-' ? 1 : 0), "0123456789");
  if (digits == 0 || text[digits + (text[0] == '-' ? 1 : 0)] != '\0') {
    FAULT(node, "digits only", "%s: '%.*s' is not a whole number", where, SHOWN_MAX, text);
    return false;
  }
  if (errno == ERANGE || value < min || value > max) {
    FAULT(node, "", "%s: %.*s is not within %" PRId64 " to %" PRId64, where, SHOWN_MAX, text, min, max);
    return false;
  }
  *out = value;
  return true;
}

bool conf_read_number(const struct conf_node *node, const char *where, double min, double max, double *out,
                      struct conf_faults *faults) {
  const char *text = conf_read_text(node, where, faults);
  if (text == NULL) return false;
  char *end = NULL;
  double value = strtod(text, &end);
  // strtod also takes blanks, hexadecimal, "inf" and "nan".
  if (text[strspn(text, "0123456789.-")] != '\0' || end == text || *end != '\0' || !isfinite(value)) {
    FAULT(node, strchr(text, ',') != NULL ? "write a decimal point" : "", "%s: '%.*s' is not a number", where,
          SHOWN_MAX, text);
    return false;
  }
  if (value < min || value > max) {
    FAULT(node, "", "%s: %.*s is not within %g to %g", where, SHOWN_MAX, text, min, max);
    return false;
  }
  *out = value;
  return true;
}

bool conf_read_bool(const struct conf_node *node, const char *where, bool *out, struct conf_faults *faults) {
  const char *text = conf_read_text(node, where, faults);
  if (text == NULL) return false;
  *out = strcmp(text, "true") == 0;
  if (*out || strcmp(text, "false") == 0) return true;
  FAULT(node, "", "%s: '%.*s' is neither true nor false", where, SHOWN_MAX, text);
  return false;
}

bool conf_read_date(const struct conf_node *node, const char *where, int64_t *day,
                    struct conf_faults *faults) {
  const char *text = conf_read_text(node, where, faults);
  if (text == NULL) return false;
  int year = 0, month = 0, of_month = 0;
  if (nav_date_parse(text, &year, &month, &of_month)) {
    *day = nav_days_from_date(year, month, of_month);
    return true;
  }
  FAULT(node, "write it as 2026-11-22", "%s: '%.*s' is not a date", where, SHOWN_MAX, text);
  return false;
}

static int64_t unit_ms(const char *unit) {
  static const struct {
    const char *unit;
    int64_t ms;
  } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {"w", 604800000}};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (strcmp(units[i].unit, unit) == 0) return units[i].ms;
  }
  return 0;
}

bool conf_read_duration(const struct conf_node *node, const char *where, int64_t max_ms, int64_t *ms,
                        struct conf_faults *faults) {
  const char *text = conf_read_text(node, where, faults);
  if (text == NULL) return false;
  size_t digits = strspn(text, "0123456789");
  int64_t unit = unit_ms(text + digits);
  if (digits == 0 || unit == 0) {
    FAULT(node, "write a number and its unit: 30s, 15m, 36h, 90d, 4w", "%s: '%.*s' is not a length of time",
          where, SHOWN_MAX, text);
    return false;
  }
  errno = 0;
  long long number = strtoll(text, NULL, 10);
  if (errno == ERANGE || number > max_ms / unit) {
    const bool days = max_ms >= 86400000;
    FAULT(node, "", "%s: %.*s is longer than %" PRId64 "%s", where, SHOWN_MAX, text,
          max_ms / (days ? 86400000 : 1000), days ? "d" : "s");
    return false;
  }
  *ms = number * unit;
  return true;
}

static const char *list_words(const char *const *words, char *out, size_t size) {
  size_t used = 0;
  out[0] = '\0';
  for (size_t i = 0; words[i] != NULL && used < size; i++) {
    int more = snprintf(out + used, size - used, "%s%s", i == 0 ? "" : ", ", words[i]);
    used += more > 0 ? (size_t)more : 0;
  }
  return out;
}

void conf_fault_unknown(const struct conf_node *node, const char *where, const char *what, const char *text,
                        const char *const *names, struct conf_faults *faults) {
  const char *nearest = names != NULL ? conf_nearest(text, names) : NULL;
  char hint[WORDS_TEXT_SIZE] = "";
  if (nearest != NULL) (void)snprintf(hint, sizeof hint, "did you mean '%s'?", nearest);
  FAULT(node, hint, "%s: unknown %s '%.*s'", where, what, SHOWN_MAX, text);
}

bool conf_read_word(const struct conf_node *node, const char *where, const char *const *words, size_t *index,
                    struct conf_faults *faults) {
  const char *text = conf_read_text(node, where, faults);
  if (text == NULL) return false;
  for (size_t i = 0; words[i] != NULL; i++) {
    if (strcmp(words[i], text) != 0) continue;
    *index = i;
    return true;
  }
  char all[WORDS_TEXT_SIZE], hint[WORDS_TEXT_SIZE + 32];
  const char *nearest = conf_nearest(text, words);
  if (nearest != NULL) {
    (void)snprintf(hint, sizeof hint, "did you mean '%s'?", nearest);
  } else {
    (void)snprintf(hint, sizeof hint, "one of: %s", list_words(words, all, sizeof all));
  }
  FAULT(node, hint, "%s: unknown word '%.*s'", where, SHOWN_MAX, text);
  return false;
}

bool conf_read_hex(const struct conf_node *node, const char *where, uint8_t *out, size_t size,
                   struct conf_faults *faults) {
  const char *text = conf_read_text(node, where, faults);
  if (text == NULL) return false;
  if (nav_unhex(out, size, text)) return true;
  FAULT(node, "", "%s must be exactly %zu hexadecimal digits", where,
        size * 2);  // it is not shown: it may be a key
  return false;
}

bool conf_read_list(const struct conf_node *node, const char *where, bool one_is_list, size_t max,
                    size_t *count, struct conf_faults *faults) {
  *count = 0;
  if (node->told) return false;
  if (node->kind == CONF_LIST || (one_is_list && node->kind == CONF_SCALAR && node->text[0] != '\0')) {
    *count = node->kind == CONF_LIST ? node->count : 1;
    if (*count <= max) return true;
    FAULT(node, "", "%s has %zu items, at most %zu are allowed", where, *count, max);
    *count = 0;
    return false;
  }
  FAULT(node, "write it as [a, b]", "%s must be %s", where,
        one_is_list ? "a value or a list of values" : "a list");
  return false;
}

struct conf_node *conf_list_item(struct conf_node *node, size_t index) {
  return node->kind == CONF_LIST ? node->items[index] : node;
}

bool conf_expect_map(const struct conf_node *node, const char *where, struct conf_faults *faults) {
  if (node->kind == CONF_MAP) return true;
  if (node->told) return false;
  FAULT(node, "write it as keys with values, 'key: value'", "%s must be a map, not a %s", where,
        node->kind == CONF_LIST ? "list" : "single value");
  return false;
}
