// See model.h: what was agreed before (problems, actions, promises) and, in sig meetings, a timeline for each
// person. Called by: compile. Must never: put an event in a person's timeline unless everybody at the table
// may know that it is about that person.
#include <stdlib.h>
#include <string.h>

#include "hub/desk/briefing/model.h"

#define BODY(name) NAV__V1__EVENT__BODY_##name

static bool is_same_id(const ProtobufCBinaryData *a, const ProtobufCBinaryData *b) {
  return a->len > 0 && a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static const Nav__V1__Event *find_problem(const struct briefing *briefing, const Nav__V1__Action *action) {
  for (size_t i = 0; i < briefing->agreed_count && action->has_problem_id; i++) {
    const Nav__V1__Event *event = briefing->agreed[i].event;
    if (event->body_case == BODY(PROBLEM) && is_same_id(&event->id, &action->problem_id)) return event;
  }
  return NULL;
}

static const Nav__V1__Event *newest_follow_up(const struct briefing *briefing, const Nav__V1__Event *action) {
  const Nav__V1__Event *newest = NULL;
  for (size_t i = 0; i < briefing->agreed_count; i++) {
    const Nav__V1__Event *event = briefing->agreed[i].event;
    if (event->body_case != BODY(FOLLOW_UP) || !event->follow_up->has_action_id) continue;
    if (!is_same_id(&action->id, &event->follow_up->action_id)) continue;
    if (newest == NULL || event->time_ms > newest->time_ms) newest = event;
  }
  return newest;
}

static bool is_overdue(const Nav__V1__Event *event, int64_t now_ms) {
  if (event->body_case == BODY(PROMISE)) {
    const Nav__V1__Promise *promise = event->promise;
    return promise->has_due_time_ms && promise->due_time_ms < now_ms &&
           promise->done_count < promise->target_count;
  }
  if (event->body_case != BODY(ACTION) || !event->action->has_due_time_ms) return false;
  Nav__V1__ActionStatus status = event->action->status;
  bool is_closed = status == NAV__V1__ACTION_STATUS__ACTION_STATUS_DONE ||
                   status == NAV__V1__ACTION_STATUS__ACTION_STATUS_DROPPED;
  return !is_closed && event->action->due_time_ms < now_ms;
}

static int rank_of(const Nav__V1__Event *event) {
  switch (event->body_case) {
    case BODY(PROBLEM):
      return 0;
    case BODY(ACTION):
      return 1;
    case BODY(PROMISE):
      return 2;
    default:
      return 3;  // follow-ups, shown with their action; agreements
  }
}

// Problems by priority; actions and promises by when they are due, those without a day last.
static int64_t order_within(const Nav__V1__Event *event) {
  if (event->body_case == BODY(PROBLEM))
    return event->problem->has_priority ? event->problem->priority : INT64_MAX;
  if (event->body_case == BODY(ACTION))
    return event->action->has_due_time_ms ? event->action->due_time_ms : INT64_MAX;
  if (event->body_case == BODY(PROMISE))
    return event->promise->has_due_time_ms ? event->promise->due_time_ms : INT64_MAX;
  return event->time_ms;
}

static int in_order(const void *a, const void *b) {
  const struct agreed *left = a, *right = b;
  int rank = rank_of(left->event) - rank_of(right->event);
  if (rank != 0) return rank;
  if (left->overdue != right->overdue) return left->overdue ? -1 : 1;
  int64_t x = order_within(left->event), y = order_within(right->event);
  if (x != y) return x < y ? -1 : 1;
  return memcmp(left->event->id.data, right->event->id.data,
                left->event->id.len < right->event->id.len ? left->event->id.len : right->event->id.len);
}

void briefing_collect_agreed(struct briefing *briefing) {
  for (size_t i = 0; i < briefing->agreed_count; i++) {
    struct agreed *agreed = &briefing->agreed[i];
    agreed->overdue = is_overdue(agreed->event, briefing->input.now_ms);
    if (agreed->event->body_case != BODY(ACTION)) continue;
    agreed->problem = find_problem(briefing, agreed->event->action);
    agreed->follow_up = newest_follow_up(briefing, agreed->event);
  }
  if (briefing->agreed_count > 1) {
    qsort(briefing->agreed, briefing->agreed_count, sizeof *briefing->agreed, in_order);
  }
  while (briefing->agreed_count > 0 && rank_of(briefing->agreed[briefing->agreed_count - 1].event) == 3) {
    briefing->agreed_count--;
  }
}

// The item is about that person, and all may know it: identity is revealed, and that very subject kept.
static bool is_about(const struct item *item, const struct meeting_person *person) {
  if ((item->joint.reveal >> NAV__V1__SENSITIVITY__SENSITIVITY_IDENTITY & 1) == 0) return false;
  const Nav__V1__Event *event = item->source->event;
  for (size_t i = 0; i < event->n_subjects && i < ACCESS_SUBJECTS_MAX; i++) {
    const char *number = event->subjects[i]->personal_number;
    if ((item->joint.subjects >> i & 1) != 0 && number != NULL &&
        strcmp(number, person->personal_number) == 0)
      return true;
  }
  return false;
}

static int by_time(const void *a, const void *b) {
  const struct item *left = *(const struct item *const *)a, *right = *(const struct item *const *)b;
  if (left->time_ms != right->time_ms) return left->time_ms < right->time_ms ? -1 : 1;
  return (left->seq > right->seq) - (left->seq < right->seq);
}

bool briefing_collect_timelines(struct briefing *briefing) {
  const struct meeting *meeting = briefing->input.meeting;
  briefing->timelines =
      nav_arena_zalloc(briefing->arena, meeting->persons_count + 1, sizeof *briefing->timelines);
  if (briefing->timelines == NULL) return false;
  for (size_t i = 0; i < meeting->persons_count; i++) {
    struct timeline *timeline = &briefing->timelines[briefing->timelines_count++];
    timeline->person = &meeting->persons[i];
    timeline->items = nav_arena_zalloc(briefing->arena, BRIEFING_TIMELINE_MAX, sizeof *timeline->items);
    if (timeline->items == NULL) return false;
    // Newest first while collecting, so that the oldest are the ones left out.
    for (size_t j = briefing->items_count; j-- > 0 && timeline->count < BRIEFING_TIMELINE_MAX;) {
      const struct item *item = &briefing->items[j];
      if (is_about(item, timeline->person)) timeline->items[timeline->count++] = item;
    }
    if (timeline->count > 1) qsort(timeline->items, timeline->count, sizeof *timeline->items, by_time);
  }
  return true;
}
