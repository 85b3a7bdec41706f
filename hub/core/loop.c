// nav-core's one loop: poll, take what has come, stage, commit, answer, deliver. The whole flow can be read
// in core_run. Called by: main. Must never: wait anywhere but in the poll.
#include <poll.h>
#include <signal.h>

#include "hub/base/clock.h"
#include "hub/base/log.h"
#include "hub/core/core.h"
#include "hub/core/erase.h"
#include "hub/core/erasures.h"
#include "hub/core/holds.h"
#include "hub/core/past.h"
#include "hub/core/redeliver.h"
#include "hub/core/reload.h"
#include "hub/core/replay.h"
#include "hub/core/retention.h"
#include "hub/core/shown.h"
#include "hub/core/standby.h"

enum {
  POLL_MS = 50,
  FRAMES_A_TURN = 16,
  ACKNOWLEDGE_MS = 50,  // acknowledgements alone make a commit no more often
  QUIET_MS = 1000,      // records that nobody waits for
  RETRY_MS = 500,
  SWEEP_MS = 1000,
};

static volatile sig_atomic_t signal_stop;
static volatile sig_atomic_t signal_reload;

static void on_stop(int number) {
  (void)number;
  signal_stop = 1;
}

static void on_reload(int number) {
  (void)number;
  signal_reload = 1;
}

bool core_told_to_stop(void) { return signal_stop != 0; }

void core_handle_signals(void) {
  struct sigaction stop = {.sa_handler = on_stop};
  struct sigaction reload = {.sa_handler = on_reload};
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  (void)sigaction(SIGTERM, &stop, NULL);
  (void)sigaction(SIGINT, &stop, NULL);
  (void)sigaction(SIGHUP, &reload, NULL);
  (void)sigaction(SIGPIPE, &ignore, NULL);
}

// ---- commit ----

static void answer(struct core *core, const struct batch *batch) {
  for (size_t i = 0; i < batch->answers_count; i++) {
    const struct batch_answer *to = &batch->answer_list[i];
    const uint8_t *bytes = batch->answers.data + to->offset;
    if (to->session == 0) {
      control_port_answer(core->control, to->connection, (const char *)bytes);
      continue;
    }
    struct session *session = sessions_find(core->sessions, to->session);
    if (session == NULL) continue;
    if (session->publications > 0) session->publications--;
    session_send_encoded(core->sessions, session, bytes, to->length);
  }
}

static void committed(struct core *core) {
  struct batch *batch = core->committing;
  core->committing = NULL;
  core->committed_seq = batch->last_seq;
  core->last_commit_ms = nav_clock_monotonic_ms();
  if (batch->has_checkpoint) shown_give(core, batch);
  for (size_t i = 0; i < batch->entries_count; i++) head_push(&core->head, batch->entries[i]);
  batch->entries_count = 0;  // the head's now
  erasures_committed(core);
  deliver_committed(core, batch);
  answer(core, batch);
  batch_clear(batch);
  holds_notify_committed(core);
}

static void commit(struct core *core) {
  struct batch *batch = core->staging;
  cosigners_stage(core->cosigners, batch);
  batch_finish(batch, core->origin, &core->checkpoint_key, core->nav->checkpoint_records,
               core->nav->checkpoint_ms, core->stopping);
  core->committing = batch;
  core->staging = batch == &core->batches[0] ? &core->batches[1] : &core->batches[0];
  standby_commits(core);
  store_commit(core->store, batch, core->sequence.epoch);
}

static void commit_if_due(struct core *core) {
  if (core->committing != NULL || core->database_lost || standby_is_renewing(core)) return;
  struct batch *batch = core->staging;
  int64_t since = nav_clock_monotonic_ms() - core->last_commit_ms;
  bool due = batch->urgent || since >= QUIET_MS || core->stopping;
  if (deliver_acknowledgements_wait(core) && (due || since >= ACKNOWLEDGE_MS)) {
    deliver_stage_acknowledgements(core);
    due = true;
  }
  if (!due) return;
  bool checkpoint = !core->stopping && batch_checkpoint_waits(batch, core->now_ms, core->nav->checkpoint_ms);
  if (!batch_is_empty(batch) || (batch->answers_count == 0 && checkpoint)) {
    commit(core);
  } else if (batch->answers_count > 0 && standby_may_deliver(core)) {
    // Only duplicates of what is durable: there is nothing to write.
    answer(core, batch);
    batch_clear(batch);
  }
}

static void stage_resumed(struct core *core, uint64_t last_seq) {
  Nav__V1__Resumed resumed = NAV__V1__RESUMED__INIT;
  resumed.has_last_seq = true;
  resumed.last_seq = last_seq;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_RESUMED;
  record.resumed = &resumed;
  (void)batch_stage(core->staging, &record, core->now_ms);
}

// The database is back, and under the new epoch it is certain where the ledger ends.
static void resume(struct core *core, uint64_t epoch, uint64_t last_seq) {
  struct batch *batch = core->committing;
  core->database_lost = false;
  core->sequence.epoch = epoch;
  bool has_records = batch != NULL && batch->first_seq <= batch->last_seq;
  if (has_records && last_seq == batch->last_seq) {
    nav_log(NAV_LOG_INFO, "the commit that was under way had been done");
    committed(core);
  } else if (last_seq != core->committed_seq) {
    nav_log(NAV_LOG_ERROR, "another core has written: record %llu is there, %llu was expected",
            (unsigned long long)last_seq, (unsigned long long)core->committed_seq);
    signal_stop = 1;
    core->database_lost = true;
    return;
  }
  stage_resumed(core, last_seq);
  core->staging->urgent = true;
  nav_log(NAV_LOG_INFO, "the database is back");
}

static void recover(struct core *core) {
  int64_t now = nav_clock_monotonic_ms();
  bool asking = store_is_asking(core->store);
  if (!asking && now < core->retry_ms) return;
  if (!asking) core->retry_ms = now + RETRY_MS;
  if (core->database_lost) {
    struct lease_taken taken;
    if (standby_reopen(core, &taken)) resume(core, taken.epoch, taken.last_seq);
  }
  if (!core->database_lost && core->committing != NULL) {
    standby_commits(core);
    store_commit(core->store, core->committing, core->sequence.epoch);
  }
}

static void step_store(struct core *core) {
  struct nav_error err = {0};
  if (core->database_lost) {
    recover(core);
    return;
  }
  switch (store_step(core->store, &err)) {
    case STORE_COMMITTED:
      if (standby_committed(core)) committed(core);
      break;
    case STORE_FENCED:
      standby_step_down(core);
      break;
    case STORE_FAILED:
      nav_log_failure(NAV_LOG_ERROR, "not committed, will be tried again", &err);
      core->retry_ms = nav_clock_monotonic_ms() + RETRY_MS;
      standby_failed(core);
      break;
    case STORE_LOST:
      nav_log_failure(NAV_LOG_ERROR, "the database is lost; publishers are told to wait", &err);
      core->database_lost = true;
      standby_failed(core);
      break;
    case STORE_IDLE:
      if (!standby_renews(core) && core->committing != NULL) recover(core);
      break;
    default:
      break;
  }
}

// ---- the loop ----

void core_wait(struct pollfd *files, size_t count, int wait_ms) {
  for (size_t i = 0; i < count; i++) files[i].revents = 0;
  (void)poll(files, count, wait_ms);
}

static size_t fill_files(struct core *core, struct pollfd *files) {
  size_t count = 0;
  if (store_fd(core->store) >= 0)
    files[count++] = (struct pollfd){.fd = store_fd(core->store), .events = store_poll_events(core->store)};
  if (reader_fd(core->reader) >= 0)
    files[count++] =
        (struct pollfd){.fd = reader_fd(core->reader), .events = reader_poll_events(core->reader)};
  files[count++] = (struct pollfd){.fd = shown_fd(core), .events = POLLIN};
  if (reload_fd(core) >= 0) files[count++] = (struct pollfd){.fd = reload_fd(core), .events = POLLIN};
  return count;
}

static void once_a_second(struct core *core) {
  int64_t now = nav_clock_monotonic_ms();
  if (now - core->swept_ms < SWEEP_MS) return;
  core->swept_ms = now;
  sessions_sweep(core->sessions);
  intake_flush_rejections(core);
  holds_sweep(core);
}

static void turn(struct core *core, bool busy) {
  struct pollfd files[CORE_FILES_MAX];
  // Nothing is read any more while it stops.
  sessions_poll_fill(core->sessions, files, !core->stopping);
  size_t own = GATE_PORT_FILES + fill_files(core, files + GATE_PORT_FILES);
  size_t control = control_port_poll_count(core->control);
  NAV_ASSERT(own + control <= CORE_FILES_MAX);
  control_port_poll_fill(core->control, files + own);
  core_wait(files, own + control, busy ? 0 : POLL_MS);
  core->now_ms = nav_clock_now_ms();
  buckets_set_today(core->buckets, nav_day_stockholm(core->now_ms));
  sessions_step(core->sessions, files);
  control_port_step(core->control, files + own);
}

static bool finished(const struct core *core) {
  if (standby_has_stepped_down(core)) return true;
  return core->stopping && (core->database_lost || (core->committing == NULL && !standby_is_renewing(core) &&
                                                    batch_is_empty(core->staging)));
}

// Told to; or, after --restored, when that is on the record: what comes next is an ordinary start.
static bool is_to_stop(const struct core *core) {
  return signal_stop != 0 || (core->restored_reason != NULL && core->committed_seq >= core->restored_seq);
}

static void begin_stop(struct core *core) {
  core->stopping = true;
  nav_log(NAV_LOG_INFO, "stopping");
  Nav__V1__Stopped stopped = NAV__V1__STOPPED__INIT;
  stopped.reason = (char *)(uintptr_t)(core->restored_reason == NULL ? "told to" : "restored, on the record");
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_STOPPED;
  record.stopped = &stopped;
  (void)batch_stage(core->staging, &record, core->now_ms);
}

void core_run(struct core *core) {
  bool busy = false;
  while (!finished(core)) {
    turn(core, busy);
    if (signal_reload != 0 && !core->stopping) {
      signal_reload = 0;
      core_reload(core);
    }
    if (!core->stopping) reload_step(core);
    if (!core->stopping && is_to_stop(core)) begin_stop(core);
    int frames = core->stopping ? 0 : sessions_receive(core->sessions, FRAMES_A_TURN);
    reader_step(core->reader);
    if (!core->stopping) intake_step(core);
    if (!core->stopping) hold_decide_step(core);
    if (!core->stopping) replay_step(core);
    if (!core->stopping) redeliver_step(core);
    if (!core->stopping) retention_step(core);
    if (!core->stopping) erase_step(core);
    if (!core->stopping) parts_ahead_step(core);
    erasures_step(core);
    step_store(core);
    shown_step(core);
    standby_watch(core);
    commit_if_due(core);
    // What the gate would not take before, so that what waits for room goes on in this turn.
    if (!sessions_have_room(core->sessions)) sessions_flush(core->sessions);
    if (!core->stopping && past_waits(core)) past_step(core);
    bool more = !core->stopping && standby_may_deliver(core) && deliver_step(core);
    if (!core->stopping) past_step(core);  // after all that asks for somebody who waits
    once_a_second(core);
    sessions_flush(core->sessions);
    busy = more || frames == FRAMES_A_TURN;
  }
}
