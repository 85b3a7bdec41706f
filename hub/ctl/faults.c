// See faults.h.
#include "hub/ctl/faults.h"

#include <stdio.h>
#include <string.h>

#include "hub/ctl/output.h"

enum { LINE_SIZE = 512, PATH_SIZE = 4096 };

static const struct ctl_column columns[] = {
    {"file", "FILE", false}, {"line", "LINE", true},  {"column", "COLUMN", true},
    {"what", "WHAT", false}, {"hint", "HINT", false},
};

static json_t *as_json(const struct conf_faults *faults) {
  json_t *list = json_array();
  for (size_t i = 0; i < faults->count; i++) {
    const struct conf_fault *f = &faults->items[i];
    (void)json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:s, s:s}", "file", f->file, "line", f->line,
                                                "column", f->column, "what", f->what, "hint", f->hint));
  }
  return list;
}

// The text of one line of a file; false: there is none.
static bool line_of(const char *folder, const char *file, int number, char out[LINE_SIZE]) {
  char path[PATH_SIZE];
  bool found = false;
  (void)snprintf(path, sizeof path, "%s%s%s", file[0] == '/' ? "" : folder, file[0] == '/' ? "" : "/", file);
  FILE *stream = fopen(path, "re");
  if (stream == NULL) return false;
  for (int at = 1; at <= number && fgets(out, LINE_SIZE, stream) != NULL; at++) {
    found = at == number;
    size_t length = strlen(out);
    // A line longer than the buffer: what is left of it is passed over.
    if (length > 0 && out[length - 1] != '\n') {
      for (int c = fgetc(stream); c != EOF && c != '\n'; c = fgetc(stream)) continue;
    }
    out[strcspn(out, "\r\n")] = '\0';
  }
  (void)fclose(stream);
  return found;
}

// Columns count characters: UTF-8's later bytes take no room.
static void mark(const char *line, int column) {
  (void)fputs("    ", stdout);
  for (int before = column - 1; *line != '\0'; line++) {
    bool begins = ((unsigned char)*line & 0xC0) != 0x80;
    if (begins && before-- <= 0) break;
    if (begins) (void)putchar(*line == '\t' ? '\t' : ' ');
  }
  (void)puts("^");
}

static void print_fault(const char *folder, const struct conf_fault *f) {
  char line[LINE_SIZE];
  if (f->line > 0) {
    (void)printf("%s:%d:%d: %s\n", f->file, f->line, f->column, f->what);
  } else {
    (void)printf("%s: %s\n", f->file, f->what);
  }
  if (f->line > 0 && line_of(folder, f->file, f->line, line)) {
    (void)printf("    %s\n", line);
    mark(line, f->column);
  }
  if (f->hint[0] != '\0') (void)printf("    %s\n", f->hint);
}

enum ctl_exit faults_print(const struct ctl *ctl, const char *folder, const struct conf_faults *faults) {
  bool ok = true;
  if (ctl->format == CTL_TABLE) {
    for (size_t i = 0; i < faults->count; i++) print_fault(folder, &faults->items[i]);
    (void)fprintf(stderr, "navctl: %zu faults\n", faults->count + faults->dropped);
  } else {
    json_t *list = as_json(faults);
    ok = output_rows(ctl->format, columns, sizeof columns / sizeof *columns, list);
    json_decref(list);
  }
  if (faults->dropped > 0) (void)ctl_complain(CTL_DONE, "%zu more faults are not listed", faults->dropped);
  if (!ok) return CTL_FAILED;
  return faults->count + faults->dropped > 0 ? CTL_FINDINGS : CTL_DONE;
}

enum ctl_exit faults_print_json(const struct ctl *ctl, const char *folder, const json_t *answer) {
  const json_t *list = json_object_get(answer, "faults");
  struct conf_faults faults = {0};
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *fault = json_array_get(list, i);
    conf_faults_add(&faults, output_text_of(fault, "file"),
                    (int)json_integer_value(json_object_get(fault, "line")),
                    (int)json_integer_value(json_object_get(fault, "column")), output_text_of(fault, "hint"),
                    "%s", output_text_of(fault, "what"));
  }
  faults.dropped += (size_t)json_integer_value(json_object_get(answer, "faults_dropped"));
  enum ctl_exit code = faults_print(ctl, folder, &faults);
  conf_faults_free(&faults);
  return code;
}
