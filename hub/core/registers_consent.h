// Who has consented to what: a person's consents and withdrawals in the order of the ledger, under a keyed
// hash of their number. Pure: it neither reads the ledger nor knows an event. Called by: registers. Must
// never: hold a personal number, take a consent past its bounds, or leave a withdrawal without effect.
#ifndef NAV_CORE_REGISTERS_CONSENT_H
#define NAV_CORE_REGISTERS_CONSENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  REGISTER_PERSON_SIZE = 16,
  CONSENTS_MAX = 200000,
  CONSENTS_A_PERSON_MAX = 256,            // so that a decision never looks through more
  CONSENTS_BYTES_MAX = 64 * 1024 * 1024,  // of what they name
};

// A consent or a withdrawal as its event says. Empty lists cover all; only a withdrawal's and `messages` may
// be empty.
struct consent_given {
  uint8_t event_id[16];
  uint8_t person[REGISTER_PERSON_SIZE];
  uint32_t agency;  // that registered it
  uint64_t seq;
  bool withdrawn;
  int64_t end_ms;     // INT64_MAX: none
  int64_t erased_ms;  // when the event's content is erased: from then on it is no consent
  char *const *recipients;
  size_t recipients_count;
  char *const *purposes;
  size_t purposes_count;
  char *const *messages;
  size_t messages_count;
};

struct consent_asked {
  uint32_t source;  // whose event it is
  uint8_t person[REGISTER_PERSON_SIZE];
  const char *recipient;
  const char *purpose;
  const char *message;
  int64_t now_ms;
  uint64_t up_to_seq;  // consents after it do not count yet; withdrawals do
};

struct consents;

// key: for its hash tables.
struct consents *consents_new(const uint8_t key[16]);
void consents_free(struct consents *consents);  // takes NULL
size_t consents_count(const struct consents *consents);
// Whether it would be taken. Of withdrawals always true.
bool consents_have_room(struct consents *consents, const struct consent_given *given, int64_t now_ms);
// In the order of the ledger. A further revision (the same agency and event id) replaces the one before, and
// is as new as its own place. A withdrawal for which there is no room takes away every consent that it
// touches.
void consents_take(struct consents *consents, const struct consent_given *given);
// Its sender takes the event back: a consent is gone. A withdrawal stays: who consents anew says so.
void consents_forget(struct consents *consents, uint32_t agency, const uint8_t event_id[16]);
// The newest of the person's that covers recipient, purpose and message decides: 1 given and in force, else
// 0. A consent counts only for events of the agency that registered it, whose secrecy it waives; a withdrawal
// counts whoever registered it.
int consents_ask(const struct consents *consents, const struct consent_asked *asked);

#endif
