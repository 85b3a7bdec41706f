// Facts of one event, and what a predicate says of them: true, false, or not known.
// Called by: decide, explain, compile (predicates on recipients alone), redact (age). Must never: allocate.
#ifndef NAV_ACCESS_FACTS_H
#define NAV_ACCESS_FACTS_H

#include "hub/access/rules.h"

enum { FACTS_AGE_NOT_ASKED = -2, FACTS_AGE_UNKNOWN = -1 };

// One question and what has been found out for it so far.
struct facts {
  const struct access_rules *rules;
  const struct access_question *question;
  const Nav__V1__Event *event;
  const ProtobufCMessage *body;
  int body_index;
  const char *body_name;
  bool has_today;
  int64_t today;    // Swedish date, days since 1970
  bool for_forbid;  // who asks: a forbid, or a permit (see access_question.could_be)
  bool has_area;
  const char *area;  // place.area, or the area of the position; NULL: not known
  int16_t ages[ACCESS_SUBJECTS_MAX];
};

void facts_init(struct facts *facts, const struct access_rules *rules,
                const struct access_question *question);
int64_t facts_today(struct facts *facts);

// subject: index, for predicates on subjects; lane: for predicates on recipients and consent.
enum truth facts_predicate(struct facts *facts, const struct predicate *predicate, size_t subject,
                           const struct lane *lane);
// Whether the lane's recipient is the one that `to: social` means: the addressee, or the board whose area the
// subjects live or stay in.
enum truth facts_board(struct facts *facts, uint64_t subjects, const struct lane *lane);

#endif
