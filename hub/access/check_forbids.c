// Forbids and limits that do nothing, and exceptions that except nothing. See check_parts.h.
#include "hub/access/check_parts.h"
#include "hub/access/relate.h"

// All that the other one lets through is let through by this one too.
static bool excepts_no_more(const struct rule *other, const struct rule *forbid) {
  for (size_t i = 0; i < other->except_count; i++) {
    bool also = false;
    for (size_t k = 0; k < forbid->except_count && !also; k++) also = other->except[i] == forbid->except[k];
    if (!also) return false;
  }
  return true;
}

// Of two that cover each other the later one is told. A limit does not stand in a forbid's way.
static bool is_shadowed_by(const struct checking *checking, const struct rule *other,
                           const struct rule *forbid) {
  if (other == forbid || other->action != RULE_FORBID) return false;
  if (other->info.is_limit && !forbid->info.is_limit) return false;
  if (!relate_covers(checking->rules, other, forbid, checking->today) || !excepts_no_more(other, forbid))
    return false;
  // An unconditional forbid closes counts too, which one with conditions does not.
  bool closes_counts = forbid->is_unconditional && forbid->except_count == 0 && !forbid->info.is_limit;
  if (closes_counts && !(other->is_unconditional && other->except_count == 0)) return false;
  bool mutual = other->info.is_limit == forbid->info.is_limit &&
                relate_covers(checking->rules, forbid, other, checking->today) &&
                excepts_no_more(forbid, other);
  return !mutual || other->index < forbid->index;
}

static bool share_bit(const uint8_t *a, const uint8_t *b, size_t count) {
  for (size_t i = 0; i < count / 8 + 1; i++)
    if ((a[i] & b[i]) != 0) return true;
  return false;
}

static bool share_ground(const struct access_rules *rules, const struct rule *forbid,
                         const struct rule *permit) {
  return (forbid->bodies & permit->bodies) != 0 &&
         share_bit(forbid->senders, permit->senders, rules->agencies->agencies_count) &&
         share_bit(forbid->lane_bits, permit->lane_bits, rules->lanes_count);
}

static void check_exceptions(const struct checking *checking, const struct rule *forbid) {
  struct conf_node *list = conf_get(forbid->node, "except");
  const char *what = forbid->info.is_limit ? "limit" : "forbid";
  for (size_t i = 0; list != NULL && i < forbid->except_count; i++) {
    const struct rule *permit = &checking->rules->rules[forbid->except[i]];
    const struct conf_node *item = list->kind == CONF_LIST ? list->items[i] : list;
    if (!share_ground(checking->rules, forbid, permit)) {
      FINDING(checking, item, "take it out of except",
              "%s '%s' excepts '%s' for nothing: they share no sender, message and recipient", what,
              forbid->info.id, permit->info.id);
    } else if (forbid->info.is_limit && permit->outcome != NAV__V1__OUTCOME__OUTCOME_RELEASE) {
      FINDING(checking, item, "take it out of except",
              "limit '%s' excepts '%s' for nothing: that is held anyhow", forbid->info.id, permit->info.id);
    } else if (!relate_can_meet(forbid, permit, checking->now_ms)) {
      FINDING(checking, item, "take it out of except",
              "%s '%s' excepts '%s' for nothing: their tests exclude each other", what, forbid->info.id,
              permit->info.id);
    }
  }
}

// A forbid stands though its basis has ended; a permit would have ended with it.
static void check_basis(const struct checking *checking, const struct rule *forbid) {
  const struct law_basis *basis = forbid->basis;
  const struct conf_node *node = conf_get(forbid->node, "basis");
  if (basis == NULL || node == NULL) return;
  if (basis->day_to < checking->today)
    FINDING(checking, node, "cite what holds now, or remove the rule",
            "'%s' cites '%s', which is no longer in force, and forbids all the same", forbid->info.id,
            basis->id);
  else if (basis->day_from > checking->today && forbid->day_from < basis->day_from)
    FINDING(checking, node, "set valid_from, or cite what holds now",
            "'%s' cites '%s', which is not yet in force, and forbids all the same", forbid->info.id,
            basis->id);
}

void check_forbid(const struct checking *checking, const struct rule *forbid) {
  const struct access_rules *rules = checking->rules;
  check_basis(checking, forbid);
  for (size_t i = 0; i < rules->rules_count; i++) {
    const struct rule *other = &rules->rules[i];
    if (!is_shadowed_by(checking, other, forbid)) continue;
    FINDING(checking, forbid->node, "remove it, or narrow the other",
            "%s '%s' never decides: '%s' (%s:%d) always stands before it",
            forbid->info.is_limit ? "limit" : "forbid", forbid->info.id, other->info.id, other->node->file,
            other->node->line);
    return;
  }
  check_exceptions(checking, forbid);
}
