// See coverage.h.
#include "hub/access/coverage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/access/trace.h"

enum { LINE_MAX_LENGTH = 400 };

struct reached {
  bool decided;
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

void coverage_rule(struct coverage *coverage, uint16_t rule) {
  if (rule < coverage->rules->rules_count) coverage->reached[rule].decided = true;
}

void coverage_decision(struct coverage *coverage, const struct access_question *question, size_t lane,
                       const struct access_decision *decision) {
  const struct access_rules *rules = coverage->rules;
  struct facts facts;
  coverage_rule(coverage, decision->rule);
  coverage_rule(coverage, decision->hold_rule);
  coverage_rule(coverage, decision->limit);
  facts_init(&facts, rules, question);
  int sender = rules_agency_index(rules, question->event->source == NULL ? "" : question->event->source);
  for (size_t i = 0; sender >= 0 && facts.body_index >= 0 && i < rules->rules_count; i++) {
    const struct rule *rule = &rules->rules[i];
    bool binds = (rule->bodies >> facts.body_index & 1U) != 0 && bit_of(rule->senders, (size_t)sender) &&
                 bit_of(rule->lane_bits, lane) && rules->lanes[lane].agency != (uint32_t)sender;
    if (!binds || rule->action == RULE_AGGREGATE) continue;
    struct trace trace;
    trace_rule(&facts, rule, lane, &trace);
    for (size_t k = 0; k < trace_predicates_count(rule); k++) {
      if (trace.predicates[k] == IS_TRUE) coverage->reached[i].met[k] = true;
      if (trace.predicates[k] != IS_TRUE) coverage->reached[i].not_met[k] = true;
    }
  }
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
    for (size_t k = 0; k < trace_predicates_count(rule); k++) {
      const struct predicate *predicate = &rule->predicates[k];
      if (predicate->is_static) continue;  // compiled away: lanes that fail it do not exist for the rule
      if (!reached->met[k]) good &= report_condition(rule, predicate, "never met", report);
      if (!reached->not_met[k]) good &= report_condition(rule, predicate, "always met", report);
    }
  }
  return good;
}
