// Words of the records of assessment, recall, consent and requests. See audit_words_parts.h.
#include <inttypes.h>

#include "hub/desk/audit_words_parts.h"

// ---- assessment ----

void words_hold_released(struct saying *s) {
  const Nav__V1__HoldReleased *r = s->words->record->hold_released;
  say(s, "%s beslutade efter bedömning att lämna ut %s.", "%s decided, after assessment, to release %s.",
      part_person(s, r->person, r->agency), part_event(s, s->words->about, r->event_seq));
  if (r->lane != NULL) say_verdict(s, r->lane);
  if (r->n_conditions > 0)
    say(s, "Villkor som funnits uppfyllda: %s.", "Conditions that were found to hold: %s.",
        part_list(s, r->conditions, r->n_conditions));
  say_reason(s, r->reason);
}

void words_hold_refused(struct saying *s) {
  const Nav__V1__HoldRefused *r = s->words->record->hold_refused;
  say(s, "%s beslutade efter bedömning att inte lämna ut %s till %s.",
      "%s decided, after assessment, not to release %s to %s.", part_person(s, r->person, r->agency),
      part_event(s, s->words->about, r->event_seq), part_lane(s, r->lane));
  say_reason(s, r->reason);
}

void words_hold_escalated(struct saying *s) {
  const Nav__V1__HoldEscalated *r = s->words->record->hold_escalated;
  say(s, "Ingen svarade i tid på om %s får lämnas till %s.",
      "Nobody answered in time whether %s may go to %s.", part_event(s, s->words->about, r->event_seq),
      part_lane(s, r->lane));
  say(s, "Frågan gick vidare till %s hos %s: %s, med svar senast %s.",
      "It went on to %s of %s: %s, to answer by %s.",
      r->level <= 1 ? said(s, "ersättarna", "the deputies") : said(s, "jouren", "the on-call desk"),
      part_agency(s, r->agency), r->to != NULL ? r->to : "", part_time(s, r->deadline_ms));
}

void words_hold_lapsed(struct saying *s) {
  const Nav__V1__HoldLapsed *r = s->words->record->hold_lapsed;
  say(s,
      "Frågan om %s får lämnas till %s förföll: den ställdes på eget initiativ, och ingen hos %s svarade. "
      "Inget lämnades.",
      "Whether %s may go to %s lapsed: it was on own initiative, and nobody of %s answered. Nothing was "
      "told.",
      part_event(s, s->words->about, r->event_seq), part_lane(s, r->lane), part_agency(s, r->agency));
}

void words_hold_closed(struct saying *s) {
  const Nav__V1__HoldClosed *r = s->words->record->hold_closed;
  say(s, "Frågan om %s får lämnas till %s stängdes utan beslut: %s (post %" PRIu64 ").",
      "Whether %s may go to %s was closed without a decision: %s (record %" PRIu64 ").",
      part_event(s, s->words->about, r->event_seq), part_lane(s, r->lane),
      name_hold_closed(s, (int)r->reason), r->by_seq);
}

// ---- recall ----

static bool is_among(const uint32_t *lanes, size_t count, uint32_t lane) {
  for (size_t i = 0; i < count; i++) {
    if (lanes[i] == lane) return true;
  }
  return false;
}

// The lanes of one event that had been sent it, or those that had not, as far as the mandate has them.
static const char *lanes_of(const struct saying *s, const Nav__V1__RecalledEvent *event, bool sent) {
  const char *from = s->words->record->recalled->agency;
  const char *text = "";
  for (size_t i = 0; i < event->n_lanes; i++) {
    if (is_among(event->undelivered, event->n_undelivered, event->lanes[i]) == sent) continue;
    if (!part_told(s, from, event->lanes[i], true)) continue;
    text = part_join(s, text, text[0] == '\0' ? "" : "; ", part_lane(s, event->lanes[i]));
  }
  if (text[0] != '\0') return text;
  if (s->words->for_person && !part_told_all(s, from))
    return said(s, "ingen som utdraget omfattar", "nobody that the extract is of");
  return part_told_all(s, from) ? said(s, "ingen", "nobody")
                                : said(s, "ingen inom ditt mandat", "nobody within your mandate");
}

static bool event_is_told(const struct saying *s, const Nav__V1__RecalledEvent *event) {
  const char *from = s->words->record->recalled->agency;
  for (size_t i = 0; i < event->n_lanes; i++) {
    if (part_told(s, from, event->lanes[i], true)) return true;
  }
  return part_told_all(s, from);
}

static void say_recalled_counts(struct saying *s, const Nav__V1__Recalled *r) {
  size_t lanes = 0;
  size_t undelivered = 0;
  for (size_t i = 0; i < r->n_events; i++) {
    lanes += r->events[i]->n_lanes;
    undelivered += r->events[i]->n_undelivered;
  }
  say(s, "%zu utlämnanden hade skett; %zu hade inte sänts, och sänds aldrig.",
      "%zu disclosures had been made; %zu had not been sent, and never will be.", lanes - undelivered,
      undelivered);
}

void words_recalled(struct saying *s) {
  const Nav__V1__Recalled *r = s->words->record->recalled;
  size_t told = 0;
  for (size_t i = 0; i < r->n_events; i++) told += event_is_told(s, r->events[i]) ? 1 : 0;
  say(s, "%s återkallade %s (återkallelsen står i post %" PRIu64 "): %s.",
      "%s recalled %s (the recall stands in record %" PRIu64 "): %s.", part_agency(s, r->agency),
      part_events(s, told), r->recall_seq, name_recall_reason(s, (int)r->reason));
  if (part_told_all(s, r->agency)) say_recalled_counts(s, r);
  for (size_t i = 0; i < r->n_events && i < AUDIT_WORDS_LISTED_MAX; i++) {
    const Nav__V1__RecalledEvent *event = r->events[i];
    if (!event_is_told(s, event)) continue;
    say(s,
        "Händelse %s, version %" PRIu32 " (post %" PRIu64
        "): hade fått den: %s; hade inte hunnit få den: %s.",
        "Event %s, revision %" PRIu32 " (record %" PRIu64 "): had it: %s; had not been sent it: %s.",
        part_hex(s, event->event_id), event->revision, event->event_seq, lanes_of(s, event, true),
        lanes_of(s, event, false));
  }
}

void words_recall_confirmed(struct saying *s) {
  const Nav__V1__RecallConfirmed *r = s->words->record->recall_confirmed;
  const Nav__V1__Record *about = s->words->about;
  bool by_person = r->person != NULL && r->person[0] != '\0';
  say(s, "%s bekräftade att återkallelsen i post %" PRIu64 " är åtgärdad.",
      "%s confirmed that the recall of record %" PRIu64 " is done with.",
      by_person ? part_person(s, r->person, r->agency) : part_agency(s, r->agency), r->recalled_seq);
  if (about != NULL && about->record_case == NAV__V1__RECORD__RECORD_RECALLED)
    say(s, "Det var %s som återkallade, %s: %s.", "It was %s that recalled, %s: %s.",
        part_agency(s, about->recalled->agency), part_events(s, about->recalled->n_events),
        name_recall_reason(s, (int)about->recalled->reason));
  if (r->note != NULL && r->note[0] != '\0') say(s, "Anteckning: %s.", "Note: %s.", part_quote(s, r->note));
}

// ---- consent and requests ----

void words_consent_changed(struct saying *s) {
  const Nav__V1__ConsentChanged *r = s->words->record->consent_changed;
  say(s,
      "Samtyckesregistret ändrades av %s: samtycke %s, enligt %s. Vems det är står bara i den händelsens "
      "innehåll.",
      "The consent register was changed by %s: consent %s, by %s. Whose it is stands in that event's content "
      "alone.",
      part_agency(s, r->agency),
      r->withdrawn ? said(s, "återkallat", "withdrawn") : said(s, "lämnat", "given"),
      part_event(s, s->words->about, r->event_seq));
}

void words_request_answered(struct saying *s) {
  const Nav__V1__RequestAnswered *r = s->words->record->request_answered;
  say(s, "%s besvarade %s med %s.", "%s answered %s with %s.", part_agency(s, r->agency),
      part_event(s, s->words->about, r->request_seq), part_event(s, s->words->other, r->event_seq));
}
