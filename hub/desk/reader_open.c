// See reader.h: the one way to content. Read record first, committed by nav-core; then the keys of just those
// events; then the sealed bytes are opened and decoded. A key is wiped as soon as its event is open.
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/desk/core_link.h"
#include "hub/desk/reader_private.h"
#include "hub/ledger/content.h"
#include "hub/ledger/record.h"
#include "hub/wire/message.h"

enum {
  CHUNK_EVENTS = 20000,  // of one Read record; nav-core hands out no more keys at a time
  LOGS_MAX = 64,
  BRIEFING_SEQS_MAX = 90000,  // so that the record decodes (WIRE_ELEMENTS_MAX)
};

// A ledger restored to an earlier state has a new id from there on; content is sealed under the id of its
// time.
struct log_since {
  uint64_t seq;
  uint8_t log_id[KEY_LOG_ID_SIZE];
};

struct opening {
  struct desk_reader *reader;
  struct log_since logs[LOGS_MAX];
  size_t logs_count;
  struct desk_event **events;  // of this chunk, by seq
  size_t count;
  json_t *keys;  // in that order
  struct nav_buffer plain;
};

static char *unconst(const char *text) {
  union {
    const char *in;
    char *out;
  } cast = {text};  // protobuf-c's fields are not const, and it does not write to them
  return cast.out;
}

static bool no_memory(struct nav_error *err) {
  return nav_fail(err, NAV_ERROR_LOCAL, 0, "",
                  "the answer needs more memory than one request may have: ask for a shorter time");
}

// ---- which log ----

static bool note_log(struct opening *o, uint64_t seq, const Nav__V1__Started *started) {
  if (started == NULL || started->log_id.len != KEY_LOG_ID_SIZE) return true;
  const struct log_since *last = o->logs_count > 0 ? &o->logs[o->logs_count - 1] : NULL;
  if (last != NULL && memcmp(last->log_id, started->log_id.data, KEY_LOG_ID_SIZE) == 0) return true;
  if (o->logs_count == LOGS_MAX) return false;
  o->logs[o->logs_count].seq = seq;
  memcpy(o->logs[o->logs_count++].log_id, started->log_id.data, KEY_LOG_ID_SIZE);
  return true;
}

static bool load_logs(struct opening *o, struct nav_error *err) {
  const struct desk_request *request = o->reader->request;
  struct desk_cursor cursor;
  if (!desk_cursor_open(
          &cursor, request->database, "logs",
          "SELECT seq, record FROM nav.ledger_view WHERE kind NOT IN (20, 21, 30) AND kind = 10 ORDER BY seq",
          0, NULL, err)) {
    return false;
  }
  int got = 0;
  while ((got = desk_cursor_next(&cursor, err)) > 0) {
    size_t length = 0;
    const uint8_t *bytes = desk_bytes(cursor.page, cursor.row, 1, &length);
    const Nav__V1__Record *record = record_stored(request->arena, bytes, length, err);
    if (record != NULL && note_log(o, record->seq, record->started)) continue;
    if (record != NULL)
      (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "the ledger was restored more than %d times", LOGS_MAX);
    got = -1;
    break;
  }
  desk_cursor_close(&cursor);
  PGresult *closed = got == 0 ? desk_query(request->database, "CLOSE logs", 0, NULL, err) : NULL;
  PQclear(closed);
  return closed != NULL;
}

static const uint8_t *log_of(const struct opening *o, uint64_t seq) {
  const uint8_t *log_id = o->reader->log_id;
  for (size_t i = 0; i < o->logs_count && o->logs[i].seq <= seq; i++) log_id = o->logs[i].log_id;
  return log_id;
}

// ---- the record and the keys ----

static bool record_reading(struct opening *o, const struct desk_reading *reading, struct nav_error *err) {
  const struct desk_request *request = o->reader->request;
  Nav__V1__Read read = NAV__V1__READ__INIT;
  uint64_t seq = 0;
  json_t *contents = json_array();
  uint64_t *seqs = nav_arena_zalloc(request->arena, o->count, sizeof *seqs);
  if (contents == NULL || seqs == NULL) {
    json_decref(contents);
    return no_memory(err);
  }
  for (size_t i = 0; i < o->count; i++) {
    const struct desk_event *event = o->events[i];
    seqs[i] = event->seq;
    (void)json_array_append_new(
        contents, json_pack("[I, I, I]", (json_int_t)event->seq, (json_int_t)event->bucket_class,
                            (json_int_t)event->bucket_day));
  }
  read.person = unconst(request->person->id);
  read.agency = unconst(request->person->agency);
  read.reason = unconst(reading->reason);
  read.purpose = unconst(reading->purpose);
  read.meeting = unconst(reading->meeting);
  read.n_event_seqs = o->count;
  read.event_seqs = seqs;
  return core_link_record(request->nav, "read", &read, contents, &seq, &o->keys, err);
}

// ---- content ----

static bool open_one(struct opening *o, struct desk_event *event, const json_t *key_text,
                     const uint8_t *sealed, size_t length, struct nav_error *err) {
  uint8_t key[CONTENT_KEY_SIZE];
  const char *hex = json_string_value(key_text);
  if (hex == NULL) return true;  // its bucket key is gone: erased, as it already says
  if (!nav_unhex(key, sizeof key, hex))
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "core", "nav-core gave what is no key");
  const struct content_place place = {log_of(o, event->seq), event->seq, event->bucket_class,
                                      event->bucket_day};
  bool ok = content_open(&place, key, sealed, length, &o->plain, err);
  sodium_memzero(key, sizeof key);
  if (!ok) return false;
  event->event =
      wire_decode_lenient(&nav__v1__event__descriptor, o->reader->request->arena,
                          o->plain.data + CONTENT_SALT_SIZE, o->plain.length - CONTENT_SALT_SIZE, err);
  sodium_memzero(o->plain.data, o->plain.length);
  event->erased = false;
  return event->event != NULL;
}

static int compare_seq(const void *a, const void *b) {
  uint64_t x = (*(struct desk_event *const *)a)->seq;
  uint64_t y = (*(struct desk_event *const *)b)->seq;
  return x < y ? -1 : x > y ? 1 : 0;
}

static const char sealed_sql[] =
    "SELECT seq, sealed FROM nav.content_view WHERE part = ANY($2::int[]) AND seq = ANY($1::bigint[]) ORDER "
    "BY seq";

// Class × 1,000,000 + year × 100 + month of acceptance, each once: the partitions to look in.
static const char *parts_of(const struct opening *o, struct nav_arena *arena) {
  uint64_t parts[1024];
  size_t count = 0;
  for (size_t i = 0; i < o->count; i++) {
    int year = 0;
    int month = 0;
    int day = 0;
    nav_date_from_days(o->events[i]->bucket_day, &year, &month, &day);
    uint64_t part = (uint64_t)o->events[i]->bucket_class * 1000000 + (uint64_t)(year * 100 + month);
    bool known = false;
    for (size_t p = 0; p < count && !known; p++) known = parts[p] == part;
    if (known) continue;
    if (count == sizeof parts / sizeof parts[0]) return NULL;
    parts[count++] = part;
  }
  return desk_array(arena, parts, count);
}

static bool open_rows(struct opening *o, struct desk_cursor *cursor, struct nav_error *err) {
  size_t next = 0;
  int got = 0;
  while ((got = desk_cursor_next(cursor, err)) > 0) {
    uint64_t seq = (uint64_t)desk_int8(cursor->page, cursor->row, 0);
    size_t length = 0;
    const uint8_t *sealed = desk_bytes(cursor->page, cursor->row, 1, &length);
    while (next < o->count && o->events[next]->seq < seq) next++;
    if (next == o->count || o->events[next]->seq != seq) continue;
    if (!open_one(o, o->events[next], json_array_get(o->keys, next), sealed, length, err)) return false;
  }
  return got == 0;
}

static bool open_contents(struct opening *o, struct nav_error *err) {
  const struct desk_request *request = o->reader->request;
  struct desk_cursor cursor;
  uint64_t *seqs = nav_arena_zalloc(request->arena, o->count, sizeof *seqs);
  if (seqs == NULL) return no_memory(err);
  for (size_t i = 0; i < o->count; i++) {
    seqs[i] = o->events[i]->seq;
    o->events[i]->erased = true;  // until its content is found
  }
  const char *values[] = {desk_array(request->arena, seqs, o->count), parts_of(o, request->arena)};
  if (values[0] == NULL || values[1] == NULL) return no_memory(err);
  if (!desk_cursor_open(&cursor, request->database, "sealed", sealed_sql, 2, values, err)) return false;
  bool ok = open_rows(o, &cursor, err);
  desk_cursor_close(&cursor);
  PGresult *closed = ok ? desk_query(request->database, "CLOSE sealed", 0, NULL, err) : NULL;
  PQclear(closed);
  return closed != NULL;
}

static bool open_chunk(struct opening *o, const struct desk_reading *reading, struct nav_error *err) {
  bool ok = record_reading(o, reading, err) && open_contents(o, err);
  json_decref(o->keys);
  o->keys = NULL;
  return ok;
}

bool desk_reader_open(struct desk_reader *reader, const struct desk_reading *reading,
                      struct desk_event *const *chosen, size_t count, struct nav_error *err) {
  struct opening o = {.reader = reader};
  if (reading->reason[0] == '\0')
    return nav_fail(err, NAV_ERROR_PEER, 0, "reason", "a reason is needed to open content");
  struct desk_event **sorted = nav_arena_zalloc(reader->request->arena, count + 1, sizeof *sorted);
  if (sorted == NULL) return no_memory(err);
  size_t wanted = 0;
  for (size_t i = 0; i < count; i++) {
    if (chosen[i]->event == NULL && !chosen[i]->erased) sorted[wanted++] = chosen[i];
  }
  if (wanted == 0) return true;
  qsort(sorted, wanted, sizeof *sorted, compare_seq);
  nav_buffer_init(&o.plain, WIRE_EVENT_MAX + CONTENT_OVERHEAD);
  bool ok = load_logs(&o, err);
  for (size_t done = 0; ok && done < wanted; done += o.count) {
    o.events = sorted + done;
    o.count = wanted - done < CHUNK_EVENTS ? wanted - done : CHUNK_EVENTS;
    ok = open_chunk(&o, reading, err);
  }
  nav_buffer_free(&o.plain);
  return ok;
}

bool desk_reader_record_briefing(struct desk_reader *reader, const Nav__V1__BriefingCompiled *compiled,
                                 uint64_t *seq, struct nav_error *err) {
  const struct desk_request *request = reader->request;
  if (compiled->n_event_seqs + compiled->n_fields + compiled->n_participants > BRIEFING_SEQS_MAX) {
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_MANY, "",
                    "the briefing holds more events than one record can name (%d): choose a shorter period",
                    BRIEFING_SEQS_MAX);
  }
  Nav__V1__BriefingCompiled record = *compiled;
  record.person = unconst(request->person->id);
  if (record.reason == NULL) {
    const char *reason = json_string_value(json_object_get(request->json, "reason"));
    record.reason = unconst(reason != NULL ? reason : "");
  }
  return core_link_record(request->nav, "briefing_compiled", &record, NULL, seq, NULL, err);
}
