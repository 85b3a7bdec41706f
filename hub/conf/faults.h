// Everything wrong with configuration files, all at once, each at its place.
// Called by: loaders of YAML; navctl and programs print them. Must never: stop at the first.
#ifndef NAV_CONF_FAULTS_H
#define NAV_CONF_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

enum { CONF_FAULTS_MAX = 1000 };

struct conf_fault {
  char *file;  // as given, relative to the configuration folder
  int line;    // from 1; 0: the file as a whole
  int column;
  char *what;
  char *hint;  // may be ""
};

struct conf_faults {
  struct conf_fault *items;
  size_t count;
  size_t dropped;  // past CONF_FAULTS_MAX
};

void conf_faults_add(struct conf_faults *faults, const char *file, int line, int column, const char *hint,
                     const char *format, ...) __attribute__((format(printf, 6, 7)));
// By file (in the order in which files first have one), line and column.
void conf_faults_sort(struct conf_faults *faults);
void conf_faults_free(struct conf_faults *faults);
// "file:line:column: what - hint", each on its line of standard error.
void conf_faults_print(const struct conf_faults *faults);

#endif
