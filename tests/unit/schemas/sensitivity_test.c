// The generated tables against what schemas/ says: every message of an event has classes, in the order of its
// fields.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "nav/v1/event.pb-c.h"
#include "nav/v1/ledger.pb-c.h"
#include "nav/v1/options.pb-c.h"
#include "schemas/enum_names.h"
#include "schemas/sensitivity.h"

static const struct nav_sensitivity *find(const ProtobufCMessageDescriptor *descriptor) {
  for (const struct nav_sensitivity *one = nav_sensitivities; one->descriptor != NULL; one++) {
    if (one->descriptor == descriptor) return one;
  }
  return NULL;
}

// Every message that an event is made of, each field with a class that exists.
static void check_content(const ProtobufCMessageDescriptor *descriptor, unsigned *messages) {
  const struct nav_sensitivity *table = find(descriptor);
  if (table == NULL || table->classes == NULL) fail_msg("%s has no classes", descriptor->name);
  (*messages)++;
  for (unsigned i = 0; i < descriptor->n_fields; i++) {
    if (table->classes[i] < 1 || table->classes[i] > NAV__V1__SENSITIVITY__SENSITIVITY_OFFENCE) {
      fail_msg("%s.%s has class %u", descriptor->name, descriptor->fields[i].name, table->classes[i]);
    }
    if (i > 0) assert_true(descriptor->fields[i].id > descriptor->fields[i - 1].id);
    if (descriptor->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
      check_content(descriptor->fields[i].descriptor, messages);
  }
}

static void every_field_of_an_event_has_a_class(void **state) {
  (void)state;
  unsigned messages = 0;
  check_content(&nav__v1__event__descriptor, &messages);
  assert_int_equal(messages, 1 + 33 + 4);  // the event, its bodies, Place, Position, Subject and Marks
}

static void the_order_is_that_of_the_descriptor(void **state) {
  (void)state;
  static const struct {
    const ProtobufCMessageDescriptor *descriptor;
    const char *field;
    int class;
  } cases[] = {
      {&nav__v1__subject__descriptor, "role", NAV__V1__SENSITIVITY__SENSITIVITY_OPEN},
      {&nav__v1__subject__descriptor, "personal_number", NAV__V1__SENSITIVITY__SENSITIVITY_IDENTITY},
      {&nav__v1__subject__descriptor, "telephone", NAV__V1__SENSITIVITY__SENSITIVITY_CONTACT},
      {&nav__v1__subject__descriptor, "home_address", NAV__V1__SENSITIVITY__SENSITIVITY_HOME},
      {&nav__v1__subject__descriptor, "pseudonym", NAV__V1__SENSITIVITY__SENSITIVITY_OPEN},
      {&nav__v1__place__descriptor, "dwelling", NAV__V1__SENSITIVITY__SENSITIVITY_HOME},
      {&nav__v1__place__descriptor, "address", NAV__V1__SENSITIVITY__SENSITIVITY_PLACE},
      {&nav__v1__concern_report__descriptor, "health_note", NAV__V1__SENSITIVITY__SENSITIVITY_HEALTH},
      {&nav__v1__crime_report__descriptor, "suspicion", NAV__V1__SENSITIVITY__SENSITIVITY_OFFENCE},
      {&nav__v1__citizen_report__descriptor, "description", NAV__V1__SENSITIVITY__SENSITIVITY_NARRATIVE},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(cases[i].descriptor, cases[i].field);
    assert_non_null(field);
    const struct nav_sensitivity *table = find(cases[i].descriptor);
    assert_int_equal(table->classes[field - cases[i].descriptor->fields], cases[i].class);
  }
}

static void the_protocols_own_messages_have_none(void **state) {
  (void)state;
  assert_non_null(find(&nav__v1__record__descriptor));
  assert_null(find(&nav__v1__record__descriptor)->classes);
  assert_null(find(&nav__v1__client_frame__descriptor)->classes);
}

static void every_enum_has_names(void **state) {
  (void)state;
  unsigned enums = 0;
  for (const struct nav_enum_names *one = nav_enum_names; one->descriptor != NULL; one++, enums++) {
    for (unsigned i = 0; i < one->descriptor->n_values; i++) {
      const char *full = one->descriptor->values[i].name;
      size_t tail = strlen(one->names[i]);
      assert_true(strlen(full) > tail);
      assert_int_equal(strcasecmp(full + strlen(full) - tail, one->names[i]), 0);
    }
  }
  assert_true(enums >= 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_field_of_an_event_has_a_class),
      cmocka_unit_test(the_order_is_that_of_the_descriptor),
      cmocka_unit_test(the_protocols_own_messages_have_none),
      cmocka_unit_test(every_enum_has_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
