// See category.h.
#include "hub/desk/briefing/category.h"

#include <stdio.h>
#include <string.h>

#define BODY(name) NAV__V1__EVENT__BODY_##name
#define KIND(type, name) NAV__V1__##type##__##name

struct type_row {
  uint32_t type;
  enum category_class class;
  const char *title;
};

static const struct type_row types[] = {
    {BODY(PUBLIC_INCIDENT), CATEGORY_INCIDENT, "Polisens publicerade händelser"},
    {BODY(CRIME_REPORT), CATEGORY_INCIDENT, "Anmälda brott"},
    {BODY(PLACE_NOTICE), CATEGORY_WORK, "Platser polisen pekar ut"},
    {BODY(POLICE_NOTICE), CATEGORY_PERSON, "Polisens underrättelser"},
    {BODY(CONCERN_REPORT), CATEGORY_PERSON, "Orosanmälningar"},
    {BODY(SOCIAL_INTERVENTION), CATEGORY_PERSON, "Socialtjänstens insatser"},
    {BODY(VICTIM_SUPPORT), CATEGORY_PERSON, "Stöd till våldsutsatta"},
    {BODY(CASE_COUNTS), CATEGORY_FIGURES, "Ärenden, antal"},
    {BODY(ABSENCE), CATEGORY_PERSON, "Frånvaro i skolan"},
    {BODY(SCHOOL_INCIDENT), CATEGORY_INCIDENT, "Händelser i skolan"},
    {BODY(DISTURBANCE), CATEGORY_INCIDENT, "Störningar i bostadsområden"},
    {BODY(DAMAGE), CATEGORY_INCIDENT, "Skadegörelse och fel"},
    {BODY(GUARD_ROUND), CATEGORY_WORK, "Väktarronder"},
    {BODY(TENANCY_CONCERN), CATEGORY_PERSON, "Oriktiga hyresförhållanden"},
    {BODY(CITIZEN_REPORT), CATEGORY_INCIDENT, "Synpunkter från invånare"},
    {BODY(CITIZEN_REPORT_UPDATE), CATEGORY_NEVER, "Svar på synpunkter"},
    {BODY(OUTREACH_OBSERVATION), CATEGORY_WORK, "Iakttagelser ute"},
    {BODY(FIELD_WORK_NOTE), CATEGORY_WORK, "Fältassistenternas iakttagelser"},
    {BODY(SAFETY_WALK_FINDING), CATEGORY_WORK, "Trygghetsvandringar"},
    {BODY(SETTLEMENT_NOTICE), CATEGORY_WORK, "Otillåtna bosättningar"},
    {BODY(FIRE_INCIDENT), CATEGORY_INCIDENT, "Bränder och räddningsinsatser"},
    {BODY(WELFARE_FRAUD_NOTICE), CATEGORY_PERSON, "Misstänkta välfärdsbrott"},
    {BODY(UNDUE_INFLUENCE), CATEGORY_INCIDENT, "Otillåten påverkan"},
    {BODY(SURVEY_RESULT), CATEGORY_FIGURES, "Enkätsvar"},
    {BODY(PROBLEM), CATEGORY_AGREED, "Prioriterade problem"},
    {BODY(ACTION), CATEGORY_AGREED, "Åtgärder"},
    {BODY(PROMISE), CATEGORY_AGREED, "Medborgarlöften"},
    {BODY(AGREEMENT), CATEGORY_AGREED, "Överenskommelser"},
    {BODY(FOLLOW_UP), CATEGORY_AGREED, "Uppföljningar"},
    {BODY(CONSENT), CATEGORY_NEVER, "Samtycken"},
    {BODY(RECALL), CATEGORY_NEVER, "Återkallelser"},
};

static const struct type_row *find_type(uint32_t type) {
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (types[i].type == type) return &types[i];
  }
  return NULL;
}

size_t category_order(uint32_t type) {
  const struct type_row *row = find_type(type);
  return row != NULL ? (size_t)(row - types) : SIZE_MAX;
}

enum category_class category_class_of(uint32_t type) {
  const struct type_row *row = find_type(type);
  return row != NULL ? row->class : CATEGORY_NEVER;
}

const char *category_type_title(uint32_t type) {
  const struct type_row *row = find_type(type);
  return row != NULL ? row->title : "";
}

struct kind_row {
  uint32_t type;
  unsigned kind;
  const char *title;
};

static const struct kind_row kinds[] = {
    {BODY(POLICE_NOTICE), KIND(POLICE_NOTICE_KIND, POLICE_NOTICE_KIND_CHILD_AT_RISK), "Barn i risk"},
    {BODY(POLICE_NOTICE), KIND(POLICE_NOTICE_KIND, POLICE_NOTICE_KIND_INTOXICATED_YOUNG_PERSON),
     "Berusad ung person"},
    {BODY(POLICE_NOTICE), KIND(POLICE_NOTICE_KIND, POLICE_NOTICE_KIND_THREAT), "Hot"},
    {BODY(POLICE_NOTICE), KIND(POLICE_NOTICE_KIND, POLICE_NOTICE_KIND_RISK_TO_PUPILS), "Risk för elever"},
    {BODY(POLICE_NOTICE), KIND(POLICE_NOTICE_KIND, POLICE_NOTICE_KIND_OTHER), "Annat"},
    {BODY(CONCERN_REPORT), KIND(CONCERN_KIND, CONCERN_KIND_VIOLENCE_AT_HOME), "Våld i hemmet"},
    {BODY(CONCERN_REPORT), KIND(CONCERN_KIND, CONCERN_KIND_NEGLECT), "Bristande omsorg"},
    {BODY(CONCERN_REPORT), KIND(CONCERN_KIND, CONCERN_KIND_ABUSE_OF_SUBSTANCES), "Missbruk"},
    {BODY(CONCERN_REPORT), KIND(CONCERN_KIND, CONCERN_KIND_CRIME), "Brott"},
    {BODY(CONCERN_REPORT), KIND(CONCERN_KIND, CONCERN_KIND_ABSENCE), "Skolfrånvaro"},
    {BODY(CONCERN_REPORT), KIND(CONCERN_KIND, CONCERN_KIND_HONOUR), "Hedersrelaterat våld och förtryck"},
    {BODY(CONCERN_REPORT), KIND(CONCERN_KIND, CONCERN_KIND_OTHER), "Annat"},
    {BODY(SOCIAL_INTERVENTION), KIND(SOCIAL_INTERVENTION_KIND, SOCIAL_INTERVENTION_KIND_SIG),
     "Social insatsgrupp"},
    {BODY(SOCIAL_INTERVENTION), KIND(SOCIAL_INTERVENTION_KIND, SOCIAL_INTERVENTION_KIND_AVHOPPARSTOD),
     "Avhopparstöd"},
    {BODY(SOCIAL_INTERVENTION), KIND(SOCIAL_INTERVENTION_KIND, SOCIAL_INTERVENTION_KIND_MINI_MARIA),
     "Mini-Maria"},
    {BODY(SOCIAL_INTERVENTION), KIND(SOCIAL_INTERVENTION_KIND, SOCIAL_INTERVENTION_KIND_MUMIN), "MUMIN"},
    {BODY(SOCIAL_INTERVENTION), KIND(SOCIAL_INTERVENTION_KIND, SOCIAL_INTERVENTION_KIND_PARENTING_COURSE),
     "Föräldrakurs"},
    {BODY(SOCIAL_INTERVENTION), KIND(SOCIAL_INTERVENTION_KIND, SOCIAL_INTERVENTION_KIND_OTHER),
     "Annan insats"},
    {BODY(VICTIM_SUPPORT), KIND(VIOLENCE_RISK, VIOLENCE_RISK_LOW), "Låg risk"},
    {BODY(VICTIM_SUPPORT), KIND(VIOLENCE_RISK, VIOLENCE_RISK_ELEVATED), "Förhöjd risk"},
    {BODY(VICTIM_SUPPORT), KIND(VIOLENCE_RISK, VIOLENCE_RISK_SERIOUS), "Allvarlig risk"},
    {BODY(ABSENCE), KIND(ABSENCE_KIND, ABSENCE_KIND_LEAVE), "Ledighet"},
    {BODY(ABSENCE), KIND(ABSENCE_KIND, ABSENCE_KIND_REPORTED), "Anmäld frånvaro"},
    {BODY(ABSENCE), KIND(ABSENCE_KIND, ABSENCE_KIND_SUMMARY), "Summerad frånvaro"},
    {BODY(SCHOOL_INCIDENT), KIND(SCHOOL_INCIDENT_KIND, SCHOOL_INCIDENT_KIND_VIOLENCE), "Våld"},
    {BODY(SCHOOL_INCIDENT), KIND(SCHOOL_INCIDENT_KIND, SCHOOL_INCIDENT_KIND_THREAT), "Hot"},
    {BODY(SCHOOL_INCIDENT), KIND(SCHOOL_INCIDENT_KIND, SCHOOL_INCIDENT_KIND_KRANKNING), "Kränkning"},
    {BODY(SCHOOL_INCIDENT), KIND(SCHOOL_INCIDENT_KIND, SCHOOL_INCIDENT_KIND_ALARM), "Larm"},
    {BODY(SCHOOL_INCIDENT), KIND(SCHOOL_INCIDENT_KIND, SCHOOL_INCIDENT_KIND_WEAPON), "Vapen"},
    {BODY(SCHOOL_INCIDENT), KIND(SCHOOL_INCIDENT_KIND, SCHOOL_INCIDENT_KIND_DAMAGE), "Skadegörelse"},
    {BODY(SCHOOL_INCIDENT), KIND(SCHOOL_INCIDENT_KIND, SCHOOL_INCIDENT_KIND_OTHER), "Annat"},
    {BODY(DISTURBANCE), KIND(DISTURBANCE_KIND, DISTURBANCE_KIND_NOISE), "Buller"},
    {BODY(DISTURBANCE), KIND(DISTURBANCE_KIND, DISTURBANCE_KIND_PARTY), "Fest"},
    {BODY(DISTURBANCE), KIND(DISTURBANCE_KIND, DISTURBANCE_KIND_THREAT), "Hot"},
    {BODY(DISTURBANCE), KIND(DISTURBANCE_KIND, DISTURBANCE_KIND_VIOLENCE), "Våld"},
    {BODY(DISTURBANCE), KIND(DISTURBANCE_KIND, DISTURBANCE_KIND_DRUGS), "Narkotika"},
    {BODY(DISTURBANCE), KIND(DISTURBANCE_KIND, DISTURBANCE_KIND_GATHERING), "Störande samling"},
    {BODY(DISTURBANCE), KIND(DISTURBANCE_KIND, DISTURBANCE_KIND_OTHER), "Annan störning"},
    {BODY(DAMAGE), KIND(DAMAGE_KIND, DAMAGE_KIND_VANDALISM), "Skadegörelse"},
    {BODY(DAMAGE), KIND(DAMAGE_KIND, DAMAGE_KIND_GRAFFITI), "Klotter"},
    {BODY(DAMAGE), KIND(DAMAGE_KIND, DAMAGE_KIND_FIRE), "Brand"},
    {BODY(DAMAGE), KIND(DAMAGE_KIND, DAMAGE_KIND_BREAK_IN), "Inbrott"},
    {BODY(DAMAGE), KIND(DAMAGE_KIND, DAMAGE_KIND_LITTER), "Nedskräpning"},
    {BODY(DAMAGE), KIND(DAMAGE_KIND, DAMAGE_KIND_LIGHTING), "Trasig belysning"},
    {BODY(DAMAGE), KIND(DAMAGE_KIND, DAMAGE_KIND_FAULT), "Fel och slitage"},
    {BODY(DAMAGE), KIND(DAMAGE_KIND, DAMAGE_KIND_OTHER), "Annan skada"},
    {BODY(TENANCY_CONCERN), KIND(TENANCY_CONCERN_KIND, TENANCY_CONCERN_KIND_UNLAWFUL_SUBLETTING),
     "Olovlig andrahandsuthyrning"},
    {BODY(TENANCY_CONCERN), KIND(TENANCY_CONCERN_KIND, TENANCY_CONCERN_KIND_FALSE_CONTRACT),
     "Falskt kontrakt"},
    {BODY(TENANCY_CONCERN), KIND(TENANCY_CONCERN_KIND, TENANCY_CONCERN_KIND_CRIMINAL_USE),
     "Lägenhet som används för brott"},
    {BODY(TENANCY_CONCERN), KIND(TENANCY_CONCERN_KIND, TENANCY_CONCERN_KIND_OTHER), "Annat"},
    {BODY(UNDUE_INFLUENCE), KIND(INFLUENCE_KIND, INFLUENCE_KIND_THREAT), "Hot"},
    {BODY(UNDUE_INFLUENCE), KIND(INFLUENCE_KIND, INFLUENCE_KIND_HARASSMENT), "Trakasserier"},
    {BODY(UNDUE_INFLUENCE), KIND(INFLUENCE_KIND, INFLUENCE_KIND_BRIBERY), "Mutförsök"},
    {BODY(UNDUE_INFLUENCE), KIND(INFLUENCE_KIND, INFLUENCE_KIND_PRESSURE), "Påtryckning"},
};

static const char *kind_title(uint32_t type, unsigned kind) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (kinds[i].type == type && kinds[i].kind == kind) return kinds[i].title;
  }
  return "";
}

static const char *actor_title(Nav__V1__OutreachActor actor) {
  switch (actor) {
    case NAV__V1__OUTREACH_ACTOR__OUTREACH_ACTOR_GRANNSTOD:
      return "Grannstöd";
    case NAV__V1__OUTREACH_ACTOR__OUTREACH_ACTOR_TRYGGHETSVARD:
      return "Trygghetsvärdar";
    case NAV__V1__OUTREACH_ACTOR__OUTREACH_ACTOR_ORDNINGSVAKT:
      return "Ordningsvakter";
    case NAV__V1__OUTREACH_ACTOR__OUTREACH_ACTOR_NATTVANDRARE:
      return "Nattvandrare";
    default:
      return "";
  }
}

// Brå's code of a crime begins with its chapter of brottsbalken, for the chapters that have codes of their
// own.
static const struct {
  const char *chapter;
  const char *title;
} chapters[] = {{"03", "Brott mot liv och hälsa"},
                {"04", "Brott mot frihet och frid"},
                {"05", "Ärekränkning och sexualbrott"},
                {"06", "Ärekränkning och sexualbrott"},
                {"07", "Ärekränkning och sexualbrott"},
                {"08", "Stöld, rån och andra tillgrepp"},
                {"09", "Bedrägeri och annan oredlighet"},
                {"10", "Förskingring och annan trolöshet"},
                {"12", "Skadegörelse"},
                {"13", "Allmänfarliga brott"},
                {"14", "Förfalskning"},
                {"15", "Mened och falskt åtal"},
                {"16", "Brott mot allmän ordning"},
                {"17", "Brott mot allmän verksamhet"}};

static const char *chapter_title(const char *code) {
  for (size_t i = 0; i < sizeof chapters / sizeof *chapters; i++) {
    if (strncmp(chapters[i].chapter, code, 2) == 0) return chapters[i].title;
  }
  return "Övriga brott";
}

// Where some may have counts alone, what a sender wrote is part of the record that they may not have; and a
// single code is nearly a record. Only the chapter of a crime is told, beside our own kinds.
static const char *grouped_kind(const Nav__V1__Event *event) {
  if (event->body_case != BODY(CRIME_REPORT) || event->crime_report->crime_code == NULL) return "";
  return chapter_title(event->crime_report->crime_code);
}

static const char *crime_kind(const Nav__V1__CrimeReport *report, char *out) {
  if (report->crime_name != NULL && report->crime_name[0] != '\0') return report->crime_name;
  if (report->crime_code == NULL) return "";
  (void)snprintf(out, CATEGORY_KIND_SIZE, "Brottskod %s", report->crime_code);
  return out;
}

// The kinds that are codes of an enum.
static const char *coded_kind(const Nav__V1__Event *event) {
  switch (event->body_case) {
    case BODY(POLICE_NOTICE):
      return kind_title(event->body_case, event->police_notice->kind);
    case BODY(CONCERN_REPORT):
      return kind_title(event->body_case, event->concern_report->kind);
    case BODY(SOCIAL_INTERVENTION):
      return kind_title(event->body_case, event->social_intervention->kind);
    case BODY(VICTIM_SUPPORT):
      return kind_title(event->body_case, event->victim_support->risk);
    case BODY(ABSENCE):
      return kind_title(event->body_case, event->absence->kind);
    case BODY(SCHOOL_INCIDENT):
      return kind_title(event->body_case, event->school_incident->kind);
    case BODY(DISTURBANCE):
      return kind_title(event->body_case, event->disturbance->kind);
    case BODY(DAMAGE):
      return kind_title(event->body_case, event->damage->kind);
    case BODY(TENANCY_CONCERN):
      return kind_title(event->body_case, event->tenancy_concern->kind);
    case BODY(UNDUE_INFLUENCE):
      return kind_title(event->body_case, event->undue_influence->kind);
    case BODY(OUTREACH_OBSERVATION):
      return actor_title(event->outreach_observation->actor);
    default:
      return "";
  }
}

// The kinds that senders write themselves. out: room for one that has to be made.
static const char *written_kind(const Nav__V1__Event *event, char *out) {
  switch (event->body_case) {
    case BODY(PUBLIC_INCIDENT):
      return event->public_incident->kind;
    case BODY(CRIME_REPORT):
      return crime_kind(event->crime_report, out);
    case BODY(PLACE_NOTICE):
      return event->place_notice->problem;
    case BODY(CASE_COUNTS):
      return event->case_counts->kind;
    case BODY(CITIZEN_REPORT):
      return event->citizen_report->service_name;
    case BODY(OUTREACH_OBSERVATION):
      return event->outreach_observation->category;
    case BODY(FIELD_WORK_NOTE):
      return event->field_work_note->category;
    case BODY(SAFETY_WALK_FINDING):
      return event->safety_walk_finding->category;
    case BODY(FIRE_INCIDENT):
      return event->fire_incident->kind;
    case BODY(WELFARE_FRAUD_NOTICE):
      return event->welfare_fraud_notice->benefit;
    default:
      return NULL;
  }
}

// At most CATEGORY_KIND_SIZE − 1 bytes, cut before a character that does not fit.
static const char *copy_cut(char *out, const char *text) {
  size_t length = strlen(text);
  if (length >= CATEGORY_KIND_SIZE) {
    length = CATEGORY_KIND_SIZE - 1;
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
  }
  memmove(out, text, length);
  out[length] = '\0';
  return out;
}

const char *category_kind(const Nav__V1__Event *event, bool counted_only, char *out) {
  char made[CATEGORY_KIND_SIZE] = "";
  const char *text = counted_only ? grouped_kind(event) : written_kind(event, made);
  if (text == NULL || text[0] == '\0') text = coded_kind(event);
  return copy_cut(out, text);
}

bool category_is_counted(const Nav__V1__Event *event) {
  if (event->body_case != NAV__V1__EVENT__BODY_PUBLIC_INCIDENT) return true;
  return !event->public_incident->is_summary && !event->public_incident->withdrawn;
}
