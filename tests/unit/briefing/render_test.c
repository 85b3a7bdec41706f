// How a briefing is shown: the page is well-formed, needs nothing from outside and runs nothing, every chart
// has its title and description, the colours can be told apart, hostile text does no harm; text and JSON say
// what they should and no more.
#include <expat.h>
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/desk/briefing/html.h"
#include "tests/unit/briefing/scene.h"

#define NOISE NAV__V1__DISTURBANCE_KIND__DISTURBANCE_KIND_NOISE
#define PARTY NAV__V1__DISTURBANCE_KIND__DISTURBANCE_KIND_PARTY
enum { WITHHOLD = NAV__V1__OUTCOME__OUTCOME_WITHHOLD, GOLDEN_MAX = 65536 };

static const char golden[] = "tests/unit/briefing/briefing.txt";

// A month with something in every section.
static void fill(struct scene *scene) {
  static Nav__V1__Action action;
  static Nav__V1__Promise promise;
  static char title[] = "Byt belysning vid torget", goal[] = "Alla lampor tända",
              promised[] = "Polis vid torget 40 timmar", owner[] = "tyck";
  for (int i = 0; i < 40; i++) {
    Nav__V1__Event *event =
        scene_disturbance(scene, "bolaget", scene_time(1 + i % 28, 20 + i % 3), NOISE, "norr");
    if (i < 9) scene_put(scene, event, 3000 + i, 3000, "Torget 1");
  }
  for (int i = 0; i < 12; i++)
    (void)scene_disturbance(scene, "bolaget", scene_time(29 + i, 21), NOISE, "norr");
  for (int i = 0; i < 30; i++)
    (void)scene_disturbance(scene, "bolaget", scene_time(365 + i % 28, 21), PARTY, "soder");
  for (int i = 0; i < 6; i++) {
    Nav__V1__Event *event = scene_report(scene, "tyck", scene_time(3 + i, 14), "Klotter", "norr");
    scene_put(scene, event, 3020, 3010, "Torget 3");
    (void)scene_report(scene, "tyck", scene_time(31 + i, 14), "Klotter", "soder");
    (void)scene_report(scene, "tyck", scene_time(370 + i, 14), "Klotter", "soder");
  }
  for (int i = 0; i < 7; i++) {
    (void)scene_absence(scene, scene_time(2 + i, 9), i < 4 ? "norr" : "soder");
    scene_lanes(scene)[0] = (struct joint_lane){.outcome = WITHHOLD, .smallest_cell = 5};
  }
  (void)scene_absence(scene, scene_time(2, 9), "norr");
  scene_lanes(scene)[2] = (struct joint_lane){.outcome = WITHHOLD};
  Nav__V1__Event *event = scene_disturbance(scene, "tyck", scene_time(100, 9), NOISE, NULL);
  nav__v1__action__init(&action);
  action.title = title;
  action.goal = goal;
  action.owner = owner;
  action.has_due_time_ms = true;
  action.due_time_ms = scene_time(10, 12);
  event->body_case = NAV__V1__EVENT__BODY_ACTION;
  event->action = &action;
  event = scene_disturbance(scene, "polisen", scene_time(100, 9), NOISE, NULL);
  nav__v1__promise__init(&promise);
  promise.title = promised;
  promise.has_target_count = promise.has_done_count = true;
  promise.target_count = 40;
  promise.done_count = 26;
  event->body_case = NAV__V1__EVENT__BODY_PROMISE;
  event->promise = &promise;
}

typedef bool render(const struct briefing *briefing, const char *for_agency, struct nav_buffer *out,
                    struct nav_error *err);

static char *rendered(struct scene *scene, render *how, const char *for_agency) {
  struct nav_error err = {0};
  struct nav_buffer out;
  scene->input.for_agency = for_agency;
  struct briefing *briefing = scene_compile(scene);
  briefing_set_copy(briefing, "Kommunpolis, Polisen", 4711, "inför mötet");
  nav_buffer_init(&out, BRIEFING_OUTPUT_MAX);
  assert_true(how(briefing, for_agency, &out, &err));
  const char *text = nav_buffer_text(&out);
  assert_non_null(text);
  char *copy = strdup(text);
  nav_buffer_free(&out);
  briefing_free(briefing);
  return copy;
}

// Every <svg> that is not decoration has a title and a description; scripts, forms and what loads something
// are not there at all.
struct reading {
  int depth, svg_depth, svgs, titles, descriptions, tables, headings;
  bool decoration;
  char language[8];
};

static void on_start(void *context, const XML_Char *name, const XML_Char **attributes) {
  static const char *const refused[] = {"script", "link",  "img",   "iframe",       "object",
                                        "embed",  "form",  "input", "base",         "audio",
                                        "video",  "image", "use",   "foreignObject"};
  struct reading *reading = context;
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) assert_string_not_equal(name, refused[i]);
  for (size_t i = 0; attributes[i] != NULL; i += 2) {
    assert_false(strncmp(attributes[i], "on", 2) == 0);
    assert_string_not_equal(attributes[i], "src");
    if (strcmp(attributes[i], "href") == 0) assert_true(attributes[i + 1][0] == '#');
    if (strcmp(name, "html") == 0 && strcmp(attributes[i], "lang") == 0)
      (void)snprintf(reading->language, sizeof reading->language, "%s", attributes[i + 1]);
  }
  reading->depth++;
  if (strcmp(name, "svg") == 0) {
    reading->svg_depth = reading->depth;
    reading->decoration = false;
    for (size_t i = 0; attributes[i] != NULL; i += 2)
      reading->decoration |= strcmp(attributes[i], "aria-hidden") == 0;
    reading->svgs += !reading->decoration;
  }
  bool is_child = reading->svg_depth > 0 && reading->depth == reading->svg_depth + 1;
  reading->titles += is_child && strcmp(name, "title") == 0;
  reading->descriptions += is_child && strcmp(name, "desc") == 0;
  reading->tables += strcmp(name, "table") == 0;
  reading->headings += strcmp(name, "h2") == 0;
}

static void on_end(void *context, const XML_Char *name) {
  struct reading *reading = context;
  if (strcmp(name, "svg") == 0) reading->svg_depth = 0;
  reading->depth--;
}

static struct reading parse(const char *html) {
  struct reading reading = {0};
  XML_Parser parser = XML_ParserCreate("UTF-8");
  XML_SetUserData(parser, &reading);
  XML_SetElementHandler(parser, on_start, on_end);
  if (XML_Parse(parser, html, (int)strlen(html), 1) != XML_STATUS_OK) {
    print_error("line %lu: %s\n", (unsigned long)XML_GetCurrentLineNumber(parser),
                XML_ErrorString(XML_GetErrorCode(parser)));
    fail();
  }
  XML_ParserFree(parser);
  return reading;
}

static void assert_needs_nothing(const char *html) {
  static const char *const refused[] = {"http:",   "https:",  "//",          "url(",
                                        "@import", "<script", "javascript:", "data:"};
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    if (strstr(html, refused[i]) != NULL) print_error("has %s\n", refused[i]);
    assert_null(strstr(html, refused[i]));
  }
}

static void the_page_stands_by_itself(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, 400);
  fill(&scene);
  char *html = rendered(&scene, briefing_render_html, "skolan");
  struct reading reading = parse(html);
  assert_string_equal(reading.language, "sv");
  assert_true(reading.svgs >= 5);
  assert_int_equal(reading.titles, reading.svgs);
  assert_int_equal(reading.descriptions, reading.svgs);
  assert_true(reading.tables >= 9);
  assert_needs_nothing(html);
  static const char *const order[] = {"Lägesbildsmöte Staden",  "I korthet",        "Vad har förändrats",
                                      "Var det händer",         "När det händer",   "Platser där flera",
                                      "Överenskommet tidigare", "Metod och källor", "Bilaga",
                                      "Endast för Skolan"};
  const char *at = strstr(html, "<body");
  for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
    at = strstr(at, order[i]);
    if (at == NULL) print_error("'%s' is not where it should be\n", order[i]);
    assert_non_null(at);
  }
  assert_non_null(strstr(html, "post 4711 i loggboken"));
  free(html);
  scene_close(&scene);
}

static void hostile_text_is_harmless(void **state) {
  (void)state;
  static char evil[] =
      "\"><script>alert(1)</script><svg onload='x'>&amp; ]]> <!-- \x01\x1b[31m \xE2\x80\xAE \xC3 "
      "\xED\xA0\x80 \xF4\x90\x80\x80 \xEF\xBF\xBE";
  struct scene scene;
  scene_open(&scene, 20);
  for (int i = 0; i < 3; i++) {
    Nav__V1__Event *event =
        scene_report(&scene, i == 0 ? "tyck" : "bolaget", scene_time(2, 12), evil, "norr");
    scene_put(&scene, event, 3000, 3000, evil);
    event->citizen_report->description = evil;
    for (size_t j = 0; j < SCENE_PARTICIPANTS; j++) {
      scene_lanes(&scene)[j].reveal = SCENE_ALL;
      scene_lanes(&scene)[j].narrative = true;
      scene_lanes(&scene)[j].rule = evil;
      scene_lanes(&scene)[j].basis = evil;
    }
  }
  scene.meeting.title = evil;
  scene.meeting.agreement = evil;
  scene.agencies.agencies[2].title = evil;
  scene.areas.items[2].title = evil;
  scene.input.checkpoint = evil;
  char *html = rendered(&scene, briefing_render_html, "bolaget");
  (void)parse(html);
  assert_null(strstr(html, "<script"));
  assert_null(strchr(html, 0x1b));
  assert_null(strstr(html, "\xE2\x80\xAE"));
  assert_non_null(strstr(html, "&lt;script&gt;alert(1)"));
  free(html);
  char *text = rendered(&scene, briefing_render_text, "bolaget");
  assert_null(strchr(text, 0x1b));
  assert_null(strchr(text, 0x01));
  assert_null(strstr(text, "\xE2\x80\xAE"));
  free(text);
  scene_close(&scene);
}

// WCAG 2.1: 4.5:1 for text. Names are the style sheet's own.
static void colour_of(const char *name, double rgb[3]) {
  const char *at = name;
  if (name[0] != '#') {
    char key[16];
    (void)snprintf(key, sizeof key, "--%s:", name);
    at = strstr(html_style, key);
    assert_non_null(at);
    at += strlen(key);
  }
  unsigned long value = strtoul(at + 1, NULL, 16);
  for (int i = 0; i < 3; i++) {
    double channel = (double)(value >> (16 - 8 * i) & 0xFF) / 255;
    rgb[i] = channel <= 0.03928 ? channel / 12.92 : pow((channel + 0.055) / 1.055, 2.4);
  }
}

static double luminance(const char *name) {
  double rgb[3];
  colour_of(name, rgb);
  return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
}

static double contrast(const char *a, const char *b) {
  double x = luminance(a), y = luminance(b);
  return (fmax(x, y) + 0.05) / (fmin(x, y) + 0.05);
}

static void colours_can_be_read(void **state) {
  (void)state;
  static const struct {
    const char *text, *ground;
    double least;
  } pairs[] = {{"ink", "#ffffff", 4.5},     {"muted", "#ffffff", 4.5}, {"accent", "#ffffff", 4.5},
               {"warm", "#ffffff", 4.5},    {"ink", "wash", 4.5},      {"accent", "wash", 4.5},
               {"warm", "wash", 4.5},       {"#ffffff", "warm", 4.5},  {"#ffffff", "ink", 4.5},
               {"ink", "s0", 4.5},          {"ink", "s1", 4.5},        {"ink", "s2", 4.5},
               {"ink", "s3", 4.5},          {"#ffffff", "s4", 4.5},    {"#ffffff", "s5", 4.5},
               {"#7b8894", "#ffffff", 3.0}, {"accent", "#e3e8ed", 3.0}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    double ratio = contrast(pairs[i].text, pairs[i].ground);
    if (ratio < pairs[i].least) print_error("%s on %s: %.2f\n", pairs[i].text, pairs[i].ground, ratio);
    assert_true(ratio >= pairs[i].least);
  }
  static const char *const shades[] = {"s1", "s2", "s3", "s4", "s5"};
  for (size_t i = 1; i < 5; i++) assert_true(luminance(shades[i]) < luminance(shades[i - 1]));
}

static void text_is_as_agreed(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, 400);
  fill(&scene);
  char *text = rendered(&scene, briefing_render_text, NULL), *expected = calloc(1, GOLDEN_MAX);
  FILE *file = fopen(golden, getenv("NAV_TEST_WRITE") != NULL ? "w" : "r");
  assert_non_null(file);
  if (getenv("NAV_TEST_WRITE") != NULL) {
    assert_true(fputs(text, file) >= 0);
  } else {
    assert_true(fread(expected, 1, GOLDEN_MAX - 1, file) > 0);
    assert_string_equal(text, expected);
  }
  (void)fclose(file);
  free(expected);
  free(text);
  scene_close(&scene);
}

static bool has_key(const json_t *json, const char *wanted) {
  const char *key = NULL;
  json_t *value = NULL;
  size_t index = 0;
  bool found = false;
  if (json_is_object(json)) {
    void *iter = json_object_iter((json_t *)(uintptr_t)json);
    for (; iter != NULL; iter = json_object_iter_next((json_t *)(uintptr_t)json, iter)) {
      key = json_object_iter_key(iter);
      value = json_object_iter_value(iter);
      for (const char *at = key; *at != '\0'; at++) assert_true((unsigned char)*at < 0x80);
      found |= strcmp(key, wanted) == 0 || has_key(value, wanted);
    }
  }
  json_array_foreach(json, index, value) found |= has_key(value, wanted);
  return found;
}

static json_int_t number_at(const json_t *json, const char *first, const char *second) {
  const json_t *value = json_object_get(json_object_get(json, first), second);
  assert_true(json_is_integer(value));
  return json_integer_value(value);
}

static void json_says_it_all_and_no_more(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, 400);
  fill(&scene);
  char *text = rendered(&scene, briefing_render_json, NULL);
  json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
  assert_non_null(json);
  assert_int_equal(number_at(json, "incidents", "now"), 46);
  assert_int_equal(number_at(json, "incidents", "before"), 18);
  assert_false(has_key(json, "seq"));
  assert_false(has_key(json, "annex"));
  assert_int_equal(json_array_size(json_object_get(json, "hours")), 7);
  assert_int_equal(json_array_size(json_object_get(json, "events")), 46);
  // Seven absences are told as seven; their areas (4 and 3) are not.
  size_t index = 0;
  json_t *category = NULL;
  bool seen = false;
  json_array_foreach(json_object_get(json, "categories"), index, category) {
    if (!json_is_true(json_object_get(category, "counted_only"))) continue;
    seen = true;
    assert_int_equal(number_at(category, "total", "now"), 7);
    const json_t *areas = json_object_get(category, "areas");
    for (size_t i = 0; i < json_array_size(areas); i++)
      assert_true(json_is_null(json_object_get(json_array_get(areas, i), "now")));
  }
  assert_true(seen);
  assert_null(strstr(text, "Elevsson"));
  json_decref(json);
  free(text);
  text = rendered(&scene, briefing_render_json, "skolan");
  json = json_loads(text, 0, NULL);
  assert_int_equal(number_at(json, "annex", "own"), 8);
  assert_int_equal(number_at(json, "annex", "counted"), 7);
  assert_int_equal(number_at(json, "annex", "left_out"), 1);
  json_decref(json);
  free(text);
  scene_close(&scene);
}

static void another_agencys_annex_is_refused(void **state) {
  (void)state;
  struct scene scene;
  struct nav_error err = {0};
  struct nav_buffer out;
  scene_open(&scene, 400);
  fill(&scene);
  scene.input.for_agency = "skolan";
  struct briefing *briefing = scene_compile(&scene);
  nav_buffer_init(&out, BRIEFING_OUTPUT_MAX);
  assert_false(briefing_render_html(briefing, "polisen", &out, &err));
  assert_false(briefing_render_json(briefing, "polisen", &out, &err));
  assert_false(briefing_render_text(briefing, "polisen", &out, &err));
  assert_int_equal(out.length, 0);
  assert_true(briefing_render_html(briefing, NULL, &out, &err));  // without the annex
  assert_null(strstr(nav_buffer_text(&out), "Endast för"));
  nav_buffer_free(&out);
  briefing_free(briefing);
  scene_close(&scene);
}

static void too_small_a_buffer_is_told(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, 400);
  fill(&scene);
  struct briefing *briefing = scene_compile(&scene);
  render *const all[] = {briefing_render_html, briefing_render_json, briefing_render_text};
  for (size_t i = 0; i < 3; i++) {
    struct nav_error err = {0};
    struct nav_buffer out;
    nav_buffer_init(&out, 2000);
    assert_false(all[i](briefing, NULL, &out, &err));
    assert_non_null(strstr(err.text, "does not fit"));
    nav_buffer_free(&out);
  }
  briefing_free(briefing);
  scene_close(&scene);
}

// Nothing in, and a meeting whose areas have no shapes: still a whole page.
static void an_empty_month(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, 1);
  for (size_t i = 0; i < scene.areas.count; i++) scene.areas.items[i].points_count = 0;
  char *html = rendered(&scene, briefing_render_html, NULL);
  (void)parse(html);
  assert_non_null(strstr(html, "ingen karta"));
  free(html);
  free(rendered(&scene, briefing_render_text, NULL));
  free(rendered(&scene, briefing_render_json, NULL));
  scene_close(&scene);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_page_stands_by_itself),    cmocka_unit_test(hostile_text_is_harmless),
      cmocka_unit_test(colours_can_be_read),          cmocka_unit_test(text_is_as_agreed),
      cmocka_unit_test(json_says_it_all_and_no_more), cmocka_unit_test(another_agencys_annex_is_refused),
      cmocka_unit_test(too_small_a_buffer_is_told),   cmocka_unit_test(an_empty_month)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
