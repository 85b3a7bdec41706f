// Text from anywhere: what of it a terminal would obey, an eye would not see, or is no text at all; and how
// it is cut. Called by: the desk's pages, navctl, nav-core (what recipients say), the client library. Must
// never: change what is stored already, or an event.
#ifndef NAV_BASE_TEXT_H
#define NAV_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NAV_TEXT_BAD = 0xFFFD };

// How many bytes the character at `at` has (1 to 4), and which it is; one byte and NAV_TEXT_BAD where it is
// not UTF-8. at: not at the text's final NUL.
size_t nav_text_character(const char *at, uint32_t *character);
// Control characters but line feed and tab, what turns the direction of writing, and what no reader sees
// (Unicode 15: Cc, Bidi_Control, U+FEFF), by which a text can be read as another or move a cursor.
bool nav_text_hides(uint32_t character);
// Copies what fits into size bytes with the final NUL, at most; never a part of a character, and '?' for each
// byte that is not UTF-8. text may be NULL: nothing.
void nav_text_copy(char *out, size_t size, const char *text);
// In place: '?' for each hidden character and for each byte that is not UTF-8.
void nav_text_printable(char *text);
// In place: '?' for each byte that is not UTF-8.
void nav_text_mend(char *text);

#endif
