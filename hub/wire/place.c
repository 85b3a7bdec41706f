// See place.h.
#include "hub/wire/place.h"

#include <stdarg.h>
#include <stdio.h>

enum { PLACES_MAX = 16 };

const char *wire_place_write(const struct wire_place *place, char *out, size_t size) {
  const struct wire_place *chain[PLACES_MAX];
  size_t count = 0;
  for (; place != NULL && count < PLACES_MAX; place = place->parent) {
    if (place->name != NULL) chain[count++] = place;
  }
  size_t used = 0;
  out[0] = '\0';
  while (count > 0) {
    const struct wire_place *one = chain[--count];
    const char *dot = used > 0 ? "." : "";
    int n = one->index < 0 ? snprintf(out + used, size - used, "%s%s", dot, one->name)
                           : snprintf(out + used, size - used, "%s%s.%d", dot, one->name, one->index);
    if (n < 0 || (size_t)n >= size - used) {
      out[used] = '\0';  // half a name, or half a character, would mislead
      break;
    }
    used += (size_t)n;
  }
  return out;
}

bool wire_place_fail(struct nav_error *err, int code, const struct wire_place *place, const char *format,
                     ...) {
  char path[NAV_ERROR_PLACE_SIZE];
  char text[NAV_ERROR_TEXT_SIZE];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return nav_fail(err, NAV_ERROR_PEER, code, wire_place_write(place, path, sizeof path), "%s", text);
}
