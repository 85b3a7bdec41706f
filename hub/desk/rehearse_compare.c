// See rehearse.h: one event, what was decided and what the draft decides, lane by lane.
#include <stdlib.h>
#include <string.h>

#include "hub/desk/reader.h"
#include "hub/desk/rehearse.h"

// What nav-core's registers might say: unknown first, to hear whether they are asked at all.
static const struct answers { int consent, request; } possible[] = {{-1, -1}, {0, 0}, {0, 1}, {1, 0}, {1, 1}};

enum { VARIANTS = sizeof possible / sizeof *possible, SCRATCH_BYTES_MAX = 4 * 1024 * 1024 };

struct registers {
  const struct answers *answers;
  bool asked;
};

struct rehearse_compare {
  const struct access_rules *draft;
  const struct rehearse_lanes *lanes;
  struct access_decision *decisions[VARIANTS];  // each by the draft's lanes
  size_t variants;                              // decided of this event
  const Nav__V1__LaneVerdict **stored;          // by number, of this event
  struct nav_arena *scratch;
};

struct rehearse_compare *rehearse_compare_new(const struct access_rules *draft,
                                              const struct rehearse_lanes *lanes) {
  struct rehearse_compare *compare = calloc(1, sizeof *compare);
  if (compare == NULL) return NULL;
  compare->draft = draft;
  compare->lanes = lanes;
  compare->stored = calloc((size_t)lanes->numbers_end + 1, sizeof *compare->stored);
  compare->scratch = nav_arena_new(SCRATCH_BYTES_MAX);
  bool ok = compare->stored != NULL && compare->scratch != NULL;
  for (size_t i = 0; i < VARIANTS; i++) {
    compare->decisions[i] = calloc(access_lane_count(draft) + 1, sizeof(struct access_decision));
    ok = ok && compare->decisions[i] != NULL;
  }
  if (ok) return compare;
  rehearse_compare_free(compare);
  return NULL;
}

void rehearse_compare_free(struct rehearse_compare *compare) {
  if (compare == NULL) return;
  for (size_t i = 0; i < VARIANTS; i++) free(compare->decisions[i]);
  free(compare->stored);
  nav_arena_free(compare->scratch);
  free(compare);
}

// ---- the draft's decisions ----

static int tell_consent(void *context, const Nav__V1__Subject *subject, const char *recipient,
                        const char *purpose, const char *message) {
  struct registers *registers = context;
  (void)subject;
  (void)recipient;
  (void)purpose;
  (void)message;
  registers->asked = true;
  return registers->answers->consent;
}

static int tell_request(void *context, const Nav__V1__Event *event, const char *recipient) {
  struct registers *registers = context;
  (void)event;
  (void)recipient;
  registers->asked = true;
  return registers->answers->request;
}

static void decide(struct rehearse_compare *compare, const struct desk_event *event) {
  struct registers registers = {.asked = false};
  const struct access_question question = {.event = event->event,
                                           .now_ms = event->accepted_time_ms,
                                           .consent = tell_consent,
                                           .consent_context = &registers,
                                           .request = tell_request,
                                           .request_context = &registers};
  for (compare->variants = 0; compare->variants < VARIANTS; compare->variants++) {
    if (compare->variants == 1 && !registers.asked) return;
    registers.answers = &possible[compare->variants];
    access_decide(compare->draft, &question, compare->decisions[compare->variants]);
  }
}

// Whether the two come to the same for the recipient, by whichever rule.
static bool same_effect(const struct access_decision *a, const struct access_decision *b) {
  if (a->outcome != b->outcome) return false;
  if (a->outcome == NAV__V1__OUTCOME__OUTCOME_WITHHOLD) return true;
  return (a->hold_rule == ACCESS_NO_RULE) == (b->hold_rule == ACCESS_NO_RULE) && a->reveal == b->reveal &&
         a->subjects == b->subjects && a->hold_reveal == b->hold_reveal &&
         a->hold_subjects == b->hold_subjects && a->narrative_edited == b->narrative_edited;
}

// ---- two sides, seen alike ----

struct side {
  bool released, held;
  uint16_t reveal;
  uint64_t subjects;       // of what is released
  uint64_t hold_subjects;  // of what is held
  bool narrative_edited;
  const char *rule;
};

static struct side side_of_stored(const Nav__V1__LaneVerdict *stored) {
  struct side side = {0};
  if (stored == NULL) return side;
  bool held = stored->outcome == NAV__V1__OUTCOME__OUTCOME_HOLD;
  side.released = stored->outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE;
  side.held = held || stored->hold_rule != NULL;
  side.reveal = (uint16_t)stored->reveal;
  side.subjects = side.released ? stored->subjects : 0;
  side.hold_subjects = held ? stored->subjects : stored->hold_subjects;
  side.narrative_edited = stored->narrative_edited != 0;
  side.rule = stored->rule;
  return side;
}

static const char *rule_id(const struct access_rules *rules, uint16_t rule) {
  return rule == ACCESS_NO_RULE ? NULL : access_rule(rules, rule)->id;
}

static struct side side_of_draft(const struct access_rules *draft, const struct access_decision *decision) {
  struct side side = {0};
  if (decision == NULL) return side;
  bool held = decision->outcome == NAV__V1__OUTCOME__OUTCOME_HOLD;
  side.released = decision->outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE;
  side.held = held || decision->hold_rule != ACCESS_NO_RULE;
  side.reveal = decision->reveal;
  side.subjects = side.released ? decision->subjects : 0;
  side.hold_subjects = held ? decision->subjects : decision->hold_subjects;
  side.narrative_edited = decision->narrative_edited;
  side.rule = rule_id(draft, decision->rule);
  return side;
}

// ---- fields ----

static bool withheld_paths(struct rehearse_compare *compare, const struct rehearse_lane *lane,
                           const struct desk_event *event, const struct side *side,
                           struct access_paths *paths) {
  static const uint8_t key[32] = {1};  // any: only the paths are looked at
  const struct access_redaction redaction = {.reveal = side->reveal,
                                             .subjects = side->subjects,
                                             .narrative_edited = side->narrative_edited,
                                             .recipient = lane->agency,
                                             .purpose = lane->purpose,
                                             .pseudonym_key = key,
                                             .areas = access_rules_areas(compare->draft),
                                             .now_ms = event->accepted_time_ms};
  return access_redact(&redaction, event->event, compare->scratch, paths) != NULL;
}

// Whether the path, or what it is a part of, is among those.
static bool is_covered(const struct access_paths *paths, const char *path) {
  for (size_t i = 0; i < paths->count; i++) {
    size_t length = strlen(paths->items[i]);
    if (strncmp(paths->items[i], path, length) == 0 && (path[length] == '\0' || path[length] == '.'))
      return true;
  }
  return false;
}

static bool has_beyond(const struct access_paths *these, const struct access_paths *those) {
  for (size_t i = 0; i < these->count; i++) {
    if (!is_covered(those, these->items[i])) return true;
  }
  return false;
}

// ---- findings ----

static bool add(struct rehearse_tally *tally, struct rehearse_finding finding, enum rehearse_change change,
                uint64_t subjects) {
  bool more =
      change == REHEARSE_NEWLY_RELEASED || change == REHEARSE_NEWLY_HELD || change == REHEARSE_MORE_FIELDS;
  // Who sent what it answers may have said that nobody else is to have it: nav-core alone knows.
  bool is_reply = finding.event->event->has_in_reply_to && finding.event->event->in_reply_to.len > 0;
  finding.change = more && is_reply ? REHEARSE_DEPENDS : change;
  finding.subjects = subjects;
  return rehearse_tally_add(tally, &finding);
}

static bool add_fields(struct rehearse_compare *compare, struct rehearse_tally *tally,
                       const struct rehearse_finding *finding, const struct side *before,
                       const struct side *after) {
  struct access_paths hidden_before = {NULL, 0};
  struct access_paths hidden_after = {NULL, 0};
  const struct rehearse_lane *lane = &compare->lanes->items[finding->lane];
  if (before->reveal == after->reveal && before->subjects == after->subjects &&
      before->narrative_edited == after->narrative_edited)
    return true;
  nav_arena_reset(compare->scratch);
  bool ok = withheld_paths(compare, lane, finding->event, before, &hidden_before) &&
            withheld_paths(compare, lane, finding->event, after, &hidden_after);
  if (ok && has_beyond(&hidden_before, &hidden_after))
    ok = add(tally, *finding, REHEARSE_MORE_FIELDS, after->subjects);
  if (ok && has_beyond(&hidden_after, &hidden_before))
    ok = add(tally, *finding, REHEARSE_FEWER_FIELDS, before->subjects);
  return ok;
}

static bool compare_sides(struct rehearse_compare *compare, struct rehearse_tally *tally,
                          const struct rehearse_finding *finding, const struct side *before,
                          const struct side *after) {
  bool newly = after->released && !before->released;
  bool ok = true;
  if (newly) ok = add(tally, *finding, REHEARSE_NEWLY_RELEASED, after->subjects);
  if (ok && after->held && !before->held)
    ok = add(tally, *finding, REHEARSE_NEWLY_HELD, after->hold_subjects);
  if (ok && before->released && !after->released)
    ok = add(tally, *finding, REHEARSE_NO_LONGER_RELEASED, before->subjects);
  if (ok && before->held && !after->held && !newly)
    ok = add(tally, *finding, REHEARSE_NO_LONGER_HELD, before->hold_subjects);
  if (ok && before->released && after->released) ok = add_fields(compare, tally, finding, before, after);
  return ok;
}

// What the registers say decides: told as such, with the strongest of the outcomes.
static bool depends(struct rehearse_compare *compare, struct rehearse_tally *tally,
                    struct rehearse_finding *finding, const struct side *before, size_t draft) {
  uint64_t subjects = before->subjects | before->hold_subjects;
  const struct access_decision *strongest = &compare->decisions[0][draft];
  for (size_t i = 0; i < compare->variants; i++) {
    const struct access_decision *decision = &compare->decisions[i][draft];
    subjects |= decision->subjects | decision->hold_subjects;
    if (decision->outcome > strongest->outcome) strongest = decision;
  }
  finding->after = rule_id(compare->draft, strongest->rule);
  return add(tally, *finding, REHEARSE_DEPENDS, subjects);
}

static bool compare_lane(struct rehearse_compare *compare, size_t index, const struct desk_event *event,
                         struct rehearse_tally *tally) {
  const struct rehearse_lane *lane = &compare->lanes->items[index];
  const struct side before = side_of_stored(lane->number == 0 ? NULL : compare->stored[lane->number]);
  struct rehearse_finding finding = {.lane = index, .event = event, .before = before.rule};
  for (size_t i = 1; lane->draft >= 0 && i < compare->variants; i++) {
    if (!same_effect(&compare->decisions[0][lane->draft], &compare->decisions[i][lane->draft]))
      return depends(compare, tally, &finding, &before, (size_t)lane->draft);
  }
  const struct side after =
      side_of_draft(compare->draft, lane->draft < 0 ? NULL : &compare->decisions[0][lane->draft]);
  finding.after = after.rule;
  return compare_sides(compare, tally, &finding, &before, &after);
}

static void note_stored(struct rehearse_compare *compare, const Nav__V1__LaneVerdict *lane, bool clear) {
  if (lane->lane < compare->lanes->numbers_end) compare->stored[lane->lane] = clear ? NULL : lane;
}

// What was decided last of each lane; clear: gone again, for the next event.
static void note_all(struct rehearse_compare *compare, const struct desk_event *event, bool clear) {
  for (size_t i = 0; i < event->verdict->n_lanes; i++) note_stored(compare, event->verdict->lanes[i], clear);
  for (size_t i = 0; i < event->redecided_count; i++) note_stored(compare, event->redecided[i], clear);
}

bool rehearse_compare_event(struct rehearse_compare *compare, const struct desk_event *event,
                            struct rehearse_tally *tally) {
  bool ok = true;
  decide(compare, event);
  note_all(compare, event, false);
  for (size_t i = 0; ok && i < compare->lanes->count; i++) ok = compare_lane(compare, i, event, tally);
  note_all(compare, event, true);
  return ok;
}
