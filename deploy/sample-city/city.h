// The sample city: its places, and what happens there over the weeks. Each feed tells of the same happenings
// in its own words and format, so that several agencies' events lie at the same place and time. Places are
// public squares and stations; everything that happens is invented. Called by: the feeds and main. Must
// never: depend on the clock; only on seed, scale, until and weeks.
#ifndef NAV_DEPLOY_SAMPLE_CITY_CITY_H
#define NAV_DEPLOY_SAMPLE_CITY_CITY_H

#include "deploy/sample-city/chance.h"
#include "hub/base/clock.h"
#include "hub/base/error.h"

enum {
  CITY_SCALE_MAX = 1000,
  CITY_WEEKS_MAX = 520,
  CITY_HAPPENINGS_MAX = 8 * 1000 * 1000,
  CITY_BUILDINGS_A_SPOT = 2,
};

struct city_spot {
  const char *name;          // as people write it, with its district in it ("Råcksta i Vällingby")
  const char *short_name;    // "Råcksta"
  const char *area;          // id of the district
  const char *municipality;  // as the police write it
  double latitude, longitude;
  unsigned char weight;  // how much happens there
  int housing;           // number of its buildings (01-16); 0: nobody lives there
};

extern const struct city_spot city_spots[];
extern const size_t city_spots_count;

enum city_kind {
  CITY_ASSAULT,
  CITY_ROBBERY,
  CITY_VANDALISM,
  CITY_GRAFFITI,
  CITY_FIRE,
  CITY_DRUGS,
  CITY_NOISE,
  CITY_PARTY,
  CITY_GATHERING,
  CITY_THREAT,
  CITY_LITTER,
  CITY_LIGHTING,
  CITY_BREAK_IN,
  CITY_THEFT,
  CITY_TRAFFIC,
  CITY_WEAPON,
  CITY_GUARD_ROUND,
  CITY_FAULT,
  CITY_TENANCY,
  CITY_KINDS,
};

enum city_feed {
  CITY_POLISEN,
  CITY_TYCKTILL,
  CITY_SKOLAN,
  CITY_SOCIALTJANSTEN,
  CITY_BOSTADSBOLAGET,
  CITY_FEEDS
};
extern const char *const city_feed_names[CITY_FEEDS];

struct city_happening {
  int64_t time_ms;
  uint32_t number;  // stable: what a feed draws for it starts from this
  unsigned char kind;
  unsigned char spot;
  unsigned char feeds;  // a bit for each feed that tells of it
};

struct city {
  uint64_t seed;
  unsigned scale;
  int weeks;
  int64_t first_day, last_day;        // days since 1970, both included
  struct city_happening *happenings;  // in the order of time
  size_t count;
};

// until_day: the last day. False: *err says what is out of range.
NAV_MUST_USE bool city_make(struct city *city, uint64_t seed, unsigned scale, int weeks, int64_t until_day,
                            struct nav_error *err);
void city_free(struct city *city);

// The draws of one feed for one happening.
struct chance city_chance(const struct city *city, enum city_feed feed, uint32_t number);
// What is told of a happening is told by the end of the last day, however long it took.
int64_t city_told_by(const struct city *city, int64_t ms);
// Milliseconds of a Swedish clock time.
int64_t city_time(int64_t day, int minute_of_day);
// "2026-10-05T08:10:00+02:00" in Swedish time, with `fraction` ("", ".123", ",375421") before the zone. out:
// 64 bytes. Returns out.
const char *city_rfc3339(int64_t ms, const char *fraction, char out[64]);
// "2026-10-05" of the Swedish day. out: NAV_DATE_SIZE bytes.
const char *city_date(int64_t day, char out[NAV_DATE_SIZE]);
// A text in which every '%' becomes the place. out has `size` bytes. Returns out.
const char *city_fill(const char *template, const char *place, char *out, size_t size);

#endif
