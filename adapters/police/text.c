// See text.h.
#include "adapters/police/text.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/engine/records.h"

static const struct {
  const char *entity;
  const char *text;
} entities[] = {{"&amp;", "&"},   {"&lt;", "<"},   {"&gt;", ">"},    {"&quot;", "\""}, {"&apos;", "'"},
                {"&nbsp;", " "},  {"&#39;", "'"},  {"&aring;", "å"}, {"&auml;", "ä"},  {"&ouml;", "ö"},
                {"&Aring;", "Å"}, {"&Auml;", "Ä"}, {"&Ouml;", "Ö"},  {"&eacute;", "é"}};

// The entity at p, by its index; -1: none.
static int entity_at(const char *p) {
  for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
    if (strncmp(p, entities[i].entity, strlen(entities[i].entity)) == 0) return (int)i;
  }
  return -1;
}

// In place: an entity is never shorter than its character.
static void unescape(char *text) {
  char *out = text;
  for (const char *p = text; *p != '\0';) {
    int entity = *p == '&' ? entity_at(p) : -1;
    if (entity < 0) {
      *out++ = *p++;
      continue;
    }
    size_t size = strlen(entities[entity].text);
    memcpy(out, entities[entity].text, size);
    out += size;
    p += strlen(entities[entity].entity);
  }
  *out = '\0';
}

char *police_text(struct nav_mapping_run *run, const json_t *object, const char *key) {
  char *text = records_text(run, object, key);
  if (text == NULL || strchr(text, '&') == NULL) return text;
  unescape(text);
  size_t length = strlen(text);
  while (length > 0 && text[length - 1] == ' ') text[--length] = '\0';  // a trailing &nbsp;
  return *text == '\0' ? NULL : text;
}
