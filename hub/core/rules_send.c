// See rules_send.h.
#include "hub/core/rules_send.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/log.h"
#include "hub/conf/agencies_write.h"
#include "hub/wire/message.h"

enum { FILES_MAX = 1200, PARTS_A_STEP = 64 };

struct rules_bundle {
  uint8_t hash[NAV_SHA256_SIZE];
  struct nav_buffer bytes;  // an encoded RulesBundle; empty: too large to be sent
  uint32_t parts;
  uint8_t signature[KEY_SIGNATURE_SIZE];
};

void rules_send_free(struct core *core) {
  if (core->rules_bundle == NULL) return;
  nav_buffer_free(&core->rules_bundle->bytes);
  free(core->rules_bundle);
  core->rules_bundle = NULL;
}

static void add_file(Nav__V1__RulesBundleFile *file, const char *name, const void *text, size_t length) {
  *file = (Nav__V1__RulesBundleFile)NAV__V1__RULES_BUNDLE_FILE__INIT;
  file->name = (char *)(uintptr_t)name;
  file->has_text = true;
  file->text = (ProtobufCBinaryData){length, (uint8_t *)(uintptr_t)text};
}

// False: past RULES_SEND_MAX.
static bool encode(const struct core *core, const struct nav_buffer *agencies, struct nav_buffer *out) {
  size_t count = access_rules_file_count(core->rules);
  if (count > FILES_MAX) return false;
  Nav__V1__RulesBundleFile *files = calloc(count + 1, sizeof *files);
  Nav__V1__RulesBundleFile **list = calloc(count + 1, sizeof *list);
  NAV_ASSERT(files != NULL && list != NULL);
  Nav__V1__RulesBundle bundle = NAV__V1__RULES_BUNDLE__INIT;
  bundle.has_hash = true;
  bundle.hash = (ProtobufCBinaryData){NAV_SHA256_SIZE, (uint8_t *)(uintptr_t)access_rules_hash(core->rules)};
  bundle.files = list;
  add_file(&files[bundle.n_files], "agencies.yaml", agencies->data, agencies->length);
  list[bundle.n_files++] = &files[0];
  for (size_t i = 0; i < count; i++) {
    uint8_t sha256[NAV_SHA256_SIZE];
    size_t length = 0;
    const char *name = access_rules_file(core->rules, i, sha256);
    const char *text = access_rules_text(core->rules, i, &length);
    if (text == NULL) continue;
    add_file(&files[bundle.n_files], name, text, length);
    list[bundle.n_files] = &files[bundle.n_files];
    bundle.n_files++;
  }
  bool ok = wire_encode(&bundle, out);
  free(list);
  free(files);
  return ok;
}

static const struct rules_bundle *bundle_of(struct core *core) {
  if (core->rules_bundle != NULL) return core->rules_bundle;
  struct rules_bundle *bundle = calloc(1, sizeof *bundle);
  NAV_ASSERT(bundle != NULL);
  struct nav_buffer agencies;
  nav_buffer_init(&agencies, RULES_SEND_MAX);
  nav_buffer_init(&bundle->bytes, RULES_SEND_MAX);
  memcpy(bundle->hash, access_rules_hash(core->rules), NAV_SHA256_SIZE);
  bool ok = conf_agencies_write(core->agencies, &agencies) && encode(core, &agencies, &bundle->bytes);
  nav_buffer_free(&agencies);
  if (ok) {
    bundle->parts = (uint32_t)((bundle->bytes.length + RULES_SEND_PART - 1) / RULES_SEND_PART);
    keys_sign_rules(bundle->signature, &core->session_key, core->sequence.log_id, bundle->bytes.data,
                    bundle->bytes.length);
  } else {
    nav_buffer_clear(&bundle->bytes);
    nav_log(NAV_LOG_ERROR,
            "the rules are more than %d MiB and are not sent: adapters that have none send nothing; split "
            "the collaboration",
            RULES_SEND_MAX / 1024 / 1024);
  }
  core->rules_bundle = bundle;
  return bundle;
}

void rules_send_start(struct core *core, struct session *session, const Nav__V1__Start *start) {
  session->wants_rules = start->has_rules_hash;
  session->rules_sending =
      session->wants_rules &&
      (start->rules_hash.len != NAV_SHA256_SIZE ||
       memcmp(start->rules_hash.data, access_rules_hash(core->rules), NAV_SHA256_SIZE) != 0);
  session->rules_next = 0;
  memcpy(session->rules_hash, access_rules_hash(core->rules), NAV_SHA256_SIZE);
}

static void send_notice(struct core *core, struct session *session) {
  char hash[2 * NAV_SHA256_SIZE + 1];
  (void)sodium_bin2hex(hash, sizeof hash, access_rules_hash(core->rules), NAV_SHA256_SIZE);
  Nav__V1__Notice notice = NAV__V1__NOTICE__INIT;
  notice.has_kind = true;
  notice.kind = NAV__V1__NOTICE_KIND__NOTICE_KIND_RULES_CHANGED;
  notice.text = hash;
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_NOTICE;
  frame.notice = &notice;
  session_send(core->sessions, session, &frame);
}

void rules_send_changed(struct core *core) {
  const uint8_t *hash = access_rules_hash(core->rules);
  if (core->rules_bundle != NULL && memcmp(core->rules_bundle->hash, hash, NAV_SHA256_SIZE) != 0)
    rules_send_free(core);
  for (size_t i = 0; i < sessions_count(core->sessions); i++) {
    struct session *session = sessions_at(core->sessions, i);
    if (session == NULL || !session->wants_rules) continue;
    if (memcmp(session->rules_hash, hash, NAV_SHA256_SIZE) == 0) continue;
    memcpy(session->rules_hash, hash, NAV_SHA256_SIZE);
    session->rules_sending = true;
    session->rules_next = 0;
    send_notice(core, session);
  }
}

static void send_part(struct core *core, struct session *session, const struct rules_bundle *bundle) {
  uint32_t index = session->rules_next++;
  bool last = index + 1 == bundle->parts;
  size_t from = (size_t)index * RULES_SEND_PART;
  size_t left = bundle->bytes.length - from;
  Nav__V1__RulesPart part = NAV__V1__RULES_PART__INIT;
  part.has_hash = part.has_index = part.has_count = part.has_bytes = true;
  part.hash = (ProtobufCBinaryData){NAV_SHA256_SIZE, (uint8_t *)(uintptr_t)bundle->hash};
  part.index = index;
  part.count = bundle->parts;
  part.bytes =
      (ProtobufCBinaryData){left < RULES_SEND_PART ? left : RULES_SEND_PART, bundle->bytes.data + from};
  part.has_signature = last;
  if (last)
    part.signature = (ProtobufCBinaryData){KEY_SIGNATURE_SIZE, (uint8_t *)(uintptr_t)bundle->signature};
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_RULES;
  frame.rules = &part;
  session_send(core->sessions, session, &frame);
  if (last) session->rules_sending = false;
}

bool rules_send_step(struct core *core) {
  for (size_t i = 0, sent = 0; i < sessions_count(core->sessions); i++) {
    struct session *session = sessions_at(core->sessions, i);
    while (session != NULL && !session->ended && session->rules_sending) {
      const struct rules_bundle *bundle = bundle_of(core);
      if (bundle->parts == 0) {
        session->rules_sending = false;
        break;
      }
      if (!sessions_have_room(core->sessions)) return false;  // the loop wakes when there is
      if (sent++ == PARTS_A_STEP) return true;
      send_part(core, session, bundle);
    }
  }
  return false;
}
