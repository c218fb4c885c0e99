/* SPDX-License-Identifier: MIT
 *
 * What a run learned of its shop, and of a comment, goes on in the next one.
 */
#include "schedule_bench.h"

static void resume(struct bench *b, struct schedule_past past)
{
	schedule_resume(b->s, &past, b->now);
}

/* Held for so long by then. */
static void resume_hold(struct bench *b, enum hold hold, msec_t lasted)
{
	resume(b, (struct schedule_past){.hold = hold, .held_since = b->now - lasted});
}

/* --- the hold --- */

static void a_hold_goes_on_and_the_shop_is_asked_at_once(void **state)
{
	struct bench *b = *state;
	resume_hold(b, HOLD_UNREACHABLE, MSEC_MINUTE);
	add_many(b, 1, 2);
	assert_int_equal(hold_of(b), HOLD_UNREACHABLE);
	probe(b, ANSWER_NOTHING);
	wait_told(b);
	probe(b, ANSWER_RESULTS);
	assert_int_equal(hold_of(b), HOLD_NONE);
	deliver(b);
}

static void intervals_go_on_from_what_the_hold_had_reached(void **state)
{
	struct bench *b = *state;
	resume_hold(b, HOLD_UNREACHABLE, MSEC_MINUTE);
	add_many(b, 1, 1);
	probe(b, ANSWER_NOTHING);
	assert_int_equal(next(b), TASK_NONE);
	assert_in_range(b->task.ask_again - b->now, MSEC_MINUTE / 2, MSEC_MINUTE);
}

static void the_time_that_the_shop_named_is_kept(void **state)
{
	struct bench *b = *state;
	resume(b, (struct schedule_past){
			  .hold = HOLD_UNREACHABLE,
			  .held_since = b->now,
			  .told = b->now + 20 * MSEC_MINUTE,
		  });
	add_many(b, 1, 1);
	assert_int_equal(next(b), TASK_NONE);
	assert_int_equal(b->task.ask_again, b->now + 20 * MSEC_MINUTE);
}

static void no_time_that_the_shop_named_is_later_than_an_hour(void **state)
{
	struct bench *b = *state;
	resume(b, (struct schedule_past){
			  .hold = HOLD_UNREACHABLE,
			  .held_since = b->now,
			  .told = b->now + 5 * MSEC_HOUR,
		  });
	add_many(b, 1, 1);
	assert_int_equal(next(b), TASK_NONE);
	assert_int_equal(b->task.ask_again, b->now + MSEC_HOUR);
}

static void a_time_that_is_over_is_none(void **state)
{
	struct bench *b = *state;
	resume(b, (struct schedule_past){
			  .hold = HOLD_UNREACHABLE,
			  .held_since = b->now - MSEC_HOUR,
			  .told = b->now - 1,
		  });
	add_many(b, 1, 1);
	probe(b, ANSWER_RESULTS);
}

/* Each run by --once may end with the first wait. */
static void a_shop_that_refuses_empty_requests_is_tried_with_a_comment_too(void **state)
{
	struct bench *b = *state;
	resume_hold(b, HOLD_REFUSING, b->policy.retry_max);
	add_many(b, 1, 1);
	probe(b, ANSWER_REFUSED);
	assert_int_equal(next(b), TASK_POST);
	assert_int_equal(b->task.count, 1);
	answer(b, ANSWER_RESULTS, BLAME_NONE);
	assert_int_equal(hold_of(b), HOLD_NONE);
}

static void a_run_asks_twice_at_most_before_it_waits(void **state)
{
	struct bench *b = *state;
	resume_hold(b, HOLD_REFUSING, b->policy.retry_max);
	add_many(b, 1, 2);
	probe(b, ANSWER_REFUSED);
	post(b, ANSWER_REFUSED, BLAME_NONE);
	wait_told(b);
}

/* One text that gets no answer whenever it is sent is no reason to hold a well shop. */
static void a_well_shop_is_opened_before_a_comment_in_doubt_is_risked(void **state)
{
	struct bench *b = *state;
	resume_hold(b, HOLD_UNCLEAR, b->policy.retry_max);
	struct schedule_item item = comment_of(b, 2, 2);
	item.was_posted = item.was_unknown = true;
	item.attempts = item.tries = item.cap = 1;
	item.not_before = b->now - 1;
	schedule_add(b->s, &item, b->now);
	add_many(b, 1, 1);
	probe(b, ANSWER_RESULTS);
	assert_int_equal(next(b), TASK_POST);
	assert_int_equal(b->task.refs[0].index, 1);
}

static void a_short_outage_is_probed_without_a_comment(void **state)
{
	struct bench *b = *state;
	resume_hold(b, HOLD_REFUSING, MSEC_SECOND);
	add_many(b, 1, 1);
	probe(b, ANSWER_RESULTS);
}

static void only_what_is_in_doubt_already_is_risked_when_nothing_is_clear(void **state)
{
	struct bench *b = *state;
	resume_hold(b, HOLD_UNCLEAR, b->policy.retry_max);
	add_many(b, 1, 1);
	struct schedule_item item = comment_of(b, 2, 2);
	item.was_posted = item.was_unknown = true;
	item.attempts = item.tries = item.cap = 1;
	schedule_add(b->s, &item, b->now);
	probe(b, ANSWER_UNKNOWN);
	assert_int_equal(next(b), TASK_POST);
	assert_int_equal(b->task.count, 1);
	assert_int_equal(b->task.refs[0].index, 2);
}

/* --- the series --- */

static void a_shop_that_stored_nothing_is_tried_with_one_comment(void **state)
{
	struct bench *b = *state;
	resume_hold(b, HOLD_STORES_NOTHING, MSEC_MINUTE);
	add_many(b, 1, 3);
	post(b, ANSWER_REFUSED, BLAME_REQUEST);
	assert_int_equal(hold_of(b), HOLD_STORES_NOTHING);
	assert_int_equal(b->last.outcome, OUTCOME_DEFERRED);
	assert_int_equal(b->last.attempts, 0);
	wait_told(b);
	deliver(b);
	assert_int_equal(hold_of(b), HOLD_NONE);
}

static struct schedule_past two_refused(void)
{
	return (struct schedule_past){.refused = {1001, 1002}, .refused_count = 2};
}

static void the_third_refused_in_succession_may_be_of_another_run(void **state)
{
	struct bench *b = *state;
	resume(b, two_refused());
	add_many(b, 1, 2);
	post(b, ANSWER_REFUSED, BLAME_REQUEST);
	probe(b, ANSWER_RESULTS);
	assert_int_equal(hold_of(b), HOLD_STORES_NOTHING);
	assert_false(b->last.is_refused);
}

static void one_that_is_in_the_series_is_no_third(void **state)
{
	struct bench *b = *state;
	resume(b, two_refused());
	add(b, 1002, 1);
	post(b, ANSWER_REFUSED, BLAME_REQUEST);
	probe(b, ANSWER_RESULTS);
	assert_int_equal(hold_of(b), HOLD_NONE);
	assert_int_equal(b->last.outcome, OUTCOME_REJECTED);
	assert_true(b->last.is_refused);
}

static void a_delivery_ends_the_series_of_an_earlier_run(void **state)
{
	struct bench *b = *state;
	resume(b, two_refused());
	add_many(b, 1, 2);
	deliver(b);
	post(b, ANSWER_REFUSED, BLAME_REQUEST);
	probe(b, ANSWER_RESULTS);
	assert_int_equal(hold_of(b), HOLD_NONE);
	assert_int_equal(b->last.outcome, OUTCOME_REJECTED);
}

/* --- a comment --- */

/* Tried once by a site that had stored 7 by then, with mail 3. */
static void add_tried(struct bench *b, bool mail)
{
	struct schedule_item item = comment_of(b, 1, 1);
	item.mail = mail;
	item.was_posted = item.was_deferred = true;
	item.attempts = item.tries = item.cap = 1;
	item.seen = mail ? 3 : 7;
	schedule_add(b->s, &item, b->now);
}

static void an_attempt_counts_if_another_run_delivered_meanwhile(void **state)
{
	struct bench *b = *state;
	resume(b, (struct schedule_past){.stored = 8, .stored_mail = 3});
	add_tried(b, false);
	break_once(b);
	assert_int_equal(b->last.outcome, OUTCOME_DEFERRED);
	assert_int_equal(b->last.attempts, 2);
	assert_int_equal(b->last.seen, 8);
}

static void no_attempt_counts_if_nothing_was_delivered_since(void **state)
{
	struct bench *b = *state;
	resume(b, (struct schedule_past){.stored = 7, .stored_mail = 3});
	add_tried(b, false);
	break_once(b);
	assert_int_equal(b->last.attempts, 1);
	assert_int_equal(b->last.tries, 2);
}

static void for_one_with_mail_only_deliveries_with_mail_count(void **state)
{
	struct bench *b = *state;
	resume(b, (struct schedule_past){.stored = 8, .stored_mail = 3});
	add_tried(b, true);
	break_once(b);
	assert_int_equal(b->last.attempts, 1);
}

static void what_the_state_tells_is_what_the_next_run_needs(void **state)
{
	struct bench *b = *state;
	struct schedule_state told;
	resume(b, (struct schedule_past){.stored = 7, .stored_mail = 3});
	struct schedule_item item = comment_of(b, 1, 1);
	item.mail = true;
	schedule_add(b->s, &item, b->now);
	add(b, 2, 2);
	deliver(b);
	deliver(b);
	schedule_state(b->s, &told);
	assert_int_equal(told.stored, 9);
	assert_int_equal(told.stored_mail, 4);
}

static void the_back_off_grows_over_runs(void **state)
{
	struct bench *b = *state;
	struct schedule_item item = comment_of(b, 1, 1);
	item.attempts = 1;
	item.tries = 3;
	schedule_add(b->s, &item, b->now);
	break_once(b);
	assert_in_range(b->last.due - b->now, 4 * MSEC_MINUTE, 8 * MSEC_MINUTE);
}

/* Or the first one in sending/ would be the probe of every run. */
static void who_was_tried_last_is_last_in_line(void **state)
{
	struct bench *b = *state;
	resume_hold(b, HOLD_STORES_NOTHING, MSEC_MINUTE);
	for (uint32_t i = 1; i <= 3; i++) {
		struct schedule_item item = comment_of(b, i, i);
		item.was_deferred = true;
		item.not_before = b->now - i;
		schedule_add(b->s, &item, b->now);
	}
	assert_int_equal(next(b), TASK_POST);
	assert_int_equal(b->task.refs[0].index, 3);
}

static void a_cap_goes_on(void **state)
{
	struct bench *b = *state;
	grow_batches(b);
	for (uint32_t i = 1; i <= 3; i++) {
		struct schedule_item item = comment_of(b, i, i);
		item.was_unknown = true;
		item.cap = 1;
		schedule_add(b->s, &item, b->now);
	}
	for (uint32_t i = 1; i <= 3; i++) {
		assert_int_equal(next(b), TASK_POST);
		assert_int_equal(b->task.count, 1);
		answer(b, ANSWER_RESULTS, BLAME_NONE);
	}
}

static void the_last_attempt_ends_with_its_doubt_in_whatever_run(void **state)
{
	struct bench *b = *state;
	for (int is_over = 0; is_over < 2; is_over++) {
		struct schedule_item item = comment_of(b, 1, 1);
		msec_t until = b->now + (is_over ? 0 : 5000);
		item.was_posted = item.was_unknown = true;
		item.attempts = item.tries = b->policy.max_attempts;
		shop_doubt(b->shop, item.order, item.id, until);
		b->decided = 0;
		schedule_add(b->s, &item, b->now);
		if (!is_over)
			wait_told(b);
		assert_int_equal(next(b), TASK_NONE);
		drain(b);
		assert_int_equal(b->decided, 1);
		assert_int_equal(b->now, until);
		assert_int_equal(b->last.outcome, OUTCOME_REJECTED);
		assert_int_equal(b->last.cause, CAUSE_EXHAUSTED);
	}
}

static void a_wait_that_is_not_over_goes_on(void **state)
{
	struct bench *b = *state;
	struct schedule_item item = comment_of(b, 1, 1);
	item.was_deferred = true;
	item.tries = 1;
	item.not_before = b->now + 5000;
	schedule_add(b->s, &item, b->now);
	assert_int_equal(next(b), TASK_NONE);
	assert_int_equal(b->task.ask_again, item.not_before);
}

/* Else it would meet the opening of the site in each run, and close it again. */
static void one_that_met_trouble_before_stands_back_when_it_meets_it_alone(void **state)
{
	struct bench *b = *state;
	struct schedule_item item = comment_of(b, 1, 1);
	item.was_deferred = true;
	schedule_add(b->s, &item, b->now);
	post(b, ANSWER_NOTHING, BLAME_NONE);
	assert_int_equal(b->last.outcome, OUTCOME_DEFERRED);
	assert_true(b->last.due >= b->now + SCHEDULE_POISON_WAIT / 2);
	assert_int_equal(b->last.attempts, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(a_hold_goes_on_and_the_shop_is_asked_at_once),
		BENCH_TEST(intervals_go_on_from_what_the_hold_had_reached),
		BENCH_TEST(the_time_that_the_shop_named_is_kept),
		BENCH_TEST(no_time_that_the_shop_named_is_later_than_an_hour),
		BENCH_TEST(a_time_that_is_over_is_none),
		BENCH_TEST(
			a_shop_that_refuses_empty_requests_is_tried_with_a_comment_too),
		BENCH_TEST(a_run_asks_twice_at_most_before_it_waits),
		BENCH_TEST(a_well_shop_is_opened_before_a_comment_in_doubt_is_risked),
		BENCH_TEST(a_short_outage_is_probed_without_a_comment),
		BENCH_TEST(only_what_is_in_doubt_already_is_risked_when_nothing_is_clear),
		BENCH_TEST(a_shop_that_stored_nothing_is_tried_with_one_comment),
		BENCH_TEST(the_third_refused_in_succession_may_be_of_another_run),
		BENCH_TEST(one_that_is_in_the_series_is_no_third),
		BENCH_TEST(a_delivery_ends_the_series_of_an_earlier_run),
		BENCH_TEST(an_attempt_counts_if_another_run_delivered_meanwhile),
		BENCH_TEST(no_attempt_counts_if_nothing_was_delivered_since),
		BENCH_TEST(for_one_with_mail_only_deliveries_with_mail_count),
		BENCH_TEST(what_the_state_tells_is_what_the_next_run_needs),
		BENCH_TEST(the_back_off_grows_over_runs),
		BENCH_TEST(who_was_tried_last_is_last_in_line),
		BENCH_TEST(a_cap_goes_on),
		BENCH_TEST(the_last_attempt_ends_with_its_doubt_in_whatever_run),
		BENCH_TEST(a_wait_that_is_not_over_goes_on),
		BENCH_TEST(
			one_that_met_trouble_before_stands_back_when_it_meets_it_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
