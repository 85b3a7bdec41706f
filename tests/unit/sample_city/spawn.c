// See spawn.h.
#include "tests/unit/sample_city/spawn.h"

#include <fcntl.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

extern char **environ;

static void keep_last_line(FILE *from, char *said, size_t size) {
  char line[1024];
  while (fgets(line, sizeof line, from) != NULL) {
    if (said != NULL) (void)snprintf(said, size, "%s", line);
  }
}

int spawn_run(const char *const *argv, char *said, size_t size) {
  int ends[2];
  pid_t child = 0;
  int status = 0;
  posix_spawn_file_actions_t actions;
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
  assert_int_equal(posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0), 0);
  assert_int_equal(posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO), 0);
  assert_int_equal(posix_spawnp(&child, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ), 0);
  (void)posix_spawn_file_actions_destroy(&actions);
  (void)close(ends[1]);
  FILE *from = fdopen(ends[0], "r");
  assert_non_null(from);
  keep_last_line(from, said, size);
  (void)fclose(from);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}
