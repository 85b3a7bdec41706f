// See load.h: the run itself. The parent forks, opens the window, closes it, waits for the rest and prints.
#include "tests/bench/load/load.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hub/base/memory.h"
#include "tests/bench/load/options.h"
#include "tests/bench/load/report.h"
#include "tests/bench/load/usage.h"

enum {
  CHILDREN_MAX = LOAD_PUBLISHERS_MAX + LOAD_RECIPIENTS_MAX,
  READY_S = 60,
  START_AFTER_MS = 50,
  LOOK_MS = 2,
  STALL_S = 15,       // nothing more has come for so long: it will not
  FAREWELL_MS = 300,  // the last acknowledgements leave
  END_S = 30,
};

static struct load_options options;
const struct load_options *const load_options = &options;
struct load_shared *load_shared;

static struct {
  pid_t pid;
  struct load_worker *worker;
} children[CHILDREN_MAX];
static size_t children_count;

static void sleep_ms(long ms) {
  struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
  (void)nanosleep(&pause, NULL);
}

static double since_s(uint64_t from_ns) { return (double)(load_now_ns() - from_ns) / 1e9; }

// ---- processes ----

static pid_t start(void) {
  pid_t parent = getpid();
  (void)fflush(NULL);
  pid_t pid = fork();
  if (pid != 0) return pid;
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  (void)prctl(PR_SET_TIMERSLACK, 1);
  if (getppid() != parent) _exit(1);
  return 0;
}

static void start_worker(struct load_worker *worker, bool (*run)(unsigned), unsigned number) {
  pid_t pid = start();
  if (pid == 0) {
    bool ok = run(number);
    atomic_store(&worker->failed, !ok);
    atomic_store(&worker->done, true);
    (void)fflush(NULL);
    _exit(ok ? 0 : 1);
  }
  children[children_count].pid = pid;
  children[children_count++].worker = worker;
}

static bool prepare(const struct load_peer *peer) {
  int status = 0;
  if (peer->prepare == NULL) return true;
  pid_t pid = start();
  if (pid == 0) {
    bool ok = peer->prepare();
    (void)fflush(NULL);
    _exit(ok ? 0 : 1);
  }
  return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Where events are due at even times; its own time is not the load's.
static pid_t start_steady(void) {
  pid_t pid = options.rate > 0 ? start() : -1;
  if (pid != 0) return pid;
  steady_run(&load_shared->steady, &load_shared->quit);
  _exit(0);
}

static bool any_failed(void) {
  for (size_t i = 0; i < children_count; i++) {
    if (children[i].pid < 0 || atomic_load(&children[i].worker->failed)) return true;
  }
  return false;
}

static bool all_ready(void) {
  for (size_t i = 0; i < children_count; i++) {
    if (!atomic_load(&children[i].worker->ready)) return false;
  }
  return true;
}

static bool wait_ready(void) {
  uint64_t from_ns = load_now_ns();
  while (!all_ready()) {
    if (any_failed() || since_s(from_ns) > READY_S) return false;
    sleep_ms(LOOK_MS);
  }
  return true;
}

static bool publishers_done(void) {
  for (unsigned i = 0; i < options.publishers; i++) {
    if (!atomic_load(&load_shared->publishers[i].done)) return false;
  }
  return true;
}

// Reaps every child; kills what does not end by itself.
static void end_children(void) {
  uint64_t from_ns = load_now_ns();
  atomic_store(&load_shared->stop, true);
  atomic_store(&load_shared->quit, true);
  for (size_t i = 0; i < children_count; i++) {
    if (children[i].pid <= 0) continue;
    while (waitpid(children[i].pid, NULL, WNOHANG) == 0) {
      if (since_s(from_ns) > END_S) (void)kill(children[i].pid, SIGKILL);
      sleep_ms(LOOK_MS);
    }
  }
}

// ---- the run ----

static void sample(struct report_sample *it) {
  *it = (struct report_sample){
      .at_ns = load_now_ns(), .accepted = report_accepted(), .received = report_received()};
  for (size_t i = 0; i < options.servers_count; i++)
    it->server_s[i] = usage_cpu_s(options.servers[i].pid, options.servers[i].children);
  for (size_t i = 0; i < children_count; i++) it->clients_s += usage_cpu_s(children[i].pid, false);
  it->clients_s += usage_cpu_s(getpid(), false);
  it->machine_s = usage_machine_s();
}

static uint64_t wanted(void) {
  uint64_t each = options.publishers > 0 ? report_accepted() : options.expect;
  return each * options.recipients;
}

// True: all has come. False: it will not; the line tells what is missing.
static bool drain(void) {
  uint64_t from_ns = load_now_ns(), moved_ns = from_ns, before = 0;
  for (;;) {
    uint64_t received = report_received();
    bool settled = publishers_done();
    if (settled && received >= wanted()) return true;
    if (received != before) moved_ns = load_now_ns();
    before = received;
    if (any_failed() || since_s(moved_ns) > STALL_S || since_s(from_ns) > options.drain_s) return false;
    sleep_ms(LOOK_MS);
  }
}

static void sleep_until(uint64_t at_ns) {
  for (uint64_t now_ns; (now_ns = load_now_ns()) < at_ns && !any_failed();) {
    uint64_t left_ms = (at_ns - now_ns) / 1000000;
    sleep_ms(left_ms > 100 ? 100 : (long)left_ms + 1);
  }
}

static bool window_over(void) {
  if (options.publishers == 0) return report_received() >= wanted();
  return publishers_done();
}

// The window is the whole run.
static bool counted(void) { return options.events > 0 || options.publishers == 0; }

// With a number of events the window is the whole run; it ends with the last answer, or the last event where
// nobody publishes. Else it opens after the warm-up and lasts as long as it was told to.
static void measure(struct report_sample *begin, struct report_sample *end) {
  uint64_t after_ms = options.publishers > 0 ? START_AFTER_MS : 0;
  uint64_t start_ns = load_now_ns() + after_ms * UINT64_C(1000000);
  uint64_t begin_ns = counted() ? start_ns : start_ns + (uint64_t)(options.warm_s * 1e9);
  uint64_t most_ns = (uint64_t)((counted() ? options.drain_s : options.seconds) * 1e9);
  for (size_t i = 0; i < options.servers_count; i++) usage_forget_peak(options.servers[i].pid);
  atomic_store(&load_shared->start_ns, start_ns);
  atomic_store(&load_shared->begin_ns, begin_ns);
  atomic_store(&load_shared->end_ns, begin_ns + most_ns);
  atomic_store(&load_shared->go, true);
  sleep_until(begin_ns);
  sample(begin);
  if (counted()) {
    while (!window_over() && !any_failed() && load_now_ns() < begin_ns + most_ns) sleep_ms(LOOK_MS);
  } else {
    sleep_until(begin_ns + most_ns);
  }
  sample(end);
  atomic_store(&load_shared->stop, true);
}

static bool run(const struct load_peer *peer) {
  struct report_sample begin, end;
  if (!prepare(peer)) return false;
  for (unsigned i = 0; i < options.recipients; i++)
    start_worker(&load_shared->recipients[i], peer->receive, i);
  for (unsigned i = 0; i < options.publishers; i++)
    start_worker(&load_shared->publishers[i], peer->publish, i);
  // Where nobody publishes, what waits comes with the connection: the clock starts before it.
  if (options.publishers > 0 && !wait_ready()) {
    (void)fputs("not everybody became ready\n", stderr);
    end_children();
    return false;
  }
  pid_t steady = start_steady();
  measure(&begin, &end);
  bool whole = drain();
  uint64_t drained_ns = load_now_ns();
  bool failed = any_failed();
  sleep_ms(FAREWELL_MS);
  report_print(&begin, &end, drained_ns);
  end_children();
  if (steady > 0) (void)waitpid(steady, NULL, 0);
  if (!whole) (void)fputs("not everything that was accepted arrived\n", stderr);
  return whole && !failed;
}

// Clients spend no time that is theirs in the parent; a run's number is of chance unless it was given.
static unsigned some_run(void) {
  uint64_t x = load_now_ns() ^ (uint64_t)getpid() << 32;
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  return (unsigned)((x ^ (x >> 27)) % UINT16_MAX) + 1;
}

int load_main(int argc, char **argv, const struct load_peer *peer) {
  if (!options_read(argc, argv, &options)) return 2;
  nav_memory_keep();  // a broker's clients are measured with it: of every broker
  if (options.run == 0) options.run = some_run();
  load_shared = mmap(NULL, sizeof *load_shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (load_shared == MAP_FAILED) {
    perror("mmap");
    return 1;
  }
  bool ok = run(peer);
  (void)munmap(load_shared, sizeof *load_shared);
  return ok ? 0 : 1;
}
