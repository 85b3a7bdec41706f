// navctl audit verify --offline: an export against the hub's public key, with no hub and no configuration.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/id.h"
#include "hub/conf/hub_keys.h"
#include "hub/ctl/ctl_audit.h"
#include "hub/ctl/export_read.h"
#include "hub/ctl/progress.h"

enum { FAULTS_MAX = 10000 };

static void show(void *context, uint64_t records, uint64_t of) { ctl_progress_show(context, records, of); }

static void add_fault(void *context, uint64_t seq, const char *what) {
  if (json_array_size(context) == FAULTS_MAX) return;
  json_t *fault = json_pack("{s:I, s:s}", "seq", (json_int_t)seq, "what", what);
  // An archive may hold any bytes: a fault whose words are not UTF-8 is a fault all the same.
  if (fault == NULL)
    fault = json_pack("{s:I, s:s}", "seq", (json_int_t)seq, "what", "holds bytes that are not UTF-8");
  (void)json_array_append_new(context, fault);
}

static json_t *verify(struct export_read *read, const uint8_t key[32], struct nav_error *err) {
  struct ctl_progress progress;
  struct verify_source source = export_read_source(read);
  struct verify_settings settings = {.hub = export_read_hub(read),
                                     .checkpoint_key = key,
                                     .records_only = true,
                                     .progress = ctl_progress_begin(&progress) ? show : NULL,
                                     .progress_context = &progress};
  struct verify_report report;
  char root[2 * NAV_SHA256_SIZE + 1];
  json_t *faults = json_array();
  bool known = verify_run(&source, &settings, add_fault, faults, &report, err);
  ctl_progress_end(&progress);
  if (!known) {
    json_decref(faults);
    return NULL;
  }
  export_read_check_files(read, add_fault, faults);
  if (report.checkpoints == 0)
    add_fault(faults, 0, "no checkpoint is there, so nothing is signed by the hub and nothing is proven");
  return json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:o}", "ok", json_array_size(faults) == 0,
                   "records", (json_int_t)report.records, "events", (json_int_t)report.events, "contents",
                   (json_int_t)0, "checkpoints", (json_int_t)report.checkpoints, "cosignatures",
                   (json_int_t)report.cosignatures, "cosignatures_unjudged",
                   (json_int_t)report.cosignatures_unjudged, "unproved", (json_int_t)report.unproved, "root",
                   nav_hex(root, report.root, sizeof report.root), "faults", faults);
}

enum ctl_exit audit_verify_offline(struct ctl *ctl, const char *path) {
  struct conf_faults faults = {0};
  struct conf_hub_keys keys;
  struct nav_error err = {0};
  const char *key = ctl_value(ctl, "key");
  if (key == NULL)
    return ctl_complain(CTL_USAGE, "--offline needs --key FILE, the hub's public keys (keys/hub.yaml)");
  bool known = conf_hub_keys_load_file(key, &keys, &faults);
  conf_faults_print(&faults);
  conf_faults_free(&faults);
  if (!known) return CTL_FAILED;
  struct export_read *read = export_read_open(path, &err);
  json_t *report = read != NULL ? verify(read, keys.checkpoint, &err) : NULL;
  export_read_close(read);
  if (report == NULL) return ctl_fail(&err);
  if (ctl->format == CTL_TABLE) ctl_printable(report);
  return audit_print_report(ctl, report);
}
