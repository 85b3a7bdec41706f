// See control.h. Reads exactly one message at a time, so that what poll(2) tells of a socket is all there is
// to know.
#include "hub/wire/control.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hub/base/clock.h"
#include "hub/wire/json.h"
#include "hub/wire/unix_socket.h"
#include "hub/wire/utf8.h"

enum { HEAD_SIZE = 4, BACKLOG = 64, CHUNK_MAX = 256 * 1024 };

static const char *const class_names[] = {"none", "peer", "retry", "local", "bug"};

// ---- sockets ----

int control_listen(const char *path, struct nav_error *err) {
  return unix_socket_listen(path, SOCK_STREAM, BACKLOG, err);
}

int control_connect(const char *path, int timeout_ms, struct nav_error *err) {
  return unix_socket_connect(path, SOCK_STREAM, timeout_ms, err);
}

bool control_peer_uid(int fd, uid_t *uid) {
  struct ucred credentials;
  socklen_t size = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0 || size != sizeof credentials)
    return false;
  *uid = credentials.uid;
  return true;
}

// ---- messages ----

static int parse_message(struct nav_buffer *in, json_t **message, struct nav_error *err) {
  json_t *json = wire_json_parse((const char *)in->data + HEAD_SIZE, in->length - HEAD_SIZE, err);
  nav_buffer_clear(in);
  if (json == NULL) return -1;
  if (!json_is_object(json)) {
    json_decref(json);
    (void)nav_fail(err, NAV_ERROR_PEER, 0, "", "a message must be a JSON object");
    return -1;
  }
  *message = json;
  return 1;
}

// How many bytes the message lacks; 0: whole. False: it says that it is too large.
static bool bytes_lacking(const struct nav_buffer *in, size_t *lacking, struct nav_error *err) {
  if (in->length < HEAD_SIZE) {
    *lacking = HEAD_SIZE - in->length;
    return true;
  }
  size_t length = nav_get_u32(in->data);
  if (length > CONTROL_MESSAGE_MAX) {
    return nav_fail(err, NAV_ERROR_PEER, 0, "", "a message of %zu bytes is too large; %d is the most", length,
                    CONTROL_MESSAGE_MAX);
  }
  *lacking = HEAD_SIZE + length - in->length;
  return true;
}

int control_read(int fd, struct nav_buffer *in, json_t **message, struct nav_error *err) {
  for (;;) {
    size_t lacking = 0;
    if (!bytes_lacking(in, &lacking, err)) return -1;
    if (lacking == 0) return parse_message(in, message, err);
    // Memory follows what has come, not what the head promises.
    size_t chunk = lacking < CHUNK_MAX ? lacking : CHUNK_MAX;
    uint8_t *room = nav_buffer_reserve(in, chunk);
    if (room == NULL) {
      (void)nav_fail(err, NAV_ERROR_PEER, 0, "", "a message is larger than this program takes");
      return -1;
    }
    ssize_t got = recv(fd, room, chunk, MSG_DONTWAIT);
    if (got > 0) {
      in->length += (size_t)got;
    } else if (got < 0 && errno == EINTR) {
      continue;
    } else if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      return 0;
    } else {
      (void)nav_fail(err, NAV_ERROR_RETRY, 0, "", "the other program closed the connection");
      return -1;
    }
  }
}

bool control_append(struct nav_buffer *out, const json_t *message) {
  size_t size = json_dumpb(message, NULL, 0, JSON_COMPACT);
  if (size == 0 || size > CONTROL_MESSAGE_MAX) return false;
  uint8_t *room = nav_buffer_reserve(out, HEAD_SIZE + size);
  if (room == NULL) return false;
  nav_put_u32(room, (uint32_t)size);
  (void)json_dumpb(message, (char *)room + HEAD_SIZE, size, JSON_COMPACT);
  out->length += HEAD_SIZE + size;
  return true;
}

ssize_t control_flush(int fd, struct nav_buffer *out) {
  size_t sent = 0;
  while (sent < out->length) {
    ssize_t n = send(fd, out->data + sent, out->length - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0) {
      sent += (size_t)n;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    } else if (errno != EINTR) {
      return -1;
    }
  }
  if (sent > 0) memmove(out->data, out->data + sent, out->length - sent);
  out->length -= sent;
  return (ssize_t)out->length;
}

// ---- errors ----

// Text with '?' for each byte of what is not UTF-8: a file's name may be anything.
static json_t *text_to_json(const char *text) {
  if (wire_utf8_valid((const uint8_t *)text, strlen(text))) return json_string(text);
  char clean[NAV_ERROR_TEXT_SIZE];
  size_t n = 0;
  for (; text[n] != '\0' && n + 1 < sizeof clean; n++)
    clean[n] = (char)((unsigned char)text[n] < 0x80 ? text[n] : '?');
  clean[n] = '\0';
  return json_string(clean);
}

json_t *control_error(const struct nav_error *err) {
  return json_pack("{s:b,s:{s:s,s:i,s:o,s:o}}", "ok", 0, "error", "class", class_names[err->class], "code",
                   err->code, "place", text_to_json(err->place), "text", text_to_json(err->text));
}

// Takes the answer; NULL where it tells of an error.
static json_t *open_answer(json_t *answer, const char *path, struct nav_error *err) {
  const json_t *ok = json_object_get(answer, "ok");
  if (json_is_true(ok)) return answer;
  const json_t *error = json_object_get(answer, "error");
  const char *class = json_string_value(json_object_get(error, "class"));
  const char *place = json_string_value(json_object_get(error, "place"));
  const char *text = json_string_value(json_object_get(error, "text"));
  if (!json_is_false(ok) || class == NULL || text == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, path, "answered what is not an answer; is it another version?");
  } else {
    enum nav_error_class kind = NAV_ERROR_LOCAL;
    for (unsigned i = NAV_ERROR_PEER; i <= NAV_ERROR_BUG; i++) {
      if (strcmp(class_names[i], class) == 0) kind = (enum nav_error_class)i;
    }
    (void)nav_fail(err, kind, (int)json_integer_value(json_object_get(error, "code")), place, "%s", text);
  }
  json_decref(answer);
  return NULL;
}

// ---- calling ----

static bool wait_for(int fd, short events, int64_t deadline_ms, const char *path, struct nav_error *err) {
  for (;;) {
    int64_t left = deadline_ms - nav_clock_monotonic_ms();
    struct pollfd one = {.fd = fd, .events = events};
    int ready = left <= 0 ? 0 : poll(&one, 1, (int)left);
    if (ready > 0) return true;
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return nav_fail_errno(err, path, "cannot wait");
    return nav_fail(err, NAV_ERROR_RETRY, 0, path, "did not answer in time; try again");
  }
}

// *closed: the other side took no more.
static bool send_request(int fd, const json_t *request, int64_t deadline_ms, const char *path, bool *closed,
                         struct nav_error *err) {
  struct nav_buffer out;
  nav_buffer_init(&out, CONTROL_MESSAGE_MAX + HEAD_SIZE);
  bool good = control_append(&out, request);
  if (!good)
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, path, "the request is larger than %d bytes", CONTROL_MESSAGE_MAX);
  while (good && out.length > 0) {
    good = wait_for(fd, POLLOUT, deadline_ms, path, err);
    if (good && control_flush(fd, &out) < 0) {
      *closed = true;
      good = nav_fail(err, NAV_ERROR_RETRY, 0, path, "the other program closed the connection");
    }
  }
  nav_buffer_free(&out);
  return good;
}

struct told {
  control_told *tell;  // NULL: nothing but an answer is expected
  void *context;
};

static json_t *receive_message(int fd, struct nav_buffer *in, int64_t deadline_ms, const char *path,
                               struct nav_error *err) {
  json_t *message = NULL;
  int got = 0;
  while (got == 0 && wait_for(fd, POLLIN, deadline_ms, path, err)) got = control_read(fd, in, &message, err);
  return got > 0 ? message : NULL;
}

static json_t *receive_answer(int fd, int64_t deadline_ms, const char *path, const struct told *told,
                              struct nav_error *err) {
  struct nav_buffer in;
  const json_t *progress = NULL;
  nav_buffer_init(&in, CONTROL_MESSAGE_MAX + HEAD_SIZE);
  json_t *answer = receive_message(fd, &in, deadline_ms, path, err);
  while (told->tell != NULL && (progress = json_object_get(answer, "progress")) != NULL) {
    told->tell(told->context, progress);
    json_decref(answer);
    answer = receive_message(fd, &in, deadline_ms, path, err);
  }
  nav_buffer_free(&in);
  return answer;
}

json_t *control_call_told(const char *path, const json_t *request, int timeout_ms, control_told *tell,
                          void *context, struct nav_error *err) {
  const struct told told = {tell, context};
  int64_t deadline_ms = nav_clock_monotonic_ms() + timeout_ms;
  int fd = control_connect(path, timeout_ms, err);
  if (fd < 0) return NULL;
  json_t *answer = NULL;
  struct nav_error later;
  bool closed = false;
  bool sent = send_request(fd, request, deadline_ms, path, &closed, err);
  // Who closed before it had all of it may have said why.
  if (sent || closed) answer = receive_answer(fd, deadline_ms, path, &told, sent ? err : &later);
  (void)close(fd);
  return answer != NULL ? open_answer(answer, path, err) : NULL;
}

json_t *control_call(const char *path, const json_t *request, int timeout_ms, struct nav_error *err) {
  return control_call_told(path, request, timeout_ms, NULL, NULL, err);
}
