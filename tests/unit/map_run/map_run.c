// See map_run.h.
#include "tests/unit/map_run/map_run.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/engine/run.h"
#include "adapters/engine/settings.h"
#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/wire/json.h"

enum { RESULT_MAX = 64 * 1024 * 1024, FILE_MAX = 64 * 1024 * 1024, FILES_MAX = 200, PATH_SIZE = 512 };

static void on_event(void *context, const char *source_id, const Nav__V1__Event *event) {
  struct map_result *result = context;
  json_t *json = wire_cloudevent_from_event(event);
  assert_non_null(json);
  char *line = json_dumps(json, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(10));
  assert_non_null(line);
  assert_true(nav_buffer_printf(&result->text, "event %s ", source_id) &&
              nav_buffer_append_text(&result->text, line) && nav_buffer_append_text(&result->text, "\n"));
  free(line);
  json_decref(json);
  result->events++;
}

static void on_skip(void *context, const char *place, const char *reason) {
  struct map_result *result = context;
  assert_true(nav_buffer_printf(&result->text, "skip %s: %s\n", place, reason));
  result->skips++;
}

static void on_note(void *context, const char *place, const char *text) {
  struct map_result *result = context;
  assert_true(nav_buffer_printf(&result->text, "note %s: %s\n", place, text));
  result->notes++;
}

struct map_result map_run_bytes(const struct nav_mapping *mapping, const char *adapter_yaml, const char *name,
                                const uint8_t *bytes, size_t length) {
  static const uint8_t id_key[NAV_ID_KEY_SIZE] = {1};
  struct map_result result = {0};
  struct conf_faults faults = {0};
  struct nav_error err = {0};
  nav_buffer_init(&result.text, RESULT_MAX);
  struct engine_settings *settings = settings_load(adapter_yaml, mapping->program, false, &faults);
  if (settings == NULL) conf_faults_print(&faults);
  assert_non_null(settings);
  struct run_settings run_settings = {.agency = settings->agency,
                                      .id_key = id_key,
                                      .options = settings->options,
                                      .options_count = settings->options_count,
                                      .places = settings->places,
                                      .sink = {&result, on_event, on_skip, on_note}};
  assert_true(nav_clock_parse("2026-11-22T12:00:00+01:00", false, &run_settings.now_ms));
  struct nav_mapping_run *run = run_new(&run_settings);
  assert_non_null(run);
  result.mapped = mapping->map(run, name, bytes, length, &err);
  if (!result.mapped) {
    char text[NAV_ERROR_PLACE_SIZE + NAV_ERROR_TEXT_SIZE + 4];
    assert_true(nav_buffer_printf(&result.text, "error %s\n", nav_error_string(&err, text, sizeof text)));
  }
  run_free(run);
  settings_free(settings);
  conf_faults_free(&faults);
  return result;
}

struct map_result map_run_text(const struct nav_mapping *mapping, const char *adapter_yaml,
                               const char *text) {
  return map_run_bytes(mapping, adapter_yaml, "test", (const uint8_t *)text, strlen(text));
}

static uint8_t *read_whole(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail_msg("cannot open %s", path);
  uint8_t *bytes = malloc(FILE_MAX);
  assert_non_null(bytes);
  *length = fread(bytes, 1, FILE_MAX, file);
  assert_true(*length < FILE_MAX);
  (void)fclose(file);
  return bytes;
}

struct map_result map_run_file(const struct nav_mapping *mapping, const char *adapter_yaml,
                               const char *path) {
  size_t length = 0;
  uint8_t *bytes = read_whole(path, &length);
  const char *slash = strrchr(path, '/');
  struct map_result result =
      map_run_bytes(mapping, adapter_yaml, slash == NULL ? path : slash + 1, bytes, length);
  free(bytes);
  return result;
}

void map_result_free(struct map_result *result) { nav_buffer_free(&result->text); }

const char *map_result_text(struct map_result *result) {
  const char *text = nav_buffer_text(&result->text);
  assert_non_null(text);
  return text;
}

static void write_expected(const char *path, const struct map_result *result) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  if (result->text.length > 0) {
    assert_int_equal(fwrite(result->text.data, 1, result->text.length, file), result->text.length);
  }
  assert_int_equal(fclose(file), 0);
}

static void check_file(const struct nav_mapping *mapping, const char *adapter_yaml, const char *path) {
  char expected_path[PATH_SIZE + 16];
  (void)snprintf(expected_path, sizeof expected_path, "%s.expected", path);
  struct map_result result = map_run_file(mapping, adapter_yaml, path);
  if (getenv("NAV_TEST_WRITE") != NULL) {
    write_expected(expected_path, &result);
  } else {
    size_t length = 0;
    uint8_t *expected = read_whole(expected_path, &length);
    expected[length] = '\0';
    if (strcmp((const char *)expected, map_result_text(&result)) != 0) {
      fail_msg("%s\n--- expected\n%s--- got\n%s", path, (const char *)expected, map_result_text(&result));
    }
    free(expected);
  }
  map_result_free(&result);
}

size_t map_run_folder(const struct nav_mapping *mapping, const char *adapter_yaml, const char *folder) {
  struct dirent **entries = NULL;
  int count = scandir(folder, &entries, NULL, alphasort);
  size_t files = 0;
  assert_in_range(count, 0, FILES_MAX);
  for (int i = 0; i < count; i++) {
    char path[PATH_SIZE];
    const char *dot = strrchr(entries[i]->d_name, '.');
    bool input = entries[i]->d_name[0] != '.' && (dot == NULL || strcmp(dot, ".expected") != 0);
    (void)snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
    free(entries[i]);
    if (!input) continue;
    check_file(mapping, adapter_yaml, path);
    files++;
  }
  free(entries);
  return files;
}
