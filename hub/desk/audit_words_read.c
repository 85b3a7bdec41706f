// Words of the records of reading: content, briefings and the ledger itself. See audit_words_parts.h.
#include <inttypes.h>

#include "hub/desk/audit_words_parts.h"

static const char *or_none(const struct saying *s, const char *text) {
  return text != NULL && text[0] != '\0' ? text : said(s, "inget", "none");
}

void words_read(struct saying *s) {
  const Nav__V1__Read *r = s->words->record->read;
  say(s, "%s öppnade innehållet i %s, för ändamålet %s; möte: %s.",
      "%s opened the content of %s, for the purpose %s; meeting: %s.", part_person(s, r->person, r->agency),
      part_events(s, r->n_event_seqs), or_none(s, r->purpose), or_none(s, r->meeting));
  say_reason(s, r->reason);
  if (r->n_event_seqs == 1) {
    say(s, "Det gällde %s.", "It was %s.", part_event(s, s->words->about, r->event_seqs[0]));
  } else if (r->n_event_seqs > 1) {
    say(s, "Händelserna står i posterna %s.", "The events stand in the records %s.",
        part_seqs(s, r->event_seqs, r->n_event_seqs));
  }
}

void words_briefing_compiled(struct saying *s) {
  const Nav__V1__BriefingCompiled *r = s->words->record->briefing_compiled;
  say(s, "%s sammanställde mötet %s, del %s, för ändamålet %s.",
      "%s compiled the meeting %s, part %s, for the purpose %s.", part_person(s, r->person, NULL),
      or_none(s, r->meeting), or_none(s, r->part), or_none(s, r->purpose));
  say(s, "Deltagare: %s. Tiden: från %s till %s.", "Participants: %s. The period: from %s to %s.",
      part_list(s, r->participants, r->n_participants), part_time(s, r->start_time_ms),
      part_time(s, r->end_time_ms));
  say(s, "Den gemensamma delen bygger på %s (poster: %s) och visar %zu slags fält: %s.",
      "The joint part is made of %s (records: %s) and shows %zu kinds of field: %s.",
      part_events(s, r->n_event_seqs),
      r->n_event_seqs == 0 ? said(s, "inga", "none") : part_seqs(s, r->event_seqs, r->n_event_seqs),
      r->n_fields, r->n_fields == 0 ? said(s, "inga", "none") : part_list(s, r->fields, r->n_fields));
  if (r->for_agency != NULL && r->for_agency[0] != '\0')
    say(s, "Med bilagan som bara %s får se.", "With the annex that %s alone may see.",
        part_agency(s, r->for_agency));
  say(s, "Reglerna hade avtrycket %s.", "The rules had the hash %s.", part_hex(s, r->rules_hash));
  say_reason(s, r->reason);
}

void words_audit_read(struct saying *s) {
  const Nav__V1__AuditRead *r = s->words->record->audit_read;
  say(s, "%s granskade liggaren: %s.", "%s read the ledger: %s.", part_person(s, r->person, r->agency),
      part_quote(s, r->query));
  say_reason(s, r->reason);
}
