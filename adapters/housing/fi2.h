// Taking fields out of an FI2 case, whichever of its forms they have: one element is an object, many an
// array; text is a string or {"$t": …}. Pure lookups. Called by: map_in.c. Must never: read anything of a
// notifier.
#ifndef NAV_ADAPTERS_HOUSING_FI2_H
#define NAV_ADAPTERS_HOUSING_FI2_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "nav/v1/housing.pb-c.h"

// The id of fi2case_ids or fi2part_ids by its usage; usage NULL: the first. NULL: none.
const char *fi2_id(const json_t *ids, const char *usage);
// The text of a value (fi2case_value, fi2part_value) by its code.
const char *fi2_value(const json_t *values, const char *code);
// A text of fi2case_descr by its usage; of several languages the first.
const char *fi2_description(const json_t *descriptions, const char *usage);
// The class code of fi2case_category, fi2case_status.
const char *fi2_class_code(const json_t *class);
// The nth object that the case is about, of one kind (fi2spatisystem, …; NULL: any); NULL: no more.
const json_t *fi2_parent(const json_t *fi2case, const char *item, size_t nth);
// Created, Pending, Completed (also as sent: Comleted), Annulled (closed). False: another word.
bool fi2_status(const char *code, Nav__V1__CaseStatus *status);
// When the case came: its registration date, or the more exact CreatedDate where both name the same Swedish
// day. *created is the case's creation, which never changes. False: it has neither date.
bool fi2_times(const json_t *fi2case, int64_t *time_ms, int64_t *created_ms, int64_t *recorded_ms);

#endif
