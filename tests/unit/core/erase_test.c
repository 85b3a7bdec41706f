// An order to erase whose second record cannot be made: what was recorded is erased and the rest is kept, and
// the answer says which. Called by: ctest.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "hub/core/erase_private.h"
#include "hub/ledger/record.h"
#include "tests/unit/core/made_core.h"

enum { OF_POLICE = 11, OF_SOCIAL = 12, OF_SOCIAL_TOO = 13 };

static char folder[] = "/tmp/nav-erase-XXXXXX";

static int make(void **state) {
  struct core *core = made_core_new();
  (void)memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
  if (mkdtemp(folder) == NULL) return -1;
  buckets_free(core->buckets);
  core->buckets = buckets_new(folder);
  core->erasures = erasures_new();
  *state = core;
  return core->buckets == NULL || core->erasures == NULL ? -1 : 0;
}

static int unmake(void **state) {
  struct core *core = *state;
  char path[64];
  (void)snprintf(path, sizeof path, "%s/6-%d.key", folder, MADE_DAY);
  erase_free(core);
  erasures_free(core->erasures);
  core->erasures = NULL;
  made_core_free();
  return unlink(path) == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static struct erase_event event_of(uint64_t seq, uint32_t agency) {
  return (struct erase_event){.seq = seq,
                              .event_id = {(uint8_t)seq},
                              .agency = agency,
                              .revision = 1,
                              .type = NAV__V1__EVENT__BODY_PUBLIC_INCIDENT,
                              .place = {3, MADE_DAY}};
}

// One event of the police and two of social services, found and judged.
static struct erase *ordered(struct core *core) {
  struct erase *run = calloc(1, sizeof *run);
  assert_non_null(run);
  (void)snprintf(run->person, sizeof run->person, "drift");
  (void)snprintf(run->agency, sizeof run->agency, "pol");
  (void)snprintf(run->basis, sizeof run->basis, "art. 17.1 d");
  (void)snprintf(run->reason, sizeof run->reason, "beslut");
  run->events[run->count++] = event_of(OF_POLICE, POL);
  run->events[run->count++] = event_of(OF_SOCIAL, SOC);
  run->events[run->count++] = event_of(OF_SOCIAL_TOO, SOC);
  run->phase = ERASE_STAGE;
  core->erase = run;
  return run;
}

static const char *text_at(const json_t *list, size_t at, const char *key) {
  const char *text = json_string_value(json_object_get(json_array_get(list, at), key));
  return text == NULL ? "" : text;
}

static json_int_t number_of(const json_t *object, const char *key) {
  return json_integer_value(json_object_get(object, key));
}

static void what_is_recorded_is_told_as_erased_and_the_rest_as_kept(void **state) {
  struct core *core = *state;
  struct erase *run = ordered(core);
  size_t count = 0;
  // The number of the second record is one that nothing is sealed under.
  buckets_erase_event(core->buckets, batch_next_seq(core->staging) + 1);
  erase_step(core);
  assert_int_equal(run->phase, ERASE_COMMIT);
  json_t *answer = erase_answer(core);
  const json_t *events = json_object_get(answer, "events");
  assert_int_equal(number_of(answer, "erased"), 1);
  assert_int_equal(number_of(answer, "kept"), 2);
  assert_string_equal(text_at(events, 0, "state"), "erased");
  assert_true(number_of(json_array_get(events, 0), "record") > 0);
  for (size_t i = 1; i < 3; i++) {
    assert_string_equal(text_at(events, i, "state"), "kept");
    assert_int_equal(number_of(json_array_get(events, i), "record"), 0);
    assert_non_null(strstr(text_at(events, i, "against"), "failed: no record of it could be made"));
  }
  assert_string_equal(json_string_value(json_object_get(answer, "failed")), text_at(events, 1, "against"));
  json_decref(answer);
  Nav__V1__Record **records = made_records(core, &count);
  assert_int_equal(count, 1);
  assert_int_equal(records[0]->events_erased->n_events, 1);
  assert_int_equal(records[0]->events_erased->events[0]->event_seq, OF_POLICE);
  assert_true(buckets_event_is_erased(core->buckets, OF_POLICE));
  assert_false(buckets_event_is_erased(core->buckets, OF_SOCIAL));
}

static void an_order_that_is_carried_out_whole_says_so(void **state) {
  struct core *core = *state;
  const struct erase *run = ordered(core);
  size_t count = 0;
  erase_step(core);
  assert_int_equal(run->phase, ERASE_COMMIT);
  json_t *answer = erase_answer(core);
  assert_int_equal(number_of(answer, "erased"), 3);
  assert_true(json_is_null(json_object_get(answer, "failed")));
  json_decref(answer);
  Nav__V1__Record **records = made_records(core, &count);
  assert_int_equal(count, 2);
  assert_int_equal(records[1]->events_erased->n_events, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(what_is_recorded_is_told_as_erased_and_the_rest_as_kept, make, unmake),
      cmocka_unit_test_setup_teardown(an_order_that_is_carried_out_whole_says_so, make, unmake),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
