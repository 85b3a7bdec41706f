// See lease.h.
#include "hub/core/lease.h"

#include <string.h>

void lease_sent(struct lease *lease, int64_t now_ms) { lease->sent_ms = now_ms; }

void lease_confirmed(struct lease *lease) {
  int64_t until_ms = lease->sent_ms + lease->length_ms - lease->length_ms / LEASE_MARGIN_PART;
  if (until_ms > lease->valid_until_ms) lease->valid_until_ms = until_ms;
}

bool lease_holds(const struct lease *lease, int64_t now_ms) { return now_ms < lease->valid_until_ms; }

bool lease_is_due(const struct lease *lease, int64_t now_ms) {
  int64_t whole_ms = lease->length_ms - lease->length_ms / LEASE_MARGIN_PART;
  return now_ms >= lease->valid_until_ms - whole_ms + lease->length_ms / LEASE_RENEW_PART;
}

enum lease_state lease_look(struct lease_watch *watch, const struct lease_row *row,
                            const uint8_t node[LEASE_NODE_SIZE], int64_t now_ms) {
  bool same = watch->seen && watch->epoch == row->epoch && watch->beat == row->beat;
  if (!same) {
    watch->moved = watch->seen && watch->epoch == row->epoch;
    watch->seen = true;
    watch->epoch = row->epoch;
    watch->beat = row->beat;
    watch->since_ms = now_ms;
  }
  if (!row->held) return row->epoch == 0 ? LEASE_NEW : LEASE_RELEASED;
  if (memcmp(row->node, node, LEASE_NODE_SIZE) == 0) return LEASE_OWN;
  // A server that was started anew has nobody's session of before: a holder that lives comes back to it.
  if (!row->session_lives && !row->server_is_new) return LEASE_DISCONNECTED;
  return now_ms - watch->since_ms >= row->length_ms ? LEASE_EXPIRED : LEASE_HELD;
}
