// See xml.h.
#include "adapters/social/xml.h"

#include <expat.h>
#include <stdio.h>
#include <string.h>

#include "adapters/social/xml_header.h"
#include "hub/base/buffer.h"

struct build {
  XML_Parser parser;
  struct nav_arena *arena;
  struct xml_node *open[XML_DEPTH_MAX];
  size_t text_start[XML_DEPTH_MAX];  // where the open element's text begins in `text`
  size_t depth;
  size_t nodes;
  size_t ignored_from;  // depth of an EncodedData that is open; 0: none
  struct nav_buffer text;
  struct xml_node *root;
  const char *refused;  // why parsing was stopped; NULL: it was not
};

static void refuse(struct build *build, const char *why) {
  if (build->refused == NULL) build->refused = why;
  (void)XML_StopParser(build->parser, XML_FALSE);
}

static const char *local_name(const char *name) {
  const char *colon = strrchr(name, ':');
  return colon == NULL ? name : colon + 1;
}

static struct xml_node *new_node(struct build *build, const char *name) {
  struct xml_node *node = nav_arena_zalloc(build->arena, 1, sizeof *node);
  if (node == NULL) return NULL;
  node->name = nav_arena_strdup(build->arena, local_name(name));
  node->text = "";
  node->line = (unsigned)XML_GetCurrentLineNumber(build->parser);
  return node->name == NULL ? NULL : node;
}

static void on_start(void *context, const XML_Char *name, const XML_Char **attributes) {
  (void)attributes;
  struct build *build = context;
  if (build->refused != NULL) return;
  if (build->depth == XML_DEPTH_MAX) {
    refuse(build, "its elements are nested more than 32 deep");
    return;
  }
  struct xml_node *node = ++build->nodes > XML_NODES_MAX ? NULL : new_node(build, name);
  if (node == NULL) {
    refuse(build, "it has more elements than an adapter takes in one file");
    return;
  }
  if (build->depth > 0) {
    struct xml_node *parent = build->open[build->depth - 1];
    if (parent->last != NULL) parent->last->next = node;
    if (parent->first == NULL) parent->first = node;
    parent->last = node;
  } else {
    build->root = node;
  }
  build->open[build->depth] = node;
  build->text_start[build->depth] = build->text.length;
  build->depth++;
  if (build->ignored_from == 0 && strcmp(node->name, "EncodedData") == 0) build->ignored_from = build->depth;
}

static void on_end(void *context, const XML_Char *name) {
  (void)name;
  struct build *build = context;
  if (build->refused != NULL) return;
  if (build->ignored_from == build->depth) build->ignored_from = 0;
  build->depth--;
  size_t start = build->text_start[build->depth];
  size_t length = build->text.length - start;
  if (length == 0) return;
  char *text = nav_arena_strndup(build->arena, (const char *)build->text.data + start, length);
  build->text.length = start;
  if (text == NULL) {
    refuse(build, "it is larger than an adapter takes in one file");
  } else {
    build->open[build->depth]->text = text;
  }
}

static void on_text(void *context, const XML_Char *text, int length) {
  struct build *build = context;
  if (build->refused != NULL || build->ignored_from != 0 || build->depth == 0) return;
  if (!nav_buffer_append(&build->text, text, (size_t)length))
    refuse(build, "it is larger than an adapter takes in one file");
}

static void on_doctype(void *context, const XML_Char *name, const XML_Char *system, const XML_Char *public,
                       int has_internal) {
  (void)name;
  (void)system;
  (void)public;
  (void)has_internal;
  refuse(context, "it declares a document type, which can hold entities: none is taken");
}

static void on_entity(void *context, const XML_Char *name, int is_parameter, const XML_Char *value,
                      int length, const XML_Char *base, const XML_Char *system, const XML_Char *public,
                      const XML_Char *notation) {
  (void)name;
  (void)is_parameter;
  (void)value;
  (void)length;
  (void)base;
  (void)system;
  (void)public;
  (void)notation;
  refuse(context, "it declares an entity: none is taken");
}

static void set_up(struct build *build) {
  XML_SetUserData(build->parser, build);
  XML_SetElementHandler(build->parser, on_start, on_end);
  XML_SetCharacterDataHandler(build->parser, on_text);
  XML_SetStartDoctypeDeclHandler(build->parser, on_doctype);
  XML_SetEntityDeclHandler(build->parser, on_entity);
  (void)XML_SetParamEntityParsing(build->parser, XML_PARAM_ENTITY_PARSING_NEVER);
}

static bool feed(struct build *build, const char *file, const struct xml_header *header, const uint8_t *bytes,
                 size_t length, struct nav_error *err) {
  enum XML_Status status = XML_Parse(build->parser, header->text, (int)strlen(header->text), 0);
  if (status == XML_STATUS_OK) {
    status =
        XML_Parse(build->parser, (const char *)bytes + header->length, (int)(length - header->length), 1);
  }
  if (status == XML_STATUS_OK && build->refused == NULL) return true;
  char place[NAV_ERROR_PLACE_SIZE];
  (void)snprintf(place, sizeof place, "%.150s:%lu:%lu", file,
                 (unsigned long)XML_GetCurrentLineNumber(build->parser),
                 (unsigned long)XML_GetCurrentColumnNumber(build->parser) + 1);
  if (build->refused != NULL)
    return nav_fail(err, NAV_ERROR_PEER, 0, place, "is refused: %s", build->refused);
  enum XML_Error code = XML_GetErrorCode(build->parser);
  const char *hint =
      code == XML_ERROR_INVALID_TOKEN ? " (or not in the character set that its first line names)" : "";
  return nav_fail(err, NAV_ERROR_PEER, 0, place, "is not XML: %s%s", XML_ErrorString(code), hint);
}

static bool check_size(const char *file, size_t length, struct nav_error *err) {
  if (length == 0)
    return nav_fail(err, NAV_ERROR_PEER, 0, file, "is empty: the source answered with nothing");
  if (length <= XML_BYTES_MAX) return true;
  return nav_fail(err, NAV_ERROR_PEER, 0, file, "has more than %d bytes", XML_BYTES_MAX);
}

struct xml_node *xml_parse(const char *file, const uint8_t *bytes, size_t length, struct nav_arena *arena,
                           bool *mended, struct nav_error *err) {
  struct xml_header header;
  *mended = false;
  if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
    bytes += 3;
    length -= 3;
  }
  if (!check_size(file, length, err)) return NULL;
  if (!xml_header_read(bytes, length, &header)) {
    (void)nav_fail(err, NAV_ERROR_PEER, 0, file,
                   "its first line is no XML declaration, and cannot be mended");
    return NULL;
  }
  struct build build = {.arena = arena, .parser = XML_ParserCreate(NULL)};
  if (build.parser == NULL) {
    (void)nav_fail(err, NAV_ERROR_RETRY, 0, file, "no memory for the XML parser");
    return NULL;
  }
  nav_buffer_init(&build.text, XML_BYTES_MAX * 2);  // ISO-8859-1 doubles at most
  set_up(&build);
  bool parsed = feed(&build, file, &header, bytes, length, err);
  XML_ParserFree(build.parser);
  nav_buffer_free(&build.text);
  *mended = parsed && header.mended;
  return parsed ? build.root : NULL;
}

const struct xml_node *xml_child(const struct xml_node *node, const char *name) {
  const struct xml_node *child = node == NULL ? NULL : node->first;
  while (child != NULL && strcmp(child->name, name) != 0) child = child->next;
  return child;
}

const char *xml_child_text(const struct xml_node *node, const char *name) {
  const struct xml_node *child = xml_child(node, name);
  if (child == NULL) return NULL;
  return child->text[strspn(child->text, " \t\r\n")] == '\0' ? NULL : child->text;
}
