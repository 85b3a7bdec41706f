// See registers_ask.h.
#include "hub/core/registers_ask.h"

enum { ASKED_MAX = 5000, PARTS = 5 };

enum { NOT_KNOWN = -1 };

// False: it is not five texts.
static bool ask_one(const struct core *core, const json_t *one, int *answer) {
  const char *parts[PARTS];
  if (json_array_size(one) != PARTS) return false;
  for (size_t i = 0; i < PARTS; i++) {
    parts[i] = json_string_value(json_array_get(one, i));
    if (parts[i] == NULL) return false;
  }
  struct consent_asked asked = {.source = numbers_agency(core->numbers, parts[0]),
                                .recipient = parts[2],
                                .purpose = parts[3],
                                .message = parts[4],
                                .now_ms = core->now_ms,
                                .up_to_seq = core->committed_seq};
  *answer = NOT_KNOWN;
  if (asked.source == 0 || parts[1][0] == '\0') return true;
  registers_person(core->registers, parts[1], asked.person);
  *answer = registers_consent(core->registers, &asked);
  return true;
}

json_t *registers_ask(const struct core *core, const json_t *request, struct nav_error *err) {
  const json_t *asked = json_object_get(request, "asked");
  if (json_array_size(asked) > ASKED_MAX) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_MANY, "asked", "at most %d at a time",
                   ASKED_MAX);
    return NULL;
  }
  json_t *answers = json_array();
  size_t i = 0;
  const json_t *one = NULL;
  json_array_foreach(asked, i, one) {
    int answer = NOT_KNOWN;
    if (!ask_one(core, one, &answer)) {
      (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "asked",
                     "each is a list of source, personal number, recipient, purpose and message");
      json_decref(answers);
      return NULL;
    }
    (void)json_array_append_new(answers, json_integer(answer));
  }
  return json_pack("{s:b, s:o}", "ok", 1, "answers", answers);
}
