// See html.h: where (map and areas), when (hours), and the places where several sources point.
#include <math.h>

#include "hub/desk/briefing/html.h"
#include "hub/desk/briefing/words.h"

enum { LISTED_HERE = 5 };

static void swatch(struct page *page, unsigned shade) {
  page_printf(page,
              "<li><svg viewBox=\"0 0 16 16\" aria-hidden=\"true\"><rect class=\"s%u\" width=\"16\" "
              "height=\"16\"/></svg>",
              shade);
}

static void shade_legend(struct page *page, const struct briefing *briefing) {
  struct shades shades = html_area_shades(briefing);
  char low[WORDS_SIZE], high[WORDS_SIZE];
  double from = 0;
  bool has_none = false;
  int decimals = shades.by_rate ? 1 : 0;
  page_printf(page, "<ul class=\"legend\" aria-label=\"Färger, %s\">",
              shades.by_rate ? "händelser per 1 000 invånare" : "antal händelser");
  for (unsigned i = 0; i < SHADES && shades.any; i++) {
    if (i > 0 && shades.upper[i] <= shades.upper[i - 1]) continue;
    swatch(page, i + 1);
    if (shades.upper[i] <= 0) {
      page_raw(page, "0</li>");
    } else {
      page_printf(page, "%s%s–%s</li>", i > 0 ? "över " : "",
                  words_decimal(low, from, from > 0 ? decimals : 0),
                  words_decimal(high, shades.upper[i], decimals));
    }
    from = shades.upper[i];
  }
  for (size_t i = 0; i < briefing->units_count; i++) {
    has_none |= briefing->units[i].area != NULL && html_area_shade(briefing, &shades, i) == 0;
  }
  if (has_none) {
    swatch(page, 0);
    page_raw(page, "för få invånare för ett tal per invånare</li>");
  }
  if (briefing->shared_clusters > 0) {
    page_raw(page, "<li><span class=\"badge\">1</span> plats som flera verksamheter pekar ut</li>");
  }
  if (briefing->clusters_count > briefing->shared_clusters) {
    page_raw(page,
             "<li><svg viewBox=\"0 0 16 16\" aria-hidden=\"true\"><circle cx=\"8\" cy=\"8\" r=\"6.5\" "
             "fill=\"#fff\" "
             "stroke=\"var(--warm)\" stroke-width=\"1.6\"/></svg>plats med tre händelser eller fler från en "
             "verksamhet</li>");
  }
  page_raw(page, "</ul>");
}

static void area_row(struct page *page, const struct briefing *briefing, size_t unit) {
  const struct cell *cell = &briefing->unit_incidents[unit];
  char rate[WORDS_SIZE];
  if (cell->count[SPAN_NOW] + cell->count[SPAN_BEFORE] == 0) return;
  page_printf(page, "<tr><th scope=\"row\"><span class=\"key\">%zu</span>", unit + 1);
  page_text(page, briefing->units[unit].title);
  page_raw(page, "</th><td class=\"n strong\">");
  html_told(page, cell->told[SPAN_NOW]);
  page_raw(page, "</td><td class=\"n\">");
  html_told(page, cell->told[SPAN_BEFORE]);
  double value = render_rate(briefing, unit);
  page_printf(page, "</td><td class=\"n\">%s</td></tr>\n",
              isnan(value) ? "–" : words_decimal(rate, value, 1));
}

static void quiet_areas(struct page *page, const struct briefing *briefing) {
  bool any = false;
  for (size_t i = 0; i < briefing->units_count; i++) {
    const struct cell *cell = &briefing->unit_incidents[i];
    if (briefing->units[i].area == NULL || cell->count[SPAN_NOW] + cell->count[SPAN_BEFORE] > 0) continue;
    page_printf(page, "%s%zu&#160;",
                any ? ", " : "<p class=\"note\">Inga händelser i någon av perioderna: ", i + 1);
    page_text(page, briefing->units[i].title);
    any = true;
  }
  if (any) page_raw(page, ".</p>\n");
}

static void lone_places(struct page *page, const struct briefing *briefing) {
  if (briefing->clusters_count == briefing->shared_clusters) return;
  page_raw(page,
           "<details><summary>De ofyllda cirklarna på kartan</summary><table><thead><tr><th "
           "scope=\"col\">Plats</th>"
           "<th scope=\"col\">Verksamhet</th><th scope=\"col\" class=\"n\">Perioden</th><th scope=\"col\" "
           "class=\"n\">Före</th></tr></thead><tbody>\n");
  for (size_t i = briefing->shared_clusters; i < briefing->clusters_count; i++) {
    const struct cluster *cluster = &briefing->clusters[i];
    page_raw(page, "<tr><th scope=\"row\">");
    page_text(page, cluster->address != NULL ? cluster->address : "Plats utan adress");
    page_raw(page, ", ");
    page_text(page, briefing->units[cluster->unit].place);
    page_raw(page, "</th><td>");
    for (size_t j = 0; j < briefing->senders_count; j++) {
      if (cluster->sender_count[j] > 0) page_text(page, briefing->senders[j].title);
    }
    page_printf(page, "</td><td class=\"n strong\">%u</td><td class=\"n\">%u</td></tr>\n", cluster->count,
                cluster->count_before);
  }
  page_raw(page, "</tbody></table></details>\n");
}

void html_map(struct page *page, const struct briefing *briefing) {
  page_raw(page, "<section id=\"karta\"><h2>Var det händer</h2>\n<div class=\"two\"><figure>");
  chart_map(page, briefing);
  shade_legend(page, briefing);
  page_raw(page,
           "<figcaption>Bara händelser med en exakt plats som alla runt bordet får se är punkter. En "
           "händelse som bara har ett "
           "område räknas i området och ritas inte.</figcaption></figure>\n"
           "<div><table><thead><tr><th scope=\"col\">Område</th><th scope=\"col\" "
           "class=\"n\">Perioden</th><th scope=\"col\" class=\"n\">Före</th>"
           "<th scope=\"col\" class=\"n\">Per 1 000 inv.</th></tr></thead><tbody>\n");
  for (size_t i = 0; i < briefing->units_count; i++) area_row(page, briefing, i);
  page_raw(page, "</tbody></table>\n");
  quiet_areas(page, briefing);
  lone_places(page, briefing);
  page_raw(page, "</div></div></section>\n");
}

static void hours_sentence(struct page *page, const struct briefing *briefing) {
  uint32_t most = 0, total = 0, evening = 0;
  int day = 0, hour = 0;
  for (int i = 0; i < 7 * 24; i++) {
    uint32_t count = briefing->hours[i / 24][i % 24];
    total += count;
    if (i % 24 >= 18 || i % 24 < 2) evening += count;
    if (count <= most) continue;
    most = count;
    day = i / 24;
    hour = i % 24;
  }
  if (total == 0) {
    page_raw(page, "<p>Inga händelser med klockslag i perioden.</p>\n");
    return;
  }
  page_printf(page,
              "<p>Flest i en timme: %s kl. %02d–%02d, %u %s. Mellan kl. 18 och 02 inträffade "
              "%.0f&#160;procent av dem.",
              words_weekday(day), hour, (hour + 1) % 24, most, words_plural(most, "händelse", "händelser"),
              100.0 * evening / total);
  if (briefing->without_hour > 0) {
    page_printf(page,
                " %u händelser på slaget midnatt är inte med: midnatt betyder oftast att klockslaget saknas.",
                briefing->without_hour);
  }
  page_raw(page, "</p>\n");
}

void html_hours(struct page *page, const struct briefing *briefing) {
  page_raw(page, "<section id=\"tider\"><h2>När det händer</h2>\n");
  hours_sentence(page, briefing);
  page_raw(page, "<figure><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Diagram\">");
  chart_hours(page, briefing);
  page_raw(
      page,
      "</div><details><summary>Talen i diagrammet</summary><table><thead><tr><th scope=\"col\">Timme</th>");
  static const char *const days[] = {"mån", "tis", "ons", "tors", "fre", "lör", "sön"};
  for (int day = 0; day < 7; day++) page_printf(page, "<th scope=\"col\" class=\"n\">%s</th>", days[day]);
  page_raw(page, "</tr></thead><tbody>\n");
  for (int hour = 0; hour < 24; hour++) {
    page_printf(page, "<tr><th scope=\"row\">%02d–%02d</th>", hour, (hour + 1) % 24);
    for (int day = 0; day < 7; day++)
      page_printf(page, "<td class=\"n\">%u</td>", briefing->hours[day][hour]);
    page_raw(page, "</tr>\n");
  }
  page_raw(page, "</tbody></table></details></figure></section>\n");
}

static void sender_counts(struct page *page, const struct briefing *briefing, const struct cluster *cluster) {
  bool first = true;
  for (size_t i = 0; i < briefing->senders_count; i++) {
    if (cluster->sender_count[i] == 0) continue;
    page_raw(page, first ? "" : " · ");
    page_text(page, briefing->senders[i].title);
    page_printf(page, "&#160;%u", cluster->sender_count[i]);
    first = false;
  }
}

static void place(struct page *page, const struct briefing *briefing, size_t index) {
  const struct cluster *cluster = &briefing->clusters[index];
  page_printf(page, "<li><h3><span class=\"badge\">%zu</span> ", index + 1);
  page_text(page, cluster->address != NULL ? cluster->address : "Plats utan adress");
  page_raw(page, ", ");
  page_text(page, briefing->units[cluster->unit].place);
  page_printf(page, "</h3><p>%u %s (perioden före: %u)<br/><span class=\"note\">", cluster->count,
              words_plural(cluster->count, "händelse", "händelser"), cluster->count_before);
  sender_counts(page, briefing, cluster);
  page_raw(page, "</span></p><ul class=\"events\">\n");
  for (size_t i = 0; i < cluster->items_count && i < LISTED_HERE; i++)
    html_event(page, briefing, cluster->items[i], false);
  page_raw(page, "</ul>");
  if (cluster->count > LISTED_HERE)
    page_printf(page, "<p class=\"note\">De %d senaste av %u.</p>", LISTED_HERE, cluster->count);
  page_raw(page, "</li>\n");
}

void html_places(struct page *page, const struct briefing *briefing) {
  page_raw(page, "<section id=\"platser\"><h2>Platser där flera pekar åt samma håll</h2>\n");
  if (briefing->shared_clusters == 0) {
    page_raw(page,
             "<p>Ingen plats: ingenstans har två verksamheter händelser inom 150 meter från varandra i "
             "perioden.</p></section>\n");
    return;
  }
  page_raw(page,
           "<p>Här har två eller flera verksamheter händelser inom 150 meter från varandra i perioden. Flest "
           "verksamheter först, "
           "sedan flest händelser; numren är kartans.</p>\n<ol class=\"places\">\n");
  for (size_t i = 0; i < briefing->shared_clusters; i++) place(page, briefing, i);
  page_raw(page, "</ol></section>\n");
}
