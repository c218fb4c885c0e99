/* SPDX-License-Identifier: MIT */
#include "schedule_bench.h"

static void comments_of_one_order_go_one_by_one_as_they_came(void **state)
{
	struct bench *b = *state;
	grow_batches(b);
	for (uint32_t i = 1; i <= 3; i++)
		add(b, i, 42);
	for (uint32_t i = 1; i <= 3; i++) {
		assert_int_equal(next(b), TASK_POST);
		assert_int_equal(b->task.count, 1);
		assert_int_equal(b->task.refs[0].index, i);
		answer(b, ANSWER_RESULTS, BLAME_NONE);
	}
	assert_idle(b);
}

static void batches_double_while_the_shop_is_quick(void **state)
{
	struct bench *b = *state;
	add_many(b, 1, 15);
	for (size_t size = 1; size <= 8; size *= 2) {
		assert_int_equal(next(b), TASK_POST);
		assert_int_equal(b->task.count, size);
		answer(b, ANSWER_RESULTS, BLAME_NONE);
	}
}

static void batches_shrink_when_the_shop_is_slow(void **state)
{
	struct bench *b = *state;
	grow_batches(b);
	add_many(b, 1, 600);
	assert_int_equal(next(b), TASK_POST);
	assert_int_equal(b->task.count, 500);
	report(b, (struct task_report){ANSWER_RESULTS, BLAME_NONE, false, -1,
			  50 * MSEC_SECOND, b->results});
	assert_int_equal(next(b), TASK_POST);
	assert_int_equal(b->task.count, 50);
}

static void a_batch_stays_within_its_bytes_and_a_larger_comment_goes_alone(void **state)
{
	struct bench *b = *state;
	grow_batches(b);
	b->policy.batch_bytes = 2000;
	set_policy(b);
	static const size_t bytes[] = {900, 900, 900, 5000, 100};
	for (uint32_t i = 0; i < 5; i++) {
		struct schedule_item item = comment_of(b, i, i);
		item.bytes = bytes[i];
		schedule_add(b->s, &item, b->now);
	}
	static const size_t counts[] = {2, 1, 1, 1};
	static const size_t sums[] = {1800, 900, 5000, 100};
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(next(b), TASK_POST);
		assert_int_equal(b->task.count, counts[i]);
		assert_int_equal(b->task.bytes, sums[i]);
		answer(b, ANSWER_RESULTS, BLAME_NONE);
	}
}

static void one_number_is_never_under_way_twice_over_all_sites_of_a_shop(void **state)
{
	struct bench *b = *state;
	struct schedule *other = schedule_new(&b->policy, b->shop, 8, b->now);
	struct schedule_item item = comment_of(b, 1, 1);
	schedule_add(b->s, &item, b->now);
	item.order = 2;
	schedule_add(other, &item, b->now);

	assert_int_equal(next(b), TASK_POST);
	struct task task;
	schedule_next(other, b->now, &task);
	assert_int_equal(task.kind, TASK_NONE);
	assert_int_equal(task.ask_again, MSEC_NEVER);
	answer(b, ANSWER_RESULTS, BLAME_NONE);
	schedule_next(other, b->now, &task);
	assert_int_equal(task.kind, TASK_POST);
	schedule_free(other);
}

static void the_same_number_in_two_orders_never_shares_a_batch(void **state)
{
	struct bench *b = *state;
	grow_batches(b);
	add(b, 1, 1);
	struct schedule_item same = comment_of(b, 1, 2);
	schedule_add(b->s, &same, b->now);
	assert_int_equal(next(b), TASK_POST);
	assert_int_equal(b->task.count, 1);
	answer(b, ANSWER_RESULTS, BLAME_NONE);
	deliver(b);
}

static void a_number_the_shop_has_is_already_there_unless_we_posted_it(void **state)
{
	struct bench *b = *state;
	b->results[0] = RESULT_KNOWN;
	add(b, 1, 1);
	deliver(b);
	assert_int_equal(b->last.outcome, OUTCOME_ALREADY);
	struct schedule_item item = comment_of(b, 2, 2);
	item.was_posted = true;
	schedule_add(b->s, &item, b->now);
	deliver(b);
	assert_int_equal(b->last.outcome, OUTCOME_DELIVERED);
}

/* It was posted, and then taken out of sending/ and dropped again. */
static void a_number_that_was_in_doubt_is_ours_whatever_brings_it(void **state)
{
	struct bench *b = *state;
	b->results[0] = RESULT_KNOWN;
	shop_doubt(b->shop, 42, 1, b->now + 5000);
	add(b, 1, 42);
	wait_told(b);
	deliver(b);
	assert_int_equal(b->last.outcome, OUTCOME_DELIVERED);
	add(b, 2, 42);
	assert_int_equal(next(b), TASK_POST);
	shop_doubt(b->shop, 43, 3, b->now + 5000);
	b->now += 5000;
	add(b, 3, 43);
	answer(b, ANSWER_RESULTS, BLAME_NONE);
	deliver(b);
	assert_int_equal(b->last.index, 3);
	assert_int_equal(b->last.outcome, OUTCOME_DELIVERED);
}

static void a_comment_in_doubt_waits_and_its_order_with_it(void **state)
{
	struct bench *b = *state;
	add(b, 1, 42);
	add(b, 2, 42);
	add(b, 3, 43);
	post(b, ANSWER_UNKNOWN, BLAME_NONE);
	assert_int_equal(b->last.outcome, OUTCOME_UNKNOWN);
	assert_int_equal(b->last.due, b->now + 10 * MSEC_MINUTE);
	msec_t due = b->last.due;
	assert_int_equal(hold_of(b), HOLD_UNCLEAR);
	wait_told(b);
	probe(b, ANSWER_RESULTS);
	assert_int_equal(hold_of(b), HOLD_NONE);
	deliver(b);
	assert_int_equal(b->last.index, 3);
	wait_told(b);
	assert_int_equal(b->now, due);
	deliver(b);
	assert_int_equal(b->last.index, 1);
}

static void a_doubt_of_an_earlier_run_holds_whatever_brings_the_comment(void **state)
{
	struct bench *b = *state;
	shop_doubt(b->shop, 42, 1, b->now + 5000);
	add(b, 1, 99); /* its number */
	add(b, 2, 42); /* its order */
	wait_told(b);
	deliver(b);
	deliver(b);
}

static void results_that_do_not_pair_make_their_comments_go_one_by_one(void **state)
{
	struct bench *b = *state;
	grow_batches(b);
	add_many(b, 1, 10);
	assert_int_equal(next(b), TASK_POST);
	report(b, (struct task_report){ANSWER_UNKNOWN, BLAME_NONE, true, -1, 50, NULL});
	assert_int_equal(b->decided, 10);
	wait_told(b);
	probe(b, ANSWER_RESULTS);
	wait_told(b);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(next(b), TASK_POST);
		assert_int_equal(b->task.count, 1);
		answer(b, ANSWER_RESULTS, BLAME_NONE);
	}
}

static void comments_go_at_ticks_and_the_first_at_once(void **state)
{
	struct bench *b = *state;
	b->policy.interval = 10 * MSEC_MINUTE;
	set_policy(b);
	msec_t began = b->now;
	add(b, 1, 1);
	deliver(b);
	b->now += MSEC_MINUTE;
	add(b, 2, 2);
	add(b, 3, 2);
	wait_told(b);
	assert_int_equal(b->now, began + 10 * MSEC_MINUTE);
	deliver(b);
	deliver(b);
	b->now += 15 * MSEC_MINUTE;
	add(b, 4, 4);
	wait_told(b);
	assert_int_equal(b->now, began + 30 * MSEC_MINUTE);
	deliver(b);
	b->now++;
	add(b, 5, 5);
	assert_int_equal(next(b), TASK_NONE);
	b->policy.interval = 0;
	set_policy(b);
	deliver(b);
}

static void connections_are_used_and_not_exceeded(void **state)
{
	struct bench *b = *state;
	b->policy.connections = 3;
	set_policy(b);
	add_many(b, 1, 5);
	for (int i = 0; i < 3; i++)
		assert_int_equal(next(b), TASK_POST);
	uint64_t last = b->task.number;
	assert_idle(b);
	b->task.number = last;
	answer(b, ANSWER_RESULTS, BLAME_NONE);
	assert_int_equal(next(b), TASK_POST);
}

static void nothing_is_given_up_by_default_and_what_is_old_if_asked(void **state)
{
	struct bench *b = *state;
	add(b, 1, 1);
	post(b, ANSWER_NOTHING, BLAME_NONE);
	b->now += 1000 * MSEC_HOUR; /* asleep */
	probe(b, ANSWER_NOTHING);
	b->policy.give_up = 1001 * MSEC_HOUR;
	set_policy(b);
	msec_t began = b->now;
	probe(b, ANSWER_NOTHING); /* a new policy: the shop is asked at once */
	while (!b->decided) {
		wait_told(b);
		if (next(b) == TASK_PROBE)
			answer(b, ANSWER_NOTHING, BLAME_NONE);
		else
			drain(b);
	}
	assert_in_range(b->now - began, MSEC_HOUR - 1000, MSEC_HOUR);
	assert_int_equal(b->last.cause, CAUSE_GAVE_UP);
	assert_int_equal(b->last.outcome, OUTCOME_REJECTED);
}

/* Its age was put out of sight when the rest of its file was given up. */
static void what_was_in_flight_then_is_given_up_when_it_comes_back(void **state)
{
	struct bench *b = *state;
	b->policy.give_up = MSEC_HOUR;
	set_policy(b);
	add(b, 1, 42);
	add(b, 2, 42);
	assert_int_equal(next(b), TASK_POST);
	uint64_t number = b->task.number;
	b->now += MSEC_HOUR;
	assert_int_equal(next(b), TASK_NONE);
	drain(b);
	assert_int_equal(b->decided, 1);
	assert_int_equal(b->last.index, 2);
	schedule_cancel(b->s, number);
	assert_int_equal(next(b), TASK_NONE);
	drain(b);
	assert_int_equal(b->decided, 2);
	assert_int_equal(b->last.index, 1);
	assert_int_equal(b->last.cause, CAUSE_GAVE_UP);
}

/* By an earlier run, and more than give_up ago. */
static void what_may_be_stored_yet_is_not_given_up(void **state)
{
	struct bench *b = *state;
	b->policy.give_up = MSEC_HOUR;
	set_policy(b);
	msec_t end = b->now + b->policy.unknown_wait;
	shop_doubt(b->shop, 42, 1, end);
	shop_doubt(b->shop, 42, 2, end);
	for (uint32_t i = 1; i <= 2; i++) {
		struct schedule_item item = comment_of(b, i, 42);
		item.was_posted = true;
		item.arrived = b->now - 2 * MSEC_HOUR;
		schedule_add(b->s, &item, b->now);
	}
	wait_told(b);
	assert_int_equal(b->now, end);
	assert_int_equal(next(b), TASK_NONE);
	drain(b);
	assert_int_equal(b->decided, 2);
	assert_int_equal(b->last.cause, CAUSE_GAVE_UP);
}

static void no_comment_goes_while_the_journal_is_not_trusted(void **state)
{
	struct bench *b = *state;
	msec_t until = b->now + 10 * MSEC_MINUTE;
	schedule_quiet_until(b->s, until);
	add(b, 1, 1);
	wait_told(b);
	assert_int_equal(b->now, until);
	deliver(b);
}

static void a_withdrawn_job_is_forgotten_but_for_what_is_under_way(void **state)
{
	struct bench *b = *state;
	int name = 0;
	struct schedule_item item = comment_of(b, 1, 42);
	item.job = &name;
	schedule_add(b->s, &item, b->now);
	item.id = item.index = 2;
	schedule_add(b->s, &item, b->now);
	add(b, 3, 42);
	assert_int_equal(next(b), TASK_POST);
	schedule_remove(b->s, &name);
	answer(b, ANSWER_NOTHING, BLAME_NONE);
	assert_int_equal(b->decided, 1);
	assert_ptr_equal(b->last.job, &name);
	wait_told(b);
	probe(b, ANSWER_RESULTS);
	deliver(b);
	assert_int_equal(b->last.index, 3);
	assert_idle(b);
}

static void a_cancelled_task_leaves_its_comments_as_they_were(void **state)
{
	struct bench *b = *state;
	add(b, 1, 1);
	add(b, 2, 2);
	assert_int_equal(next(b), TASK_POST);
	schedule_cancel(b->s, b->task.number);
	assert_false(schedule_decision(b->s, &b->last));
	deliver(b);
	assert_int_equal(b->last.index, 1);
	deliver(b);
	assert_idle(b);
}

static void what_is_put_off_waits_and_the_rest_of_its_task_goes(void **state)
{
	struct bench *b = *state;
	grow_batches(b);
	struct schedule_item item = comment_of(b, 1, 1);
	item.job = &item;
	schedule_add(b->s, &item, b->now);
	add(b, 2, 2);
	assert_int_equal(next(b), TASK_POST);
	assert_int_equal(b->task.count, 2);
	msec_t until = b->now + MSEC_MINUTE;
	schedule_put_off(b->s, b->task.number, &item, until);
	deliver(b);
	assert_int_equal(b->last.index, 2);
	wait_told(b);
	assert_int_equal(b->now, until);
	deliver(b);
	assert_int_equal(b->last.index, 1);
}

static void what_an_earlier_run_counted_and_awaited_goes_on(void **state)
{
	struct bench *b = *state;
	struct schedule_item item = comment_of(b, 1, 1);
	item.attempts = 4;
	item.not_before = b->now + 3 * MSEC_MINUTE;
	schedule_add(b->s, &item, b->now);
	add(b, 2, 2);
	deliver(b);
	assert_int_equal(b->last.index, 2);
	wait_told(b);
	assert_int_equal(b->now, item.not_before);
	break_once(b);
	assert_int_equal(b->last.cause, CAUSE_EXHAUSTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(comments_of_one_order_go_one_by_one_as_they_came),
		BENCH_TEST(batches_double_while_the_shop_is_quick),
		BENCH_TEST(batches_shrink_when_the_shop_is_slow),
		BENCH_TEST(
			a_batch_stays_within_its_bytes_and_a_larger_comment_goes_alone),
		BENCH_TEST(one_number_is_never_under_way_twice_over_all_sites_of_a_shop),
		BENCH_TEST(the_same_number_in_two_orders_never_shares_a_batch),
		BENCH_TEST(a_number_the_shop_has_is_already_there_unless_we_posted_it),
		BENCH_TEST(a_number_that_was_in_doubt_is_ours_whatever_brings_it),
		BENCH_TEST(a_comment_in_doubt_waits_and_its_order_with_it),
		BENCH_TEST(a_doubt_of_an_earlier_run_holds_whatever_brings_the_comment),
		BENCH_TEST(results_that_do_not_pair_make_their_comments_go_one_by_one),
		BENCH_TEST(comments_go_at_ticks_and_the_first_at_once),
		BENCH_TEST(connections_are_used_and_not_exceeded),
		BENCH_TEST(nothing_is_given_up_by_default_and_what_is_old_if_asked),
		BENCH_TEST(what_was_in_flight_then_is_given_up_when_it_comes_back),
		BENCH_TEST(what_may_be_stored_yet_is_not_given_up),
		BENCH_TEST(no_comment_goes_while_the_journal_is_not_trusted),
		BENCH_TEST(a_withdrawn_job_is_forgotten_but_for_what_is_under_way),
		BENCH_TEST(a_cancelled_task_leaves_its_comments_as_they_were),
		BENCH_TEST(what_is_put_off_waits_and_the_rest_of_its_task_goes),
		BENCH_TEST(what_an_earlier_run_counted_and_awaited_goes_on),
	};
	return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
