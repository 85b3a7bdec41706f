// The table. See control_commands.h.
#include "hub/core/control_commands.h"

#include <string.h>

#include "hub/core/erase.h"
#include "hub/core/hold_commands.h"
#include "hub/core/recalls.h"
#include "hub/core/redeliver.h"
#include "hub/core/reload.h"
#include "hub/core/replay.h"
#include "hub/core/retention.h"

enum {
  ANY_ROLE = CONF_ROLE_READER | CONF_ROLE_CHAIR | CONF_ROLE_ASSESSOR | CONF_ROLE_AUDITOR | CONF_ROLE_OPERATOR,
  SEES_HOLDS = CONF_ROLE_ASSESSOR | CONF_ROLE_AUDITOR | CONF_ROLE_OPERATOR,
};

static const struct control_command commands[] = {
    {"hold-list", "assessor, auditor or operator", hold_command_list, SEES_HOLDS, false},
    {"hold-get", "assessor, auditor or operator", hold_command_get, SEES_HOLDS, false},
    {"hold-decide", "assessor", hold_command_decide, CONF_ROLE_ASSESSOR, true},
    {"recall-confirm", "any", recall_command_confirm, ANY_ROLE, true},
    {"access-load", "operator", reload_command, CONF_ROLE_OPERATOR, true},
    {"lane-list", "operator", nacks_command_list, CONF_ROLE_OPERATOR, false},
    {"lane-redeliver", "operator", redeliver_command, CONF_ROLE_OPERATOR, true},
    {"lane-replay", "operator", replay_command, CONF_ROLE_OPERATOR, true},
    {"retention-preview", "operator", retention_preview, CONF_ROLE_OPERATOR, false},
    {"retention-run", "operator", retention_run, CONF_ROLE_OPERATOR, true},
    {"retention-erase", "operator", erase_command, CONF_ROLE_OPERATOR, true},
    {NULL, NULL, NULL, 0, false},
};

const struct control_command *control_command_find(const char *name) {
  for (const struct control_command *command = commands; command->name != NULL; command++)
    if (strcmp(command->name, name) == 0) return command;
  return NULL;
}
