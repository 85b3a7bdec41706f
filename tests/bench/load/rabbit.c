// The load on RabbitMQ: persistent messages to a fanout exchange with a quorum queue for each recipient,
// publisher confirms (which come after the queues' logs are on disk), and consumers that acknowledge many at
// once.
//   --at PORT        RabbitMQ's port on the loopback address
// Called by: tests/bench/run. Must never: touch a RabbitMQ that the run did not start.
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/load/gate.h"
#include "tests/bench/load/load.h"

enum {
  CHANNEL = 1,
  FRAME_BYTES = 131072,
  PREFETCH = 512,
  ACKNOWLEDGE_EVERY = 64,
  WAIT_MS = 20,
  SEND_AT_ONCE = 64,  // before confirms are looked for
  RING = 2 * LOAD_WINDOW_MAX,
  TEXT_SIZE = 64,
  PERSISTENT = 2,
};

static const char *const exchange = "bench";

static bool complain(const char *what, amqp_rpc_reply_t reply) {
  const char *why = reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION
                        ? amqp_error_string2(reply.library_error)
                        : "the server refused";
  (void)fprintf(stderr, "rabbit: %s: %s\n", what, why);
  return false;
}

static bool fine(amqp_connection_state_t rabbit, const char *what) {
  amqp_rpc_reply_t reply = amqp_get_rpc_reply(rabbit);
  return reply.reply_type == AMQP_RESPONSE_NORMAL || complain(what, reply);
}

static bool complain_status(const char *what, int status) {
  (void)fprintf(stderr, "rabbit: %s: %s\n", what, amqp_error_string2(status));
  return false;
}

static amqp_connection_state_t connect_rabbit(void) {
  amqp_connection_state_t rabbit = amqp_new_connection();
  amqp_socket_t *socket = amqp_tcp_socket_new(rabbit);
  int port = (int)strtol(load_options->at, NULL, 10);
  int status = socket != NULL ? amqp_socket_open(socket, "127.0.0.1", port) : AMQP_STATUS_NO_MEMORY;
  bool ok = status == AMQP_STATUS_OK || complain_status("connect", status);
  if (ok) {
    amqp_rpc_reply_t reply =
        amqp_login(rabbit, "/", 0, FRAME_BYTES, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest");
    ok = reply.reply_type == AMQP_RESPONSE_NORMAL || complain("login", reply);
  }
  if (ok) {
    (void)amqp_channel_open(rabbit, CHANNEL);
    ok = fine(rabbit, "channel");
  }
  if (ok) return rabbit;
  (void)amqp_destroy_connection(rabbit);
  return NULL;
}

static void disconnect(amqp_connection_state_t rabbit) {
  if (rabbit == NULL) return;
  (void)amqp_connection_close(rabbit, AMQP_REPLY_SUCCESS);
  (void)amqp_destroy_connection(rabbit);
}

// ---- exchange and queues ----

static amqp_bytes_t bytes_of(const char *text) {
  return (amqp_bytes_t){strlen(text), (void *)(uintptr_t)text};
}

static const char *queue_name(char out[TEXT_SIZE], unsigned recipient) {
  (void)snprintf(out, TEXT_SIZE, "bench.%u", recipient);
  return out;
}

static bool make_queue(amqp_connection_state_t rabbit, unsigned recipient) {
  char text[TEXT_SIZE];
  amqp_bytes_t name = bytes_of(queue_name(text, recipient));
  amqp_table_entry_t type = {.key = bytes_of("x-queue-type"),
                             .value = {.kind = AMQP_FIELD_KIND_UTF8, .value = {.bytes = bytes_of("quorum")}}};
  (void)amqp_queue_delete(rabbit, CHANNEL, name, 0, 0);
  if (!fine(rabbit, "delete queue")) return false;
  (void)amqp_queue_declare(rabbit, CHANNEL, name, 0, 1, 0, 0, (amqp_table_t){1, &type});
  if (!fine(rabbit, "declare queue")) return false;
  (void)amqp_queue_bind(rabbit, CHANNEL, name, bytes_of(exchange), amqp_empty_bytes, amqp_empty_table);
  return fine(rabbit, "bind queue");
}

static bool prepare(void) {
  amqp_connection_state_t rabbit = connect_rabbit();
  if (rabbit == NULL || !gate_prepare()) return false;
  (void)amqp_exchange_declare(rabbit, CHANNEL, bytes_of(exchange), bytes_of("fanout"), 0, 1, 0, 0,
                              amqp_empty_table);
  bool ok = fine(rabbit, "declare exchange");
  for (unsigned i = 0; ok && i < load_options->recipients; i++) ok = make_queue(rabbit, i);
  disconnect(rabbit);
  return ok;
}

// ---- a publisher ----

struct publisher {
  amqp_connection_state_t rabbit;
  struct gate *gate;
  struct load_pace *pace;
  uint64_t sent, confirmed;  // delivery tags are counted from 1, as numbers are
  bool done[RING];           // by tag: confirmed singly, ahead of an earlier one
};

static bool send_one(struct publisher *p, const uint8_t *message) {
  amqp_basic_properties_t properties = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG, .delivery_mode = PERSISTENT};
  amqp_bytes_t body = {load_options->bytes, (void *)(uintptr_t)message};
  int status =
      amqp_basic_publish(p->rabbit, CHANNEL, bytes_of(exchange), amqp_empty_bytes, 0, 0, &properties, body);
  if (status != AMQP_STATUS_OK) return complain_status("publish", status);
  p->done[++p->sent % RING] = false;
  return true;
}

static void settle(struct publisher *p, uint64_t tag, bool accepted) {
  if (p->done[tag % RING]) return;
  p->done[tag % RING] = true;
  load_settled(p->pace, (uint32_t)tag, accepted);
}

static void take_confirm(struct publisher *p, uint64_t tag, bool multiple, bool accepted) {
  for (uint64_t each = multiple ? p->confirmed + 1 : tag; each <= tag; each++) settle(p, each, accepted);
  while (p->confirmed < p->sent && p->done[(p->confirmed + 1) % RING]) p->confirmed++;
}

static bool take_frame(struct publisher *p, const amqp_frame_t *frame) {
  if (frame->frame_type != AMQP_FRAME_METHOD) return true;
  if (frame->payload.method.id == AMQP_BASIC_ACK_METHOD) {
    const amqp_basic_ack_t *ack = frame->payload.method.decoded;
    take_confirm(p, ack->delivery_tag, ack->multiple != 0, true);
    return true;
  }
  if (frame->payload.method.id == AMQP_BASIC_NACK_METHOD) {
    const amqp_basic_nack_t *nack = frame->payload.method.decoded;
    take_confirm(p, nack->delivery_tag, nack->multiple != 0, false);
    return true;
  }
  (void)fprintf(stderr, "rabbit: method %x ended the publisher\n", frame->payload.method.id);
  return false;
}

static bool anything_here(amqp_connection_state_t rabbit) {
  return amqp_frames_enqueued(rabbit) || amqp_data_in_buffer(rabbit);
}

// Waits up to wait_ns for a confirm, and takes all that are here.
static bool take_confirms(struct publisher *p, uint64_t wait_ns) {
  struct pollfd fd = {amqp_get_sockfd(p->rabbit), POLLIN, 0};
  struct timespec wait = {0, (long)wait_ns};
  if (!anything_here(p->rabbit) && ppoll(&fd, 1, &wait, NULL) <= 0) return true;
  for (unsigned i = 0; i < RING; i++) {
    amqp_frame_t frame;
    struct timeval none = {0, 0};
    int status = amqp_simple_wait_frame_noblock(p->rabbit, &frame, &none);
    if (status == AMQP_STATUS_TIMEOUT) break;
    if (status != AMQP_STATUS_OK) return complain_status("confirm", status);
    if (!take_frame(p, &frame)) return false;
    if (!anything_here(p->rabbit)) break;
  }
  amqp_maybe_release_buffers(p->rabbit);
  return true;
}

static bool send_batch(struct publisher *p, const struct gate_batch *batch) {
  for (size_t i = 0; i < batch->count; i++) {
    if (!send_one(p, gate_message(batch, i))) return false;
    if (i % SEND_AT_ONCE == SEND_AT_ONCE - 1 && !take_confirms(p, 0)) return false;
  }
  return true;
}

static bool publisher_loop(struct publisher *p) {
  while (!load_publisher_done(p->pace)) {
    const struct gate_batch *batch = gate_take(p->gate, p->pace);
    if (batch == NULL || !send_batch(p, batch)) return false;
    if (!take_confirms(p, load_wait_ns(p->pace))) return false;
  }
  return true;
}

static void wait_start(struct load_worker *worker) {
  load_ready(worker);
  while (!load_started() && !atomic_load(&load_shared->quit))
    (void)nanosleep(&(struct timespec){0, 200000}, NULL);
}

static bool publish(unsigned number) {
  static struct publisher p;
  p.rabbit = connect_rabbit();
  p.gate = gate_open(number);
  p.pace = load_pace_new(number);
  bool ok = p.rabbit != NULL && p.gate != NULL && p.pace != NULL;
  if (ok) {
    (void)amqp_confirm_select(p.rabbit, CHANNEL);
    ok = fine(p.rabbit, "confirms");
  }
  if (ok) {
    wait_start(&load_shared->publishers[number]);
    ok = publisher_loop(&p);
  }
  disconnect(p.rabbit);
  gate_close(p.gate);
  load_pace_free(p.pace);
  return ok;
}

// ---- a recipient ----

struct recipient {
  amqp_connection_state_t rabbit;
  struct load_seen *seen;
  uint64_t last;     // delivery tag
  unsigned pending;  // received since the last acknowledgement
};

static bool acknowledge(struct recipient *r, unsigned least) {
  if (r->pending == 0 || r->pending < least) return true;
  int status = amqp_basic_ack(r->rabbit, CHANNEL, r->last, 1);
  r->pending = 0;
  return status == AMQP_STATUS_OK || complain_status("acknowledge", status);
}

// One message, or what is pending acknowledged where none comes at once.
static bool turn(struct recipient *r) {
  amqp_envelope_t envelope;
  struct timeval wait = {0, r->pending > 0 ? 0 : WAIT_MS * 1000};
  amqp_maybe_release_buffers(r->rabbit);
  amqp_rpc_reply_t reply = amqp_consume_message(r->rabbit, &envelope, &wait, 0);
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
    bool nothing =
        reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION && reply.library_error == AMQP_STATUS_TIMEOUT;
    return nothing ? acknowledge(r, 1) : complain("consume", reply);
  }
  if (envelope.message.body.len >= MARK_SIZE) load_received(r->seen, envelope.message.body.bytes);
  r->last = envelope.delivery_tag;
  r->pending++;
  amqp_destroy_envelope(&envelope);
  return acknowledge(r, ACKNOWLEDGE_EVERY);
}

static bool subscribe(struct recipient *r, unsigned number) {
  char text[TEXT_SIZE];
  (void)amqp_basic_qos(r->rabbit, CHANNEL, 0, PREFETCH, 0);
  if (!fine(r->rabbit, "prefetch")) return false;
  (void)amqp_basic_consume(r->rabbit, CHANNEL, bytes_of(queue_name(text, number)), amqp_empty_bytes, 0, 0, 0,
                           amqp_empty_table);
  return fine(r->rabbit, "consume");
}

static bool receive(unsigned number) {
  struct recipient r = {.rabbit = connect_rabbit(), .seen = load_seen_new(number)};
  bool ok = r.rabbit != NULL && r.seen != NULL && subscribe(&r, number);
  if (ok) load_ready(&load_shared->recipients[number]);
  while (ok && !atomic_load(&load_shared->quit)) ok = turn(&r);
  disconnect(r.rabbit);
  load_seen_free(r.seen);
  return ok;
}

int main(int argc, char **argv) {
  static const struct load_peer peer = {.prepare = prepare, .publish = publish, .receive = receive};
  return load_main(argc, argv, &peer);
}
