// See keytree.h.
#include "hub/ledger/keytree.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/id.h"

struct node {
  uint64_t first;  // of the numbers it covers, 16 ** (KEYTREE_DEPTH - depth)
  uint32_t depth;
  uint8_t key[CONTENT_KEY_SIZE];
};

struct keytree {
  struct node *nodes;  // in order of first; none covers what another does
  size_t count, capacity;
  // The way to the last key given: path[base] is a node of the tree, path[KEYTREE_DEPTH] the key.
  uint64_t last;
  unsigned base;
  bool has_path;
  uint8_t path[KEYTREE_DEPTH + 1][CONTENT_KEY_SIZE];
};

// libsodium lays memory against a guard page, aligned as its size is.
enum { ALIGNMENT = 64, DIGIT_BITS = 4 };

static size_t aligned(size_t size) { return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

static struct keytree *make(size_t capacity) {
  size_t head = aligned(sizeof(struct keytree));
  struct keytree *tree = sodium_malloc(head + aligned(capacity * sizeof(struct node)));
  if (tree == NULL) return NULL;
  memset(tree, 0, sizeof *tree);
  tree->nodes = (struct node *)(void *)((uint8_t *)tree + head);
  tree->capacity = capacity;
  return tree;
}

struct keytree *keytree_new(void) {
  struct keytree *tree = make(1);
  if (tree == NULL) return NULL;
  tree->nodes[0] = (struct node){.first = 0, .depth = 0};
  randombytes_buf(tree->nodes[0].key, CONTENT_KEY_SIZE);
  tree->count = 1;
  return tree;
}

struct keytree *keytree_copy(const struct keytree *tree, size_t more) {
  if (more > KEYTREE_PLANTED_MAX) more = KEYTREE_PLANTED_MAX;
  struct keytree *copy = make(tree->count + more);
  if (copy == NULL) return NULL;
  copy->count = tree->count;
  memcpy(copy->nodes, tree->nodes, tree->count * sizeof *tree->nodes);
  return copy;
}

void keytree_free(struct keytree *tree) { sodium_free(tree); }

size_t keytree_count(const struct keytree *tree) { return tree->count; }

// ---- the tree ----

// The digit that chooses the child of that depth.
static unsigned digit_of(uint64_t seq, unsigned depth) {
  return (unsigned)(seq >> (DIGIT_BITS * (KEYTREE_DEPTH - depth))) & (KEYTREE_WAYS - 1);
}

// The numbers from a node's first to its last, less one; a node at depth 0 has all.
static uint64_t span_of(unsigned depth) {
  return depth == 0 ? UINT64_MAX : (UINT64_C(1) << (DIGIT_BITS * (KEYTREE_DEPTH - depth))) - 1;
}

static void derive(uint8_t child[CONTENT_KEY_SIZE], const uint8_t parent[CONTENT_KEY_SIZE], unsigned depth,
                   unsigned digit) {
  uint8_t message[] = {'t', 'r', 'y', 'g', 'g', 'h', 'e', 't', 's', 'n', 'a', 'v',
                       'e', 't', '/', 'v', '1', '/', 'n', 'o', 'd', 'e', 0,   0};
  message[sizeof message - 2] = (uint8_t)depth;
  message[sizeof message - 1] = (uint8_t)digit;
  (void)crypto_generichash(child, CONTENT_KEY_SIZE, message, sizeof message, parent, CONTENT_KEY_SIZE);
}

// Where the first node stands that begins after the number.
static size_t after(const struct keytree *tree, uint64_t seq) {
  size_t low = 0;
  size_t high = tree->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (tree->nodes[middle].first <= seq) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// The node that covers the number; NULL: it was taken out.
static struct node *find(const struct keytree *tree, uint64_t seq) {
  size_t at = after(tree, seq);
  if (at == 0) return NULL;
  struct node *node = &tree->nodes[at - 1];
  return seq - node->first <= span_of(node->depth) ? node : NULL;
}

bool keytree_covers(const struct keytree *tree, uint64_t seq) { return find(tree, seq) != NULL; }

// ---- keys ----

// How far down the kept path goes the number's way.
static unsigned shared(const struct keytree *tree, uint64_t seq) {
  unsigned depth = 0;
  while (depth < KEYTREE_DEPTH && digit_of(seq, depth + 1) == digit_of(tree->last, depth + 1)) depth++;
  return depth;
}

bool keytree_key(struct keytree *tree, uint64_t seq, uint8_t key[CONTENT_KEY_SIZE]) {
  unsigned depth = tree->has_path ? shared(tree, seq) : 0;
  if (!tree->has_path || depth < tree->base) {
    const struct node *node = find(tree, seq);
    if (node == NULL) return false;
    depth = tree->base = node->depth;
    memcpy(tree->path[depth], node->key, CONTENT_KEY_SIZE);
  }
  for (; depth < KEYTREE_DEPTH; depth++)
    derive(tree->path[depth + 1], tree->path[depth], depth + 1, digit_of(seq, depth + 1));
  tree->last = seq;
  tree->has_path = true;
  memcpy(key, tree->path[KEYTREE_DEPTH], CONTENT_KEY_SIZE);
  return true;
}

static void forget_path(struct keytree *tree) {
  tree->has_path = false;
  sodium_memzero(tree->path, sizeof tree->path);
}

// ---- taking out, putting in ----

// The siblings along the way from the node to the leaf, in order of first; KEYTREE_CUT_NODES at the most.
static size_t siblings(const struct node *node, uint64_t seq, struct node out[KEYTREE_CUT_NODES]) {
  size_t count = (size_t)(KEYTREE_DEPTH - node->depth) * (KEYTREE_WAYS - 1);
  size_t low = 0;
  size_t high = count;
  uint8_t key[CONTENT_KEY_SIZE];
  uint64_t first = node->first;
  memcpy(key, node->key, sizeof key);
  for (unsigned depth = node->depth + 1; depth <= KEYTREE_DEPTH; depth++) {
    uint64_t step = span_of(depth) + 1;
    unsigned way = digit_of(seq, depth);
    for (unsigned i = 0; i < way; i++) out[low++] = (struct node){.first = first + i * step, .depth = depth};
    for (unsigned i = KEYTREE_WAYS - 1; i > way; i--)
      out[--high] = (struct node){.first = first + i * step, .depth = depth};
    for (unsigned i = 0; i < way; i++) derive(out[low - way + i].key, key, depth, i);
    for (unsigned i = way + 1; i < KEYTREE_WAYS; i++) derive(out[high + i - way - 1].key, key, depth, i);
    derive(key, key, depth, way);
    first += way * step;
  }
  sodium_memzero(key, sizeof key);
  return count;
}

// Puts `count` nodes where `gone` stood.
static void replace(struct keytree *tree, size_t at, size_t gone, const struct node *nodes, size_t count) {
  size_t behind = tree->count - at - gone;
  memmove(tree->nodes + at + count, tree->nodes + at + gone, behind * sizeof *tree->nodes);
  if (count > 0) memcpy(tree->nodes + at, nodes, count * sizeof *nodes);
  size_t before = tree->count;
  tree->count = at + count + behind;
  if (tree->count < before)
    sodium_memzero(tree->nodes + tree->count, (before - tree->count) * sizeof *tree->nodes);
  forget_path(tree);
}

bool keytree_cut(struct keytree *tree, uint64_t seq) {
  const struct node *node = find(tree, seq);
  struct node made[KEYTREE_CUT_NODES];
  if (node == NULL) return true;
  size_t more = (size_t)(KEYTREE_DEPTH - node->depth) * (KEYTREE_WAYS - 1);
  size_t total = tree->count - 1 + more;
  if (more > 0 && (total > KEYTREE_NODES_MAX || total > tree->capacity)) return false;
  (void)siblings(node, seq, made);
  replace(tree, (size_t)(node - tree->nodes), 1, made, more);
  sodium_memzero(made, sizeof made);
  return true;
}

bool keytree_plant(struct keytree *tree, uint64_t seq, const uint8_t key[CONTENT_KEY_SIZE]) {
  NAV_ASSERT(!keytree_covers(tree, seq));
  if (tree->count == tree->capacity || tree->count >= KEYTREE_PLANTED_MAX) return false;
  struct node leaf = {.first = seq, .depth = KEYTREE_DEPTH};
  memcpy(leaf.key, key, CONTENT_KEY_SIZE);
  replace(tree, after(tree, seq), 0, &leaf, 1);
  sodium_memzero(&leaf, sizeof leaf);
  return true;
}

// ---- as text ----

static const char head[] = "bucket-tree 1\n";
enum {
  HEAD_SIZE = sizeof head - 1,
  FIRST_HEX = 16,
  HASH_SIZE = 32,
  END_SIZE = 4 + 2 * HASH_SIZE + 1,
  KEY_HEX = 2 * CONTENT_KEY_SIZE,
};
_Static_assert(KEYTREE_LINE_SIZE == FIRST_HEX + 1 + 2 + 1 + KEY_HEX + 1, "a line as keytree.h says");

static void hash_hex(const char *text, size_t length, char hex[2 * HASH_SIZE + 1]) {
  uint8_t hash[HASH_SIZE];
  (void)crypto_generichash(hash, sizeof hash, (const uint8_t *)text, length, NULL, 0);
  (void)nav_hex(hex, hash, sizeof hash);
}

char *keytree_text(const struct keytree *tree, size_t *length) {
  size_t body = HEAD_SIZE + tree->count * KEYTREE_LINE_SIZE;
  char *text = sodium_malloc(body + END_SIZE + 1);
  char hex[KEY_HEX + 1];
  if (text == NULL) return NULL;
  memcpy(text, head, HEAD_SIZE);
  for (size_t i = 0; i < tree->count; i++) {
    const struct node *node = &tree->nodes[i];
    (void)snprintf(text + HEAD_SIZE + i * KEYTREE_LINE_SIZE, KEYTREE_LINE_SIZE + 1, "%016llx/%02u %s\n",
                   (unsigned long long)node->first, (unsigned)node->depth,
                   nav_hex(hex, node->key, sizeof node->key));
  }
  sodium_memzero(hex, sizeof hex);
  char hash[2 * HASH_SIZE + 1];
  hash_hex(text, body, hash);
  (void)snprintf(text + body, END_SIZE + 1, "end %s\n", hash);
  *length = body + END_SIZE;
  return text;
}

// Hexadecimal has one way of being written here, so that a tree has one text.
static bool has_capitals(const char *line) {
  for (size_t i = 0; i < KEYTREE_LINE_SIZE; i++)
    if (line[i] >= 'A' && line[i] <= 'F') return true;
  return false;
}

// The line of one node.
static bool parse_line(const char *line, struct node *node) {
  uint8_t first[8];
  char digits[FIRST_HEX + 1];
  char key[KEY_HEX + 1];
  memcpy(digits, line, FIRST_HEX);
  digits[FIRST_HEX] = '\0';
  memcpy(key, line + FIRST_HEX + 4, KEY_HEX);
  key[KEY_HEX] = '\0';
  const char *depth = line + FIRST_HEX + 1;
  bool ok = !has_capitals(line) && line[FIRST_HEX] == '/' && depth[0] >= '0' && depth[0] <= '1' &&
            depth[1] >= '0' && depth[1] <= '9' && depth[2] == ' ' && line[KEYTREE_LINE_SIZE - 1] == '\n' &&
            nav_unhex(first, sizeof first, digits) && nav_unhex(node->key, sizeof node->key, key);
  sodium_memzero(key, sizeof key);
  if (!ok) return false;
  node->first = nav_get_u64(first);
  node->depth = (uint32_t)((depth[0] - '0') * 10 + (depth[1] - '0'));
  return node->depth <= KEYTREE_DEPTH && (node->first & span_of(node->depth)) == 0;
}

static bool parse_nodes(struct keytree *tree, const char *lines, size_t count) {
  for (size_t i = 0; i < count; i++) {
    struct node *node = &tree->nodes[i];
    if (!parse_line(lines + i * KEYTREE_LINE_SIZE, node)) return false;
    const struct node *before = i == 0 ? NULL : node - 1;
    // Each begins after the last number of the one before.
    if (before != NULL &&
        (node->first <= before->first || node->first - before->first <= span_of(before->depth)))
      return false;
    tree->count++;
  }
  return true;
}

static bool is_whole(const char *text, size_t length, size_t *count) {
  if (length < HEAD_SIZE + END_SIZE || length > KEYTREE_TEXT_MAX) return false;
  size_t lines = length - HEAD_SIZE - END_SIZE;
  *count = lines / KEYTREE_LINE_SIZE;
  if (lines % KEYTREE_LINE_SIZE != 0 || *count > KEYTREE_PLANTED_MAX) return false;
  const char *end = text + length - END_SIZE;
  char hash[2 * HASH_SIZE + 1];
  hash_hex(text, (size_t)(end - text), hash);
  return memcmp(text, head, HEAD_SIZE) == 0 && memcmp(end, "end ", 4) == 0 &&
         memcmp(end + 4, hash, 2 * HASH_SIZE) == 0 && text[length - 1] == '\n';
}

struct keytree *keytree_parse(const char *text, size_t length, struct nav_error *err) {
  size_t count = 0;
  if (!is_whole(text, length, &count)) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "is no whole file of content keys: torn, or changed by hand");
    return NULL;
  }
  struct keytree *tree = make(count);
  if (tree != NULL && parse_nodes(tree, text + HEAD_SIZE, count)) return tree;
  bool made = tree != NULL;
  keytree_free(tree);
  (void)nav_fail(err, made ? NAV_ERROR_LOCAL : NAV_ERROR_RETRY, 0, "", "%s",
                 made ? "its nodes are no tree's, or not in order" : "out of memory");
  return NULL;
}
