// See map_in.h. What a case becomes is written in adapter.yaml (target.h). Who reported it, the registrar and
// the tenant stay at the company; a TenancyConcern alone carries a person: the one whom the case is about,
// where the case itself names one.
#include "adapters/housing/map_in.h"

#include <string.h>

#include "adapters/engine/records.h"
#include "adapters/housing/fi2.h"
#include "adapters/housing/target.h"
#include "adapters/record/json.h"
#include "adapters/record/record.h"

enum { PARENTS_MAX = 32, OBJECT_ID_MAX = 64 };

// What is said of a case whatever it becomes.
struct housing_case {
  const json_t *json;
  const char *category;
  char *description;  // Description and, below it, Comment
  char *number;
  Nav__V1__CaseStatus status;
  bool has_status;
};

// "object.OBJ-11020301", else the longest "object.OBJ-1102*". *name: the option's key.
static const char *object_option(struct record *record, const char *id, char **name) {
  size_t length = strlen(id);
  if (length > OBJECT_ID_MAX) return NULL;
  const char *option = record_option(record, "object.%s", id);
  *name = record_printf(record, "object.%s", id);
  for (; option == NULL && length > 0; length--) {
    option = record_option(record, "object.%.*s*", (int)length, id);
    if (option != NULL) *name = record_printf(record, "object.%.*s*", (int)length, id);
  }
  return option;
}

static Nav__V1__Place *dwelling_only(struct record *record) {
  Nav__V1__Place *place = record_new(record, sizeof *place);
  if (place == NULL) return NULL;
  nav__v1__place__init(place);
  place->has_precision = true;
  place->precision = NAV__V1__PRECISION__PRECISION_ADDRESS;
  return place;
}

// The place of the first object that adapter.yaml knows. The flat itself goes along only where the message is
// about somebody's home: a leaking tap is not. False after a skip.
static bool find_place(struct record *record, const struct housing_case *housing, bool with_dwelling,
                       Nav__V1__Place **place) {
  *place = NULL;
  for (size_t i = 0; *place == NULL && i < PARENTS_MAX; i++) {
    const json_t *parent = fi2_parent(housing->json, NULL, i);
    if (parent == NULL) break;
    char *name = NULL;
    const char *id = fi2_id(json_object_get(parent, "fi2parent_ids"), NULL);
    const char *option = id == NULL ? NULL : object_option(record, id, &name);
    if (option == NULL) continue;
    *place = record_place(record, option, name);
    if (*place == NULL) return false;
  }
  const json_t *flat = fi2_parent(housing->json, "fi2spatisystem", 0);
  const char *flat_id = fi2_id(json_object_get(flat, "fi2parent_ids"), NULL);
  if (!with_dwelling || flat_id == NULL) return true;
  if (*place == NULL) *place = dwelling_only(record);
  if (*place != NULL) (*place)->dwelling = record_text(record, flat_id);
  return true;
}

static uint32_t number_value(const struct housing_case *housing, const char *code, protobuf_c_boolean *has) {
  const char *text = fi2_value(json_object_get(housing->json, "fi2case_value"), code);
  uint64_t number = 0;
  if (text == NULL || strlen(text) > 9) return 0;
  for (const char *p = text; *p != '\0'; p++) {
    if (*p < '0' || *p > '9') return 0;
    number = number * 10 + (uint64_t)(*p - '0');
  }
  *has = true;
  return (uint32_t)number;
}

static void fill_damage(struct record *record, const struct housing_case *housing, int kind,
                        Nav__V1__Event *event) {
  Nav__V1__Damage *damage = record_new(record, sizeof *damage);
  if (damage == NULL) return;
  nav__v1__damage__init(damage);
  damage->has_kind = true;
  damage->kind = (Nav__V1__DamageKind)kind;
  damage->has_status = housing->has_status;
  damage->status = housing->status;
  damage->description = housing->description;
  damage->case_number = housing->number;
  damage->category = record_text(record, housing->category);
  damage->cost_kronor = number_value(housing, "CostKronor", &damage->has_cost_kronor);
  event->body_case = NAV__V1__EVENT__BODY_DAMAGE;
  event->damage = damage;
}

static void fill_disturbance(struct record *record, const struct housing_case *housing, int kind,
                             Nav__V1__Event *event) {
  Nav__V1__Disturbance *disturbance = record_new(record, sizeof *disturbance);
  if (disturbance == NULL) return;
  nav__v1__disturbance__init(disturbance);
  disturbance->has_kind = true;
  disturbance->kind = (Nav__V1__DisturbanceKind)kind;
  disturbance->has_status = housing->has_status;
  disturbance->status = housing->status;
  disturbance->description = housing->description;
  disturbance->case_number = housing->number;
  disturbance->category = record_text(record, housing->category);
  event->body_case = NAV__V1__EVENT__BODY_DISTURBANCE;
  event->disturbance = disturbance;
}

static void fill_guard_round(struct record *record, const struct housing_case *housing,
                             Nav__V1__Event *event) {
  Nav__V1__GuardRound *round = record_new(record, sizeof *round);
  if (round == NULL) return;
  nav__v1__guard_round__init(round);
  round->company =
      record_text(record, fi2_value(json_object_get(housing->json, "fi2case_value"), "GuardCompany"));
  round->persons_told_to_leave =
      number_value(housing, "PersonsToldToLeave", &round->has_persons_told_to_leave);
  round->observation = housing->description;
  event->body_case = NAV__V1__EVENT__BODY_GUARD_ROUND;
  event->guard_round = round;
}

// The tenant whom the concern is about: an embedded fi2partner among the case's objects. FI2 has no word for
// protected identities; where the company keeps one as the value SecurityMarking it is read, else protection
// stays unknown. False after a skip.
static bool add_tenant(struct record *record, const struct housing_case *housing, Nav__V1__Event *event) {
  const json_t *parent = fi2_parent(housing->json, "fi2partner", 0);
  const json_t *item = json_object_get(parent, "fi2parent_item");
  const json_t *partner = json_object_get(item, "fi2partner");
  if (partner == NULL) partner = item;
  const char *number = fi2_id(json_object_get(partner, "fi2part_ids"), "Ssn");
  const char *name = record_json_element(json_object_get(partner, "fi2part_fullname"));
  if (number == NULL && name == NULL) return true;
  Nav__V1__Subject *tenant = record_subject(record, NAV__V1__ROLE__ROLE_OTHER);
  if (tenant == NULL) return record_emit(record, NULL, 0, NULL);
  tenant->name = record_text(record, name);
  if (number != NULL && !record_subject_number(record, tenant, number)) {
    return record_skip(record, "fi2partner: Ssn is no personal or coordination number");
  }
  record_subject_protection(tenant, fi2_value(json_object_get(partner, "fi2part_value"), "SecurityMarking"));
  record_one_subject(record, event, tenant);
  return true;
}

static bool fill_tenancy_concern(struct record *record, const struct housing_case *housing, int kind,
                                 Nav__V1__Event *event) {
  Nav__V1__TenancyConcern *concern = record_new(record, sizeof *concern);
  if (concern == NULL) return true;  // full: record_emit says so
  nav__v1__tenancy_concern__init(concern);
  const json_t *contract = fi2_parent(housing->json, "fi2leasecontract", 0);
  concern->has_kind = true;
  concern->kind = (Nav__V1__TenancyConcernKind)kind;
  concern->description = housing->description;
  concern->suspicion =
      record_text(record, fi2_description(json_object_get(housing->json, "fi2case_descr"), "Suspicion"));
  concern->contract = record_text(record, fi2_id(json_object_get(contract, "fi2parent_ids"), NULL));
  event->body_case = NAV__V1__EVENT__BODY_TENANCY_CONCERN;
  event->tenancy_concern = concern;
  return add_tenant(record, housing, event);
}

static bool fill_body(struct record *record, const struct housing_case *housing, const struct target *target,
                      Nav__V1__Event *event) {
  switch (target->message) {
    case TARGET_DAMAGE:
      fill_damage(record, housing, target->kind, event);
      return true;
    case TARGET_DISTURBANCE:
      fill_disturbance(record, housing, target->kind, event);
      return true;
    case TARGET_GUARD_ROUND:
      fill_guard_round(record, housing, event);
      return true;
    case TARGET_TENANCY_CONCERN:
      return fill_tenancy_concern(record, housing, target->kind, event);
    case TARGET_NOT_SHARED:
      break;
  }
  return record_skip(record, "category '%.60s' is not shared (map: not_shared in adapter.yaml)",
                     housing->category);
}

static char *join_descriptions(struct record *record, const json_t *descriptions) {
  char *main = record_text(record, fi2_description(descriptions, "Description"));
  char *comment = record_text(record, fi2_description(descriptions, "Comment"));
  if (main == NULL || comment == NULL || strcmp(main, comment) == 0) return main != NULL ? main : comment;
  if (strlen(main) + strlen(comment) >= RECORD_TEXT_MAX) return main;
  char *both = nav_arena_printf(record->arena, "%s\n%s", main, comment);
  if (both == NULL) record->full = true;
  return both;
}

static void read_case(struct record *record, const json_t *json, struct housing_case *housing) {
  *housing = (struct housing_case){.json = json,
                                   .category = fi2_class_code(json_object_get(json, "fi2case_category"))};
  housing->description = join_descriptions(record, json_object_get(json, "fi2case_descr"));
  housing->number = record_text(record, fi2_id(json_object_get(json, "fi2case_ids"), "CaseNumber"));
  housing->has_status = fi2_status(fi2_class_code(json_object_get(json, "fi2case_status")), &housing->status);
}

static bool map_case(struct record *record, const json_t *json) {
  struct housing_case housing;
  struct target target;
  int64_t time_ms = 0;
  int64_t created_ms = 0;
  int64_t recorded_ms = 0;
  const char *id = record_json_text(json, "id");
  if (id == NULL) id = fi2_id(json_object_get(json, "fi2case_ids"), "CaseNumber");
  if (id == NULL || strlen(id) > RECORD_ID_MAX)
    return record_skip(record, "has neither an id nor a CaseNumber");
  read_case(record, json, &housing);
  if (housing.category == NULL) return record_skip(record, "fi2case_category has no fi2class_code");
  if (!fi2_times(json, &time_ms, &created_ms, &recorded_ms)) {
    return record_skip(record, "neither CreatedDate nor fi2case_registrationdate is a date");
  }
  if (!target_find(record, housing.category, housing.description, &target)) return false;

  Nav__V1__Event *event = record_event(record, time_ms);
  if (event == NULL) return record_emit(record, NULL, 0, NULL);
  record_recorded(event, recorded_ms);
  bool about_a_home = target.message == TARGET_DISTURBANCE || target.message == TARGET_TENANCY_CONCERN;
  if (!fill_body(record, &housing, &target, event)) return false;
  if (!find_place(record, &housing, about_a_home, &event->place)) return false;
  return record_emit(record, record_printf(record, "case:%s", id), created_ms, event);
}

// What else fastAPI answers; NULL: none of that. A message without any of them says that there are none.
static const char *foreign_answer(const json_t *object) {
  static const char *const keys[] = {"fi2leasecontract", "fi2spatisystem", "fi2partner", "fi2property",
                                     "fi2structure"};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    if (json_object_get(object, keys[i]) != NULL) return keys[i];
  }
  return NULL;
}

struct mapping {
  struct nav_mapping_run *run;
  size_t objects;    // records that are JSON
  size_t strangers;  // objects that are nothing of FI2
};

static void map_object(struct mapping *mapping, struct record *record, const json_t *object) {
  const char *foreign = foreign_answer(object);
  if (foreign != NULL) {
    (void)record_skip(record, "holds %s: contracts, objects and tenants are not shared, only cases", foreign);
  } else if (json_object_get(object, "fi2messageheader") != NULL) {
    nav_mapping_note(mapping->run, record->place, "holds no cases");
  } else if (json_object_get(object, "id") == NULL && json_object_get(object, "fi2case_ids") == NULL &&
             json_object_get(object, "fi2case_category") == NULL) {
    mapping->strangers++;
    (void)record_skip(record, "is no FI2 case");
  } else {
    (void)map_case(record, object);
  }
}

static void map_slice(void *context, const struct record_slice *slice) {
  struct mapping *mapping = context;
  struct record record;
  json_t *object = records_parse(mapping->run, slice, NULL);
  if (object == NULL) return;
  mapping->objects++;
  record_begin(&record, mapping->run, "%s", slice->place);
  map_object(mapping, &record, object);
  json_decref(object);
}

static bool map_file(struct nav_mapping_run *run, const char *file, const uint8_t *bytes, size_t length,
                     struct nav_error *err) {
  static const char *const wrappers[] = {"fi2simplemessage", "fi2case", NULL};
  struct mapping mapping = {.run = run};
  if (length == 0)
    return nav_fail(err, NAV_ERROR_PEER, 0, file, "is empty: the source answered with nothing");
  struct records_result result = records_walk(file, bytes, length, wrappers, map_slice, &mapping);
  if (mapping.objects == 0 && !result.whole) {
    return nav_fail(err, NAV_ERROR_PEER, 0, file, "byte %zu: %s", result.fault_offset, result.fault);
  }
  if (mapping.objects == 0 && result.count > 0) {
    return nav_fail(err, NAV_ERROR_PEER, 0, file, "is no answer of FI2: it holds no JSON object");
  }
  if (mapping.objects > 0 && mapping.objects == mapping.strangers) {
    return nav_fail(err, NAV_ERROR_PEER, 0, file, "is no FI2 answer: nothing in it is a case");
  }
  if (!result.whole) {
    nav_mapping_skip(run, file, "byte %zu: %s; the %zu records before it are kept", result.fault_offset,
                     result.fault, result.count);
  }
  return true;
}

static const char *const suffixes[] = {".json", ".json.gz", NULL};

const struct nav_mapping housing_mapping = {
    .program = "nav-housing",
    .description = "cases of housing companies (FI2XML over fastAPI, as JSON)",
    .suffixes = suffixes,
    .map = map_file,
};
