// What types of event, codes and reasons are called, in both languages. See audit_words_parts.h.
#include <string.h>

#include "hub/desk/audit_words_parts.h"
#include "hub/wire/event.h"
#include "nav/v1/session.pb-c.h"

#define BODY(name) NAV__V1__EVENT__BODY_##name
#define CODE(name) NAV__V1__CODE__CODE_##name

struct name {
  int number;
  const char *words[2];
};

static const struct name events[] = {
    {BODY(PUBLIC_INCIDENT), {"en händelse som polisen publicerat", "an incident that the police published"}},
    {BODY(CRIME_REPORT), {"ett anmält brott", "a crime report"}},
    {BODY(PLACE_NOTICE), {"en plats som polisen pekar ut", "a notice of a place by the police"}},
    {BODY(POLICE_NOTICE), {"en underrättelse från polisen", "a notice by the police"}},
    {BODY(CONCERN_REPORT), {"en orosanmälan", "a report of concern"}},
    {BODY(SOCIAL_INTERVENTION), {"en insats av socialtjänsten", "an intervention by social services"}},
    {BODY(VICTIM_SUPPORT), {"ett stöd till en våldsutsatt", "support of a victim of violence"}},
    {BODY(CASE_COUNTS), {"antal ärenden", "counts of cases"}},
    {BODY(ABSENCE), {"en frånvaro i skolan", "an absence from school"}},
    {BODY(SCHOOL_INCIDENT), {"en händelse i skolan", "an incident at school"}},
    {BODY(DISTURBANCE), {"en störning", "a disturbance"}},
    {BODY(DAMAGE), {"en skadegörelse eller ett fel", "damage or a fault"}},
    {BODY(GUARD_ROUND), {"en väktarrond", "a guard's round"}},
    {BODY(TENANCY_CONCERN), {"ett oriktigt hyresförhållande", "a concern about a tenancy"}},
    {BODY(CITIZEN_REPORT), {"en synpunkt från en invånare", "a citizen's report"}},
    {BODY(CITIZEN_REPORT_UPDATE), {"ett svar på en synpunkt", "an answer to a citizen's report"}},
    {BODY(OUTREACH_OBSERVATION), {"en iakttagelse ute", "an observation on the street"}},
    {BODY(FIELD_WORK_NOTE), {"en fältassistents iakttagelse", "a field worker's note"}},
    {BODY(SAFETY_WALK_FINDING), {"ett fynd från en trygghetsvandring", "a finding of a safety walk"}},
    {BODY(SETTLEMENT_NOTICE), {"en otillåten bosättning", "an unauthorised settlement"}},
    {BODY(FIRE_INCIDENT), {"en brand eller räddningsinsats", "a fire or rescue"}},
    {BODY(WELFARE_FRAUD_NOTICE), {"ett misstänkt välfärdsbrott", "suspected welfare fraud"}},
    {BODY(UNDUE_INFLUENCE), {"en otillåten påverkan", "undue influence"}},
    {BODY(SURVEY_RESULT), {"ett enkätsvar i sammandrag", "a survey's result"}},
    {BODY(PROBLEM), {"ett prioriterat problem", "a problem to work on"}},
    {BODY(ACTION), {"en åtgärd", "an action"}},
    {BODY(PROMISE), {"ett medborgarlöfte", "a promise to citizens"}},
    {BODY(AGREEMENT), {"en överenskommelse", "an agreement"}},
    {BODY(FOLLOW_UP), {"en uppföljning", "a follow-up"}},
    {BODY(CONSENT), {"ett samtycke", "a consent"}},
    {BODY(RECALL), {"en återkallelse", "a recall"}},
    {BODY(REQUEST), {"en begäran", "a request"}},
    {BODY(SEALED), {"en förseglad händelse", "a sealed event"}},
};

static const struct name codes[] = {
    {CODE(UNSPECIFIED), {"utan angiven felkod", "without a code"}},
    {CODE(MALFORMED), {"går inte att läsa", "cannot be decoded"}},
    {CODE(TOO_LARGE), {"för stort", "too large"}},
    {CODE(TOO_DEEP), {"för djupt nästlat", "nested too deep"}},
    {CODE(TOO_MANY), {"för många delar", "too many parts"}},
    {CODE(BAD_UTF8), {"text som inte är UTF-8", "text that is not UTF-8"}},
    {CODE(UNKNOWN_ENUM), {"ett okänt värde i en lista", "an unknown value of a list"}},
    {CODE(UNKNOWN_FIELD), {"ett okänt fält", "an unknown field"}},
    {CODE(UNKNOWN_MESSAGE), {"ett okänt meddelande", "an unknown message"}},
    {CODE(NOT_CANONICAL), {"inte entydigt kodat", "not encoded in one way only"}},
    {CODE(MISSING_FIELD), {"ett fält saknas", "a field is missing"}},
    {CODE(BAD_VALUE), {"ett värde är fel", "a bad value"}},
    {CODE(BAD_SIGNATURE), {"underskriften håller inte", "the signature does not hold"}},
    {CODE(WRONG_AGENCY),
     {"händelsen nämner en annan myndighet än avsändaren", "it names another agency than the sender"}},
    {CODE(WRONG_LOG), {"fel liggare", "another ledger"}},
    {CODE(CONFLICT),
     {"samma händelse och version med annat innehåll", "the same event and revision with other content"}},
    {CODE(STALE_REVISION), {"en äldre version än den senaste", "an older revision than the latest"}},
    {CODE(RESERVED_FIELD), {"ett fält som bara navet sätter", "a field that only the hub sets"}},
    {CODE(UNKNOWN_AGENCY), {"en okänd myndighet", "an unknown agency"}},
    {CODE(UNKNOWN_LANE), {"en okänd mottagare eller ett okänt ändamål", "an unknown recipient or purpose"}},
    {CODE(UNKNOWN_KEY), {"en okänd nyckel", "an unknown key"}},
    {CODE(RATE), {"för många på kort tid", "too many in a short time"}},
    {CODE(BUSY), {"navet var upptaget", "the hub was busy"}},
    {CODE(QUARANTINED), {"har en gång stoppat navet", "once stopped the hub"}},
    {CODE(BAD_POSITION), {"kvitterar det som inte är sänt", "acknowledges what was not sent"}},
    {CODE(NOT_PERMITTED), {"inte tillåtet", "not permitted"}},
    {CODE(NOT_FOUND), {"finns inte", "not found"}},
    {CODE(STANDBY), {"noden stod i beredskap", "the node stood by"}},
    {CODE(VERSION), {"fel version av protokollet", "another version of the protocol"}},
};

static const struct name recall_reasons[] = {
    {NAV__V1__RECALL_REASON__RECALL_REASON_WRONG, {"uppgiften var fel", "it was wrong"}},
    {NAV__V1__RECALL_REASON__RECALL_REASON_UNLAWFUL,
     {"den borde inte ha lämnats", "it should not have been told"}},
    {NAV__V1__RECALL_REASON__RECALL_REASON_WITHDRAWN,
     {"avsändaren tar tillbaka den", "its sender takes it back"}},
};

static const struct name closed_reasons[] = {
    {NAV__V1__HOLD_CLOSED_REASON__HOLD_CLOSED_REASON_REVISED,
     {"en ny version av händelsen har kommit", "a new revision of the event has come"}},
    {NAV__V1__HOLD_CLOSED_REASON__HOLD_CLOSED_REASON_RECALLED,
     {"avsändaren tog tillbaka händelsen", "its sender took the event back"}},
    {NAV__V1__HOLD_CLOSED_REASON__HOLD_CLOSED_REASON_ANSWERED,
     {"begäran är besvarad", "the request was answered"}},
    {NAV__V1__HOLD_CLOSED_REASON__HOLD_CLOSED_REASON_ERASED,
     {"innehållets tid var ute", "the content's time was up"}},
};

static const struct name *find(const struct name *names, size_t count, int number) {
  for (size_t i = 0; i < count; i++) {
    if (names[i].number == number) return &names[i];
  }
  return NULL;
}

#define FIND(table, number) find(table, sizeof(table) / sizeof *(table), number)

static const char *text_of(const struct saying *s, const struct name *name) {
  return name != NULL ? name->words[s->language] : said(s, "okänt", "unknown");
}

bool name_event_known(uint32_t type) { return FIND(events, (int)type) != NULL; }
bool name_code_known(int code) { return FIND(codes, code) != NULL; }

const char *name_event(const struct saying *s, uint32_t type) {
  const struct name *name = FIND(events, (int)type);
  return name != NULL ? name->words[s->language]
                      : said(s, "en händelse av okänd typ", "an event of unknown type");
}

const char *name_code(const struct saying *s, int code) { return text_of(s, FIND(codes, code)); }

const char *name_recall_reason(const struct saying *s, int reason) {
  return text_of(s, FIND(recall_reasons, reason));
}

const char *name_hold_closed(const struct saying *s, int reason) {
  return text_of(s, FIND(closed_reasons, reason));
}

const char *name_key_use(const struct saying *s, const char *use) {
  static const struct {
    const char *use;
    const char *words[2];
  } uses[] = {{"signing", {"underskrifter", "signatures"}},
              {"curve", {"förbindelser", "connections"}},
              {"session", {"navets sessioner", "the hub's sessions"}},
              {"checkpoint", {"kontrollpunkter", "checkpoints"}},
              {"witness", {"bevittnande av kontrollpunkter", "witnessing checkpoints"}}};
  for (size_t i = 0; use != NULL && i < sizeof uses / sizeof uses[0]; i++) {
    if (strcmp(uses[i].use, use) == 0) return uses[i].words[s->language];
  }
  return use != NULL ? use : "";
}
