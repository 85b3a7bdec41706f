// See usage.h.
#include "tests/bench/load/usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 64, LINE_SIZE = 1024 };

struct process_times {
  int parent;
  unsigned long own, reaped;  // ticks
};

// The second field of stat is the program's name in parentheses, which may hold anything.
static bool read_times(int pid, struct process_times *times) {
  char path[PATH_SIZE], line[LINE_SIZE];
  unsigned long user = 0, system = 0;
  long child_user = 0, child_system = 0;
  (void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = fopen(path, "re");
  if (file == NULL) return false;
  bool ok = fgets(line, sizeof line, file) != NULL;
  (void)fclose(file);
  const char *end = ok ? strrchr(line, ')') : NULL;
  if (end == NULL || end[1] == '\0') return false;
  // NOLINTNEXTLINE(cert-err34-c): the kernel's own digits
  if (sscanf(end + 2, "%*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld", &times->parent, &user,
             &system, &child_user, &child_system) != 5)
    return false;
  times->own = user + system;
  times->reaped = (unsigned long)(child_user + child_system);
  return true;
}

static unsigned long ticks_of_children(int parent) {
  unsigned long ticks = 0;
  DIR *folder = opendir("/proc");
  const struct dirent *entry;
  while (folder != NULL && (entry = readdir(folder)) != NULL) {
    struct process_times times;
    int pid = (int)strtol(entry->d_name, NULL, 10);
    if (pid > 0 && read_times(pid, &times) && times.parent == parent) ticks += times.own;
  }
  if (folder != NULL) (void)closedir(folder);
  return ticks;
}

double usage_cpu_s(int pid, bool children) {
  struct process_times times;
  if (!read_times(pid, &times)) return 0;
  unsigned long ticks = times.own;
  if (children) ticks += times.reaped + ticks_of_children(pid);
  return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

double usage_machine_s(void) {
  unsigned long user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0, stolen = 0;
  FILE *file = fopen("/proc/stat", "re");
  if (file == NULL) return 0;
  // NOLINTNEXTLINE(cert-err34-c): the kernel's own digits
  int got = fscanf(file, "cpu %lu %lu %lu %lu %lu %lu %lu %lu", &user, &nice, &system, &idle, &wait, &irq,
                   &soft, &stolen);
  (void)fclose(file);
  unsigned long ticks = user + nice + system + irq + soft + stolen;
  return got == 8 ? (double)ticks / (double)sysconf(_SC_CLK_TCK) : 0;
}

double usage_peak_mb(int pid) {
  char path[PATH_SIZE], line[LINE_SIZE];
  double kib = 0;
  (void)snprintf(path, sizeof path, "/proc/%d/status", pid);
  FILE *file = fopen(path, "re");
  while (file != NULL && kib == 0 && fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, "VmHWM:", 6) == 0) kib = strtod(line + 6, NULL);
  }
  if (file != NULL) (void)fclose(file);
  return kib * 1024 / 1e6;
}

void usage_forget_peak(int pid) {
  char path[PATH_SIZE];
  (void)snprintf(path, sizeof path, "/proc/%d/clear_refs", pid);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;  // another user's: its peak since its start stands
  if (write(fd, "5", 1) != 1) (void)fputs("clear_refs: the peak since its start stands\n", stderr);
  (void)close(fd);
}
