// See sample.h. Read from its JSON, so that it can be seen as a reader of the API would see it.
#include "tests/unit/wire/sample.h"

#include <stdio.h>
#include <stdlib.h>

#include "hub/wire/json.h"

Nav__V1__Event *sample_concern_report(struct nav_arena *arena) {
  json_error_t fault;
  json_t *json = json_load_file("tests/unit/wire/sample.json", JSON_REJECT_DUPLICATES, &fault);
  struct nav_error err = {0};
  Nav__V1__Event *event = json != NULL ? wire_cloudevent_to_event(json, arena, &err) : NULL;
  json_decref(json);
  if (event != NULL) return event;
  (void)fprintf(stderr, "tests/unit/wire/sample.json: %s %s: %s\n", json == NULL ? fault.text : "", err.place,
                err.text);
  abort();
}
