// Fills nav.subtree where a ledger is older than the table. See store.h.
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "hub/core/store_private.h"

enum { INSERT_ROWS = 512, INSERT_BYTES_MAX = INSERT_ROWS * 128, LEVELS_MAX = 64 };

struct filling {
  struct store *store;
  struct merkle_frontier frontier;
  struct nav_buffer sql;
  size_t rows;
  bool ok;
  struct nav_error *err;
};

static bool run(struct store *store, const char *sql, struct nav_error *err) {
  PGresult *result = store_query(store, sql, 0, NULL, err);
  PQclear(result);
  return result != NULL;
}

// Whether every row is there that a tree of that size has. False in *whole: some are missing.
static bool is_whole(struct store *store, uint64_t size, bool *whole, struct nav_error *err) {
  PGresult *result = store_query(store, "SELECT count(*) FROM nav.subtree", 0, NULL, err);
  if (result == NULL) return false;
  uint64_t expected = 0;
  for (unsigned level = BATCH_SUBTREE_LEVELS; level < LEVELS_MAX; level += BATCH_SUBTREE_LEVELS)
    expected += size >> level;
  *whole = nav_get_u64((const uint8_t *)PQgetvalue(result, 0, 0)) >= expected;
  PQclear(result);
  return true;
}

static void flush(struct filling *filling) {
  if (filling->rows == 0 || !filling->ok) return;
  filling->ok = nav_buffer_append_text(&filling->sql, " ON CONFLICT DO NOTHING") &&
                nav_buffer_text(&filling->sql) != NULL &&
                run(filling->store, (const char *)filling->sql.data, filling->err);
  nav_buffer_clear(&filling->sql);
  filling->rows = 0;
}

static void add(void *context, unsigned level, uint64_t index, const uint8_t hash[NAV_SHA256_SIZE]) {
  struct filling *filling = context;
  char hex[2 * NAV_SHA256_SIZE + 1];
  if (level % BATCH_SUBTREE_LEVELS != 0 || !filling->ok) return;
  filling->ok =
      nav_buffer_printf(&filling->sql, "%s(%u, %" PRIu64 ", '\\x%s')",
                        filling->rows == 0 ? "INSERT INTO nav.subtree (level, index, hash) VALUES " : ", ",
                        level, index, sodium_bin2hex(hex, sizeof hex, hash, NAV_SHA256_SIZE)) ||
      nav_fail(filling->err, NAV_ERROR_RETRY, 0, "", "out of memory");
  if (++filling->rows == INSERT_ROWS) flush(filling);
}

static void take_leaf(void *context, uint64_t seq, const uint8_t leaf[NAV_SHA256_SIZE], int64_t time_ms) {
  struct filling *filling = context;
  (void)time_ms;
  if (seq == filling->frontier.size + 1) merkle_append_telling(&filling->frontier, leaf, add, filling);
}

static bool fill(struct store *store, const struct merkle_frontier *tree, struct nav_error *err) {
  struct filling filling = {.store = store, .ok = true, .err = err};
  uint8_t wanted[NAV_SHA256_SIZE];
  uint8_t root[NAV_SHA256_SIZE];
  nav_buffer_init(&filling.sql, INSERT_BYTES_MAX);
  bool ok = store_read_leaves(store, 0, take_leaf, &filling, err);
  flush(&filling);
  nav_buffer_free(&filling.sql);
  if (!ok || !filling.ok) return false;
  merkle_root(tree, wanted);
  merkle_root(&filling.frontier, root);
  if (filling.frontier.size == tree->size && memcmp(root, wanted, sizeof root) == 0) return true;
  return nav_fail(err, NAV_ERROR_LOCAL, 0, "nav.subtree",
                  "cannot be filled: the leaves do not give the ledger's root: run navctl audit verify");
}

bool store_fill_subtrees(struct store *store, const struct merkle_frontier *tree, bool *filled,
                         struct nav_error *err) {
  bool whole = false;
  *filled = false;
  if (!is_whole(store, tree->size, &whole, err)) return false;
  if (whole) return true;
  if (!run(store, "BEGIN", err)) return false;
  struct nav_error ignored;
  bool ok = fill(store, tree, err);
  ok = run(store, ok ? "COMMIT" : "ROLLBACK", ok ? err : &ignored) && ok;
  *filled = ok;
  return ok;
}
