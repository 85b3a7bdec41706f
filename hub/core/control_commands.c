// The table. See control_commands.h.
#include "hub/core/control_commands.h"

#include <string.h>

#include "hub/core/hold_commands.h"
#include "hub/core/recalls.h"
#include "hub/core/reload.h"

enum {
  ANY_ROLE = CONF_ROLE_READER | CONF_ROLE_CHAIR | CONF_ROLE_ASSESSOR | CONF_ROLE_AUDITOR | CONF_ROLE_OPERATOR
};

static const struct control_command commands[] = {
    {"hold-list", CONF_ROLE_ASSESSOR | CONF_ROLE_AUDITOR | CONF_ROLE_OPERATOR,
     "assessor, auditor or operator", false, hold_command_list},
    {"hold-get", CONF_ROLE_ASSESSOR | CONF_ROLE_AUDITOR | CONF_ROLE_OPERATOR, "assessor, auditor or operator",
     false, hold_command_get},
    {"recall-confirm", ANY_ROLE, "any", true, recall_command_confirm},
    {"hold-decide", CONF_ROLE_ASSESSOR, "assessor", true, hold_command_decide},
    {"access-load", CONF_ROLE_OPERATOR, "operator", true, reload_command},
    {NULL, 0, NULL, false, NULL},
};

const struct control_command *control_command_find(const char *name) {
  for (const struct control_command *command = commands; command->name != NULL; command++)
    if (strcmp(command->name, name) == 0) return command;
  return NULL;
}
