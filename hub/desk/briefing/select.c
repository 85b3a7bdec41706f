// See select.h.
#include "hub/desk/briefing/select.h"

enum {
  WITHHOLD = NAV__V1__OUTCOME__OUTCOME_WITHHOLD,
  RELEASE = NAV__V1__OUTCOME__OUTCOME_RELEASE,
  OPEN_BIT = 1U << NAV__V1__SENSITIVITY__SENSITIVITY_OPEN,
  NARRATIVE_BIT = 1U << NAV__V1__SENSITIVITY__SENSITIVITY_NARRATIVE,
  // Every class there is, from OPEN to OFFENCE.
  ALL_BITS = (1U << (NAV__V1__SENSITIVITY__SENSITIVITY_OFFENCE + 1)) -
             (1U << NAV__V1__SENSITIVITY__SENSITIVITY_OPEN),
};

// Free text can carry anything: it needs every class, or that a person edited it for this recipient.
static bool narrative_released(uint32_t reveal, bool edited) {
  return (reveal & NARRATIVE_BIT) != 0 && (edited || (reveal & ALL_BITS) == ALL_BITS);
}

static struct joint_lane lane_of(uint32_t outcome, uint32_t reveal, uint64_t subjects, bool edited) {
  struct joint_lane lane = {.outcome = WITHHOLD};
  if (outcome >= WITHHOLD && outcome <= RELEASE) lane.outcome = (uint8_t)outcome;
  if (lane.outcome != RELEASE) return lane;
  lane.reveal = (uint16_t)((reveal & ALL_BITS) | OPEN_BIT);
  lane.subjects = subjects;
  lane.narrative = narrative_released(reveal, edited);
  return lane;
}

struct joint_lane joint_lane_of_verdict(const Nav__V1__LaneVerdict *verdict) {
  if (verdict == NULL) return (struct joint_lane){.outcome = WITHHOLD};
  struct joint_lane lane =
      lane_of((uint32_t)verdict->outcome, verdict->reveal, verdict->subjects, verdict->narrative_edited);
  lane.rule = verdict->rule;
  lane.basis = verdict->basis;
  return lane;
}

struct joint_lane joint_lane_of_decision(const struct access_rules *rules,
                                         const struct access_decision *decision) {
  struct joint_lane lane =
      lane_of(decision->outcome, decision->reveal, decision->subjects, decision->narrative_edited);
  if (decision->rule == ACCESS_NO_RULE) return lane;
  const struct access_rule_info *rule = access_rule(rules, decision->rule);
  lane.rule = rule->id;
  lane.basis = rule->basis;
  return lane;
}

struct joint_lane joint_lane_and(const struct joint_lane *stored, const struct joint_lane *now) {
  bool narrower = now->outcome < stored->outcome;
  struct joint_lane lane = narrower ? *now : *stored;
  lane.decided_now =
      narrower || (stored->reveal & ~now->reveal) != 0 || (stored->subjects & ~now->subjects) != 0;
  lane.reveal = stored->reveal & now->reveal;
  lane.subjects = stored->subjects & now->subjects;
  lane.narrative = stored->narrative && now->narrative;
  lane.is_sender = stored->is_sender;
  lane.smallest_cell = now->smallest_cell;  // permits for counts are not stored: those in force count
  return lane;
}

struct joint joint_of(const struct joint_lane *lanes, size_t count) {
  struct joint joint = {.how = JOINT_RECORD, .narrative = true, .reveal = ALL_BITS, .subjects = UINT64_MAX};
  size_t others = 0;
  for (size_t i = 0; i < count; i++) {
    const struct joint_lane *lane = &lanes[i];
    if (lane->is_sender) continue;
    others++;
    joint.narrative &= lane->narrative;
    joint.reveal &= lane->reveal;
    joint.subjects &= lane->subjects;
    if (lane->outcome == RELEASE) continue;
    if (lane->smallest_cell == 0) return (struct joint){.how = JOINT_OUT};
    joint.how = JOINT_COUNT;
    if (joint.smallest_cell < lane->smallest_cell) joint.smallest_cell = lane->smallest_cell;
  }
  if (others == 0) return (struct joint){.how = JOINT_OUT};
  if (joint.how == JOINT_COUNT) {
    return (struct joint){.how = JOINT_COUNT, .reveal = OPEN_BIT, .smallest_cell = joint.smallest_cell};
  }
  joint.reveal &= (uint16_t)~NARRATIVE_BIT;
  if (joint.narrative) joint.reveal |= NARRATIVE_BIT;
  return joint;
}
