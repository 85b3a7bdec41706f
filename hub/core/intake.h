// A publication on its way from its frame to the batch, shared by intake.c (check, look up) and
// intake_stage.c (decide, stage). Called by: those two. Must never: outlive its arena.
#ifndef NAV_CORE_INTAKE_H
#define NAV_CORE_INTAKE_H

#include "hub/core/core.h"

struct intake_event {
  const uint8_t *bytes;
  size_t length;
  const uint8_t *salt;
  Nav__V1__Event *event;  // NULL where it did not decode
  bool bad;
  struct nav_error error;  // where bad
};

struct publication {
  struct publication *next;
  struct nav_arena *arena;  // holds all of it
  uint64_t session_id;
  uint32_t agency_number;
  uint8_t public_key[KEY_ED25519_PUBLIC_SIZE];  // that its signature was checked with
  uint8_t digest[NAV_SHA256_SIZE];              // of the whole, for the quarantine
  const Nav__V1__Publication *message;
  struct intake_event *events;
  uint8_t *digests;  // count × 32
  size_t count;
};

// What the store has of the ids that the publications name: their events' own, those in in_reply_to, and
// those in a Recall's event_ids. Every revision, of every agency. Sorted by id. Ids that are new (known.h)
// have no rows.
struct intake_known {
  const struct known_event *rows;
  size_t count;
};

// Calls back once for every revision of every agency of the event with this id, stored or staged, in no
// order. known must have been asked for the id.
void intake_each_known(const struct core *core, const struct intake_known *known, const uint8_t event_id[16],
                       recent_found *found, void *context);

// Decides and stages every good event of it, and its receipt.
void intake_stage(struct core *core, struct publication *publication, const struct intake_known *known);

#endif
