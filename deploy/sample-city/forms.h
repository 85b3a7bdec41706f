// Writing one Open ePlattform form: elements with their questions, text escaped.
// Called by: social.c. Must never: write an unescaped value.
#ifndef NAV_DEPLOY_SAMPLE_CITY_FORMS_H
#define NAV_DEPLOY_SAMPLE_CITY_FORMS_H

#include "deploy/sample-city/people.h"
#include "hub/base/buffer.h"

// A file's worth of forms. `failed`: it did not fit.
struct forms {
  struct nav_buffer text;
  unsigned question;  // numbers QueryID
  bool failed;
};

// What a form's header says.
struct form {
  int family;
  int version;
  const char *name;
  int64_t submitted_ms;
  size_t id;
};

void forms_begin(struct forms *forms);
void forms_free(struct forms *forms);
void forms_open(struct forms *forms, const struct form *form, bool in_list);  // up to and with <Values>
void forms_close(struct forms *forms);
// <name><QueryID/><Name/> … </name>
void forms_open_field(struct forms *forms, const char *name, const char *question);
void forms_value(struct forms *forms, const char *element, const char *text);
void forms_close_field(struct forms *forms, const char *name);
// A field with one <Value>.
void forms_answer(struct forms *forms, const char *name, const char *question, const char *text);
void forms_add(struct forms *forms, const char *text);  // as it stands

#endif
