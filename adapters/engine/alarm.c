// See alarm.h.
#include "adapters/engine/alarm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "adapters/engine/input.h"
#include "hub/base/buffer.h"
#include "hub/base/disk.h"

enum { TEXT_SIZE = NOTE_SIZE_MAX + 4 * WITNESS_NOTE_MAX };

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
  if (witness_load(&alarm->memory, note, alarm->key, err)) {
    others_believe(&alarm->shown, &alarm->memory);
    return true;
  }
  return nav_fail(err, NAV_ERROR_LOCAL, 0, path,
                  "is no checkpoint that the hub's checkpoint key has signed: put the file back, or get the "
                  "hub's public keys again");
}

bool alarm_open(struct alarm *alarm, const char *state, const uint8_t *key, const struct others *others,
                struct nav_error *err) {
  char path[PATH_MAX];
  bool there = false;
  *alarm = (struct alarm){.state = state, .key = key, .others = others};
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

// The others may just have been away, which whoever reads it can ask them.
static const char too_few_text[] =
    "\nVar någon av de andra bara frånkopplad, och visar deras state/witness samma liggare: flytta filen "
    "härifrån\n"
    "och starta om. witnesses.yaml säger hur många som ska ha bekräftat.\n"
    "If one of the others was only away, and their state/witness shows the same ledger: move this file away "
    "and\n"
    "start again. witnesses.yaml says how many must have confirmed.\n";

static bool raise_alarm(struct alarm *alarm, enum witness_verdict verdict, const char *held,
                        const char *shown, struct nav_error *err) {
  struct nav_buffer text;
  struct nav_error unwritten;
  alarm->raised = true;
  nav_buffer_init(&text, TEXT_SIZE);
  bool ok = nav_buffer_printf(&text, text_format, witness_swedish(verdict), witness_english(verdict), held,
                              shown == NULL ? "" : shown) &&
            (verdict != WITNESS_TOO_FEW || nav_buffer_append_text(&text, too_few_text)) &&
            nav_disk_replace(alarm->state, alarm_name, text.data, text.length, &unwritten);
  nav_buffer_free(&text);
  return nav_fail(err, NAV_ERROR_LOCAL, NAV__V1__CODE__CODE_CONFLICT, alarm->state, "ALARM: %s; %s. %s",
                  witness_english(verdict), witness_swedish(verdict),
                  ok ? "See ALARM in that folder" : "The file ALARM could not be written");
}

const char *alarm_session_begins(struct alarm *alarm) {
  others_session_begins(&alarm->shown);
  return alarm->memory.note;
}

static bool store(struct alarm *alarm, const struct witness_memory *next, struct nav_error *err) {
  if (!nav_disk_replace(alarm->state, witness_name, (const uint8_t *)next->note, strlen(next->note), err))
    return false;
  alarm->memory = *next;
  others_believe(&alarm->shown, next);
  return true;
}

bool alarm_checkpoint(struct alarm *alarm, const Nav__V1__Checkpoint *checkpoint, struct nav_error *err) {
  const char *cosigned = checkpoint->cosigned_note;
  const struct witness_memory *ours = NULL;
  enum witness_verdict others = others_contradict(alarm->others, &alarm->shown, cosigned, alarm->key, &ours);
  if (witness_is_alarm(others)) return raise_alarm(alarm, others, ours->note, cosigned, err);
  struct witness_memory next = alarm->memory;
  enum witness_verdict verdict = witness_take(&next, alarm->key, checkpoint);
  if (witness_is_alarm(verdict))
    return raise_alarm(alarm, verdict, alarm->memory.note, checkpoint->note, err);
  if (verdict == WITNESS_NEXT && !others_are_enough(alarm->others, &alarm->shown, cosigned))
    return raise_alarm(alarm, WITNESS_TOO_FEW, alarm->memory.note, cosigned, err);
  if (verdict != WITNESS_SAME && !store(alarm, &next, err)) return false;
  alarm->shown.session_size = next.checkpoint.size;
  return true;
}

bool alarm_cosign(const struct alarm *alarm, const char *agency, const struct key_pair_sign *key,
                  uint64_t time_s, uint64_t *size, char line[COSIGNATURE_LINE_SIZE]) {
  char origin[CHECKPOINT_ORIGIN_SIZE];
  char name[COSIGNATURE_NAME_SIZE];
  struct checkpoint_text text;
  struct nav_error err;
  const char *note = alarm->memory.note;
  if (alarm->memory.checkpoint.size == 0 || !checkpoint_origin(note, origin) ||
      !cosignature_name(name, agency, origin) || !checkpoint_text(note, origin, &text, &err) ||
      text.length > COSIGNATURE_TEXT_MAX)
    return false;
  cosignature_make(line, note, text.length, name, key, time_s);
  *size = text.checkpoint.size;
  return true;
}
