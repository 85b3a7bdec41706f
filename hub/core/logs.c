// See logs.h.
#include "hub/core/logs.h"

#include <stdio.h>
#include <string.h>

#include "hub/base/id.h"
#include "hub/wire/sha256.h"

bool logs_take_started(struct logs *logs, uint64_t seq, const Nav__V1__Started *started,
                       struct nav_error *err) {
  if (started->log_id.len != KEY_LOG_ID_SIZE) return true;
  if (logs->count > 0 && memcmp(logs->items[logs->count - 1].id, started->log_id.data, KEY_LOG_ID_SIZE) == 0)
    return true;
  if (logs->count == LOGS_MAX)
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "ledger", "it was put back more than %d times", LOGS_MAX);
  logs->items[logs->count].since = seq;
  memcpy(logs->items[logs->count++].id, started->log_id.data, KEY_LOG_ID_SIZE);
  return true;
}

static void hash_note(uint8_t hash[NAV_SHA256_SIZE], const char *note) {
  nav_sha256(hash, &(struct nav_bytes){note, strlen(note)}, 1);
}

void logs_take_restored(struct logs *logs, uint64_t seq, const Nav__V1__Restored *restored) {
  logs->restored_seq = seq;
  hash_note(logs->given_up, restored->given_up != NULL ? restored->given_up : "");
}

const uint8_t *logs_of(const struct logs *logs, uint64_t seq, const uint8_t *current) {
  const uint8_t *id = current;
  for (size_t i = 0; i < logs->count && logs->items[i].since <= seq; i++) id = logs->items[i].id;
  return id;
}

bool logs_know(const struct logs *logs, const char *hub, const char *origin) {
  size_t length = strlen(hub);
  if (strncmp(origin, hub, length) != 0 || origin[length] != '/') return false;
  for (size_t i = 0; i < logs->count; i++) {
    char hex[2 * KEY_LOG_ID_SIZE + 1];
    if (strcmp(origin + length + 1, nav_hex(hex, logs->items[i].id, KEY_LOG_ID_SIZE)) == 0) return true;
  }
  return false;
}

bool logs_gave_up(const struct logs *logs, const char *note) {
  uint8_t hash[NAV_SHA256_SIZE];
  hash_note(hash, note);
  return logs->restored_seq != 0 && memcmp(hash, logs->given_up, sizeof hash) == 0;
}
