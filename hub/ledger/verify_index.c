// What stands in nav.person and nav.mention, of `audit verify`, against the records: each table goes by in
// the records' order, and memory holds one record's worth. See verify.h.
#include <inttypes.h>
#include <string.h>

#include "hub/ledger/verify_private.h"

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
  size_t at;  // of what is expected
};

static void take_row(const struct expected *expected, const uint8_t key[VERIFY_KEY_SIZE],
                     struct counted *counted) {
  int order = -1;
  while (counted->at < expected->count && (order = compare(expected, counted->at, key)) < 0) counted->at++;
  if (counted->at < expected->count && order == 0) {
    counted->found++;
    counted->at++;
  } else {
    counted->extra++;
  }
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

static bool check(struct verify *v, enum verify_index_kind kind, uint64_t seq, const Nav__V1__Record *record,
                  struct nav_error *err) {
  struct verify_index *index = &v->indexes[kind];
  struct expected expected;
  struct counted counted = {0};
  if (!pass_strays(v, kind, seq, err) || !expect(v, kind, record, &expected, err)) return false;
  bool ok = true;
  while (ok && index->has && index->row.seq == seq) {
    take_row(&expected, index->row.key, &counted);
    ok = next_row(v, kind, err);
  }
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
