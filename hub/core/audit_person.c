// See audit_person.h.
#include "hub/core/audit_person.h"

#include <stdio.h>

#include "hub/base/id.h"
#include "nav/v1/session.pb-c.h"

enum { QUERY_MAX = 200 };

bool audit_person_name(const uint8_t *key, int64_t now_ms, json_t *request, char hex[AUDIT_PERSON_HEX_SIZE],
                       struct nav_error *err) {
  const json_t *number = json_object_get(request, "about_number");
  uint8_t token[PERSON_TOKEN_SIZE];
  char query[QUERY_MAX];
  hex[0] = '\0';
  if (number == NULL) return true;
  if (!json_is_string(number) || !persons_token(key, json_string_value(number), now_ms, token)) {
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "number",
                    "is no personal, coordination or interim number; write YYYYMMDD-NNNN or YYMMDD-NNNN");
  }
  const char *rest = json_string_value(json_object_get(request, "query"));
  (void)nav_hex(hex, token, sizeof token);
  (void)snprintf(query, sizeof query, "audit person %s%s%.100s", hex,
                 rest != NULL && rest[0] != '\0' ? " " : "", rest != NULL ? rest : "");
  (void)json_object_del(request, "about_number");
  (void)json_object_set_new(request, "query", json_string(query));
  return true;
}
