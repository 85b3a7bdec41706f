// Meetings and their briefings for nav-desk's commands meeting-list and briefing: what the reader gives,
// through hub/desk/briefing, to an answer; the ledger's record of it first. Called by: request (one worker
// process a request). Must never: answer with a briefing whose record is not committed, or to a person who
// may not see the meeting; show an annex to another agency than its own.
#ifndef NAV_DESK_MEETING_VIEW_H
#define NAV_DESK_MEETING_VIEW_H

#include <jansson.h>

#include "hub/desk/reader.h"

// {"ok":true,"meetings":[{"id","title","kind","purpose","opens","closes","participants":[…],"parts":[{"id","title","purpose","participants"}]}]}:
// those that the person takes part in, or chairs. NULL: *err.
json_t *briefing_meetings(struct desk_reader *reader, struct nav_error *err);

// Of {"meeting":…,"part":…?,"output":"json|text|html"?,"for":AGENCY?,"reason":…?}:
// {"ok":true,"content_type":…,"body":…,"record":SEQ}. NULL: *err, with CODE_NOT_FOUND or CODE_NOT_PERMITTED
// where that is why.
json_t *briefing_show(struct desk_reader *reader, const json_t *request, struct nav_error *err);

#endif
