// See model.h: what is told of small counts, comparisons with earlier periods, weeks and hours.
// Called by: compile. Must never: tell a counted-only cell below the smallest, or a sum that gives one away.
#include <math.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/desk/briefing/model.h"
#include "hub/desk/briefing/words.h"

enum { MEMO_SIDE = 64, WEEK_DAYS = 7, YEAR_DAYS = 364 };

static const double discovery_level = 0.05;

struct told told_of(uint32_t count, uint32_t smallest) {
  if (count == 0 || count >= smallest) return (struct told){.low = count, .high = count};
  return (struct told){.low = 1, .high = smallest - 1};
}

struct told told_sum(struct told a, struct told b) {
  return (struct told){.low = a.low + b.low, .high = a.high + b.high};
}

// A row of counted-only cells and its total T, so that neither they nor their sum give a small cell away:
//   no small cell (1 to m − 1, m the smallest that may be told): all is told;
//   T ≥ 2m − 1, and each of the k small cells, S together, could still be anything from 1 to m − 1 beside
//   what is told (m + k − 2 ≤ S ≤ (k − 1)(m − 1) + 1): they are told as "1 to m − 1", all else exactly; else
//   only T is told (as "1 to m − 1" where it is small itself), and every cell is hidden.
// Who knows this rule still finds every number from 1 to m − 1 possible in every small cell. In the second
// case by its condition; in the third because a table with w in that cell and T − w in another is told the
// same way: where T ≥ 2m − 1 it has one small cell, which never fits the condition, and where T is less the
// second case is never taken. tests/unit/briefing/count_test.c goes through all small tables.
struct told told_row(const uint32_t *counts, size_t count, uint32_t smallest, struct told *cells) {
  uint32_t k = 0, small = 0, total = 0;
  for (size_t i = 0; i < count; i++) {
    bool is_small = counts[i] > 0 && counts[i] < smallest;
    cells[i] = told_of(counts[i], smallest);
    total += counts[i];
    k += is_small;
    small += is_small ? counts[i] : 0;
  }
  if (k == 0) return told_of(total, 0);
  bool is_safe =
      total + 1 >= 2 * smallest && small + 2 >= smallest + k && small <= (k - 1) * (smallest - 1) + 1;
  for (size_t i = 0; i < count && !is_safe; i++) {
    cells[i] = (struct told){.high = told_of(total, smallest).high, .hidden = true};
  }
  return told_of(total, smallest);
}

static void tell_category(const struct briefing *briefing, struct category *category) {
  uint32_t smallest = category->counted_only ? category->smallest_cell : 0, counts[BRIEFING_AREAS_MAX];
  struct told cells[BRIEFING_AREAS_MAX];
  for (size_t span = 0; span < BRIEFING_SPANS; span++) {
    for (size_t unit = 0; unit < briefing->units_count; unit++)
      counts[unit] = category->units[unit].count[span];
    category->total.told[span] = told_row(counts, briefing->units_count, smallest, cells);
    for (size_t unit = 0; unit < briefing->units_count; unit++)
      category->units[unit].told[span] = cells[unit];
  }
}

static void tell_incidents(struct briefing *briefing) {
  for (size_t span = 0; span < BRIEFING_SPANS; span++) {
    uint32_t sum = 0;
    for (size_t unit = 0; unit < briefing->units_count; unit++) {
      struct cell *cell = &briefing->unit_incidents[unit];
      cell->told[span] = told_of(cell->count[span], 0);
      sum += cell->count[span];
    }
    briefing->incidents.count[span] = sum;
    briefing->incidents.told[span] = told_of(sum, 0);
  }
}

// All comparisons of the briefing, so that the correction counts them all.
struct comparing {
  struct briefing *briefing;
  struct comparison **items;
  size_t count;
  struct rate_ratio *memo;  // of small counts, by now × MEMO_SIDE + then; p 0: not yet computed
};

static struct rate_ratio rate_of(const struct comparing *all, uint32_t now, uint32_t then) {
  if (now >= MEMO_SIDE || then >= MEMO_SIDE) return rate_ratio(now, then, 1, 1);  // equal periods
  struct rate_ratio *memo = &all->memo[now * MEMO_SIDE + then];
  if (memo->p <= 0) *memo = rate_ratio(now, then, 1, 1);
  return *memo;
}

static bool is_exact(struct told told) { return told.low == told.high && !told.hidden; }

// A feed that was silent in one of the periods makes no comparison: it would tell of the feed, not of the
// place.
static bool heard_in_both(const struct briefing *briefing, uint64_t senders, enum briefing_span_name then) {
  for (size_t i = 0; i < briefing->senders_count; i++) {
    const struct sender *sender = &briefing->senders[i];
    if ((senders >> i & 1) != 0 && !(sender->heard[SPAN_NOW] && sender->heard[then])) return false;
  }
  return true;
}

static void compare(struct comparing *all, const struct cell *cell, struct comparison *comparison,
                    uint64_t senders, enum briefing_span_name then) {
  comparison->rate = (struct rate_ratio){.ratio = NAN, .high = INFINITY, .p = 1};
  uint32_t now_count = cell->told[SPAN_NOW].low, then_count = cell->told[then].low;
  if (!is_exact(cell->told[SPAN_NOW]) || !is_exact(cell->told[then])) return;
  if (now_count + then_count == 0 || !heard_in_both(all->briefing, senders, then)) return;
  comparison->rate = rate_of(all, now_count, then_count);
  comparison->tested = now_count + then_count >= RATIO_EVENTS_MIN;
  if (comparison->tested) all->items[all->count++] = comparison;
}

static void compare_both(struct comparing *all, struct cell *cell, uint64_t senders) {
  compare(all, cell, &cell->before, senders, SPAN_BEFORE);
  compare(all, cell, &cell->year, senders, SPAN_YEAR);
}

static uint64_t incident_senders(const struct briefing *briefing) {
  uint64_t senders = 0;
  for (size_t i = 0; i < briefing->categories_count; i++) {
    const struct category *category = &briefing->categories[i];
    if (category->class == CATEGORY_INCIDENT && !category->counted_only) senders |= category->senders;
  }
  return senders;
}

static bool judge(const struct comparing *all, struct nav_arena *arena) {
  double *p = nav_arena_zalloc(arena, all->count + 1, sizeof *p);
  bool *found = nav_arena_zalloc(arena, all->count + 1, sizeof *found);
  size_t *order = nav_arena_zalloc(arena, all->count + 1, sizeof *order);
  if (p == NULL || found == NULL || order == NULL) return false;
  for (size_t i = 0; i < all->count; i++) p[i] = all->items[i]->rate.p;
  ratio_discover(p, found, order, all->count, discovery_level);
  for (size_t i = 0; i < all->count; i++) {
    all->items[i]->changed = found[i];
    all->briefing->comparisons_changed += found[i];
  }
  all->briefing->comparisons_tested = all->count;
  return true;
}

static bool compare_all(struct briefing *briefing) {
  size_t most = 2 * (briefing->categories_count + 1) * (briefing->units_count + 1);
  struct comparing all = {.briefing = briefing};
  all.items = nav_arena_zalloc(briefing->arena, most, sizeof *all.items);
  all.memo = nav_arena_zalloc(briefing->arena, MEMO_SIDE * MEMO_SIDE, sizeof *all.memo);
  if (all.items == NULL || all.memo == NULL) return false;
  uint64_t senders = incident_senders(briefing);
  compare_both(&all, &briefing->incidents, senders);
  for (size_t unit = 0; unit < briefing->units_count; unit++) {
    if (briefing->units_count > 1) compare_both(&all, &briefing->unit_incidents[unit], senders);
  }
  for (size_t i = 0; i < briefing->categories_count; i++) {
    struct category *category = &briefing->categories[i];
    compare_both(&all, &category->total, category->senders);
    for (size_t unit = 0; unit < briefing->units_count && briefing->units_count > 1; unit++) {
      compare_both(&all, &category->units[unit], category->senders);
    }
  }
  return judge(&all, briefing->arena);
}

// Weeks from the period's first day, back through the period before; the outermost may be shorter.
static bool lay_weeks(struct briefing *briefing) {
  const struct briefing_span *now = &briefing->spans[SPAN_NOW], *before = &briefing->spans[SPAN_BEFORE];
  int64_t each = (now->end_day - now->start_day + WEEK_DAYS - 1) / WEEK_DAYS;
  briefing->weeks = nav_arena_zalloc(briefing->arena, 2 * (size_t)each, sizeof *briefing->weeks);
  if (briefing->weeks == NULL) return false;
  briefing->weeks_count = 2 * (size_t)each;
  for (int64_t i = 0; i < 2 * each; i++) {
    int64_t start = now->start_day + (i - each) * WEEK_DAYS, end = start + WEEK_DAYS;
    if (start < before->start_day) start = before->start_day;
    if (end > now->end_day) end = now->end_day;
    briefing->weeks[i] =
        (struct week){.start_day = start, .days = (uint32_t)(end - start), .in_period = i >= each};
  }
  return true;
}

static struct week *find_week(const struct briefing *briefing, int64_t day) {
  for (size_t i = 0; i < briefing->weeks_count; i++) {
    struct week *week = &briefing->weeks[i];
    if (day >= week->start_day && day < week->start_day + week->days) return week;
  }
  return NULL;
}

static void count_hour(struct briefing *briefing, const struct item *item, int64_t day) {
  struct nav_civil civil = nav_civil_stockholm(item->time_ms);
  if (civil.hour == 0 && civil.minute == 0 && civil.second == 0 && civil.millisecond == 0) {
    briefing->without_hour++;
  } else {
    briefing->hours[words_weekday_of(day)][civil.hour]++;
  }
}

static void count_times(struct briefing *briefing) {
  for (size_t i = 0; i < briefing->items_count; i++) {
    const struct item *item = &briefing->items[i];
    if (briefing->categories[item->category].class != CATEGORY_INCIDENT) continue;
    int64_t day = nav_day_stockholm(item->time_ms);
    struct week *week = find_week(briefing, day);
    if (week != NULL) week->count++;
    struct week *later = (item->spans >> SPAN_YEAR & 1) != 0 ? find_week(briefing, day + YEAR_DAYS) : NULL;
    if (later != NULL) later->year_count++;
    if ((item->spans >> SPAN_NOW & 1) != 0) count_hour(briefing, item, day);
  }
}

bool briefing_count(struct briefing *briefing) {
  for (size_t i = 0; i < briefing->categories_count; i++) tell_category(briefing, &briefing->categories[i]);
  tell_incidents(briefing);
  if (!lay_weeks(briefing)) return false;
  count_times(briefing);
  return compare_all(briefing);
}
