// See private.h: batches events into signed publications, and settles them by their receipts.
#include <string.h>

#include "adapters/sdk/private.h"
#include "hub/wire/event.h"

// Fills the message's arrays; what they point to lives in the queue until the receipt.
struct publication {
  Nav__V1__Publication message;
  Nav__V1__PublishedEvent events[WIRE_EVENTS_MAX], *list[WIRE_EVENTS_MAX];
  uint8_t digests[WIRE_EVENTS_MAX * NAV_SHA256_SIZE];
  uint8_t signature[KEY_SIGNATURE_SIZE];
};

static void fill(const struct nav_client *client, struct publication *publication, uint64_t number,
                 struct queue_event *const *events, size_t count) {
  struct keys_salted salted[WIRE_EVENTS_MAX];
  publication->message = (Nav__V1__Publication)NAV__V1__PUBLICATION__INIT;
  for (size_t i = 0; i < count; i++) {
    Nav__V1__PublishedEvent *event = &publication->events[i];
    *event = (Nav__V1__PublishedEvent)NAV__V1__PUBLISHED_EVENT__INIT;
    event->has_event = event->has_salt = true;
    event->event = (ProtobufCBinaryData){events[i]->length, events[i]->bytes};
    event->salt = (ProtobufCBinaryData){sizeof events[i]->salt, events[i]->salt};
    publication->list[i] = event;
    salted[i] = (struct keys_salted){events[i]->salt, events[i]->bytes, events[i]->length};
  }
  keys_event_digests(publication->digests, salted, count);
  keys_sign_publication(publication->signature, &client->keys.signing, client->log_id, client->agency,
                        publication->digests, count);
  Nav__V1__Publication *message = &publication->message;
  message->has_number = message->has_signature = true;
  message->number = number;
  message->events = publication->list;
  message->n_events = count;
  message->signature = (ProtobufCBinaryData){sizeof publication->signature, publication->signature};
}

static size_t frame_room(const struct nav_client *client) { return client->frame_max - WIRE_SEALED_OVERHEAD; }

int64_t outgoing_due_ms(const struct nav_client *client) {
  if (queue_fills(client->queue, client->events_max, frame_room(client))) return client->publish_after_ms;
  int64_t gather_ms = client->gather_ms * client->slower;
  if (gather_ms < GATHER_QUEUED_MS && queue_count(client->queue) >= GATHER_QUEUED)
    gather_ms = GATHER_QUEUED_MS;
  int64_t due_ms = client->published_ms + gather_ms;
  return due_ms > client->publish_after_ms ? due_ms : client->publish_after_ms;
}

static bool may_publish(struct nav_client *client, int64_t now_ms) {
  return client->state == CLIENT_LIVE && queue_has_unsent(client->queue) &&
         now_ms >= outgoing_due_ms(client) && queue_under_way(client->queue) < client->publications_max &&
         session_may_send(client);
}

void outgoing_publish(struct nav_client *client, int64_t now_ms) {
  while (may_publish(client, now_ms)) {
    struct queue_event *events[WIRE_EVENTS_MAX];
    uint64_t number = ++client->publication_number;
    size_t count = queue_take(client->queue, number, client->events_max,
                              client->frame_max - WIRE_SEALED_OVERHEAD, events);
    if (count == 0) return;
    client->published_ms = now_ms;
    struct publication publication;
    fill(client, &publication, number, events, count);
    Nav__V1__ClientFrame frame = NAV__V1__CLIENT_FRAME__INIT;
    frame.frame_case = NAV__V1__CLIENT_FRAME__FRAME_PUBLICATION;
    frame.publication = &publication.message;
    if (!session_send(client, &frame, now_ms)) return;
  }
}

static void wait_for(struct nav_client *client, Nav__V1__Code code, int64_t until_ms) {
  client->publish_after_ms = until_ms;
  client->waits = true;
  client->wait_code = code;
}

// "Wait and send again", said of a whole publication.
static bool is_not_now(const Nav__V1__Receipt *receipt) {
  if (!receipt->whole || receipt->n_events != 1) return false;
  Nav__V1__Code code = receipt->events[0]->code;
  return code == NAV__V1__CODE__CODE_BUSY || code == NAV__V1__CODE__CODE_RATE;
}

void outgoing_receipt(struct nav_client *client, const Nav__V1__Receipt *receipt, int64_t now_ms) {
  struct queue_event *events[WIRE_EVENTS_MAX];
  size_t count = queue_find(client->queue, receipt->number, events);
  if (count == 0) return;  // settled in an earlier session
  if (is_not_now(receipt)) {
    wait_for(client, receipt->events[0]->code, now_ms + BUSY_MS);
    queue_return(client->queue, receipt->number);
    return;
  }
  client->waits = false;
  bool whole = receipt->whole && receipt->n_events == 1;
  if (!whole && receipt->n_events != count) {
    struct nav_error err;
    (void)nav_fail(&err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "receipt.events",
                   "the hub answered %zu events of %zu", receipt->n_events, count);
    session_fail(client, &err);
    return;
  }
  for (size_t i = 0; i < count; i++) {
    client->events.receipt(client->events.context, events[i]->token, receipt->events[whole ? 0 : i]);
  }
  queue_settle(client->queue, receipt->number);
}

void outgoing_wait(struct nav_client *client, const Nav__V1__Wait *wait, int64_t now_ms) {
  enum { WAIT_MS_MAX = 60000 };
  int64_t wait_ms = wait->wait_ms < WAIT_MS_MAX ? (int64_t)wait->wait_ms : WAIT_MS_MAX;
  wait_for(client, wait->code, now_ms + wait_ms);
  if (wait->has_number) queue_return(client->queue, wait->number);
}

bool nav_client_waits(const struct nav_client *client, struct nav_client_wait *wait) {
  const char *name = wire_enum_name(&nav__v1__code__descriptor, (int)client->wait_code);
  if (!client->waits) return false;
  *wait = (struct nav_client_wait){client->wait_code, name != NULL ? name : "it does not say why",
                                   client->publish_after_ms};
  if (client->wait_code == NAV__V1__CODE__CODE_BUSY)
    wait->why = "busy: its database is away, or it has too much to do";
  if (client->wait_code == NAV__V1__CODE__CODE_RATE)
    wait->why = "rate: this agency's programs together send more than the hub allows";
  return true;
}
