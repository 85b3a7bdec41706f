// See audit_line.h. One function a kind of record; the table at the end leads to them.
#include "hub/desk/audit_line_fill.h"

#include <inttypes.h>
#include <stdio.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/ledger/record.h"
#include "hub/wire/event.h"
#include "nav/v1/options.pb-c.h"

const char *audit_or_null(const char *text) { return text != NULL && text[0] != '\0' ? text : NULL; }

// "what: why", either of which may be missing.
const char *audit_both(struct nav_arena *arena, const char *what, const char *why) {
  if (audit_or_null(why) == NULL) return audit_or_null(what);
  if (audit_or_null(what) == NULL) return why;
  return nav_arena_printf(arena, "%s: %s", what, why);
}

static const char *hex(struct nav_arena *arena, ProtobufCBinaryData bytes) {
  char *out = nav_arena_alloc(arena, 2 * bytes.len + 1);
  return out != NULL && bytes.len > 0 ? nav_hex(out, bytes.data, bytes.len) : NULL;
}

static const uint8_t *event_id(bool has, ProtobufCBinaryData bytes) {
  return has && bytes.len == NAV_EVENT_ID_SIZE ? bytes.data : NULL;
}

void audit_take_lane(struct audit_line *line, const struct definitions *definitions, uint32_t number) {
  const struct desk_lane *lane = definitions_lane(definitions, number);
  if (lane == NULL) return;
  line->to = lane->agency;
  line->purpose = lane->purpose;
}

void audit_take_verdict(struct audit_line *line, const struct definitions *definitions,
                        const Nav__V1__LaneVerdict *verdict, struct nav_arena *arena) {
  audit_take_lane(line, definitions, verdict->lane);
  line->rule = audit_or_null(verdict->rule);
  line->basis = audit_or_null(verdict->basis);
  line->outcome = wire_enum_name(&nav__v1__outcome__descriptor, (int)verdict->outcome);
  line->has_reveal = true;
  line->reveal = verdict->outcome == NAV__V1__OUTCOME__OUTCOME_WITHHOLD ? 0 : verdict->reveal;
  line->hold_rule = audit_or_null(verdict->hold_rule);
  line->hold_basis = audit_or_null(verdict->hold_basis);
  if (line->hold_rule != NULL) {
    line->reason = nav_arena_printf(arena, "the rest is held by %s (%s)", verdict->hold_rule,
                                    verdict->hold_basis != NULL ? verdict->hold_basis : "");
  }
}

static void accepted_lines(const Nav__V1__Record *record, const struct definitions *definitions,
                           struct nav_arena *arena, struct audit_lines *lines) {
  const Nav__V1__Accepted *a = record->accepted;
  const Nav__V1__VerdictDefined *verdict = definitions_verdict(definitions, a->verdict);
  struct audit_line line = lines->items[0];
  line.actor = line.from = a->agency;
  line.event_id = event_id(a->has_event_id, a->event_id);
  line.event_seq = record->seq;
  line.type = wire_body_name(a->type);
  if (verdict == NULL || verdict->n_lanes == 0) {
    line.outcome = wire_enum_name(&nav__v1__outcome__descriptor, NAV__V1__OUTCOME__OUTCOME_WITHHOLD);
    line.has_reveal = true;
    line.reason =
        verdict == NULL ? "its verdict is not defined: run audit verify" : "no rule released it to anybody";
    lines->items[0] = line;
    return;
  }
  lines->count = verdict->n_lanes < AUDIT_LINES_A_RECORD_MAX ? verdict->n_lanes : AUDIT_LINES_A_RECORD_MAX;
  for (size_t i = 0; i < lines->count; i++) {
    lines->items[i] = line;
    audit_take_verdict(&lines->items[i], definitions, verdict->lanes[i], arena);
  }
}

typedef void fill(const Nav__V1__Record *record, const struct definitions *definitions,
                  struct nav_arena *arena, struct audit_line *line);

static void started(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                    struct audit_line *line) {
  const Nav__V1__Started *s = r->started;
  (void)d;
  line->actor = s->program;
  if (s->node == NULL || s->node[0] == '\0') return;
  bool over = s->taken_over != NULL && s->taken_over[0] != '\0';
  bool expired = s->lease_was == NAV__V1__LEASE_WAS__LEASE_WAS_EXPIRED;
  line->reason =
      over ? nav_arena_printf(arena, "node %s, over from %s, which %s", s->node, s->taken_over,
                              expired ? "gave no sign of life" : "was not connected to the database any more")
           : nav_arena_printf(arena, "node %s", s->node);
}

static void stopped(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                    struct audit_line *line) {
  (void)d;
  (void)arena;
  line->reason = audit_or_null(r->stopped->reason);
}

static void resumed(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                    struct audit_line *line) {
  (void)d;
  line->reason = nav_arena_printf(arena, "after a commit of unknown outcome; the last record was %" PRIu64,
                                  r->resumed->last_seq);
}

static void restored(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                     struct audit_line *line) {
  (void)d;
  line->reason = audit_both(arena,
                            nav_arena_printf(arena, "the database was put back; the last record was %" PRIu64,
                                             r->restored->last_seq),
                            audit_or_null(r->restored->reason));
}

static void rules_changed(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                          struct audit_line *line) {
  (void)d;
  line->actor = audit_or_null(r->rules_changed->person);
  line->reason = audit_both(arena, "rules", hex(arena, r->rules_changed->hash));
}

static void config_changed(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                           struct audit_line *line) {
  (void)d;
  line->actor = audit_or_null(r->config_changed->person);
  line->reason = audit_both(arena, "configuration", hex(arena, r->config_changed->hash));
}

static void key_changed(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                        struct audit_line *line) {
  (void)d;
  line->from = audit_or_null(r->key_changed->owner);
  line->reason = audit_both(arena, r->key_changed->use, hex(arena, r->key_changed->public_key));
}

static void agency_defined(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                           struct audit_line *line) {
  (void)d;
  line->from = r->agency_defined->agency;
  line->reason = nav_arena_printf(arena, "number %" PRIu32, r->agency_defined->number);
}

static void lane_defined(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                         struct audit_line *line) {
  (void)d;
  line->to = r->lane_defined->agency;
  line->purpose = r->lane_defined->purpose;
  line->reason = nav_arena_printf(arena, "lane %" PRIu32, r->lane_defined->number);
}

static void verdict_defined(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                            struct audit_line *line) {
  (void)d;
  line->reason = nav_arena_printf(arena, "verdict %" PRIu32 " on %zu lanes", r->verdict_defined->number,
                                  r->verdict_defined->n_lanes);
}

static void published(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                      struct audit_line *line) {
  (void)d;
  line->actor = line->from = r->published->agency;
  line->reason = nav_arena_printf(arena, "%zu events", r->published->n_digests);
}

static void rejected(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                     struct audit_line *line) {
  (void)d;
  const char *code = wire_enum_name(&nav__v1__code__descriptor, (int)r->rejected->code);
  line->actor = line->from = audit_or_null(r->rejected->agency);
  line->event_id = event_id(r->rejected->has_event_id, r->rejected->event_id);
  line->outcome = code;
  line->reason = audit_both(arena, r->rejected->field, r->rejected->reason);
}

static void rejected_more(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                          struct audit_line *line) {
  (void)d;
  line->actor = line->from = audit_or_null(r->rejected_more->agency);
  line->reason = nav_arena_printf(arena, "%" PRIu64 " more in the same minute", r->rejected_more->count);
}

static void quarantined(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                        struct audit_line *line) {
  (void)d;
  line->actor = line->from = audit_or_null(r->quarantined->agency);
  line->reason = audit_both(arena, "this input once stopped the hub", hex(arena, r->quarantined->digest));
}

static void redecided(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                      struct audit_line *line) {
  line->event_seq = r->redecided->event_seq;
  if (r->redecided->lane != NULL) audit_take_verdict(line, d, r->redecided->lane, arena);
}

static void acknowledged(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                         struct audit_line *line) {
  audit_take_lane(line, d, r->acknowledged->lane);
  line->actor = line->to;
  line->reason = nav_arena_printf(arena, "up to position %" PRIu64 ", %" PRIu64 " deliveries",
                                  r->acknowledged->position, r->acknowledged->delivered);
}

static void replayed(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                     struct audit_line *line) {
  audit_take_lane(line, d, r->replayed->lane);
  bool ordered = r->replayed->person != NULL && r->replayed->person[0] != '\0';
  line->actor = ordered ? r->replayed->person : line->to;
  if (ordered) line->by = audit_or_null(r->replayed->agency);
  line->reason = audit_both(arena,
                            nav_arena_printf(arena, "positions after %" PRIu64 " up to %" PRIu64,
                                             r->replayed->after_position, r->replayed->up_to_position),
                            r->replayed->reason);
}

static void nacked(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                   struct audit_line *line) {
  audit_take_lane(line, d, r->nacked->lane);
  line->actor = line->to;
  const char *what = r->nacked->set_aside ? ", set aside" : "";
  line->reason = audit_both(
      arena, nav_arena_printf(arena, "position %" PRIu64 "%s", r->nacked->position, what), r->nacked->reason);
}

static void redelivered(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                        struct audit_line *line) {
  line->event_seq = r->redelivered->event_seq;
  if (r->redelivered->released != NULL) {
    audit_take_verdict(line, d, r->redelivered->released, arena);
  } else {
    audit_take_lane(line, d, r->redelivered->lane);
  }
  line->actor = audit_or_null(r->redelivered->person);
  line->by = audit_or_null(r->redelivered->agency);
  bool nothing = r->redelivered->released == NULL && r->redelivered->recalled == NULL;
  line->reason = audit_both(arena,
                            nav_arena_printf(arena, "position %" PRIu64 "%s", r->redelivered->position,
                                             nothing ? ", nothing was left of it" : ""),
                            r->redelivered->reason);
}

static void read_line(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                      struct audit_line *line) {
  (void)d;
  (void)arena;
  line->actor = audit_or_null(r->read->person);
  line->to = audit_or_null(r->read->agency);
  line->purpose = audit_or_null(r->read->purpose);
  line->meeting = audit_or_null(r->read->meeting);
  line->reason = audit_or_null(r->read->reason);
  line->event_seqs = r->read->event_seqs;
  line->event_seqs_count = r->read->n_event_seqs;
}

static void briefing_compiled(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                              struct audit_line *line) {
  (void)d;
  const Nav__V1__BriefingCompiled *b = r->briefing_compiled;
  line->actor = audit_or_null(b->person);
  line->to = audit_or_null(b->for_agency);
  line->purpose = audit_or_null(b->purpose);
  line->meeting = audit_or_null(b->meeting);
  line->reason = audit_both(arena, b->meeting, b->reason);
  line->participants = b->participants;
  line->participants_count = b->n_participants;
  line->event_seqs = b->event_seqs;
  line->event_seqs_count = b->n_event_seqs;
}

static void audit_read(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                       struct audit_line *line) {
  (void)d;
  line->actor = audit_or_null(r->audit_read->person);
  line->to = audit_or_null(r->audit_read->agency);
  line->reason = audit_both(arena, r->audit_read->query, r->audit_read->reason);
}

static void refused_session(const Nav__V1__Record *r, const struct definitions *d, struct nav_arena *arena,
                            struct audit_line *line) {
  (void)d;
  line->actor = line->from = audit_or_null(r->refused_session->agency);
  line->outcome = wire_enum_name(&nav__v1__code__descriptor, (int)r->refused_session->code);
  line->reason = nav_arena_printf(arena, "%" PRIu64 " sessions", r->refused_session->count);
}

static const struct {
  Nav__V1__Record__RecordCase kind;
  fill *fill;
} fills[] = {
    {NAV__V1__RECORD__RECORD_STARTED, started},
    {NAV__V1__RECORD__RECORD_STOPPED, stopped},
    {NAV__V1__RECORD__RECORD_RESUMED, resumed},
    {NAV__V1__RECORD__RECORD_RESTORED, restored},
    {NAV__V1__RECORD__RECORD_RULES_CHANGED, rules_changed},
    {NAV__V1__RECORD__RECORD_CONFIG_CHANGED, config_changed},
    {NAV__V1__RECORD__RECORD_KEY_CHANGED, key_changed},
    {NAV__V1__RECORD__RECORD_AGENCY_DEFINED, agency_defined},
    {NAV__V1__RECORD__RECORD_LANE_DEFINED, lane_defined},
    {NAV__V1__RECORD__RECORD_VERDICT_DEFINED, verdict_defined},
    {NAV__V1__RECORD__RECORD_PUBLISHED, published},
    {NAV__V1__RECORD__RECORD_REJECTED, rejected},
    {NAV__V1__RECORD__RECORD_REJECTED_MORE, rejected_more},
    {NAV__V1__RECORD__RECORD_QUARANTINED, quarantined},
    {NAV__V1__RECORD__RECORD_REDECIDED, redecided},
    {NAV__V1__RECORD__RECORD_ACKNOWLEDGED, acknowledged},
    {NAV__V1__RECORD__RECORD_REPLAYED, replayed},
    {NAV__V1__RECORD__RECORD_NACKED, nacked},
    {NAV__V1__RECORD__RECORD_REDELIVERED, redelivered},
    {NAV__V1__RECORD__RECORD_READ, read_line},
    {NAV__V1__RECORD__RECORD_BRIEFING_COMPILED, briefing_compiled},
    {NAV__V1__RECORD__RECORD_AUDIT_READ, audit_read},
    {NAV__V1__RECORD__RECORD_REFUSED_SESSION, refused_session},
};

void audit_lines_of(const Nav__V1__Record *record, const struct definitions *definitions,
                    struct nav_arena *arena, struct audit_lines *lines) {
  lines->count = 1;
  lines->items[0] = (struct audit_line){
      .seq = record->seq, .time_ms = record->time_ms, .kind = (uint16_t)record->record_case};
  if (record->record_case == NAV__V1__RECORD__RECORD_ACCEPTED) {
    accepted_lines(record, definitions, arena, lines);
    return;
  }
  for (size_t i = 0; i < sizeof fills / sizeof fills[0]; i++) {
    if (fills[i].kind == record->record_case) fills[i].fill(record, definitions, arena, &lines->items[0]);
  }
  audit_line_case(record, definitions, arena, &lines->items[0]);
}

void audit_line_name_event(struct audit_line *line, const Nav__V1__Record *accepted) {
  if (accepted == NULL || accepted->record_case != NAV__V1__RECORD__RECORD_ACCEPTED) return;
  const Nav__V1__Accepted *a = accepted->accepted;
  line->from = a->agency;
  line->event_id = event_id(a->has_event_id, a->event_id);
  line->type = wire_body_name(a->type);
}

json_t *audit_withheld(uint32_t reveal) {
  json_t *list = json_array();
  for (int class = NAV__V1__SENSITIVITY__SENSITIVITY_PLACE;
       class <= NAV__V1__SENSITIVITY__SENSITIVITY_OFFENCE; class ++) {
    if ((reveal >> class & 1) != 0) continue;
    (void)json_array_append_new(list, json_string(wire_enum_name(&nav__v1__sensitivity__descriptor, class)));
  }
  return list;
}

json_t *audit_line_json(const struct audit_line *line) {
  char at[NAV_RFC3339_SIZE];
  char id[2 * NAV_EVENT_ID_SIZE + 1];
  return json_pack("{s:I, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:o, s:s?}",  //
                   "seq", (json_int_t)line->seq, "at", nav_clock_rfc3339(line->time_ms, at), "kind",
                   record_kind_name(line->kind), "actor", line->actor, "from", line->from, "to", line->to,
                   "event_id", line->event_id != NULL ? nav_hex(id, line->event_id, NAV_EVENT_ID_SIZE) : NULL,
                   "type", line->type, "purpose", line->purpose, "basis", line->basis, "rule", line->rule,
                   "outcome", line->outcome, "withheld",
                   line->has_reveal ? audit_withheld(line->reveal) : json_array(), "reason", line->reason);
}
