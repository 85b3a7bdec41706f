// See stream.h. The format: PostgreSQL's documentation of COPY, "Binary Format".
#include "hub/desk/stream.h"

#include <stdio.h>
#include <string.h>

#include "hub/base/buffer.h"
#include "hub/desk/database_private.h"

enum { SQL_SIZE = 4096, SIGNATURE_SIZE = 11, HEAD_SIZE = SIGNATURE_SIZE + 8 };

static const char signature[SIGNATURE_SIZE + 1] = "PGCOPY\n\377\r\n\0";

bool desk_stream_open(struct desk_stream *stream, struct desk_database *beside, const char *sql, int columns,
                      struct nav_error *err) {
  char text[SQL_SIZE];
  NAV_ASSERT(columns <= DESK_STREAM_COLUMNS_MAX);
  *stream = (struct desk_stream){.columns = columns};
  stream->database = desk_database_open_beside(beside, err);
  if (stream->database == NULL) return false;
  int length = snprintf(text, sizeof text, "COPY (%s) TO STDOUT (FORMAT binary)", sql);
  NAV_ASSERT(length > 0 && (size_t)length < sizeof text);
  PGresult *result = PQexec(stream->database->connection, text);
  bool ok = PQresultStatus(result) == PGRES_COPY_OUT || desk_failed(err, stream->database, result);
  PQclear(result);
  return ok;
}

void desk_stream_close(struct desk_stream *stream) {
  PQfreemem(stream->message);
  desk_database_close(stream->database);
  *stream = (struct desk_stream){.ended = true};
}

static int malformed(struct nav_error *err) {
  (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "database", "sent a COPY that is not PostgreSQL's binary format");
  return -1;
}

// After the last row: whether the server says that it was the last.
static int finish(struct desk_stream *stream, struct nav_error *err) {
  PGresult *result = PQgetResult(stream->database->connection);
  bool ok = PQresultStatus(result) == PGRES_COMMAND_OK || desk_failed(err, stream->database, result);
  PQclear(result);
  stream->ended = true;
  return ok ? 0 : -1;
}

// Passes over what stands before the first row: flags, of which we know none, and an extension, which there
// is none of.
static bool skip_head(const uint8_t **at, const uint8_t *end) {
  if (end - *at < HEAD_SIZE || memcmp(*at, signature, SIGNATURE_SIZE) != 0 ||
      nav_get_u32(*at + SIGNATURE_SIZE) != 0 || nav_get_u32(*at + SIGNATURE_SIZE + 4) != 0)
    return false;
  *at += HEAD_SIZE;
  return true;
}

static bool read_cell(struct desk_cell *cell, const uint8_t **at, const uint8_t *end) {
  if (end - *at < 4) return false;
  uint32_t length = nav_get_u32(*at);
  *at += 4;
  *cell = (struct desk_cell){NULL, 0};
  if (length == UINT32_MAX) return true;
  if (length > (size_t)(end - *at)) return false;
  *cell = (struct desk_cell){*at, length};
  *at += length;
  return true;
}

// 1: a row; 0: the mark after the last one.
static int read_row(struct desk_stream *stream, const uint8_t *at, const uint8_t *end,
                    struct nav_error *err) {
  if (!stream->begun && !skip_head(&at, end)) return malformed(err);
  stream->begun = true;
  if (end - at < 2) return malformed(err);
  uint16_t columns = nav_get_u16(at);
  at += 2;
  if (columns == UINT16_MAX && at == end) return 0;
  bool ok = columns == stream->columns;
  for (int i = 0; ok && i < columns; i++) ok = read_cell(&stream->cells[i], &at, end);
  return ok && at == end ? 1 : malformed(err);
}

int desk_stream_next(struct desk_stream *stream, struct nav_error *err) {
  int got = 0;
  // The mark is followed by the end, which is told apart from a connection that broke.
  while (!stream->ended && got == 0) {
    PQfreemem(stream->message);
    stream->message = NULL;
    int length = PQgetCopyData(stream->database->connection, &stream->message, 0);
    if (length == -1) return finish(stream, err);
    if (length < 0) {
      (void)desk_failed(err, stream->database, NULL);
      return -1;
    }
    const uint8_t *bytes = (const uint8_t *)stream->message;
    got = read_row(stream, bytes, bytes + length, err);
  }
  return got;
}

int64_t desk_cell_int(const struct desk_stream *stream, int column) {
  const struct desk_cell *cell = &stream->cells[column];
  if (cell->length == 8) return (int64_t)nav_get_u64(cell->bytes);
  if (cell->length == 4) return (int32_t)nav_get_u32(cell->bytes);
  return cell->length == 2 ? (int16_t)nav_get_u16(cell->bytes) : 0;
}

int64_t desk_cell_time_us(const struct desk_stream *stream, int column) {
  return desk_time_since_1970(desk_cell_int(stream, column));
}
