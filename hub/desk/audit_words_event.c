// Words of the records of exchange: what was published, accepted, refused, decided and delivered.
// See audit_words_parts.h.
#include <inttypes.h>

#include "hub/base/clock.h"
#include "hub/desk/audit_words_parts.h"
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
      "Innehållet är förseglat (avtryck %s) i gallringsklass %" PRIu32
      ", dag %s. Händelsen är knuten till %s.",
      "The content is sealed (hash %s) in retention class %" PRIu32 ", day %s. The event is tied to %s.",
      part_hex(s, a->commitment), a->retention_class, bucket_date(s, a->bucket_day),
      part_persons(s, a->n_persons));
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
}

void words_nacked(struct saying *s) {
  const Nav__V1__Nacked *r = s->words->record->nacked;
  say(s, "%s kunde inte ta emot position %" PRIu64 ".", "%s could not take position %" PRIu64 ".",
      part_lane(s, r->lane), r->position);
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
  say(s, "Tiden var ute för innehållet i gallringsklass %" PRIu32 " från dag %s: %s. %s gallrade det.",
      "The time was up for the content of retention class %" PRIu32 " of day %s: %s. %s erased it.",
      e->retention_class, bucket_date(s, e->bucket_day), part_events(s, (size_t)e->events),
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
