// See persons.h.
#include "hub/core/persons.h"

#include <ctype.h>
#include <sodium.h>
#include <string.h>

#include "hub/base/id.h"

enum { WRITTEN_MAX = 13 };  // YYYYMMDD-NNNN

void persons_key(uint8_t key[PERSON_KEY_SIZE], const uint8_t *pseudonym_key) {
  static const char use[] = "trygghetsnavet/v1/persons";
  (void)crypto_generichash(key, PERSON_KEY_SIZE, (const uint8_t *)use, sizeof use, pseudonym_key,
                           PERSON_KEY_SIZE);
}

bool persons_token(const uint8_t *key, const char *number, int64_t today_ms,
                   uint8_t token[PERSON_TOKEN_SIZE]) {
  char text[WRITTEN_MAX + 1];
  struct nav_personal_number parsed;
  size_t length = strnlen(number, WRITTEN_MAX + 1);
  if (length > WRITTEN_MAX) return false;
  for (size_t i = 0; i <= length; i++) text[i] = (char)toupper((unsigned char)number[i]);
  bool ok = nav_personal_number_parse(text, today_ms, &parsed);
  if (ok) {
    (void)crypto_generichash(token, PERSON_TOKEN_SIZE, (const uint8_t *)parsed.digits,
                             sizeof parsed.digits - 1, key, PERSON_KEY_SIZE);
  }
  sodium_memzero(text, sizeof text);
  sodium_memzero(&parsed, sizeof parsed);
  return ok;
}

// Puts the token behind the count in order, unless it is there.
static size_t insert(person_tokens tokens, size_t count, const uint8_t token[PERSON_TOKEN_SIZE]) {
  size_t at = count;
  while (at > 0) {
    int order = memcmp(tokens[at - 1], token, PERSON_TOKEN_SIZE);
    if (order == 0) return count;
    if (order < 0) break;
    at--;
  }
  memmove(tokens[at + 1], tokens[at], (count - at) * PERSON_TOKEN_SIZE);
  memcpy(tokens[at], token, PERSON_TOKEN_SIZE);
  return count + 1;
}

size_t persons_of_event(const uint8_t *key, const Nav__V1__Event *event, person_tokens tokens) {
  size_t count = 0;
  for (size_t i = 0; i < event->n_subjects && count < ACCESS_SUBJECTS_MAX; i++) {
    const char *number = event->subjects[i]->personal_number;
    uint8_t token[PERSON_TOKEN_SIZE];
    // A validated number has its century.
    if (number != NULL && number[0] != '\0' && persons_token(key, number, 0, token))
      count = insert(tokens, count, token);
  }
  return count;
}
