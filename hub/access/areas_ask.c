// See areas.h: the questions, each a plain loop, since areas are some hundreds at most.
#include <string.h>

#include "hub/access/areas.h"

const struct nav_area *nav_area_find(const struct nav_areas *areas, const char *id) {
  for (size_t i = 0; i < areas->count; i++) {
    if (areas->items[i].id != NULL && strcmp(areas->items[i].id, id) == 0) return &areas->items[i];
  }
  return NULL;
}

static const struct nav_area *parent_of(const struct nav_areas *areas, const struct nav_area *area) {
  return area->parent != NULL ? nav_area_find(areas, area->parent) : NULL;
}

int nav_area_depth(const struct nav_areas *areas, const struct nav_area *area) {
  int depth = 0;
  while (depth <= NAV_AREA_DEPTH_MAX && (area = parent_of(areas, area)) != NULL) depth++;
  return depth;
}

// Counts the edges that a ray to the east crosses. Half-open in latitude, so that a corner counts once and a
// position on a shared edge belongs to one of the two neighbours.
static bool holds(const struct nav_area *area, double latitude, double longitude) {
  bool inside = false;
  for (size_t i = 0, last = area->points_count - 1; i < area->points_count; last = i++) {
    const double *a = &area->points[i * 2], *b = &area->points[last * 2];
    if ((a[1] > latitude) == (b[1] > latitude)) continue;
    if (longitude < a[0] + (b[0] - a[0]) * (latitude - a[1]) / (b[1] - a[1])) inside = !inside;
  }
  return inside;
}

// In square degrees: good enough to tell the smaller of two that overlap.
static double size_of(const struct nav_area *area) {
  double twice = 0;
  for (size_t i = 0; i < area->points_count; i++) {
    const double *a = &area->points[i * 2], *b = &area->points[(i + 1) % area->points_count * 2];
    twice += a[0] * b[1] - b[0] * a[1];
  }
  return twice < 0 ? -twice / 2 : twice / 2;
}

const struct nav_area *nav_area_at(const struct nav_areas *areas, double latitude, double longitude) {
  const struct nav_area *best = NULL;
  int best_depth = -1;
  for (size_t i = 0; i < areas->count; i++) {
    const struct nav_area *area = &areas->items[i];
    if (area->points_count < 3 || !holds(area, latitude, longitude)) continue;
    int depth = nav_area_depth(areas, area);
    if (best == NULL || depth > best_depth || (depth == best_depth && size_of(area) < size_of(best))) {
      best = area;
      best_depth = depth;
    }
  }
  return best;
}

bool nav_area_within(const struct nav_areas *areas, const char *id, const char *ancestor) {
  const struct nav_area *area = nav_area_find(areas, id);
  if (area == NULL || nav_area_find(areas, ancestor) == NULL) return false;
  for (int depth = 0; area != NULL && depth <= NAV_AREA_DEPTH_MAX; depth++) {
    if (strcmp(area->id, ancestor) == 0) return true;
    area = parent_of(areas, area);
  }
  return false;
}
