// See numbers.h.
#include "hub/core/numbers.h"

#include <stdlib.h>
#include <string.h>

struct numbers *numbers_new(void) {
  struct numbers *numbers = calloc(1, sizeof *numbers);
  if (numbers == NULL) return NULL;
  numbers->agencies_end = 1;
  numbers->lanes_end = 1;
  return numbers;
}

void numbers_free(struct numbers *numbers) {
  if (numbers == NULL) return;
  for (uint32_t i = 1; i < numbers->agencies_end; i++) free(numbers->agencies[i]);
  for (uint32_t i = 1; i < numbers->lanes_end; i++) {
    free(numbers->lanes[i].agency);
    free(numbers->lanes[i].purpose);
  }
  free(numbers->of_rules_lane);
  free(numbers);
}

static bool too_many_agencies(struct nav_error *err) {
  return nav_fail(err, NAV_ERROR_LOCAL, 0, "agencies.yaml", "more than %d agencies ever",
                  NUMBERS_AGENCIES_MAX - 1);
}

static bool too_many_lanes(struct nav_error *err) {
  return nav_fail(err, NAV_ERROR_LOCAL, 0, "agencies.yaml", "more than %d lanes (agency and purpose) ever",
                  NUMBERS_LANES_MAX - 1);
}

static bool add_agency(struct numbers *numbers, const char *agency, struct nav_error *err) {
  if (numbers->agencies_end == NUMBERS_AGENCIES_MAX) return too_many_agencies(err);
  char *copy = strdup(agency);
  if (copy == NULL) return nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
  numbers->agencies[numbers->agencies_end++] = copy;
  return true;
}

static bool add_lane(struct numbers *numbers, const char *agency, const char *purpose,
                     struct nav_error *err) {
  if (numbers->lanes_end == NUMBERS_LANES_MAX) return too_many_lanes(err);
  struct number_lane lane = {strdup(agency), strdup(purpose), NUMBERS_NONE};
  if (lane.agency == NULL || lane.purpose == NULL) {
    free(lane.agency);
    free(lane.purpose);
    return nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
  }
  numbers->lanes[numbers->lanes_end++] = lane;
  return true;
}

static bool out_of_turn(uint32_t number, uint32_t end, struct nav_error *err) {
  return nav_fail(err, NAV_ERROR_LOCAL, 0, "ledger",
                  "number %u is defined where %u comes next: run navctl audit verify", number, end);
}

bool numbers_load_agency(struct numbers *numbers, const Nav__V1__AgencyDefined *defined,
                         struct nav_error *err) {
  if (defined->number != numbers->agencies_end || defined->agency == NULL) {
    return out_of_turn(defined->number, numbers->agencies_end, err);
  }
  return add_agency(numbers, defined->agency, err);
}

bool numbers_load_lane(struct numbers *numbers, const Nav__V1__LaneDefined *defined, struct nav_error *err) {
  if (defined->number != numbers->lanes_end || defined->agency == NULL || defined->purpose == NULL) {
    return out_of_turn(defined->number, numbers->lanes_end, err);
  }
  return add_lane(numbers, defined->agency, defined->purpose, err);
}

uint32_t numbers_agency(const struct numbers *numbers, const char *agency) {
  for (uint32_t i = 1; i < numbers->agencies_end; i++) {
    if (strcmp(numbers->agencies[i], agency) == 0) return i;
  }
  return 0;
}

uint32_t numbers_lane(const struct numbers *numbers, const char *agency, const char *purpose) {
  for (uint32_t i = 1; i < numbers->lanes_end; i++) {
    const struct number_lane *lane = &numbers->lanes[i];
    if (strcmp(lane->agency, agency) == 0 && strcmp(lane->purpose, purpose) == 0) return i;
  }
  return 0;
}

static bool define_agency(struct numbers *numbers, const char *agency, struct batch *batch, int64_t now_ms,
                          struct nav_error *err) {
  if (numbers_agency(numbers, agency) != 0) return true;
  uint32_t number = numbers->agencies_end;
  if (!add_agency(numbers, agency, err)) return false;
  Nav__V1__AgencyDefined defined = NAV__V1__AGENCY_DEFINED__INIT;
  defined.has_number = true;
  defined.number = number;
  defined.agency = numbers->agencies[number];
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_AGENCY_DEFINED;
  record.agency_defined = &defined;
  (void)batch_stage(batch, &record, now_ms);
  return true;
}

static bool define_lane(struct numbers *numbers, const struct access_lane *wanted, uint32_t *number,
                        struct batch *batch, int64_t now_ms, struct nav_error *err) {
  *number = numbers_lane(numbers, wanted->agency, wanted->purpose);
  if (*number != 0) return true;
  *number = numbers->lanes_end;
  if (!add_lane(numbers, wanted->agency, wanted->purpose, err)) return false;
  Nav__V1__LaneDefined defined = NAV__V1__LANE_DEFINED__INIT;
  defined.has_number = true;
  defined.number = *number;
  defined.agency = numbers->lanes[*number].agency;
  defined.purpose = numbers->lanes[*number].purpose;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_LANE_DEFINED;
  record.lane_defined = &defined;
  (void)batch_stage(batch, &record, now_ms);
  return true;
}

bool numbers_fit(const struct numbers *numbers, const struct access_rules *rules, struct nav_error *err) {
  const struct conf_agencies *agencies = access_rules_agencies(rules);
  size_t new_agencies = 0;
  size_t new_lanes = 0;
  for (size_t i = 0; i < agencies->agencies_count; i++) {
    if (numbers_agency(numbers, agencies->agencies[i].id) == 0) new_agencies++;
  }
  for (size_t i = 0; i < access_lane_count(rules); i++) {
    const struct access_lane *lane = access_lane(rules, i);
    if (numbers_lane(numbers, lane->agency, lane->purpose) == 0) new_lanes++;
  }
  if (numbers->agencies_end + new_agencies > NUMBERS_AGENCIES_MAX) return too_many_agencies(err);
  return numbers->lanes_end + new_lanes <= NUMBERS_LANES_MAX ? true : too_many_lanes(err);
}

bool numbers_define(struct numbers *numbers, const struct access_rules *rules, struct batch *batch,
                    int64_t now_ms, struct nav_error *err) {
  const struct conf_agencies *agencies = access_rules_agencies(rules);
  for (size_t i = 0; i < agencies->agencies_count; i++) {
    if (!define_agency(numbers, agencies->agencies[i].id, batch, now_ms, err)) return false;
  }
  size_t count = access_lane_count(rules);
  uint32_t *of_rules_lane = calloc(count + 1, sizeof *of_rules_lane);
  if (of_rules_lane == NULL) return nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
  for (uint32_t i = 1; i < numbers->lanes_end; i++) numbers->lanes[i].rules_lane = NUMBERS_NONE;
  free(numbers->of_rules_lane);
  numbers->of_rules_lane = of_rules_lane;
  numbers->rules_lanes = count;
  for (size_t i = 0; i < count; i++) {
    if (!define_lane(numbers, access_lane(rules, i), &of_rules_lane[i], batch, now_ms, err)) return false;
    numbers->lanes[of_rules_lane[i]].rules_lane = (int)i;
  }
  return true;
}
