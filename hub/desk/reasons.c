// See reasons.h.
#include "hub/desk/reasons.h"

#include <sodium.h>

#include "hub/base/id.h"
#include "hub/base/text.h"
#include "hub/desk/core_link.h"
#include "hub/ledger/reason.h"

static const Nav__V1__SealedText *sealed_of(const Nav__V1__Record *record) {
  Nav__V1__Record *open = (Nav__V1__Record *)(uintptr_t)record;  // its fields are looked at alone
  struct reason_fields fields;
  return reason_fields_of(open, &fields) ? *fields.sealed : NULL;
}

void desk_reasons_note(struct desk_reasons *reasons, const Nav__V1__Record *record) {
  const Nav__V1__SealedText *sealed = sealed_of(record);
  if (sealed == NULL) return;
  if (reasons->asked == NULL) reasons->asked = json_array();
  (void)json_array_append_new(
      reasons->asked, json_pack("[I, I, I]", (json_int_t)record->seq, (json_int_t)sealed->retention_class,
                                (json_int_t)sealed->bucket_day));
}

bool desk_reasons_fetch(struct desk_reasons *reasons, const struct desk_request *request,
                        struct nav_error *err) {
  reasons->keys = json_array();
  for (size_t first = 0; first < json_array_size(reasons->asked); first += CORE_LINK_REASONS_MAX) {
    json_t *some = json_array();
    json_t *keys = NULL;
    for (size_t i = first; i < json_array_size(reasons->asked) && i < first + CORE_LINK_REASONS_MAX; i++)
      (void)json_array_append(some, json_array_get(reasons->asked, i));
    if (!core_link_reason_keys(request->nav, *request->audit_seq, some, &keys, err)) return false;
    (void)json_array_extend(reasons->keys, keys);
    json_decref(keys);
  }
  return true;
}

void desk_reasons_fill(struct desk_reasons *reasons, Nav__V1__Record *record, struct nav_arena *arena) {
  static char erased[] = "(the reason was erased when its time was up)";
  static char unreadable[] = "(the reason does not open: run navctl audit verify)";
  const Nav__V1__SealedText *sealed = sealed_of(record);
  struct reason_fields fields;
  if (sealed == NULL || !reason_fields_of(record, &fields)) return;
  const char *hex = json_string_value(json_array_get(reasons->keys, reasons->next++));
  uint8_t key[CONTENT_KEY_SIZE];
  struct nav_error err;
  *fields.text = erased;
  if (hex == NULL) return;
  char *text = nav_unhex(key, sizeof key, hex) ? reason_open(sealed, key, record->seq, arena, &err) : NULL;
  if (text != NULL) nav_text_mend(text);  // a record may hold one that was cut in the midst of a character
  *fields.text = text != NULL ? text : unreadable;
  sodium_memzero(key, sizeof key);
}

void desk_reasons_free(struct desk_reasons *reasons) {
  json_decref(reasons->asked);
  json_decref(reasons->keys);
  *reasons = (struct desk_reasons){0};
}
