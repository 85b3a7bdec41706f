// See hold_decide.h.
#include "hub/core/hold_decide.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hub/access/classes.h"
#include "hub/base/log.h"
#include "hub/core/question.h"
#include "hub/core/reasons.h"
#include "hub/core/stored.h"
#include "hub/wire/control.h"
#include "hub/wire/event.h"

enum { ARENA_BYTES_MAX = 4 * 1024 * 1024, CONDITIONS_MAX = ACCESS_CONDITIONS_MAX };

struct pending {
  bool used, asked;
  uint64_t connection;
  uint64_t event_seq;
  uint32_t lane;
  uint16_t reveal;
  uint64_t subjects;
  char *person, *agency, *reason;
  char *conditions[CONDITIONS_MAX];
  size_t conditions_count;
};

struct hold_decisions {
  struct pending list[HOLD_DECISIONS_MAX];
  size_t turn;
  struct nav_arena *arena;
};

struct hold_decisions *hold_decisions_new(void) {
  struct hold_decisions *decisions = calloc(1, sizeof *decisions);
  if (decisions == NULL) return NULL;
  decisions->arena = nav_arena_new(ARENA_BYTES_MAX);
  if (decisions->arena != NULL) return decisions;
  free(decisions);
  return NULL;
}

static void clear(struct pending *pending) {
  free(pending->person);
  free(pending->agency);
  free(pending->reason);
  for (size_t i = 0; i < pending->conditions_count; i++) free(pending->conditions[i]);
  *pending = (struct pending){0};
}

void hold_decisions_free(struct hold_decisions *decisions) {
  if (decisions == NULL) return;
  for (size_t i = 0; i < HOLD_DECISIONS_MAX; i++) clear(&decisions->list[i]);
  nav_arena_free(decisions->arena);
  free(decisions);
}

static void answer(struct core *core, uint64_t connection, uint64_t seq, const char *outcome,
                   uint16_t reveal) {
  core_answer_durable(core, connection,
                      json_pack("{s:b, s:I, s:s, s:o}", "ok", 1, "seq", (json_int_t)seq, "outcome", outcome,
                                "reveal", access_class_list(reveal)));
}

static bool stage_refused(struct core *core, struct hold *hold, const struct conf_person *person,
                          const char *reason, uint64_t connection, struct nav_error *err) {
  Nav__V1__HoldRefused refused = NAV__V1__HOLD_REFUSED__INIT;
  refused.has_event_seq = refused.has_lane = true;
  refused.event_seq = hold->event_seq;
  refused.lane = hold->lane;
  refused.person = person->id;
  refused.agency = person->agency;
  refused.reason = (char *)(uintptr_t)reason;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_HOLD_REFUSED;
  record.hold_refused = &refused;
  uint64_t seq = 0;
  if (!reasons_stage(core, &record, &seq, err)) return false;
  holds_refused(core->holds, hold);
  answer(core, connection, seq, "refuse", 0);
  return true;
}

static bool has_condition(const struct pending *pending, const char *id) {
  for (size_t i = 0; i < pending->conditions_count; i++)
    if (strcmp(pending->conditions[i], id) == 0) return true;
  return false;
}

// They have been checked: each is a condition, and there are no more than CONDITIONS_MAX of these.
static bool keep_texts(struct pending *pending, const struct control_request *request, const char *reason) {
  const json_t *list = json_object_get(request->json, "conditions");
  pending->person = strdup(request->person->id);
  pending->agency = strdup(request->person->agency);
  pending->reason = strdup(reason);
  bool ok = pending->person != NULL && pending->agency != NULL && pending->reason != NULL;
  for (size_t i = 0; ok && i < json_array_size(list); i++) {
    const char *id = json_string_value(json_array_get(list, i));
    if (has_condition(pending, id)) continue;
    NAV_ASSERT(pending->conditions_count < CONDITIONS_MAX);
    char *text = strdup(id);
    if (text == NULL) return false;
    pending->conditions[pending->conditions_count++] = text;
  }
  return ok;
}

bool hold_decide(struct control_request *request, const struct hold_decision *decision, const char *reason,
                 struct nav_error *err) {
  struct core *core = request->core;
  struct hold *hold = decision->hold;
  if (!decision->release) return stage_refused(core, hold, request->person, reason, request->connection, err);
  for (size_t i = 0; i < HOLD_DECISIONS_MAX; i++) {
    struct pending *pending = &core->hold_decisions->list[i];
    if (pending->used) continue;
    *pending = (struct pending){.used = true,
                                .connection = request->connection,
                                .event_seq = hold->event_seq,
                                .lane = hold->lane,
                                .reveal = decision->reveal,
                                .subjects = decision->subjects};
    if (!keep_texts(pending, request, reason)) {
      clear(pending);
      return nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
    }
    hold->deciding = true;
    return true;
  }
  return nav_fail(err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, "",
                  "%d decisions are on their way: try again soon", HOLD_DECISIONS_MAX);
}

// ---- the content has come ----

static void refuse(struct core *core, struct pending *pending, const struct nav_error *err) {
  core_answer(core, pending->connection, control_error(err));
  struct hold *hold = holds_find(core->holds, pending->event_seq, pending->lane);
  if (hold != NULL) hold->deciding = false;
  clear(pending);
}

// What leaves: what the rule held, what the assessor lets, and what the rules in force would hold or release
// now.
static bool decide_now(const struct core_question *asking, uint16_t lets, uint64_t persons,
                       const struct hold *hold, Nav__V1__LaneVerdict *lane, struct nav_error *err) {
  const struct core *core = asking->core;
  int rules_lane = core->numbers->lanes[hold->lane].rules_lane;
  struct access_decision now = {.outcome = NAV__V1__OUTCOME__OUTCOME_WITHHOLD, .rule = ACCESS_NO_RULE};
  if (rules_lane != NUMBERS_NONE)
    now = access_decide_lane(core->rules, &asking->question, (size_t)rules_lane);
  if (now.outcome == NAV__V1__OUTCOME__OUTCOME_WITHHOLD)
    return nav_fail(
        err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_PERMITTED, "",
        "the rules in force no longer let it: navctl access explain says why; refuse it, or ask for it anew");
  uint16_t may = (uint16_t)(now.reveal | now.hold_reveal);
  uint64_t whom = now.subjects | now.hold_subjects;
  uint16_t reveal = hold->reveal & lets & may;
  uint64_t subjects = hold->subjects & persons & whom;
  if (hold->subjects != 0 && subjects == 0 && persons != UINT64_MAX && persons != 0)
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "subjects",
                    "none of the persons named is one that the rule is about");
  uint16_t rule = now.hold_rule != ACCESS_NO_RULE ? now.hold_rule : now.rule;
  struct access_decision released = now;
  released.outcome = NAV__V1__OUTCOME__OUTCOME_RELEASE;
  released.rule = rule;
  released.hold_rule = released.limit = ACCESS_NO_RULE;
  released.reveal = reveal;
  released.subjects = subjects;
  released.hold_reveal = 0;
  released.hold_subjects = 0;
  released.urgent = false;
  verdict_describe(lane, hold->lane, &released, core->rules);
  return true;
}

bool hold_decide_preview(const struct core *core, const struct hold_decision *decision, const uint8_t *bytes,
                         size_t length, enum access_language language, struct hold_preview *out,
                         struct nav_error *err) {
  struct nav_arena *arena = core->hold_decisions->arena;  // nothing in it outlives a turn
  const struct hold *hold = decision->hold;
  int rules_lane = core->numbers->lanes[hold->lane].rules_lane;
  struct core_question question;
  *out = (struct hold_preview){.lane = NAV__V1__LANE_VERDICT__INIT};
  nav_arena_reset(arena);
  const Nav__V1__Event *event = wire_decode_lenient(&nav__v1__event__descriptor, arena, bytes, length, err);
  if (event == NULL) return false;
  if (event->id.len != sizeof hold->event_id || memcmp(event->id.data, hold->event_id, event->id.len) != 0)
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "event", "is another than the one that waits");
  if (rules_lane == NUMBERS_NONE)
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "lane",
                    "its recipient no longer takes part in it: it can only be refused");
  core_question(&question, core, event);
  out->leaves = decide_now(&question, decision->reveal, decision->subjects, hold, &out->lane, err);
  if (!out->leaves && err->code != NAV__V1__CODE__CODE_NOT_PERMITTED) return false;
  out->explain = access_explain(core->rules, &question.question, (size_t)rules_lane, language);
  return out->explain != NULL || nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
}

static bool stage_released(struct core *core, const struct pending *pending, Nav__V1__LaneVerdict *lane,
                           uint64_t *seq, struct nav_error *err) {
  Nav__V1__HoldReleased released = NAV__V1__HOLD_RELEASED__INIT;
  released.has_event_seq = true;
  released.event_seq = pending->event_seq;
  released.lane = lane;
  released.person = pending->person;
  released.agency = pending->agency;
  released.reason = pending->reason;
  released.conditions = (char **)(uintptr_t)pending->conditions;
  released.n_conditions = pending->conditions_count;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_HOLD_RELEASED;
  record.hold_released = &released;
  return reasons_stage(core, &record, seq, err);
}

static void release(struct core *core, struct pending *pending, const struct stored_event *stored) {
  struct nav_error err;
  struct hold *hold = holds_find(core->holds, pending->event_seq, pending->lane);
  struct nav_arena *arena = core->hold_decisions->arena;
  nav_arena_reset(arena);
  const Nav__V1__Event *event =
      wire_decode_lenient(&nav__v1__event__descriptor, arena, stored->bytes, stored->length, &err);
  struct core_question question;
  Nav__V1__LaneVerdict lane;
  uint64_t seq = 0;
  if (event != NULL) core_question(&question, core, event);
  if (event == NULL || !decide_now(&question, pending->reveal, pending->subjects, hold, &lane, &err) ||
      !stage_released(core, pending, &lane, &seq, &err)) {
    refuse(core, pending, &err);
    return;
  }
  const struct nav_buffer *bytes = batch_last_record(core->staging);
  struct head_entry *entry = head_entry_of_record(seq, bytes->data, bytes->length, stored->bucket_day,
                                                  stored->bytes, stored->length);
  NAV_ASSERT(entry != NULL);
  batch_stage_entry(core->staging, entry);
  due_give(core_lane(core, pending->lane), 1);
  holds_released(core->holds, hold, seq);
  answer(core, pending->connection, seq, "release", (uint16_t)lane.reveal);
  nav_log(NAV_LOG_INFO, "%s has released event %" PRIu64 " to lane %" PRIu32, pending->person,
          pending->event_seq, pending->lane);
  clear(pending);
}

static struct pending *asked(struct core *core) {
  for (size_t i = 0; i < HOLD_DECISIONS_MAX; i++)
    if (core->hold_decisions->list[i].asked) return &core->hold_decisions->list[i];
  return NULL;
}

static void content_came(void *context, const PGresult *result) {
  struct core *core = context;
  struct pending *pending = asked(core);
  struct nav_error err = {0};
  if (pending == NULL) return;
  pending->asked = false;
  if (result == NULL || core->database_lost || !batch_has_room(core->staging)) return;  // once more, later
  if (holds_find(core->holds, pending->event_seq, pending->lane) == NULL) {
    (void)nav_fail(&err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "hold",
                   "it no longer waits: it was taken back, or a newer revision has come");
    refuse(core, pending, &err);
    return;
  }
  struct stored_event stored = {.seq = pending->event_seq};
  bool there = PQntuples(result) == 1 && PQgetisnull(result, 0, 2) == 0;
  if (there) {
    stored.retention_class = nav_get_u16((const uint8_t *)PQgetvalue(result, 0, 0));
    stored.bucket_day = nav_get_u32((const uint8_t *)PQgetvalue(result, 0, 1));
    there = stored_open(core, &stored, (const uint8_t *)PQgetvalue(result, 0, 2),
                        (size_t)PQgetlength(result, 0, 2), &err);
  }
  if (there) {
    release(core, pending, &stored);
    return;
  }
  (void)nav_fail(&err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "hold",
                 "its content is no longer kept: it can only be refused");
  refuse(core, pending, &err);
}

void hold_decide_step(struct core *core) {
  struct hold_decisions *decisions = core->hold_decisions;
  if (core->database_lost || !reader_is_idle(core->reader) || asked(core) != NULL) return;
  for (size_t i = 0; i < HOLD_DECISIONS_MAX; i++) {
    struct pending *pending = &decisions->list[decisions->turn++ % HOLD_DECISIONS_MAX];
    if (!pending->used) continue;
    uint8_t seq[8];
    nav_put_u64(seq, pending->event_seq);
    const Oid types[] = {20};
    const char *values[] = {(const char *)seq};
    const int lengths[] = {8};
    pending->asked = true;
    reader_ask(core->reader,
               "SELECT e.bucket_class, e.bucket_day, c.sealed FROM nav.event_view e "
               "LEFT JOIN nav.content c ON c.seq = e.seq WHERE e.seq = $1",
               1, types, values, lengths, content_came, core);
    return;
  }
}
