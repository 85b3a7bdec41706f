// See sample_adapter.h.
#include "tests/unit/engine/sample_adapter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "hub/wire/keys.h"

enum { ARGUMENTS_MAX = 16, LINE_MAX_SIZE = 512 };

static void map_line(struct nav_mapping_run *run, const char *file, size_t number, const char *line) {
  char id[64];
  char text[LINE_MAX_SIZE];
  char place[128];
  (void)snprintf(place, sizeof place, "%s:%zu", file, number);
  if (sscanf(line, "%63[^;];%511[^\n]", id, text) != 2) {
    nav_mapping_skip(run, place, "is no id and text");
    return;
  }
  Nav__V1__PublicIncident *body = nav_arena_alloc(nav_mapping_arena(run), sizeof *body);
  nav__v1__public_incident__init(body);
  body->summary = text;
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  event.has_time_ms = 1;
  event.time_ms = 1700000000000;
  event.body_case = NAV__V1__EVENT__BODY_PUBLIC_INCIDENT;
  event.public_incident = body;
  nav_mapping_emit(run, id, event.time_ms, &event);
}

static void count_up(struct nav_mapping_run *run) {
  size_t length = 0;
  const uint8_t *bytes = nav_mapping_memory(run, &length);
  uint8_t count = length == 1 ? bytes[0] : 0;
  count++;
  assert_true(nav_mapping_remember(run, &count, 1));
  nav_mapping_note(run, "", "seen %d times", count);
}

static bool map_sample(struct nav_mapping_run *run, const char *file, const uint8_t *bytes, size_t length,
                       struct nav_error *err) {
  size_t number = 0;
  if (length >= 10 && memcmp(bytes, "unreadable", 10) == 0) {
    return nav_fail(err, NAV_ERROR_PEER, 0, file, "byte 0: is not of this source");
  }
  if (length >= 8 && memcmp(bytes, "remember", 8) == 0) count_up(run);
  for (size_t at = 0; at < length;) {
    char line[LINE_MAX_SIZE];
    const uint8_t *end = memchr(bytes + at, '\n', length - at);
    size_t size = end != NULL ? (size_t)(end - (bytes + at)) : length - at;
    (void)snprintf(line, sizeof line, "%.*s", (int)size, (const char *)bytes + at);
    map_line(run, file, ++number, line);
    at += size + 1;
  }
  return true;
}

static const char *const suffixes[] = {".csv", ".csv.gz", NULL};

const struct nav_mapping sample_mapping = {
    .program = "nav-police", .description = "a test", .suffixes = suffixes, .map = map_sample};

const char *sample_path(char out[SCRATCH_PATH], const char *home, const char *name) {
  if (snprintf(out, SCRATCH_PATH, "%s/agencies/polisen/%s", home, name) >= SCRATCH_PATH) fail();
  return out;
}

void sample_make(const char *home, const char *purposes) {
  char path[SCRATCH_PATH];
  char text[2048];
  struct keys_agency keys;
  struct nav_error err = {0};
  assert_int_equal(mkdir(scratch_path(path, home, "agencies"), 0700), 0);
  assert_int_equal(mkdir(sample_path(path, home, ""), 0700), 0);
  if (!keys_agency_create(sample_path(path, home, "keys"), &keys, &err))
    fail_msg("%s: %s", err.place, err.text);
  (void)snprintf(text, sizeof text, "curve: %064d\nsession: %064d\ncheckpoint: %064d\n", 1, 2, 3);
  scratch_write(home, "hub.yaml", text);
  (void)snprintf(text, sizeof text,
                 "agency: polisen\nprogram: nav-police\nhub:\n  endpoint: tcp://127.0.0.1:1\n  keys: "
                 "../../hub.yaml\n%s%s\n",
                 purposes != NULL ? "purposes: " : "", purposes != NULL ? purposes : "");
  scratch_write(sample_path(path, home, ""), "adapter.yaml", text);
}

int sample_run(const struct nav_mapping *mapping, const char *home, ...) {
  static char program[] = "nav-police";
  static char home_option[] = "--home";
  char copies[ARGUMENTS_MAX][SCRATCH_PATH];
  char *arguments[ARGUMENTS_MAX + 1] = {program, home_option};
  int count = 2;
  va_list args;
  va_start(args, home);
  for (const char *argument = home; argument != NULL && count < ARGUMENTS_MAX;
       argument = va_arg(args, const char *)) {
    (void)snprintf(copies[count], SCRATCH_PATH, "%s", argument);
    arguments[count] = copies[count];
    count++;
  }
  va_end(args);
  arguments[count] = NULL;
  return nav_adapter_main(mapping, count, arguments);
}
