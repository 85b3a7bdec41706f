// navctl audit export: nav-desk gives the records page by page; the archive is written here, as the caller.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub/base/id.h"
#include "hub/conf/hub_keys.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/export_write.h"
#include "hub/ctl/output.h"
#include "hub/wire/json.h"

enum { TIMEOUT_MS = 150000 };

static uint8_t *decode(const char *text, const char *place, size_t *length, struct nav_error *err) {
  uint8_t *bytes = wire_json_from_base64(text, length);
  if (bytes == NULL)
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, place, "nav-desk's answer is no base64, or there is no memory");
  return bytes;
}

static bool add_records(struct export_write *w, const char *text, struct nav_error *err) {
  size_t length = 0;
  uint8_t *bytes = decode(text, "records", &length, err);
  bool ok = bytes != NULL && export_write_records(w, bytes, length, err);
  free(bytes);
  return ok;
}

static bool add_page(struct export_write *w, const json_t *page, struct nav_error *err) {
  size_t i = 0;
  const json_t *note = NULL;
  json_array_foreach(json_object_get(page, "checkpoints"), i, note) {
    uint64_t size = (uint64_t)json_integer_value(json_object_get(note, "size"));
    if (!export_write_note(w, size, output_text_of(note, "note"), err)) return false;
  }
  return add_records(w, output_text_of(page, "records"), err);
}

static bool add_text(struct export_write *w, const json_t *json, struct nav_error *err) {
  size_t length = 0;
  uint8_t *bytes = decode(output_text_of(json, "text"), "texts", &length, err);
  bool ok = bytes != NULL && export_write_rules(w, output_text_of(json, "sha256"), bytes, length, err);
  free(bytes);
  return ok;
}

// The texts of rules that were put in force up to `until`, page by page.
static enum ctl_exit texts(struct ctl *ctl, struct export_write *w, const json_t *until) {
  enum ctl_exit code = CTL_DONE;
  struct nav_error err = {0};
  const char *reason = ctl_value(ctl, "reason");
  json_t *request =
      json_pack("{s:s, s:I, s:O}", "command", "audit-export-rules", "after", (json_int_t)0, "until", until);
  if (reason != NULL) (void)json_object_set_new(request, "reason", json_string(reason));
  for (bool done = false; !done && code == CTL_DONE;) {
    size_t i = 0;
    const json_t *text = NULL;
    json_t *page = ctl_ask(ctl, true, json_incref(request), TIMEOUT_MS, &code);
    if (page == NULL) break;
    const json_t *list = json_object_get(page, "texts");
    done = json_is_true(json_object_get(page, "done")) || json_array_size(list) == 0;
    json_array_foreach(list, i, text) {
      (void)json_object_set(request, "after", json_object_get(text, "seq"));
      (void)json_object_set(request, "sha256", json_object_get(text, "sha256"));
      if (code == CTL_DONE && !add_text(w, text, &err)) code = ctl_fail(&err);
    }
    json_decref(page);
  }
  json_decref(request);
  return code;
}

static bool finish(struct ctl *ctl, struct export_write *w, const json_t *page, struct nav_error *err) {
  struct conf_faults faults = {0};
  struct conf_hub_keys keys;
  char key[2 * sizeof keys.checkpoint + 1];
  bool known = conf_hub_keys_load(ctl_nav(ctl)->config_folder, &keys, &faults);
  conf_faults_free(&faults);
  return export_write_finish(w, output_text_of(page, "hub"), output_text_of(page, "log_id"),
                             known ? nav_hex(key, keys.checkpoint, sizeof keys.checkpoint) : NULL, err);
}

static enum ctl_exit pages(struct ctl *ctl, struct export_write *w, json_t *request) {
  enum ctl_exit code = CTL_DONE;
  struct nav_error err = {0};
  for (bool done = false; !done && code == CTL_DONE;) {
    json_t *page = ctl_ask(ctl, true, json_incref(request), TIMEOUT_MS, &code);
    if (page == NULL) return code;
    done = json_is_true(json_object_get(page, "done"));
    (void)json_object_set(request, "after", json_object_get(page, "last"));
    (void)json_object_set(request, "until", json_object_get(page, "until"));
    if (!add_page(w, page, &err)) code = ctl_fail(&err);
    if (done && code == CTL_DONE) code = texts(ctl, w, json_object_get(page, "until"));
    if (done && code == CTL_DONE && !finish(ctl, w, page, &err)) code = ctl_fail(&err);
    json_decref(page);
    if (isatty(STDERR_FILENO)) (void)fprintf(stderr, "\r%" PRIu64 " records", export_write_count(w));
  }
  if (isatty(STDERR_FILENO)) (void)fputc('\n', stderr);
  return code;
}

enum ctl_exit ctl_audit_export(struct ctl *ctl) {
  const char *out = ctl_value(ctl, "out");
  const char *until = ctl_value(ctl, "until");
  const char *reason = ctl_value(ctl, "reason");
  char *end = NULL;
  long long last = until == NULL ? 0 : strtoll(until, &end, 10);
  struct nav_error err = {0};
  if (until != NULL && (end == until || *end != '\0' || last < 1))
    return ctl_complain(CTL_USAGE, "--until '%s' is no record's number", until);
  if (access(out, F_OK) == 0)
    return ctl_complain(CTL_FAILED, "%s is there already; choose another name", out);
  ctl->format = CTL_JSON;  // notes are signed as they are: nothing in them may be made printable
  struct export_write *w = export_write_new(out, &err);
  if (w == NULL) return ctl_fail(&err);
  json_t *request = json_pack("{s:s, s:I}", "command", "audit-export", "after", (json_int_t)0);
  if (until != NULL) (void)json_object_set_new(request, "until", json_integer(last));
  if (reason != NULL) (void)json_object_set_new(request, "reason", json_string(reason));
  enum ctl_exit code = pages(ctl, w, request);
  if (code == CTL_DONE) (void)printf("%s: %" PRIu64 " records\n", out, export_write_count(w));
  json_decref(request);
  export_write_free(w);
  return code;
}
