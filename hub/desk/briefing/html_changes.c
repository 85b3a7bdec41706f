// See html.h: what changed, against the period before and the same weeks last year; and the weeks.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hub/desk/briefing/html.h"
#include "hub/desk/briefing/words.h"

enum { CHANGES_LISTED = 12, COLUMNS = 7 };

static void mark(struct page *page, const struct comparison *comparison) {
  if (!comparison->changed) return;
  page_raw(page, comparison->rate.ratio > 1 ? "<span class=\"up\">▲ ökat</span>"
                                            : "<span class=\"down\">▼ minskat</span>");
}

static void tile(struct page *page, const char *class, struct told told, const char *label,
                 const char *period) {
  page_printf(page, "<li%s><b>", class);
  html_told(page, told);
  page_raw(page, "</b><span>");
  page_text(page, label);
  page_raw(page, "<br/>");
  page_text(page, period);
  page_raw(page, "</span></li>\n");
}

static void tiles(struct page *page, const struct briefing *briefing) {
  static const char *const labels[] = {"händelser i perioden", "perioden före", "samma veckor förra året"};
  page_raw(page, "<ul class=\"tiles\">\n");
  for (size_t i = 0; i < BRIEFING_SPANS; i++) {
    char period[WORDS_SIZE];
    (void)words_period(period, briefing->spans[i].start_day, briefing->spans[i].end_day);
    tile(page, i == 0 ? " class=\"now\"" : "", briefing->incidents.told[i], labels[i], period);
  }
  page_raw(page, "</ul>\n");
}

static void change_line(struct page *page, const struct change *change) {
  page_raw(page, "<li>");
  mark(page, change->comparison);
  page_raw(page, " <b>");
  if (change->category != NULL) {
    html_category(page, change->category);
  } else {
    page_raw(page, "Alla händelser");
  }
  if (change->unit != NULL) {
    page_raw(page, "</b> i <b>");
    page_text(page, change->unit->title);
  }
  page_raw(page, "</b>: ");
  html_told(page, change->cell->told[SPAN_NOW]);
  page_raw(page, ", mot ");
  html_told(page, change->cell->told[change->against]);
  page_raw(page,
           change->against == SPAN_BEFORE ? " perioden före; kvot " : " samma veckor förra året; kvot ");
  html_ratio(page, change->comparison);
  page_raw(page, "</li>\n");
}

static void change_list(struct page *page, const struct briefing *briefing) {
  struct change changes[RENDER_CHANGES_MAX];
  size_t count = render_changes(briefing, changes, RENDER_CHANGES_MAX);
  page_raw(page, "<h3>Förändringar som slumpen inte förklarar</h3>\n");
  if (count == 0) {
    page_printf(
        page, "<p>Inga. %zu jämförelser är prövade; ingen skillnad är större än vad slumpen brukar ge.</p>\n",
        briefing->comparisons_tested);
    return;
  }
  page_raw(page, "<ul class=\"changes\">\n");
  for (size_t i = 0; i < count && i < CHANGES_LISTED; i++) change_line(page, &changes[i]);
  page_raw(page, "</ul>\n");
  if (count > CHANGES_LISTED) {
    page_printf(page, "<p class=\"note\">Och %zu till; alla står i tabellerna.</p>\n",
                count - CHANGES_LISTED);
  }
}

static void ratio_cells(struct page *page, const char *label, const struct cell *cell) {
  page_raw(page, "<td class=\"wide\">");
  chart_ratio(page, label, &cell->before);
  page_raw(page, "</td><td class=\"n\">");
  html_ratio(page, &cell->before);
  page_raw(page, "</td><td class=\"n\">");
  html_ratio(page, &cell->year);
  page_raw(page, "</td>");
}

static void told_cells(struct page *page, const struct cell *cell) {
  for (size_t i = 0; i < BRIEFING_SPANS; i++) {
    page_raw(page, i == SPAN_NOW ? "<td class=\"n strong\">" : "<td class=\"n\">");
    html_told(page, cell->told[i]);
    page_raw(page, "</td>");
  }
}

static void marks(struct page *page, const struct cell *cell) {
  if (cell->before.changed) {
    page_raw(page, " ");
    mark(page, &cell->before);
  }
  if (cell->year.changed) {
    page_raw(page, " ");
    mark(page, &cell->year);
    page_raw(page, " <span class=\"note\">mot förra året</span>");
  }
}

static const char *row_label(const struct category *category) {
  return category->kind[0] != '\0' ? category->kind : category_type_title(category->type);
}

static void plain_row(struct page *page, const struct category *category) {
  page_raw(page, "<tr><th scope=\"row\">");
  page_text(page, row_label(category));
  if (category->counted_only) page_raw(page, " <span class=\"note\">(endast antal)</span>");
  marks(page, &category->total);
  page_raw(page, "</th>");
  told_cells(page, &category->total);
  ratio_cells(page, row_label(category), &category->total);
  page_raw(page, "</tr>\n");
}

static void merged_row(struct page *page, const struct category_row *row) {
  char number[WORDS_SIZE];
  page_printf(page, "<tr><th scope=\"row\">Övriga %u slag</th>", row->merged);
  for (size_t i = 0; i < BRIEFING_SPANS; i++) {
    page_printf(page, "<td class=\"n%s\">%s</td>", i == SPAN_NOW ? " strong" : "",
                words_number(number, row->count[i]));
  }
  page_raw(page, "<td class=\"wide\"></td><td class=\"n\">–</td><td class=\"n\">–</td></tr>\n");
}

// A type's own sum, where it has several kinds and all are records.
static void group_row(struct page *page, const struct briefing *briefing, size_t first, size_t last) {
  struct told sums[BRIEFING_SPANS] = {{.hidden = false}};
  for (size_t i = first; i < last; i++) {
    for (size_t span = 0; span < BRIEFING_SPANS; span++) {
      sums[span] = told_sum(sums[span], briefing->categories[i].total.told[span]);
    }
  }
  page_raw(page, "<tr class=\"group\"><th scope=\"rowgroup\">");
  page_text(page, category_type_title(briefing->categories[first].type));
  page_raw(page, "</th>");
  for (size_t span = 0; span < BRIEFING_SPANS; span++) {
    page_raw(page, "<td class=\"n\">");
    html_told(page, sums[span]);
    page_raw(page, "</td>");
  }
  page_raw(page, "<td class=\"wide\"></td><td></td><td></td></tr>\n");
}

static void type_rows(struct page *page, const struct briefing *briefing, size_t first, size_t last) {
  struct category_row rows[BRIEFING_CATEGORIES_MAX];
  size_t count = render_rows(briefing, first, last, rows);
  bool is_alone = last - first == 1 && briefing->categories[first].kind[0] == '\0';
  page_raw(page, "<tbody>\n");
  if (!is_alone) group_row(page, briefing, first, last);
  for (size_t i = 0; i < count; i++) {
    if (rows[i].merged == 0) {
      plain_row(page, rows[i].category);
    } else {
      merged_row(page, &rows[i]);
    }
  }
  page_raw(page, "</tbody>\n");
}

static void total_row(struct page *page, const struct briefing *briefing) {
  page_raw(page, "<tbody><tr class=\"sum\"><th scope=\"row\">Alla händelser");
  marks(page, &briefing->incidents);
  page_raw(page, "</th>");
  told_cells(page, &briefing->incidents);
  ratio_cells(page, "Alla händelser", &briefing->incidents);
  page_raw(page, "</tr></tbody>\n");
}

static void table(struct page *page, const struct briefing *briefing, enum category_class class,
                  const char *title, bool with_total) {
  bool any = false;
  for (size_t i = 0; i < briefing->categories_count && !any; i++)
    any = briefing->categories[i].class == class;
  if (!any) return;
  page_element(page, "h3", title);
  page_raw(
      page,
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Tabell\"><table class=\"counts\">"
      "<thead><tr><th scope=\"col\">Slag</th><th scope=\"col\" class=\"n\">Perioden</th><th scope=\"col\" "
      "class=\"n\">Före</th>"
      "<th scope=\"col\" class=\"n\">Förra året</th><th scope=\"col\" class=\"wide\">¼ – 1 – 4 gånger</th>"
      "<th scope=\"col\" class=\"n\">Kvot mot före</th><th scope=\"col\" class=\"n\">Kvot mot förra "
      "året</th></tr></thead>\n");
  for (size_t i = 0; i < briefing->categories_count;) {
    size_t end = render_type_end(briefing, i);
    if (briefing->categories[i].class == class) type_rows(page, briefing, i, end);
    i = end;
  }
  if (with_total) total_row(page, briefing);
  page_raw(page, "</table></div>\n");
}

static void weeks_row(struct page *page, const struct week *week) {
  char day[WORDS_SIZE], count[WORDS_SIZE], year[WORDS_SIZE];
  page_printf(page,
              "<tr><th scope=\"row\">v.&#160;%d, från %s%s</th><td>%s</td><td class=\"n\">%s</td><td "
              "class=\"n\">%s</td></tr>\n",
              words_week_of(week->start_day), words_date_short(day, week->start_day),
              week->days < 7 ? " (del av vecka)" : "", week->in_period ? "perioden" : "före",
              words_number(count, week->count), week->in_period ? words_number(year, week->year_count) : "");
}

static void weeks(struct page *page, const struct briefing *briefing) {
  page_raw(page,
           "<h3>Vecka för vecka</h3>\n<figure><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
           "aria-label=\"Diagram\">");
  chart_weeks(page, briefing);
  page_raw(page,
           "</div><ul class=\"legend\"><li><svg viewBox=\"0 0 16 16\" aria-hidden=\"true\"><rect "
           "width=\"16\" height=\"16\" fill=\"var(--accent)\"/></svg>perioden</li>"
           "<li><svg viewBox=\"0 0 16 16\" aria-hidden=\"true\"><rect width=\"16\" height=\"16\" "
           "fill=\"#aebdca\"/></svg>perioden före</li>"
           "<li><svg viewBox=\"0 0 16 16\" aria-hidden=\"true\"><path d=\"M0 8H16\" stroke=\"var(--warm)\" "
           "stroke-width=\"3\"/></svg>samma vecka förra året</li></ul>"
           "<details><summary>Talen i diagrammet</summary><table><thead><tr><th scope=\"col\">Vecka</th><th "
           "scope=\"col\">Del</th>"
           "<th scope=\"col\" class=\"n\">Händelser</th><th scope=\"col\" class=\"n\">Förra "
           "året</th></tr></thead><tbody>\n");
  for (size_t i = 0; i < briefing->weeks_count; i++) weeks_row(page, &briefing->weeks[i]);
  page_raw(page, "</tbody></table></details></figure>\n");
}

void html_changes(struct page *page, const struct briefing *briefing) {
  page_raw(page, "<section id=\"forandringar\"><h2>Vad har förändrats</h2>\n");
  tiles(page, briefing);
  change_list(page, briefing);
  page_raw(page,
           "<p class=\"note\">I tabellerna är kvoten perioden delad med den jämförda, med 95 % intervall "
           "inom parentes. Över 1 är "
           "fler, under 1 färre; – betyder för få för att prövas, eller ingen jämförbar källa.</p>\n");
  table(page, briefing, CATEGORY_INCIDENT, "Händelser efter slag", true);
  table(page, briefing, CATEGORY_WORK, "Iakttagelser och insatser", false);
  table(page, briefing, CATEGORY_PERSON, "Ärenden om personer", false);
  weeks(page, briefing);
  page_raw(page, "</section>\n");
}

static bool is_hidden(const struct category *category, size_t units_count) {
  for (size_t i = 0; i < units_count; i++) {
    for (size_t span = 0; span < BRIEFING_SPANS; span++) {
      const struct told *told = &category->units[i].told[span];
      if (!told->hidden && told->high > 0) return false;
    }
  }
  return true;
}

static void appendix_row(struct page *page, const struct unit *unit, const struct cell *cell) {
  if (cell->told[SPAN_NOW].high + cell->told[SPAN_BEFORE].high + cell->told[SPAN_YEAR].high == 0) return;
  page_raw(page, "<tr><th scope=\"row\">");
  page_text(page, unit->title);
  marks(page, cell);
  page_raw(page, "</th>");
  told_cells(page, cell);
  page_raw(page, "</tr>\n");
}

static void appendix_kind(struct page *page, const struct briefing *briefing,
                          const struct category *category) {
  page_raw(page, "<div><table><caption>");
  html_category(page, category);
  if (category->counted_only) page_raw(page, " (endast antal)");
  page_raw(page,
           "</caption><thead><tr><th scope=\"col\">Område</th><th scope=\"col\" class=\"n\">Perioden</th>"
           "<th scope=\"col\" class=\"n\">Före</th><th scope=\"col\" class=\"n\">Förra "
           "året</th></tr></thead><tbody>\n");
  if (category->counted_only && is_hidden(category, briefing->units_count)) {
    page_raw(page, "<tr><th scope=\"row\" colspan=\"4\">Områdenas tal är dolda: de är för små.</th></tr>\n");
  } else {
    for (size_t i = 0; i < briefing->units_count; i++)
      appendix_row(page, &briefing->units[i], &category->units[i]);
  }
  page_raw(page, "</tbody></table></div>\n");
}

void html_appendix(struct page *page, const struct briefing *briefing) {
  if (briefing->units_count < 2 || briefing->categories_count == 0) return;
  page_raw(page,
           "<section id=\"bilaga\" class=\"appendix\"><h2>Bilaga: alla slag, område för område</h2>\n"
           "<details><summary>Tabellerna</summary><div class=\"kinds\">\n");
  for (size_t i = 0; i < briefing->categories_count; i++)
    appendix_kind(page, briefing, &briefing->categories[i]);
  page_raw(page, "</div></details></section>\n");
}
