// See facts.h.
#include "hub/access/facts.h"

#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"

void facts_init(struct facts *facts, const struct access_rules *rules,
                const struct access_question *question) {
  facts->rules = rules;
  facts->question = question;
  facts->event = question->event;
  facts->body = NULL;
  facts->body_name = NULL;
  facts->body_index = schema_body_index((uint32_t)question->event->body_case);
  facts->has_today = false;
  facts->for_forbid = false;
  facts->has_area = false;
  if (facts->body_index >= 0) {
    const ProtobufCFieldDescriptor *field = schema_body((size_t)facts->body_index);
    const char *at = (const char *)question->event + field->offset;
    facts->body = *(ProtobufCMessage *const *)at;
    facts->body_name = schema_body_name((size_t)facts->body_index);
  }
  for (size_t i = 0; i < question->event->n_subjects && i < ACCESS_SUBJECTS_MAX; i++)
    facts->ages[i] = FACTS_AGE_NOT_ASKED;
}

int64_t facts_today(struct facts *facts) {
  if (!facts->has_today) {
    facts->today = nav_day_stockholm(facts->question->now_ms);
    facts->has_today = true;
  }
  return facts->today;
}

static bool is_set(const char *text) { return text != NULL && text[0] != '\0'; }

bool access_subject_age(const Nav__V1__Subject *subject, int64_t now_ms, int *years) {
  int year = 0;
  int month = 0;
  int day = 0;
  bool by_date = is_set(subject->birth_date) && nav_date_parse(subject->birth_date, &year, &month, &day);
  if (is_set(subject->birth_date) && !by_date) return false;
  struct nav_personal_number number;
  if (is_set(subject->personal_number)) {
    if (!nav_personal_number_parse(subject->personal_number, now_ms, &number)) {
      if (!by_date) return false;
    } else if (!by_date) {
      year = number.birth_year;
      month = number.birth_month;
      day = number.birth_day;
    } else if (number.birth_year != year || number.birth_month != month || number.birth_day != day) {
      return false;
    }
  } else if (!by_date) {
    return false;
  }
  *years = nav_age_years(year, month, day, now_ms);
  return *years >= 0;
}

static int age_of(struct facts *facts, size_t subject) {
  int16_t *known = &facts->ages[subject];
  if (*known == FACTS_AGE_NOT_ASKED) {
    int years = 0;
    bool found = access_subject_age(facts->event->subjects[subject], facts->question->now_ms, &years);
    *known = found && years < INT16_MAX ? (int16_t)years : FACTS_AGE_UNKNOWN;
  }
  return *known;
}

static const char *area_of(struct facts *facts) {
  if (facts->has_area) return facts->area;
  facts->has_area = true;
  facts->area = NULL;
  const Nav__V1__Place *place = facts->event->place;
  if (place == NULL) return NULL;
  if (is_set(place->area)) return facts->area = place->area;
  const Nav__V1__Position *position = place->position;
  if (position == NULL || !position->has_latitude || !position->has_longitude) return NULL;
  if (facts->rules->areas == NULL) return NULL;
  const struct nav_area *area = nav_area_at(facts->rules->areas, position->latitude, position->longitude);
  return facts->area = area == NULL ? NULL : area->id;
}

static enum truth truth_of(bool value) { return value ? IS_TRUE : IS_FALSE; }

static bool integer_in(const struct predicate *predicate, int64_t value) {
  for (size_t i = 0; i < predicate->count; i++)
    if (predicate->integers[i] == value) return true;
  return false;
}

static enum truth compare_integer(const struct facts *facts, const struct predicate *predicate,
                                  int64_t value) {
  switch (predicate->op) {
    case OP_IN:
      return truth_of(integer_in(predicate, value));
    case OP_BELOW:
      return truth_of(value < predicate->integers[0]);
    case OP_AT_LEAST:
      return truth_of(value >= predicate->integers[0]);
    case OP_WITHIN: {  // not longer ago than that, nor in the future
      int64_t now = facts->question->now_ms;
      return truth_of(value <= now && value >= now - predicate->integers[0]);
    }
    default:
      return IS_UNKNOWN;
  }
}

static enum truth compare_real(const struct predicate *predicate, double value) {
  if (predicate->op == OP_BELOW) return truth_of(value < predicate->real);
  if (predicate->op == OP_AT_LEAST) return truth_of(value >= predicate->real);
  return IS_UNKNOWN;
}

// An area is within others by the list made at load; one that config/areas does not know lies nobody knows
// where.
static enum truth compare_area(const struct facts *facts, const char *const *sorted, size_t count,
                               const char *area) {
  if (area == NULL) return IS_UNKNOWN;
  if (rules_text_in(sorted, count, area)) return IS_TRUE;
  return rules_text_in(facts->rules->area_ids, facts->rules->area_ids_count, area) ? IS_FALSE : IS_UNKNOWN;
}

static enum truth compare_text(const struct facts *facts, const struct predicate *predicate, const char *text,
                               const struct lane *lane) {
  if (!is_set(text)) return IS_UNKNOWN;
  if (predicate->op == OP_OVERLAPS && predicate->recipient_areas) {
    const struct agency_facts *agency = &facts->rules->agency_facts[lane->agency];
    return compare_area(facts, agency->areas, agency->areas_count, text);
  }
  if (predicate->op == OP_WITHIN || predicate->op == OP_OVERLAPS)
    return compare_area(facts, predicate->texts, predicate->count, text);
  return truth_of(rules_text_in(predicate->texts, predicate->count, text));
}

static enum truth overlaps(const struct predicate *predicate, const char *const *items, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (rules_text_in(predicate->texts, predicate->count, items[i])) return IS_TRUE;
  return IS_FALSE;
}

// An enum's value 0 (…_UNSPECIFIED) is as good as absent.
static bool read_integer(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                         int64_t *out) {
  const char *at = (const char *)message + field->offset;
  switch (field->type) {
    case PROTOBUF_C_TYPE_BOOL:
      *out = *(const protobuf_c_boolean *)(const void *)at != 0;
      return true;
    case PROTOBUF_C_TYPE_ENUM:
      *out = *(const int32_t *)(const void *)at;
      return *out != 0;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
      *out = *(const int32_t *)(const void *)at;
      return true;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
      *out = *(const uint32_t *)(const void *)at;
      return true;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
      *out = *(const int64_t *)(const void *)at;
      return true;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64: {
      uint64_t value = *(const uint64_t *)(const void *)at;
      *out = (int64_t)value;
      return value <= INT64_MAX;
    }
    default:
      return false;
  }
}

static enum truth field_predicate(const struct facts *facts, const struct predicate *predicate,
                                  const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                                  const struct lane *lane) {
  if (field == NULL) return IS_UNKNOWN;
  bool present = message != NULL && schema_present(message, field);
  if (predicate->op == OP_PRESENT) return truth_of(present == predicate->wanted);
  if (!present) return IS_UNKNOWN;  // a list without items is absent too
  const char *at = (const char *)message + field->offset;
  if (field->label == PROTOBUF_C_LABEL_REPEATED) {
    const char *count_at = (const char *)message + field->quantifier_offset;
    if (field->type != PROTOBUF_C_TYPE_STRING) return IS_UNKNOWN;
    return overlaps(predicate, *(const char *const *const *)(const void *)at,
                    *(const size_t *)(const void *)count_at);
  }
  if (field->type == PROTOBUF_C_TYPE_STRING)
    return compare_text(facts, predicate, *(const char *const *)(const void *)at, lane);
  if (field->type == PROTOBUF_C_TYPE_DOUBLE)
    return compare_real(predicate, *(const double *)(const void *)at);
  int64_t value = 0;
  if (!read_integer(message, field, &value)) return IS_UNKNOWN;
  return compare_integer(facts, predicate, value);
}

static enum truth age_predicate(struct facts *facts, const struct predicate *predicate, size_t subject) {
  int age = age_of(facts, subject);
  if (predicate->op == OP_PRESENT) return truth_of((age >= 0) == predicate->wanted);
  if (age < 0) return IS_UNKNOWN;
  return compare_integer(facts, predicate, age);
}

static enum truth protected_predicate(const struct facts *facts, const struct predicate *predicate,
                                      size_t subject) {
  const Nav__V1__Subject *person = facts->event->subjects[subject];
  Nav__V1__Protection mark =
      person->has_protection ? person->protection : NAV__V1__PROTECTION__PROTECTION_UNSPECIFIED;
  bool known = mark != NAV__V1__PROTECTION__PROTECTION_UNSPECIFIED;
  if (predicate->op == OP_PRESENT) return truth_of(known == predicate->wanted);
  if (integer_in(predicate, (int64_t)mark)) return IS_TRUE;  // a rule may name what is not known
  return known ? IS_FALSE : IS_UNKNOWN;
}

static enum truth consent_predicate(const struct facts *facts, const struct predicate *predicate,
                                    size_t subject, const struct lane *lane) {
  const struct access_question *question = facts->question;
  if (question->could_be) return truth_of(!facts->for_forbid);
  if (question->consent == NULL || facts->body_name == NULL) return IS_UNKNOWN;
  int given = question->consent(question->consent_context, facts->event->subjects[subject], lane->info.agency,
                                lane->info.purpose, facts->body_name);
  if (given != 0 && given != 1) return IS_UNKNOWN;
  return truth_of((given == 1) == predicate->wanted);
}

static enum truth request_predicate(const struct facts *facts, const struct predicate *predicate,
                                    const struct lane *lane) {
  const struct access_question *question = facts->question;
  bool wanted = predicate->integers[0] != 0;
  if (!facts->event->has_in_reply_to) return truth_of(!wanted);
  if (question->could_be) return truth_of(!facts->for_forbid);
  if (question->request == NULL) return IS_UNKNOWN;
  int answers = question->request(question->request_context, facts->event, lane->info.agency);
  if (answers != 0 && answers != 1) return IS_UNKNOWN;
  return truth_of((answers == 1) == wanted);
}

static enum truth recipient_predicate(const struct facts *facts, const struct predicate *predicate,
                                      const struct lane *lane) {
  const struct conf_agency *agency = facts->rules->agency_facts[lane->agency].agency;
  switch (predicate->fact) {
    case FACT_ID:
      return truth_of(rules_text_in(predicate->texts, predicate->count, agency->id));
    case FACT_KIND:
      return truth_of(rules_text_in(predicate->texts, predicate->count, agency->kind));
    case FACT_FORM:
      if (!is_set(agency->form)) return IS_UNKNOWN;
      return truth_of(rules_text_in(predicate->texts, predicate->count, agency->form));
    case FACT_GROUPS:
      return overlaps(predicate, (const char *const *)agency->groups, agency->groups_count);
    case FACT_AREAS: {
      const struct agency_facts *own = &facts->rules->agency_facts[lane->agency];
      return overlaps(predicate, own->areas, own->areas_count);
    }
    case FACT_ADDRESSED: {
      bool named = is_set(facts->event->addressee) && strcmp(facts->event->addressee, agency->id) == 0;
      return truth_of(named == (predicate->integers[0] != 0));
    }
    default:
      return IS_UNKNOWN;
  }
}

enum truth facts_predicate(struct facts *facts, const struct predicate *predicate, size_t subject,
                           const struct lane *lane) {
  switch (predicate->fact) {
    case FACT_AREA:
      if (predicate->op == OP_PRESENT) return truth_of((area_of(facts) != NULL) == predicate->wanted);
      return compare_text(facts, predicate, area_of(facts), lane);
    case FACT_AGE:
      return age_predicate(facts, predicate, subject);
    case FACT_PROTECTED:
      return protected_predicate(facts, predicate, subject);
    case FACT_CONSENT:
      return consent_predicate(facts, predicate, subject, lane);
    case FACT_REQUEST:
      return request_predicate(facts, predicate, lane);
    case FACT_FIELD:
      break;
    default:
      return recipient_predicate(facts, predicate, lane);
  }
  const Nav__V1__Event *event = facts->event;
  switch (predicate->scope) {
    case SCOPE_EVENT:
      return field_predicate(facts, predicate, &event->base, predicate->field, lane);
    case SCOPE_PLACE:
      return field_predicate(facts, predicate, event->place == NULL ? NULL : &event->place->base,
                             predicate->field, lane);
    case SCOPE_MARKS:
      return field_predicate(facts, predicate, event->marks == NULL ? NULL : &event->marks->base,
                             predicate->field, lane);
    case SCOPE_SUBJECT:
      return field_predicate(facts, predicate, &event->subjects[subject]->base, predicate->field, lane);
    case SCOPE_BODY:
      if (facts->body_index < 0) return IS_UNKNOWN;
      return field_predicate(facts, predicate, facts->body, predicate->by_body[facts->body_index], lane);
    default:
      return IS_UNKNOWN;
  }
}

// Where one subject lives or stays. One known area is enough to tell the boards apart.
static enum truth board_of_subject(const struct facts *facts, const Nav__V1__Subject *subject,
                                   const struct agency_facts *agency) {
  const char *areas[2] = {subject->home_area, subject->stay_area};
  enum truth found = IS_UNKNOWN;
  bool known = false;
  for (size_t i = 0; i < 2; i++) {
    if (!is_set(areas[i])) continue;
    enum truth here = compare_area(facts, agency->areas, agency->areas_count, areas[i]);
    if (here == IS_TRUE) return IS_TRUE;
    if (!known || here == IS_UNKNOWN) found = here;
    known = true;
  }
  return found;
}

enum truth facts_board(struct facts *facts, uint64_t subjects, const struct lane *lane) {
  const Nav__V1__Event *event = facts->event;
  if (is_set(event->addressee)) return truth_of(strcmp(event->addressee, lane->info.agency) == 0);
  const struct agency_facts *agency = &facts->rules->agency_facts[lane->agency];
  enum truth all = IS_TRUE;
  if (subjects == 0) return IS_UNKNOWN;
  for (size_t i = 0; i < event->n_subjects && i < ACCESS_SUBJECTS_MAX; i++) {
    if ((subjects >> i & 1U) == 0) continue;
    enum truth one = board_of_subject(facts, event->subjects[i], agency);
    if (one < all) all = one;
  }
  return all;
}
