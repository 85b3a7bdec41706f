// See verdicts.h. Two tables by hash: of the decisions as the rules in force give them (quick, this run's),
// and of the definitions as recorded (so that a restart defines nothing twice).
#include "hub/core/verdicts.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "hub/wire/message.h"

enum {
  KEY_SIZE = 16,
  SLOTS = 4 * VERDICTS_MAX,
  KEEP_BYTES_MAX = 64 * 1024 * 1024,
  LANES_BYTES_MAX = 1024 * 1024
};

struct slot {
  uint8_t key[KEY_SIZE];
  uint32_t number;  // 0: free
};

struct verdicts {
  struct verdict list[VERDICTS_MAX];  // by number, from 1
  uint32_t end;
  uint32_t withhold_all;  // kept ready for the day the table is full
  struct slot *by_decisions;
  struct slot *by_definition;
  struct nav_arena *arena;
  struct nav_buffer scratch;
  // The decisions that came last, as they stood in memory, with their number: most events are decided as the
  // one before. A padding byte that differs only costs the longer way.
  struct access_decision *last;  // NUMBERS_LANES_MAX
  uint8_t last_rules[NAV_SHA256_SIZE];
  uint32_t last_number;  // 0: none yet
};

struct verdicts *verdicts_new(void) {
  struct verdicts *verdicts = calloc(1, sizeof *verdicts);
  if (verdicts == NULL) return NULL;
  verdicts->end = 1;
  verdicts->by_decisions = calloc(SLOTS, sizeof(struct slot));
  verdicts->by_definition = calloc(SLOTS, sizeof(struct slot));
  verdicts->last = calloc(NUMBERS_LANES_MAX, sizeof *verdicts->last);
  verdicts->arena = nav_arena_new(KEEP_BYTES_MAX);
  nav_buffer_init(&verdicts->scratch, LANES_BYTES_MAX);
  if (verdicts->by_decisions != NULL && verdicts->by_definition != NULL && verdicts->last != NULL &&
      verdicts->arena != NULL)
    return verdicts;
  verdicts_free(verdicts);
  return NULL;
}

void verdicts_free(struct verdicts *verdicts) {
  if (verdicts == NULL) return;
  free(verdicts->by_decisions);
  free(verdicts->by_definition);
  free(verdicts->last);
  nav_arena_free(verdicts->arena);
  nav_buffer_free(&verdicts->scratch);
  free(verdicts);
}

// The slot of the key, or the free one where it belongs.
static struct slot *slot_of(struct slot *slots, const uint8_t key[KEY_SIZE]) {
  uint64_t start = nav_get_u64(key);
  for (uint64_t i = start;; i++) {
    struct slot *slot = &slots[i % SLOTS];
    if (slot->number == 0 || memcmp(slot->key, key, KEY_SIZE) == 0) return slot;
  }
}

static void hash_buffer(uint8_t key[KEY_SIZE], const struct nav_buffer *buffer) {
  (void)crypto_generichash(key, KEY_SIZE, buffer->data, buffer->length, NULL, 0);
}

static void definition_key(struct verdicts *verdicts, const Nav__V1__VerdictDefined *defined,
                           uint8_t key[KEY_SIZE]) {
  Nav__V1__VerdictDefined without_number = *defined;
  without_number.has_number = false;
  nav_buffer_clear(&verdicts->scratch);
  NAV_ASSERT(wire_encode(&without_number, &verdicts->scratch));
  hash_buffer(key, &verdicts->scratch);
}

// Keeps a copy of the definition under the next number. False: there is no room.
static bool keep(struct verdicts *verdicts, const Nav__V1__VerdictDefined *defined) {
  nav_buffer_clear(&verdicts->scratch);
  if (!wire_encode(defined, &verdicts->scratch)) return false;
  struct nav_error ignored;
  Nav__V1__VerdictDefined *copy = wire_decode(&nav__v1__verdict_defined__descriptor, verdicts->arena,
                                              verdicts->scratch.data, verdicts->scratch.length, &ignored);
  if (copy == NULL) return false;
  struct verdict *verdict = &verdicts->list[verdicts->end];
  verdict->lanes = copy->lanes;
  verdict->lanes_count = copy->n_lanes;
  memcpy(verdict->rules_hash, copy->rules_hash.data, NAV_SHA256_SIZE);
  verdicts->end++;
  return true;
}

bool verdicts_load(struct verdicts *verdicts, const Nav__V1__VerdictDefined *defined, struct nav_error *err) {
  bool good = defined->number == verdicts->end && verdicts->end < VERDICTS_MAX &&
              defined->rules_hash.len == NAV_SHA256_SIZE;
  for (size_t i = 1; good && i < defined->n_lanes; i++)
    good = defined->lanes[i - 1]->lane < defined->lanes[i]->lane;
  if (!good || !keep(verdicts, defined)) {
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "ledger",
                    "verdict %u is not as it was written: run navctl audit verify", defined->number);
  }
  uint8_t key[KEY_SIZE];
  definition_key(verdicts, defined, key);
  struct slot *slot = slot_of(verdicts->by_definition, key);
  memcpy(slot->key, key, KEY_SIZE);
  slot->number = defined->number;
  if (defined->n_lanes == 0) verdicts->withhold_all = defined->number;
  return true;
}

static bool is_default(const struct access_decision *decision) {
  return decision->outcome == NAV__V1__OUTCOME__OUTCOME_WITHHOLD && decision->rule == ACCESS_NO_RULE;
}

// What of the decisions makes the verdict, without padding.
static void decisions_key(struct verdicts *verdicts, const struct access_decision *decisions, size_t count,
                          const struct access_rules *rules, uint8_t key[KEY_SIZE]) {
  struct nav_buffer *out = &verdicts->scratch;
  nav_buffer_clear(out);
  NAV_ASSERT(nav_buffer_append(out, access_rules_hash(rules), NAV_SHA256_SIZE));
  for (size_t i = 0; i < count; i++) {
    const struct access_decision *d = &decisions[i];
    if (is_default(d)) continue;
    uint8_t *p = nav_buffer_reserve(out, 32);
    NAV_ASSERT(p != NULL);
    nav_put_u32(p, (uint32_t)i);
    p[4] = d->outcome;
    p[5] = (uint8_t)((d->is_volatile ? 1 : 0) | (d->narrative_edited ? 2 : 0) | (d->urgent ? 4 : 0));
    nav_put_u16(p + 6, d->rule);
    nav_put_u16(p + 8, d->hold_rule);
    nav_put_u16(p + 10, d->reveal);
    nav_put_u16(p + 12, d->hold_reveal);
    nav_put_u16(p + 14, d->limit);
    nav_put_u64(p + 16, d->subjects);
    nav_put_u64(p + 24, d->hold_subjects);
    out->length += 32;
  }
  hash_buffer(key, out);
}

// What must stay with the hold, and with the release, whatever later rules say.
static void describe_hold(Nav__V1__LaneVerdict *out, const struct access_decision *decision,
                          const struct access_rules *rules) {
  bool held = decision->outcome == NAV__V1__OUTCOME__OUTCOME_HOLD;
  uint16_t holding = held ? decision->rule : decision->hold_rule;
  if (holding != ACCESS_NO_RULE) {
    const struct access_rule_info *rule = access_rule(rules, holding);
    out->has_must_answer = out->has_answer_s = true;
    out->must_answer = rule->is_duty || rule->on_request;
    out->answer_s = (uint32_t)(rule->answer_ms / 1000);
  }
  if (decision->limit != ACCESS_NO_RULE)
    out->limit_rule = (char *)(uintptr_t)access_rule(rules, decision->limit)->id;
  if (decision->outcome == NAV__V1__OUTCOME__OUTCOME_WITHHOLD) return;
  const struct access_rule_info *rule = access_rule(rules, decision->rule);
  out->has_retain_days = out->has_no_onward = true;
  out->retain_days = rule->retain_days;
  out->no_onward = rule->no_onward;
}

void verdict_describe(Nav__V1__LaneVerdict *out, uint32_t lane, const struct access_decision *decision,
                      const struct access_rules *rules) {
  *out = (Nav__V1__LaneVerdict)NAV__V1__LANE_VERDICT__INIT;
  out->has_lane = out->has_outcome = true;
  out->lane = lane;
  out->outcome = (Nav__V1__Outcome)decision->outcome;
  if (decision->rule != ACCESS_NO_RULE) {
    const struct access_rule_info *rule = access_rule(rules, decision->rule);
    out->rule = (char *)(uintptr_t)rule->id;
    out->basis = (char *)(uintptr_t)rule->basis;
    out->obligations = (char **)(uintptr_t)rule->obligations;
    out->n_obligations = rule->obligations_count;
  }
  if (decision->outcome != NAV__V1__OUTCOME__OUTCOME_WITHHOLD) {
    out->has_reveal = out->has_subjects = true;
    out->reveal = decision->reveal;
    out->subjects = decision->subjects;
  }
  out->has_is_volatile = out->is_volatile = decision->is_volatile;
  out->has_narrative_edited = out->narrative_edited = decision->narrative_edited;
  out->has_urgent = out->urgent = decision->urgent;
  if (decision->hold_rule != ACCESS_NO_RULE) {
    const struct access_rule_info *rule = access_rule(rules, decision->hold_rule);
    out->hold_rule = (char *)(uintptr_t)rule->id;
    out->hold_basis = (char *)(uintptr_t)rule->basis;
    out->has_hold_reveal = out->has_hold_subjects = true;
    out->hold_reveal = decision->hold_reveal;
    out->hold_subjects = decision->hold_subjects;
  }
  describe_hold(out, decision, rules);
}

struct definition {
  Nav__V1__VerdictDefined defined;
  Nav__V1__LaneVerdict *lanes;
  Nav__V1__LaneVerdict **pointers;
};

static int by_lane(const void *a, const void *b) {
  const Nav__V1__LaneVerdict *const *x = a;
  const Nav__V1__LaneVerdict *const *y = b;
  return ((*x)->lane > (*y)->lane) - ((*x)->lane < (*y)->lane);
}

static void define(struct definition *out, const struct access_decision *decisions,
                   const struct access_rules *rules, const struct numbers *numbers, bool withhold_all) {
  size_t count = access_lane_count(rules);
  out->defined = (Nav__V1__VerdictDefined)NAV__V1__VERDICT_DEFINED__INIT;
  out->lanes = calloc(count + 1, sizeof *out->lanes);
  out->pointers = calloc(count + 1, sizeof *out->pointers);
  NAV_ASSERT(out->lanes != NULL && out->pointers != NULL);
  size_t used = 0;
  for (size_t i = 0; !withhold_all && i < count; i++) {
    if (is_default(&decisions[i])) continue;
    verdict_describe(&out->lanes[used], numbers->of_rules_lane[i], &decisions[i], rules);
    out->pointers[used] = &out->lanes[used];
    used++;
  }
  qsort(out->pointers, used, sizeof *out->pointers, by_lane);
  out->defined.lanes = out->pointers;
  out->defined.n_lanes = used;
  out->defined.has_rules_hash = true;
  out->defined.rules_hash.data = (uint8_t *)(uintptr_t)access_rules_hash(rules);
  out->defined.rules_hash.len = NAV_SHA256_SIZE;
}

static uint32_t number_of_definition(struct verdicts *verdicts, struct definition *definition,
                                     struct batch *batch, int64_t now_ms) {
  uint8_t key[KEY_SIZE];
  definition_key(verdicts, &definition->defined, key);
  struct slot *slot = slot_of(verdicts->by_definition, key);
  if (slot->number != 0) return slot->number;
  // The last place is the withholding verdict's, which is defined when the first verdict is.
  if (verdicts->end >= VERDICTS_MAX) return verdicts->withhold_all;
  definition->defined.has_number = true;
  definition->defined.number = verdicts->end;
  if (!keep(verdicts, &definition->defined)) return verdicts->withhold_all;
  memcpy(slot->key, key, KEY_SIZE);
  slot->number = definition->defined.number;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_VERDICT_DEFINED;
  record.verdict_defined = &definition->defined;
  (void)batch_stage(batch, &record, now_ms);
  return definition->defined.number;
}

static uint32_t intern_slowly(struct verdicts *verdicts, const struct access_decision *decisions,
                              const struct access_rules *rules, const struct numbers *numbers,
                              struct batch *batch, int64_t now_ms, bool withhold_all) {
  struct definition definition;
  define(&definition, decisions, rules, numbers, withhold_all);
  uint32_t number = number_of_definition(verdicts, &definition, batch, now_ms);
  free(definition.lanes);
  free(definition.pointers);
  return number;
}

static bool is_as_last(const struct verdicts *verdicts, const struct access_decision *decisions,
                       const struct access_rules *rules) {
  return verdicts->last_number != 0 &&
         memcmp(verdicts->last_rules, access_rules_hash(rules), NAV_SHA256_SIZE) == 0 &&
         memcmp(verdicts->last, decisions, access_lane_count(rules) * sizeof *decisions) == 0;
}

static uint32_t intern(struct verdicts *verdicts, const struct access_decision *decisions,
                       const struct access_rules *rules, const struct numbers *numbers, struct batch *batch,
                       int64_t now_ms) {
  uint8_t key[KEY_SIZE];
  decisions_key(verdicts, decisions, access_lane_count(rules), rules, key);
  struct slot *slot = slot_of(verdicts->by_decisions, key);
  if (slot->number != 0) return slot->number;
  if (verdicts->withhold_all == 0) {
    verdicts->withhold_all = intern_slowly(verdicts, decisions, rules, numbers, batch, now_ms, true);
  }
  uint32_t number = intern_slowly(verdicts, decisions, rules, numbers, batch, now_ms, false);
  NAV_ASSERT(number != 0);
  // A full table is not filled further: the search for a free slot must end.
  if (number != verdicts->withhold_all || verdicts->end < VERDICTS_MAX) {
    memcpy(slot->key, key, KEY_SIZE);
    slot->number = number;
  }
  return number;
}

uint32_t verdicts_intern(struct verdicts *verdicts, const struct access_decision *decisions,
                         const struct access_rules *rules, const struct numbers *numbers, struct batch *batch,
                         int64_t now_ms) {
  if (is_as_last(verdicts, decisions, rules)) return verdicts->last_number;
  uint32_t number = intern(verdicts, decisions, rules, numbers, batch, now_ms);
  memcpy(verdicts->last_rules, access_rules_hash(rules), NAV_SHA256_SIZE);
  memcpy(verdicts->last, decisions, access_lane_count(rules) * sizeof *decisions);
  verdicts->last_number = number;
  return number;
}

const struct verdict *verdicts_get(const struct verdicts *verdicts, uint32_t number) {
  return number == 0 || number >= verdicts->end ? NULL : &verdicts->list[number];
}

uint32_t verdicts_end(const struct verdicts *verdicts) { return verdicts->end; }

const Nav__V1__LaneVerdict *verdict_lane(const struct verdict *verdict, uint32_t lane) {
  size_t low = 0;
  size_t high = verdict->lanes_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    uint32_t at = verdict->lanes[middle]->lane;
    if (at == lane) return verdict->lanes[middle];
    if (at < lane) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return NULL;
}
