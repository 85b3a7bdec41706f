// The edge: what an agency's own adapter decides before it sends, by the same rules and the same decision as
// the hub, which decides again. An event that no lane could be given stays home; what no lane may be told is
// removed; what only waits for an assessor is sealed. Called by: adapters/engine, navctl hold show and
// release. Must never: do I/O, add what the event does not hold, or remove what would lead the hub to another
// decision.
#ifndef NAV_ACCESS_EDGE_H
#define NAV_ACCESS_EDGE_H

#include "hub/access/access.h"

enum access_edge_way { ACCESS_EDGE_HOME, ACCESS_EDGE_SEND, ACCESS_EDGE_SEAL };

// What was left in the event that is sent; the first that leads to the same decisions is taken.
enum access_edge_copy {
  ACCESS_EDGE_UNION,    // the classes and persons that some lane may be told
  ACCESS_EDGE_FACTS,    // and single fields that rules ask about
  ACCESS_EDGE_PERSONS,  // and the other persons, of whom only such fields
  ACCESS_EDGE_CLASSES,  // and all of the classes that rules ask about
  ACCESS_EDGE_WHOLE,
  ACCESS_EDGE_COPIES,
};

enum { ACCESS_EDGE_LANES_MAX = 64 };  // nav.v1.Sealed names no more

struct access_edge {
  enum access_edge_way way;
  bool released;  // some lane may have some of it without an assessment, as far as can be told
  // SEND: in the arena, or the event itself. Text and bytes point into the event.
  const Nav__V1__Event *event;
  enum access_edge_copy copy;
  uint64_t subjects;  // SEND: the event's persons that the sent one has, in their order
  // SEAL: the lanes for which it waits, each with the rule that holds it. urgent: the event is marked so, or
  // a duty rests on something unknown, which the hub cannot see.
  bool urgent;
  size_t lanes_count;
  const char *recipients[ACCESS_EDGE_LANES_MAX];
  const char *purposes[ACCESS_EDGE_LANES_MAX];
  const char *rules[ACCESS_EDGE_LANES_MAX];
};

// is_known: the hub has an earlier revision of the event, which must not stand uncorrected: what would stay
// home is then sent, without a person or anything that only some may be told. Where more lanes hold the event
// than Sealed can name, it is sent instead. False: no memory in the arena.
NAV_MUST_USE bool access_edge_decide(const struct access_rules *rules, const Nav__V1__Event *event,
                                     int64_t now_ms, bool is_known, struct nav_arena *arena,
                                     struct access_edge *out);
// What travels of an event that was sealed, once its assessor releases it: never SEAL.
NAV_MUST_USE bool access_edge_unseal(const struct access_rules *rules, const Nav__V1__Event *event,
                                     int64_t now_ms, struct nav_arena *arena, struct access_edge *out);

// How a lane is decided where the edge seals: as the hub most likely will, that knows consents and requests
// (nobody has consented, and what names a request answers it); where that is no hold, as it could. Its rule
// is the one that Sealed names, while rules and ages are what they were. view->question is the question that
// was asked, for access_explain; it points into view.
struct access_edge_view {
  struct access_question question;
  int consent, request;
};
struct access_decision access_edge_held(const struct access_rules *rules, const Nav__V1__Event *event,
                                        int64_t now_ms, size_t lane, struct access_edge_view *view);
// Persons of the event (a bit each) as the sent one numbers them; those that it has not are left out.
uint64_t access_edge_numbers(const struct access_edge *edge, uint64_t subjects);

#endif
