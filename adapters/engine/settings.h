// adapter.yaml: whose events these are, where the hub is, which folders are watched, and what the mapping is
// told. Called by: main, loop, dry. Must never: open a key or a folder; it only reads the file and the hub's
// public keys.
#ifndef NAV_ADAPTERS_ENGINE_SETTINGS_H
#define NAV_ADAPTERS_ENGINE_SETTINGS_H

#include "adapters/engine/gazetteer.h"
#include "adapters/engine/run.h"
#include "adapters/engine/witnesses.h"
#include "adapters/sdk/client.h"
#include "hub/conf/tree.h"

enum {
  SETTINGS_PURPOSES_MAX = 64,
  SETTINGS_OPTIONS_MAX = 1000,
  SETTINGS_AGENCIES_MAX = 1000,  // folders looked through for the program's adapter.yaml
};

struct engine_settings {
  struct nav_arena *arena;  // holds all of it
  const char *path;         // of adapter.yaml
  const char *program;
  const char *agency;
  // The hub's nodes; none: not set, so that only --dry-run works.
  struct nav_client_node nodes[NAV_CLIENT_NODES_MAX];
  uint8_t curve_keys[NAV_CLIENT_NODES_MAX][32];  // of their gates
  size_t nodes_count;
  uint8_t hub_session_key[32];
  uint8_t hub_checkpoint_key[32];
  struct others others;  // witnesses.yaml beside the file; of no quorum where there is none
  const char *keys;      // folders, as paths to open
  const char *outbox;
  const char *inbox;
  const char *state;
  const char *const *purposes;
  size_t purposes_count;
  struct run_option *options;
  size_t options_count;
  struct gazetteer *places;
};

// with_hub: the hub's endpoint and public keys must be there, and witnesses.yaml is read; without, they are
// not read (--dry-run). NULL: faults say why.
struct engine_settings *settings_load(const char *path, const char *program, bool with_hub,
                                      struct conf_faults *faults);
void settings_free(struct engine_settings *settings);  // takes NULL

// The one home/agencies/*/adapter.yaml whose `program:` this is, in out (size bytes). False: none or several;
// *err says which.
NAV_MUST_USE bool settings_find(const char *home, const char *program, char *out, size_t size,
                                struct nav_error *err);

#endif
