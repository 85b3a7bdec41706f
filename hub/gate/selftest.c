// See selftest.h.
#include "hub/gate/selftest.h"

#include <errno.h>
#include <sodium.h>
#include <stdint.h>
#include <string.h>
#include <zmq.h>

enum { ANSWER_MS_MAX = 5000, EVENT_SIZE = 6, ENDPOINT_SIZE = 512 };

static const char monitor_endpoint[] = "inproc://gate-selftest";

static bool set_up(void *client, const struct key_pair_curve *hub, const char *endpoint) {
  uint8_t public_key[KEY_CURVE_SIZE], secret_key[KEY_CURVE_SIZE];
  (void)crypto_box_keypair(public_key, secret_key);
  const int nothing = 0, never = -1, ipv6 = strchr(endpoint, '[') != NULL;
  bool ok = zmq_setsockopt(client, ZMQ_LINGER, &nothing, sizeof nothing) == 0 &&
            zmq_setsockopt(client, ZMQ_RECONNECT_IVL, &never, sizeof never) == 0 &&
            zmq_setsockopt(client, ZMQ_IPV6, &ipv6, sizeof ipv6) == 0 &&
            zmq_setsockopt(client, ZMQ_CURVE_SERVERKEY, hub->public_key, KEY_CURVE_SIZE) == 0 &&
            zmq_setsockopt(client, ZMQ_CURVE_PUBLICKEY, public_key, KEY_CURVE_SIZE) == 0 &&
            zmq_setsockopt(client, ZMQ_CURVE_SECRETKEY, secret_key, KEY_CURVE_SIZE) == 0 &&
            zmq_socket_monitor(client, monitor_endpoint,
                               ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) == 0;
  sodium_memzero(secret_key, sizeof secret_key);
  return ok && zmq_connect(client, endpoint) == 0;
}

// The event that the handshake ended with; 0: none in time.
static uint16_t wait_for_event(void *monitor) {
  uint8_t bytes[EVENT_SIZE] = {0};
  zmq_pollitem_t item = {.socket = monitor, .events = ZMQ_POLLIN};
  if (zmq_poll(&item, 1, ANSWER_MS_MAX) <= 0 || zmq_recv(monitor, bytes, sizeof bytes, 0) < 0) return 0;
  uint16_t event;
  memcpy(&event, bytes, sizeof event);
  return event;
}

static bool judge(uint16_t event, const char *endpoint, struct nav_error *err) {
  if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) return true;
  if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
    return nav_fail(err, NAV_ERROR_BUG, 0, endpoint,
                    "LET IN A KEY THAT IS IN NO BOOK: the ZAP handler is not asked. Do not run this gate");
  }
  return nav_fail(err, NAV_ERROR_LOCAL, 0, endpoint,
                  "did not answer the self-test within %d ms: is the address this machine's own?",
                  ANSWER_MS_MAX);
}

bool selftest_unlisted_key(void *zmq_context, void *door, const struct key_pair_curve *keys,
                           struct nav_error *err) {
  char endpoint[ENDPOINT_SIZE];
  size_t size = sizeof endpoint;
  if (zmq_getsockopt(door, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0) {
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "self-test", "no endpoint: %s", zmq_strerror(errno));
  }
  void *client = zmq_socket(zmq_context, ZMQ_DEALER);
  void *monitor = zmq_socket(zmq_context, ZMQ_PAIR);
  bool ok = false;
  if (client != NULL && monitor != NULL && set_up(client, keys, endpoint) &&
      zmq_connect(monitor, monitor_endpoint) == 0) {
    ok = judge(wait_for_event(monitor), endpoint, err);
  } else {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "self-test", "cannot be set up: %s", zmq_strerror(errno));
  }
  if (client != NULL) (void)zmq_socket_monitor(client, NULL, 0);
  if (monitor != NULL) (void)zmq_close(monitor);
  if (client != NULL) (void)zmq_close(client);
  return ok;
}
