// See conditions.h.
#include "hub/access/conditions.h"

#include <string.h>

#include "hub/access/trace.h"
#include "hub/wire/event.h"

enum { TEXT_MAX = 8192 };

static void add_buffer(json_t *list, struct nav_buffer *buffer, bool good) {
  const char *text = good ? nav_buffer_text(buffer) : NULL;
  if (text != NULL) (void)json_array_append_new(list, json_string(text));
  nav_buffer_free(buffer);
}

void conditions_words(json_t *list, enum words words, enum access_language language, const char *argument) {
  struct nav_buffer buffer;
  nav_buffer_init(&buffer, TEXT_MAX);
  add_buffer(list, &buffer, words_fill(&buffer, words, language, &argument, 1));
}

// "The handling code is stated" goes without saying where the next sentence says that it is H3.
static bool is_said_by_another(const struct rule *rule, const struct predicate *predicate) {
  for (size_t i = 0; i < trace_predicates_count(rule); i++) {
    const struct predicate *other = &rule->predicates[i];
    if (other != predicate && other->op != OP_PRESENT && predicate->op == OP_PRESENT && predicate->wanted &&
        strcmp(other->name, predicate->name) == 0)
      return true;
  }
  return false;
}

void conditions_tests(json_t *list, const struct rule *rule, enum access_language language) {
  for (size_t i = 0; i < trace_predicates_count(rule); i++) {
    const struct predicate *predicate = &rule->predicates[i];
    struct nav_buffer buffer;
    if (predicate->is_static || words_asks_nothing(predicate) || is_said_by_another(rule, predicate))
      continue;
    nav_buffer_init(&buffer, TEXT_MAX);
    add_buffer(list, &buffer, words_condition(&buffer, predicate, language));
  }
}

void conditions_roles(json_t *list, const struct rule *rule, enum access_language language) {
  struct nav_buffer roles;
  const char *between = language == ACCESS_SWEDISH ? " eller " : " or ";
  bool good = true;
  nav_buffer_init(&roles, TEXT_MAX);
  for (int role = 1; rule->has_roles && role < 16; role++) {
    const char *name =
        ((unsigned)rule->roles >> role & 1U) != 0 ? wire_enum_name(&nav__v1__role__descriptor, role) : NULL;
    if (name == NULL) continue;
    if (roles.length > 0) good = good && nav_buffer_append_text(&roles, between);
    good = good && nav_buffer_append_text(&roles, words_value(name, language));
  }
  const char *text = good && roles.length > 0 ? nav_buffer_text(&roles) : NULL;
  if (text != NULL) conditions_words(list, WORDS_IF_ROLES, language, text);
  nav_buffer_free(&roles);
}
