// navctl audit prove: makes a proof of one record, or of a checkpoint's continuation; and checks a proof's
// file with nothing but the hub's public key, on any machine.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/conf/hub_keys.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/output.h"
#include "hub/ledger/proof.h"
#include "hub/ledger/record.h"
#include "hub/wire/json.h"

enum { TIMEOUT_MS = 120000, ARENA_BYTES_MAX = 16 * 1024 * 1024 };

// ---- making ----

static bool read_number(const char *text, json_int_t *number) {
  char *end = NULL;
  *number = strtoll(text, &end, 10);
  return end != text && *end == '\0' && *number >= 1;
}

static bool write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "wxe");
  if (file == NULL) return false;
  bool ok = fputs(text, file) >= 0;
  return fclose(file) == 0 && ok;
}

static enum ctl_exit print_proof(const struct ctl *ctl, const json_t *proof) {
  const char *out = ctl_value(ctl, "out");
  const char *file = json_string_value(json_object_get(proof, "file"));
  if (out != NULL && file == NULL)
    return ctl_complain(CTL_USAGE, "--out is for a record's proof; write: navctl audit prove SEQ --out FILE");
  if (out != NULL && !write_file(out, file))
    return ctl_complain(CTL_FAILED, "%s: cannot be written, or is there already", out);
  if (out != NULL) return CTL_DONE;
  if (file != NULL && ctl->format == CTL_TABLE) return fputs(file, stdout) >= 0 ? CTL_DONE : CTL_FAILED;
  return output_json(ctl->format == CTL_NDJSON ? CTL_NDJSON : CTL_JSON, proof) ? CTL_DONE : CTL_FAILED;
}

static enum ctl_exit make(struct ctl *ctl) {
  enum ctl_exit code = CTL_DONE;
  const char *from = ctl_value(ctl, "from");
  const char *text = from != NULL ? from : ctl->arguments[0];
  json_int_t number = 0;
  if (text == NULL || (from != NULL && ctl->arguments_count > 0))
    return ctl_complain(CTL_USAGE, "write: navctl audit prove SEQ, --from SIZE or --check FILE");
  if (!read_number(text, &number)) return ctl_complain(CTL_USAGE, "'%s' is no record's number", text);
  json_t *request = json_pack("{s:s, s:I}", "command", "audit-prove", from != NULL ? "from" : "seq", number);
  if (ctl_value(ctl, "reason") != NULL)
    (void)json_object_set_new(request, "reason", json_string(ctl_value(ctl, "reason")));
  json_t *answer = ctl_ask(ctl, true, request, TIMEOUT_MS, &code);
  if (answer == NULL) return code;
  code = print_proof(ctl, json_object_get(answer, "proof"));
  json_decref(answer);
  return code;
}

// ---- checking ----

static bool load_key(struct ctl *ctl, struct conf_hub_keys *keys) {
  const char *path = ctl_value(ctl, "key");
  struct conf_faults faults = {0};
  const struct conf_nav *nav = path == NULL ? ctl_nav(ctl) : NULL;
  bool ok = path != NULL  ? conf_hub_keys_load_file(path, keys, &faults)
            : nav != NULL ? conf_hub_keys_load(nav->config_folder, keys, &faults)
                          : false;
  conf_faults_print(&faults);
  conf_faults_free(&faults);
  return ok;
}

static char *read_text(const char *path, struct nav_arena *arena) {
  FILE *file = fopen(path, "re");
  char *text = nav_arena_alloc(arena, PROOF_FILE_MAX + 2);
  size_t length = file == NULL || text == NULL ? 0 : fread(text, 1, PROOF_FILE_MAX + 1, file);
  bool ok = file != NULL && text != NULL && ferror(file) == 0 && memchr(text, '\0', length) == NULL;
  if (file != NULL) (void)fclose(file);
  if (!ok) return NULL;
  text[length] = '\0';
  return text;
}

// What was proven. False: the bytes are no record, or say another number than their place in the tree.
static bool print_proven(const struct ctl *ctl, const struct ledger_proof *proof, const char *origin,
                         const struct checkpoint *checkpoint, struct nav_arena *arena,
                         struct nav_error *err) {
  char at[NAV_RFC3339_SIZE];
  char root[2 * NAV_SHA256_SIZE + 1];
  const Nav__V1__Record *record = record_decode(arena, proof->record, proof->record_length, err);
  if (record == NULL) return false;
  if (record->seq != proof->index + 1)
    return nav_fail(err, NAV_ERROR_PEER, 0, "record", "says that it is %" PRIu64 ", and stands at %" PRIu64,
                    record->seq, proof->index + 1);
  json_t *json = json_pack("{s:b, s:I, s:s, s:s, s:s, s:I, s:s, s:o}", "ok", 1, "seq",
                           (json_int_t)record->seq, "at", nav_clock_rfc3339(record->time_ms, at), "kind",
                           record_kind_name((uint16_t)record->record_case), "log", origin, "size",
                           (json_int_t)checkpoint->size, "root",
                           nav_hex(root, checkpoint->root, sizeof checkpoint->root), "record",
                           wire_json_from_message(&record->base));
  if (ctl->format == CTL_TABLE) {
    ctl_printable(json);
    (void)printf(
        "Record %" PRIu64 " (%s, %s) stands in the log %s\nunder the checkpoint at %" PRIu64 ", root %s\n\n",
        record->seq, record_kind_name((uint16_t)record->record_case), at, origin, checkpoint->size, root);
  }
  bool ok = json != NULL && output_json(ctl->format == CTL_TABLE ? CTL_JSON : ctl->format,
                                        ctl->format == CTL_TABLE ? json_object_get(json, "record") : json);
  json_decref(json);
  return ok || nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
}

static enum ctl_exit check(struct ctl *ctl, const char *path) {
  struct conf_hub_keys keys;
  struct ledger_proof proof;
  struct checkpoint checkpoint;
  struct nav_error err = {0};
  char origin[CHECKPOINT_ORIGIN_SIZE];
  if (!load_key(ctl, &keys)) return CTL_FAILED;
  struct nav_arena *arena = nav_arena_new(ARENA_BYTES_MAX);
  const char *text = arena == NULL ? NULL : read_text(path, arena);
  enum ctl_exit code = CTL_FINDINGS;
  if (text == NULL) {
    code = ctl_complain(CTL_FAILED, "%s: cannot be read as text", path);
  } else if (proof_read(text, arena, &proof, &err) &&
             (checkpoint_origin(proof.note, origin) ||
              nav_fail(&err, NAV_ERROR_PEER, 0, "", "its checkpoint names no log")) &&
             proof_check(&proof, NULL, 0, origin, keys.checkpoint, &checkpoint, &err) &&
             print_proven(ctl, &proof, origin, &checkpoint, arena, &err)) {
    code = CTL_DONE;
  } else {
    (void)ctl_fail(&err);
  }
  nav_arena_free(arena);
  return code;
}

enum ctl_exit ctl_audit_prove(struct ctl *ctl) {
  const char *path = ctl_value(ctl, "check");
  if (path == NULL) return make(ctl);
  if (ctl->arguments_count > 0 || ctl_value(ctl, "from") != NULL || ctl_value(ctl, "out") != NULL)
    return ctl_complain(CTL_USAGE, "--check FILE stands alone, or with --key");
  return check(ctl, path);
}
