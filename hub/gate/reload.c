// See gate.h: agencies.yaml and the agencies' keys, read again on SIGHUP. All or nothing.
#include <sodium.h>
#include <string.h>

#include "hub/base/log.h"
#include "hub/gate/gate.h"

static bool same_key(const struct book *book, const struct session *session) {
  uint8_t key[KEY_CURVE_SIZE];
  if (sodium_hex2bin(key, sizeof key, session->key_hex, strlen(session->key_hex), NULL, NULL, NULL) != 0) {
    return false;
  }
  const char *agency = book_agency(book, key);
  return agency != NULL && strcmp(agency, session->agency) == 0;
}

// Sessions of keys that no longer count end, with their connections; the others go over to the new counts.
static uint32_t move_sessions(struct gate *gate, struct quota *quota) {
  uint32_t ended = 0;
  for (uint32_t i = 0; i < sessions_max(gate->sessions); i++) {
    struct session *session = sessions_at(gate->sessions, i);
    if (session == NULL || same_key(gate->book, session)) continue;
    nav_log(NAV_LOG_INFO, "the key of %s is no longer known: its session ends", session->agency);
    connections_cut(gate->connections, session->fd);
    gate_end_session(gate, session, true);
    ended++;
  }
  for (uint32_t i = 0; i < sessions_max(gate->sessions); i++) {
    struct session *session = sessions_at(gate->sessions, i);
    if (session == NULL) continue;
    session->quota = quota_find(quota, session->agency);
    NAV_ASSERT(session->quota != NULL);
    session->quota->sessions++;
  }
  return ended;
}

static void adopt(struct gate *gate, struct book *book, struct book *zaps, struct quota *quota) {
  zap_set_book(gate->zap, zaps);
  book_free(gate->book);
  gate->book = book;
  for (size_t i = 0; i < quota->count; i++) quota->agencies[i].sessions = 0;
  uint32_t ended = move_sessions(gate, quota);
  quota_free(gate->quota);
  gate->quota = quota;
  nav_log(NAV_LOG_INFO, "read agencies.yaml again: %zu keys; %u sessions ended", book->count, ended);
}

void gate_reload(struct gate *gate) {
  struct conf_faults faults = {0};
  struct nav_error err = {.text = "agencies.yaml has faults"};
  struct conf_agencies *agencies = conf_agencies_load(gate->nav->config_folder, &faults);
  struct book *book = agencies != NULL ? book_new(agencies, &err) : NULL;
  struct book *zaps = book != NULL ? book_new(agencies, &err) : NULL;
  struct quota *quota = zaps != NULL ? quota_new(book, gate->nav->frames_a_second_max, gate->quota) : NULL;
  if (quota != NULL) {
    adopt(gate, book, zaps, quota);
  } else {
    conf_faults_print(&faults);
    nav_log_failure(NAV_LOG_ERROR, "the agencies in force stay", &err);
    book_free(book);
    book_free(zaps);
  }
  conf_agencies_free(agencies);
  conf_faults_free(&faults);
}
