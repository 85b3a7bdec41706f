// Messages as JSON text, written straight into a buffer: byte for byte what hub/wire/json.h gives through
// jansson (a test compares them), at a fifth of the cost, for the inbox. Called by: line. Must never: differ
// from hub/wire/json.h.
#ifndef NAV_ADAPTERS_ENGINE_JSON_OUT_H
#define NAV_ADAPTERS_ENGINE_JSON_OUT_H

#include <protobuf-c/protobuf-c.h>

#include "hub/base/buffer.h"
#include "nav/v1/event.pb-c.h"

// All append; false: the buffer is full, and holds a part of what was to be written.
NAV_MUST_USE bool json_out_text(struct nav_buffer *buffer, const char *text);     // with quotes
NAV_MUST_USE bool json_out_escaped(struct nav_buffer *buffer, const char *text);  // without
// {"specversion":"1.0", … ,"data":{…} without the closing brace, so that attributes can follow.
NAV_MUST_USE bool json_out_cloudevent(struct nav_buffer *buffer, const Nav__V1__Event *event);

#endif
