// See model.h: what of one agency's own was left out of the joint part, or shown with less than it holds; by
// which rule and for whom. Made for that agency alone, when its own person asks. Called by: compile. Must
// never: take up another agency's event.
#include <stdlib.h>
#include <string.h>

#include "hub/access/explain.h"
#include "hub/desk/briefing/gather.h"
#include "schemas/sensitivity.h"

enum { EXAMPLES = 3, HIDDEN_SUBJECT = 1 };  // bit 0 of `hidden`: a person left out

struct building {
  struct briefing *briefing;
  struct annex *annex;
  const struct area_index *areas;
};

static const uint8_t *classes_of_type(const ProtobufCMessageDescriptor *descriptor) {
  for (const struct nav_sensitivity *row = nav_sensitivities; row->descriptor != NULL; row++) {
    if (row->descriptor == descriptor) return row->classes;
  }
  return NULL;
}

static const void *at(const ProtobufCMessage *message, unsigned offset) {
  return (const char *)message + offset;
}

static bool is_present(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
  if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
    return *(const uint32_t *)at(message, field->quantifier_offset) == field->id;
  }
  if (field->label == PROTOBUF_C_LABEL_REPEATED)
    return *(const size_t *)at(message, field->quantifier_offset) > 0;
  if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE) {
    return *(const void *const *)at(message, field->offset) != NULL;
  }
  return *(const protobuf_c_boolean *)at(message, field->quantifier_offset) != 0;
}

// The classes that the message holds anything of. Not deep: no type is recursive.
static uint16_t classes_in(const ProtobufCMessage *message) {
  const uint8_t *classes = classes_of_type(message->descriptor);
  uint16_t found = 0;
  for (unsigned i = 0; classes != NULL && i < message->descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
    if (!is_present(message, field)) continue;
    if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
      found = (uint16_t)(found | 1U << classes[i]);
      continue;
    }
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    size_t count = repeated ? *(const size_t *)at(message, field->quantifier_offset) : 1;
    ProtobufCMessage *const *inner =
        repeated ? *(ProtobufCMessage *const *const *)at(message, field->offset) : at(message, field->offset);
    for (size_t j = 0; j < count; j++) found |= classes_in(inner[j]);
  }
  return found;
}

static uint16_t hidden_from(const Nav__V1__Event *event, const struct joint_lane *lane) {
  uint16_t shown = lane->reveal;
  uint64_t subjects = event->n_subjects >= 64 ? UINT64_MAX : (UINT64_C(1) << event->n_subjects) - 1;
  if (!lane->narrative) shown = (uint16_t)(shown & ~(1U << NAV__V1__SENSITIVITY__SENSITIVITY_NARRATIVE));
  uint16_t hidden = (uint16_t)(classes_in(&event->base) & ~shown & ~HIDDEN_SUBJECT);
  if ((subjects & ~lane->subjects) != 0) hidden |= HIDDEN_SUBJECT;
  return hidden;
}

static bool is_same_text(const char *a, const char *b) {
  return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool is_same_reason(const struct annex_row *row, const struct annex_row *other) {
  return row->why == other->why && row->type == other->type && row->hidden == other->hidden &&
         row->lane->outcome == other->lane->outcome && row->lane->decided_now == other->lane->decided_now &&
         strcmp(row->kind, other->kind) == 0 && is_same_text(row->lane->rule, other->lane->rule);
}

static void add_example(struct annex_row *row, uint64_t seq, int64_t time_ms) {
  size_t count = row->count < EXAMPLES ? row->count : EXAMPLES, at = count;
  while (at > 0 && row->times[at - 1] < time_ms) at--;
  if (at == EXAMPLES) return;
  size_t moved = (count < EXAMPLES ? count : EXAMPLES - 1) - at;
  memmove(&row->seqs[at + 1], &row->seqs[at], moved * sizeof *row->seqs);
  memmove(&row->times[at + 1], &row->times[at], moved * sizeof *row->times);
  row->seqs[at] = seq;
  row->times[at] = time_ms;
}

static bool add(struct building *building, const struct briefing_event *event,
                const struct annex_row *wanted) {
  struct annex *annex = building->annex;
  struct annex_row *row = NULL;
  for (size_t i = 0; i < annex->rows_count && row == NULL; i++) {
    if (annex->rows[i].participants == wanted->participants && is_same_reason(&annex->rows[i], wanted))
      row = &annex->rows[i];
  }
  if (row == NULL && annex->rows_count == BRIEFING_ANNEX_MAX) {
    annex->truncated = true;
    return true;
  }
  if (row == NULL) {
    row = &annex->rows[annex->rows_count++];
    *row = *wanted;
    row->kind = nav_arena_strdup(building->briefing->arena, wanted->kind);
    if (row->kind == NULL) return false;
  }
  add_example(row, event->seq, event->event->time_ms);
  row->count++;
  return true;
}

// What one lane kept from the joint part; false: nothing.
static bool row_of_lane(const Nav__V1__Event *event, const struct joint_lane *lane, enum joint_how how,
                        struct annex_row *row) {
  bool is_released = lane->outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE;
  if (lane->is_sender || (how != JOINT_RECORD && is_released)) return false;
  if (how == JOINT_OUT && lane->smallest_cell > 0) return false;  // would have been counted, but for others
  row->why = how == JOINT_OUT ? ANNEX_OUT : how == JOINT_COUNT ? ANNEX_COUNT : ANNEX_FIELDS;
  row->hidden = how == JOINT_RECORD ? hidden_from(event, lane) : 0;
  row->lane = lane;
  return how != JOINT_RECORD || row->hidden != 0;
}

// A row for each reason, with all participants whose lanes it was.
static bool add_lanes(struct building *building, const struct briefing_event *event, enum joint_how how) {
  struct annex_row rows[MEETING_PARTICIPANTS_MAX];
  size_t count = 0;
  char kind[CATEGORY_KIND_SIZE];
  const char *text = category_kind(event->event, false, kind);
  for (size_t i = 0; i < building->briefing->input.part->participants_count; i++) {
    struct annex_row row = {
        .type = (uint32_t)event->event->body_case, .kind = text, .example = event->event, .participant = i};
    if (!row_of_lane(event->event, &event->lanes[i], how, &row)) continue;
    size_t at = 0;
    while (at < count && !is_same_reason(&rows[at], &row)) at++;
    if (at == count) rows[count++] = row;
    rows[at].participants |= UINT32_C(1) << i;
  }
  for (size_t i = 0; i < count; i++) {
    if (!add(building, event, &rows[i])) return false;
  }
  return true;
}

static bool is_own(const struct building *building, const struct briefing_event *event) {
  const struct briefing_span *now = &building->briefing->spans[SPAN_NOW];
  const Nav__V1__Event *own = event->event;
  enum category_class class = category_class_of((uint32_t)own->body_case);
  return own->source != NULL && strcmp(own->source, building->annex->agency) == 0 &&
         own->time_ms >= now->start_ms && own->time_ms < now->end_ms && class != CATEGORY_NEVER &&
         category_is_counted(own);
}

static bool add_own(struct building *building, const struct briefing_event *event) {
  struct annex *annex = building->annex;
  // Its own event, told to itself: the place as sent decides whether it is of the meeting's area.
  if (area_index_unit(building->areas, event->event, event->event) == ITEM_NO_UNIT) return true;
  struct joint joint = joint_of(event->lanes, building->briefing->input.part->participants_count);
  annex->own++;
  annex->shown += joint.how == JOINT_RECORD;
  annex->counted += joint.how == JOINT_COUNT;
  annex->left_out += joint.how == JOINT_OUT;
  return add_lanes(building, event, joint.how);
}

static size_t lane_index(const struct briefing *briefing, const char *agency) {
  const struct access_rules *rules = briefing->input.rules;
  size_t count = access_lane_count(rules), i = 0;
  while (i < count && (strcmp(access_lane(rules, i)->agency, agency) != 0 ||
                       strcmp(access_lane(rules, i)->purpose, briefing->input.part->purpose) != 0)) {
    i++;
  }
  return i;
}

// The first sentences of a list, as one text; NULL where there are none.
static const char *sentences(struct nav_arena *arena, const json_t *list, size_t most) {
  const char *text = NULL;
  for (size_t i = 0; i < json_array_size(list) && i < most; i++) {
    const char *one = json_string_value(json_array_get(list, i));
    if (one != NULL)
      text = text == NULL ? nav_arena_strdup(arena, one) : nav_arena_printf(arena, "%s %s", text, one);
  }
  return text;
}

// By the same code that decides: which condition stood in the way, and what would open it.
static void explain(const struct briefing *briefing, struct annex_row *row) {
  if (briefing->input.rules == NULL || row->why == ANNEX_FIELDS) return;
  size_t lane = lane_index(briefing, briefing->input.part->participants[row->participant].agency);
  struct access_question question = {.event = row->example, .now_ms = briefing->input.now_ms};
  if (lane == access_lane_count(briefing->input.rules)) return;
  json_t *why = access_explain(briefing->input.rules, &question, lane, ACCESS_SWEDISH);
  row->because = sentences(briefing->arena, json_object_get(why, "because"), 1);
  row->would_allow = sentences(briefing->arena, json_object_get(why, "would_allow"), 2);
  json_decref(why);
}

static int in_order(const void *a, const void *b) {
  const struct annex_row *left = a, *right = b;
  if (left->why != right->why) return left->why < right->why ? -1 : 1;
  if (left->count != right->count) return left->count > right->count ? -1 : 1;
  int order = strcmp(category_type_title(left->type), category_type_title(right->type));
  if (order == 0) order = strcmp(left->kind, right->kind);
  return order != 0 ? order : (int)left->participant - (int)right->participant;
}

bool annex_build(struct briefing *briefing, const struct area_index *areas, const struct standing *standing) {
  if (briefing->input.for_agency == NULL) return true;
  struct annex *annex = nav_arena_zalloc(briefing->arena, 1, sizeof *annex);
  if (annex == NULL) return false;
  annex->rows = nav_arena_zalloc(briefing->arena, BRIEFING_ANNEX_MAX, sizeof *annex->rows);
  if (annex->rows == NULL) return false;
  annex->agency = briefing->input.for_agency;
  struct building building = {.briefing = briefing, .annex = annex, .areas = areas};
  for (size_t i = 0; i < briefing->input.events_count; i++) {
    const struct briefing_event *event = &briefing->input.events[i];
    if (!is_own(&building, event) || !standing_is_newest(standing, i) || standing_is_recalled(standing, i))
      continue;
    if (!add_own(&building, event)) return false;
  }
  if (annex->rows_count > 1) qsort(annex->rows, annex->rows_count, sizeof *annex->rows, in_order);
  for (size_t i = 0; i < annex->rows_count; i++) explain(briefing, &annex->rows[i]);
  briefing->annex = annex;
  return true;
}
