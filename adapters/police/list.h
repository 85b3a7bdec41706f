// The police's list of about 500 events as a whole: whether it is all of it, and what it no longer has.
//
// The list holds the events latest edited, so an old one leaves it by age. An event is taken as withdrawn
// only when two different lists lack it that are whole, unfiltered and span its time: younger than a quarter
// of the list (by publication; an edit only moves an event later in, so fewer than that lie below the list's
// edge), and not younger than its youngest. The source sometimes answers with somebody else's filtered list:
// few types, few places, or few records. Those events are true and are mapped, but what such a list lacks
// says nothing. Called by: map_in. Must never: take a cut or partly unreadable list for a whole one.
#ifndef NAV_ADAPTERS_POLICE_LIST_H
#define NAV_ADAPTERS_POLICE_LIST_H

#include "adapters/police/record.h"
#include "hub/base/buffer.h"

enum {
  POLICE_LIST_MAX = 2000,         // records; a longer file is no answer of the source
  POLICE_LIST_RECORDS_MIN = 400,  // the whole list has 500
  POLICE_LIST_KINDS_MIN = 20,     // of 49 to 57 on whole lists
  POLICE_LIST_PLACES_MIN = 40,    // of 149 to 161
  POLICE_LIST_SHARE_MAX = 40,     // percent of the list that one type may be; 17 on whole lists
};

struct police_list;

struct police_list *police_list_new(void);  // NULL: no memory
void police_list_free(struct police_list *list);
// A record that was read. Copies.
void police_list_add(struct police_list *list, const struct police_record *record);
// A record that could not be read: the list is not whole.
void police_list_add_unread(struct police_list *list);
// NULL: the list is all that the source has. Otherwise why not, for people; out has room for it.
const char *police_list_partial(const struct police_list *list, char *out, size_t size);
// Compares the whole list with what the mapping remembers, emits what has been withdrawn, and remembers the
// list. bytes: the file.
void police_list_compare(struct police_list *list, struct nav_mapping_run *run, const uint8_t *bytes,
                         size_t length);

#endif
