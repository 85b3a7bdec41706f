// See html.h: areas shaded by rate, clusters as points sized by count. Only exact places that everybody may
// see are points; an area without a shape stands in the table alone.
#include <math.h>

#include "hub/desk/briefing/html.h"
#include "hub/desk/briefing/words.h"

enum { MAP_WIDTH = 640, MAP_HEIGHT_MAX = 620, MAP_MARGIN = 14, LABEL_STEPS = 24 };

static const double degree = 3.14159265358979323846 / 180, metres_a_degree = 111195;

struct projection {
  double west, north;       // of the picture's corner
  double scale_x, scale_y;  // picture units a degree
  double height;
};

struct box {
  double west, east, south, north;
  bool any;
};

static void extend(struct box *box, double longitude, double latitude) {
  if (!box->any) *box = (struct box){longitude, longitude, latitude, latitude, true};
  box->west = fmin(box->west, longitude);
  box->east = fmax(box->east, longitude);
  box->south = fmin(box->south, latitude);
  box->north = fmax(box->north, latitude);
}

static void extend_by_area(struct box *box, const struct nav_area *area) {
  for (size_t i = 0; i < area->points_count; i++) extend(box, area->points[2 * i], area->points[2 * i + 1]);
}

static struct box box_of(const struct briefing *briefing) {
  struct box box = {0};
  const struct meeting *meeting = briefing->input.meeting;
  for (size_t i = 0; i < meeting->areas_count; i++) {
    const struct nav_area *area = nav_area_find(briefing->input.areas, meeting->areas[i]);
    if (area != NULL) extend_by_area(&box, area);
  }
  for (size_t i = 0; i < briefing->units_count; i++) {
    if (briefing->units[i].area != NULL) extend_by_area(&box, briefing->units[i].area);
  }
  for (size_t i = 0; i < briefing->clusters_count; i++) {
    extend(&box, briefing->clusters[i].longitude, briefing->clusters[i].latitude);
  }
  return box;
}

static struct projection projection_of(const struct box *box) {
  double narrow = cos((box->south + box->north) / 2 * degree);
  double width = fmax((box->east - box->west) * narrow, 0.002), height = fmax(box->north - box->south, 0.002);
  double scale = fmin((MAP_WIDTH - 2 * MAP_MARGIN) / width, (MAP_HEIGHT_MAX - 2 * MAP_MARGIN) / height);
  double spare_x = ((MAP_WIDTH - 2 * MAP_MARGIN) - width * scale) / 2;
  return (struct projection){.west = box->west - (MAP_MARGIN + spare_x) / (scale * narrow),
                             .north = box->north + MAP_MARGIN / scale,
                             .scale_x = scale * narrow,
                             .scale_y = scale,
                             .height = height * scale + 2 * MAP_MARGIN};
}

static double x_of(const struct projection *map, double longitude) {
  return (longitude - map->west) * map->scale_x;
}
static double y_of(const struct projection *map, double latitude) {
  return (map->north - latitude) * map->scale_y;
}

static void draw_ring(struct page *page, const struct projection *map, const struct nav_area *area) {
  page_raw(page, "<path d=\"");
  for (size_t i = 0; i < area->points_count; i++) {
    page_printf(page, "%s%.1f %.1f", i == 0 ? "M" : "L", x_of(map, area->points[2 * i]),
                y_of(map, area->points[2 * i + 1]));
  }
  page_raw(page, "Z\"");
}

// The ground: every area of the meeting, so that what lies between the parts is not a hole.
static void draw_ground(struct page *page, const struct briefing *briefing, const struct projection *map) {
  const struct meeting *meeting = briefing->input.meeting;
  for (size_t i = 0; i < meeting->areas_count; i++) {
    const struct nav_area *area = nav_area_find(briefing->input.areas, meeting->areas[i]);
    if (area == NULL || area->points_count == 0) continue;
    draw_ring(page, map, area);
    page_raw(page, " fill=\"#f6f8fa\" stroke=\"#8796a3\" stroke-width=\"1.2\"/>");
  }
}

static void draw_unit(struct page *page, const struct briefing *briefing, const struct projection *map,
                      const struct shades *shades, size_t unit) {
  const struct nav_area *area = briefing->units[unit].area;
  if (area == NULL || area->points_count == 0) return;
  char rate[WORDS_SIZE];
  page_raw(page, "<g>");
  page_raw(page, "<title>");
  page_text(page, area->title);
  uint32_t count = briefing->unit_incidents[unit].count[SPAN_NOW];
  page_printf(page, ": %u %s", count, words_plural(count, "händelse", "händelser"));
  if (!isnan(render_rate(briefing, unit))) {
    page_printf(page, ", %s per 1 000 invånare", words_decimal(rate, render_rate(briefing, unit), 1));
  }
  page_raw(page, "</title>");
  draw_ring(page, map, area);
  page_printf(page, " class=\"s%u\" stroke=\"#fff\" stroke-width=\"1.4\"/></g>\n",
              html_area_shade(briefing, shades, unit));
}

static bool is_inside(const struct nav_area *area, double longitude, double latitude) {
  bool inside = false;
  for (size_t i = 0, j = area->points_count - 1; i < area->points_count; j = i++) {
    const double *a = &area->points[2 * i], *b = &area->points[2 * j];
    if ((a[1] > latitude) != (b[1] > latitude) &&
        longitude < (b[0] - a[0]) * (latitude - a[1]) / (b[1] - a[1]) + a[0]) {
      inside = !inside;
    }
  }
  return inside;
}

// How far from the area's edge a point of the picture is.
static double room_at(const struct projection *map, const struct nav_area *area, double x, double y) {
  double room = INFINITY;
  for (size_t i = 0, j = area->points_count - 1; i < area->points_count; j = i++) {
    double ax = x_of(map, area->points[2 * i]), ay = y_of(map, area->points[2 * i + 1]);
    double bx = x_of(map, area->points[2 * j]), by = y_of(map, area->points[2 * j + 1]);
    double length = (bx - ax) * (bx - ax) + (by - ay) * (by - ay);
    double along = length > 0 ? fmin(1, fmax(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length)) : 0;
    room = fmin(room, hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)));
  }
  return room;
}

static double radius_of(uint32_t count) { return 6.5 + 2.1 * sqrt(count); }

// Nor beneath a cluster.
static double room_beside_clusters(const struct briefing *briefing, const struct projection *map, double x,
                                   double y) {
  double room = INFINITY;
  for (size_t i = 0; i < briefing->clusters_count; i++) {
    const struct cluster *cluster = &briefing->clusters[i];
    double apart = hypot(x - x_of(map, cluster->longitude), y - y_of(map, cluster->latitude));
    room = fmin(room, apart - radius_of(cluster->count));
  }
  return room;
}

// Where the number has most room: the point of a grid farthest from the edge. A label, not a place.
static void draw_number(struct page *page, const struct briefing *briefing, const struct projection *map,
                        const struct shades *shades, size_t unit) {
  const struct nav_area *area = briefing->units[unit].area;
  if (area == NULL || area->points_count == 0) return;
  struct box box = {0};
  extend_by_area(&box, area);
  double best = -1, best_x = 0, best_y = 0;
  for (int i = 1; i < LABEL_STEPS * LABEL_STEPS; i++) {
    int column = i % LABEL_STEPS, row = i / LABEL_STEPS;
    double longitude = box.west + (box.east - box.west) * column / LABEL_STEPS;
    double latitude = box.south + (box.north - box.south) * row / LABEL_STEPS;
    if (!is_inside(area, longitude, latitude)) continue;
    double x = x_of(map, longitude), y = y_of(map, latitude),
           room = fmin(room_at(map, area, x, y), room_beside_clusters(briefing, map, x, y));
    if (room <= best) continue;
    best = room;
    best_x = x;
    best_y = y;
  }
  if (best < 0) return;
  page_printf(page,
              "<text x=\"%.1f\" y=\"%.1f\" font-size=\"12.5\" class=\"key\" text-anchor=\"middle\" "
              "style=\"fill:%s\">%zu</text>",
              best_x, best_y + 4.4, html_area_shade(briefing, shades, unit) >= 4 ? "#fff" : "var(--ink)",
              unit + 1);
}

// Largest first, so that a small one is never hidden beneath; those of one sender are paler and without a
// number.
static void draw_clusters(struct page *page, const struct briefing *briefing, const struct projection *map) {
  for (size_t i = briefing->clusters_count; i-- > 0;) {
    const struct cluster *cluster = &briefing->clusters[i];
    bool shared = i < briefing->shared_clusters;
    double x = x_of(map, cluster->longitude), y = y_of(map, cluster->latitude);
    page_raw(page, "<g><title>");
    page_text(page, cluster->address != NULL ? cluster->address : briefing->units[cluster->unit].place);
    page_printf(page, ": %u händelser</title>", cluster->count);
    if (shared) {
      page_printf(page,
                  "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"var(--warm)\" stroke=\"#fff\" "
                  "stroke-width=\"1.5\"/>",
                  x, y, radius_of(cluster->count));
      page_printf(page,
                  "<text x=\"%.1f\" y=\"%.1f\" font-size=\"11.5\" class=\"bubble\" font-weight=\"650\" "
                  "text-anchor=\"middle\" "
                  "style=\"fill:#fff\">%zu</text>",
                  x, y + 4.1, i + 1);
    } else {
      page_printf(page,
                  "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"#fff\" fill-opacity=\".75\" "
                  "stroke=\"var(--warm)\" stroke-width=\"1.6\"/>",
                  x, y, radius_of(cluster->count) - 2.5);
    }
    page_raw(page, "</g>\n");
  }
}

// A bar of one, two or five (tenths of, tens of) kilometres.
static void draw_scale(struct page *page, const struct projection *map) {
  static const double lengths[] = {100, 200, 500, 1000, 2000, 5000, 10000, 20000};
  double unit = map->scale_y / metres_a_degree, length = lengths[0];
  for (size_t i = 1; i < sizeof lengths / sizeof *lengths && lengths[i] * unit < 130; i++)
    length = lengths[i];
  double y = map->height + 14, end = MAP_MARGIN + length * unit;
  page_printf(page, "<path d=\"M%d %.1fv5H%.1fv-5\" fill=\"none\" stroke=\"#4d5a66\"/>", MAP_MARGIN, y, end);
  char text[WORDS_SIZE];
  page_printf(page, "<text class=\"m\" x=\"%.1f\" y=\"%.1f\" font-size=\"11.5\">%s %s</text>", end + 7, y + 7,
              words_number(text, (uint64_t)(length < 1000 ? length : length / 1000)),
              length < 1000 ? "m" : "km");
}

void chart_map(struct page *page, const struct briefing *briefing) {
  struct box box = box_of(briefing);
  if (!box.any) {
    page_raw(
        page,
        "<p class=\"note\">Inget av områdena har en form i konfigurationen, så ingen karta kan ritas.</p>\n");
    return;
  }
  struct projection map = projection_of(&box);
  struct shades shades = html_area_shades(briefing);
  page_printf(
      page,
      "<svg class=\"map\" viewBox=\"0 0 %d %.0f\" width=\"%d\" role=\"img\"><title>Karta över området</title>"
      "<desc>Delområden färgade efter antal händelser%s; siffrorna hör till tabellen. Cirklar är platser där "
      "händelser samlas, "
      "större för fler. Fyllda cirklar med nummer är platser som flera verksamheter pekar ut.</desc>\n",
      MAP_WIDTH, map.height + 26, MAP_WIDTH, shades.by_rate ? " per 1 000 invånare" : "");
  draw_ground(page, briefing, &map);
  for (size_t i = 0; i < briefing->units_count; i++) draw_unit(page, briefing, &map, &shades, i);
  for (size_t i = 0; i < briefing->units_count; i++) draw_number(page, briefing, &map, &shades, i);
  draw_clusters(page, briefing, &map);
  draw_scale(page, &map);
  page_raw(page, "</svg>\n");
}
