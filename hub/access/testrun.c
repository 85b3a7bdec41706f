// See testrun.h.
#include "hub/access/testrun.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/access/coverage.h"
#include "hub/access/event_yaml.h"
#include "hub/access/explain.h"
#include "hub/access/path.h"
#include "hub/access/rules.h"
#include "hub/base/clock.h"
#include "hub/conf/folder.h"

enum { MEMORY_MAX = 256 * 1024 * 1024, TESTS_MAX = 2000, LIST_MAX = 100, LANES_SHOWN_MAX = 3 };

static const char *const expect_keys[] = {
    "to",     "purpose",  "outcome",  "rule",   "basis",   "hold_rule",   "urgent", "volatile",
    "reveal", "revealed", "withheld", "counts", "because", "would_allow", "limit",  NULL};
static const char *const outcome_words[] = {"withhold", "hold", "release", NULL};

struct running {
  const struct access_rules *rules;
  struct nav_arena *arena;
  struct conf_faults *faults;
  struct access_test_report *report;
  struct coverage *coverage;
  uint8_t *looked_at;  // lanes of this test that an expectation named
  int64_t now_ms;
  int consent;
  int request;
  const char *requested_by;  // this agency alone has asked; NULL: request says it of all
  struct access_question question;
};

#define RUN_FAULT(running, node, ...) \
  conf_faults_add((running)->faults, (node)->file, (node)->line, (node)->column, "", __VA_ARGS__)

static int answer_consent(void *context, const Nav__V1__Subject *subject, const char *recipient,
                          const char *purpose, const char *message) {
  (void)subject;
  (void)recipient;
  (void)purpose;
  (void)message;
  return *(const int *)context;
}

static int answer_request(void *context, const Nav__V1__Event *event, const char *recipient) {
  const struct running *running = context;
  (void)event;
  if (running->requested_by != NULL) return strcmp(running->requested_by, recipient) == 0 ? 1 : 0;
  return running->request;
}

static void failed(struct running *running, const struct conf_node *node, size_t lane, const char *what,
                   const char *expected, const char *got) {
  const struct access_lane *info = access_lane(running->rules, lane);
  RUN_FAULT(running, node, "%s for %s in %s: expected %s, got %s", what, info->agency, info->purpose,
            expected, got);
  running->report->failed++;
}

static void check_text(struct running *running, const struct conf_node *expect, const char *key, size_t lane,
                       const json_t *got) {
  const struct conf_node *node = conf_get(expect, key);
  if (node == NULL) return;
  const char *text = json_is_string(got) ? json_string_value(got) : "none";
  if (strcmp(text, node->text) != 0) failed(running, node, lane, key, node->text, text);
}

static void check_flag(struct running *running, const struct conf_node *expect, const char *key, size_t lane,
                       bool got) {
  const struct conf_node *node = conf_get(expect, key);
  const char *text = got ? "true" : "false";
  if (node != NULL && strcmp(node->text, text) != 0) failed(running, node, lane, key, node->text, text);
}

static bool list_has(const json_t *list, const char *text, bool part) {
  size_t index = 0;
  json_t *item = NULL;
  json_array_foreach(list, index, item) {
    const char *have = json_string_value(item);
    if (part ? strstr(have, text) != NULL : strcmp(have, text) == 0) return true;
  }
  return false;
}

// Every text of the expectation is in the list; exact: and nothing else.
static void check_list(struct running *running, struct conf_node *expect, const char *key, size_t lane,
                       const json_t *got, bool part, bool exact) {
  struct conf_node *node = conf_get(expect, key);
  size_t count = 0;
  if (node == NULL || !conf_read_list(node, key, true, LIST_MAX, &count, running->faults)) return;
  char *shown = json_dumps(got, JSON_COMPACT);
  for (size_t i = 0; i < count; i++) {
    const struct conf_node *item = conf_list_item(node, i);
    if (!list_has(got, item->text, part))
      failed(running, item, lane, key, item->text, shown == NULL ? "" : shown);
  }
  if (exact && json_array_size(got) != count)
    failed(running, node, lane, key, "exactly these", shown == NULL ? "" : shown);
  free(shown);
}

// Whether a path such as "subjects.0.name" has a value in the copy. Subjects count as in the copy.
static bool path_present(const ProtobufCMessage *message, const char *path) {
  char name[64];
  size_t length = strcspn(path, ".");
  if (message == NULL || length == 0 || length >= sizeof name) return false;
  memcpy(name, path, length);
  name[length] = '\0';
  const char *rest = path[length] == '.' ? path + length + 1 : NULL;
  const Nav__V1__Event *event = (const Nav__V1__Event *)(const void *)message;
  bool is_event = message->descriptor == &nav__v1__event__descriptor;
  const ProtobufCFieldDescriptor *field =
      protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
  if (is_event && strcmp(name, "body") == 0)
    field = schema_body((size_t)schema_body_index((uint32_t)event->body_case));
  if (field == NULL || !schema_present(message, field)) return false;
  if (rest == NULL) return true;
  if (field->type != PROTOBUF_C_TYPE_MESSAGE) return false;
  const char *at = (const char *)message + field->offset;
  if (field->label != PROTOBUF_C_LABEL_REPEATED)
    return path_present(*(ProtobufCMessage *const *)(const void *)at, rest);
  char *end = NULL;
  size_t index = strtoul(rest, &end, 10);
  if (index >= event->n_subjects || end == rest) return false;
  return *end != '.' || path_present(&event->subjects[index]->base, end + 1);
}

static void check_revealed(struct running *running, struct conf_node *expect, size_t lane,
                           const struct access_decision *decision) {
  static const uint8_t key[32] = {1};  // any: the tests look at what is there, not at pseudonyms
  struct conf_node *node = conf_get(expect, "revealed");
  size_t count = 0;
  if (node == NULL || !conf_read_list(node, "revealed", true, LIST_MAX, &count, running->faults)) return;
  const struct access_lane *info = access_lane(running->rules, lane);
  struct access_redaction redaction = {.reveal = decision->reveal,
                                       .subjects = decision->subjects,
                                       .narrative_edited = decision->narrative_edited,
                                       .recipient = info->agency,
                                       .purpose = info->purpose,
                                       .pseudonym_key = key,
                                       .areas = access_rules_areas(running->rules),
                                       .now_ms = running->now_ms};
  const Nav__V1__Event *copy = access_redact(&redaction, running->question.event, running->arena, NULL);
  bool withheld = decision->outcome == NAV__V1__OUTCOME__OUTCOME_WITHHOLD;
  for (size_t i = 0; i < count; i++) {
    const struct conf_node *item = conf_list_item(node, i);
    if (withheld || copy == NULL || !path_present(&copy->base, item->text))
      failed(running, item, lane, "revealed", item->text, "absent");
  }
}

static void check_counts(struct running *running, const struct conf_node *expect, size_t lane) {
  const struct conf_node *node = conf_get(expect, "counts");
  struct access_aggregate aggregate;
  const Nav__V1__Event *event = running->question.event;
  if (node == NULL) return;
  bool allowed = access_aggregate_allowed(running->rules, event->source, (uint32_t)event->body_case, lane,
                                          running->now_ms, &aggregate);
  coverage_counts(running->coverage, &running->question, lane, allowed ? aggregate.rule : ACCESS_NO_RULE);
  char got[24] = "none";
  if (allowed) (void)snprintf(got, sizeof got, "%u", aggregate.smallest_cell);
  if (strcmp(got, node->text) != 0) failed(running, node, lane, "counts", node->text, got);
}

static void check_lane(struct running *running, struct conf_node *expect, size_t lane) {
  struct access_decision decision = access_decide_lane(running->rules, &running->question, lane);
  json_t *explained = access_explain(running->rules, &running->question, lane, ACCESS_SWEDISH);
  bit_set(running->looked_at, lane);
  running->report->expectations++;
  coverage_decision(running->coverage, &running->question, lane, &decision);
  check_text(running, expect, "outcome", lane, json_object_get(explained, "outcome"));
  check_text(running, expect, "rule", lane, json_object_get(explained, "rule"));
  check_text(running, expect, "basis", lane, json_object_get(explained, "basis"));
  check_text(running, expect, "hold_rule", lane, json_object_get(explained, "hold_rule"));
  check_text(running, expect, "limit", lane, json_object_get(explained, "limit"));
  check_flag(running, expect, "urgent", lane, decision.urgent);
  check_flag(running, expect, "volatile", lane, decision.is_volatile);
  check_list(running, expect, "reveal", lane, json_object_get(explained, "reveal"), false, true);
  check_list(running, expect, "withheld", lane, json_object_get(explained, "withheld"), false, false);
  check_list(running, expect, "because", lane, json_object_get(explained, "because"), true, false);
  check_list(running, expect, "would_allow", lane, json_object_get(explained, "would_allow"), true, false);
  check_revealed(running, expect, lane, &decision);
  check_counts(running, expect, lane);
  json_decref(explained);
}

static bool names(struct conf_node *node, const char *text, bool *all) {
  size_t count = node->kind == CONF_LIST ? node->count : 1;
  *all = node->kind == CONF_SCALAR && strcmp(node->text, "all") == 0;
  for (size_t i = 0; i < count; i++)
    if (strcmp(conf_list_item(node, i)->text, text) == 0) return true;
  return *all;
}

// "all" means the lanes that no expectation before it has named.
static void check_expectation(struct running *running, struct conf_node *expect, const char *where) {
  struct conf_node *to = conf_get(expect, "to");
  struct conf_node *purpose = conf_get(expect, "purpose");
  const struct conf_node *outcome = conf_get(expect, "outcome");
  size_t word = 0;
  if (!conf_expect_map(expect, where, running->faults)) return;
  conf_check_keys(expect, expect_keys, where, running->faults);
  if (to == NULL || purpose == NULL || outcome == NULL) {
    RUN_FAULT(running, expect, "%s needs 'to', 'purpose' and 'outcome'", where);
    return;
  }
  if (!conf_read_word(outcome, "outcome", outcome_words, &word, running->faults)) return;
  size_t found = 0;
  for (size_t i = 0; i < access_lane_count(running->rules); i++) {
    const struct access_lane *lane = access_lane(running->rules, i);
    bool all_agencies = false;
    bool all_purposes = false;
    if (!names(to, lane->agency, &all_agencies) || !names(purpose, lane->purpose, &all_purposes)) continue;
    found++;
    if (!(all_agencies || all_purposes) || !bit_of(running->looked_at, i)) check_lane(running, expect, i);
  }
  if (found == 0)
    RUN_FAULT(running, expect, "%s names no lane: no such agency takes part in that purpose", where);
}

static void check_expectations(struct running *running, struct conf_node *expect, const char *where) {
  char path[CONF_WHERE_SIZE];
  size_t count = 0;
  memset(running->looked_at, 0, access_lane_count(running->rules) / 8 + 1);
  if (!conf_read_list(expect, path_join(path, where, "expect"), false, LIST_MAX, &count, running->faults))
    return;
  if (count == 0) RUN_FAULT(running, expect, "%s expects nothing", where);
  for (size_t i = 0; i < count; i++) {
    char item[48];
    (void)snprintf(item, sizeof item, "expect[%zu]", i);
    check_expectation(running, expect->items[i], path_join(path, where, item));
  }
}

// What the registers say: no, yes, or unknown, which is what is meant where the test does not tell.
static bool read_register(struct running *running, const struct conf_node *test, const char *key, int *out) {
  static const char *const words[] = {"no", "yes", "unknown", NULL};
  const struct conf_node *node = conf_get(test, key);
  size_t word = 2;
  if (node != NULL && !conf_read_word(node, key, words, &word, running->faults)) return false;
  *out = word == 2 ? -1 : (int)word;
  return true;
}

static bool read_now(struct running *running, const struct conf_node *map, int64_t *now_ms) {
  const struct conf_node *node = conf_get(map, "now");
  if (node == NULL || nav_clock_parse(node->text, true, now_ms)) return true;
  conf_faults_add(running->faults, node->file, node->line, node->column,
                  "write it as 2026-11-22T08:00:00+01:00", "now: '%s' is not a time", node->text);
  return false;
}

// As read_register, or the one agency that has asked.
static bool read_request(struct running *running, const struct conf_node *test) {
  const struct conf_node *node = conf_get(test, "request");
  running->requested_by = NULL;
  running->request = 1;
  if (node != NULL && node->kind == CONF_SCALAR &&
      conf_agency_find(access_rules_agencies(running->rules), node->text) != NULL) {
    running->requested_by = node->text;
    return true;
  }
  return read_register(running, test, "request", &running->request);
}

// An event from nobody would be withheld everywhere, and seem to prove something.
static bool check_source(struct running *running, const struct conf_node *event) {
  const struct conf_agencies *agencies = access_rules_agencies(running->rules);
  const struct conf_node *node = conf_get(event, "source");
  if (node == NULL || conf_agency_find(agencies, node->text) != NULL) return true;
  const char **ids = nav_arena_zalloc(running->arena, agencies->agencies_count + 1, sizeof *ids);
  for (size_t i = 0; ids != NULL && i < agencies->agencies_count; i++) ids[i] = agencies->agencies[i].id;
  conf_fault_unknown(node, "event.source", "agency", node->text, ids, running->faults);
  return false;
}

static void run_test(struct running *running, struct conf_node *test, const char *where, int64_t now_ms) {
  static const char *const keys[] = {"name",    "now",       "event",  "consent",
                                     "request", "unchecked", "expect", NULL};
  running->report->tests++;
  if (!conf_expect_map(test, where, running->faults)) return;
  conf_check_keys(test, keys, where, running->faults);
  struct conf_node *event_node = conf_get(test, "event");
  struct conf_node *expect = conf_get(test, "expect");
  if (event_node == NULL || expect == NULL) {
    RUN_FAULT(running, test, "%s needs 'event' and 'expect'", where);
    return;
  }
  running->now_ms = now_ms;
  if (!read_now(running, test, &running->now_ms) ||
      !read_register(running, test, "consent", &running->consent) || !read_request(running, test))
    return;
  bool unchecked = false;
  struct conf_node *unchecked_node = conf_get(test, "unchecked");
  if (unchecked_node != NULL && !conf_read_bool(unchecked_node, "unchecked", &unchecked, running->faults))
    return;
  running->question = (struct access_question){
      .event = event_from_yaml(event_node, running->now_ms, !unchecked, running->arena, running->faults),
      .now_ms = running->now_ms,
      .consent = running->consent < 0 ? NULL : answer_consent,
      .consent_context = &running->consent,
      .request = running->request < 0 ? NULL : answer_request,
      .request_context = running};
  if (running->question.event == NULL || !check_source(running, event_node)) return;
  check_expectations(running, expect, where);
}

static void run_file(struct running *running, const char *path, const char *name) {
  static const char *const keys[] = {"now", "tests", NULL};
  int64_t now_ms = nav_clock_now_ms();
  struct conf_node *root = conf_tree_load(path, name, running->arena, running->faults);
  running->report->files++;
  if (root == NULL || !conf_expect_map(root, name, running->faults)) return;
  conf_check_keys(root, keys, name, running->faults);
  struct conf_node *tests = conf_get(root, "tests");
  size_t count = 0;
  if (tests == NULL) {
    RUN_FAULT(running, root, "the file lacks 'tests'");
    return;
  }
  if (!read_now(running, root, &now_ms)) return;
  if (!conf_read_list(tests, "tests", false, TESTS_MAX, &count, running->faults)) return;
  for (size_t i = 0; i < count; i++) {
    char where[CONF_WHERE_SIZE];
    (void)snprintf(where, sizeof where, "tests[%zu]", i);
    run_test(running, tests->items[i], where, now_ms);
  }
}

bool access_test_run(const struct access_rules *rules, const char *config_folder,
                     struct access_test_report *report, struct conf_faults *faults) {
  size_t before = faults->count + faults->dropped;
  *report = (struct access_test_report){0};
  struct running running = {
      .rules = rules, .faults = faults, .report = report, .arena = nav_arena_new(MEMORY_MAX)};
  running.coverage = coverage_new(rules);
  running.looked_at = calloc(access_lane_count(rules) / 8 + 1, 1);
  struct conf_files files = {NULL, NULL, 0};
  if (running.arena == NULL || running.coverage == NULL || running.looked_at == NULL) {
    conf_faults_add(faults, "access/tests", 0, 0, "", "no memory to run the tests");
  } else if (conf_folder_list(config_folder, "access/tests", true, running.arena, &files, faults)) {
    for (size_t i = 0; i < files.count; i++) run_file(&running, files.paths[i], files.names[i]);
    if (!coverage_report(running.coverage, report))
      conf_faults_add(faults, "access/tests", 0, 0, "", "no memory for the coverage");
  }
  coverage_free(running.coverage);
  free(running.looked_at);
  nav_arena_free(running.arena);
  return faults->count + faults->dropped == before;
}

static void free_texts(char **texts, size_t count) {
  for (size_t i = 0; i < count; i++) free(texts[i]);
  free(texts);
}

void access_test_report_free(struct access_test_report *report) {
  free_texts(report->rules_unreached, report->rules_unreached_count);
  free_texts(report->rules_without_negative, report->rules_without_negative_count);
  free_texts(report->conditions_unreached, report->conditions_unreached_count);
  *report = (struct access_test_report){0};
}
