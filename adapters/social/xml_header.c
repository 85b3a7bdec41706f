// See xml_header.h. Seen at the source: no blank between the attributes, and UTF_8 for UTF-8. Those two are
// mended, nothing else: a wrong but existing character set is the parser's to find.
#include "adapters/social/xml_header.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { VALUE_SIZE = 24 };

struct reader {
  const char *at;
  const char *end;
  bool blank_missing;
};

static bool skip_blanks(struct reader *reader) {
  const char *start = reader->at;
  while (reader->at < reader->end && strchr(" \t\r\n", *reader->at) != NULL) reader->at++;
  return reader->at > start;
}

static bool take(struct reader *reader, const char *text) {
  size_t length = strlen(text);
  if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, text, length) != 0) return false;
  reader->at += length;
  return true;
}

static bool take_quoted(struct reader *reader, char value[VALUE_SIZE]) {
  if (reader->at >= reader->end || (*reader->at != '"' && *reader->at != '\'')) return false;
  char quote = *reader->at++;
  size_t length = 0;
  while (reader->at < reader->end && *reader->at != quote) {
    char c = *reader->at++;
    bool sound = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 strchr("-_.", c) != NULL;
    if (c == '\0' || !sound || length + 1 >= VALUE_SIZE) return false;
    value[length++] = c;
  }
  value[length] = '\0';
  return take(reader, quote == '"' ? "\"" : "'");
}

// One attribute, if it is the next; a missing blank before it is noted. False: it is there but broken.
static bool take_attribute(struct reader *reader, const char *name, char value[VALUE_SIZE]) {
  struct reader ahead = *reader;
  bool blank = skip_blanks(&ahead);
  if (!take(&ahead, name)) return true;
  if (!blank) ahead.blank_missing = true;
  (void)skip_blanks(&ahead);
  if (!take(&ahead, "=")) return false;
  (void)skip_blanks(&ahead);
  if (!take_quoted(&ahead, value)) return false;
  *reader = ahead;
  return true;
}

bool xml_header_read(const uint8_t *bytes, size_t length, struct xml_header *header) {
  *header = (struct xml_header){0};
  char version[VALUE_SIZE] = "";
  char encoding[VALUE_SIZE] = "";
  char standalone[VALUE_SIZE] = "";
  const char *start = (const char *)bytes;
  struct reader reader = {.at = start,
                          .end = start + (length < XML_HEADER_SIZE ? length : XML_HEADER_SIZE - 1)};
  if (!take(&reader, "<?xml")) return true;
  if (!take_attribute(&reader, "version", version) || !take_attribute(&reader, "encoding", encoding) ||
      !take_attribute(&reader, "standalone", standalone)) {
    return false;
  }
  (void)skip_blanks(&reader);
  if (version[0] == '\0' || !take(&reader, "?>")) return false;
  header->length = (size_t)(reader.at - start);
  bool wrong_name = strcasecmp(encoding, "UTF_8") == 0;
  header->mended = wrong_name || reader.blank_missing;
  if (!header->mended) {
    memcpy(header->text, start, header->length);
    return true;
  }
  (void)snprintf(header->text, sizeof header->text, "<?xml version=\"%s\"%s%s%s%s%s%s?>", version,
                 encoding[0] != '\0' ? " encoding=\"" : "", wrong_name ? "UTF-8" : encoding,
                 encoding[0] != '\0' ? "\"" : "", standalone[0] != '\0' ? " standalone=\"" : "", standalone,
                 standalone[0] != '\0' ? "\"" : "");
  return true;
}
