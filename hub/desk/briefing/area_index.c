// See gather.h: which row of area a redacted event belongs to.
#include <string.h>

#include "hub/desk/briefing/gather.h"

enum { NO_UNIT = ITEM_NO_UNIT, AREAS_MAX = 20000 };

struct area_index {
  const struct nav_areas *areas;
  const struct nav_area **slots;  // by id
  size_t mask;
  uint16_t *unit_of;  // by area's index
};

static uint32_t hash_of(const char *id) {
  uint32_t hash = 2166136261U;
  for (; *id != '\0'; id++) hash = (hash ^ (uint8_t)*id) * 16777619U;
  return hash;
}

static const struct nav_area **find_slot(const struct area_index *index, const char *id) {
  size_t at = hash_of(id) & index->mask;
  while (index->slots[at] != NULL && strcmp(index->slots[at]->id, id) != 0) at = (at + 1) & index->mask;
  return &index->slots[at];
}

static bool has_parent(const struct nav_area *area, const char *parent) {
  return area->parent != NULL && strcmp(area->parent, parent) == 0;
}

static bool add_unit(struct briefing *briefing, const struct nav_area *area, const char *title,
                     const char *place) {
  if (briefing->units_count == BRIEFING_AREAS_MAX) return false;
  briefing->units[briefing->units_count++] = (struct unit){.area = area, .title = title, .place = place};
  return true;
}

// The parts of one area, and what of it lies in none of them.
static bool add_parts(struct briefing *briefing, const struct nav_area *whole) {
  const struct nav_areas *areas = briefing->input.areas;
  for (size_t i = 0; i < areas->count; i++) {
    if (has_parent(&areas->items[i], whole->id) &&
        !add_unit(briefing, &areas->items[i], areas->items[i].title, areas->items[i].title))
      return false;
  }
  if (briefing->units_count == 0) return true;
  const char *title = nav_arena_printf(briefing->arena, "%s, utan delområde", whole->title);
  return title != NULL && add_unit(briefing, NULL, title, whole->title);
}

// One area is looked at by its parts, several by themselves.
static bool choose_units(struct briefing *briefing) {
  const struct meeting *meeting = briefing->input.meeting;
  for (size_t i = 0; i < meeting->areas_count; i++) {
    const struct nav_area *area = nav_area_find(briefing->input.areas, meeting->areas[i]);
    if (area == NULL) continue;
    if (meeting->areas_count == 1 && !add_parts(briefing, area)) return false;
    if (briefing->units_count > 0 && meeting->areas_count == 1) return true;
    if (!add_unit(briefing, area, area->title, area->title)) return false;
  }
  return true;
}

static bool is_in_meeting(const struct briefing *briefing, const char *id) {
  const struct meeting *meeting = briefing->input.meeting;
  for (size_t i = 0; i < meeting->areas_count; i++) {
    if (nav_area_within(briefing->input.areas, id, meeting->areas[i])) return true;
  }
  return false;
}

// The deepest row that holds the area; rows may lie within each other where the meeting names both.
static uint16_t unit_for(const struct briefing *briefing, const char *id) {
  if (!is_in_meeting(briefing, id)) return NO_UNIT;
  uint16_t found = NO_UNIT;
  for (size_t i = 0; i < briefing->units_count; i++) {
    const struct nav_area *area = briefing->units[i].area;
    if (area == NULL) {
      if (found == NO_UNIT) found = (uint16_t)i;
    } else if (nav_area_within(briefing->input.areas, id, area->id) &&
               (found == NO_UNIT ||
                nav_area_within(briefing->input.areas, area->id, briefing->units[found].area->id))) {
      found = (uint16_t)i;
    }
  }
  return found;
}

static bool fill(struct area_index *index, const struct briefing *briefing) {
  for (size_t i = 0; i < index->areas->count; i++) {
    const struct nav_area *area = &index->areas->items[i];
    *find_slot(index, area->id) = area;
    index->unit_of[i] = unit_for(briefing, area->id);
  }
  return true;
}

struct area_index *area_index_new(struct briefing *briefing, struct nav_error *err) {
  const struct nav_areas *areas = briefing->input.areas;
  struct nav_arena *arena = briefing->arena;
  size_t size = 16;
  while (size < 2 * areas->count) size *= 2;
  struct area_index *index = nav_arena_zalloc(arena, 1, sizeof *index);
  briefing->units = nav_arena_zalloc(arena, BRIEFING_AREAS_MAX, sizeof *briefing->units);
  if (index == NULL || briefing->units == NULL || areas->count > AREAS_MAX) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "areas", "no memory for %zu areas", areas->count);
    return NULL;
  }
  *index = (struct area_index){.areas = areas, .mask = size - 1};
  index->slots = nav_arena_zalloc(arena, size, sizeof *index->slots);
  index->unit_of = nav_arena_zalloc(arena, areas->count + 1, sizeof *index->unit_of);
  if (index->slots == NULL || index->unit_of == NULL || !choose_units(briefing) ||
      briefing->units_count == 0) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, briefing->input.meeting->id,
                   "its area has no parts to count by, or more than %d; choose smaller areas",
                   BRIEFING_AREAS_MAX);
    return NULL;
  }
  (void)fill(index, briefing);
  return index;
}

static bool is_exact(Nav__V1__Precision precision) {
  return precision == NAV__V1__PRECISION__PRECISION_POINT ||
         precision == NAV__V1__PRECISION__PRECISION_ADDRESS;
}

bool area_has_exact_place(const Nav__V1__Event *redacted) {
  const Nav__V1__Place *place = redacted->place;
  return place != NULL && is_exact(place->precision) && place->position != NULL &&
         place->position->has_latitude && place->position->has_longitude;
}

// An area that stands in the event as sent counts. One that redaction made of a position counts only if the
// position was exact: a county's centroid lies in some district by accident.
static const struct nav_area *stated_area(const struct area_index *index, const Nav__V1__Place *place,
                                          const Nav__V1__Event *original) {
  bool as_sent = original->place != NULL && original->place->area != NULL && original->place->area[0] != '\0';
  if (place->area == NULL || place->area[0] == '\0' || !(as_sent || is_exact(place->precision))) return NULL;
  return *find_slot(index, place->area);
}

// An exact place that all may see tells the area, unless the event states one that does not hold it.
static const struct nav_area *area_of(const struct area_index *index, const Nav__V1__Event *redacted,
                                      const Nav__V1__Event *original) {
  const Nav__V1__Place *place = redacted->place;
  if (place == NULL) return NULL;
  const struct nav_area *stated = stated_area(index, place, original);
  if (!area_has_exact_place(redacted)) return stated;
  const struct nav_area *found =
      nav_area_at(index->areas, place->position->latitude, place->position->longitude);
  bool is_finer = found != NULL && (stated == NULL || nav_area_within(index->areas, found->id, stated->id));
  return is_finer ? found : stated;
}

uint16_t area_index_unit(const struct area_index *index, const Nav__V1__Event *redacted,
                         const Nav__V1__Event *original) {
  const struct nav_area *area = area_of(index, redacted, original);
  return area != NULL ? index->unit_of[area - index->areas->items] : NO_UNIT;
}
