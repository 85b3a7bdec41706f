// What an event must be beyond a well-formed message, and what everybody asks of one.
// Called by: intake, adapters (before sending), rules. Must never: decide who may see it.
#ifndef NAV_WIRE_EVENT_H
#define NAV_WIRE_EVENT_H

#include "hub/base/arena.h"
#include "hub/base/error.h"
#include "nav/v1/event.pb-c.h"

// Fails with the field's path: id of 16 bytes, source, revision 1 to 2147483647, time within 1900-2200
// (recorded_time too), a body, no field that only the hub sets (age_band, pseudonym), personal numbers and
// dates that are real, positions on earth, ids (source, addressee, edited_for, areas) of [a-z0-9-] up to 64
// characters, codes of digits (municipality and crime_code 4, county 2), ids of other events of 16 bytes, at
// most 64 subjects, a ConcernReport with exactly one subject of role child and with assessed_by, a Consent
// with one subject, its number, and (unless it is withdrawn) recipients and purposes, a Request with
// addressee, basis, need and asked_by, a Recall of 1 to 256 events with its reason, a Sealed with content and
// 1 to 64 lanes and nothing beside it, text fields of 16 KiB at most.
NAV_MUST_USE bool wire_event_validate(const Nav__V1__Event *event, struct nav_error *err);

// Of the years 1900 to 2200, as every time is that anybody sends: what a database and a calendar can hold.
bool wire_time_is_sound(int64_t ms_since_1970);

// The body's field descriptor in nav.v1.Event; NULL: no body. field->name is "concern_report",
// the message's name wire_body_name: "ConcernReport".
const ProtobufCFieldDescriptor *wire_event_body(const Nav__V1__Event *event);
const ProtobufCMessage *wire_event_body_message(const Nav__V1__Event *event);
// "ConcernReport" from the body's field number (nav.v1.Accepted.type); NULL: no such body.
const char *wire_body_name(uint32_t field_number);
// The field number from "ConcernReport"; 0: no such message.
uint32_t wire_body_number(const char *name);

// The enum value's short name as rules and JSON write it ("sig" of SOCIAL_INTERVENTION_KIND_SIG): the prefix
// that the enum's first value (…_UNSPECIFIED) has is taken off, lower case. NULL: no such value.
const char *wire_enum_name(const ProtobufCEnumDescriptor *descriptor, int value);
// The value from the short name; false: no such value.
bool wire_enum_value(const ProtobufCEnumDescriptor *descriptor, const char *name, int *value);

#endif
