// navctl audit person --extract FILE: what the ledger has about a person, in plain words, as a text that can
// be handed over once secrecy toward the person has been tried. See ctl_audit.h.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub/base/clock.h"
#include "hub/base/text.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/ctl_audit.h"
#include "hub/ctl/output.h"

enum { PAGE_EVENTS = 200, PAGES_MAX = 500 };

struct words {
  const char *key, *title, *number, *matter, *made, *all, *part, *none, *events, *erased, *end;
};

static const struct words swedish = {
    .key = "sv",
    .title = "Registerutdrag ur Trygghetsnavet",
    .number = "Personnummer eller motsvarande",
    .matter = "Ärende",
    .made = "Upprättat",
    .all = "Omfattning: allt som navets liggare har om personen.",
    .part = "Omfattning: det som följande myndigheter har lämnat, fått, läst eller deltagit i",
    .none = "Liggaren har ingenting om personen inom den omfattningen.",
    .events = "Händelser",
    .erased = "Innehållet är gallrat; det som står här är vad som finns kvar.",
    .end =
        "Liggaren har inget innehåll: vad händelserna säger finns hos den myndighet som lämnade dem. Det som "
        "en "
        "myndighet har förseglat för sig själv vet navet inte vem det rör."};
static const struct words english = {
    .key = "en",
    .title = "Extract from Trygghetsnavet",
    .number = "Personal number or the like",
    .matter = "Matter",
    .made = "Made",
    .all = "Extent: all that the hub's ledger has about the person.",
    .part = "Extent: what these agencies gave, received, read or took part in",
    .none = "Within that extent the ledger has nothing about the person.",
    .events = "Events",
    .erased = "The content is erased; what stands here is what is left.",
    .end =
        "The ledger has no content: what the events say is with the agency that gave them. Of what an agency "
        "has "
        "sealed for itself the hub does not know whom it is about."};

static void put_extent(FILE *out, const struct words *words, const json_t *mandate) {
  size_t i = 0;
  const json_t *agency = NULL;
  if (!json_is_array(mandate)) {
    (void)fprintf(out, "%s\n", words->all);
    return;
  }
  (void)fprintf(out, "%s:", words->part);
  json_array_foreach(mandate, i, agency)(void)
      fprintf(out, "%s %s", i == 0 ? "" : ",", json_string_value(agency));
  (void)fprintf(out, ".\n");
}

static void put_head(FILE *out, const struct words *words, const struct ctl *ctl, const json_t *mandate) {
  char made[NAV_RFC3339_SIZE];
  (void)fprintf(out, "%s\n\n%s: %s\n%s: %s\n%s: %s\n", words->title, words->number, ctl->arguments[0],
                words->matter, ctl_value(ctl, "reason"), words->made,
                nav_clock_rfc3339(nav_clock_now_ms(), made));
  put_extent(out, words, mandate);
}

static void put_events(FILE *out, const struct words *words, const json_t *events, size_t before) {
  size_t i = 0;
  const json_t *event = NULL;
  json_array_foreach(events, i, event) {
    const json_t *sentences = json_object_get(event, words->key);
    (void)fprintf(out, "\n%zu.\n", before + i + 1);
    if (json_is_true(json_object_get(event, "erased"))) (void)fprintf(out, "%s\n", words->erased);
    for (size_t k = 0; k < json_array_size(sentences); k++)
      (void)fprintf(out, "%s\n", json_string_value(json_array_get(sentences, k)));
  }
}

// All pages; *count events were told.
static enum ctl_exit put_pages(struct ctl *ctl, json_t *request, const struct words *words, FILE *out,
                               size_t *count) {
  enum ctl_exit code = CTL_DONE;
  bool more = true;
  (void)json_object_set_new(request, "extract", json_true());
  (void)json_object_set_new(request, "limit", json_integer(PAGE_EVENTS));
  for (unsigned page = 0; more && page < PAGES_MAX; page++) {
    json_t *answer = ctl_ask(ctl, true, json_incref(request), CTL_AUDIT_TIMEOUT_MS, &code);
    if (answer == NULL) return code;
    const json_t *events = json_object_get(answer, "extract");
    if (page == 0) put_head(out, words, ctl, json_object_get(answer, "mandate"));
    put_events(out, words, events, *count);
    *count += json_array_size(events);
    json_t *next = json_object_get(answer, "next");
    more = next != NULL;
    if (more) (void)json_object_set(request, "before", next);
    json_decref(answer);
  }
  if (more) return ctl_complain(CTL_FAILED, "more than %d events: ask with --until", PAGE_EVENTS * PAGES_MAX);
  if (*count == 0) (void)fprintf(out, "\n%s\n", words->none);
  (void)fprintf(out, "\n%s: %zu\n%s\n", words->events, *count, words->end);
  return CTL_DONE;
}

enum ctl_exit ctl_audit_extract(struct ctl *ctl, json_t *request, const char *path) {
  const struct words *words = ctl_english(ctl) ? &english : &swedish;
  size_t count = 0;
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
  if (out == NULL) return ctl_complain(CTL_FAILED, "%s: cannot be made: %s", path, strerror(errno));
  enum ctl_exit code = put_pages(ctl, request, words, out, &count);
  bool written = fflush(out) == 0 && ferror(out) == 0 && fsync(fd) == 0;
  if (fclose(out) != 0 || !written)
    code = ctl_complain(CTL_FAILED, "%s: cannot be written: %s", path, strerror(errno));
  if (code != CTL_DONE) {
    (void)unlink(path);
    return code;
  }
  return ctl_complain(CTL_DONE,
                      "%zu events; try secrecy toward the person, and others in it, before it is handed over",
                      count);
}
