// See cases.h.
#include "tests/unit/conf/cases.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1024, TEXT_MAX = 16384, FILES_MAX = 8, PATH_BYTES = 256 };

struct one_case {
  char name[LINE_MAX_BYTES];
  char files[FILES_MAX][PATH_BYTES];  // written so far, relative
  size_t files_count;
  char expected[TEXT_MAX];
};

struct run {
  char folder[PATH_BYTES];
  struct one_case at;
  FILE *section;  // the file being written; NULL
  bool in_faults;
  cases_load *load;
  int count, failed;
};

// A fault's line as conf_faults_print writes it, with the folder's name shown as {dir}.
static void append_fault(const struct run *run, const struct conf_fault *fault, char *out) {
  char line[LINE_MAX_BYTES * 2], place[64] = "";
  if (fault->line > 0) (void)snprintf(place, sizeof place, ":%d:%d", fault->line, fault->column);
  (void)snprintf(line, sizeof line, "%s%s: %s%s%s\n", fault->file, place, fault->what,
                 fault->hint[0] != '\0' ? " - " : "", fault->hint);
  size_t used = strlen(out), folder = strlen(run->folder);
  for (const char *at = line; *at != '\0' && used + 8 < TEXT_MAX;) {
    if (strncmp(at, run->folder, folder) == 0) {
      memcpy(out + used, "{dir}", 5);
      used += 5;
      at += folder;
    } else {
      out[used++] = *at++;
    }
  }
  out[used] = '\0';
}

static void close_section(struct run *run) {
  if (run->section != NULL) (void)fclose(run->section);
  run->section = NULL;
  run->in_faults = false;
}

static void finish_case(struct run *run) {
  close_section(run);
  if (run->at.name[0] == '\0') return;
  struct conf_faults faults = {0};
  bool loaded = run->load(run->folder, &faults);
  static char actual[TEXT_MAX];
  actual[0] = '\0';
  for (size_t i = 0; i < faults.count; i++) append_fault(run, &faults.items[i], actual);
  run->count++;
  if (strcmp(actual, run->at.expected) != 0 || loaded != (faults.count == 0)) {
    run->failed++;
    (void)fprintf(stderr, "=== %s\n--- expected\n%s--- %s with\n%s\n", run->at.name, run->at.expected,
                  loaded ? "loaded" : "refused", actual);
  }
  conf_faults_free(&faults);
  char path[PATH_BYTES * 2 + 1];
  for (size_t i = 0; i < run->at.files_count; i++) {
    (void)snprintf(path, sizeof path, "%s/%s", run->folder, run->at.files[i]);
    (void)unlink(path);
  }
  memset(&run->at, 0, sizeof run->at);
}

static bool open_section(struct run *run, const char *name) {
  close_section(run);
  run->in_faults = strcmp(name, "faults") == 0;
  if (run->in_faults) return true;
  if (run->at.files_count == FILES_MAX || strlen(name) >= PATH_BYTES) return false;
  char path[PATH_BYTES * 2 + 1];
  const char *slash = strchr(name, '/');
  if (slash != NULL) {
    (void)snprintf(path, sizeof path, "%s/%.*s", run->folder, (int)(slash - name), name);
    if (mkdir(path, 0700) != 0 && errno != EEXIST) return false;
  }
  (void)snprintf(path, sizeof path, "%s/%s", run->folder, name);
  (void)snprintf(run->at.files[run->at.files_count++], PATH_BYTES, "%s", name);
  run->section = fopen(path, "w");
  return run->section != NULL;
}

static bool take_line(struct run *run, char *line) {
  if (strncmp(line, "=== ", 4) == 0) {
    finish_case(run);
    line[strcspn(line, "\n")] = '\0';
    (void)snprintf(run->at.name, sizeof run->at.name, "%s", line + 4);
    return true;
  }
  if (strncmp(line, "--- ", 4) == 0 && run->at.name[0] != '\0') {
    line[strcspn(line, "\n")] = '\0';
    return open_section(run, line + 4);
  }
  if (run->section != NULL) return fputs(line, run->section) >= 0;
  size_t used = strlen(run->at.expected);
  if (!run->in_faults || line[0] == '\n') return true;
  return snprintf(run->at.expected + used, TEXT_MAX - used, "%s", line) < (int)(TEXT_MAX - used);
}

static void remove_folder(const char *folder) {
  static const char *const below[] = {"keys", "areas", "run"};
  char path[PATH_BYTES * 2];
  for (size_t i = 0; i < sizeof below / sizeof *below; i++) {
    (void)snprintf(path, sizeof path, "%s/%s", folder, below[i]);
    (void)rmdir(path);
  }
  (void)rmdir(folder);
}

int cases_run(const char *path, cases_load *load) {
  static struct run run;
  run = (struct run){.load = load, .folder = "/tmp/nav-cases-XXXXXX"};
  FILE *table = fopen(path, "r");
  if (table == NULL || mkdtemp(run.folder) == NULL) {
    (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
    if (table != NULL) (void)fclose(table);
    return -1;
  }
  char line[LINE_MAX_BYTES];
  bool good = true;
  while (good && fgets(line, sizeof line, table) != NULL) good = take_line(&run, line);
  finish_case(&run);
  (void)fclose(table);
  remove_folder(run.folder);
  if (!good) (void)fprintf(stderr, "%s: cannot take in '%s'\n", path, line);
  return good && run.failed == 0 ? run.count : -1;
}
