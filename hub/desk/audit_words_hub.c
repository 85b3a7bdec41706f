// Words of the records about the hub itself: starts, rules, configuration, keys, definitions, refused
// sessions. See audit_words_parts.h.
#include <inttypes.h>
#include <string.h>

#include "hub/desk/audit_words_parts.h"

void words_started(struct saying *s) {
  const Nav__V1__Started *r = s->words->record->started;
  say(s, "%s startade. Liggarens id är %s, arbetspasset (epoch) %" PRIu64 ".",
      "%s started. The ledger's id is %s, its epoch %" PRIu64 ".", r->program != NULL ? r->program : "",
      part_hex(s, r->log_id), r->epoch);
  if (r->taken_over == NULL || r->taken_over[0] == '\0') return;
  const char *node = r->node != NULL ? r->node : "?";
  if (r->lease_was == NAV__V1__LEASE_WAS__LEASE_WAS_EXPIRED) {
    say(s, "Noden %s tog över efter %s, som inte längre gav livstecken.",
        "The node %s took over from %s, which gave no sign of life any more.", node, r->taken_over);
  } else {
    say(s, "Noden %s tog över efter %s, som inte längre var ansluten till databasen.",
        "The node %s took over from %s, which was no longer connected to the database.", node, r->taken_over);
  }
}

void words_stopped(struct saying *s) {
  say(s, "Navet stannade.", "The hub stopped.");
  say_reason(s, s->words->record->stopped->reason);
}

void words_resumed(struct saying *s) {
  say(s,
      "Navet gick vidare efter en skrivning vars utgång först var okänd. Sista posten före den här är "
      "%" PRIu64 "; det som står i liggaren är det som gäller.",
      "The hub went on after a commit whose outcome was unknown at first. The last record before this one is "
      "%" PRIu64 "; what stands in the ledger is what holds.",
      s->words->record->resumed->last_seq);
}

// Of a note, its second line: how many records it signs.
static const char *size_of_note(const struct saying *s, const char *note) {
  const char *size = note == NULL ? NULL : strchr(note, '\n');
  if (size == NULL) return "?";
  return part(s, "%.*s", "%.*s", (int)strcspn(size + 1, "\n"), size + 1);
}

void words_restored(struct saying *s) {
  const Nav__V1__Restored *r = s->words->record->restored;
  say(s,
      "Databasen hade lagts tillbaka till ett tidigare läge: liggaren slutade med post %" PRIu64
      ". Navet hade visat en kontrollpunkt över %s poster; det som fattas är borta.",
      "The database had been put back to an earlier state: the ledger ended with record %" PRIu64
      ". The hub had shown a checkpoint over %s records; what is missing is gone.",
      r->last_seq, size_of_note(s, r->given_up));
  if (r->previous_log_id.len > 0)
    say(s, "Liggaren hade id %s, och går vidare under det som posten före den här nämner.",
        "The ledger's id was %s; it goes on under the one that the record before this one names.",
        part_hex(s, r->previous_log_id));
  say_reason(s, r->reason);
}

static const char *rules_files(const struct saying *s, const Nav__V1__RulesChanged *r) {
  const char *text = "";
  for (size_t i = 0; i < r->n_files && i < AUDIT_WORDS_LISTED_MAX; i++)
    text =
        part_join(s, text, text[0] == '\0' ? "" : ", ", r->files[i]->name != NULL ? r->files[i]->name : "");
  return text;
}

void words_rules_changed(struct saying *s) {
  const Nav__V1__RulesChanged *r = s->words->record->rules_changed;
  if (r->person == NULL || r->person[0] == '\0') {
    say(s, "Regler togs i bruk vid start eller på signal, av ingen namngiven person.",
        "Rules were taken into use at a start or by a signal, by no named person.");
  } else {
    say(s, "Regler togs i bruk av %s.", "Rules were taken into use by %s.",
        part_person(s, r->person, r->agency));
  }
  say(s, "De har avtrycket %s och omfattar %zu regler i %zu filer (%s).",
      "Their hash is %s; they are %zu rules in %zu files (%s).", part_hex(s, r->hash), r->n_rules, r->n_files,
      rules_files(s, r));
  say(s, "%" PRIu32 " egna prov kördes och godkändes.", "%" PRIu32 " tests of their own were run and passed.",
      r->tests);
  if (r->rehearsal == NULL || r->rehearsal[0] == '\0') {
    say(s, "De prövades inte mot det som redan hänt.", "They were not rehearsed on what had happened.");
  } else {
    say(s, "Prövade mot det som redan hänt: %s.", "Rehearsed on what had happened: %s.",
        part_quote(s, r->rehearsal));
  }
}

void words_config_changed(struct saying *s) {
  const Nav__V1__ConfigChanged *r = s->words->record->config_changed;
  say(s, "Konfigurationen ändrades av %s; dess avtryck är nu %s.",
      "The configuration was changed by %s; its hash is now %s.", part_person(s, r->person, NULL),
      part_hex(s, r->hash));
}

void words_key_changed(struct saying *s) {
  const Nav__V1__KeyChanged *r = s->words->record->key_changed;
  if (r->public_key.len == 0) {
    say(s, "Från och med nu har %s ingen nyckel för %s.", "From now on %s has no key for %s.",
        part_agency(s, r->owner), name_key_use(s, r->use));
    return;
  }
  say(s, "Från och med nu gäller en ny publik nyckel för %s, för %s: %s.",
      "From now on a new public key of %s holds, for %s: %s.", part_agency(s, r->owner),
      name_key_use(s, r->use), part_hex(s, r->public_key));
}

void words_agency_defined(struct saying *s) {
  const Nav__V1__AgencyDefined *r = s->words->record->agency_defined;
  say(s, "Numret %" PRIu32 " står från och med nu för %s, och aldrig för någon annan.",
      "From now on the number %" PRIu32 " stands for %s, and never for another.", r->number,
      part_agency(s, r->agency));
}

void words_lane_defined(struct saying *s) {
  const Nav__V1__LaneDefined *r = s->words->record->lane_defined;
  say(s, "Spår %" PRIu32 " står från och med nu för utlämnande till %s för ändamålet %s.",
      "From now on lane %" PRIu32 " stands for disclosure to %s for the purpose %s.", r->number,
      part_agency(s, r->agency), r->purpose != NULL ? r->purpose : "");
}

void words_verdict_defined(struct saying *s) {
  const Nav__V1__VerdictDefined *r = s->words->record->verdict_defined;
  say(s,
      "Beslutet nummer %" PRIu32
      " definierades enligt reglerna med avtrycket %s; händelser som tas emot hänvisar "
      "till det. Den som inte nämns får ingenting.",
      "The verdict number %" PRIu32
      " was defined under the rules with the hash %s; events that are accepted name it. "
      "Whoever it does not name gets nothing.",
      r->number, part_hex(s, r->rules_hash));
  for (size_t i = 0; i < r->n_lanes; i++) say_verdict(s, r->lanes[i]);
}

void words_refused_session(struct saying *s) {
  const Nav__V1__RefusedSession *r = s->words->record->refused_session;
  say(s, "%s fick inte ansluta: %" PRIu64 " försök avvisades (%s).",
      "%s was not let in: %" PRIu64 " attempts were refused (%s).", part_agency(s, r->agency), r->count,
      name_code(s, (int)r->code));
}
