// The XML declaration, read leniently and written properly.
// Called by: xml.c, tests. Must never: touch a byte after "?>".
#ifndef NAV_ADAPTERS_SOCIAL_XML_HEADER_H
#define NAV_ADAPTERS_SOCIAL_XML_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { XML_HEADER_SIZE = 128 };

// The document's declaration and what to give the parser in its place.
struct xml_header {
  size_t length;               // bytes of the document that `text` stands for; 0: it has none
  char text[XML_HEADER_SIZE];  // the declaration as it should be; as it was where it was sound
  bool mended;
};

// False: it begins with "<?xml" but is not a declaration even when read leniently.
bool xml_header_read(const uint8_t *bytes, size_t length, struct xml_header *header);

#endif
