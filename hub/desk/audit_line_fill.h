// Between audit_line.c (the records of exchange) and audit_line_case.c (those of assessment, recall, consent
// and requests): how a line is filled. Called by: those two. Must never: be included elsewhere.
#ifndef NAV_DESK_AUDIT_LINE_FILL_H
#define NAV_DESK_AUDIT_LINE_FILL_H

#include "hub/desk/audit_line.h"

const char *audit_or_null(const char *text);  // NULL for ""
// "a: b", or the one that is there; NULL: neither.
const char *audit_both(struct nav_arena *arena, const char *a, const char *b);
void audit_take_lane(struct audit_line *line, const struct definitions *definitions, uint32_t number);
void audit_take_verdict(struct audit_line *line, const struct definitions *definitions,
                        const Nav__V1__LaneVerdict *verdict, struct nav_arena *arena);
// Fills the line of a record of audit_line_case.c; of others nothing.
void audit_line_case(const Nav__V1__Record *record, const struct definitions *definitions,
                     struct nav_arena *arena, struct audit_line *line);

#endif
