// See briefing.h: the briefing for a terminal, in Swedish, without colours or control characters. The first
// lines stand by themselves; the tables follow in the order of the page.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hub/desk/briefing/page.h"
#include "hub/desk/briefing/render.h"
#include "hub/desk/briefing/words.h"

enum {
  LABEL_WIDTH = 42,
  NUMBER_WIDTH = 11,
  RATIO_WIDTH = 22,
  CHANGES_LISTED = 5,
  PLACES_LISTED = 15,
  NEWEST_LISTED = 20,
  NARRATIVE_SHOWN = 160,
  CELL_SIZE = 256,
  BLOCK_HOURS = 3
};

static size_t characters(const char *text) {
  size_t count = 0;
  for (; *text != '\0'; text++) count += ((unsigned char)*text & 0xC0) != 0x80;
  return count;
}

static void blanks(struct page *page, size_t count) {
  for (; count > 0; count--) page_raw(page, " ");
}

static void left(struct page *page, const char *text, size_t width) {
  size_t length = characters(text);
  page_text_cut(page, text, length > width ? width - 1 : length);
  blanks(page, length < width ? width - length : 0);
  page_raw(page, " ");
}

static void right(struct page *page, const char *text, size_t width) {
  size_t length = characters(text);
  blanks(page, length < width ? width - length : 0);
  page_text(page, text);
}

static const char *told_text(char out[CELL_SIZE], struct told told) {
  char low[WORDS_SIZE], high[WORDS_SIZE];
  if (told.hidden) return "dolt";
  (void)snprintf(out, CELL_SIZE, told.low == told.high ? "%s" : "%s–%s", words_number(low, told.low),
                 words_number(high, told.high));
  return out;
}

static const char *ratio_text(char out[CELL_SIZE], const struct comparison *comparison) {
  char ratio[WORDS_SIZE], low[WORDS_SIZE], high[WORDS_SIZE];
  const struct rate_ratio *rate = &comparison->rate;
  if (!comparison->tested) return "–";
  const char *sign = !comparison->changed ? "" : rate->ratio > 1 ? "▲ " : "▼ ";
  if (isinf(rate->ratio)) {
    (void)snprintf(out, CELL_SIZE, "%sfrån noll", sign);
    return out;
  }
  (void)snprintf(out, CELL_SIZE, "%s%s (%s–%s)", sign, words_decimal(ratio, rate->ratio, 2),
                 words_decimal(low, rate->low, 2), words_decimal(high, rate->high, 2));
  return out;
}

static void cell_columns(struct page *page, const struct cell *cell) {
  char text[CELL_SIZE];
  for (size_t i = 0; i < BRIEFING_SPANS; i++) right(page, told_text(text, cell->told[i]), NUMBER_WIDTH);
  right(page, ratio_text(text, &cell->before), RATIO_WIDTH);
  right(page, ratio_text(text, &cell->year), RATIO_WIDTH);
  page_raw(page, "\n");
}

static void heading(struct page *page, const char *title) {
  page_raw(page, "\n");
  page_text(page, title);
  page_raw(page, "\n");
}

static void table_head(struct page *page, const char *title) {
  page_raw(page, "\n");
  left(page, title, LABEL_WIDTH);
  right(page, "Perioden", NUMBER_WIDTH);
  right(page, "Före", NUMBER_WIDTH);
  right(page, "Förra året", NUMBER_WIDTH);
  right(page, "Kvot mot före", RATIO_WIDTH);
  right(page, "Kvot mot förra året", RATIO_WIDTH);
  page_raw(page, "\n");
}

static void category_line(struct page *page, const struct category *category) {
  char label[CELL_SIZE];
  (void)snprintf(label, sizeof label, "  %s%s",
                 category->kind[0] != '\0' ? category->kind : category_type_title(category->type),
                 category->counted_only ? " (endast antal)" : "");
  left(page, label, LABEL_WIDTH);
  cell_columns(page, &category->total);
}

static void merged_line(struct page *page, const struct category_row *row) {
  char label[CELL_SIZE], number[WORDS_SIZE];
  (void)snprintf(label, sizeof label, "  Övriga %u slag", row->merged);
  left(page, label, LABEL_WIDTH);
  for (size_t i = 0; i < BRIEFING_SPANS; i++) right(page, words_number(number, row->count[i]), NUMBER_WIDTH);
  page_raw(page, "\n");
}

static void type_lines(struct page *page, const struct briefing *briefing, size_t first, size_t last) {
  struct category_row rows[BRIEFING_CATEGORIES_MAX];
  size_t count = render_rows(briefing, first, last, rows);
  page_text(page, category_type_title(briefing->categories[first].type));
  page_raw(page, "\n");
  for (size_t i = 0; i < count; i++) {
    if (rows[i].merged > 0) {
      merged_line(page, &rows[i]);
    } else {
      category_line(page, rows[i].category);
    }
  }
}

static void changes_table(struct page *page, const struct briefing *briefing) {
  if (briefing->categories_count == 0) return;
  table_head(page, "VAD HAR FÖRÄNDRATS");
  for (size_t i = 0; i < briefing->categories_count;) {
    size_t end = render_type_end(briefing, i);
    type_lines(page, briefing, i, end);
    i = end;
  }
  left(page, "Alla händelser", LABEL_WIDTH);
  cell_columns(page, &briefing->incidents);
}

static void areas_table(struct page *page, const struct briefing *briefing) {
  char rate[CELL_SIZE], text[CELL_SIZE];
  page_raw(page, "\n");
  left(page, "VAR DET HÄNDER", LABEL_WIDTH);
  right(page, "Perioden", NUMBER_WIDTH);
  right(page, "Före", NUMBER_WIDTH);
  right(page, "Per 1 000 invånare", RATIO_WIDTH);
  page_raw(page, "\n");
  for (size_t i = 0; i < briefing->units_count; i++) {
    const struct cell *cell = &briefing->unit_incidents[i];
    if (cell->count[SPAN_NOW] + cell->count[SPAN_BEFORE] == 0) continue;
    double value = render_rate(briefing, i);
    blanks(page, 2);
    left(page, briefing->units[i].title, LABEL_WIDTH - 2);
    right(page, told_text(text, cell->told[SPAN_NOW]), NUMBER_WIDTH);
    right(page, told_text(text, cell->told[SPAN_BEFORE]), NUMBER_WIDTH);
    right(page, isnan(value) ? "–" : words_decimal(rate, value, 1), RATIO_WIDTH);
    page_raw(page, "\n");
  }
}

// In blocks of three hours: 24 columns do not fit a terminal.
static void hours_table(struct page *page, const struct briefing *briefing) {
  char text[CELL_SIZE];
  page_raw(page, "\n");
  left(page, "NÄR DET HÄNDER", 14);
  for (int hour = 0; hour < 24; hour += BLOCK_HOURS) {
    (void)snprintf(text, sizeof text, "%02d–%02d", hour, (hour + BLOCK_HOURS) % 24);
    right(page, text, 8);
  }
  page_raw(page, "\n");
  for (int day = 0; day < 7; day++) {
    blanks(page, 2);
    left(page, words_weekday(day), 12);
    for (int hour = 0; hour < 24; hour += BLOCK_HOURS) {
      uint32_t sum = 0;
      for (int i = hour; i < hour + BLOCK_HOURS; i++) sum += briefing->hours[day][i];
      (void)snprintf(text, sizeof text, "%u", sum);
      right(page, text, 8);
    }
    page_raw(page, "\n");
  }
}

static void place_line(struct page *page, const struct briefing *briefing, const struct cluster *cluster,
                       size_t number) {
  bool first = true;
  page_printf(page, "%3zu. ", number);
  page_text(page, cluster->address != NULL ? cluster->address : "Plats utan adress");
  page_raw(page, ", ");
  page_text(page, briefing->units[cluster->unit].place);
  page_printf(page, ": %u %s (före %u) – ", cluster->count,
              words_plural(cluster->count, "händelse", "händelser"), cluster->count_before);
  for (size_t i = 0; i < briefing->senders_count; i++) {
    if (cluster->sender_count[i] == 0) continue;
    page_raw(page, first ? "" : ", ");
    page_text(page, briefing->senders[i].agency);
    page_printf(page, " %u", cluster->sender_count[i]);
    first = false;
  }
  page_raw(page, "\n");
}

static void places(struct page *page, const struct briefing *briefing) {
  heading(page, "PLATSER DÄR FLERA PEKAR ÅT SAMMA HÅLL (inom 150 meter)");
  if (briefing->shared_clusters == 0) page_raw(page, "  Ingen.\n");
  for (size_t i = 0; i < briefing->shared_clusters && i < PLACES_LISTED; i++)
    place_line(page, briefing, &briefing->clusters[i], i + 1);
  if (briefing->shared_clusters > PLACES_LISTED)
    page_printf(page, "     … och %zu till\n", briefing->shared_clusters - PLACES_LISTED);
}

static const char *agreed_title(const Nav__V1__Event *event) {
  if (event->body_case == NAV__V1__EVENT__BODY_PROBLEM) return event->problem->title;
  if (event->body_case == NAV__V1__EVENT__BODY_ACTION) return event->action->title;
  return event->promise->title;
}

static void agreed(struct page *page, const struct briefing *briefing) {
  if (briefing->agreed_count == 0) return;
  heading(page, "ÖVERENSKOMMET TIDIGARE");
  for (size_t i = 0; i < briefing->agreed_count; i++) {
    const struct agreed *one = &briefing->agreed[i];
    const char *title = agreed_title(one->event);
    page_raw(page, one->event->body_case == NAV__V1__EVENT__BODY_PROBLEM  ? "  Problem: "
                   : one->event->body_case == NAV__V1__EVENT__BODY_ACTION ? "  Åtgärd: "
                                                                          : "  Löfte: ");
    page_text(page, title != NULL ? title : "");
    if (one->event->body_case == NAV__V1__EVENT__BODY_PROMISE) {
      page_printf(page, ", %u av %u", one->event->promise->done_count, one->event->promise->target_count);
    }
    page_raw(page, one->overdue ? " – FÖRSENAD\n" : "\n");
  }
}

static void timelines(struct page *page, const struct briefing *briefing) {
  char when[WORDS_SIZE];
  for (size_t i = 0; i < briefing->timelines_count; i++) {
    const struct timeline *timeline = &briefing->timelines[i];
    heading(page, timeline->person->title);
    if (timeline->count == 0) page_raw(page, "  Inget som alla runt bordet får se.\n");
    for (size_t j = 0; j < timeline->count; j++) {
      const struct item *item = timeline->items[j];
      const struct category *category = &briefing->categories[item->category];
      page_printf(page, "  %s  ", words_time_short(when, item->time_ms));
      page_text(page, category_type_title(category->type));
      page_raw(page, ": ");
      page_text(page, category->kind);
      page_raw(page, "\n");
    }
  }
}

static void newest_line(struct page *page, const struct briefing *briefing, const struct item *item,
                        const Nav__V1__Event *redacted) {
  char when[WORDS_SIZE];
  const struct category *category = &briefing->categories[item->category];
  const char *narrative = render_narrative(redacted);
  page_printf(page, "  %s  ", words_time_short(when, item->time_ms));
  page_text(page, category->kind[0] != '\0' ? category->kind : category_type_title(category->type));
  page_raw(page, ", ");
  page_text(page, briefing->units[item->unit].place);
  page_raw(page, " – ");
  page_text(page, briefing->senders[item->sender].agency);
  if (narrative != NULL && narrative[0] != '\0') {
    page_raw(page, "\n      ");
    page_text_cut(page, narrative, NARRATIVE_SHOWN);
  }
  page_raw(page, "\n");
}

static void newest(struct page *page, const struct briefing *briefing) {
  const struct item *items[NEWEST_LISTED];
  size_t count = render_newest(briefing, items, NEWEST_LISTED);
  heading(page, "DE SENASTE HÄNDELSERNA");
  for (size_t i = 0; i < count; i++) {
    struct nav_arena *scratch = nav_arena_new(RENDER_SCRATCH_MAX);
    const Nav__V1__Event *redacted =
        scratch != NULL ? briefing_redacted(briefing, items[i]->source, &items[i]->joint, scratch) : NULL;
    if (redacted != NULL) {
      newest_line(page, briefing, items[i], redacted);
    } else {
      page->failed = true;
    }
    nav_arena_free(scratch);
  }
  if (count == 0) page_raw(page, "  Inga i perioden.\n");
}

static void feeds(struct page *page, const struct briefing *briefing) {
  char when[WORDS_SIZE];
  heading(page, "KÄLLOR");
  for (size_t i = 0; i < briefing->input.feeds_count; i++) {
    const struct briefing_feed *feed = &briefing->input.feeds[i];
    blanks(page, 2);
    left(page, briefing_agency_title(briefing, feed->agency), 64);
    page_printf(page, "%s%s\n", feed->newest_ms > 0 ? "senast " : "har inte sänt något",
                feed->newest_ms > 0 ? words_time(when, feed->newest_ms) : "");
  }
}

static void annex_line(struct page *page, const struct briefing *briefing, const struct annex_row *row) {
  static const char *const whys[] = {"utelämnat", "endast antal", "visas med mindre innehåll"};
  page_printf(page, "  %u × ", row->count);
  page_text(page, category_type_title(row->type));
  if (row->kind[0] != '\0') page_raw(page, ": ");
  page_text(page, row->kind);
  page_printf(page, ", %s, för ", whys[row->why]);
  bool first = true;
  for (size_t i = 0; i < briefing->input.part->participants_count; i++) {
    if ((row->participants >> i & 1) == 0) continue;
    page_raw(page, first ? "" : ", ");
    page_text(page, briefing->input.part->participants[i].agency);
    first = false;
  }
  if (row->lane->rule != NULL) {
    page_raw(page, " (");
    page_text(page, row->lane->rule);
    page_raw(page, ")");
  }
  page_raw(page, "\n");
  if (row->because == NULL) return;
  page_raw(page, "      ");
  page_text(page, row->because);
  page_raw(page, "\n");
}

static void annex(struct page *page, const struct briefing *briefing) {
  const struct annex *own = briefing->annex;
  page_raw(page, "\nENDAST FÖR ");
  page_text(page, briefing_agency_title(briefing, own->agency));
  page_printf(page, "\n  Av era %u händelser visas %u, %u är bara med som antal och %u är utelämnade.\n",
              own->own, own->shown, own->counted, own->left_out);
  for (size_t i = 0; i < own->rows_count; i++) annex_line(page, briefing, &own->rows[i]);
}

static void change_line(struct page *page, const struct change *change) {
  char text[CELL_SIZE];
  page_raw(page, change->comparison->rate.ratio > 1 ? "▲ Ökat: " : "▼ Minskat: ");
  page_text(page, change->category == NULL ? "alla händelser" : category_type_title(change->category->type));
  if (change->category != NULL && change->category->kind[0] != '\0') {
    page_raw(page, ", ");
    page_text(page, change->category->kind);
  }
  if (change->unit != NULL) {
    page_raw(page, " i ");
    page_text(page, change->unit->title);
  }
  page_printf(page, ": %s mot ", told_text(text, change->cell->told[SPAN_NOW]));
  page_printf(page, "%s %s\n", told_text(text, change->cell->told[change->against]),
              change->against == SPAN_BEFORE ? "perioden före" : "samma veckor förra året");
}

static void changes(struct page *page, const struct briefing *briefing) {
  struct change found[RENDER_CHANGES_MAX];
  size_t count = render_changes(briefing, found, RENDER_CHANGES_MAX);
  for (size_t i = 0; i < count && i < CHANGES_LISTED; i++) change_line(page, &found[i]);
  if (count > CHANGES_LISTED) page_printf(page, "… och %zu förändringar till\n", count - CHANGES_LISTED);
  if (count == 0) page_raw(page, "Inga förändringar utöver vad slumpen brukar ge.\n");
}

static void head(struct page *page, const struct briefing *briefing) {
  const struct meeting_part *part = briefing->input.part;
  char now[CELL_SIZE], before[CELL_SIZE], year[CELL_SIZE], words[WORDS_SIZE];
  page_text(page, briefing->input.meeting->title);
  page_printf(page, ", %s\nDeltagare: ",
              words_period(words, briefing->spans[SPAN_NOW].start_day, briefing->spans[SPAN_NOW].end_day));
  for (size_t i = 0; i < part->participants_count; i++) {
    page_raw(page, i > 0 ? ", " : "");
    page_text(page, part->participants[i].agency);
  }
  page_raw(page, "\nÄndamål: ");
  page_text(page, part->purpose);
  page_printf(page, ". Sammanställd %s.\n", words_time(words, briefing->input.now_ms));
  page_printf(page, "%s %s, mot %s perioden före och %s samma veckor förra året.\n",
              told_text(now, briefing->incidents.told[SPAN_NOW]),
              words_plural(briefing->incidents.count[SPAN_NOW], "händelse", "händelser"),
              told_text(before, briefing->incidents.told[SPAN_BEFORE]),
              told_text(year, briefing->incidents.told[SPAN_YEAR]));
  changes(page, briefing);
  page_printf(page, "%zu %s där flera verksamheter pekar åt samma håll.\n", briefing->shared_clusters,
              words_plural(briefing->shared_clusters, "plats", "platser"));
  if (briefing->input.truncated)
    page_raw(
        page,
        "OBS: det finns fler händelser än som ryms; talen är för låga. Välj mindre område eller period.\n");
}

bool briefing_render_text(const struct briefing *briefing, const char *for_agency, struct nav_buffer *out,
                          struct nav_error *err) {
  if (!render_may_show_annex(briefing, for_agency, err)) return false;
  struct page page = {.out = out, .plain = true};
  head(&page, briefing);
  changes_table(&page, briefing);
  areas_table(&page, briefing);
  hours_table(&page, briefing);
  places(&page, briefing);
  newest(&page, briefing);
  timelines(&page, briefing);
  agreed(&page, briefing);
  feeds(&page, briefing);
  if (for_agency != NULL) annex(&page, briefing);
  return !page.failed || nav_fail(err, NAV_ERROR_LOCAL, 0, briefing->input.meeting->id,
                                  "does not fit in %zu bytes", out->max);
}
