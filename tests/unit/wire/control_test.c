// The control socket: one process serves, the test calls; and what a broken or hostile peer may send.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hub/base/clock.h"
#include "hub/wire/control.h"

static char folder[] = "/tmp/nav-control-XXXXXX";
static char path[64];

static int set_up(void **state) {
  (void)state;
  (void)snprintf(folder, sizeof folder, "/tmp/nav-control-XXXXXX");
  if (mkdtemp(folder) == NULL) return -1;
  (void)snprintf(path, sizeof path, "%s/socket", folder);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  (void)unlink(path);
  return rmdir(folder);
}

// A connected pair: [0] is ours, [1] the peer's.
static void make_pair(int pair[2]) { assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0); }

static void send_bytes(int fd, const void *data, size_t length) {
  assert_int_equal(send(fd, data, length, MSG_NOSIGNAL), (ssize_t)length);
}

// Three times, and the answer follows at once: several messages may come together.
static void append_progress(struct nav_buffer *out) {
  for (int i = 0; i < 3; i++) {
    json_t *progress = json_pack("{s:{s:i}}", "progress", "records", i * 10);
    if (!control_append(out, progress)) abort();
    json_decref(progress);
  }
}

// Answers each request with {"ok":true,"uid":…,"echo":request}, or as "fail" in it says, until killed.
static void serve(int listener) {
  for (;;) {
    struct pollfd one = {.fd = listener, .events = POLLIN};
    (void)poll(&one, 1, -1);
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) continue;
    struct nav_buffer in;
    struct nav_buffer out;
    nav_buffer_init(&in, CONTROL_MESSAGE_MAX + 4);
    nav_buffer_init(&out, CONTROL_MESSAGE_MAX + 4);
    json_t *request = NULL;
    struct nav_error err;
    int got = 0;
    while ((got = control_read(fd, &in, &request, &err)) == 0) {
      one = (struct pollfd){.fd = fd, .events = POLLIN};
      (void)poll(&one, 1, -1);
    }
    uid_t uid = 0;
    json_t *answer = NULL;
    if (got < 0) goto done;
    if (json_object_get(request, "silent") != NULL) {
      (void)poll(NULL, 0, 2000);
    } else if (json_object_get(request, "hang up") != NULL) {
      goto done;
    } else if (json_object_get(request, "fail") != NULL) {
      (void)nav_fail(&err, NAV_ERROR_RETRY, 22, "lane 4", "is busy; wait");
      answer = control_error(&err);
    } else if (json_object_get(request, "nonsense") != NULL) {
      answer = json_pack("{s:s}", "what", "?");
    } else if (control_peer_uid(fd, &uid)) {
      answer = json_pack("{s:b,s:i,s:O}", "ok", 1, "uid", (int)uid, "echo", request);
    }
    if (json_is_true(json_object_get(request, "progress"))) append_progress(&out);
    if (answer != NULL && !control_append(&out, answer)) abort();
    while (control_flush(fd, &out) > 0) {
      one = (struct pollfd){.fd = fd, .events = POLLOUT};
      (void)poll(&one, 1, -1);
    }
  done:
    json_decref(answer);
    json_decref(request);
    nav_buffer_free(&in);
    nav_buffer_free(&out);
    (void)close(fd);
  }
}

static pid_t start_server(void) {
  struct nav_error err = {0};
  int listener = control_listen(path, &err);
  if (listener < 0) fail_msg("%s: %s", err.place, err.text);
  pid_t pid = fork();
  if (pid == 0) serve(listener);
  assert_true(pid > 0);
  (void)close(listener);
  return pid;
}

static void stop_server(pid_t pid) {
  assert_int_equal(kill(pid, SIGKILL), 0);
  assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void calls_are_answered(void **state) {
  (void)state;
  pid_t pid = start_server();
  struct nav_error err = {0};
  json_t *request = json_pack("{s:s,s:s}", "command", "status", "text", "åäö");
  for (int i = 0; i < 20; i++) {
    json_t *answer = control_call(path, request, 5000, &err);
    if (answer == NULL) fail_msg("%s: %s", err.place, err.text);
    assert_true(json_equal(json_object_get(answer, "echo"), request));
    assert_int_equal(json_integer_value(json_object_get(answer, "uid")), getuid());
    json_decref(answer);
  }
  json_decref(request);
  stop_server(pid);
}

static void add_up(void *context, const json_t *progress) {
  int *sum = context;
  *sum = *sum * 100 + (int)json_integer_value(json_object_get(progress, "records")) + 1;
}

static void what_comes_before_an_answer_is_told_in_its_order(void **state) {
  (void)state;
  pid_t pid = start_server();
  struct nav_error err = {0};
  int sum = 0;
  json_t *request = json_pack("{s:s,s:b}", "command", "audit-verify", "progress", 1);
  json_t *answer = control_call_told(path, request, 5000, add_up, &sum, &err);
  if (answer == NULL) fail_msg("%s: %s", err.place, err.text);
  assert_int_equal(sum, 11121);
  assert_true(json_equal(json_object_get(answer, "echo"), request));
  json_decref(answer);
  // Whoever did not ask takes it for what is no answer.
  assert_null(control_call(path, request, 5000, &err));
  assert_int_equal(err.class, NAV_ERROR_LOCAL);
  // A failure after it is one all the same.
  (void)json_object_set_new(request, "fail", json_true());
  sum = 0;
  assert_null(control_call_told(path, request, 5000, add_up, &sum, &err));
  assert_int_equal(err.class, NAV_ERROR_RETRY);
  assert_int_equal(sum, 11121);
  json_decref(request);
  stop_server(pid);
}

static void large_messages_go_through(void **state) {
  (void)state;
  pid_t pid = start_server();
  struct nav_error err = {0};
  size_t size = 3000000;
  char *text = malloc(size + 1);
  assert_non_null(text);
  memset(text, 'x', size);
  text[size] = '\0';
  json_t *request = json_pack("{s:s}", "text", text);
  json_t *answer = control_call(path, request, 20000, &err);
  if (answer == NULL) fail_msg("%s: %s", err.place, err.text);
  assert_true(json_equal(json_object_get(answer, "echo"), request));
  json_decref(answer);
  json_decref(request);
  free(text);
  stop_server(pid);
}

// Answers before it has read more than a message's length, and closes.
static void refuse_one(int listener) {
  struct nav_error err;
  struct nav_buffer out;
  uint8_t head[4];
  struct pollfd one = {.fd = listener, .events = POLLIN};
  (void)poll(&one, 1, -1);
  int fd = accept(listener, NULL, NULL);
  if (recv(fd, head, sizeof head, MSG_WAITALL) != (ssize_t)sizeof head) abort();
  nav_buffer_init(&out, 1000);
  (void)nav_fail(&err, NAV_ERROR_PEER, 5, "", "is too long");
  json_t *refusal = control_error(&err);
  if (!control_append(&out, refusal) || control_flush(fd, &out) != 0) abort();
  json_decref(refusal);
  nav_buffer_free(&out);
  (void)close(fd);
  _exit(0);
}

static void who_is_refused_before_all_is_said_hears_why(void **state) {
  (void)state;
  static char text[3000001];
  struct nav_error err = {0};
  int listener = control_listen(path, &err);
  assert_true(listener >= 0);
  pid_t pid = fork();
  if (pid == 0) refuse_one(listener);
  memset(text, 'x', sizeof text - 1);
  json_t *request = json_pack("{s:s}", "text", text);
  assert_null(control_call(path, request, 20000, &err));
  assert_int_equal(err.class, NAV_ERROR_PEER);
  assert_int_equal(err.code, 5);
  assert_string_equal(err.text, "is too long");
  json_decref(request);
  (void)close(listener);
  assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void failures_come_back_as_they_were(void **state) {
  (void)state;
  pid_t pid = start_server();
  struct nav_error err = {0};
  json_t *request = json_pack("{s:b}", "fail", 1);
  assert_null(control_call(path, request, 5000, &err));
  assert_int_equal(err.class, NAV_ERROR_RETRY);
  assert_int_equal(err.code, 22);
  assert_string_equal(err.place, "lane 4");
  assert_string_equal(err.text, "is busy; wait");
  json_decref(request);
  request = json_pack("{s:b}", "nonsense", 1);
  assert_null(control_call(path, request, 5000, &err));
  assert_int_equal(err.class, NAV_ERROR_LOCAL);
  json_decref(request);
  request = json_pack("{s:b}", "hang up", 1);
  assert_null(control_call(path, request, 5000, &err));
  assert_int_equal(err.class, NAV_ERROR_RETRY);
  json_decref(request);
  stop_server(pid);
}

static void never_waits_longer_than_said(void **state) {
  (void)state;
  pid_t pid = start_server();
  struct nav_error err = {0};
  json_t *request = json_pack("{s:b}", "silent", 1);
  int64_t start_ms = nav_clock_monotonic_ms();
  assert_null(control_call(path, request, 200, &err));
  int64_t took_ms = nav_clock_monotonic_ms() - start_ms;
  assert_true(took_ms >= 190 && took_ms < 1500);
  assert_int_equal(err.class, NAV_ERROR_RETRY);
  json_decref(request);
  stop_server(pid);
}

static void nobody_listening_is_retry(void **state) {
  (void)state;
  struct nav_error err = {0};
  assert_int_equal(control_connect(path, 100, &err), -1);
  assert_int_equal(err.class, NAV_ERROR_RETRY);
  char longer[300];
  memset(longer, 'x', sizeof longer - 1);
  longer[sizeof longer - 1] = '\0';
  assert_int_equal(control_connect(longer, 100, &err), -1);
  assert_int_equal(err.class, NAV_ERROR_LOCAL);
}

static void a_dead_sockets_file_is_replaced_and_a_live_one_is_not(void **state) {
  (void)state;
  struct nav_error err = {0};
  int first = control_listen(path, &err);
  assert_true(first >= 0);
  struct stat status;
  assert_int_equal(stat(path, &status), 0);
  assert_int_equal(status.st_mode & 07777, 0660);
  assert_int_equal(control_listen(path, &err), -1);
  assert_int_equal(err.class, NAV_ERROR_LOCAL);
  (void)close(first);
  int second = control_listen(path, &err);
  assert_true(second >= 0);
  (void)close(second);
}

static void a_file_that_is_no_socket_is_left_alone(void **state) {
  (void)state;
  struct nav_error err = {0};
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  (void)fputs("precious", file);
  (void)fclose(file);
  assert_int_equal(control_listen(path, &err), -1);
  struct stat status;
  assert_int_equal(stat(path, &status), 0);
  assert_int_equal(status.st_size, 8);
}

// Byte by byte, two messages one after another.
static void messages_come_in_any_pieces(void **state) {
  (void)state;
  int pair[2];
  make_pair(pair);
  struct nav_buffer out;
  struct nav_buffer in;
  nav_buffer_init(&out, 1024);
  nav_buffer_init(&in, 1024);
  json_t *message = json_pack("{s:i}", "n", 7);
  assert_true(control_append(&out, message));
  assert_true(control_append(&out, message));
  unsigned whole = 0;
  for (size_t i = 0; i < out.length; i++) {
    json_t *got = NULL;
    struct nav_error err;
    send_bytes(pair[1], out.data + i, 1);
    int result = control_read(pair[0], &in, &got, &err);
    assert_true(result >= 0);
    if (result == 0) continue;
    assert_true(json_equal(got, message));
    json_decref(got);
    whole++;
  }
  assert_int_equal(whole, 2);
  json_decref(message);
  nav_buffer_free(&out);
  nav_buffer_free(&in);
  (void)close(pair[0]);
  (void)close(pair[1]);
}

static void what_is_not_a_message_is_refused(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t length;
  } cases[] = {
      {"\0\0\0\x02[]", 6},       // no object
      {"\0\0\0\x02{]", 6},       // no JSON
      {"\0\0\0\0", 4},           // nothing
      {"\xff\xff\xff\xff{", 5},  // 4 GiB
      {"\x02\0\0\x01{", 5},      // one byte more than the most
      {"\0\0\0\x0d{\"a\":1,\"a\":1}", 17},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int pair[2];
    make_pair(pair);
    struct nav_buffer in;
    nav_buffer_init(&in, CONTROL_MESSAGE_MAX + 4);
    json_t *got = NULL;
    struct nav_error err = {0};
    send_bytes(pair[1], cases[i].bytes, cases[i].length);
    assert_int_equal(control_read(pair[0], &in, &got, &err), -1);
    assert_int_equal(err.class, NAV_ERROR_PEER);
    assert_null(got);
    nav_buffer_free(&in);
    (void)close(pair[0]);
    (void)close(pair[1]);
  }
}

static void a_promise_of_much_takes_little_memory(void **state) {
  (void)state;
  int pair[2];
  make_pair(pair);
  struct nav_buffer in;
  nav_buffer_init(&in, CONTROL_MESSAGE_MAX + 4);
  json_t *got = NULL;
  struct nav_error err = {0};
  send_bytes(pair[1], "\x02\0\0\0{", 5);  // 32 MiB, of which one byte comes
  assert_int_equal(control_read(pair[0], &in, &got, &err), 0);
  assert_true(in.capacity < 1024 * 1024);
  (void)close(pair[1]);
  assert_int_equal(control_read(pair[0], &in, &got, &err), -1);
  assert_int_equal(err.class, NAV_ERROR_RETRY);
  nav_buffer_free(&in);
  (void)close(pair[0]);
}

static void flushing_to_one_that_left_tells(void **state) {
  (void)state;
  int pair[2];
  make_pair(pair);
  (void)close(pair[1]);
  struct nav_buffer out;
  nav_buffer_init(&out, 1024);
  assert_true(nav_buffer_append_text(&out, "text"));
  assert_int_equal(control_flush(pair[0], &out), -1);
  nav_buffer_free(&out);
  (void)close(pair[0]);
}

static void an_error_of_any_bytes_becomes_json(void **state) {
  (void)state;
  struct nav_error err = {0};
  (void)nav_fail(&err, NAV_ERROR_LOCAL, 0, "caf\xe9.yaml", "cannot be read");
  json_t *json = control_error(&err);
  const json_t *error = json_object_get(json, "error");
  assert_true(json_is_false(json_object_get(json, "ok")));
  assert_string_equal(json_string_value(json_object_get(error, "place")), "caf?.yaml");
  assert_string_equal(json_string_value(json_object_get(error, "class")), "local");
  json_decref(json);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(calls_are_answered, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_comes_before_an_answer_is_told_in_its_order, set_up, tear_down),
      cmocka_unit_test_setup_teardown(large_messages_go_through, set_up, tear_down),
      cmocka_unit_test_setup_teardown(failures_come_back_as_they_were, set_up, tear_down),
      cmocka_unit_test_setup_teardown(who_is_refused_before_all_is_said_hears_why, set_up, tear_down),
      cmocka_unit_test_setup_teardown(never_waits_longer_than_said, set_up, tear_down),
      cmocka_unit_test_setup_teardown(nobody_listening_is_retry, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_dead_sockets_file_is_replaced_and_a_live_one_is_not, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(a_file_that_is_no_socket_is_left_alone, set_up, tear_down),
      cmocka_unit_test(messages_come_in_any_pieces),
      cmocka_unit_test(what_is_not_a_message_is_refused),
      cmocka_unit_test(a_promise_of_much_takes_little_memory),
      cmocka_unit_test(flushing_to_one_that_left_tells),
      cmocka_unit_test(an_error_of_any_bytes_becomes_json),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
