// See out.h.
#include "deploy/sample-city/out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 1024 };

// Swedish text alone: what ISO-8859-1 lacks becomes '?'.
static bool to_latin1(struct nav_buffer *bytes, const char *text, size_t length) {
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c >= 0x80 && (c == 0xC2 || c == 0xC3) && i + 1 < length) {
      c = (unsigned char)((unsigned)(c & 0x03) << 6 | ((unsigned char)text[++i] & 0x3F));
    } else if (c >= 0x80) {
      c = '?';
      while (i + 1 < length && ((unsigned char)text[i + 1] & 0xC0) == 0x80) i++;
    }
    if (!nav_buffer_append(bytes, &c, 1)) return false;
  }
  return true;
}

static bool write_file(const char *path, const void *bytes, size_t length, struct nav_error *err) {
  FILE *file = fopen(path, "wb");
  if (file == NULL) return nav_fail_errno(err, path, "cannot create");
  bool written = length == 0 || fwrite(bytes, 1, length, file) == length;
  if (fclose(file) != 0) written = false;
  return written || nav_fail_errno(err, path, "cannot write");
}

bool out_text(struct out *out, const char *name, enum out_form form, const char *text, size_t length,
              struct nav_error *err) {
  char path[PATH_SIZE];
  struct nav_buffer bytes;
  int size = snprintf(path, sizeof path, "%s/%s", out->folder, name);
  if (size < 0 || (size_t)size >= sizeof path)
    return nav_fail(err, NAV_ERROR_LOCAL, 0, out->folder, "is too long a path");
  nav_buffer_init(&bytes, OUT_FILE_MAX);
  bool fits = form == OUT_ISO_8859_1
                  ? to_latin1(&bytes, text, length)
                  : (form != OUT_UTF8_BOM || nav_buffer_append(&bytes, "\xEF\xBB\xBF", 3)) &&
                        nav_buffer_append(&bytes, text, length);
  bool written = fits
                     ? write_file(path, bytes.data, bytes.length, err)
                     : nav_fail(err, NAV_ERROR_LOCAL, 0, path, "would have more than %d bytes", OUT_FILE_MAX);
  nav_buffer_free(&bytes);
  if (written) out->files++;
  return written;
}

bool out_json(struct out *out, const char *name, enum out_form form, json_t *json, struct nav_error *err) {
  char *text = json == NULL ? NULL : json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
  json_decref(json);
  if (text == NULL) return nav_fail(err, NAV_ERROR_LOCAL, 0, name, "no memory");
  bool written = out_text(out, name, form, text, strlen(text), err);
  free(text);
  return written;
}
