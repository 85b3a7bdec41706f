// nav_adapter_main: the whole of an adapter's program around its mapping. See adapter.h.
#include <limits.h>
#include <sodium.h>
#include <stdio.h>

#include "adapters/engine/adapter.h"
#include "adapters/engine/dry.h"
#include "adapters/engine/loop.h"
#include "adapters/engine/options.h"
#include "hub/base/clock.h"
#include "hub/base/log.h"
#include "hub/base/memory.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_UNREACHABLE = 5, EXIT_ALARM = 9 };

// False: the fault has been told. A dry run needs no configuration: *out is then NULL where none is found.
static bool load_settings(const struct options *options, const struct nav_mapping *mapping, bool dry,
                          struct engine_settings **out) {
  char found[PATH_MAX];
  struct nav_error err = {0};
  const char *path = options->config != NULL ? options->config : found;
  *out = NULL;
  if (options->config == NULL && !settings_find(options->home, mapping->program, found, sizeof found, &err)) {
    if (!dry) nav_log_failure(NAV_LOG_ERROR, "no configuration", &err);
    return dry;
  }
  struct conf_faults faults = {0};
  *out = settings_load(path, mapping->program, !dry, &faults);
  conf_faults_print(&faults);
  conf_faults_free(&faults);
  return *out != NULL;
}

static int run_dry(const struct options *options, const struct nav_mapping *mapping) {
  struct engine_settings *settings = NULL;
  if (!load_settings(options, mapping, true, &settings)) return EXIT_USAGE;
  struct summary summary = {0};
  int64_t now_ms = options->has_now ? options->now_ms : nav_clock_now_ms();
  bool ok = dry_run(mapping, settings, options->files, options->files_count, now_ms, &summary);
  settings_free(settings);
  return ok ? EXIT_DONE : EXIT_FAILED;
}

static int run_in_earnest(const struct options *options, const struct nav_mapping *mapping) {
  static const int codes[] = {[LOOP_DONE] = EXIT_DONE,
                              [LOOP_FAILED] = EXIT_FAILED,
                              [LOOP_UNREACHABLE] = EXIT_UNREACHABLE,
                              [LOOP_ALARM] = EXIT_ALARM};
  struct engine_settings *settings = NULL;
  if (!load_settings(options, mapping, false, &settings)) return EXIT_USAGE;
  struct summary summary = {0};
  enum loop_result result = loop_run(mapping, settings, options, &summary);
  settings_free(settings);
  summary_print(&summary, options->json);
  return codes[result];
}

int nav_adapter_main(const struct nav_mapping *mapping, int argc, char **argv) {
  struct options options;
  nav_memory_keep();
  nav_log_open(mapping->program, NAV_LOG_INFO);
  if (sodium_init() < 0) return EXIT_FAILED;
  enum options_result result = options_read(&options, mapping, argc, argv);
  if (result != OPTIONS_RUN) return result == OPTIONS_SHOWN ? EXIT_DONE : EXIT_USAGE;
  if (options.dry_run) return run_dry(&options, mapping);
  return run_in_earnest(&options, mapping);
}
