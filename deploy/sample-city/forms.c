// See forms.h.
#include "deploy/sample-city/forms.h"

#include <string.h>

#include "deploy/sample-city/out.h"

void forms_begin(struct forms *forms) {
  *forms = (struct forms){.question = 10000};
  nav_buffer_init(&forms->text, OUT_FILE_MAX);
}

void forms_free(struct forms *forms) { nav_buffer_free(&forms->text); }

void forms_add(struct forms *forms, const char *text) {
  if (!nav_buffer_append_text(&forms->text, text)) forms->failed = true;
}

static void add_escaped(struct forms *forms, const char *text) {
  for (const char *p = text; *p != '\0'; p++) {
    char one[2] = {*p, '\0'};
    forms_add(forms, *p == '&' ? "&amp;" : *p == '<' ? "&lt;" : *p == '>' ? "&gt;" : one);
  }
}

void forms_value(struct forms *forms, const char *element, const char *text) {
  if (!nav_buffer_printf(&forms->text, "\t\t\t<%s>", element)) forms->failed = true;
  add_escaped(forms, text);
  if (!nav_buffer_printf(&forms->text, "</%s>\n", element)) forms->failed = true;
}

static void add_time(struct forms *forms, const char *element, int64_t ms) {
  char text[64];
  (void)city_rfc3339(ms, "", text);
  if (!nav_buffer_printf(&forms->text, "\t\t<%s>%.19s</%s>\n", element, text, element)) forms->failed = true;
}

void forms_open(struct forms *forms, const struct form *form, bool in_list) {
  bool fits = nav_buffer_printf(
      &forms->text,
      "<FlowInstance%s>\n\t<Header>\n\t\t<Flow>\n\t\t\t<FamilyID>%d</FamilyID>\n\t\t\t<Version>%d</Version>\n"
      "\t\t\t<FlowID>%d</FlowID>\n\t\t\t<Name><![CDATA[%s]]></Name>\n\t\t</Flow>\n"
      "\t\t<FlowInstanceID>%zu</FlowInstanceID>\n\t\t<Status>\n\t\t\t<ID>4070</"
      "ID>\n\t\t\t<Name><![CDATA[Inskickat]]></Name>\n"
      "\t\t</Status>\n\t\t<Poster>\n\t\t\t<Firstname><![CDATA[Handläggare]]></Firstname>\n"
      "\t\t\t<Lastname><![CDATA[Påhittsson]]></Lastname>\n\t\t\t<Email><![CDATA[handlaggare@example.com]]></"
      "Email>\n"
      "\t\t\t<ID>17811</ID>\n\t\t</Poster>\n",
      in_list ? "" : " xmlns=\"http://www.oeplatform.org/version/2.0/schemas/flowinstance\"", form->family,
      form->version, form->family * 10 + form->version, form->name, form->id);
  if (!fits) forms->failed = true;
  add_time(forms, "Posted", form->submitted_ms);
  add_time(forms, "FirstSubmitted", form->submitted_ms);
  add_time(forms, "LastSubmitted", form->submitted_ms);
  forms_add(forms, "\t</Header>\n\t<Values>\n");
}

void forms_close(struct forms *forms) { forms_add(forms, "\t</Values>\n</FlowInstance>\n"); }

void forms_open_field(struct forms *forms, const char *name, const char *question) {
  bool fits = nav_buffer_printf(&forms->text,
                                "\t\t<%s>\n\t\t\t<QueryID>%u</QueryID>\n\t\t\t<Name><![CDATA[%s]]></Name>\n",
                                name, forms->question++, question);
  if (!fits) forms->failed = true;
}

void forms_close_field(struct forms *forms, const char *name) {
  if (!nav_buffer_printf(&forms->text, "\t\t</%s>\n", name)) forms->failed = true;
}

void forms_answer(struct forms *forms, const char *name, const char *question, const char *text) {
  forms_open_field(forms, name, question);
  forms_value(forms, "Value", text);
  forms_close_field(forms, name);
}
