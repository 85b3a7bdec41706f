// What an order to erase did, or would do, as JSON. See erase_private.h, and erase.h for its form.
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/core/erase_private.h"
#include "hub/wire/event.h"

static const char *state_name(enum erase_lane_state state) {
  return state == ERASE_LANE_HAD ? "had" : state == ERASE_LANE_MISSED ? "missed" : "set_aside";
}

static json_t *event_lanes(const struct core *core, const struct erase_event *event) {
  json_t *list = json_array();
  for (size_t i = 0; i < event->lanes_count; i++) {
    const struct number_lane *lane = &core->numbers->lanes[event->lanes[i].lane];
    (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "agency", lane->agency, "purpose",
                                                lane->purpose, "state", state_name(event->lanes[i].state)));
  }
  return list;
}

static json_t *event_json(const struct core *core, const struct erase_event *event) {
  char id[2 * sizeof event->event_id + 1];
  char date[48];
  int year = 0;
  int month = 0;
  int day = 0;
  const char *type = wire_body_name(event->type);
  nav_date_from_days(event->place.day, &year, &month, &day);
  (void)snprintf(date, sizeof date, "%04d-%02d-%02d", year, month, day);
  return json_pack(
      "{s:s, s:s, s:I, s:I, s:s, s:I, s:s, s:o, s:I, s:s, s:s?, s:I}", "agency",
      core->numbers->agencies[event->agency], "id", nav_hex(id, event->event_id, sizeof event->event_id),
      "revision", (json_int_t)event->revision, "seq", (json_int_t)event->seq, "type",
      type == NULL ? "" : type, "class", (json_int_t)event->place.retention_class, "day", date, "lanes",
      event_lanes(core, event), "holds_closed", (json_int_t)(event->against == NULL ? event->holds : 0),
      "state", event->against == NULL ? "erased" : "kept", "against", event->against, "record",
      (json_int_t)event->record_seq);
}

// Which lanes have had how many of what is erased, and had not had how many.
static json_t *all_lanes(const struct core *core) {
  static uint64_t had[NUMBERS_LANES_MAX];  // one thread
  static uint64_t missed[NUMBERS_LANES_MAX];
  const struct erase *run = core->erase;
  json_t *list = json_array();
  memset(had, 0, sizeof had);
  memset(missed, 0, sizeof missed);
  for (size_t i = 0; i < run->count; i++) {
    const struct erase_event *event = &run->events[i];
    for (size_t k = 0; event->against == NULL && k < event->lanes_count; k++)
      (event->lanes[k].state == ERASE_LANE_HAD ? had : missed)[event->lanes[k].lane]++;
  }
  for (uint32_t i = 1; i < core->numbers->lanes_end; i++) {
    const struct number_lane *lane = &core->numbers->lanes[i];
    if (had[i] + missed[i] > 0)
      (void)json_array_append_new(
          list, json_pack("{s:s, s:s, s:I, s:I}", "agency", lane->agency, "purpose", lane->purpose, "had",
                          (json_int_t)had[i], "missed", (json_int_t)missed[i]));
  }
  return list;
}

json_t *erase_answer(const struct core *core) {
  const struct erase *run = core->erase;
  json_t *events = json_array();
  size_t kept = 0;
  for (size_t i = 0; i < run->count; i++) {
    kept += run->events[i].against == NULL ? 0 : 1;
    (void)json_array_append_new(events, event_json(core, &run->events[i]));
  }
  return json_pack("{s:b, s:b, s:o, s:I, s:I, s:I, s:o, s:I, s:b, s:s?}", "ok", 1, "dry", run->dry ? 1 : 0,
                   "events", events, "erased", (json_int_t)(run->count - kept), "kept", (json_int_t)kept,
                   "already", (json_int_t)run->already, "lanes", all_lanes(core), "keys_left",
                   (json_int_t)(run->dry ? 0 : erasures_keys_left(core->erasures)), "more", run->more ? 1 : 0,
                   "failed", run->failed[0] == '\0' ? NULL : run->failed);
}
