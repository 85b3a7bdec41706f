// See request.h.
#include "hub/desk/request.h"

#include <string.h>

#include "hub/base/clock.h"
#include "hub/desk/assess.h"
#include "hub/desk/audit.h"
#include "hub/desk/core_link.h"
#include "hub/desk/meeting_view.h"
#include "hub/desk/reader_private.h"
#include "hub/desk/recall_view.h"
#include "hub/desk/rehearse.h"
#include "hub/wire/control.h"
#include "nav/v1/ledger.pb-c.h"
#include "nav/v1/session.pb-c.h"

enum {
  ANY_ROLE = CONF_ROLE_READER | CONF_ROLE_CHAIR | CONF_ROLE_ASSESSOR | CONF_ROLE_AUDITOR | CONF_ROLE_OPERATOR
};
enum { REASON_MAX = 500, SHORT_S = 120, BRIEFING_S = 280, REHEARSE_S = 1800, LONG_S = 6 * 3600 };

typedef json_t *desk_command(const struct desk_request *request, struct nav_error *err);

static json_t *meeting_list(const struct desk_request *request, struct nav_error *err) {
  struct desk_reader *reader = desk_reader_new(request, err);
  return reader == NULL ? NULL : briefing_meetings(reader, err);
}

static json_t *briefing(const struct desk_request *request, struct nav_error *err) {
  struct desk_reader *reader = desk_reader_new(request, err);
  return reader == NULL ? NULL : briefing_show(reader, request->json, err);
}

static const struct command {
  const char *name;
  unsigned roles;  // any of these
  enum desk_worker worker;
  const char *role_text;
  unsigned limit_s;
  bool heavy;
  bool large;  // its request may be as long as DESK_LARGE_BYTES_MAX
  desk_command *run;
} commands[] = {
    {"audit-verify", CONF_ROLE_AUDITOR | CONF_ROLE_OPERATOR, DESK_WORKER_OWN, "auditor or operator", LONG_S,
     true, false, audit_verify},
    {"audit-search", CONF_ROLE_AUDITOR, DESK_WORKER_READY, "auditor", SHORT_S, false, false, audit_search},
    {"audit-export", CONF_ROLE_AUDITOR, DESK_WORKER_OWN, "auditor", SHORT_S, false, false, audit_export},
    {"audit-export-rules", CONF_ROLE_AUDITOR, DESK_WORKER_OWN, "auditor", SHORT_S, false, false,
     audit_export_rules},
    {"audit-rules", CONF_ROLE_AUDITOR, DESK_WORKER_OWN, "auditor", SHORT_S, false, false, audit_rules},
    {"audit-show", CONF_ROLE_AUDITOR, DESK_WORKER_READY, "auditor", SHORT_S, false, false, audit_show},
    {"audit-prove", CONF_ROLE_AUDITOR, DESK_WORKER_STAYS, "auditor", SHORT_S, false, false, audit_prove},
    {"audit-person", CONF_ROLE_AUDITOR, DESK_WORKER_READY, "auditor", SHORT_S, false, false, audit_person},
    {"audit-follow-up", CONF_ROLE_AUDITOR, DESK_WORKER_OWN, "auditor", SHORT_S, true, false, audit_follow_up},
    {"meeting-list", CONF_ROLE_READER | CONF_ROLE_CHAIR, DESK_WORKER_OWN, "reader or chair", SHORT_S, false,
     false, meeting_list},
    {"briefing", CONF_ROLE_READER | CONF_ROLE_CHAIR, DESK_WORKER_OWN, "reader or chair", BRIEFING_S, false,
     false, briefing},
    {"access-rehearse", CONF_ROLE_OPERATOR, DESK_WORKER_OWN, "operator", REHEARSE_S, true, true, rehearse},
    {"hold-show", CONF_ROLE_ASSESSOR, DESK_WORKER_OWN, "assessor", SHORT_S, false, false, assess_show},
    {"recall-list", ANY_ROLE, DESK_WORKER_OWN, "any", SHORT_S, false, false, recall_list},
    {"recall-status", ANY_ROLE, DESK_WORKER_OWN, "any", SHORT_S, false, false, recall_status},
};

static const struct command *find_command(const json_t *request) {
  const char *name = json_string_value(json_object_get(request, "command"));
  for (size_t i = 0; name != NULL && i < sizeof commands / sizeof commands[0]; i++) {
    if (strcmp(commands[i].name, name) == 0) return &commands[i];
  }
  return NULL;
}

unsigned desk_time_limit_s(const json_t *request) {
  const struct command *command = find_command(request);
  return command != NULL ? command->limit_s : SHORT_S;
}

bool desk_is_heavy(const json_t *request) {
  const struct command *command = find_command(request);
  return command != NULL && command->heavy;
}

bool desk_may_be_large(const json_t *request) {
  const struct command *command = find_command(request);
  return command != NULL && command->large;
}

enum desk_worker desk_worker_for(const json_t *request) {
  const struct command *command = find_command(request);
  return command != NULL ? command->worker : DESK_WORKER_OWN;
}

bool desk_english(const struct desk_request *request) {
  const char *language = json_string_value(json_object_get(request->json, "lang"));
  return language != NULL && strcmp(language, "en") == 0;
}

const char *desk_text(const struct desk_request *request, const char *key, size_t max, bool *ok,
                      struct nav_error *err) {
  const json_t *value = json_object_get(request->json, key);
  if (value == NULL || json_is_null(value)) return NULL;
  const char *text = json_string_value(value);
  if (text == NULL || json_string_length(value) > max || strlen(text) != json_string_length(value)) {
    *ok = nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, key,
                   "must be a text of at most %zu bytes", max);
    return NULL;
  }
  return text;
}

static char *unconst(const char *text) {
  union {
    const char *in;
    char *out;
  } cast = {text};  // protobuf-c's fields are not const, and it does not write to them
  return cast.out;
}

static bool make_audit_read(const struct desk_request *request, const char *query, Nav__V1__AuditRead *read,
                            struct nav_error *err) {
  bool ok = true;
  const char *reason = desk_text(request, "reason", REASON_MAX, &ok, err);
  if (!ok) return false;
  *read = (Nav__V1__AuditRead)NAV__V1__AUDIT_READ__INIT;
  read->person = unconst(request->person->id);
  read->agency = unconst(request->person->agency);
  read->query = unconst(query);
  read->reason = unconst(reason != NULL ? reason : "");
  return true;
}

bool desk_record_audit(const struct desk_request *request, const char *query, struct nav_error *err) {
  Nav__V1__AuditRead read;
  return make_audit_read(request, query, &read, err) &&
         core_link_record(request->nav, "audit_read", &read, NULL, request->audit_seq, NULL, err);
}

bool desk_record_audit_person(const struct desk_request *request, const char *number, const char *query,
                              uint8_t *token, struct nav_error *err) {
  Nav__V1__AuditRead read;
  return make_audit_read(request, query, &read, err) &&
         core_link_person(request->nav, &read, number, request->audit_seq, token, err);
}

static bool allowed(const struct command *command, const struct conf_person *person, uid_t caller,
                    struct nav_error *err) {
  if (command == NULL) {
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_UNKNOWN_MESSAGE, "command",
                    "nav-desk knows no such command");
  }
  if (person == NULL) {
    return nav_fail(
        err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_PERMITTED, "",
        "no person of agencies.yaml has your system user (uid %u): an operator adds system_user to persons",
        (unsigned)caller);
  }
  if ((person->roles & command->roles) == 0) {
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_PERMITTED, "",
                    "%s takes the role %s, which agencies.yaml does not give %s", command->name,
                    command->role_text, person->id);
  }
  return true;
}

// What is kept, where its server is still there; else a new one. NULL: *err.
static struct desk_database *take_database(const struct conf_nav *nav, struct desk_database **kept,
                                           struct nav_error *err) {
  struct nav_error lost;
  if (kept == NULL) return desk_database_open(nav->database_desk, err);
  if (*kept != NULL && desk_database_begin(*kept, &lost)) return *kept;
  desk_database_close(*kept);
  *kept = desk_database_open(nav->database_desk, err);
  return *kept;
}

static void give_back(struct desk_database *database, struct desk_database **kept) {
  if (kept != NULL && (database == NULL || desk_database_end(database))) return;
  desk_database_close(database);
  if (kept != NULL) *kept = NULL;
}

static json_t *run(const struct command *command, struct desk_request *request, struct desk_database **kept,
                   struct nav_error *err) {
  json_t *answer = NULL;
  request->arena = nav_arena_new(DESK_ARENA_BYTES_MAX);
  if (request->arena == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
    return NULL;
  }
  request->database = take_database(request->nav, kept, err);
  if (request->database != NULL) answer = command->run(request, err);
  give_back(request->database, kept);
  nav_arena_free(request->arena);
  return answer;
}

// The server process reads its catalogs, and plans, at its first queries: the ones that most will ask. Nobody
// is shown anything.
void desk_make_ready(const struct conf_nav *nav, struct desk_database **database) {
  struct nav_error err;
  struct definitions definitions;
  struct nav_arena *arena = nav_arena_new(DESK_ARENA_BYTES_MAX);
  if (arena == NULL) return;
  struct desk_request request = {.nav = nav, .arena = arena, .database = take_database(nav, database, &err)};
  if (request.database != NULL && definitions_load(&definitions, request.database, arena, &err))
    audit_prove_make_ready(&request);
  give_back(request.database, database);
  nav_arena_free(arena);
}

json_t *desk_answer(const struct conf_nav *nav, const struct conf_agencies *agencies, uid_t caller,
                    const json_t *json, struct desk_progress *progress, struct desk_database **database) {
  const struct command *command = find_command(json);
  struct nav_error err = {0};
  uint64_t audit_seq = 0;
  struct desk_request request = {
      .nav = nav, .agencies = agencies, .json = json, .now_ms = nav_clock_now_ms(), .audit_seq = &audit_seq};
  if (json_is_true(json_object_get(json, "progress"))) request.progress = progress;
  request.person = conf_person_by_uid(agencies, caller);
  json_t *answer = NULL;
  if (allowed(command, request.person, caller, &err)) answer = run(command, &request, database, &err);
  return answer != NULL ? answer : control_error(&err);
}
