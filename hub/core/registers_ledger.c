// The registers and the ledger: at start every stored Consent and Request is opened and taken in order, as if
// it came anew; while running, what was just staged is taken and its record staged after it. Called by:
// start, intake_stage. Must never: start with a withdrawal left out.
#include "hub/base/id.h"
#include "hub/base/log.h"
#include "hub/core/core.h"
#include "hub/core/holds.h"
#include "hub/core/recalls.h"
#include "hub/core/stored.h"
#include "hub/wire/event.h"
#include "hub/wire/message.h"

enum { MS_A_DAY = 86400000, ARENA_MAX = 4 * 1024 * 1024 };

static int64_t erased_ms(uint32_t retention_class, uint32_t bucket_day) {
  return ((int64_t)bucket_day + bucket_class_days(retention_class)) * MS_A_DAY;
}

// ---- at start ----

struct loading {
  struct core *core;
  struct nav_arena *arena;
  uint64_t taken;
};

// NULL with *erased: its time is over, and no fault.
static const Nav__V1__Event *open_event(struct loading *loading, const struct store_event *row, bool *erased,
                                        struct nav_error *err) {
  *erased = row->sealed == NULL;
  if (*erased) return NULL;
  struct stored_event event = {
      .seq = row->seq, .retention_class = row->retention_class, .bucket_day = row->bucket_day};
  if (!stored_open(loading->core, &event, row->sealed, row->sealed_length, err)) {
    *erased = err->code == NAV__V1__CODE__CODE_NOT_FOUND;
    return NULL;
  }
  nav_arena_reset(loading->arena);
  return wire_decode_lenient(&nav__v1__event__descriptor, loading->arena, event.bytes, event.length, err);
}

// One that does not open stops the start: it could be a withdrawal. Whatever consent is older than one that
// was erased is erased too: all have one class, and none is erased singly (erase.h). A request may be.
static bool load_event(void *context, const struct store_event *stored, struct nav_error *err) {
  struct loading *loading = context;
  bool erased = false;
  const Nav__V1__Event *event = open_event(loading, stored, &erased, err);
  if (erased) return true;
  if (event == NULL || event->id.len != NAV_EVENT_ID_SIZE) {
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "ledger",
                    "event %llu, which the register of consent or requests needs, does not open: run navctl "
                    "audit verify",
                    (unsigned long long)stored->seq);
  }
  struct register_place place = {stored->agency, stored->seq,
                                 erased_ms(stored->retention_class, stored->bucket_day)};
  registers_take(loading->core->registers, event, &place);
  if (recalls_has(loading->core->recalls, stored->seq))
    registers_forget(loading->core->registers, stored->agency, event->id.data);
  loading->taken++;
  return true;
}

bool core_load_registers(struct core *core, struct nav_error *err) {
  struct loading loading = {.core = core, .arena = nav_arena_new(ARENA_MAX)};
  if (loading.arena == NULL) return nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
  bool ok = store_read_events_of_type(core->store, NAV__V1__EVENT__BODY_CONSENT, load_event, &loading, err) &&
            store_read_events_of_type(core->store, NAV__V1__EVENT__BODY_REQUEST, load_event, &loading, err);
  if (ok && loading.taken > 0) {
    nav_log(NAV_LOG_INFO, "registers of %llu consents and requests", (unsigned long long)loading.taken);
  }
  nav_arena_free(loading.arena);
  return ok;
}

// ---- while running ----

static void stage_consent_changed(struct core *core, const Nav__V1__Event *event, uint64_t seq) {
  Nav__V1__ConsentChanged changed = NAV__V1__CONSENT_CHANGED__INIT;
  changed.has_event_seq = changed.has_withdrawn = true;
  changed.event_seq = seq;
  changed.agency = event->source;
  changed.withdrawn = event->consent->has_withdrawn && event->consent->withdrawn;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_CONSENT_CHANGED;
  record.consent_changed = &changed;
  (void)batch_stage(core->staging, &record, core->now_ms);
}

static void stage_request_answered(struct core *core, const Nav__V1__Event *event, uint64_t seq) {
  const struct register_request *request = NULL;
  if (registers_answers(core->registers, event, 0, core->now_ms, &request) != 1) return;
  Nav__V1__RequestAnswered answered = NAV__V1__REQUEST_ANSWERED__INIT;
  answered.has_request_seq = answered.has_event_seq = true;
  answered.request_seq = request->seq;
  answered.event_seq = seq;
  answered.agency = event->source;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_REQUEST_ANSWERED;
  record.request_answered = &answered;
  (void)batch_stage(core->staging, &record, core->now_ms);
  holds_close_event(core, answered.request_seq, NAV__V1__HOLD_CLOSED_REASON__HOLD_CLOSED_REASON_ANSWERED,
                    seq);
}

void core_register_event(struct core *core, const Nav__V1__Event *event, const struct batch_event *row,
                         uint64_t seq) {
  struct register_place place = {row->agency, seq, erased_ms(row->retention_class, row->bucket_day)};
  registers_take(core->registers, event, &place);
  if (event->body_case == NAV__V1__EVENT__BODY_CONSENT) stage_consent_changed(core, event, seq);
  stage_request_answered(core, event, seq);
}
