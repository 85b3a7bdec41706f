// `audit verify`: the whole database verified, and the report as JSON.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/buffer.h"
#include "hub/base/id.h"
#include "hub/base/log.h"
#include "hub/conf/hub_keys.h"
#include "hub/desk/audit.h"
#include "hub/desk/verify_rows.h"
#include "nav/v1/session.pb-c.h"

enum { FAULTS_MAX = 10000, QUERY_SIZE = 80 };

struct faults {
  json_t *list;
  uint64_t count;
};

static void add_fault(void *context, uint64_t seq, const char *what) {
  struct faults *faults = context;
  if (++faults->count > FAULTS_MAX) return;
  (void)json_array_append_new(faults->list, json_pack("{s:I, s:s}", "seq", (json_int_t)seq, "what", what));
}

static bool load_key(const struct desk_request *request, uint8_t key[32], struct nav_error *err) {
  struct conf_faults faults = {0};
  struct conf_hub_keys keys;
  bool ok = conf_hub_keys_load(request->nav->config_folder, &keys, &faults);
  if (ok) {
    memcpy(key, keys.checkpoint, 32);
  } else {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "keys/hub.yaml", "cannot be read: %s",
                   faults.count > 0 ? faults.items[0].what : "no memory");
  }
  conf_faults_free(&faults);
  return ok;
}

static json_t *make_answer(const struct verify_report *report, struct faults *faults, bool recorded) {
  char root[2 * NAV_SHA256_SIZE + 1];
  if (faults->count > FAULTS_MAX) {
    char what[96];
    (void)snprintf(what, sizeof what, "%" PRIu64 " more faults are not listed", faults->count - FAULTS_MAX);
    (void)json_array_append_new(faults->list, json_pack("{s:i, s:s}", "seq", 0, "what", what));
  }
  return json_pack("{s:b, s:b, s:{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:O}}", "ok", 1, "recorded",
                   recorded ? 1 : 0, "result", "ok", faults->count == 0 ? 1 : 0, "records",
                   (json_int_t)report->records, "events", (json_int_t)report->events, "contents",
                   (json_int_t)report->contents, "checkpoints", (json_int_t)report->checkpoints,
                   "cosignatures", (json_int_t)report->cosignatures, "cosignatures_unjudged",
                   (json_int_t)report->cosignatures_unjudged, "unproved", (json_int_t)report->unproved,
                   "root", nav_hex(root, report->root, sizeof report->root), "faults", faults->list);
}

// A range of records, as asked for; first 0: the whole ledger.
static bool read_asked(const struct desk_request *request, struct desk_range *asked, struct nav_error *err) {
  const json_t *from = json_object_get(request->json, "from");
  const json_t *to = json_object_get(request->json, "to");
  *asked = (struct desk_range){0};
  if (from == NULL && to == NULL) return true;
  if (!json_is_integer(from) || !json_is_integer(to) || json_integer_value(from) < 1 ||
      json_integer_value(to) < json_integer_value(from))
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "from",
                    "from and to must be records' numbers, from at least 1 and to no less than from");
  asked->first = (uint64_t)json_integer_value(from);
  asked->last = (uint64_t)json_integer_value(to);
  return true;
}

static void tell(void *context, uint64_t records, uint64_t of) {
  const struct desk_request *request = context;
  desk_progress_tell(request->progress, records, of);
}

static bool verify(const struct desk_request *request, const uint8_t key[32], struct desk_range *asked,
                   struct faults *faults, struct verify_report *report, struct nav_error *err) {
  struct desk_request copy = *request;
  const struct desk_verifying verifying = {request->nav->hub, key, tell, &copy};
  if (asked->first == 0) return desk_verify(request->database, &verifying, add_fault, faults, report, err);
  return desk_verify_range(request->database, &verifying, asked, add_fault, faults, report, err);
}

static void add_range(json_t *answer, const struct desk_range *asked) {
  json_t *result = json_object_get(answer, "result");
  if (asked->first == 0) return;
  (void)json_object_set_new(result, "from", json_integer((json_int_t)asked->first));
  (void)json_object_set_new(result, "to", json_integer((json_int_t)asked->last));
  (void)json_object_set_new(result, "covering", json_integer((json_int_t)asked->covering));
  (void)json_object_set_new(
      result, "not_looked_at",
      json_pack("[s, s, s]",
                "every record before and after the range, but for definitions, publications and "
                "erasures that it is judged by, which are taken as they stand",
                "every checkpoint but the newest, and cosignatures",
                "nav.lease, nav.subtree and rows of no record's number"));
}

json_t *audit_verify(const struct desk_request *request, struct nav_error *err) {
  struct desk_range asked;
  char query[QUERY_SIZE] = "audit verify";
  if (!read_asked(request, &asked, err)) return NULL;
  if (asked.first > 0)
    (void)snprintf(query, sizeof query, "audit verify --from %" PRIu64 " --to %" PRIu64, asked.first,
                   asked.last);
  bool recorded = desk_record_audit(request, query, err);
  if (!recorded && err->class != NAV_ERROR_RETRY) return NULL;
  if (!recorded) nav_log_failure(NAV_LOG_WARNING, "audit verify is not recorded", err);
  struct faults faults = {json_array(), 0};
  struct verify_report report;
  uint8_t key[32];
  json_t *answer = NULL;
  if (faults.list == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  } else if (load_key(request, key, err) && verify(request, key, &asked, &faults, &report, err)) {
    answer = make_answer(&report, &faults, recorded);
    add_range(answer, &asked);
  }
  json_decref(faults.list);
  return answer;
}
