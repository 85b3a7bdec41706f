// The unix socket for navctl and nav-desk: status, and "record this reading": a Read, BriefingCompiled or
// AuditRead record is committed, and only then the keys of just the events asked for are handed over; what
// the register of consent says of them is told to nav-desk too. Called by: the loop. Must never: answer a
// reading before its record is durable, or hand out a bucket key.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub/base/id.h"
#include "hub/base/log.h"
#include "hub/core/audit_person.h"
#include "hub/core/control_commands.h"
#include "hub/core/core.h"
#include "hub/core/hold_commands.h"
#include "hub/core/reasons.h"
#include "hub/core/registers_ask.h"
#include "hub/core/standby.h"
#include "hub/core/status.h"
#include "hub/ledger/reason.h"
#include "hub/wire/control.h"
#include "hub/wire/json.h"
#include "hub/wire/unix_socket.h"

enum { CONNECTIONS_MAX = 64, CONTENTS_MAX = 20000, RECORD_ARENA_MAX = 16 * 1024 * 1024 };

struct connection {
  uint64_t number;  // 0: free
  int fd;
  uid_t uid;
  struct nav_buffer in, out;
  bool waiting;  // an answer is staged
};

struct control_port {
  struct core *core;
  int fd, spare;  // spare: unix_socket_accept
  uint64_t next_number;
  struct connection connections[CONNECTIONS_MAX];
  struct nav_arena *arena;
};

struct control_port *control_port_open(struct core *core, struct nav_error *err) {
  struct control_port *port = calloc(1, sizeof *port);
  if (port == NULL) {
    (void)nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
    return NULL;
  }
  port->core = core;
  port->spare = -1;
  port->next_number = 1;
  port->arena = nav_arena_new(RECORD_ARENA_MAX);
  port->fd = control_listen(core->nav->core_socket, err);
  if (port->fd >= 0 && port->arena != NULL && fcntl(port->fd, F_SETFL, O_NONBLOCK) == 0) return port;
  control_port_close(port);
  return NULL;
}

static void hang_up(struct connection *connection) {
  (void)close(connection->fd);
  nav_buffer_free(&connection->in);
  nav_buffer_free(&connection->out);
  connection->number = 0;
}

void control_port_close(struct control_port *port) {
  if (port == NULL) return;
  for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
    struct connection *connection = &port->connections[i];
    if (connection->number == 0) continue;
    (void)control_flush(connection->fd, &connection->out);
    hang_up(connection);
  }
  if (port->fd >= 0) {
    (void)close(port->fd);
    (void)unlink(port->core->nav->core_socket);  // where another listens it is not ours
  }
  if (port->spare >= 0) (void)close(port->spare);
  nav_arena_free(port->arena);
  free(port);
}

static void send_json(struct connection *connection, const json_t *answer) {
  if (answer == NULL || !control_append(&connection->out, answer)) {
    nav_log(NAV_LOG_WARNING, "an answer on the control socket was too large");
    hang_up(connection);
  }
}

static void refuse(struct connection *connection, int code, const char *text) {
  struct nav_error err;
  (void)nav_fail(&err, NAV_ERROR_PEER, code, "", "%s", text);
  json_t *answer = control_error(&err);
  send_json(connection, answer);
  json_decref(answer);
}

void control_port_answer(struct control_port *port, uint64_t number, const char *text) {
  for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
    struct connection *connection = &port->connections[i];
    if (connection->number != number) continue;
    connection->waiting = false;
    json_t *answer = json_loads(text, 0, NULL);
    send_json(connection, answer);
    json_decref(answer);
  }
}

static char *text_of(json_t *answer) {
  char *text = answer == NULL ? NULL : json_dumps(answer, JSON_COMPACT);
  NAV_ASSERT(text != NULL);
  json_decref(answer);
  return text;
}

void core_answer(struct core *core, uint64_t connection, json_t *answer) {
  char *text = text_of(answer);
  control_port_answer(core->control, connection, text);
  free(text);
}

void core_answer_durable(struct core *core, uint64_t connection, json_t *answer) {
  char *text = text_of(answer);
  batch_answer_control(core->staging, connection, text);
  free(text);
}

typedef json_t *desk_ask(const struct core *core, const json_t *request, struct nav_error *err);

// ---- record ----

struct reading_kind {
  const char *name;
  const ProtobufCMessageDescriptor *descriptor;
  Nav__V1__Record__RecordCase record_case;
};

static int by_seq(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a;
  uint64_t y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

// Keys are for what the record says is read, and nothing else (I3): a Read's event_seqs; other kinds open
// nothing.
static bool is_recorded(const struct reading_kind *kind, void *message, const json_t *contents,
                        struct nav_error *err) {
  if (json_array_size(contents) == 0) return true;
  Nav__V1__Read *read = kind->record_case == NAV__V1__RECORD__RECORD_READ ? message : NULL;
  if (read != NULL && read->n_event_seqs > 0)
    qsort(read->event_seqs, read->n_event_seqs, sizeof(uint64_t), by_seq);
  size_t i = 0;
  json_t *item = NULL;
  json_array_foreach(contents, i, item) {
    uint64_t seq = (uint64_t)json_integer_value(json_array_get(item, 0));
    if (read != NULL && bsearch(&seq, read->event_seqs, read->n_event_seqs, sizeof seq, by_seq) != NULL)
      continue;
    return nav_fail(
        err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_PERMITTED, "contents",
        "a key is asked for that the record does not name: put its number in event_seqs of a read");
  }
  return true;
}

// [[seq, class, day], …] → the events' keys as hexadecimal, in that order. NULL: *err.
static json_t *event_keys(struct core *core, const json_t *contents, struct nav_error *err) {
  json_t *keys = json_array();
  if (json_array_size(contents) > CONTENTS_MAX) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_MANY, "contents", "at most %d at a time",
                   CONTENTS_MAX);
    json_decref(keys);
    return NULL;
  }
  size_t i = 0;
  json_t *item = NULL;
  json_array_foreach(contents, i, item) {
    json_int_t seq = json_integer_value(json_array_get(item, 0));
    json_int_t class = json_integer_value(json_array_get(item, 1));
    json_int_t day = json_integer_value(json_array_get(item, 2));
    // Events' buckets alone: a leaf of class REASON_CLASS would open a reason.
    const struct bucket_place bucket = {(uint32_t) class, (uint32_t)day};
    bool is_place = seq > 0 && (uint64_t)seq <= core->committed_seq && class > 0 && class < REASON_CLASS &&
                    day >= 0 && day <= UINT32_MAX;
    uint8_t key[CONTENT_KEY_SIZE];
    char hex[2 * CONTENT_KEY_SIZE + 1];
    // What has been erased has no key any more; its place in the list stays.
    if (!is_place || !buckets_key(core->buckets, &bucket, (uint64_t)seq, false, key, err)) {
      (void)json_array_append_new(keys, json_null());
      continue;
    }
    (void)json_array_append_new(keys, json_string(nav_hex(hex, key, sizeof key)));
    sodium_memzero(key, sizeof key);
    sodium_memzero(hex, sizeof hex);
  }
  return keys;
}

static const struct reading_kind reading_kinds[] = {
    {"read", &nav__v1__read__descriptor, NAV__V1__RECORD__RECORD_READ},
    {"briefing_compiled", &nav__v1__briefing_compiled__descriptor, NAV__V1__RECORD__RECORD_BRIEFING_COMPILED},
    {"audit_read", &nav__v1__audit_read__descriptor, NAV__V1__RECORD__RECORD_AUDIT_READ},
};

static const struct reading_kind *find_kind(const char *name) {
  for (size_t i = 0; name != NULL && i < sizeof reading_kinds / sizeof *reading_kinds; i++) {
    if (strcmp(reading_kinds[i].name, name) == 0) return &reading_kinds[i];
  }
  return NULL;
}

static bool stage_reading(struct core *core, const struct reading_kind *kind, void *message, uint64_t *seq,
                          struct nav_error *err) {
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = kind->record_case;
  record.read = message;  // the members of the union are all message pointers
  if (!reasons_stage(core, &record, seq, err)) return false;
  if (kind->record_case == NAV__V1__RECORD__RECORD_AUDIT_READ) reasons_noted(core, *seq);
  return true;
}

static bool stage_answer(struct core *core, struct connection *connection, uint64_t seq, json_t *keys,
                         const char *token) {
  json_t *answer = json_object();
  (void)json_object_set_new(answer, "ok", json_true());
  (void)json_object_set_new(answer, "seq", json_integer((json_int_t)seq));
  (void)json_object_set(answer, "keys", keys);
  if (token[0] != '\0') (void)json_object_set_new(answer, "token", json_string(token));
  char *text = json_dumps(answer, JSON_COMPACT);
  json_decref(answer);
  if (text == NULL) return false;
  batch_answer_control(core->staging, connection->number, text);
  sodium_memzero(text, strlen(text));
  free(text);
  connection->waiting = true;
  return true;
}

// Keys are handed to nav-desk's system user alone. Who may connect at all is decided by the socket's group
// (mode 0660); of those, navctl's callers are persons, and nav-desk is the one that runs as this program's
// user or as the user named nav-desk.
static bool is_desk(const struct connection *connection) {
  const struct passwd *desk = getpwnam("nav-desk");
  return connection->uid == geteuid() || (desk != NULL && connection->uid == desk->pw_uid);
}

static void do_record(struct core *core, struct control_port *port, struct connection *connection,
                      json_t *request) {
  const struct reading_kind *kind = find_kind(json_string_value(json_object_get(request, "kind")));
  if (!is_desk(connection)) {
    refuse(connection, NAV__V1__CODE__CODE_NOT_PERMITTED, "only nav-desk records readings");
    return;
  }
  if (kind == NULL) {
    refuse(connection, NAV__V1__CODE__CODE_UNKNOWN_MESSAGE, "kind is read, briefing_compiled or audit_read");
    return;
  }
  if (core->database_lost || !batch_has_room(core->staging)) {
    struct nav_error err;
    (void)nav_fail(&err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, "",
                   "the ledger cannot be written now, so nothing can be read; try again soon");
    json_t *answer = control_error(&err);
    send_json(connection, answer);
    json_decref(answer);
    return;
  }
  json_t *contents = json_incref(json_object_get(request, "contents"));
  (void)json_object_del(request, "command");
  (void)json_object_del(request, "kind");
  (void)json_object_del(request, "contents");
  struct nav_error err = {0};
  char token[AUDIT_PERSON_HEX_SIZE] = "";
  bool audit = kind->record_case == NAV__V1__RECORD__RECORD_AUDIT_READ;
  nav_arena_reset(port->arena);
  void *message = NULL;
  if (!audit || audit_person_name(core->person_key, core->now_ms, request, token, &err))
    message = wire_json_to_message(kind->descriptor, request, port->arena, &err);
  bool recorded = message != NULL && is_recorded(kind, message, contents, &err);
  json_t *keys = recorded ? event_keys(core, contents, &err) : NULL;
  uint64_t seq = 0;
  if (keys == NULL || !stage_reading(core, kind, message, &seq, &err) ||
      !stage_answer(core, connection, seq, keys, token)) {
    json_t *answer = control_error(&err);
    send_json(connection, answer);
    json_decref(answer);
  }
  json_decref(keys);
  json_decref(contents);
}

// What nav-desk alone may ask, and gets at once.
static desk_ask *find_desk_ask(const char *name) {
  static const struct {
    const char *name;
    desk_ask *ask;
  } asks[] = {{"consent-ask", registers_ask},
              {"reason-keys", reasons_keys},
              {"hold-preview", hold_preview},
              {"hold-owner", hold_owner}};
  for (size_t i = 0; i < sizeof asks / sizeof *asks; i++)
    if (strcmp(asks[i].name, name) == 0) return asks[i].ask;
  return NULL;
}

static void do_desk_ask(const struct core *core, struct connection *connection, const json_t *request,
                        desk_ask *ask) {
  if (!is_desk(connection)) {
    refuse(connection, NAV__V1__CODE__CODE_NOT_PERMITTED, "only nav-desk asks that");
    return;
  }
  struct nav_error err = {0};
  json_t *answer = ask(core, request, &err);
  if (answer == NULL && err.class == NAV_ERROR_NONE)
    (void)nav_fail(&err, NAV_ERROR_LOCAL, 0, "", "no memory");
  if (answer == NULL) answer = control_error(&err);
  send_json(connection, answer);
  json_decref(answer);
}

// A command of another file: it answers at once, or stages its answer with the batch.
static void run_command(struct control_port *port, struct connection *connection,
                        const struct control_command *command, json_t *request) {
  struct nav_error err = {0};
  struct control_request control = {.core = port->core,
                                    .json = request,
                                    .uid = connection->uid,
                                    .person = conf_person_by_uid(port->core->agencies, connection->uid),
                                    .connection = connection->number};
  if (control.person == NULL || (control.person->roles & command->roles) == 0) {
    (void)nav_fail(&err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_PERMITTED, "",
                   "%s takes the role %s, and agencies.yaml gives it to no person with your system user",
                   command->name, command->role_text);
  } else if (command->writes && (port->core->database_lost || !batch_has_room(port->core->staging))) {
    (void)nav_fail(&err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, "",
                   "the ledger cannot be written now; try again soon");
  } else {
    json_t *answer = command->run(&control, &err);
    if (answer != NULL) send_json(connection, answer);
    json_decref(answer);
    if (answer == NULL && err.class == NAV_ERROR_NONE) connection->waiting = true;
    if (answer != NULL || err.class == NAV_ERROR_NONE) return;
  }
  json_t *refusal = control_error(&err);
  send_json(connection, refusal);
  json_decref(refusal);
}

static void answer_error(struct connection *connection, const struct nav_error *err) {
  json_t *answer = control_error(err);
  send_json(connection, answer);
  json_decref(answer);
}

static void handle(struct control_port *port, struct connection *connection, json_t *request) {
  struct nav_error err;
  const char *name = json_string_value(json_object_get(request, "command"));
  const struct control_command *command = name == NULL ? NULL : control_command_find(name);
  bool status = name != NULL && strcmp(name, "status") == 0;
  if (!status && !standby_may_answer(port->core, &err)) {
    answer_error(connection, &err);
  } else if (command != NULL) {
    run_command(port, connection, command, request);
  } else if (status) {
    json_t *answer = status_json(port->core, conf_person_by_uid(port->core->agencies, connection->uid));
    send_json(connection, answer);
    json_decref(answer);
  } else if (name != NULL && strcmp(name, "record") == 0) {
    do_record(port->core, port, connection, request);
  } else if (name != NULL && find_desk_ask(name) != NULL) {
    do_desk_ask(port->core, connection, request, find_desk_ask(name));
  } else {
    refuse(connection, NAV__V1__CODE__CODE_UNKNOWN_MESSAGE, "nav-core knows no such command");
  }
}

// ---- connections ----

static void take_new(struct control_port *port) {
  int fd = unix_socket_accept(port->fd, &port->spare);
  if (fd < 0) return;
  uid_t uid = 0;
  for (size_t i = 0; i < CONNECTIONS_MAX && control_peer_uid(fd, &uid); i++) {
    struct connection *connection = &port->connections[i];
    if (connection->number != 0) continue;
    *connection = (struct connection){.number = port->next_number++, .fd = fd, .uid = uid};
    nav_buffer_init(&connection->in, CONTROL_MESSAGE_MAX);
    nav_buffer_init(&connection->out, CONTROL_MESSAGE_MAX);
    return;
  }
  (void)close(fd);  // every place is taken, or nobody knows who it is
}

static void serve(struct control_port *port, struct connection *connection) {
  struct nav_error err;
  json_t *request = NULL;
  int got = control_read(connection->fd, &connection->in, &request, &err);
  if (got < 0) {
    hang_up(connection);
  } else if (got > 0) {
    handle(port, connection, request);
    json_decref(request);
  }
}

// One whose answer waits for its commit is not polled: it may have hung up, which would wake the loop without
// end.
static bool is_polled(const struct connection *connection) {
  return connection->number != 0 && (!connection->waiting || connection->out.length > 0);
}

size_t control_port_poll_count(const struct control_port *port) {
  size_t count = 1;
  for (size_t i = 0; i < CONNECTIONS_MAX; i++) count += is_polled(&port->connections[i]) ? 1 : 0;
  return count;
}

void control_port_poll_fill(const struct control_port *port, struct pollfd *files) {
  *files++ = (struct pollfd){.fd = port->fd, .events = POLLIN};
  for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
    const struct connection *connection = &port->connections[i];
    if (!is_polled(connection)) continue;
    short events = connection->out.length > 0 ? POLLIN | POLLOUT : POLLIN;
    *files++ = (struct pollfd){.fd = connection->fd, .events = events};
  }
}

void control_port_step(struct control_port *port, const struct pollfd *files) {
  bool newcomers = (files++->revents & POLLIN) != 0;
  for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
    struct connection *connection = &port->connections[i];
    if (!is_polled(connection)) continue;
    short events = files++->revents;
    if ((events & (POLLIN | POLLERR | POLLHUP | POLLNVAL)) != 0 && !connection->waiting)
      serve(port, connection);
    if (connection->number != 0 && connection->out.length > 0 &&
        control_flush(connection->fd, &connection->out) < 0) {
      hang_up(connection);
    }
  }
  if (newcomers) take_new(port);
}
