// See client.h: what callers see. A step advances everything as far as it goes without waiting, then waits
// once.
#include "adapters/sdk/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/sdk/private.h"
#include "hub/base/clock.h"

enum { FAREWELL_MS = 500 };

static bool copy_text(char out[TEXT_MAX], const char *text, const char *what, struct nav_error *err) {
  if (text == NULL) text = "";
  if (strlen(text) >= TEXT_MAX) {
    return nav_fail(err, NAV_ERROR_LOCAL, 0, what, "is longer than %d characters", TEXT_MAX - 1);
  }
  memcpy(out, text, strlen(text) + 1);
  return true;
}

static bool copy_nodes(struct nav_client *client, const struct nav_client_settings *settings,
                       struct nav_error *err) {
  if (settings->nodes_count == 0 || settings->nodes_count > NAV_CLIENT_NODES_MAX)
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "endpoint", "a hub has 1 to %d nodes", NAV_CLIENT_NODES_MAX);
  for (size_t i = 0; i < settings->nodes_count; i++) {
    struct client_node *node = &client->nodes[i];
    if (!copy_text(node->endpoint, settings->nodes[i].endpoint, "endpoint", err)) return false;
    memcpy(node->curve_key, settings->nodes[i].curve_key, sizeof node->curve_key);
  }
  client->nodes_count = settings->nodes_count;
  return true;
}

static bool copy_settings(struct nav_client *client, const struct nav_client_settings *settings,
                          struct nav_error *err) {
  if (settings->purposes_count > LANES_MAX) {
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "purposes", "are more than %d", LANES_MAX);
  }
  for (size_t i = 0; i < settings->purposes_count; i++) {
    client->purposes[i] = strdup(settings->purposes[i]);
    if (client->purposes[i] == NULL) return nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
    client->purposes_count++;
  }
  client->keys = *settings->keys;
  memcpy(client->hub_session_key, settings->hub_session_key, sizeof client->hub_session_key);
  return copy_text(client->agency, settings->agency, "agency", err) && copy_nodes(client, settings, err) &&
         copy_text(client->program, settings->program, "program", err);
}

static bool make_parts(struct nav_client *client, struct nav_error *err) {
  nav_buffer_init(&client->plain, WIRE_FRAME_MAX);
  nav_buffer_init(&client->encoded, WIRE_FRAME_MAX);
  nav_buffer_init(&client->sealed, WIRE_FRAME_MAX);
  nav_buffer_init(&client->rules, RULES_BYTES_MAX);
  client->queue = queue_new();
  client->frame_arena = nav_arena_new(FRAME_ARENA_MAX);
  client->event_arena = nav_arena_new(FRAME_ARENA_MAX);
  client->link = link_new(&client->keys.curve, err);
  if (client->link == NULL) return false;
  bool ok = client->queue != NULL && client->frame_arena != NULL && client->event_arena != NULL;
  return ok || nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
}

struct nav_client *nav_client_new(const struct nav_client_settings *settings,
                                  const struct nav_client_events *events, struct nav_error *err) {
  struct nav_client *client = sodium_init() < 0 ? NULL : calloc(1, sizeof *client);
  if (client == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
    return NULL;
  }
  client->events = *events;
  client->pause_ms = PAUSE_MS_MIN;
  client->slower = 1;
  if (copy_settings(client, settings, err) && make_parts(client, err)) return client;
  nav_client_free(client);
  return NULL;
}

void nav_client_free(struct nav_client *client) {
  if (client == NULL) return;
  // The last acknowledgements may leave still.
  if (client->link != NULL) link_close(client->link, client->state == CLIENT_LIVE ? FAREWELL_MS : 0);
  link_free(client->link);
  queue_free(client->queue);
  nav_arena_free(client->frame_arena);
  nav_arena_free(client->event_arena);
  nav_buffer_free(&client->plain);
  nav_buffer_free(&client->encoded);
  nav_buffer_free(&client->sealed);
  nav_buffer_free(&client->rules);
  for (size_t i = 0; i < client->purposes_count; i++) free(client->purposes[i]);
  wire_stream_wipe(&client->stream);
  sodium_memzero(client, sizeof *client);
  free(client);
}

bool nav_client_publish(struct nav_client *client, uint64_t token, const uint8_t *event, size_t length,
                        struct nav_error *err) {
  if (length == 0 || length > WIRE_EVENT_MAX) {
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_LARGE, "",
                    "an encoded event has 1 to %d bytes, this one %zu", WIRE_EVENT_MAX, length);
  }
  if (queue_add(client->queue, token, client->keys.id_key, event, length)) return true;
  return nav_fail(err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, "",
                  "%zu events wait for their receipts: no more are taken until some come",
                  queue_count(client->queue));
}

static bool receive(struct nav_client *client) {
  bool any = false;
  for (int i = 0; i < FRAMES_A_STEP && client->state != CLIENT_AWAY; i++) {
    const uint8_t *frame = NULL;
    int64_t length = link_receive(client->link, &frame);
    if (length < 0) break;
    session_frame(client, frame, (size_t)length, nav_clock_monotonic_ms());
    any = true;
  }
  return any;
}

static bool advance(struct nav_client *client) {
  session_try(client, nav_clock_monotonic_ms());
  outgoing_publish(client, nav_clock_monotonic_ms());
  bool any = receive(client);
  int64_t now_ms = nav_clock_monotonic_ms();
  incoming_settle(client, now_ms);
  again_step(client, now_ms);
  outgoing_publish(client, now_ms);
  session_watch(client, now_ms);
  return any;
}

// True: something may have come, or something is due.
static bool wait_once(struct nav_client *client, int wait_ms) {
  int64_t now_ms = nav_clock_monotonic_ms();
  int64_t left_ms = session_due_ms(client, now_ms) - now_ms;
  bool due = left_ms <= wait_ms;
  if (!due) left_ms = wait_ms;
  bool came = link_wait(client->link, left_ms > 0 ? left_ms : 0);
  return came || due;
}

bool nav_client_step(struct nav_client *client, int wait_ms, struct nav_error *err) {
  if (!client->failed && !advance(client) && !client->failed && wait_once(client, wait_ms))
    (void)advance(client);
  if (client->failed && err != NULL) *err = client->failure;
  return !client->failed;
}

const struct nav_error *nav_client_turned_away(const struct nav_client *client) {
  return client->turned_away.class == NAV_ERROR_NONE ? NULL : &client->turned_away;
}

bool nav_client_connected(const struct nav_client *client) { return client->state == CLIENT_LIVE; }
const char *nav_client_endpoint(const struct nav_client *client) {
  return client->nodes[client->node].endpoint;
}
size_t nav_client_unsettled(const struct nav_client *client) { return queue_count(client->queue); }
int64_t nav_client_last_delivery_ms(const struct nav_client *client) { return client->delivery_ms; }
bool nav_client_caught_up(const struct nav_client *client) {
  for (size_t i = 0; i < client->lanes_count; i++)
    if (client->lanes[i].replay_due_ms != 0) return false;
  return client->state == CLIENT_LIVE && client->caught_up;
}
