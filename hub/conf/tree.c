// See tree.h. Reading of files and of libyaml's events; the questions asked of a finished tree are in
// tree_ask.c. libyaml has no limit on depth and takes quadratic time on '[': the event interface with a depth
// of 32 stops it early.
#include "hub/conf/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

enum {
  FILE_BYTES_MAX = 256 * 1024,
  DEPTH_MAX = 32,
  KEYS_MAX = 4096,  // of one map: looking for a key that stands twice is quadratic
  SHOWN_MAX = 80,
  HINT_SIZE = 64,
};

// One list or map that is still open.
struct level {
  struct conf_node *node;
  struct conf_node *key;  // of a map: the key that waits for its value
  bool key_skipped;       // the key is unusable; its value is read and left out
  size_t capacity;
};

struct reading {
  yaml_parser_t parser;
  const char *name;
  const char *text;
  size_t length;
  struct nav_arena *arena;
  struct conf_faults *faults;
  struct level levels[DEPTH_MAX];
  size_t depth;
  struct conf_node *root;
  int documents;
};

static void fault_at(const struct reading *reading, const yaml_mark_t *mark, const char *hint,
                     const char *what) {
  conf_faults_add(reading->faults, reading->name, (int)mark->line + 1, (int)mark->column + 1, hint, "%s",
                  what);
}

static bool out_of_memory(const struct reading *reading) {
  conf_faults_add(reading->faults, reading->name, 0, 0, "split the file", "needs too much memory to read");
  return false;
}

static const char *syntax_hint(const char *problem) {
  if (strstr(problem, "found character that cannot start any token") != NULL) {
    return "indent with blanks, not tabs; put text that begins with @, ` or % in quotes";
  }
  if (strstr(problem, "tab character") != NULL) return "indent with blanks, not tabs";
  if (strstr(problem, "mapping values are not allowed") != NULL) {
    return "put text that holds ': ' in quotes, and check the indentation";
  }
  if (strstr(problem, "did not find expected key") != NULL ||
      strstr(problem, "did not find expected '-' indicator") != NULL) {
    return "check the indentation of this line and the one above";
  }
  if (strstr(problem, "could not find expected ':'") != NULL) return "a key is followed by ': '";
  return "";
}

// What is not closed is told with the line where it was opened: the parser notices much later.
static bool unclosed_fault(const struct reading *reading, const char *problem) {
  bool is_list = strstr(problem, "did not find expected ',' or ']'") != NULL;
  if (!is_list && strstr(problem, "did not find expected ',' or '}'") == NULL) return false;
  char hint[HINT_SIZE];
  (void)snprintf(hint, sizeof hint, "close the %s of line %zu with %s", is_list ? "list" : "map",
                 reading->parser.context_mark.line + 1, is_list ? "]" : "}");
  conf_faults_add(reading->faults, reading->name, (int)reading->parser.problem_mark.line + 1,
                  (int)reading->parser.problem_mark.column + 1, hint, "not valid YAML: %s, %s",
                  reading->parser.context, problem);
  return true;
}

static unsigned byte_at(const struct reading *reading, size_t offset) {
  return offset < reading->length ? (unsigned char)reading->text[offset] : 0;
}

static bool is_later_byte(unsigned byte) { return (byte & 0xC0U) == 0x80U; }  // of a character in UTF-8

// A byte that is no text: libyaml tells its offset alone, so lines and characters are counted here. It names
// the byte that should have gone on with a character; the one at fault is the one that began it.
static void reader_fault(const struct reading *reading, const char *problem) {
  size_t offset = reading->parser.problem_offset;
  bool trailing = strstr(problem, "trailing") != NULL;
  for (size_t back = 0; trailing && back < 3 && offset > 0; back++) {
    offset--;
    if (!is_later_byte(byte_at(reading, offset))) break;
  }
  int line = 1, column = 1;
  for (size_t i = 0; i < offset && i < reading->length; i++) {
    unsigned byte = byte_at(reading, i);
    line += byte == '\n' ? 1 : 0;
    column = byte == '\n' ? 1 : column + (is_later_byte(byte) ? 0 : 1);
  }
  bool is_control = strstr(problem, "control characters") != NULL;
  conf_faults_add(reading->faults, reading->name, line, column,
                  is_control ? "remove it" : "save the file as UTF-8", "not readable as text: byte 0x%02x %s",
                  byte_at(reading, offset), is_control ? "is a control character" : "is not UTF-8");
}

static void syntax_fault(const struct reading *reading) {
  const yaml_parser_t *parser = &reading->parser;
  const char *problem = parser->problem != NULL ? parser->problem : "cannot be read";
  if (parser->error == YAML_READER_ERROR) {
    reader_fault(reading, problem);
    return;
  }
  if (unclosed_fault(reading, problem)) return;
  conf_faults_add(reading->faults, reading->name, (int)parser->problem_mark.line + 1,
                  (int)parser->problem_mark.column + 1, syntax_hint(problem), "not valid YAML: %s%s%s",
                  parser->context != NULL ? parser->context : "", parser->context != NULL ? ", " : "",
                  problem);
}

static struct conf_node *new_node(const struct reading *reading, enum conf_node_kind kind,
                                  const yaml_mark_t *mark) {
  struct conf_node *node = nav_arena_zalloc(reading->arena, 1, sizeof *node);
  if (node == NULL) return NULL;
  node->kind = kind;
  node->file = reading->name;
  node->line = (int)mark->line + 1;
  node->column = (int)mark->column + 1;
  node->text = "";
  return node;
}

static struct conf_node **grown(const struct reading *reading, struct conf_node *const *old, size_t count,
                                size_t capacity) {
  struct conf_node **items = nav_arena_zalloc(reading->arena, capacity, sizeof(struct conf_node *));
  if (items != NULL && count > 0) memcpy(items, old, count * sizeof *items);
  return items;
}

static bool grow(const struct reading *reading, struct level *level) {
  struct conf_node *node = level->node;
  if (node->count < level->capacity) return true;
  size_t capacity = level->capacity == 0 ? 4 : level->capacity * 2;
  if ((node->items = grown(reading, node->items, node->count, capacity)) == NULL) return false;
  if (node->kind == CONF_MAP && (node->keys = grown(reading, node->keys, node->count, capacity)) == NULL) {
    return false;
  }
  level->capacity = capacity;
  return true;
}

static bool append(const struct reading *reading, struct level *level, struct conf_node *key,
                   struct conf_node *value) {
  if (!grow(reading, level)) return false;
  if (key != NULL) level->node->keys[level->node->count] = key;
  level->node->items[level->node->count++] = value;
  return true;
}

// A node in the place of a map's key: it waits there for its value.
static void take_key(const struct reading *reading, struct level *level, struct conf_node *node) {
  level->key = node;
  level->key_skipped = false;
  if (node->kind != CONF_SCALAR) {
    conf_faults_add(reading->faults, reading->name, node->line, node->column,
                    "put text that begins with [ or { in quotes",
                    "a key must be a word, not a list or a map");
    level->key_skipped = true;
    return;
  }
  if (level->node->count == KEYS_MAX) {
    conf_faults_add(reading->faults, reading->name, node->line, node->column, "split the file",
                    "a map has more than %d keys", KEYS_MAX);
    level->key_skipped = true;
    return;
  }
  for (size_t i = 0; i < level->node->count; i++) {
    const struct conf_node *earlier = level->node->keys[i];
    if (strcmp(earlier->text, node->text) != 0) continue;
    conf_faults_add(reading->faults, reading->name, node->line, node->column, "remove one of them",
                    "key '%.*s' stands twice in one map: first in line %d", SHOWN_MAX, node->text,
                    earlier->line);
    level->key_skipped = true;
    return;
  }
}

// Puts a node where it belongs: the root, a list's item, a map's key or value.
static bool place(struct reading *reading, struct conf_node *node) {
  if (reading->depth == 0) {
    if (reading->root == NULL) reading->root = node;
    return true;
  }
  struct level *level = &reading->levels[reading->depth - 1];
  if (level->node->kind == CONF_LIST) return append(reading, level, NULL, node) || out_of_memory(reading);
  if (level->key == NULL) {
    take_key(reading, level, node);
    return true;
  }
  struct conf_node *key = level->key;
  level->key = NULL;
  if (level->key_skipped) return true;
  return append(reading, level, key, node) || out_of_memory(reading);
}

static bool open_level(struct reading *reading, enum conf_node_kind kind, const yaml_mark_t *mark) {
  if (reading->depth == DEPTH_MAX) {
    fault_at(reading, mark, "write it flatter", "lists and maps stand in more than 32 others");
    return false;
  }
  struct conf_node *node = new_node(reading, kind, mark);
  if (node == NULL) return out_of_memory(reading);
  if (!place(reading, node)) return false;
  reading->levels[reading->depth++] = (struct level){.node = node};
  return true;
}

static bool take_scalar(struct reading *reading, const yaml_event_t *event) {
  const char *text = (const char *)event->data.scalar.value;
  size_t length = event->data.scalar.length;
  struct conf_node *node = new_node(reading, CONF_SCALAR, &event->start_mark);
  if (node == NULL) return out_of_memory(reading);
  if (memchr(text, '\0', length) != NULL) {
    fault_at(reading, &event->start_mark, "remove it", "text holds a NUL character (\\0)");
    node->told = true;
  } else {
    node->text = nav_arena_strndup(reading->arena, text, length);
    if (node->text == NULL) return out_of_memory(reading);
  }
  return place(reading, node);
}

static void refuse_extras(const struct reading *reading, const yaml_mark_t *mark, const yaml_char_t *anchor,
                          const yaml_char_t *tag) {
  if (anchor != NULL) fault_at(reading, mark, "write the value out", "anchors (&name) are not allowed");
  if (tag != NULL)
    fault_at(reading, mark, "leave it out: all values are text", "tags (!name) are not allowed");
}

static bool start_document(struct reading *reading, const yaml_event_t *event) {
  if (++reading->documents > 1) {
    fault_at(reading, &event->start_mark, "use a file of its own", "a second document (---) is not allowed");
    return false;
  }
  if (event->data.document_start.version_directive != NULL ||
      event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end) {
    fault_at(reading, &event->start_mark, "remove the line", "directives (%YAML, %TAG) are not allowed");
  }
  return true;
}

// False: reading ends here; a fault says why.
static bool take_event(struct reading *reading, const yaml_event_t *event) {
  const yaml_mark_t *mark = &event->start_mark;
  switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
      return start_document(reading, event);
    case YAML_SCALAR_EVENT:
      refuse_extras(reading, mark, event->data.scalar.anchor, event->data.scalar.tag);
      return take_scalar(reading, event);
    case YAML_SEQUENCE_START_EVENT:
      refuse_extras(reading, mark, event->data.sequence_start.anchor, event->data.sequence_start.tag);
      return open_level(reading, CONF_LIST, mark);
    case YAML_MAPPING_START_EVENT:
      refuse_extras(reading, mark, event->data.mapping_start.anchor, event->data.mapping_start.tag);
      return open_level(reading, CONF_MAP, mark);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
      reading->depth--;
      return true;
    case YAML_ALIAS_EVENT: {
      fault_at(reading, mark, "write the value out", "aliases (*name) are not allowed");
      struct conf_node *node = new_node(reading, CONF_SCALAR, mark);
      if (node == NULL) return out_of_memory(reading);
      node->told = true;
      return place(reading, node);
    }
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
      return true;
  }
  return true;
}

static bool read_events(struct reading *reading) {
  bool done = false, good = true;
  while (good && !done) {  // ends: every event uses up bytes of a text with a maximum
    yaml_event_t event;
    if (yaml_parser_parse(&reading->parser, &event) == 0) {
      syntax_fault(reading);
      return false;
    }
    done = event.type == YAML_STREAM_END_EVENT;
    good = take_event(reading, &event);
    yaml_event_delete(&event);
  }
  return good;
}

struct conf_node *conf_tree_parse(const char *text, size_t length, const char *name, struct nav_arena *arena,
                                  struct conf_faults *faults) {
  if (length > FILE_BYTES_MAX) {
    conf_faults_add(faults, name, 0, 0, "split the file", "is larger than 256 KiB");
    return NULL;
  }
  struct reading reading = {.arena = arena, .faults = faults, .text = text, .length = length};
  reading.name = nav_arena_strdup(arena, name);
  if (reading.name == NULL || yaml_parser_initialize(&reading.parser) == 0) {
    conf_faults_add(faults, name, 0, 0, "", "needs too much memory to read");
    return NULL;
  }
  yaml_parser_set_encoding(&reading.parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&reading.parser, (const unsigned char *)text, length);
  bool good = read_events(&reading);
  yaml_parser_delete(&reading.parser);
  if (!good) return NULL;
  if (reading.root == NULL) conf_faults_add(faults, name, 0, 0, "", "is empty");
  return reading.root;
}

static bool read_all(int fd, char *bytes, size_t *length) {
  while (*length <= FILE_BYTES_MAX) {  // one byte past the maximum tells that it is too large
    ssize_t got = read(fd, bytes + *length, FILE_BYTES_MAX + 1 - *length);
    if (got == 0) return true;
    if (got > 0) {
      *length += (size_t)got;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

// The file's bytes, to be freed; O_NONBLOCK so that a FIFO in a configuration folder cannot hang the program.
static char *read_file(const char *path, const char *name, size_t *length, struct conf_faults *faults) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    conf_faults_add(faults, name, 0, 0, path, "cannot be opened: %s", strerror(errno));
    return NULL;
  }
  struct stat status;
  char *bytes = NULL;
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    conf_faults_add(faults, name, 0, 0, path, "is not an ordinary file");
  } else if ((bytes = malloc(FILE_BYTES_MAX + 1)) == NULL) {
    conf_faults_add(faults, name, 0, 0, "", "needs too much memory to read");
  } else if (!read_all(fd, bytes, length)) {
    conf_faults_add(faults, name, 0, 0, path, "cannot be read: %s", strerror(errno));
    free(bytes);
    bytes = NULL;
  }
  (void)close(fd);
  return bytes;
}

struct conf_node *conf_tree_load(const char *path, const char *name, struct nav_arena *arena,
                                 struct conf_faults *faults) {
  size_t length = 0;
  char *bytes = read_file(path, name, &length, faults);
  struct conf_node *root = bytes != NULL ? conf_tree_parse(bytes, length, name, arena, faults) : NULL;
  free(bytes);
  return root;
}
