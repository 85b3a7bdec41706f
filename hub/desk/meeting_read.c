// See meeting_read.h.
#include "hub/desk/meeting_read.h"

#include <string.h>

#include "hub/desk/briefing/category.h"
#include "hub/desk/consents.h"

enum {
  TYPES_MAX = 64,
  LISTS = 3,
  MEMO_SLOTS = 4096,   // of interned verdicts; a power of two
  PERMIT_SLOTS = 256,  // of (sender, type)
  NO_LANE = SIZE_MAX,
};

#define BODY(name) NAV__V1__EVENT__BODY_##name

// Lanes of one interned verdict for one sender, before anything is decided again.
struct memo {
  const Nav__V1__VerdictDefined *verdict;
  const char *agency;
  uint32_t type;
  const struct joint_lane *lanes;
};

// Smallest cells of the permits for counts.
struct permit {
  const char *agency;  // NULL: empty
  uint32_t type;
  uint32_t cells[MEETING_PARTICIPANTS_MAX];
};

struct reading {
  const struct meeting_reading *asked;
  struct nav_arena *arena;
  int64_t now_ms;
  uint32_t numbers[MEETING_PARTICIPANTS_MAX];  // of lanes in the ledger; 0: none
  size_t indexes[MEETING_PARTICIPANTS_MAX];    // of lanes in the rules; NO_LANE
  struct memo *memos;
  struct permit *permits;
  struct desk_consents *consents;
  struct desk_events lists[LISTS];
  struct desk_event **chosen;
  size_t chosen_count, chosen_room;
};

static bool no_memory(const struct reading *reading, struct nav_error *err) {
  return nav_fail(err, NAV_ERROR_LOCAL, 0, reading->asked->meeting->id,
                  "not enough memory for this briefing; choose a smaller area or a shorter period");
}

static size_t rules_lane(const struct access_rules *rules, const char *agency, const char *purpose) {
  for (size_t i = 0; i < access_lane_count(rules); i++) {
    const struct access_lane *lane = access_lane(rules, i);
    if (strcmp(lane->agency, agency) == 0 && strcmp(lane->purpose, purpose) == 0) return i;
  }
  return NO_LANE;
}

static void find_lanes(struct reading *reading) {
  const struct meeting_part *part = reading->asked->part;
  for (size_t i = 0; i < part->participants_count; i++) {
    const char *agency = part->participants[i].agency;
    reading->numbers[i] = desk_reader_lane(reading->asked->reader, agency, part->purpose);
    reading->indexes[i] = rules_lane(reading->asked->rules, agency, part->purpose);
  }
}

static size_t hash_of(const char *agency, uint32_t type) {
  size_t hash = type;
  for (; *agency != '\0'; agency++) hash = hash * 31 + (uint8_t)*agency;
  return hash;
}

static void fill_permit(const struct reading *reading, struct permit *permit) {
  for (size_t i = 0; i < reading->asked->part->participants_count; i++) {
    struct access_aggregate aggregate = {0};
    permit->cells[i] = 0;
    if (reading->indexes[i] == NO_LANE) continue;
    if (access_aggregate_allowed(reading->asked->rules, permit->agency, permit->type, reading->indexes[i],
                                 reading->now_ms, &aggregate)) {
      permit->cells[i] = aggregate.smallest_cell;
    }
  }
}

static const struct permit *find_permit(const struct reading *reading, const char *agency, uint32_t type) {
  struct permit *permit = &reading->permits[hash_of(agency, type) % PERMIT_SLOTS];
  if (permit->agency == NULL || permit->type != type || strcmp(permit->agency, agency) != 0) {
    permit->agency = agency;
    permit->type = type;
    fill_permit(reading, permit);
  }
  return permit;
}

// By the stored verdict alone, with redecisions. NULL: no memory.
static struct joint_lane *stored_lanes(const struct reading *reading, const struct desk_event *event) {
  const struct meeting_part *part = reading->asked->part;
  const struct permit *permit = find_permit(reading, event->agency, event->type);
  struct joint_lane *lanes = nav_arena_zalloc(reading->arena, part->participants_count, sizeof *lanes);
  for (size_t i = 0; lanes != NULL && i < part->participants_count; i++) {
    uint32_t number = reading->numbers[i];
    lanes[i] = joint_lane_of_verdict(number != 0 ? desk_event_lane(event, number) : NULL);
    lanes[i].is_sender = strcmp(part->participants[i].agency, event->agency) == 0;
    lanes[i].smallest_cell = permit->cells[i];
  }
  return lanes;
}

// The same lanes again for events that share verdict, sender and type.
static const struct joint_lane *shared_lanes(const struct reading *reading, const struct desk_event *event) {
  if (event->redecided_count > 0) return stored_lanes(reading, event);
  size_t slot = ((uintptr_t)event->verdict / 64 * 31 + hash_of(event->agency, event->type)) % MEMO_SLOTS;
  struct memo *memo = &reading->memos[slot];
  bool is_same = memo->verdict == event->verdict && memo->type == event->type && memo->agency != NULL &&
                 strcmp(memo->agency, event->agency) == 0;
  if (!is_same) {
    *memo = (struct memo){.verdict = event->verdict,
                          .agency = event->agency,
                          .type = event->type,
                          .lanes = stored_lanes(reading, event)};
  }
  return memo->lanes;
}

static bool is_wanted_type(uint32_t type) {
  return type == BODY(RECALL) || category_class_of(type) != CATEGORY_NEVER;
}

// A recall is opened whatever its verdict: it must reach whatever it recalls.
static bool choose(struct reading *reading, struct desk_event *event, struct nav_error *err) {
  if (!is_wanted_type(event->type)) return true;
  const struct joint_lane *lanes = shared_lanes(reading, event);
  if (lanes == NULL) return no_memory(reading, err);
  const char *own = reading->asked->for_agency;
  bool wanted = event->type == BODY(RECALL) || (own != NULL && strcmp(own, event->agency) == 0) ||
                joint_of(lanes, reading->asked->part->participants_count).how != JOINT_OUT;
  if (wanted && reading->chosen_count < reading->chosen_room)
    reading->chosen[reading->chosen_count++] = event;
  return true;
}

// The periods; what was agreed and what surveys said before; what has been recalled since.
static bool list_all(struct reading *reading, struct nav_error *err) {
  struct desk_reader *reader = reading->asked->reader;
  struct briefing_span spans[BRIEFING_SPANS], agreed = briefing_agreed_span(reading->asked->meeting);
  struct desk_span wanted[BRIEFING_SPANS];
  briefing_spans(reading->asked->meeting, spans);
  for (size_t i = 0; i < BRIEFING_SPANS; i++)
    wanted[i] = (struct desk_span){spans[i].start_ms, spans[i].end_ms};
  const uint32_t old_types[] = {BODY(PROBLEM), BODY(ACTION), BODY(PROMISE), BODY(FOLLOW_UP),
                                BODY(SURVEY_RESULT)};
  const uint32_t recall_types[] = {BODY(RECALL)};
  const struct desk_span before = {agreed.start_ms, agreed.end_ms},
                         since = {agreed.start_ms, reading->now_ms + 1};
  return desk_reader_list(reader, wanted, BRIEFING_SPANS, NULL, 0, &reading->lists[0], err) &&
         desk_reader_list(reader, &before, 1, old_types, sizeof old_types / sizeof *old_types,
                          &reading->lists[1], err) &&
         desk_reader_list(reader, &since, 1, recall_types, 1, &reading->lists[2], err);
}

// The periods' list has every type: what is in them stands there already.
static bool is_listed_before(const struct briefing_span spans[BRIEFING_SPANS],
                             const struct desk_event *event) {
  for (size_t i = 0; i < BRIEFING_SPANS; i++) {
    if (event->time_ms >= spans[i].start_ms && event->time_ms < spans[i].end_ms) return true;
  }
  return false;
}

static bool choose_all(struct reading *reading, struct nav_error *err) {
  for (size_t i = 0; i < LISTS; i++) reading->chosen_room += reading->lists[i].count;
  reading->chosen = nav_arena_zalloc(reading->arena, reading->chosen_room + 1, sizeof *reading->chosen);
  if (reading->chosen == NULL) return no_memory(reading, err);
  struct briefing_span spans[BRIEFING_SPANS];
  briefing_spans(reading->asked->meeting, spans);
  for (size_t i = 0; i < LISTS; i++) {
    for (size_t j = 0; j < reading->lists[i].count; j++) {
      struct desk_event *event = &reading->lists[i].items[j];
      if (i > 0 && is_listed_before(spans, event)) continue;
      if (!choose(reading, event, err)) return false;
    }
  }
  return true;
}

static bool is_volatile(const struct reading *reading, const struct desk_event *event) {
  for (size_t i = 0; i < reading->asked->part->participants_count; i++) {
    uint32_t number = reading->numbers[i];
    const Nav__V1__LaneVerdict *lane = number != 0 ? desk_event_lane(event, number) : NULL;
    if (lane != NULL && lane->is_volatile) return true;
  }
  return false;
}

static bool is_of_rules_in_force(const struct reading *reading, const struct desk_event *event) {
  const ProtobufCBinaryData *hash = &event->verdict->rules_hash;
  return hash->len == 32 && memcmp(hash->data, access_rules_hash(reading->asked->rules), 32) == 0;
}

static bool is_decided_again(const struct reading *reading, const struct desk_event *event) {
  return event->event != NULL && (!is_of_rules_in_force(reading, event) || is_volatile(reading, event));
}

// Nothing is known here of requests: a lane that one opened is closed. What it opens waits for an assessment
// anyhow.
static struct access_question question_of(const struct reading *reading, const struct desk_event *event,
                                          struct desk_consent_context *context) {
  *context = (struct desk_consent_context){reading->consents, event->agency};
  return (struct access_question){.event = event->event,
                                  .now_ms = reading->now_ms,
                                  .consent = desk_consents_answer,
                                  .consent_context = context};
}

// The first round: what the rules ask about consent is noted, and then asked all at once.
static bool ask_consents(const struct reading *reading, struct nav_error *err) {
  size_t participants = reading->asked->part->participants_count;
  for (size_t i = 0; i < reading->chosen_count; i++) {
    const struct desk_event *event = reading->chosen[i];
    struct desk_consent_context context;
    if (!is_decided_again(reading, event)) continue;
    struct access_question question = question_of(reading, event, &context);
    for (size_t k = 0; k < participants; k++) {
      if (reading->indexes[k] != NO_LANE)
        (void)access_decide_lane(reading->asked->rules, &question, reading->indexes[k]);
    }
  }
  return desk_consents_ask(reading->consents, desk_reader_nav(reading->asked->reader), err);
}

static struct joint_lane *decide_again(const struct reading *reading, const struct desk_event *event,
                                       const struct joint_lane *stored) {
  size_t count = reading->asked->part->participants_count;
  struct desk_consent_context context;
  struct access_question question = question_of(reading, event, &context);
  struct joint_lane *lanes = nav_arena_zalloc(reading->arena, count, sizeof *lanes);
  for (size_t i = 0; lanes != NULL && i < count; i++) {
    struct joint_lane now = {.outcome = NAV__V1__OUTCOME__OUTCOME_WITHHOLD};
    if (reading->indexes[i] != NO_LANE) {
      struct access_decision decision =
          access_decide_lane(reading->asked->rules, &question, reading->indexes[i]);
      now = joint_lane_of_decision(reading->asked->rules, &decision);
    }
    now.smallest_cell = stored[i].smallest_cell;
    lanes[i] = joint_lane_and(&stored[i], &now);
  }
  return lanes;
}

static bool take(const struct reading *reading, const struct desk_event *event, struct meeting_events *events,
                 struct nav_error *err) {
  if (event->event == NULL) return true;  // its time is over: erased
  const struct joint_lane *lanes = shared_lanes(reading, event);
  if (lanes != NULL && is_decided_again(reading, event)) lanes = decide_again(reading, event, lanes);
  if (lanes == NULL) return no_memory(reading, err);
  events->items[events->count++] =
      (struct briefing_event){.seq = event->seq, .event = event->event, .lanes = lanes};
  return true;
}

static bool take_all(const struct reading *reading, struct meeting_events *events, struct nav_error *err) {
  size_t room =
      reading->chosen_count < BRIEFING_EVENTS_MAX ? reading->chosen_count : (size_t)BRIEFING_EVENTS_MAX;
  events->items = nav_arena_zalloc(reading->arena, room + 1, sizeof *events->items);
  if (events->items == NULL) return no_memory(reading, err);
  if (!ask_consents(reading, err)) return false;
  for (size_t i = 0; i < LISTS; i++) events->truncated |= reading->lists[i].truncated;
  for (size_t i = 0; i < reading->chosen_count && events->count < room; i++) {
    if (!take(reading, reading->chosen[i], events, err)) return false;
  }
  events->truncated |= reading->chosen_count > room;
  return true;
}

bool meeting_read(const struct meeting_reading *asked, struct meeting_events *events, struct nav_error *err) {
  struct reading reading = {.asked = asked, .arena = desk_reader_arena(asked->reader)};
  struct desk_reading why = {
      .purpose = asked->part->purpose, .meeting = asked->meeting->id, .reason = asked->reason};
  *events = (struct meeting_events){0};
  reading.now_ms = desk_reader_now_ms(asked->reader);
  reading.memos = nav_arena_zalloc(reading.arena, MEMO_SLOTS, sizeof *reading.memos);
  reading.permits = nav_arena_zalloc(reading.arena, PERMIT_SLOTS, sizeof *reading.permits);
  reading.consents = desk_consents_new(reading.arena);
  if (reading.memos == NULL || reading.permits == NULL || reading.consents == NULL)
    return no_memory(&reading, err);
  find_lanes(&reading);
  return list_all(&reading, err) && choose_all(&reading, err) &&
         desk_reader_open(asked->reader, &why, reading.chosen, reading.chosen_count, err) &&
         take_all(&reading, events, err);
}
