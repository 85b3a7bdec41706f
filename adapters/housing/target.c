// See target.h. Kinds are written as in JSON and rules: the enum's name in lower case without its prefix.
#include "adapters/housing/target.h"

#include <ctype.h>
#include <string.h>

#include "hub/wire/event.h"

enum { WORDS_MAX = 200 };

struct message_name {
  const char *name;
  enum target_message message;
  const ProtobufCEnumDescriptor *kinds;  // NULL: the message has no kinds
};

static const struct message_name names[] = {
    {"damage", TARGET_DAMAGE, &nav__v1__damage_kind__descriptor},
    {"disturbance", TARGET_DISTURBANCE, &nav__v1__disturbance_kind__descriptor},
    {"guard_round", TARGET_GUARD_ROUND, NULL},
    {"tenancy_concern", TARGET_TENANCY_CONCERN, &nav__v1__tenancy_concern_kind__descriptor},
    {"not_shared", TARGET_NOT_SHARED, NULL},
};

static bool parse_target(const char *text, struct target *target) {
  const char *dot = strchr(text, '.');
  size_t length = dot == NULL ? strlen(text) : (size_t)(dot - text);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strlen(names[i].name) != length || strncmp(names[i].name, text, length) != 0) continue;
    *target = (struct target){.message = names[i].message};
    if (names[i].kinds == NULL) return dot == NULL;
    return dot != NULL && wire_enum_value(names[i].kinds, dot + 1, &target->kind) && target->kind != 0;
  }
  return false;
}

// Lower case of ASCII and of Å, Ä, Ö, É in UTF-8 (the second byte after 0xC3, but × which has no lower case).
static void lower(char *text) {
  unsigned char before = 0;
  for (char *p = text; *p != '\0'; p++) {
    unsigned char c = (unsigned char)*p;
    if (c < 0x80) *p = (char)tolower(c);
    if (before == 0xC3 && c >= 0x80 && c <= 0x9E && c != 0x97) *p = (char)(c + 0x20);
    before = c;
  }
}

// "klotter = damage.graffiti; …": the first whose word begins a word of the text.
static bool word_begins(const char *text, const char *word) {
  size_t length = strlen(word);
  for (const char *p = strstr(text, word); length > 0 && p != NULL; p = strstr(p + 1, word)) {
    if (p == text || (!isalnum((unsigned char)p[-1]) && (unsigned char)p[-1] < 0x80)) return true;
  }
  return false;
}

static bool bad_option(struct record *record, const char *key, const char *value) {
  return record_skip(
      record,
      "map: %s in adapter.yaml: '%.60s' is none of damage.<kind>, disturbance.<kind>, guard_round, "
      "tenancy_concern.<kind>, not_shared",
      key, value);
}

static bool by_words(struct record *record, const char *text, struct target *target) {
  const char *rest = record_option(record, "words");
  char *lowered = record_text(record, text);
  if (lowered != NULL) lower(lowered);
  for (int i = 0; rest != NULL && lowered != NULL && i < WORDS_MAX; i++) {
    const char *pair = record_next_part(record, &rest, ';');
    char *word = record_next_part(record, &pair, '=');
    char *value = record_next_part(record, &pair, '=');
    if (word == NULL || *word == '\0') continue;
    if (value == NULL || !parse_target(value, target))
      return bad_option(record, "words", value != NULL ? value : word);
    lower(word);
    if (word_begins(lowered, word)) return true;
  }
  const char *otherwise = record_option(record, "otherwise");
  if (otherwise == NULL) {
    return record_skip(record,
                       "no word of map: words is in its text, and map: otherwise is not set in adapter.yaml");
  }
  return parse_target(otherwise, target) || bad_option(record, "otherwise", otherwise);
}

bool target_find(struct record *record, const char *category, const char *text, struct target *target) {
  const char *value = record_option(record, "category.%s", category);
  if (value == NULL) {
    return record_skip(record,
                       "category '%.60s' is not in adapter.yaml: add 'category.%.60s' under map:", category,
                       category);
  }
  if (strcmp(value, "by_words") == 0) return by_words(record, text, target);
  return parse_target(value, target) || bad_option(record, "category", value);
}
