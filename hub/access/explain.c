// See explain.h.
#include "hub/access/explain.h"

#include <stdio.h>
#include <string.h>

#include "hub/access/trace.h"
#include "hub/access/words.h"

enum { SENTENCE_MAX = 8192, NEAR_MISSES_MAX = 5, MEMORY_MAX = 4 * 1024 * 1024 };

struct explaining {
  const struct access_rules *rules;
  const struct access_question *question;
  struct facts facts;
  size_t lane;
  enum access_language language;
  struct access_decision decision;
  const struct agency_facts *sender;  // NULL: not known
  const char *recipient_title;
  json_t *because;
  json_t *would_allow;
};

static const char *or_empty(const char *text) { return text == NULL ? "" : text; }

static const char *choose(const struct explaining *explaining, const char *swedish, const char *english) {
  if (explaining->language == ACCESS_ENGLISH && english != NULL) return english;
  return or_empty(swedish);
}

// A sentence is said once.
static void say(json_t *list, const char *text) {
  size_t index = 0;
  json_t *item = NULL;
  json_array_foreach(list, index, item) {
    if (strcmp(json_string_value(item), text) == 0) return;
  }
  json_array_append_new(list, json_string(text));
}

// The words' format has as many %s as it needs of a, b, c and d.
static void say_words(struct explaining *explaining, json_t *list, enum words words, const char *a,
                      const char *b, const char *c, const char *d) {
  const char *arguments[] = {a, b, c, d};
  char sentence[SENTENCE_MAX];
  size_t used = 0;
  size_t argument = 0;
  for (const char *at = words_text(words, explaining->language); *at != '\0' && used + 1 < sizeof sentence;
       at++) {
    if (at[0] != '%' || at[1] != 's') {
      sentence[used++] = *at;
      continue;
    }
    at++;
    const char *text = argument < 4 ? or_empty(arguments[argument++]) : "";
    size_t room = sizeof sentence - 1 - used;
    size_t length = strlen(text) < room ? strlen(text) : room;
    memcpy(sentence + used, text, length);
    used += length;
  }
  sentence[used] = '\0';
  say(list, sentence);
}

static const char *condition(struct explaining *explaining, const struct predicate *predicate,
                             struct nav_buffer *buffer) {
  nav_buffer_init(buffer, SENTENCE_MAX);
  if (!words_condition(buffer, predicate, explaining->language)) return predicate->name;
  const char *text = nav_buffer_text(buffer);
  return text == NULL ? predicate->name : text;
}

static void say_condition(struct explaining *explaining, json_t *list, enum words words,
                          const struct rule *rule, const struct predicate *predicate) {
  struct nav_buffer buffer;
  const char *text = condition(explaining, predicate, &buffer);
  if (words == WORDS_CONDITION_MET || words == WORDS_DUTY_UNKNOWN || words == WORDS_FORBID_UNKNOWN) {
    say_words(explaining, list, words, text, NULL, NULL, NULL);
  } else if (words == WORDS_NEED) {
    say_words(explaining, list, words, rule->basis->section, rule->basis->statute, text, NULL);
  } else {
    say_words(explaining, list, words, rule->info.id, text, NULL, NULL);
  }
  nav_buffer_free(&buffer);
}

static void say_basis(struct explaining *explaining, const struct law_basis *basis, enum words words) {
  if (basis == NULL) return;
  say_words(explaining, explaining->because, words, basis->section, basis->statute,
            choose(explaining, basis->text, basis->english), NULL);
}

static const char *threshold(const struct explaining *explaining, const struct law_basis *basis) {
  if (basis == NULL || basis->threshold == NULL) return NULL;
  return choose(explaining, basis->threshold, basis->threshold_english);
}

static const char *sender_title(const struct explaining *explaining) {
  return explaining->sender == NULL ? or_empty(explaining->question->event->source)
                                    : explaining->sender->agency->title;
}

static const char *on_call(const struct explaining *explaining) {
  if (explaining->sender != NULL && explaining->sender->agency->on_call != NULL)
    return explaining->sender->agency->on_call;
  return words_text(WORDS_ON_CALL, explaining->language);
}

// "subject.protected: any of the marks, or unknown" names protected persons (I13) and asks for nothing.
static bool names_everybody(const struct predicate *predicate) {
  return predicate->fact == FACT_PROTECTED && predicate->op == OP_IN &&
         predicate->count >= nav__v1__protection__descriptor.n_values;
}

// What decided for the rule: every condition that it set and that was met, or not known.
static void say_decisive(struct explaining *explaining, const struct rule *rule, const struct trace *trace) {
  bool is_forbid = rule->action == RULE_FORBID;
  for (size_t i = 0; i < trace_predicates_count(rule); i++) {
    enum words words = WORDS_CONDITION_MET;
    if (trace->predicates[i] == IS_FALSE || names_everybody(&rule->predicates[i])) continue;
    if (trace->predicates[i] == IS_UNKNOWN) words = is_forbid ? WORDS_FORBID_UNKNOWN : WORDS_DUTY_UNKNOWN;
    say_condition(explaining, explaining->because, words, rule, &rule->predicates[i]);
  }
  if (!is_forbid && trace->board == IS_UNKNOWN)
    say_words(explaining, explaining->because, WORDS_BOARD_UNKNOWN, NULL, NULL, NULL, NULL);
}

// Why what the rule would release waits for a person all the same.
static void explain_limit(struct explaining *explaining, const struct rule *limit) {
  struct trace trace;
  trace_rule(&explaining->facts, limit, explaining->lane, &trace);
  say_words(explaining, explaining->because, WORDS_LIMITED, limit->info.id,
            choose(explaining, limit->note, limit->note_english), NULL, NULL);
  say_basis(explaining, limit->basis, WORDS_BASIS);
  say_decisive(explaining, limit, &trace);
}

static void explain_permitted(struct explaining *explaining) {
  const struct access_decision *decision = &explaining->decision;
  const struct rule *rule = &explaining->rules->rules[decision->rule];
  struct trace trace;
  trace_rule(&explaining->facts, rule, explaining->lane, &trace);
  say_words(explaining, explaining->because, WORDS_RULE, rule->info.id,
            choose(explaining, rule->note, rule->note_english), NULL, NULL);
  say_basis(explaining, rule->basis, WORDS_BASIS);
  say_decisive(explaining, rule, &trace);
  if (decision->hold_rule != ACCESS_NO_RULE)
    say_words(explaining, explaining->because, WORDS_HELD_BESIDE,
              explaining->rules->rules[decision->hold_rule].info.id, NULL, NULL, NULL);
  if (decision->limit != ACCESS_NO_RULE)
    explain_limit(explaining, &explaining->rules->rules[decision->limit]);
  if (decision->outcome != NAV__V1__OUTCOME__OUTCOME_HOLD) return;
  const char *must = threshold(explaining, rule->basis);
  if (must != NULL) say_words(explaining, explaining->because, WORDS_THRESHOLD, must, NULL, NULL, NULL);
  say_words(explaining, explaining->because, WORDS_HELD, sender_title(explaining), NULL, NULL, NULL);
  if (decision->urgent)
    say_words(explaining, explaining->because, WORDS_HELD_URGENT, on_call(explaining), NULL, NULL, NULL);
  if (rule->info.is_duty || rule->info.on_request)
    say_words(explaining, explaining->because, WORDS_HELD_DUTY, NULL, NULL, NULL, NULL);
  if (must != NULL)
    say_words(explaining, explaining->would_allow, WORDS_RELEASE_NEED, must, NULL, NULL, NULL);
  if (!decision->urgent)
    say_words(explaining, explaining->would_allow, WORDS_URGENT_NEED, on_call(explaining), NULL, NULL, NULL);
}

static void say_way_out(struct explaining *explaining, const struct law_basis *basis) {
  if (basis != NULL && basis->way_out != NULL)
    say(explaining->would_allow, choose(explaining, basis->way_out, basis->way_out_english));
}

static void explain_forbidden(struct explaining *explaining) {
  const struct rule *rule = &explaining->rules->rules[explaining->decision.rule];
  struct trace trace;
  trace_rule(&explaining->facts, rule, explaining->lane, &trace);
  say_words(explaining, explaining->because, WORDS_FORBIDDEN, rule->info.id,
            choose(explaining, rule->note, rule->note_english), NULL, NULL);
  say_basis(explaining, rule->basis, WORDS_BASIS);
  say_decisive(explaining, rule, &trace);
  say_way_out(explaining, rule->basis);
}

static void say_missing(struct explaining *explaining, const struct rule *rule,
                        const struct predicate *predicate, enum truth truth) {
  if (truth == IS_TRUE) return;
  say_condition(explaining, explaining->because,
                truth == IS_UNKNOWN ? WORDS_CONDITION_UNKNOWN : WORDS_CONDITION_FAILED, rule, predicate);
  if (predicate->fact == FACT_CONSENT && predicate->wanted) {
    say_words(explaining, explaining->would_allow, WORDS_CONSENT_NEED, explaining->recipient_title, NULL,
              NULL, NULL);
  } else if (rule->basis != NULL) {
    say_condition(explaining, explaining->would_allow, WORDS_NEED, rule, predicate);
  }
}

// A permit for this kind of message and this lane that did not match: what kept it from it.
static void explain_near_miss(struct explaining *explaining, const struct rule *rule,
                              const struct trace *trace) {
  const char *id = rule->info.id;
  json_t *because = explaining->because;
  if (trace->in_force == IS_FALSE) say_words(explaining, because, WORDS_DATES, id, NULL, NULL, NULL);
  if (trace->protected == IS_FALSE) say_words(explaining, because, WORDS_PROTECTED, id, NULL, NULL, NULL);
  if (trace->roles != IS_TRUE) say_words(explaining, because, WORDS_ROLES, id, NULL, NULL, NULL);
  if (trace->board == IS_FALSE)
    say_words(explaining, because, WORDS_BOARD_OTHER, explaining->recipient_title, NULL, NULL, NULL);
  if (trace->board == IS_UNKNOWN) say_words(explaining, because, WORDS_BOARD_UNKNOWN, NULL, NULL, NULL, NULL);
  for (size_t i = 0; i < trace_predicates_count(rule) && trace->roles == IS_TRUE; i++)
    say_missing(explaining, rule, &rule->predicates[i], trace->predicates[i]);
}

static size_t misses(const struct rule *rule, const struct trace *trace) {
  const enum truth others[] = {trace->in_force, trace->protected, trace->roles, trace->board};
  size_t count = 0;
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    if (others[i] != IS_TRUE) count++;
  for (size_t i = 0; i < trace_predicates_count(rule); i++)
    if (trace->predicates[i] != IS_TRUE) count++;
  return count;
}

static bool could_permit(const struct explaining *explaining, const struct rule *rule) {
  size_t sender = (size_t)(explaining->sender - explaining->rules->agency_facts);
  return rule->action == RULE_PERMIT && (rule->bodies >> explaining->facts.body_index & 1U) != 0 &&
         bit_of(rule->senders, sender) && bit_of(rule->lane_bits, explaining->lane);
}

// Those with the fewest misses first. Gives how many there were.
static size_t explain_near_misses(struct explaining *explaining) {
  size_t said = 0;
  for (size_t wanted = 1; wanted <= RULES_PREDICATES_MAX + 4 && said < NEAR_MISSES_MAX; wanted++) {
    for (size_t i = 0; i < explaining->rules->rules_count && said < NEAR_MISSES_MAX; i++) {
      const struct rule *rule = &explaining->rules->rules[i];
      struct trace trace;
      if (!could_permit(explaining, rule)) continue;
      trace_rule(&explaining->facts, rule, explaining->lane, &trace);
      if (misses(rule, &trace) != wanted) continue;
      explain_near_miss(explaining, rule, &trace);
      said++;
    }
  }
  return said;
}

static void explain_secrecy(struct explaining *explaining) {
  const struct conf_agency *agency = explaining->sender->agency;
  for (size_t i = 0; i < agency->secrecy_count; i++) {
    const struct law_basis *basis = law_find(&explaining->rules->law, agency->secrecy[i]);
    say_basis(explaining, basis, WORDS_SECRECY);
    say_way_out(explaining, basis);
  }
}

static void explain_default(struct explaining *explaining) {
  const struct lane *lane = &explaining->rules->lanes[explaining->lane];
  const struct purpose *purpose = &explaining->rules->purposes[lane->purpose];
  const char *body = or_empty(explaining->facts.body_name);
  if (explaining->sender == NULL || explaining->facts.body_index < 0) {
    say_words(explaining, explaining->because, WORDS_NO_RULE, body, sender_title(explaining),
              explaining->recipient_title, purpose->title);
    return;
  }
  if (explaining->sender->agency == explaining->rules->agency_facts[lane->agency].agency) {
    say_words(explaining, explaining->because, WORDS_OWN_EVENT, NULL, NULL, NULL, NULL);
    return;
  }
  if ((explaining->sender->purposes >> lane->purpose & 1U) == 0) {
    say_words(explaining, explaining->because, WORDS_NOT_IN_PURPOSE, sender_title(explaining), purpose->title,
              NULL, NULL);
    return;
  }
  if (explain_near_misses(explaining) == 0)
    say_words(explaining, explaining->because, WORDS_NO_RULE, body, sender_title(explaining),
              explaining->recipient_title, purpose->title);
  explain_secrecy(explaining);
}

static json_t *class_list(uint16_t reveal) {
  json_t *list = json_array();
  for (size_t class = 1; law_class_names[class - 1] != NULL; class ++)
    if (((unsigned)reveal >> class & 1U) != 0)
      json_array_append_new(list, json_string(law_class_names[class - 1]));
  return list;
}

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
  say_words(explaining, explaining->would_allow, WORDS_COUNTS, cell,
            explaining->rules->rules[aggregate.rule].info.id, NULL, NULL);
  return json_integer(aggregate.smallest_cell);
}

static json_t *result(struct explaining *explaining) {
  static const char *const outcomes[] = {"withhold", "withhold", "hold", "release"};
  const struct access_decision *decision = &explaining->decision;
  const struct access_rule_info *info = access_rule(explaining->rules, decision->rule);
  const struct access_rule_info *hold = access_rule(explaining->rules, decision->hold_rule);
  const struct access_rule_info *limit = access_rule(explaining->rules, decision->limit);
  const struct access_lane *lane = access_lane(explaining->rules, explaining->lane);
  json_t *json = json_object();
  json_t *counts = explain_counts(explaining);
  json_object_set_new(json, "outcome", json_string(outcomes[decision->outcome & 3U]));
  json_object_set_new(json, "urgent", json_boolean(decision->urgent));
  json_object_set_new(json, "to", json_string(lane->agency));
  json_object_set_new(json, "purpose", json_string(lane->purpose));
  json_object_set_new(json, "rule", text_or_null(info == NULL ? NULL : info->id));
  json_object_set_new(json, "basis", text_or_null(info == NULL ? NULL : info->basis));
  json_object_set_new(json, "hold_rule", text_or_null(hold == NULL ? NULL : hold->id));
  json_object_set_new(json, "limit", text_or_null(limit == NULL ? NULL : limit->id));
  json_object_set_new(json, "reveal", class_list(decision->reveal));
  json_object_set_new(json, "withheld", withheld_list(explaining));
  bool withheld = decision->outcome == NAV__V1__OUTCOME__OUTCOME_WITHHOLD;
  json_object_set_new(json, "obligations", obligation_list(withheld ? NULL : info));
  json_object_set_new(json, "counts", counts);
  json_object_set(json, "because", explaining->because);
  json_object_set(json, "would_allow", explaining->would_allow);
  return json;
}

json_t *access_explain(const struct access_rules *rules, const struct access_question *question, size_t lane,
                       enum access_language language) {
  if (lane >= rules->lanes_count) return NULL;
  struct explaining explaining = {.rules = rules, .question = question, .lane = lane, .language = language};
  facts_init(&explaining.facts, rules, question);
  int sender = question->event->source == NULL ? -1 : rules_agency_index(rules, question->event->source);
  explaining.sender = sender < 0 ? NULL : &rules->agency_facts[sender];
  explaining.recipient_title = rules->agency_facts[rules->lanes[lane].agency].agency->title;
  explaining.decision = access_decide_lane(rules, question, lane);
  explaining.because = json_array();
  explaining.would_allow = json_array();
  if (explaining.decision.outcome != NAV__V1__OUTCOME__OUTCOME_WITHHOLD) {
    explain_permitted(&explaining);
  } else if (explaining.decision.rule != ACCESS_NO_RULE) {
    explain_forbidden(&explaining);
  } else {
    explain_default(&explaining);
  }
  json_t *json = result(&explaining);
  json_decref(explaining.because);
  json_decref(explaining.would_allow);
  return json;
}
