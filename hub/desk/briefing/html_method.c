// See html.h: method and sources, and one agency's own annex.
#include <stdio.h>
#include <string.h>

#include "hub/base/id.h"
#include "hub/desk/briefing/html.h"
#include "hub/desk/briefing/words.h"

static void feed_rows(struct page *page, const struct briefing *briefing) {
  for (size_t i = 0; i < briefing->input.feeds_count; i++) {
    const struct briefing_feed *feed = &briefing->input.feeds[i];
    const struct sender *sender = render_sender(briefing, feed->agency);
    char when[WORDS_SIZE], count[WORDS_SIZE];
    page_raw(page, "<tr><th scope=\"row\">");
    page_text(page, briefing_agency_title(briefing, feed->agency));
    page_printf(page, "</th><td>%s</td>", feed->newest_ms > 0 ? words_time(when, feed->newest_ms) : "aldrig");
    for (size_t span = 0; span < BRIEFING_SPANS; span++) {
      page_printf(page, "<td class=\"n\">%s</td>",
                  words_number(count, sender != NULL ? sender->count[span] : 0));
    }
    page_raw(page, "</tr>\n");
  }
}

static void sources(struct page *page, const struct briefing *briefing) {
  page_raw(page,
           "<h3>Källor och hur färska de är</h3><table><thead><tr><th scope=\"col\">Verksamhet</th><th "
           "scope=\"col\">Senast mottaget</th>"
           "<th scope=\"col\" class=\"n\">Perioden</th><th scope=\"col\" class=\"n\">Före</th><th "
           "scope=\"col\" class=\"n\">Förra året</th></tr></thead><tbody>\n");
  feed_rows(page, briefing);
  page_raw(page, "</tbody></table>\n");
}

static void grounds(struct page *page, const struct briefing *briefing) {
  char hash[2 * 32 + 1];
  page_raw(page, "<h3>Rättslig grund och regler</h3>\n");
  if (briefing->rules_count > 0) {
    page_raw(page,
             "<table><thead><tr><th scope=\"col\">Regel som lämnar ut</th><th scope=\"col\">Rättslig "
             "grund</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < briefing->rules_count; i++) {
      page_raw(page, "<tr>");
      page_element(page, "td", briefing->rules[i]);
      page_element(page, "td", briefing->bases[i]);
      page_raw(page, "</tr>\n");
    }
    page_raw(page, "</tbody></table>\n");
  }
  page_printf(page, "<p class=\"note\">Reglernas kontrollsumma: <code>%s</code>",
              nav_hex(hash, briefing->input.rules_hash, 32));
  if (briefing->input.checkpoint != NULL) {
    page_raw(page, "<br/>Loggbokens kontrollpunkt: <code>");
    page_text(page, briefing->input.checkpoint);
    page_raw(page, "</code>");
  }
  page_raw(page, "</p>\n");
}

static void definitions(struct page *page, const struct briefing *briefing) {
  char before[WORDS_SIZE], year[WORDS_SIZE];
  const struct briefing_span *spans = briefing->spans;
  page_raw(page,
           "<h3>Så är det räknat</h3>\n<ul>\n<li>En händelse är med bara om reglerna lämnar ut den till "
           "varje deltagare (den som sänt den "
           "undantagen), och av den visas bara det som alla får se. Vad som är utelämnat får bara den som "
           "sänt det veta, i sin egen bilaga.</li>\n");
  page_printf(page, "<li>Perioden före är %s, ",
              words_period(before, spans[SPAN_BEFORE].start_day, spans[SPAN_BEFORE].end_day));
  page_printf(page, "och förra året %s: 52 veckor tidigare, så att veckodagarna är desamma.</li>\n",
              words_period(year, spans[SPAN_YEAR].start_day, spans[SPAN_YEAR].end_day));
  page_raw(page,
           "<li>Varje händelse räknas en gång, i sin senaste lydelse. Polisens sammanfattningar och "
           "återkallade händelser räknas inte.</li>\n"
           "<li>Kvotens 95 % intervall är exakt (Clopper–Pearson på periodens andel av de båda periodernas "
           "summa). ");
  page_printf(
      page,
      "En skillnad kallas förändring bara om den står sig när alla %zu jämförelser räknas samman "
      "(Benjamini–Hochberg, högst 5 %% "
      "av det som kallas förändring väntas vara slump). Färre än %d händelser sammanlagt prövas inte. ",
      briefing->comparisons_tested, RATIO_EVENTS_MIN);
  page_raw(
      page,
      "Prövningen antar att händelser är oberoende av varandra; där samma person eller samma kväll ger "
      "många är slumpen större än så.</li>\n"
      "<li>Där en källa var tyst i någon av perioderna görs ingen jämförelse: den skulle handla om "
      "källan, inte om platsen (–).</li>\n"
      "<li>”Endast antal”: någon deltagare får inte ta del av händelserna, bara hur många de är. Antal under "
      "gränsen (vanligen fem) visas som 1–4, och där områdenas tal tillsammans med summan skulle röja ett "
      "sådant "
      "är områdenas tal dolda. De är inte med på kartan, i tiderna eller i ”Alla händelser”.</li>\n"
      "<li>Tal per invånare visas inte för områden med färre än 500 invånare. Gränser och folkmängd är "
      "de som står i navets inställningar.</li>\n");
  if (briefing->recalled > 0)
    page_printf(page, "<li>%u händelser i perioden har återkallats av den som sände dem.</li>\n",
                briefing->recalled);
  page_raw(page, "</ul>\n");
}

void html_method(struct page *page, const struct briefing *briefing) {
  page_raw(page, "<section id=\"metod\"><h2>Metod och källor</h2>\n");
  sources(page, briefing);
  definitions(page, briefing);
  grounds(page, briefing);
  page_raw(page, "</section>\n");
}

static void rule_note(struct page *page, const struct joint_lane *lane) {
  if (lane->rule == NULL) return;
  page_raw(page, " <span class=\"note\">(");
  page_text(page, lane->rule);
  if (lane->basis != NULL && lane->basis[0] != '\0') {
    page_raw(page, ", ");
    page_text(page, lane->basis);
  }
  page_raw(page, ")</span>");
}

static void outcome_cell(struct page *page, const struct annex_row *row) {
  const struct joint_lane *lane = row->lane;
  page_raw(page, "<td>");
  if (lane->decided_now) page_raw(page, "Enligt de regler som gäller nu: ");
  if (lane->outcome == NAV__V1__OUTCOME__OUTCOME_HOLD) {
    page_raw(page, "Väntar på att någon hos er bedömer det enskilda fallet.");
  } else if (row->because != NULL) {
    page_text(page, row->because);
  } else {
    page_raw(page, lane->rule != NULL ? "En regel förbjuder det."
                                      : "Ingen regel tillåter det, eller så är ett villkor inte uppfyllt.");
  }
  rule_note(page, lane);
  if (row->would_allow != NULL) {
    page_raw(page, "<br/><b>Det som skulle göra det lagligt:</b> ");
    page_text(page, row->would_allow);
  }
  page_raw(page, "</td>");
}

static void hidden_list(struct page *page, uint16_t hidden) {
  static const char *const names[] = {"personer",  "öppna fält",     "exakt plats",
                                      "bostad",    "fritext",        "kontaktuppgifter",
                                      "identitet", "hälsa och stöd", "brottsmisstanke"};
  bool first = true;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if ((hidden >> i & 1) == 0) continue;
    page_printf(page, "%s%s", first ? "" : ", ", names[i]);
    first = false;
  }
}

static void participant_list(struct page *page, const struct briefing *briefing,
                             const struct annex_row *row) {
  const struct meeting_part *part = briefing->input.part;
  bool first = true;
  for (size_t i = 0; i < part->participants_count; i++) {
    if ((row->participants >> i & 1) == 0) continue;
    page_raw(page, first ? "" : "; ");
    page_text(page, briefing_agency_title(briefing, part->participants[i].agency));
    first = false;
  }
}

static void annex_row(struct page *page, const struct briefing *briefing, const struct annex_row *row) {
  char when[WORDS_SIZE];
  page_raw(page, "<tr><th scope=\"row\">");
  page_text(page, category_type_title(row->type));
  if (row->kind[0] != '\0') {
    page_raw(page, ": ");
    page_text(page, row->kind);
  }
  page_printf(page, "</th><td class=\"n strong\">%u</td>", row->count);
  page_raw(page, "<td>");
  participant_list(page, briefing, row);
  page_raw(page, "</td>");
  if (row->why == ANNEX_FIELDS) {
    page_raw(page, "<td>");
    hidden_list(page, row->hidden);
    page_raw(page, "</td>");
  } else {
    outcome_cell(page, row);
  }
  page_printf(page, "<td>%s</td></tr>\n", words_time_short(when, row->times[0]));
}

static void annex_table(struct page *page, const struct briefing *briefing, enum annex_why why,
                        const char *title, const char *column) {
  const struct annex *annex = briefing->annex;
  bool any = false;
  for (size_t i = 0; i < annex->rows_count; i++) any |= annex->rows[i].why == why;
  if (!any) return;
  page_element(page, "h3", title);
  page_printf(
      page,
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Tabell\"><table><thead><tr><th "
      "scope=\"col\">Vad</th><th scope=\"col\" class=\"n\">Antal</th>"
      "<th scope=\"col\">För vem</th><th scope=\"col\">%s</th><th "
      "scope=\"col\">Senast</th></tr></thead><tbody>\n",
      column);
  for (size_t i = 0; i < annex->rows_count; i++) {
    if (annex->rows[i].why == why) annex_row(page, briefing, &annex->rows[i]);
  }
  page_raw(page, "</tbody></table></div>\n");
}

void html_annex(struct page *page, const struct briefing *briefing) {
  const struct annex *annex = briefing->annex;
  page_raw(page, "<section class=\"private\" id=\"egen-bilaga\"><p class=\"seal\">Endast för ");
  page_text(page, briefing_agency_title(briefing, annex->agency));
  page_raw(page, "</p><h2>Ert eget som inte kom med</h2>\n");
  page_printf(page,
              "<p>Av era %u händelser i perioden visas %u i den gemensamma delen, %u är bara med som antal "
              "och %u är utelämnade. "
              "Ingen annan får veta det. En händelse kan stå på flera rader om "
              "den utelämnas av olika skäl.</p>\n",
              annex->own, annex->shown, annex->counted, annex->left_out);
  annex_table(page, briefing, ANNEX_OUT, "Utelämnat", "Därför");
  annex_table(page, briefing, ANNEX_COUNT, "Endast som antal", "Därför");
  annex_table(page, briefing, ANNEX_FIELDS, "Visas, men inte allt", "Det här visas inte");
  if (annex->rows_count == 0)
    page_raw(page, "<p>Allt ni sänt visas i den gemensamma delen, med allt sitt innehåll.</p>\n");
  if (annex->truncated)
    page_printf(page, "<p class=\"note\">Bara de första %d raderna visas.</p>\n", BRIEFING_ANNEX_MAX);
  page_raw(page, "</section>\n");
}
