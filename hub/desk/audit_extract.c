// See audit_extract.h.
#include "hub/desk/audit_extract.h"

#include "hub/access/access.h"
#include "hub/desk/audit_words.h"

void extract_begin(struct extract *extract, const struct desk_request *request,
                   const struct definitions *definitions) {
  struct conf_faults faults = {0};
  *extract = (struct extract){.request = request, .definitions = definitions, .events = json_array()};
  extract->rules = access_rules_load(request->nav->config_folder, request->agencies, &faults);
  conf_faults_free(&faults);
}

static void add_words(struct extract *extract, const Nav__V1__Record *record, const Nav__V1__Record *about,
                      json_t *swedish, json_t *english) {
  const struct conf_person *person = extract->request->person;
  const struct audit_words words = {.record = record,
                                    .about = about,
                                    .reader = person->mandate_all ? NULL : person,
                                    .definitions = extract->definitions,
                                    .agencies = extract->request->agencies,
                                    .rules = extract->rules,
                                    .hold_answer_ms = extract->request->nav->hold_answer_ms,
                                    .hold_urgent_ms = extract->request->nav->hold_urgent_ms,
                                    .for_person = true,
                                    .arena = extract->request->arena};
  json_t *lists[] = {audit_words(&words, ACCESS_SWEDISH), audit_words(&words, ACCESS_ENGLISH)};
  (void)json_array_extend(swedish, lists[0]);
  (void)json_array_extend(english, lists[1]);
  json_decref(lists[0]);
  json_decref(lists[1]);
}

void extract_event(struct extract *extract, const struct person_event *event, const struct person_pair *pairs,
                   const bool *are_told, size_t count) {
  json_t *swedish = json_array();
  json_t *english = json_array();
  add_words(extract, event->record, NULL, swedish, english);
  for (size_t i = 0; i < count; i++)
    if (are_told[i]) add_words(extract, pairs[i].record, event->record, swedish, english);
  (void)json_array_append_new(extract->events,
                              json_pack("{s:I, s:b, s:o, s:o}", "event_seq", (json_int_t)event->seq, "erased",
                                        event->erased ? 1 : 0, "sv", swedish, "en", english));
}

json_t *extract_end(struct extract *extract) {
  access_rules_free(extract->rules);
  extract->rules = NULL;
  return extract->events;
}
