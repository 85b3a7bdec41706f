// See audit_words_parts.h.
#include "hub/desk/audit_words_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hub/access/words.h"
#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/desk/mandate.h"
#include "hub/wire/event.h"

enum { PARAGRAPH_SIZE = 256, NUMBER_SIZE = 24 };

static const char *or_empty(const char *text) { return text != NULL ? text : ""; }

const char *said(const struct saying *s, const char *swedish, const char *english) {
  return s->language == ACCESS_ENGLISH ? english : swedish;
}

static __attribute__((format(printf, 2, 0))) char *make_text(const struct saying *s, const char *format,
                                                             va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, again);
  va_end(again);
  char *text = length < 0 ? NULL : nav_arena_alloc(s->words->arena, (size_t)length + 1);
  if (text != NULL) (void)vsnprintf(text, (size_t)length + 1, format, arguments);
  return text;
}

static __attribute__((format(printf, 2, 0), format(printf, 3, 0))) char *make_either(const struct saying *s,
                                                                                     const char *swedish,
                                                                                     const char *english,
                                                                                     va_list arguments) {
  return s->language == ACCESS_ENGLISH ? make_text(s, english, arguments) : make_text(s, swedish, arguments);
}

void say(struct saying *s, const char *swedish, const char *english, ...) {
  va_list arguments;
  va_start(arguments, english);
  const char *text = make_either(s, swedish, english, arguments);
  va_end(arguments);
  if (text == NULL || json_array_append_new(s->sentences, json_string(text)) != 0) s->lost = true;
}

const char *part(const struct saying *s, const char *swedish, const char *english, ...) {
  va_list arguments;
  va_start(arguments, english);
  const char *text = make_either(s, swedish, english, arguments);
  va_end(arguments);
  return or_empty(text);
}

const char *part_join(const struct saying *s, const char *before, const char *text, const char *after) {
  return or_empty(nav_arena_printf(s->words->arena, "%s%s%s", before, text, after));
}

const char *part_agency(const struct saying *s, const char *id) {
  if (id == NULL || id[0] == '\0') return said(s, "okänd myndighet", "an unknown agency");
  const struct conf_agency *agency =
      s->words->agencies == NULL ? NULL : conf_agency_find(s->words->agencies, id);
  return agency == NULL ? id : part(s, "%s (%s)", "%s (%s)", agency->title, id);
}

const char *part_person(const struct saying *s, const char *person, const char *agency) {
  if (person == NULL || person[0] == '\0') return said(s, "ingen namngiven person", "no named person");
  if (agency == NULL || agency[0] == '\0') return person;
  return part(s, "%s hos %s", "%s of %s", person, part_agency(s, agency));
}

const char *part_time(const struct saying *s, int64_t time_ms) {
  static const char *const months[12][2] = {
      {"januari", "January"}, {"februari", "February"}, {"mars", "March"},
      {"april", "April"},     {"maj", "May"},           {"juni", "June"},
      {"juli", "July"},       {"augusti", "August"},    {"september", "September"},
      {"oktober", "October"}, {"november", "November"}, {"december", "December"}};
  struct nav_civil c = nav_civil_stockholm(time_ms);
  const char *month = months[(c.month - 1) % 12][s->language];
  return part(s, "%d %s %d kl. %02d.%02d.%02d", "%d %s %d at %02d:%02d:%02d Swedish time", c.day, month,
              c.year, c.hour, c.minute, c.second);
}

// A line break of somebody's would begin what looks like a sentence of ours.
const char *part_quote(const struct saying *s, const char *text) {
  char *copy = nav_arena_printf(s->words->arena, "”%s”", or_empty(text));
  for (char *p = copy; p != NULL && *p != '\0'; p++) {
    if ((unsigned char)*p < ' ') *p = ' ';
  }
  return or_empty(copy);
}

const char *part_hex(const struct saying *s, ProtobufCBinaryData bytes) {
  char *out = nav_arena_alloc(s->words->arena, 2 * bytes.len + 1);
  return out == NULL ? "" : nav_hex(out, bytes.data, bytes.len);
}

// ", och 12 till" after a list that shows no more than AUDIT_WORDS_LISTED_MAX.
static const char *and_more(const struct saying *s, const char *text, size_t count) {
  if (count <= AUDIT_WORDS_LISTED_MAX) return or_empty(text);
  return part(s, "%s och %zu till", "%s and %zu more", or_empty(text), count - AUDIT_WORDS_LISTED_MAX);
}

static const char *append(const struct saying *s, const char *list, const char *item) {
  return part_join(s, list, list[0] == '\0' ? "" : ", ", item);
}

const char *part_list(const struct saying *s, char *const *items, size_t count) {
  const char *text = "";
  for (size_t i = 0; i < count && i < AUDIT_WORDS_LISTED_MAX; i++) text = append(s, text, items[i]);
  return and_more(s, text, count);
}

const char *part_seqs(const struct saying *s, const uint64_t *seqs, size_t count) {
  const char *text = "";
  for (size_t i = 0; i < count && i < AUDIT_WORDS_LISTED_MAX; i++) {
    char number[NUMBER_SIZE];
    (void)snprintf(number, sizeof number, "%" PRIu64, seqs[i]);
    text = append(s, text, number);
  }
  return and_more(s, text, count);
}

const char *part_events(const struct saying *s, size_t count) {
  return count == 1 ? said(s, "1 händelse", "1 event") : part(s, "%zu händelser", "%zu events", count);
}

const char *part_persons(const struct saying *s, size_t count) {
  return count == 1 ? said(s, "1 person", "1 person") : part(s, "%zu personer", "%zu persons", count);
}

const char *part_classes(const struct saying *s, uint32_t reveal, bool revealed) {
  const char *text = "";
  for (int class = revealed ? NAV__V1__SENSITIVITY__SENSITIVITY_OPEN
                            : NAV__V1__SENSITIVITY__SENSITIVITY_PLACE;
       class <= NAV__V1__SENSITIVITY__SENSITIVITY_OFFENCE; class ++) {
    bool is_in = (reveal >> class & 1) != 0 || class == NAV__V1__SENSITIVITY__SENSITIVITY_OPEN;
    if (is_in != revealed) continue;
    text =
        append(s, text,
               words_class(or_empty(wire_enum_name(&nav__v1__sensitivity__descriptor, class)), s->language));
  }
  return text[0] != '\0' ? text : said(s, "inget", "nothing");
}

const char *part_basis(const struct saying *s, const char *basis) {
  char paragraph[PARAGRAPH_SIZE];
  if (basis == NULL || basis[0] == '\0') return said(s, "ingen angiven grund", "no stated basis");
  const struct law_basis *entry = s->words->rules == NULL ? NULL : access_basis(s->words->rules, basis);
  if (entry == NULL) return basis;
  explain_paragraph(entry, paragraph, sizeof paragraph);
  if (s->words->law_is_then) return part(s, "%s (%s)", "%s (%s)", paragraph, basis);
  return part(s, "%s (%s, namnet enligt dagens law.yaml)", "%s (%s, named as in today's law.yaml)", paragraph,
              basis);
}

const char *part_lane(const struct saying *s, uint32_t number) {
  const struct desk_lane *lane = definitions_lane(s->words->definitions, number);
  if (lane == NULL)
    return part(s, "spår %" PRIu32 ", som ingen post definierar", "lane %" PRIu32 ", which no record defines",
                number);
  return part(s, "%s för ändamålet %s", "%s for the purpose %s", part_agency(s, lane->agency), lane->purpose);
}

const char *part_event(const struct saying *s, const Nav__V1__Record *about, uint64_t seq) {
  if (about == NULL || about->record_case != NAV__V1__RECORD__RECORD_ACCEPTED)
    return part(s, "händelsen i post %" PRIu64, "the event of record %" PRIu64, seq);
  const Nav__V1__Accepted *event = about->accepted;
  return part(s, "%s (händelse %s, version %" PRIu32 ", från %s, post %" PRIu64 ")",
              "%s (event %s, revision %" PRIu32 ", from %s, record %" PRIu64 ")", name_event(s, event->type),
              part_hex(s, event->event_id), event->revision, part_agency(s, event->agency), seq);
}

bool part_told_all(const struct saying *s, const char *from) {
  return s->words->reader == NULL || mandate_covers(s->words->reader, from);
}

bool part_told(const struct saying *s, const char *from, uint32_t number, bool released) {
  const struct desk_lane *lane = definitions_lane(s->words->definitions, number);
  return part_told_all(s, from) ||
         (released && lane != NULL && mandate_covers(s->words->reader, lane->agency));
}

void say_reason(struct saying *s, const char *reason) {
  if (reason != NULL && reason[0] != '\0') {
    say(s, "Angivet skäl: %s.", "Stated reason: %s.", part_quote(s, reason));
  } else {
    say(s, "Inget skäl är angivet.", "No reason is stated.");
  }
}
