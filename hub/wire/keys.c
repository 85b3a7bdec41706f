// See keys.h. A key file is written whole under another name and then linked to its own, so that a crash
// leaves no half key and an existing key is never written over.
#include "hub/wire/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hub/base/disk.h"
#include "hub/base/id.h"

enum {
  PATH_SIZE = 4096,
  KEY_BYTES_MAX = 64,
  USE_MAX = 32,
  LINE_SIZE = USE_MAX + 1 + 2 * KEY_BYTES_MAX + 2,
};

// Makes the name itself durable.
static bool sync_folder(const char *path, struct nav_error *err) {
  char folder[PATH_SIZE];
  (void)snprintf(folder, sizeof folder, "%s", path);
  char *slash = strrchr(folder, '/');
  if (slash == NULL) {
    (void)snprintf(folder, sizeof folder, ".");
  } else {
    slash[slash == folder ? 1 : 0] = '\0';
  }
  return nav_disk_sync_folder(folder) || nav_fail_errno(err, folder, "cannot make the folder durable");
}

static bool write_file(const char *path, mode_t mode, const char *line, struct nav_error *err) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  if (fd < 0) return nav_fail_errno(err, path, "cannot create");
  bool ok = fchmod(fd, mode) == 0 && nav_disk_write_at(fd, (const uint8_t *)line, strlen(line), 0) &&
            fsync(fd) == 0;
  if (!ok) (void)nav_fail_errno(err, path, "cannot write");
  if (close(fd) != 0 && ok) ok = nav_fail_errno(err, path, "cannot write");
  if (!ok) (void)unlink(path);
  return ok;
}

bool keys_write(const char *path, const char *use, bool secret, const uint8_t *key, size_t size,
                struct nav_error *err) {
  NAV_ASSERT(size <= KEY_BYTES_MAX && strlen(use) <= USE_MAX);
  char temporary[PATH_SIZE];
  int length = snprintf(temporary, sizeof temporary, "%s.new-%ld", path, (long)getpid());
  if (length < 0 || (size_t)length >= sizeof temporary) {
    return nav_fail(err, NAV_ERROR_LOCAL, 0, path, "the path is too long");
  }
  char hex[2 * KEY_BYTES_MAX + 1];
  char line[LINE_SIZE];
  (void)snprintf(line, sizeof line, "%s %s\n", use, nav_hex(hex, key, size));
  bool ok = write_file(temporary, secret ? 0600 : 0644, line, err);
  sodium_memzero(hex, sizeof hex);
  sodium_memzero(line, sizeof line);
  if (!ok) return false;
  ok = link(temporary, path) == 0;
  if (!ok && errno == EEXIST) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, path,
                   "exists already: a key is never written over; move it away first");
  } else if (!ok) {
    (void)nav_fail_errno(err, path, "cannot create");
  }
  (void)unlink(temporary);
  return ok && sync_folder(path, err);
}

// Reads the one line of the file; refused before reading where others may read a secret.
static bool read_line(const char *path, bool secret, char line[LINE_SIZE], struct nav_error *err) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return nav_fail_errno(err, path, "cannot open");
  struct stat st;
  bool ok = fstat(fd, &st) == 0 || nav_fail_errno(err, path, "cannot look at");
  if (ok && !S_ISREG(st.st_mode)) ok = nav_fail(err, NAV_ERROR_LOCAL, 0, path, "is not a file");
  if (ok && secret && (st.st_mode & 077) != 0) {
    ok = nav_fail(err, NAV_ERROR_LOCAL, 0, path,
                  "holds a private key that others may read (mode %04o): chmod 600, and replace the key if "
                  "anybody had a reason to read it",
                  (unsigned)st.st_mode & 07777);
  }
  size_t length = 0;
  while (ok && length < LINE_SIZE - 1) {
    ssize_t got = read(fd, line + length, LINE_SIZE - 1 - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) ok = nav_fail_errno(err, path, "cannot read");
    if (got <= 0) break;
    length += (size_t)got;
  }
  line[length] = '\0';
  (void)close(fd);
  if (ok && strlen(line) != length) ok = nav_fail(err, NAV_ERROR_LOCAL, 0, path, "is not text");
  return ok;
}

bool keys_read(const char *path, const char *use, bool secret, uint8_t *key, size_t size,
               struct nav_error *err) {
  NAV_ASSERT(size <= KEY_BYTES_MAX && strlen(use) <= USE_MAX);
  char line[LINE_SIZE];
  bool ok = read_line(path, secret, line, err);
  if (ok) {
    line[strcspn(line, "\r\n")] = '\0';
    size_t use_length = strlen(use);
    if (strncmp(line, use, use_length) != 0 || line[use_length] != ' ') {
      ok = nav_fail(err, NAV_ERROR_LOCAL, 0, path, "is not a key for '%s': its line must be '%s <hex>'", use,
                    use);
    } else if (!nav_unhex(key, size, line + use_length + 1)) {
      ok = nav_fail(err, NAV_ERROR_LOCAL, 0, path, "the key must be %zu hexadecimal digits", 2 * size);
    }
  }
  sodium_memzero(line, sizeof line);
  return ok;
}

// The path of a file in the folder; the longest name is "signing.key".
static bool path_in(char out[PATH_SIZE], const char *folder, const char *name, struct nav_error *err) {
  int length = snprintf(out, PATH_SIZE, "%s/%s", folder, name);
  if (length > 0 && length < PATH_SIZE) return true;
  return nav_fail(err, NAV_ERROR_LOCAL, 0, folder, "the path is too long");
}

static bool refuse_existing(const char *folder, struct nav_error *err) {
  static const char *const names[] = {"curve.key",   "curve.pub",   "signing.key", "signing.pub",
                                      "witness.key", "witness.pub", "id.key"};
  char path[PATH_SIZE];
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (!path_in(path, folder, names[i], err)) return false;
    if (access(path, F_OK) == 0) {
      return nav_fail(err, NAV_ERROR_LOCAL, 0, path,
                      "exists already: a key is never written over; move it away first");
    }
  }
  return true;
}

static bool write_in(const char *folder, const char *name, const char *use, bool secret, const uint8_t *key,
                     size_t size, struct nav_error *err) {
  char path[PATH_SIZE];
  return path_in(path, folder, name, err) && keys_write(path, use, secret, key, size, err);
}

static bool read_in(const char *folder, const char *name, const char *use, uint8_t *key, size_t size,
                    struct nav_error *err) {
  char path[PATH_SIZE];
  return path_in(path, folder, name, err) && keys_read(path, use, true, key, size, err);
}

static bool write_witness(const char *folder, struct keys_agency *keys, struct nav_error *err) {
  (void)crypto_sign_keypair(keys->witness.public_key, keys->witness.secret_key);
  keys->has_witness = true;
  return write_in(folder, "witness.key", "witness", true, keys->witness.secret_key, KEY_ED25519_SECRET_SIZE,
                  err) &&
         write_in(folder, "witness.pub", "witness", false, keys->witness.public_key, KEY_ED25519_PUBLIC_SIZE,
                  err);
}

bool keys_agency_add_witness(const char *folder, struct keys_agency *keys, struct nav_error *err) {
  struct keys_agency made = *keys;
  bool ok = write_witness(folder, &made, err);
  if (ok) *keys = made;
  sodium_memzero(&made, sizeof made);
  return ok;
}

bool keys_agency_create(const char *folder, struct keys_agency *keys, struct nav_error *err) {
  if (sodium_init() < 0) return nav_fail(err, NAV_ERROR_BUG, 0, "", "libsodium does not start");
  if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
    return nav_fail_errno(err, folder, "cannot create the folder");
  }
  if (!refuse_existing(folder, err)) return false;
  struct keys_agency made = {0};
  (void)crypto_box_keypair(made.curve.public_key, made.curve.secret_key);
  (void)crypto_sign_keypair(made.signing.public_key, made.signing.secret_key);
  randombytes_buf(made.id_key, sizeof made.id_key);
  bool ok = write_in(folder, "curve.key", "curve", true, made.curve.secret_key, KEY_CURVE_SIZE, err) &&
            write_in(folder, "curve.pub", "curve", false, made.curve.public_key, KEY_CURVE_SIZE, err) &&
            write_in(folder, "signing.key", "signing", true, made.signing.secret_key, KEY_ED25519_SECRET_SIZE,
                     err) &&
            write_in(folder, "signing.pub", "signing", false, made.signing.public_key,
                     KEY_ED25519_PUBLIC_SIZE, err) &&
            write_witness(folder, &made, err) &&
            write_in(folder, "id.key", "id", true, made.id_key, KEY_SYMMETRIC_SIZE, err);
  if (ok) *keys = made;
  sodium_memzero(&made, sizeof made);
  return ok;
}

bool keys_sign_pair(struct key_pair_sign *pair, struct nav_error *err) {
  uint8_t seed[crypto_sign_SEEDBYTES];
  uint8_t secret[KEY_ED25519_SECRET_SIZE];
  (void)crypto_sign_ed25519_sk_to_seed(seed, pair->secret_key);
  (void)crypto_sign_seed_keypair(pair->public_key, secret, seed);
  bool whole = sodium_memcmp(secret, pair->secret_key, sizeof secret) == 0;
  sodium_memzero(seed, sizeof seed);
  sodium_memzero(secret, sizeof secret);
  if (whole) return true;
  return nav_fail(err, NAV_ERROR_LOCAL, 0, "", "a signing key's two halves do not belong together");
}

// None is no fault: the folder is from before witness keys.
static bool read_witness(const char *folder, struct keys_agency *keys, struct nav_error *err) {
  char path[PATH_SIZE];
  if (!path_in(path, folder, "witness.key", err)) return false;
  if (access(path, F_OK) != 0 && errno == ENOENT) return true;
  keys->has_witness = true;
  return keys_read(path, "witness", true, keys->witness.secret_key, KEY_ED25519_SECRET_SIZE, err) &&
         keys_sign_pair(&keys->witness, err);
}

bool keys_agency_load(const char *folder, struct keys_agency *keys, struct nav_error *err) {
  if (sodium_init() < 0) return nav_fail(err, NAV_ERROR_BUG, 0, "", "libsodium does not start");
  struct keys_agency read = {0};
  bool ok =
      read_in(folder, "curve.key", "curve", read.curve.secret_key, KEY_CURVE_SIZE, err) &&
      read_in(folder, "signing.key", "signing", read.signing.secret_key, KEY_ED25519_SECRET_SIZE, err) &&
      read_in(folder, "id.key", "id", read.id_key, KEY_SYMMETRIC_SIZE, err);
  if (ok) {
    (void)crypto_scalarmult_base(read.curve.public_key, read.curve.secret_key);
    ok = keys_sign_pair(&read.signing, err) && read_witness(folder, &read, err);
  }
  if (ok) *keys = read;
  sodium_memzero(&read, sizeof read);
  return ok;
}
