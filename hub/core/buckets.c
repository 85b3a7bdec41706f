// See buckets.h.
#include "hub/core/buckets.h"

#include <dirent.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/seqs.h"
#include "hub/core/bucket_file.h"

enum { CLASSES = 6, NAME_SIZE = 32 };

struct bucket {
  uint32_t retention_class;
  uint32_t day;
  struct keytree *tree;
};

struct buckets {
  char *folder;
  struct bucket cached[BUCKETS_CACHED_MAX];  // the newest use last; the oldest is dropped
  size_t count;
  size_t nodes;   // of all that are cached
  int64_t today;  // 0: not told
  uint8_t erased[CLASSES + 1][BUCKETS_DAYS_MAX / 8];
  struct seqs *erased_events;
};

struct buckets *buckets_new(const char *folder) {
  struct buckets *buckets = calloc(1, sizeof *buckets);
  if (buckets == NULL) return NULL;
  buckets->folder = strdup(folder);
  buckets->erased_events = seqs_new();
  if (buckets->folder == NULL || buckets->erased_events == NULL) {
    buckets_free(buckets);
    return NULL;
  }
  return buckets;
}

void buckets_free(struct buckets *buckets) {
  if (buckets == NULL) return;
  for (size_t i = 0; i < buckets->count; i++) keytree_free(buckets->cached[i].tree);
  seqs_free(buckets->erased_events);
  free(buckets->folder);
  free(buckets);
}

// ---- trees in memory ----

static struct bucket *find(struct buckets *buckets, uint32_t retention_class, uint32_t day) {
  for (size_t i = buckets->count; i > 0; i--) {
    struct bucket *bucket = &buckets->cached[i - 1];
    if (bucket->day == day && bucket->retention_class == retention_class) return bucket;
  }
  return NULL;
}

static void drop(struct buckets *buckets, size_t at) {
  buckets->nodes -= keytree_count(buckets->cached[at].tree);
  keytree_free(buckets->cached[at].tree);
  buckets->count--;
  memmove(&buckets->cached[at], &buckets->cached[at + 1], (buckets->count - at) * sizeof *buckets->cached);
}

// Takes the tree. Others go until it fits: one tree alone always does.
static struct bucket *add(struct buckets *buckets, const struct bucket_place *place, struct keytree *tree) {
  size_t more = keytree_count(tree);
  while (buckets->count == BUCKETS_CACHED_MAX ||
         (buckets->count > 0 && buckets->nodes + more > BUCKETS_NODES_MAX))
    drop(buckets, 0);
  buckets->nodes += more;
  struct bucket *bucket = &buckets->cached[buckets->count++];
  *bucket = (struct bucket){place->retention_class, place->day, tree};
  return bucket;
}

static struct bucket *exchange(struct buckets *buckets, const struct bucket_place *place,
                               struct keytree *tree) {
  const struct bucket *known = find(buckets, place->retention_class, place->day);
  if (known != NULL) drop(buckets, (size_t)(known - buckets->cached));
  return add(buckets, place, tree);
}

static void name_of(const struct bucket_place *place, char out[NAME_SIZE]) {
  (void)snprintf(out, NAME_SIZE, "%u-%u.key", place->retention_class, place->day);
}

static struct keytree *create(const struct buckets *buckets, const char *name, struct nav_error *err) {
  struct keytree *tree = keytree_new();
  if (tree == NULL) {
    (void)nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
    return NULL;
  }
  if (bucket_file_create(buckets->folder, name, tree, err)) return tree;
  keytree_free(tree);
  return NULL;
}

// From memory, or the disk; create: made where there is none.
static struct bucket *load(struct buckets *buckets, const struct bucket_place *place, bool may_create,
                           struct nav_error *err) {
  struct bucket *known = find(buckets, place->retention_class, place->day);
  if (known != NULL) return known;
  char name[NAME_SIZE];
  struct nav_error why;  // that there is none yet is no fault: *err is for what is
  name_of(place, name);
  struct keytree *tree = bucket_file_read(buckets->folder, name, &why);
  if (tree == NULL && may_create && why.code == NAV__V1__CODE__CODE_NOT_FOUND) {
    tree = create(buckets, name, err);
  } else if (tree == NULL) {
    *err = why;
  }
  return tree == NULL ? NULL : add(buckets, place, tree);
}

// ---- keys ----

static bool is_gone(struct nav_error *err, const char *why) {
  return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "", "the content was erased %s", why);
}

// The number was another event's, in a ledger of which a restore has cut the end off, and that event was
// erased: this one gets a key that the tree never had. On disk before it is used.
static bool plant(struct buckets *buckets, const struct bucket_place *place, uint64_t seq,
                  uint8_t key[CONTENT_KEY_SIZE], struct nav_error *err) {
  char name[NAME_SIZE];
  name_of(place, name);
  struct keytree *old = bucket_file_read(buckets->folder, name, err);
  if (old == NULL) return false;
  if (keytree_key(old, seq, key)) {  // another program has, while this one was frozen
    (void)exchange(buckets, place, old);
    return true;
  }
  struct keytree *tree = keytree_copy(old, 1);
  keytree_free(old);
  randombytes_buf(key, CONTENT_KEY_SIZE);
  bool ok = tree != NULL || nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
  if (ok && !keytree_plant(tree, seq, key))
    ok = nav_fail(err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, name,
                  "has no room for a key of its own for seq %" PRIu64 ": wait until tomorrow's bucket", seq);
  ok = ok && bucket_file_replace(buckets->folder, name, tree, err);
  if (ok) {
    (void)exchange(buckets, place, tree);
  } else {
    keytree_free(tree);
    sodium_memzero(key, CONTENT_KEY_SIZE);
  }
  return ok;
}

bool buckets_key(struct buckets *buckets, const struct bucket_place *place, uint64_t seq, bool seal,
                 uint8_t key[CONTENT_KEY_SIZE], struct nav_error *err) {
  bool past = seal && buckets->today > 0 && bucket_is_due(place->retention_class, place->day, buckets->today);
  if (past || buckets_is_erased(buckets, place->retention_class, place->day))
    return is_gone(err, "when its time was up");
  if (buckets_event_is_erased(buckets, seq)) return is_gone(err, "by order");
  struct bucket *bucket = load(buckets, place, seal, err);
  if (bucket == NULL) return false;
  if (keytree_key(bucket->tree, seq, key)) return true;
  return seal ? plant(buckets, place, seq, key, err)
              : is_gone(err, "by an order that this ledger does not have: give it again");
}

// ---- single events ----

void buckets_erase_event(struct buckets *buckets, uint64_t seq) {
  // A record that somebody changed may name none. To open what was erased would be worse than to stop.
  NAV_ASSERT(seq == 0 || seqs_add(buckets->erased_events, seq));
}

bool buckets_event_is_erased(const struct buckets *buckets, uint64_t seq) {
  return seqs_has(buckets->erased_events, seq);
}

bool buckets_events_have_room(const struct buckets *buckets, size_t more) {
  return seqs_count(buckets->erased_events) + more <= BUCKETS_EVENTS_MAX;
}

// The tree without these numbers; NULL with *unchanged: it has none of them. NULL: *err.
static struct keytree *without(const struct keytree *tree, const uint64_t *seqs, size_t count,
                               bool *unchanged, struct nav_error *err) {
  size_t covered = 0;
  for (size_t i = 0; i < count; i++) covered += keytree_covers(tree, seqs[i]) ? 1 : 0;
  *unchanged = covered == 0;
  if (covered == 0) return NULL;
  struct keytree *cut = keytree_copy(tree, covered * KEYTREE_CUT_NODES);
  if (cut == NULL) {
    (void)nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
    return NULL;
  }
  for (size_t i = 0; i < count; i++) {
    if (keytree_cut(cut, seqs[i])) continue;
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_MANY, "",
                   "so many events of one class and day are erased singly that its key file would be larger "
                   "than %d keys: erase fewer, or wait until the time of the whole class is up",
                   KEYTREE_NODES_MAX);
    keytree_free(cut);
    return NULL;
  }
  return cut;
}

bool buckets_can_cut(struct buckets *buckets, const struct bucket_place *place, const uint64_t *seqs,
                     size_t count, struct nav_error *err) {
  const struct bucket *bucket = load(buckets, place, false, err);
  if (bucket == NULL) return err->code == NAV__V1__CODE__CODE_NOT_FOUND;
  bool unchanged = false;
  struct keytree *cut = without(bucket->tree, seqs, count, &unchanged, err);
  keytree_free(cut);
  return unchanged || cut != NULL;
}

// From what is on disk, not from memory: a program that was frozen while another one wrote must not bring
// back what that one took out.
bool buckets_cut(struct buckets *buckets, const struct bucket_place *place, const uint64_t *seqs,
                 size_t count, struct nav_error *err) {
  char name[NAME_SIZE];
  for (size_t i = 0; i < count; i++) NAV_ASSERT(buckets_event_is_erased(buckets, seqs[i]));
  name_of(place, name);
  struct keytree *tree = bucket_file_read(buckets->folder, name, err);
  if (tree == NULL) return err->code == NAV__V1__CODE__CODE_NOT_FOUND;
  bool unchanged = false;
  struct keytree *cut = without(tree, seqs, count, &unchanged, err);
  if (unchanged) {
    (void)exchange(buckets, place, tree);
    return true;
  }
  keytree_free(tree);
  if (cut != NULL && bucket_file_replace(buckets->folder, name, cut, err)) {
    (void)exchange(buckets, place, cut);
    return true;
  }
  keytree_free(cut);
  return false;
}

// ---- retention ----

bool bucket_is_due(uint32_t retention_class, uint32_t day, int64_t today) {
  if (retention_class == 0 || retention_class > CLASSES) return false;
  return today > (int64_t)day + (int64_t)content_class_days(retention_class);
}

void buckets_set_today(struct buckets *buckets, int64_t today) { buckets->today = today; }

static int by_place(const void *a, const void *b) {
  const struct bucket_place *x = a;
  const struct bucket_place *y = b;
  if (x->retention_class != y->retention_class) return x->retention_class < y->retention_class ? -1 : 1;
  return (x->day > y->day) - (x->day < y->day);
}

// "3-20417.key", and nothing else.
static bool parse_name(const char *name, struct bucket_place *place) {
  char same[64];
  char *end = NULL;
  place->retention_class = (uint32_t)strtoul(name, &end, 10);
  if (*end != '-') return false;
  place->day = (uint32_t)strtoul(end + 1, NULL, 10);
  (void)snprintf(same, sizeof same, "%u-%u.key", place->retention_class, place->day);
  return strcmp(same, name) == 0;
}

bool buckets_due(const struct buckets *buckets, int64_t today, struct bucket_place *out, size_t max,
                 size_t *count, struct nav_error *err) {
  *count = 0;
  DIR *folder = opendir(buckets->folder);
  if (folder == NULL) return nav_fail_errno(err, buckets->folder, "cannot be read");
  const struct dirent *entry = NULL;
  while (*count < max && (entry = readdir(folder)) != NULL) {
    struct bucket_place place;
    if (parse_name(entry->d_name, &place) && place.day < BUCKETS_DAYS_MAX &&
        bucket_is_due(place.retention_class, place.day, today))
      out[(*count)++] = place;
  }
  (void)closedir(folder);
  qsort(out, *count, sizeof *out, by_place);
  return true;
}

bool buckets_is_erased(const struct buckets *buckets, uint32_t retention_class, uint32_t day) {
  return retention_class <= CLASSES && day < BUCKETS_DAYS_MAX &&
         (buckets->erased[retention_class][day / 8] >> (day % 8) & 1) != 0;
}

void buckets_erase(struct buckets *buckets, uint32_t retention_class, uint32_t day) {
  if (retention_class > CLASSES || day >= BUCKETS_DAYS_MAX) return;
  uint8_t *bits = &buckets->erased[retention_class][day / 8];
  *bits = (uint8_t)(*bits | 1u << day % 8);
  const struct bucket *known = find(buckets, retention_class, day);
  if (known != NULL) drop(buckets, (size_t)(known - buckets->cached));
}

bool buckets_destroy(struct buckets *buckets, uint32_t retention_class, uint32_t day, struct nav_error *err) {
  const struct bucket_place place = {retention_class, day};
  char name[NAME_SIZE];
  NAV_ASSERT(buckets_is_erased(buckets, retention_class, day));
  name_of(&place, name);
  return bucket_file_destroy(buckets->folder, name, err);
}

uint32_t bucket_class_days(uint32_t retention_class) { return content_class_days(retention_class); }

// What names persons is kept shorter than what counts places; published incidents, surveys and what meetings
// agreed longest, so that a period can be set beside the same one a year before.
static uint32_t class_of_type(Nav__V1__Event__BodyCase body) {
  switch (body) {
    case NAV__V1__EVENT__BODY_CONCERN_REPORT:
    case NAV__V1__EVENT__BODY_VICTIM_SUPPORT:
    case NAV__V1__EVENT__BODY_POLICE_NOTICE:
    case NAV__V1__EVENT__BODY_WELFARE_FRAUD_NOTICE:
    case NAV__V1__EVENT__BODY_UNDUE_INFLUENCE:
      return 3;
    case NAV__V1__EVENT__BODY_SOCIAL_INTERVENTION:
    case NAV__V1__EVENT__BODY_ABSENCE:
    case NAV__V1__EVENT__BODY_FIELD_WORK_NOTE:
    case NAV__V1__EVENT__BODY_TENANCY_CONCERN:
    case NAV__V1__EVENT__BODY_CRIME_REPORT:
    case NAV__V1__EVENT__BODY_REQUEST:
      return 4;
    default:
      return 5;
  }
}

uint32_t bucket_class(const Nav__V1__Event *event) {
  uint32_t class = class_of_type(event->body_case);
  if (!event->has_retention_days || event->body_case == NAV__V1__EVENT__BODY_CONSENT) return class;
  // The longest class that is not longer than asked; a week is the shortest.
  while (class > 1 && content_class_days(class) > event->retention_days) class --;
  return class;
}
