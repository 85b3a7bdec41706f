// See gazetteer.h. Both names and texts are folded to one form: small letters, one blank between words,
// whatever is neither letter, digit nor hyphen a blank. Then a name is compared byte for byte at the
// beginning of each word.
#include "adapters/engine/gazetteer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 256, GENITIVE_MIN = 4 };  // "Bros" is not Bro, "Vällingbys" is Vällingby

struct name {
  struct name *next;  // in its bucket, longer names first
  size_t length;
  const char *area;
  char *folded;
};

struct area {
  struct area *next;
  char id[];
};

struct gazetteer {
  struct name *buckets[BUCKETS];
  struct area *areas;
  size_t count;
};

struct gazetteer *gazetteer_new(void) {
  return calloc(1, sizeof(struct gazetteer));
}

void gazetteer_free(struct gazetteer *gazetteer) {
  if (gazetteer == NULL) return;
  for (size_t i = 0; i < BUCKETS; i++) {
    for (struct name *name = gazetteer->buckets[i], *next; name != NULL; name = next) {
      next = name->next;
      free(name->folded);
      free(name);
    }
  }
  for (struct area *area = gazetteer->areas, *next; area != NULL; area = next) {
    next = area->next;
    free(area);
  }
  free(gazetteer);
}

static bool is_ascii_word(unsigned char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// A byte of a folded text that belongs to a word: folding leaves only letters past ASCII.
static bool is_word(unsigned char c) { return is_ascii_word(c) || c >= 0x80; }

// Bytes of the UTF-8 character at p, by its first byte; a broken one counts as one byte.
static size_t character_size(const unsigned char *p) {
  size_t size = *p >= 0xF0 ? 4 : *p >= 0xE0 ? 3 : *p >= 0xC0 ? 2 : 1;
  for (size_t i = 1; i < size; i++) {
    if ((p[i] & 0xC0) != 0x80) return 1;
  }
  return size;
}

// Latin letters with marks, U+00C0 to U+024F but for × and ÷; the capitals of the first block made small.
static bool fold_letter(const unsigned char *p, size_t size, unsigned char out[2]) {
  if (size != 2 || p[0] < 0xC3 || p[0] > 0xC9) return false;
  bool sign = p[0] == 0xC3 && (p[1] == 0x97 || p[1] == 0xB7);
  if (sign) return false;
  bool capital = p[0] == 0xC3 && p[1] <= 0x9E;
  out[0] = p[0];
  out[1] = capital ? (unsigned char)(p[1] + 0x20) : p[1];
  return true;
}

// Folds text into out, which has room for max bytes and a NUL. Returns the length.
static size_t fold(const char *text, char *out, size_t max) {
  size_t length = 0;
  const unsigned char *p = (const unsigned char *)text;
  while (*p != '\0' && length + 2 <= max) {
    size_t size = character_size(p);
    unsigned char letter[2];
    unsigned char c = *p >= 'A' && *p <= 'Z' ? (unsigned char)(*p + 0x20) : *p;
    if (fold_letter(p, size, letter)) {
      memcpy(out + length, letter, 2);
      length += 2;
    } else if (c == '-' || is_ascii_word(c)) {
      out[length++] = (char)c;
    } else if (length > 0 && out[length - 1] != ' ') {
      out[length++] = ' ';
    }
    p += size;
  }
  if (length > 0 && out[length - 1] == ' ') length--;
  out[length] = '\0';
  return length;
}

static size_t bucket_of(const char *folded) {
  return ((unsigned char)folded[0] * 31u + (unsigned char)folded[1]) % BUCKETS;
}

// The area's text, kept once however many names it has.
static const char *keep_area(struct gazetteer *gazetteer, const char *id) {
  for (struct area *area = gazetteer->areas; area != NULL; area = area->next) {
    if (strcmp(area->id, id) == 0) return area->id;
  }
  size_t size = strlen(id) + 1;
  struct area *area = malloc(sizeof *area + size);
  if (area == NULL) return NULL;
  memcpy(area->id, id, size);
  area->next = gazetteer->areas;
  gazetteer->areas = area;
  return area->id;
}

bool gazetteer_add(struct gazetteer *gazetteer, const char *area, const char *text) {
  char folded[GAZETTEER_NAME_MAX + 1];
  if (gazetteer->count >= GAZETTEER_NAMES_MAX || strlen(text) > GAZETTEER_NAME_MAX - 2) return false;
  size_t length = fold(text, folded, GAZETTEER_NAME_MAX);
  if (length == 0 || !is_word((unsigned char)folded[0])) return false;
  struct name *name = calloc(1, sizeof *name);
  if (name == NULL) return false;
  name->area = keep_area(gazetteer, area);
  name->folded = strdup(folded);
  name->length = length;
  if (name->area == NULL || name->folded == NULL) {
    free(name->folded);
    free(name);
    return false;
  }
  struct name **place = &gazetteer->buckets[bucket_of(folded)];
  while (*place != NULL && (*place)->length >= length) place = &(*place)->next;
  name->next = *place;
  *place = name;
  gazetteer->count++;
  return true;
}

// Whether the name ends a word at its place in the folded text.
static bool ends_there(const char *after, size_t length) {
  if (!is_word((unsigned char)after[0])) return true;
  return length >= GENITIVE_MIN && after[0] == 's' && !is_word((unsigned char)after[1]);
}

static const struct name *name_at(const struct gazetteer *gazetteer, const char *word, size_t longer_than) {
  for (const struct name *name = gazetteer->buckets[bucket_of(word)]; name != NULL; name = name->next) {
    if (name->length <= longer_than) return NULL;
    if (strncmp(word, name->folded, name->length) == 0 && ends_there(word + name->length, name->length)) {
      return name;
    }
  }
  return NULL;
}

const char *gazetteer_find(const struct gazetteer *gazetteer, const char *text) {
  char folded[GAZETTEER_TEXT_MAX + 1];
  size_t length = fold(text, folded, GAZETTEER_TEXT_MAX);
  const struct name *best = NULL;
  bool inside = false;
  for (size_t i = 0; i < length; i++) {
    bool word = is_word((unsigned char)folded[i]);
    if (word && !inside) {
      const struct name *found = name_at(gazetteer, folded + i, best != NULL ? best->length : 0);
      if (found != NULL) best = found;
    }
    inside = word;
  }
  return best != NULL ? best->area : NULL;
}
