// The person that an auditor asks about: nav-desk gives the number with its AuditRead, and gets the token
// once the record is committed. Called by: control_port. Must never: let the number into a record, a log or
// an answer.
#ifndef NAV_CORE_AUDIT_PERSON_H
#define NAV_CORE_AUDIT_PERSON_H

#include <jansson.h>

#include "hub/base/error.h"
#include "hub/core/persons.h"

enum { AUDIT_PERSON_HEX_SIZE = 2 * PERSON_TOKEN_SIZE + 1 };

// Takes "about_number" out of the request for an AuditRead; where it was there, puts "audit person <token>"
// before the request's "query" and the token, as hexadecimal, into hex (else ""). False: *err.
NAV_MUST_USE bool audit_person_name(const uint8_t *key, int64_t now_ms, json_t *request,
                                    char hex[AUDIT_PERSON_HEX_SIZE], struct nav_error *err);

#endif
