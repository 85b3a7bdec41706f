// The load on Redis streams: XADD pipelined, of which the answer comes after the append-only file is on disk
// (appendfsync always), and a consumer group for each recipient, which acknowledges what it read with the
// next read. The stream is not trimmed while it runs.
//   --at SOCKET      Redis' unix socket
// Called by: tests/bench/run. Must never: touch a Redis that the run did not start.
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/bench/load/gate.h"
#include "tests/bench/load/load.h"

enum { READ_MAX = 256, TEXT_SIZE = 64, READ_WORDS = 11, ACK_WORDS = READ_MAX + 3, READS_MAX = 64 };

static bool complain(const redisContext *redis, const char *what) {
  (void)fprintf(stderr, "redis: %s: %s\n", what, redis != NULL ? redis->errstr : "no memory");
  return false;
}

static redisContext *connect_redis(void) {
  redisContext *redis = redisConnectUnix(load_options->at);
  if (redis != NULL && redis->err == 0) return redis;
  (void)complain(redis, load_options->at);
  if (redis != NULL) redisFree(redis);
  return NULL;
}

static bool command(redisContext *redis, const char *text) {
  redisReply *reply =
      redisCommand(redis, text);  // NOLINT(clang-diagnostic-format-security): no arguments in it
  bool ok = reply != NULL && reply->type != REDIS_REPLY_ERROR;
  if (!ok) (void)fprintf(stderr, "redis: %s: %s\n", text, reply != NULL ? reply->str : redis->errstr);
  if (reply != NULL) freeReplyObject(reply);
  return ok;
}

static bool prepare(void) {
  char text[TEXT_SIZE];
  redisContext *redis = connect_redis();
  bool ok = redis != NULL && gate_prepare() && command(redis, "DEL bench");
  for (unsigned i = 0; ok && i < load_options->recipients; i++) {
    (void)snprintf(text, sizeof text, "XGROUP CREATE bench g%u $ MKSTREAM", i);
    ok = command(redis, text);
  }
  if (redis != NULL) redisFree(redis);
  return ok;
}

// ---- a publisher ----

struct publisher {
  redisContext *redis;
  struct gate *gate;
  struct load_pace *pace;
  uint32_t answered;  // answers come in order, and numbers are given in order
};

static bool send_batch(struct publisher *p, const struct gate_batch *batch) {
  int done = batch->count == 0;
  for (size_t i = 0; i < batch->count; i++) {
    const char *words[] = {"XADD", "bench", "*", "d", (const char *)gate_message(batch, i)};
    const size_t lengths[] = {4, 5, 1, 1, load_options->bytes};
    if (redisAppendCommandArgv(p->redis, 5, words, lengths) != REDIS_OK) return complain(p->redis, "XADD");
  }
  while (done == 0) {
    if (redisBufferWrite(p->redis, &done) != REDIS_OK) return complain(p->redis, "write");
  }
  return true;
}

static bool read_answers(struct publisher *p) {
  void *answer = NULL;
  if (redisBufferRead(p->redis) != REDIS_OK) return complain(p->redis, "read");
  while (redisGetReplyFromReader(p->redis, &answer) == REDIS_OK && answer != NULL) {
    load_settled(p->pace, ++p->answered, ((redisReply *)answer)->type != REDIS_REPLY_ERROR);
    freeReplyObject(answer);
  }
  return p->redis->err == 0 || complain(p->redis, "answer");
}

// Waits up to wait_ns for an answer, and reads all that are here.
static bool take_answers(struct publisher *p, uint64_t wait_ns) {
  struct pollfd fd = {p->redis->fd, POLLIN, 0};
  struct timespec wait = {0, (long)wait_ns};
  for (unsigned reads = 0; reads < READS_MAX && ppoll(&fd, 1, &wait, NULL) > 0; reads++) {
    if (!read_answers(p)) return false;
    wait.tv_nsec = 0;
  }
  return true;
}

static bool publisher_loop(struct publisher *p) {
  while (!load_publisher_done(p->pace)) {
    const struct gate_batch *batch = gate_take(p->gate, p->pace);
    if (batch == NULL || !send_batch(p, batch)) return false;
    if (!take_answers(p, batch->count == GATE_BATCH_MAX ? 0 : load_wait_ns(p->pace))) return false;
  }
  return true;
}

static void wait_start(struct load_worker *worker) {
  load_ready(worker);
  while (!load_started() && !atomic_load(&load_shared->quit))
    (void)nanosleep(&(struct timespec){0, 200000}, NULL);
}

static bool publish(unsigned number) {
  struct publisher p = {.redis = connect_redis(), .gate = gate_open(number), .pace = load_pace_new(number)};
  bool ok = p.redis != NULL && p.gate != NULL && p.pace != NULL;
  if (ok) {
    wait_start(&load_shared->publishers[number]);
    ok = publisher_loop(&p);
  }
  if (p.redis != NULL) redisFree(p.redis);
  gate_close(p.gate);
  load_pace_free(p.pace);
  return ok;
}

// ---- a recipient ----

struct recipient {
  redisContext *redis;
  struct load_seen *seen;
  char group[TEXT_SIZE];
  const redisReply *messages;  // of the answer at hand
};

static bool ask(struct recipient *r) {
  const char *words[READ_WORDS] = {"XREADGROUP", "GROUP", r->group,  "one",   "COUNT", "256",
                                   "BLOCK",      "100",   "STREAMS", "bench", ">"};
  return redisAppendCommandArgv(r->redis, READ_WORDS, words, NULL) == REDIS_OK || complain(r->redis, "ask");
}

static bool acknowledge(struct recipient *r) {
  const char *words[ACK_WORDS] = {"XACK", "bench", r->group};
  int count = 3;
  for (size_t i = 0; i < r->messages->elements && count < ACK_WORDS; i++)
    words[count++] = r->messages->element[i]->element[0]->str;
  return redisAppendCommandArgv(r->redis, count, words, NULL) == REDIS_OK || complain(r->redis, "XACK");
}

// [[stream, [[id, [field, value]], …]]]; nil where nothing came in time.
static bool take_messages(struct recipient *r, const redisReply *answer) {
  r->messages = NULL;
  if (answer->type == REDIS_REPLY_NIL) return true;
  if (answer->type != REDIS_REPLY_ARRAY || answer->elements != 1) {
    (void)fprintf(stderr, "redis: XREADGROUP: %s\n", answer->str != NULL ? answer->str : "no list");
    return false;
  }
  r->messages = answer->element[0]->element[1];
  for (size_t i = 0; i < r->messages->elements; i++) {
    const redisReply *value = r->messages->element[i]->element[1]->element[1];
    if (value->len >= MARK_SIZE) load_received(r->seen, (const uint8_t *)value->str);
  }
  return true;
}

// One answer; with messages, their acknowledgement goes out before the next question, in the same write.
static bool turn(struct recipient *r) {
  redisReply *answer = NULL, *acknowledged = NULL;
  if (redisGetReply(r->redis, (void **)&answer) != REDIS_OK) return complain(r->redis, "XREADGROUP");
  bool ok = take_messages(r, answer);
  bool any = ok && r->messages != NULL;
  long long count = any ? (long long)r->messages->elements : 0;
  if (any) ok = acknowledge(r);
  freeReplyObject(answer);
  if (!ok || !ask(r)) return false;
  if (!any) return true;
  if (redisGetReply(r->redis, (void **)&acknowledged) != REDIS_OK) return complain(r->redis, "XACK");
  ok = acknowledged->type == REDIS_REPLY_INTEGER && acknowledged->integer == count;
  if (!ok) (void)fprintf(stderr, "redis: XACK took %lld of %lld\n", acknowledged->integer, count);
  freeReplyObject(acknowledged);
  return ok;
}

static bool receive(unsigned number) {
  struct recipient r = {.redis = connect_redis(), .seen = load_seen_new(number)};
  (void)snprintf(r.group, sizeof r.group, "g%u", number);
  bool ok = r.redis != NULL && r.seen != NULL && ask(&r);
  if (ok) load_ready(&load_shared->recipients[number]);
  while (ok && !atomic_load(&load_shared->quit)) ok = turn(&r);
  if (r.redis != NULL) redisFree(r.redis);
  load_seen_free(r.seen);
  return ok;
}

int main(int argc, char **argv) {
  static const struct load_peer peer = {.prepare = prepare, .publish = publish, .receive = receive};
  return load_main(argc, argv, &peer);
}
