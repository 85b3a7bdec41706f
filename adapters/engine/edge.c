// See edge.h.
#include "adapters/engine/edge.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/engine/content.h"
#include "adapters/engine/edge_rules.h"
#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/base/log.h"
#include "hub/wire/keys.h"

enum { DECIDE_ARENA_MAX = 64 * 1024 * 1024 };

struct edge {
  const char *state;
  const char *agency;
  const uint8_t *id_key;
  struct edge_rules rules;
  struct nav_arena *arena;
  struct nav_buffer whole, sealed;
};

struct edge *edge_open(const char *state, const char *agency, const uint8_t *id_key, struct nav_error *err) {
  struct edge *edge = calloc(1, sizeof *edge);
  struct nav_arena *arena = nav_arena_new(DECIDE_ARENA_MAX);
  if (edge == NULL || arena == NULL) {
    free(edge);
    nav_arena_free(arena);
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
    return NULL;
  }
  *edge = (struct edge){.state = state, .agency = agency, .id_key = id_key, .arena = arena};
  nav_buffer_init(&edge->whole, CONTENT_EVENT_MAX);
  nav_buffer_init(&edge->sealed, CONTENT_EVENT_MAX + KEYS_EDGE_OVERHEAD);
  struct nav_error why = {0};
  if (!edge_rules_load(state, &edge->rules, &why))
    nav_log_failure(NAV_LOG_WARNING, "the kept rules are left out; the hub sends them anew", &why);
  return edge;
}

void edge_close(struct edge *edge) {
  if (edge == NULL) return;
  edge_rules_free(&edge->rules);
  nav_arena_free(edge->arena);
  nav_buffer_free(&edge->whole);
  nav_buffer_free(&edge->sealed);
  free(edge);
}

bool edge_has_rules(const struct edge *edge) { return edge->rules.rules != NULL; }

bool edge_rules_hash(const struct edge *edge, uint8_t hash[NAV_SHA256_SIZE]) {
  if (!edge_has_rules(edge)) return false;
  memcpy(hash, edge->rules.hash, NAV_SHA256_SIZE);
  return true;
}

void edge_take_rules(struct edge *edge, const Nav__V1__RulesBundle *bundle) {
  struct nav_error err = {0};
  if (!edge_rules_replace(edge->state, bundle, &edge->rules, &err)) {
    nav_log_failure(NAV_LOG_ERROR,
                    edge_has_rules(edge) ? "the hub's new rules are not taken; the former are kept"
                                         : "the hub's rules are not taken; nothing is sent",
                    &err);
    return;
  }
  nav_log(NAV_LOG_INFO, "the hub's rules are in force here: %zu rules", access_rule_count(edge->rules.rules));
  if (conf_agency_find(edge->rules.agencies, edge->agency) == NULL)
    nav_log(NAV_LOG_WARNING, "%s is not among the hub's agencies: everything stays home", edge->agency);
}

// Seals the whole event, with its revision, to the agency itself.
static bool pack_sealed(struct edge *edge, const Nav__V1__Event *event, uint32_t revision, bool urgent,
                        Nav__V1__Sealed *body, struct nav_buffer *out) {
  if (event->id.len != NAV_EVENT_ID_SIZE || !content_pack(&edge->whole, event, revision)) return false;
  nav_buffer_clear(&edge->sealed);
  size_t length = edge->whole.length + KEYS_EDGE_OVERHEAD;
  uint8_t *sealed = nav_buffer_reserve(&edge->sealed, length);
  if (sealed == NULL) return false;
  const struct keys_edge key = {edge->id_key, edge->agency, event->id.data, revision};
  keys_edge_seal(sealed, &key, edge->whole.data, edge->whole.length);
  body->has_content = true;
  body->content = (ProtobufCBinaryData){length, sealed};
  Nav__V1__Marks marks = NAV__V1__MARKS__INIT;
  Nav__V1__Event shown = NAV__V1__EVENT__INIT;
  shown.has_id = true;
  shown.id = event->id;
  shown.source = event->source;
  shown.has_time_ms = event->has_time_ms;
  shown.time_ms = event->time_ms;
  shown.has_recorded_time_ms = event->has_recorded_time_ms;
  shown.recorded_time_ms = event->recorded_time_ms;
  shown.has_retention_days = event->has_retention_days;
  shown.retention_days = event->retention_days;
  if (urgent) {
    marks.has_urgent = marks.urgent = true;
    shown.marks = &marks;
  }
  shown.body_case = NAV__V1__EVENT__BODY_SEALED;
  shown.sealed = body;
  return content_pack(out, &shown, revision);
}

static bool seal(struct edge *edge, const Nav__V1__Event *event, uint32_t revision, struct access_edge *found,
                 struct nav_buffer *out) {
  Nav__V1__Sealed body = NAV__V1__SEALED__INIT;
  body.has_type = true;
  body.type = (uint32_t)event->body_case;
  body.n_recipients = body.n_purposes = body.n_rules = found->lanes_count;
  body.recipients = (char **)(uintptr_t)found->recipients;
  body.purposes = (char **)(uintptr_t)found->purposes;
  body.rules = (char **)(uintptr_t)found->rules;
  return pack_sealed(edge, event, revision, found->urgent, &body, out);
}

static bool send(struct edge *edge, const Nav__V1__Event *event, uint32_t revision,
                 const struct access_edge *found, struct nav_buffer *out, struct edge_result *result) {
  if (!content_pack(out, found->event, revision) || !content_pack(&edge->whole, event, revision))
    return false;
  result->stripped =
      out->length != edge->whole.length || memcmp(out->data, edge->whole.data, out->length) != 0;
  return true;
}

bool edge_decide(struct edge *edge, const Nav__V1__Event *event, uint32_t revision, struct nav_buffer *out,
                 struct edge_result *result, struct nav_error *err) {
  struct access_edge found;
  *result = (struct edge_result){.way = ACCESS_EDGE_HOME};
  nav_buffer_clear(out);
  if (!edge_has_rules(edge)) return nav_fail(err, NAV_ERROR_BUG, 0, "", "an event came before the rules");
  nav_arena_reset(edge->arena);
  if (!access_edge_decide(edge->rules.rules, event, nav_clock_now_ms(), revision > 1, edge->arena, &found))
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory to decide about an event");
  result->way = found.way;
  bool ok = found.way == ACCESS_EDGE_HOME ||
            (found.way == ACCESS_EDGE_SEAL ? seal(edge, event, revision, &found, out)
                                           : send(edge, event, revision, &found, out, result));
  return ok || nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory for an event");
}

// Opens what was sealed here and seals it again.
static bool reseal(struct edge *edge, const Nav__V1__Event *event, uint32_t revision,
                   struct nav_buffer *out) {
  Nav__V1__Sealed body = *event->sealed;
  const struct keys_edge key = {edge->id_key, edge->agency, event->id.data, event->revision};
  if (event->id.len != NAV_EVENT_ID_SIZE || body.content.len <= KEYS_EDGE_OVERHEAD) return false;
  size_t length = body.content.len - KEYS_EDGE_OVERHEAD;
  uint8_t *plain = malloc(length);
  if (plain == NULL) return false;
  Nav__V1__Event *whole = NULL;
  if (keys_edge_open(plain, &key, body.content.data, body.content.len))
    whole = nav__v1__event__unpack(NULL, length, plain);
  bool urgent = event->marks != NULL && event->marks->urgent;
  bool ok = whole != NULL && pack_sealed(edge, whole, revision, urgent, &body, out);
  nav__v1__event__free_unpacked(whole, NULL);
  explicit_bzero(plain, length);
  free(plain);
  return ok;
}

bool edge_revise(struct edge *edge, const uint8_t *bytes, size_t length, uint32_t revision,
                 struct nav_buffer *out) {
  Nav__V1__Event *event = nav__v1__event__unpack(NULL, length, bytes);
  if (event == NULL) return false;
  bool sealed = event->body_case == NAV__V1__EVENT__BODY_SEALED && edge != NULL;
  bool ok = sealed ? reseal(edge, event, revision, out) : content_pack(out, event, revision);
  nav__v1__event__free_unpacked(event, NULL);
  return ok;
}
