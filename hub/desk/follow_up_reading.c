// When and how much was read. See follow_up.h.
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/desk/follow_up.h"
#include "hub/desk/mandate.h"

enum { WEEK = 7, MONDAY_OFFSET = 3, SATURDAY = 5 };  // day 0, 1970-01-01, was a Thursday

static bool is_outside_hours(int64_t time_ms) {
  int64_t weekday = (nav_day_stockholm(time_ms) + MONDAY_OFFSET) % WEEK;
  int hour = nav_civil_stockholm(time_ms).hour;
  return weekday >= SATURDAY || hour < FOLLOW_WORK_BEGINS || hour >= FOLLOW_WORK_ENDS;
}

// Records come in the order of time, so that a reader's day is among the last ones.
static struct follow_day *find_day(struct follow_up *f, const char *reader, int64_t day) {
  for (size_t i = f->days_count; i > 0 && f->days[i - 1].day == day; i--) {
    if (strcmp(f->days[i - 1].reader, reader) == 0) return &f->days[i - 1];
  }
  char *copy = f->days_count < FOLLOW_GROUPS_MAX ? nav_arena_strdup(f->request->arena, reader) : NULL;
  if (copy == NULL) {
    f->complete = false;
    return NULL;
  }
  f->days[f->days_count] = (struct follow_day){.reader = copy, .day = day};
  return &f->days[f->days_count++];
}

static bool briefing_is_covered(const struct conf_person *person, const Nav__V1__BriefingCompiled *briefing) {
  bool covered = mandate_covers(person, briefing->for_agency);
  for (size_t i = 0; !covered && i < briefing->n_participants; i++)
    covered = mandate_covers(person, briefing->participants[i]);
  return covered;
}

void follow_reading(struct follow_up *f, const Nav__V1__Record *record) {
  bool is_read = record->record_case == NAV__V1__RECORD__RECORD_READ;
  const char *who = is_read ? record->read->person : record->briefing_compiled->person;
  size_t events = is_read ? record->read->n_event_seqs : record->briefing_compiled->n_event_seqs;
  bool covered = is_read ? mandate_covers(f->request->person, record->read->agency)
                         : briefing_is_covered(f->request->person, record->briefing_compiled);
  if (!covered || who == NULL || who[0] == '\0') return;
  struct follow_group *group = is_outside_hours(record->time_ms) ? follow_group(f, FOLLOW_HOURS, who) : NULL;
  if (group != NULL) {
    group->count++;
    group->other += events;
    follow_note_seq(&group->seqs, record->seq);
  }
  // What a briefing holds was read for it before: counted once.
  struct follow_day *day = is_read ? find_day(f, who, nav_day_stockholm(record->time_ms)) : NULL;
  if (day == NULL) return;
  day->events += events;
  follow_note_seq(&day->seqs, record->seq);
}

static int by_number(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a;
  uint64_t y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

// The lower of the two in the middle.
static uint64_t median(uint64_t *numbers, size_t count) {
  if (count == 0) return 0;
  qsort(numbers, count, sizeof *numbers, by_number);
  return numbers[(count - 1) / 2];
}

static void tell_day(struct follow_up *f, const struct follow_day *day, uint64_t own, size_t own_days,
                     uint64_t others, size_t others_days) {
  bool by_own = own_days >= FOLLOW_OWN_DAYS;
  if (!by_own && others_days == 0) return;
  if (day->events <= FOLLOW_VOLUME_TIMES * (by_own ? own : others)) return;
  int year = 0;
  int month = 0;
  int date = 0;
  nav_date_from_days(day->day, &year, &month, &date);
  const char *text = nav_arena_printf(f->request->arena, "%04d-%02d-%02d", year, month, date);
  const char *detail = nav_arena_printf(
      f->request->arena,
      f->english ? "%s: %llu events; own median %llu (%zu days), others' %llu (%zu days)"
                 : "%s: %llu händelser; egen median %llu (%zu dagar), andras %llu (%zu dagar)",
      text, (unsigned long long)day->events, (unsigned long long)own, own_days, (unsigned long long)others,
      others_days);
  follow_add(
      f,
      json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:I, s:I, s:I, s:I, s:o}", "what", "unusual_volume", "title",
                f->english ? "Unusual volume read in a day" : "Ovanlig mängd läst på en dag", "who",
                day->reader, "count", (json_int_t)day->events, "detail", detail, "day", text, "own_median",
                (json_int_t)own, "own_days", (json_int_t)own_days, "others_median", (json_int_t)others,
                "others_days", (json_int_t)others_days, "seqs", follow_seqs_json(&day->seqs)));
}

void follow_tell_volume(struct follow_up *f) {
  uint64_t *own = nav_arena_zalloc(f->request->arena, f->days_count + 1, sizeof *own);
  uint64_t *others = nav_arena_zalloc(f->request->arena, f->days_count + 1, sizeof *others);
  for (size_t i = 0; own != NULL && others != NULL && i < f->days_count; i++) {
    const struct follow_day *day = &f->days[i];
    size_t own_days = 0;
    size_t others_days = 0;
    if (day->events < FOLLOW_VOLUME_LEAST) continue;
    for (size_t j = 0; j < f->days_count; j++) {
      bool same = strcmp(f->days[j].reader, day->reader) == 0;
      if (same && f->days[j].day < day->day) own[own_days++] = f->days[j].events;
      if (!same) others[others_days++] = f->days[j].events;
    }
    uint64_t own_median = median(own, own_days);
    tell_day(f, day, own_median, own_days, median(others, others_days), others_days);
  }
}
