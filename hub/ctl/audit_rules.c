// navctl audit rules: every change of rules, and the very files that were in force at a record; on request in
// a folder of their own, for access check and explain. Must never: trust a record's file name as a path, or
// replace what is there.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hub/access/access.h"
#include "hub/base/id.h"
#include "hub/base/text.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/ctl_audit.h"
#include "hub/ctl/output.h"
#include "hub/wire/json.h"
#include "hub/wire/sha256.h"

enum { PAGE_LINES = 100, FILE_NAME_BYTES_MAX = 255, FOLDER_MODE = 0750, FILE_MODE = 0640 };

#define COUNT(table) (sizeof(table) / sizeof *(table))

// One file of the answer, decoded and compared with its hash.
struct kept {
  const char *name;    // the answer's
  const char *sha256;  // the answer's, in hex
  uint8_t *text;
  size_t length;
};

struct kept_files {
  json_t *answers;  // every page, which names and hashes point into
  json_t *change;   // of the first
  struct kept *items;
  size_t count, room;
  size_t bytes;
};

static void free_kept(struct kept_files *files) {
  for (size_t i = 0; i < files->count; i++) free(files->items[i].text);
  free(files->items);
  json_decref(files->answers);
}

// ---- the list ----

static const struct ctl_column line_columns[] = {
    {"seq", "SEQ", true},        {"at", "AT", false},      {"person", "PERSON", false},
    {"agency", "AGENCY", false}, {"rules", "RULES", true}, {"files", "FILES", true},
    {"kept", "KEPT", false},     {"hash", "HASH", false},  {"names", NULL, false},
};

static enum ctl_exit list(struct ctl *ctl) {
  enum ctl_exit code = CTL_DONE;
  struct ctl_pages pages = {.columns = line_columns,
                            .columns_count = COUNT(line_columns),
                            .page = PAGE_LINES,
                            .way_on = "--limit shows it"};
  if (ctl_value(ctl, "file") != NULL || ctl_value(ctl, "out") != NULL)
    return ctl_complain(CTL_USAGE, "--file and --out go with a record: navctl audit rules SEQ");
  if (!ctl_audit_limit(ctl, &pages.limit, &code)) return code;
  pages.request = json_pack("{s:s}", "command", "audit-rules");
  const char *reason = ctl_value(ctl, "reason");
  if (reason != NULL) (void)json_object_set_new(pages.request, "reason", json_string(reason));
  code = ctl_audit_pages(ctl, &pages);
  json_decref(pages.request);
  return code;
}

// ---- the files of one record ----

static bool is_of_its_hash(const struct kept *file) {
  uint8_t hash[NAV_SHA256_SIZE];
  char hex[2 * NAV_SHA256_SIZE + 1];
  nav_sha256(hash, &(struct nav_bytes){file->text, file->length}, 1);
  return strcmp(nav_hex(hex, hash, sizeof hash), file->sha256) == 0;
}

static bool decode(const json_t *json, struct kept *file) {
  file->name = output_text_of(json, "name");
  file->sha256 = output_text_of(json, "sha256");
  file->text = wire_json_from_base64(output_text_of(json, "text"), &file->length);
  return file->text != NULL;
}

static enum ctl_exit add_file(struct kept_files *files, const json_t *json) {
  if (files->count == files->room) {
    size_t room = files->room == 0 ? 32 : 2 * files->room;
    struct kept *items = realloc(files->items, room * sizeof *items);
    if (items == NULL) return ctl_complain(CTL_FAILED, "no memory");
    files->items = items;
    files->room = room;
  }
  struct kept *file = &files->items[files->count++];
  *file = (struct kept){.length = 0};
  if (!decode(json, file))
    return ctl_complain(CTL_FAILED, "nav-desk's answer is no base64, or there is no memory");
  files->bytes += file->length;
  if (files->bytes > ACCESS_TEXTS_BYTES_MAX)
    return ctl_complain(CTL_FAILED, "the texts are more than a hub loads: run navctl audit verify");
  if (!is_of_its_hash(file))
    return ctl_complain(CTL_FAILED,
                        "the text of a file is not the one that the record hashes: run navctl audit verify");
  return CTL_DONE;
}

static enum ctl_exit add_page(struct kept_files *files, json_t *answer) {
  size_t i = 0;
  const json_t *json = NULL;
  enum ctl_exit code = CTL_DONE;
  (void)json_array_append_new(files->answers, answer);
  if (files->change == NULL) files->change = json_object_get(answer, "change");
  json_array_foreach(json_object_get(answer, "texts"), i, json) {
    if (code == CTL_DONE) code = add_file(files, json);
  }
  return code;
}

static enum ctl_exit fetch(struct ctl *ctl, json_int_t seq, struct kept_files *files) {
  enum ctl_exit code = CTL_DONE;
  const char *file = ctl_value(ctl, "file");
  const char *reason = ctl_value(ctl, "reason");
  json_t *request = json_pack("{s:s, s:I}", "command", "audit-rules", "seq", seq);
  if (file != NULL) (void)json_object_set_new(request, "file", json_string(file));
  if (reason != NULL) (void)json_object_set_new(request, "reason", json_string(reason));
  for (bool done = false; !done && code == CTL_DONE;) {
    json_t *answer = ctl_ask(ctl, true, json_incref(request), CTL_AUDIT_TIMEOUT_MS, &code);
    if (answer == NULL) break;
    json_t *next = json_object_get(answer, "next");
    done = next == NULL;
    if (!done) (void)json_object_set(request, "from", next);
    code = add_page(files, answer);
  }
  json_decref(request);
  return code;
}

// ---- shown ----

static bool put_printable(const struct kept *file) {
  char *text = strndup((const char *)file->text, file->length);
  if (text == NULL) return false;
  nav_text_printable(text);
  bool ok = fputs(text, stdout) >= 0;
  free(text);
  return ok;
}

static bool print_texts(const struct ctl *ctl, const struct kept_files *files) {
  const json_t *change = files->change;
  char at[OUTPUT_TIME_SIZE];
  if (ctl_value(ctl, "file") != NULL)
    return fwrite(files->items[0].text, 1, files->items[0].length, stdout) == files->items[0].length;
  (void)printf("In force since record %" JSON_INTEGER_FORMAT ", %s%s%s\nrules %s\n",
               json_integer_value(json_object_get(change, "seq")),
               output_time(output_text_of(change, "at"), at),
               output_text_of(change, "person")[0] != '\0' ? ", by " : "", output_text_of(change, "person"),
               output_text_of(change, "hash"));
  bool ok = true;
  for (size_t i = 0; ok && i < files->count; i++) {
    const struct kept *file = &files->items[i];
    (void)printf("\n==== %s  SHA-256 %s\n", file->name, file->sha256);
    ok = put_printable(file);
  }
  return ok;
}

// What is no UTF-8 stays in base64, and says so.
static bool print_json(enum ctl_format format, const struct kept_files *files) {
  json_t *list = json_array();
  for (size_t i = 0; i < files->count; i++) {
    const struct kept *file = &files->items[i];
    json_t *text = json_stringn((const char *)file->text, file->length);
    json_t *json = json_pack("{s:s, s:s}", "name", file->name, "sha256", file->sha256);
    if (text != NULL) {
      (void)json_object_set_new(json, "text", text);
    } else {
      (void)json_object_set_new(json, "base64", wire_json_base64(file->text, file->length));
    }
    (void)json_array_append_new(list, json);
  }
  json_t *whole = json_deep_copy(files->change);
  (void)json_object_set_new(whole, "texts", list);
  bool ok = output_json(format, whole);
  json_decref(whole);
  return ok;
}

// ---- written ----

// "law.yaml", "agencies.yaml", "access/x.yaml" or "areas/x.yaml": what a configuration folder has. Gives the
// folder's length, 0 for none; -1: anything else, which is never made a path.
static int folder_of(const char *name) {
  static const char *const folders[] = {"access/", "areas/"};
  size_t length = strlen(name);
  int folder = 0;
  if (strcmp(name, "law.yaml") == 0 || strcmp(name, "agencies.yaml") == 0) return 0;
  for (size_t i = 0; i < COUNT(folders); i++) {
    if (strncmp(name, folders[i], strlen(folders[i])) == 0) folder = (int)strlen(folders[i]);
  }
  const char *file = name + folder;
  bool plain = folder > 0 && file[0] != '.' && strchr(file, '/') == NULL &&
               strlen(file) <= FILE_NAME_BYTES_MAX && length > (size_t)folder + strlen(".yaml") &&
               strcmp(name + length - strlen(".yaml"), ".yaml") == 0;
  for (const char *p = name; plain && *p != '\0'; p++) plain = (unsigned char)*p >= ' ' && *p != 0x7f;
  return plain ? folder : -1;
}

static bool write_one(int folder, const struct kept *file) {
  int into = folder_of(file->name);
  if (into > 0) {
    char name[16];
    (void)snprintf(name, sizeof name, "%.*s", into - 1, file->name);
    if (mkdirat(folder, name, FOLDER_MODE) != 0 && errno != EEXIST) return false;
  }
  int fd = openat(folder, file->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
  if (fd < 0) return false;
  bool ok = true;
  for (size_t at = 0; ok && at < file->length;) {
    ssize_t n = write(fd, file->text + at, file->length - at);
    if (n < 0 && errno == EINTR) continue;
    ok = n > 0;
    if (ok) at += (size_t)n;
  }
  return close(fd) == 0 && ok;
}

// Nothing is made before every name is known to be one of ours.
static enum ctl_exit write_folder(const char *path, const struct kept_files *files) {
  for (size_t i = 0; i < files->count; i++) {
    if (folder_of(files->items[i].name) < 0)
      return ctl_complain(CTL_FAILED,
                          "the record names a file that no configuration folder has; nothing is written");
  }
  if (mkdir(path, FOLDER_MODE) != 0)
    return ctl_complain(CTL_FAILED, "%s: %s", path,
                        errno == EEXIST ? "is there already; choose another name" : strerror(errno));
  int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0) return ctl_complain(CTL_FAILED, "%s: %s", path, strerror(errno));
  enum ctl_exit code = CTL_DONE;
  for (size_t i = 0; code == CTL_DONE && i < files->count; i++) {
    if (!write_one(folder, &files->items[i]))
      code = ctl_complain(CTL_FAILED, "%s/%s cannot be written: %s; remove the folder and ask again", path,
                          files->items[i].name, strerror(errno));
  }
  (void)close(folder);
  if (code == CTL_DONE) (void)printf("%s: %zu files\n", path, files->count);
  return code;
}

static enum ctl_exit show(struct ctl *ctl, json_int_t seq) {
  const char *out = ctl_value(ctl, "out");
  // Before it is asked, and recorded, for nothing; making it is what refuses for good.
  if (out != NULL && access(out, F_OK) == 0)
    return ctl_complain(CTL_FAILED, "%s: is there already; choose another name", out);
  struct kept_files files = {.answers = json_array()};
  if (out != NULL) ctl->format = CTL_JSON;  // names become files: nothing in them may be made printable
  enum ctl_exit code = fetch(ctl, seq, &files);
  if (code == CTL_DONE && out != NULL) {
    code = write_folder(out, &files);
  } else if (code == CTL_DONE) {
    bool ok = ctl->format == CTL_TABLE ? print_texts(ctl, &files) : print_json(ctl->format, &files);
    code = ok && fflush(stdout) == 0 ? CTL_DONE : CTL_FAILED;
  }
  free_kept(&files);
  return code;
}

enum ctl_exit ctl_audit_rules(struct ctl *ctl) {
  char *end = NULL;
  if (ctl->arguments_count == 0) return list(ctl);
  long long seq = strtoll(ctl->arguments[0], &end, 10);
  if (end == ctl->arguments[0] || *end != '\0' || seq < 1)
    return ctl_complain(CTL_USAGE, "'%s' is no record's number", ctl->arguments[0]);
  if (ctl_value(ctl, "out") != NULL && ctl_value(ctl, "file") != NULL)
    return ctl_complain(CTL_USAGE, "--out writes every file; --file prints one: give one of them");
  if (ctl->format == CTL_CSV)
    return ctl_complain(CTL_USAGE, "-o csv is for the list; of files write -o json, ndjson or --out FOLDER");
  if (ctl_value(ctl, "limit") != NULL)
    return ctl_complain(CTL_USAGE, "--limit is for the list: navctl audit rules");
  return show(ctl, seq);
}
