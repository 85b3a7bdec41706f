// See edge.h. The hub knows what the edge does not: who has consented, and which request an event answers. So
// everything is asked in several worlds: as it could be, with nothing known, with all of it given, refused,
// and given for all but one person. What may be told is the union over lanes and worlds; a copy is good only
// where every lane is decided alike by it in every world.
#include "hub/access/edge.h"

#include <string.h>

#include "hub/access/edge_copy.h"
#include "hub/wire/event.h"

enum { KNOWN_WORLDS = 5, WORLDS_MAX = KNOWN_WORLDS + 4 * ACCESS_SUBJECTS_MAX + 1 };

#define OPEN_CLASS (1U << NAV__V1__SENSITIVITY__SENSITIVITY_OPEN)
#define NARRATIVE_CLASS (1U << NAV__V1__SENSITIVITY__SENSITIVITY_NARRATIVE)
#define PASSES(outcome) NAV__V1__OUTCOME__OUTCOME_##outcome

struct world {
  bool could_be;
  int consent, request;  // -1 not known, 0 no, 1 yes
  size_t other;          // this person's consent is the opposite; SIZE_MAX: nobody's
};

struct edging {
  const struct access_rules *rules;
  const Nav__V1__Event *event;
  int64_t now_ms;
  bool unseals;  // what is only held is sent
  struct nav_arena *arena;
  struct access_decision *decisions;  // of the event
  struct access_decision *copied;     // of a copy
  struct world worlds[WORLDS_MAX];
  size_t worlds_count;
  struct edge_facts facts;
};

// ---- worlds ----

static void add_world(struct edging *edging, bool could_be, int consent, int request, size_t other) {
  edging->worlds[edging->worlds_count++] = (struct world){could_be, consent, request, other};
}

static void find_worlds(struct edging *edging) {
  const struct edge_facts *facts = &edging->facts;
  add_world(edging, true, -1, -1, SIZE_MAX);
  if (!facts->consent && !facts->request) return;
  size_t persons = facts->consent && edging->event->n_subjects > 1 ? edging->event->n_subjects : 0;
  add_world(edging, false, -1, -1, SIZE_MAX);
  for (int request = 0; request <= (facts->request ? 1 : 0); request++) {
    for (int consent = 0; consent <= 1; consent++) {
      add_world(edging, false, consent, request, SIZE_MAX);
      for (size_t i = 0; i < persons; i++) add_world(edging, false, consent, request, i);
    }
  }
}

struct asking {
  const struct world *world;
  const Nav__V1__Event *event;
  uint64_t subjects;  // those of the first event that this one has
};

static int ask_consent(void *context, const Nav__V1__Subject *subject, const char *recipient,
                       const char *purpose, const char *message) {
  (void)recipient;
  (void)purpose;
  (void)message;
  const struct asking *asking = context;
  const struct world *world = asking->world;
  if (world->consent < 0 || world->other == SIZE_MAX) return world->consent;
  size_t at = 0;
  for (size_t i = 0; i < ACCESS_SUBJECTS_MAX; i++) {
    if ((asking->subjects >> i & 1U) == 0) continue;
    if (at < asking->event->n_subjects && asking->event->subjects[at++] == subject)
      return i == world->other ? 1 - world->consent : world->consent;
  }
  return -1;
}

static int ask_request(void *context, const Nav__V1__Event *event, const char *recipient) {
  (void)event;
  (void)recipient;
  return ((const struct asking *)context)->world->request;
}

static void decide(const struct edging *edging, const struct world *world, const Nav__V1__Event *event,
                   uint64_t subjects, struct access_decision *decisions) {
  struct asking asking = {world, event, subjects};
  const struct access_question question = {.event = event,
                                           .now_ms = edging->now_ms,
                                           .consent = ask_consent,
                                           .consent_context = &asking,
                                           .request = ask_request,
                                           .request_context = &asking,
                                           .could_be = world->could_be};
  access_decide(edging->rules, &question, decisions);
}

// ---- are two decisions the same? ----

// The event's persons, as the copy numbers those that it has. False: it lacks one.
static bool map_subjects(uint64_t subjects, uint64_t kept, uint64_t *out) {
  *out = 0;
  if ((subjects & ~kept) != 0) return false;
  size_t at = 0;
  for (size_t i = 0; i < ACCESS_SUBJECTS_MAX; i++) {
    if ((kept >> i & 1U) == 0) continue;
    if ((subjects >> i & 1U) != 0) *out |= UINT64_C(1) << at;
    at++;
  }
  return true;
}

static bool same_decision(const struct access_decision *whole, const struct access_decision *copied,
                          uint64_t kept) {
  uint64_t subjects = 0;
  uint64_t hold_subjects = 0;
  return whole->outcome == copied->outcome && whole->rule == copied->rule &&
         whole->hold_rule == copied->hold_rule && whole->limit == copied->limit &&
         whole->reveal == copied->reveal && whole->hold_reveal == copied->hold_reveal &&
         whole->narrative_edited == copied->narrative_edited && whole->urgent == copied->urgent &&
         whole->is_volatile == copied->is_volatile && map_subjects(whole->subjects, kept, &subjects) &&
         subjects == copied->subjects && map_subjects(whole->hold_subjects, kept, &hold_subjects) &&
         hold_subjects == copied->hold_subjects;
}

static bool same_everywhere(const struct edging *edging, const Nav__V1__Event *copy, uint64_t kept) {
  size_t lanes = access_lane_count(edging->rules);
  for (size_t i = 0; i < edging->worlds_count; i++) {
    decide(edging, &edging->worlds[i], edging->event, UINT64_MAX, edging->decisions);
    decide(edging, &edging->worlds[i], copy, kept, edging->copied);
    for (size_t k = 0; k < lanes; k++)
      if (!same_decision(&edging->decisions[k], &edging->copied[k], kept)) return false;
  }
  return true;
}

// ---- what some lane may be told ----

static uint16_t effective(uint16_t reveal, bool narrative_edited) {
  uint16_t mask = (uint16_t)(reveal | OPEN_CLASS);
  bool all = (mask & RULES_ALL_CLASSES) == RULES_ALL_CLASSES;
  return all || narrative_edited ? mask : (uint16_t)(mask & ~NARRATIVE_CLASS);
}

static void add_lane(struct edge_copying *copying, const struct access_decision *decision) {
  if (decision->outcome == PASSES(WITHHOLD)) return;
  copying->reveal |= effective(decision->reveal, decision->narrative_edited);
  copying->subjects |= decision->subjects;
  if (decision->hold_rule == ACCESS_NO_RULE) return;
  copying->reveal |= effective(decision->hold_reveal, decision->narrative_edited);
  copying->subjects |= decision->hold_subjects;
}

// The union; and whether the registers' answers matter, for then the hub must know whom the event is about.
static void find_union(struct edging *edging, struct edge_copying *copying) {
  size_t lanes = access_lane_count(edging->rules);
  decide(edging, &edging->worlds[0], edging->event, UINT64_MAX, edging->decisions);
  for (size_t k = 0; k < lanes; k++) add_lane(copying, &edging->decisions[k]);
  for (size_t i = 1; i < edging->worlds_count; i++) {
    decide(edging, &edging->worlds[i], edging->event, UINT64_MAX, edging->copied);
    for (size_t k = 0; k < lanes; k++) {
      add_lane(copying, &edging->copied[k]);
      if (!same_decision(&edging->decisions[k], &edging->copied[k], UINT64_MAX)) edging->facts.who = true;
    }
  }
}

// ---- the way ----

static bool is_valid(const Nav__V1__Event *copy) {
  struct nav_error ignored;
  Nav__V1__Event numbered = *copy;  // the engine gives the revision later
  if (!numbered.has_revision) numbered.revision = 1;
  numbered.has_revision = true;
  return wire_event_validate(&numbered, &ignored);
}

// most: the copy that holds most. False: none of them is good. *failed: no memory.
static bool strip(struct edging *edging, const struct edge_copying *copying, enum access_edge_copy most,
                  struct access_edge *out, bool *failed) {
  bool valid = is_valid(edging->event);
  // Whom a register is asked about is found among all persons.
  int first = edging->facts.who && edging->event->n_subjects > 0 ? ACCESS_EDGE_PERSONS : ACCESS_EDGE_UNION;
  for (int copy = first; copy <= (int)most && copy < ACCESS_EDGE_WHOLE; copy++) {
    const Nav__V1__Event *made = edge_copy_make(copying, (enum access_edge_copy)copy, edging->arena);
    *failed = made == NULL;
    if (*failed) return false;
    uint64_t kept = edge_copy_subjects(copying, (enum access_edge_copy)copy);
    if ((valid && !is_valid(made)) || !same_everywhere(edging, made, kept)) continue;
    out->event = made;
    out->copy = (enum access_edge_copy)copy;
    out->subjects = kept;
    return true;
  }
  if (most != ACCESS_EDGE_WHOLE) return false;
  out->event = edging->event;
  out->copy = ACCESS_EDGE_WHOLE;
  out->subjects = UINT64_MAX;
  return true;
}

static bool is_counted(const struct edging *edging) {
  const Nav__V1__Event *event = edging->event;
  int sender = rules_agency_index(edging->rules, event->source);
  for (size_t i = 0; i < access_lane_count(edging->rules); i++) {
    struct access_aggregate ignored;
    if (edging->rules->lanes[i].agency == (uint32_t)sender) continue;
    if (access_aggregate_allowed(edging->rules, event->source, (uint32_t)event->body_case, i, edging->now_ms,
                                 &ignored)) {
      return true;
    }
  }
  return false;
}

// Nobody has consented, and who names a request answers it.
static struct world likeliest_of(const Nav__V1__Event *event) {
  return (struct world){false, 0, event->has_in_reply_to ? 1 : 0, SIZE_MAX};
}

// Which rule holds it is told by the likeliest world.
static void find_held(const struct edging *edging, struct access_edge *out, size_t *held, bool *released) {
  const struct world likeliest = likeliest_of(edging->event);
  decide(edging, &likeliest, edging->event, UINT64_MAX, edging->copied);
  for (size_t i = 0; i < access_lane_count(edging->rules); i++) {
    const struct access_decision *decision = &edging->decisions[i];
    if (decision->outcome == PASSES(RELEASE)) *released = true;
    if (decision->outcome == PASSES(HOLD) && edging->copied[i].outcome == PASSES(HOLD))
      decision = &edging->copied[i];
    if (decision->outcome != PASSES(HOLD) || (*held)++ >= ACCESS_EDGE_LANES_MAX) continue;
    const struct access_lane *lane = access_lane(edging->rules, i);
    out->recipients[out->lanes_count] = lane->agency;
    out->purposes[out->lanes_count] = lane->purpose;
    out->rules[out->lanes_count++] = access_rule(edging->rules, decision->rule)->id;
    if (decision->urgent) out->urgent = true;
  }
}

// What governs sharing itself travels whole: the hub cannot do its part otherwise.
static bool governs_sharing(const Nav__V1__Event *event) {
  return event->body_case == NAV__V1__EVENT__BODY_CONSENT ||
         event->body_case == NAV__V1__EVENT__BODY_RECALL ||
         event->body_case == NAV__V1__EVENT__BODY_REQUEST || event->body_case == NAV__V1__EVENT__BODY_SEALED;
}

static bool choose(struct edging *edging, bool is_known, struct access_edge *out) {
  size_t held = 0;
  bool released = false;
  bool failed = false;
  struct edge_copying copying = {.rules = edging->rules,
                                 .event = edging->event,
                                 .facts = &edging->facts,
                                 .reveal = OPEN_CLASS,
                                 .now_ms = edging->now_ms};
  find_union(edging, &copying);
  out->urgent = edging->event->marks != NULL && edging->event->marks->urgent;
  find_held(edging, out, &held, &released);
  out->released = released;
  bool counted = !released && is_counted(edging);
  if (!edging->unseals && !released && !counted && held > 0 && held <= ACCESS_EDGE_LANES_MAX) {
    out->way = ACCESS_EDGE_SEAL;
    return true;
  }
  bool nobodys = !released && !counted && held == 0;
  if (nobodys && !is_known) return true;  // home
  bool good = strip(edging, &copying, nobodys ? ACCESS_EDGE_PERSONS : ACCESS_EDGE_WHOLE, out, &failed);
  if (good) out->way = ACCESS_EDGE_SEND;
  return !failed;
}

static bool decide_edge(const struct access_rules *rules, const Nav__V1__Event *event, int64_t now_ms,
                        bool is_known, bool unseals, struct nav_arena *arena, struct access_edge *out) {
  *out = (struct access_edge){.way = ACCESS_EDGE_HOME};
  if (governs_sharing(event)) {
    out->way = ACCESS_EDGE_SEND;
    out->event = event;
    out->copy = ACCESS_EDGE_WHOLE;
    out->subjects = UINT64_MAX;
    return true;
  }
  int sender = event->source == NULL ? -1 : rules_agency_index(rules, event->source);
  int body = schema_body_index((uint32_t)event->body_case);
  if (sender < 0 || body < 0 || event->n_subjects > ACCESS_SUBJECTS_MAX) return true;
  struct edging *edging = nav_arena_zalloc(arena, 1, sizeof *edging);
  if (edging == NULL) return false;
  *edging =
      (struct edging){.rules = rules, .event = event, .now_ms = now_ms, .unseals = unseals, .arena = arena};
  size_t lanes = access_lane_count(rules);
  edging->decisions = nav_arena_zalloc(arena, lanes + 1, sizeof *edging->decisions);
  edging->copied = nav_arena_zalloc(arena, lanes + 1, sizeof *edging->copied);
  if (edging->decisions == NULL || edging->copied == NULL) return false;
  edge_facts_find(&edging->facts, rules, (size_t)sender, body, event->has_in_reply_to);
  find_worlds(edging);
  return choose(edging, is_known, out);
}

bool access_edge_decide(const struct access_rules *rules, const Nav__V1__Event *event, int64_t now_ms,
                        bool is_known, struct nav_arena *arena, struct access_edge *out) {
  return decide_edge(rules, event, now_ms, is_known, false, arena, out);
}

bool access_edge_unseal(const struct access_rules *rules, const Nav__V1__Event *event, int64_t now_ms,
                        struct nav_arena *arena, struct access_edge *out) {
  return decide_edge(rules, event, now_ms, true, true, arena, out);
}

uint64_t access_edge_numbers(const struct access_edge *edge, uint64_t subjects) {
  uint64_t numbers = 0;
  (void)map_subjects(subjects & edge->subjects, edge->subjects, &numbers);
  return numbers;
}

static int view_consent(void *context, const Nav__V1__Subject *subject, const char *recipient,
                        const char *purpose, const char *message) {
  (void)subject;
  (void)recipient;
  (void)purpose;
  (void)message;
  return ((const struct access_edge_view *)context)->consent;
}

static int view_request(void *context, const Nav__V1__Event *event, const char *recipient) {
  (void)event;
  (void)recipient;
  return ((const struct access_edge_view *)context)->request;
}

static struct access_decision decide_in(const struct access_rules *rules, size_t lane,
                                        const struct world *world, struct access_edge_view *view) {
  view->consent = world->consent;
  view->request = world->request;
  view->question.could_be = world->could_be;
  return access_decide_lane(rules, &view->question, lane);
}

struct access_decision access_edge_held(const struct access_rules *rules, const Nav__V1__Event *event,
                                        int64_t now_ms, size_t lane, struct access_edge_view *view) {
  const struct world likeliest = likeliest_of(event);
  const struct world could_be = {true, -1, -1, SIZE_MAX};
  view->question = (struct access_question){.event = event,
                                            .now_ms = now_ms,
                                            .consent = view_consent,
                                            .consent_context = view,
                                            .request = view_request,
                                            .request_context = view};
  struct access_decision decision = decide_in(rules, lane, &likeliest, view);
  return decision.outcome == PASSES(HOLD) ? decision : decide_in(rules, lane, &could_be, view);
}
