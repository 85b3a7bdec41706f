// The registers that rules ask: who has consented to what, and who has asked whom about whom. Fed by the
// Consent and Request events in the ledger's order; the persons stand in them under a keyed hash. Called by:
// question (ask), intake_stage and registers_ledger (feed), holds and recalls (requests). Must never: keep a
// personal number, or be the truth: they are made anew from the ledger at every start.
#ifndef NAV_CORE_REGISTERS_H
#define NAV_CORE_REGISTERS_H

#include "hub/base/error.h"
#include "hub/core/registers_request.h"
#include "nav/v1/event.pb-c.h"

struct registers;

// pseudonym_key: 32 bytes, from which the registers' own keys are derived.
struct registers *registers_new(const uint8_t *pseudonym_key);
void registers_free(struct registers *registers);  // takes NULL

// Where an accepted event stands.
struct register_place {
  uint32_t agency;  // number of its source
  uint64_t seq;
  int64_t erased_ms;  // when its content is erased
};

// Whether a Consent or Request would be taken; other events always. False: *err (BUSY, to be sent again).
NAV_MUST_USE bool registers_have_room(struct registers *registers, const Nav__V1__Event *event,
                                      uint32_t agency, int64_t now_ms, struct nav_error *err);
// Takes a validated Consent or Request; of other events there is nothing to take.
void registers_take(struct registers *registers, const Nav__V1__Event *event,
                    const struct register_place *place);
// Its sender has recalled the event: a consent or a request is gone, a withdrawal stays.
void registers_forget(struct registers *registers, uint32_t agency, const uint8_t event_id[16]);
// The content of a Request was erased: nothing answers it any more. Not where a later revision has taken its
// place.
void registers_forget_request(struct registers *registers, uint32_t agency, const uint8_t event_id[16],
                              uint64_t seq);

void registers_person(const struct registers *registers, const char *personal_number,
                      uint8_t person[REGISTER_PERSON_SIZE]);
int registers_consent(const struct registers *registers, const struct consent_asked *asked);
// Whether the event answers a Request of this agency (0: of any): 1, 0, or -1 cannot be told. *found, where
// not NULL: the request it answers, until the next change of the registers.
int registers_answers(const struct registers *registers, const Nav__V1__Event *event, uint32_t sender,
                      int64_t now_ms, const struct register_request **found);

#endif
