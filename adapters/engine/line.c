// See line.h.
#include "adapters/engine/line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "adapters/engine/json_out.h"

static bool put_text(struct nav_buffer *buffer, const char *key, const char *text) {
  return nav_buffer_append_text(buffer, key) && json_out_text(buffer, text != NULL ? text : "");
}

// The withheld paths, joined by commas.
static bool put_withheld(struct nav_buffer *buffer, const Nav__V1__Delivery *delivery) {
  if (!nav_buffer_append_text(buffer, ",\"navwithheld\":\"")) return false;
  for (size_t i = 0; i < delivery->n_withheld; i++) {
    if (i > 0 && !nav_buffer_append(buffer, ",", 1)) return false;
    if (!json_out_escaped(buffer, delivery->withheld[i])) return false;
  }
  return nav_buffer_append(buffer, "\"", 1);
}

static bool put_line(struct nav_buffer *buffer, const char *purpose, const Nav__V1__Delivery *delivery,
                     const Nav__V1__VerdictInfo *verdict, const Nav__V1__Event *event) {
  char position[48];
  (void)snprintf(position, sizeof position, ",\"navseq\":%" PRIu64, delivery->position);
  return json_out_cloudevent(buffer, event) && nav_buffer_append_text(buffer, position) &&
         put_text(buffer, ",\"navrule\":", verdict != NULL ? verdict->rule : NULL) &&
         put_text(buffer, ",\"navbasis\":", verdict != NULL ? verdict->basis : NULL) &&
         put_text(buffer, ",\"navpurpose\":", purpose) && put_withheld(buffer, delivery) &&
         nav_buffer_append_text(buffer, delivery->replay ? ",\"navreplay\":true}\n" : "}\n");
}

bool line_write(struct nav_buffer *buffer, const char *purpose, const Nav__V1__Delivery *delivery,
                const Nav__V1__VerdictInfo *verdict, const Nav__V1__Event *event) {
  size_t before = buffer->length;
  bool ok = put_line(buffer, purpose, delivery, verdict, event);
  if (!ok) buffer->length = before;
  return ok;
}

bool line_position(const char *line, size_t length, uint64_t *position) {
  // A quote inside a JSON text is written \", so these bytes are the key itself wherever they stand.
  static const char key[] = "\"navseq\":";
  const char *found = memmem(line, length, key, sizeof key - 1);
  if (found == NULL) return false;
  const char *at = found + sizeof key - 1;
  const char *end = line + length;
  uint64_t value = 0;
  const char *digits = at;
  for (; at < end && *at >= '0' && *at <= '9'; at++) {
    if (value > (UINT64_MAX - 9) / 10) return false;
    value = value * 10 + (uint64_t)(*at - '0');
  }
  *position = value;
  return at > digits;
}
