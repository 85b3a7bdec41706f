// Waits for ZeroMQ sockets and files with one poll(2). zmq_poll asks every socket before and after each wait,
// two system calls a socket each time (libzmq's mailbox polls its own descriptor, and asks the process id);
// with small messages that was a fourth of the gate's time. Here a socket is asked for nothing until its
// descriptor, ZMQ_FD, says that something came.
//
// That descriptor tells of a change once, and whatever call takes the change in, a send too, puts it out. So
// whoever has a socket's news says what it did with the socket:
//   receiving failed    news_missed: with EAGAIN nothing is there, and the descriptor will tell
//   sent                news_sent: the call may have taken in that something came
//   a send was refused  news_may_send: the refused try may have taken in that something came, or that there
//   is room
// receives only where `likely`, and tries what was refused once more after each wait.
// http://api.zeromq.org/4-3:zmq-getsockopt (ZMQ_FD)
// Called by: gate, the client library; each from the thread that has the socket. Must never: wait
// while something is there to be received.
#ifndef NAV_WIRE_NEWS_H
#define NAV_WIRE_NEWS_H

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/base/error.h"

enum { NEWS_FILES_MAX = 8 };  // sockets and files of one wait

struct news {
  void *socket;
  int fd;       // ZMQ_FD
  bool likely;  // something may be there to be received
  bool full;    // a send was refused, and nobody has been told of room since
};

// False: no such socket (errno). Until the first receiving nobody knows: likely.
NAV_MUST_USE bool news_open(struct news *news, void *socket);
// Right after the call that failed, whose errno it reads: one that was interrupted says nothing.
static inline void news_missed(struct news *news) {
  if (errno == EAGAIN) news->likely = false;
}
static inline void news_sent(struct news *news) { news->likely = true; }
// Asks the socket whether it takes a message now. False: as a send that was refused.
bool news_may_send(struct news *news);

// Until one of them is likely, or has room again, one of the files is ready (revents, as poll(2) sets them)
// or the time is over; wait_ms: -1 without end. A socket that is likely already makes it not wait.
// Interrupted it gives back as well. False: it cannot wait (errno).
NAV_MUST_USE bool news_wait(struct news *const *news, size_t count, struct pollfd *files, size_t files_count,
                            int64_t wait_ms);

#endif
