// Sentences of an explanation. See explain_parts.h.
#include <stdio.h>
#include <string.h>

#include "hub/access/explain_parts.h"

enum { SENTENCE_MAX = 8192, ABBREVIATION_MAX = 5 };

static const char *or_empty(const char *text) { return text == NULL ? "" : text; }

const char *explain_choose(const struct explaining *explaining, const char *swedish, const char *english) {
  if (explaining->language == ACCESS_ENGLISH && english != NULL) return english;
  return or_empty(swedish);
}

void explain_text(json_t *list, const char *text) {
  size_t index = 0;
  json_t *item = NULL;
  json_array_foreach(list, index, item) {
    if (strcmp(json_string_value(item), text) == 0) return;
  }
  (void)json_array_append_new(list, json_string(text));
}

static void say_buffer(json_t *list, struct nav_buffer *buffer, bool good) {
  const char *text = good ? nav_buffer_text(buffer) : NULL;
  if (text != NULL) explain_text(list, text);
  nav_buffer_free(buffer);
}

void explain_words(struct explaining *explaining, json_t *list, enum words words, const char *a,
                   const char *b, const char *c, const char *d) {
  const char *const arguments[] = {or_empty(a), or_empty(b), or_empty(c), or_empty(d)};
  struct nav_buffer buffer;
  nav_buffer_init(&buffer, SENTENCE_MAX);
  say_buffer(list, &buffer, words_fill(&buffer, words, explaining->language, arguments, 4));
}

void explain_bare_condition(struct explaining *explaining, json_t *list, const struct predicate *predicate) {
  struct nav_buffer buffer;
  nav_buffer_init(&buffer, SENTENCE_MAX);
  say_buffer(list, &buffer, words_condition(&buffer, predicate, explaining->language));
}

static const char *condition_text(struct explaining *explaining, const struct predicate *predicate,
                                  struct nav_buffer *buffer) {
  nav_buffer_init(buffer, SENTENCE_MAX);
  const char *text =
      words_condition(buffer, predicate, explaining->language) ? nav_buffer_text(buffer) : NULL;
  return text == NULL ? predicate->name : text;
}

void explain_condition(struct explaining *explaining, json_t *list, enum words words,
                       const struct predicate *predicate) {
  struct nav_buffer buffer;
  explain_words(explaining, list, words, condition_text(explaining, predicate, &buffer), NULL, NULL, NULL);
  nav_buffer_free(&buffer);
}

void explain_rule_condition(struct explaining *explaining, json_t *list, enum words words, const char *rule,
                            const struct predicate *predicate) {
  struct nav_buffer buffer;
  explain_words(explaining, list, words, rule, condition_text(explaining, predicate, &buffer), NULL, NULL);
  nav_buffer_free(&buffer);
}

// "…lagen (2009:400), OSL": OSL. "Lag (2025:170) om skyldighet …": lag (2025:170).
static void short_statute(const char *statute, char *out, size_t size) {
  const char *comma = strrchr(statute, ',');
  const char *end = strchr(statute, ')');
  const char *abbreviation = comma == NULL ? NULL : comma + strspn(comma, ", ");
  if (abbreviation != NULL && strlen(abbreviation) <= ABBREVIATION_MAX && abbreviation[0] != '\0') {
    (void)snprintf(out, size, "%s", abbreviation);
    return;
  }
  size_t length = end == NULL ? strlen(statute) : (size_t)(end - statute) + 1;
  (void)snprintf(out, size, "%.*s", (int)(length < size ? length : size - 1), statute);
  if (end != NULL && out[0] >= 'A' && out[0] <= 'Z') out[0] = (char)(out[0] - 'A' + 'a');
}

void explain_paragraph(const struct law_basis *basis, char *out, size_t size) {
  char statute[128];
  short_statute(basis->statute, statute, sizeof statute);
  (void)snprintf(out, size, "%s %s", basis->section, statute);
}

const char *explain_sender_title(const struct explaining *explaining) {
  return explaining->sender == NULL ? or_empty(explaining->question->event->source)
                                    : explaining->sender->agency->title;
}

const char *explain_on_call(const struct explaining *explaining) {
  if (explaining->sender != NULL && explaining->sender->agency->on_call != NULL)
    return explaining->sender->agency->on_call;
  return words_text(WORDS_ON_CALL, explaining->language);
}
