// See registers.h.
#include "hub/core/registers.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "nav/v1/session.pb-c.h"

enum { KEY_SIZE = 32 };

struct registers {
  uint8_t key[KEY_SIZE];  // of persons' hashes
  struct consents *consents;
  struct requests *requests;
};

struct registers *registers_new(const uint8_t *pseudonym_key) {
  static const char use[] = "trygghetsnavet/v1/registers";
  struct registers *registers = calloc(1, sizeof *registers);
  if (registers == NULL) return NULL;
  uint8_t derived[KEY_SIZE + crypto_shorthash_KEYBYTES];
  (void)crypto_generichash(derived, sizeof derived, (const uint8_t *)use, sizeof use, pseudonym_key,
                           KEY_SIZE);
  memcpy(registers->key, derived, KEY_SIZE);
  registers->consents = consents_new(derived + KEY_SIZE);
  registers->requests = requests_new(derived + KEY_SIZE);
  sodium_memzero(derived, sizeof derived);
  if (registers->consents != NULL && registers->requests != NULL) return registers;
  registers_free(registers);
  return NULL;
}

void registers_free(struct registers *registers) {
  if (registers == NULL) return;
  consents_free(registers->consents);
  requests_free(registers->requests);
  sodium_memzero(registers, sizeof *registers);
  free(registers);
}

void registers_person(const struct registers *registers, const char *personal_number,
                      uint8_t person[REGISTER_PERSON_SIZE]) {
  (void)crypto_generichash(person, REGISTER_PERSON_SIZE, (const uint8_t *)personal_number,
                           strlen(personal_number), registers->key, KEY_SIZE);
}

static bool has_number(const Nav__V1__Subject *subject) {
  return subject->personal_number != NULL && subject->personal_number[0] != '\0';
}

// ---- consents ----

// False: the event names nobody, which validation refuses.
static bool read_consent(const struct registers *registers, const Nav__V1__Event *event,
                         const struct register_place *place, struct consent_given *out) {
  const Nav__V1__Consent *body = event->consent;
  if (event->n_subjects != 1 || !has_number(event->subjects[0])) return false;
  *out = (struct consent_given){
      .agency = place->agency,
      .seq = place->seq,
      .withdrawn = body->has_withdrawn && body->withdrawn,
      .end_ms = body->has_end_time_ms ? body->end_time_ms : INT64_MAX,
      .erased_ms = place->erased_ms,
      .recipients = body->recipients,
      .recipients_count = body->n_recipients,
      .purposes = body->purposes,
      .purposes_count = body->n_purposes,
      .messages = body->messages,
      .messages_count = body->n_messages,
  };
  memcpy(out->event_id, event->id.data, sizeof out->event_id);
  registers_person(registers, event->subjects[0]->personal_number, out->person);
  // What would cover everybody is a withdrawal alone.
  return out->withdrawn || (out->recipients_count > 0 && out->purposes_count > 0);
}

int registers_consent(const struct registers *registers, const struct consent_asked *asked) {
  return consents_ask(registers->consents, asked);
}

// ---- requests ----

static size_t persons_of(const struct registers *registers, const Nav__V1__Event *event,
                         uint8_t persons[REQUEST_PERSONS_MAX][REGISTER_PERSON_SIZE]) {
  size_t count = 0;
  for (size_t i = 0; i < event->n_subjects && count < REQUEST_PERSONS_MAX; i++) {
    if (has_number(event->subjects[i]))
      registers_person(registers, event->subjects[i]->personal_number, persons[count++]);
  }
  return count;
}

static void copy_text(char out[REQUEST_TEXT_MAX + 1], const char *text) {
  size_t length = text == NULL ? 0 : strnlen(text, REQUEST_TEXT_MAX);
  if (length > 0) memcpy(out, text, length);
  out[length] = '\0';
}

static void take_request(struct registers *registers, const Nav__V1__Event *event,
                         const struct register_place *place) {
  uint8_t persons[REQUEST_PERSONS_MAX][REGISTER_PERSON_SIZE];
  struct register_request request = {
      .sender = place->agency,
      .seq = place->seq,
      .erased_ms = place->erased_ms,
      .persons_count = persons_of(registers, event, persons),
      .persons = (const uint8_t(*)[REGISTER_PERSON_SIZE])persons,
  };
  request.persons_complete = request.persons_count == event->n_subjects;
  memcpy(request.event_id, event->id.data, sizeof request.event_id);
  copy_text(request.addressee, event->addressee);
  copy_text(request.basis, event->request->basis);
  requests_take(registers->requests, &request);
}

int registers_answers(const struct registers *registers, const Nav__V1__Event *event, uint32_t sender,
                      int64_t now_ms, const struct register_request **found) {
  if (!event->has_in_reply_to || event->in_reply_to.len != 16 || event->source == NULL) return 0;
  uint8_t persons[REQUEST_PERSONS_MAX][REGISTER_PERSON_SIZE];
  size_t count = 0;
  bool counted = false;
  int best = 0;
  const struct register_request *request = NULL;
  while ((request = requests_find(registers->requests, event->in_reply_to.data, request)) != NULL) {
    if (sender != 0 && request->sender != sender) continue;
    if (!counted) count = persons_of(registers, event, persons);
    counted = true;
    int answer = request_is_answered(request, event->source, (const uint8_t(*)[REGISTER_PERSON_SIZE])persons,
                                     count, now_ms);
    if (answer == 0 || best == 1) continue;
    best = answer;
    if (found != NULL) *found = request;
  }
  return best;
}

// ---- both ----

bool registers_have_room(struct registers *registers, const Nav__V1__Event *event, uint32_t agency,
                         int64_t now_ms, struct nav_error *err) {
  const struct register_place place = {.agency = agency};
  struct consent_given given;
  bool room = true;
  if (event->body_case == NAV__V1__EVENT__BODY_CONSENT) {
    room = !read_consent(registers, event, &place, &given) ||
           consents_have_room(registers->consents, &given, now_ms);
  } else if (event->body_case == NAV__V1__EVENT__BODY_REQUEST) {
    room = requests_have_room(registers->requests, agency, event->id.data, now_ms);
  }
  return room || nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BUSY, "",
                          "the hub's register is full (%d consents, %d of one person, %d requests); ask its "
                          "operator, and send it again",
                          CONSENTS_MAX, CONSENTS_A_PERSON_MAX, REQUESTS_MAX);
}

void registers_take(struct registers *registers, const Nav__V1__Event *event,
                    const struct register_place *place) {
  struct consent_given given;
  if (event->body_case == NAV__V1__EVENT__BODY_REQUEST) {
    take_request(registers, event, place);
  } else if (event->body_case == NAV__V1__EVENT__BODY_CONSENT &&
             read_consent(registers, event, place, &given)) {
    consents_take(registers->consents, &given);
  }
}

void registers_forget(struct registers *registers, uint32_t agency, const uint8_t event_id[16]) {
  consents_forget(registers->consents, agency, event_id);
  requests_forget(registers->requests, agency, event_id);
}

void registers_forget_request(struct registers *registers, uint32_t agency, const uint8_t event_id[16],
                              uint64_t seq) {
  const struct register_request *request = requests_find(registers->requests, event_id, NULL);
  while (request != NULL && (request->sender != agency || request->seq != seq))
    request = requests_find(registers->requests, event_id, request);
  if (request != NULL) requests_forget(registers->requests, agency, event_id);
}
