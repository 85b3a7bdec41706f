// One flow instance of Open ePlattform, and its fields by what adapter.yaml calls them: names of form fields
// change with the form's version, so every field is looked up as
//   family.<FamilyID>.v<Version>.<field>, then family.<FamilyID>.<field>
// whose text is a path into Values ("barn/personnummer"), several ("barn/personnummer |
// child/citizenIdentifier": the first that is filled in), or a constant ("=sig"). Called by: map_in.c. Must
// never: read Poster, Owner or any field that adapter.yaml does not name.
#ifndef NAV_ADAPTERS_SOCIAL_FLOW_H
#define NAV_ADAPTERS_SOCIAL_FLOW_H

#include "adapters/record/record.h"
#include "adapters/social/xml.h"

struct flow {
  const struct xml_node *values;  // NULL: the answer holds none
  char *id;                       // FlowInstanceID
  char *family;
  char *version;
  char *name;    // of the flow; NULL
  char *status;  // NULL
  int64_t first_submitted_ms;
  int64_t last_submitted_ms;
};

// False after a skip that says what is missing.
bool flow_read(struct record *record, const struct xml_node *instance, struct flow *flow);

// The family's own option ("family.<id>" with field ""); NULL.
const char *flow_option(struct record *record, const struct flow *flow, const char *field);
// What the form says in a field, in the arena; NULL: not mapped, or not filled in.
char *flow_text(struct record *record, const struct flow *flow, const char *field);
// The same, a time or a date (its first moment in Sweden). False: none, or not a date.
bool flow_time(struct record *record, const struct flow *flow, const char *field, int64_t *ms);
// The elements of Values that stand for a person, by any of the names in "person: barn | barn*": all of them
// are counted, so that a second child is never overlooked. Returns how many, and the first.
size_t flow_persons(struct record *record, const struct flow *flow, const struct xml_node **first);
// A person's field by "person.<field>", a path below the person's element.
char *flow_person_text(struct record *record, const struct flow *flow, const struct xml_node *person,
                       const char *field);
// The enum value of a field through "<field>.<what the form says>" ("kind.Våld i hemmet: violence_at_home");
// a constant is the enum's short name itself. False: the form says nothing, or nothing that adapter.yaml
// translates.
bool flow_enum(struct record *record, const struct flow *flow, const char *field,
               const ProtobufCEnumDescriptor *descriptor, int *value);

#endif
