// See verify_found.h.
#include "tests/unit/ledger/verify_found.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hub/ledger/record.h"

void note_fault(void *context, uint64_t seq, const char *what) {
  struct found *to = context;
  if (to->count < FAULTS_KEPT) {
    to->seq[to->count] = seq;
    (void)snprintf(to->what[to->count], VERIFY_WHAT_SIZE, "%s", what);
  }
  to->count++;
}

struct verify_report check(const struct test_ledger *t, struct found *out) {
  struct made_reading reading = {.made = t->made};
  struct verify_source source = made_source(&reading);
  struct verify_settings settings = {.hub = t->made->settings.hub,
                                     .checkpoint_key = t->checkpoint_key,
                                     .has_lease = true,
                                     .lease_epoch = t->lease_epoch,
                                     .lease_last_seq = t->lease_last_seq};
  struct verify_report report;
  struct nav_error err = {0};
  memcpy(settings.log_id, t->made->log_id, sizeof settings.log_id);
  *out = (struct found){0};
  if (!verify_run(&source, &settings, note_fault, out, &report, &err)) fail_msg("%s", err.text);
  assert_int_equal(report.faults, out->count);
  return report;
}

struct test_ledger make_of(unsigned publications) {
  const struct made_settings settings = {.publications = publications,
                                         .checkpoint_every = CHECKPOINT_EVERY,
                                         .start_ms = 1763779200000,
                                         .hub = "nav.example.se"};
  struct made *made = made_new(&settings);
  return (struct test_ledger){made, made->ledger_count, 3, made->checkpoint_key.public_key};
}

struct test_ledger make(void) {
  return make_of(40);
}

struct verify_ledger_row *row_at(const struct test_ledger *t, uint64_t seq) {
  return &t->made->ledger[seq - 1];
}

// The bytes of a row, copied so that they can be changed.
uint8_t *own_bytes(const struct test_ledger *t, struct verify_ledger_row *row) {
  uint8_t *copy = nav_arena_alloc(t->made->arena, row->record_length);
  assert_non_null(copy);
  memcpy(copy, row->record, row->record_length);
  row->record = copy;
  return copy;
}

uint8_t *own_leaf(const struct test_ledger *t, struct verify_ledger_row *row) {
  uint8_t *copy = nav_arena_alloc(t->made->arena, row->leaf_length);
  assert_non_null(copy);
  memcpy(copy, row->leaf, row->leaf_length);
  row->leaf = copy;
  return copy;
}

// The nth record of a kind, so that the cases below can name their victim by what it is.
uint64_t nth(const struct test_ledger *t, int kind, int n) {
  for (size_t i = 0; i < t->made->ledger_count; i++) {
    if (t->made->ledger[i].kind == kind && n-- == 0) return i + 1;
  }
  fail_msg("no such record: kind %d", kind);
  return 0;
}

void rewrite_row(const struct test_ledger *t, uint64_t victim, uint64_t like) {
  struct nav_error err;
  const struct verify_ledger_row *from = row_at(t, like);
  Nav__V1__Record *record = record_decode(t->made->arena, from->record, from->record_length, &err);
  assert_non_null(record);
  record->seq = victim;
  record->time_ms = row_at(t, victim)->at_us / 1000;
  made_set_record(t->made, row_at(t, victim), record);
  made_set_leaf(t->made, row_at(t, victim));
}

void remove_row(const struct test_ledger *t, uint64_t seq) {
  struct verify_ledger_row *row = row_at(t, seq);
  t->made->ledger_count--;
  memmove(row, row + 1, (t->made->ledger_count - (seq - 1)) * sizeof *row);
}

struct found found;

// Exactly one fault, of that record, that says so.
void expect_only(const struct test_ledger *t, uint64_t seq, const char *says) {
  (void)check(t, &found);
  for (size_t i = 0; i < found.count && i < FAULTS_KEPT; i++) {
    if (found.count != 1 || found.seq[i] != seq)
      print_error("seq %llu: %s\n", (unsigned long long)found.seq[i], found.what[i]);
  }
  assert_int_equal(found.count, 1);
  assert_int_equal(found.seq[0], seq);
  if (strstr(found.what[0], says) == NULL) fail_msg("'%s' does not say '%s'", found.what[0], says);
}
