// See classes.h.
#include "hub/access/classes.h"

#include <string.h>

#include "hub/access/law.h"

uint16_t access_class_bit(const char *name) {
  for (size_t class = 1; name != NULL && law_class_names[class - 1] != NULL; class ++)
    if (strcmp(law_class_names[class - 1], name) == 0) return (uint16_t)(1U << class);
  return 0;
}

json_t *access_class_list(uint16_t classes) {
  json_t *list = json_array();
  for (size_t class = 1; law_class_names[class - 1] != NULL; class ++)
    if (((unsigned)classes >> class & 1U) != 0)
      (void)json_array_append_new(list, json_string(law_class_names[class - 1]));
  return list;
}

json_t *access_person_list(uint64_t persons) {
  json_t *list = json_array();
  for (int n = 0; persons != 0; persons >>= 1, n++)
    if ((persons & 1U) != 0) (void)json_array_append_new(list, json_integer(n));
  return list;
}
