// The hub's rules as an adapter receives them: a bundle made of any bytes, cut into parts, signed, and on the
// way left alone or disturbed. Only the very bundle that was signed is told; what is told is stored under its
// own folder alone and put in force in whole, or the former rules stay. Called by: libFuzzer. Must never:
// write outside a folder of its own in memory.
#include <dirent.h>
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/engine/edge_rules.h"
#include "adapters/sdk/private.h"
#include "hub/base/disk.h"
#include "hub/wire/message.h"

enum { HEAD = 3, FILES_MAX = 16, DISTURBANCES = 8 };

static struct nav_client client;
static struct edge_rules in_force;
static char base[] = "/dev/shm/navfuzzXXXXXX";
static char state_folder[sizeof base + 16];
static struct key_pair_sign pair;
static unsigned told;

static size_t entries(const char *path) {
  DIR *folder = opendir(path);
  size_t count = 0;
  NAV_ASSERT(folder != NULL);
  for (const struct dirent *entry = NULL; (entry = readdir(folder)) != NULL;)
    count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
  (void)closedir(folder);
  return count;
}

static void on_rules(void *context, const Nav__V1__RulesBundle *bundle) {
  struct nav_error err = {0};
  struct edge_rules loaded;
  const struct edge_rules before = in_force;
  (void)context;
  told++;
  if (edge_rules_replace(state_folder, bundle, &in_force, &err)) {
    NAV_ASSERT(in_force.rules != NULL && memcmp(in_force.hash, bundle->hash.data, NAV_SHA256_SIZE) == 0);
  } else {
    NAV_ASSERT(err.text[0] != '\0' && memcmp(&before, &in_force, sizeof before) == 0);
  }
  bool readable = edge_rules_load(state_folder, &loaded, &err);
  NAV_ASSERT(readable && (loaded.rules != NULL) == (in_force.rules != NULL));
  if (loaded.rules != NULL) NAV_ASSERT(memcmp(loaded.hash, in_force.hash, NAV_SHA256_SIZE) == 0);
  edge_rules_free(&loaded);
  // Nothing beside the one folder of each level, whatever the files were called.
  NAV_ASSERT(entries(base) == 1 && entries(state_folder) == 1);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk) {
  (void)status;
  (void)kind;
  (void)walk;
  return remove(path);
}

static void remove_base(void) { (void)nftw(base, remove_one, 8, FTW_DEPTH | FTW_PHYS); }

static void begin(void) {
  static const uint8_t seed[crypto_sign_SEEDBYTES] = {7};
  static bool begun;
  if (!begun) {
    struct nav_error err;
    int sodium = sodium_init();
    char *made = mkdtemp(base);
    NAV_ASSERT(sodium >= 0 && made != NULL);
    (void)snprintf(state_folder, sizeof state_folder, "%s/state", base);
    bool ok = nav_disk_make_folder(state_folder, &err);
    NAV_ASSERT(ok && atexit(remove_base) == 0);
    (void)crypto_sign_seed_keypair(pair.public_key, pair.secret_key, seed);
    begun = true;
  }
  memset(&client, 0, sizeof client);
  client.events.rules = on_rules;
  memcpy(client.hub_session_key, pair.public_key, sizeof pair.public_key);
  nav_buffer_init(&client.rules, RULES_BYTES_MAX);
  told = 0;
}

// Files as "name, line break, text, NUL", so that names and texts are found without knowing protobuf.
static bool pack_files(const uint8_t *data, size_t size, struct nav_buffer *out) {
  static const uint8_t hash[NAV_SHA256_SIZE] = {9};
  static char names[FILES_MAX][256];
  Nav__V1__RulesBundleFile files[FILES_MAX], *list[FILES_MAX];
  Nav__V1__RulesBundle bundle = NAV__V1__RULES_BUNDLE__INIT;
  for (size_t at = 0; at < size && bundle.n_files < FILES_MAX;) {
    const uint8_t *zero = memchr(data + at, 0, size - at);
    size_t end = zero == NULL ? size : (size_t)(zero - data);
    const uint8_t *line = memchr(data + at, '\n', end - at);
    size_t name_end = line == NULL ? end : (size_t)(line - data), text = line == NULL ? end : name_end + 1;
    size_t n = bundle.n_files;
    (void)snprintf(names[n], sizeof names[n], "%.*s", (int)(name_end - at), (const char *)data + at);
    for (char *c = names[n]; *c != '\0'; c++)
      if (*c < ' ' || *c > '~') *c = '_';  // other bytes come without this detour
    files[n] = (Nav__V1__RulesBundleFile)NAV__V1__RULES_BUNDLE_FILE__INIT;
    files[n].name = names[n];
    files[n].has_text = true;
    files[n].text = (ProtobufCBinaryData){end - text, (uint8_t *)(uintptr_t)data + text};
    list[n] = &files[n];
    bundle.n_files++;
    at = end + 1;
  }
  bundle.has_hash = true;
  bundle.hash = (ProtobufCBinaryData){sizeof hash, (uint8_t *)(uintptr_t)hash};
  bundle.files = list;
  return wire_encode(&bundle, out);
}

static void hash_of(uint8_t hash[NAV_SHA256_SIZE], const struct nav_buffer *bytes) {
  Nav__V1__RulesBundle *bundle = nav__v1__rules_bundle__unpack(NULL, bytes->length, bytes->data);
  memset(hash, 0, NAV_SHA256_SIZE);
  if (bundle != NULL && bundle->hash.len == NAV_SHA256_SIZE) memcpy(hash, bundle->hash.data, NAV_SHA256_SIZE);
  nav__v1__rules_bundle__free_unpacked(bundle, NULL);
}

// Sends the parts; kind says how the one named by which is disturbed (0: none is).
static void send_parts(const struct nav_buffer *bytes, size_t part_size, uint8_t kind, uint8_t which) {
  uint8_t hash[NAV_SHA256_SIZE], signature[KEY_SIGNATURE_SIZE], other_hash[NAV_SHA256_SIZE];
  hash_of(hash, bytes);
  memcpy(other_hash, hash, sizeof hash);
  other_hash[0] ^= 1;
  keys_sign_rules(signature, &pair, client.log_id, bytes->data, bytes->length);
  uint32_t count = (uint32_t)((bytes->length + part_size - 1) / part_size);
  uint32_t disturbed = which % count;
  for (uint32_t i = 0; i < count; i++) {
    size_t at = i * part_size;
    size_t length = bytes->length - at < part_size ? bytes->length - at : part_size;
    Nav__V1__RulesPart part = NAV__V1__RULES_PART__INIT;
    part.hash = (ProtobufCBinaryData){sizeof hash, hash};
    part.index = i;
    part.count = count;
    part.bytes = (ProtobufCBinaryData){length, bytes->data + at};
    if (i + 1 == count) part.signature = (ProtobufCBinaryData){sizeof signature, signature};
    if (i == disturbed) {
      if (kind == 1) signature[which % sizeof signature] ^= 1;
      if (kind == 2) part.hash.data = other_hash;
      if (kind == 3) continue;                               // lost
      if (kind == 4 && !rules_take(&client, &part)) return;  // twice
      if (kind == 5) part.count++;
      if (kind == 6) part.bytes.len = length - 1;
      if (kind == 7) part.signature.len = 0;
    }
    if (!rules_take(&client, &part)) return;  // the session ends
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct nav_buffer bytes;
  if (size <= HEAD) return 0;
  begin();
  nav_buffer_init(&bytes, RULES_BYTES_MAX);
  bool as_files = (data[0] & 0x80U) != 0;
  uint8_t kind = data[0] % DISTURBANCES;
  bool ok = as_files ? pack_files(data + HEAD, size - HEAD, &bytes)
                     : nav_buffer_append(&bytes, data + HEAD, size - HEAD);
  if (ok) {
    size_t part_size = 16 * ((size_t)data[1] + 1);
    send_parts(&bytes, part_size, kind, data[2]);
    size_t count = (bytes.length + part_size - 1) / part_size, disturbed = data[2] % count;
    // A part sent twice is a beginning where it is the first, and comes too late where it is the last.
    bool twice_is_harmless = disturbed == 0 || disturbed + 1 == count;
    bool may_be_told = kind == 0 || (kind == 4 && twice_is_harmless) || (kind == 7 && disturbed + 1 < count);
    NAV_ASSERT(told == 0 || may_be_told);
    NAV_ASSERT(told <= (kind == 4 && count == 1 ? 2U : 1U));
    if (as_files && kind == 0) NAV_ASSERT(told == 1);
  }
  nav_buffer_free(&bytes);
  nav_buffer_free(&client.rules);
  return 0;
}
