// What stands in nav.person and nav.mention, of `audit verify`, against the records: each table goes by in
// the records' order, and memory holds what one record names. See verify.h.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hub/ledger/verify_private.h"

enum { SEEN_FEW = 256 };

// What the record says should stand there, ascending, each once.
struct expected {
  const Nav__V1__Accepted *accepted;  // nav.person
  struct record_mentions mentions;    // nav.mention
  size_t count;
};

struct table {
  const char *name;
  const char *kinds;  // of records that have rows
  const char *rows;   // what a row is
};

static const struct table tables[VERIFY_INDEXES] = {
    [VERIFY_PERSONS] = {"nav.person", "Accepted record", "persons"},
    [VERIFY_MENTIONS] = {"nav.mention", "record that names events", "events"},
};

static verify_next_index *next_of(const struct verify *v, enum verify_index_kind kind) {
  return kind == VERIFY_PERSONS ? v->source->person : v->source->mention;
}

static bool next_row(struct verify *v, enum verify_index_kind kind, struct nav_error *err) {
  struct verify_index *index = &v->indexes[kind];
  uint64_t before = index->row.seq;
  int got = next_of(v, kind)(v->source->context, &index->row, err);
  index->has = got > 0;
  if (got > 0 && index->row.seq < before)
    return nav_fail(err, NAV_ERROR_BUG, 0, "verify", "rows of %s are not in order", tables[kind].name);
  return got >= 0;
}

bool verify_index_begin(struct verify *v, struct nav_error *err) {
  for (enum verify_index_kind kind = 0; kind < VERIFY_INDEXES; kind++) {
    if (next_of(v, kind) != NULL && !next_row(v, kind, err)) return false;
  }
  return true;
}

// False: the record's own tokens are none, which is then said.
static bool check_tokens(struct verify *v, uint64_t seq, const Nav__V1__Accepted *accepted) {
  for (size_t i = 0; i < accepted->n_persons; i++) {
    const ProtobufCBinaryData *token = &accepted->persons[i];
    if (token->len == VERIFY_KEY_SIZE &&
        (i == 0 || memcmp(accepted->persons[i - 1].data, token->data, VERIFY_KEY_SIZE) < 0))
      continue;
    verify_accuse(v, seq, "its persons are not tokens of %d bytes in ascending order, each once",
                  (int)VERIFY_KEY_SIZE);
    return false;
  }
  return true;
}

static bool expect(struct verify *v, enum verify_index_kind kind, const Nav__V1__Record *record,
                   struct expected *expected, struct nav_error *err) {
  *expected = (struct expected){0};
  if (record == NULL) return true;
  if (kind == VERIFY_MENTIONS) {
    if (!record_mentions_of(record, &expected->mentions))
      return nav_fail(err, NAV_ERROR_LOCAL, 0, "verify", "no memory");
    expected->count = expected->mentions.count;
  } else if (record->record_case == NAV__V1__RECORD__RECORD_ACCEPTED &&
             check_tokens(v, record->seq, record->accepted)) {
    expected->accepted = record->accepted;
    expected->count = record->accepted->n_persons;
  }
  return true;
}

static int compare(const struct expected *expected, size_t at, const uint8_t key[VERIFY_KEY_SIZE]) {
  if (expected->accepted != NULL) return memcmp(expected->accepted->persons[at].data, key, VERIFY_KEY_SIZE);
  uint8_t seq[VERIFY_KEY_SIZE] = {0};
  nav_put_u64(seq + VERIFY_KEY_SIZE - 8, expected->mentions.seqs[at]);
  return memcmp(seq, key, VERIFY_KEY_SIZE);
}

struct counted {
  size_t found, extra;
  size_t at;      // where in what is expected the next row is looked for first
  uint8_t *seen;  // a bit for each that is expected
};

// Its place; expected->count: it is not expected.
static size_t find(const struct expected *expected, size_t at, const uint8_t key[VERIFY_KEY_SIZE]) {
  size_t low = 0;
  size_t high = expected->count;
  if (at < high && compare(expected, at, key) == 0) return at;  // as they are written
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = compare(expected, middle, key);
    if (order == 0) return middle;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return expected->count;
}

static void take_row(const struct expected *expected, const uint8_t key[VERIFY_KEY_SIZE],
                     struct counted *counted) {
  size_t at = find(expected, counted->at, key);
  if (at == expected->count || (counted->seen[at / 8] >> (at % 8) & 1) != 0) {
    counted->extra++;
    return;
  }
  counted->seen[at / 8] = (uint8_t)(counted->seen[at / 8] | 1u << at % 8);
  counted->found++;
  counted->at = at + 1;
}

static void say(struct verify *v, const struct table *table, uint64_t seq, const struct expected *expected,
                const struct counted *counted) {
  size_t missing = expected->count - counted->found;
  if (missing > 0) {
    verify_accuse(v, seq, "%s lacks %zu of the %zu %s that the record names, and has %zu that it does not",
                  table->name, missing, expected->count, table->rows, counted->extra);
  } else if (counted->extra > 0 && expected->count > 0) {
    verify_accuse(v, seq, "%s has %zu %s that the record does not name", table->name, counted->extra,
                  table->rows);
  } else if (counted->extra > 0) {
    verify_accuse(v, seq, "%s has a row that no %s stands behind", table->name, table->kinds);
  }
}

// Rows of a number that is no record's here: said once each.
static bool pass_strays(struct verify *v, enum verify_index_kind kind, uint64_t seq, struct nav_error *err) {
  struct verify_index *index = &v->indexes[kind];
  uint64_t said = 0;
  while (index->has && index->row.seq < seq) {
    bool record_missing = index->row.seq > v->last_seq;  // between two records: that is said already
    if (!record_missing && index->row.seq != said) {
      verify_accuse(v, index->row.seq, "%s has a row out of its order", tables[kind].name);
      said = index->row.seq;
    }
    if (!next_row(v, kind, err)) return false;
  }
  return true;
}

// The rows of one record.
static bool take_rows(struct verify *v, enum verify_index_kind kind, uint64_t seq,
                      const struct expected *expected, struct counted *counted, struct nav_error *err) {
  struct verify_index *index = &v->indexes[kind];
  uint8_t few[SEEN_FEW / 8] = {0};
  bool many = expected->count > SEEN_FEW;
  counted->seen = many ? calloc(expected->count / 8 + 1, 1) : few;
  bool ok = counted->seen != NULL || nav_fail(err, NAV_ERROR_LOCAL, 0, "verify", "no memory");
  while (ok && index->has && index->row.seq == seq) {
    take_row(expected, index->row.key, counted);
    ok = next_row(v, kind, err);
  }
  if (many) free(counted->seen);
  counted->seen = NULL;
  return ok;
}

static bool check(struct verify *v, enum verify_index_kind kind, uint64_t seq, const Nav__V1__Record *record,
                  struct nav_error *err) {
  struct expected expected;
  struct counted counted = {0};
  if (!pass_strays(v, kind, seq, err) || !expect(v, kind, record, &expected, err)) return false;
  bool ok = take_rows(v, kind, seq, &expected, &counted, err);
  // A record that is missing or not to be trusted is accused already.
  if (ok && record != NULL) say(v, &tables[kind], seq, &expected, &counted);
  record_mentions_free(&expected.mentions);
  return ok;
}

bool verify_index_up_to(struct verify *v, uint64_t seq, const Nav__V1__Record *record,
                        struct nav_error *err) {
  for (enum verify_index_kind kind = 0; kind < VERIFY_INDEXES; kind++) {
    if (next_of(v, kind) != NULL && !check(v, kind, seq, record, err)) return false;
  }
  return true;
}

bool verify_index_after_end(struct verify *v, struct nav_error *err) {
  for (enum verify_index_kind kind = 0; kind < VERIFY_INDEXES; kind++) {
    struct verify_index *index = &v->indexes[kind];
    uint64_t said = 0;
    while (index->has) {
      if (index->row.seq != said)
        verify_accuse(v, index->row.seq, "%s has a row that no %s stands behind", tables[kind].name,
                      tables[kind].kinds);
      said = index->row.seq;
      if (!next_row(v, kind, err)) return false;
    }
  }
  return true;
}
