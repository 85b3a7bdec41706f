// See areas.h. Three steps: read every file of areas/, tie parents by id, refuse what could make an answer
// wrong (a ring that crosses itself, a parent that is its own child). Then questions, each a plain loop:
// areas are some hundreds at most.
#include "hub/access/areas.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/conf/check.h"
#include "hub/conf/folder.h"

enum {
  ARENA_BYTES_MAX = 64 * 1024 * 1024,
  AREAS_MAX = 2000,
  POINTS_MAX = 500,  // of one ring: looking for crossings is quadratic
  TITLE_LENGTH_MAX = 200,
};

// Sweden with its waters. Outside it a position is almost always one with latitude and longitude exchanged.
static const double latitude_min = 55, latitude_max = 69.5, longitude_min = 10, longitude_max = 24.5;

struct loaded {
  struct nav_areas areas;  // first: nav_areas_free is given its address
  struct nav_arena *arena;
};

struct loading {
  struct loaded *loaded;
  struct conf_faults *faults;
  struct conf_node **nodes;  // beside areas.items: the places for faults
};

// One area as its map says it.
struct raw {
  char *id, *title, *parent, *municipality;
  uint32_t population;
  struct conf_node *polygon;
};

#define RAW(field) .offset = offsetof(struct raw, field)
static const struct conf_key area_keys[] = {
    {.name = "id", .kind = CONF_KEY_ID, RAW(id), .required = true},
    {.name = "title", .kind = CONF_KEY_TEXT, RAW(title), .max = TITLE_LENGTH_MAX, .required = true},
    {.name = "parent", .kind = CONF_KEY_ID, RAW(parent)},
    {.name = "municipality", .kind = CONF_KEY_TEXT, RAW(municipality), .max = 4},
    {.name = "population", .kind = CONF_KEY_UINT32, RAW(population), .min = 0, .max = 20000000},
    {.name = "polygon", .kind = CONF_KEY_NODE, RAW(polygon)},
};
static const size_t area_keys_count = sizeof area_keys / sizeof *area_keys;

#define FAULT(node, hint, ...) \
  conf_faults_add(loading->faults, (node)->file, (node)->line, (node)->column, hint, __VA_ARGS__)

static bool read_point(const struct loading *loading, const struct conf_node *node, const char *where,
                       double point[2]) {
  if (node->kind != CONF_LIST || node->count != 2) {
    FAULT(node, "write it as [17.9412, 59.3391]", "%s must be a longitude and a latitude", where);
    return false;
  }
  if (!conf_read_number(node->items[0], where, -180, 180, &point[0], loading->faults) ||
      !conf_read_number(node->items[1], where, -180, 180, &point[1], loading->faults)) {
    return false;
  }
  if (point[0] >= longitude_min && point[0] <= longitude_max && point[1] >= latitude_min &&
      point[1] <= latitude_max) {
    return true;
  }
  bool exchanged = point[1] >= longitude_min && point[1] <= longitude_max && point[0] >= latitude_min;
  FAULT(node, exchanged ? "longitude comes first" : "", "%s: %s, %s is not in Sweden", where,
        node->items[0]->text, node->items[1]->text);
  return false;
}

// Which side of the line a-b the point c is on: > 0, < 0, or 0 on it.
static double side(const double *a, const double *b, const double *c) {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

static bool crosses(const double *a, const double *b, const double *c, const double *d) {
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

static void check_ring(const struct loading *loading, const struct conf_node *polygon, const double *points,
                       size_t count, const char *where) {
  for (size_t i = 0; i < count; i++) {
    for (size_t j = i + 1; j < count; j++) {
      const double *a = &points[i * 2], *b = &points[(i + 1) % count * 2];
      const double *c = &points[j * 2], *d = &points[(j + 1) % count * 2];
      if (!crosses(a, b, c, d)) continue;
      FAULT(polygon->items[j], "points go round the area once, in order",
            "%s crosses itself: the edges from points %zu and %zu", where, i + 1, j + 1);
      return;
    }
  }
}

static bool differ(const double *a, const double *b) {
  return a[0] < b[0] || a[0] > b[0] || a[1] < b[1] || a[1] > b[1];
}

// Points into the area, or a fault. A last point that repeats the first, as GeoJSON has it, is left out.
static void read_polygon(const struct loading *loading, const struct conf_node *polygon, const char *where,
                         struct nav_area *area) {
  size_t count = 0;
  if (!conf_read_list(polygon, where, false, POINTS_MAX, &count, loading->faults)) return;
  double *points = nav_arena_zalloc(loading->loaded->arena, count + 1, 2 * sizeof *points);
  if (points == NULL) {
    FAULT(polygon, "", "needs too much memory to read");
    return;
  }
  for (size_t i = 0; i < count; i++) {
    if (!read_point(loading, polygon->items[i], where, &points[i * 2])) return;
  }
  if (count > 1 && !differ(points, &points[(count - 1) * 2])) count--;
  if (count < 3) {
    FAULT(polygon, "leave polygon out where the shape is not known", "%s has fewer than three points", where);
    return;
  }
  check_ring(loading, polygon, points, count, where);
  area->points = points;
  area->points_count = count;
}

static bool good_municipality(const char *text) {
  return strlen(text) == 4 && strspn(text, "0123456789") == 4;
}

static void read_area(const struct loading *loading, const struct conf_node *map, const char *where,
                      char *municipality, struct nav_area *area) {
  struct raw raw = {0};
  (void)conf_read_map(map, where, area_keys, area_keys_count, loading->loaded->arena, &raw, loading->faults);
  if (raw.municipality != NULL && !good_municipality(raw.municipality)) {
    FAULT(conf_get(map, "municipality"), "SCB's four digits in quotes: \"0180\"",
          "%s.municipality: '%s' is not a code", where, raw.municipality);
  }
  *area =
      (struct nav_area){.id = raw.id, .title = raw.title, .parent = raw.parent, .population = raw.population};
  area->municipality = raw.municipality != NULL ? raw.municipality : municipality;
  if (area->municipality == NULL) {
    FAULT(map, "SCB's four digits in quotes: \"0180\", here or once at the top of the file",
          "%s lacks 'municipality'", where);
  }
  char path[CONF_WHERE_SIZE + 16];
  (void)snprintf(path, sizeof path, "%s.polygon", where);
  if (raw.polygon != NULL) read_polygon(loading, raw.polygon, path, area);
}

static char *file_municipality(const struct loading *loading, const struct conf_node *root) {
  const struct conf_node *node = conf_get(root, "municipality");
  const char *text = node != NULL ? conf_read_text(node, "municipality", loading->faults) : NULL;
  if (text == NULL) return NULL;
  if (!good_municipality(text)) {
    FAULT(node, "SCB's four digits in quotes: \"0180\"", "municipality: '%.40s' is not a code", text);
  }
  return nav_arena_strdup(loading->loaded->arena, text);  // wrong or not: one fault is enough
}

static void read_tree(struct loading *loading, const struct conf_node *root) {
  static const char *const keys[] = {"municipality", "areas", NULL};
  struct nav_areas *areas = &loading->loaded->areas;
  if (root == NULL || !conf_expect_map(root, "the file", loading->faults)) return;
  conf_check_keys(root, keys, "the file", loading->faults);
  const struct conf_node *list = conf_get(root, "areas");
  if (list == NULL) {
    FAULT(root, "", "lacks 'areas'");
    return;
  }
  size_t count = 0;
  if (!conf_read_list(list, "areas", false, AREAS_MAX, &count, loading->faults)) return;
  char *municipality = file_municipality(loading, root);
  for (size_t i = 0; i < count; i++) {
    if (areas->count == AREAS_MAX) {
      FAULT(list->items[i], "", "there are more than %d areas", AREAS_MAX);
      return;
    }
    char where[CONF_WHERE_SIZE];
    (void)snprintf(where, sizeof where, "areas[%zu]", i);
    loading->nodes[areas->count] = list->items[i];
    read_area(loading, list->items[i], where, municipality, &areas->items[areas->count++]);
  }
}

static void check_parent(const struct loading *loading, size_t index, const char *const *ids) {
  const struct nav_areas *areas = &loading->loaded->areas;
  const struct nav_area *area = &areas->items[index];
  if (area->parent == NULL) return;
  const struct conf_node *node = conf_get(loading->nodes[index], "parent");
  if (nav_area_find(areas, area->parent) == NULL) {
    conf_fault_unknown(node, "parent", "area", area->parent, ids, loading->faults);
  } else if (nav_area_depth(areas, area) > NAV_AREA_DEPTH_MAX) {
    FAULT(node, "the parent of an area is the larger one that holds it",
          "'%s' is within itself, or within more than %d others", area->id != NULL ? area->id : "",
          NAV_AREA_DEPTH_MAX);
  }
}

static void check_all(const struct loading *loading) {
  const struct nav_areas *areas = &loading->loaded->areas;
  const char *ids[AREAS_MAX + 1] = {NULL};
  size_t count = 0;
  for (size_t i = 0; i < areas->count; i++) {
    if (areas->items[i].id != NULL) ids[count++] = areas->items[i].id;
  }
  for (size_t i = 0; i < areas->count; i++) {
    const char *id = areas->items[i].id;
    for (size_t j = 0; j < i && id != NULL; j++) {
      if (areas->items[j].id == NULL || strcmp(areas->items[j].id, id) != 0) continue;
      FAULT(loading->nodes[i], "give each area its own id", "area '%s' stands twice: first in %s:%d", id,
            loading->nodes[j]->file, loading->nodes[j]->line);
      break;
    }
    check_parent(loading, i, ids);
  }
}

static bool make_room(struct loading *loading) {
  struct nav_arena *arena = loading->loaded->arena;
  loading->loaded->areas.items = nav_arena_zalloc(arena, AREAS_MAX, sizeof(struct nav_area));
  loading->nodes = nav_arena_zalloc(arena, AREAS_MAX, sizeof *loading->nodes);
  if (loading->loaded->areas.items != NULL && loading->nodes != NULL) return true;
  conf_faults_add(loading->faults, "areas", 0, 0, "", "needs too much memory to read");
  return false;
}

static void read_folder(struct loading *loading, const char *config_folder) {
  struct nav_arena *arena = loading->loaded->arena;
  struct conf_files files;
  if (!conf_folder_list(config_folder, "areas", false, arena, &files, loading->faults)) return;
  if (!make_room(loading)) return;
  for (size_t i = 0; i < files.count; i++) {
    read_tree(loading, conf_tree_load(files.paths[i], files.names[i], arena, loading->faults));
  }
  check_all(loading);
}

static void read_texts(struct loading *loading, const struct conf_texts *texts) {
  if (!make_room(loading)) return;
  for (size_t i = 0; i < texts->count; i++) {
    const struct conf_text *text = &texts->items[i];
    if (!conf_text_is_in(text, "areas")) continue;
    read_tree(loading,
              conf_tree_parse(text->text, text->length, text->name, loading->loaded->arena, loading->faults));
  }
  check_all(loading);
}

static struct nav_areas *load(const char *config_folder, const struct conf_texts *texts,
                              struct conf_faults *faults) {
  size_t before = faults->count + faults->dropped;
  struct loaded *loaded = calloc(1, sizeof *loaded);
  if (loaded == NULL || (loaded->arena = nav_arena_new(ARENA_BYTES_MAX)) == NULL) {
    conf_faults_add(faults, "areas", 0, 0, "", "needs too much memory to read");
    free(loaded);
    return NULL;
  }
  struct loading loading = {.loaded = loaded, .faults = faults};
  if (texts == NULL) {
    read_folder(&loading, config_folder);
  } else {
    read_texts(&loading, texts);
  }
  if (faults->count + faults->dropped == before) return &loaded->areas;
  conf_faults_sort(faults);
  nav_areas_free(&loaded->areas);
  return NULL;
}

struct nav_areas *nav_areas_load(const char *config_folder, struct conf_faults *faults) {
  return load(config_folder, NULL, faults);
}

struct nav_areas *nav_areas_load_texts(const struct conf_texts *texts, struct conf_faults *faults) {
  return load(NULL, texts, faults);
}

void nav_areas_free(struct nav_areas *areas) {
  if (areas == NULL) return;
  struct loaded *loaded = (struct loaded *)(void *)areas;
  nav_arena_free(loaded->arena);
  free(loaded);
}

void nav_areas_check_agencies(const struct nav_areas *areas, const struct conf_agencies *agencies,
                              struct conf_faults *faults) {
  const char *ids[AREAS_MAX + 1] = {NULL};
  for (size_t i = 0; i < areas->count && i < AREAS_MAX; i++) ids[i] = areas->items[i].id;
  for (size_t i = 0; i < agencies->agencies_count; i++) {
    const struct conf_agency *agency = &agencies->agencies[i];
    const struct conf_node place = {.file = "agencies.yaml", .line = agency->line, .column = agency->column};
    for (size_t j = 0; j < agency->areas_count; j++) {
      if (nav_area_find(areas, agency->areas[j]) != NULL) continue;
      conf_fault_unknown(&place, agency->id, "area", agency->areas[j], ids, faults);
    }
  }
}
