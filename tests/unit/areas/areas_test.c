// Areas: faults by table, which area a position is in, what lies within what; and the shipped districts
// against the real ones where the open data is at hand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "hub/access/areas.h"
#include "tests/unit/conf/cases.h"

static const char districts_file[] = "../shared/data/geo/stockholm-stadsdelar.geo.json";
static const char municipalities_file[] = "../shared/data/geo/swedish_municipalities.geojson";

static bool load_areas(const char *folder, struct conf_faults *faults) {
  struct nav_areas *areas = nav_areas_load(folder, faults);
  nav_areas_free(areas);
  return areas != NULL;
}

static void test_faults(void **state) {
  (void)state;
  assert_in_range(cases_run("tests/unit/areas/areas.cases", load_areas), 12, 1000);
}

static int load_shipped(void **state) {
  struct conf_faults faults = {0};
  struct nav_areas *areas = nav_areas_load("config", &faults);
  conf_faults_print(&faults);
  conf_faults_free(&faults);
  *state = areas;
  return areas != NULL ? 0 : -1;
}

static int free_shipped(void **state) {
  nav_areas_free(*state);
  nav_areas_free(NULL);
  return 0;
}

static void assert_area(const struct nav_areas *areas, double latitude, double longitude,
                        const char *wanted) {
  const struct nav_area *area = nav_area_at(areas, latitude, longitude);
  const char *found = area != NULL ? area->id : "none";
  if (strcmp(found, wanted) != 0) fail_msg("%g, %g is in %s, not %s", latitude, longitude, found, wanted);
}

// Squares of our own, so that edges and corners are exact.
static void test_at_edges_and_depths(void **state) {
  (void)state;
  double big[] = {10, 60, 14, 60, 14, 64, 10, 64}, left[] = {10, 60, 12, 60, 12, 64, 10, 64};
  double right[] = {12, 60, 14, 60, 14, 64, 12, 64}, small[] = {12, 61, 13, 61, 13, 62, 12, 62};
  char names[5][8] = {"big", "left", "right", "small", "none"};
  struct nav_area items[] = {
      {.id = names[0], .points = big, .points_count = 4},
      {.id = names[1], .parent = names[0], .points = left, .points_count = 4},
      {.id = names[2], .parent = names[0], .points = right, .points_count = 4},
      {.id = names[3],
       .parent = names[0],
       .points = small,
       .points_count = 4},  // beside right, and overlaps it
      {.id = names[4], .parent = names[0]},
  };
  struct nav_areas areas = {.items = items, .count = 5};
  assert_area(&areas, 61, 11, "left");
  assert_area(&areas, 63, 13, "right");
  assert_area(&areas, 61.5, 12.5, "small");
  assert_area(&areas, 63, 12, "right");  // the shared edge belongs to one of the two, always the same
  assert_area(&areas, 59.9, 11, "none");
  assert_area(&areas, 64.1, 11, "none");
  int inside = 0;  // a grid over everything: no position is lost between left and right
  for (int i = 0; i < 40; i++) {
    for (int j = 0; j < 40; j++) {
      const struct nav_area *area = nav_area_at(&areas, 60 + i * 0.1, 10 + j * 0.1);
      inside += area != NULL && area != &items[0] ? 1 : 0;
    }
  }
  assert_int_equal(inside, 1600);
}

static void test_within(void **state) {
  const struct nav_areas *areas = *state;
  static const struct {
    const char *id, *ancestor;
    bool wanted;
  } table[] = {
      {"alvik", "alvik", true},           {"alvik", "bromma", true},     {"alvik", "stockholm", true},
      {"bromma", "alvik", false},         {"alvik", "vallingby", false}, {"kungsangen", "upplands-bro", true},
      {"kungsangen", "stockholm", false}, {"nowhere", "bromma", false},  {"alvik", "nowhere", false},
      {"nowhere", "nowhere", false},      {"tensta", "jarva", true},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (nav_area_within(areas, table[i].id, table[i].ancestor) != table[i].wanted) {
      fail_msg("%s within %s", table[i].id, table[i].ancestor);
    }
  }
}

// The shipped agencies answer for areas that are there; one that is not is a fault at its agency.
static void test_agencies_areas(void **state) {
  const struct nav_areas *areas = *state;
  struct conf_faults faults = {0};
  struct conf_agencies *shipped = conf_agencies_load("config", &faults);
  assert_non_null(shipped);
  nav_areas_check_agencies(areas, shipped, &faults);
  assert_int_equal(faults.count, 0);
  conf_agencies_free(shipped);
  char id[] = "soc", misspelt[] = "broma", *names[] = {misspelt};
  struct conf_agency agency = {.id = id, .areas = names, .areas_count = 1, .line = 12, .column = 5};
  struct conf_agencies agencies = {.agencies = &agency, .agencies_count = 1};
  nav_areas_check_agencies(areas, &agencies, &faults);
  assert_int_equal(faults.count, 1);
  assert_int_equal(faults.items[0].line, 12);
  assert_string_equal(faults.items[0].what, "soc: unknown area 'broma'");
  assert_string_equal(faults.items[0].hint, "did you mean 'bromma'?");
  conf_faults_free(&faults);
}

// Places that people of the districts would point at.
static void test_known_places(void **state) {
  const struct nav_areas *areas = *state;
  assert_area(areas, 59.3383, 17.9390, "brommaplan");
  assert_area(areas, 59.3336, 17.9803, "alvik");
  assert_area(areas, 59.3632, 17.8721, "vallingby");
  assert_area(areas, 59.3484, 17.8828, "blackeberg");
  assert_area(areas, 59.3613, 17.8325, "hasselby-strand");
  assert_area(areas, 59.4780, 17.7500, "kungsangen");
  assert_area(areas, 59.5130, 17.6360, "bro");
  assert_area(areas, 59.5950, 17.6500, "upplands-bro");
  assert_area(areas, 59.3300, 18.0600, "none");  // the city centre: no shape is shipped for it
  assert_area(areas, 59.3500, 17.9950, "none");  // Sundbyberg's side of Ulvsundasjön
  assert_area(areas, 0, 0, "none");
}

// What is drawn holds together: a part's middle lies in its parent, and every area has a municipality.
static void test_parts_lie_in_their_parents(void **state) {
  const struct nav_areas *areas = *state;
  size_t compared = 0;
  for (size_t i = 0; i < areas->count; i++) {
    const struct nav_area *area = &areas->items[i];
    const struct nav_area *parent = area->parent != NULL ? nav_area_find(areas, area->parent) : NULL;
    assert_int_equal(strlen(area->municipality), 4);
    if (parent != NULL) assert_string_equal(area->municipality, parent->municipality);
    if (parent == NULL || parent->points_count == 0 || area->points_count == 0) continue;
    double longitude = 0, latitude = 0;
    for (size_t j = 0; j < area->points_count; j++) {
      longitude += area->points[j * 2] / (double)area->points_count;
      latitude += area->points[j * 2 + 1] / (double)area->points_count;
    }
    const struct nav_area *found = nav_area_at(areas, latitude, longitude);
    if (found == NULL || !nav_area_within(areas, found->id, parent->id)) fail_msg("%s", area->id);
    compared++;
  }
  assert_true(compared >= 18);
}

// "NORRA ÄNGBY" → "norra-angby".
static void make_id(const char *name, char *out, size_t size) {
  size_t used = 0;
  for (const unsigned char *at = (const unsigned char *)name; *at != '\0' && used + 1 < size; at++) {
    if (*at == 0xc3) {
      at++;
      out[used++] = *at == 0x96 || *at == 0xb6 ? 'o' : 'a';
    } else {
      out[used++] = *at == ' ' ? '-' : (char)(*at >= 'A' && *at <= 'Z' ? *at + 32 : *at);
    }
  }
  out[used] = '\0';
}

static void centroid(const json_t *ring, double *latitude, double *longitude) {
  double twice = 0, x = 0, y = 0;
  for (size_t i = 0; i + 1 < json_array_size(ring); i++) {
    const json_t *a = json_array_get(ring, i), *b = json_array_get(ring, i + 1);
    double ax = json_number_value(json_array_get(a, 0)), ay = json_number_value(json_array_get(a, 1));
    double bx = json_number_value(json_array_get(b, 0)), by = json_number_value(json_array_get(b, 1));
    double cross = ax * by - bx * ay;
    twice += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  *longitude = x / (3 * twice);
  *latitude = y / (3 * twice);
}

// Compares each real shape's centroid with our area of that name: it must lie in it, or, where ours has no
// shape of its own, in its parent. Returns how many were compared.
static size_t compare(const struct nav_areas *areas, const char *path, const char *name_key,
                      bool id_is_code) {
  json_t *root = json_load_file(path, 0, NULL);
  assert_non_null(root);
  size_t compared = 0, index = 0;
  const json_t *feature = NULL;
  json_array_foreach(json_object_get(root, "features"), index, feature) {
    const json_t *geometry = json_object_get(feature, "geometry");
    const char *name = json_string_value(json_object_get(json_object_get(feature, "properties"), name_key));
    if (name == NULL || strcmp(json_string_value(json_object_get(geometry, "type")), "Polygon") != 0)
      continue;
    char id[128];
    make_id(name, id, sizeof id);
    const struct nav_area *area = nav_area_find(areas, id);
    if (area == NULL || (id_is_code && area->parent != NULL)) continue;
    const struct nav_area *drawn =
        area->points_count > 0 || area->parent == NULL ? area : nav_area_find(areas, area->parent);
    if (drawn->points_count == 0) continue;
    double latitude = 0, longitude = 0;
    centroid(json_array_get(json_object_get(geometry, "coordinates"), 0), &latitude, &longitude);
    const struct nav_area *found = nav_area_at(areas, latitude, longitude);
    if (found == NULL || !nav_area_within(areas, found->id, drawn->id)) {
      fail_msg("%s: its middle %g, %g is in %s", id, latitude, longitude, found != NULL ? found->id : "none");
    }
    compared++;
  }
  json_decref(root);
  return compared;
}

static void test_against_real_districts(void **state) {
  if (access(districts_file, R_OK) != 0 || access(municipalities_file, R_OK) != 0) {
    print_message("skipped: no ../shared/data\n");
    skip();
  }
  assert_true(compare(*state, districts_file, "name", false) >= 31);
  assert_int_equal(compare(*state, municipalities_file, "kom_namn", true), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_faults),
      cmocka_unit_test(test_at_edges_and_depths),
      cmocka_unit_test(test_within),
      cmocka_unit_test(test_agencies_areas),
      cmocka_unit_test(test_known_places),
      cmocka_unit_test(test_parts_lie_in_their_parents),
      cmocka_unit_test(test_against_real_districts),
  };
  return cmocka_run_group_tests(tests, load_shipped, free_shipped);
}
