// nav-desk: reads for people. Searches and verifies the ledger, compiles briefings and opens content for a
// named reader, each reading recorded by nav-core first. Started by: systemd, deploy/quickstart. Must never:
// hold an event's key but for the request it was given for.
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "hub/base/log.h"
#include "hub/desk/serve.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const char help[] =
    "nav-desk --home DIR\n"
    "\n"
    "  nav-desk                     runs with NAV_HOME, else .nav, else /etc/nav\n"
    "  nav-desk --home /srv/nav     runs with that folder's nav.yaml\n"
    "\n"
    "Reads for people over the unix socket sockets.desk (navctl audit, meeting, briefing). SIGHUP reads "
    "agencies.yaml\n"
    "again; SIGTERM stops.\n"
    "\n"
    "  --home DIR   the installation's folder\n"
    "  --help       this text\n"
    "  --version    the version\n";

// True: go on; else exit with *code.
static bool read_arguments(int argc, char **argv, const char **home, int *code) {
  static const struct option options[] = {{"home", required_argument, NULL, 'h'},
                                          {"help", no_argument, NULL, 'u'},
                                          {"version", no_argument, NULL, 'v'},
                                          {NULL, 0, NULL, 0}};
  opterr = 0;
  int option = 0;
  while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
    if (option == 'h') {
      *home = optarg;
    } else if (option == 'v' || option == 'u') {
      *code = fputs(option == 'v' ? "nav-desk 0.1.0\n" : help, stdout) < 0 ? EXIT_FAILED : 0;
      return false;
    } else {
      break;
    }
  }
  if (option == -1 && optind == argc) return true;
  (void)fprintf(stderr, "nav-desk: '%s' is not understood; see nav-desk --help\n",
                option == -1 ? argv[optind] : argv[optind - 1]);
  *code = EXIT_USAGE;
  return false;
}

static int take_signals(void) {
  sigset_t set;
  (void)sigemptyset(&set);
  (void)sigaddset(&set, SIGTERM);
  (void)sigaddset(&set, SIGINT);
  (void)sigaddset(&set, SIGHUP);
  (void)sigaddset(&set, SIGCHLD);  // wakes the loop
  (void)signal(SIGPIPE, SIG_IGN);
  return sigprocmask(SIG_BLOCK, &set, NULL) == 0 ? signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC) : -1;
}

static struct conf_agencies *load_agencies(const struct conf_nav *nav) {
  struct conf_faults faults = {0};
  struct conf_agencies *agencies = conf_agencies_load(nav->config_folder, &faults);
  conf_faults_print(&faults);
  conf_faults_free(&faults);
  return agencies;
}

static bool run(const struct conf_nav *nav) {
  struct nav_error err = {0};
  struct conf_agencies *agencies = load_agencies(nav);
  if (agencies == NULL) return false;
  int signal_fd = take_signals();
  if (signal_fd < 0) {
    (void)nav_fail_errno(&err, "", "cannot take signals");
    conf_agencies_free(agencies);
  } else if (desk_serve(nav, agencies, load_agencies, signal_fd, &err)) {
    (void)close(signal_fd);
    return true;
  }
  nav_log_failure(NAV_LOG_ERROR, "nav-desk cannot run", &err);
  return false;
}

int main(int argc, char **argv) {
  const char *home = NULL;
  int code = 0;
  if (!read_arguments(argc, argv, &home, &code)) return code;
  nav_log_open("nav-desk", NAV_LOG_INFO);
  if (sodium_init() < 0) {
    nav_log(NAV_LOG_ERROR, "libsodium cannot start");
    return EXIT_FAILED;
  }
  struct conf_faults faults = {0};
  struct conf_nav *nav = conf_nav_load(home, &faults);
  conf_faults_print(&faults);
  conf_faults_free(&faults);
  bool ok = nav != NULL && run(nav);
  conf_nav_free(nav);
  return ok ? 0 : EXIT_FAILED;
}
