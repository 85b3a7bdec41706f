// nav-core: owns the ledger. Decides, commits, delivers. It opens no network socket: clients come through
// nav-gate, navctl and nav-desk by unix sockets.
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "hub/base/log.h"
#include "hub/base/memory.h"
#include "hub/core/reload.h"
#include "hub/core/standby.h"

static void usage(FILE *out) {
  (void)fputs(
      "nav-core --home /etc/nav      runs the hub's core on that installation\n"
      "nav-core --home /etc/nav --restored REASON\n"
      "                              records that the database was put back to an earlier state, and ends\n"
      "\n"
      "  --home DIR   the installation (else NAV_HOME, else .nav, else /etc/nav)\n"
      "  --try DIR    checks and tests a configuration folder as a reload does, prints the result as JSON, "
      "ends\n"
      "  --restored REASON\n"
      "               the ledger is behind what this hub has shown, and is to go on: under a new log id, "
      "with "
      "the\n"
      "               reason in its next record. Agencies are alarmed until each has been told; see\n"
      "               hub/ledger/RESTORE.md\n"
      "  --debug      says more\n"
      "  --help       this text\n"
      "\n"
      "Of several nodes on one database one is active and the others stand by (hub/core/STANDBY.md). Exit "
      "code 5: not "
      "now, to be started again (also: another node has the lease).\n\n"
      "SIGTERM stops. SIGHUP loads agencies and rules anew, whole or not at all: they are built, checked "
      "and\n"
      "tested (access/tests) in a process beside, then swapped in and recorded in the ledger. On any fault "
      "the\n"
      "rules in force stay and the faults are logged. 'navctl access load' does the same, rehearses it first "
      "on\n"
      "what has happened, and says what it found.\n",
      out);
}

static int said_restored(const struct core *core) {
  if (core->committed_seq < core->restored_seq) {
    nav_log(NAV_LOG_ERROR, "not recorded; nothing has changed, try again");
    return 5;
  }
  nav_log(NAV_LOG_INFO, "record %llu says that the database was put back and why: start nav-core as usual",
          (unsigned long long)core->restored_seq);
  return 0;
}

int main(int argc, char **argv) {
  static const struct option options[] = {
      {"home", required_argument, NULL, 'h'},     {"try", required_argument, NULL, 't'},
      {"restored", required_argument, NULL, 'r'}, {"debug", no_argument, NULL, 'd'},
      {"help", no_argument, NULL, '?'},           {NULL, 0, NULL, 0}};
  static struct core core;
  const char *home = NULL;
  enum nav_log_level level = NAV_LOG_INFO;
  for (int option = 0; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (option == 'h') {
      home = optarg;
    } else if (option == 't') {
      return reload_try(optarg);
    } else if (option == 'r') {
      core.restored_reason = optarg;
    } else if (option == 'd') {
      level = NAV_LOG_DEBUG;
    } else {
      bool asked = optopt == 0;
      usage(asked ? stdout : stderr);
      return asked ? 0 : 2;
    }
  }
  nav_memory_keep();
  nav_memory_warm(HEAD_BYTES_MAX);
  nav_log_open("nav-core", level);
  struct nav_error err;
  if (sodium_init() < 0) return 1;
  if (!core_start(&core, home, &err)) {
    if (core_told_to_stop()) {  // while it stood by, or waited for the database
      core_stop(&core);
      return 0;
    }
    nav_log_failure(NAV_LOG_ERROR, "cannot start", &err);
    core_stop(&core);
    return err.class == NAV_ERROR_RETRY ? 5 : 1;
  }
  core_run(&core);
  int code = core.restored_reason == NULL ? 0 : said_restored(&core);
  // Another node is active: started again, this one stands by.
  if (standby_has_stepped_down(&core)) code = 5;
  core_stop(&core);
  return code;
}
