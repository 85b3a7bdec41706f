// navctl audit prove: a record's tlog-proof file, or a consistency proof from a checkpoint somebody kept.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/ctl/ctl.h"
#include "hub/ctl/output.h"

enum { TIMEOUT_MS = 150000 };

static bool parse_number(const char *text, long long *number) {
  char *end = NULL;
  errno = 0;
  *number = strtoll(text, &end, 10);
  return errno == 0 && end != text && *end == '\0' && *number >= 1;
}

static json_t *make_request(struct ctl *ctl, enum ctl_exit *code) {
  const char *from = ctl_value(ctl, "from");
  const char *reason = ctl_value(ctl, "reason");
  long long number = 0;
  if ((ctl->arguments_count == 1) == (from != NULL)) {
    *code =
        ctl_complain(CTL_USAGE, "give a record's number, or --from and the size of the checkpoint you kept");
    return NULL;
  }
  const char *text = from != NULL ? from : ctl->arguments[0];
  if (!parse_number(text, &number)) {
    *code = ctl_complain(
        CTL_USAGE, from != NULL ? "--from '%s' is no checkpoint's size" : "'%s' is no record's number", text);
    return NULL;
  }
  json_t *request =
      json_pack("{s:s, s:I}", "command", "audit-prove", from != NULL ? "from" : "seq", (json_int_t)number);
  if (reason != NULL) (void)json_object_set_new(request, "reason", json_string(reason));
  return request;
}

static enum ctl_exit write_file(const char *path, const char *text) {
  FILE *out = fopen(path, "w");
  bool ok = out != NULL && fputs(text, out) >= 0;
  if (out != NULL && fclose(out) != 0) ok = false;
  return ok ? CTL_DONE : ctl_complain(CTL_FAILED, "cannot write %s: %s", path, strerror(errno));
}

enum ctl_exit ctl_audit_prove(struct ctl *ctl) {
  enum ctl_exit code = CTL_DONE;
  json_t *request = make_request(ctl, &code);
  if (request == NULL) return code;
  // The file is data, byte for byte: it is not made printable as a table's cells are.
  const enum ctl_format format = ctl->format;
  if (format == CTL_TABLE) ctl->format = CTL_JSON;
  json_t *answer = ctl_ask(ctl, true, request, TIMEOUT_MS, &code);
  if (answer == NULL) return code;
  const json_t *proof = json_object_get(answer, "proof");
  const char *file = json_string_value(json_object_get(proof, "file"));
  const char *path = ctl_value(ctl, "out");
  char *text = NULL;
  if (file == NULL || format == CTL_JSON || format == CTL_NDJSON) {
    text = json_dumps(proof, format == CTL_NDJSON ? JSON_COMPACT : JSON_INDENT(2));
    file = NULL;
  }
  if (file == NULL && text == NULL) {
    code = ctl_complain(CTL_FAILED, "no memory");
  } else if (path != NULL) {
    code = write_file(path, file != NULL ? file : text);
  } else if (file != NULL) {
    code = fputs(file, stdout) >= 0 ? CTL_DONE : CTL_FAILED;
  } else {
    code = puts(text) >= 0 ? CTL_DONE : CTL_FAILED;
  }
  free(text);
  json_decref(answer);
  return code;
}
