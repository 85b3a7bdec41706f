// nav-sample-city: writes a district's feeds of some sixty weeks, each in its source's own format and with
// its quirks, and manifest.json with what an adapter is to make of them. The same --seed, --scale, --weeks
// and --until give the same bytes. Called by: the quickstart, tests, benchmarks. Must never: write outside
// --out.
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "deploy/sample-city/feeds.h"

enum { EXIT_USAGE = 2, PATH_SIZE = 900, DEFAULT_WEEKS = 60, DEFAULT_SEED = 1 };

struct options {
  const char *out;
  const char *only;
  uint64_t seed;
  unsigned scale;
  int weeks;
  int64_t until_day;
};

static const char help[] =
    "nav-sample-city --out ./stad                          a district's feeds, about 4,000 ledger records\n"
    "nav-sample-city --out ./stad --until 2026-11-21       the same bytes whenever it is run\n"
    "nav-sample-city --out ./stor --only polisen --scale 100\n"
    "\n"
    "  --out DIR           where the feeds are written: DIR/<feed>/ and DIR/manifest.json\n"
    "  --only FEED         polisen, tycktill, skolan, socialtjansten or bostadsbolaget alone\n"
    "  --seed N            another city (1)\n"
    "  --scale N           N times as much of everything, 1 to 1000 (1)\n"
    "  --weeks N           1 to 520 (60)\n"
    "  --until YYYY-MM-DD  the last day (yesterday)\n"
    "  --help, --version\n"
    "\n"
    "Persons are Skatteverket's test numbers with invented names. Exit: 0 done, 1 failed, 2 usage.\n";

static int usage(const char *what, const char *value) {
  (void)fprintf(stderr, "nav-sample-city: %s '%s'; see --help\n", what, value);
  return EXIT_USAGE;
}

static bool parse_number(const char *text, uint64_t max, uint64_t *number) {
  char *end = NULL;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 10);
  *number = value;
  return errno == 0 && end != text && *end == '\0' && *text != '-' && value <= max;
}

static bool parse_day(const char *text, int64_t *day) {
  int year = 0;
  int month = 0;
  int date = 0;
  if (!nav_date_parse(text, &year, &month, &date)) return false;
  *day = nav_days_from_date(year, month, date);
  return true;
}

static bool is_feed(const char *name) {
  for (int i = 0; i < CITY_FEEDS; i++) {
    if (strcmp(city_feed_names[i], name) == 0) return true;
  }
  return false;
}

// 0: go on; otherwise the exit code, 100 for help and version.
static int take_option(int option, struct options *options) {
  uint64_t number = 0;
  switch (option) {
    case 'o':
      options->out = optarg;
      return 0;
    case 'f':
      options->only = optarg;
      return is_feed(optarg) ? 0 : usage("there is no feed", optarg);
    case 's':
      return parse_number(optarg, UINT64_MAX, &options->seed) ? 0
                                                              : usage("--seed takes a number, not", optarg);
    case 'x':
      if (!parse_number(optarg, CITY_SCALE_MAX, &number))
        return usage("--scale takes 1 to 1000, not", optarg);
      options->scale = (unsigned)number;
      return 0;
    case 'w':
      if (!parse_number(optarg, CITY_WEEKS_MAX, &number)) return usage("--weeks takes 1 to 520, not", optarg);
      options->weeks = (int)number;
      return 0;
    case 'u':
      return parse_day(optarg, &options->until_day) ? 0
                                                    : usage("--until takes a date (YYYY-MM-DD), not", optarg);
    case 'h':
      (void)fputs(help, stdout);
      return 100;
    case 'v':
      (void)printf("nav-sample-city %s\n", NAV_VERSION);
      return 100;
    default:
      return EXIT_USAGE;  // getopt has said why
  }
}

static int parse_options(int argc, char **argv, struct options *options) {
  static const struct option table[] = {{"out", required_argument, NULL, 'o'},
                                        {"only", required_argument, NULL, 'f'},
                                        {"seed", required_argument, NULL, 's'},
                                        {"scale", required_argument, NULL, 'x'},
                                        {"weeks", required_argument, NULL, 'w'},
                                        {"until", required_argument, NULL, 'u'},
                                        {"help", no_argument, NULL, 'h'},
                                        {"version", no_argument, NULL, 'v'},
                                        {NULL, 0, NULL, 0}};
  int option = 0;
  while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
    int code = take_option(option, options);
    if (code != 0) return code;
  }
  if (optind < argc) return usage("takes no argument", argv[optind]);
  if (options->out == NULL) return usage("--out is missing", "--out DIR");
  return 0;
}

static bool make_folder(const char *path, struct nav_error *err) {
  if (mkdir(path, 0755) == 0 || errno == EEXIST) return true;
  return nav_fail_errno(err, path, "cannot create the folder");
}

static bool write_feed(const struct city *city, enum city_feed feed, const char *folder, json_t *feeds,
                       struct nav_error *err) {
  static bool (*const writers[CITY_FEEDS])(const struct city *, struct out *, struct nav_error *) = {
      [CITY_POLISEN] = feed_polisen,
      [CITY_TYCKTILL] = feed_tycktill,
      [CITY_SKOLAN] = feed_skolan,
      [CITY_SOCIALTJANSTEN] = feed_socialtjansten,
      [CITY_BOSTADSBOLAGET] = feed_bostadsbolaget,
  };
  char path[PATH_SIZE];
  int length = snprintf(path, sizeof path, "%s/%s", folder, city_feed_names[feed]);
  if (length < 0 || (size_t)length >= sizeof path)
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "--out", "is too long a path");
  struct out out = {.folder = path};
  if (!make_folder(path, err) || !writers[feed](city, &out, err)) return false;
  json_t *counts =
      json_pack("{s:I, s:I, s:I, s:I}", "files", (json_int_t)out.files, "records", (json_int_t)out.records,
                "repeats", (json_int_t)out.repeats, "bad", (json_int_t)out.bad);
  (void)json_object_set_new(feeds, city_feed_names[feed], counts);
  (void)fprintf(stderr, "%s: %zu files, %zu records (%zu told again, %zu that an adapter leaves out)\n", path,
                out.files, out.records, out.repeats, out.bad);
  return true;
}

static bool write_all(const struct options *options, struct nav_error *err) {
  struct city city;
  char until[NAV_DATE_SIZE];
  if (!make_folder(options->out, err)) return false;
  bool written = city_make(&city, options->seed, options->scale, options->weeks, options->until_day, err);
  json_t *feeds = json_object();
  for (int i = 0; written && i < CITY_FEEDS; i++) {
    if (options->only != NULL && strcmp(options->only, city_feed_names[i]) != 0) continue;
    written = write_feed(&city, (enum city_feed)i, options->out, feeds, err);
  }
  struct out manifest = {.folder = options->out};
  json_t *json =
      json_pack("{s:I, s:I, s:i, s:s, s:I, s:o}", "seed", (json_int_t)options->seed, "scale",
                (json_int_t)options->scale, "weeks", options->weeks, "until",
                city_date(options->until_day, until), "happenings", (json_int_t)city.count, "feeds", feeds);
  city_free(&city);
  if (written) return out_json(&manifest, "manifest.json", OUT_UTF8, json, err);
  json_decref(json);
  return false;
}

int main(int argc, char **argv) {
  struct nav_error err = {0};
  char text[NAV_ERROR_PLACE_SIZE + NAV_ERROR_TEXT_SIZE + 4];
  struct options options = {.seed = DEFAULT_SEED, .scale = 1, .weeks = DEFAULT_WEEKS};
  options.until_day = nav_day_stockholm(nav_clock_now_ms()) - 1;
  int code = parse_options(argc, argv, &options);
  if (code != 0) return code == 100 ? EXIT_SUCCESS : code;
  if (write_all(&options, &err)) return EXIT_SUCCESS;
  (void)fprintf(stderr, "nav-sample-city: %s\n", nav_error_string(&err, text, sizeof text));
  return EXIT_FAILURE;
}
