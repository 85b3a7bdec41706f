// What a verdict says of one lane, and who is asked where it holds. See audit_words_parts.h.
#include <inttypes.h>
#include <string.h>

#include "hub/desk/audit_words_parts.h"

static const char *rule_and_basis(const struct saying *s, const char *rule, const char *basis) {
  if (rule == NULL || rule[0] == '\0') return said(s, "ingen regel", "no rule");
  return part(s, "regeln %s med stöd av %s", "the rule %s on the basis of %s", rule, part_basis(s, basis));
}

static void say_outcome(struct saying *s, const Nav__V1__LaneVerdict *v) {
  const char *lane = part_lane(s, v->lane);
  const char *rule = rule_and_basis(s, v->rule, v->basis);
  if (v->outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE) {
    say(s, "Lämnas ut till %s, enligt %s. Röjs: %s. Undanhålls: %s.",
        "Released to %s, by %s. Revealed: %s. Withheld: %s.", lane, rule, part_classes(s, v->reveal, true),
        part_classes(s, v->reveal, false));
  } else if (v->outcome == NAV__V1__OUTCOME__OUTCOME_HOLD) {
    say(s, "Väntar på en persons bedömning innan något lämnas till %s, enligt %s. Mest som kan röjas: %s.",
        "Waits for a person's assessment before anything goes to %s, by %s. At most revealed: %s.", lane,
        rule, part_classes(s, v->reveal, true));
  } else {
    say(s, "Undanhålls helt från %s (%s).", "Withheld whole from %s (%s).", lane, rule);
  }
}

// The facts that the decision rested on, as classes and codes: what the rule asks. Of a release all of it
// held; a hold or a forbid may rest on what was not known.
static void say_grounds(struct saying *s, const char *rule, bool held) {
  const char *text = "";
  if (s->words->rules_then == NULL || rule == NULL || rule[0] == '\0') return;
  json_t *list = access_rule_grounds(s->words->rules_then, rule, s->language);
  for (size_t i = 0; i < json_array_size(list); i++)
    text = part_join(s, text, i == 0 ? "" : "; ", json_string_value(json_array_get(list, i)));
  json_decref(list);
  if (text[0] == '\0') return;
  if (held) {
    say(s, "Vad regeln %s kräver, och som gällde: %s.", "What the rule %s demands, and what held: %s.", rule,
        text);
  } else {
    say(s, "Vad regeln %s frågar efter, och som gällde eller inte kunde uteslutas: %s.",
        "What the rule %s asks, and what held or could not be ruled out: %s.", rule, text);
  }
}

// What a sentence of its own tells is not told twice.
static bool is_told_below(const Nav__V1__LaneVerdict *v, const char *obligation) {
  return (v->retain_days > 0 && strncmp(obligation, "retain ", strlen("retain ")) == 0) ||
         (v->no_onward && strcmp(obligation, "no-onward") == 0);
}

static void say_obligations(struct saying *s, const Nav__V1__LaneVerdict *v) {
  for (size_t i = 0; i < v->n_obligations; i++) {
    const char *obligation = v->obligations[i];
    if (strcmp(obligation, "receipt") == 0)
      say(s, "Mottagaren ska bekräfta att den har tagit emot det.",
          "The recipient is to confirm that it has it.");
    else if (!is_told_below(v, obligation))
      say(s, "Mottagarens skyldighet: %s.", "The recipient's obligation: %s.", obligation);
  }
}

static void say_terms(struct saying *s, const Nav__V1__LaneVerdict *v) {
  if (v->limit_rule != NULL && v->limit_rule[0] != '\0')
    say(s, "Begränsningen %s gör att det prövas i stället för att lämnas genast.",
        "The limit %s makes it wait for assessment instead of leaving at once.", v->limit_rule);
  say_grounds(s, v->limit_rule, false);
  say_obligations(s, v);
  if (v->retain_days > 0)
    say(s, "Mottagaren får ha det i %" PRIu32 " dagar.", "The recipient may have it for %" PRIu32 " days.",
        v->retain_days);
  if (v->no_onward) say(s, "Det får inte lämnas vidare.", "It may not be passed on.");
  if (v->narrative_edited)
    say(s, "Fritexten är redigerad för just den mottagaren.", "The free text was edited for that recipient.");
  if (v->is_volatile)
    say(s, "Beslutet vilar på samtycke, ålder, datum eller begäran och prövas om före varje utlämnande.",
        "The decision rests on consent, age, a date or a request, and is made again before each disclosure.");
}

void say_verdict(struct saying *s, const Nav__V1__LaneVerdict *v) {
  say_outcome(s, v);
  say_grounds(s, v->rule, v->outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE);
  if (v->hold_rule != NULL && v->hold_rule[0] != '\0')
    say(s, "Resten väntar på bedömning, enligt %s; mest som kan röjas: %s.",
        "The rest waits for assessment, by %s; at most revealed: %s.",
        rule_and_basis(s, v->hold_rule, v->hold_basis), part_classes(s, v->hold_reveal, true));
  say_terms(s, v);
}

static const char *assessors(const struct saying *s, const char *id) {
  const struct conf_agency *agency =
      s->words->agencies == NULL || id == NULL ? NULL : conf_agency_find(s->words->agencies, id);
  if (agency == NULL || agency->assessors_count == 0)
    return said(s, "inga namngivna i dag", "none named today");
  return part_list(s, agency->assessors, agency->assessors_count);
}

void say_asked(struct saying *s, const Nav__V1__LaneVerdict *v, uint32_t type, const char *event_agency,
               int64_t time_ms) {
  bool whole = v->outcome == NAV__V1__OUTCOME__OUTCOME_HOLD;
  if (!whole && (v->hold_rule == NULL || v->hold_rule[0] == '\0')) return;
  const struct desk_lane *lane = definitions_lane(s->words->definitions, v->lane);
  // A request is the asked agency's to answer.
  const char *asked = type == NAV__V1__EVENT__BODY_REQUEST && lane != NULL ? lane->agency : event_agency;
  int64_t wait_ms = v->answer_s != 0 ? (int64_t)v->answer_s * 1000
                    : v->urgent      ? s->words->hold_urgent_ms
                                     : s->words->hold_answer_ms;
  say(s,
      "%sTillfrågad: bedömare hos %s (enligt dagens agencies.yaml: %s), med svar senast %s; sedan går frågan "
      "vidare.",
      "%sAsked: an assessor of %s (by today's agencies.yaml: %s), to answer by %s; then it goes on to the "
      "next.",
      v->urgent ? said(s, "Brådskande. ", "Urgent. ") : "", part_agency(s, asked), assessors(s, asked),
      part_time(s, time_ms + wait_ms));
  if (v->must_answer)
    say(s, "En skyldighet eller en begäran ligger bakom: frågan förfaller aldrig utan svar.",
        "A duty or a request is behind it: it never lapses unanswered.");
}
