// The classes of fields, and persons, between their names and the bits of a rule or a verdict (bit n: class n
// of nav.v1.Sensitivity). Called by: parse, explain, matrix; nav-core's and nav-desk's assessment, navctl.
// Must never: name a class that law_class_names does not.
#ifndef NAV_ACCESS_CLASSES_H
#define NAV_ACCESS_CLASSES_H

#include <jansson.h>
#include <stdint.h>

uint16_t access_class_bit(const char *name);  // takes NULL; 0: no such class
// Their names, as a new list.
json_t *access_class_list(uint16_t classes);

// Persons (bit n: the event's person n) as a new list of numbers.
json_t *access_person_list(uint64_t persons);

#endif
