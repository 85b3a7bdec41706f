// See map_in.h.
#include "adapters/tyck_till/map_in.h"

#include "adapters/engine/records.h"
#include "adapters/tyck_till/report.h"

// [{…}], {"service_requests":[{…}]}, {"requests":[{"request":[{…}]}]}, {"request":{…}} and every mixture of
// them.
static const char *const wrappers[] = {"service_requests", "requests", "request", NULL};

struct mapping {
  struct nav_mapping_run *run;
  size_t read;       // records that are objects
  size_t converted;  // records that were not UTF-8
  size_t refusals;
};

// A server's refusal, {"code":404,"description":"…"}, is not a report.
static bool is_refusal(const json_t *json) {
  return json_object_get(json, "service_request_id") == NULL && json_object_get(json, "code") != NULL &&
         json_object_get(json, "description") != NULL && json_object_get(json, "requested_datetime") == NULL;
}

static void map_record(void *context, const struct record_slice *slice) {
  struct mapping *mapping = context;
  bool converted = false;
  json_t *json = records_parse(mapping->run, slice, &converted);
  if (json == NULL) return;
  mapping->read++;
  if (converted) mapping->converted++;
  if (is_refusal(json)) {
    mapping->refusals++;
    nav_mapping_skip(mapping->run, slice->place, "is the server's error message, not a report");
  } else {
    report_map(mapping->run, slice, json);
  }
  json_decref(json);
}

static bool map_tyck_till(struct nav_mapping_run *run, const char *file, const uint8_t *bytes, size_t length,
                          struct nav_error *err) {
  struct mapping mapping = {.run = run};
  struct records_result result = records_walk(file, bytes, length, wrappers, map_record, &mapping);
  if (mapping.converted > 0) {
    nav_mapping_note(run, file, "%zu records are not UTF-8: read as ISO-8859-1 (Windows-1252)",
                     mapping.converted);
  }
  if (result.count == 0 && result.whole) {
    nav_mapping_note(run, file, "holds no reports");
    return true;
  }
  if (result.count == 0) {
    return nav_fail(err, NAV_ERROR_PEER, 0, file, "byte %zu: %s", result.fault_offset, result.fault);
  }
  if (mapping.read == 0) {
    return nav_fail(err, NAV_ERROR_PEER, 0, file,
                    "is no Open311 answer in JSON: it has no object that can be read");
  }
  if (mapping.read == mapping.refusals) {
    return nav_fail(err, NAV_ERROR_PEER, 0, file, "is a server's error message: ask it again");
  }
  if (!result.whole) {
    nav_mapping_skip(run, file, "byte %zu: %s; the %zu records before it are kept", result.fault_offset,
                     result.fault, result.count);
  }
  return true;
}

static const char *const suffixes[] = {".json", ".json.gz", NULL};

const struct nav_mapping tyck_till_mapping = {
    .program = "nav-tycktill",
    .description = "citizens' reports (Tyck till, Open311 GeoReport v2) to Trygghetsnavet",
    .suffixes = suffixes,
    .map = map_tyck_till,
};
