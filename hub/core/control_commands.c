// The table. See control_commands.h.
#include "hub/core/control_commands.h"

#include <string.h>

#include "hub/core/reload.h"

static const struct control_command commands[] = {
    {"access-load", CONF_ROLE_OPERATOR, "operator", true, reload_command},
    {NULL, 0, NULL, false, NULL},
};

const struct control_command *control_command_find(const char *name) {
  for (const struct control_command *command = commands; command->name != NULL; command++)
    if (strcmp(command->name, name) == 0) return command;
  return NULL;
}
