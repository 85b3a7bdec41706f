// See memory_file.h.
#include "adapters/engine/memory_file.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "adapters/engine/input.h"
#include "hub/base/disk.h"

static const char file_name[] = "memory";

bool memory_file_load(const char *folder, struct nav_mapping_run *run, struct nav_error *err) {
  char path[PATH_MAX];
  struct input input;
  if (!nav_disk_join(path, folder, file_name, err)) return false;
  if (access(path, F_OK) != 0 && errno == ENOENT) return true;
  if (!input_read(&input, path, err)) return false;
  bool ok = run_set_memory(run, input.bytes, input.length);
  if (!ok) (void)nav_fail(err, NAV_ERROR_LOCAL, 0, path, "is larger than a mapping's memory can be");
  input_free(&input);
  return ok;
}

bool memory_file_save(const char *folder, struct nav_mapping_run *run, struct nav_error *err) {
  if (!run_memory_changed(run)) return true;
  size_t length = 0;
  const uint8_t *bytes = nav_mapping_memory(run, &length);
  if (!nav_disk_replace(folder, file_name, bytes, length, err)) return false;
  run_memory_saved(run);
  return true;
}
