// Holds, sessions, rules and lanes. See follow_up.h.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/access/access.h"
#include "hub/desk/follow_up.h"
#include "hub/desk/mandate.h"

enum { NUMBER_SIZE = 24, PERCENT = 100, MS_A_SECOND = 1000 };

static struct follow_group *covered_group(struct follow_up *f, enum follow_what what, const char *who,
                                          const char *agency) {
  if (!mandate_covers(f->request->person, agency) || who == NULL || who[0] == '\0') return NULL;
  return follow_group(f, what, who);
}

static void count_release(struct follow_up *f, const Nav__V1__Record *record, int64_t accepted_ms) {
  const Nav__V1__HoldReleased *released = record->hold_released;
  if (released->lane != NULL) follow_rule_used(f, released->lane);
  struct follow_group *group = covered_group(f, FOLLOW_RELEASED, released->person, released->agency);
  if (group == NULL) return;
  group->count++;
  follow_note_seq(&group->seqs, record->seq);
  int64_t took = record->time_ms - accepted_ms;
  if (accepted_ms > 0 && took < group->shortest_ms) group->shortest_ms = took;
}

// Whose events they were, and who had them erased.
static void count_ordered(struct follow_up *f, const Nav__V1__Record *record) {
  const Nav__V1__EventsErased *erased = record->events_erased;
  const char *agency = mandate_covers(f->request->person, erased->source) ? erased->source : erased->agency;
  struct follow_group *group = covered_group(f, FOLLOW_ORDERED, erased->person, agency);
  if (group == NULL) return;
  group->count++;
  group->other += erased->n_events;
  for (size_t i = 0; i < erased->n_events; i++) group->undelivered += erased->events[i]->n_undelivered;
  follow_note_seq(&group->seqs, record->seq);
}

static void count_expired(struct follow_up *f, const Nav__V1__Record *record) {
  const Nav__V1__Erased *erased = record->erased;
  struct follow_group *group = covered_group(f, FOLLOW_EXPIRED, erased->person, erased->agency);
  if (group == NULL) return;
  group->count++;
  group->other += erased->events;
  for (size_t i = 0; i < erased->n_lanes; i++) group->undelivered += erased->lanes[i]->undelivered;
  follow_note_seq(&group->seqs, record->seq);
}

void follow_case(struct follow_up *f, const Nav__V1__Record *record, int64_t accepted_ms) {
  struct follow_group *group = NULL;
  switch (record->record_case) {
    case NAV__V1__RECORD__RECORD_HOLD_RELEASED:
      count_release(f, record, accepted_ms);
      return;
    case NAV__V1__RECORD__RECORD_EVENTS_ERASED:
      count_ordered(f, record);
      return;
    case NAV__V1__RECORD__RECORD_ERASED:
      count_expired(f, record);
      return;
    case NAV__V1__RECORD__RECORD_HOLD_REFUSED:
      group = covered_group(f, FOLLOW_RELEASED, record->hold_refused->person, record->hold_refused->agency);
      if (group != NULL) group->other++;
      break;
    case NAV__V1__RECORD__RECORD_HOLD_LAPSED:
      group = covered_group(f, FOLLOW_LAPSED, record->hold_lapsed->agency, record->hold_lapsed->agency);
      if (group != NULL) group->count++;
      break;
    case NAV__V1__RECORD__RECORD_REFUSED_SESSION:
      group =
          covered_group(f, FOLLOW_REFUSED, record->refused_session->agency, record->refused_session->agency);
      if (group != NULL) group->count += record->refused_session->count;
      break;
    default:
      return;
  }
  if (group != NULL) follow_note_seq(&group->seqs, record->seq);
}

static void mark(struct follow_up *f, const char *rule) {
  for (size_t i = 0; rule != NULL && f->rules != NULL && i < f->rules->n_rules; i++) {
    if (strcmp(f->rules->rules[i], rule) == 0) f->rules_used[i] = true;
  }
}

void follow_rule_used(struct follow_up *f, const Nav__V1__LaneVerdict *lane) {
  mark(f, lane->rule);
  mark(f, lane->hold_rule);
  mark(f, lane->limit_rule);
}

// ---- telling ----

static json_t *make(const struct follow_group *group, const char *what, const char *title,
                    const char *detail) {
  return json_pack("{s:s, s:s, s:s, s:I, s:s, s:o}", "what", what, "title", title, "who", group->who, "count",
                   (json_int_t)group->count, "detail", detail != NULL ? detail : "", "seqs",
                   follow_seqs_json(&group->seqs));
}

static json_t *make_released(struct follow_up *f, const struct follow_group *group) {
  uint64_t all = group->count + group->other;
  bool timed = group->shortest_ms != INT64_MAX;
  int64_t shortest_s = timed ? group->shortest_ms / MS_A_SECOND : 0;
  const char *quickest =
      nav_arena_printf(f->request->arena,
                       f->english ? ", quickest %" PRId64 " s after the event was accepted"
                                  : ", snabbast %" PRId64 " s efter att händelsen togs emot",
                       shortest_s);
  const char *detail = nav_arena_printf(f->request->arena,
                                        f->english ? "%" PRIu64 " of %" PRIu64 " released (%" PRIu64 " %%)%s"
                                                   : "%" PRIu64 " av %" PRIu64 " släppta (%" PRIu64 " %%)%s",
                                        group->count, all, group->count * PERCENT / all,
                                        timed && quickest != NULL ? quickest : "");
  json_t *finding = make(group, "released_holds",
                         f->english ? "What the assessor released" : "Bedömarens släppta uppgifter", detail);
  (void)json_object_set_new(finding, "released", json_integer((json_int_t)group->count));
  (void)json_object_set_new(finding, "refused", json_integer((json_int_t)group->other));
  (void)json_object_set_new(finding, "share", json_real((double)group->count / (double)all));
  (void)json_object_set_new(finding, "shortest_s", timed ? json_integer(shortest_s) : json_null());
  return finding;
}

static json_t *make_hours(struct follow_up *f, const struct follow_group *group) {
  const char *detail =
      nav_arena_printf(f->request->arena,
                       f->english ? "%" PRIu64 " readings of %" PRIu64 " events, not Monday to Friday 07–19"
                                  : "%" PRIu64 " läsningar av %" PRIu64 " händelser, inte vardag 07–19",
                       group->count, group->other);
  json_t *finding = make(group, "outside_hours",
                         f->english ? "Reading outside working hours" : "Läsning utanför arbetstid", detail);
  (void)json_object_set_new(finding, "events", json_integer((json_int_t)group->other));
  return finding;
}

static json_t *make_erased(struct follow_up *f, const struct follow_group *group) {
  bool ordered = group->what == FOLLOW_ORDERED;
  const char *of =
      f->english ? (ordered ? "records" : "days' classes") : (ordered ? "poster" : "dagars klasser");
  const char *detail = nav_arena_printf(
      f->request->arena,
      f->english ? "%" PRIu64 " events in %" PRIu64 " %s, %" PRIu64 " deliveries of them were never made"
                 : "%" PRIu64 " händelser i %" PRIu64 " %s, %" PRIu64 " leveranser av dem blev aldrig av",
      group->other, group->count, of, group->undelivered);
  json_t *finding =
      ordered ? make(group, "erased_by_order", f->english ? "Erased before its time" : "Raderat före sin tid",
                     detail)
              : make(group, "erased_in_time",
                     f->english ? "Erased when its time was up" : "Gallrat när tiden var ute", detail);
  (void)json_object_set_new(finding, "events", json_integer((json_int_t)group->other));
  (void)json_object_set_new(finding, "undelivered", json_integer((json_int_t)group->undelivered));
  return finding;
}

void follow_tell_groups(struct follow_up *f) {
  for (size_t i = 0; i < f->groups_count; i++) {
    const struct follow_group *group = &f->groups[i];
    if (group->what == FOLLOW_HOURS) {
      follow_add(f, make_hours(f, group));
    } else if (group->what == FOLLOW_ORDERED || group->what == FOLLOW_EXPIRED) {
      follow_add(f, make_erased(f, group));
    } else if (group->what == FOLLOW_RELEASED) {
      follow_add(f, make_released(f, group));
    } else if (group->what == FOLLOW_LAPSED) {
      follow_add(f, make(group, "lapsed_holds",
                         f->english ? "Held, and nobody answered" : "Väntande uppgifter som ingen svarade på",
                         f->english ? "lapsed without an assessment" : "förföll utan bedömning"));
    } else {
      follow_add(f, make(group, "refused_sessions", f->english ? "Refused sessions" : "Avvisade anslutningar",
                         f->english ? "the records say why" : "se posterna för orsaken"));
    }
  }
}

// ---- what is not there ----

// Of one agency that was let have events: how many, and some of them.
struct owed {
  const char *agency;
  uint64_t events;
  struct follow_seqs seqs;
  uint32_t counted;  // the verdict whose events were counted last
  bool acknowledged;
};

struct quiet {
  struct owed *agencies;  // by their first lane
  size_t count;
};

static struct owed *owed_of(struct quiet *quiet, const char *agency) {
  for (size_t i = 0; i < quiet->count; i++) {
    if (strcmp(quiet->agencies[i].agency, agency) == 0) return &quiet->agencies[i];
  }
  quiet->agencies[quiet->count].agency = agency;
  return &quiet->agencies[quiet->count++];
}

// A verdict that events since then have; an agency with several lanes has each event once.
static void take_verdict(struct follow_up *f, struct quiet *quiet, const Nav__V1__VerdictDefined *verdict,
                         uint64_t events, uint64_t first_seq) {
  for (size_t i = 0; verdict != NULL && i < verdict->n_lanes; i++) {
    const Nav__V1__LaneVerdict *lane = verdict->lanes[i];
    const struct desk_lane *named = definitions_lane(&f->definitions, lane->lane);
    follow_rule_used(f, lane);
    if (named == NULL || lane->outcome != NAV__V1__OUTCOME__OUTCOME_RELEASE) continue;
    struct owed *owed = owed_of(quiet, named->agency);
    if (owed->counted == verdict->number) continue;
    owed->counted = verdict->number;
    owed->events += events;
    follow_note_seq(&owed->seqs, first_seq);
  }
}

static bool read_verdicts(struct follow_up *f, struct quiet *quiet, struct nav_error *err) {
  char first[NUMBER_SIZE];
  const char *values[] = {first};
  (void)snprintf(first, sizeof first, "%" PRIu64, f->first_seq);
  PGresult *result = desk_query(
      f->request->database,
      "SELECT verdict, count(*), min(seq) FROM nav.event_view WHERE seq >= $1::bigint GROUP BY verdict "
      "ORDER BY verdict",
      1, values, err);
  if (result == NULL) return false;
  for (int i = 0; i < PQntuples(result); i++) {
    take_verdict(f, quiet, definitions_verdict(&f->definitions, desk_int4(result, i, 0)),
                 (uint64_t)desk_int8(result, i, 1), (uint64_t)desk_int8(result, i, 2));
  }
  PQclear(result);
  return true;
}

static bool read_acknowledged(struct follow_up *f, struct quiet *quiet, struct nav_error *err) {
  char first[NUMBER_SIZE];
  (void)snprintf(first, sizeof first, "%" PRIu64, f->first_seq);
  uint64_t *lanes = nav_arena_zalloc(f->request->arena, f->definitions.lanes_count + 1, sizeof *lanes);
  size_t count = 0;
  for (size_t i = 1; lanes != NULL && i < f->definitions.lanes_count; i++) {
    if (f->definitions.lanes[i].agency != NULL) lanes[count++] = i;
  }
  const char *list = lanes == NULL ? NULL : desk_array(f->request->arena, lanes, count);
  if (list == NULL) return nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  const char *values[] = {list, first};
  PGresult *result = desk_query(f->request->database,
                                "SELECT u.lane FROM unnest($1::int[]) AS u(lane) WHERE EXISTS (SELECT 1 FROM "
                                "nav.ledger_view WHERE lane = u.lane AND kind = 30 AND seq >= $2::bigint)",
                                2, values, err);
  if (result == NULL) return false;
  for (int i = 0; i < PQntuples(result); i++) {
    const struct desk_lane *lane = definitions_lane(&f->definitions, desk_int4(result, i, 0));
    if (lane != NULL) owed_of(quiet, lane->agency)->acknowledged = true;
  }
  PQclear(result);
  return true;
}

// No decision names a rule of counts alone, so that nothing tells whether it is used. The rules of now may be
// of later than the record: one that they do not know is told of.
static bool is_of_counts(const struct access_rules *rules, const char *id) {
  const struct access_rule_info *rule = rules == NULL ? NULL : access_rule_named(rules, id);
  return rule != NULL && rule->is_aggregate;
}

static void tell_unused(struct follow_up *f) {
  struct conf_faults faults = {0};
  const struct desk_request *request = f->request;
  struct access_rules *rules = access_rules_load(request->nav->config_folder, request->agencies, &faults);
  conf_faults_free(&faults);
  if (rules == NULL) f->complete = false;
  for (size_t i = 0; f->rules != NULL && i < f->rules->n_rules; i++) {
    if (f->rules_used[i] || is_of_counts(rules, f->rules->rules[i])) continue;
    follow_add(
        f, json_pack("{s:s, s:s, s:s, s:i, s:s, s:[I]}", "what", "unused_rule", "title",
                     f->english ? "A rule that was never used" : "Regel som aldrig använts", "who",
                     f->rules->rules[i], "count", 0, "detail",
                     f->english ? "no event was decided by it" : "ingen händelse har prövats fram till den",
                     "seqs", (json_int_t)f->rules_seq));
  }
  access_rules_free(rules);
}

static void tell_quiet(struct follow_up *f, const struct quiet *quiet) {
  for (size_t i = 0; i < quiet->count; i++) {
    const struct owed *owed = &quiet->agencies[i];
    if (owed->acknowledged || owed->events == 0 || !mandate_covers(f->request->person, owed->agency))
      continue;
    follow_add(f, json_pack("{s:s, s:s, s:s, s:I, s:s, s:o}", "what", "never_acknowledges", "title",
                            f->english ? "Never acknowledges" : "Kvitterar aldrig", "who", owed->agency,
                            "count", (json_int_t)owed->events, "detail",
                            f->english ? "may be given events, but none is acknowledged"
                                       : "får lämnas händelser, men ingen är kvitterad",
                            "seqs", follow_seqs_json(&owed->seqs)));
  }
}

bool follow_tell_quiet(struct follow_up *f, struct nav_error *err) {
  struct quiet quiet = {0};
  quiet.agencies =
      nav_arena_zalloc(f->request->arena, f->definitions.lanes_count + 1, sizeof *quiet.agencies);
  if (quiet.agencies == NULL) return nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  if (!read_verdicts(f, &quiet, err) || !read_acknowledged(f, &quiet, err)) return false;
  tell_quiet(f, &quiet);
  tell_unused(f);
  return true;
}
