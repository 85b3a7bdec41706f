// See restore.h.
#include "hub/core/restore.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/id.h"
#include "hub/core/reasons.h"
#include "hub/ledger/reason.h"
#include "hub/wire/utf8.h"

bool restore_check_reason(const char *reason, struct nav_error *err) {
  size_t length = strlen(reason);
  if (length > 0 && length <= REASON_TEXT_MAX && wire_utf8_valid((const uint8_t *)reason, length))
    return true;
  return nav_fail(err, NAV_ERROR_LOCAL, 0, "--restored",
                  "say in 1 to %d bytes of UTF-8 why the database was put back; it stands in the ledger",
                  REASON_TEXT_MAX);
}

void restore_begin(struct core *core) {
  struct sequence *sequence = &core->sequence;
  char hex[2 * KEY_LOG_ID_SIZE + 1];
  memcpy(core->previous_log_id, sequence->log_id, KEY_LOG_ID_SIZE);
  randombytes_buf(sequence->log_id, KEY_LOG_ID_SIZE);
  (void)snprintf(core->origin, sizeof core->origin, "%s/%s", core->nav->hub,
                 nav_hex(hex, sequence->log_id, KEY_LOG_ID_SIZE));
  core->staging->begins_log = true;
}

bool restore_stage(struct core *core, struct nav_error *err) {
  Nav__V1__Restored restored = NAV__V1__RESTORED__INIT;
  restored.has_previous_log_id = restored.has_last_seq = true;
  restored.previous_log_id = (ProtobufCBinaryData){KEY_LOG_ID_SIZE, core->previous_log_id};
  restored.last_seq = core->committed_seq;
  restored.given_up = core->seen.note;
  restored.reason = (char *)(uintptr_t)core->restored_reason;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_RESTORED;
  record.restored = &restored;
  return reasons_stage(core, &record, &core->restored_seq, err);
}
