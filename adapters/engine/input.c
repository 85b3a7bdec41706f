// See input.h.
#define ZLIB_CONST  // next_in is not written to
#include "adapters/engine/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { FIRST_CAPACITY = 64 * 1024, GZIP_WINDOW = 15 + 16 };

void input_free(struct input *input) {
  free(input->bytes);
  *input = (struct input){0};
}

// Makes room for at least one more byte and the NUL; doubles up to the maximum.
static bool grow(struct input *input, size_t *capacity, const char *place, struct nav_error *err) {
  if (input->length + 1 < *capacity) return true;
  if (*capacity >= (size_t)INPUT_BYTES_MAX + 1) {
    return nav_fail(err, NAV_ERROR_PEER, 0, place, "is larger than %d MiB (unpacked): split it",
                    INPUT_BYTES_MAX / 1024 / 1024);
  }
  size_t wanted = *capacity == 0 ? (size_t)FIRST_CAPACITY : *capacity * 2;
  if (wanted > (size_t)INPUT_BYTES_MAX + 1) wanted = (size_t)INPUT_BYTES_MAX + 1;
  uint8_t *bytes = realloc(input->bytes, wanted);
  if (bytes == NULL) return nav_fail(err, NAV_ERROR_LOCAL, 0, place, "no memory for the file");
  input->bytes = bytes;
  *capacity = wanted;
  return true;
}

static bool read_all(int fd, size_t size_hint, struct input *input, const char *place,
                     struct nav_error *err) {
  size_t capacity = 0;
  if (size_hint > 0 && size_hint < INPUT_BYTES_MAX) {  // one allocation for an ordinary file
    input->bytes = malloc(size_hint + 2);
    capacity = input->bytes != NULL ? size_hint + 2 : 0;
  }
  for (;;) {
    if (!grow(input, &capacity, place, err)) return false;
    ssize_t got = read(fd, input->bytes + input->length, capacity - 1 - input->length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return nav_fail_errno(err, place, "cannot read");
    if (got == 0) return true;
    input->length += (size_t)got;
  }
}

// Inflates what `stream` has been given. False with *err.
static bool inflate_all(z_stream *stream, struct input *input, const char *place, struct nav_error *err) {
  size_t capacity = 0;
  for (;;) {
    if (!grow(input, &capacity, place, err)) return false;
    size_t room = capacity - 1 - input->length;
    stream->next_out = input->bytes + input->length;
    stream->avail_out = (uInt)room;
    int result = inflate(stream, Z_NO_FLUSH);
    input->length += room - stream->avail_out;
    if (result == Z_STREAM_END && stream->avail_in == 0) return true;
    if (result == Z_STREAM_END) {  // another member follows
      if (inflateReset(stream) != Z_OK) return nav_fail(err, NAV_ERROR_BUG, 0, place, "cannot unpack");
      continue;
    }
    if (result == Z_OK && !(stream->avail_in == 0 && stream->avail_out > 0)) continue;
    if (result == Z_BUF_ERROR && stream->avail_out == 0) continue;
    return nav_fail(err, NAV_ERROR_PEER, 0, place, "is broken gzip after %zu unpacked bytes (%s)",
                    input->length, stream->msg != NULL ? stream->msg : "it ends too early");
  }
}

bool input_unpack(struct input *input, const uint8_t *bytes, size_t length, const char *place,
                  struct nav_error *err) {
  *input = (struct input){0};
  if (length > INPUT_BYTES_MAX) return nav_fail(err, NAV_ERROR_PEER, 0, place, "is too large to unpack");
  z_stream stream = {.next_in = bytes, .avail_in = (uInt)length};
  if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK) {
    return nav_fail(err, NAV_ERROR_LOCAL, 0, place, "no memory to unpack");
  }
  bool ok = inflate_all(&stream, input, place, err);
  (void)inflateEnd(&stream);
  if (!ok && err->class == NAV_ERROR_PEER && input->length > 0 && input->length < INPUT_BYTES_MAX) {
    input->cut = ok = true;  // what could be unpacked is read: the mapping keeps the whole records of it
  }
  if (!ok) input_free(input);
  if (ok) input->bytes[input->length] = 0;
  return ok;
}

static bool is_gzip(const struct input *input) {
  return input->length >= 3 && input->bytes[0] == 0x1f && input->bytes[1] == 0x8b && input->bytes[2] == 8;
}

bool input_read(struct input *input, const char *path, struct nav_error *err) {
  *input = (struct input){0};
  bool standard = strcmp(path, "-") == 0;
  const char *place = standard ? "standard input" : path;
  int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return nav_fail_errno(err, place, "cannot open");
  struct stat status = {0};
  bool ok = true;
  if (!standard && (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))) {
    ok = nav_fail(err, NAV_ERROR_LOCAL, 0, place, "is not a file");
  }
  ok = ok && read_all(fd, status.st_size > 0 ? (size_t)status.st_size : 0, input, place, err);
  if (!standard) (void)close(fd);
  if (!ok) {
    input_free(input);
    return false;
  }
  input->bytes[input->length] = 0;
  if (!is_gzip(input)) return true;
  struct input packed = *input;
  ok = input_unpack(input, packed.bytes, packed.length, place, err);
  input_free(&packed);
  return ok;
}
