// Tests of how the client takes the hub's rules; they are in sdk_test's list.
// Called by: sdk_test. Must never: reach into the client.
#ifndef NAV_TESTS_SDK_RULES_TEST_H
#define NAV_TESTS_SDK_RULES_TEST_H

void rules_come_in_parts_and_are_told_once(void **state);
void a_caller_that_wants_no_rules_asks_for_none(void **state);
void rules_that_change_midway_begin_anew(void **state);
void rules_with_a_wrong_signature_are_not_told(void **state);
void parts_out_of_order_end_the_session(void **state);

#endif
