// See queue.h. A ring: first is the oldest event without a receipt; those settled in between are passed over.
#include "adapters/sdk/queue.h"

#include <stdlib.h>
#include <string.h>

enum {
  FRAME_OVERHEAD = 4 + 11 + 66,  // the publication's tag and length, its number, its signature
  EVENT_OVERHEAD = 4 + 4 + 34,   // tags and lengths, and the salt
};

struct under_way {
  uint64_t publication;
  size_t first,
      count;  // ring positions that it was taken from: first … first + count - 1, those marked with it
};

struct queue {
  struct queue_event events[NAV_CLIENT_QUEUE_MAX];
  uint64_t first, end;  // positions never wrap; the slot is position % NAV_CLIENT_QUEUE_MAX
  uint64_t unsent;      // nothing before this position is to be sent
  size_t bytes, waiting;
  size_t to_send, to_send_bytes;  // not under way; the bytes as they count in a frame
  struct under_way under_way[QUEUE_PUBLICATIONS_MAX];
  size_t under_way_count;
};

struct queue *queue_new(void) {
  return calloc(1, sizeof(struct queue));
}

static size_t cost_of(const struct queue_event *event) { return event->length + EVENT_OVERHEAD; }

static struct queue_event *at(struct queue *queue, uint64_t position) {
  return &queue->events[position % NAV_CLIENT_QUEUE_MAX];
}

void queue_free(struct queue *queue) {
  if (queue == NULL) return;
  for (uint64_t i = queue->first; i < queue->end; i++) free(at(queue, i)->bytes);
  free(queue);
}

bool queue_add(struct queue *queue, uint64_t token, const uint8_t id_key[KEY_SYMMETRIC_SIZE],
               const uint8_t *event, size_t length) {
  if (queue->end - queue->first == NAV_CLIENT_QUEUE_MAX || length > QUEUE_BYTES_MAX - queue->bytes)
    return false;
  uint8_t *bytes = malloc(length);
  if (bytes == NULL) return false;
  memcpy(bytes, event, length);
  struct queue_event *slot = at(queue, queue->end++);
  *slot = (struct queue_event){.token = token, .length = length, .bytes = bytes};
  keys_event_salt(slot->salt, id_key, bytes, length);
  queue->bytes += length;
  queue->waiting++;
  queue->to_send++;
  queue->to_send_bytes += cost_of(slot);
  return true;
}

size_t queue_count(const struct queue *queue) { return queue->waiting; }
size_t queue_under_way(const struct queue *queue) { return queue->under_way_count; }

// Moves `unsent` over what is under way or settled.
static void pass_sent(struct queue *queue) {
  if (queue->unsent < queue->first) queue->unsent = queue->first;
  while (queue->unsent < queue->end) {
    const struct queue_event *event = at(queue, queue->unsent);
    if (!event->settled && event->publication == 0) return;
    queue->unsent++;
  }
}

bool queue_has_unsent(const struct queue *queue) { return queue->to_send > 0; }

bool queue_fills(const struct queue *queue, size_t most, size_t bytes_max) {
  return queue->to_send >= most || queue->to_send_bytes + FRAME_OVERHEAD >= bytes_max;
}

size_t queue_take(struct queue *queue, uint64_t publication, size_t most, size_t bytes_max,
                  struct queue_event *events[WIRE_EVENTS_MAX]) {
  NAV_ASSERT(publication != 0 && most <= WIRE_EVENTS_MAX && queue->under_way_count < QUEUE_PUBLICATIONS_MAX);
  pass_sent(queue);
  size_t bytes = FRAME_OVERHEAD, count = 0;
  uint64_t position = queue->unsent;
  for (; position < queue->end && count < most; position++) {
    struct queue_event *event = at(queue, position);
    if (event->settled || event->publication != 0) continue;
    if (count > 0 && bytes + cost_of(event) > bytes_max) break;
    bytes += cost_of(event);
    queue->to_send--;
    queue->to_send_bytes -= cost_of(event);
    event->publication = publication;
    events[count++] = event;
  }
  if (count == 0) return 0;
  queue->under_way[queue->under_way_count++] = (struct under_way){
      .publication = publication, .first = queue->unsent, .count = position - queue->unsent};
  pass_sent(queue);
  return count;
}

static struct under_way *find(struct queue *queue, uint64_t publication) {
  for (size_t i = 0; i < queue->under_way_count; i++) {
    if (queue->under_way[i].publication == publication) return &queue->under_way[i];
  }
  return NULL;
}

size_t queue_find(struct queue *queue, uint64_t publication, struct queue_event *events[WIRE_EVENTS_MAX]) {
  const struct under_way *found = find(queue, publication);
  size_t count = 0;
  for (size_t i = 0; found != NULL && i < found->count; i++) {
    struct queue_event *event = at(queue, found->first + i);
    if (!event->settled && event->publication == publication) events[count++] = event;
  }
  return count;
}

static void forget(struct queue *queue, struct under_way *entry) {
  *entry = queue->under_way[--queue->under_way_count];
}

void queue_settle(struct queue *queue, uint64_t publication) {
  struct under_way *found = find(queue, publication);
  if (found == NULL) return;
  for (size_t i = 0; i < found->count; i++) {
    struct queue_event *event = at(queue, found->first + i);
    if (event->settled || event->publication != publication) continue;
    queue->bytes -= event->length;
    queue->waiting--;
    free(event->bytes);
    *event = (struct queue_event){.settled = true};
  }
  forget(queue, found);
  while (queue->first < queue->end && at(queue, queue->first)->settled) queue->first++;
  pass_sent(queue);
}

static void return_one(struct queue *queue, struct under_way *entry) {
  for (size_t i = 0; i < entry->count; i++) {
    struct queue_event *event = at(queue, entry->first + i);
    if (event->settled || event->publication != entry->publication) continue;
    event->publication = 0;
    queue->to_send++;
    queue->to_send_bytes += cost_of(event);
  }
  if (entry->first < queue->unsent) queue->unsent = entry->first;
  forget(queue, entry);
}

void queue_return(struct queue *queue, uint64_t publication) {
  if (publication != 0) {
    struct under_way *found = find(queue, publication);
    if (found != NULL) return_one(queue, found);
  } else {
    while (queue->under_way_count > 0) return_one(queue, &queue->under_way[0]);
  }
  pass_sent(queue);
}
