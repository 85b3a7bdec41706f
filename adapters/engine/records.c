// See records.h. A scanner that knows only strings, brackets and depth; what is inside a record is jansson's
// to judge.
#include "adapters/engine/records.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct walk {
  const char *file;
  const uint8_t *bytes;
  size_t length;
  size_t at;
  const char *const *wrappers;
  records_fn *record;
  void *context;
  struct records_result result;
};

static bool fail(struct walk *walk, size_t offset, const char *what) {
  if (walk->result.fault == NULL) {
    walk->result.fault = what;
    walk->result.fault_offset = offset;
  }
  return false;
}

static void skip_blanks(struct walk *walk) {
  while (walk->at < walk->length && memchr(" \t\r\n", walk->bytes[walk->at], 4) != NULL) walk->at++;
}

static bool peek(struct walk *walk, char c) {
  skip_blanks(walk);
  return walk->at < walk->length && walk->bytes[walk->at] == (uint8_t)c;
}

// Past the string at `at`, which stands at its opening quote. False: it does not end.
static bool skip_string(struct walk *walk) {
  walk->at++;
  while (walk->at < walk->length) {
    uint8_t c = walk->bytes[walk->at++];
    if (c == '"') return true;
    if (c == '\\') walk->at++;
  }
  walk->at = walk->length;
  return false;
}

// Past the object or array at `at`, whatever is in it.
static bool skip_nested(struct walk *walk) {
  size_t start = walk->at;
  size_t depth = 0;
  while (walk->at < walk->length) {
    uint8_t c = walk->bytes[walk->at];
    if (c == '"') {
      if (!skip_string(walk)) break;
      continue;
    }
    walk->at++;
    if (c == '{' || c == '[') depth++;
    if ((c == '}' || c == ']') && --depth == 0) return true;
  }
  return fail(walk, start, "the file is cut off inside this record");
}

// Past a value that is no record.
static bool skip_value(struct walk *walk) {
  skip_blanks(walk);
  size_t start = walk->at;
  if (peek(walk, '"')) return skip_string(walk) || fail(walk, start, "a text does not end");
  if (peek(walk, '{') || peek(walk, '[')) return skip_nested(walk);
  while (walk->at < walk->length && memchr(",]} \t\r\n", walk->bytes[walk->at], 7) == NULL) walk->at++;
  return walk->at > start || fail(walk, start, "a value is missing");
}

static void give(struct walk *walk, size_t start) {
  struct record_slice slice = {.file = walk->file,
                               .index = ++walk->result.count,
                               .offset = start,
                               .bytes = walk->bytes + start,
                               .length = walk->at - start};
  (void)snprintf(slice.place, sizeof slice.place, "%.120s: record %zu at byte %zu", walk->file, slice.index,
                 start);
  walk->record(walk->context, &slice);
}

static bool is_wrapper(const struct walk *walk, const uint8_t *key, size_t length) {
  for (size_t i = 0; walk->wrappers != NULL && walk->wrappers[i] != NULL; i++) {
    if (strlen(walk->wrappers[i]) == length && memcmp(walk->wrappers[i], key, length) == 0) return true;
  }
  return false;
}

static bool walk_value(struct walk *walk, size_t depth);

// The members of an object: values of wrappers are walked, others passed over.
static bool walk_members(struct walk *walk, size_t depth) {
  walk->at++;
  if (peek(walk, '}')) return walk->at++, true;
  for (;;) {
    if (!peek(walk, '"')) return fail(walk, walk->at, "a key is missing");
    size_t key = walk->at + 1;
    if (!skip_string(walk)) return fail(walk, key - 1, "a key does not end");
    bool wrapper = is_wrapper(walk, walk->bytes + key, walk->at - 1 - key);
    if (!peek(walk, ':')) return fail(walk, walk->at, "a ':' is missing");
    walk->at++;
    skip_blanks(walk);
    bool nested = peek(walk, '{') || peek(walk, '[');
    if (!(wrapper && nested ? walk_value(walk, depth + 1) : skip_value(walk))) return false;
    if (peek(walk, '}')) return walk->at++, true;
    if (!peek(walk, ',')) return fail(walk, walk->at, "a ',' or '}' is missing");
    walk->at++;
  }
}

// Whether the object at `at` has a wrapper among its own keys, looked for without giving anything.
static bool has_wrapper(const struct walk *walk) {
  struct walk look = *walk;
  look.at++;
  while (look.wrappers != NULL && peek(&look, '"')) {
    size_t key = look.at + 1;
    if (!skip_string(&look)) return false;
    bool wrapper = is_wrapper(&look, look.bytes + key, look.at - 1 - key);
    if (!peek(&look, ':')) return false;
    look.at++;
    bool nested = peek(&look, '{') || peek(&look, '[');
    if (wrapper && nested) return true;
    if (!skip_value(&look) || !peek(&look, ',')) return false;
    look.at++;
  }
  return false;
}

static bool walk_object(struct walk *walk, size_t depth) {
  if (has_wrapper(walk)) return walk_members(walk, depth);
  size_t start = walk->at;
  if (!skip_nested(walk)) return false;
  give(walk, start);
  return true;
}

static bool walk_array(struct walk *walk, size_t depth) {
  walk->at++;
  if (peek(walk, ']')) return walk->at++, true;
  for (;;) {
    skip_blanks(walk);
    if (!walk_value(walk, depth + 1)) return false;
    if (peek(walk, ']')) return walk->at++, true;
    if (walk->at >= walk->length) return fail(walk, walk->at, "the file is cut off between two records");
    if (!peek(walk, ',')) return fail(walk, walk->at, "a ',' or ']' is missing");
    walk->at++;
  }
}

static bool walk_value(struct walk *walk, size_t depth) {
  if (depth > RECORDS_DEPTH_MAX) return fail(walk, walk->at, "the lists are nested too deeply");
  if (peek(walk, '[')) return walk_array(walk, depth);
  if (peek(walk, '{')) return walk_object(walk, depth);
  size_t start = walk->at;
  if (!skip_value(walk)) return false;
  give(walk, start);  // no object: refused as a record, at its place, and the next one is read
  return true;
}

static struct walk begin(const char *file, const uint8_t *bytes, size_t length, records_fn *record,
                         void *context) {
  struct walk walk = {.file = file, .bytes = bytes, .length = length, .record = record, .context = context};
  if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) walk.at = 3;
  return walk;
}

struct records_result records_walk(const char *file, const uint8_t *bytes, size_t length,
                                   const char *const *wrappers, records_fn *record, void *context) {
  struct walk walk = begin(file, bytes, length, record, context);
  walk.wrappers = wrappers;
  bool array = peek(&walk, '[');
  bool ok = true;
  size_t values = 0;
  for (skip_blanks(&walk); ok && walk.at < length; skip_blanks(&walk)) {
    ok = walk_value(&walk, 0);
    values++;
  }
  walk.result.whole = ok;
  walk.result.is_list = ok && array && values == 1;
  return walk.result;
}

struct records_result records_lines(const char *file, const uint8_t *bytes, size_t length, records_fn *record,
                                    void *context) {
  struct walk walk = begin(file, bytes, length, record, context);
  size_t number = 0;
  while (walk.at < length) {
    const uint8_t *start = bytes + walk.at;
    const uint8_t *end = memchr(start, '\n', length - walk.at);
    size_t size = end != NULL ? (size_t)(end - start) : length - walk.at;
    number++;
    walk.at += size + (end != NULL ? 1 : 0);
    size_t blanks = 0;
    while (blanks < size && memchr(" \t\r", start[blanks], 3) != NULL) blanks++;
    if (blanks == size) continue;
    struct record_slice slice = {
        .file = file, .index = number, .offset = (size_t)(start - bytes), .bytes = start, .length = size};
    (void)snprintf(slice.place, sizeof slice.place, "%.120s:%zu", file, number);
    walk.result.count++;
    record(context, &slice);
  }
  walk.result.whole = true;
  return walk.result;
}
