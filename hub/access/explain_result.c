// The JSON of an explanation: what was decided, what is asked of whom, and the sentences. See
// explain_parts.h.
#include <stdio.h>
#include <string.h>

#include "hub/access/classes.h"
#include "hub/access/explain_parts.h"

enum { MEMORY_MAX = 4 * 1024 * 1024, PARAGRAPH_SIZE = 512 };

// Paths are told of what is released or held alone: of what is withheld whole there is nothing to list.
static json_t *withheld_list(const struct explaining *explaining) {
  const struct access_decision *decision = &explaining->decision;
  json_t *list = json_array();
  struct nav_arena *arena = nav_arena_new(MEMORY_MAX);
  if (decision->outcome == NAV__V1__OUTCOME__OUTCOME_WITHHOLD || arena == NULL) {
    nav_arena_free(arena);
    return list;
  }
  struct access_redaction redaction = {.reveal = decision->reveal,
                                       .subjects = decision->subjects,
                                       .narrative_edited = decision->narrative_edited,
                                       .areas = explaining->rules->areas,
                                       .now_ms = explaining->question->now_ms};
  struct access_paths paths = {NULL, 0};
  if (access_redact(&redaction, explaining->question->event, arena, &paths) != NULL)
    for (size_t i = 0; i < paths.count; i++) json_array_append_new(list, json_string(paths.items[i]));
  nav_arena_free(arena);
  return list;
}

static json_t *text_or_null(const char *text) {
  return text == NULL || text[0] == '\0' ? json_null() : json_string(text);
}

static json_t *obligation_list(const struct access_rule_info *info) {
  json_t *list = json_array();
  for (size_t i = 0; info != NULL && i < info->obligations_count; i++)
    json_array_append_new(list, json_string(info->obligations[i]));
  return list;
}

static json_t *explain_counts(struct explaining *explaining) {
  struct access_aggregate aggregate;
  const Nav__V1__Event *event = explaining->question->event;
  if (explaining->decision.outcome != NAV__V1__OUTCOME__OUTCOME_WITHHOLD || explaining->sender == NULL ||
      !access_aggregate_allowed(explaining->rules, event->source, (uint32_t)event->body_case,
                                explaining->lane, explaining->question->now_ms, &aggregate) ||
      aggregate.rule == ACCESS_NO_RULE)
    return json_null();
  char cell[16];
  (void)snprintf(cell, sizeof cell, "%u", aggregate.smallest_cell);
  explain_words(explaining, explaining->would_allow, WORDS_COUNTS, cell,
                explaining->rules->rules[aggregate.rule].info.id, NULL, NULL);
  return json_integer(aggregate.smallest_cell);
}

// The sender's assessors in turn, then the desk that answers when nobody has.
static json_t *ask_list(const struct explaining *explaining) {
  const struct conf_agencies *agencies = explaining->rules->agencies;
  json_t *list = json_array();
  if (explaining->sender == NULL || explaining->decision.outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE)
    return list;
  const struct conf_agency *agency = explaining->sender->agency;
  for (size_t i = 0; i < agency->assessors_count; i++)
    for (size_t k = 0; k < agencies->persons_count; k++)
      if (strcmp(agencies->persons[k].id, agency->assessors[i]) == 0)
        explain_text(list, agencies->persons[k].title);
  if (agency->on_call != NULL) explain_text(list, agency->on_call);
  return list;
}

static json_t *answer_text(const struct explaining *explaining, const struct access_rule_info *info) {
  if (explaining->decision.outcome != NAV__V1__OUTCOME__OUTCOME_HOLD || info == NULL) return json_null();
  if (info->answer_ms == 0) return json_string(words_text(WORDS_ANSWER_AS_SET, explaining->language));
  struct nav_buffer buffer;
  nav_buffer_init(&buffer, 64);
  const char *text =
      words_duration(&buffer, info->answer_ms, explaining->language) ? nav_buffer_text(&buffer) : NULL;
  json_t *json = text_or_null(text);
  nav_buffer_free(&buffer);
  return json;
}

// Where the decision stands in the law; of what no rule permits: the secrecy that the sender works under.
static json_t *paragraph(const struct explaining *explaining, const struct law_basis *basis) {
  char text[PARAGRAPH_SIZE] = "";
  if (basis != NULL) explain_paragraph(basis, text, sizeof text);
  bool by_default = explaining->decision.rule == ACCESS_NO_RULE && explaining->sender != NULL;
  for (size_t i = 0; by_default && i < explaining->sender->agency->secrecy_count; i++) {
    const struct law_basis *secrecy =
        law_find(&explaining->rules->law, explaining->sender->agency->secrecy[i]);
    size_t used = strlen(text);
    if (secrecy == NULL || sizeof text - used < 3) continue;
    if (used > 0) (void)snprintf(text + used, sizeof text - used, ", ");
    used = strlen(text);
    explain_paragraph(secrecy, text + used, sizeof text - used);
  }
  return text_or_null(text);
}

json_t *explain_result(struct explaining *explaining) {
  static const char *const outcomes[] = {"withhold", "withhold", "hold", "release"};
  const struct access_decision *decision = &explaining->decision;
  const struct access_rule_info *info = access_rule(explaining->rules, decision->rule);
  const struct access_rule_info *hold = access_rule(explaining->rules, decision->hold_rule);
  const struct access_rule_info *limit = access_rule(explaining->rules, decision->limit);
  const struct access_lane *lane = access_lane(explaining->rules, explaining->lane);
  json_t *json = json_object();
  json_t *counts = explain_counts(explaining);
  const struct law_basis *basis =
      decision->rule == ACCESS_NO_RULE ? NULL : explaining->rules->rules[decision->rule].basis;
  bool withheld = decision->outcome == NAV__V1__OUTCOME__OUTCOME_WITHHOLD;
  json_object_set_new(json, "outcome", json_string(outcomes[decision->outcome & 3U]));
  json_object_set_new(json, "urgent", json_boolean(decision->urgent));
  json_object_set_new(json, "to", json_string(lane->agency));
  json_object_set_new(json, "purpose", json_string(lane->purpose));
  json_object_set_new(json, "rule", text_or_null(info == NULL ? NULL : info->id));
  json_object_set_new(json, "basis", text_or_null(info == NULL ? NULL : info->basis));
  json_object_set_new(json, "hold_rule", text_or_null(hold == NULL ? NULL : hold->id));
  json_object_set_new(json, "limit", text_or_null(limit == NULL ? NULL : limit->id));
  json_object_set_new(json, "reveal", access_class_list(decision->reveal));
  json_object_set_new(json, "withheld", withheld_list(explaining));
  json_object_set_new(json, "obligations", obligation_list(withheld ? NULL : info));
  json_object_set_new(json, "counts", counts);
  json_object_set_new(json, "paragraph", paragraph(explaining, basis));
  // What whoever assesses ticks, one by one.
  json_object_set_new(json, "conditions",
                      withheld
                          ? json_array()
                          : access_conditions_json(explaining->rules, info->basis,
                                                   limit == NULL ? NULL : limit->id, explaining->language));
  json_object_set_new(json, "ask", ask_list(explaining));
  json_object_set_new(json, "answer_within", answer_text(explaining, info));
  json_object_set(json, "because", explaining->because);
  json_object_set(json, "missing", explaining->missing);
  json_object_set(json, "would_allow", explaining->would_allow);
  return json;
}

json_t *access_conditions_json(const struct access_rules *rules, const char *basis, const char *limit,
                               enum access_language language) {
  const struct law_condition *conditions[ACCESS_CONDITIONS_MAX];
  size_t count = access_conditions(rules, basis, limit, conditions);
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++) {
    const char *text = language == ACCESS_ENGLISH ? conditions[i]->english : conditions[i]->text;
    (void)json_array_append_new(list, json_pack("{s:s, s:s}", "id", conditions[i]->id, "text", text));
  }
  return list;
}
