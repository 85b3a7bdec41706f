// See quarantine.h. The file: the digest under way (32 bytes, zero: none), the crash mark (8), a count (8),
// and up to QUARANTINE_MAX digests; the oldest gives way.
#include "hub/core/quarantine.h"

#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct mapped {
  uint8_t under_way[NAV_SHA256_SIZE];
  uint64_t crashed;  // 1: a fatal signal came while it was under way
  uint64_t count;    // ever added
  uint8_t refused[QUARANTINE_MAX][NAV_SHA256_SIZE];
};

struct quarantine {
  struct mapped *file;
};

// The file of this process, for the handler; there is one quarantine in a program.
static struct mapped *volatile handled;

static void on_fatal_signal(int number) {
  if (handled != NULL) handled->crashed = 1;
  (void)signal(number, SIG_DFL);
  (void)raise(number);
}

// On a stack of its own, so that an overflow of the ordinary one is handled too.
static void handle_fatal_signals(void) {
  enum { HANDLER_STACK = 16384 };
  static char stack_memory[HANDLER_STACK];
  stack_t stack = {.ss_sp = stack_memory, .ss_size = sizeof stack_memory};
  (void)sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_handler = on_fatal_signal, .sa_flags = (int)(SA_ONSTACK | SA_RESETHAND)};
  static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
  for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) (void)sigaction(fatal[i], &action, NULL);
}

static struct mapped *map_file(const char *folder, struct nav_error *err) {
  char path[512];
  (void)snprintf(path, sizeof path, "%s/quarantine", folder);
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    (void)nav_fail_errno(err, path, "cannot open");
    return NULL;
  }
  void *memory = MAP_FAILED;
  if (ftruncate(fd, sizeof(struct mapped)) == 0) {
    memory = mmap(NULL, sizeof(struct mapped), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  }
  if (memory == MAP_FAILED) (void)nav_fail_errno(err, path, "cannot map");
  (void)close(fd);
  return memory == MAP_FAILED ? NULL : memory;
}

struct quarantine *quarantine_open(const char *folder, bool *found, uint8_t digest[NAV_SHA256_SIZE],
                                   struct nav_error *err) {
  struct quarantine *quarantine = calloc(1, sizeof *quarantine);
  if (quarantine == NULL) {
    (void)nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
    return NULL;
  }
  quarantine->file = map_file(folder, err);
  if (quarantine->file == NULL) {
    free(quarantine);
    return NULL;
  }
  struct mapped *file = quarantine->file;
  *found = file->crashed == 1 && !sodium_is_zero(file->under_way, sizeof file->under_way);
  if (*found) {
    memcpy(digest, file->under_way, NAV_SHA256_SIZE);
    memcpy(file->refused[file->count % QUARANTINE_MAX], file->under_way, NAV_SHA256_SIZE);
    file->count++;
  }
  memset(file->under_way, 0, sizeof file->under_way);
  file->crashed = 0;
  (void)msync(file, sizeof *file, MS_SYNC);
  handled = file;
  handle_fatal_signals();
  return quarantine;
}

void quarantine_close(struct quarantine *quarantine) {
  if (quarantine == NULL) return;
  handled = NULL;
  (void)munmap(quarantine->file, sizeof *quarantine->file);
  free(quarantine);
}

void quarantine_note(struct quarantine *quarantine, const uint8_t digest[NAV_SHA256_SIZE]) {
  memcpy(quarantine->file->under_way, digest, NAV_SHA256_SIZE);
}

void quarantine_clear(struct quarantine *quarantine) {
  memset(quarantine->file->under_way, 0, NAV_SHA256_SIZE);
}

bool quarantine_has(const struct quarantine *quarantine, const uint8_t digest[NAV_SHA256_SIZE]) {
  uint64_t count = quarantine->file->count < QUARANTINE_MAX ? quarantine->file->count : QUARANTINE_MAX;
  for (uint64_t i = 0; i < count; i++) {
    if (memcmp(quarantine->file->refused[i], digest, NAV_SHA256_SIZE) == 0) return true;
  }
  return false;
}
