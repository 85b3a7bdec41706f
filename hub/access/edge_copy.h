// What the rules ask of one sender's message, and copies of an event that hold less or more of it.
// Called by: edge. Must never: copy what neither the classes nor a rule's question let through.
#ifndef NAV_ACCESS_EDGE_COPY_H
#define NAV_ACCESS_EDGE_COPY_H

#include "hub/access/edge.h"
#include "hub/access/rules.h"

enum { EDGE_FIELDS_MAX = 128 };

// Fields that conditions of the rules for this sender and message read.
struct edge_facts {
  const struct schema_field *subject[EDGE_FIELDS_MAX];
  size_t subject_count;
  const struct schema_field *place[EDGE_FIELDS_MAX];
  size_t place_count;
  const struct schema_field *body[EDGE_FIELDS_MAX];
  size_t body_count;
  bool age;
  bool consent, request;  // registers that only the hub has are asked
  bool who;               // and their answers matter: the hub must know whom it is about
  uint16_t who_roles;     // bit n: nav.v1.Role n; whoever has no known role is always among them
  uint16_t classes;       // of all of these
};

void edge_facts_find(struct edge_facts *facts, const struct access_rules *rules, size_t sender,
                     int body_index, bool answers);

struct edge_copying {
  const struct access_rules *rules;
  const Nav__V1__Event *event;
  const struct edge_facts *facts;
  uint16_t reveal;    // what some lane may be told
  uint64_t subjects;  // and of whom
  int64_t now_ms;
};

// Bit n: subject n of the event is in such a copy, in the event's order.
uint64_t edge_copy_subjects(const struct edge_copying *copying, enum access_edge_copy copy);
// NULL: no memory.
Nav__V1__Event *edge_copy_make(const struct edge_copying *copying, enum access_edge_copy copy,
                               struct nav_arena *arena);

#endif
