// What people write about each kind of happening, feed by feed; '%' is the place.
// Called by: the feeds. Must never: name a person.
#ifndef NAV_DEPLOY_SAMPLE_CITY_TEXTS_H
#define NAV_DEPLOY_SAMPLE_CITY_TEXTS_H

#include "deploy/sample-city/city.h"

enum { TEXTS_A_KIND = 3 };

struct texts_police {
  const char *type;
  const char *summary[TEXTS_A_KIND];
};

struct texts_report {
  const char *service_code;
  const char *service_name;
  const char *description[TEXTS_A_KIND];
};

struct texts_case {
  const char *category;  // fi2case_category
  const char *description[TEXTS_A_KIND];
  const char *comment;
};

// NULL texts where the feed never tells of the kind.
extern const struct texts_police texts_police[CITY_KINDS];
extern const struct texts_report texts_report[CITY_KINDS];
extern const struct texts_case texts_case[CITY_KINDS];

#endif
