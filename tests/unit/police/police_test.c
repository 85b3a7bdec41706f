// The police's events in, PublicIncidents out: a table of quirks, the withdrawals of a made list, and, where
// they are, all 72,311 real events and the real series of lists.
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "adapters/engine/input.h"
#include "adapters/engine/run.h"
#include "adapters/engine/settings.h"
#include "adapters/police/list.h"
#include "adapters/police/map_in.h"
#include "hub/base/clock.h"
#include "tests/unit/map_run/map_run.h"

static const char ADAPTER[] = "adapters/police/adapter.yaml";
static const char CASES[] = "tests/unit/police/cases";
static const char REAL[] = "../shared/data/police";

static void files_give_what_is_expected(void **state) {
  (void)state;
  assert_true(map_run_folder(&police_mapping, ADAPTER, CASES) >= 8);
}

// A run that goes on from file to file, as the engine's does, and what came of it.
struct watch {
  struct nav_mapping_run *run;
  size_t events;
  size_t withdrawn;
  size_t skips;
  size_t notes;
  size_t without_county;
  size_t positions;
  char withdrawn_ids[256];
  char last_note[512];
};

static void on_event(void *context, const char *source_id, const Nav__V1__Event *event) {
  struct watch *watch = context;
  watch->events++;
  if (event->place->county == NULL) watch->without_county++;
  if (event->place->position != NULL) watch->positions++;
  if (!event->public_incident->withdrawn) return;
  watch->withdrawn++;
  size_t length = strlen(watch->withdrawn_ids);
  (void)snprintf(watch->withdrawn_ids + length, sizeof watch->withdrawn_ids - length, "%s ", source_id);
}

static void on_skip(void *context, const char *place, const char *reason) {
  (void)place;
  (void)reason;
  ((struct watch *)context)->skips++;
}

static void on_note(void *context, const char *place, const char *text) {
  struct watch *watch = context;
  watch->notes++;
  (void)snprintf(watch->last_note, sizeof watch->last_note, "%s: %s", place, text);
}

static void begin(struct watch *watch) {
  static const uint8_t key[32] = {1};
  *watch = (struct watch){0};
  const struct run_settings settings = {
      .agency = "polisen", .id_key = key, .sink = {watch, on_event, on_skip, on_note}};
  watch->run = run_new(&settings);
  assert_non_null(watch->run);
}

static void map_text(struct watch *watch, const char *text) {
  struct nav_error err = {0};
  assert_true(police_mapping.map(watch->run, "list", (const uint8_t *)text, strlen(text), &err));
}

// A whole list: 500 events of 25 types in 50 places, a minute apart from `first` on, but for the id `without`
// (0: none). `mark` makes one answer differ from another.
static char *make_list(int first, int without, const char *mark) {
  enum { SIZE = 512 * 1024, RECORDS = 500 };
  char *text = malloc(SIZE);
  assert_non_null(text);
  size_t length = (size_t)snprintf(text, SIZE, "[");
  for (int i = first; i < first + RECORDS; i++) {
    if (i == without) continue;
    length += (size_t)snprintf(
        text + length, SIZE - length,
        "%s{\"id\":%d,\"datetime\":\"2026-03-%02d %d:%02d:00 +01:00\",\"name\":\"01 mars 10.00, T, Ort %d\","
        "\"type\":\"Typ %d\",\"summary\":\"%s\"}",
        length > 1 ? "," : "", i, 1 + i / 1440, i / 60 % 24, i % 60, i % 50, i % 25, i == first ? mark : "x");
  }
  (void)snprintf(text + length, SIZE - length, "]");
  return text;
}

static void map_list(struct watch *watch, int first, int without, const char *mark) {
  char *text = make_list(first, without, mark);
  map_text(watch, text);
  free(text);
}

static void two_whole_lists_withdraw(void **state) {
  (void)state;
  struct watch watch;
  begin(&watch);
  map_list(&watch, 1000, 0, "a");
  map_list(&watch, 1001, 1400, "b");
  assert_int_equal(watch.withdrawn, 0);
  map_list(&watch, 1001, 1400, "b");  // the very same answer says nothing more
  assert_int_equal(watch.withdrawn, 0);
  map_list(&watch, 1002, 1400, "c");
  assert_string_equal(watch.withdrawn_ids, "1400 ");
  map_list(&watch, 1003, 1400, "d");
  assert_int_equal(watch.withdrawn, 1);
  map_list(&watch, 1004, 0, "e");  // it is there again: an ordinary event, and watched once more
  map_list(&watch, 1005, 1400, "f");
  map_list(&watch, 1006, 1400, "g");
  assert_string_equal(watch.withdrawn_ids, "1400 1400 ");
  assert_int_equal(watch.notes, 0);
  run_free(watch.run);
}

static void coming_back_in_between_is_no_withdrawal(void **state) {
  (void)state;
  struct watch watch;
  begin(&watch);
  map_list(&watch, 1000, 0, "a");
  map_list(&watch, 1000, 1400, "b");
  map_list(&watch, 1000, 0, "c");
  map_list(&watch, 1000, 1400, "d");
  assert_int_equal(watch.withdrawn, 0);
  map_list(&watch, 1000, 1400, "e");
  assert_int_equal(watch.withdrawn, 1);
  run_free(watch.run);
}

static void age_is_no_withdrawal(void **state) {
  (void)state;
  struct watch watch;
  begin(&watch);
  for (int i = 0; i < 20; i++) map_list(&watch, 1000 + i * 20, 0, "a");
  assert_int_equal(watch.withdrawn, 0);
  run_free(watch.run);
}

// The newest may be missing because the answer is an old one (a cache): it counts when the list has become
// younger than it.
static void an_old_answer_is_no_withdrawal(void **state) {
  (void)state;
  struct watch watch;
  begin(&watch);
  map_list(&watch, 1100, 0, "a");  // to 1599
  map_list(&watch, 1090, 0, "b");  // to 1589, as before the first
  map_list(&watch, 1091, 0, "c");
  assert_int_equal(watch.withdrawn, 0);
  map_list(&watch, 1101, 0, "d");
  assert_int_equal(watch.withdrawn, 0);
  run_free(watch.run);
}

static void partial_lists_withdraw_nothing(void **state) {
  (void)state;
  static const char *const partial[] = {
      "",
      "[]",
      "[{\"id\":1,\"datetime\":\"2026-03-01 10:00:00 +01:00\",\"type\":\"Brand\"}]",
  };
  struct watch watch;
  begin(&watch);
  map_list(&watch, 1000, 0, "a");
  for (size_t i = 0; i < sizeof partial / sizeof *partial; i++) map_text(&watch, partial[i]);
  // Cut off, one record unreadable, one type alone: each otherwise a whole list without 1400.
  for (int i = 0; i < 3; i++) {
    char *text = make_list(1000, 1400, "b");
    if (i == 0) text[strlen(text) - 30] = '\0';
    if (i == 1) memcpy(strstr(text, "\"datetime\""), "\"datetid\" ", 10);
    for (char *p = text; i == 2 && (p = strstr(p, "Typ ")) != NULL; p += 5) p[4] = p[5] == '"' ? '1' : ' ';
    map_text(&watch, text);
    map_text(&watch, text);
    free(text);
  }
  assert_int_equal(watch.withdrawn, 0);
  map_list(&watch, 1000, 1400, "c");
  assert_int_equal(watch.withdrawn, 0);
  map_list(&watch, 1000, 1400, "d");
  assert_int_equal(watch.withdrawn, 1);
  run_free(watch.run);
}

static void a_memory_of_another_form_is_passed_over(void **state) {
  (void)state;
  struct watch watch;
  begin(&watch);
  assert_true(run_set_memory(watch.run, (const uint8_t *)"old form of it, long enough to be read", 38));
  map_list(&watch, 1000, 0, "a");
  map_list(&watch, 1000, 1400, "b");
  size_t length = 0;
  const uint8_t *bytes = nav_mapping_memory(watch.run, &length);
  uint8_t *cut = malloc(length);
  memcpy(cut, bytes, length);
  for (size_t size = 0; size < length; size += length / 50 + 1) {  // cut anywhere: read to the cut
    assert_true(run_set_memory(watch.run, cut, size));
    map_list(&watch, 1000, 0, "c");
  }
  free(cut);
  assert_int_equal(watch.withdrawn, 0);
  run_free(watch.run);
}

static bool map_real(struct watch *watch, const char *name) {
  char path[256];
  struct input input;
  struct nav_error err = {0};
  (void)snprintf(path, sizeof path, "%s/%s", REAL, name);
  if (access(path, R_OK) != 0) {
    (void)printf("skipped: no ../shared/data\n");
    return false;
  }
  assert_true(input_read(&input, path, &err));
  const char *slash = strrchr(name, '/');
  if (!police_mapping.map(watch->run, slash != NULL ? slash + 1 : name, input.bytes, input.length, &err)) {
    fail_msg("%s: %s", err.place, err.text);
  }
  input_free(&input);
  return true;
}

static void all_real_events_map(void **state) {
  (void)state;
  struct watch watch;
  begin(&watch);
  if (map_real(&watch, "polisen-events.jsonl.gz")) {
    assert_int_equal(watch.events, 72311);
    assert_int_equal(watch.skips, 0);
    assert_int_equal(watch.notes, 0);
    assert_int_equal(watch.without_county, 0);
    assert_int_equal(watch.positions, 0);
  }
  run_free(watch.run);
}

// Nine polls of an afternoon: 619467 was published and taken back; dozens left the list by age, one of them
// came back for a poll; one answer was somebody's filter.
static void the_real_series_withdraws_one(void **state) {
  (void)state;
  static const char *const series[] = {
      "2025-12-26T112728Z_fef175fa", "2025-12-26T114534Z_f053cc39", "2025-12-26T130038Z_d2e7e1c3",
      "2025-12-26T134058Z_f51b49f9", "2025-12-26T143234Z_a07d4894", "2025-12-26T145028Z_d2051b3d",
      "2025-12-26T153133Z_7a486a06", "2025-12-26T154751Z_f35071ad", "2025-12-26T163551Z_d7fd46c7",
      "2025-12-26T165359Z_bd30977e", "2025-12-26T172901Z_08461f72"};
  struct watch watch;
  begin(&watch);
  for (size_t i = 0; i < sizeof series / sizeof *series; i++) {
    char name[128];
    (void)snprintf(name, sizeof name, "snapshots/series-2025-12-26/%s.json", series[i]);
    if (!map_real(&watch, name)) break;
    if (i == sizeof series / sizeof *series - 1) {
      assert_string_equal(watch.withdrawn_ids, "619467 ");
      assert_int_equal(watch.notes, 1);
      assert_int_equal(watch.skips, 0);
    }
  }
  run_free(watch.run);
}

static void real_filtered_lists_are_recognised(void **state) {
  (void)state;
  static const struct {
    const char *name;
    size_t events;
    const char *note;  // NULL: a whole list
  } cases[] = {
      {"snapshots/2023-03-25_first.json", 500, NULL},
      {"snapshots/2023-03-26_short256_type-filtered.json", 256, "it has only 256 records"},
      {"snapshots/2023-11-07_polluted_trafikolycka500.json", 500, "it has only 2 types of event"},
      {"snapshots/2025-11-21_polluted_brand500.json", 500, "it has only 1 types of event"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct watch watch;
    begin(&watch);
    if (map_real(&watch, cases[i].name)) {
      assert_int_equal(watch.events, cases[i].events);
      assert_int_equal(watch.notes, cases[i].note != NULL);
      if (cases[i].note != NULL) assert_non_null(strstr(watch.last_note, cases[i].note));
    }
    run_free(watch.run);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files_give_what_is_expected),
      cmocka_unit_test(two_whole_lists_withdraw),
      cmocka_unit_test(coming_back_in_between_is_no_withdrawal),
      cmocka_unit_test(age_is_no_withdrawal),
      cmocka_unit_test(an_old_answer_is_no_withdrawal),
      cmocka_unit_test(partial_lists_withdraw_nothing),
      cmocka_unit_test(a_memory_of_another_form_is_passed_over),
      cmocka_unit_test(all_real_events_map),
      cmocka_unit_test(the_real_series_withdraws_one),
      cmocka_unit_test(real_filtered_lists_are_recognised),
  };
  return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
