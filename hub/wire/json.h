// Messages as JSON through their descriptors: any message, both ways, and the event as CloudEvents 1.0 JSON.
// int64 fields named …time_ms are written as RFC 3339 under the name without _ms ("time", "start_time");
// bytes as hexadecimal; enums by their short names; 64-bit numbers as JSON integers (uint64 past 2^63 - 1 as
// digits in text). Called by: adapters, navctl, desk. Must never: take an unknown key or print a field that
// is absent.
#ifndef NAV_WIRE_JSON_H
#define NAV_WIRE_JSON_H

#include <jansson.h>

#include "hub/base/arena.h"
#include "hub/base/error.h"
#include "nav/v1/event.pb-c.h"

enum { WIRE_JSON_DEPTH_MAX = 32 };  // of objects and lists in each other

// Any JSON text from outside: duplicate keys, a second value, NUL and deeper nesting than WIRE_JSON_DEPTH_MAX
// are refused. A new reference; NULL: *err has class PEER and "line:column" as place.
json_t *wire_json_parse(const char *text, size_t length, struct nav_error *err);

// Bytes as a text in base64 (RFC 4648 section 4), and back. A new reference; NULL: no memory.
json_t *wire_json_base64(const uint8_t *bytes, size_t length);
// malloc'ed, the caller's; NULL: no memory, or the text is no base64.
uint8_t *wire_json_from_base64(const char *text, size_t *length);

// A new reference; NULL only without memory, or where a text in it is not UTF-8 (which decoding refuses).
json_t *wire_json_from_message(const ProtobufCMessage *message);
// In the arena. NULL: *err has the JSON path ("data.subjects.0.name") as place.
void *wire_json_to_message(const ProtobufCMessageDescriptor *descriptor, const json_t *json,
                           struct nav_arena *arena, struct nav_error *err);

// {"specversion":"1.0","id":"<32
// hex>","source":"<agency>","type":"nav.v1.ConcernReport","time":…,"recordedtime":…,
//  "navrevision":1,"navinreplyto":"<hex>","datacontenttype":"application/json",
//  "data":{"place":{…},"subjects":[…],"marks":{…},"retention_days":…,"addressee":…,"body":{…}}}
json_t *wire_cloudevent_from_event(const Nav__V1__Event *event);
// The same the other way; extension attributes it does not know (nav…) are refused, but for those that a
// delivery adds (navseq, navrule, navbasis, navpurpose, navwithheld), which are passed over.
Nav__V1__Event *wire_cloudevent_to_event(const json_t *json, struct nav_arena *arena, struct nav_error *err);

#endif
