// The one decision. In short: forbids that match close their lanes, but for the permits they except; limits
// that match make holds of releases; of the permits that are left the first release and the first hold in
// file order count; else withhold. Called by: intake, delivery, reading, the edge, explain, tests. Must
// never: allocate, do I/O, or take not knowing for yes.
#include <string.h>

#include "hub/access/facts.h"
#include "hub/access/rules.h"

#define PASSES(outcome) NAV__V1__OUTCOME__OUTCOME_##outcome

// What a rule says before the lanes are asked.
struct answer {
  enum truth event;     // the event's own conditions, and the dates
  enum truth subjects;  // of the selected; IS_TRUE where the rule does not ask about them
  uint64_t selected;
  bool may_change;  // with time, consent or a request
};

struct forbidding {
  const struct rule *rule;
  struct answer answer;
};

// One question on its way through the rules.
struct deciding {
  struct facts facts;
  const struct access_rules *rules;
  uint32_t sender;
  uint64_t sender_purposes;
  bool has_protected;  // a subject is known to be protected
  bool has_unknown_protection;
  bool marked_urgent;
  size_t only;                        // this lane alone; SIZE_MAX: all
  struct access_decision *decisions;  // of all lanes, or of the one
  struct forbidding forbids[RULES_FORBIDS_MAX];
  size_t forbids_count;
  const uint16_t *permits;  // that can meet the event, in file order
  size_t permits_count;
};

static enum truth least(enum truth a, enum truth b) { return a < b ? a : b; }
static enum truth most(enum truth a, enum truth b) { return a > b ? a : b; }

static uint64_t all_subjects(const Nav__V1__Event *event) {
  return event->n_subjects >= 64 ? UINT64_MAX : (UINT64_C(1) << event->n_subjects) - 1;
}

// Who is left in the copy: `roles: none` asks about all and keeps nobody.
static uint64_t kept_subjects(const struct rule *rule, uint64_t selected) {
  return rule->no_subjects ? 0 : selected;
}

// Whom `roles` selects. Who has no known role may be anybody: a forbid takes them in, a permit leaves them
// out.
static uint64_t select_subjects(const struct rule *rule, const Nav__V1__Event *event) {
  if (!rule->has_roles) return all_subjects(event);
  uint64_t selected = 0;
  for (size_t i = 0; i < event->n_subjects; i++) {
    const Nav__V1__Subject *subject = event->subjects[i];
    unsigned role = subject->has_role ? (unsigned)subject->role : 0;
    bool chosen =
        role == 0 || role > RULES_ROLE_LAST ? rule->action == RULE_FORBID : (rule->roles >> role & 1U) != 0;
    if (chosen) selected |= UINT64_C(1) << i;
  }
  return selected;
}

// A permit needs all selected to match, a forbid any; none selected is not known.
static enum truth ask_subjects(struct deciding *deciding, const struct rule *rule, uint64_t selected,
                               const struct lane *lane) {
  if (!rule->uses_subjects) return IS_TRUE;
  if (selected == 0) return IS_UNKNOWN;
  bool is_forbid = rule->action == RULE_FORBID;
  enum truth whole = is_forbid ? IS_FALSE : IS_TRUE;
  const struct predicate *first = rule->predicates + rule->event_count;
  size_t count = rule->subject_count + (lane != NULL ? rule->lane_count : 0);
  for (size_t i = 0; i < deciding->facts.event->n_subjects; i++) {
    if ((selected >> i & 1U) == 0) continue;
    enum truth one = IS_TRUE;
    for (size_t k = 0; k < count && one != IS_FALSE; k++) {
      if (first[k].scope == SCOPE_SUBJECT)
        one = least(one, facts_predicate(&deciding->facts, &first[k], i, lane));
    }
    whole = is_forbid ? most(whole, one) : least(whole, one);
  }
  return whole;
}

static bool in_force(struct deciding *deciding, const struct rule *rule) {
  int64_t today = facts_today(&deciding->facts);
  return today >= rule->day_from && today <= rule->day_to;
}

// Predicates that never change stand first, so that one of them that fails settles the rule for good. Nothing
// here asks about consent or requests: those are asked lane by lane.
static struct answer ask_event(struct deciding *deciding, const struct rule *rule) {
  struct answer answer = {IS_TRUE, IS_TRUE, 0, false};
  for (size_t i = 0; i < rule->event_count && answer.event != IS_FALSE; i++) {
    const struct predicate *predicate = &rule->predicates[i];
    answer.event = least(answer.event, facts_predicate(&deciding->facts, predicate, 0, NULL));
    if (answer.event == IS_FALSE && !predicate->is_volatile) return answer;
  }
  answer.may_change = rule->is_volatile;
  if (!in_force(deciding, rule)) answer.event = IS_FALSE;
  if (answer.event == IS_FALSE) return answer;
  answer.selected = select_subjects(rule, deciding->facts.event);
  if (!rule->lane_subjects) answer.subjects = ask_subjects(deciding, rule, answer.selected, NULL);
  return answer;
}

// The whole condition for one lane.
static enum truth ask_lane(struct deciding *deciding, const struct rule *rule, const struct answer *answer,
                           size_t lane_index) {
  enum truth truth = answer->event;
  if (truth == IS_FALSE) return truth;
  deciding->facts.for_forbid = rule->action == RULE_FORBID;
  const struct lane *lane = &deciding->rules->lanes[lane_index];
  const struct predicate *own = rule->predicates + rule->event_count + rule->subject_count;
  for (size_t i = 0; i < rule->lane_count && truth != IS_FALSE; i++)
    if (own[i].scope != SCOPE_SUBJECT)
      truth = least(truth, facts_predicate(&deciding->facts, &own[i], 0, lane));
  if (truth == IS_FALSE) return truth;
  truth = least(
      truth, rule->lane_subjects ? ask_subjects(deciding, rule, answer->selected, lane) : answer->subjects);
  if (truth != IS_FALSE && rule->action == RULE_PERMIT && bit_of(rule->board_bits, lane_index))
    truth = least(truth, facts_board(&deciding->facts, answer->selected, lane));
  return truth;
}

// Lanes in which the sender takes part, but for its own; of an answer to what was given with no-onward, those
// of who gave it alone.
static bool is_open(const struct deciding *deciding, size_t lane_index) {
  const struct lane *lane = &deciding->rules->lanes[lane_index];
  const char *only = deciding->facts.question->only_recipient;
  if (only != NULL && strcmp(only, lane->info.agency) != 0) return false;
  return lane->agency != deciding->sender && (deciding->sender_purposes >> lane->purpose & 1U) != 0;
}

static struct access_decision *decision_of(const struct deciding *deciding, size_t lane) {
  return deciding->only == SIZE_MAX ? &deciding->decisions[lane] : deciding->decisions;
}

typedef void visit_lane(struct deciding *deciding, const struct rule *rule, const struct answer *answer,
                        size_t lane);

static void for_lanes(struct deciding *deciding, const struct rule *rule, const struct answer *answer,
                      visit_lane *visit) {
  if (deciding->only != SIZE_MAX) {
    if (bit_of(rule->lane_bits, deciding->only) && is_open(deciding, deciding->only))
      visit(deciding, rule, answer, deciding->only);
    return;
  }
  for (size_t i = 0; i < rule->lanes_count; i++)
    if (is_open(deciding, rule->lanes[i])) visit(deciding, rule, answer, rule->lanes[i]);
}

// A forbid whose condition is not known counts as matched.
static void forbid_lane(struct deciding *deciding, const struct rule *rule, const struct answer *answer,
                        size_t lane) {
  struct access_decision *decision = decision_of(deciding, lane);
  if (answer->may_change) decision->is_volatile = true;
  if (rule->info.is_limit || ask_lane(deciding, rule, answer, lane) == IS_FALSE) return;
  if (decision->rule == ACCESS_NO_RULE) decision->rule = rule->index;
}

static bool excepts(const struct rule *forbid, uint16_t permit) {
  for (size_t i = 0; i < forbid->except_count; i++)
    if (forbid->except[i] == permit) return true;
  return false;
}

// What the forbids leave of a permit: all of it, a hold (*limit, which was ACCESS_NO_RULE, says by which), or
// nothing (false).
static bool may_pass(struct deciding *deciding, const struct rule *permit, size_t lane, uint16_t *limit) {
  for (size_t i = 0; i < deciding->forbids_count; i++) {
    const struct forbidding *forbidding = &deciding->forbids[i];
    const struct rule *forbid = forbidding->rule;
    if (!bit_of(forbid->lane_bits, lane) || excepts(forbid, permit->index)) continue;
    if (forbid->info.is_limit && *limit != ACCESS_NO_RULE) continue;
    if (ask_lane(deciding, forbid, &forbidding->answer, lane) == IS_FALSE) continue;
    if (!forbid->info.is_limit) return false;
    *limit = forbid->index;
  }
  return true;
}

// A hold that would give nothing more than the release beside it is none.
static bool gives_more(const struct access_decision *release, uint16_t reveal, uint64_t subjects) {
  return (reveal & ~release->reveal) != 0 || (subjects & ~release->subjects) != 0;
}

// The first in file order counts. The holds before it are dropped: permit_lane asks them again.
static void take_release(struct access_decision *decision, const struct rule *rule, uint64_t subjects) {
  if (decision->outcome == PASSES(RELEASE)) return;
  decision->outcome = PASSES(RELEASE);
  decision->rule = rule->index;
  decision->reveal = rule->reveal;
  decision->subjects = subjects;
  decision->hold_rule = ACCESS_NO_RULE;
  decision->limit = ACCESS_NO_RULE;
  decision->hold_reveal = 0;
  decision->hold_subjects = 0;
  decision->urgent = false;
}

// The first in file order counts; it is urgent where any that waits is.
static void take_hold(struct access_decision *decision, const struct rule *rule, uint64_t subjects,
                      bool urgent, uint16_t limit) {
  bool released = decision->outcome == PASSES(RELEASE);
  if (released && !gives_more(decision, rule->reveal, subjects)) return;
  decision->urgent |= urgent;
  if (decision->hold_rule != ACCESS_NO_RULE) return;
  decision->hold_rule = rule->index;
  decision->hold_reveal = rule->reveal;
  decision->hold_subjects = subjects;
  decision->limit = limit;
  if (!released) decision->outcome = PASSES(HOLD);
}

// Who an assessor sees where a duty could not tell whom it is about: those whose role is not known.
static uint64_t unknown_roles(const Nav__V1__Event *event) {
  uint64_t found = 0;
  for (size_t i = 0; i < event->n_subjects; i++)
    if (!event->subjects[i]->has_role || event->subjects[i]->role == NAV__V1__ROLE__ROLE_UNSPECIFIED)
      found |= UINT64_C(1) << i;
  return found;
}

// Protected identities leave only by a rule that names them (I13).
static bool may_concern_protected(const struct deciding *deciding, const struct rule *rule) {
  if (rule->names_protected) return true;
  if (deciding->has_protected) return false;
  return !deciding->has_unknown_protection || rule->info.is_duty;
}

// A permit whose condition is not known counts as not matched; but a duty never fails on an unknown fact.
static void take_permit(struct deciding *deciding, const struct rule *rule, const struct answer *answer,
                        size_t lane) {
  enum truth truth = ask_lane(deciding, rule, answer, lane);
  bool is_duty = rule->info.is_duty;
  uint16_t limit = ACCESS_NO_RULE;
  if (truth == IS_FALSE || (truth == IS_UNKNOWN && !is_duty)) return;
  if (!may_pass(deciding, rule, lane, &limit)) return;
  struct access_decision *decision = decision_of(deciding, lane);
  if (answer->may_change) decision->is_volatile = true;
  if (truth == IS_UNKNOWN) {
    uint64_t subjects = kept_subjects(rule, answer->selected);
    if (answer->selected == 0 && !rule->no_subjects) subjects = unknown_roles(deciding->facts.event);
    take_hold(decision, rule, subjects, true, ACCESS_NO_RULE);
  } else if (rule->outcome == PASSES(RELEASE) && limit == ACCESS_NO_RULE) {
    take_release(decision, rule, kept_subjects(rule, answer->selected));
  } else {
    // A duty's release that a limit holds is as urgent as one that rests on something unknown.
    bool limited = rule->outcome == PASSES(RELEASE);
    bool urgent = deciding->marked_urgent || rule->basis->urgent || (limited && is_duty);
    take_hold(decision, rule, kept_subjects(rule, answer->selected), urgent,
              limited ? limit : ACCESS_NO_RULE);
  }
}

// The holds that stand before a release in file order, now that it is known what the release gives.
static void take_holds_again(struct deciding *deciding, const struct rule *release, size_t lane) {
  for (size_t i = 0; i < deciding->permits_count && deciding->permits[i] != release->index; i++) {
    const struct rule *rule = &deciding->rules->rules[deciding->permits[i]];
    if (!bit_of(rule->lane_bits, lane) || !may_concern_protected(deciding, rule)) continue;
    struct answer answer = ask_event(deciding, rule);
    take_permit(deciding, rule, &answer, lane);
  }
}

static void permit_lane(struct deciding *deciding, const struct rule *rule, const struct answer *answer,
                        size_t lane) {
  const struct access_decision *decision = decision_of(deciding, lane);
  bool held = decision->outcome == PASSES(HOLD);
  take_permit(deciding, rule, answer, lane);
  if (held && decision->outcome == PASSES(RELEASE)) take_holds_again(deciding, rule, lane);
}

static void run_forbids(struct deciding *deciding, const uint16_t *indices, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const struct rule *rule = &deciding->rules->rules[indices[i]];
    struct answer answer = ask_event(deciding, rule);
    if (answer.event == IS_FALSE && !answer.may_change) continue;
    for_lanes(deciding, rule, &answer, forbid_lane);
    if (answer.event == IS_FALSE) continue;
    NAV_ASSERT(deciding->forbids_count < RULES_FORBIDS_MAX);  // load refuses more
    deciding->forbids[deciding->forbids_count++] = (struct forbidding){rule, answer};
  }
}

static void run_permits(struct deciding *deciding) {
  for (size_t i = 0; i < deciding->permits_count; i++) {
    const struct rule *rule = &deciding->rules->rules[deciding->permits[i]];
    if (!may_concern_protected(deciding, rule)) continue;
    struct answer answer = ask_event(deciding, rule);
    enum truth possible = least(answer.event, answer.subjects);
    if (possible == IS_FALSE || (possible == IS_UNKNOWN && !rule->info.is_duty)) continue;
    for_lanes(deciding, rule, &answer, permit_lane);
  }
}

static bool is_edited_for(const Nav__V1__Event *event, const char *recipient) {
  const Nav__V1__Marks *marks = event->marks;
  for (size_t i = 0; marks != NULL && i < marks->n_edited_for; i++)
    if (strcmp(marks->edited_for[i], recipient) == 0) return true;
  return false;
}

static void finish_passing(const struct deciding *deciding, struct access_decision *decision, size_t lane) {
  if (decision->outcome == PASSES(HOLD)) {
    decision->rule = decision->hold_rule;
    decision->reveal = decision->hold_reveal;
    decision->subjects = decision->hold_subjects;
    decision->hold_rule = ACCESS_NO_RULE;
    decision->hold_reveal = 0;
    decision->hold_subjects = 0;
  }
  const uint16_t narrative = 1U << NAV__V1__SENSITIVITY__SENSITIVITY_NARRATIVE;
  uint16_t shown = (uint16_t)(decision->reveal | decision->hold_reveal);
  bool all_of_both = decision->reveal == RULES_ALL_CLASSES &&
                     (decision->hold_rule == ACCESS_NO_RULE || decision->hold_reveal == RULES_ALL_CLASSES);
  bool asks = (shown & narrative) != 0 && !all_of_both;
  decision->narrative_edited =
      asks && is_edited_for(deciding->facts.event, deciding->rules->lanes[lane].info.agency);
}

// Almost every lane is withheld, and has its few words here.
static inline void finish(const struct deciding *deciding, struct access_decision *decision, size_t lane) {
  if (decision->outcome == PASSES(WITHHOLD)) {
    decision->is_volatile = false;  // what is withheld stays so until a recorded replay
  } else {
    finish_passing(deciding, decision, lane);
  }
}

static bool start(struct deciding *deciding, const struct access_rules *rules,
                  const struct access_question *question) {
  const Nav__V1__Event *event = question->event;
  facts_init(&deciding->facts, rules, question);
  int sender = event->source == NULL ? -1 : rules_agency_index(rules, event->source);
  if (sender < 0 || deciding->facts.body == NULL || event->n_subjects > ACCESS_SUBJECTS_MAX) return false;
  deciding->rules = rules;
  deciding->sender = (uint32_t)sender;
  deciding->sender_purposes = rules->agency_facts[sender].purposes;
  deciding->has_protected = false;
  deciding->has_unknown_protection = false;
  deciding->forbids_count = 0;
  deciding->marked_urgent = event->marks != NULL && event->marks->has_urgent && event->marks->urgent;
  for (size_t i = 0; i < event->n_subjects; i++) {
    const Nav__V1__Subject *subject = event->subjects[i];
    bool known =
        subject->has_protection && subject->protection != NAV__V1__PROTECTION__PROTECTION_UNSPECIFIED;
    if (!known) deciding->has_unknown_protection = true;
    if (known && subject->protection != NAV__V1__PROTECTION__PROTECTION_NONE) deciding->has_protected = true;
  }
  return true;
}

static const struct access_decision withheld = {.outcome = PASSES(WITHHOLD),
                                                .rule = ACCESS_NO_RULE,
                                                .hold_rule = ACCESS_NO_RULE,
                                                .limit = ACCESS_NO_RULE};

static void run(struct deciding *deciding) {
  const struct access_rules *rules = deciding->rules;
  size_t at = deciding->sender * schema_body_count() + (size_t)deciding->facts.body_index;
  const struct program *program = &rules->programs[at];
  const uint16_t *indices = rules->program_rules + program->first;
  deciding->permits = indices + program->forbids;
  deciding->permits_count = program->permits;
  run_forbids(deciding, indices, program->forbids);
  run_permits(deciding);
}

void access_decide(const struct access_rules *rules, const struct access_question *question,
                   struct access_decision *decisions) {
  for (size_t i = 0; i < rules->lanes_count; i++) decisions[i] = withheld;
  struct deciding deciding;
  if (!start(&deciding, rules, question)) return;
  deciding.only = SIZE_MAX;
  deciding.decisions = decisions;
  run(&deciding);
  for (size_t i = 0; i < rules->lanes_count; i++) finish(&deciding, &decisions[i], i);
}

struct access_decision access_decide_lane(const struct access_rules *rules,
                                          const struct access_question *question, size_t lane) {
  struct access_decision decision = withheld;
  struct deciding deciding;
  if (lane >= rules->lanes_count || !start(&deciding, rules, question)) return decision;
  deciding.only = lane;
  deciding.decisions = &decision;
  run(&deciding);
  finish(&deciding, &decision, lane);
  return decision;
}
