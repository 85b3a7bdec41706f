// New rules and agencies, whole or not at all. A process of its own builds them, checks them and runs their
// tests (try_rules.c), so that the loop goes on; only then does nav-core load the very same files, swap, and
// stage the RulesChanged record before anything that is decided by them. On any fault the rules in force
// stay. Called by: the loop (SIGHUP, each turn), control_commands (access-load), start. Must never: wait for
// the process, or leave half of a configuration in force.
#ifndef NAV_CORE_RELOAD_H
#define NAV_CORE_RELOAD_H

#include "hub/core/control_commands.h"
#include "hub/core/core.h"

enum { RELOAD_REHEARSAL_MAX = 2000, RELOAD_LIMIT_S = 60, RELOAD_RESULT_BYTES_MAX = 8 * 1024 * 1024 };

// A SIGHUP. While another is under way it is remembered, once.
void core_reload(struct core *core);
// {"command":"access-load","rehearsal":text,"expect":hex,"dry_run":bool}. expect: the hash of the rules that
// were rehearsed; other rules are refused. Answered when it is done:
// {"ok":true,"loaded":bool,"changed":bool,"hash","rules","lanes","tests","expectations","faults","warnings",
//  "faults_dropped","seq"}; where faults is not empty nothing was loaded.
json_t *reload_command(struct control_request *request, struct nav_error *err);
// Once a turn: takes what the process has said, and swaps where it says yes.
void reload_step(struct core *core);
// To wake the loop; -1: nothing is under way, or it has said all it will.
int reload_fd(const struct core *core);
// Ends what is under way.
void reload_free(struct core *core);

// Who brought the rules of the core into force; empty texts and 0 at a start.
struct rules_change {
  const char *person;
  const char *agency;
  const char *rehearsal;
  uint32_t tests;
};
// Stages a RulesChanged record of core->rules, and the texts of its files. Returns its seq.
uint64_t reload_stage_rules(struct core *core, const struct rules_change *change);

// try_rules.c: what the process does: loads, checks and tests the folder, and writes the result to standard
// output as JSON:
// {"hash","rules","lanes","tests","expectations","faults":[…],"faults_dropped","warnings":[…]}. Returns the
// exit code.
int reload_try(const char *config_folder);

#endif
