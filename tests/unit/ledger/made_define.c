// Made ledgers: what a hub defines before the first event, and its rules. See made.h.
#include <string.h>

#include "hub/base/id.h"
#include "tests/unit/ledger/made_private.h"

// Keeps the text with the record that is about to be made, where none before it has.
static const uint8_t *keep_text(struct made *made, const char *rules) {
  uint8_t sha256[NAV_SHA256_SIZE];
  const uint8_t *bytes = made_keep(made, rules, strlen(rules));
  nav_sha256(sha256, &(struct nav_bytes){bytes, strlen(rules)}, 1);
  for (size_t i = 0; i < made->rules_texts_count; i++) {
    if (memcmp(made->rules_texts[i].sha256, sha256, sizeof sha256) == 0) return made->rules_texts[i].sha256;
  }
  NAV_ASSERT(made->rules_texts_count < MADE_RULES_TEXTS_MAX);
  struct verify_rules_row *row = &made->rules_texts[made->rules_texts_count++];
  *row = (struct verify_rules_row){made->ledger_count + 1, made_keep(made, sha256, sizeof sha256), bytes,
                                   strlen(rules)};
  return row->sha256;
}

void made_change_rules(struct made *made, const char *law, const char *access) {
  Nav__V1__RulesFile files[2] = {NAV__V1__RULES_FILE__INIT, NAV__V1__RULES_FILE__INIT};
  Nav__V1__RulesFile *list[2] = {&files[0], &files[1]};
  uint8_t hash[NAV_SHA256_SIZE];
  uint8_t hashes[2][NAV_SHA256_SIZE];
  memset(hash, 7, sizeof hash);
  memcpy(hashes[0], keep_text(made, law), NAV_SHA256_SIZE);
  memcpy(hashes[1], keep_text(made, access), NAV_SHA256_SIZE);
  files[0].name = made_text("law.yaml");
  files[1].name = made_text("access/made.yaml");
  for (size_t i = 0; i < 2; i++) {
    files[i].has_sha256 = true;
    files[i].sha256 = (ProtobufCBinaryData){NAV_SHA256_SIZE, hashes[i]};
  }
  Nav__V1__RulesChanged rules = NAV__V1__RULES_CHANGED__INIT;
  rules.has_hash = true;
  rules.has_texts_kept = rules.texts_kept = !made->settings.keeps_no_texts;
  rules.hash = (ProtobufCBinaryData){sizeof hash, hash};
  rules.person = made_text("anna");
  rules.files = list;
  rules.n_files = 2;
  if (made->settings.keeps_no_texts) made->rules_texts_count = 0;
  STAGE(made, rules_changed, RULES_CHANGED, &rules);
}

void made_define(struct made *made) {
  Nav__V1__Started started = NAV__V1__STARTED__INIT;
  started.program = made_text("nav-core");
  started.has_log_id = started.has_epoch = true;
  started.log_id = (ProtobufCBinaryData){KEY_LOG_ID_SIZE, made->log_id};
  started.epoch = MADE_EPOCH;
  STAGE(made, started, STARTED, &started);
  Nav__V1__KeyChanged key = NAV__V1__KEY_CHANGED__INIT;
  key.owner = made_text("hub");
  key.use = made_text("checkpoint");
  key.has_public_key = true;
  key.public_key = (ProtobufCBinaryData){KEY_ED25519_PUBLIC_SIZE, made->checkpoint_key.public_key};
  STAGE(made, key_changed, KEY_CHANGED, &key);
  made_change_rules(made, "bases: []\n", "rules: []\n");
  for (uint32_t i = 0; i < MADE_AGENCIES; i++) {
    Nav__V1__AgencyDefined agency = NAV__V1__AGENCY_DEFINED__INIT;
    agency.has_number = true;
    agency.number = i + 1;
    agency.agency = made_text(made_agencies[i]);
    STAGE(made, agency_defined, AGENCY_DEFINED, &agency);
  }
  for (uint32_t i = 0; i < MADE_LANES; i++) {
    Nav__V1__LaneDefined lane = NAV__V1__LANE_DEFINED__INIT;
    lane.has_number = true;
    lane.number = i + 1;
    lane.agency = made_text(made_agencies[made_lanes[i].agency]);
    lane.purpose = made_text(made_lanes[i].purpose);
    STAGE(made, lane_defined, LANE_DEFINED, &lane);
  }
  for (uint32_t i = 0; i < MADE_WITNESSES; i++) {
    Nav__V1__KeyChanged witness = NAV__V1__KEY_CHANGED__INIT;
    witness.owner = made_text(made_agencies[i]);
    witness.use = made_text("witness");
    witness.has_public_key = true;
    witness.public_key = (ProtobufCBinaryData){KEY_ED25519_PUBLIC_SIZE, made->witness_keys[i].public_key};
    STAGE(made, key_changed, KEY_CHANGED, &witness);
  }
  made->witness_seq = made->ledger_count;
}

// Odd verdicts release to lane 2 (social) without names and hold for lane 4 (police); even ones release to
// lane 1 only.
void made_define_verdict(struct made *made, uint32_t number) {
  Nav__V1__LaneVerdict first = NAV__V1__LANE_VERDICT__INIT;
  Nav__V1__LaneVerdict second = NAV__V1__LANE_VERDICT__INIT;
  Nav__V1__LaneVerdict *list[] = {&first, &second};
  first.has_lane = first.has_outcome = first.has_reveal = first.has_subjects = true;
  first.lane = number % 2 == 0 ? 1 : 2;
  first.outcome = NAV__V1__OUTCOME__OUTCOME_RELEASE;
  first.rule = made_text(number % 2 == 0 ? "incident-to-police" : "incident-to-social");
  first.basis = made_text(number % 2 == 0 ? "osl-10-2" : "sol-19-1");
  first.reveal = 1u << NAV__V1__SENSITIVITY__SENSITIVITY_OPEN | 1u << NAV__V1__SENSITIVITY__SENSITIVITY_PLACE;
  first.subjects = 1;
  second = first;
  second.lane = 4;
  second.outcome = NAV__V1__OUTCOME__OUTCOME_HOLD;
  second.rule = made_text("incident-held");
  second.basis = made_text("osl-10-18a");
  Nav__V1__VerdictDefined verdict = NAV__V1__VERDICT_DEFINED__INIT;
  uint8_t hash[NAV_SHA256_SIZE];
  memset(hash, 7, sizeof hash);
  verdict.has_number = verdict.has_rules_hash = true;
  verdict.number = number;
  verdict.rules_hash = (ProtobufCBinaryData){sizeof hash, hash};
  verdict.n_lanes = number % 2 == 0 ? 1 : 2;
  verdict.lanes = list;
  STAGE(made, verdict_defined, VERDICT_DEFINED, &verdict);
}
