// Redaction: a word is planted in every field of every message, and exactly what the revealed classes allow
// survives. The classes come from the plugin's table, not from the redactor. Called by: ctest. Must never:
// leave a message or a class out.
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/access/access.h"
#include "hub/access/schema.h"
#include "hub/base/id.h"
#include "schemas/sensitivity.h"
#include "tests/unit/access/made_events.h"

enum {
  MEMORY = 4 * 1024 * 1024,
  PACKED_MAX = 65536,
  OPEN_BIT = 2,
  ALL = 0x1FE,
  IDENTITY_BIT = 1 << 6,
  PATHS_MAX = 400
};

static const int64_t now_ms = 1795370400000;  // 2026-11-22

static const uint8_t key[32] = {1, 2, 3};

static unsigned class_of(const ProtobufCMessageDescriptor *descriptor,
                         const ProtobufCFieldDescriptor *field) {
  for (const struct nav_sensitivity *item = nav_sensitivities; item->descriptor != NULL; item++)
    if (item->descriptor == descriptor && item->classes != NULL)
      return item->classes[field - descriptor->fields];
  fail_msg("no class for %s.%s", descriptor->name, field->name);
  return 0;
}

struct expected {
  char paths[PATHS_MAX][128];
  size_t count;
};

static const char *joined(char *out, const char *prefix, const char *name) {
  if (prefix[0] == '\0') {
    (void)snprintf(out, 128, "%s", name);
  } else {
    int length = snprintf(out, 128, "%s.%s", prefix, name);
    assert_true(length > 0 && length < 128);
  }
  return out;
}

static void compare(const ProtobufCMessage *from, const ProtobufCMessage *to, const char *prefix,
                    uint16_t mask, struct expected *expected);

static void compare_inner(const ProtobufCMessage *from, const ProtobufCMessage *to,
                          const ProtobufCFieldDescriptor *field, const char *path, uint16_t mask,
                          struct expected *expected) {
  const ProtobufCMessage *inner =
      *(ProtobufCMessage *const *)(const void *)((const char *)from + field->offset);
  const ProtobufCMessage *copy = *(ProtobufCMessage *const *)(const void *)((const char *)to + field->offset);
  assert_non_null(copy);
  assert_ptr_not_equal(inner, copy);
  compare(inner, copy, path, mask, expected);
}

// Every field of `from` (all are there) against the copy.
static void compare(const ProtobufCMessage *from, const ProtobufCMessage *to, const char *prefix,
                    uint16_t mask, struct expected *expected) {
  const ProtobufCMessageDescriptor *descriptor = from->descriptor;
  assert_int_equal(to->n_unknown_fields, 0);
  for (unsigned i = 0; i < descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
    bool is_body = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    bool is_hubs = descriptor == &nav__v1__subject__descriptor && (field->id == 20 || field->id == 21);
    bool is_subjects = descriptor == &nav__v1__event__descriptor && strcmp(field->name, "subjects") == 0;
    if (is_hubs || is_subjects || !schema_present(from, field)) continue;
    char path[128];
    joined(path, prefix, is_body ? "body" : field->name);
    bool shown = ((unsigned)mask >> class_of(descriptor, field) & 1U) != 0;
    if (shown && field->type == PROTOBUF_C_TYPE_MESSAGE) {
      compare_inner(from, to, field, path, mask, expected);
    } else if (shown != schema_present(to, field)) {
      fail_msg("%s is %s with classes %x", path, shown ? "lost" : "leaked", mask);
    }
    if (!shown) {
      assert_true(expected->count < PATHS_MAX);
      (void)snprintf(expected->paths[expected->count++], 128, "%s", path);
    }
  }
}

static bool has_path(const struct access_paths *paths, const char *path) {
  for (size_t i = 0; i < paths->count; i++)
    if (strcmp(paths->items[i], path) == 0) return true;
  return false;
}

// No planted word of a withheld field is anywhere in the bytes that would leave.
static void search_bytes(const Nav__V1__Event *copy, const struct expected *expected) {
  static uint8_t bytes[PACKED_MAX];
  assert_true(nav__v1__event__get_packed_size(copy) <= sizeof bytes);
  size_t length = nav__v1__event__pack(copy, bytes);
  assert_null(memmem(bytes, length, "PLANTED:unknown", 15));
  for (size_t i = 0; i < expected->count; i++) {
    char word[160];
    (void)snprintf(word, sizeof word, "PLANTED:%s:", expected->paths[i]);
    if (memmem(bytes, length, word, strlen(word)) != NULL) fail_msg("%s leaked", word);
    (void)snprintf(word, sizeof word, "PLANTED:%s.", expected->paths[i]);  // anything below it
    if (memmem(bytes, length, word, strlen(word)) != NULL) fail_msg("below %s leaked", word);
  }
}

static void check_event(const Nav__V1__Event *event, uint16_t reveal, bool edited, uint64_t subjects,
                        struct nav_arena *arena) {
  struct access_redaction redaction = {.reveal = reveal,
                                       .subjects = subjects,
                                       .narrative_edited = edited,
                                       .recipient = "mottagare",
                                       .purpose = "syfte",
                                       .pseudonym_key = key,
                                       .now_ms = now_ms};
  struct access_paths paths = {NULL, 0};
  static struct expected expected;
  expected.count = 0;
  uint16_t mask = (uint16_t)(reveal | OPEN_BIT);
  if ((mask & ALL) != ALL && !edited) mask &= (uint16_t) ~(1U << NAV__V1__SENSITIVITY__SENSITIVITY_NARRATIVE);
  const Nav__V1__Event *copy = access_redact(&redaction, event, arena, &paths);
  assert_non_null(copy);
  compare(&event->base, &copy->base, "", mask, &expected);
  size_t kept = 0;
  for (size_t i = 0; i < event->n_subjects; i++) {
    char path[128];
    (void)snprintf(path, sizeof path, "subjects.%zu", i);
    if ((subjects >> i & 1U) == 0) {
      (void)snprintf(expected.paths[expected.count++], 128, "%s", path);
      continue;
    }
    const Nav__V1__Subject *subject = copy->subjects[kept++];
    compare(&event->subjects[i]->base, &subject->base, path, mask, &expected);
    bool identity = (mask & IDENTITY_BIT) != 0;
    assert_true((subject->pseudonym == NULL) == identity);
    assert_null(subject->age_band);  // the planted birth date is none
  }
  assert_int_equal(copy->n_subjects, kept);
  assert_int_equal(access_redaction_is_personal(&redaction, event), kept > 0 && (mask & IDENTITY_BIT) == 0);
  assert_int_equal(paths.count, expected.count);
  for (size_t i = 0; i < expected.count; i++)
    if (!has_path(&paths, expected.paths[i])) fail_msg("%s is not told as withheld", expected.paths[i]);
  search_bytes(copy, &expected);
}

static void planted_words(void **state) {
  (void)state;
  struct nav_arena *made = nav_arena_new(MEMORY);
  struct nav_arena *arena = nav_arena_new(MEMORY);
  assert_true(schema_body_count() >= 31);
  for (size_t body = 0; body < schema_body_count(); body++) {
    nav_arena_reset(made);
    const Nav__V1__Event *event = made_full_event(schema_body(body)->id, 3, made);
    for (unsigned reveal = 0; reveal <= ALL; reveal += 2) {  // every set of classes
      for (int edited = 0; edited < 2; edited++) {
        nav_arena_reset(arena);
        check_event(event, (uint16_t)reveal, edited == 1,
                    reveal % 3 == 0   ? 7
                    : reveal % 3 == 1 ? 2
                                      : 0,
                    arena);
      }
    }
  }
  nav_arena_free(arena);
  nav_arena_free(made);
}

// The original is as it was, and its hub-only fields never pass.
static void original_stays(void **state) {
  (void)state;
  struct nav_arena *arena = nav_arena_new(MEMORY);
  Nav__V1__Event *event = made_full_event(30, 1, arena);
  static uint8_t before[PACKED_MAX];
  static uint8_t after[PACKED_MAX];
  size_t length = nav__v1__event__pack(event, before);
  struct access_redaction redaction = {.reveal = ALL, .subjects = 1, .now_ms = now_ms};
  const Nav__V1__Event *copy = access_redact(&redaction, event, arena, NULL);
  assert_non_null(copy);
  assert_int_equal(nav__v1__event__pack(event, after), length);
  assert_memory_equal(before, after, length);
  assert_null(copy->subjects[0]->age_band);
  assert_null(copy->subjects[0]->pseudonym);
  assert_string_equal(copy->subjects[0]->name, event->subjects[0]->name);
  nav_arena_free(arena);
}

static const char *band_of(const char *birth_date, const char *number, struct nav_arena *arena) {
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  Nav__V1__Subject subject = NAV__V1__SUBJECT__INIT;
  Nav__V1__Subject *subjects[] = {&subject};
  Nav__V1__Damage damage = NAV__V1__DAMAGE__INIT;
  event.body_case = NAV__V1__EVENT__BODY_DAMAGE;
  event.damage = &damage;
  event.subjects = subjects;
  event.n_subjects = 1;
  subject.birth_date = birth_date == NULL ? NULL : nav_arena_strdup(arena, birth_date);
  subject.personal_number = number == NULL ? NULL : nav_arena_strdup(arena, number);
  struct access_redaction redaction = {.reveal = OPEN_BIT, .subjects = 1, .now_ms = now_ms};
  const Nav__V1__Event *copy = access_redact(&redaction, &event, arena, NULL);
  assert_non_null(copy);
  assert_null(copy->subjects[0]->birth_date);
  return copy->subjects[0]->age_band == NULL ? "none" : copy->subjects[0]->age_band;
}

static void age_bands(void **state) {
  (void)state;
  static const struct {
    const char *birth_date, *number, *band;
  } cases[] = {
      {"2026-11-22", NULL, "0-6"},
      {"2019-11-23", NULL, "0-6"},
      {"2019-11-22", NULL, "7-11"},
      {"2014-11-23", NULL, "7-11"},
      {"2014-11-22", NULL, "12-14"},
      {"2011-11-23", NULL, "12-14"},
      {"2011-11-22", NULL, "15-17"},
      {"2008-11-23", NULL, "15-17"},
      {"2008-11-22", NULL, "18-20"},
      {"2005-11-23", NULL, "18-20"},
      {"2005-11-22", NULL, "21-24"},
      {"2001-11-23", NULL, "21-24"},
      {"2001-11-22", NULL, "25-64"},
      {"1961-11-23", NULL, "25-64"},
      {"1961-11-22", NULL, "65+"},
      {NULL, "201201012380", "12-14"},
      {NULL, "198801012389", "25-64"},
      {NULL, NULL, "none"},
      {"2027-01-01", NULL, "none"},
      {"2012-13-45", NULL, "none"},
      {"2009-01-01", "201201012380", "none"},
  };
  struct nav_arena *arena = nav_arena_new(MEMORY);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_string_equal(band_of(cases[i].birth_date, cases[i].number, arena), cases[i].band);
  nav_arena_free(arena);
}

static const char *pseudonym_of(const char *recipient, const char *purpose, const char *number, uint8_t id,
                                size_t index, struct nav_arena *arena) {
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  Nav__V1__Subject nobody = NAV__V1__SUBJECT__INIT;
  Nav__V1__Subject subject = NAV__V1__SUBJECT__INIT;
  Nav__V1__Subject *subjects[] = {&nobody, &nobody, &nobody};
  uint8_t event_id[16] = {id};
  Nav__V1__Damage damage = NAV__V1__DAMAGE__INIT;
  event.has_id = 1;
  event.id = (ProtobufCBinaryData){sizeof event_id, event_id};
  event.body_case = NAV__V1__EVENT__BODY_DAMAGE;
  event.damage = &damage;
  event.subjects = subjects;
  event.n_subjects = 3;
  subjects[index] = &subject;
  subject.personal_number = number == NULL ? NULL : nav_arena_strdup(arena, number);
  struct access_redaction redaction = {.reveal = OPEN_BIT,
                                       .subjects = 1U << index,
                                       .recipient = recipient,
                                       .purpose = purpose,
                                       .pseudonym_key = key,
                                       .now_ms = now_ms};
  const Nav__V1__Event *copy = access_redact(&redaction, &event, arena, NULL);
  assert_non_null(copy);
  assert_int_equal(copy->n_subjects, 1);
  return copy->subjects[0]->pseudonym;
}

static void pseudonyms(void **state) {
  (void)state;
  struct nav_arena *arena = nav_arena_new(MEMORY);
  const char *number = "201201012380";
  const char *mine = pseudonym_of("a", "p", number, 1, 0, arena);
  // Known answer: keyed BLAKE2b over recipient 0 purpose 0 number, its first 8 bytes.
  uint8_t hash[crypto_generichash_BYTES];
  char hex[17];
  static const uint8_t input[] =
      "a\0p\0"
      "201201012380";
  crypto_generichash(hash, sizeof hash, input, sizeof input - 1, key, sizeof key);
  assert_string_equal(mine, nav_hex(hex, hash, 8));
  assert_string_equal(mine, pseudonym_of("a", "p", number, 2, 2, arena));      // the same in every event
  assert_string_not_equal(mine, pseudonym_of("b", "p", number, 1, 0, arena));  // another recipient
  assert_string_not_equal(mine, pseudonym_of("a", "q", number, 1, 0, arena));  // another purpose
  assert_string_not_equal(mine, pseudonym_of("a", "p", "201201012398", 1, 0, arena));
  const char *nameless = pseudonym_of("a", "p", NULL, 1, 0, arena);
  assert_string_equal(nameless, pseudonym_of("a", "p", NULL, 1, 0, arena));
  assert_string_not_equal(nameless, pseudonym_of("a", "p", NULL, 2, 0, arena));  // one for each event
  assert_string_not_equal(nameless, pseudonym_of("a", "p", NULL, 1, 1, arena));  // and person
  assert_string_not_equal(nameless, pseudonym_of("b", "p", NULL, 1, 0, arena));
  nav_arena_free(arena);
}

static const char *area_shown(uint16_t reveal, const struct nav_areas *areas, const char *area,
                              double latitude, bool *position, struct nav_arena *arena) {
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  Nav__V1__Place place = NAV__V1__PLACE__INIT;
  Nav__V1__Position at = NAV__V1__POSITION__INIT;
  Nav__V1__Damage damage = NAV__V1__DAMAGE__INIT;
  event.body_case = NAV__V1__EVENT__BODY_DAMAGE;
  event.damage = &damage;
  event.place = &place;
  place.position = &at;
  place.area = area == NULL ? NULL : nav_arena_strdup(arena, area);
  at.has_latitude = at.has_longitude = 1;
  at.latitude = latitude;
  at.longitude = 17.95;
  struct access_redaction redaction = {.reveal = reveal, .areas = areas, .now_ms = now_ms};
  struct access_paths withheld = {NULL, 0};
  const Nav__V1__Event *copy = access_redact(&redaction, &event, arena, &withheld);
  assert_non_null(copy);
  *position = copy->place != NULL && copy->place->position != NULL;
  assert_int_equal(has_path(&withheld, "place.position"), !*position);
  return copy->place == NULL || copy->place->area == NULL ? "none" : copy->place->area;
}

static void positions_to_areas(void **state) {
  (void)state;
  struct conf_faults faults = {0};
  struct nav_areas *areas = nav_areas_load("tests/unit/access/config", &faults);
  struct nav_arena *arena = nav_arena_new(MEMORY);
  bool position = true;
  assert_non_null(areas);
  assert_string_equal(area_shown(OPEN_BIT, areas, NULL, 59.45, &position, arena), "norr");
  assert_false(position);
  assert_string_equal(area_shown(OPEN_BIT, areas, "norr-liten", 59.45, &position, arena), "norr-liten");
  assert_string_equal(area_shown(OPEN_BIT, areas, NULL, 10.0, &position, arena), "none");
  assert_string_equal(area_shown(OPEN_BIT, NULL, NULL, 59.45, &position, arena), "none");
  assert_false(position);
  assert_string_equal(area_shown(OPEN_BIT | 4, areas, NULL, 59.45, &position, arena),
                      "none");  // place is revealed
  assert_true(position);
  nav_arena_free(arena);
  nav_areas_free(areas);
  conf_faults_free(&faults);
}

// Without memory there is no copy, never a part of one.
static void no_memory_no_copy(void **state) {
  (void)state;
  struct nav_arena *made = nav_arena_new(MEMORY);
  const Nav__V1__Event *event = made_full_event(30, 3, made);
  struct access_redaction redaction = {.reveal = OPEN_BIT,
                                       .subjects = 7,
                                       .recipient = "a",
                                       .purpose = "p",
                                       .pseudonym_key = key,
                                       .now_ms = now_ms};
  size_t succeeded = 0;
  for (size_t max = 0; max < 32768; max += 64) {
    struct nav_arena *arena = nav_arena_new(max);
    struct access_paths withheld = {NULL, 0};
    const Nav__V1__Event *copy = access_redact(&redaction, event, arena, &withheld);
    if (copy != NULL) {
      succeeded++;
      assert_int_equal(copy->n_subjects, 3);
      assert_non_null(copy->subjects[2]->pseudonym);
    }
    nav_arena_free(arena);
  }
  assert_true(succeeded > 0 && succeeded < 512);
  nav_arena_free(made);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(planted_words),      cmocka_unit_test(original_stays),
      cmocka_unit_test(age_bands),          cmocka_unit_test(pseudonyms),
      cmocka_unit_test(positions_to_areas), cmocka_unit_test(no_memory_no_copy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
