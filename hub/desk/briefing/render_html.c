// See briefing.h: the whole briefing as one HTML file that needs nothing else: no script, no font, no picture
// from anywhere.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/desk/briefing/html.h"
#include "hub/desk/briefing/words.h"

enum { SHORT_CHANGES = 3 };

static void fact_open(struct page *page, const char *term) {
  page_raw(page, "<dt>");
  page_text(page, term);
  page_raw(page, "</dt><dd>");
}

static void participants(struct page *page, const struct briefing *briefing) {
  const struct meeting_part *part = briefing->input.part;
  fact_open(page, "Deltagare");
  for (size_t i = 0; i < part->participants_count; i++) {
    page_raw(page, i == 0 ? "" : i + 1 == part->participants_count ? " och " : "; ");
    page_text(page, briefing_agency_title(briefing, part->participants[i].agency));
  }
  page_raw(page, "</dd>\n");
}

static const struct briefing_feed *oldest_feed(const struct briefing *briefing) {
  const struct briefing_feed *oldest = NULL;
  for (size_t i = 0; i < briefing->input.feeds_count; i++) {
    const struct briefing_feed *feed = &briefing->input.feeds[i];
    if (oldest == NULL || feed->newest_ms < oldest->newest_ms) oldest = feed;
  }
  return oldest;
}

static void freshness(struct page *page, const struct briefing *briefing) {
  const struct briefing_feed *oldest = oldest_feed(briefing);
  char when[WORDS_SIZE], made[WORDS_SIZE];
  fact_open(page, "Sammanställd");
  page_raw(page, words_time(made, briefing->input.now_ms));
  if (oldest != NULL) {
    page_raw(page, "; äldst källa: ");
    page_text(page, briefing_agency_title(briefing, oldest->agency));
    page_printf(page, ", %s",
                oldest->newest_ms > 0 ? words_time(when, oldest->newest_ms) : "har inte sänt något");
  }
  page_raw(page, " (<a href=\"#metod\">alla källor</a>)</dd>\n");
}

static void facts(struct page *page, const struct briefing *briefing) {
  const struct meeting *meeting = briefing->input.meeting;
  page_raw(page, "<dl class=\"facts\">\n");
  participants(page, briefing);
  fact_open(page, "Ändamål");
  page_raw(page, "<code>");
  page_text(page, briefing->input.part->purpose);
  page_raw(page, "</code></dd>\n");
  if (meeting->agreement != NULL) {
    fact_open(page, "Överenskommelse");
    page_text(page, meeting->agreement);
    page_raw(page, "</dd>\n");
  }
  freshness(page, briefing);
  if (briefing->reader != NULL) {
    fact_open(page, "Exemplar");
    page_text(page, briefing->reader);
    if (briefing->record_seq > 0)
      page_printf(page, ", post %llu i loggboken", (unsigned long long)briefing->record_seq);
    page_raw(page, "</dd>\n");
  }
  page_raw(page, "</dl>\n");
}

static void total_sentence(struct page *page, const struct briefing *briefing) {
  const struct cell *all = &briefing->incidents;
  page_raw(page, "<li><b>");
  html_told(page, all->told[SPAN_NOW]);
  page_raw(page, "</b> händelser i perioden, mot ");
  html_told(page, all->told[SPAN_BEFORE]);
  page_raw(page, " perioden före och ");
  html_told(page, all->told[SPAN_YEAR]);
  page_raw(page, " samma veckor förra året");
  if (all->before.tested || all->year.tested) {
    page_raw(page, all->before.changed ? (all->before.rate.ratio > 1 ? ": fler än före" : ": färre än före")
                                       : ": ingen säker skillnad mot före");
  }
  page_raw(page, ".</li>\n");
}

static void change_sentence(struct page *page, const struct change *change) {
  page_raw(page, change->comparison->rate.ratio > 1 ? "<li><span class=\"up\">▲ Ökat:</span> "
                                                    : "<li><span class=\"down\">▼ Minskat:</span> ");
  if (change->category != NULL) {
    html_category(page, change->category);
  } else {
    page_raw(page, "alla händelser");
  }
  if (change->unit != NULL) {
    page_raw(page, " i ");
    page_text(page, change->unit->title);
  }
  page_raw(page, ", ");
  html_told(page, change->cell->told[SPAN_NOW]);
  page_raw(page, " mot ");
  html_told(page, change->cell->told[change->against]);
  page_raw(page,
           change->against == SPAN_BEFORE ? " perioden före.</li>\n" : " samma veckor förra året.</li>\n");
}

static void place_sentence(struct page *page, const struct briefing *briefing) {
  if (briefing->shared_clusters == 0) return;
  const struct cluster *first = &briefing->clusters[0];
  page_printf(
      page, "<li>På <a href=\"#platser\">%zu %s</a> har flera verksamheter händelser nära varandra; främst ",
      briefing->shared_clusters, words_plural(briefing->shared_clusters, "plats", "platser"));
  page_text(page, first->address != NULL ? first->address : "en plats utan adress");
  page_raw(page, ", ");
  page_text(page, briefing->units[first->unit].place);
  page_printf(page, " (%u %s).</li>\n", first->count, words_plural(first->count, "händelse", "händelser"));
}

static void overdue_sentence(struct page *page, const struct briefing *briefing) {
  size_t overdue = 0;
  for (size_t i = 0; i < briefing->agreed_count; i++) overdue += briefing->agreed[i].overdue;
  if (overdue > 0)
    page_printf(page, "<li>%zu av det <a href=\"#overenskommet\">överenskomna</a> är försenat.</li>\n",
                overdue);
}

static void in_short(struct page *page, const struct briefing *briefing) {
  struct change changes[RENDER_CHANGES_MAX];
  size_t count = render_changes(briefing, changes, RENDER_CHANGES_MAX);
  page_raw(page, "<div class=\"short\"><h2>I korthet</h2>\n<ul>\n");
  total_sentence(page, briefing);
  for (size_t i = 0; i < count && i < SHORT_CHANGES; i++) change_sentence(page, &changes[i]);
  if (count == 0)
    page_raw(page, "<li>Inget slag och inget område har förändrats mer än slumpen brukar ge.</li>\n");
  place_sentence(page, briefing);
  overdue_sentence(page, briefing);
  page_raw(page, "</ul></div>\n");
  if (briefing->input.truncated) {
    page_raw(page,
             "<p class=\"warning\">Det finns fler händelser än som ryms i en lägesbild. Talen är därför för "
             "låga: välj ett mindre område "
             "eller en kortare period.</p>\n");
  }
}

void html_head(struct page *page, const struct briefing *briefing) {
  const struct meeting *meeting = briefing->input.meeting;
  char period[WORDS_SIZE];
  page_raw(page, "<header class=\"page\"><p class=\"kicker\">");
  page_text(page, meeting_kind_title(meeting->kind));
  if (meeting->parts_count > 1) {
    page_raw(page, " · ");
    page_text(page, briefing->input.part->title);
  }
  page_raw(page, "</p>\n");
  page_element(page, "h1", meeting->title);
  page_printf(page, "<p class=\"lead\">%s</p>\n",
              words_period(period, briefing->spans[SPAN_NOW].start_day, briefing->spans[SPAN_NOW].end_day));
  facts(page, briefing);
  in_short(page, briefing);
  page_raw(page, "</header>\n");
}

static void foot(struct page *page, const struct briefing *briefing) {
  page_raw(page,
           "<footer><p>Det här är en ögonblicksbild. Varje gång den öppnas skrivs det i loggboken: vem, när "
           "och varför. När mötet stängs upphör "
           "åtkomsten i navet, men papper och sparade filer glömmer inte: förvara och förstör dem som era "
           "regler kräver.</p>\n");
  if (briefing->reader != NULL) {
    page_raw(page, "<p>Exemplar för ");
    page_text(page, briefing->reader);
    if (briefing->reason != NULL && briefing->reason[0] != '\0') {
      page_raw(page, ", angivet skäl: ");
      page_text(page, briefing->reason);
    }
    page_raw(page, ".</p>\n");
  }
  page_raw(page, "</footer>\n");
}

static void document(struct page *page, const struct briefing *briefing, bool with_annex) {
  page_raw(page,
           "<!DOCTYPE html>\n<html lang=\"sv\"><head><meta charset=\"utf-8\"/>"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
           "<meta name=\"robots\" content=\"noindex\"/><meta name=\"referrer\" content=\"no-referrer\"/>"
           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
           "'unsafe-inline'\"/>\n");
  page_element(page, "title", briefing->input.meeting->title);
  page_raw(page, "\n<style>");
  page_raw(page, html_style);
  page_raw(page, "</style></head>\n<body><a class=\"skip\" href=\"#innehall\">Till innehållet</a>\n");
  html_head(page, briefing);
  page_raw(page, "<main id=\"innehall\">\n");
  html_changes(page, briefing);
  html_map(page, briefing);
  html_hours(page, briefing);
  html_places(page, briefing);
  html_newest(page, briefing);
  html_persons(page, briefing);
  html_figures(page, briefing);
  html_agreed(page, briefing);
  html_method(page, briefing);
  html_appendix(page, briefing);
  if (with_annex) html_annex(page, briefing);
  page_raw(page, "</main>\n");
  foot(page, briefing);
  page_raw(page, "</body></html>\n");
}

bool briefing_render_html(const struct briefing *briefing, const char *for_agency, struct nav_buffer *out,
                          struct nav_error *err) {
  if (!render_may_show_annex(briefing, for_agency, err)) return false;
  struct page page = {.out = out};
  document(&page, briefing, for_agency != NULL);
  return !page.failed || nav_fail(err, NAV_ERROR_LOCAL, 0, briefing->input.meeting->id,
                                  "does not fit in %zu bytes", out->max);
}
