// See faults.h. Text from a file may hold control characters (YAML's "\e"): they are shown as '?', so that
// printing a fault cannot move the reader's cursor or colour the terminal.
#include "hub/conf/faults.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAULT_TEXT_SIZE = 1024, ITEMS_FIRST = 16 };

// Capacity is ITEMS_FIRST and then every power of two, so that the count alone tells when it is full. (A
// failed text leaves the count as it was, and the same room is asked for again: harmless.)
static bool make_room(struct conf_faults *faults) {
  size_t count = faults->count;
  bool full = count == 0 || (count >= ITEMS_FIRST && (count & (count - 1)) == 0);
  if (!full) return true;
  size_t capacity = count == 0 ? (size_t)ITEMS_FIRST : count * 2;
  struct conf_fault *grown = realloc(faults->items, capacity * sizeof *grown);
  if (grown == NULL) return false;
  faults->items = grown;
  return true;
}

static char *printable_copy(const char *text) {
  char *copy = strdup(text != NULL ? text : "");
  if (copy == NULL) return NULL;
  for (char *at = copy; *at != '\0'; at++) {
    if ((unsigned char)*at < 0x20 || *at == 0x7f) *at = '?';
  }
  return copy;
}

void conf_faults_add(struct conf_faults *faults, const char *file, int line, int column, const char *hint,
                     const char *format, ...) {
  if (faults->count >= CONF_FAULTS_MAX || !make_room(faults)) {
    faults->dropped++;
    return;
  }
  char what[FAULT_TEXT_SIZE];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(what, sizeof what, format, args);
  va_end(args);
  struct conf_fault fault = {.line = line, .column = column};
  fault.file = printable_copy(file);
  fault.what = printable_copy(what);
  fault.hint = printable_copy(hint);
  if (fault.file == NULL || fault.what == NULL || fault.hint == NULL) {
    free(fault.file);
    free(fault.what);
    free(fault.hint);
    faults->dropped++;
    return;
  }
  faults->items[faults->count++] = fault;
}

static size_t first_of_file(const struct conf_faults *faults, const char *file) {
  size_t i = 0;
  while (strcmp(faults->items[i].file, file) != 0) i++;
  return i;
}

static bool comes_after(const struct conf_fault *a, const struct conf_fault *b) {
  return a->line != b->line ? a->line > b->line : a->column > b->column;
}

// Files first come together, then each file's faults go by place; both keep the order of equals, and a
// thousand faults are few.
void conf_faults_sort(struct conf_faults *faults) {
  for (size_t i = 1; i < faults->count; i++) {
    struct conf_fault fault = faults->items[i];
    size_t at = i;
    size_t first = first_of_file(faults, fault.file);
    while (at > first + 1 && strcmp(faults->items[at - 1].file, fault.file) != 0) {
      faults->items[at] = faults->items[at - 1];
      at--;
    }
    while (at > first && comes_after(&faults->items[at - 1], &fault)) {
      faults->items[at] = faults->items[at - 1];
      at--;
    }
    faults->items[at] = fault;
  }
}

void conf_faults_free(struct conf_faults *faults) {
  for (size_t i = 0; i < faults->count; i++) {
    free(faults->items[i].file);
    free(faults->items[i].what);
    free(faults->items[i].hint);
  }
  free(faults->items);
  *faults = (struct conf_faults){0};
}

void conf_faults_print(const struct conf_faults *faults) {
  for (size_t i = 0; i < faults->count; i++) {
    const struct conf_fault *fault = &faults->items[i];
    (void)fputs(fault->file, stderr);
    if (fault->line > 0) (void)fprintf(stderr, ":%d:%d", fault->line, fault->column);
    (void)fprintf(stderr, ": %s", fault->what);
    if (fault->hint[0] != '\0') (void)fprintf(stderr, " - %s", fault->hint);
    (void)fputc('\n', stderr);
  }
  if (faults->dropped > 0) (void)fprintf(stderr, "and %zu more\n", faults->dropped);
}
