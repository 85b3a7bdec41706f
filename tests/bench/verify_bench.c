// How fast `audit verify` goes through a database: verifies what a connection sees, and prints a line of JSON
// with records and signatures a second, the processor time of this process for each record, the most memory
// that it ever had, and what one Ed25519 verification costs at the same time: a yardstick, since a shared
// machine is several times slower at one time than at another. Alone: the yardstick.
//   verify_bench [CONNINFO HUB KEY_HEX]
// Called by: tests/bench/verify_bench.py. Must never: be a test; figures depend on the machine and its load.
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "hub/base/clock.h"
#include "hub/desk/verify_rows.h"

enum { LINE_SIZE = 256, YARDSTICKS = 1000 };

static void print_fault(void *context, uint64_t seq, const char *what) {
  (void)context;
  (void)fprintf(stderr, "verify_bench: %" PRIu64 ": %s\n", seq, what);
}

// Of this program alone: getrusage's also counts what its parent had when it was forked.
static long peak_kb_of_self(void) {
  char line[LINE_SIZE];
  long kb = 0;
  FILE *file = fopen("/proc/self/status", "r");
  if (file == NULL) return 0;
  while (kb == 0 && fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, "VmHWM:", 6) == 0) kb = strtol(line + 6, NULL, 10);
  }
  (void)fclose(file);
  return kb;
}

static double own_cpu_s(void) {
  struct rusage usage;
  (void)getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

// Microseconds of processor time.
static double ed25519_us(void) {
  static const uint8_t message[64];
  uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
  uint8_t secret_key[crypto_sign_SECRETKEYBYTES];
  uint8_t signature[crypto_sign_BYTES];
  (void)crypto_sign_keypair(public_key, secret_key);
  (void)crypto_sign_detached(signature, NULL, message, sizeof message, secret_key);
  double begin = own_cpu_s();
  for (int i = 0; i < YARDSTICKS; i++)
    if (crypto_sign_verify_detached(signature, message, sizeof message, public_key) != 0) return 0;
  return (own_cpu_s() - begin) * 1e6 / YARDSTICKS;
}

static bool run(struct desk_database *database, const char *hub, const uint8_t *key) {
  struct nav_error err = {0};
  struct verify_report report;
  const struct desk_verifying verifying = {.hub = hub, .key = key};
  double yardstick = ed25519_us();
  double own = own_cpu_s();
  int64_t begin_ms = nav_clock_monotonic_ms();
  if (!desk_verify(database, &verifying, print_fault, NULL, &report, &err)) {
    (void)fprintf(stderr, "verify_bench: %s\n", err.text);
    return false;
  }
  double seconds = (double)(nav_clock_monotonic_ms() - begin_ms) / 1e3;
  own = own_cpu_s() - own;
  yardstick = (yardstick + ed25519_us()) / 2;
  double records = (double)report.records;
  double load = 0;
  (void)getloadavg(&load, 1);
  (void)printf(
      "{\"case\": \"database\", \"records\": %" PRIu64 ", \"signatures\": %" PRIu64 ", \"faults\": %" PRIu64
      ", \"seconds\": %.2f, \"records_s\": %.0f, \"signatures_s\": %.0f, "
      "\"own_cpu_us\": %.2f, \"peak_mb\": %ld, \"ed25519_us\": %.1f, \"load\": %.2f}\n",
      report.records, report.signatures, report.faults, seconds, records / seconds,
      (double)report.signatures / seconds, own / records * 1e6, peak_kb_of_self() / 1024, yardstick, load);
  return fflush(stdout) == 0;
}

int main(int argc, char **argv) {
  struct nav_error err = {0};
  uint8_t key[32];
  size_t length = 0;
  if (sodium_init() < 0) return 1;
  if (argc == 1) return printf("{\"ed25519_us\": %.1f}\n", ed25519_us()) < 0 ? 1 : 0;
  if (argc != 4 || sodium_hex2bin(key, sizeof key, argv[3], strlen(argv[3]), NULL, &length, NULL) != 0 ||
      length != 32) {
    (void)fputs("verify_bench [CONNINFO HUB KEY_HEX]\n", stderr);
    return 2;
  }
  struct desk_database *database = desk_database_open(argv[1], &err);
  bool ok = database != NULL && run(database, argv[2], key);
  if (database == NULL) (void)fprintf(stderr, "verify_bench: %s\n", err.text);
  desk_database_close(database);
  return ok ? 0 : 1;
}
