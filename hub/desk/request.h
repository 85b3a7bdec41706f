// One request in its worker process: who asks, what is asked, the answer. One table of commands.
// Called by: worker (in the child), serve. Must never: answer a person whose role does not allow the command.
#ifndef NAV_DESK_REQUEST_H
#define NAV_DESK_REQUEST_H

#include <jansson.h>
#include <sys/types.h>

#include "hub/base/arena.h"
#include "hub/conf/agencies.h"
#include "hub/conf/nav.h"
#include "hub/desk/database.h"
#include "hub/desk/progress.h"

enum { DESK_ARENA_BYTES_MAX = 768 * 1024 * 1024 };

// Immutable while the request runs; all that it leads to outlives the request.
struct desk_request {
  const struct conf_nav *nav;
  const struct conf_agencies *agencies;
  const struct conf_person *person;
  const json_t *json;
  struct desk_database *database;
  struct nav_arena *arena;
  int64_t now_ms;
  struct desk_progress *progress;  // NULL: the caller did not ask for it
  uint64_t *audit_seq;             // of the AuditRead that desk_record_audit has recorded; 0: none yet
};

// The answer to a request (new reference, never NULL but without memory): {"ok":true,…} or the error.
// progress: of the caller's connection, used where the request asks for it. database: NULL: a connection of
// its own; else one that is kept from request to request (*database NULL: none yet).
json_t *desk_answer(const struct conf_nav *nav, const struct conf_agencies *agencies, uid_t caller,
                    const json_t *request, struct desk_progress *progress, struct desk_database **database);

// For serve and kept, before a worker is forked: how long the command may take, and whether it is one of the
// heavy ones of which only a few may run at once. A command that is not known is neither.
unsigned desk_time_limit_s(const json_t *request);
bool desk_is_heavy(const json_t *request);
// Whether its request may be longer than DESK_REQUEST_BYTES_MAX.
bool desk_may_be_large(const json_t *request);
// Which worker may answer it (kept.h): one forked for it; one that is ready, and ends with it; or one that
// stays for the next, since nothing that is sealed is opened by it.
enum desk_worker { DESK_WORKER_OWN, DESK_WORKER_READY, DESK_WORKER_STAYS };
enum desk_worker desk_worker_for(const json_t *request);
// Connects, before anybody has asked. Where it cannot, the first request tells.
void desk_make_ready(const struct conf_nav *nav, struct desk_database **database);

// Texts of a request. NULL: not there; *err is set where it is there and is not a text, or longer than max.
const char *desk_text(const struct desk_request *request, const char *key, size_t max, bool *ok,
                      struct nav_error *err);
bool desk_english(const struct desk_request *request);  // "lang": "en"; else Swedish
// Records an AuditRead of this request's person.
NAV_MUST_USE bool desk_record_audit(const struct desk_request *request, const char *query,
                                    struct nav_error *err);
// The same about a person: token gets 16 bytes. query: what follows the person.
NAV_MUST_USE bool desk_record_audit_person(const struct desk_request *request, const char *number,
                                           const char *query, uint8_t *token, struct nav_error *err);

#endif
