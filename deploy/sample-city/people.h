// The sample city's people: invented names, and Skatteverket's test numbers for their personal numbers.
// Called by: the feeds. Must never: hold a number that may be somebody's.
#ifndef NAV_DEPLOY_SAMPLE_CITY_PEOPLE_H
#define NAV_DEPLOY_SAMPLE_CITY_PEOPLE_H

#include "deploy/sample-city/chance.h"
#include "deploy/sample-city/city.h"

struct person {
  const char *number;  // twelve digits; NULL: invented without one
  const char *given_name;
  const char *family_name;
  int birth_year, birth_month, birth_day;
  const char *area;        // where the person lives
  const char *locality;    // and its post town
  const char *protection;  // Ingen, Sekretessmarkering, Skyddad folkbokföring
};

// A person of that age on the city's last day, if there is one; else of any age. The same index gives the
// same person.
struct person person_of_age(const struct city *city, unsigned index, int age_min, int age_max);
// A name alone.
struct person person_invent(struct chance *chance);

#endif
