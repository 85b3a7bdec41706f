// What an agency's edge has sealed to the agency's own key, opened for its assessor, on a machine that has
// that key. Called by: hold. Must never: send what it has opened to anybody but the assessor's terminal, or,
// released, to the hub.
#ifndef NAV_CTL_SEALED_H
#define NAV_CTL_SEALED_H

#include "hub/access/edge.h"
#include "hub/access/explain.h"
#include "hub/ctl/ctl.h"

struct sealed_case {
  struct nav_arena *arena;
  struct conf_agencies *agencies;
  struct access_rules *rules;
  size_t lane;              // of the rules
  Nav__V1__Event *event;    // the whole event
  struct access_edge edge;  // once sealed_travels has found it
};

// hold and shown: the answers of hold-get and hold-show. False: said, and *code set. Close it either way.
bool sealed_open(struct ctl *ctl, const char *agency, const json_t *hold, const json_t *shown,
                 struct sealed_case *out, enum ctl_exit *code);
void sealed_close(struct sealed_case *sealed);
// What the recipient would get of it, the paths left out, and why:
// {"explain":{…},"preview":{…},"withheld":[…], "event":{…}}.
json_t *sealed_preview(const struct sealed_case *sealed, uint16_t reveal, uint64_t subjects,
                       enum access_language language);
// What its assessor must find to hold, of the rule's basis and of what limits it: [{"id":…,"text":…}].
json_t *sealed_conditions(const struct sealed_case *sealed, const char *basis, enum access_language language);
// What would travel: what the hub must know to decide the same. False: nothing; said, and *code set.
bool sealed_travels(struct sealed_case *sealed, enum ctl_exit *code);
// Publishes that, as the next revision; after sealed_travels. Gives its seq; 0: said, and *code set.
json_int_t sealed_publish(struct ctl *ctl, const char *agency, const struct sealed_case *sealed,
                          enum ctl_exit *code);

#endif
