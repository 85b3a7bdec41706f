// See question.h.
#include "hub/core/question.h"

#include <string.h>

static uint32_t source_of(struct core_question *asking) {
  if (!asking->has_source) {
    const char *source = asking->question.event->source;
    asking->source = source == NULL ? 0 : numbers_agency(asking->core->numbers, source);
    asking->has_source = true;
  }
  return asking->source;
}

static void person_of(struct core_question *asking, const Nav__V1__Subject *subject,
                      uint8_t person[REGISTER_PERSON_SIZE]) {
  const struct registers *registers = asking->core->registers;
  const Nav__V1__Event *event = asking->question.event;
  size_t i = 0;
  while (i < event->n_subjects && event->subjects[i] != subject) i++;
  if (i >= event->n_subjects || i >= ACCESS_SUBJECTS_MAX) {
    registers_person(registers, subject->personal_number, person);
    return;
  }
  if ((asking->hashed >> i & 1U) == 0) {
    registers_person(registers, subject->personal_number, asking->persons[i]);
    asking->hashed |= UINT64_C(1) << i;
  }
  memcpy(person, asking->persons[i], REGISTER_PERSON_SIZE);
}

static int answer_consent(void *context, const Nav__V1__Subject *subject, const char *recipient,
                          const char *purpose, const char *message) {
  struct core_question *asking = context;
  if (subject->personal_number == NULL || subject->personal_number[0] == '\0') return -1;
  struct consent_asked asked = {.source = source_of(asking),
                                .recipient = recipient,
                                .purpose = purpose,
                                .message = message,
                                .now_ms = asking->question.now_ms,
                                .up_to_seq = asking->consents_up_to};
  person_of(asking, subject, asked.person);
  return registers_consent(asking->core->registers, &asked);
}

static int answer_request(void *context, const Nav__V1__Event *event, const char *recipient) {
  const struct core_question *asking = context;
  uint32_t sender = numbers_agency(asking->core->numbers, recipient);
  if (sender == 0) return 0;
  return registers_answers(asking->core->registers, event, sender, asking->question.now_ms, NULL);
}

void core_question(struct core_question *out, const struct core *core, const Nav__V1__Event *event) {
  out->core = core;
  out->consents_up_to = core->committed_seq;
  out->has_source = false;
  out->hashed = 0;
  out->question = (struct access_question){.event = event,
                                           .now_ms = core->now_ms,
                                           .consent = answer_consent,
                                           .consent_context = out,
                                           .request = answer_request,
                                           .request_context = out};
}
