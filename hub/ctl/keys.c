// navctl keys new: private keys into the owner's own folder, public ones into config/keys/<id>.yaml, where
// everybody reads them.
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hub/base/id.h"
#include "hub/conf/agencies.h"
#include "hub/conf/check.h"
#include "hub/ctl/ctl.h"
#include "hub/wire/keys.h"

enum { PATH_SIZE = 4096, YAML_SIZE = 1024 };

static bool join(char out[PATH_SIZE], struct nav_error *err, const char *a, const char *b, const char *c) {
  int length = snprintf(out, PATH_SIZE, "%s/%s%s", a, b, c);
  if (length > 0 && length < PATH_SIZE) return true;
  return nav_fail(err, NAV_ERROR_LOCAL, 0, a, "the path is too long");
}

static bool make_folder(const char *path, mode_t mode, struct nav_error *err) {
  if (mkdir(path, mode) == 0 || errno == EEXIST) return true;
  return nav_fail_errno(err, path, "cannot create the folder");
}

// Written whole, made durable, never over another.
static bool write_yaml(const char *path, const char *text, struct nav_error *err) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd < 0) return nav_fail_errno(err, path, "cannot create");
  size_t length = strlen(text);
  bool ok = write(fd, text, length) == (ssize_t)length && fchmod(fd, 0644) == 0 && fsync(fd) == 0;
  if (!ok) (void)nav_fail_errno(err, path, "cannot write");
  if (close(fd) != 0 && ok) ok = nav_fail_errno(err, path, "cannot write");
  if (!ok) (void)unlink(path);
  return ok;
}

static bool yaml_path(const struct conf_nav *nav, const char *id, char path[PATH_SIZE],
                      struct nav_error *err) {
  char folder[PATH_SIZE];
  char name[CONF_ID_LENGTH_MAX + 8];
  (void)snprintf(name, sizeof name, "%.64s.yaml", id);
  if (!join(folder, err, nav->config_folder, "keys", "") || !make_folder(folder, 0755, err)) return false;
  if (!join(path, err, folder, name, "")) return false;
  struct stat status;
  if (lstat(path, &status) != 0) return true;
  return nav_fail(err, NAV_ERROR_LOCAL, 0, path,
                  "exists already: keys are never written over. To change them, move this file and the "
                  "private keys away");
}

// ---- an agency ----

// Of an agency: config/keys/<id>.yaml, agencies/<id> and what is in it.
struct places {
  char yaml[PATH_SIZE], agencies[PATH_SIZE], folder[PATH_SIZE], keys[PATH_SIZE], signing[PATH_SIZE];
};

static bool find_places(const struct conf_nav *nav, const char *id, struct places *p, struct nav_error *err) {
  char name[CONF_ID_LENGTH_MAX + 8];
  char config_keys[PATH_SIZE];
  (void)snprintf(name, sizeof name, "%.64s.yaml", id);
  return join(config_keys, err, nav->config_folder, "keys", "") &&
         join(p->yaml, err, config_keys, name, "") && join(p->agencies, err, nav->home, "agencies", "") &&
         join(p->folder, err, p->agencies, id, "") && join(p->keys, err, p->folder, "keys", "") &&
         join(p->signing, err, p->keys, "signing.key", "");
}

static bool is_there(const char *path) {
  struct stat status;
  return lstat(path, &status) == 0;
}

// A public file from before witness keys, or one that an earlier run did not come to.
static bool lacks_witness(const char *path) {
  char text[YAML_SIZE + 1];
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  ssize_t length = fd < 0 ? -1 : read(fd, text, YAML_SIZE);
  if (fd >= 0) (void)close(fd);
  if (length <= 0 || text[length - 1] != '\n') return false;
  text[length] = '\0';
  return strstr(text, "\nwitness:") == NULL;
}

// One line at the file's end, durable.
static bool append_line(const char *path, const char *line, struct nav_error *err) {
  int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return nav_fail_errno(err, path, "cannot open");
  size_t length = strlen(line);
  bool ok = write(fd, line, length) == (ssize_t)length && fsync(fd) == 0;
  if (!ok) (void)nav_fail_errno(err, path, "cannot write");
  if (close(fd) != 0 && ok) ok = nav_fail_errno(err, path, "cannot write");
  return ok;
}

// An agency whose keys are from before witness keys gets that one alone; the others stay as they are.
static bool add_witness(const struct places *p, struct nav_error *err) {
  struct keys_agency keys;
  char hex[2 * KEY_ED25519_PUBLIC_SIZE + 1];
  char line[sizeof hex + 16];
  if (!keys_agency_load(p->keys, &keys, err)) return false;
  if (!keys.has_witness && !keys_agency_add_witness(p->keys, &keys, err)) return false;
  (void)snprintf(line, sizeof line, "witness: %s\n",
                 nav_hex(hex, keys.witness.public_key, KEY_ED25519_PUBLIC_SIZE));
  sodium_memzero(&keys, sizeof keys);
  bool ok = append_line(p->yaml, line, err);
  if (ok) (void)fprintf(stderr, "navctl: a witness key beside the others in %s and %s\n", p->keys, p->yaml);
  return ok;
}

static bool new_agency(const struct conf_nav *nav, const char *id, struct nav_error *err) {
  char yaml[PATH_SIZE];
  struct places p;
  struct keys_agency keys;
  if (!find_places(nav, id, &p, err)) return false;
  if (is_there(p.signing) && lacks_witness(p.yaml)) return add_witness(&p, err);
  if (!yaml_path(nav, id, yaml, err) || !make_folder(p.agencies, 0755, err) ||
      !make_folder(p.folder, 0755, err))
    return false;
  // Whole private keys without the public file: an earlier run ended between the two.
  bool ok =
      is_there(p.signing) ? keys_agency_load(p.keys, &keys, err) : keys_agency_create(p.keys, &keys, err);
  if (ok && !keys.has_witness) ok = keys_agency_add_witness(p.keys, &keys, err);
  if (!ok) return false;
  char curve[2 * KEY_CURVE_SIZE + 1];
  char sign[2 * KEY_ED25519_PUBLIC_SIZE + 1];
  char witness[2 * KEY_ED25519_PUBLIC_SIZE + 1];
  char text[YAML_SIZE];
  (void)snprintf(text, sizeof text,
                 "# Public keys of %s, written by navctl keys new.\ncurve: %s\nsigning: %s\nwitness: %s\n",
                 id, nav_hex(curve, keys.curve.public_key, KEY_CURVE_SIZE),
                 nav_hex(sign, keys.signing.public_key, KEY_ED25519_PUBLIC_SIZE),
                 nav_hex(witness, keys.witness.public_key, KEY_ED25519_PUBLIC_SIZE));
  sodium_memzero(&keys, sizeof keys);
  ok = write_yaml(yaml, text, err);
  if (ok) (void)fprintf(stderr, "navctl: private keys in %s, public ones in %s\n", p.keys, yaml);
  return ok;
}

// ---- the hub ----

struct hub_keys {
  struct key_pair_curve curve;
  struct key_pair_sign session, checkpoint;
  uint8_t pseudonym[KEY_SYMMETRIC_SIZE];
};

static bool write_key(const char *folder, const char *use, const uint8_t *key, size_t size,
                      struct nav_error *err) {
  char path[PATH_SIZE];
  return join(path, err, folder, use, ".key") && keys_write(path, use, true, key, size, err);
}

static bool write_hub_keys(const char *folder, const struct hub_keys *keys, struct nav_error *err) {
  return write_key(folder, "curve", keys->curve.secret_key, KEY_CURVE_SIZE, err) &&
         write_key(folder, "session", keys->session.secret_key, KEY_ED25519_SECRET_SIZE, err) &&
         write_key(folder, "checkpoint", keys->checkpoint.secret_key, KEY_ED25519_SECRET_SIZE, err) &&
         write_key(folder, "pseudonym", keys->pseudonym, KEY_SYMMETRIC_SIZE, err);
}

static bool new_hub(const struct conf_nav *nav, struct nav_error *err) {
  char yaml[PATH_SIZE];
  char text[YAML_SIZE];
  struct hub_keys keys;
  if (!yaml_path(nav, "hub", yaml, err) || !make_folder(nav->keys_folder, 0700, err)) return false;
  (void)crypto_box_keypair(keys.curve.public_key, keys.curve.secret_key);
  (void)crypto_sign_keypair(keys.session.public_key, keys.session.secret_key);
  (void)crypto_sign_keypair(keys.checkpoint.public_key, keys.checkpoint.secret_key);
  randombytes_buf(keys.pseudonym, sizeof keys.pseudonym);
  char hex[3][2 * KEY_ED25519_PUBLIC_SIZE + 1];
  (void)snprintf(
      text, sizeof text,
      "# The hub's public keys, written by navctl keys new hub.\ncurve: %s\nsession: %s\ncheckpoint: %s\n",
      nav_hex(hex[0], keys.curve.public_key, KEY_CURVE_SIZE),
      nav_hex(hex[1], keys.session.public_key, KEY_ED25519_PUBLIC_SIZE),
      nav_hex(hex[2], keys.checkpoint.public_key, KEY_ED25519_PUBLIC_SIZE));
  bool ok = write_hub_keys(nav->keys_folder, &keys, err) && write_yaml(yaml, text, err);
  sodium_memzero(&keys, sizeof keys);
  if (ok) (void)fprintf(stderr, "navctl: private keys in %s, public ones in %s\n", nav->keys_folder, yaml);
  return ok;
}

// On the hub's machine; an agency's own has no agencies.yaml. Its faults are config check's to tell.
static void say_unnamed(const struct conf_nav *nav, const char *id) {
  struct conf_faults faults = {0};
  struct conf_agencies *agencies = conf_agencies_load(nav->config_folder, &faults);
  if (agencies != NULL && conf_agency_find(agencies, id) == NULL)
    (void)ctl_complain(
        CTL_DONE, "agencies.yaml names no agency '%s' yet: until it does, the hub lets none in with them",
        id);
  conf_agencies_free(agencies);
  conf_faults_free(&faults);
}

enum ctl_exit ctl_keys_new(struct ctl *ctl) {
  const char *id = ctl->arguments[0];
  const struct conf_nav *nav = ctl_nav(ctl);
  struct nav_error err = {0};
  if (nav == NULL) return CTL_FAILED;
  if (!conf_is_id(id)) return ctl_no_agency(id);
  bool hub = strcmp(id, "hub") == 0;
  bool ok = hub ? new_hub(nav, &err) : new_agency(nav, id, &err);
  if (ok && !hub) say_unnamed(nav, id);
  return ok ? CTL_DONE : ctl_fail(&err);
}
