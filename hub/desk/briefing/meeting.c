// See meeting.h.
#include "hub/desk/briefing/meeting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/arena.h"
#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/conf/check.h"
#include "hub/conf/folder.h"

enum { ARENA_BYTES_MAX = 64 * 1024 * 1024, TITLE_LENGTH_MAX = 200, WEEKS_MAX = 52, DAY_DIGITS = 10 };

static const char *const kinds[] = {"lagesbild", "platssamverkan", "sig", "rad", NULL};
static const char *const kind_titles[] = {"Lägesbildsmöte", "Platssamverkan", "Social insatsgrupp",
                                          "Brottsförebyggande råd"};

struct loading {
  struct meetings *meetings;
  const struct conf_agencies *agencies;
  const struct nav_areas *areas;
  struct conf_faults *faults;
};

// One file's map as the table below reads it.
struct raw {
  char *id, *kind, *title, *purpose, *agreement, *chair;
  struct conf_node *area, *period, *opens, *closes, *participants, *attendees, *parts, *persons;
};

#define RAW(field) .offset = offsetof(struct raw, field)

static const struct conf_key meeting_keys[] = {
    {.name = "id", .kind = CONF_KEY_ID, RAW(id), .required = true},
    {.name = "kind", .kind = CONF_KEY_WORD, RAW(kind), .words = kinds, .required = true},
    {.name = "title", .kind = CONF_KEY_TEXT, RAW(title), .max = TITLE_LENGTH_MAX, .required = true},
    {.name = "purpose", .kind = CONF_KEY_ID, RAW(purpose)},
    {.name = "agreement", .kind = CONF_KEY_TEXT, RAW(agreement), .max = TITLE_LENGTH_MAX},
    {.name = "chair", .kind = CONF_KEY_ID, RAW(chair), .required = true},
    {.name = "area", .kind = CONF_KEY_NODE, RAW(area), .required = true},
    {.name = "period", .kind = CONF_KEY_NODE, RAW(period), .required = true},
    {.name = "opens", .kind = CONF_KEY_NODE, RAW(opens), .required = true},
    {.name = "closes", .kind = CONF_KEY_NODE, RAW(closes)},
    {.name = "participants", .kind = CONF_KEY_NODE, RAW(participants)},
    {.name = "attendees", .kind = CONF_KEY_NODE, RAW(attendees)},
    {.name = "parts", .kind = CONF_KEY_NODE, RAW(parts)},
    {.name = "persons", .kind = CONF_KEY_NODE, RAW(persons)},
};

struct raw_part {
  char *id, *title, *purpose;
  struct conf_node *participants, *attendees;
};

#define PART(field) .offset = offsetof(struct raw_part, field)

static const struct conf_key part_keys[] = {
    {.name = "id", .kind = CONF_KEY_ID, PART(id), .required = true},
    {.name = "title", .kind = CONF_KEY_TEXT, PART(title), .max = TITLE_LENGTH_MAX, .required = true},
    {.name = "purpose", .kind = CONF_KEY_ID, PART(purpose)},
    {.name = "participants", .kind = CONF_KEY_NODE, PART(participants), .required = true},
    {.name = "attendees", .kind = CONF_KEY_NODE, PART(attendees)},
};

struct raw_person {
  char *id, *title, *personal_number;
};

#define PERSON(field) .offset = offsetof(struct raw_person, field)

static const struct conf_key person_keys[] = {
    {.name = "id", .kind = CONF_KEY_ID, PERSON(id), .required = true},
    {.name = "title", .kind = CONF_KEY_TEXT, PERSON(title), .max = TITLE_LENGTH_MAX, .required = true},
    {.name = "personal_number", .kind = CONF_KEY_TEXT, PERSON(personal_number), .max = 20, .required = true},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define FAULT(node, hint, ...) \
  conf_faults_add(loading->faults, (node)->file, (node)->line, (node)->column, hint, __VA_ARGS__)

static size_t fault_count(const struct loading *loading) {
  return loading->faults->count + loading->faults->dropped;
}

// Zeroed memory for the meetings' life; a fault where there is none.
static void *take(const struct loading *loading, const struct conf_node *node, size_t count, size_t size) {
  void *memory = nav_arena_zalloc(loading->meetings->arena, count + 1, size);
  if (memory == NULL) FAULT(node, "split the file", "needs too much memory to read");
  return memory;
}

// Each function below reads one thing of the map into the meeting, with faults for what is wrong with it.

static bool takes_part(const struct conf_agency *agency, const char *purpose) {
  for (size_t i = 0; i < agency->purposes_count; i++) {
    if (strcmp(agency->purposes[i], purpose) == 0) return true;
  }
  return false;
}

static const struct conf_agency *read_agency(const struct loading *loading, const struct conf_node *node,
                                             const char *where) {
  const char *id = conf_read_id(node, where, loading->faults);
  if (id == NULL) return NULL;
  const struct conf_agency *agency = conf_agency_find(loading->agencies, id);
  if (agency != NULL) return agency;
  const char *names[CONF_AGENCIES_MAX + 1] = {NULL};
  for (size_t i = 0; i < loading->agencies->agencies_count; i++) names[i] = loading->agencies->agencies[i].id;
  conf_fault_unknown(node, where, "agency", id, names, loading->faults);
  return NULL;
}

static const struct conf_person *find_person(const struct conf_agencies *agencies, const char *id) {
  for (size_t i = 0; i < agencies->persons_count; i++) {
    if (strcmp(agencies->persons[i].id, id) == 0) return &agencies->persons[i];
  }
  return NULL;
}

static void read_participants(const struct loading *loading, struct conf_node *node, const char *where,
                              struct meeting_part *part) {
  size_t count = 0;
  if (!conf_read_list(node, where, false, MEETING_PARTICIPANTS_MAX, &count, loading->faults)) return;
  part->participants = take(loading, node, count, sizeof *part->participants);
  if (part->participants == NULL) return;
  for (size_t i = 0; i < count; i++) {
    struct conf_node *item = conf_list_item(node, i);
    const struct conf_agency *agency = read_agency(loading, item, where);
    if (agency == NULL) continue;
    for (size_t j = 0; j < part->participants_count; j++) {
      if (part->participants[j].agency == agency->id)
        FAULT(item, "remove one of them", "%s: '%s' stands twice", where, agency->id);
    }
    if (part->purpose != NULL && !takes_part(agency, part->purpose)) {
      FAULT(item, "add the purpose to the agency in agencies.yaml, or leave the agency out",
            "%s: '%s' does not take part in the purpose '%s'", where, agency->id, part->purpose);
    }
    part->participants[part->participants_count++].agency = agency->id;
  }
  if (count < 2)
    FAULT(node, "a joint part is what two or more may both see", "%s has fewer than two agencies", where);
}

static void read_attendees_of(const struct loading *loading, struct conf_node *node, const char *where,
                              struct meeting_participant *participant) {
  size_t count = 0;
  if (!conf_read_list(node, where, true, MEETING_ATTENDEES_MAX, &count, loading->faults)) return;
  participant->attendees = take(loading, node, count, sizeof *participant->attendees);
  if (participant->attendees == NULL) return;
  for (size_t i = 0; i < count; i++) {
    struct conf_node *item = conf_list_item(node, i);
    const char *id = conf_read_id(item, where, loading->faults);
    if (id == NULL) continue;
    const struct conf_person *person = find_person(loading->agencies, id);
    if (person == NULL) {
      FAULT(item, "persons stand in agencies.yaml", "%s: no person '%s'", where, id);
    } else if (strcmp(person->agency, participant->agency) != 0) {
      FAULT(item, "", "%s: '%s' is of '%s', not of '%s'", where, id, person->agency, participant->agency);
    } else {
      participant->attendees[participant->attendees_count++] = person->id;
    }
  }
}

static void read_attendees(const struct loading *loading, struct conf_node *node, const char *where,
                           struct meeting_part *part) {
  if (node == NULL || !conf_expect_map(node, where, loading->faults)) return;
  for (size_t i = 0; i < node->count; i++) {
    struct meeting_participant *found = NULL;
    for (size_t j = 0; j < part->participants_count && found == NULL; j++) {
      if (strcmp(part->participants[j].agency, node->keys[i]->text) == 0) found = &part->participants[j];
    }
    if (found == NULL) {
      FAULT(node->keys[i], "", "%s: '%s' is not a participant", where, node->keys[i]->text);
    } else {
      read_attendees_of(loading, node->items[i], where, found);
    }
  }
}

static void read_part(const struct loading *loading, struct conf_node *node, const char *where,
                      const char *purpose, struct meeting *meeting) {
  struct raw_part raw = {0};
  struct meeting_part *part = &meeting->parts[meeting->parts_count];
  if (!conf_read_map(node, where, part_keys, COUNT(part_keys), loading->meetings->arena, &raw,
                     loading->faults))
    return;
  for (size_t i = 0; i < meeting->parts_count; i++) {
    if (strcmp(meeting->parts[i].id, raw.id) == 0)
      FAULT(node, "give it another id", "%s: '%s' stands twice", where, raw.id);
  }
  *part = (struct meeting_part){
      .id = raw.id, .title = raw.title, .purpose = raw.purpose != NULL ? raw.purpose : purpose};
  if (part->purpose == NULL) FAULT(node, "name it here or for the meeting", "%s lacks 'purpose'", where);
  read_participants(loading, raw.participants, where, part);
  read_attendees(loading, raw.attendees, where, part);
  meeting->parts_count++;
}

static void read_parts(const struct loading *loading, const struct conf_node *map, const struct raw *raw,
                       struct meeting *meeting) {
  size_t count = 0;
  if (!conf_read_list(raw->parts, "parts", false, MEETING_PARTS_MAX, &count, loading->faults)) return;
  if (count == 0) FAULT(raw->parts, "name participants instead", "parts is empty");
  if (raw->participants != NULL || raw->attendees != NULL) {
    FAULT(map, "move them into the parts", "a meeting has either participants and attendees, or parts");
  }
  meeting->parts = take(loading, raw->parts, count, sizeof *meeting->parts);
  if (meeting->parts == NULL) return;
  for (size_t i = 0; i < count; i++) {
    char where[CONF_WHERE_SIZE];
    (void)snprintf(where, sizeof where, "parts[%zu]", i);
    read_part(loading, conf_list_item(raw->parts, i), where, raw->purpose, meeting);
  }
}

static void read_only_part(const struct loading *loading, const struct conf_node *map, const struct raw *raw,
                           struct meeting *meeting) {
  meeting->parts = take(loading, map, 1, sizeof *meeting->parts);
  if (meeting->parts == NULL) return;
  *meeting->parts = (struct meeting_part){.id = "gemensam", .title = "Gemensam del", .purpose = raw->purpose};
  meeting->parts_count = 1;
  if (raw->purpose == NULL) FAULT(map, "", "the meeting lacks 'purpose'");
  if (raw->participants == NULL) {
    FAULT(map, "name the agencies, or parts with their own", "the meeting lacks 'participants'");
    return;
  }
  read_participants(loading, raw->participants, "participants", meeting->parts);
  read_attendees(loading, raw->attendees, "attendees", meeting->parts);
}

static void read_areas(const struct loading *loading, struct conf_node *node, struct meeting *meeting) {
  size_t count = 0;
  if (!conf_read_list(node, "area", true, MEETING_AREAS_MAX, &count, loading->faults)) return;
  meeting->areas = take(loading, node, count, sizeof *meeting->areas);
  if (meeting->areas == NULL) return;
  if (count == 0) FAULT(node, "", "area is empty");
  for (size_t i = 0; i < count; i++) {
    struct conf_node *item = conf_list_item(node, i);
    const char *id = conf_read_id(item, "area", loading->faults);
    if (id == NULL) continue;
    const struct nav_area *area = nav_area_find(loading->areas, id);
    if (area == NULL) {
      FAULT(item, "areas stand in areas/", "area: no area '%s'", id);
    } else {
      meeting->areas[meeting->areas_count++] = area->id;
    }
  }
}

// "2026-11-23", or a time. False: a fault.
static bool read_moment(const struct loading *loading, const struct conf_node *node, const char *where,
                        bool end_of_day, int64_t *ms) {
  const char *text = conf_read_text(node, where, loading->faults);
  if (text == NULL) return false;
  int year = 0, month = 0, day = 0;
  if (nav_date_parse(text, &year, &month, &day)) {
    struct nav_civil civil = {0};
    nav_date_from_days(nav_days_from_date(year, month, day) + (end_of_day ? 1 : 0), &civil.year, &civil.month,
                       &civil.day);
    *ms = nav_ms_from_civil_stockholm(&civil);
    return true;
  }
  if (nav_clock_parse(text, true, ms)) return true;
  FAULT(node, "write 2026-11-23 or 2026-11-23T09:00", "%s: '%.40s' is neither a day nor a time", where, text);
  return false;
}

static void read_weeks(const struct loading *loading, const struct conf_node *node, struct meeting *meeting) {
  int64_t weeks = 0;
  if (!conf_read_integer(node, "period.weeks", 1, WEEKS_MAX, &weeks, loading->faults)) return;
  meeting->end_day = nav_day_stockholm(meeting->opens_ms);
  meeting->start_day = meeting->end_day - 7 * weeks;
}

static void read_period(const struct loading *loading, const struct conf_node *node,
                        struct meeting *meeting) {
  static const char *const names[] = {"weeks", "start", "end", NULL};
  if (!conf_expect_map(node, "period", loading->faults)) return;
  conf_check_keys(node, names, "period", loading->faults);
  const struct conf_node *weeks = conf_get(node, "weeks"), *start = conf_get(node, "start"),
                         *end = conf_get(node, "end");
  if ((weeks == NULL) == (start == NULL || end == NULL) ||
      (weeks != NULL && (start != NULL || end != NULL))) {
    FAULT(node, "write {weeks: 4}, or {start: 2026-10-01, end: 2026-10-31}",
          "period has either weeks, or start and end");
    return;
  }
  if (weeks != NULL) {
    read_weeks(loading, weeks, meeting);
    return;
  }
  int64_t last = 0;
  if (!conf_read_date(start, "period.start", &meeting->start_day, loading->faults) ||
      !conf_read_date(end, "period.end", &last, loading->faults)) {
    return;
  }
  meeting->end_day = last + 1;
  if (meeting->end_day <= meeting->start_day) FAULT(end, "", "period ends before it starts");
  if (meeting->end_day - meeting->start_day > MEETING_DAYS_MAX) {
    FAULT(end, "", "period is longer than %d days", MEETING_DAYS_MAX);
  }
}

static void read_times(const struct loading *loading, const struct raw *raw, struct meeting *meeting) {
  meeting->closes_ms = INT64_MAX;
  if (!read_moment(loading, raw->opens, "opens", false, &meeting->opens_ms)) return;
  if (raw->closes != NULL && read_moment(loading, raw->closes, "closes", true, &meeting->closes_ms) &&
      meeting->closes_ms <= meeting->opens_ms) {
    FAULT(raw->closes, "", "closes before it opens");
  }
  read_period(loading, raw->period, meeting);
}

static void read_person(const struct loading *loading, const struct conf_node *node, const char *where,
                        struct meeting *meeting) {
  struct raw_person raw = {0};
  struct nav_personal_number number = {0};
  if (!conf_read_map(node, where, person_keys, COUNT(person_keys), loading->meetings->arena, &raw,
                     loading->faults))
    return;
  if (!nav_personal_number_parse(raw.personal_number, meeting->opens_ms, &number)) {
    FAULT(node, "", "%s.personal_number is not a personal number", where);  // not shown: it may nearly be one
    return;
  }
  struct meeting_person *person = &meeting->persons[meeting->persons_count];
  *person = (struct meeting_person){.id = raw.id, .title = raw.title};
  person->personal_number = nav_arena_strdup(loading->meetings->arena, number.digits);
  if (person->personal_number != NULL) meeting->persons_count++;
}

static void read_persons(const struct loading *loading, struct conf_node *node, struct meeting *meeting) {
  if (node == NULL) return;
  if (meeting->kind != MEETING_SIG) {
    FAULT(node, "only meetings of kind sig are about named persons", "persons in a meeting of kind '%s'",
          kinds[meeting->kind]);
    return;
  }
  size_t count = 0;
  if (!conf_read_list(node, "persons", false, MEETING_PERSONS_MAX, &count, loading->faults)) return;
  meeting->persons = take(loading, node, count, sizeof *meeting->persons);
  for (size_t i = 0; i < count && meeting->persons != NULL; i++) {
    char where[CONF_WHERE_SIZE];
    (void)snprintf(where, sizeof where, "persons[%zu]", i);
    read_person(loading, conf_list_item(node, i), where, meeting);
  }
}

static void read_chair(const struct loading *loading, const struct conf_node *map, struct meeting *meeting) {
  const struct conf_node *node = conf_get(map, "chair");
  const struct conf_person *person = find_person(loading->agencies, meeting->chair);
  if (person == NULL) {
    FAULT(node, "persons stand in agencies.yaml", "chair: no person '%s'", meeting->chair);
  } else if ((person->roles & (CONF_ROLE_CHAIR | CONF_ROLE_READER)) == 0) {
    FAULT(node, "add one to the person's roles in agencies.yaml",
          "chair: '%s' has neither the role chair nor reader", meeting->chair);
  }
}

static bool attends(const struct meeting_part *part, const struct conf_person *person) {
  for (size_t i = 0; i < part->participants_count; i++) {
    const struct meeting_participant *participant = &part->participants[i];
    if (strcmp(participant->agency, person->agency) != 0) continue;
    if (participant->attendees_count == 0) return true;
    for (size_t j = 0; j < participant->attendees_count; j++) {
      if (strcmp(participant->attendees[j], person->id) == 0) return true;
    }
  }
  return false;
}

static enum meeting_kind kind_of(const char *name) {
  size_t kind = 0;
  while (kinds[kind] != NULL && strcmp(kinds[kind], name) != 0) kind++;
  return (enum meeting_kind)kind;
}

static void read_meeting(const struct loading *loading, const struct conf_node *map) {
  struct raw raw = {0};
  if (!conf_read_map(map, "the meeting", meeting_keys, COUNT(meeting_keys), loading->meetings->arena, &raw,
                     loading->faults)) {
    return;
  }
  struct meeting *meeting = &loading->meetings->items[loading->meetings->count];
  *meeting = (struct meeting){.id = raw.id,
                              .kind = kind_of(raw.kind),
                              .title = raw.title,
                              .agreement = raw.agreement,
                              .chair = raw.chair};
  if (meeting_find(loading->meetings, raw.id) != NULL) {
    FAULT(map, "give it another id", "the meeting '%s' stands in two files", raw.id);
  }
  read_chair(loading, map, meeting);
  read_areas(loading, raw.area, meeting);
  read_times(loading, &raw, meeting);
  if (raw.parts != NULL) {
    read_parts(loading, map, &raw, meeting);
  } else {
    read_only_part(loading, map, &raw, meeting);
  }
  read_persons(loading, raw.persons, meeting);
  loading->meetings->count++;
}

static int by_id(const void *a, const void *b) {
  const struct meeting *left = a, *right = b;
  return strcmp(left->id, right->id);
}

static void read_files(const struct loading *loading, const char *config_folder) {
  struct conf_files files = {0};
  struct meetings *meetings = loading->meetings;
  if (!conf_folder_list(config_folder, "meetings", false, meetings->arena, &files, loading->faults)) return;
  if (files.count > MEETINGS_MAX) {
    conf_faults_add(loading->faults, "meetings", 0, 0, "move old meetings away", "more than %d meetings",
                    MEETINGS_MAX);
    return;
  }
  meetings->items = nav_arena_zalloc(meetings->arena, files.count + 1, sizeof *meetings->items);
  for (size_t i = 0; i < files.count && meetings->items != NULL; i++) {
    struct conf_node *map = conf_tree_load(files.paths[i], files.names[i], meetings->arena, loading->faults);
    if (map != NULL) read_meeting(loading, map);
  }
  if (meetings->count > 1) qsort(meetings->items, meetings->count, sizeof *meetings->items, by_id);
}

struct meetings *meetings_load(const char *config_folder, const struct conf_agencies *agencies,
                               const struct nav_areas *areas, struct conf_faults *faults) {
  struct meetings *meetings = calloc(1, sizeof *meetings);
  if (meetings == NULL || (meetings->arena = nav_arena_new(ARENA_BYTES_MAX)) == NULL) {
    conf_faults_add(faults, "meetings", 0, 0, "", "no memory to read the meetings");
    free(meetings);
    return NULL;
  }
  struct loading loading = {.meetings = meetings, .agencies = agencies, .areas = areas, .faults = faults};
  size_t before = fault_count(&loading);
  read_files(&loading, config_folder);
  if (fault_count(&loading) == before) return meetings;
  meetings_free(meetings);
  return NULL;
}

void meetings_free(struct meetings *meetings) {
  if (meetings == NULL) return;
  nav_arena_free(meetings->arena);
  free(meetings);
}

const struct meeting *meeting_find(const struct meetings *meetings, const char *id) {
  for (size_t i = 0; i < meetings->count; i++) {
    if (strcmp(meetings->items[i].id, id) == 0) return &meetings->items[i];
  }
  return NULL;
}

const struct meeting_part *meeting_part_find(const struct meeting *meeting, const char *id) {
  if (id == NULL) return meeting->parts;
  for (size_t i = 0; i < meeting->parts_count; i++) {
    if (strcmp(meeting->parts[i].id, id) == 0) return &meeting->parts[i];
  }
  return NULL;
}

const char *meeting_kind_name(enum meeting_kind kind) { return kinds[kind]; }

const char *meeting_kind_title(enum meeting_kind kind) { return kind_titles[kind]; }

const char *meeting_refuses(const struct meeting *meeting, const struct meeting_part *part,
                            const struct conf_person *person, int64_t now_ms) {
  // The chair, too, sees a part only where the chair's own agency is at its table.
  if (!attends(part, person)) return "du eller din verksamhet deltar inte i den delen av mötet";
  if (now_ms >= meeting->closes_ms) return "mötet är stängt; åtkomsten har upphört";
  if (now_ms < meeting->opens_ms && strcmp(meeting->chair, person->id) != 0) {
    return "mötet har inte öppnat; före det kan bara ordföranden se lägesbilden";
  }
  return NULL;
}
