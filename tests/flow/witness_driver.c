// Shows an agency's witness one more checkpoint from files, as its adapter would get it from a hub, and says
// what it makes of it: for cosign_test.py, which has notes of two real hubs.
//   witness_driver STATE HUB_KEY_HEX WITNESSES_YAML AGENCY NOTE_FILE COSIGNED_NOTE_FILE
// Exit code 0: believed; 9: alarm. Called by: tests/flow/cosign_test.py. Must never: judge by itself.
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/engine/alarm.h"
#include "adapters/engine/input.h"
#include "adapters/engine/witnesses.h"
#include "hub/base/id.h"

enum { ALARM = 9, WRONG = 2 };

static char *read_text(const char *path) {
  struct input input;
  struct nav_error err;
  if (!input_read(&input, path, &err)) return NULL;
  char *text = calloc(1, input.length + 1);
  if (text != NULL) memcpy(text, input.bytes, input.length);
  input_free(&input);
  return text;
}

static int show(char **argv, const struct others *others, const uint8_t *key) {
  struct alarm alarm;
  struct nav_error err = {0};
  char *note = read_text(argv[5]);
  char *cosigned = read_text(argv[6]);
  int code = WRONG;
  if (note != NULL && cosigned != NULL && alarm_open(&alarm, argv[1], key, others, &err)) {
    Nav__V1__Checkpoint checkpoint = NAV__V1__CHECKPOINT__INIT;
    checkpoint.note = note;
    checkpoint.cosigned_note = cosigned;
    code = alarm_checkpoint(&alarm, &checkpoint, &err) ? 0 : ALARM;
  }
  if (code != 0) (void)fprintf(stderr, "%s\n", err.text);
  free(note);
  free(cosigned);
  return code;
}

int main(int argc, char **argv) {
  struct conf_faults faults = {0};
  struct others others;
  uint8_t key[KEY_ED25519_PUBLIC_SIZE];
  if (argc != 7 || sodium_init() < 0 || !nav_unhex(key, sizeof key, argv[2]) ||
      !witnesses_load(argv[3], argv[4], &others, &faults)) {
    (void)fputs("witness_driver STATE HUB_KEY_HEX WITNESSES_YAML AGENCY NOTE_FILE COSIGNED_NOTE_FILE\n",
                stderr);
    return WRONG;
  }
  return show(argv, &others, key);
}
