// A hub in memory behind a real socket: nav-core's side of the session (hub/wire/session.h) without rules or
// ledger. The test decides what it answers. Called by: sdk_test, and tests/flow's program for the Python
// client. Must never: take a frame on trust; what a client sends wrongly is counted as a fault.
#ifndef NAV_TESTS_SDK_FAKE_HUB_H
#define NAV_TESTS_SDK_FAKE_HUB_H

#include "hub/wire/session.h"

enum { HUB_EVENTS_MAX = 20000, HUB_LANES_MAX = 4, HUB_PUBLICATIONS_MAX = 64 };

enum hub_answer {
  HUB_ACCEPT,
  HUB_HOLD,        // no receipt until hub_answer_held
  HUB_REJECT_ODD,  // events 1, 3, 5 … of each publication
  HUB_REJECT_WHOLE,
  HUB_BUSY_WHOLE,  // once, then accept
  HUB_WAIT,        // once, then accept
};

struct hub_event {
  uint8_t *bytes;
  size_t length;
  uint8_t salt[KEY_SALT_SIZE];
};

struct hub_lane {
  char purpose[32];
  bool asked, resumed;
  uint64_t resumed_position;
  uint64_t cursor;  // acknowledged, with a signature that holds
  uint64_t sent;    // the last position sent in this session
  unsigned acknowledges;
};

struct fake_hub {
  void *context, *zap, *socket;
  char endpoint[64];
  struct key_pair_curve curve;
  struct key_pair_sign session_key;
  uint8_t log_id[KEY_LOG_ID_SIZE];
  // The one agency.
  char agency[32];
  uint8_t agency_curve[32], agency_signing[32];

  // The newest session.
  uint8_t routing[256];
  size_t routing_length;
  struct wire_stream stream;
  bool open, started;
  char client[64];
  bool wants_rules;
  size_t rules_hash_length;
  int64_t credit;  // what may still be sent
  int64_t credit_least;
  struct hub_lane lanes[HUB_LANES_MAX];
  size_t lanes_count;
  uint32_t publications_max, frames_a_second;

  // What the test says.
  enum hub_answer answer;
  bool mute_pings, mute_hellos;
  int refuse_code;  // a REFUSED in answer to HELLO

  // What came.
  unsigned hellos, publications, pings, nacks, faults;
  uint64_t nack_position;
  bool nack_final;
  char nack_reason[1024];
  uint32_t replay_lane;
  int64_t replay_since_ms;
  uint64_t replay_after;
  const char *fault;
  struct hub_event events[HUB_EVENTS_MAX];
  size_t events_count;
  size_t largest_publication, largest_frame;
  unsigned under_way_most;
  uint64_t held[HUB_PUBLICATIONS_MAX];
  size_t held_events[HUB_PUBLICATIONS_MAX], held_count;
  uint64_t ping_number;
  int64_t waited_from_ms, taken_after_ms;
};

void hub_start(struct fake_hub *hub, const char *agency, const uint8_t *curve, const uint8_t *signing);
void hub_stop(struct fake_hub *hub);
void hub_listen(struct fake_hub *hub);  // binds again after hub_hang_up
void hub_hang_up(struct fake_hub *hub);
// Takes what has come. True: something did.
bool hub_step(struct fake_hub *hub);
void hub_add_lane(struct fake_hub *hub, const char *purpose);
void hub_answer_held(struct fake_hub *hub);
void hub_send(struct fake_hub *hub, const Nav__V1__HubFrame *frame);
void hub_send_raw(struct fake_hub *hub, const void *data, size_t length);
void hub_pong(struct fake_hub *hub, uint64_t number);
// The answer to a Nack.
void hub_resent(struct fake_hub *hub, uint32_t lane, uint64_t position, bool set_aside);
// One frame of deliveries at positions first … first + count - 1, each with an event of so many bytes of text
// at least.
void hub_deliver(struct fake_hub *hub, size_t lane, uint64_t first, size_t count, size_t text_bytes,
                 bool replay);

#endif
