// See door.h. After polling, libzmq gives User-Id on a message's payload part, not on its first: it is read
// there.
#include "hub/gate/door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hub/gate/zap.h"

// Not in Debian's header, but in its library (4.3.4): without a handler nobody is let in.
#define OPTION_ZAP_ENFORCE_DOMAIN 93

struct option {
  int name, value;
  const char *text;
};

static const struct option options[] = {
    {ZMQ_LINGER, 0, "LINGER"},
    {ZMQ_MAXMSGSIZE, 0, NULL},  // the one of 64 bits, set beside
    {ZMQ_SNDHWM, DOOR_HWM, "SNDHWM"},
    {ZMQ_RCVHWM, DOOR_HWM, "RCVHWM"},
    {ZMQ_SNDBUF, DOOR_KERNEL_BYTES, "SNDBUF"},
    {ZMQ_RCVBUF, DOOR_KERNEL_BYTES, "RCVBUF"},
    {ZMQ_SNDTIMEO, 0, "SNDTIMEO"},
    {ZMQ_RCVTIMEO, 0, "RCVTIMEO"},
    {ZMQ_HANDSHAKE_IVL, DOOR_HANDSHAKE_MS, "HANDSHAKE_IVL"},
    {ZMQ_HEARTBEAT_IVL, DOOR_HEARTBEAT_MS, "HEARTBEAT_IVL"},
    {ZMQ_HEARTBEAT_TIMEOUT, DOOR_SILENCE_MS, "HEARTBEAT_TIMEOUT"},
    {ZMQ_HEARTBEAT_TTL, DOOR_SILENCE_MS, "HEARTBEAT_TTL"},
    {ZMQ_TCP_MAXRT, DOOR_SILENCE_MS, "TCP_MAXRT"},
    {ZMQ_BACKLOG, DOOR_BACKLOG, "BACKLOG"},
    {ZMQ_ROUTER_MANDATORY, 1, "ROUTER_MANDATORY"},
    {ZMQ_ROUTER_HANDOVER, 0, "ROUTER_HANDOVER"},
    {ZMQ_CURVE_SERVER, 1, "CURVE_SERVER"},
    {OPTION_ZAP_ENFORCE_DOMAIN, 1, "ZAP_ENFORCE_DOMAIN"},
};

static bool set_options(void *door, const struct key_pair_curve *keys, struct nav_error *err) {
  for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
    if (options[i].text == NULL) continue;
    if (zmq_setsockopt(door, options[i].name, &options[i].value, sizeof options[i].value) != 0) {
      return nav_fail(err, NAV_ERROR_LOCAL, 0, "public socket", "libzmq does not take %s: %s",
                      options[i].text, zmq_strerror(errno));
    }
  }
  const int64_t message_max = DOOR_MESSAGE_MAX;
  if (zmq_setsockopt(door, ZMQ_MAXMSGSIZE, &message_max, sizeof message_max) != 0 ||
      zmq_setsockopt(door, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN)) != 0 ||
      zmq_setsockopt(door, ZMQ_CURVE_SECRETKEY, keys->secret_key, KEY_CURVE_SIZE) != 0) {
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "public socket", "cannot be set up: %s", zmq_strerror(errno));
  }
  return true;
}

void *door_open(void *zmq_context, const struct key_pair_curve *keys, struct nav_error *err) {
  void *door = zmq_socket(zmq_context, ZMQ_ROUTER);
  if (door == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "public socket", "cannot be made: %s", zmq_strerror(errno));
    return NULL;
  }
  if (set_options(door, keys, err)) return door;
  (void)zmq_close(door);
  return NULL;
}

bool door_bind(void *door, const char *endpoint, struct nav_error *err) {
  int ipv6 = strchr(endpoint, '[') != NULL;
  if (zmq_setsockopt(door, ZMQ_IPV6, &ipv6, sizeof ipv6) == 0 && zmq_bind(door, endpoint) == 0) return true;
  return nav_fail(err, NAV_ERROR_LOCAL, 0, endpoint, "cannot listen there: %s", zmq_strerror(errno));
}

static bool more_follows(void *door) {
  int more = 0;
  size_t size = sizeof more;
  return zmq_getsockopt(door, ZMQ_RCVMORE, &more, &size) == 0 && more != 0;
}

// The parts past the first: counted and dropped. They are in memory already (a message comes whole).
static void drop_rest(void *door, struct door_message *message) {
  while (more_follows(door)) {
    zmq_msg_t part;
    (void)zmq_msg_init(&part);
    if (zmq_msg_recv(&part, door, ZMQ_DONTWAIT) >= 0) {
      message->parts++;
      message->bytes += zmq_msg_size(&part);
    }
    (void)zmq_msg_close(&part);
  }
}

bool door_receive(void *door, struct door_message *message) {
  *message = (struct door_message){.fd = -1};
  (void)zmq_msg_init(&message->payload);
  int length = zmq_recv(door, message->routing, sizeof message->routing, ZMQ_DONTWAIT);
  if (length < 0) return false;
  NAV_ASSERT((size_t)length <= sizeof message->routing);  // ZMTP has no longer ones
  message->routing_length = (size_t)length;
  if (!more_follows(door) || zmq_msg_recv(&message->payload, door, ZMQ_DONTWAIT) < 0) return true;
  message->parts = 1;
  message->bytes = zmq_msg_size(&message->payload);
  message->agency = zmq_msg_gets(&message->payload, ZAP_PROPERTY_AGENCY);
  message->key_hex = zmq_msg_gets(&message->payload, ZAP_PROPERTY_KEY);
  message->fd = zmq_msg_get(&message->payload, ZMQ_SRCFD);
  drop_rest(door, message);
  return true;
}

void door_done(struct door_message *message) { (void)zmq_msg_close(&message->payload); }

enum door_sent door_send(void *door, const uint8_t *routing, size_t length, zmq_msg_t *payload) {
  if (zmq_send(door, routing, length, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
    return errno == EAGAIN ? DOOR_FULL : DOOR_GONE;
  }
  // Once the routing id is taken the payload is too: what goes wrong between only loses it, as a cut
  // connection does.
  return zmq_msg_send(payload, door, ZMQ_DONTWAIT) < 0 ? DOOR_GONE : DOOR_SENT;
}
