// See agencies.h: who calls, by the uid that the kernel tells of a unix socket's other end (SO_PEERCRED).
// The name is asked of the system each time: accounts come and go while programs run.
#include <pwd.h>
#include <string.h>

#include "hub/conf/agencies.h"

enum { PASSWD_BYTES_MAX = 16 * 1024 };

const struct conf_person *conf_person_by_uid(const struct conf_agencies *agencies, uid_t uid) {
  struct passwd entry, *found = NULL;
  char bytes[PASSWD_BYTES_MAX];
  if (getpwuid_r(uid, &entry, bytes, sizeof bytes, &found) != 0 || found == NULL) return NULL;
  for (size_t i = 0; i < agencies->persons_count; i++) {
    const char *user = agencies->persons[i].system_user;
    if (user != NULL && strcmp(user, entry.pw_name) == 0) return &agencies->persons[i];
  }
  return NULL;
}
