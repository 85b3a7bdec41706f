// The copy that a recipient gets, in its small parts: single values, many persons, messages that have nothing
// left, memory that ends. Called by: ctest, tests/access/mutate.py. Must never: take a copy's size for its
// content.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "hub/access/access.h"
#include "hub/base/id.h"

enum { OPEN = 2, PLACE = 4, IDENTITY = 64, PERSONS = 66, MEMORY = 4 * 1024 * 1024 };

static const uint8_t key[32] = {7, 1, 9};
static const int64_t now_ms = 1795370400000;  // 2026-11-22

// An event of a housing company with everything this file asks about.
struct scene {
  Nav__V1__Event event;
  Nav__V1__Damage damage;
  Nav__V1__Place place;
  Nav__V1__Position position;
  Nav__V1__Marks marks;
  Nav__V1__Subject persons[PERSONS];
  Nav__V1__Subject *subjects[PERSONS];
  uint8_t id[16];
  struct nav_arena *arena;
};

static int open_scene(void **state) {
  static struct scene scene;
  scene = (struct scene){.event = NAV__V1__EVENT__INIT,
                         .damage = NAV__V1__DAMAGE__INIT,
                         .place = NAV__V1__PLACE__INIT,
                         .position = NAV__V1__POSITION__INIT,
                         .marks = NAV__V1__MARKS__INIT,
                         .id = {9, 8, 7}};
  for (size_t i = 0; i < PERSONS; i++) {
    scene.persons[i] = (Nav__V1__Subject)NAV__V1__SUBJECT__INIT;
    scene.subjects[i] = &scene.persons[i];
  }
  scene.event.body_case = NAV__V1__EVENT__BODY_DAMAGE;
  scene.event.damage = &scene.damage;
  scene.event.subjects = scene.subjects;
  scene.event.has_id = 1;
  scene.event.id = (ProtobufCBinaryData){sizeof scene.id, scene.id};
  scene.position.has_latitude = scene.position.has_longitude = 1;
  scene.position.latitude = 59.45;
  scene.position.longitude = 17.95;
  scene.arena = nav_arena_new(MEMORY);
  *state = &scene;
  return scene.arena == NULL;
}

static int close_scene(void **state) {
  const struct scene *scene = *state;
  nav_arena_free(scene->arena);
  return 0;
}

static const Nav__V1__Event *copy_of(struct scene *scene, uint16_t reveal, uint64_t subjects,
                                     struct access_paths *withheld) {
  const struct access_redaction redaction = {.reveal = reveal,
                                             .subjects = subjects,
                                             .recipient = "a",
                                             .purpose = "p",
                                             .pseudonym_key = key,
                                             .now_ms = now_ms};
  const Nav__V1__Event *copy = access_redact(&redaction, &scene->event, scene->arena, withheld);
  assert_non_null(copy);
  assert_int_equal(copy->body_case, scene->event.body_case);
  assert_non_null(copy->damage);
  assert_ptr_not_equal(copy->damage, &scene->damage);
  return copy;
}

// What is there is copied, also where it is zero; what is not there is neither copied nor told as withheld.
static void single_values(void **state) {
  struct scene *scene = *state;
  struct access_paths withheld;
  const Nav__V1__Event *copy = copy_of(scene, OPEN, 0, &withheld);
  assert_false(copy->damage->has_cost_kronor);
  assert_false(copy->damage->has_kind);
  assert_null(copy->marks);
  assert_null(copy->place);
  assert_int_equal(copy->n_subjects, 0);
  assert_null(copy->subjects);
  assert_int_equal(withheld.count, 0);
  static char text[] = "T";
  scene->damage.has_cost_kronor = 1;  // 0 kronor
  scene->damage.description = text;
  scene->damage.case_number = text;
  copy = copy_of(scene, OPEN, 0, &withheld);
  assert_int_equal(copy->damage->has_cost_kronor, 1);
  assert_int_equal(copy->damage->cost_kronor, 0);
  assert_null(copy->damage->description);
  assert_int_equal(withheld.count, 2);
  assert_string_equal(withheld.items[0], "body.description");
  assert_string_equal(withheld.items[1], "body.case_number");
}

// A list of one, and one of none.
static void lists(void **state) {
  struct scene *scene = *state;
  static char one[] = "pol";
  char *items[] = {one};
  scene->event.marks = &scene->marks;
  scene->marks.edited_for = items;
  scene->marks.n_edited_for = 1;
  const Nav__V1__Event *copy = copy_of(scene, OPEN, 0, NULL);
  assert_non_null(copy->marks);
  assert_int_equal(copy->marks->n_edited_for, 1);
  assert_ptr_equal(copy->marks->edited_for[0], one);
  scene->marks.n_edited_for = 0;
  copy = copy_of(scene, OPEN, 0, NULL);
  assert_null(copy->marks);  // nothing is in it
}

// A message that has nothing left is left out, with one field and another message in it it stays.
static void messages_in_messages(void **state) {
  struct scene *scene = *state;
  static char area[] = "norr";
  scene->event.place = &scene->place;
  scene->place.position = &scene->position;
  assert_null(copy_of(scene, OPEN, 0, NULL)->place);
  scene->position.has_latitude = scene->position.has_longitude = 0;
  assert_null(copy_of(scene, OPEN | PLACE, 0, NULL)->place);  // a position of nothing is nothing
  scene->position.has_latitude = scene->position.has_longitude = 1;
  scene->place.area = area;
  const Nav__V1__Event *copy = copy_of(scene, OPEN | PLACE, 0, NULL);
  assert_non_null(copy->place);
  assert_ptr_equal(copy->place->area, area);
  assert_non_null(copy->place->position);
  assert_int_equal(copy->place->position->has_latitude, 1);
  struct access_paths withheld;
  assert_null(copy_of(scene, OPEN, 0, &withheld)->place->position);
  assert_int_equal(withheld.count, 1);
  assert_string_equal(withheld.items[0], "place.position");
}

// Every person by their own path, in order; the first 64 can be kept, and nobody after them.
static void many_persons(void **state) {
  struct scene *scene = *state;
  struct access_paths withheld;
  scene->event.n_subjects = PERSONS;
  for (size_t i = 0; i < PERSONS; i++) {
    scene->persons[i].has_role = 1;
    scene->persons[i].role = NAV__V1__ROLE__ROLE_WITNESS;
  }
  const Nav__V1__Event *copy = copy_of(scene, OPEN | IDENTITY, 0, &withheld);
  assert_int_equal(copy->n_subjects, 0);
  assert_null(copy->subjects);
  assert_int_equal(withheld.count, PERSONS);
  for (size_t i = 0; i < PERSONS; i++) {
    char path[32];
    (void)snprintf(path, sizeof path, "subjects.%zu", i);
    assert_string_equal(withheld.items[i], path);
  }
  copy = copy_of(scene, OPEN | IDENTITY, UINT64_MAX, &withheld);
  assert_int_equal(copy->n_subjects, ACCESS_SUBJECTS_MAX);
  assert_int_equal(withheld.count, PERSONS - ACCESS_SUBJECTS_MAX);
  assert_string_equal(withheld.items[0], "subjects.64");
  for (size_t i = 0; i < copy->n_subjects; i++) assert_int_equal(copy->subjects[i]->has_role, 1);
  static char name[] = "N";
  scene->persons[11].name = name;
  copy = copy_of(scene, OPEN, UINT64_C(1) << 11, &withheld);
  assert_int_equal(copy->n_subjects, 1);
  assert_string_equal(withheld.items[11], "subjects.11.name");
  assert_string_equal(withheld.items[12], "subjects.12");
}

static const char *hash_of(const uint8_t *input, size_t length, char hex[17]) {
  uint8_t hash[crypto_generichash_BYTES];
  (void)crypto_generichash(hash, sizeof hash, input, length, key, sizeof key);
  return nav_hex(hex, hash, 8);
}

// Known answers: who has a number is told by it alone, who has none by the event and the place in it.
static void pseudonyms(void **state) {
  struct scene *scene = *state;
  char hex[17];
  scene->event.n_subjects = 3;
  const Nav__V1__Event *copy = copy_of(scene, OPEN, 4, NULL);
  uint8_t input[4 + 16 + 4] = {'a', 0, 'p', 0, 9, 8, 7};
  input[23] = 2;
  assert_string_equal(copy->subjects[0]->pseudonym, hash_of(input, sizeof input, hex));
  static char empty[] = "";
  scene->persons[2].personal_number = empty;  // as good as none
  assert_string_equal(copy_of(scene, OPEN, 4, NULL)->subjects[0]->pseudonym, hex);
  static char one[] = "1";
  scene->persons[2].personal_number = one;
  static const uint8_t short_input[] = {'a', 0, 'p', 0, '1'};
  assert_string_equal(copy_of(scene, OPEN, 4, NULL)->subjects[0]->pseudonym,
                      hash_of(short_input, sizeof short_input, hex));
}

// Without a key, a recipient or a purpose there is no pseudonym, and the copy is nobody's own.
static void no_pseudonyms(void **state) {
  struct scene *scene = *state;
  static char date[] = "2012-01-01";
  scene->event.n_subjects = 1;
  scene->persons[0].birth_date = date;
  for (int missing = 0; missing < 4; missing++) {
    const struct access_redaction redaction = {.reveal = OPEN,
                                               .subjects = 1,
                                               .recipient = missing == 0 ? NULL : "a",
                                               .purpose = missing == 1 ? NULL : "p",
                                               .pseudonym_key = missing == 2 ? NULL : key,
                                               .now_ms = now_ms};
    const Nav__V1__Event *copy = access_redact(&redaction, &scene->event, scene->arena, NULL);
    assert_non_null(copy);
    assert_string_equal(copy->subjects[0]->age_band, "12-14");
    assert_true((copy->subjects[0]->pseudonym != NULL) == (missing == 3));
    assert_true(access_redaction_is_personal(&redaction, &scene->event) == (missing != 2));
  }
}

// With any amount of memory the copy is whole, with all that is told as withheld, or there is none.
static void memory_that_ends(void **state) {
  struct scene *scene = *state;
  static char date[] = "2012-01-01";
  static char text[] = "T";
  scene->event.n_subjects = 40;  // more paths than the list first has room for
  scene->persons[0].birth_date = date;
  scene->persons[0].name = text;
  scene->damage.description = text;
  scene->event.place = &scene->place;
  scene->place.position = &scene->position;
  struct conf_faults faults = {0};
  struct nav_areas *areas = nav_areas_load("tests/unit/access/config", &faults);
  assert_non_null(areas);
  const struct access_redaction redaction = {.reveal = OPEN,
                                             .subjects = 3,
                                             .recipient = "a",
                                             .purpose = "p",
                                             .pseudonym_key = key,
                                             .areas = areas,
                                             .now_ms = now_ms};
  size_t whole = 0;
  for (size_t max = 0; max < 16384; max += 8) {
    struct nav_arena *arena = nav_arena_new(max);
    struct access_paths withheld;
    const Nav__V1__Event *copy = access_redact(&redaction, &scene->event, arena, &withheld);
    if (copy != NULL) {
      whole++;
      assert_int_equal(copy->n_subjects, 2);
      assert_string_equal(copy->subjects[0]->age_band, "12-14");
      assert_non_null(copy->subjects[0]->pseudonym);
      assert_non_null(copy->subjects[1]->pseudonym);
      assert_non_null(copy->damage);
      assert_non_null(copy->place);
      assert_string_equal(copy->place->area, "norr");
      assert_int_equal(withheld.count, 38 + 2 + 2);
      for (size_t i = 0; i < withheld.count; i++) assert_non_null(withheld.items[i]);
    }
    nav_arena_free(arena);
  }
  assert_true(whole > 0 && whole < 16384 / 8);
  nav_areas_free(areas);
}

// Each copy here ends with another allocation: where that one fails there is no copy.
static void memory_that_ends_last(void **state) {
  struct scene *scene = *state;
  static char date[] = "2012-01-01";
  scene->event.n_subjects = 1;
  for (int last = 0; last < 3; last++) {
    struct access_redaction redaction = {.reveal = OPEN, .recipient = "a", .purpose = "p", .now_ms = now_ms};
    scene->persons[0].birth_date = last == 0 ? date : NULL;
    if (last == 1) redaction.pseudonym_key = key;
    redaction.subjects = last == 2 ? 0 : 1;
    scene->event.n_subjects = last == 2 ? 2 : 1;
    size_t whole = 0;
    for (size_t max = 0; max < 2048; max += 8) {
      struct nav_arena *arena = nav_arena_new(max);
      struct access_paths withheld;
      const Nav__V1__Event *copy =
          access_redact(&redaction, &scene->event, arena, last == 2 ? &withheld : NULL);
      if (copy != NULL && last == 0) assert_string_equal(copy->subjects[0]->age_band, "12-14");
      if (copy != NULL && last == 1) assert_non_null(copy->subjects[0]->pseudonym);
      if (copy != NULL && last == 2) assert_string_equal(withheld.items[1], "subjects.1");
      whole += copy != NULL;
      nav_arena_free(arena);
    }
    assert_true(whole > 0 && whole < 2048 / 8);
  }
}

// The same where the last allocation is the path of a field.
static void memory_that_ends_with_a_path(void **state) {
  struct scene *scene = *state;
  static char text[] = "T";
  scene->damage.description = text;
  scene->damage.case_number = text;  // the list has room by then
  const struct access_redaction redaction = {.reveal = OPEN, .now_ms = now_ms};
  size_t whole = 0;
  for (size_t max = 0; max < 2048; max += 8) {
    struct nav_arena *arena = nav_arena_new(max);
    struct access_paths withheld;
    const Nav__V1__Event *copy = access_redact(&redaction, &scene->event, arena, &withheld);
    if (copy != NULL) assert_string_equal(withheld.items[1], "body.case_number");
    whole += copy != NULL;
    nav_arena_free(arena);
  }
  assert_true(whole > 0 && whole < 2048 / 8);
}

static const char *area_in_copy(struct scene *scene, const struct nav_areas *areas) {
  static uint8_t bytes[4096];
  const struct access_redaction redaction = {.reveal = OPEN, .areas = areas, .now_ms = now_ms};
  const Nav__V1__Event *copy = access_redact(&redaction, &scene->event, scene->arena, NULL);
  assert_non_null(copy);
  assert_true(nav__v1__event__get_packed_size(copy) <= sizeof bytes);
  assert_true(nav__v1__event__pack(copy, bytes) > 0);  // every message of it is whole
  return copy->place == NULL || copy->place->area == NULL ? "none" : copy->place->area;
}

// A position becomes its area only where both of its numbers are there and no area is said.
static void positions(void **state) {
  struct scene *scene = *state;
  static char area[] = "n";
  struct conf_faults faults = {0};
  struct nav_areas *areas = nav_areas_load("tests/unit/access/config", &faults);
  assert_non_null(areas);
  assert_string_equal(area_in_copy(scene, areas), "none");
  scene->event.place = &scene->place;
  assert_string_equal(area_in_copy(scene, areas), "none");
  scene->place.position = &scene->position;
  assert_string_equal(area_in_copy(scene, areas), "norr");
  scene->position.has_latitude = 0;
  assert_string_equal(area_in_copy(scene, areas), "none");
  scene->position.has_latitude = 1;
  scene->position.has_longitude = 0;
  assert_string_equal(area_in_copy(scene, areas), "none");
  scene->position.has_longitude = 1;
  scene->place.area = area;
  assert_string_equal(area_in_copy(scene, areas), "n");
  nav_areas_free(areas);
}

// A copy of no person is not one recipient's own, whatever the verdict says of persons.
static void nobody_is_personal(void **state) {
  struct scene *scene = *state;
  const struct access_redaction redaction = {
      .reveal = OPEN, .subjects = UINT64_MAX, .pseudonym_key = key, .now_ms = now_ms};
  assert_false(access_redaction_is_personal(&redaction, &scene->event));
  scene->event.n_subjects = 1;
  assert_true(access_redaction_is_personal(&redaction, &scene->event));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(single_values, open_scene, close_scene),
      cmocka_unit_test_setup_teardown(lists, open_scene, close_scene),
      cmocka_unit_test_setup_teardown(messages_in_messages, open_scene, close_scene),
      cmocka_unit_test_setup_teardown(many_persons, open_scene, close_scene),
      cmocka_unit_test_setup_teardown(pseudonyms, open_scene, close_scene),
      cmocka_unit_test_setup_teardown(no_pseudonyms, open_scene, close_scene),
      cmocka_unit_test_setup_teardown(memory_that_ends, open_scene, close_scene),
      cmocka_unit_test_setup_teardown(memory_that_ends_last, open_scene, close_scene),
      cmocka_unit_test_setup_teardown(memory_that_ends_with_a_path, open_scene, close_scene),
      cmocka_unit_test_setup_teardown(positions, open_scene, close_scene),
      cmocka_unit_test_setup_teardown(nobody_is_personal, open_scene, close_scene),
  };
  return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
