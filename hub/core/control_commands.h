// The commands of nav-core's control socket that belong to a part of it (holds, recalls, rules, retention):
// one table, each command with the role it takes. status and record are control_port's own. Called by:
// control_port. Must never: be run for a person whose role does not allow it.
#ifndef NAV_CORE_CONTROL_COMMANDS_H
#define NAV_CORE_CONTROL_COMMANDS_H

#include <jansson.h>

#include "hub/core/core.h"

struct control_request {
  struct core *core;
  const json_t *json;
  uid_t uid;
  const struct conf_person *person;  // never NULL; has one of the command's roles
  uint64_t connection;               // for batch_answer_control and control_port_answer
};

struct control_command {
  const char *name;
  const char *role_text;
  // The answer at once (a new reference); NULL with *err untouched: it comes later, staged with the batch
  // (batch_answer_control) or by control_port_answer; NULL with *err: refused.
  json_t *(*run)(struct control_request *request, struct nav_error *err);
  unsigned roles;  // of conf_person_role; any of these
  bool writes;     // it stages records: refused while the ledger cannot be written
};

const struct control_command *control_command_find(const char *name);  // NULL: none

#endif
