// See edge_copy.h. A copy is access_redact's, so that the allow-list is the same; fields that rules ask about
// are then put in one by one.
#include "hub/access/edge_copy.h"

#include <string.h>

#include "hub/base/id.h"

#define BIT(class) ((uint16_t)(1U << (class)))

// ---- what the rules ask ----

static void note(const struct schema_field **list, size_t *count, const ProtobufCMessageDescriptor *message,
                 const ProtobufCFieldDescriptor *descriptor, uint16_t *classes) {
  const struct schema_plan *plan = schema_plan(message);
  for (size_t i = 0; i < *count; i++)
    if (list[i]->descriptor == descriptor) return;
  for (size_t i = 0; plan != NULL && i < plan->count && *count < EDGE_FIELDS_MAX; i++) {
    if (plan->fields[i].descriptor != descriptor || plan->fields[i].is_set_elsewhere) continue;
    list[(*count)++] = &plan->fields[i];
    *classes |= BIT(plan->fields[i].class);
  }
}

static void note_subject(struct edge_facts *facts, const ProtobufCFieldDescriptor *descriptor) {
  note(facts->subject, &facts->subject_count, &nav__v1__subject__descriptor, descriptor, &facts->classes);
}

static void note_subject_named(struct edge_facts *facts, const char *name) {
  note_subject(facts, protobuf_c_message_descriptor_get_field_by_name(&nav__v1__subject__descriptor, name));
}

// answers: the event names what it answers.
static void note_predicate(struct edge_facts *facts, const struct rule *rule,
                           const struct predicate *predicate, int body_index, bool answers) {
  switch (predicate->fact) {
    case FACT_AGE:
      facts->age = true;
      facts->classes |= BIT(NAV__V1__SENSITIVITY__SENSITIVITY_IDENTITY);
      return;
    case FACT_CONSENT:
      facts->consent = true;
      facts->who_roles |= rule->has_roles ? rule->roles : UINT16_MAX;
      return;
    case FACT_REQUEST:
      facts->request = answers || facts->request;
      if (answers) facts->who_roles = UINT16_MAX;  // a Request names anybody
      return;
    case FACT_FIELD:
      break;
    default:
      return;  // protection and roles are always told; an area is generalised; the recipient is no fact
  }
  if (predicate->scope == SCOPE_SUBJECT) note_subject(facts, predicate->field);
  if (predicate->scope == SCOPE_PLACE)
    note(facts->place, &facts->place_count, &nav__v1__place__descriptor, predicate->field, &facts->classes);
  if (predicate->scope == SCOPE_BODY && predicate->by_body[body_index] != NULL)
    note(facts->body, &facts->body_count, schema_body((size_t)body_index)->descriptor,
         predicate->by_body[body_index], &facts->classes);
}

static bool asks_for_board(const struct rule *rule) {
  for (size_t i = 0; i < rule->lanes_count; i++)
    if (bit_of(rule->board_bits, rule->lanes[i])) return true;
  return false;
}

void edge_facts_find(struct edge_facts *facts, const struct access_rules *rules, size_t sender,
                     int body_index, bool answers) {
  *facts = (struct edge_facts){.classes = BIT(NAV__V1__SENSITIVITY__SENSITIVITY_IDENTITY)};
  note_subject_named(facts, "protection");  // every permit asks for it, named or not
  const struct program *program = &rules->programs[sender * schema_body_count() + (size_t)body_index];
  size_t count = (size_t)program->forbids + program->permits;
  for (size_t i = 0; i < count; i++) {
    const struct rule *rule = &rules->rules[rules->program_rules[program->first + i]];
    size_t predicates = rule->event_count + rule->subject_count + rule->lane_count;
    for (size_t k = 0; k < predicates; k++)
      note_predicate(facts, rule, &rule->predicates[k], body_index, answers);
    if (rule->action != RULE_PERMIT || !asks_for_board(rule)) continue;
    note_subject_named(facts, "home_area");
    note_subject_named(facts, "stay_area");
  }
}

// ---- copies ----

static void copy_field(const struct schema_field *field, const void *from, void *to) {
  char *out = to;
  const char *in = from;
  if (field->is_repeated) {
    memcpy(out + field->quantifier_offset, in + field->quantifier_offset, sizeof(size_t));
    memcpy(out + field->offset, in + field->offset, sizeof(void *));
    return;
  }
  memcpy(out + field->offset, in + field->offset, field->size);
  ProtobufCType type = field->descriptor->type;
  if (type != PROTOBUF_C_TYPE_STRING && type != PROTOBUF_C_TYPE_MESSAGE)
    memcpy(out + field->quantifier_offset, in + field->quantifier_offset, sizeof(protobuf_c_boolean));
}

static bool is_set(const char *text) { return text != NULL && text[0] != '\0'; }

// The age, as a birth date and no number. One that is not known stays so.
static bool tell_age(const struct edge_copying *copying, const Nav__V1__Subject *from, Nav__V1__Subject *to,
                     struct nav_arena *arena) {
  int years = 0;
  struct nav_personal_number number;
  if (is_set(to->birth_date) || is_set(to->personal_number)) return true;
  if (!access_subject_age(from, copying->now_ms, &years)) return true;
  if (is_set(from->birth_date)) {
    to->birth_date = from->birth_date;
  } else if (nav_personal_number_parse(from->personal_number, copying->now_ms, &number)) {
    to->birth_date =
        nav_arena_printf(arena, "%04d-%02d-%02d", number.birth_year, number.birth_month, number.birth_day);
    return to->birth_date != NULL;
  }
  return true;
}

static bool is_asked_about(const struct edge_facts *facts, const Nav__V1__Subject *subject) {
  unsigned role = subject->has_role ? (unsigned)subject->role : 0;
  return role == 0 || role > 15 || (facts->who_roles >> role & 1U) != 0;
}

// Whom registers know: by number, else by name and birth date.
static void tell_who(const Nav__V1__Subject *from, Nav__V1__Subject *to) {
  to->personal_number = from->personal_number;
  if (is_set(from->personal_number)) return;
  to->name = from->name;
  to->birth_date = from->birth_date;
}

static bool tell_subject(const struct edge_copying *copying, const Nav__V1__Subject *from,
                         Nav__V1__Subject *to, struct nav_arena *arena) {
  const struct edge_facts *facts = copying->facts;
  for (size_t i = 0; i < facts->subject_count; i++) copy_field(facts->subject[i], from, to);
  if (facts->who && is_asked_about(facts, from)) tell_who(from, to);
  return !facts->age || tell_age(copying, from, to, arena);
}

static Nav__V1__Event *redact(const struct edge_copying *copying, uint16_t reveal, uint64_t subjects,
                              struct nav_arena *arena) {
  const struct access_redaction redaction = {.reveal = reveal,
                                             .subjects = subjects,
                                             .narrative_edited = true,  // where reveal has it, some lane does
                                             .areas = access_rules_areas(copying->rules),
                                             .now_ms = copying->now_ms};
  Nav__V1__Event *copy = access_redact(&redaction, copying->event, arena, NULL);
  // What stands in place of identity is for the hub to say.
  for (size_t i = 0; copy != NULL && i < copy->n_subjects; i++) copy->subjects[i]->age_band = NULL;
  return copy;
}

// Puts the persons of both copies in the event's order.
static bool merge_subjects(const struct edge_copying *copying, Nav__V1__Event *copy,
                           const Nav__V1__Event *others, struct nav_arena *arena) {
  size_t total = copying->event->n_subjects;
  Nav__V1__Subject **list = nav_arena_zalloc(arena, total + 1, sizeof *list);
  if (list == NULL) return false;
  size_t shown = 0;
  size_t other = 0;
  for (size_t i = 0; i < total; i++) {
    bool is_shown = (copying->subjects >> i & 1U) != 0;
    list[i] = is_shown ? copy->subjects[shown++] : others->subjects[other++];
  }
  copy->subjects = total > 0 ? list : NULL;
  copy->n_subjects = total;
  return true;
}

static bool tell_place(const struct edge_copying *copying, Nav__V1__Event *copy, struct nav_arena *arena) {
  const Nav__V1__Place *from = copying->event->place;
  if (from == NULL || copying->facts->place_count == 0) return true;
  if (copy->place == NULL) {
    copy->place = nav_arena_alloc(arena, sizeof *copy->place);
    if (copy->place == NULL) return false;
    nav__v1__place__init(copy->place);
  }
  for (size_t i = 0; i < copying->facts->place_count; i++)
    if (copying->facts->place[i]->descriptor->id != 6)  // the area, which may stand there generalised
      copy_field(copying->facts->place[i], from, copy->place);
  return true;
}

static ProtobufCMessage *body_of(const Nav__V1__Event *event) {
  const struct schema_field *field = schema_body_field((uint32_t)event->body_case);
  return *(ProtobufCMessage *const *)(const void *)((const char *)event + field->offset);
}

static bool tell_facts(const struct edge_copying *copying, uint64_t subjects, Nav__V1__Event *copy,
                       struct nav_arena *arena) {
  size_t at = 0;
  for (size_t i = 0; i < copying->event->n_subjects; i++) {
    if ((subjects >> i & 1U) == 0) continue;
    if (!tell_subject(copying, copying->event->subjects[i], copy->subjects[at++], arena)) return false;
  }
  for (size_t i = 0; i < copying->facts->body_count; i++)
    copy_field(copying->facts->body[i], body_of(copying->event), body_of(copy));
  return tell_place(copying, copy, arena);
}

static uint64_t all_subjects(const Nav__V1__Event *event) {
  return event->n_subjects >= 64 ? UINT64_MAX : (UINT64_C(1) << event->n_subjects) - 1;
}

uint64_t edge_copy_subjects(const struct edge_copying *copying, enum access_edge_copy copy) {
  uint64_t all = all_subjects(copying->event);
  return copy >= ACCESS_EDGE_PERSONS ? all : copying->subjects & all;
}

Nav__V1__Event *edge_copy_make(const struct edge_copying *copying, enum access_edge_copy copy,
                               struct nav_arena *arena) {
  const uint16_t open = BIT(NAV__V1__SENSITIVITY__SENSITIVITY_OPEN);
  uint16_t asked = copy == ACCESS_EDGE_CLASSES ? (uint16_t)(copying->facts->classes | open) : open;
  Nav__V1__Event *made = redact(copying, (uint16_t)(copying->reveal | asked), copying->subjects, arena);
  if (made == NULL) return NULL;
  if (copy >= ACCESS_EDGE_PERSONS) {
    const Nav__V1__Event *others = redact(copying, asked, ~copying->subjects, arena);
    if (others == NULL || !merge_subjects(copying, made, others, arena)) return NULL;
  }
  if (copy == ACCESS_EDGE_UNION) return made;
  return tell_facts(copying, edge_copy_subjects(copying, copy), made, arena) ? made : NULL;
}
