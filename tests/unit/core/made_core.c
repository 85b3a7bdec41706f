// See made_core.h.
#include "tests/unit/core/made_core.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "hub/core/recalls.h"
#include "hub/core/redecided.h"
#include "hub/ledger/record.h"
#include "tests/unit/core/made_core_rules.h"

enum { COPY_HEAD = 19, RECORDS_MAX = 2048, ARENA_MAX = 16 * 1024 * 1024 };

static char pol[] = "pol", soc[] = "soc", skola[] = "skola", bo[] = "bo", police[] = "police",
            social[] = "social", school[] = "school", housing[] = "housing", authority[] = "authority",
            company[] = "municipal-company", ett[] = "ett", chief[] = "chief", second[] = "second",
            third[] = "third", desk[] = "Jouren";
static char *purposes[] = {ett}, *assessors[] = {chief, second, third};

static struct conf_agency list[] = {
    {.id = pol, .title = pol, .kind = police, .form = authority, .purposes = purposes, .purposes_count = 1},
    {.id = soc,
     .title = soc,
     .kind = social,
     .form = authority,
     .purposes = purposes,
     .purposes_count = 1,
     .assessors = assessors,
     .assessors_count = 3,
     .on_call = desk},
    {.id = skola,
     .title = skola,
     .kind = school,
     .form = authority,
     .purposes = purposes,
     .purposes_count = 1,
     .assessors = assessors,
     .assessors_count = 1},
    {.id = bo, .title = bo, .kind = housing, .form = company, .purposes = purposes, .purposes_count = 1},
};
static struct conf_agencies agencies = {.agencies = list, .agencies_count = sizeof list / sizeof list[0]};
static struct conf_nav nav = {.hold_answer_ms = MADE_ANSWER_MS, .hold_urgent_ms = MADE_URGENT_MS};
static struct core core;
static struct nav_arena *arena;

char *made_text(const char *words) { return (char *)(uintptr_t)words; }

static void define_numbers(void) {
  static const char *const names[][2] = {{"pol", "ett"}, {"soc", "ett"}, {"skola", "ett"},
                                         {"bo", "ett"},  {"pol", "tva"}, {"skola", "tva"}};
  struct nav_error err;
  for (uint32_t i = 0; i < 6; i++) {
    Nav__V1__AgencyDefined agency = NAV__V1__AGENCY_DEFINED__INIT;
    Nav__V1__LaneDefined lane = NAV__V1__LANE_DEFINED__INIT;
    agency.number = lane.number = i + 1;
    agency.agency = lane.agency = made_text(names[i][0]);
    lane.purpose = made_text(names[i][1]);
    bool ok = (i >= 4 || numbers_load_agency(core.numbers, &agency, &err)) &&
              numbers_load_lane(core.numbers, &lane, &err);
    NAV_ASSERT(ok);
  }
  bool ok = numbers_define(core.numbers, core.rules, core.staging, core.now_ms, &err);
  NAV_ASSERT(ok && batch_is_empty(core.staging));  // every lane of the rules has its number
}

struct core *made_core_new(void) {
  int sodium = sodium_init();
  NAV_ASSERT(sodium >= 0);
  core = (struct core){.nav = &nav, .agencies = &agencies};
  core.now_ms = (int64_t)MADE_DAY * 86400000;
  core.staging = &core.batches[0];
  core.numbers = numbers_new();
  core.verdicts = verdicts_new();
  core.recent = recent_new();
  core.holds = holds_new();
  core.recalls = recalls_new();
  core.buckets = buckets_new("/");  // in which nothing is sealed here
  core.redecided = redecided_new();
  core.registers = registers_new(core.pseudonym_key);
  arena = nav_arena_new(ARENA_MAX);
  bool ok = batch_init(core.staging, &core.sequence) && core.numbers != NULL && core.verdicts != NULL &&
            core.recent != NULL && core.holds != NULL && core.recalls != NULL && core.buckets != NULL &&
            core.redecided != NULL && core.registers != NULL && arena != NULL;
  NAV_ASSERT(ok);
  core.rules = made_core_rules(&agencies);
  define_numbers();
  return &core;
}

void made_core_free(void) {
  deliver_free(&core);
  batch_free(core.staging);
  access_rules_free(core.rules);
  registers_free(core.registers);
  redecided_free(core.redecided);
  recalls_free(core.recalls);
  buckets_free(core.buckets);
  holds_free(core.holds);
  recent_free(core.recent);
  verdicts_free(core.verdicts);
  numbers_free(core.numbers);
  nav_arena_free(arena);
}

uint32_t made_verdict(struct core *to, const Nav__V1__LaneVerdict *lanes, size_t count, bool is_hash) {
  static const uint8_t before[NAV_SHA256_SIZE] = {1};
  Nav__V1__LaneVerdict copies[16];
  Nav__V1__LaneVerdict *pointers[16];
  struct nav_error err;
  Nav__V1__VerdictDefined defined = NAV__V1__VERDICT_DEFINED__INIT;
  NAV_ASSERT(count <= 16);
  for (size_t i = 0; i < count; i++) {
    copies[i] = lanes[i];
    copies[i].has_lane = copies[i].has_outcome = copies[i].has_reveal = copies[i].has_subjects = true;
    copies[i].has_hold_reveal = copies[i].has_hold_subjects = copies[i].has_urgent = true;
    copies[i].has_must_answer = copies[i].has_answer_s = copies[i].has_retain_days = true;
    pointers[i] = &copies[i];
  }
  defined.has_number = defined.has_rules_hash = true;
  defined.number = verdicts_end(to->verdicts);
  defined.rules_hash = (ProtobufCBinaryData){
      NAV_SHA256_SIZE, (uint8_t *)(uintptr_t)(is_hash ? access_rules_hash(to->rules) : before)};
  defined.lanes = pointers;
  defined.n_lanes = count;
  bool ok = verdicts_load(to->verdicts, &defined, &err);
  NAV_ASSERT(ok);
  return defined.number;
}

Nav__V1__Record **made_records(struct core *of, size_t *count) {
  static Nav__V1__Record *records[RECORDS_MAX];
  enum { FIELDS = 18, RECORD_FIELD = 6 };  // of nav.ledger: store.c
  const struct nav_buffer *rows = &of->staging->ledger;
  nav_arena_reset(arena);
  *count = 0;
  for (size_t at = COPY_HEAD; at < rows->length;) {
    NAV_ASSERT(nav_get_u16(rows->data + at) == FIELDS && *count < RECORDS_MAX);
    at += 2;
    for (unsigned field = 0; field < FIELDS; field++) {
      uint32_t length = nav_get_u32(rows->data + at);
      at += 4;
      struct nav_error err;
      if (field == RECORD_FIELD) records[*count] = record_decode(arena, rows->data + at, length, &err);
      if (length != UINT32_MAX) at += length;
    }
    NAV_ASSERT(records[*count] != NULL);
    ++*count;
  }
  batch_clear(of->staging);
  return records;
}
