// Who can send or receive nothing in a purpose in which they take part, and purposes that nobody can use.
// See check_parts.h.
#include <stdlib.h>

#include "hub/access/check_parts.h"
#include "hub/access/matrix.h"
#include "hub/access/trace.h"

struct reach {
  const struct access_rules *rules;
  uint64_t *sends;     // beside the agencies; bit n: something in purpose n
  uint64_t *receives;  // the same
  uint64_t used;       // bit n: something can be told in purpose n
  uint8_t *requests;   // bit sender × agencies + recipient: a Request of the one can reach the other
  int request;         // the message's index
};

static bool mark(void *context, const struct access_matrix_row *row) {
  struct reach *reach = context;
  const struct lane *lane = &reach->rules->lanes[row->lane];
  uint64_t purpose = UINT64_C(1) << lane->purpose;
  reach->sends[row->sender] |= purpose;
  reach->receives[lane->agency] |= purpose;
  reach->used |= purpose;
  if (row->body == reach->request)
    bit_set(reach->requests, row->sender * reach->rules->agencies->agencies_count + lane->agency);
  return true;
}

static const struct predicate *asked_request(const struct rule *rule) {
  for (size_t i = 0; rule->action == RULE_PERMIT && i < trace_predicates_count(rule); i++) {
    const struct predicate *predicate = &rule->predicates[i];
    if (predicate->fact == FACT_REQUEST && predicate->integers[0] != 0) return predicate;
  }
  return NULL;
}

// What opens on request alone is shut where no Request of a recipient can reach a sender.
static void check_request(const struct checking *checking, const struct reach *reach,
                          const struct rule *rule) {
  const struct access_rules *rules = reach->rules;
  const struct predicate *at = asked_request(rule);
  for (size_t i = 0; at != NULL && i < rule->lanes_count; i++) {
    const struct lane *lane = &rules->lanes[rule->lanes[i]];
    for (size_t s = 0; s < rules->agencies->agencies_count; s++)
      if (bit_of(rule->senders, s) &&
          bit_of(reach->requests, lane->agency * rules->agencies->agencies_count + s))
        return;
  }
  if (at != NULL && rule->day_to >= checking->today)
    conf_faults_add(checking->findings, rule->node->file, at->line, at->column,
                    "permit Request from its recipients to its senders",
                    "rule '%s' opens on request, but no rule lets a Request of a recipient reach a sender",
                    rule->info.id);
}

// One may be in a purpose only to report, or only to be told; but who can receive nothing anywhere has been
// forgotten, and who does neither in a purpose has nothing to do there.
static void check_agency(const struct checking *checking, const struct reach *reach, size_t index,
                         size_t purpose) {
  const struct conf_agency *agency = reach->rules->agency_facts[index].agency;
  bool sends = (reach->sends[index] >> purpose & 1U) != 0;
  bool receives = (reach->receives[index] >> purpose & 1U) != 0;
  const char *id = reach->rules->purposes[purpose].id;
  if (receives || (sends && reach->receives[index] != 0)) return;
  conf_faults_add(checking->findings, "agencies.yaml", agency->line, agency->column,
                  sends ? "open for it in a rule, or take the purpose from the agency"
                        : "take the purpose from the agency, or write its rules",
                  sends ? "'%s' can receive nothing, in '%s' or anywhere else"
                        : "'%s' takes part in '%s' and can neither send nor receive anything in it",
                  agency->id, id);
}

static void check_purpose(const struct checking *checking, const struct reach *reach, size_t index) {
  const struct purpose *purpose = &reach->rules->purposes[index];
  size_t members = 0;
  for (size_t i = 0; i < reach->rules->agencies->agencies_count; i++)
    members += bit_of(purpose->members, i) ? 1 : 0;
  if (purpose->node == NULL) {
    conf_faults_add(checking->findings, "agencies.yaml", 0, 0,
                    "write access/<purpose>.yaml, or mend the name",
                    "purpose '%s' has no rules: nothing is ever told in it", purpose->id);
  } else if (members < 2) {
    FINDING(checking, purpose->node, "name it in agencies.yaml",
            "purpose '%s' has %zu participants: nothing is ever told in it", purpose->id, members);
  } else if ((reach->used >> index & 1U) == 0) {
    FINDING(checking, purpose->node, "write permits for it, or remove it",
            "purpose '%s' is of no use: no rule in force lets anybody have anything in it", purpose->id);
  } else {
    for (size_t i = 0; i < reach->rules->agencies->agencies_count; i++)
      if (bit_of(purpose->members, i)) check_agency(checking, reach, i, index);
  }
}

void check_reach(const struct checking *checking) {
  size_t agencies = checking->rules->agencies->agencies_count;
  static const struct access_matrix_filter all = {0};
  struct reach reach = {.rules = checking->rules,
                        .sends = calloc(agencies + 1, sizeof *reach.sends),
                        .receives = calloc(agencies + 1, sizeof *reach.receives),
                        .requests = calloc(agencies * agencies / 8 + 1, 1),
                        .request = schema_body_find("Request")};
  if (reach.sends != NULL && reach.receives != NULL && reach.requests != NULL) {
    (void)access_matrix_rows(checking->rules, &all, checking->now_ms, mark, &reach);
    for (size_t i = 0; i < checking->rules->purposes_count; i++) check_purpose(checking, &reach, i);
    for (size_t i = 0; i < checking->rules->rules_count; i++)
      check_request(checking, &reach, &checking->rules->rules[i]);
  } else {
    conf_faults_add(checking->findings, "access", 0, 0, "", "no memory to look at the purposes");
  }
  free(reach.sends);
  free(reach.receives);
  free(reach.requests);
}
