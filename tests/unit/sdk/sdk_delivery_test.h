// Tests of what the client does with deliveries; they are in sdk_test's list.
// Called by: sdk_test. Must never: reach into the client.
#ifndef NAV_TESTS_SDK_DELIVERY_TEST_H
#define NAV_TESTS_SDK_DELIVERY_TEST_H

void deliveries_come_and_are_acknowledged(void **state);
void nothing_is_acknowledged_before_it_is_durable(void **state);
void acknowledgements_are_few(void **state);
void a_delivery_that_cannot_be_stored_comes_again(void **state);
void repeats_of_what_is_stored_are_dropped_and_acknowledged(void **state);
void replays_are_passed_on_and_move_nothing(void **state);
void credit_is_never_overdrawn_and_flows_on(void **state);
void without_durability_credit_runs_out(void **state);
void caught_up_means_a_pong_after_the_last_delivery(void **state);
void an_event_that_cannot_be_read_is_refused_for_good(void **state);
void what_the_caller_refuses_is_sent_again(void **state);
void what_is_said_of_a_refusal_is_text_and_not_too_long(void **state);
void a_replay_is_asked_for_by_purpose(void **state);
void deliveries_of_an_unknown_lane_end_the_session(void **state);
void notices_are_passed_on(void **state);

#endif
