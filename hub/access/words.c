// See words.h.
#include "hub/access/words.h"

#include <string.h>

static const char *const texts[WORDS_COUNT][2] = {
    [WORDS_RULE] = {"Regel %s: %s", "Rule %s: %s"},
    [WORDS_BASIS] = {"Rättslig grund: %s %s. %s", "Legal basis: %s %s. %s"},
    [WORDS_THRESHOLD] = {"Det som ska vara uppfyllt i det enskilda fallet: %s.",
                         "What must hold in the single case: %s."},
    [WORDS_HELD] = {"En namngiven person hos %s bedömer det enskilda fallet innan något lämnas. Mottagaren "
                    "får inte veta att frågan finns.",
                    "A named person at %s assesses the single case before anything is told. The recipient "
                    "does not learn that the question exists."},
    [WORDS_HELD_URGENT] =
        {"Brådskande: svarar ingen annan gör %s det, och ett uteblivet svar blir aldrig ett nej.",
         "Urgent: if nobody else answers, %s does, and no answer never becomes a no."},
    [WORDS_HELD_DUTY] =
        {"Grunden är en skyldighet eller en begäran: någon måste besluta, tystnad blir aldrig ett nej.",
         "The basis is a duty or a request: somebody must decide, silence never becomes a no."},
    [WORDS_HELD_BESIDE] = {"Mer kan lämnas efter bedömning, enligt regel %s.",
                           "More can be told after assessment, by rule %s."},
    [WORDS_CONDITION_MET] = {"Avgörande: %s.", "Decisive: %s."},
    [WORDS_CONDITION_FAILED] = {"Regel %s öppnar bara om %s, och så är det inte här.",
                                "Rule %s opens only if %s, which is not so here."},
    [WORDS_CONDITION_UNKNOWN] = {"Regel %s öppnar bara om %s, och det är inte känt.",
                                 "Rule %s opens only if %s, which is not known."},
    [WORDS_DUTY_UNKNOWN] =
        {"Det är inte känt om %s. Eftersom grunden är en skyldighet blir det en brådskande bedömning, inte "
         "ett nej.",
         "It is not known whether %s. Since the basis is a duty this is an urgent hold, not a no."},
    [WORDS_LIMITED] = {"Begränsningen %s, som gör att en person bedömer först: %s",
                       "Limit %s, by which a person assesses first: %s"},
    [WORDS_FORBIDDEN] = {"Förbudet %s: %s", "Forbid %s: %s"},
    [WORDS_FORBID_UNKNOWN] = {"Det är inte känt om %s, och ett förbud gäller tills motsatsen är känd.",
                              "It is not known whether %s, and a forbid holds until the opposite is known."},
    [WORDS_OWN_EVENT] = {"Händelsen är mottagarens egen; ingen sänds sin egen händelse.",
                         "The event is the recipient's own; nobody is sent their own event."},
    [WORDS_NOT_IN_PURPOSE] = {"%s deltar inte i ändamålet %s.", "%s does not take part in the purpose %s."},
    [WORDS_NO_RULE] =
        {"Ingen regel tillåter att %s från %s lämnas till %s i ändamålet %s. Det som ingen regel tillåter "
         "lämnas inte.",
         "No rule permits %s from %s to %s in the purpose %s. What no rule permits is not told."},
    [WORDS_SECRECY] = {"Avsändaren arbetar under %s %s. %s", "The sender works under %s %s. %s"},
    [WORDS_NEED] = {"%s öppnar, om %s.", "%s opens, if %s."},
    [WORDS_COUNTS] = {"Antal kan visas, minsta cell %s, enligt regel %s.",
                      "Counts can be shown, smallest cell %s, by rule %s."},
    [WORDS_PROTECTED] =
        {"Någon har skyddade uppgifter, eller så är det okänt, och regel %s nämner inte skyddade personer.",
         "Somebody is protected, or it is not known, and rule %s does not name protected persons."},
    [WORDS_BOARD_OTHER] =
        {"En annan nämnd än %s är rätt: den som händelsen är ställd till, annars den där personen bor eller "
         "vistas.",
         "Another board than %s is the right one: the addressee, else where the person lives or stays."},
    [WORDS_BOARD_UNKNOWN] =
        {"Det är inte känt var personen bor eller vistas, alltså inte vilken nämnd som är rätt.",
         "It is not known where the person lives or stays, hence not which board is the right one."},
    [WORDS_ROLES] = {"Regel %s gäller personer i vissa roller, och händelsen anger ingen sådan.",
                     "Rule %s is about persons in certain roles, and the event names none."},
    [WORDS_DATES] = {"Regel %s eller dess grund är inte i kraft vid tidpunkten.",
                     "Rule %s or its basis is not in force at the time."},
    [WORDS_CONSENT_NEED] =
        {"Personens samtycke, som anger mottagaren (%s) och innehållet (OSL 10 kap. 1 §, 12 kap. 2 §).",
         "The person's consent that names the recipient (%s) and the content (OSL 10:1, 12:2)."},
    [WORDS_URGENT_NEED] = {"Är det akut: märk händelsen som brådskande, så svarar %s om ingen annan gör det; "
                           "eller pröva en annan grund.",
                           "If it is imminent: mark the event as urgent, and %s answers if nobody else does; "
                           "or try another basis."},
    [WORDS_RELEASE_NEED] = {"Den som bedömer finner att villkoren är uppfyllda (%s) och lämnar ut.",
                            "Whoever assesses finds that the conditions hold (%s) and releases."},
    [WORDS_ON_CALL] = {"jouren", "the on-call desk"},
    [WORDS_ASSESS_NEED] = {"Den som bedömer finner att uppgiften får lämnas, och lämnar ut.",
                           "Whoever assesses finds that it may be told, and releases."},
    [WORDS_KNOW_NEED] =
        {"Komplettera händelsen så att det är känt om %s; då behövs ingen brådskande bedömning.",
         "Complete the event so that it is known whether %s; then no urgent assessment is needed."},
    [WORDS_FORBID_KNOW] = {"Förbudet %s faller, om händelsen kompletteras och det inte är så att %s.",
                           "Forbid %s falls, if the event is completed and it is not so that %s."},
    [WORDS_CONSENT_MISSING] = {"personen har samtyckt till att just mottagaren får uppgifterna",
                               "the person has consented to this recipient having the data"},
    [WORDS_REQUEST_NEED] = {"Svaret anger (in_reply_to) den begäran som mottagaren har sänt genom navet; "
                            "navet ser själv efter att den finns.",
                            "The answer names (in_reply_to) the request that the recipient sent through the "
                            "hub; the hub looks it up by itself."},
    [WORDS_BOARD_NEED] = {"Ange var personen bor eller vistas, eller ställ händelsen till rätt nämnd.",
                          "State where the person lives or stays, or address the event to the right board."},
    [WORDS_BOARD_SEND] =
        {"Den nämnd som händelsen är ställd till, annars nämnden där personen bor eller vistas, får den.",
         "The board that the event is addressed to, else the one where the person lives or stays, gets it."},
    [WORDS_BOARD_MISSING] = {"var personen bor eller vistas, eller vilken nämnd händelsen är ställd till",
                             "where the person lives or stays, or to which board the event is addressed"},
    [WORDS_PROTECTED_NEED] = {"Ange om någon har skyddade uppgifter: har ingen det kan regel %s gälla.",
                              "State whether anybody is protected: if nobody is, rule %s may hold."},
    [WORDS_PROTECTED_MISSING] = {"om någon av personerna har skyddade uppgifter",
                                 "whether any of the persons is protected"},
    [WORDS_ONLY_RECIPIENT] =
        {"Händelsen besvarar något som inte får föras vidare: bara den som lämnade det, %s, får svaret.",
         "The event answers something that may not be passed on: only who told it, %s, gets the answer."},
    [WORDS_ELSEWHERE] = {"%s kan få den i stället, enligt regel %s.", "%s can have it instead, by rule %s."},
    [WORDS_ELSEWHERE_IF] = {"%s kan få den i stället, enligt regel %s, om %s.",
                            "%s can have it instead, by rule %s, if %s."},
    [WORDS_ELSEWHERE_HELD] = {"%s kan få den i stället, efter bedömning, enligt regel %s.",
                              "%s can have it instead, after assessment, by rule %s."},
    [WORDS_ELSEWHERE_HELD_IF] = {"%s kan få den i stället, efter bedömning, enligt regel %s, om %s.",
                                 "%s can have it instead, after assessment, by rule %s, if %s."},
    [WORDS_ANSWER_AS_SET] = {"den tid som navet är inställt på (nav.yaml)", "as the hub is set (nav.yaml)"},
    [WORDS_IF_BOARD] =
        {"mottagaren är den som händelsen är ställd till, annars nämnden där personen bor eller vistas",
         "the recipient is the addressee, else the board where the person lives or stays"},
    [WORDS_IF_NOT_PROTECTED] = {"det är känt att ingen person har skyddade uppgifter",
                                "it is known that no person is protected"},
    [WORDS_IF_NOT_KNOWN_PROTECTED] = {"ingen person har, såvitt känt, skyddade uppgifter",
                                      "no person is known to be protected"},
    [WORDS_IF_EDITED] = {"fritext följer med bara om en person har redigerat den för just mottagaren",
                         "free text comes along only if a person has edited it for this very recipient"},
    [WORDS_IF_FROM] = {"tidigast %s", "from %s on"},
    [WORDS_IF_UNTIL] = {"till och med %s", "until %s"},
    [WORDS_IF_ROLES] = {"någon av personerna är %s", "one of the persons is %s"},
};

const char *words_text(enum words words, enum access_language language) { return texts[words][language]; }

static const struct {
  const char *name;
  const char *words[2];
} names[] = {
    {"subject.age", {"personens ålder", "the person's age"}},
    {"subject.protected", {"personens skydd (skyddade uppgifter)", "the person's protection"}},
    {"subject.role", {"personens roll", "the person's role"}},
    {"subject.home_area", {"personens bostadsområde", "the person's home area"}},
    {"subject.stay_area", {"området där personen vistas", "the area where the person stays"}},
    {"subjects", {"personer", "persons"}},
    {"body.kind", {"händelsens slag", "the event's kind"}},
    {"body.risk", {"den bedömda risken", "the assessed risk"}},
    {"body.assessed_by", {"vem som bedömt det enskilda fallet", "who assessed the single case"}},
    {"body.crime_risk", {"den särskilda risken för brott", "the particular risk of crime"}},
    {"body.suspicion", {"den konkreta misstanken eller risken", "the concrete suspicion or risk"}},
    {"body.count", {"antalet", "the count"}},
    {"body.respondents", {"antalet svar", "the number of answers"}},
    {"in_reply_to", {"den begäran som händelsen besvarar", "the request that the event answers"}},
    {"request",
     {"en begäran från mottagaren som händelsen besvarar",
      "a request of the recipient that the event answers"}},
    {"addressee", {"den som händelsen är ställd till", "the event's addressee"}},
    {"place.area", {"platsens område", "the place's area"}},
    {"marks.handling", {"hanteringskoden", "the handling code"}},
    {"marks.source_evaluation", {"värderingen av källan", "the evaluation of the source"}},
    {"marks.information_evaluation", {"värderingen av uppgiften", "the evaluation of the information"}},
    {"body.asked_by", {"vem som frågar", "who asks"}},
    {"body.basis", {"grunden som svaret skulle ha", "the basis that the answer would have"}},
    {"body.need", {"behovet", "the need"}},
    {"marks.urgent", {"märkningen brådskande", "the urgent mark"}},
    {"time", {"händelsens tid", "the event's time"}},
    {"recipient.kind", {"mottagarens slag", "the recipient's kind"}},
    {"recipient.id", {"mottagaren", "the recipient"}},
};

static const char *name_of(const char *name, enum access_language language) {
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strcmp(names[i].name, name) == 0) return names[i].words[language];
  return name;
}

// Values of rules in words; the rest are words of their own.
static const struct {
  const char *value;
  const char *words[2];
} values[] = {
    {"suspect", {"misstänkt", "suspect"}},
    {"victim", {"brottsoffer", "victim"}},
    {"witness", {"vittne", "witness"}},
    {"child", {"barn", "child"}},
    {"reporter", {"anmälare", "reporter"}},
    {"participant", {"deltagare", "participant"}},
    {"other", {"annat", "other"}},
    {"unknown", {"okänt", "not known"}},
    {"none", {"ingen", "none"}},
    {"skyddad_folkbokforing", {"skyddad folkbokföring", "protected registration (skyddad folkbokföring)"}},
    {"sekretessmarkering", {"sekretessmarkering", "secrecy mark (sekretessmarkering)"}},
    {"h1", {"H1", "H1"}},
    {"h2", {"H2", "H2"}},
    {"h3", {"H3", "H3"}},
    {"violence", {"våld", "violence"}},
    {"threat", {"hot", "threat"}},
    {"weapon", {"vapen", "weapon"}},
    {"serious", {"allvarlig", "serious"}},
    {"child_at_risk", {"barn som riskerar att fara illa", "child at risk"}},
    {"intoxicated_young_person", {"berusad ung person", "intoxicated young person"}},
    {"risk_to_pupils", {"risk för elever", "risk to pupils"}},
    {"false_contract", {"falskt kontrakt", "false contract"}},
    {"criminal_use", {"brottslig användning", "criminal use"}},
    {"unlawful_subletting", {"olovlig andrahandsuthyrning", "unlawful subletting"}},
    {"avhopparstod", {"avhopparstöd", "help to leave crime (avhopparstöd)"}},
    {"sig", {"SIG", "SIG"}},
    {"true", {"ja", "yes"}},
    {"false", {"nej", "no"}},
};

const char *words_value(const char *value, enum access_language language) {
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
    if (strcmp(values[i].value, value) == 0) return values[i].words[language];
  return value;
}

const char *words_class(const char *name, enum access_language language) {
  static const char *const swedish[][2] = {
      {"open", "öppna uppgifter"},
      {"place", "plats"},
      {"home", "bostad"},
      {"narrative", "fritext"},
      {"contact", "kontaktuppgifter"},
      {"identity", "identitet"},
      {"health", "hälsa"},
      {"offence", "brott"},
  };
  for (size_t i = 0; language == ACCESS_SWEDISH && i < sizeof swedish / sizeof swedish[0]; i++)
    if (strcmp(swedish[i][0], name) == 0) return swedish[i][1];
  return name;
}

// "a, b, c" as "a, b eller c", each in words.
static bool append_values(struct nav_buffer *out, const char *shown, enum access_language language) {
  char value[128];
  for (bool first = true; *shown != '\0'; first = false) {
    size_t length = strcspn(shown, ",");
    bool last = shown[length] == '\0';
    const char *before = language == ACCESS_SWEDISH ? " eller " : " or ";
    if (!first && !nav_buffer_append_text(out, last ? before : ", ")) return false;
    if (length >= sizeof value) return nav_buffer_append_text(out, shown);
    memcpy(value, shown, length);
    value[length] = '\0';
    if (!nav_buffer_append_text(out, words_value(value, language))) return false;
    shown += length + strspn(shown + length, ", ");
  }
  return true;
}

static const char *joint(const struct predicate *predicate, enum access_language language) {
  bool is_time = predicate->op == OP_WITHIN && predicate->value == VALUE_INTEGER;
  switch (predicate->op) {
    case OP_BELOW:
      return language == ACCESS_SWEDISH ? "är under" : "is below";
    case OP_AT_LEAST:
      return language == ACCESS_SWEDISH ? "är minst" : "is at least";
    case OP_WITHIN:
      if (is_time) return language == ACCESS_SWEDISH ? "är inte äldre än" : "is not older than";
      return language == ACCESS_SWEDISH ? "ligger inom" : "is within";
    case OP_OVERLAPS:
      return language == ACCESS_SWEDISH ? "överlappar" : "overlaps";
    case OP_PRESENT:
    case OP_CONSENT:
    case OP_IN:
      break;
  }
  return language == ACCESS_SWEDISH ? "är" : "is";
}

bool words_asks_nothing(const struct predicate *predicate) {
  return predicate->fact == FACT_PROTECTED && predicate->op == OP_IN &&
         predicate->count >= nav__v1__protection__descriptor.n_values;
}

// Sentences of their own, by whether the fact is wanted; NULL: none.
static const char *whole_sentence(const struct predicate *predicate, enum access_language language) {
  static const char *const consent[2][2] = {{"personens samtycke saknas", "the person's consent is missing"},
                                            {"personen har samtyckt till att just mottagaren får uppgifterna",
                                             "the person has consented to this recipient having the data"}};
  static const char *const addressed[2][2] = {
      {"händelsen är inte ställd till mottagaren", "the event is not addressed to the recipient"},
      {"händelsen är ställd till just mottagaren", "the event is addressed to this very recipient"}};
  static const char *const request[2][2] = {
      {"händelsen besvarar ingen begäran från mottagaren", "the event answers no request of the recipient"},
      {"händelsen besvarar en begäran som just mottagaren har gjort",
       "the event answers a request of this very recipient"}};
  static const char *const marked[2][2] = {
      {"personen har inte skyddade uppgifter", "the person is not protected"},
      {"personen har skyddade uppgifter", "the person is protected"}};
  static const char *const persons[2][2] = {{"händelsen nämner ingen person", "the event names no person"},
                                            {"händelsen nämner någon person", "the event names a person"}};
  bool flag = predicate->op == OP_IN && predicate->value == VALUE_INTEGER && predicate->integers[0] != 0;
  if (predicate->op == OP_CONSENT) return consent[predicate->wanted ? 1 : 0][language];
  if (predicate->fact == FACT_ADDRESSED) return addressed[flag ? 1 : 0][language];
  if (predicate->fact == FACT_REQUEST) return request[flag ? 1 : 0][language];
  if (predicate->op == OP_PRESENT && strcmp(predicate->name, "subjects") == 0)
    return persons[predicate->wanted ? 1 : 0][language];
  if (predicate->fact == FACT_PROTECTED && predicate->op == OP_IN) {
    if (strcmp(predicate->shown, "true") == 0) return marked[1][language];
    if (strcmp(predicate->shown, "false") == 0 || strcmp(predicate->shown, "none") == 0)
      return marked[0][language];
  }
  return NULL;
}

bool words_condition(struct nav_buffer *out, const struct predicate *predicate,
                     enum access_language language) {
  const char *sentence = whole_sentence(predicate, language);
  if (sentence != NULL) return nav_buffer_append_text(out, sentence);
  const char *name = name_of(predicate->name, language);
  if (predicate->recipient_areas)
    return nav_buffer_printf(out,
                             language == ACCESS_SWEDISH ? "%s ligger inom mottagarens område"
                                                        : "%s lies within the recipient's area",
                             name);
  if (predicate->op == OP_PRESENT) {
    static const char *const present[2][2] = {{"uppgift saknas om %s", "%s is absent"},
                                              {"uppgift finns om %s", "%s is stated"}};
    const char *format = present[predicate->wanted ? 1 : 0][language];
    const char *place = strstr(format, "%s");
    return nav_buffer_append(out, format, (size_t)(place - format)) && nav_buffer_append_text(out, name) &&
           nav_buffer_append_text(out, place + 2);
  }
  if (predicate->op == OP_WITHIN && predicate->value == VALUE_INTEGER)
    return nav_buffer_printf(out, "%s %s ", name, joint(predicate, language)) &&
           words_duration(out, predicate->integers[0], language);
  return nav_buffer_printf(out, "%s %s ", name, joint(predicate, language)) &&
         append_values(out, predicate->shown, language);
}

bool words_fill(struct nav_buffer *out, enum words words, enum access_language language,
                const char *const *arguments, size_t count) {
  size_t argument = 0;
  bool good = true;
  for (const char *at = words_text(words, language); good && *at != '\0';) {
    const char *place = strstr(at, "%s");
    size_t length = place == NULL ? strlen(at) : (size_t)(place - at);
    good = nav_buffer_append(out, at, length);
    at += length + (place == NULL ? 0 : 2);
    const char *text = place != NULL && argument < count ? arguments[argument++] : NULL;
    if (good && text != NULL) good = nav_buffer_append_text(out, text);
  }
  return good;
}

bool words_duration(struct nav_buffer *out, int64_t ms, enum access_language language) {
  static const struct {
    int64_t ms;
    const char *one[2], *many[2];
  } units[] = {
      {86400000, {"dygn", "day"}, {"dygn", "days"}},
      {3600000, {"timme", "hour"}, {"timmar", "hours"}},
      {60000, {"minut", "minute"}, {"minuter", "minutes"}},
      {1000, {"sekund", "second"}, {"sekunder", "seconds"}},
  };
  size_t unit = 0;
  while (unit < 3 && ms % units[unit].ms != 0) unit++;
  if (unit == 0 && ms == units[0].ms) unit = 1;  // 24 hours, not a day: it ends at an hour
  int64_t count = ms / units[unit].ms;
  const char *word = count == 1 ? units[unit].one[language] : units[unit].many[language];
  return nav_buffer_printf(out, "%lld %s", (long long)count, word);
}
