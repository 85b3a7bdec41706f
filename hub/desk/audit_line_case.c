// What records of assessment, recall, consent and requests say to an auditor. See audit_line_fill.h.
#include <inttypes.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/desk/audit_line_fill.h"
#include "hub/wire/event.h"

static const char *joined(struct nav_arena *arena, char *const *items, size_t count) {
  const char *text = "";
  for (size_t i = 0; i < count && text != NULL; i++)
    text = nav_arena_printf(arena, "%s%s%s", text, i == 0 ? "" : ", ", items[i]);
  return text;
}

static void hold_released(const Nav__V1__HoldReleased *r, const struct definitions *d,
                          struct nav_arena *arena, struct audit_line *line) {
  line->event_seq = r->event_seq;
  if (r->lane != NULL) audit_take_verdict(line, d, r->lane, arena);
  line->actor = audit_or_null(r->person);
  line->by = line->from = audit_or_null(r->agency);
  line->reason = r->n_conditions == 0
                     ? audit_or_null(r->reason)
                     : nav_arena_printf(arena, "%s (found to hold: %s)", r->reason == NULL ? "" : r->reason,
                                        joined(arena, r->conditions, r->n_conditions));
}

static void hold_refused(const Nav__V1__HoldRefused *r, const struct definitions *d,
                         struct audit_line *line) {
  line->event_seq = r->event_seq;
  audit_take_lane(line, d, r->lane);
  line->actor = audit_or_null(r->person);
  line->by = line->from = audit_or_null(r->agency);
  line->outcome = "withhold";
  line->reason = audit_or_null(r->reason);
}

static void hold_escalated(const Nav__V1__HoldEscalated *r, const struct definitions *d,
                           struct nav_arena *arena, struct audit_line *line) {
  line->event_seq = r->event_seq;
  audit_take_lane(line, d, r->lane);
  line->by = line->from = audit_or_null(r->agency);
  line->outcome = "hold";
  line->reason = nav_arena_printf(arena, "nobody answered in time: level %" PRIu32 ", %s", r->level,
                                  r->to == NULL ? "" : r->to);
}

static void hold_lapsed(const Nav__V1__HoldLapsed *r, const struct definitions *d, struct audit_line *line) {
  line->event_seq = r->event_seq;
  audit_take_lane(line, d, r->lane);
  line->by = line->from = audit_or_null(r->agency);
  line->outcome = "withhold";
  line->reason = "on own initiative, and nobody answered";
}

static void hold_closed(const Nav__V1__HoldClosed *r, const struct definitions *d, struct nav_arena *arena,
                        struct audit_line *line) {
  const char *reason = wire_enum_name(&nav__v1__hold_closed_reason__descriptor, (int)r->reason);
  line->event_seq = r->event_seq;
  audit_take_lane(line, d, r->lane);
  line->outcome = reason;
  line->reason = nav_arena_printf(arena, "by record %" PRIu64, r->by_seq);
}

// Adds the lanes' agencies to those that are told, each once.
static void take_recipients(const uint32_t *lanes, size_t count, const struct definitions *definitions,
                            struct nav_arena *arena, struct audit_line *line) {
  char **agencies = (char **)(uintptr_t)line->participants;
  if (agencies == NULL) agencies = nav_arena_zalloc(arena, definitions->lanes_count + 1, sizeof *agencies);
  line->participants = agencies;
  for (size_t i = 0; agencies != NULL && i < count; i++) {
    const struct desk_lane *lane = definitions_lane(definitions, lanes[i]);
    size_t at = 0;
    while (lane != NULL && at < line->participants_count && strcmp(agencies[at], lane->agency) != 0) at++;
    if (lane == NULL || at < line->participants_count || at == definitions->lanes_count) continue;
    agencies[at] = nav_arena_strdup(arena, lane->agency);
    if (agencies[at] == NULL) return;
    line->participants_count++;
  }
}

static void recalled(const Nav__V1__Recalled *r, const struct definitions *definitions,
                     struct nav_arena *arena, struct audit_line *line) {
  uint64_t *seqs = nav_arena_zalloc(arena, r->n_events + 1, sizeof *seqs);
  line->actor = line->from = audit_or_null(r->agency);
  line->outcome = wire_enum_name(&nav__v1__recall_reason__descriptor, (int)r->reason);
  line->reason = nav_arena_printf(arena, "%zu events, by the Recall %" PRIu64, r->n_events, r->recall_seq);
  for (size_t i = 0; seqs != NULL && i < r->n_events; i++) seqs[i] = r->events[i]->event_seq;
  for (size_t i = 0; i < r->n_events; i++)
    take_recipients(r->events[i]->lanes, r->events[i]->n_lanes, definitions, arena, line);
  line->event_seqs = seqs;
  line->event_seqs_count = seqs == NULL ? 0 : r->n_events;
}

static void recall_confirmed(const Nav__V1__RecallConfirmed *r, struct nav_arena *arena,
                             struct audit_line *line) {
  line->actor = audit_or_null(r->person);
  line->to = audit_or_null(r->agency);
  line->reason =
      audit_both(arena, nav_arena_printf(arena, "recall %" PRIu64, r->recalled_seq), audit_or_null(r->note));
}

static void consent_changed(const Nav__V1__ConsentChanged *r, struct audit_line *line) {
  line->event_seq = r->event_seq;
  line->actor = line->from = audit_or_null(r->agency);
  line->outcome = r->withdrawn ? "withdrawn" : "given";
}

static void request_answered(const Nav__V1__RequestAnswered *r, struct nav_arena *arena,
                             struct audit_line *line) {
  line->event_seq = r->event_seq;
  line->actor = line->from = audit_or_null(r->agency);
  line->reason = nav_arena_printf(arena, "answers the request %" PRIu64, r->request_seq);
}

static void erased(const Nav__V1__Erased *r, struct nav_arena *arena, struct audit_line *line) {
  int year = 0;
  int month = 0;
  int day = 0;
  uint64_t undelivered = 0;
  nav_date_from_days(r->bucket_day, &year, &month, &day);
  for (size_t i = 0; i < r->n_lanes; i++) undelivered += r->lanes[i]->undelivered;
  line->actor = audit_or_null(r->person);
  line->to = audit_or_null(r->agency);
  line->outcome = "erased";
  line->reason =
      audit_both(arena,
                 nav_arena_printf(arena,
                                  "class %" PRIu32 " of %04d-%02d-%02d: %" PRIu64 " events, seq %" PRIu64
                                  " to %" PRIu64 ", %" PRIu64 " deliveries of them never made",
                                  r->retention_class, year, month, day, r->events, r->first_seq, r->last_seq,
                                  undelivered),
                 audit_or_null(r->reason));
}

static void events_erased(const Nav__V1__EventsErased *r, const struct definitions *definitions,
                          struct nav_arena *arena, struct audit_line *line) {
  uint64_t *seqs = nav_arena_zalloc(arena, r->n_events + 1, sizeof *seqs);
  size_t undelivered = 0;
  for (size_t i = 0; i < r->n_events; i++) {
    const Nav__V1__ErasedEvent *event = r->events[i];
    if (seqs != NULL) seqs[i] = event->event_seq;
    undelivered += event->n_undelivered;
    take_recipients(event->undelivered, event->n_undelivered, definitions, arena, line);
  }
  line->actor = audit_or_null(r->person);
  line->from = audit_or_null(r->source);
  line->by = audit_or_null(r->agency);
  line->basis = audit_or_null(r->basis);
  line->outcome = "erased";
  line->reason = audit_both(arena,
                            nav_arena_printf(arena, "%zu events by order, %zu deliveries of them never made",
                                             r->n_events, undelivered),
                            audit_or_null(r->reason));
  if (r->n_events == 1) {
    line->event_seq = r->events[0]->event_seq;
    if (r->events[0]->event_id.len == NAV_EVENT_ID_SIZE) line->event_id = r->events[0]->event_id.data;
  }
  line->event_seqs = seqs;
  line->event_seqs_count = seqs == NULL ? 0 : r->n_events;
}

void audit_line_case(const Nav__V1__Record *record, const struct definitions *definitions,
                     struct nav_arena *arena, struct audit_line *line) {
  switch (record->record_case) {
    case NAV__V1__RECORD__RECORD_HOLD_RELEASED:
      hold_released(record->hold_released, definitions, arena, line);
      return;
    case NAV__V1__RECORD__RECORD_HOLD_REFUSED:
      hold_refused(record->hold_refused, definitions, line);
      return;
    case NAV__V1__RECORD__RECORD_HOLD_ESCALATED:
      hold_escalated(record->hold_escalated, definitions, arena, line);
      return;
    case NAV__V1__RECORD__RECORD_HOLD_LAPSED:
      hold_lapsed(record->hold_lapsed, definitions, line);
      return;
    case NAV__V1__RECORD__RECORD_HOLD_CLOSED:
      hold_closed(record->hold_closed, definitions, arena, line);
      return;
    case NAV__V1__RECORD__RECORD_RECALLED:
      recalled(record->recalled, definitions, arena, line);
      return;
    case NAV__V1__RECORD__RECORD_RECALL_CONFIRMED:
      recall_confirmed(record->recall_confirmed, arena, line);
      return;
    case NAV__V1__RECORD__RECORD_CONSENT_CHANGED:
      consent_changed(record->consent_changed, line);
      return;
    case NAV__V1__RECORD__RECORD_REQUEST_ANSWERED:
      request_answered(record->request_answered, arena, line);
      return;
    case NAV__V1__RECORD__RECORD_ERASED:
      erased(record->erased, arena, line);
      return;
    case NAV__V1__RECORD__RECORD_EVENTS_ERASED:
      events_erased(record->events_erased, definitions, arena, line);
      return;
    default:
      return;
  }
}
