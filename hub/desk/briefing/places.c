// See model.h: places where incidents gather in the period. Positions are put on sites (a 5 m grid); a
// cluster is a site and all sites within reach of it, chosen greedily: most senders, then most events. Reach
// is such that any two events of a cluster lie within 150 m of each other, so clusters do not grow into
// chains of streets. Called by: compile. Must never: use a position that is not exact, or not shown to all.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hub/desk/briefing/model.h"

enum { LONE_SENDER_MIN = 3 };  // events of one sender alone that make a cluster

static const double site_side_m = 5, cluster_width_m = 150, metres_a_degree = 111195;

struct site {
  double x, y;  // metres, of its first event
  int32_t cell_x, cell_y;
  uint32_t first_item;  // index + 1 into next_item's chain
  uint32_t count;
  uint64_t senders;
  uint32_t next_in_bucket;  // index + 1
  bool taken;
};

struct candidate {
  uint64_t score;
  uint32_t site;
};

struct places {
  struct briefing *briefing;
  double scale_x;
  double reach_m;
  struct site *sites;
  size_t sites_count;
  uint32_t *slots;    // sites by cell: index + 1
  uint32_t *buckets;  // sites by a coarser grid, for neighbours: index + 1
  size_t mask;
  uint32_t *next_item;  // by item's index: index + 1 of the next at the same site
  struct candidate *heap;
  size_t heap_count;
};

static bool is_placed(const struct briefing *briefing, const struct item *item,
                      enum briefing_span_name span) {
  return item->has_point && (item->spans >> span & 1) != 0 &&
         briefing->categories[item->category].class == CATEGORY_INCIDENT;
}

static size_t hash_cell(int32_t x, int32_t y) {
  uint64_t hash = (uint64_t)(uint32_t)x * UINT64_C(0x9E3779B97F4A7C15) ^
                  (uint64_t)(uint32_t)y * UINT64_C(0xC2B2AE3D27D4EB4F);
  return (size_t)(hash ^ hash >> 31);
}

static int32_t coarse(double metres, double side) { return (int32_t)floor(metres / side); }

static uint32_t *bucket_of(const struct places *places, int32_t x, int32_t y) {
  return &places->buckets[hash_cell(x, y) & places->mask];
}

static struct site *find_site(struct places *places, double x, double y) {
  int32_t cell_x = coarse(x, site_side_m), cell_y = coarse(y, site_side_m);
  size_t at = hash_cell(cell_x, cell_y) & places->mask;
  for (; places->slots[at] != 0; at = (at + 1) & places->mask) {
    struct site *site = &places->sites[places->slots[at] - 1];
    if (site->cell_x == cell_x && site->cell_y == cell_y) return site;
  }
  struct site *site = &places->sites[places->sites_count++];
  *site = (struct site){.x = x, .y = y, .cell_x = cell_x, .cell_y = cell_y};
  places->slots[at] = (uint32_t)places->sites_count;
  uint32_t *bucket = bucket_of(places, coarse(x, places->reach_m), coarse(y, places->reach_m));
  site->next_in_bucket = *bucket;
  *bucket = (uint32_t)places->sites_count;
  return site;
}

static void add_items(struct places *places) {
  struct briefing *briefing = places->briefing;
  for (size_t i = 0; i < briefing->items_count; i++) {
    const struct item *item = &briefing->items[i];
    if (!is_placed(briefing, item, SPAN_NOW)) continue;
    struct site *site =
        find_site(places, item->longitude * places->scale_x, item->latitude * metres_a_degree);
    places->next_item[i] = site->first_item;
    site->first_item = (uint32_t)i + 1;
    site->count++;
    site->senders |= UINT64_C(1) << item->sender;
  }
}

typedef void visit_site(struct site *site, void *context);

// Every site not yet taken within reach of the middle one, itself included. Buckets that share a hash are
// told apart by distance.
static void visit_near(const struct places *places, const struct site *middle, visit_site *visit,
                       void *context) {
  int32_t x = coarse(middle->x, places->reach_m), y = coarse(middle->y, places->reach_m);
  const uint32_t *seen[9];
  size_t seen_count = 0;
  for (int32_t i = 0; i < 9; i++) {
    const uint32_t *bucket = bucket_of(places, x + i % 3 - 1, y + i / 3 - 1);
    bool repeated = false;
    for (size_t j = 0; j < seen_count; j++) repeated |= seen[j] == bucket;
    if (repeated) continue;
    seen[seen_count++] = bucket;
    for (uint32_t at = *bucket; at != 0; at = places->sites[at - 1].next_in_bucket) {
      struct site *site = &places->sites[at - 1];
      if (!site->taken && hypot(site->x - middle->x, site->y - middle->y) <= places->reach_m)
        visit(site, context);
    }
  }
}

struct sum {
  uint64_t senders;
  uint32_t count;
};

static void add_to_sum(struct site *site, void *context) {
  struct sum *sum = context;
  sum->senders |= site->senders;
  sum->count += site->count;
}

// Only ever less when neighbours are taken, so that an old score is an upper bound.
static uint64_t score_of(const struct places *places, const struct site *site) {
  struct sum sum = {0};
  if (!site->taken) visit_near(places, site, add_to_sum, &sum);
  uint64_t senders = (uint64_t)__builtin_popcountll(sum.senders);
  if (senders < 2 && sum.count < LONE_SENDER_MIN) return 0;
  return senders << 32 | sum.count;
}

static bool goes_before(const struct candidate *a, const struct candidate *b) {
  return a->score != b->score ? a->score > b->score : a->site < b->site;
}

static void sink(struct places *places, size_t at) {
  for (;;) {
    size_t best = at;
    for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < places->heap_count; child++) {
      if (goes_before(&places->heap[child], &places->heap[best])) best = child;
    }
    if (best == at) return;
    struct candidate moved = places->heap[at];
    places->heap[at] = places->heap[best];
    places->heap[best] = moved;
    at = best;
  }
}

static void build_heap(struct places *places) {
  for (size_t i = 0; i < places->sites_count; i++) {
    uint64_t score = score_of(places, &places->sites[i]);
    if (score > 0)
      places->heap[places->heap_count++] = (struct candidate){.score = score, .site = (uint32_t)i};
  }
  for (size_t i = places->heap_count / 2; i-- > 0;) sink(places, i);
}

// The best site left; NULL: none makes a cluster.
static struct site *next_middle(struct places *places) {
  while (places->heap_count > 0) {
    struct candidate *top = &places->heap[0];
    uint64_t score = score_of(places, &places->sites[top->site]);
    if (score == top->score) return &places->sites[top->site];
    top->score = score;
    if (score == 0) *top = places->heap[--places->heap_count];
    sink(places, 0);
  }
  return NULL;
}

struct taking {
  struct places *places;
  struct cluster *cluster;
  const struct site *busiest;
};

static void list_item(struct cluster *cluster, const struct item *item) {
  size_t at = cluster->items_count;
  while (at > 0 && cluster->items[at - 1]->time_ms < item->time_ms) at--;
  if (at == BRIEFING_CLUSTER_EVENTS_MAX) return;
  if (cluster->items_count < BRIEFING_CLUSTER_EVENTS_MAX) cluster->items_count++;
  memmove(&cluster->items[at + 1], &cluster->items[at],
          (cluster->items_count - 1 - at) * sizeof *cluster->items);
  cluster->items[at] = item;
}

static void take_site(struct site *site, void *context) {
  struct taking *taking = context;
  const struct briefing *briefing = taking->places->briefing;
  struct cluster *cluster = taking->cluster;
  site->taken = true;
  if (taking->busiest == NULL || site->count > taking->busiest->count) taking->busiest = site;
  for (uint32_t at = site->first_item; at != 0; at = taking->places->next_item[at - 1]) {
    const struct item *item = &briefing->items[at - 1];
    cluster->count++;
    cluster->senders |= UINT64_C(1) << item->sender;
    cluster->sender_count[item->sender]++;
    list_item(cluster, item);
  }
}

// Where most happened is where it is drawn: a real place, never a mean of places.
static void place_cluster(const struct places *places, struct cluster *cluster, const struct site *busiest) {
  const struct briefing *briefing = places->briefing;
  for (uint32_t at = busiest->first_item; at != 0; at = places->next_item[at - 1]) {
    const struct item *item = &briefing->items[at - 1];
    cluster->latitude = item->latitude;
    cluster->longitude = item->longitude;
    cluster->unit = item->unit;
    if (item->address != NULL && item->address[0] != '\0') cluster->address = item->address;
  }
}

static void count_before(const struct places *places, struct cluster *cluster) {
  const struct briefing *briefing = places->briefing;
  double x = cluster->longitude * places->scale_x, y = cluster->latitude * metres_a_degree;
  for (size_t i = 0; i < briefing->items_count; i++) {
    const struct item *item = &briefing->items[i];
    if (!is_placed(briefing, item, SPAN_BEFORE)) continue;
    double apart = hypot(item->longitude * places->scale_x - x, item->latitude * metres_a_degree - y);
    if (apart <= cluster_width_m / 2) cluster->count_before++;
  }
}

static void take_clusters(struct places *places) {
  struct briefing *briefing = places->briefing;
  while (briefing->clusters_count < BRIEFING_CLUSTERS_MAX) {
    struct site *middle = next_middle(places);
    if (middle == NULL) break;
    struct cluster *cluster = &briefing->clusters[briefing->clusters_count++];
    struct taking taking = {.places = places, .cluster = cluster};
    visit_near(places, middle, take_site, &taking);
    place_cluster(places, cluster, taking.busiest);
    count_before(places, cluster);
    if (__builtin_popcountll(cluster->senders) >= 2) briefing->shared_clusters++;
  }
}

static double first_latitude(const struct briefing *briefing) {
  for (size_t i = 0; i < briefing->items_count; i++) {
    if (briefing->items[i].has_point) return briefing->items[i].latitude;
  }
  return 0;
}

bool briefing_find_clusters(struct briefing *briefing) {
  static const double degree = 3.14159265358979323846 / 180;
  struct nav_arena *arena = briefing->arena;
  size_t count = briefing->items_count + 1, size = 16;
  while (size < 2 * count) size *= 2;
  struct places places = {.briefing = briefing, .mask = size - 1};
  places.scale_x = metres_a_degree * cos(first_latitude(briefing) * degree);
  places.reach_m = cluster_width_m / 2 -
                   site_side_m * sqrt(2);  // an event may lie a site's diagonal from its site's first
  briefing->clusters = nav_arena_zalloc(arena, BRIEFING_CLUSTERS_MAX, sizeof *briefing->clusters);
  places.sites = nav_arena_zalloc(arena, count, sizeof *places.sites);
  places.slots = nav_arena_zalloc(arena, size, sizeof *places.slots);
  places.buckets = nav_arena_zalloc(arena, size, sizeof *places.buckets);
  places.next_item = nav_arena_zalloc(arena, count, sizeof *places.next_item);
  places.heap = nav_arena_zalloc(arena, count, sizeof *places.heap);
  if (briefing->clusters == NULL || places.sites == NULL || places.slots == NULL || places.buckets == NULL ||
      places.next_item == NULL || places.heap == NULL) {
    return false;
  }
  add_items(&places);
  build_heap(&places);
  take_clusters(&places);
  return true;
}
