// See gather.h.
#include "hub/desk/briefing/gather.h"

#include <stdlib.h>
#include <string.h>

enum {
  SCRATCH_MAX = 16 * 1024 * 1024,  // of one event's redacted copy
  CATEGORY_SLOTS = 1024,           // a power of two, above twice BRIEFING_CATEGORIES_MAX
  SPARE_CATEGORIES = 80,           // kept for "Övrigt" of each type
  SMALLEST_CELL = 5,               // of ready-made case counts
  SMALLEST_CELL_MIN = 3,           // below it "1 to smallest − 1" would be one number
};
_Static_assert(CATEGORY_SLOTS > 2 * BRIEFING_CATEGORIES_MAX, "the table of categories must never fill");

struct gathering {
  struct briefing *briefing;
  const struct area_index *areas;
  const struct standing *standing;
  struct nav_arena *scratch;
  struct paths *paths;
  uint16_t slots[CATEGORY_SLOTS];  // index + 1
  struct nav_error *err;
};

const char *briefing_agency_title(const struct briefing *briefing, const char *agency) {
  const struct conf_agency *found = conf_agency_find(briefing->input.agencies, agency);
  return found != NULL ? found->title : agency;
}

size_t gather_sender(struct briefing *briefing, const char *agency) {
  for (size_t i = 0; i < briefing->senders_count; i++) {
    if (strcmp(briefing->senders[i].agency, agency) == 0) return i;
  }
  if (briefing->senders_count == BRIEFING_SENDERS_MAX) return BRIEFING_SENDERS_MAX;
  briefing->senders[briefing->senders_count] =
      (struct sender){.agency = agency, .title = briefing_agency_title(briefing, agency)};
  return briefing->senders_count++;
}

const Nav__V1__Event *briefing_redacted(const struct briefing *briefing, const struct briefing_event *event,
                                        const struct joint *joint, struct nav_arena *arena) {
  const struct briefing_input *input = &briefing->input;
  struct access_redaction redaction = {
      .reveal = joint->reveal,
      .subjects = joint->subjects,
      .narrative_edited = joint->narrative,  // released to each of them, by whichever way
      .recipient = briefing->recipient,
      .purpose = input->part->purpose,
      .pseudonym_key = input->pseudonym_key,
      .areas = input->areas,
      .now_ms = input->now_ms,
  };
  return access_redact(&redaction, event->event, arena, NULL);
}

static uint8_t spans_of(const struct briefing *briefing, int64_t time_ms) {
  unsigned spans = 0;
  for (unsigned i = 0; i < BRIEFING_SPANS; i++) {
    if (time_ms >= briefing->spans[i].start_ms && time_ms < briefing->spans[i].end_ms) spans |= 1U << i;
  }
  return (uint8_t)spans;
}

static size_t hash_category(uint32_t type, bool counted_only, const char *kind) {
  uint32_t hash = (2166136261U ^ type) * 16777619U ^ (counted_only ? 7U : 0U);
  for (; *kind != '\0'; kind++) hash = (hash ^ (uint8_t)*kind) * 16777619U;
  return hash % CATEGORY_SLOTS;
}

static bool new_category(struct gathering *gathering, struct category *category, uint32_t type,
                         bool counted_only, const char *kind) {
  struct briefing *briefing = gathering->briefing;
  *category = (struct category){.type = type, .class = category_class_of(type), .counted_only = counted_only};
  category->kind = nav_arena_strdup(briefing->arena, kind);
  category->units = nav_arena_zalloc(briefing->arena, briefing->units_count, sizeof *category->units);
  return category->kind != NULL && category->units != NULL;
}

// NULL: no memory.
static struct category *find_category(struct gathering *gathering, uint32_t type, bool counted_only,
                                      const char *kind) {
  struct briefing *briefing = gathering->briefing;
  size_t at = hash_category(type, counted_only, kind);
  for (; gathering->slots[at] != 0; at = (at + 1) % CATEGORY_SLOTS) {
    struct category *category = &briefing->categories[gathering->slots[at] - 1];
    if (category->type == type && category->counted_only == counted_only &&
        strcmp(category->kind, kind) == 0) {
      return category;
    }
  }
  static const char other[] = "Övrigt";
  if (briefing->categories_count >= BRIEFING_CATEGORIES_MAX - SPARE_CATEGORIES && strcmp(kind, other) != 0) {
    return find_category(gathering, type, counted_only, other);
  }
  if (briefing->categories_count == BRIEFING_CATEGORIES_MAX) return NULL;
  struct category *category = &briefing->categories[briefing->categories_count];
  if (!new_category(gathering, category, type, counted_only, kind)) return NULL;
  gathering->slots[at] = (uint16_t)++briefing->categories_count;
  return category;
}

// Counts a record or a counted-only event; gives its category, NULL without memory.
static struct category *count_event(struct gathering *gathering, const Nav__V1__Event *redacted,
                                    const struct joint *joint, uint8_t spans, uint16_t unit, size_t sender) {
  struct briefing *briefing = gathering->briefing;
  char kind[CATEGORY_KIND_SIZE];
  bool counted_only = joint->how == JOINT_COUNT;
  struct category *category = find_category(gathering, (uint32_t)redacted->body_case, counted_only,
                                            category_kind(redacted, counted_only, kind));
  if (category == NULL) return NULL;
  if (category->smallest_cell < joint->smallest_cell) category->smallest_cell = joint->smallest_cell;
  if (category->smallest_cell < SMALLEST_CELL_MIN) category->smallest_cell = SMALLEST_CELL_MIN;
  category->senders |= UINT64_C(1) << sender;
  for (unsigned span = 0; span < BRIEFING_SPANS; span++) {
    if ((spans >> span & 1) == 0) continue;
    category->units[unit].count[span]++;
    category->total.count[span]++;
    briefing->senders[sender].heard[span] = true;
    if (counted_only) continue;
    briefing->senders[sender].count[span]++;
    if (category->class == CATEGORY_INCIDENT) briefing->unit_incidents[unit].count[span]++;
  }
  return category;
}

static void keep_item(struct briefing *briefing, const struct briefing_event *event,
                      const Nav__V1__Event *redacted, const struct joint *joint, struct item *item) {
  item->source = event;
  item->seq = event->seq;
  item->joint = *joint;
  item->time_ms = redacted->time_ms;
  item->has_point = area_has_exact_place(redacted);
  if (item->has_point) {
    item->latitude = redacted->place->position->latitude;
    item->longitude = redacted->place->position->longitude;
    item->address = redacted->place->address;  // text stays in the original, which outlives the briefing
  }
  briefing->items_count++;
}

static bool no_memory(struct gathering *gathering) {
  return nav_fail(gathering->err, NAV_ERROR_LOCAL, 0, gathering->briefing->input.meeting->id,
                  "not enough memory for this briefing; choose a smaller area or a shorter period");
}

static bool keep_figure(struct gathering *gathering, const struct briefing_event *event,
                        const struct joint *joint, uint16_t unit) {
  struct briefing *briefing = gathering->briefing;
  if (briefing->figures_count == BRIEFING_FIGURES_MAX) return true;  // the renderers say so
  struct figure *figure = &briefing->figures[briefing->figures_count];
  figure->event = briefing_redacted(briefing, event, joint, briefing->arena);
  figure->unit = unit;
  if (figure->event == NULL) return no_memory(gathering);
  if (figure->event->body_case == NAV__V1__EVENT__BODY_CASE_COUNTS) {
    figure->told = told_of(figure->event->case_counts->count, SMALLEST_CELL);
  }
  briefing->figures_count++;
  return true;
}

static bool keep_agreed(struct gathering *gathering, const struct briefing_event *event,
                        const struct joint *joint) {
  struct briefing *briefing = gathering->briefing;
  if (briefing->agreed_count == BRIEFING_AGREED_MAX) return true;
  const Nav__V1__Event *redacted = briefing_redacted(briefing, event, joint, briefing->arena);
  if (redacted == NULL) return no_memory(gathering);
  briefing->agreed[briefing->agreed_count++].event = redacted;
  return true;
}

// Surveys count whenever they were made; other figures within the period.
static bool figure_is_timely(const Nav__V1__Event *redacted, uint8_t spans) {
  return redacted->body_case == NAV__V1__EVENT__BODY_SURVEY_RESULT || (spans >> SPAN_NOW & 1) != 0;
}

static bool keep_counted(struct gathering *gathering, const struct briefing_event *event,
                         const Nav__V1__Event *redacted, const struct joint *joint, uint8_t spans,
                         uint16_t unit) {
  struct briefing *briefing = gathering->briefing;
  size_t sender = gather_sender(briefing, redacted->source != NULL ? redacted->source : "");
  if (sender == BRIEFING_SENDERS_MAX) {
    return nav_fail(gathering->err, NAV_ERROR_LOCAL, 0, "senders", "more than %d agencies send",
                    BRIEFING_SENDERS_MAX);
  }
  const struct category *category = count_event(gathering, redacted, joint, spans, unit, sender);
  if (category == NULL) return no_memory(gathering);
  if (joint->how == JOINT_COUNT) return true;
  struct item *item = &briefing->items[briefing->items_count];
  *item = (struct item){.unit = unit,
                        .sender = (uint8_t)sender,
                        .spans = spans,
                        .category = (uint16_t)(category - briefing->categories)};
  keep_item(briefing, event, redacted, joint, item);
  return true;
}

// What the meeting agreed about another area is not its own; what names no area is.
static bool is_agreed_here(const Nav__V1__Event *redacted, uint16_t unit) {
  return unit != ITEM_NO_UNIT || redacted->place == NULL || redacted->place->area == NULL;
}

// *kept: whether anything of the event stands in the joint part.
static bool keep(struct gathering *gathering, const struct briefing_event *event,
                 const Nav__V1__Event *redacted, const struct joint *joint, bool *kept) {
  enum category_class class = category_class_of((uint32_t)redacted->body_case);
  bool is_record = joint->how == JOINT_RECORD;
  uint8_t spans = spans_of(gathering->briefing, redacted->time_ms);
  uint16_t unit = area_index_unit(gathering->areas, redacted, event->event);
  if (class == CATEGORY_NEVER || !category_is_counted(redacted)) return true;
  if (class == CATEGORY_AGREED) {
    *kept = is_record && is_agreed_here(redacted, unit);
    return !*kept || keep_agreed(gathering, event, joint);
  }
  if (unit == ITEM_NO_UNIT) return true;
  if (class == CATEGORY_FIGURES) {
    *kept = is_record && figure_is_timely(redacted, spans);
    return !*kept || keep_figure(gathering, event, joint, unit);
  }
  *kept = spans != 0;
  return spans == 0 || keep_counted(gathering, event, redacted, joint, spans, unit);
}

// A recalled event stands nowhere; how many there were of the period is told, since each recipient was told
// of each.
static void count_recalled(const struct gathering *gathering, const struct briefing_event *event,
                           const Nav__V1__Event *redacted, const struct joint *joint) {
  struct briefing *briefing = gathering->briefing;
  bool in_period = (spans_of(briefing, redacted->time_ms) >> SPAN_NOW & 1) != 0;
  bool in_area = area_index_unit(gathering->areas, redacted, event->event) != ITEM_NO_UNIT;
  if (joint->how == JOINT_RECORD && in_period && in_area) briefing->recalled++;
}

static bool gather_event(struct gathering *gathering, size_t index) {
  struct briefing *briefing = gathering->briefing;
  const struct briefing_event *event = &briefing->input.events[index];
  struct joint joint = joint_of(event->lanes, briefing->input.part->participants_count);
  if (joint.how == JOINT_OUT || !standing_is_newest(gathering->standing, index)) return true;
  nav_arena_reset(gathering->scratch);
  const Nav__V1__Event *redacted = briefing_redacted(briefing, event, &joint, gathering->scratch);
  if (redacted == NULL) return no_memory(gathering);
  if (standing_is_recalled(gathering->standing, index)) {
    count_recalled(gathering, event, redacted, &joint);
    return true;
  }
  if (briefing->seqs_count == BRIEFING_JOINT_MAX) {
    return nav_fail(gathering->err, NAV_ERROR_LOCAL, 0, briefing->input.meeting->id,
                    "more than %d events in the joint part; choose a smaller area or a shorter period",
                    BRIEFING_JOINT_MAX);
  }
  bool kept = false;
  if (!keep(gathering, event, redacted, &joint, &kept)) return false;
  if (!kept) return true;
  briefing->seqs[briefing->seqs_count++] = event->seq;
  if (joint.how == JOINT_RECORD) paths_add(gathering->paths, redacted);
  return true;
}

static int by_seq(const void *a, const void *b) {
  uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
  return (left > right) - (left < right);
}

static int items_by_seq(const void *a, const void *b) {
  return by_seq(&((const struct item *)a)->seq, &((const struct item *)b)->seq);
}

static int categories_in_order(const void *a, const void *b) {
  const struct category *left = a, *right = b;
  if (left->class != right->class) return left->class < right->class ? -1 : 1;
  size_t left_order = category_order(left->type), right_order = category_order(right->type);
  if (left_order != right_order) return left_order < right_order ? -1 : 1;
  int order = strcmp(left->kind, right->kind);
  return order != 0 ? order : (int)left->counted_only - (int)right->counted_only;
}

// Categories in the order they are shown in, and the items' numbers of them after it.
static bool put_in_order(struct briefing *briefing) {
  uint16_t *moved = nav_arena_zalloc(briefing->arena, briefing->categories_count + 1, sizeof *moved);
  if (moved == NULL) return false;
  for (size_t i = 0; i < briefing->categories_count; i++) briefing->categories[i].found_as = (uint16_t)i;
  qsort(briefing->categories, briefing->categories_count, sizeof *briefing->categories, categories_in_order);
  for (size_t i = 0; i < briefing->categories_count; i++)
    moved[briefing->categories[i].found_as] = (uint16_t)i;
  for (size_t i = 0; i < briefing->items_count; i++)
    briefing->items[i].category = moved[briefing->items[i].category];
  qsort(briefing->items, briefing->items_count, sizeof *briefing->items, items_by_seq);
  qsort(briefing->seqs, briefing->seqs_count, sizeof *briefing->seqs, by_seq);
  return true;
}

static bool take_room(struct briefing *briefing) {
  struct nav_arena *arena = briefing->arena;
  size_t most = briefing->input.events_count < BRIEFING_JOINT_MAX ? briefing->input.events_count
                                                                  : (size_t)BRIEFING_JOINT_MAX;
  briefing->categories = nav_arena_zalloc(arena, BRIEFING_CATEGORIES_MAX, sizeof *briefing->categories);
  briefing->items = nav_arena_zalloc(arena, most + 1, sizeof *briefing->items);
  briefing->seqs = nav_arena_zalloc(arena, most + 1, sizeof *briefing->seqs);
  briefing->unit_incidents = nav_arena_zalloc(arena, briefing->units_count, sizeof *briefing->unit_incidents);
  briefing->figures = nav_arena_zalloc(arena, BRIEFING_FIGURES_MAX, sizeof *briefing->figures);
  briefing->agreed = nav_arena_zalloc(arena, BRIEFING_AGREED_MAX, sizeof *briefing->agreed);
  return briefing->categories != NULL && briefing->items != NULL && briefing->seqs != NULL &&
         briefing->unit_incidents != NULL && briefing->figures != NULL && briefing->agreed != NULL;
}

static bool gather_all(struct gathering *gathering) {
  struct briefing *briefing = gathering->briefing;
  gathering->paths = paths_new(briefing->arena);
  if (gathering->paths == NULL || !take_room(briefing)) return no_memory(gathering);
  for (size_t i = 0; i < briefing->input.events_count; i++) {
    if (!gather_event(gathering, i)) return false;
  }
  if (!paths_list(gathering->paths, briefing->arena, &briefing->fields, &briefing->fields_count) ||
      !put_in_order(briefing)) {
    return no_memory(gathering);
  }
  return true;
}

bool gather_events(struct briefing *briefing, const struct area_index *index, const struct standing *standing,
                   struct nav_error *err) {
  struct gathering *gathering = nav_arena_zalloc(briefing->arena, 1, sizeof *gathering);
  struct nav_arena *scratch = nav_arena_new(SCRATCH_MAX);
  if (gathering == NULL || scratch == NULL) {
    nav_arena_free(scratch);
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "briefing", "no memory");
  }
  *gathering = (struct gathering){
      .briefing = briefing, .areas = index, .standing = standing, .scratch = scratch, .err = err};
  bool done = gather_all(gathering);
  nav_arena_free(scratch);
  return done;
}
