// How the hub's own programs talk on one machine: a unix stream socket; each message 4 bytes length
// (big-endian) and one JSON object. The caller is known by its system user (SO_PEERCRED), never by what it
// says.
//   request  {"command":"…", …}
//   progress {"progress":{…}}, where the request has progress:true
//   answer   {"ok":true, …}  or
//   {"ok":false,"error":{"class":"peer|retry|local","code":n,"place":"…","text":"…"}}
// Called by: core, desk (serve), ctl, desk, web (call). Must never: wait without a limit.
#ifndef NAV_WIRE_CONTROL_H
#define NAV_WIRE_CONTROL_H

#include <jansson.h>
#include <sys/types.h>

#include "hub/base/buffer.h"
#include "hub/base/error.h"

enum { CONTROL_MESSAGE_MAX = 32 * 1024 * 1024 };

// A listening socket, mode 0660; replaces a dead one's file. -1: *err.
int control_listen(const char *path, struct nav_error *err);
// -1: *err has class RETRY where nobody listens (exit code 5).
int control_connect(const char *path, int timeout_ms, struct nav_error *err);
NAV_MUST_USE bool control_peer_uid(int fd, uid_t *uid);

// Blocking, with timeout_ms for the whole: sends the request and gives the answer (a new reference). An
// answer with ok:false is a failure, its error in *err. NULL: *err.
json_t *control_call(const char *path, const json_t *request, int timeout_ms, struct nav_error *err);

// The same of a request with progress:true: whoever answers says how far it has come, {"progress":{…}} as
// often as it likes, before the answer. tell is given that object, which lives until it returns.
typedef void control_told(void *context, const json_t *progress);
json_t *control_call_told(const char *path, const json_t *request, int timeout_ms, control_told *tell,
                          void *context, struct nav_error *err);

// For servers. Reads what has come into `in`. 1: a whole message stands in *message (new reference; taken out
// of `in`); 0: not yet; -1: the peer is gone or sent what is not a message (*err).
int control_read(int fd, struct nav_buffer *in, json_t **message, struct nav_error *err);
// Appends the framed message to out; the server writes out when the socket takes it.
NAV_MUST_USE bool control_append(struct nav_buffer *out, const json_t *message);
// Writes what the socket takes. -1: gone; else what is left.
ssize_t control_flush(int fd, struct nav_buffer *out);
// {"ok":false,"error":…} of an error.
json_t *control_error(const struct nav_error *err);

#endif
