// The second connection: reads while the first commits. One query at a time, never waited for; reconnects by
// itself. Called by: intake (duplicates), deliver (lanes that lag), past. Must never: write, or be asked for
// rows without a limit.
#ifndef NAV_CORE_READER_H
#define NAV_CORE_READER_H

#include <libpq-fe.h>

#include "hub/base/error.h"

struct reader;

// result: the rows in binary; NULL: the query failed or the connection was lost, so ask again later. Freed by
// the reader.
typedef void reader_done(void *context, const PGresult *result);

struct reader *reader_new(const char *conninfo);
void reader_free(struct reader *reader);  // takes NULL
bool reader_is_idle(const struct reader *reader);
// Only while idle. Values as PQexecParams takes them; all parameters in binary.
void reader_ask(struct reader *reader, const char *sql, int params, const Oid *types,
                const char *const *values, const int *lengths, reader_done *done, void *context);
// The same for one of the few questions that are asked all the time, always with the same text (the pointer
// tells them apart): it is prepared, and planned once.
void reader_ask_often(struct reader *reader, const char *sql, int params, const Oid *types,
                      const char *const *values, const int *lengths, reader_done *done, void *context);
// Goes on with what the socket allows; connects where there is no connection (at most once a second).
void reader_step(struct reader *reader);
int reader_fd(const struct reader *reader);  // -1: none
short reader_poll_events(const struct reader *reader);

#endif
