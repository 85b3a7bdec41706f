// See html.h: persons (sig meetings only), ready-made figures, and what was agreed before.
#include <stdio.h>

#include "hub/base/clock.h"
#include "hub/desk/briefing/html.h"
#include "hub/desk/briefing/words.h"

void html_persons(struct page *page, const struct briefing *briefing) {
  if (briefing->input.meeting->kind != MEETING_SIG) return;
  page_raw(page,
           "<section id=\"personer\"><h2>Personer</h2>\n<p>Bara det som varje deltagare får veta om just den "
           "personen för mötets ändamål.</p>\n");
  for (size_t i = 0; i < briefing->timelines_count; i++) {
    const struct timeline *timeline = &briefing->timelines[i];
    page_element(page, "h3", timeline->person->title);
    if (timeline->count == 0) {
      page_raw(page, "<p>Inget som alla runt bordet får se.</p>\n");
      continue;
    }
    page_raw(page, "<ul class=\"events\">\n");
    for (size_t j = 0; j < timeline->count; j++) html_event(page, briefing, timeline->items[j], true);
    page_raw(page, "</ul>\n");
  }
  page_raw(page, "</section>\n");
}

static void case_counts_row(struct page *page, const struct briefing *briefing, const struct figure *figure) {
  page_raw(page, "<tr><th scope=\"row\">");
  page_text(page, figure->event->case_counts->kind != NULL ? figure->event->case_counts->kind : "Ärenden");
  page_raw(page, "</th><td>");
  page_text(page, briefing->units[figure->unit].place);
  page_raw(page, "</td><td>");
  page_text(page, briefing_agency_title(briefing, figure->event->source));
  page_raw(page, "</td><td class=\"n\">");
  html_told(page, figure->told);
  page_raw(page, "</td></tr>\n");
}

static void survey_row(struct page *page, const struct briefing *briefing, const struct figure *figure) {
  const Nav__V1__SurveyResult *result = figure->event->survey_result;
  char share[WORDS_SIZE], respondents[WORDS_SIZE];
  page_raw(page, "<tr><th scope=\"row\">");
  page_text(page, result->question != NULL ? result->question : "");
  page_raw(page, " <span class=\"note\">");
  page_text(page, result->survey != NULL ? result->survey : "");
  page_printf(page, " %u, %s svarande</span></th><td>", result->year,
              words_number(respondents, result->respondents));
  page_text(page, briefing->units[figure->unit].place);
  page_raw(page, "</td><td>");
  page_text(page, briefing_agency_title(briefing, figure->event->source));
  page_printf(page, "</td><td class=\"n\">%s&#160;%%</td></tr>\n",
              words_decimal(share, result->share_percent, 0));
}

void html_figures(struct page *page, const struct briefing *briefing) {
  if (briefing->figures_count == 0) return;
  page_raw(page,
           "<section id=\"tal\"><h2>Antal och enkäter</h2>\n<table><caption>Sammanställda tal från "
           "verksamheterna, aldrig personer. "
           "Antal ärenden under fem visas som 1–4.</caption><thead><tr><th scope=\"col\">Vad</th><th "
           "scope=\"col\">Område</th>"
           "<th scope=\"col\">Från</th><th scope=\"col\" class=\"n\">Tal</th></tr></thead><tbody>\n");
  for (size_t i = 0; i < briefing->figures_count; i++) {
    if (briefing->figures[i].event->body_case == NAV__V1__EVENT__BODY_CASE_COUNTS) {
      case_counts_row(page, briefing, &briefing->figures[i]);
    } else {
      survey_row(page, briefing, &briefing->figures[i]);
    }
  }
  page_raw(page, "</tbody></table></section>\n");
}

static const char *status_title(Nav__V1__ActionStatus status) {
  switch (status) {
    case NAV__V1__ACTION_STATUS__ACTION_STATUS_PLANNED:
      return "planerad";
    case NAV__V1__ACTION_STATUS__ACTION_STATUS_ONGOING:
      return "pågår";
    case NAV__V1__ACTION_STATUS__ACTION_STATUS_DONE:
      return "genomförd";
    case NAV__V1__ACTION_STATUS__ACTION_STATUS_DROPPED:
      return "avbruten";
    default:
      return "–";
  }
}

static void text_cell(struct page *page, const char *text) {
  page_raw(page, "<td>");
  page_text(page, text != NULL && text[0] != '\0' ? text : "–");
  page_raw(page, "</td>");
}

static void due_cell(struct page *page, bool has_due, int64_t due_ms, bool overdue) {
  char date[WORDS_SIZE];
  page_printf(page, "<td%s>%s%s</td>", overdue ? " class=\"overdue\"" : "",
              has_due ? words_date(date, nav_day_stockholm(due_ms)) : "–", overdue ? " – försenad" : "");
}

static void action_row(struct page *page, const struct briefing *briefing, const struct agreed *agreed) {
  const Nav__V1__Action *action = agreed->event->action;
  page_raw(page, "<tr><th scope=\"row\">");
  page_text(page, action->title != NULL ? action->title : "Åtgärd");
  if (agreed->problem != NULL && agreed->problem->problem->title != NULL) {
    page_raw(page, " <span class=\"note\">mot: ");
    page_text(page, agreed->problem->problem->title);
    page_raw(page, "</span>");
  }
  page_raw(page, "</th>");
  text_cell(page, action->goal);
  text_cell(page, action->owner != NULL ? briefing_agency_title(briefing, action->owner) : NULL);
  due_cell(page, action->has_due_time_ms, action->due_time_ms, agreed->overdue);
  const Nav__V1__FollowUp *follow_up = agreed->follow_up != NULL ? agreed->follow_up->follow_up : NULL;
  const char *goal = follow_up == NULL || !follow_up->has_goal_reached ? ""
                     : follow_up->goal_reached                         ? ", målet nått"
                                                                       : ", målet inte nått";
  page_printf(page, "<td>%s%s</td></tr>\n", status_title(action->status), goal);
}

static void promise_row(struct page *page, const struct agreed *agreed) {
  const Nav__V1__Promise *promise = agreed->event->promise;
  uint32_t target = promise->target_count, done = promise->done_count;
  double share = target == 0 ? 0 : done >= target ? 1 : (double)done / target;
  page_raw(page, "<tr><th scope=\"row\">");
  page_text(page, promise->title != NULL ? promise->title : "Medborgarlöfte");
  page_raw(page, "</th>");
  page_printf(page,
              "<td class=\"wide\"><svg class=\"meter\" viewBox=\"0 0 112 10\" role=\"img\"><title>Hur långt "
              "löftet har kommit</title>"
              "<desc>%u av %u</desc><rect width=\"112\" height=\"10\" fill=\"#e3e8ed\"/><rect width=\"%.1f\" "
              "height=\"10\" fill=\"var(--accent)\"/></svg></td>"
              "<td class=\"n\">%u av %u</td>",
              done, target, 112 * share, done, target);
  due_cell(page, promise->has_due_time_ms, promise->due_time_ms, agreed->overdue);
  page_raw(page, "</tr>\n");
}

static bool has_kind(const struct briefing *briefing, Nav__V1__Event__BodyCase kind) {
  for (size_t i = 0; i < briefing->agreed_count; i++) {
    if (briefing->agreed[i].event->body_case == kind) return true;
  }
  return false;
}

static void problems(struct page *page, const struct briefing *briefing) {
  if (!has_kind(briefing, NAV__V1__EVENT__BODY_PROBLEM)) return;
  page_raw(page, "<h3>Prioriterade problem</h3><ol>\n");
  for (size_t i = 0; i < briefing->agreed_count; i++) {
    const Nav__V1__Event *event = briefing->agreed[i].event;
    if (event->body_case != NAV__V1__EVENT__BODY_PROBLEM) continue;
    page_element(page, "li", event->problem->title != NULL ? event->problem->title : "Problem");
  }
  page_raw(page, "</ol>\n");
}

static void actions(struct page *page, const struct briefing *briefing) {
  if (!has_kind(briefing, NAV__V1__EVENT__BODY_ACTION)) return;
  page_raw(page,
           "<h3>Åtgärder</h3><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
           "aria-label=\"Tabell\"><table><thead><tr><th scope=\"col\">Åtgärd</th><th scope=\"col\">Mål</th>"
           "<th scope=\"col\">Ansvarig</th><th scope=\"col\">Klar senast</th><th "
           "scope=\"col\">Läge</th></tr></thead><tbody>\n");
  for (size_t i = 0; i < briefing->agreed_count; i++) {
    if (briefing->agreed[i].event->body_case == NAV__V1__EVENT__BODY_ACTION)
      action_row(page, briefing, &briefing->agreed[i]);
  }
  page_raw(page, "</tbody></table></div>\n");
}

static void promises(struct page *page, const struct briefing *briefing) {
  if (!has_kind(briefing, NAV__V1__EVENT__BODY_PROMISE)) return;
  page_raw(
      page,
      "<h3>Medborgarlöften</h3><table><thead><tr><th scope=\"col\">Löfte</th><th scope=\"col\" "
      "class=\"wide\"></th>"
      "<th scope=\"col\" class=\"n\">Gjort</th><th scope=\"col\">Klart senast</th></tr></thead><tbody>\n");
  for (size_t i = 0; i < briefing->agreed_count; i++) {
    if (briefing->agreed[i].event->body_case == NAV__V1__EVENT__BODY_PROMISE)
      promise_row(page, &briefing->agreed[i]);
  }
  page_raw(page, "</tbody></table>\n");
}

void html_agreed(struct page *page, const struct briefing *briefing) {
  page_raw(page, "<section id=\"overenskommet\"><h2>Överenskommet tidigare</h2>\n");
  if (briefing->agreed_count == 0)
    page_raw(page, "<p>Inga problem, åtgärder eller löften är registrerade för området.</p>\n");
  problems(page, briefing);
  actions(page, briefing);
  promises(page, briefing);
  page_raw(page, "</section>\n");
}
