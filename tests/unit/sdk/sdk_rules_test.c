// See sdk_rules_test.h.
#include "tests/unit/sdk/sdk_rules_test.h"

#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/wire/message.h"
#include "tests/unit/sdk/fixture.h"

enum { PART = 48 * 1024, TEXT = 3 * PART + 17, PARTS_MAX = 8 };

static unsigned told;
static uint8_t told_hash, has_hash;
static size_t told_text;

static void on_rules(void *context, const Nav__V1__RulesBundle *bundle) {
  (void)context;
  told++;
  told_hash = bundle->hash.data[0];
  told_text = bundle->files[0]->text.len;
}

static bool on_rules_hash(void *context, uint8_t hash[NAV_SHA256_SIZE]) {
  (void)context;
  memset(hash, has_hash, NAV_SHA256_SIZE);
  return has_hash != 0;
}

static void begin(uint8_t has) {
  const struct nav_client_settings settings = fixture_settings(false);
  struct nav_client_events events = fixture_events();
  told = 0;
  has_hash = has;
  events.rules = on_rules;
  events.rules_hash = on_rules_hash;
  nav_client_free(f->client);
  f->client = nav_client_new(&settings, &events, &f->err);
  assert_non_null(f->client);
  UNTIL(nav_client_connected(f->client));
}

static struct nav_buffer encode(uint8_t byte) {
  static uint8_t text[TEXT];
  uint8_t hash[NAV_SHA256_SIZE];
  memset(hash, byte, sizeof hash);
  memset(text, 'r', sizeof text);
  Nav__V1__RulesBundleFile file = NAV__V1__RULES_BUNDLE_FILE__INIT, *files[] = {&file};
  Nav__V1__RulesBundle bundle = NAV__V1__RULES_BUNDLE__INIT;
  bundle.has_hash = file.has_text = true;
  bundle.hash = (ProtobufCBinaryData){sizeof hash, hash};
  file.name = (char *)(uintptr_t) "law.yaml";
  file.text = (ProtobufCBinaryData){sizeof text, text};
  bundle.files = files;
  bundle.n_files = 1;
  struct nav_buffer out;
  nav_buffer_init(&out, TEXT + 1024);
  assert_true(wire_encode(&bundle, &out));
  return out;
}

// Sends parts from up to but not including to, of the bundle with that hash. spoil: the signature is
// another's.
static void send_parts(uint8_t byte, uint32_t from, uint32_t to, bool spoil) {
  struct nav_buffer bytes = encode(byte);
  uint8_t hash[NAV_SHA256_SIZE], signature[KEY_SIGNATURE_SIZE];
  uint32_t count = (uint32_t)((bytes.length + PART - 1) / PART);
  memset(hash, byte, sizeof hash);
  keys_sign_rules(signature, &f->hub.session_key, f->hub.log_id, bytes.data, bytes.length);
  if (spoil) signature[0] ^= 1;
  assert_true(count <= PARTS_MAX);
  for (uint32_t i = from; i < to && i < count; i++) {
    size_t left = bytes.length - (size_t)i * PART;
    Nav__V1__RulesPart part = NAV__V1__RULES_PART__INIT;
    part.has_hash = part.has_index = part.has_count = part.has_bytes = true;
    part.hash = (ProtobufCBinaryData){sizeof hash, hash};
    part.index = i;
    part.count = count;
    part.bytes = (ProtobufCBinaryData){left < PART ? left : PART, bytes.data + (size_t)i * PART};
    part.has_signature = i + 1 == count;
    part.signature = (ProtobufCBinaryData){sizeof signature, signature};
    Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
    frame.frame_case = NAV__V1__HUB_FRAME__FRAME_RULES;
    frame.rules = &part;
    hub_send(&f->hub, &frame);
  }
  nav_buffer_free(&bytes);
}

void rules_come_in_parts_and_are_told_once(void **state) {
  (void)state;
  begin(0);
  assert_true(f->hub.wants_rules);
  assert_int_equal(f->hub.rules_hash_length, 0);
  send_parts(5, 0, PARTS_MAX, false);
  UNTIL(told == 1);
  assert_int_equal(told_hash, 5);
  assert_int_equal(told_text, TEXT);
  send_parts(6, 0, PARTS_MAX, false);
  UNTIL(told == 2);
  assert_int_equal(told_hash, 6);
  begin(6);
  assert_int_equal(f->hub.rules_hash_length, NAV_SHA256_SIZE);
}

void a_caller_that_wants_no_rules_asks_for_none(void **state) {
  (void)state;
  UNTIL(nav_client_connected(f->client));
  assert_false(f->hub.wants_rules);
}

void rules_that_change_midway_begin_anew(void **state) {
  (void)state;
  begin(0);
  unsigned hellos = f->hub.hellos;
  send_parts(5, 0, 2, false);
  send_parts(6, 0, PARTS_MAX, false);
  UNTIL(told == 1);
  assert_int_equal(told_hash, 6);
  assert_int_equal(f->hub.hellos, hellos);
}

void rules_with_a_wrong_signature_are_not_told(void **state) {
  (void)state;
  begin(0);
  unsigned hellos = f->hub.hellos;
  send_parts(5, 0, PARTS_MAX, true);
  UNTIL(f->hub.hellos > hellos);
  assert_int_equal(told, 0);
}

void parts_out_of_order_end_the_session(void **state) {
  (void)state;
  begin(0);
  unsigned hellos = f->hub.hellos;
  send_parts(5, 0, 1, false);
  send_parts(5, 2, PARTS_MAX, false);
  UNTIL(f->hub.hellos > hellos);
  assert_int_equal(told, 0);
}
