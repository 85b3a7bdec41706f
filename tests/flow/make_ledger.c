// Writes a made ledger as SQL for psql: COPY of all rows, the lease, and in a comment the public checkpoint
// key. No nav-core needed.
//   make_ledger PUBLICATIONS CHECKPOINT_EVERY HUB [ERASED | EVENTS ACKNOWLEDGE_EVERY] > ledger.sql
// ERASED: so many of its events are erased singly at its end, 16 at the most.
// Called by: tests/flow (desk.py and others), tests/ledger, tests/bench/verify_bench.py. Must never: be part
// of an installation.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "tests/unit/ledger/made.h"

enum { MS_A_DAY = 86400000, ERASED_MAX = 16 };

static void put_bytes(const uint8_t *bytes, size_t length) {
  (void)fputs("\\\\x", stdout);
  for (size_t i = 0; i < length; i++) (void)printf("%02x", bytes[i]);
}

static void put_time(int64_t us) {
  char text[NAV_RFC3339_SIZE];
  (void)fputs(nav_clock_rfc3339(us / 1000, text), stdout);
}

static void put_event(const struct verify_event *event) {
  for (int i = 0; event->there == 0 && i < VERIFY_EVENT_COLUMNS; i++) (void)fputs("\t\\N", stdout);
  if (event->there == 0) return;
  (void)putchar('\t');
  put_bytes(event->event_id, NAV_EVENT_ID_SIZE);
  (void)printf("\t%" PRId32 "\t%" PRId32 "\t", event->agency, event->revision);
  put_bytes(event->digest, NAV_SHA256_SIZE);
  (void)printf("\t%" PRId32 "\t", event->type);
  put_time(event->time_us);
  (void)printf("\t%" PRId32 "\t%" PRId32 "\t%" PRId32 "\t%" PRId64, event->verdict, event->bucket_class,
               event->bucket_day, event->published_seq);
}

static void put_ledger(const struct made *made) {
  (void)puts(
      "COPY nav.ledger (seq, at, kind, lane, about, reader, record, leaf, event_id, agency, revision, "
      "digest, type, time, verdict, bucket_class, bucket_day, published_seq) FROM stdin;");
  for (size_t i = 0; i < made->ledger_count; i++) {
    const struct verify_ledger_row *row = &made->ledger[i];
    (void)printf("%" PRIu64 "\t", row->seq);
    put_time(row->at_us);
    (void)printf("\t%" PRId32 "\t", row->kind);
    if (row->has_lane) {
      (void)printf("%" PRId32 "\t", row->lane);
    } else {
      (void)fputs("\\N\t", stdout);
    }
    if (row->has_about) {
      (void)printf("%" PRId64 "\t", row->about);
    } else {
      (void)fputs("\\N\t", stdout);
    }
    (void)printf("%.*s\t", row->reader == NULL ? 2 : (int)row->reader_length,
                 row->reader == NULL ? "\\N" : row->reader);
    put_bytes(row->record, row->record_length);
    (void)putchar('\t');
    put_bytes(row->leaf, row->leaf_length);
    put_event(&row->event);
    (void)putchar('\n');
  }
  (void)puts("\\.");
}

static void put_contents(const struct made *made) {
  int32_t part = 0;
  for (size_t i = 0; i < made->contents_count; i++) {
    if (made->contents[i].part != part)
      (void)printf("SELECT nav.ensure_part(%" PRId32 ");\n", made->contents[i].part);
    part = made->contents[i].part;
  }
  (void)puts("COPY nav.content (seq, part, sealed) FROM stdin;");
  for (size_t i = 0; i < made->contents_count; i++) {
    (void)printf("%" PRIu64 "\t%" PRId32 "\t", made->contents[i].seq, made->contents[i].part);
    put_bytes(made->contents[i].sealed, made->contents[i].length);
    (void)putchar('\n');
  }
  (void)puts("\\.");
}

static void put_indexes(const struct made *made) {
  (void)puts("COPY nav.person (token, seq) FROM stdin;");
  for (size_t i = 0; i < made->persons_count; i++) {
    put_bytes(made->persons[i].key, VERIFY_KEY_SIZE);
    (void)printf("\t%" PRIu64 "\n", made->persons[i].seq);
  }
  (void)puts("\\.");
  (void)puts("COPY nav.mention (event_seq, seq) FROM stdin;");
  for (size_t i = 0; i < made->mentions_count; i++) {
    const struct verify_index_row *row = &made->mentions[i];
    (void)printf("%" PRIu64 "\t%" PRIu64 "\n", nav_get_u64(row->key + VERIFY_KEY_SIZE - 8), row->seq);
  }
  (void)puts("\\.");
}

static void put_checkpoints(const struct made *made) {
  (void)puts("COPY nav.checkpoint (size, root, note, frontier) FROM stdin;");
  for (size_t i = 0; i < made->checkpoints_count; i++) {
    const struct verify_checkpoint_row *row = &made->checkpoints[i];
    (void)printf("%" PRIu64 "\t", row->size);
    put_bytes(row->root, NAV_SHA256_SIZE);
    (void)putchar('\t');
    for (const char *p = row->note; *p != '\0'; p++) {
      if (*p == '\n') {
        (void)fputs("\\n", stdout);
      } else {
        (void)putchar(*p);
      }
    }
    (void)putchar('\t');
    put_bytes(row->frontier, row->frontier_length);
    (void)putchar('\n');
  }
  (void)puts("\\.");
}

static void put_subtrees(const struct made *made) {
  (void)puts("COPY nav.subtree (level, index, hash) FROM stdin;");
  for (size_t i = 0; i < made->subtrees_count; i++) {
    (void)printf("%u\t%" PRIu64 "\t", made->subtrees[i].level, made->subtrees[i].index);
    put_bytes(made->subtrees[i].hash, NAV_SHA256_SIZE);
    (void)putchar('\n');
  }
  (void)puts("\\.");
}

static void put_cosignatures(const struct made *made) {
  (void)puts("COPY nav.cosignature (size, agency, line) FROM stdin;");
  for (size_t i = 0; i < made->cosignatures_count; i++) {
    const struct verify_cosignature_row *row = &made->cosignatures[i];
    (void)printf("%" PRIu64 "\t%s\t%.*s\\n\n", row->size, row->agency, (int)(strlen(row->line) - 1),
                 row->line);
  }
  (void)puts("\\.");
}

static void put_rules_texts(const struct made *made) {
  (void)puts("COPY nav.rules_text (sha256, seq, text) FROM stdin;");
  for (size_t i = 0; i < made->rules_texts_count; i++) {
    const struct verify_rules_row *row = &made->rules_texts[i];
    put_bytes(row->sha256, NAV_SHA256_SIZE);
    (void)printf("\t%" PRIu64 "\t", row->seq);
    put_bytes(row->text, row->length);
    (void)putchar('\n');
  }
  (void)puts("\\.");
}

// Here and there in the ledger.
static void erase_some(struct made *made, size_t count) {
  size_t events[ERASED_MAX];
  if (count > ERASED_MAX) count = ERASED_MAX;
  for (size_t i = 0; i < count; i++) events[i] = (i + 1) * made->events_count / (count + 2);
  if (count > 0) made_erase_events(made, events, count, "art. 17.1 d");
}

int main(int argc, char **argv) {
  if (argc < 4 || argc > 6) {
    (void)fputs("make_ledger PUBLICATIONS CHECKPOINT_EVERY HUB [ERASED | EVENTS ACKNOWLEDGE_EVERY]\n",
                stderr);
    return 2;
  }
  int64_t start_ms = nav_clock_now_ms() / MS_A_DAY * MS_A_DAY - 3 * (int64_t)MS_A_DAY;
  const struct made_settings settings = {
      .publications = (unsigned)strtoul(argv[1], NULL, 10),
      .checkpoint_every = (unsigned)strtoul(argv[2], NULL, 10),
      .events_a_publication = argc == 6 ? (unsigned)strtoul(argv[4], NULL, 10) : 0,
      .acknowledge_every = argc == 6 ? (unsigned)strtoul(argv[5], NULL, 10) : 0,
      .start_ms = start_ms,
      .hub = argv[3]};
  struct made *made = made_new(&settings);
  if (argc == 5) erase_some(made, (size_t)strtoul(argv[4], NULL, 10));
  char hex[2 * KEY_ED25519_PUBLIC_SIZE + 1];
  (void)printf("-- checkpoint %s\n", nav_hex(hex, made->checkpoint_key.public_key, KEY_ED25519_PUBLIC_SIZE));
  (void)printf("INSERT INTO nav.lease (log_id, epoch, last_seq) VALUES ('\\x%s', 3, %zu);\n",
               nav_hex(hex, made->log_id, KEY_LOG_ID_SIZE), made->ledger_count);
  put_ledger(made);
  put_contents(made);
  put_indexes(made);
  put_checkpoints(made);
  put_subtrees(made);
  put_cosignatures(made);
  put_rules_texts(made);
  made_free(made);
  return fflush(stdout) == 0 && ferror(stdout) == 0 ? 0 : 1;
}
