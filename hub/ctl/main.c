// navctl: the command line of operators, auditors and chairs. Started by: people, scripts. Must never: hold a
// right of its own; nav-core and nav-desk know the caller by the system user.
#include <locale.h>
#include <sodium.h>
#include <stdio.h>

#include "hub/ctl/ctl.h"

int main(int argc, char **argv) {
  struct ctl ctl = {.format = CTL_TABLE};
  bool run = false;
  // For the width of å, ä and ö in tables, whatever the caller's locale; nothing else depends on one.
  (void)setlocale(LC_CTYPE, "C.UTF-8");
  if (sodium_init() < 0) return (int)ctl_complain(CTL_FAILED, "libsodium cannot start");
  enum ctl_exit code = ctl_parse(&ctl, argc, argv, &run);
  if (run) code = ctl_run(&ctl);
  conf_nav_free(ctl.nav);
  // A full disk: what was printed is not whole, and whoever reads it must not take it for that.
  if (fflush(stdout) != 0 || ferror(stdout) != 0) {
    (void)ctl_complain(CTL_FAILED, "not all could be written to standard output: is its disk full?");
    if (code == CTL_DONE) code = CTL_FAILED;
  }
  return (int)code;
}
