// Tests of what hostile and slow parties do; they are in gate_test's list.
// Called by: gate_test. Must never: depend on the machine's speed for their verdict.
#ifndef NAV_TESTS_GATE_FLOOD_TEST_H
#define NAV_TESTS_GATE_FLOOD_TEST_H

void a_flood_of_unknown_keys_is_counted_not_told_one_by_one(void **state);
void a_flood_is_refused_and_delays_nobody_else(void **state);
void connections_past_the_limit_are_turned_away_until_some_go(void **state);
void connections_that_say_nothing_are_closed(void **state);
void one_address_cannot_take_every_place_at_the_door(void **state);
void a_message_without_end_is_cut_and_takes_no_memory(void **state);
void a_reader_that_stops_reading_delays_nobody_and_takes_no_memory(void **state);
void what_waits_for_a_reader_takes_no_time(void **state);
void an_agency_cannot_take_all_sessions(void **state);

#endif
