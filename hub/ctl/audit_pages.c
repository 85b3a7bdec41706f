// Answers of nav-desk that come in pages, as one. See ctl_audit.h.
#include <stdio.h>
#include <string.h>

#include "hub/ctl/ctl_audit.h"

enum { NAMES_SIZE = 512 };

void ctl_audit_mandate(const json_t *mandate) {
  char names[NAMES_SIZE] = "";
  size_t used = 0;
  size_t i = 0;
  const json_t *agency = NULL;
  if (!json_is_array(mandate)) return;
  json_array_foreach(mandate, i, agency) {
    int n =
        snprintf(names + used, sizeof names - used, "%s%s", i == 0 ? "" : ", ", json_string_value(agency));
    used = n < 0 || used + (size_t)n >= sizeof names ? sizeof names - 1 : used + (size_t)n;
  }
  (void)ctl_complain(CTL_DONE, "what is outside your mandate (%s) is not shown", names);
}

struct gathered {
  json_t *lines;  // of all pages; with NDJSON none
  json_t *mandate;
  bool more;
};

// One page's lines. *left: how many may still come.
static bool take_page(const struct ctl *ctl, const struct ctl_pages *pages, const json_t *answer, long *left,
                      struct gathered *g) {
  json_t *lines = json_object_get(answer, "lines");
  json_t *next = json_object_get(answer, "next");
  *left -= pages->by_events ? (long)json_integer_value(json_object_get(answer, "events"))
                            : (long)json_array_size(lines);
  json_decref(g->mandate);
  g->mandate = json_incref(json_object_get(answer, "mandate"));
  g->more = next != NULL;
  if (g->more) (void)json_object_set(pages->request, "before", next);
  if (ctl->format != CTL_NDJSON) return json_array_extend(g->lines, lines) == 0;
  return output_rows(CTL_NDJSON, pages->columns, pages->columns_count, lines);
}

static enum ctl_exit gather(struct ctl *ctl, const struct ctl_pages *pages, struct gathered *g) {
  long left = pages->limit;
  g->more = true;
  while (g->more && left > 0) {
    enum ctl_exit code = CTL_DONE;
    (void)json_object_set_new(pages->request, "limit", json_integer(left < pages->page ? left : pages->page));
    json_t *answer = ctl_ask(ctl, true, json_incref(pages->request), CTL_AUDIT_TIMEOUT_MS, &code);
    if (answer == NULL) return code;
    bool ok = take_page(ctl, pages, answer, &left, g);
    json_decref(answer);
    if (!ok) return CTL_FAILED;
  }
  if (ctl->format == CTL_NDJSON) return CTL_DONE;
  return output_rows(ctl->format, pages->columns, pages->columns_count, g->lines) ? CTL_DONE : CTL_FAILED;
}

static void say_more(const struct ctl_pages *pages) {
  if (pages->way_on != NULL) {
    (void)ctl_complain(CTL_DONE, "there is more; %s", pages->way_on);
  } else {
    (void)ctl_complain(CTL_DONE, "there is more; go on with --before %" JSON_INTEGER_FORMAT,
                       json_integer_value(json_object_get(pages->request, "before")));
  }
}

enum ctl_exit ctl_audit_pages(struct ctl *ctl, const struct ctl_pages *pages) {
  struct gathered g = {.lines = json_array()};
  enum ctl_exit code = gather(ctl, pages, &g);
  if (code == CTL_DONE && g.more) say_more(pages);
  if (code == CTL_DONE && pages->nothing != NULL && ctl->format == CTL_TABLE && json_array_size(g.lines) == 0)
    (void)ctl_complain(CTL_DONE, "%s", pages->nothing);
  if (code == CTL_DONE) ctl_audit_mandate(g.mandate);
  json_decref(g.mandate);
  json_decref(g.lines);
  return code;
}
