// Notices of holds to the adapters of the agency that decides: of each new or escalated one once it is
// committed, and of what waits when a session begins. Hints: the queue itself is asked with navctl hold list.
// See holds.h.
#include <stdio.h>
#include <string.h>

#include "hub/core/holds.h"

enum { NOTICES_A_COMMIT = 64, NOTICES_A_SESSION = 100 };

static void send_notice(struct core *core, struct session *session, Nav__V1__Notice *notice) {
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_NOTICE;
  frame.notice = notice;
  session_send(core->sessions, session, &frame);
}

static void notify(struct core *core, struct session *session, const struct hold *hold) {
  char to[256];
  const struct number_lane *lane = &core->numbers->lanes[hold->lane];
  Nav__V1__Notice notice = NAV__V1__NOTICE__INIT;
  notice.has_kind = notice.has_seq = notice.has_urgent = notice.has_deadline_ms = notice.has_level = true;
  notice.kind = NAV__V1__NOTICE_KIND__NOTICE_KIND_HELD;
  notice.seq = hold->event_seq;
  notice.text = (char *)(uintptr_t)(hold->kind == HOLD_REQUEST ? "a request waits for your answer"
                                                               : "an event of yours waits for assessment");
  notice.recipient = lane->agency;
  notice.purpose = lane->purpose;
  notice.rule = (char *)(uintptr_t)hold->rule;
  notice.urgent = hold->urgent;
  notice.deadline_ms = hold->deadline_ms;
  notice.level = hold->level;
  notice.assessor = (char *)(uintptr_t)hold_assessor(core, hold, to);
  send_notice(core, session, &notice);
}

static void notify_more(struct core *core, struct session *session, size_t count) {
  char text[128];
  Nav__V1__Notice notice = NAV__V1__NOTICE__INIT;
  notice.has_kind = true;
  notice.kind = NAV__V1__NOTICE_KIND__NOTICE_KIND_HELD;
  (void)snprintf(text, sizeof text, "%zu more wait for assessment: navctl hold list", count);
  notice.text = text;
  send_notice(core, session, &notice);
}

// The newest session of the agency; NULL: it is away, and is told when it comes.
static struct session *session_of(struct core *core, uint32_t agency) {
  for (size_t i = sessions_count(core->sessions); i > 0; i--) {
    struct session *session = sessions_at(core->sessions, i - 1);
    if (session != NULL && session->started && session->agency_number == agency) return session;
  }
  return NULL;
}

// Past NOTICES_A_COMMIT of one turn the rest are left to the next; who is away is told at its session's
// start.
void holds_notify_committed(struct core *core) {
  size_t told = 0;
  if (!holds_notices_wait(core->holds)) return;
  for (size_t i = 0; i < holds_slots(core->holds) && told < NOTICES_A_COMMIT; i++) {
    struct hold *hold = holds_at(core->holds, i);
    if (hold == NULL || !hold->notice_waits || hold->event_seq > core->committed_seq) continue;
    holds_notice_done(core->holds, hold);
    struct session *session = session_of(core, hold->agency);
    if (session == NULL) continue;
    notify(core, session, hold);
    told++;
  }
}

void holds_notify_session(struct core *core, struct session *session) {
  size_t count = 0;
  for (size_t i = 0; i < holds_slots(core->holds); i++) {
    struct hold *hold = holds_at(core->holds, i);
    if (hold == NULL || hold->agency != session->agency_number || hold->event_seq > core->committed_seq)
      continue;
    holds_notice_done(core->holds, hold);
    if (count++ < NOTICES_A_SESSION) notify(core, session, hold);
  }
  if (count > NOTICES_A_SESSION) notify_more(core, session, count - NOTICES_A_SESSION);
}
