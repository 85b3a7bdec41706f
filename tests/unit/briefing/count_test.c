// What is counted, what is told of small counts, and what is compared. That small cells cannot be worked out
// is proven on small tables by going through all of them: who sees what is told, and knows the rule, still
// thinks every small number possible.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/desk/briefing/model.h"
#include "tests/unit/briefing/scene.h"

enum { CELLS_MAX = 4, TABLES_MAX = 20000, WITHHOLD = NAV__V1__OUTCOME__OUTCOME_WITHHOLD };

#define NOISE NAV__V1__DISTURBANCE_KIND__DISTURBANCE_KIND_NOISE
#define PARTY NAV__V1__DISTURBANCE_KIND__DISTURBANCE_KIND_PARTY

struct shown {
  struct told cells[CELLS_MAX], total;
  uint32_t counts[CELLS_MAX];
};

static bool is_same(const struct told *a, const struct told *b) {
  // A hidden cell's bounds are not shown.
  return a->hidden == b->hidden && (a->hidden || (a->low == b->low && a->high == b->high));
}

static bool looks_same(const struct shown *a, const struct shown *b, size_t cells) {
  if (!is_same(&a->total, &b->total)) return false;
  for (size_t i = 0; i < cells; i++) {
    if (!is_same(&a->cells[i], &b->cells[i])) return false;
  }
  return true;
}

static size_t all_tables(struct shown *tables, size_t cells, uint32_t smallest, uint32_t most) {
  size_t count = 1;
  for (size_t i = 0; i < cells; i++) count *= most + 1;
  assert_true(count <= TABLES_MAX);
  for (size_t i = 0; i < count; i++) {
    size_t rest = i;
    for (size_t j = 0; j < cells; j++, rest /= most + 1) tables[i].counts[j] = (uint32_t)(rest % (most + 1));
    tables[i].total = told_row(tables[i].counts, cells, smallest, tables[i].cells);
  }
  return count;
}

// For each table with a small cell: which numbers that cell could be, by all tables that look the same.
static void assert_small_cells_open(const struct shown *tables, size_t count, size_t cells, uint32_t smallest,
                                    uint32_t most) {
  for (size_t i = 0; i < count; i++) {
    uint32_t total = 0;
    for (size_t cell = 0; cell < cells; cell++) total += tables[i].counts[cell];
    // Larger than most − 1 in a cell is not among the tables gone through: leave their totals out.
    if (total > most) continue;
    uint32_t possible[CELLS_MAX] = {0};
    for (size_t j = 0; j < count; j++) {
      if (!looks_same(&tables[i], &tables[j], cells)) continue;
      for (size_t cell = 0; cell < cells; cell++) possible[cell] |= 1U << tables[j].counts[cell];
    }
    for (size_t cell = 0; cell < cells; cell++) {
      if (tables[i].counts[cell] == 0 || tables[i].counts[cell] >= smallest) continue;
      uint32_t small_ones = (1U << smallest) - 2;
      if ((possible[cell] & small_ones) != small_ones) {
        print_error("smallest %u, cells %u %u %u: cell %zu could only be of %x\n", smallest,
                    tables[i].counts[0], tables[i].counts[1], cells > 2 ? tables[i].counts[2] : 0, cell,
                    possible[cell]);
        fail();
      }
    }
  }
}

static void small_cells_cannot_be_worked_out(void **state) {
  (void)state;
  static const struct {
    size_t cells;
    uint32_t smallest, most;
  } sizes[] = {{1, 5, 12}, {2, 3, 14}, {2, 5, 24}, {3, 3, 12}, {3, 5, 17}, {4, 3, 9}, {4, 4, 10}};
  struct shown *tables = calloc(TABLES_MAX, sizeof *tables);
  assert_non_null(tables);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    size_t count = all_tables(tables, sizes[i].cells, sizes[i].smallest, sizes[i].most);
    assert_small_cells_open(tables, count, sizes[i].cells, sizes[i].smallest, sizes[i].most);
  }
  free(tables);
}

static void what_is_told(void **state) {
  (void)state;
  static const struct {
    uint32_t counts[3];
    const char *told;  // cells, then the total; "?": hidden
  } rows[] = {{{0, 0, 0}, "0 0 0 0"},      {{9, 0, 7}, "9 0 7 16"},     {{9, 2, 7}, "? ? ? 18"},
              {{1, 0, 0}, "? ? ? 1-4"},    {{2, 3, 9}, "1-4 1-4 9 14"}, {{1, 1, 9}, "? ? ? 11"},
              {{4, 4, 9}, "? ? ? 17"},     {{2, 2, 3}, "? ? ? 7"},      {{1, 1, 1}, "? ? ? 1-4"},
              {{3, 3, 3}, "1-4 1-4 1-4 9"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct told all[4];
    char text[80] = "";
    all[3] = told_row(rows[i].counts, 3, 5, all);
    for (size_t j = 0; j < 4; j++) {
      size_t used = strlen(text);
      const char *blank = j > 0 ? " " : "";
      if (all[j].hidden) {
        (void)snprintf(text + used, sizeof text - used, "%s?", blank);
      } else if (all[j].low == all[j].high) {
        (void)snprintf(text + used, sizeof text - used, "%s%u", blank, all[j].low);
      } else {
        (void)snprintf(text + used, sizeof text - used, "%s%u-%u", blank, all[j].low, all[j].high);
      }
    }
    assert_string_equal(text, rows[i].told);
  }
}

static const struct category *category_of(const struct briefing *briefing, const char *kind,
                                          bool counted_only) {
  for (size_t i = 0; i < briefing->categories_count; i++) {
    const struct category *category = &briefing->categories[i];
    if (strcmp(category->kind, kind) == 0 && category->counted_only == counted_only) return category;
  }
  return NULL;
}

static void periods_areas_and_kinds(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, 200);
  for (int i = 0; i < 5; i++)
    (void)scene_disturbance(&scene, "bolaget", scene_time(1 + i, 20), NOISE, "norr");
  for (int i = 0; i < 3; i++)
    (void)scene_disturbance(&scene, "bolaget", scene_time(29 + i, 20), NOISE, "soder");
  for (int i = 0; i < 2; i++)
    (void)scene_disturbance(&scene, "bolaget", scene_time(365 + i, 20), NOISE, "soder");
  (void)scene_disturbance(&scene, "bolaget", scene_time(28, 0), PARTY,
                          "staden");                                            // the period's first minute
  (void)scene_disturbance(&scene, "bolaget", scene_time(0, 0), PARTY, "norr");  // the day it opens: outside
  (void)scene_disturbance(&scene, "bolaget", scene_time(2, 12), PARTY, NULL);   // no area known
  (void)scene_disturbance(&scene, "bolaget", scene_time(2, 12), PARTY, "annanstans");
  struct briefing *briefing = scene_compile(&scene);
  const struct category *noise = category_of(briefing, "Buller", false),
                        *party = category_of(briefing, "Fest", false);
  assert_non_null(noise);
  assert_non_null(party);
  assert_int_equal(noise->total.count[SPAN_NOW], 5);
  assert_int_equal(noise->total.count[SPAN_BEFORE], 3);
  assert_int_equal(noise->total.count[SPAN_YEAR], 2);
  assert_int_equal(party->total.count[SPAN_NOW], 1);
  assert_string_equal(briefing->units[3].title, "Staden, utan delområde");
  assert_int_equal(party->units[3].count[SPAN_NOW], 1);
  assert_int_equal(briefing->incidents.count[SPAN_NOW], 6);
  assert_int_equal(briefing->seqs_count, 11);
  assert_int_equal(briefing->weeks_count, 8);
  assert_int_equal(briefing->weeks[7].count, 5);
  assert_int_equal(briefing->weeks[7].year_count, 2);
  assert_int_equal(briefing->hours[6][20], 1);  // 22 November 2026 is a Sunday
  assert_int_equal(briefing->without_hour, 1);  // midnight
  briefing_free(briefing);
  scene_close(&scene);
}

static void revisions_recalls_and_summaries(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, 20);
  Nav__V1__Event *first = scene_disturbance(&scene, "bolaget", scene_time(3, 20), NOISE, "norr");
  Nav__V1__Event *second = scene_disturbance(&scene, "bolaget", scene_time(3, 21), PARTY, "norr");
  second->id = first->id;
  second->revision = 2;
  Nav__V1__Event *taken_back = scene_disturbance(&scene, "bolaget", scene_time(4, 20), NOISE, "norr");
  Nav__V1__Event *kept = scene_disturbance(&scene, "tyck", scene_time(4, 20), NOISE, "norr");
  static Nav__V1__Recall recall;
  static ProtobufCBinaryData ids[2];
  nav__v1__recall__init(&recall);
  ids[0] = taken_back->id;
  ids[1] = kept->id;  // another agency's: not this sender's to take back
  recall.event_ids = ids;
  recall.n_event_ids = 2;
  Nav__V1__Event *recalling = scene_disturbance(&scene, "bolaget", scene_time(1, 9), NOISE, "norr");
  recalling->body_case = NAV__V1__EVENT__BODY_RECALL;
  recalling->recall = &recall;
  static Nav__V1__PublicIncident summary, withdrawn;
  nav__v1__public_incident__init(&summary);
  nav__v1__public_incident__init(&withdrawn);
  summary.is_summary = withdrawn.withdrawn = summary.has_is_summary = withdrawn.has_withdrawn = true;
  Nav__V1__Event *incident = scene_disturbance(&scene, "polisen", scene_time(1, 9), NOISE, "norr");
  incident->body_case = NAV__V1__EVENT__BODY_PUBLIC_INCIDENT;
  incident->public_incident = &summary;
  incident = scene_disturbance(&scene, "polisen", scene_time(1, 9), NOISE, "norr");
  incident->body_case = NAV__V1__EVENT__BODY_PUBLIC_INCIDENT;
  incident->public_incident = &withdrawn;
  struct briefing *briefing = scene_compile(&scene);
  assert_int_equal(briefing->incidents.count[SPAN_NOW], 2);
  assert_int_equal(category_of(briefing, "Fest", false)->total.count[SPAN_NOW], 1);
  assert_int_equal(category_of(briefing, "Buller", false)->total.count[SPAN_NOW], 1);
  assert_int_equal(briefing->recalled, 1);
  assert_int_equal(briefing->seqs_count, 2);
  briefing_free(briefing);
  scene_close(&scene);
}

// Counted-only events stand in their own rows, and in nothing else that is shown.
static void counted_only(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, 40);
  for (int i = 0; i < 12; i++) {
    (void)scene_absence(&scene, scene_time(1 + i, 9), i < 9 ? "norr" : "soder");
    scene_lanes(&scene)[0] = (struct joint_lane){.outcome = WITHHOLD, .smallest_cell = 5};
  }
  Nav__V1__Event *event = scene_disturbance(&scene, "skolan", scene_time(2, 9), NOISE, "norr");
  scene_put(&scene, event, 3000, 3000, "Gatan 1");
  scene_lanes(&scene)[0] = (struct joint_lane){.outcome = WITHHOLD, .smallest_cell = 5};
  struct briefing *briefing = scene_compile(&scene);
  const struct category *absence = category_of(briefing, "Anmäld frånvaro", true);
  assert_non_null(absence);
  assert_int_equal(absence->total.told[SPAN_NOW].low, 12);
  assert_int_equal(absence->total.told[SPAN_NOW].high, 12);
  assert_true(absence->units[1].told[SPAN_NOW].hidden);  // 9 and 12 would tell of the 3
  assert_int_equal(briefing->incidents.count[SPAN_NOW], 0);
  assert_int_equal(briefing->items_count, 0);
  assert_int_equal(briefing->clusters_count, 0);
  assert_int_equal(briefing->senders[0].count[SPAN_NOW], 0);
  assert_int_equal(briefing->seqs_count, 13);  // the record names them: they were counted
  briefing_free(briefing);
  scene_close(&scene);
}

// What a sender wrote names no row of counts: it is part of the record that somebody may not have.
static void counted_only_is_named_by_codes(void **state) {
  (void)state;
  static Nav__V1__CrimeReport crimes[2];
  static char code[] = "0857", name[] = "Stöld ur bil hos Nisse", unknown[] = "9999";
  struct scene scene;
  scene_open(&scene, 8);
  for (int i = 0; i < 3; i++) {
    Nav__V1__Event *event = scene_report(&scene, "polisen", scene_time(2, 9), "hemligt ord", "norr");
    if (i < 2) {
      nav__v1__crime_report__init(&crimes[i]);
      crimes[i].crime_code = i == 0 ? code : unknown;
      crimes[i].crime_name = name;
      event->body_case = NAV__V1__EVENT__BODY_CRIME_REPORT;
      event->crime_report = &crimes[i];
    }
    scene_lanes(&scene)[1] = (struct joint_lane){.outcome = WITHHOLD, .smallest_cell = 5};
  }
  struct briefing *briefing = scene_compile(&scene);
  assert_int_equal(briefing->categories_count, 3);
  assert_non_null(category_of(briefing, "Stöld, rån och andra tillgrepp", true));
  assert_non_null(category_of(briefing, "Övriga brott", true));
  assert_non_null(category_of(briefing, "", true));
  briefing_free(briefing);
  scene_close(&scene);
}

static void add_many(struct scene *scene, const char *sender, int from_day, int count, const char *area) {
  for (int i = 0; i < count; i++)
    (void)scene_disturbance(scene, sender, scene_time(from_day + i % 28, 18), NOISE, area);
}

static void only_changes_beyond_chance(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, 500);
  add_many(&scene, "bolaget", 1, 60, "norr");
  add_many(&scene, "bolaget", 29, 20, "norr");  // 60 against 20
  add_many(&scene, "bolaget", 1, 12, "soder");
  add_many(&scene, "bolaget", 29, 10, "soder");
  struct briefing *briefing = scene_compile(&scene);
  const struct category *noise = category_of(briefing, "Buller", false);
  const struct cell *south = &noise->units[0], *north = &noise->units[1];
  assert_true(north->before.tested && north->before.changed && north->before.rate.low > 1);
  assert_true(south->before.tested && !south->before.changed);
  // Nothing of last year was heard of this sender: no comparison, however large the difference.
  assert_false(north->year.tested);
  assert_true(isnan(north->year.rate.ratio));
  assert_true(briefing->comparisons_tested >= 4);
  briefing_free(briefing);
  scene_close(&scene);
}

// Two hundred areas of pure chance: a level of 5 % each would find some ten changes; together about none.
static void chance_alone_is_no_change(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, 20000);
  char kind[40];
  unsigned random = 7;
  for (int i = 0; i < 200; i++) {
    (void)snprintf(kind, sizeof kind, "slag %d", i);
    for (int day = 1; day <= 56; day++) {
      random = random * 1103515245U + 12345U;
      if ((random >> 16) % 2 == 0) (void)scene_report(&scene, "tyck", scene_time(day, 12), kind, "norr");
    }
  }
  struct briefing *briefing = scene_compile(&scene);
  assert_true(briefing->comparisons_tested >= 200);
  assert_true(briefing->comparisons_changed <= 2);
  briefing_free(briefing);
  scene_close(&scene);
}

static void many_kinds_become_other(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, 1000);
  char kind[40];
  for (int i = 0; i < 600; i++) {
    (void)snprintf(kind, sizeof kind, "påhittat slag %d", i);
    (void)scene_report(&scene, "tyck", scene_time(2, 12), kind, "norr");
  }
  struct briefing *briefing = scene_compile(&scene);
  assert_true(briefing->categories_count < BRIEFING_CATEGORIES_MAX);
  assert_true(category_of(briefing, "Övrigt", false)->total.count[SPAN_NOW] > 200);
  assert_int_equal(briefing->incidents.count[SPAN_NOW], 600);
  briefing_free(briefing);
  scene_close(&scene);
}

// A county's or a municipality's centroid lies in some district: it is not counted there.
static void centroids_have_no_district(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, 4);
  for (int revealed = 0; revealed < 2; revealed++) {
    Nav__V1__Event *event = scene_disturbance(&scene, "polisen", scene_time(2, 12), NOISE, NULL);
    scene_put(&scene, event, 3000, 3000, NULL);
    event->place->precision = NAV__V1__PRECISION__PRECISION_AREA;
    for (size_t i = 0; i < SCENE_PARTICIPANTS && revealed == 0; i++)
      scene_lanes(&scene)[i].reveal = SCENE_OPEN;
  }
  Nav__V1__Event *exact = scene_disturbance(&scene, "polisen", scene_time(2, 12), NOISE, NULL);
  scene_put(&scene, exact, 2000, 3000, NULL);
  for (size_t i = 0; i < SCENE_PARTICIPANTS; i++)
    scene_lanes(&scene)[i].reveal = SCENE_OPEN;  // the point goes, its area stays
  struct briefing *briefing = scene_compile(&scene);
  assert_int_equal(briefing->incidents.count[SPAN_NOW], 1);
  assert_false(briefing->items[0].has_point);
  briefing_free(briefing);
  scene_close(&scene);
}

static void limits_are_told(void **state) {
  (void)state;
  struct scene scene;
  struct nav_error err = {0};
  scene_open(&scene, 1);
  scene.input.events_count = BRIEFING_EVENTS_MAX + 1;
  assert_null(briefing_compile(&scene.input, &err));
  assert_non_null(strstr(err.text, "at most"));
  scene.input.events_count = 0;
  scene.input.for_agency = "brand";  // does not take part
  assert_null(briefing_compile(&scene.input, &err));
  scene_close(&scene);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(small_cells_cannot_be_worked_out),
                                     cmocka_unit_test(what_is_told),
                                     cmocka_unit_test(periods_areas_and_kinds),
                                     cmocka_unit_test(revisions_recalls_and_summaries),
                                     cmocka_unit_test(counted_only),
                                     cmocka_unit_test(counted_only_is_named_by_codes),
                                     cmocka_unit_test(only_changes_beyond_chance),
                                     cmocka_unit_test(chance_alone_is_no_change),
                                     cmocka_unit_test(many_kinds_become_other),
                                     cmocka_unit_test(centroids_have_no_district),
                                     cmocka_unit_test(limits_are_told)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
