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
  size_t lane;            // of the rules
  Nav__V1__Event *event;  // the whole event
  // How it is decided, once for all that is shown, checked and compared: when it was opened.
  int64_t now_ms;
  struct access_decision decision;
  struct access_edge_view view;
  struct access_edge edge;  // once sealed_travels has found it
  bool travels;
};

// hold and shown: the answers of hold-get and hold-show. False: said, and *code set. Close it either way.
bool sealed_open(struct ctl *ctl, const char *agency, const json_t *hold, const json_t *shown,
                 struct sealed_case *out, enum ctl_exit *code);
void sealed_close(struct sealed_case *sealed);
// What the recipient would get of it by the decision, the paths left out, why, and what its assessor must
// find to hold:
// {"explain":{…},"presumed":bool,"preview":{…}|null,"withheld":[…],"event":{…},"conditions":[{"id":…,"text":…}]}.
// presumed: it rests on a consent or a request, which the hub alone knows. preview is null where
// sealed_travels, which comes first, said no. NULL: no memory.
json_t *sealed_preview(const struct sealed_case *sealed, uint16_t reveal, uint64_t subjects,
                       enum access_language language);
// The conditions alone: of the rule's basis and of what limits it.
json_t *sealed_conditions(const struct sealed_case *sealed, enum access_language language);
// What would travel: what the hub must know to decide the same. False where it is no longer all to be
// assessed, since what the rules have come to release would leave as soon as it is published; said, and *code
// set.
bool sealed_travels(struct sealed_case *sealed, enum ctl_exit *code);
// Whether the hub holds the event that travelled as the decision has it: hold is hold-get's of it.
bool sealed_is_alike(const struct sealed_case *sealed, const json_t *hold);
// Publishes what travels, as the next revision; after sealed_travels. Gives its seq; 0: said, and *code set.
json_int_t sealed_publish(struct ctl *ctl, const char *agency, const struct sealed_case *sealed,
                          enum ctl_exit *code);

#endif
