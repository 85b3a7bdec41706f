// Accepted records decoded without protobuf-c: nearly every record of a ledger is one, and nav-core writes
// them all alike. What is not written just so is left to record_decode, which knows every form and says what
// is wrong. See record.h.
#include <string.h>

#include "hub/ledger/record.h"

enum { TAG_SEQ = 0x08, TAG_TIME = 0x10, TAG_EPOCH = 0x18, TAG_ACCEPTED = 21 << 3 | 2, PERSONS_MAX = 64 };

struct reading {
  const uint8_t *at, *end;
  bool ok;
};

// In its shortest form and of at most nine bytes, which a positive number of 63 bits has.
static uint64_t read_number(struct reading *r) {
  uint64_t value = 0;
  for (unsigned i = 0; i < 9 && r->at + i < r->end; i++) {
    uint8_t byte = r->at[i];
    value |= (uint64_t)(byte & 0x7f) << (7 * i);
    if (byte >= 0x80) continue;
    if (i > 0 && byte == 0) break;
    r->at += i + 1;
    return value;
  }
  r->ok = false;
  return 0;
}

static void expect(struct reading *r, unsigned tag) {
  if (read_number(r) != tag) r->ok = false;
}

static uint64_t read_field(struct reading *r, unsigned number) {
  expect(r, number << 3);
  return r->ok ? read_number(r) : 0;
}

static uint32_t read_field32(struct reading *r, unsigned number) {
  uint64_t value = read_field(r, number);
  if (value > UINT32_MAX) r->ok = false;
  return (uint32_t)value;
}

// protobuf-c's fields are not const, and nobody writes to them.
static ProtobufCBinaryData read_bytes(struct reading *r, unsigned number) {
  expect(r, number << 3 | 2);
  uint64_t length = r->ok ? read_number(r) : 0;
  if (!r->ok || length > (uint64_t)(r->end - r->at)) {
    r->ok = false;
    return (ProtobufCBinaryData){0};
  }
  union {
    const uint8_t *in;
    uint8_t *out;
  } cast = {r->at};
  r->at += length;
  return (ProtobufCBinaryData){(size_t)length, length > 0 ? cast.out : NULL};
}

// ASCII alone: other text is record_decode's.
static char *read_text(struct reading *r, unsigned number, struct nav_arena *arena) {
  ProtobufCBinaryData bytes = read_bytes(r, number);
  for (size_t i = 0; i < bytes.len; i++) {
    if (bytes.data[i] == 0 || bytes.data[i] >= 0x80) r->ok = false;
  }
  char *text = r->ok ? nav_arena_alloc(arena, bytes.len + 1) : NULL;
  if (text == NULL) {
    r->ok = false;
    return NULL;
  }
  if (bytes.len > 0) memcpy(text, bytes.data, bytes.len);
  text[bytes.len] = '\0';
  return text;
}

static void read_persons(struct reading *r, Nav__V1__Accepted *a, struct nav_arena *arena) {
  ProtobufCBinaryData persons[PERSONS_MAX];
  while (r->ok && r->at < r->end) {
    if (a->n_persons == PERSONS_MAX) r->ok = false;
    if (r->ok) persons[a->n_persons++] = read_bytes(r, 12);
  }
  if (!r->ok || a->n_persons == 0) return;
  a->persons = nav_arena_alloc(arena, a->n_persons * sizeof persons[0]);
  if (a->persons == NULL)
    r->ok = false;
  else
    memcpy(a->persons, persons, a->n_persons * sizeof persons[0]);
}

static void read_accepted(struct reading *r, Nav__V1__Accepted *a, struct nav_arena *arena) {
  *a = (Nav__V1__Accepted)NAV__V1__ACCEPTED__INIT;
  a->has_event_id = a->has_revision = a->has_type = a->has_event_time_ms = a->has_published_seq = true;
  a->has_published_index = a->has_commitment = a->has_verdict = a->has_retention_class = true;
  a->has_bucket_day = true;
  a->event_id = read_bytes(r, 1);
  a->revision = read_field32(r, 2);
  a->agency = read_text(r, 3, arena);
  a->type = read_field32(r, 4);
  a->event_time_ms = (int64_t)read_field(r, 5);
  a->published_seq = read_field(r, 6);
  a->published_index = read_field32(r, 7);
  a->commitment = read_bytes(r, 8);
  a->verdict = read_field32(r, 9);
  a->retention_class = read_field32(r, 10);
  a->bucket_day = read_field32(r, 11);
  read_persons(r, a, arena);
}

const Nav__V1__Record *record_decode_accepted(struct nav_arena *arena, const uint8_t *bytes, size_t length) {
  if (length > RECORD_SIZE_MAX) return NULL;
  struct {
    Nav__V1__Record record;
    Nav__V1__Accepted accepted;
  } *both = NULL;
  struct reading r = {bytes, bytes + length, true};
  uint64_t seq = read_field(&r, TAG_SEQ >> 3);
  int64_t time_ms = (int64_t)read_field(&r, TAG_TIME >> 3);
  uint64_t epoch = read_field(&r, TAG_EPOCH >> 3);
  expect(&r, TAG_ACCEPTED);
  uint64_t inner = r.ok ? read_number(&r) : 0;
  if (!r.ok || inner != (uint64_t)(r.end - r.at)) return NULL;
  both = nav_arena_alloc(arena, sizeof *both);
  if (both == NULL) return NULL;
  read_accepted(&r, &both->accepted, arena);
  if (!r.ok) return NULL;
  both->record = (Nav__V1__Record)NAV__V1__RECORD__INIT;
  both->record.has_seq = both->record.has_time_ms = both->record.has_epoch = true;
  both->record.seq = seq;
  both->record.time_ms = time_ms;
  both->record.epoch = epoch;
  both->record.record_case = NAV__V1__RECORD__RECORD_ACCEPTED;
  both->record.accepted = &both->accepted;
  return &both->record;
}
