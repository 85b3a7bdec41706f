// See book.h.
#include "hub/gate/book.h"

#include <stdlib.h>
#include <string.h>

static int by_key(const void *a, const void *b) {
  return memcmp(((const struct book_entry *)a)->key, ((const struct book_entry *)b)->key, 32);
}

struct book *book_new(const struct conf_agencies *agencies, struct nav_error *err) {
  struct book *book = calloc(1, sizeof *book + agencies->agencies_count * sizeof book->entries[0]);
  if (book == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "agencies.yaml", "needs more memory than there is");
    return NULL;
  }
  for (size_t i = 0; i < agencies->agencies_count; i++) {
    const struct conf_agency *agency = &agencies->agencies[i];
    if (!agency->has_keys) continue;
    if (strlen(agency->id) >= RELAY_AGENCY_SIZE) {
      (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "agencies.yaml", "the id '%s' is longer than %d characters",
                     agency->id, RELAY_AGENCY_SIZE - 1);
      book_free(book);
      return NULL;
    }
    struct book_entry *entry = &book->entries[book->count++];
    memcpy(entry->key, agency->curve_key, sizeof entry->key);
    memcpy(entry->agency, agency->id, strlen(agency->id) + 1);
  }
  qsort(book->entries, book->count, sizeof book->entries[0], by_key);
  return book;
}

void book_free(struct book *book) { free(book); }

const char *book_agency(const struct book *book, const uint8_t key[32]) {
  struct book_entry wanted;
  memcpy(wanted.key, key, sizeof wanted.key);
  const struct book_entry *entry =
      bsearch(&wanted, book->entries, book->count, sizeof book->entries[0], by_key);
  return entry != NULL ? entry->agency : NULL;
}
