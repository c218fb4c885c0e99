/* SPDX-License-Identifier: MIT */
#include "core/history.h"

#include "history_bench.h"

static void an_empty_journal_says_nothing(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	history_finish(h);
	assert_true(history_ended_cleanly(h));
	assert_null(history_boot(h));
	assert_null(history_last_stamp(h));
	assert_null(history_claim(h, A));
	assert_null(history_next_claim(h, NULL));
	assert_int_equal(doubt_count(h), 0);
}

static void a_final_outcome_is_final(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	start(h, "b1", 1);
	read_valid(h, A);
	post(h, A, 1, "7");
	outcome(h, A, 1, "7", "delivered");
	start(h, "b2", 1);
	history_finish(h);
	const struct past_comment *c = only_comment(h, A);
	assert_string_equal(c->result, "delivered");
	assert_string_equal(c->order, "O");
	assert_string_equal(c->id, "7");
	assert_int_equal(c->attempts, 1);
	assert_int_equal(doubt_count(h), 0);
}

static void a_posting_of_the_last_run_begins_to_wait_now(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	start(h, "b1", 1);
	read_valid(h, A);
	post(h, A, 1, "7");
	history_finish(h);
	assert_string_equal(only_comment(h, A)->result, "unknown");
	assert_null(only_comment(h, A)->boot);
}

static void an_open_posting_waits_from_the_first_start_after_it(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	start(h, "b1", 1);
	read_valid(h, A);
	post(h, A, 1, "7");
	start(h, "b1", 1000);
	start(h, "b2", 20);
	history_finish(h);
	const struct past_comment *c = only_comment(h, A);
	assert_string_equal(c->result, "unknown");
	assert_int_equal(c->since, 1000);
	assert_string_equal(c->boot, "b1");
}

static void an_unknown_outcome_keeps_its_moment_over_restarts(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	start(h, "b1", 1);
	read_valid(h, A);
	post(h, A, 1, "7");
	outcome(h, A, 1, "7", "unknown");
	start(h, "b1", 1000);
	read_valid(h, A);
	start(h, "b2", 20);
	history_finish(h);
	assert_int_equal(only_comment(h, A)->since, 500);
	assert_string_equal(only_comment(h, A)->boot, "b1");
}

static void a_deferred_comment_keeps_its_attempts_while_it_is_posted_again(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	start(h, "b1", 1);
	read_valid(h, A);
	post(h, A, 1, "7");
	outcome(h, A, 1, "7", "deferred");
	post(h, A, 1, "7");
	history_finish(h);
	assert_string_equal(only_comment(h, A)->result, "unknown");
	assert_int_equal(only_comment(h, A)->attempts, 1);
}

static void a_result_of_a_later_gateway_counts_as_unknown(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	start(h, "b1", 1);
	outcome(h, A, 1, "7", "pondered");
	history_finish(h);
	assert_string_equal(only_comment(h, A)->result, "unknown");
}

static void comments_are_in_the_order_of_their_numbers(void **state)
{
	auto_history struct history *h = history_new();
	static const unsigned numbers[] = {3, 1, 4000000000U, 2};

	(void)state;
	start(h, "b1", 1);
	read_valid(h, A);
	for (size_t i = 0; i < COUNT(numbers); i++)
		post(h, A, numbers[i], "7");
	history_finish(h);
	const struct past_claim *past = history_claim(h, A);
	assert_int_equal(past->count, 4);
	for (size_t i = 1; i < past->count; i++)
		assert_true(past->comments[i - 1].number < past->comments[i].number);
}

static void each_reading_that_killed_the_gateway_is_counted(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	for (int i = 0; i < 3; i++) {
		start(h, "b1", i);
		FEED(h, .event = EVENT_READING, .claim = A, .drop = "a.xml");
	}
	history_finish(h);
	assert_int_equal(history_claim(h, A)->kills, 3);
}

static void a_reading_that_ended_or_was_stopped_killed_nothing(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	start(h, "b1", 1);
	FEED(h, .event = EVENT_READING, .claim = A, .drop = "a.xml");
	start(h, "b1", 2);
	FEED(h, .event = EVENT_READING, .claim = A, .drop = "a.xml");
	FEED(h, .event = EVENT_STOP);
	start(h, "b1", 3);
	history_finish(h);
	assert_int_equal(history_claim(h, A)->kills, 1);

	auto_history struct history *other = history_new();
	start(other, "b1", 1);
	FEED(other, .event = EVENT_READING, .claim = A, .drop = "a.xml");
	start(other, "b1", 2);
	read_valid(other, A);
	start(other, "b1", 3);
	history_finish(other);
	assert_int_equal(history_claim(other, A)->kills, 0);
}

static void a_claim_that_left_is_not_known(void **state)
{
	static const enum event events[] = {EVENT_WITHDRAWN, EVENT_RETURNED};

	(void)state;
	for (size_t i = 0; i < COUNT(events); i++) {
		auto_history struct history *h = history_new();
		start(h, "b1", 1);
		read_valid(h, A);
		leave(h, events[i], A);
		history_finish(h);
		assert_null(history_claim(h, A));
		assert_string_equal(history_last_stamp(h), A);
	}
}

static void doubts_outlive_their_claim(void **state)
{
	static const enum event events[] = {EVENT_WITHDRAWN, EVENT_SETTLED};

	(void)state;
	for (size_t i = 0; i < COUNT(events); i++) {
		auto_history struct history *h = history_new();
		start(h, "b1", 1);
		read_valid(h, A);
		post(h, A, 1, "7");
		outcome(h, A, 1, "7", "unknown");
		post(h, A, 2, "8");
		outcome(h, A, 2, "8", "delivered");
		leave(h, events[i], A);
		start(h, "b2", 9);
		history_finish(h);
		assert_string_equal(only_doubt(h)->id, "7");
		assert_string_equal(only_doubt(h)->boot, "b1");
		assert_int_equal(only_doubt(h)->since, 500);
	}
}

static void what_was_in_flight_when_its_claim_left_is_settled_by_its_outcome(void **state)
{
	static const struct {
		const char *result;
		size_t doubts;
	} cases[] = {{"delivered", 0}, {"already", 0}, {"rejected", 0}, {"deferred", 0},
		{"unknown", 1}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases) * 2; i++) {
		auto_history struct history *h = history_new();
		start(h, "b1", 1);
		read_valid(h, A);
		post(h, A, 1, "7");
		leave(h, i % 2 ? EVENT_WITHDRAWN : EVENT_SETTLED, A);
		outcome(h, A, 1, "7", cases[i / 2].result);
		start(h, "b1", 9000);
		history_finish(h);
		assert_int_equal(doubt_count(h), cases[i / 2].doubts);
		if (i % 2)
			assert_null(history_claim(h, A));
		if (cases[i / 2].doubts)
			assert_int_equal(only_doubt(h)->since, 500);
	}
}

static void a_final_outcome_of_another_claim_ends_a_doubt(void **state)
{
	static const struct {
		const char *id, *result;
		size_t doubts;
	} cases[] = {
		{"7", "delivered", 0},
		{"7", "already", 0},
		{"7", "rejected", 0},
		{"7", "deferred", 1},
		{"7", "unknown", 1},
		{"8", "delivered", 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		auto_history struct history *h = history_new();
		start(h, "b1", 1);
		read_valid(h, A);
		post(h, A, 1, "7");
		leave(h, EVENT_WITHDRAWN, A);
		start(h, "b1", 100);
		read_valid(h, B);
		post(h, B, 2, cases[i].id);
		outcome(h, B, 2, cases[i].id, cases[i].result);
		history_finish(h);
		assert_int_equal(doubt_count(h), cases[i].doubts);
		assert_string_equal(only_comment(h, B)->result, cases[i].result);
	}
}

static void only_the_shops_own_word_ends_a_doubt(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	start(h, "b1", 1);
	read_valid(h, A);
	post(h, A, 1, "7");
	leave(h, EVENT_WITHDRAWN, A);
	start(h, "b1", 100);
	read_valid(h, B);
	FEED(h, .event = EVENT_OUTCOME, .claim = B, .number = 2, .order = "O",
		.comment = "7", .result = "rejected", .cause = "give_up");
	history_finish(h);
	assert_int_equal(doubt_count(h), 1);
	assert_string_equal(only_comment(h, B)->result, "rejected");
}

static void a_quiet_is_known_to_have_lasted_by_later_lines_of_its_boot(void **state)
{
	static const struct {
		const char *next_boot;
		msec_t lasted;
	} cases[] = {{"b1", 250}, {"b2", 0}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		auto_history struct history *h = history_new();
		msec_t since = 0;
		msec_t lasted = 0;
		FEED(h, .event = EVENT_HOLD, .up = 100, .boot = "b1",
			.result = "power-loss");
		start(h, cases[i].next_boot, 110);
		FEED(h, .event = EVENT_OPEN, .up = 350);
		FEED(h, .event = EVENT_OPEN, .up = 200);
		history_finish(h);
		assert_string_equal(history_quiet(h, &since, &lasted), "b1");
		assert_int_equal(since, 100);
		assert_int_equal(lasted, cases[i].lasted);
	}
}

static void a_final_outcome_ends_a_doubt_even_if_its_claim_is_lost(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	start(h, "b1", 1);
	outcome(h, A, 1, "7", "unknown");
	leave(h, EVENT_WITHDRAWN, A);
	outcome(h, B, 1, "7", "delivered");
	history_finish(h);
	assert_int_equal(doubt_count(h), 0);
}

static void of_two_doubts_about_one_comment_the_longer_wait_is_kept(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		auto_history struct history *h = history_new();
		start(h, "b1", 1);
		post(h, A, 1, "7");
		outcome(h, A, 1, "7", "unknown");
		FEED(h, .event = EVENT_OUTCOME, .up = 800, .claim = B, .number = 1,
			.order = "O", .comment = "7", .result = "unknown");
		leave(h, EVENT_WITHDRAWN, i ? A : B);
		leave(h, EVENT_WITHDRAWN, i ? B : A);
		history_finish(h);
		assert_int_equal(only_doubt(h)->since, 800);
	}
}

/* Whichever leaves first: what is said of the second posting says nothing of the first.
 */
static void a_deferral_ends_no_doubt_but_that_of_its_own_posting(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		auto_history struct history *h = history_new();
		start(h, "b1", 1);
		post(h, A, 1, "7");
		outcome(h, A, 1, "7", "unknown");
		post(h, B, 1, "7");
		leave(h, EVENT_WITHDRAWN, i ? A : B);
		leave(h, EVENT_WITHDRAWN, i ? B : A);
		FEED(h, .event = EVENT_OUTCOME, .up = 800, .claim = B, .number = 1,
			.order = "O", .comment = "7", .result = "deferred");
		start(h, "b1", 9000);
		history_finish(h);
		assert_int_equal(only_doubt(h)->since, 800);
		assert_string_equal(only_doubt(h)->boot, "b1");
	}
}

static void a_claim_withdrawn_while_nothing_ran_leaves_its_doubts(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	start(h, "b1", 1);
	read_valid(h, A);
	post(h, A, 1, "7");
	read_valid(h, B);
	history_finish(h);
	assert_int_equal(doubt_count(h), 0);
	size_t count = 0;
	for (const struct past_claim *c = NULL; (c = history_next_claim(h, c));)
		count++;
	assert_int_equal(count, 2);
	history_withdraw(h, A);
	history_withdraw(h, "never seen");
	assert_null(history_claim(h, A));
	assert_string_equal(only_doubt(h)->id, "7");
	assert_null(only_doubt(h)->boot);
	assert_string_equal(history_next_claim(h, NULL)->stamp, B);
}

static void records_of_an_unknown_claim_are_kept_to_the_safe_side(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	for (enum event event = EVENT_START; event <= EVENT_CHECKPOINT_END; event++)
		FEED(h, .event = event, .claim = "?", .number = 1, .order = "O",
			.comment = "7", .result = "x", .to = "y");
	outcome(h, A, 1, "8", "delivered");
	post(h, B, 1, "9");
	history_finish(h);
	assert_string_equal(only_comment(h, A)->result, "delivered");
	assert_string_equal(only_comment(h, B)->result, "unknown");
	assert_string_equal(history_last_stamp(h), B);
}

static void torn_lines_are_counted_and_lose_nothing_else(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	start(h, "b1", 1);
	read_valid(h, A);
	assert_int_equal(history_feed(h, "{\"v\":1,\"t\"", 10), -EINVAL);
	assert_int_equal(history_feed(h, "\0\0\0\0", 4), -EINVAL);
	post(h, A, 1, "7");
	history_finish(h);
	assert_int_equal(history_bad_lines(h), 2);
	assert_string_equal(only_comment(h, A)->result, "unknown");
}

static void a_run_ended_cleanly_only_if_its_stop_is_the_last_line(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		auto_history struct history *h = history_new();
		start(h, "b1", 1);
		assert_false(history_ended_cleanly(h));
		FEED(h, .event = EVENT_STOP, .boot = "b1");
		if (i == 1)
			start(h, "b2", 1);
		if (i == 2)
			(void)history_feed(h, "{\"v\":1,", 7);
		history_finish(h);
		assert_int_equal(history_ended_cleanly(h), i == 0);
		assert_string_equal(history_boot(h), i == 1 ? "b2" : "b1");
	}
}

static void a_lost_start_shows_by_the_next_boot_that_is_told(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	start(h, "b1", 1);
	read_valid(h, A);
	post(h, A, 1, "7");
	FEED(h, .event = EVENT_STOP, .boot = "b2", .up = 300);
	history_finish(h);
	assert_string_equal(history_boot(h), "b2");
	assert_string_equal(only_comment(h, A)->boot, "b2");
	assert_int_equal(only_comment(h, A)->since, 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_journal_says_nothing),
		cmocka_unit_test(a_final_outcome_is_final),
		cmocka_unit_test(a_posting_of_the_last_run_begins_to_wait_now),
		cmocka_unit_test(an_open_posting_waits_from_the_first_start_after_it),
		cmocka_unit_test(an_unknown_outcome_keeps_its_moment_over_restarts),
		cmocka_unit_test(
			a_deferred_comment_keeps_its_attempts_while_it_is_posted_again),
		cmocka_unit_test(a_result_of_a_later_gateway_counts_as_unknown),
		cmocka_unit_test(comments_are_in_the_order_of_their_numbers),
		cmocka_unit_test(each_reading_that_killed_the_gateway_is_counted),
		cmocka_unit_test(a_reading_that_ended_or_was_stopped_killed_nothing),
		cmocka_unit_test(a_claim_that_left_is_not_known),
		cmocka_unit_test(doubts_outlive_their_claim),
		cmocka_unit_test(
			what_was_in_flight_when_its_claim_left_is_settled_by_its_outcome),
		cmocka_unit_test(a_final_outcome_of_another_claim_ends_a_doubt),
		cmocka_unit_test(only_the_shops_own_word_ends_a_doubt),
		cmocka_unit_test(
			a_quiet_is_known_to_have_lasted_by_later_lines_of_its_boot),
		cmocka_unit_test(a_final_outcome_ends_a_doubt_even_if_its_claim_is_lost),
		cmocka_unit_test(of_two_doubts_about_one_comment_the_longer_wait_is_kept),
		cmocka_unit_test(a_deferral_ends_no_doubt_but_that_of_its_own_posting),
		cmocka_unit_test(a_claim_withdrawn_while_nothing_ran_leaves_its_doubts),
		cmocka_unit_test(records_of_an_unknown_claim_are_kept_to_the_safe_side),
		cmocka_unit_test(torn_lines_are_counted_and_lose_nothing_else),
		cmocka_unit_test(a_run_ended_cleanly_only_if_its_stop_is_the_last_line),
		cmocka_unit_test(a_lost_start_shows_by_the_next_boot_that_is_told),
	};
	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
