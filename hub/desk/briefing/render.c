// See render.h.
#include "hub/desk/briefing/render.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MANY_KINDS = 12 };

bool render_may_show_annex(const struct briefing *briefing, const char *for_agency, struct nav_error *err) {
  if (for_agency == NULL) return true;
  if (briefing->annex != NULL && strcmp(briefing->annex->agency, for_agency) == 0) return true;
  return nav_fail(err, NAV_ERROR_BUG, 0, for_agency,
                  "the briefing was not compiled with this agency's annex");
}

double render_rate(const struct briefing *briefing, size_t unit) {
  const struct nav_area *area = briefing->units[unit].area;
  if (area == NULL || area->population < RENDER_POPULATION_MIN) return NAN;
  return 1000.0 * briefing->unit_incidents[unit].count[SPAN_NOW] / area->population;
}

const struct sender *render_sender(const struct briefing *briefing, const char *agency) {
  for (size_t i = 0; i < briefing->senders_count; i++) {
    if (strcmp(briefing->senders[i].agency, agency) == 0) return &briefing->senders[i];
  }
  return NULL;
}

struct collecting {
  struct change *changes;
  size_t count, max;
};

static void collect(struct collecting *all, const struct category *category, const struct unit *unit,
                    const struct cell *cell) {
  const struct comparison *comparisons[] = {&cell->before, &cell->year};
  for (size_t i = 0; i < 2 && all->count < all->max; i++) {
    if (!comparisons[i]->changed) continue;
    all->changes[all->count++] = (struct change){.category = category,
                                                 .unit = unit,
                                                 .cell = cell,
                                                 .comparison = comparisons[i],
                                                 .against = i == 0 ? SPAN_BEFORE : SPAN_YEAR};
  }
}

static int surest_first(const void *a, const void *b) {
  const struct change *left = a, *right = b;
  if (left->comparison->rate.p != right->comparison->rate.p) {
    return left->comparison->rate.p < right->comparison->rate.p ? -1 : 1;
  }
  return (left->cell > right->cell) - (left->cell < right->cell);
}

// The same kind against the same period in the same direction, in another area or in all: said once, where it
// is surest.
static bool is_said(const struct change *changes, size_t count, const struct change *change) {
  for (size_t i = 0; i < count && change->category != NULL; i++) {
    const struct change *said = &changes[i];
    if (said->category == change->category && said->against == change->against &&
        (said->comparison->rate.ratio > 1) == (change->comparison->rate.ratio > 1)) {
      return true;
    }
  }
  return false;
}

static size_t without_repeats(struct change *changes, size_t count) {
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    if (!is_said(changes, kept, &changes[i])) changes[kept++] = changes[i];
  }
  return kept;
}

size_t render_changes(const struct briefing *briefing, struct change *changes, size_t max) {
  struct collecting all = {.changes = changes, .max = max};
  bool by_unit = briefing->units_count > 1;
  collect(&all, NULL, NULL, &briefing->incidents);
  for (size_t i = 0; i < briefing->units_count && by_unit; i++) {
    collect(&all, NULL, &briefing->units[i], &briefing->unit_incidents[i]);
  }
  for (size_t i = 0; i < briefing->categories_count; i++) {
    const struct category *category = &briefing->categories[i];
    collect(&all, category, NULL, &category->total);
    for (size_t j = 0; j < briefing->units_count && by_unit; j++) {
      collect(&all, category, &briefing->units[j], &category->units[j]);
    }
  }
  if (all.count > 1) qsort(changes, all.count, sizeof *changes, surest_first);
  return without_repeats(changes, all.count);
}

size_t render_type_end(const struct briefing *briefing, size_t first) {
  size_t end = first + 1;
  while (end < briefing->categories_count &&
         briefing->categories[end].type == briefing->categories[first].type)
    end++;
  return end;
}

static size_t kinds_that_happened(const struct briefing *briefing, size_t first, size_t last) {
  size_t count = 0;
  for (size_t i = first; i < last; i++) count += briefing->categories[i].total.count[SPAN_NOW] > 0;
  return count;
}

// Too few to compare, and did not happen in the period; where many kinds did, also what happened once.
static bool is_rare(const struct category *category, size_t kinds) {
  const struct cell *total = &category->total;
  uint32_t sum = total->count[SPAN_NOW] + total->count[SPAN_BEFORE] + total->count[SPAN_YEAR];
  bool is_few = total->count[SPAN_NOW] < (kinds > MANY_KINDS ? 2 : 1) && sum < RATIO_EVENTS_MIN;
  return is_few && !category->counted_only && !total->before.changed && !total->year.changed;
}

// Most first, by what is told: an order by true counts would tell of counted-only ones.
static int most_first(const void *a, const void *b) {
  const struct category_row *left = a, *right = b;
  const struct told *x = &left->category->total.told[SPAN_NOW], *y = &right->category->total.told[SPAN_NOW];
  if (x->high != y->high) return x->high > y->high ? -1 : 1;
  return strcmp(left->category->kind, right->category->kind);
}

size_t render_rows(const struct briefing *briefing, size_t first, size_t last, struct category_row *rows) {
  struct category_row merged = {.category = &briefing->categories[first]};
  size_t count = 0;
  const struct category *only = NULL;
  size_t kinds = kinds_that_happened(briefing, first, last);
  for (size_t i = first; i < last; i++) {
    const struct category *category = &briefing->categories[i];
    if (!is_rare(category, kinds)) {
      rows[count++] = (struct category_row){.category = category};
      continue;
    }
    only = category;
    merged.merged++;
    for (size_t span = 0; span < BRIEFING_SPANS; span++) merged.count[span] += category->total.count[span];
  }
  if (merged.merged == 1) rows[count++] = (struct category_row){.category = only};
  if (count > 1) qsort(rows, count, sizeof *rows, most_first);
  if (merged.merged > 1) rows[count++] = merged;
  return count;
}
