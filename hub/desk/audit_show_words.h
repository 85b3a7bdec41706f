// The words of `audit show`: reads the records that the words of one record need, and says them in both
// languages. Called by: audit_show. Must never: open content, or tell what is outside the mandate.
#ifndef NAV_DESK_AUDIT_SHOW_WORDS_H
#define NAV_DESK_AUDIT_SHOW_WORDS_H

#include "hub/desk/audit_record.h"
#include "hub/desk/request.h"

// {"sv":[sentence,…],"en":[…]}, a new reference. NULL: *err. checkpoint_size: of the first that covers the
// record; 0: none.
json_t *audit_show_words(const struct desk_request *request, const struct audit_record *a,
                         uint64_t checkpoint_size, struct nav_error *err);

#endif
