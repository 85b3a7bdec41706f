// See coverage.h.
#include "hub/access/coverage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/access/trace.h"

enum { LINE_MAX_LENGTH = 400 };

struct reached {
  bool decided;
  bool not_matched;  // what it binds; of a rule without conditions: what lacks one of message, sender,
                     // recipient
  bool met[RULES_PREDICATES_MAX];
  bool not_met[RULES_PREDICATES_MAX];
};

struct coverage {
  const struct access_rules *rules;
  struct reached reached[];  // beside rules->rules
};

struct coverage *coverage_new(const struct access_rules *rules) {
  struct coverage *coverage = calloc(1, sizeof *coverage + (rules->rules_count + 1) * sizeof(struct reached));
  if (coverage != NULL) coverage->rules = rules;
  return coverage;
}

void coverage_free(struct coverage *coverage) { free(coverage); }

static void decided(struct coverage *coverage, uint16_t rule) {
  if (rule < coverage->rules->rules_count) coverage->reached[rule].decided = true;
}

// How many of message, sender and lane the rule is about: three means that it binds.
static unsigned nearness(const struct facts *facts, const struct rule *rule, size_t sender, size_t lane) {
  unsigned about = (rule->bodies >> facts->body_index & 1U) != 0 ? 1 : 0;
  if (bit_of(rule->senders, sender)) about++;
  if (bit_of(rule->lane_bits, lane)) about++;
  return about;
}

// A forbid that does not know matches, and so does a duty: it holds.
static bool is_no_match(const struct rule *rule, const struct trace *trace) {
  bool is_unknown_enough = rule->action == RULE_FORBID || rule->info.is_duty;
  return trace->whole == IS_FALSE || (trace->whole == IS_UNKNOWN && !is_unknown_enough);
}

// Whether an event that the rule binds can fail it; else only another message, sender or recipient can.
static bool can_fail(const struct rule *rule) {
  return rule->event_count + rule->subject_count + rule->lane_count > 0 || rule->has_roles;
}

static void reach(struct coverage *coverage, struct facts *facts, size_t index, size_t lane) {
  const struct rule *rule = &coverage->rules->rules[index];
  struct reached *reached = &coverage->reached[index];
  struct trace trace;
  trace_rule(facts, rule, lane, &trace);
  if (is_no_match(rule, &trace)) reached->not_matched = true;
  for (size_t k = 0; k < trace_predicates_count(rule); k++) {
    if (trace.predicates[k] == IS_TRUE) reached->met[k] = true;
    if (trace.predicates[k] != IS_TRUE) reached->not_met[k] = true;
  }
}

// -1: the lane is the sender's own, or the event is none that rules can be about.
static int asked_sender(const struct access_rules *rules, const struct access_question *question,
                        const struct facts *facts, size_t lane) {
  if (facts->body_index < 0 || question->event->source == NULL) return -1;
  int sender = rules_agency_index(rules, question->event->source);
  return sender >= 0 && rules->lanes[lane].agency != (uint32_t)sender ? sender : -1;
}

void coverage_decision(struct coverage *coverage, const struct access_question *question, size_t lane,
                       const struct access_decision *decision) {
  const struct access_rules *rules = coverage->rules;
  struct facts facts;
  decided(coverage, decision->rule);
  decided(coverage, decision->hold_rule);
  decided(coverage, decision->limit);
  facts_init(&facts, rules, question);
  int sender = asked_sender(rules, question, &facts, lane);
  for (size_t i = 0; sender >= 0 && i < rules->rules_count; i++) {
    const struct rule *rule = &rules->rules[i];
    if (rule->action == RULE_AGGREGATE) continue;
    unsigned about = nearness(&facts, rule, (size_t)sender, lane);
    if (about == 3) reach(coverage, &facts, i, lane);
    if (about == 2 && !can_fail(rule)) coverage->reached[i].not_matched = true;
  }
}

void coverage_counts(struct coverage *coverage, const struct access_question *question, size_t lane,
                     uint16_t rule) {
  const struct access_rules *rules = coverage->rules;
  struct facts facts;
  decided(coverage, rule);
  facts_init(&facts, rules, question);
  int sender = asked_sender(rules, question, &facts, lane);
  for (size_t i = 0; sender >= 0 && i < rules->rules_count; i++)
    if (rules->rules[i].action == RULE_AGGREGATE && i != rule &&
        nearness(&facts, &rules->rules[i], (size_t)sender, lane) >= 2)
      coverage->reached[i].not_matched = true;
}

static bool add_line(char ***lines, size_t *count, const char *text) {
  char **grown = realloc(*lines, (*count + 1) * sizeof *grown);
  if (grown == NULL) return false;
  *lines = grown;
  grown[*count] = strdup(text);
  if (grown[*count] == NULL) return false;
  ++*count;
  return true;
}

static bool report_condition(const struct rule *rule, const struct predicate *predicate, const char *what,
                             struct access_test_report *report) {
  char line[LINE_MAX_LENGTH];
  int length = snprintf(line, sizeof line, "%s:%d: %s: %s (%s) %s", rule->node->file, predicate->line,
                        rule->info.id, predicate->name, predicate->shown, what);
  return length > 0 && add_line(&report->conditions_unreached, &report->conditions_unreached_count, line);
}

bool coverage_report(const struct coverage *coverage, struct access_test_report *report) {
  bool good = true;
  for (size_t i = 0; i < coverage->rules->rules_count; i++) {
    const struct rule *rule = &coverage->rules->rules[i];
    const struct reached *reached = &coverage->reached[i];
    if (!reached->decided)
      good &= add_line(&report->rules_unreached, &report->rules_unreached_count, rule->info.id);
    if (!reached->not_matched)
      good &= add_line(&report->rules_without_negative, &report->rules_without_negative_count, rule->info.id);
    for (size_t k = 0; k < trace_predicates_count(rule); k++) {
      const struct predicate *predicate = &rule->predicates[k];
      if (predicate->is_static) continue;  // compiled away: lanes that fail it do not exist for the rule
      if (!reached->met[k]) good &= report_condition(rule, predicate, "never met", report);
      if (!reached->not_met[k]) good &= report_condition(rule, predicate, "always met", report);
    }
  }
  return good;
}
