// The keys of one bucket's events, from which single ones can be taken out for good. A tree over all sequence
// numbers: sixteen levels of sixteen children, each child's key a hash of its parent's, a leaf the key of one
// event. Kept are the nodes that together cover every number not taken out: at first the root alone. Taking a
// number out replaces the node above it by the siblings along its path; a hash cannot be turned, so that what
// is left gives every other key and never that one. Called by: core/bucket_file (on disk), core/buckets
// (seal, open, erase), tests. Must never: keep a node above a number that was taken out, or live outside
// guarded memory.
#ifndef NAV_LEDGER_KEYTREE_H
#define NAV_LEDGER_KEYTREE_H

#include <stddef.h>

#include "hub/ledger/content.h"

enum {
  KEYTREE_WAYS = 16,
  KEYTREE_DEPTH = 16,  // of a leaf: four bits of the number a level
  KEYTREE_NODES_MAX =
      65536,  // of a bucket when numbers are taken out; an erased number takes 240 at the most
  KEYTREE_PLANTED_MAX = 2 * KEYTREE_NODES_MAX,  // and with the leaves that were put in afterwards
  KEYTREE_LINE_SIZE = 85,                       // of a node, as text
  KEYTREE_TEXT_MAX = 256 + KEYTREE_PLANTED_MAX * KEYTREE_LINE_SIZE,
};

struct keytree;

// A new random root. NULL: no memory, as of all that give a tree.
struct keytree *keytree_new(void);
// The same nodes, with room for so many more.
struct keytree *keytree_copy(const struct keytree *tree, size_t more);
void keytree_free(struct keytree *tree);  // takes NULL; wipes it
size_t keytree_count(const struct keytree *tree);

// The event's key. False: it was taken out. Of numbers in order about one hash each: the path is kept.
NAV_MUST_USE bool keytree_key(struct keytree *tree, uint64_t seq, uint8_t key[CONTENT_KEY_SIZE]);
bool keytree_covers(const struct keytree *tree, uint64_t seq);
// How many nodes taking out a number may add.
enum { KEYTREE_CUT_NODES = (KEYTREE_WAYS - 1) * KEYTREE_DEPTH };
// Takes the number out; true also where it is out. False: the tree would have more than KEYTREE_NODES_MAX, or
// more than it was copied with room for, and is as it was.
NAV_MUST_USE bool keytree_cut(struct keytree *tree, uint64_t seq);
// Puts in a leaf of its own for a number that was taken out: nothing of what it once opened opens with it.
// False: no room.
NAV_MUST_USE bool keytree_plant(struct keytree *tree, uint64_t seq, const uint8_t key[CONTENT_KEY_SIZE]);

// As text: "bucket-tree 1", a line "<first number, 16 hex>/<depth> <key, 64 hex>" a node in order, and
// "end <BLAKE2b-256 of all before>". *length bytes, in guarded memory: sodium_free. NULL: no memory.
char *keytree_text(const struct keytree *tree, size_t *length);
// NULL: *err (torn, changed by hand, or more nodes than there may be).
struct keytree *keytree_parse(const char *text, size_t length, struct nav_error *err);

#endif
