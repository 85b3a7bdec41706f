// See fake_rules.h.
#include "tests/unit/engine/fake_rules.h"

#include <string.h>

static const char agencies[] =
    "agencies:\n"
    "  - {id: polisen, title: Polisen, kind: police, form: authority, purposes: [test]}\n"
    "  - {id: socialen, title: Socialen, kind: social, form: authority, purposes: [test]}\n"
    "  - {id: skolan, title: Skolan, kind: school, form: authority, purposes: [test]}\n";

static const char law[] =
    "bases:\n"
    "  - {id: fri, statute: Lag, section: 1 §, text: Fritt., english: Free., from: [any], to: [any], "
    "verified: "
    "test}\n";

const char fake_rules_all[] =
    "purpose: {id: test, title: Test}\n"
    "rules:\n"
    "  - id: all-incidents\n"
    "    permit: {from: police, event: PublicIncident, to: school}\n"
    "    basis: fri\n"
    "    reveal: all\n";

static void add(Nav__V1__RulesBundle *bundle, const char *name, const char *text, struct nav_arena *arena) {
  Nav__V1__RulesBundleFile *file = nav_arena_alloc(arena, sizeof *file);
  nav__v1__rules_bundle_file__init(file);
  file->name = (char *)(uintptr_t)name;
  file->has_text = true;
  file->text = (ProtobufCBinaryData){strlen(text), (uint8_t *)(uintptr_t)text};
  bundle->files[bundle->n_files++] = file;
}

Nav__V1__RulesBundle *fake_rules_bundle(const char *rules, uint8_t byte, struct nav_arena *arena) {
  enum { FILES = 3, HASH = 32 };
  Nav__V1__RulesBundle *bundle = nav_arena_alloc(arena, sizeof *bundle);
  nav__v1__rules_bundle__init(bundle);
  bundle->files = nav_arena_zalloc(arena, FILES, sizeof *bundle->files);
  bundle->has_hash = true;
  bundle->hash = (ProtobufCBinaryData){HASH, nav_arena_alloc(arena, HASH)};
  memset(bundle->hash.data, byte, HASH);
  add(bundle, "agencies.yaml", agencies, arena);
  add(bundle, "law.yaml", law, arena);
  add(bundle, "access/test.yaml", rules, arena);
  return bundle;
}
