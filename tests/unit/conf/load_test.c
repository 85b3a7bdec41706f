// What good files give: homes, defaults, connection strings, who is who; and that the files we ship load.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "hub/conf/agencies.h"
#include "hub/conf/agencies_write.h"
#include "hub/conf/nav.h"

static char folder[64];

static int make_folder(void **state) {
  (void)state;
  (void)snprintf(folder, sizeof folder, "/tmp/nav-load-XXXXXX");
  return mkdtemp(folder) != NULL ? 0 : -1;
}

static void path_of(char out[256], const char *name) { (void)snprintf(out, 256, "%s/%s", folder, name); }

static int remove_folder(void **state) {
  (void)state;
  static const char *const files[] = {"nav.yaml", "agencies.yaml", "keys/polisen.yaml",
                                      "it's a home/nav.yaml"};
  static const char *const folders[] = {"keys", "it's a home"};
  char path[256];
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    path_of(path, files[i]);
    (void)unlink(path);
  }
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
    path_of(path, folders[i]);
    (void)rmdir(path);
  }
  return rmdir(folder);
}

static void write_file(const char *name, const char *text) {
  char path[256];
  path_of(path, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

static const char least[] =
    "hub: nav.example.se\nendpoint: tcp://*:7700\n"
    "database: {core: \"host='{home}/pg' user=nav_core\", desk: host=/a, owner: dbname=x}\n";

static struct conf_nav *load_nav(const char *home) {
  struct conf_faults faults = {0};
  struct conf_nav *nav = conf_nav_load(home, &faults);
  conf_faults_print(&faults);
  assert_int_equal(faults.count, 0);
  assert_non_null(nav);
  return nav;
}

static void test_defaults(void **state) {
  (void)state;
  write_file("nav.yaml", least);
  struct conf_nav *nav = load_nav(folder);
  char path[256];
  assert_string_equal(nav->home, folder);
  assert_string_equal(nav->hub, "nav.example.se");
  assert_string_equal(nav->endpoint, "tcp://*:7700");
  path_of(path, "run/gate.sock");
  assert_string_equal(nav->gate_socket, path);
  path_of(path, "run/desk.sock");
  assert_string_equal(nav->desk_socket, path);
  path_of(path, "config");
  assert_string_equal(nav->config_folder, path);
  path_of(path, "buckets");
  assert_string_equal(nav->buckets_folder, path);
  assert_string_equal(nav->database_desk, "host=/a");
  assert_int_equal(nav->connections_max, 256);
  assert_int_equal(nav->frames_a_second_max, 2000);
  assert_int_equal(nav->rejections_a_minute_max, 60);
  assert_int_equal(nav->checkpoint_records, 4096);
  assert_int_equal(nav->checkpoint_ms, 60000);
  path_of(path, "state");
  assert_string_equal(nav->seen_folder, path);
  assert_null(nav->node);
  assert_int_equal(nav->lease_ms, 3000);
  assert_int_equal(nav->lease_starting_ms, 60000);
  assert_int_equal(nav->others_count, 0);
  conf_nav_free(nav);
  conf_nav_free(NULL);
}

static void test_what_is_set_is_kept(void **state) {
  (void)state;
  char text[1024];
  (void)snprintf(text, sizeof text,
                 "%ssockets: {gate: /run/nav/gate.sock}\nfolders: {keys: /etc/nav/keys, state: s}\n"
                 "limits: {connections: 12}\ncheckpoint: {records: 7, every: 2m}\n"
                 "standby: {node: nav-2, lease: 10s, others: [\"tcp://10.0.0.1:7700\", \"tcp://b:1\"]}\n",
                 least);
  write_file("nav.yaml", text);
  struct conf_nav *nav = load_nav(folder);
  char path[256];
  assert_string_equal(nav->gate_socket, "/run/nav/gate.sock");
  assert_string_equal(nav->keys_folder, "/etc/nav/keys");
  path_of(path, "s");
  assert_string_equal(nav->seen_folder, path);  // left out: as state
  assert_string_equal(nav->state_folder, path);
  assert_int_equal(nav->connections_max, 12);
  assert_int_equal(nav->checkpoint_records, 7);
  assert_int_equal(nav->checkpoint_ms, 120000);
  assert_string_equal(nav->node, "nav-2");
  assert_int_equal(nav->lease_ms, 10000);
  assert_int_equal(nav->others_count, 2);
  assert_string_equal(nav->others[1], "tcp://b:1");
  conf_nav_free(nav);
}

// libpq must read the home folder back whole, whatever stands in its name.
static void test_home_in_a_connection_string(void **state) {
  (void)state;
  char home[256], wanted[256];
  path_of(home, "it's a home");
  assert_int_equal(mkdir(home, 0700), 0);
  write_file("it's a home/nav.yaml", least);
  struct conf_nav *nav = load_nav(home);
  path_of(wanted, "it's a home/pg");
  PQconninfoOption *options = PQconninfoParse(nav->database_core, NULL);
  assert_non_null(options);
  bool seen = false;
  for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
    if (strcmp(option->keyword, "host") != 0) continue;
    assert_string_equal(option->val, wanted);
    seen = true;
  }
  assert_true(seen);
  PQconninfoFree(options);
  conf_nav_free(nav);
}

static void test_home_is_found(void **state) {
  (void)state;
  write_file("nav.yaml", least);
  assert_int_equal(setenv("NAV_HOME", folder, 1), 0);
  struct conf_nav *nav = load_nav(NULL);
  assert_string_equal(nav->home, folder);
  conf_nav_free(nav);
  assert_int_equal(unsetenv("NAV_HOME"), 0);
  struct conf_faults faults = {0};
  assert_null(conf_nav_load("/nowhere/at/all", &faults));
  assert_int_equal(faults.count, 1);
  assert_non_null(strstr(faults.items[0].hint, "NAV_HOME"));
  conf_faults_free(&faults);
}

static struct conf_agencies *load_agencies(const char *config_folder) {
  struct conf_faults faults = {0};
  struct conf_agencies *agencies = conf_agencies_load(config_folder, &faults);
  conf_faults_print(&faults);
  assert_int_equal(faults.count, 0);
  assert_non_null(agencies);
  return agencies;
}

static void test_agencies(void **state) {
  (void)state;
  char path[256];
  path_of(path, "keys");
  assert_int_equal(mkdir(path, 0700), 0);
  write_file("agencies.yaml",
             "agencies:\n"
             "  - {id: polisen, title: Polisen, kind: police, form: authority, secrecy: [osl-18-1], "
             "purposes: [sig, x],\n"
             "     assessors: [anna], on_call: RLC, areas: [bromma], groups: [g]}\n"
             "  - {id: skolan, title: Skolan, kind: school, form: authority}\n"
             "persons:\n"
             "  - {id: anna, title: Anna, agency: polisen, roles: [operator, assessor], system_user: root}\n"
             "  - {id: bo, title: Bo, agency: skolan, roles: [reader]}\n");
  write_file("keys/polisen.yaml",
             "curve: 0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20\n"
             "signing: ff02030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20\n");
  struct conf_agencies *agencies = load_agencies(folder);
  const struct conf_agency *polisen = conf_agency_find(agencies, "polisen");
  assert_non_null(polisen);
  assert_string_equal(polisen->kind, "police");
  assert_string_equal(polisen->on_call, "RLC");
  assert_int_equal(polisen->purposes_count, 2);
  assert_string_equal(polisen->purposes[1], "x");
  assert_string_equal(polisen->areas[0], "bromma");
  assert_true(polisen->has_keys);
  assert_int_equal(polisen->signing_key[0], 0xff);
  assert_ptr_equal(conf_agency_by_curve_key(agencies, polisen->curve_key), polisen);
  assert_null(conf_agency_by_curve_key(agencies, polisen->signing_key));
  // An agency without keys is nobody's, not even the one of all zeros.
  assert_false(conf_agency_find(agencies, "skolan")->has_keys);
  assert_null(conf_agency_by_curve_key(agencies, (const uint8_t[32]){0}));
  assert_null(conf_agency_find(agencies, "skola"));
  const struct conf_person *person = conf_person_by_uid(agencies, 0);
  assert_non_null(person);
  assert_string_equal(person->id, "anna");
  assert_int_equal(person->roles, CONF_ROLE_ASSESSOR | CONF_ROLE_OPERATOR);
  assert_null(conf_person_by_uid(agencies, 4242424));
  conf_agencies_free(agencies);
  conf_agencies_free(NULL);
}

// What adapters are sent: everything that rules go by, and nobody's name.
static void test_written_without_persons(void **state) {
  (void)state;
  struct nav_buffer out;
  nav_buffer_init(&out, 1 << 20);
  struct conf_agencies *agencies = load_agencies("config");
  agencies->agencies[0].title[0] = '"';
  agencies->agencies[0].title[1] = '\\';
  assert_true(conf_agencies_write(agencies, &out));
  write_file("agencies.yaml", nav_buffer_text(&out));
  struct conf_agencies *again = load_agencies(folder);
  assert_int_equal(again->agencies_count, agencies->agencies_count);
  assert_int_equal(again->persons_count, 0);
  for (size_t i = 0; i < agencies->agencies_count; i++) {
    const struct conf_agency *a = &agencies->agencies[i], *b = &again->agencies[i];
    assert_string_equal(a->id, b->id);
    assert_string_equal(a->title, b->title);
    assert_string_equal(a->kind, b->kind);
    assert_string_equal(a->form, b->form);
    assert_int_equal(a->secrecy_count, b->secrecy_count);
    assert_int_equal(a->groups_count, b->groups_count);
    assert_int_equal(a->areas_count, b->areas_count);
    assert_int_equal(a->purposes_count, b->purposes_count);
    for (size_t k = 0; k < a->purposes_count; k++) assert_string_equal(a->purposes[k], b->purposes[k]);
    assert_int_equal(b->assessors_count, 0);
    assert_null(b->on_call);
    assert_false(b->has_keys);
  }
  for (size_t i = 0; i < agencies->persons_count; i++)
    assert_null(strstr(nav_buffer_text(&out), agencies->persons[i].id));
  nav_buffer_free(&out);
  conf_agencies_free(again);
  conf_agencies_free(agencies);
}

static void test_shipped(void **state) {
  (void)state;
  struct conf_nav *nav = load_nav("config");
  assert_string_equal(nav->endpoint, "tcp://127.0.0.1:7700");
  assert_null(strstr(nav->database_core, "{home}"));
  conf_nav_free(nav);
  nav = load_nav("deploy/systemd");
  assert_string_equal(nav->gate_socket, "/run/nav/gate/gate.sock");
  conf_nav_free(nav);
  struct conf_agencies *agencies = load_agencies("config");
  static const char *const with_adapters[] = {"polisen", "socialtjansten", "skolan", "bostadsbolaget",
                                              "tycktill"};
  for (size_t i = 0; i < 5; i++) {
    const struct conf_agency *agency = conf_agency_find(agencies, with_adapters[i]);
    assert_non_null(agency);
    assert_string_equal(agency->purposes[0], "situation-picture");
    assert_int_not_equal(agency->assessors_count, 0);
  }
  unsigned roles = 0;
  for (size_t i = 0; i < agencies->persons_count; i++) {
    roles |= agencies->persons[i].roles;
    assert_null(agencies->persons[i].system_user);  // nobody gets a right by the name of their account
  }
  assert_int_equal(roles, 31);
  conf_agencies_free(agencies);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, make_folder, remove_folder)
  const struct CMUnitTest tests[] = {
      TEST(test_defaults),
      TEST(test_what_is_set_is_kept),
      TEST(test_home_in_a_connection_string),
      TEST(test_home_is_found),
      TEST(test_agencies),
      TEST(test_written_without_persons),
      TEST(test_shipped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
