// An XML document as a small tree, by expat. Refuses document types and entities, and what is too large, too
// deep or has too many elements; an attachment's bytes (EncodedData) are passed over. Names are without their
// namespace prefix. Called by: map_in.c. Must never: fetch anything, or expand an entity.
#ifndef NAV_ADAPTERS_SOCIAL_XML_H
#define NAV_ADAPTERS_SOCIAL_XML_H

#include <stdint.h>

#include "hub/base/arena.h"
#include "hub/base/error.h"

enum {
  XML_BYTES_MAX = 16 * 1024 * 1024,
  XML_DEPTH_MAX = 32,
  XML_NODES_MAX = 200000,
  XML_ARENA_MAX = 64 * 1024 * 1024,
};

struct xml_node {
  const char *name;
  const char *text;  // its own character data, not its children's; "" where there is none
  struct xml_node *first, *last, *next;
  unsigned line;
};

// NULL: *err has file:line:column. *mended: the XML declaration was not well-formed, or named a character set
// that does not exist
// (<?xml version="1.0"encoding="UTF_8"?>), and was put right before parsing; nothing else ever is.
struct xml_node *xml_parse(const char *file, const uint8_t *bytes, size_t length, struct nav_arena *arena,
                           bool *mended, struct nav_error *err);

// The first child of that name; NULL.
const struct xml_node *xml_child(const struct xml_node *node, const char *name);
// Its text without blanks around it is not empty: the text. NULL: no such child, or empty.
const char *xml_child_text(const struct xml_node *node, const char *name);

#endif
