// A made ledger under `audit verify`, and what it found: for the tests beside it. Called by: verify_test.c,
// verify_rows_test.c. Must never: leave a fault uncounted.
#ifndef NAV_TESTS_LEDGER_VERIFY_FOUND_H
#define NAV_TESTS_LEDGER_VERIFY_FOUND_H

#include "tests/unit/ledger/made_source.h"

enum { FAULTS_KEPT = 8, CHECKPOINT_EVERY = 10 };
enum { PUBLISHED = 20, ACCEPTED = 21, ACKNOWLEDGED = 30, READ = 40 };

struct found {
  uint64_t seq[FAULTS_KEPT];
  char what[FAULTS_KEPT][VERIFY_WHAT_SIZE];
  size_t count;
};

struct test_ledger {
  struct made *made;
  uint64_t lease_last_seq;
  uint64_t lease_epoch;
  const uint8_t *checkpoint_key;
};

extern struct found found;

void note_fault(void *context, uint64_t seq, const char *what);  // context: a struct found
struct verify_report check(const struct test_ledger *t, struct found *out);
struct test_ledger make_of(unsigned publications);
struct test_ledger make(void);
struct verify_ledger_row *row_at(const struct test_ledger *t, uint64_t seq);
// A row's bytes, or its leaf, copied so that they can be changed.
uint8_t *own_bytes(const struct test_ledger *t, struct verify_ledger_row *row);
uint8_t *own_leaf(const struct test_ledger *t, struct verify_ledger_row *row);
// The nth record of a kind, so that cases can name their victim by what it is.
uint64_t nth(const struct test_ledger *t, int kind, int n);
// Rewritten, with its leaf, into what `like` says.
void rewrite_row(const struct test_ledger *t, uint64_t victim, uint64_t like);
void remove_row(const struct test_ledger *t, uint64_t seq);
// Exactly one fault, of that record, that says so.
void expect_only(const struct test_ledger *t, uint64_t seq, const char *says);

#endif
