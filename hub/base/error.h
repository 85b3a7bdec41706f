// The one error type. Every function that can fail returns bool and fills a struct nav_error; programs
// log it, once; libraries never log.
// Called by: everything. Must never: allocate, or carry an event's content in its text.
#ifndef NAV_BASE_ERROR_H
#define NAV_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#define NAV_MUST_USE __attribute__((warn_unused_result))

// The class decides what happens: PEER ⇒ reject what was sent; RETRY ⇒ no answer, try again later;
// LOCAL ⇒ somebody here must mend a file, a key or an option; BUG ⇒ stop.
enum nav_error_class {
  NAV_ERROR_NONE = 0,
  NAV_ERROR_PEER,
  NAV_ERROR_RETRY,
  NAV_ERROR_LOCAL,
  NAV_ERROR_BUG,
};

enum { NAV_ERROR_PLACE_SIZE = 192, NAV_ERROR_TEXT_SIZE = 320 };

struct nav_error {
  enum nav_error_class class;
  int code;                          // nav.v1.Code where it goes to a peer, else 0
  char place[NAV_ERROR_PLACE_SIZE];  // file:line:column, field path or offset; may be empty
  char text[NAV_ERROR_TEXT_SIZE];    // names the thing and the way out
};

// Fills *err (which may be NULL) and returns false, so that a failure is one line:
//   return nav_fail(err, NAV_ERROR_PEER, code, "subjects.0.name", "is not UTF-8");
bool nav_fail(struct nav_error *err, enum nav_error_class class, int code, const char *place,
              const char *format, ...) __attribute__((format(printf, 5, 6), nonnull(5)));

// NAV_ERROR_LOCAL with errno's text appended: "cannot open: No such file or directory".
bool nav_fail_errno(struct nav_error *err, const char *place, const char *what);

// "place: text", or "text" where there is no place. Returns out.
const char *nav_error_string(const struct nav_error *err, char *out, size_t size);

// Ends the program with a message: for what can only be a mistake of ours.
#define NAV_ASSERT(condition) ((condition) ? (void)0 : nav_assert_failed(#condition, __FILE__, __LINE__))
_Noreturn void nav_assert_failed(const char *condition, const char *file, int line);

#endif
