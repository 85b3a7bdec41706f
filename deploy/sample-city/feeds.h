// The five feeds: each writes its own files of the city's happenings, in its source's format and with its
// quirks. Called by: main. Must never: draw from another feed's chance.
#ifndef NAV_DEPLOY_SAMPLE_CITY_FEEDS_H
#define NAV_DEPLOY_SAMPLE_CITY_FEEDS_H

#include "deploy/sample-city/city.h"
#include "deploy/sample-city/out.h"

NAV_MUST_USE bool feed_polisen(const struct city *city, struct out *out, struct nav_error *err);
NAV_MUST_USE bool feed_tycktill(const struct city *city, struct out *out, struct nav_error *err);
NAV_MUST_USE bool feed_skolan(const struct city *city, struct out *out, struct nav_error *err);
NAV_MUST_USE bool feed_socialtjansten(const struct city *city, struct out *out, struct nav_error *err);
NAV_MUST_USE bool feed_bostadsbolaget(const struct city *city, struct out *out, struct nav_error *err);

#endif
