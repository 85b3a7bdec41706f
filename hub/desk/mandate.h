// What an auditor may see: the lines in which an agency of their mandate sent, received, read or took part.
// Called by: audit_search, audit_record, audit_show_words, audit_words_parts, audit_person, audit_export,
// follow_up. Must never: let through a line for what was withheld from, or is held for, an agency of the
// mandate: that is its sender's alone.
#ifndef NAV_DESK_MANDATE_H
#define NAV_DESK_MANDATE_H

#include "hub/conf/agencies.h"
#include "hub/desk/audit_line.h"

bool mandate_covers(const struct conf_person *person, const char *agency);  // NULL: false
// Lines that name no agency are the hub's own, and everybody's.
bool mandate_shows(const struct conf_person *person, const struct audit_line *line);
// Whether the record behind the line says nothing beside it that is outside the mandate: a recall names all
// its recipients.
bool mandate_shows_whole(const struct conf_person *person, const struct audit_line *line);

// "all", or the list of agencies; a new reference. It is told with each answer, and never how much it has
// left out: that would tell of the rest.
json_t *mandate_json(const struct conf_person *person);

#endif
