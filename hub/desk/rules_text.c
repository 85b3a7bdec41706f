// See rules_text.h.
#include "hub/desk/rules_text.h"

#include <string.h>

#include "hub/base/id.h"
#include "hub/wire/sha256.h"

enum { NAME_SHOWN = 120 };

static bool is_of_its_hash(const Nav__V1__RulesFile *file, const void *text, size_t length) {
  uint8_t hash[NAV_SHA256_SIZE];
  nav_sha256(hash, &(struct nav_bytes){text, length}, 1);
  return memcmp(hash, file->sha256.data, sizeof hash) == 0;
}

bool rules_text_read(const struct desk_request *request, const Nav__V1__RulesFile *file, const char **text,
                     size_t *length, struct nav_error *err) {
  char hex[2 * NAV_SHA256_SIZE + 1];
  *text = NULL;
  *length = 0;
  if (file->sha256.len != NAV_SHA256_SIZE) return true;
  const char *values[] = {nav_hex(hex, file->sha256.data, NAV_SHA256_SIZE)};
  // One byte more than a text may have: what is longer is cut, and so not of its hash.
  PGresult *result =
      desk_query(request->database,
                 "SELECT substr(text, 1, 262145) FROM nav.rules_text_view WHERE sha256 = decode($1, 'hex')",
                 1, values, err);
  if (result == NULL) return false;
  bool ok = true;
  if (PQntuples(result) == 1) {
    const uint8_t *bytes = desk_bytes(result, 0, 0, length);
    ok = is_of_its_hash(file, bytes, *length) ||
         nav_fail(err, NAV_ERROR_LOCAL, 0, "ledger",
                  "the kept text of %.*s is not the one that the record hashes: run navctl audit verify",
                  NAME_SHOWN, file->name != NULL ? file->name : "");
    if (ok) *text = nav_arena_strndup(request->arena, (const char *)bytes, *length);
    if (ok && *text == NULL) ok = nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  }
  PQclear(result);
  return ok;
}

// All of them. False: one is not there.
static bool read_all(const struct desk_request *request, const Nav__V1__RulesChanged *changed,
                     struct conf_text *items) {
  struct nav_error ignored;
  for (size_t i = 0; i < changed->n_files; i++) {
    items[i].name = changed->files[i]->name;
    if (items[i].name == NULL ||
        !rules_text_read(request, changed->files[i], &items[i].text, &items[i].length, &ignored) ||
        items[i].text == NULL)
      return false;
  }
  return true;
}

struct access_rules *rules_text_load(const struct desk_request *request, const Nav__V1__RulesChanged *changed,
                                     struct conf_agencies **agencies) {
  struct conf_faults faults = {0};
  struct conf_text *items = nav_arena_zalloc(request->arena, changed->n_files + 1, sizeof *items);
  const struct conf_texts texts = {.items = items, .count = changed->n_files};
  struct access_rules *rules = NULL;
  *agencies = NULL;
  if (items == NULL || changed->n_files == 0 || !read_all(request, changed, items)) return NULL;
  *agencies = conf_agencies_load_texts(&texts, &faults);
  if (*agencies != NULL) rules = access_rules_load_texts(&texts, *agencies, &faults);
  conf_faults_free(&faults);
  if (rules == NULL) {
    conf_agencies_free(*agencies);
    *agencies = NULL;
  }
  return rules;
}
