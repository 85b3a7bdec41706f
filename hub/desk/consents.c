// See consents.h.
#include "hub/desk/consents.h"

#include <string.h>

#include "hub/desk/core_link.h"

enum { SLOTS = 65536, NOT_KNOWN = -1 };
_Static_assert(SLOTS > 2 * DESK_CONSENTS_MAX, "a free slot is found soon");

struct question {
  const char *source;
  const char *person;  // the number, in the opened event
  const char *recipient;
  const char *purpose;
  const char *message;
  int answer;
};

struct desk_consents {
  struct question *questions;
  uint32_t *slots;  // index + 1; 0: free
  size_t count;
  size_t asked;  // of them
};

struct desk_consents *desk_consents_new(struct nav_arena *arena) {
  struct desk_consents *consents = nav_arena_zalloc(arena, 1, sizeof *consents);
  if (consents == NULL) return NULL;
  consents->questions = nav_arena_zalloc(arena, DESK_CONSENTS_MAX, sizeof *consents->questions);
  consents->slots = nav_arena_zalloc(arena, SLOTS, sizeof *consents->slots);
  return consents->questions == NULL || consents->slots == NULL ? NULL : consents;
}

static uint32_t hash_text(uint32_t hash, const char *text) {
  for (; *text != '\0'; text++) hash = (hash ^ (uint8_t)*text) * 16777619U;
  return (hash ^ 0xFFU) * 16777619U;
}

static bool is_same(const struct question *a, const struct question *b) {
  return strcmp(a->person, b->person) == 0 && strcmp(a->recipient, b->recipient) == 0 &&
         strcmp(a->source, b->source) == 0 && strcmp(a->message, b->message) == 0 &&
         strcmp(a->purpose, b->purpose) == 0;
}

int desk_consents_answer(void *context, const Nav__V1__Subject *subject, const char *recipient,
                         const char *purpose, const char *message) {
  const struct desk_consent_context *asking = context;
  struct desk_consents *consents = asking->consents;
  if (subject->personal_number == NULL || subject->personal_number[0] == '\0') return NOT_KNOWN;
  struct question question = {asking->source, subject->personal_number, recipient, purpose, message,
                              NOT_KNOWN};
  uint32_t hash = hash_text(2166136261U, question.person);
  hash = hash_text(hash_text(hash, recipient), asking->source);
  uint32_t *slot = &consents->slots[hash % SLOTS];
  while (*slot != 0 && !is_same(&consents->questions[*slot - 1], &question))
    slot = &consents->slots[++hash % SLOTS];
  if (*slot != 0) return consents->questions[*slot - 1].answer;
  if (consents->count == DESK_CONSENTS_MAX) return NOT_KNOWN;
  consents->questions[consents->count++] = question;
  *slot = (uint32_t)consents->count;
  return NOT_KNOWN;
}

static bool ask_some(struct desk_consents *consents, size_t count, const struct conf_nav *nav,
                     struct nav_error *err) {
  struct question *first = consents->questions + consents->asked;
  json_t *asked = json_array();
  for (size_t i = 0; i < count; i++) {
    const struct question *q = &first[i];
    (void)json_array_append_new(
        asked, json_pack("[s, s, s, s, s]", q->source, q->person, q->recipient, q->purpose, q->message));
  }
  json_t *answers = NULL;
  if (asked == NULL || json_array_size(asked) != count) {
    json_decref(asked);
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "core", "no memory, or a text that is not UTF-8");
  }
  if (!core_link_consents(nav, asked, &answers, err)) return false;
  for (size_t i = 0; i < count; i++) {
    json_int_t answer = json_integer_value(json_array_get(answers, i));
    first[i].answer = answer == 1 ? 1 : answer == 0 ? 0 : NOT_KNOWN;
    if (!json_is_integer(json_array_get(answers, i))) first[i].answer = NOT_KNOWN;
  }
  json_decref(answers);
  consents->asked += count;
  return true;
}

bool desk_consents_ask(struct desk_consents *consents, const struct conf_nav *nav, struct nav_error *err) {
  while (consents->asked < consents->count) {
    size_t count = consents->count - consents->asked;
    if (count > CORE_LINK_CONSENTS_MAX) count = CORE_LINK_CONSENTS_MAX;
    if (!ask_some(consents, count, nav, err)) return false;
  }
  return true;
}
