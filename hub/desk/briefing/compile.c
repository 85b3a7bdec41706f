// See briefing.h: the order in which a briefing is made.
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/desk/briefing/gather.h"

enum { WEEKS_52 = 52 * 7, AGREED_DAYS = 3 * 366, RULES_MAX = 200 };

static int64_t start_of_day(int64_t day) {
  struct nav_civil civil = {0};
  nav_date_from_days(day, &civil.year, &civil.month, &civil.day);
  return nav_ms_from_civil_stockholm(&civil);
}

static struct briefing_span span_of(int64_t start_day, int64_t end_day) {
  return (struct briefing_span){.start_day = start_day,
                                .end_day = end_day,
                                .start_ms = start_of_day(start_day),
                                .end_ms = start_of_day(end_day)};
}

void briefing_spans(const struct meeting *meeting, struct briefing_span spans[BRIEFING_SPANS]) {
  int64_t days = meeting->end_day - meeting->start_day;
  spans[SPAN_NOW] = span_of(meeting->start_day, meeting->end_day);
  spans[SPAN_BEFORE] = span_of(meeting->start_day - days, meeting->start_day);
  spans[SPAN_YEAR] = span_of(meeting->start_day - WEEKS_52, meeting->end_day - WEEKS_52);
}

struct briefing_span briefing_agreed_span(const struct meeting *meeting) {
  return span_of(meeting->end_day - AGREED_DAYS, meeting->end_day);
}

static bool takes_part(const struct meeting_part *part, const char *agency) {
  for (size_t i = 0; i < part->participants_count; i++) {
    if (strcmp(part->participants[i].agency, agency) == 0) return true;
  }
  return false;
}

static bool check_input(const struct briefing_input *input, struct nav_error *err) {
  if (input->events_count > BRIEFING_EVENTS_MAX) {
    return nav_fail(err, NAV_ERROR_LOCAL, 0, input->meeting->id,
                    "%zu events, at most %d; choose a smaller area or a shorter period", input->events_count,
                    BRIEFING_EVENTS_MAX);
  }
  if (input->for_agency != NULL && !takes_part(input->part, input->for_agency)) {
    return nav_fail(err, NAV_ERROR_LOCAL, 0, input->for_agency,
                    "does not take part in this part of the meeting");
  }
  return true;
}

static bool is_listed(const struct briefing *briefing, const char *rule) {
  for (size_t i = 0; i < briefing->rules_count; i++) {
    if (strcmp(briefing->rules[i], rule) == 0) return true;
  }
  return false;
}

// The rules that disclose what the joint part shows: its legal ground.
static bool collect_rules(struct briefing *briefing) {
  const struct joint_lane *last = NULL;
  briefing->rules = nav_arena_zalloc(briefing->arena, RULES_MAX, sizeof *briefing->rules);
  briefing->bases = nav_arena_zalloc(briefing->arena, RULES_MAX, sizeof *briefing->bases);
  if (briefing->rules == NULL || briefing->bases == NULL) return false;
  for (size_t i = 0; i < briefing->items_count; i++) {
    const struct joint_lane *lanes = briefing->items[i].source->lanes;
    if (lanes == last) continue;
    last = lanes;
    for (size_t j = 0; j < briefing->input.part->participants_count; j++) {
      const struct joint_lane *lane = &lanes[j];
      if (lane->is_sender || lane->rule == NULL || is_listed(briefing, lane->rule)) continue;
      if (briefing->rules_count == RULES_MAX) return true;
      briefing->bases[briefing->rules_count] = lane->basis != NULL ? lane->basis : "";
      briefing->rules[briefing->rules_count++] = lane->rule;
    }
  }
  return true;
}

static bool no_memory(const struct briefing *briefing, struct nav_error *err) {
  return nav_fail(err, NAV_ERROR_LOCAL, 0, briefing->input.meeting->id,
                  "not enough memory for this briefing; choose a smaller area or a shorter period");
}

static bool compile(struct briefing *briefing, struct nav_error *err) {
  const struct briefing_input *input = &briefing->input;
  briefing_spans(input->meeting, briefing->spans);
  briefing->recipient =
      nav_arena_printf(briefing->arena, "meeting/%s/%s", input->meeting->id, input->part->id);
  struct standing *standing = standing_new(input, briefing->arena);
  if (briefing->recipient == NULL || standing == NULL) return no_memory(briefing, err);
  struct area_index *areas = area_index_new(briefing, err);
  if (areas == NULL || !gather_events(briefing, areas, standing, err)) return false;
  briefing_collect_agreed(briefing);
  if (!briefing_count(briefing) || !briefing_find_clusters(briefing) ||
      !briefing_collect_timelines(briefing) || !collect_rules(briefing) ||
      !annex_build(briefing, areas, standing)) {
    return no_memory(briefing, err);
  }
  return true;
}

struct briefing *briefing_compile(const struct briefing_input *input, struct nav_error *err) {
  if (!check_input(input, err)) return NULL;
  struct briefing *briefing = calloc(1, sizeof *briefing);
  struct nav_arena *arena = nav_arena_new(BRIEFING_ARENA_MAX);
  if (briefing == NULL || arena == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, input->meeting->id, "no memory");
    free(briefing);
    nav_arena_free(arena);
    return NULL;
  }
  briefing->input = *input;
  briefing->arena = arena;
  if (compile(briefing, err)) return briefing;
  briefing_free(briefing);
  return NULL;
}

void briefing_free(struct briefing *briefing) {
  if (briefing == NULL) return;
  nav_arena_free(briefing->arena);
  free(briefing);
}

void briefing_set_copy(struct briefing *briefing, const char *reader, uint64_t record_seq,
                       const char *reason) {
  briefing->reader = reader;
  briefing->record_seq = record_seq;
  briefing->reason = reason;
}

// The message's strings are not const; nobody writes through them.
static char *text(const char *constant) { return (char *)(uintptr_t)constant; }

bool briefing_record(const struct briefing *briefing, Nav__V1__BriefingCompiled *record) {
  const struct briefing_input *input = &briefing->input;
  nav__v1__briefing_compiled__init(record);
  char **participants =
      nav_arena_zalloc(briefing->arena, input->part->participants_count, sizeof *participants);
  if (participants == NULL) return false;
  for (size_t i = 0; i < input->part->participants_count; i++)
    participants[i] = text(input->part->participants[i].agency);
  record->meeting = text(input->meeting->id);
  record->part = text(input->part->id);
  record->purpose = text(input->part->purpose);
  record->participants = participants;
  record->n_participants = input->part->participants_count;
  record->has_start_time_ms = record->has_end_time_ms = true;
  record->start_time_ms = briefing->spans[SPAN_NOW].start_ms;
  record->end_time_ms = briefing->spans[SPAN_NOW].end_ms;
  record->event_seqs = briefing->seqs;
  record->n_event_seqs = briefing->seqs_count;
  record->fields = (char **)(uintptr_t)briefing->fields;
  record->n_fields = briefing->fields_count;
  record->has_rules_hash = true;
  record->rules_hash.data = (uint8_t *)(uintptr_t)input->rules_hash;
  record->rules_hash.len = 32;
  record->for_agency = text(input->for_agency);
  return true;
}
