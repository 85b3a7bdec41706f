// Who has asked whom about whom: the Requests that an event can answer, by the request event's id. Pure.
// Called by: registers. Must never: hold a personal number, or more than its bounds.
#ifndef NAV_CORE_REGISTERS_REQUEST_H
#define NAV_CORE_REGISTERS_REQUEST_H

#include "hub/core/registers_consent.h"

enum { REQUESTS_MAX = 50000, REQUEST_PERSONS_MAX = 64, REQUEST_TEXT_MAX = 64 };

struct register_request {
  uint8_t event_id[16];
  uint32_t sender;                       // who asks: an agency's number
  char addressee[REQUEST_TEXT_MAX + 1];  // who is asked
  char basis[REQUEST_TEXT_MAX + 1];
  uint64_t seq;
  int64_t erased_ms;      // from then on it is no request
  bool persons_complete;  // every person it is about has a number
  size_t persons_count;
  const uint8_t (*persons)[REGISTER_PERSON_SIZE];
};

struct requests;

struct requests *requests_new(const uint8_t key[16]);
void requests_free(struct requests *requests);  // takes NULL
size_t requests_count(const struct requests *requests);
bool requests_have_room(struct requests *requests, uint32_t sender, const uint8_t event_id[16],
                        int64_t now_ms);
// A further revision (the same sender and event id) replaces the one before. It copies what it is given.
void requests_take(struct requests *requests, const struct register_request *request);
void requests_forget(struct requests *requests, uint32_t sender, const uint8_t event_id[16]);
// The first (before is NULL) or next request with this id: two agencies may choose the same. NULL: no more.
const struct register_request *requests_find(const struct requests *requests, const uint8_t event_id[16],
                                             const struct register_request *before);
// Whether an event of this agency about these persons (of its subjects, those with a number) answers it: 1; 0
// no; -1 cannot be told, as the request is about somebody without a number.
int request_is_answered(const struct register_request *request, const char *source,
                        const uint8_t (*persons)[REGISTER_PERSON_SIZE], size_t count, int64_t now_ms);

#endif
