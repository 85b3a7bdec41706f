// Words of the records of exchange: what was published, accepted, refused, decided and delivered.
// See audit_words_parts.h.
#include <inttypes.h>

#include "hub/base/clock.h"
#include "hub/desk/audit_words_parts.h"
#include "hub/ledger/content.h"
#include "hub/wire/event.h"

enum { DAY_MS = 86400000 };

void words_published(struct saying *s) {
  const Nav__V1__Published *r = s->words->record->published;
  say(s, "%s publicerade %s i ett stycke och skrev under dem med nyckeln %s.",
      "%s published %s in one piece and signed them with the key %s.", part_agency(s, r->agency),
      part_events(s, r->n_digests), part_hex(s, r->public_key));
  say(s, "Vad navet gjorde av var och en står i posterna efter den här.",
      "What the hub made of each stands in the records after this one.");
}

static const char *bucket_date(const struct saying *s, uint32_t day) {
  int year = 0;
  int month = 0;
  int date = 0;
  nav_date_from_days(day, &year, &month, &date);
  const char *text = nav_arena_printf(s->words->arena, "%04d-%02d-%02d", year, month, date);
  return text != NULL ? text : "";
}

static void say_content(struct saying *s, const Nav__V1__Accepted *a) {
  say(s, "Avsändarens underskrift står i post %" PRIu64 ", plats %" PRIu32 ".",
      "The sender's signature stands in record %" PRIu64 ", place %" PRIu32 ".", a->published_seq,
      a->published_index);
  say(s,
      "Innehållet är förseglat (avtryck %s) och gallras %" PRIu32 " dagar efter %s (klass %" PRIu32
      "). Händelsen är knuten till %s.",
      "The content is sealed (hash %s) and is erased %" PRIu32 " days after %s (class %" PRIu32
      "). The event is tied to %s.",
      part_hex(s, a->commitment), content_class_days(a->retention_class), bucket_date(s, a->bucket_day),
      a->retention_class, part_persons(s, a->n_persons));
}

static bool is_released(const Nav__V1__LaneVerdict *lane) {
  return lane->outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE;
}

static void say_lanes(struct saying *s, const Nav__V1__Accepted *a, const Nav__V1__VerdictDefined *verdict) {
  for (size_t i = 0; i < verdict->n_lanes; i++) {
    const Nav__V1__LaneVerdict *lane = verdict->lanes[i];
    if (!part_told(s, a->agency, lane->lane, is_released(lane))) continue;
    say_verdict(s, lane);
    say_asked(s, lane, a->type, a->agency, s->words->record->time_ms);
  }
  if (part_told_all(s, a->agency)) {
    say(s, "Alla andra mottagare och ändamål: undanhålls helt, eftersom ingen regel lämnar ut.",
        "All other recipients and purposes: withheld whole, as no rule releases it.");
  } else if (s->words->for_person) {
    say(s, "Vad som beslutades för andra mottagare ingår inte i utdraget.",
        "What was decided for other recipients is not part of the extract.");
  } else {
    say(s, "Vad som beslutades för andra mottagare ligger utanför ditt mandat.",
        "What was decided for other recipients is outside your mandate.");
  }
}

void words_accepted(struct saying *s) {
  const Nav__V1__Accepted *a = s->words->record->accepted;
  const Nav__V1__VerdictDefined *verdict = definitions_verdict(s->words->definitions, a->verdict);
  const char *type = wire_body_name(a->type);
  say(s, "%s lämnade %s (%s) till navet: händelse %s, version %" PRIu32 ", som inträffade %s.",
      "%s gave the hub %s (%s): event %s, revision %" PRIu32 ", which happened %s.",
      part_agency(s, a->agency), name_event(s, a->type), type != NULL ? type : "?", part_hex(s, a->event_id),
      a->revision, part_time(s, a->event_time_ms));
  if (verdict == NULL) {
    say(s, "Beslutet %" PRIu32 " är inte definierat: kör navctl audit verify.",
        "The verdict %" PRIu32 " is not defined: run navctl audit verify.", a->verdict);
  } else if (verdict->n_lanes == 0) {
    say(s, "Ingen regel lämnar ut den till någon: den undanhålls från alla.",
        "No rule releases it to anybody: it is withheld from all.");
  } else {
    say_lanes(s, a, verdict);
  }
  if (s->words->for_person) return;
  say_content(s, a);
  say(s, "Allt om händelsen: navctl audit search --event %s.",
      "All about the event: navctl audit search --event %s.", part_hex(s, a->event_id));
}

void words_rejected(struct saying *s) {
  const Nav__V1__Rejected *r = s->words->record->rejected;
  say(s, "Navet avvisade det som %s sände: %s. Inget av det lämnades till någon.",
      "The hub refused what %s sent: %s. Nothing of it was told to anybody.", part_agency(s, r->agency),
      name_code(s, (int)r->code));
  if (r->field != NULL && r->field[0] != '\0') say(s, "Fält: %s.", "Field: %s.", part_quote(s, r->field));
  if (r->reason != NULL && r->reason[0] != '\0')
    say(s, "Navets skäl: %s.", "The hub's reason: %s.", part_quote(s, r->reason));
  if (r->has_event_id) say(s, "Händelse %s.", "Event %s.", part_hex(s, r->event_id));
  if (r->has_digest)
    say(s, "Avtryck av det avvisade: %s.", "Hash of what was refused: %s.", part_hex(s, r->digest));
}

void words_rejected_more(struct saying *s) {
  const Nav__V1__RejectedMore *r = s->words->record->rejected_more;
  say(s, "Ytterligare %" PRIu64 " försök från %s avvisades under samma minut och har inga egna poster.",
      "%" PRIu64 " more attempts by %s were refused in the same minute and have no records of their own.",
      r->count, part_agency(s, r->agency));
}

void words_quarantined(struct saying *s) {
  const Nav__V1__Quarantined *r = s->words->record->quarantined;
  say(s, "Det som %s sände (avtryck %s) stoppade en gång navet och tas inte emot igen.",
      "What %s sent (hash %s) once stopped the hub and is not taken again.", part_agency(s, r->agency),
      part_hex(s, r->digest));
}

void words_redecided(struct saying *s) {
  const Nav__V1__Redecided *r = s->words->record->redecided;
  say(s, "Före utlämnandet prövades beslutet om %s på nytt, och blev ett annat än först.",
      "Before disclosure the decision on %s was made again, and came out different.",
      part_event(s, s->words->about, r->event_seq));
  if (r->lane != NULL) say_verdict(s, r->lane);
  if (r->has_position)
    say(s, "Gäller position %" PRIu64 " i spåret.", "It holds for position %" PRIu64 " of the lane.",
        r->position);
}

void words_acknowledged(struct saying *s) {
  const Nav__V1__Acknowledged *r = s->words->record->acknowledged;
  say(s,
      "%s kvitterade med sin underskrift allt till och med position %" PRIu64 ": %" PRIu64
      " utlämnanden sammanlagt.",
      "%s acknowledged, with its signature, all up to position %" PRIu64 ": %" PRIu64 " disclosures in all.",
      part_lane(s, r->lane), r->position, r->delivered);
  say(s, "Underskriften gjordes med nyckeln %s.", "The signature was made with the key %s.",
      part_hex(s, r->public_key));
}

void words_replayed(struct saying *s) {
  const Nav__V1__Replayed *r = s->words->record->replayed;
  say(s,
      "%s fick på nytt det som står efter position %" PRIu64 " till och med %" PRIu64
      ", enligt de regler som nu gäller.",
      "%s was sent again what stands after position %" PRIu64 " up to %" PRIu64
      ", under the rules in force now.",
      part_lane(s, r->lane), r->after_position, r->up_to_position);
  if (r->person == NULL || r->person[0] == '\0') return;  // the recipient's own doing: it gives no reason
  say(s, "%s beslutade om det.", "%s ordered it.", part_person(s, r->person, r->agency));
  say_reason(s, r->reason);
}

void words_nacked(struct saying *s) {
  const Nav__V1__Nacked *r = s->words->record->nacked;
  say(s, "%s kunde inte ta emot position %" PRIu64 ".", "%s could not take position %" PRIu64 ".",
      part_lane(s, r->lane), r->position);
  if (r->has_tries) say(s, "Det var försök %" PRIu32 " i rad.", "It was try %" PRIu32 " in a row.", r->tries);
  if (r->set_aside)
    say(s, "Den lades åt sidan: spåret går vidare förbi den, tills någon låter den lämnas ut igen.",
        "It was set aside: the lane goes on past it, until somebody has it delivered again.");
  say_reason(s, r->reason);
}

static void say_nothing_left(struct saying *s, const Nav__V1__Redelivered *r) {
  say(s,
      "%s ville lämna ut det som lagts åt sidan på position %" PRIu64
      " igen till %s, men där fanns inget kvar att lämna ut: avsändaren har tagit tillbaka det, eller så är "
      "innehållet gallrat. Det ligger inte längre åt sidan.",
      "%s would have had what had been set aside at position %" PRIu64
      " delivered again to %s, but nothing was left of it: its sender has taken it back, or its content is "
      "erased. It stands aside no more.",
      part_person(s, r->person, r->agency), r->position, part_lane(s, r->lane));
  say_reason(s, r->reason);
}

void words_redelivered(struct saying *s) {
  const Nav__V1__Redelivered *r = s->words->record->redelivered;
  if (r->released == NULL && r->recalled == NULL) {
    say_nothing_left(s, r);
    return;
  }
  say(s,
      "%s beslutade att det som lagts åt sidan på position %" PRIu64
      " skulle lämnas ut igen till %s, enligt de regler som nu gäller: %s.",
      "%s ordered that what had been set aside at position %" PRIu64
      " be delivered again to %s, under the rules in force now: %s.",
      part_person(s, r->person, r->agency), r->position, part_lane(s, r->lane),
      part_event(s, s->words->about, r->event_seq));
  if (r->released != NULL) say_verdict(s, r->released);
  if (r->recalled != NULL) say(s, "Det var ett återtagande.", "It was a recall.");
  say_reason(s, r->reason);
}

// ---- the end of content ----

static void say_undelivered(struct saying *s, const Nav__V1__Erased *e) {
  for (size_t i = 0; i < e->n_lanes && i < AUDIT_WORDS_LISTED_MAX; i++)
    say(s, "%s hade inte fått %s av dem, och får dem inte.", "%s had not had %s of them, and will not.",
        part_lane(s, e->lanes[i]->lane), part_events(s, (size_t)e->lanes[i]->undelivered));
}

void words_erased(struct saying *s) {
  const Nav__V1__Erased *e = s->words->record->erased;
  bool by_person = e->person != NULL && e->person[0] != '\0';
  say(s,
      "Tiden var ute för innehåll från %s som sparas i %" PRIu32 " dagar (klass %" PRIu32
      "): %s. %s gallrade det.",
      "The time was up for content of %s that is kept for %" PRIu32 " days (class %" PRIu32
      "): %s. %s erased it.",
      bucket_date(s, e->bucket_day), content_class_days(e->retention_class), e->retention_class,
      part_events(s, (size_t)e->events),
      by_person ? part_person(s, e->person, e->agency) : said(s, "Navet", "The hub"));
  say(s,
      "Nyckeln förstördes när posten stod i liggaren. Innehållet går inte att få tillbaka; posterna om "
      "händelserna står kvar.",
      "Its key was destroyed once this record stood in the ledger. The content cannot be had back; the "
      "records of the events stay.");
  if (e->events > 0)
    say(s, "Händelserna står mellan post %" PRIu64 " och post %" PRIu64 ".",
        "The events stand between record %" PRIu64 " and record %" PRIu64 ".", e->first_seq, e->last_seq);
  say_undelivered(s, e);
  say_reason(s, e->reason);
}

// The lanes that had not been sent the event, as far as the mandate has them; "" where there is none to tell.
static const char *missed_by(const struct saying *s, const Nav__V1__ErasedEvent *event) {
  const char *from = s->words->record->events_erased->source;
  const char *text = "";
  for (size_t i = 0; i < event->n_undelivered; i++)
    if (part_told(s, from, event->undelivered[i], true))
      text = part_join(s, text, text[0] == '\0' ? "" : "; ", part_lane(s, event->undelivered[i]));
  return text;
}

static void say_erased_event(struct saying *s, const Nav__V1__ErasedEvent *event) {
  const char *missed = missed_by(s, event);
  bool all = part_told_all(s, s->words->record->events_erased->source);
  if (!all && missed[0] == '\0') return;
  say(s,
      "Händelse %s, version %" PRIu32 " (post %" PRIu64 "): hade inte hunnit få den, och får den inte: %s.",
      "Event %s, revision %" PRIu32 " (record %" PRIu64 "): had not been sent it, and will not be: %s.",
      part_hex(s, event->event_id), event->revision, event->event_seq,
      missed[0] != '\0' ? missed : said(s, "ingen", "nobody"));
}

// How many of the events the mandate has.
static size_t told_events(const struct saying *s, const Nav__V1__EventsErased *e) {
  size_t told = 0;
  for (size_t i = 0; i < e->n_events; i++)
    told += part_told_all(s, e->source) || missed_by(s, e->events[i])[0] != '\0' ? 1 : 0;
  return told;
}

void words_events_erased(struct saying *s) {
  const Nav__V1__EventsErased *e = s->words->record->events_erased;
  say(s, "%s beslutade att innehållet i %s från %s skulle raderas före sin tid, på grunden %s.",
      "%s ordered that the content of %s from %s be erased before its time, on the basis %s.",
      part_person(s, e->person, e->agency), part_events(s, told_events(s, e)), part_agency(s, e->source),
      part_quote(s, e->basis));
  say(s,
      "Nycklarna till just det innehållet förstördes när posten stod i liggaren. Det går inte att få "
      "tillbaka "
      "ur navet; posterna om händelserna står kvar. Det mottagare redan hade fått raderas inte av detta.",
      "The keys of just that content were destroyed once this record stood in the ledger. It cannot be had "
      "back "
      "from the hub; the records of the events stay. What recipients had had already is not erased by this.");
  for (size_t i = 0; i < e->n_events && i < AUDIT_WORDS_LISTED_MAX; i++) say_erased_event(s, e->events[i]);
  say_reason(s, e->reason);
}
