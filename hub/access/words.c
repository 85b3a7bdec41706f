// See words.h.
#include "hub/access/words.h"

#include <string.h>

static const char *const texts[WORDS_COUNT][2] = {
    [WORDS_RULE] = {"Regel %s: %s", "Rule %s: %s"},
    [WORDS_BASIS] = {"Rättslig grund: %s %s. %s", "Legal basis: %s %s. %s"},
    [WORDS_THRESHOLD] = {"Det som ska vara uppfyllt i det enskilda fallet: %s.",
                         "What must hold in the single case: %s."},
    [WORDS_HELD] = {"En namngiven person hos %s bedömer det enskilda fallet innan något lämnas; mottagaren "
                    "får inte veta att "
                    "frågan finns.",
                    "A named person at %s assesses the single case before anything is told; the recipient "
                    "does not learn that "
                    "the question exists."},
    [WORDS_HELD_URGENT] =
        {"Brådskande: svarar ingen annan gör %s det, och utebliven bedömning blir aldrig ett nej.",
         "Urgent: if nobody else answers, %s does, and no answer never becomes a no."},
    [WORDS_HELD_DUTY] =
        {"Grunden är en skyldighet eller en begäran: någon måste besluta, tystnad blir aldrig ett nej.",
         "The basis is a duty or a request: somebody must decide, silence never becomes a no."},
    [WORDS_HELD_BESIDE] = {"Mer kan lämnas efter bedömning, enligt regel %s.",
                           "More can be told after assessment, by rule %s."},
    [WORDS_CONDITION_MET] = {"Avgörande: %s.", "Decisive: %s."},
    [WORDS_CONDITION_FAILED] = {"Regel %s hade kunnat öppna, men det är inte så att %s.",
                                "Rule %s could have opened, but it is not so that %s."},
    [WORDS_CONDITION_UNKNOWN] = {"Regel %s hade kunnat öppna, men det är inte känt om %s.",
                                 "Rule %s could have opened, but it is not known whether %s."},
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
    [WORDS_NEED] = {"%s %s öppnar, om %s.", "%s %s opens, if %s."},
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
    [WORDS_URGENT_NEED] = {"Är det akut: märk händelsen som brådskande, då svarar %s om ingen annan gör det; "
                           "eller pröva en annan grund.",
                           "If it is imminent: mark the event as urgent, then %s answers if nobody else "
                           "does; or try another basis."},
    [WORDS_RELEASE_NEED] = {"Att den som bedömer finner villkoren uppfyllda (%s) och lämnar ut.",
                            "That whoever assesses finds the conditions met (%s) and releases."},
    [WORDS_ON_CALL] = {"jouren", "the on-call desk"},
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

static const char *joint(const struct predicate *predicate, enum access_language language) {
  static const char *const present[2][2] = {{"saknas", "is absent"}, {"finns angivet", "is stated"}};
  bool one = predicate->count < 2 || predicate->shown == NULL || strchr(predicate->shown, ',') == NULL;
  switch (predicate->op) {
    case OP_BELOW:
      return language == ACCESS_SWEDISH ? "är under" : "is below";
    case OP_AT_LEAST:
      return language == ACCESS_SWEDISH ? "är minst" : "is at least";
    case OP_WITHIN:
      return language == ACCESS_SWEDISH ? "ligger inom" : "is within";
    case OP_OVERLAPS:
      return language == ACCESS_SWEDISH ? "överlappar" : "overlaps";
    case OP_PRESENT:
      return present[predicate->wanted ? 1 : 0][language];
    case OP_CONSENT:
    case OP_IN:
      break;
  }
  if (language == ACCESS_SWEDISH) return one ? "är" : "är något av";
  return one ? "is" : "is one of";
}

bool words_condition(struct nav_buffer *out, const struct predicate *predicate,
                     enum access_language language) {
  bool swedish = language == ACCESS_SWEDISH;
  if (predicate->op == OP_CONSENT && predicate->wanted)
    return nav_buffer_append_text(out, swedish
                                           ? "personen har samtyckt till att just mottagaren får uppgifterna"
                                           : "the person has consented to this recipient having the data");
  if (predicate->op == OP_CONSENT)
    return nav_buffer_append_text(out,
                                  swedish ? "personens samtycke saknas" : "the person's consent is missing");
  if (predicate->fact == FACT_ADDRESSED)
    return nav_buffer_append_text(out, swedish ? "händelsen är ställd till just mottagaren"
                                               : "the event is addressed to this very recipient");
  if (predicate->fact == FACT_REQUEST)
    return nav_buffer_append_text(out, swedish ? "händelsen besvarar en begäran som just mottagaren har gjort"
                                               : "the event answers a request of this very recipient");
  if (predicate->recipient_areas)
    return nav_buffer_printf(
        out, swedish ? "%s ligger inom mottagarens område" : "%s lies within the recipient's area",
        name_of(predicate->name, language));
  const char *name = name_of(predicate->name, language);
  if (predicate->op == OP_PRESENT) return nav_buffer_printf(out, "%s %s", name, joint(predicate, language));
  return nav_buffer_printf(out, "%s %s %s", name, joint(predicate, language), predicate->shown);
}
