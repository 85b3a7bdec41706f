// navctl hold list, show, release, refuse: the assessor's queue. nav-core keeps it and takes decisions,
// nav-desk opens a case for its assessor under a recorded reading.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hub/access/classes.h"
#include "hub/base/clock.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/output.h"
#include "hub/ctl/sealed.h"
#include "nav/v1/options.pb-c.h"

enum { TIMEOUT_MS = 60000, HOLD_ID_SIZE = 64 };

static const struct ctl_column columns[] = {
    {"hold", "HOLD", false},    {"urgent", "URGENT", false},   {"deadline", "ANSWER BEFORE", false},
    {"assessor", "WHO", false}, {"type", "MESSAGE", false},    {"agency", NULL, false},
    {"to", "TO", false},        {"purpose", "PURPOSE", false}, {"rule", "RULE", false},
    {"basis", "BASIS", false},  {"limit", NULL, false},        {"kind", "KIND", false},
    {"level", NULL, true},      {"then", "ELSE", false},       {"must_answer", NULL, false},
    {"seq", NULL, true},        {"event_id", NULL, false},     {"opened", NULL, false},
    {"reveal", NULL, false},
};

// Milliseconds under a name without _ms: for programs RFC 3339, for whoever has to answer Swedish time.
static void name_time(const struct ctl *ctl, json_t *hold, const char *from, const char *to) {
  char at[NAV_RFC3339_SIZE];
  json_int_t ms = json_integer_value(json_object_get(hold, from));
  struct nav_civil civil = nav_civil_stockholm(ms);
  (void)json_object_set_new(hold, to,
                            ctl->format == CTL_TABLE
                                ? json_sprintf("%04d-%02d-%02d %02d.%02d", civil.year, civil.month, civil.day,
                                               civil.hour, civil.minute)
                                : json_string(nav_clock_rfc3339(ms, at)));
  (void)json_object_del(hold, from);
}

static void name_times(const struct ctl *ctl, json_t *hold) {
  name_time(ctl, hold, "opened_ms", "opened");
  name_time(ctl, hold, "deadline_ms", "deadline");
}

enum ctl_exit ctl_hold_list(struct ctl *ctl) {
  enum ctl_exit code = CTL_DONE;
  json_t *answer = ctl_ask(ctl, false, json_pack("{s:s}", "command", "hold-list"), TIMEOUT_MS, &code);
  if (answer == NULL) return code;
  json_t *holds = json_object_get(answer, "holds");
  for (size_t i = 0; i < json_array_size(holds); i++) name_times(ctl, json_array_get(holds, i));
  bool ok = output_rows(ctl->format, columns, sizeof columns / sizeof *columns, holds);
  size_t left = (size_t)json_integer_value(json_object_get(answer, "count")) - json_array_size(holds);
  if (left > 0) (void)ctl_complain(CTL_DONE, "%zu more wait", left);
  json_decref(answer);
  return ok ? CTL_DONE : CTL_FAILED;
}

// "a,b,c" as a list of texts; NULL where the option was not given.
static json_t *list_option(const struct ctl *ctl, const char *name) {
  const char *text = ctl_value(ctl, name);
  if (text == NULL) return NULL;
  json_t *list = json_array();
  while (*text != '\0') {
    size_t length = strcspn(text, ",");
    if (length > 0) (void)json_array_append_new(list, json_stringn(text, length));
    text += length + (text[length] == ',' ? 1 : 0);
  }
  return list;
}

// persons: a bit each; UINT64_MAX: not said.
static void add_choice(const struct ctl *ctl, json_t *request, uint64_t persons) {
  json_t *reveal = list_option(ctl, "reveal");
  if (reveal != NULL) (void)json_object_set_new(request, "reveal", reveal);
  if (persons != UINT64_MAX) (void)json_object_set_new(request, "subjects", access_person_list(persons));
}

static bool read_persons(const struct ctl *ctl, uint64_t *persons, enum ctl_exit *code) {
  const char *text = ctl_value(ctl, "persons");
  *persons = text == NULL ? UINT64_MAX : 0;
  while (text != NULL && *text != '\0') {
    size_t length = strcspn(text, ",");
    unsigned long number = strtoul(text, NULL, 10);
    if (length == 0 || strspn(text, "0123456789") < length || number >= ACCESS_SUBJECTS_MAX) {
      *code = ctl_complain(
          CTL_USAGE, "--persons '%.*s' is no person's place: whole numbers from 0, as hold show has them",
          (int)length, text);
      return false;
    }
    *persons |= UINT64_C(1) << number;
    text += length + (text[length] == ',' ? 1 : 0);
  }
  return true;
}

static bool check_reveal(const struct ctl *ctl, enum ctl_exit *code) {
  json_t *list = list_option(ctl, "reveal");
  bool ok = true;
  for (size_t i = 0; ok && i < json_array_size(list); i++) {
    const char *name = json_string_value(json_array_get(list, i));
    ok = access_class_bit(name) != 0;
    if (!ok)
      *code =
          ctl_complain(CTL_USAGE, "--reveal '%s' is no class of fields; config/access names them (reveal)",
                       name == NULL ? "" : name);
  }
  json_decref(list);
  return ok;
}

// Before anything is shown or opened by it: a word that is misread would show somebody else, and a sealed
// event would be readable for nothing.
static bool read_choice(const struct ctl *ctl, uint64_t *persons, enum ctl_exit *code) {
  return check_reveal(ctl, code) && read_persons(ctl, persons, code);
}

static json_t *get_hold(struct ctl *ctl, const char *hold_id, enum ctl_exit *code) {
  json_t *answer =
      ctl_ask(ctl, false, json_pack("{s:s, s:s}", "command", "hold-get", "hold", hold_id), TIMEOUT_MS, code);
  json_t *hold = json_incref(json_object_get(answer, "hold"));
  json_decref(answer);
  if (hold != NULL) name_times(ctl, hold);
  return hold;
}

static bool is_sealed(const json_t *hold) { return strcmp(output_text_of(hold, "kind"), "sealed") == 0; }

// ---- show ----

static void print_block(const char *title, const json_t *json) {
  (void)printf("\n%s\n", title);
  char *text = json == NULL || json_is_null(json) ? NULL : json_dumps(json, JSON_INDENT(2));
  (void)puts(text == NULL ? "  -" : text);
  free(text);
}

static void print_sentences(const char *title, const json_t *list) {
  if (json_array_size(list) == 0) return;
  (void)printf("\n%s\n", title);
  for (size_t i = 0; i < json_array_size(list); i++)
    (void)printf("  - %s\n", json_string_value(json_array_get(list, i)));
}

static const struct {
  const char *swedish, *english;
} labels[] = {{"Till: ", "To: "},
              {"Besvaras före: ", "Answer before: "},
              {"Bedöms av: ", "Assessed by: "},
              {"Vem som frågar:", "Who asks:"},
              {"Därför:", "Because:"},
              {"Att ta ställning till (--conditions):", "Conditions to tick (--conditions):"},
              {"Händelsen:", "The event:"},
              {"Det här skulle lämnas ut:", "This is what would leave:"},
              {"Om ingen svarar: ", "If nobody answers: "},
              {"Lämnas inte ut:", "Does not leave:"}};

static const char *label(size_t index, bool english) {
  return english ? labels[index].english : labels[index].swedish;
}

static const char *what_then(const json_t *hold, bool english) {
  const char *then = output_text_of(hold, "then");
  if (strcmp(then, "lapses") == 0)
    return english ? "it lapses, and nothing is told" : "den förfaller, och inget lämnas ut";
  if (strcmp(then, "deputies") == 0)
    return english ? "it goes on to the deputies" : "den går vidare till ersättarna";
  return english ? "it goes on to the on-call desk, and waits until somebody decides"
                 : "den går vidare till jouren, och väntar tills någon beslutar";
}

// On one line, whatever breaks it holds: who asks may not write lines that look like ours.
static void print_words(const char *text) {
  for (; *text != '\0'; text++) (void)putchar(*text == '\n' || *text == '\t' ? ' ' : *text);
}

static void print_asked(const json_t *asked, bool english) {
  if (asked == NULL || json_is_null(asked)) return;
  (void)printf("\n%s ", label(3, english));
  print_words(output_text_of(asked, "by"));
  (void)printf(", %s (%s)\n  ", output_text_of(asked, "agency"), output_text_of(asked, "basis"));
  print_words(output_text_of(asked, "need"));
  (void)puts("");
}

static void print_conditions(const json_t *conditions, bool english) {
  if (json_array_size(conditions) == 0) return;
  (void)printf("\n%s\n", label(5, english));
  for (size_t i = 0; i < json_array_size(conditions); i++) {
    const json_t *condition = json_array_get(conditions, i);
    (void)printf("  [ ] %-24s %s\n", output_text_of(condition, "id"), output_text_of(condition, "text"));
  }
}

// closed: sealed, and not opened here.
static void print_case(const json_t *hold, const json_t *shown, bool closed, bool english) {
  const json_t *recipient = json_object_get(shown, "recipient");
  (void)printf("%s %s\n%s%s (%s)\n", output_text_of(hold, "hold"), output_text_of(hold, "type"),
               label(0, english), output_text_of(recipient, "title"), output_text_of(recipient, "purpose"));
  (void)printf("%s%s%s\n%s%s\n%s%s\n", label(1, english), output_text_of(hold, "deadline"),
               json_is_true(json_object_get(hold, "urgent")) ? (english ? "  URGENT" : "  BRÅDSKANDE") : "",
               label(2, english), output_text_of(hold, "assessor"), label(8, english),
               what_then(hold, english));
  if (closed) {
    print_conditions(json_object_get(shown, "conditions"), english);
    (void)puts(english ? "\nSealed to its agency: --as AGENCY opens it with the agency's keys, and shows "
                         "what would leave."
                       : "\nFörseglad till den egna myndigheten: --as MYNDIGHET öppnar med myndighetens "
                         "nycklar, och visar "
                         "vad som skulle lämnas ut.");
    return;
  }
  print_asked(json_object_get(shown, "asked"), english);
  print_sentences(label(4, english), json_object_get(json_object_get(shown, "explain"), "because"));
  if (json_is_true(json_object_get(shown, "presumed")))
    (void)puts(english
                   ? "  (Consents, and the request that it answers, are presumed: the hub alone knows them.)"
                   : "  (Samtycken, och den begäran som besvaras, är förutsatta: bara navet känner dem.)");
  print_conditions(json_object_get(shown, "conditions"), english);
  print_block(label(6, english), json_object_get(shown, "event"));
  if (strcmp(output_text_of(hold, "kind"), "request") == 0) return;
  print_block(label(7, english), json_object_get(shown, "preview"));
  print_sentences(label(9, english), json_object_get(shown, "withheld"));
}

static json_t *ask_desk(struct ctl *ctl, const json_t *hold, uint64_t persons, bool english,
                        enum ctl_exit *code) {
  const char *id = output_text_of(hold, "hold");
  const char *dash = strchr(id, '-');
  json_t *request = json_pack("{s:s, s:I, s:I, s:s}", "command", "hold-show", "seq",
                              json_integer_value(json_object_get(hold, "seq")), "lane",
                              dash == NULL ? (json_int_t)0 : (json_int_t)strtol(dash + 1, NULL, 10), "lang",
                              english ? "en" : "sv");
  if (request != NULL) add_choice(ctl, request, persons);
  if (request != NULL && ctl_value(ctl, "reason") != NULL)
    (void)json_object_set_new(request, "reason", json_string(ctl_value(ctl, "reason")));
  return ctl_ask(ctl, true, request, TIMEOUT_MS, code);
}

static uint16_t class_bits(const struct ctl *ctl) {
  json_t *list = list_option(ctl, "reveal");
  uint16_t bits = list == NULL ? UINT16_MAX : 1U << NAV__V1__SENSITIVITY__SENSITIVITY_OPEN;
  for (size_t i = 0; i < json_array_size(list); i++)
    bits = (uint16_t)(bits | access_class_bit(json_string_value(json_array_get(list, i))));
  json_decref(list);
  return bits;
}

// As nav-core asks it of every release: one of those named is one that the decision is about, if it is about
// any.
static bool names_somebody(const struct sealed_case *sealed, uint64_t persons, enum ctl_exit *code) {
  const struct access_decision now = sealed->decision;
  uint64_t whom = now.subjects | now.hold_subjects;
  if (persons == UINT64_MAX || persons == 0 || whom == 0 || (whom & persons) != 0) return true;
  *code = ctl_complain(CTL_USAGE, "--persons: none of those named is one that the rule is about");
  return false;
}

// What is sealed is opened here, with the agency's own keys: the hub cannot.
static bool add_opened(struct ctl *ctl, const json_t *hold, json_t *shown, uint64_t persons,
                       enum ctl_exit *code) {
  struct sealed_case sealed;
  const char *agency = ctl_value(ctl, "as");
  if (agency == NULL || !is_sealed(hold)) return true;
  enum access_language language = ctl_english(ctl) ? ACCESS_ENGLISH : ACCESS_SWEDISH;
  bool ok = sealed_open(ctl, agency, hold, shown, &sealed, code) && names_somebody(&sealed, persons, code);
  if (ok) (void)sealed_travels(&sealed, code);  // it says where not: then nothing is shown to leave
  json_t *opened = ok ? sealed_preview(&sealed, class_bits(ctl), persons, language) : NULL;
  if (ok && opened == NULL) *code = ctl_complain(CTL_FAILED, "no memory");
  if (opened != NULL) {
    if (ctl->format == CTL_TABLE) ctl_printable(opened);
    (void)json_object_update(shown, opened);
    json_decref(opened);
    *code = CTL_DONE;
  }
  ok = opened != NULL;
  sealed_close(&sealed);
  return ok;
}

static bool print_shown(const struct ctl *ctl, json_t *hold, json_t *shown) {
  bool closed = is_sealed(hold) && ctl_value(ctl, "as") == NULL;
  if (ctl->format == CTL_TABLE) {
    print_case(hold, shown, closed, ctl_english(ctl));
    return true;
  }
  (void)json_object_del(shown, "ok");
  (void)json_object_set(shown, "hold", hold);
  return output_json(ctl->format, shown);
}

enum ctl_exit ctl_hold_show(struct ctl *ctl) {
  enum ctl_exit code = CTL_DONE;
  uint64_t persons = UINT64_MAX;
  json_t *hold = read_choice(ctl, &persons, &code) ? get_hold(ctl, ctl->arguments[0], &code) : NULL;
  if (hold == NULL) return code;
  json_t *shown = ask_desk(ctl, hold, persons, ctl_english(ctl), &code);
  if (shown != NULL && add_opened(ctl, hold, shown, persons, &code) && !print_shown(ctl, hold, shown))
    code = CTL_FAILED;
  json_decref(hold);
  json_decref(shown);
  return code;
}

// ---- decisions ----

static bool has_id(const json_t *conditions, const char *id) {
  for (size_t i = 0; i < json_array_size(conditions); i++)
    if (strcmp(output_text_of(json_array_get(conditions, i), "id"), id) == 0) return true;
  return false;
}

static bool has_text(const json_t *list, const char *text) {
  for (size_t i = 0; i < json_array_size(list); i++)
    if (strcmp(json_string_value(json_array_get(list, i)), text) == 0) return true;
  return false;
}

// All that hold show lists, and no other.
static bool check_conditions(const struct ctl *ctl, const json_t *asked, enum ctl_exit *code) {
  json_t *found = list_option(ctl, "conditions");
  bool ok = true;
  for (size_t i = 0; ok && i < json_array_size(asked); i++) {
    const char *id = output_text_of(json_array_get(asked, i), "id");
    ok = has_text(found, id);
    if (!ok)
      *code = ctl_complain(CTL_USAGE,
                           "condition '%s' must be found to hold before it is released (--conditions)", id);
  }
  for (size_t i = 0; ok && i < json_array_size(found); i++) {
    const char *id = json_string_value(json_array_get(found, i));
    ok = has_id(asked, id);
    if (!ok)
      *code = ctl_complain(CTL_USAGE, "'%s' is no condition here: hold show --as AGENCY lists them", id);
  }
  json_decref(found);
  return ok;
}

// What nav-core would refuse once it can read the event, asked before it can.
static bool may_unseal(const struct ctl *ctl, struct sealed_case *sealed, uint64_t persons,
                       enum ctl_exit *code) {
  if (!sealed_travels(sealed, code)) return false;
  json_t *asked = sealed_conditions(sealed, ACCESS_SWEDISH);
  bool ok = check_conditions(ctl, asked, code) && names_somebody(sealed, persons, code);
  json_decref(asked);
  return ok;
}

// Published: the hub must hold it as it was assessed, for only then is what was shown what leaves. Otherwise
// it waits under its new number for who looks again.
static bool is_held_alike(struct ctl *ctl, const struct sealed_case *sealed, const char *hold_id,
                          enum ctl_exit *code) {
  json_t *hold = get_hold(ctl, hold_id, code);
  bool alike = hold != NULL && sealed_is_alike(sealed, hold);
  if (hold != NULL && !alike)
    *code = ctl_complain(
        CTL_FAILED,
        "the hub, which knows consents and requests, decides it otherwise than was shown (%s, %s): "
        "nothing was released",
        output_text_of(hold, "rule"), output_text_of(hold, "basis"));
  json_decref(hold);
  return alike;
}

// "4021-3" of the sealed event becomes "5007-3" of the event that the agency now lets the hub read, and
// persons those of that event, which may have fewer and number them otherwise.
static enum ctl_exit unseal(struct ctl *ctl, char hold_id[HOLD_ID_SIZE], uint64_t *persons) {
  enum ctl_exit code = CTL_DONE;
  struct sealed_case sealed;
  const char *agency = ctl_value(ctl, "as");
  json_t *hold = get_hold(ctl, hold_id, &code);
  if (hold == NULL || !is_sealed(hold)) {
    json_decref(hold);
    return code;
  }
  json_t *shown = ask_desk(ctl, hold, UINT64_MAX, false, &code);
  if (shown != NULL && sealed_open(ctl, agency, hold, shown, &sealed, &code) &&
      may_unseal(ctl, &sealed, *persons, &code)) {
    json_int_t seq = sealed_publish(ctl, agency, &sealed, &code);
    const char *dash = strchr(output_text_of(hold, "hold"), '-');
    if (seq > 0)
      (void)snprintf(hold_id, HOLD_ID_SIZE, "%" JSON_INTEGER_FORMAT "%s", seq, dash == NULL ? "" : dash);
    if (seq > 0 && is_held_alike(ctl, &sealed, hold_id, &code) && *persons != UINT64_MAX)
      *persons = access_edge_numbers(&sealed.edge, *persons);
  }
  if (shown != NULL) sealed_close(&sealed);
  json_decref(shown);
  json_decref(hold);
  return code;
}

// The event that the assessor knew by one number has another, and so may its persons.
static void say_opened(const struct ctl *ctl, const char *hold_id) {
  if (strcmp(hold_id, ctl->arguments[0]) != 0)
    (void)ctl_complain(
        CTL_FAILED,
        "the event is open to the hub now; if it waits still, it is %s, and its persons may be numbered "
        "anew: navctl hold show %s",
        hold_id, hold_id);
}

static enum ctl_exit decide(struct ctl *ctl, bool release) {
  static const struct ctl_column decided[] = {
      {"seq", "SEQ", true}, {"outcome", "OUTCOME", false}, {"reveal", "REVEALED", false}};
  enum ctl_exit code = CTL_DONE;
  uint64_t persons = UINT64_MAX;
  if (release && !read_choice(ctl, &persons, &code)) return code;
  char hold_id[HOLD_ID_SIZE];
  (void)snprintf(hold_id, sizeof hold_id, "%.63s", ctl->arguments[0]);
  if (release && ctl_value(ctl, "as") != NULL) code = unseal(ctl, hold_id, &persons);
  if (code != CTL_DONE) {
    say_opened(ctl, hold_id);
    return code;
  }
  json_t *request = json_pack("{s:s, s:s, s:b, s:s}", "command", "hold-decide", "hold", hold_id, "release",
                              release ? 1 : 0, "reason", ctl_value(ctl, "reason"));
  if (request != NULL && release) {
    json_t *conditions = list_option(ctl, "conditions");
    if (conditions != NULL) (void)json_object_set_new(request, "conditions", conditions);
    add_choice(ctl, request, persons);
  }
  json_t *answer = ctl_ask(ctl, false, request, TIMEOUT_MS, &code);
  if (answer == NULL) {
    say_opened(ctl, hold_id);
    return code;
  }
  (void)json_object_del(answer, "ok");
  json_t *rows = json_pack("[O]", answer);
  bool ok = output_rows(ctl->format, decided, sizeof decided / sizeof *decided, rows);
  json_decref(rows);
  json_decref(answer);
  return ok ? CTL_DONE : CTL_FAILED;
}

enum ctl_exit ctl_hold_release(struct ctl *ctl) { return decide(ctl, true); }
enum ctl_exit ctl_hold_refuse(struct ctl *ctl) { return decide(ctl, false); }
