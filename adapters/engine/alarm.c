// See alarm.h.
#include "adapters/engine/alarm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "adapters/engine/input.h"
#include "hub/base/disk.h"

enum { TEXT_SIZE = 4 * WITNESS_NOTE_MAX };

static const char witness_name[] = "witness";
static const char alarm_name[] = "ALARM";

static bool is_there(const char *state, const char *name, char path[PATH_MAX], bool *there,
                     struct nav_error *err) {
  if (!nav_disk_join(path, state, name, err)) return false;
  *there = access(path, F_OK) == 0;
  return *there || errno == ENOENT || nav_fail_errno(err, path, "cannot look");
}

static bool load(struct alarm *alarm, const char *path, struct nav_error *err) {
  struct input input;
  char note[WITNESS_NOTE_MAX];
  if (!input_read(&input, path, err)) return false;
  (void)snprintf(note, sizeof note, "%.*s",
                 (int)(input.length < sizeof note ? input.length : sizeof note - 1),
                 (const char *)input.bytes);
  input_free(&input);
  if (witness_load(&alarm->memory, note, alarm->key, err)) return true;
  return nav_fail(err, NAV_ERROR_LOCAL, 0, path,
                  "is no checkpoint that the hub's checkpoint key has signed: put the file back, or get the "
                  "hub's public keys again");
}

bool alarm_open(struct alarm *alarm, const char *state, const uint8_t *key, struct nav_error *err) {
  char path[PATH_MAX];
  bool there = false;
  *alarm = (struct alarm){.state = state, .key = key};
  if (!is_there(state, alarm_name, path, &there, err)) return false;
  if (there) {
    alarm->raised = true;
    return nav_fail(
        err, NAV_ERROR_LOCAL, 0, path,
        "an alarm about the hub's ledger stands, so nothing is sent or fetched; the file says what "
        "is wrong and what to do");
  }
  if (!is_there(state, witness_name, path, &there, err)) return false;
  return !there || load(alarm, path, err);
}

static const char text_format[] =
    "LARM: %s.\n"
    "Adaptern skickar och hämtar ingenting förrän den här filen är flyttad.\n"
    "Gör så här: 1. Spara filen och bredvid den state/witness. 2. Ring navets driftansvarige och de andra\n"
    "myndigheterna; jämför kontrollpunkterna. 3. När navet har lagts tillbaka så att det sträcker sig förbi "
    "den\n"
    "kontrollpunkt ni hade: flytta filen härifrån och starta om. 4. Är ni överens om att börja om med en "
    "annan\n"
    "liggare: flytta även state/witness härifrån.\n\n"
    "ALARM: %s.\n"
    "The adapter sends and fetches nothing until this file is moved away.\n"
    "What to do: 1. Keep this file, and state/witness beside it. 2. Call the hub's operator and the other\n"
    "agencies; compare checkpoints. 3. When the hub is put back so that it extends the checkpoint you held: "
    "move\n"
    "this file away and start again. 4. Where you have agreed to begin anew with another ledger: move\n"
    "state/witness away as well.\n\n"
    "---- den kontrollpunkt vi hade / the checkpoint we held ----\n%s\n"
    "---- den som navet visade / the one that the hub showed ----\n%s\n";

static bool raise_alarm(struct alarm *alarm, enum witness_verdict verdict, const char *shown,
                        struct nav_error *err) {
  char text[TEXT_SIZE];
  struct nav_error unwritten;
  alarm->raised = true;
  int length = snprintf(text, sizeof text, text_format, witness_swedish(verdict), witness_english(verdict),
                        alarm->memory.note, shown == NULL ? "" : shown);
  size_t size = length < (int)sizeof text ? (size_t)length : sizeof text - 1;
  bool ok = nav_disk_replace(alarm->state, alarm_name, (const uint8_t *)text, size, &unwritten);
  return nav_fail(err, NAV_ERROR_LOCAL, NAV__V1__CODE__CODE_CONFLICT, alarm->state, "ALARM: %s; %s. %s",
                  witness_english(verdict), witness_swedish(verdict),
                  ok ? "See ALARM in that folder" : "The file ALARM could not be written");
}

bool alarm_checkpoint(struct alarm *alarm, const Nav__V1__Checkpoint *checkpoint, struct nav_error *err) {
  enum witness_verdict verdict = witness_take(&alarm->memory, alarm->key, checkpoint);
  if (witness_is_alarm(verdict)) return raise_alarm(alarm, verdict, checkpoint->note, err);
  if (verdict == WITNESS_SAME) return true;
  return nav_disk_replace(alarm->state, witness_name, (const uint8_t *)alarm->memory.note,
                          strlen(alarm->memory.note), err);
}
