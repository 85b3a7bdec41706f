// nav.yaml: where this hub's sockets, database, keys and rules are, and its limits. Relative paths are
// relative to the home folder. Called by: every program of the hub. Must never: hold a key itself.
#ifndef NAV_CONF_NAV_H
#define NAV_CONF_NAV_H

#include <stdint.h>

#include "hub/conf/faults.h"

enum { NAV_OTHERS_MAX = 7 };

struct conf_nav {
  char *home;         // absolute
  char *hub;          // the hub's name in checkpoints: "nav.example.se"
  char *endpoint;     // gate's public ZeroMQ endpoint: tcp://127.0.0.1:7700
  char *gate_socket;  // absolute paths of unix sockets
  char *core_socket;
  char *desk_socket;
  char *database_core;  // libpq connection strings, one a role
  char *database_desk;
  char *database_owner;
  char *keys_folder;                 // hub's private keys: curve, session, checkpoint, pseudonym
  char *buckets_folder;              // content keys
  char *config_folder;               // agencies.yaml, law.yaml, access/, meetings/, areas/, keys/
  char *state_folder;                // core's small mapped file, and which node this is: each node's own
  char *seen_folder;                 // core's note of the last checkpoint shown: all nodes' together
  uint32_t connections_max;          // of the gate
  uint32_t frames_a_second_max;      // of one agency
  uint32_t checkpoint_records;       // a checkpoint every so many records …
  uint32_t checkpoint_ms;            // … or so much time with new ones
  uint32_t rejections_a_minute_max;  // recorded in full, an agency
  uint32_t hold_answer_ms;           // how long a hold waits before it goes on to the next who can answer …
  uint32_t hold_urgent_ms;           // … and an urgent one; where neither rule nor basis says
  char *node;                        // what this node is called among the hub's; NULL: the machine's name
  uint32_t lease_ms;                 // so long without a sign of the active node, and another takes over …
  uint32_t lease_starting_ms;        // … and while it starts, which takes longer
  char **others;                     // endpoints of the hub's other nodes; NAV_OTHERS_MAX
  size_t others_count;
};

// home: the folder; NULL: NAV_HOME, else .nav, else /etc/nav. NULL with faults where anything is wrong.
struct conf_nav *conf_nav_load(const char *home, struct conf_faults *faults);
void conf_nav_free(struct conf_nav *nav);  // takes NULL

#endif
