// See agencies_write.h. Ids and words are a-z, 0-9 and '-' by agencies.c's checks; a title is any text, and
// quoted.
#include "hub/conf/agencies_write.h"

static bool write_quoted(struct nav_buffer *out, const char *text) {
  if (!nav_buffer_append_text(out, "\"")) return false;
  for (const char *p = text; *p != '\0'; p++) {
    unsigned char byte = (unsigned char)*p;
    bool ok = byte < 0x20 || byte == 0x7f ? nav_buffer_printf(out, "\\x%02x", byte)
              : *p == '"' || *p == '\\'   ? nav_buffer_printf(out, "\\%c", *p)
                                          : nav_buffer_append(out, p, 1);
    if (!ok) return false;
  }
  return nav_buffer_append_text(out, "\"\n");
}

static bool write_list(struct nav_buffer *out, const char *key, char *const *items, size_t count) {
  if (count == 0) return true;
  if (!nav_buffer_printf(out, "    %s: [", key)) return false;
  for (size_t i = 0; i < count; i++)
    if (!nav_buffer_printf(out, i == 0 ? "%s" : ", %s", items[i])) return false;
  return nav_buffer_append_text(out, "]\n");
}

static bool write_agency(struct nav_buffer *out, const struct conf_agency *agency) {
  return nav_buffer_printf(out, "  - id: %s\n    title: ", agency->id) && write_quoted(out, agency->title) &&
         nav_buffer_printf(out, "    kind: %s\n    form: %s\n", agency->kind, agency->form) &&
         write_list(out, "secrecy", agency->secrecy, agency->secrecy_count) &&
         write_list(out, "groups", agency->groups, agency->groups_count) &&
         write_list(out, "areas", agency->areas, agency->areas_count) &&
         write_list(out, "purposes", agency->purposes, agency->purposes_count);
}

bool conf_agencies_write(const struct conf_agencies *agencies, struct nav_buffer *out) {
  if (agencies->agencies_count == 0) return nav_buffer_append_text(out, "agencies: []\n");
  if (!nav_buffer_append_text(out, "agencies:\n")) return false;
  for (size_t i = 0; i < agencies->agencies_count; i++)
    if (!write_agency(out, &agencies->agencies[i])) return false;
  return true;
}
