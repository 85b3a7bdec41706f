// config/areas: districts, as polygons with names. Used to turn a position into an area's id, to decide
// `within`, and to draw the briefing's map.
// Called by: rules, redaction, briefing. Must never: guess; a position outside every polygon has no area.
#ifndef NAV_ACCESS_AREAS_H
#define NAV_ACCESS_AREAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/conf/agencies.h"
#include "hub/conf/faults.h"
#include "hub/conf/folder.h"

enum { NAV_AREA_DEPTH_MAX = 8 };  // parents above an area

struct nav_area {
  char *id;             // "bromma"
  char *title;          // "Bromma"
  char *parent;         // an area that holds it; NULL
  char *municipality;   // SCB's code, "0180"
  uint32_t population;  // inhabitants, for rates; 0: not known
  double *points;  // longitude, latitude, longitude, latitude …; a closed ring without the last repeated
  size_t points_count;  // pairs; 0: an area without a polygon
};

struct nav_areas {
  struct nav_area *items;
  size_t count;
};

struct nav_areas *nav_areas_load(const char *config_folder, struct conf_faults *faults);
// From the texts in areas/.
struct nav_areas *nav_areas_load_texts(const struct conf_texts *texts, struct conf_faults *faults);
void nav_areas_free(struct nav_areas *areas);  // takes NULL
const struct nav_area *nav_area_find(const struct nav_areas *areas, const char *id);
// The smallest area (deepest child) with that position; NULL: none.
const struct nav_area *nav_area_at(const struct nav_areas *areas, double latitude, double longitude);
// True where `id` is `ancestor` or lies within it.
bool nav_area_within(const struct nav_areas *areas, const char *id, const char *ancestor);
// Parents above it; more than NAV_AREA_DEPTH_MAX: a circle, which never loads.
int nav_area_depth(const struct nav_areas *areas, const struct nav_area *area);
// A fault for every area of an agency that no file of areas/ has: nobody could ever live in it.
void nav_areas_check_agencies(const struct nav_areas *areas, const struct conf_agencies *agencies,
                              struct conf_faults *faults);

#endif
