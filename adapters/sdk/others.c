// See others.h.
#include "adapters/sdk/others.h"

#include <string.h>

void others_session_begins(struct others_memory *memory) { memory->session_size = 0; }

void others_believe(struct others_memory *memory, const struct witness_memory *believed) {
  memory->believed[memory->next++ % OTHERS_BELIEVED_MAX] = *believed;
}

static const struct other *find(const struct others *others, const char *agency) {
  for (size_t i = 0; i < others->count; i++)
    if (strcmp(others->list[i].agency, agency) == 0) return &others->list[i];
  return NULL;
}

// The one of the list that the line is of and that has signed the text; NULL: none.
static const struct other *signer(const struct others *others, const struct note_line *line, const char *note,
                                  size_t length, const char *origin) {
  struct note_line name;
  struct note_line encoded;
  struct nav_error err;
  char agency[COSIGNATURE_NAME_SIZE];
  char whole[COSIGNATURE_NAME_SIZE];
  uint64_t time_s = 0;
  if (!note_signature(line, &name, &encoded) || !cosignature_agency(agency, &name, origin)) return NULL;
  const struct other *other = find(others, agency);
  if (other == NULL || !cosignature_name(whole, agency, origin)) return NULL;
  return cosignature_check(line, note, length, whole, other->key, &time_s, &err) ? other : NULL;
}

size_t others_confirmed(const struct others *others, const char *cosigned_note, const char *origin) {
  struct checkpoint_text text;
  struct nav_error err;
  struct note_line line;
  bool counted[OTHERS_MAX] = {false};
  size_t count = 0;
  unsigned lines = 0;
  if (!checkpoint_text(cosigned_note, origin, &text, &err)) return 0;
  const char *rest = text.signatures;
  while (note_take_line(&rest, &line) && ++lines <= NOTE_SIGNATURES_MAX) {
    const struct other *other = signer(others, &line, cosigned_note, text.length, origin);
    if (other == NULL || counted[other - others->list]) continue;
    counted[other - others->list] = true;
    count++;
  }
  return count;
}

static const struct witness_memory *believed_of(const struct others_memory *memory, uint64_t size) {
  for (size_t i = 0; i < OTHERS_BELIEVED_MAX; i++)
    if (size > 0 && memory->believed[i].checkpoint.size == size) return &memory->believed[i];
  return NULL;
}

// What the cosigned note says, and what was believed of that size. NULL: nothing to compare.
static const struct witness_memory *counterpart(const struct others_memory *memory, const char *cosigned_note,
                                                char origin[CHECKPOINT_ORIGIN_SIZE],
                                                struct checkpoint_text *text) {
  struct nav_error err;
  if (cosigned_note == NULL || !checkpoint_origin(cosigned_note, origin) ||
      !checkpoint_text(cosigned_note, origin, text, &err))
    return NULL;
  const struct witness_memory *ours = believed_of(memory, text->checkpoint.size);
  char held[CHECKPOINT_ORIGIN_SIZE];
  if (ours == NULL || !checkpoint_origin(ours->note, held) || strcmp(held, origin) != 0) return NULL;
  return ours;
}

enum witness_verdict others_contradict(const struct others *others, const struct others_memory *memory,
                                       const char *cosigned_note, const uint8_t *hub_key,
                                       const struct witness_memory **ours) {
  char origin[CHECKPOINT_ORIGIN_SIZE];
  struct checkpoint_text text;
  struct checkpoint opened;
  struct nav_error err;
  *ours = counterpart(memory, cosigned_note, origin, &text);
  if (*ours == NULL || memcmp((*ours)->checkpoint.root, text.checkpoint.root, NAV_SHA256_SIZE) == 0)
    return WITNESS_SAME;
  if (others_confirmed(others, cosigned_note, origin) > 0) return WITNESS_OTHERS_FORK;
  return checkpoint_open(cosigned_note, origin, hub_key, &opened, &err) ? WITNESS_FORK : WITNESS_SAME;
}

bool others_are_enough(const struct others *others, const struct others_memory *memory,
                       const char *cosigned_note) {
  char origin[CHECKPOINT_ORIGIN_SIZE];
  struct checkpoint_text text;
  if (others->quorum == 0 || memory->session_size == 0) return true;
  const struct witness_memory *ours = counterpart(memory, cosigned_note, origin, &text);
  return ours != NULL && text.checkpoint.size == memory->session_size &&
         memcmp(ours->checkpoint.root, text.checkpoint.root, NAV_SHA256_SIZE) == 0 &&
         others_confirmed(others, cosigned_note, origin) >= others->quorum;
}
