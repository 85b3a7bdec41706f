// config/keys/hub.yaml: the hub's public keys, as `navctl keys new hub` writes them and agencies' adapters
// read them.
//   curve: hex       of nav-gate's public socket
//   session: hex     Ed25519, of nav-core's Welcome
//   checkpoint: hex  Ed25519, of signed checkpoints
// Called by: desk (verify), navctl (publish, config check). Must never: hold a private key.
#ifndef NAV_CONF_HUB_KEYS_H
#define NAV_CONF_HUB_KEYS_H

#include <stdint.h>

#include "hub/conf/faults.h"

struct conf_hub_keys {
  uint8_t curve[32];
  uint8_t session[32];
  uint8_t checkpoint[32];
};

// False: faults say what is wrong with the file.
bool conf_hub_keys_load(const char *config_folder, struct conf_hub_keys *keys, struct conf_faults *faults);
// The same of a copy of the file that lies anywhere.
bool conf_hub_keys_load_file(const char *path, struct conf_hub_keys *keys, struct conf_faults *faults);

#endif
