// The files of a configuration folder, in the order of their names' bytes; or such a folder in memory, for a
// draft that somebody sent. Called by: loaders of access/, areas/, meetings/, agencies.yaml. Must never:
// leave a file out without a word.
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

// A configuration folder whose files are in memory: "law.yaml", "access/common.yaml", in order of their
// names' bytes.
struct conf_text {
  const char *name;
  const char *text;
  size_t length;
};

struct conf_texts {
  const struct conf_text *items;
  size_t count;
};

// NULL: there is no such file.
const struct conf_text *conf_texts_find(const struct conf_texts *texts, const char *name);
// Whether it is a *.yaml of that folder itself.
bool conf_text_is_in(const struct conf_text *text, const char *folder);

// All *.yaml of config_folder/folder, but hidden ones. A fault for *.yml, which would else be left out
// silently. Where the folder is not there: none, and a fault if required. False: a fault was added.
bool conf_folder_list(const char *config_folder, const char *folder, bool required, struct nav_arena *arena,
                      struct conf_files *files, struct conf_faults *faults);

#endif
