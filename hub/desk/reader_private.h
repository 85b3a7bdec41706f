// What reader.c (lists), reader_open.c (keys and content) and request.c (its making) share.
// Called by: those alone. Must never: be included by the briefing.
#ifndef NAV_DESK_READER_PRIVATE_H
#define NAV_DESK_READER_PRIVATE_H

#include "hub/desk/definitions.h"
#include "hub/desk/reader.h"
#include "hub/desk/request.h"

struct desk_reader {
  const struct desk_request *request;
  struct definitions definitions;
  uint8_t log_id[16];
};

// In the request's arena. NULL: *err.
struct desk_reader *desk_reader_new(const struct desk_request *request, struct nav_error *err);

#endif
