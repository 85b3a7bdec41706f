// The files of a feed, and what was written of it: the counts stand in manifest.json, so that whoever reads
// the feeds can check that nothing was lost on the way. Called by: the feeds, main. Must never: write outside
// the folder it was given.
#ifndef NAV_DEPLOY_SAMPLE_CITY_OUT_H
#define NAV_DEPLOY_SAMPLE_CITY_OUT_H

#include <jansson.h>

#include "hub/base/buffer.h"
#include "hub/base/error.h"

enum { OUT_FILE_MAX = 64 * 1024 * 1024 };

enum out_form { OUT_UTF8, OUT_UTF8_BOM, OUT_ISO_8859_1 };

struct out {
  const char *folder;  // DIR/<feed>, which exists
  size_t files;
  size_t records;  // in all
  size_t repeats;  // of them told again, unchanged or edited
  size_t bad;      // of them, such that an adapter has to leave them out
};

NAV_MUST_USE bool out_text(struct out *out, const char *name, enum out_form form, const char *text,
                           size_t length, struct nav_error *err);
// Dumps and frees the JSON (NULL: no memory).
NAV_MUST_USE bool out_json(struct out *out, const char *name, enum out_form form, json_t *json,
                           struct nav_error *err);

#endif
