// The registers of consent and requests: which entry decides, what a withdrawal reaches, revisions, recalls,
// bounds; who answers what.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/core/registers.h"

enum { SOCIAL = 1, SCHOOL = 2, POLICE = 3, HOUSING = 4 };

static const char *const somebody = "201201012380";
static const char *const another = "199002252394";
static const int64_t now_ms = INT64_C(1790000000000);
static const int64_t day_ms = 86400000;

static uint8_t *number_of(uint8_t id[16], uint32_t number) {
  memset(id, 7, 16);
  memcpy(id, &number, sizeof number);
  return id;
}

// ---- consent ----

static char *text(const char *words) { return (char *)(uintptr_t)words; }

struct made_consent {
  uint32_t id, agency;
  const char *person, *recipients[3], *purposes[3], *messages[3];
  bool withdrawn;
  int64_t end_ms;
};

static size_t list_of(const char *const from[3], char *to[3]) {
  size_t count = 0;
  while (count < 3 && from[count] != NULL) {
    to[count] = text(from[count]);
    count++;
  }
  return count;
}

static uint64_t last_seq;

static void build(const struct made_consent *made, uint8_t id[16], Nav__V1__Subject *subject,
                  Nav__V1__Consent *body, char *lists[3][3], Nav__V1__Event *event,
                  Nav__V1__Subject *subjects[1]) {
  *subject = (Nav__V1__Subject)NAV__V1__SUBJECT__INIT;
  *body = (Nav__V1__Consent)NAV__V1__CONSENT__INIT;
  *event = (Nav__V1__Event)NAV__V1__EVENT__INIT;
  subject->personal_number = text(made->person == NULL ? somebody : made->person);
  subjects[0] = subject;
  body->n_recipients = list_of(made->recipients, lists[0]);
  body->recipients = lists[0];
  body->n_purposes = list_of(made->purposes, lists[1]);
  body->purposes = lists[1];
  body->n_messages = list_of(made->messages, lists[2]);
  body->messages = lists[2];
  body->has_withdrawn = true;
  body->withdrawn = made->withdrawn;
  body->has_end_time_ms = made->end_ms != 0;
  body->end_time_ms = made->end_ms;
  event->has_id = true;
  event->id = (ProtobufCBinaryData){16, number_of(id, made->id)};
  event->subjects = subjects;
  event->n_subjects = 1;
  event->body_case = NAV__V1__EVENT__BODY_CONSENT;
  event->consent = body;
}

// False: there was no room, and it was not taken.
static bool take(struct registers *registers, const struct made_consent *made) {
  uint8_t id[16];
  Nav__V1__Subject subject;
  Nav__V1__Consent body;
  Nav__V1__Event event;
  char *lists[3][3];
  Nav__V1__Subject *subjects[1];
  struct nav_error err;
  build(made, id, &subject, &body, lists, &event, subjects);
  uint32_t agency = made->agency == 0 ? SOCIAL : made->agency;
  struct register_place place = {agency, ++last_seq, now_ms + 700 * day_ms};
  if (!registers_have_room(registers, &event, agency, now_ms, &err)) {
    assert_int_equal(err.class, NAV_ERROR_PEER);
    return false;
  }
  registers_take(registers, &event, &place);
  return true;
}

struct asked {
  uint32_t source;
  const char *person, *recipient, *purpose, *message;
};

static int ask_at(struct registers *registers, struct asked asked, int64_t time_ms, uint64_t up_to_seq) {
  struct consent_asked question = {.source = asked.source,
                                   .recipient = asked.recipient,
                                   .purpose = asked.purpose,
                                   .message = asked.message,
                                   .now_ms = time_ms,
                                   .up_to_seq = up_to_seq};
  registers_person(registers, asked.person, question.person);
  return registers_consent(registers, &question);
}

static int ask(struct registers *registers, struct asked asked) {
  return ask_at(registers, asked, now_ms, UINT64_MAX);
}

static struct registers *make(void) {
  uint8_t key[32] = {1, 2, 3};
  struct registers *registers = registers_new(key);
  assert_non_null(registers);
  last_seq = 0;
  return registers;
}

static const struct asked usual = {SOCIAL, "201201012380", "polisen", "sig", "SocialIntervention"};

// Of somebody, registered by social services, unless it says otherwise.
#define CONSENT(number, ...) (&(struct made_consent){.id = (number), __VA_ARGS__})
#define TO_POLICE .recipients = {"polisen"}, .purposes = {"sig"}

static void a_consent_covers_what_it_names_and_no_more(void **state) {
  (void)state;
  struct registers *registers = make();
  assert_int_equal(ask(registers, usual), 0);
  assert_true(take(registers, CONSENT(1, .recipients = {"polisen", "skolan"}, .purposes = {"sig"},
                                      .messages = {"SocialIntervention"})));
  assert_int_equal(ask(registers, usual), 1);
  struct asked asked = usual;
  asked.recipient = "skolan";
  assert_int_equal(ask(registers, asked), 1);
  asked.recipient = "kriminalvarden";
  assert_int_equal(ask(registers, asked), 0);
  asked = usual;
  asked.purpose = "leaving-crime";
  assert_int_equal(ask(registers, asked), 0);
  asked = usual;
  asked.message = "Absence";
  assert_int_equal(ask(registers, asked), 0);
  asked = usual;
  asked.person = another;
  assert_int_equal(ask(registers, asked), 0);
  asked = usual;
  asked.source = SCHOOL;  // another agency's secrecy
  assert_int_equal(ask(registers, asked), 0);
  assert_true(take(registers, CONSENT(2, TO_POLICE)));
  asked = usual;
  asked.message = "Absence";
  assert_int_equal(ask(registers, asked), 1);  // no message named: all
  registers_free(registers);
}

static void the_newest_that_covers_decides(void **state) {
  (void)state;
  struct registers *registers = make();
  (void)take(registers,
             CONSENT(1, .recipients = {"polisen", "skolan"}, .purposes = {"sig", "leaving-crime"}));
  (void)take(registers, CONSENT(2, .withdrawn = true, .agency = SCHOOL, TO_POLICE));
  assert_int_equal(ask(registers, usual), 0);  // whoever registered the withdrawal
  struct asked asked = usual;
  asked.recipient = "skolan";
  assert_int_equal(ask(registers, asked), 1);  // it was of the police alone
  asked = usual;
  asked.purpose = "leaving-crime";
  assert_int_equal(ask(registers, asked), 1);
  (void)take(registers, CONSENT(3, TO_POLICE));
  assert_int_equal(ask(registers, usual), 1);  // consented anew
  (void)take(registers, CONSENT(4, .agency = SCHOOL, TO_POLICE));
  (void)take(registers, CONSENT(5, .withdrawn = true, .person = another));
  assert_int_equal(ask(registers, usual), 1);  // another agency's, another person's
  (void)take(registers, CONSENT(6, .withdrawn = true));
  assert_int_equal(ask(registers, usual), 0);  // of everything
  asked = usual;
  asked.recipient = "skolan";
  assert_int_equal(ask(registers, asked), 0);
  registers_free(registers);
}

static void a_consent_ends(void **state) {
  (void)state;
  struct registers *registers = make();
  (void)take(registers, CONSENT(1, TO_POLICE));
  (void)take(registers, CONSENT(2, TO_POLICE, .end_ms = now_ms + 1000));
  assert_int_equal(ask_at(registers, usual, now_ms + 999, UINT64_MAX), 1);
  assert_int_equal(ask_at(registers, usual, now_ms + 1000, UINT64_MAX), 0);  // nor does the older one count
  struct registers *others = make();
  (void)take(others, CONSENT(1, TO_POLICE));
  assert_int_equal(ask_at(others, usual, now_ms + 699 * day_ms, UINT64_MAX), 1);
  assert_int_equal(ask_at(others, usual, now_ms + 700 * day_ms, UINT64_MAX), 0);  // its text is erased
  registers_free(others);
  registers_free(registers);
}

static void a_consent_not_committed_does_not_count_for_what_is_older(void **state) {
  (void)state;
  struct registers *registers = make();
  (void)take(registers, CONSENT(1, TO_POLICE));  // seq 1
  assert_int_equal(ask_at(registers, usual, now_ms, 0), 0);
  assert_int_equal(ask_at(registers, usual, now_ms, 1), 1);
  (void)take(registers, CONSENT(2, .withdrawn = true));  // seq 2
  assert_int_equal(ask_at(registers, usual, now_ms, 1), 0);
  (void)take(registers, CONSENT(3, TO_POLICE));  // seq 3
  assert_int_equal(ask_at(registers, usual, now_ms, 2), 0);
  assert_int_equal(ask_at(registers, usual, now_ms, 3), 1);
  registers_free(registers);
}

static void a_revision_replaces(void **state) {
  (void)state;
  struct registers *registers = make();
  (void)take(registers, CONSENT(1, .recipients = {"polisen", "skolan"}, .purposes = {"sig"}));
  (void)take(registers, CONSENT(1, .recipients = {"skolan"}, .purposes = {"sig"}));
  assert_int_equal(ask(registers, usual), 0);
  struct asked asked = usual;
  asked.recipient = "skolan";
  assert_int_equal(ask(registers, asked), 1);
  (void)take(registers, CONSENT(1, .agency = SCHOOL, .withdrawn = true, .person = another));
  assert_int_equal(ask(registers, asked), 1);  // another agency's event with the same id
  (void)take(registers, CONSENT(1, .withdrawn = true));
  assert_int_equal(ask(registers, asked), 0);
  (void)take(registers, CONSENT(1, .person = another, TO_POLICE));
  assert_int_equal(ask(registers, usual), 0);
  registers_free(registers);
}

static void a_recalled_consent_is_gone_and_a_recalled_withdrawal_stays(void **state) {
  (void)state;
  uint8_t id[16];
  struct registers *registers = make();
  (void)take(registers, CONSENT(1, TO_POLICE));
  registers_forget(registers, SCHOOL, number_of(id, 1));
  assert_int_equal(ask(registers, usual), 1);
  registers_forget(registers, SOCIAL, number_of(id, 1));
  assert_int_equal(ask(registers, usual), 0);
  (void)take(registers, CONSENT(2, TO_POLICE));
  (void)take(registers, CONSENT(3, .withdrawn = true));
  registers_forget(registers, SOCIAL, number_of(id, 3));
  assert_int_equal(ask(registers, usual), 0);
  registers_free(registers);
}

static void past_a_persons_bound_consents_are_refused_and_withdrawals_hold(void **state) {
  (void)state;
  struct registers *registers = make();
  for (uint32_t i = 0; i < CONSENTS_A_PERSON_MAX; i++) {
    assert_true(take(registers, i % 2 == 0 ? CONSENT(i, TO_POLICE)
                                           : CONSENT(i, .recipients = {"skolan"}, .purposes = {"sig"})));
  }
  assert_false(take(registers, CONSENT(9000, TO_POLICE)));
  assert_true(take(registers, CONSENT(9001, TO_POLICE, .person = another)));
  assert_true(take(registers, CONSENT(7, TO_POLICE)));  // a revision of one that is there
  assert_int_equal(ask(registers, usual), 1);
  assert_true(take(registers, CONSENT(9002, .withdrawn = true, TO_POLICE)));
  assert_int_equal(ask(registers, usual), 0);
  struct asked asked = usual;
  asked.recipient = "skolan";
  assert_int_equal(ask(registers, asked), 1);
  assert_true(take(registers, CONSENT(9003, TO_POLICE)));  // there is room again
  assert_int_equal(ask(registers, usual), 1);
  registers_free(registers);
}

static void past_the_bound_consents_are_refused_and_withdrawals_hold(void **state) {
  (void)state;
  struct registers *registers = make();
  char person[32];
  for (uint32_t i = 0; i < CONSENTS_MAX; i++) {
    (void)snprintf(person, sizeof person, "%u", i);
    assert_true(take(registers, CONSENT(i, .person = person, TO_POLICE)));
  }
  assert_false(take(registers, CONSENT(CONSENTS_MAX, TO_POLICE)));
  struct asked asked = usual;
  asked.person = "77777";
  assert_int_equal(ask(registers, asked), 1);
  assert_true(take(registers, CONSENT(CONSENTS_MAX, .person = "77777", .withdrawn = true)));
  assert_int_equal(ask(registers, asked), 0);
  asked.person = "77778";
  assert_int_equal(ask(registers, asked), 1);
  assert_true(take(registers, CONSENT(CONSENTS_MAX + 1, TO_POLICE)));
  registers_free(registers);
}

// ---- requests ----

struct made_event {
  uint8_t id[16], answers[16];
  Nav__V1__Subject subjects[2], *list[2];
  Nav__V1__Request request;
  Nav__V1__Event event;
};

// persons: of up to two subjects; "" for one without a number.
static Nav__V1__Event *make_event(struct made_event *made, const char *source, const char *const persons[2]) {
  *made = (struct made_event){.event = NAV__V1__EVENT__INIT, .request = NAV__V1__REQUEST__INIT};
  made->event.source = text(source);
  for (size_t i = 0; i < 2 && persons[i] != NULL; i++) {
    made->subjects[i] = (Nav__V1__Subject)NAV__V1__SUBJECT__INIT;
    if (persons[i][0] != '\0') made->subjects[i].personal_number = text(persons[i]);
    made->list[i] = &made->subjects[i];
    made->event.n_subjects++;
  }
  made->event.subjects = made->list;
  return &made->event;
}

static void take_request(struct registers *registers, uint32_t id, uint32_t sender, const char *addressee,
                         const char *const persons[2]) {
  struct made_event made;
  Nav__V1__Event *event = make_event(&made, "", persons);
  event->id = (ProtobufCBinaryData){16, number_of(made.id, id)};
  event->addressee = text(addressee);
  event->body_case = NAV__V1__EVENT__BODY_REQUEST;
  event->request = &made.request;
  made.request.basis = text("lag-2025-170-4");
  struct register_place place = {sender, 100 + id, now_ms + 365 * day_ms};
  registers_take(registers, event, &place);
}

static int answers(struct registers *registers, uint32_t id, const char *source, uint32_t sender,
                   const char *const persons[2]) {
  struct made_event made;
  Nav__V1__Event *event = make_event(&made, source, persons);
  event->has_in_reply_to = true;
  event->in_reply_to = (ProtobufCBinaryData){16, number_of(made.answers, id)};
  return registers_answers(registers, event, sender, now_ms, NULL);
}

static const char *const nobody[2], *const somebody_alone[2] = {"201201012380"};
static const char *const both[2] = {"201201012380", "199002252394"};
static const char *const another_alone[2] = {"199002252394"};
static const char *const unnumbered[2] = {"201201012380", ""};

static void an_answer_is_of_who_was_asked_to_who_asked_about_whom(void **state) {
  (void)state;
  struct registers *registers = make();
  take_request(registers, 1, POLICE, "socialtjansten", somebody_alone);
  assert_int_equal(answers(registers, 1, "socialtjansten", POLICE, somebody_alone), 1);
  assert_int_equal(answers(registers, 1, "socialtjansten", 0, somebody_alone), 1);
  assert_int_equal(answers(registers, 1, "socialtjansten", POLICE, unnumbered), 1);
  assert_int_equal(answers(registers, 1, "socialtjansten", HOUSING, somebody_alone), 0);
  assert_int_equal(answers(registers, 1, "skolan", POLICE, somebody_alone), 0);
  assert_int_equal(answers(registers, 1, "socialtjansten", POLICE, another_alone), 0);
  assert_int_equal(answers(registers, 1, "socialtjansten", POLICE, both), 0);
  assert_int_equal(answers(registers, 2, "socialtjansten", POLICE, somebody_alone), 0);
  struct made_event made;
  Nav__V1__Event *event = make_event(&made, "socialtjansten", somebody_alone);
  assert_int_equal(registers_answers(registers, event, POLICE, now_ms, NULL), 0);  // it answers nothing
  registers_free(registers);
}

static void a_request_about_nobody_is_answered_about_anybody(void **state) {
  (void)state;
  struct registers *registers = make();
  take_request(registers, 1, POLICE, "socialtjansten", nobody);
  assert_int_equal(answers(registers, 1, "socialtjansten", POLICE, both), 1);
  registers_free(registers);
}

static void about_somebody_without_a_number_it_cannot_be_told(void **state) {
  (void)state;
  struct registers *registers = make();
  take_request(registers, 1, POLICE, "socialtjansten", unnumbered);
  assert_int_equal(answers(registers, 1, "socialtjansten", POLICE, somebody_alone), 1);
  assert_int_equal(answers(registers, 1, "socialtjansten", POLICE, another_alone), -1);
  assert_int_equal(answers(registers, 1, "socialtjansten", POLICE, nobody), -1);
  assert_int_equal(answers(registers, 1, "skolan", POLICE, another_alone), 0);
  registers_free(registers);
}

static void two_requests_with_one_id_are_told_apart(void **state) {
  (void)state;
  uint8_t id[16];
  struct registers *registers = make();
  take_request(registers, 1, POLICE, "socialtjansten", somebody_alone);
  take_request(registers, 1, HOUSING, "socialtjansten", another_alone);
  assert_int_equal(answers(registers, 1, "socialtjansten", POLICE, somebody_alone), 1);
  assert_int_equal(answers(registers, 1, "socialtjansten", HOUSING, somebody_alone), 0);
  assert_int_equal(answers(registers, 1, "socialtjansten", HOUSING, another_alone), 1);
  take_request(registers, 1, POLICE, "skolan", somebody_alone);  // its next revision asks another
  assert_int_equal(answers(registers, 1, "socialtjansten", POLICE, somebody_alone), 0);
  assert_int_equal(answers(registers, 1, "skolan", POLICE, somebody_alone), 1);
  registers_forget(registers, POLICE, number_of(id, 1));
  assert_int_equal(answers(registers, 1, "skolan", POLICE, somebody_alone), 0);
  assert_int_equal(answers(registers, 1, "socialtjansten", HOUSING, another_alone), 1);
  registers_free(registers);
}

static void past_the_bound_requests_are_refused_until_some_are_erased(void **state) {
  (void)state;
  uint8_t key[16] = {0};
  struct requests *requests = requests_new(key);
  struct register_request request = {.sender = POLICE, .erased_ms = now_ms, .persons_complete = true};
  for (uint32_t i = 0; i < REQUESTS_MAX; i++) {
    (void)number_of(request.event_id, i);
    requests_take(requests, &request);
  }
  assert_int_equal(requests_count(requests), REQUESTS_MAX);
  assert_true(requests_have_room(requests, POLICE, request.event_id, now_ms - 1));  // of one that is there
  (void)number_of(request.event_id, REQUESTS_MAX);
  assert_false(requests_have_room(requests, POLICE, request.event_id, now_ms - 1));
  requests_take(requests, &request);
  assert_null(requests_find(requests, request.event_id, NULL));
  assert_true(requests_have_room(requests, POLICE, request.event_id, now_ms + day_ms));
  assert_int_equal(requests_count(requests), 0);
  requests_free(requests);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_consent_covers_what_it_names_and_no_more),
      cmocka_unit_test(the_newest_that_covers_decides),
      cmocka_unit_test(a_consent_ends),
      cmocka_unit_test(a_consent_not_committed_does_not_count_for_what_is_older),
      cmocka_unit_test(a_revision_replaces),
      cmocka_unit_test(a_recalled_consent_is_gone_and_a_recalled_withdrawal_stays),
      cmocka_unit_test(past_a_persons_bound_consents_are_refused_and_withdrawals_hold),
      cmocka_unit_test(past_the_bound_consents_are_refused_and_withdrawals_hold),
      cmocka_unit_test(an_answer_is_of_who_was_asked_to_who_asked_about_whom),
      cmocka_unit_test(a_request_about_nobody_is_answered_about_anybody),
      cmocka_unit_test(about_somebody_without_a_number_it_cannot_be_told),
      cmocka_unit_test(two_requests_with_one_id_are_told_apart),
      cmocka_unit_test(past_the_bound_requests_are_refused_until_some_are_erased),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
