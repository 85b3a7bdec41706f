// Events that wait for their receipt: queued, or sent in a publication under way. Kept in the order they
// came; whatever has no receipt can be sent again. Called by: client, outgoing. Must never: forget an event
// before its receipt, or hold more than its maximum.
#ifndef NAV_ADAPTERS_SDK_QUEUE_H
#define NAV_ADAPTERS_SDK_QUEUE_H

#include <stdint.h>

#include "adapters/sdk/client.h"
#include "hub/wire/message.h"

enum { QUEUE_BYTES_MAX = 64 * 1024 * 1024, QUEUE_PUBLICATIONS_MAX = 64 };

struct queue_event {
  uint64_t token;
  uint64_t publication;  // under way with it; 0: to be sent
  bool settled;
  uint8_t salt[KEY_SALT_SIZE];
  size_t length;
  uint8_t *bytes;
};

struct queue;

struct queue *queue_new(void);         // NULL: no memory
void queue_free(struct queue *queue);  // takes NULL
// Copies the bytes. False: full.
bool queue_add(struct queue *queue, uint64_t token, const uint8_t id_key[KEY_SYMMETRIC_SIZE],
               const uint8_t *event, size_t length);
size_t queue_count(const struct queue *queue);      // without a receipt
size_t queue_under_way(const struct queue *queue);  // publications
bool queue_has_unsent(const struct queue *queue);
// What is to be sent fills a publication.
bool queue_fills(const struct queue *queue, size_t most, size_t bytes_max);
// The next events to send, in order: at most `most`, whose frame stays within bytes_max. Gives how many; they
// are then under way as that publication.
size_t queue_take(struct queue *queue, uint64_t publication, size_t most, size_t bytes_max,
                  struct queue_event *events[WIRE_EVENTS_MAX]);
// The events of a publication under way, in its order; 0: not under way.
size_t queue_find(struct queue *queue, uint64_t publication, struct queue_event *events[WIRE_EVENTS_MAX]);
// Its receipt has come and was told: the events are forgotten.
void queue_settle(struct queue *queue, uint64_t publication);
// It was not taken: to be sent again. 0: every publication.
void queue_return(struct queue *queue, uint64_t publication);

#endif
