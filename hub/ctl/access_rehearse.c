// navctl access rehearse: the draft's files are read here, with the caller's rights, and sent to nav-desk,
// which replays what has happened.
#include "hub/ctl/access_rehearse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/access/access.h"
#include "hub/base/clock.h"
#include "hub/ctl/faults.h"
#include "hub/ctl/output.h"

enum {
  TIMEOUT_MS = 1900 * 1000,
  FILE_BYTES_MAX = 256 * 1024,
  FILES_BYTES_MAX = 7 * 1024 * 1024,  // of nav-desk's 8 MiB, with room for names and escapes
  ARENA_BYTES_MAX = 64 * 1024 * 1024,
  RULES_TEXT_SIZE = 512,
};

static const struct ctl_column columns[] = {
    {"agency", "AGENCY", false},    {"purpose", "PURPOSE", false},        {"change", "CHANGE", false},
    {"events", "EVENTS", true},     {"person_days", "PERSON-DAYS", true}, {"rules", "RULES", false},
    {"examples", "SUCH AS", false},
};

// ---- asking ----

static bool add_time(json_t *request, const char *key, const char *option, const char *text,
                     enum ctl_exit *code) {
  int64_t ms = 0;
  if (text == NULL) return true;
  if (ctl_parse_time(text, nav_clock_now_ms(), &ms)) {
    (void)json_object_set_new(request, key, json_integer(ms));
    return true;
  }
  *code = ctl_complain(CTL_USAGE, "--%s '%s' is no time; write 7d, 36h, 2026-11-01 or 2026-11-01T08:00:00Z",
                       option, text);
  return false;
}

json_t *rehearsal_ask(struct ctl *ctl, json_t *files, const char *folder, const char *since,
                      const char *until, enum ctl_exit *code) {
  json_t *request = json_pack("{s:s}", "command", "access-rehearse");
  if (files != NULL) (void)json_object_set_new(request, "files", files);
  if (ctl_value(ctl, "reason") != NULL)
    (void)json_object_set_new(request, "reason", json_string(ctl_value(ctl, "reason")));
  if (!add_time(request, "since_ms", "since", since, code) ||
      !add_time(request, "until_ms", "until", until, code)) {
    json_decref(request);
    return NULL;
  }
  json_t *answer = ctl_ask(ctl, true, request, TIMEOUT_MS, code);
  const json_t *faults = json_object_get(answer, "faults");
  if (faults == NULL) return answer;
  *code = faults_print_json(ctl, folder, answer);
  json_decref(answer);
  return NULL;
}

// ---- showing ----

// "before→after" with how many, for people and spreadsheets.
static json_t *rules_text(const json_t *row) {
  const json_t *rules = json_object_get(row, "rules");
  json_t *list = json_array();
  for (size_t i = 0; i < json_array_size(rules); i++) {
    const json_t *pair = json_array_get(rules, i);
    const char *before = json_string_value(json_object_get(pair, "before"));
    const char *after = json_string_value(json_object_get(pair, "after"));
    char text[RULES_TEXT_SIZE];
    (void)snprintf(text, sizeof text, "%s→%s:%lld", before != NULL ? before : "none",
                   after != NULL ? after : "none",
                   (long long)json_integer_value(json_object_get(pair, "events")));
    (void)json_array_append_new(list, json_string(text));
  }
  json_int_t others = json_integer_value(json_object_get(row, "other_rules"));
  if (others > 0) (void)json_array_append_new(list, json_sprintf("others:%lld", (long long)others));
  return list;
}

// One example is enough for a table's width.
static json_t *flat_rows(enum ctl_format format, const json_t *rehearsal) {
  json_t *rows = json_deep_copy(json_object_get(rehearsal, "rows"));
  for (size_t i = 0; i < json_array_size(rows); i++) {
    json_t *row = json_array_get(rows, i);
    (void)json_object_set_new(row, "rules", rules_text(row));
    json_t *examples = json_object_get(row, "examples");
    while (format == CTL_TABLE && json_array_size(examples) > 1) (void)json_array_remove(examples, 1);
  }
  return rows;
}

static void say_what_is_missing(const json_t *rehearsal) {
  if (json_is_true(json_object_get(rehearsal, "truncated"))) {
    (void)ctl_complain(CTL_DONE,
                       "too many events for one rehearsal: those after record %lld are left out; choose a "
                       "shorter time",
                       (long long)json_integer_value(json_object_get(rehearsal, "left_out_after_seq")));
  }
  if (json_is_true(json_object_get(rehearsal, "person_days_cut")))
    (void)ctl_complain(CTL_DONE, "too many person-days to count: there are more than is said");
}

bool rehearsal_print(enum ctl_format format, const json_t *rehearsal) {
  say_what_is_missing(rehearsal);
  if (format == CTL_JSON) {
    json_t *copy = json_copy((json_t *)(uintptr_t)rehearsal);
    (void)json_object_del(copy, "ok");
    bool ok = output_json(format, copy);
    json_decref(copy);
    return ok;
  }
  if (format == CTL_NDJSON)
    return output_rows(format, columns, sizeof columns / sizeof *columns, json_object_get(rehearsal, "rows"));
  json_t *rows = flat_rows(format, rehearsal);
  bool ok = true;
  if (format != CTL_TABLE || json_array_size(rows) > 0)
    ok = output_rows(format, columns, sizeof columns / sizeof *columns, rows);
  json_decref(rows);
  if (format == CTL_TABLE) {
    const char *summary = json_string_value(json_object_get(rehearsal, "summary"));
    ok = printf("%s\n", summary != NULL ? summary : "") >= 0 && ok;
  }
  return ok;
}

// ---- the draft's files ----

struct draft {
  json_t *files;
  size_t bytes;
  struct conf_faults faults;
};

static void add_file(struct draft *draft, const char *path, const char *name, bool optional) {
  static char bytes[FILE_BYTES_MAX + 1];
  FILE *stream = fopen(path, "re");
  if (stream == NULL && optional) return;
  size_t length = stream == NULL ? 0 : fread(bytes, 1, sizeof bytes, stream);
  bool bad = stream == NULL || ferror(stream) != 0 || length > FILE_BYTES_MAX;
  if (stream != NULL) (void)fclose(stream);
  json_t *text = bad ? NULL : json_stringn(bytes, length);
  if (text == NULL || memchr(bytes, '\0', length) != NULL) {
    conf_faults_add(&draft->faults, name, 0, 0, "", "cannot be read as UTF-8 text of at most %d KiB",
                    FILE_BYTES_MAX / 1024);
    json_decref(text);
    return;
  }
  draft->bytes += length;
  (void)json_array_append_new(draft->files, json_pack("{s:s, s:o}", "name", name, "text", text));
}

static void add_folder(struct draft *draft, const char *folder, const char *under) {
  struct nav_arena *arena = nav_arena_new(ARENA_BYTES_MAX);
  struct conf_files list = {NULL, NULL, 0};
  if (arena == NULL) {
    conf_faults_add(&draft->faults, under, 0, 0, "", "no memory");
  } else if (conf_folder_list(folder, under, false, arena, &list, &draft->faults)) {
    for (size_t i = 0; i < list.count; i++) add_file(draft, list.paths[i], list.names[i], false);
  }
  nav_arena_free(arena);
}

static void add_named(struct draft *draft, const char *folder, const char *name, bool optional) {
  char path[4096];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  add_file(draft, path, name, optional);
}

// What decides, in order of the names' bytes. NULL: said.
static json_t *read_draft(struct ctl *ctl, const char *folder, enum ctl_exit *code) {
  struct draft draft = {.files = json_array()};
  // The same faults as access check, with their lines, before anything is sent.
  struct conf_agencies *agencies = conf_agencies_load(folder, &draft.faults);
  access_rules_free(agencies == NULL ? NULL : access_rules_load(folder, agencies, &draft.faults));
  conf_agencies_free(agencies);
  if (draft.faults.count == 0) {
    add_folder(&draft, folder, "access");
    add_named(&draft, folder, "agencies.yaml", false);
    add_folder(&draft, folder, "areas");
    add_named(&draft, folder, "law.yaml", false);
    add_named(&draft, folder, "persons.yaml", true);
  }
  if (draft.faults.count == 0 && draft.bytes > FILES_BYTES_MAX)
    conf_faults_add(&draft.faults, folder, 0, 0, "", "has more than %d MiB of files",
                    FILES_BYTES_MAX / (1024 * 1024));
  if (draft.faults.count > 0) {
    *code = faults_print(ctl, folder, &draft.faults);
    json_decref(draft.files);
    draft.files = NULL;
  }
  conf_faults_free(&draft.faults);
  return draft.files;
}

enum ctl_exit ctl_access_rehearse(struct ctl *ctl) {
  enum ctl_exit code = CTL_DONE;
  const char *folder = ctl->arguments[0];
  const char *since = ctl_value(ctl, "since");
  json_t *files = read_draft(ctl, folder, &code);
  if (files == NULL) return code;
  json_t *answer =
      rehearsal_ask(ctl, files, folder, since != NULL ? since : "30d", ctl_value(ctl, "until"), &code);
  if (answer == NULL) return code;
  bool ok = rehearsal_print(ctl->format, answer);
  json_decref(answer);
  return ok ? CTL_DONE : CTL_FAILED;
}
