// Workers that are ready, and that stay: a fork, a new connection and a server process that knows no table
// yet cost more than most answers. One worker is made ready, with its connection, before anybody asks. A
// question by which nothing sealed is opened (desk_worker_for) leaves it there for the same system user's
// next; after any other it ends, and its memory with it. What has changed meanwhile (agencies.yaml) ends
// them. Called by: serve. Must never: serve two system users with one process, or keep anything of a request
// but the connection.
#ifndef NAV_DESK_KEPT_H
#define NAV_DESK_KEPT_H

#include <jansson.h>
#include <poll.h>
#include <sys/types.h>

#include "hub/conf/agencies.h"
#include "hub/conf/nav.h"

enum {
  KEPT_MAX = 4,
  KEPT_REQUESTS_MAX = 1000,   // of one worker: memory that leaks somewhere is given back
  KEPT_IDLE_MS_MAX = 60000,   // since its last request
  KEPT_PAUSE_MS = 1000,       // between two that are made ready, were they to end at once
  KEPT_REQUEST_BYTES = 65536  // in one datagram
};

struct kept_worker {
  pid_t pid;    // 0: free
  int channel;  // a datagram each way: the request and its connection; that it is answered
  bool owned;   // by the system user uid; else it is ready for anybody's first request
  uid_t uid;
  bool busy, last;  // last: it ends after this request
  unsigned served;
  int64_t since_ms;     // of its last request's end
  int64_t deadline_ms;  // of a busy one
};

struct kept {
  struct kept_worker workers[KEPT_MAX];
  int64_t next_ms;  // none is made ready before
};

size_t kept_busy(const struct kept *kept);
// Hands the request over to a worker that stays. False: there is none; fork.
bool kept_take(struct kept *kept, uid_t uid, const json_t *request, int fd);
bool kept_has_room(const struct kept *kept);
// Whether one should be made ready, and can.
bool kept_is_wanting(const struct kept *kept);
// The desk's end of its channel. channel: what the child has of it, closed by the caller in the parent. -1:
// not now.
int kept_channel(struct kept *kept, int *channel);
void kept_started(struct kept *kept, pid_t pid, int own_end);
// In the child; close_own: the desk's ends of all channels.
void kept_close_all(const struct kept *kept);
_Noreturn void kept_work(const struct conf_nav *nav, const struct conf_agencies *agencies, int channel);

// Fills polled (of KEPT_MAX) with the channels; kept_step takes what came and lets go of the old ones.
nfds_t kept_poll(const struct kept *kept, struct pollfd *polled);
void kept_step(struct kept *kept);
void kept_reaped(struct kept *kept, pid_t pid);
// Idle ones end now, busy ones after their request.
void kept_end(struct kept *kept);

#endif
