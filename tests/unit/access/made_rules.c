// See made_rules.h.
#include "tests/unit/access/made_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hub/access/law.h"
#include "hub/access/schema.h"
#include "hub/base/error.h"
#include "tests/unit/access/made_events.h"

enum { PATH_SIZE = 256, KINDS = 11, AREAS = 8 };

#define PRINT(file, ...) NAV_ASSERT(fprintf(file, __VA_ARGS__) > 0)

static FILE *open_file(const char *folder, const char *name) {
  char path[PATH_SIZE];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "w");
  NAV_ASSERT(file != NULL);
  return file;
}

static void close_file(FILE *file) {
  int closed = fclose(file);
  NAV_ASSERT(closed == 0);
}

static void make_folder(const char *folder, const char *name) {
  char path[PATH_SIZE];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  int made = mkdir(path, 0700);
  NAV_ASSERT(made == 0);
}

static void write_agencies(const struct made_rules *what, const char *folder) {
  FILE *file = open_file(folder, "agencies.yaml");
  PRINT(file, "agencies:\n");
  for (unsigned i = 0; i < what->agencies; i++) {
    PRINT(file, "  - {id: a%u, title: A, kind: %s, form: authority, areas: [o%u], purposes: [", i,
          law_agency_kinds[i % KINDS], i % AREAS);
    for (unsigned p = 0; p < what->purposes; p++) PRINT(file, "%sp%u", p == 0 ? "" : ", ", p);
    PRINT(file, "]}\n");
  }
  close_file(file);
}

static void write_areas(const char *folder) {
  FILE *file = open_file(folder, "areas/o.yaml");
  PRINT(file, "municipality: \"0180\"\nareas:\n");
  for (unsigned i = 0; i < AREAS; i++) PRINT(file, "  - {id: o%u, title: O}\n", i);
  close_file(file);
}

// What a rule asks: of the event, its place, its marks, its persons, or nothing.
static void write_when(FILE *file, struct made_chance *chance) {
  switch (made_number(chance, 6)) {
    case 0:
      PRINT(file, "    when: {place.area: {within: o%u}}\n", made_number(chance, AREAS));
      return;
    case 1:
      PRINT(file, "    when: {marks.handling: {in: [h0, h1]}, marks.urgent: {present: true}}\n");
      return;
    case 2:
      PRINT(file, "    when: {subject.age: {below: %u}}\n", 10 + made_number(chance, 60));
      return;
    case 3:
      PRINT(file, "    when: {time: {within: %ud}}\n", 1 + made_number(chance, 300));
      return;
    case 4:
      PRINT(file, "    when: {place.area: {overlaps: recipient.areas}}\n");
      return;
    default:
      PRINT(file, "    # nothing is asked\n");
  }
}

// Each is one fault, whatever the rule: the last line of a rule that is good but for it.
static const char *const faulty_ends[] = {"    when: {subject.aeg: {below: 18}}",
                                          "    when: {body.no_such_field: {is: x}}",
                                          "    valid_from: 2026-02-30",
                                          "    when: {place.area: {within: oo}}",
                                          "    outcom: hold",
                                          "    reveal: [plac]"};

static void write_rule(const struct made_rules *what, FILE *file, unsigned number,
                       struct made_chance *chance) {
  bool forbids = !what->faulty && made_number(chance, 10) == 0;
  // But for the last, Sealed, which no permit may name.
  const char *first = schema_body_name(made_number(chance, (uint32_t)schema_body_count() - 1));
  const char *second = schema_body_name(made_number(chance, (uint32_t)schema_body_count() - 1));
  PRINT(file, "  - id: r%u\n    %s: {from: [%s, a%u], event: [%s, %s], to: [%s, a%u]}\n", number,
        forbids ? "forbid" : "permit", law_agency_kinds[made_number(chance, KINDS)],
        made_number(chance, what->agencies), first, second, law_agency_kinds[made_number(chance, KINDS)],
        made_number(chance, what->agencies));
  if (what->faulty) {
    PRINT(file, "    basis: fri\n%s\n", faulty_ends[number % (sizeof faulty_ends / sizeof faulty_ends[0])]);
    return;
  }
  const char *outcome = made_number(chance, 3) == 0 ? "    outcome: hold\n" : "    reveal: [place]\n";
  PRINT(file, "    basis: fri\n%s", forbids ? "" : outcome);
  write_when(file, chance);
}

static void write_purpose(const struct made_rules *what, const char *folder, unsigned purpose) {
  char name[32];
  struct made_chance chance = {purpose + 1};
  (void)snprintf(name, sizeof name, "access/p%u.yaml", purpose);
  FILE *file = open_file(folder, name);
  PRINT(file, "purpose: {id: p%u, title: P}\nrules:\n", purpose);
  for (unsigned i = purpose; i < what->rules; i += what->purposes) write_rule(what, file, i, &chance);
  close_file(file);
}

void made_rules_write(const struct made_rules *what, char out[MADE_FOLDER_SIZE]) {
  (void)snprintf(out, MADE_FOLDER_SIZE, "/tmp/nav-made-XXXXXX");
  const char *made = mkdtemp(out);
  NAV_ASSERT(made != NULL);
  make_folder(out, "access");
  make_folder(out, "areas");
  write_agencies(what, out);
  write_areas(out);
  FILE *law = open_file(out, "law.yaml");
  PRINT(law,
        "bases:\n  - {id: fri, statute: L, section: 1, text: t, english: e, from: [any], to: [any], "
        "verified: v}\n");
  close_file(law);
  for (unsigned p = 0; p < what->purposes; p++) write_purpose(what, out, p);
}

static void remove_one(const char *folder, const char *name) {
  char path[PATH_SIZE];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  (void)remove(path);
}

void made_rules_remove(const struct made_rules *what, const char *folder) {
  char name[32];
  for (unsigned p = 0; p < what->purposes; p++) {
    (void)snprintf(name, sizeof name, "access/p%u.yaml", p);
    remove_one(folder, name);
  }
  static const char *const rest[] = {"law.yaml", "agencies.yaml", "areas/o.yaml", "areas", "access", "."};
  for (size_t i = 0; i + 1 < sizeof rest / sizeof rest[0]; i++) remove_one(folder, rest[i]);
  (void)rmdir(folder);
}
