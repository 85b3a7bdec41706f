// See status.h. accepted, withheld, held and received are counted from the ledger; after a start for a while
// accepted, withheld and held are of the newest events alone and behind is null, which `counted` says
// (past.h). sent, duplicate and rejected are since nav-core started. Of an agency's own events, `held` are
// those that wait for somebody's assessment for some recipient, `withheld` those that reach nobody.
#include "hub/core/status.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "hub/base/id.h"
#include "hub/core/hold_commands.h"
#include "hub/core/holds.h"
#include "hub/core/past.h"
#include "hub/core/replay.h"
#include "hub/core/standby.h"

static bool is_connected(struct core *core, const char *agency) {
  for (size_t i = 0; i < sessions_count(core->sessions); i++) {
    const struct session *session = sessions_at(core->sessions, i);
    if (session != NULL && session->started && strcmp(session->agency->id, agency) == 0) return true;
  }
  return false;
}

static uint64_t received_by(const struct core *core, const char *agency) {
  uint64_t received = 0;
  for (uint32_t i = 1; i < core->numbers->lanes_end; i++) {
    if (core->lanes[i] == NULL || strcmp(core->numbers->lanes[i].agency, agency) != 0) continue;
    received += core->lanes[i]->delivered;
  }
  return received;
}

static json_t *agency_json(struct core *core, const struct conf_agency *agency,
                           const struct conf_person *person) {
  const struct agency_count *count = core_count(core, numbers_agency(core->numbers, agency->id));
  json_t *row = json_pack("{s:s, s:s?, s:b, s:I, s:I, s:I, s:I, s:I}", "id", agency->id, "title",
                          agency->title, "connected", is_connected(core, agency->id) ? 1 : 0, "sent",
                          (json_int_t)count->sent, "accepted", (json_int_t)count->accepted, "duplicate",
                          (json_int_t)count->duplicate, "rejected", (json_int_t)count->rejected, "received",
                          (json_int_t)received_by(core, agency->id));
  if (!hold_seen_by(person, agency->id)) return row;
  (void)json_object_set_new(row, "withheld", json_integer((json_int_t)count->withheld));
  (void)json_object_set_new(row, "held", json_integer((json_int_t)count->held));
  return row;
}

static json_t *lane_json(struct core *core, uint32_t number) {
  const struct number_lane *names = &core->numbers->lanes[number];
  const struct lane *lane = core_lane(core, number);
  bool known = past_is_whole(core->past);
  json_t *row = json_pack("{s:I, s:s, s:s, s:I, s:I, s:o, s:I}", "number", (json_int_t)number, "agency",
                          names->agency, "purpose", names->purpose, "cursor", (json_int_t)lane->cursor,
                          "received", (json_int_t)lane->delivered, "behind",
                          known ? json_integer((json_int_t)due_behind(lane)) : json_null(), "set_aside",
                          (json_int_t)lane->nacks.aside_count);
  if (row != NULL && nacks_are_full(lane)) (void)json_object_set_new(row, "full", json_true());
  if (row != NULL && replay_is_under_way(lane))
    (void)json_object_set_new(row, "replay",
                              json_pack("{s:I, s:I, s:I}", "after", (json_int_t)lane->replay_after, "up_to",
                                        (json_int_t)lane->replay_until, "at", (json_int_t)lane->scan));
  return row;
}

static json_t *holds_json(const struct core *core, const struct conf_person *person) {
  json_int_t open = 0;
  json_int_t urgent = 0;
  json_int_t overdue = 0;
  for (size_t i = 0; i < holds_slots(core->holds); i++) {
    const struct hold *hold = holds_at(core->holds, i);
    if (hold == NULL || !hold_seen_by(person, core->numbers->agencies[hold->agency])) continue;
    open++;
    urgent += hold->urgent ? 1 : 0;
    overdue += hold->level > 0 ? 1 : 0;
  }
  return json_pack("{s:I, s:I, s:I}", "open", open, "urgent", urgent, "escalated", overdue);
}

static json_t *ledger_json(const struct core *core) {
  char log_id[2 * KEY_LOG_ID_SIZE + 1];
  char root_hex[2 * NAV_SHA256_SIZE + 1];
  uint8_t root[NAV_SHA256_SIZE];
  merkle_root(&core->sequence.frontier, root);
  return json_pack("{s:I, s:I, s:b, s:s, s:s, s:s, s:I}", "records", (json_int_t)core->committed_seq,
                   "events", (json_int_t)core->events, "counted", past_is_whole(core->past) ? 1 : 0, "root",
                   nav_hex(root_hex, root, sizeof root), "log_id",
                   nav_hex(log_id, core->sequence.log_id, KEY_LOG_ID_SIZE), "checkpoint",
                   core->checkpoint_note, "epoch", (json_int_t)core->sequence.epoch);
}

// While it stands by it knows nothing of the ledger.
static json_t *waiting_json(const struct core *core, const struct rusage *usage) {
  return json_pack("{s:b, s:o, s:I}", "ok", 1, "node", standby_json(core), "memory_kb",
                   (json_int_t)usage->ru_maxrss);
}

json_t *status_json(struct core *core, const struct conf_person *person) {
  char hash[2 * NAV_SHA256_SIZE + 1];
  struct rusage usage = {0};
  (void)getrusage(RUSAGE_SELF, &usage);
  if (standby_waits(core)) return waiting_json(core, &usage);
  json_t *agencies = json_array();
  json_t *lanes = json_array();
  for (size_t i = 0; i < core->agencies->agencies_count; i++) {
    (void)json_array_append_new(agencies, agency_json(core, &core->agencies->agencies[i], person));
  }
  for (uint32_t i = 1; i < core->numbers->lanes_end; i++) {
    if (core->numbers->lanes[i].rules_lane != NUMBERS_NONE)
      (void)json_array_append_new(lanes, lane_json(core, i));
  }
  return json_pack(
      "{s:b, s:o, s:{s:s, s:I, s:I}, s:o, s:o, s:o, s:o, s:b, s:I}", "ok", 1, "node", standby_json(core),
      "rules", "hash", nav_hex(hash, access_rules_hash(core->rules), NAV_SHA256_SIZE), "count",
      (json_int_t)access_rule_count(core->rules), "verdicts", (json_int_t)(verdicts_end(core->verdicts) - 1),
      "ledger", ledger_json(core), "agencies", agencies, "lanes", lanes, "holds", holds_json(core, person),
      "database", core->database_lost ? 0 : 1, "memory_kb", (json_int_t)usage.ru_maxrss);
}
