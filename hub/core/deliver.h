// Between deliver.c (lanes and their places), deliver_frame.c (what goes into one frame) and deliver_lag.c
// (what is read from the store). Called by: those three. Must never: be included elsewhere.
#ifndef NAV_CORE_DELIVER_H
#define NAV_CORE_DELIVER_H

#include "hub/core/core.h"

struct deliver_frame;

// There is one frame at a time.
struct deliver_frame *deliver_frame_begin(struct core *core, uint32_t number, struct lane *lane);
// Adds what the lane may see of the entry, which may be nothing. False: the frame is full, the entry is not
// in it. shared: the entry is the head's, so a copy made of it is kept for other lanes.
bool deliver_frame_add(struct deliver_frame *frame, struct head_entry *entry, bool shared);
// The entry is the frame's to free once it is sent.
void deliver_frame_keep(struct deliver_frame *frame, struct head_entry *entry);
// True: something was sent.
bool deliver_frame_send(struct deliver_frame *frame);

// Asks for the next rows of one lane that lags, the lanes taking turns.
void deliver_ask_for_lagging(struct core *core);

#endif
