// The files of a configuration folder, in the order of their names' bytes.
// Called by: loaders of access/, areas/, meetings/. Must never: leave a file out without a word.
#ifndef NAV_CONF_FOLDER_H
#define NAV_CONF_FOLDER_H

#include "hub/base/arena.h"
#include "hub/conf/faults.h"

enum { CONF_FOLDER_FILES_MAX = 1000 };

struct conf_files {
  char **names;  // relative to the configuration folder: "areas/bromma.yaml"
  char **paths;  // to open
  size_t count;
};

// All *.yaml of config_folder/folder, but hidden ones. A fault for *.yml, which would else be left out
// silently. Where the folder is not there: none, and a fault if required. False: a fault was added.
bool conf_folder_list(const char *config_folder, const char *folder, bool required, struct nav_arena *arena,
                      struct conf_files *files, struct conf_faults *faults);

#endif
