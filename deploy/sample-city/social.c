// Open ePlattform flow instances: single forms and lists, some ISO-8859-1, some with the declaration that is
// not well-formed, two versions of one form, flows that have nothing to do with safety, and forms that must
// not be sent: nobody has assessed them, two children in one. Called by: feeds.h's table. Must never: tell of
// a real case.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/sample-city/feeds.h"
#include "deploy/sample-city/forms.h"

enum {
  FAMILY_CONCERN = 9101,
  FAMILY_SIG = 9102,
  FAMILY_INTERVENTION = 9103,
  FAMILY_VICTIM = 9104,
  FAMILY_COUNTS = 9105,
  FAMILY_SUGGESTION = 161,
  FIRST_ID = 20000,
  LIST_FORMS = 40,
  NOT_ASSESSED_EVERY = 23,
  TWO_CHILDREN_EVERY = 31,
};

struct feed {
  const struct city *city;
  struct out *out;
  struct forms forms;
  size_t in_file;
  size_t id;
  size_t concerns;
};

// What happens a week at scale 1.
static const double concerns_a_week = 2.2, interventions_a_week = 1.0, victims_a_week = 0.4,
                    others_a_week = 0.5;

static const char *const wrong_header = "<?xml version=\"1.0\"encoding=\"UTF_8\" standalone=\"no\"?>\n";
static const char *const right_header = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n";
static const char *const latin_header = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\" standalone=\"no\"?>\n";

// Every third file has the malformed declaration, every fourth is ISO-8859-1.
static const char *header_of(size_t number, enum out_form *form) {
  *form = number % 4 == 3 ? OUT_ISO_8859_1 : OUT_UTF8;
  if (number % 4 == 3) return latin_header;
  return number % 3 == 1 ? wrong_header : right_header;
}

static bool write_file(struct feed *feed, bool list, struct nav_error *err) {
  char name[64];
  enum out_form form = OUT_UTF8;
  struct nav_buffer whole;
  size_t number = feed->out->files;
  const char *header = header_of(number, &form);
  nav_buffer_init(&whole, OUT_FILE_MAX);
  bool fits = !feed->forms.failed && nav_buffer_append_text(&whole, header) &&
              (!list || nav_buffer_append_text(&whole, "<FlowInstances>\n")) &&
              nav_buffer_append(&whole, feed->forms.text.data, feed->forms.text.length) &&
              (!list || nav_buffer_append_text(&whole, "</FlowInstances>\n"));
  (void)snprintf(name, sizeof name, "%s-%05zu.xml", list ? "flowinstances" : "flowinstance", number + 1);
  bool written = fits
                     ? out_text(feed->out, name, form, (const char *)whole.data, whole.length, err)
                     : nav_fail(err, NAV_ERROR_LOCAL, 0, name, "would have more than %d bytes", OUT_FILE_MAX);
  nav_buffer_free(&whole);
  nav_buffer_clear(&feed->forms.text);
  feed->out->records += feed->in_file;
  feed->in_file = 0;
  return written;
}

static void begin_form(struct feed *feed, int family, int version, const char *name, int64_t ms,
                       bool in_list) {
  struct form form = {family, version, name, ms, FIRST_ID + ++feed->id};
  forms_open(&feed->forms, &form, in_list);
  feed->in_file++;
}

// The person as this form's version calls the fields.
static void add_person(struct feed *feed, const char *element, const struct person *person, bool new_names) {
  struct forms *forms = &feed->forms;
  bool is_protected = strcmp(person->protection, "Ingen") != 0;
  forms_open_field(forms, element, "Vem gäller det?");
  forms_value(forms, new_names ? "citizenIdentifier" : "personnummer", person->number);
  forms_value(forms, new_names ? "firstname" : "fornamn", person->given_name);
  forms_value(forms, new_names ? "lastname" : "efternamn", person->family_name);
  forms_value(forms, new_names ? "protectedIdentity" : "skyddadePersonuppgifter",
              is_protected ? person->protection : "Nej");
  forms_value(forms, new_names ? "district" : "stadsdel", person->locality);
  forms_close_field(forms, element);
}

static void add_reporter(struct feed *feed) {
  forms_open_field(&feed->forms, "anmalare", "Vem anmäler?");
  forms_value(&feed->forms, "fornamn", "Anmälare");
  forms_value(&feed->forms, "efternamn", "Påhittsdotter");
  forms_value(&feed->forms, "telefon", "070-1740605");
  forms_close_field(&feed->forms, "anmalare");
}

static void add_concern(struct feed *feed, int64_t ms, struct chance *chance, bool in_list) {
  static const char *const kinds[] = {"Våld i hemmet", "Brister i omsorgen",   "Alkohol eller narkotika",
                                      "Kriminalitet",  "Frånvaro från skolan", "Heder"};
  static const char *const texts[] = {
      "Barnet kommer ofta trött och utan mat till skolan.", "Barnet har berättat om slag & hot hemma.",
      "Ungdomen syns sent på kvällarna med äldre som begår brott.",
      "Barnet har flera nya dyra kläder (>5 000 kr) och vill inte säga varifrån."};
  struct person child = person_of_age(feed->city, chance_below(chance, 1000), 6, 17);
  feed->concerns++;
  bool not_assessed = feed->concerns % NOT_ASSESSED_EVERY == 7;
  bool two_children = feed->concerns % TWO_CHILDREN_EVERY == 11;
  bool new_names = chance_percent(chance, 45);
  begin_form(feed, FAMILY_CONCERN, new_names ? 3 : 2, "Orosanmälan", ms, in_list);
  add_reporter(feed);
  add_person(feed, new_names ? "child" : "barn", &child, new_names);
  if (two_children) {
    struct person other = person_of_age(feed->city, chance_below(chance, 1000), 6, 17);
    add_person(feed, new_names ? "child2" : "barn2", &other, new_names);
  }
  forms_answer(&feed->forms, new_names ? "concernType" : "orosgrund", "Vad gäller oron?",
               kinds[chance_below(chance, 6)]);
  forms_answer(&feed->forms, new_names ? "description" : "beskrivning", "Beskriv",
               texts[chance_below(chance, 4)]);
  if (!not_assessed && new_names) {
    forms_open_field(&feed->forms, "assessment", "Bedömning");
    forms_value(&feed->forms, "assessedBy", "Gruppledare, mottagningsgruppen");
    forms_close_field(&feed->forms, "assessment");
  } else if (!not_assessed) {
    forms_answer(&feed->forms, "bedomdAv", "Bedömd av", "Socialsekreterare, mottagningsgruppen");
  }
  if (chance_percent(chance, 8)) forms_answer(&feed->forms, new_names ? "urgent" : "akut", "Akut?", "Ja");
  if (not_assessed || two_children) feed->out->bad++;
  forms_close(&feed->forms);
}

static void add_intervention(struct feed *feed, int64_t ms, struct chance *chance, bool in_list) {
  static const char *const kinds[] = {"Avhopparstöd", "Mini-Maria", "MUMIN", "Föräldrakurs"};
  static const char *const statuses[] = {"Erbjuden", "Pågår", "Avslutad", "Tackat nej"};
  bool sig = chance_percent(chance, 45);
  struct person person = sig ? person_of_age(feed->city, chance_below(chance, 1000), 15, 20)
                             : person_of_age(feed->city, chance_below(chance, 1000), 16, 30);
  begin_form(feed, sig ? FAMILY_SIG : FAMILY_INTERVENTION, 1, sig ? "Social insatsgrupp" : "Insats", ms,
             in_list);
  add_person(feed, "deltagare", &person, false);
  if (!sig) forms_answer(&feed->forms, "insats", "Vilken insats?", kinds[chance_below(chance, 4)]);
  forms_answer(&feed->forms, "lage", "Läge", statuses[chance_below(chance, 4)]);
  forms_answer(&feed->forms, "plan", "Plan", "Skola, fritid och samtal varje vecka");
  if (sig) forms_answer(&feed->forms, "riskForBrott", "Risk", "Särskild risk att dras in i grova brott");
  forms_close(&feed->forms);
}

static void add_victim(struct feed *feed, int64_t ms, struct chance *chance, bool in_list) {
  static const char *const risks[] = {"Låg", "Förhöjd", "Allvarlig"};
  struct person person = person_of_age(feed->city, chance_below(chance, 1000), 20, 60);
  begin_form(feed, FAMILY_VICTIM, 1, "Stöd till våldsutsatt", ms, in_list);
  add_person(feed, "utsatt", &person, false);
  forms_answer(&feed->forms, "riskbedomning", "Risk", risks[chance_below(chance, 3)]);
  forms_answer(&feed->forms, "stod", "Stöd", "Samtal och skyddat boende");
  forms_answer(&feed->forms, "hot", "Hot", "Hot från tidigare partner");
  forms_close(&feed->forms);
}

// Forms of the same system that concern nobody else: the adapter names and leaves them.
static void add_other(struct feed *feed, int64_t ms, bool in_list) {
  begin_form(feed, FAMILY_SUGGESTION, 2, "Lämna synpunkt", ms, in_list);
  forms_answer(&feed->forms, "description", "Beskriv din synpunkt", "Längre öppettider, tack.");
  forms_close(&feed->forms);
  feed->out->bad++;
}

static void add_counts(struct feed *feed, int64_t from, int64_t to, struct chance *chance) {
  static const char *const areas[] = {"Bromma", "Hässelby-Vällingby", "Upplands-Bro"};
  for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++) {
    char first[NAV_DATE_SIZE];
    char last[NAV_DATE_SIZE];
    char count[16];
    begin_form(feed, FAMILY_COUNTS, 1, "Antal ärenden", city_time(to + 1, 9 * 60), true);
    forms_answer(&feed->forms, "arendetyp", "Typ", "Orosanmälningar");
    forms_open_field(&feed->forms, "period", "Period");
    forms_value(&feed->forms, "Datum_fran", city_date(from, first));
    forms_value(&feed->forms, "Datum_till", city_date(to, last));
    forms_close_field(&feed->forms, "period");
    (void)snprintf(count, sizeof count, "%d", chance_between(chance, 25, 60));
    forms_answer(&feed->forms, "antal", "Antal", count);
    forms_answer(&feed->forms, "omrade", "Område", areas[i]);
    forms_close(&feed->forms);
  }
}

static bool add_week(struct feed *feed, int64_t first_day, struct nav_error *err) {
  static const char in_week[] = "socialtjansten-week";
  struct chance chance = chance_begin(feed->city->seed + (uint64_t)first_day, in_week);
  const double means[] = {concerns_a_week, interventions_a_week, victims_a_week, others_a_week};
  for (int kind = 0; kind < 4; kind++) {
    unsigned count = chance_count(&chance, means[kind] * feed->city->scale);
    for (unsigned i = 0; i < count; i++) {
      // One form in twelve comes as a file of its own: what was gathered before it goes first.
      bool alone = chance_percent(&chance, 8);
      int64_t ms =
          city_time(first_day + chance_below(&chance, 5), 8 * 60 + chance_between(&chance, 0, 9 * 60));
      if ((alone || feed->in_file >= LIST_FORMS) && feed->in_file > 0 && !write_file(feed, true, err))
        return false;
      if (kind == 0) add_concern(feed, ms, &chance, !alone);
      if (kind == 1) add_intervention(feed, ms, &chance, !alone);
      if (kind == 2) add_victim(feed, ms, &chance, !alone);
      if (kind == 3) add_other(feed, ms, !alone);
      if (alone && !write_file(feed, false, err)) return false;
    }
  }
  return true;
}

// The month before, in the first week that begins in a new one.
static void add_month(struct feed *feed, int64_t week_first) {
  int year = 0;
  int month = 0;
  int date = 0;
  nav_date_from_days(week_first, &year, &month, &date);
  if (date > 7) return;
  int64_t to = nav_days_from_date(year, month, 1) - 1;
  int64_t from = nav_days_from_date(month == 1 ? year - 1 : year, month == 1 ? 12 : month - 1, 1);
  struct chance chance = chance_begin(feed->city->seed + (uint64_t)from, "socialtjansten-month");
  add_counts(feed, from, to, &chance);
}

bool feed_socialtjansten(const struct city *city, struct out *out, struct nav_error *err) {
  struct feed feed = {.city = city, .out = out};
  forms_begin(&feed.forms);
  bool written = true;
  for (int64_t day = city->first_day; written && day <= city->last_day; day += 7) {
    add_month(&feed, day);
    written = add_week(&feed, day, err);
  }
  if (written && feed.in_file > 0) written = write_file(&feed, true, err);
  forms_free(&feed.forms);
  return written;
}
