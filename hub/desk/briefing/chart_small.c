// See html.h: the ratio of one row, the weeks, the hours of the week.
#include <math.h>
#include <stdio.h>

#include "hub/desk/briefing/html.h"
#include "hub/desk/briefing/words.h"

enum {
  RATIO_WIDTH = 136,
  RATIO_HEIGHT = 17,
  WEEKS_WIDTH = 470,
  WEEKS_HEIGHT = 216,
  WEEKS_LEFT = 40,
  WEEKS_TOP = 14,
  WEEKS_BOTTOM = 44,
  HOURS_LEFT = 66,
  HOURS_TOP = 20,
  HOURS_CELL = 25,
  HOURS_ROW = 24,
};

// 1/4 at the left edge, 1 in the middle, 4 at the right.
static double ratio_x(double ratio) {
  double share = ratio <= 0 ? 0 : (log2(ratio) + 2) / 4;
  return 4 + fmin(1, fmax(0, share)) * (RATIO_WIDTH - 8);
}

void chart_ratio(struct page *page, const char *label, const struct comparison *comparison) {
  const struct rate_ratio *rate = &comparison->rate;
  if (!comparison->tested) return;
  char ratio[WORDS_SIZE], low[WORDS_SIZE], high[WORDS_SIZE];
  page_printf(page, "<svg class=\"ratio\" viewBox=\"0 0 %d %d\" role=\"img\"><title>", RATIO_WIDTH,
              RATIO_HEIGHT);
  page_text(page, label);
  page_printf(page,
              "</title><desc>Kvot %s, 95 procents intervall %s till %s, på en skala från en fjärdedel till "
              "fyra gånger.</desc>",
              words_decimal(ratio, rate->ratio, 2), words_decimal(low, rate->low, 2),
              words_decimal(high, rate->high, 2));
  const char *colour = !comparison->changed ? "#7b8894" : rate->ratio > 1 ? "var(--warm)" : "var(--accent)";
  double middle = RATIO_HEIGHT / 2.0;
  page_printf(page, "<path d=\"M%g 0V%d\" stroke=\"#b9c3cc\"/>", ratio_x(1), RATIO_HEIGHT);
  page_printf(page, "<path d=\"M%.1f %gH%.1f\" stroke=\"%s\" stroke-width=\"%s\" stroke-linecap=\"round\"/>",
              ratio_x(rate->low), middle, ratio_x(rate->high), colour, comparison->changed ? "2.5" : "1.5");
  page_printf(page, "<circle cx=\"%.1f\" cy=\"%g\" r=\"%s\" fill=\"%s\"/></svg>", ratio_x(rate->ratio),
              middle, comparison->changed ? "4.5" : "3.2", colour);
}

// 1, 2 or 5 times a power of ten, so that three to six lines reach the top.
static double nice_step(double top) {
  double step = 1;
  static const double factors[] = {2, 2.5, 2};
  for (size_t i = 0; top / step > 5; i++) step *= factors[i % 3];
  return step;
}

static double weeks_top(const struct briefing *briefing) {
  double top = 1;
  for (size_t i = 0; i < briefing->weeks_count; i++) {
    top = fmax(top, fmax(briefing->weeks[i].count, briefing->weeks[i].year_count));
  }
  double step = nice_step(top);
  return ceil(top / step) * step;
}

static double weeks_y(double value, double top) {
  return WEEKS_TOP + (1 - value / top) * (WEEKS_HEIGHT - WEEKS_TOP - WEEKS_BOTTOM);
}

static void weeks_grid(struct page *page, double top) {
  double step = nice_step(top);
  int lines = (int)(top / step + 0.5);
  for (int i = 0; i <= lines; i++) {
    double value = i * step, y = weeks_y(value, top);
    page_printf(page, "<path d=\"M%d %.1fH%d\" stroke=\"%s\"/>", WEEKS_LEFT, y, WEEKS_WIDTH,
                i > 0 ? "#e3e8ed" : "#8796a3");
    page_printf(page,
                "<text class=\"m\" x=\"%d\" y=\"%.1f\" font-size=\"12\" text-anchor=\"end\">%.0f</text>",
                WEEKS_LEFT - 8, y + 4, value);
  }
}

static void weeks_bar(struct page *page, const struct week *week, double x, double width, double top,
                      bool labelled) {
  char day[WORDS_SIZE];
  double y = weeks_y(week->count, top), bottom = weeks_y(0, top);
  page_printf(page, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>",
              x + width * 0.14, y, width * 0.72, bottom - y, week->in_period ? "var(--accent)" : "#aebdca");
  if (week->in_period) {
    double year = weeks_y(week->year_count, top);
    page_printf(page, "<path d=\"M%.1f %.1fH%.1f\" stroke=\"#fff\" stroke-width=\"5\"/>", x + width * 0.04,
                year, x + width * 0.96);
    page_printf(page, "<path d=\"M%.1f %.1fH%.1f\" stroke=\"var(--warm)\" stroke-width=\"2.5\"/>",
                x + width * 0.04, year, x + width * 0.96);
  }
  if (!labelled) return;
  page_printf(page, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"12\" text-anchor=\"middle\">v.&#160;%d</text>",
              x + width / 2, bottom + 17, words_week_of(week->start_day));
  page_printf(page,
              "<text class=\"m\" x=\"%.1f\" y=\"%.1f\" font-size=\"11\" text-anchor=\"middle\">%s</text>",
              x + width / 2, bottom + 33, words_date_short(day, week->start_day));
}

void chart_weeks(struct page *page, const struct briefing *briefing) {
  double top = weeks_top(briefing),
         width = (double)(WEEKS_WIDTH - WEEKS_LEFT) / (double)briefing->weeks_count;
  size_t every = briefing->weeks_count / 11 + 1;  // labels that do not run into each other
  page_printf(
      page,
      "<svg class=\"weeks\" viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\"><title>Händelser vecka för "
      "vecka</title>"
      "<desc>Stapeldiagram: perioden före i grått, perioden i blått, samma veckor förra året som streck. "
      "Talen står i tabellen efter diagrammet.</desc>",
      WEEKS_WIDTH, WEEKS_HEIGHT, WEEKS_WIDTH);
  weeks_grid(page, top);
  for (size_t i = 0; i < briefing->weeks_count; i++) {
    bool labelled = (briefing->weeks_count - 1 - i) % every == 0;
    weeks_bar(page, &briefing->weeks[i], WEEKS_LEFT + width * (double)i, width, top, labelled);
  }
  page_raw(page, "</svg>\n");
}

static uint32_t hours_most(const struct briefing *briefing) {
  uint32_t most = 0;
  for (size_t day = 0; day < 7; day++) {
    for (size_t hour = 0; hour < 24; hour++) {
      if (briefing->hours[day][hour] > most) most = briefing->hours[day][hour];
    }
  }
  return most;
}

static void hours_row(struct page *page, const struct briefing *briefing, int day, uint32_t most) {
  int y = HOURS_TOP + day * HOURS_ROW;
  page_printf(page, "<text x=\"%d\" y=\"%d\" font-size=\"12\" text-anchor=\"end\">%s</text>", HOURS_LEFT - 8,
              y + 16, words_weekday(day));
  for (int hour = 0; hour < 24; hour++) {
    uint32_t count = briefing->hours[day][hour];
    unsigned shade = count == 0 ? 0 : 1 + (unsigned)((uint64_t)(count - 1) * SHADES / most);
    page_printf(page, "<rect class=\"s%u\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", shade,
                HOURS_LEFT + hour * HOURS_CELL, y, HOURS_CELL - 1, HOURS_ROW - 1);
  }
}

void chart_hours(struct page *page, const struct briefing *briefing) {
  uint32_t most = hours_most(briefing);
  int width = HOURS_LEFT + 24 * HOURS_CELL;
  page_printf(
      page,
      "<svg class=\"hours\" viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\"><title>Händelser efter veckodag "
      "och timme</title>"
      "<desc>Rutnät med en rad för varje veckodag och en kolumn för varje timme; mörkare är fler. Flest i en "
      "ruta: %u. "
      "Talen står i tabellen efter diagrammet.</desc>",
      width, HOURS_TOP + 7 * HOURS_ROW, width, most);
  for (int hour = 0; hour < 24; hour += 2) {
    page_printf(page, "<text class=\"m\" x=\"%d\" y=\"13\" font-size=\"11\">%02d</text>",
                HOURS_LEFT + hour * HOURS_CELL, hour);
  }
  for (int day = 0; day < 7; day++) hours_row(page, briefing, day, most > 0 ? most : 1);
  page_raw(page, "</svg>\n");
}
