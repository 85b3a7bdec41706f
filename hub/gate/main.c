// nav-gate: holds the public ZeroMQ socket and its CURVE key, and relays sealed frames between agencies and
// nav-core. Started by: systemd, deploy/quickstart. Must never: see the database, the rules or any content.
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "hub/base/log.h"
#include "hub/base/memory.h"
#include "hub/gate/gate.h"
#include "hub/gate/selftest.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, FILES_OF_ITS_OWN = 64, PATH_SIZE = 4096 };

static const char help[] =
    "nav-gate --home DIR\n"
    "\n"
    "  nav-gate                     runs with NAV_HOME, else .nav, else /etc/nav\n"
    "  nav-gate --home /srv/nav     runs with that folder's nav.yaml\n"
    "\n"
    "Holds the public ZeroMQ socket: lets in the agencies' CURVE keys of agencies.yaml, limits rate, size "
    "and\n"
    "connections, and relays sealed frames to nav-core. SIGHUP reads agencies.yaml again; SIGTERM stops.\n"
    "\n"
    "  --home DIR   the installation's folder\n"
    "  --help       this text\n"
    "  --version    the version\n";

// 0: go on; else exit with *code.
static bool read_arguments(int argc, char **argv, const char **home, int *code) {
  static const struct option options[] = {{"home", required_argument, NULL, 'h'},
                                          {"help", no_argument, NULL, 'u'},
                                          {"version", no_argument, NULL, 'v'},
                                          {NULL, 0, NULL, 0}};
  opterr = 0;
  int option;
  while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
    if (option == 'h') {
      *home = optarg;
    } else if (option == 'v') {
      *code = puts("nav-gate 0.1.0") < 0 ? EXIT_FAILED : 0;
      return false;
    } else if (option == 'u') {
      *code = fputs(help, stdout) < 0 ? EXIT_FAILED : 0;
      return false;
    } else {
      break;
    }
  }
  if (option == -1 && optind == argc) return true;
  (void)fprintf(stderr, "nav-gate: '%s' is not understood; see nav-gate --help\n",
                option == -1 ? argv[optind] : argv[optind - 1]);
  *code = EXIT_USAGE;
  return false;
}

// Every thread inherits the mask; signals come through the descriptor alone.
static int take_signals(struct nav_error *err) {
  sigset_t set;
  (void)sigemptyset(&set);
  (void)sigaddset(&set, SIGTERM);
  (void)sigaddset(&set, SIGINT);
  (void)sigaddset(&set, SIGHUP);
  int fd = sigprocmask(SIG_BLOCK, &set, NULL) == 0 ? signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC) : -1;
  if (fd < 0) (void)nav_fail_errno(err, "", "cannot take signals");
  (void)signal(SIGPIPE, SIG_IGN);
  return fd;
}

// libzmq has no limit of connections; the number of files is one. Gives the limit.
static uint32_t limit_files(uint32_t connections_max) {
  struct rlimit limit;
  rlim_t wanted = connections_max + GATE_CONNECTIONS_SPARE + FILES_OF_ITS_OWN;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return (uint32_t)wanted;
  if (limit.rlim_max != RLIM_INFINITY && wanted > limit.rlim_max) {
    nav_log(NAV_LOG_WARNING, "only %lu files may be open, so fewer than %u connections fit",
            (unsigned long)limit.rlim_max, connections_max);
    wanted = limit.rlim_max;
  }
  limit.rlim_cur = wanted;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
    nav_log(NAV_LOG_WARNING, "cannot limit files: %s", strerror(errno));
  return (uint32_t)wanted;
}

static bool read_curve_key(const struct conf_nav *nav, struct key_pair_curve *keys, struct nav_error *err) {
  char path[PATH_SIZE];
  int length = snprintf(path, sizeof path, "%s/curve.key", nav->keys_folder);
  if (length < 0 || (size_t)length >= sizeof path) {
    return nav_fail(err, NAV_ERROR_LOCAL, 0, nav->keys_folder, "the path is too long");
  }
  if (!keys_read(path, "curve", true, keys->secret_key, KEY_CURVE_SIZE, err)) return false;
  (void)crypto_scalarmult_base(keys->public_key, keys->secret_key);
  return true;
}

// The book twice, one for ZAP's thread, and the counts.
static bool read_agencies(struct gate *gate, struct book **zaps, struct nav_error *err) {
  struct conf_faults faults = {0};
  struct conf_agencies *agencies = conf_agencies_load(gate->nav->config_folder, &faults);
  bool ok = agencies != NULL;
  if (!ok) {
    conf_faults_print(&faults);
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "agencies.yaml", "has faults");
  }
  ok = ok && (gate->book = book_new(agencies, err)) != NULL && (*zaps = book_new(agencies, err)) != NULL;
  if (ok) {
    gate->quota = quota_new(gate->book, gate->nav->frames_a_second_max, NULL);
    gate->sessions = sessions_new(gate->nav->connections_max);
    if (gate->quota == NULL || gate->sessions == NULL)
      ok = nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  }
  conf_agencies_free(agencies);
  conf_faults_free(&faults);
  return ok;
}

// In this order: the ZAP handler, then the public socket, then the proof that they belong together, and only
// then a core to speak to.
static bool open_all(struct gate *gate, void *zmq_context, const struct key_pair_curve *keys, uint32_t files,
                     struct nav_error *err) {
  struct book *zaps = NULL;
  if (!read_agencies(gate, &zaps, err)) {
    book_free(zaps);
    return false;
  }
  if ((gate->zap = zap_start(zmq_context, zaps, err)) == NULL) return false;
  if ((gate->door = door_open(zmq_context, keys, err)) == NULL) return false;
  gate->connections = connections_watch(zmq_context, gate->door, files, err);
  if (gate->connections == NULL || !door_bind(gate->door, gate->nav->endpoint, err)) return false;
  if (!news_open(&gate->door_news, gate->door))
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "public socket", "cannot be waited for: %s",
                    zmq_strerror(errno));
  if (!selftest_unlisted_key(zmq_context, gate->door, keys, err)) return false;
  (void)zap_take_refused(gate->zap);  // the self-test's own
  gate->core = corelink_open(gate->nav->gate_socket, gate_silent_ms(gate->nav), err);
  return gate->core != NULL;
}

static void close_all(struct gate *gate, void *zmq_context) {
  if (gate->has_parked) door_done(&gate->parked);
  corelink_close(gate->core);
  if (gate->door != NULL) {
    (void)zmq_socket_monitor(gate->door, NULL, 0);
    (void)zmq_close(gate->door);
  }
  connections_free(gate->connections);
  sessions_free(gate->sessions);
  if (gate->zap != NULL) zap_ending(gate->zap);
  (void)zmq_ctx_shutdown(zmq_context);
  zap_stop(gate->zap);
  (void)zmq_ctx_term(zmq_context);
  quota_free(gate->quota);
  book_free(gate->book);
}

static int run(const struct conf_nav *nav, struct nav_error *err) {
  struct key_pair_curve keys;
  struct gate gate = {.nav = nav};
  int signal_fd = take_signals(err);
  if (signal_fd < 0 || !read_curve_key(nav, &keys, err)) return EXIT_FAILED;
  uint32_t files = limit_files(nav->connections_max);
  void *zmq_context = zmq_ctx_new();
  int code = EXIT_FAILED;
  if (zmq_context == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "libzmq does not start");
  } else {
    if (open_all(&gate, zmq_context, &keys, files, err)) {
      nav_log(NAV_LOG_INFO, "listening on %s, %zu agencies' keys, at most %u connections", nav->endpoint,
              gate.book->count, nav->connections_max);
      code = gate_run(&gate, signal_fd);
    }
    close_all(&gate, zmq_context);
  }
  sodium_memzero(&keys, sizeof keys);
  (void)close(signal_fd);
  return code;
}

int main(int argc, char **argv) {
  const char *home = NULL;
  int code = 0;
  nav_memory_keep();
  nav_log_open("nav-gate", NAV_LOG_INFO);
  if (!read_arguments(argc, argv, &home, &code)) return code;
  if (sodium_init() < 0) return EXIT_FAILED;
  struct conf_faults faults = {0};
  struct conf_nav *nav = conf_nav_load(home, &faults);
  if (nav == NULL) {
    conf_faults_print(&faults);
    conf_faults_free(&faults);
    return EXIT_FAILED;
  }
  struct nav_error err = {0};
  code = run(nav, &err);
  if (code != 0 && err.class != NAV_ERROR_NONE) nav_log_failure(NAV_LOG_ERROR, "cannot start", &err);
  conf_nav_free(nav);
  conf_faults_free(&faults);
  return code;
}
