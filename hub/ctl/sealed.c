// See sealed.h.
#include "hub/ctl/sealed.h"

#include <stdio.h>
#include <string.h>

#include "hub/access/classes.h"
#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/ctl/output.h"
#include "hub/ctl/publish.h"
#include "hub/wire/event.h"
#include "hub/wire/json.h"
#include "hub/wire/message.h"

enum { ARENA_BYTES_MAX = 16 * 1024 * 1024, WAIT_MS = 60000 };

static bool load_rules(struct ctl *ctl, const json_t *hold, struct sealed_case *out) {
  const struct conf_nav *nav = ctl_nav(ctl);
  struct conf_faults faults = {0};
  if (nav == NULL) return false;
  out->agencies = conf_agencies_load(nav->config_folder, &faults);
  if (out->agencies != NULL) out->rules = access_rules_load(nav->config_folder, out->agencies, &faults);
  conf_faults_print(&faults);
  conf_faults_free(&faults);
  for (size_t i = 0; out->rules != NULL && i < access_lane_count(out->rules); i++) {
    const struct access_lane *lane = access_lane(out->rules, i);
    if (strcmp(lane->agency, output_text_of(hold, "to")) != 0 ||
        strcmp(lane->purpose, output_text_of(hold, "purpose")) != 0)
      continue;
    out->lane = i;
    return true;
  }
  return false;
}

static bool open_content(const struct keys_agency *keys, const char *agency, const json_t *shown,
                         struct sealed_case *out, struct nav_error *err) {
  const char *hex = output_text_of(shown, "sealed");
  const json_t *envelope = json_object_get(shown, "event");
  uint8_t id[NAV_EVENT_ID_SIZE];
  size_t length = strlen(hex) / 2;
  uint8_t *sealed = nav_arena_alloc(out->arena, length + 1);
  uint8_t *plain = nav_arena_alloc(out->arena, length + 1);
  if (sealed == NULL || plain == NULL || length <= KEYS_EDGE_OVERHEAD || !nav_unhex(sealed, length, hex) ||
      !nav_unhex(id, sizeof id, output_text_of(envelope, "id")))
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "hold", "the hub's answer holds no sealed event");
  struct keys_edge edge = {
      .id_key = keys->id_key,
      .agency = agency,
      .event_id = id,
      .revision = (uint32_t)json_integer_value(json_object_get(envelope, "navrevision"))};
  if (!keys_edge_open(plain, &edge, sealed, length))
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "hold", "these keys do not open it: it was sealed with others");
  out->event = wire_decode(&nav__v1__event__descriptor, out->arena, plain, length - KEYS_EDGE_OVERHEAD, err);
  return out->event != NULL;
}

bool sealed_open(struct ctl *ctl, const char *agency, const json_t *hold, const json_t *shown,
                 struct sealed_case *out, enum ctl_exit *code) {
  struct keys_agency keys;
  struct nav_error err = {0};
  *out = (struct sealed_case){.arena = nav_arena_new(ARENA_BYTES_MAX)};
  *code = CTL_FAILED;
  if (out->arena == NULL || !publish_keys(ctl, agency, &keys, code)) return false;
  bool ok = open_content(&keys, agency, shown, out, &err);
  explicit_bzero(&keys, sizeof keys);
  if (!ok) {
    *code = ctl_fail(&err);
  } else if (!load_rules(ctl, hold, out)) {
    ok = false;
    *code = ctl_complain(CTL_FAILED, "the rules here cannot tell what would leave");
  } else {
    out->now_ms = nav_clock_now_ms();
    out->decision = access_edge_held(out->rules, out->event, out->now_ms, out->lane, &out->view);
  }
  return ok;
}

void sealed_close(struct sealed_case *sealed) {
  access_rules_free(sealed->rules);
  conf_agencies_free(sealed->agencies);
  nav_arena_free(sealed->arena);
  *sealed = (struct sealed_case){0};
}

json_t *sealed_conditions(const struct sealed_case *sealed, enum access_language language) {
  const struct access_decision now = sealed->decision;
  const struct access_rule_info *rule = access_rule(sealed->rules, now.rule);
  const struct access_rule_info *limit = access_rule(sealed->rules, now.limit);
  return access_conditions_json(sealed->rules, rule == NULL ? NULL : rule->basis,
                                limit == NULL ? NULL : limit->id, language);
}

// NULL: no memory.
static json_t *copy_of(const struct sealed_case *sealed, uint16_t reveal, uint64_t subjects,
                       json_t *withheld) {
  const struct access_decision now = sealed->decision;
  if (now.outcome == NAV__V1__OUTCOME__OUTCOME_WITHHOLD) return json_null();
  const struct access_lane *lane = access_lane(sealed->rules, sealed->lane);
  const struct access_redaction redaction = {.reveal = (uint16_t)((now.reveal | now.hold_reveal) & reveal),
                                             .subjects = (now.subjects | now.hold_subjects) & subjects,
                                             .narrative_edited = now.narrative_edited,
                                             .recipient = lane->agency,
                                             .purpose = lane->purpose,
                                             .areas = access_rules_areas(sealed->rules),
                                             .now_ms = sealed->now_ms};
  struct access_paths paths = {NULL, 0};
  const Nav__V1__Event *made = access_redact(&redaction, sealed->event, sealed->arena, &paths);
  for (size_t i = 0; i < paths.count; i++) (void)json_array_append_new(withheld, json_string(paths.items[i]));
  return made == NULL ? NULL : wire_cloudevent_from_event(made);
}

// Who has consented, and which request is answered, the hub alone knows.
static bool is_presumed(const struct sealed_case *sealed) {
  return sealed->view.question.could_be || sealed->view.request == 1;
}

json_t *sealed_preview(const struct sealed_case *sealed, uint16_t reveal, uint64_t subjects,
                       enum access_language language) {
  json_t *withheld = json_array();
  json_t *copy = sealed->travels ? copy_of(sealed, reveal, subjects, withheld) : json_null();
  return json_pack("{s:o, s:b, s:o, s:o, s:o, s:o}", "explain",
                   access_explain(sealed->rules, &sealed->view.question, sealed->lane, language), "presumed",
                   is_presumed(sealed) ? 1 : 0, "preview", copy, "withheld", withheld, "event",
                   wire_cloudevent_from_event(sealed->event), "conditions",
                   sealed_conditions(sealed, language));
}

bool sealed_travels(struct sealed_case *sealed, enum ctl_exit *code) {
  struct access_edge *edge = &sealed->edge;
  if (!access_edge_unseal(sealed->rules, sealed->event, sealed->now_ms, sealed->arena, edge)) {
    *code = ctl_complain(CTL_FAILED, "no memory");
    return false;
  }
  bool waits = sealed->decision.outcome == NAV__V1__OUTCOME__OUTCOME_HOLD && edge->way == ACCESS_EDGE_SEND;
  sealed->travels = waits && !edge->released;
  if (sealed->travels) return true;
  *code = edge->released
              ? ctl_complain(CTL_REFUSED,
                             "the rules in force release some of it without assessment, which would "
                             "leave at once: change it at its source, so that its adapter sends it "
                             "anew, or refuse it")
              : ctl_complain(CTL_REFUSED, "the rules in force no longer let it: refuse it");
  return false;
}

bool sealed_is_alike(const struct sealed_case *sealed, const json_t *hold) {
  const struct access_decision now = sealed->decision;
  const struct access_rule_info *rule = access_rule(sealed->rules, now.rule);
  const struct access_rule_info *limit = access_rule(sealed->rules, now.limit);
  json_t *reveal = access_class_list(now.reveal);
  json_t *persons = access_person_list(access_edge_numbers(&sealed->edge, now.subjects));
  bool alike = rule != NULL && strcmp(output_text_of(hold, "kind"), "event") == 0 &&
               strcmp(output_text_of(hold, "rule"), rule->id) == 0 &&
               strcmp(output_text_of(hold, "limit"), limit == NULL ? "" : limit->id) == 0 &&
               json_equal(json_object_get(hold, "reveal"), reveal) &&
               json_equal(json_object_get(hold, "persons"), persons);
  json_decref(reveal);
  json_decref(persons);
  return alike;
}

json_int_t sealed_publish(struct ctl *ctl, const char *agency, const struct sealed_case *sealed,
                          enum ctl_exit *code) {
  Nav__V1__Event next = *sealed->edge.event;
  next.has_revision = true;
  next.revision = sealed->event->revision + 1;
  json_t *event = wire_cloudevent_from_event(&next);
  json_t *events = event == NULL ? NULL : json_pack("[o]", event);
  json_t *receipts = NULL;
  *code = events == NULL ? ctl_complain(CTL_FAILED, "no memory")
                         : publish_events(ctl, agency, events, WAIT_MS, &receipts);
  const json_t *receipt = json_array_get(receipts, 0);
  json_int_t seq = *code == CTL_DONE ? json_integer_value(json_object_get(receipt, "seq")) : 0;
  if (seq == 0 && *code == CTL_FAILED)
    (void)ctl_complain(CTL_FAILED, "the hub did not take it: %s %s", output_text_of(receipt, "code"),
                       output_text_of(receipt, "reason"));
  json_decref(receipts);
  json_decref(events);
  return seq;
}
