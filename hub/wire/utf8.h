// Strict UTF-8 (RFC 3629: no overlong forms, surrogates or numbers past U+10FFFF), and no NUL inside a text.
// Called by: message, event, json. Must never: mend what it reads.
#ifndef NAV_WIRE_UTF8_H
#define NAV_WIRE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Whether the bytes are text. A NUL among them is none.
bool wire_utf8_valid(const uint8_t *text, size_t length);

#endif
