// See reload.h.
#include "hub/core/reload.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hub/access/check.h"
#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/base/log.h"
#include "hub/conf/check.h"
#include "hub/core/rules_send.h"
#include "hub/wire/control.h"

enum { ID_SIZE = CONF_ID_LENGTH_MAX + 1, READ_BYTES = 64 * 1024 };

extern char **environ;

// The one that is under way.
struct reload {
  pid_t pid;  // 0: it has ended, with status
  int status;
  int fd;  // its standard output; -1: all was read
  struct nav_buffer said;
  int64_t deadline_ms;
  json_t *result;       // it said yes; the swap waits for room in the batch
  uint64_t connection;  // who asked; 0: a signal
  char person[ID_SIZE];
  char agency[ID_SIZE];
  char rehearsal[RELOAD_REHEARSAL_MAX + 1];
  char expect[2 * NAV_SHA256_SIZE + 1];  // "": any
  bool dry_run;
  bool again;  // a signal came meanwhile
};

// ---- the record ----

static void fill_rules(const struct access_rules *rules, char **ids) {
  for (size_t i = 0; i < access_rule_count(rules); i++)
    ids[i] = (char *)(uintptr_t)access_rule(rules, (uint16_t)i)->id;
}

// Into the very batch of the record: neither is ever committed without the other.
static void stage_texts(struct core *core, uint64_t seq) {
  for (size_t i = 0; i < access_rules_file_count(core->rules); i++) {
    uint8_t sha256[NAV_SHA256_SIZE];
    size_t length = 0;
    const char *text = access_rules_kept_text(core->rules, i, &length);
    NAV_ASSERT(access_rules_file(core->rules, i, sha256) != NULL && text != NULL);
    batch_stage_rules_text(core->staging, seq, sha256, text, length);
  }
}

uint64_t reload_stage_rules(struct core *core, const struct rules_change *change) {
  const struct access_rules *rules = core->rules;
  size_t files_count = access_rules_file_count(rules);
  size_t rules_count = access_rule_count(rules);
  Nav__V1__RulesFile *files = calloc(files_count + 1, sizeof *files);
  Nav__V1__RulesFile **pointers = calloc(files_count + 1, sizeof *pointers);
  uint8_t *hashes = calloc(files_count + 1, NAV_SHA256_SIZE);
  char **ids = calloc(rules_count + 1, sizeof *ids);
  NAV_ASSERT(files != NULL && pointers != NULL && hashes != NULL && ids != NULL);  // as batch_stage does
  for (size_t i = 0; i < files_count; i++) {
    uint8_t *hash = hashes + i * NAV_SHA256_SIZE;
    files[i] = (Nav__V1__RulesFile)NAV__V1__RULES_FILE__INIT;
    files[i].name = (char *)(uintptr_t)access_rules_file(rules, i, hash);
    files[i].has_sha256 = true;
    files[i].sha256 = (ProtobufCBinaryData){NAV_SHA256_SIZE, hash};
    pointers[i] = &files[i];
  }
  fill_rules(rules, ids);
  Nav__V1__RulesChanged changed = NAV__V1__RULES_CHANGED__INIT;
  changed.has_hash = changed.has_tests = changed.has_texts_kept = changed.texts_kept = true;
  changed.hash = (ProtobufCBinaryData){NAV_SHA256_SIZE, (uint8_t *)(uintptr_t)access_rules_hash(rules)};
  changed.files = pointers;
  changed.n_files = files_count;
  changed.rules = ids;
  changed.n_rules = rules_count;
  changed.person = (char *)(uintptr_t)change->person;
  changed.agency = (char *)(uintptr_t)change->agency;
  changed.rehearsal = (char *)(uintptr_t)change->rehearsal;
  changed.tests = change->tests;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_RULES_CHANGED;
  record.rules_changed = &changed;
  uint64_t seq = batch_stage(core->staging, &record, core->now_ms);
  stage_texts(core, seq);
  free(files);
  free(pointers);
  free(hashes);
  free(ids);
  return seq;
}

// ---- the process ----

static void stop_process(struct reload *reload) {
  if (reload->pid != 0) {
    (void)kill(reload->pid, SIGKILL);
    while (waitpid(reload->pid, &reload->status, 0) < 0 && errno == EINTR) continue;
    reload->pid = 0;
  }
  if (reload->fd >= 0) (void)close(reload->fd);
  reload->fd = -1;
}

void reload_free(struct core *core) {
  struct reload *reload = core->reload;
  if (reload == NULL) return;
  stop_process(reload);
  nav_buffer_free(&reload->said);
  json_decref(reload->result);
  free(reload);
  core->reload = NULL;
}

// nav-core --try FOLDER: this very program, also where its file has been replaced since.
static bool start_process(struct reload *reload, const char *config_folder, struct nav_error *err) {
  static char program[] = "nav-core";
  static char option[] = "--try";
  char *const arguments[] = {program, option, (char *)(uintptr_t)config_folder, NULL};
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return nav_fail_errno(err, "reload", "no pipe");
  posix_spawn_file_actions_t actions;
  int failed = posix_spawn_file_actions_init(&actions);
  if (failed == 0) {
    failed = posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    if (failed == 0) failed = posix_spawn(&reload->pid, "/proc/self/exe", &actions, NULL, arguments, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
  }
  (void)close(ends[1]);
  reload->fd = ends[0];
  if (failed == 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0) return true;
  if (failed != 0) {
    errno = failed;
    reload->pid = 0;
  }
  return nav_fail_errno(err, "reload", "no process to check the configuration in");
}

// NULL: *err.
static struct reload *begin(struct core *core, struct nav_error *err) {
  struct reload *reload = calloc(1, sizeof *reload);
  if (reload == NULL) {
    (void)nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
    return NULL;
  }
  reload->fd = -1;
  nav_buffer_init(&reload->said, RELOAD_RESULT_BYTES_MAX);
  reload->deadline_ms = nav_clock_monotonic_ms() + RELOAD_LIMIT_S * 1000;
  core->reload = reload;
  if (start_process(reload, core->nav->config_folder, err)) return reload;
  reload_free(core);
  return NULL;
}

// False: more may come.
static bool read_all(struct reload *reload) {
  while (reload->fd >= 0) {
    uint8_t *room = nav_buffer_reserve(&reload->said, READ_BYTES);
    ssize_t got = room == NULL ? 0 : read(reload->fd, room, READ_BYTES);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return false;
    if (got > 0) {
      reload->said.length += (size_t)got;
      continue;
    }
    (void)close(reload->fd);
    reload->fd = -1;
  }
  return true;
}

static bool has_ended(struct reload *reload) {
  if (!read_all(reload)) return false;
  if (reload->pid != 0 && waitpid(reload->pid, &reload->status, WNOHANG) != reload->pid) return false;
  reload->pid = 0;
  return true;
}

int reload_fd(const struct core *core) { return core->reload == NULL ? -1 : core->reload->fd; }

// ---- answers ----

static const char *text_at(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text != NULL ? text : "";
}

static void log_faults(const json_t *list, enum nav_log_level level) {
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *fault = json_array_get(list, i);
    nav_log(level, "%s:%d:%d: %s", text_at(fault, "file"),
            (int)json_integer_value(json_object_get(fault, "line")),
            (int)json_integer_value(json_object_get(fault, "column")), text_at(fault, "what"));
  }
}

// Gives the answer to who asked, at once or with the batch, and ends this reload. Takes answer.
static void finish(struct core *core, json_t *answer, bool with_batch) {
  struct reload *reload = core->reload;
  if (reload->connection == 0) {
    json_decref(answer);
  } else if (with_batch) {
    core_answer_durable(core, reload->connection, answer);
  } else {
    core_answer(core, reload->connection, answer);
  }
  bool again = reload->again;
  reload_free(core);
  if (again) core_reload(core);
}

static void refuse(struct core *core, const struct nav_error *err) {
  nav_log_failure(NAV_LOG_ERROR, "the configuration in force stays", err);
  finish(core, control_error(err), false);
}

// Nothing is loaded: the result, with its faults, is the answer. Takes result.
static void tell(struct core *core, json_t *result) {
  (void)json_object_set_new(result, "ok", json_true());
  (void)json_object_set_new(result, "loaded", json_false());
  finish(core, result, false);
}

static void refuse_faults(struct core *core, json_t *result) {
  const json_t *faults = json_object_get(result, "faults");
  log_faults(faults, NAV_LOG_ERROR);
  nav_log(NAV_LOG_ERROR, "the configuration has %zu faults; the one in force stays", json_array_size(faults));
  tell(core, result);
}

// ---- the swap ----

// What the process found good, loaded here. NULL: refused.
static struct access_rules *load_same(struct core *core, struct conf_agencies **agencies) {
  struct conf_faults faults = {0};
  struct nav_error err;
  const char *hash = text_at(core->reload->result, "hash");
  char now[2 * NAV_SHA256_SIZE + 1] = "";
  *agencies = conf_agencies_load(core->nav->config_folder, &faults);
  struct access_rules *rules =
      *agencies == NULL ? NULL : access_rules_load(core->nav->config_folder, *agencies, &faults);
  if (rules != NULL) (void)nav_hex(now, access_rules_hash(rules), NAV_SHA256_SIZE);
  conf_faults_free(&faults);
  bool same = rules != NULL && strcmp(now, hash) == 0;
  if (!same) {
    (void)nav_fail(&err, NAV_ERROR_LOCAL, 0, "reload",
                   "the files were changed while they were being checked; ask again");
  }
  if (same && numbers_fit(core->numbers, rules, &err)) return rules;
  access_rules_free(rules);
  conf_agencies_free(*agencies);
  refuse(core, &err);
  return NULL;
}

static uint64_t put_in_force(struct core *core, struct access_rules *rules, struct conf_agencies *agencies) {
  struct reload *reload = core->reload;
  struct nav_error err;
  uint64_t seq = 0;
  bool changed = memcmp(access_rules_hash(rules), access_rules_hash(core->rules), NAV_SHA256_SIZE) != 0;
  sessions_set_agencies(core->sessions, agencies);
  access_rules_free(core->rules);
  conf_agencies_free(core->agencies);
  core->agencies = agencies;
  core->rules = rules;
  core->rules_loaded++;
  const struct rules_change change = {reload->person, reload->agency, reload->rehearsal,
                                      (uint32_t)json_integer_value(json_object_get(reload->result, "tests"))};
  if (changed) seq = reload_stage_rules(core, &change);
  // numbers_fit has said that it can; without memory the program ends, as in batch_stage.
  NAV_ASSERT(numbers_define(core->numbers, rules, core->staging, core->now_ms, &err));
  cosigners_define(core->cosigners, agencies, core->staging, core->now_ms);
  core->staging->urgent = true;
  return seq;
}

static void swap(struct core *core) {
  struct conf_agencies *agencies = NULL;
  struct access_rules *rules = load_same(core, &agencies);
  if (rules == NULL) return;
  uint64_t seq = put_in_force(core, rules, agencies);
  rules_send_changed(core);
  nav_log(NAV_LOG_INFO, "configuration loaded%s: %zu rules, %zu lanes", seq != 0 ? "" : ", no rule changed",
          access_rule_count(rules), access_lane_count(rules));
  json_t *answer = json_incref(core->reload->result);
  (void)json_object_set_new(answer, "ok", json_true());
  (void)json_object_set_new(answer, "loaded", json_true());
  (void)json_object_set_new(answer, "changed", json_boolean(seq != 0));
  (void)json_object_set_new(answer, "seq", json_integer((json_int_t)seq));
  finish(core, answer, true);
}

// ---- step by step ----

static void take_result(struct core *core) {
  struct reload *reload = core->reload;
  struct nav_error err;
  json_t *result = NULL;
  if (WIFEXITED(reload->status) && WEXITSTATUS(reload->status) == 0)
    result = json_loadb((const char *)reload->said.data, reload->said.length, 0, NULL);
  if (result == NULL) {
    (void)nav_fail(&err, NAV_ERROR_LOCAL, 0, "reload", "the check ended without a result (status %d)",
                   reload->status);
    refuse(core, &err);
  } else if (json_array_size(json_object_get(result, "faults")) > 0 || text_at(result, "hash")[0] == '\0') {
    refuse_faults(core, result);
  } else if (reload->expect[0] != '\0' && strcmp(reload->expect, text_at(result, "hash")) != 0) {
    json_decref(result);
    (void)nav_fail(
        &err, NAV_ERROR_LOCAL, 0, "reload",
        "these are not the rules that were rehearsed: the files were changed in between; ask again");
    refuse(core, &err);
  } else if (reload->dry_run) {
    tell(core, result);
  } else {
    log_faults(json_object_get(result, "warnings"), NAV_LOG_WARNING);
    reload->result = result;
  }
}

static void give_up(struct core *core) {
  struct nav_error err;
  if (core->reload->result != NULL) {
    (void)nav_fail(&err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, "reload",
                   "the ledger cannot be written now; try again soon");
  } else {
    stop_process(core->reload);
    (void)nav_fail(&err, NAV_ERROR_LOCAL, 0, "reload", "the check took longer than %d s", RELOAD_LIMIT_S);
  }
  refuse(core, &err);
}

void reload_step(struct core *core) {
  struct reload *reload = core->reload;
  if (reload == NULL) return;
  if (reload->result == NULL && has_ended(reload)) {
    take_result(core);
    reload = core->reload;
  }
  if (reload == NULL) return;
  if (reload->result != NULL && !core->database_lost && batch_has_room(core->staging)) {
    swap(core);
  } else if (nav_clock_monotonic_ms() > reload->deadline_ms) {
    give_up(core);
  }
}

void core_reload(struct core *core) {
  struct nav_error err;
  if (core->reload != NULL) {
    core->reload->again = true;
  } else if (begin(core, &err) == NULL) {
    nav_log_failure(NAV_LOG_ERROR, "the configuration in force stays", &err);
  }
}

json_t *reload_command(struct control_request *request, struct nav_error *err) {
  struct core *core = request->core;
  const char *rehearsal = text_at(request->json, "rehearsal");
  const char *expect = text_at(request->json, "expect");
  if (strlen(rehearsal) > RELOAD_REHEARSAL_MAX || strlen(expect) > 2 * (size_t)NAV_SHA256_SIZE) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "rehearsal",
                   "a rehearsal has at most %d bytes, and a hash %d digits", RELOAD_REHEARSAL_MAX,
                   2 * NAV_SHA256_SIZE);
    return NULL;
  }
  if (core->reload != NULL) {
    (void)nav_fail(err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, "",
                   "rules are being loaded already; try again when that is done");
    return NULL;
  }
  struct reload *reload = begin(core, err);
  if (reload == NULL) return NULL;
  // Copies: the person may be gone from the agencies by the time this is done.
  (void)snprintf(reload->person, sizeof reload->person, "%s", request->person->id);
  (void)snprintf(reload->agency, sizeof reload->agency, "%s", request->person->agency);
  (void)snprintf(reload->rehearsal, sizeof reload->rehearsal, "%s", rehearsal);
  (void)snprintf(reload->expect, sizeof reload->expect, "%s", expect);
  reload->dry_run = json_is_true(json_object_get(request->json, "dry_run"));
  reload->connection = request->connection;
  return NULL;
}
