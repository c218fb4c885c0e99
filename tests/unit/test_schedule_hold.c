/* SPDX-License-Identifier: MIT */
#include "schedule_bench.h"

static void trouble_holds_the_site_and_the_first_good_probe_opens_it(void **state)
{
	struct bench *b = *state;
	grow_batches(b);
	add_many(b, 1, 20);
	post(b, ANSWER_NOTHING, BLAME_NONE);
	assert_int_equal(b->decided, 20);
	assert_int_equal(b->last.outcome, OUTCOME_DEFERRED);
	assert_int_equal(b->last.attempts, 0);
	assert_int_equal(hold_of(b), HOLD_UNREACHABLE);
	wait_told(b);
	probe(b, ANSWER_RESULTS);
	assert_int_equal(hold_of(b), HOLD_NONE);
	assert_int_equal(next(b), TASK_POST);
	assert_int_equal(b->task.count, 1); /* batches start at one again */
}

static void probes_come_at_growing_intervals_and_new_comments_change_nothing(void **state)
{
	struct bench *b = *state;
	add(b, 1, 1);
	post(b, ANSWER_NOTHING, BLAME_NONE);
	msec_t most = MSEC_SECOND;
	for (uint32_t i = 0; i < 14; i++) {
		msec_t asked = b->now;
		add(b, 10 + i, 10 + i);
		wait_told(b);
		assert_in_range(b->now - asked, most / 2, most);
		probe(b, ANSWER_NOTHING);
		most = msec_min(2 * most, 10 * MSEC_MINUTE);
	}
}

static void an_outage_costs_few_probes(void **state)
{
	struct bench *b = *state;
	add(b, 1, 1);
	post(b, ANSWER_NOTHING, BLAME_NONE);
	msec_t began = b->now;
	msec_t probes = 0;
	for (; b->now < began + 10 * MSEC_HOUR; probes++) {
		wait_told(b);
		probe(b, ANSWER_NOTHING);
		assert_true(probes + 1 <= 11 + (b->now - began) / (5 * MSEC_MINUTE));
	}
}

static void a_shop_that_fails_after_each_good_probe_is_asked_no_more_often(void **state)
{
	struct bench *b = *state;
	add_many(b, 1, 200);
	msec_t began = b->now;
	msec_t posts = 0;
	for (; b->now < began + MSEC_HOUR; posts++) {
		post(b, ANSWER_NOTHING, BLAME_NONE);
		wait_told(b);
		probe(b, ANSWER_RESULTS);
	}
	assert_true(posts <= 11 + 12);
}

static void an_outage_long_after_another_begins_with_short_intervals(void **state)
{
	struct bench *b = *state;
	add(b, 1, 1);
	post(b, ANSWER_NOTHING, BLAME_NONE);
	schedule_remove(b->s, b);
	for (int i = 0; i < 12; i++) {
		wait_told(b);
		probe(b, i < 11 ? ANSWER_NOTHING : ANSWER_RESULTS);
	}
	b->now += MSEC_HOUR;
	add(b, 2, 2);
	post(b, ANSWER_NOTHING, BLAME_NONE);
	msec_t held = b->now;
	wait_told(b);
	assert_true(b->now - held <= MSEC_SECOND);
}

static void the_shop_may_name_the_time_up_to_an_hour(void **state)
{
	struct bench *b = *state;
	add(b, 1, 1);
	assert_int_equal(next(b), TASK_POST);
	msec_t asked = b->now;
	report(b,
		(struct task_report){ANSWER_NOTHING, BLAME_NONE, false, 7000, 50, NULL});
	wait_told(b);
	assert_int_equal(b->now - asked, 7000);
	assert_int_equal(next(b), TASK_PROBE);
	asked = b->now;
	report(b, (struct task_report){
			  ANSWER_UNKNOWN, BLAME_NONE, false, 50 * MSEC_HOUR, 50, NULL});
	wait_told(b);
	assert_int_equal(b->now - asked, MSEC_HOUR);
}

static void probe_blamed(struct bench *b, enum blame blame)
{
	assert_int_equal(next(b), TASK_PROBE);
	answer(b, ANSWER_REFUSED, blame);
}

static void a_key_that_is_not_taken_holds_at_once(void **state)
{
	struct bench *b = *state;
	add(b, 1, 1);
	post(b, ANSWER_REFUSED, BLAME_KEY);
	assert_int_equal(b->last.outcome, OUTCOME_DEFERRED);
	probe_blamed(b, BLAME_KEY);
	assert_int_equal(hold_of(b), HOLD_KEY);
	wait_told(b);
	probe_blamed(b, BLAME_WEBSITE);
	assert_int_equal(hold_of(b), HOLD_WEBSITE);
	wait_told(b);
	probe(b, ANSWER_RESULTS);
	deliver(b);
	assert_int_equal(b->last.attempts, 0);
}

/* A shop that breaks on a text may quote it, whatever it holds. */
static void a_comment_that_the_probe_contradicts_is_at_fault(void **state)
{
	static const enum blame blames[] = {BLAME_KEY, BLAME_WEBSITE};
	struct bench *b = *state;
	add(b, 1, 1);
	for (uint32_t i = 0; i < 5; i++) {
		post(b, ANSWER_REFUSED, blames[i % 2]);
		assert_int_equal(hold_of(b), HOLD_NONE);
		probe(b, ANSWER_RESULTS);
		assert_int_equal(b->last.attempts, i + 1);
		if (i == 4)
			break;
		assert_in_range(b->last.due - b->now, MSEC_MINUTE / 2, 10 * MSEC_MINUTE);
		add(b, 10 + i, 10 + i);
		deliver(b);
		wait_told(b);
	}
	assert_int_equal(b->last.outcome, OUTCOME_REJECTED);
	assert_int_equal(b->last.cause, CAUSE_EXHAUSTED);
	assert_idle(b);
}

static void a_refusal_with_a_bad_probe_is_the_shops_fault(void **state)
{
	struct bench *b = *state;
	add(b, 1, 1);
	post(b, ANSWER_REFUSED, BLAME_REQUEST);
	assert_int_equal(hold_of(b), HOLD_NONE);
	probe(b, ANSWER_REFUSED);
	assert_int_equal(b->decided, 0);
	assert_int_equal(hold_of(b), HOLD_REFUSING);
	wait_told(b);
	probe(b, ANSWER_RESULTS);
	deliver(b);
	assert_int_equal(b->last.attempts, 0);
}

static void a_comment_refused_alone_with_a_good_probe_is_rejected(void **state)
{
	struct bench *b = *state;
	add(b, 1, 1);
	post(b, ANSWER_REFUSED, BLAME_REQUEST);
	assert_int_equal(b->last.outcome, OUTCOME_DEFERRED);
	probe(b, ANSWER_RESULTS);
	assert_int_equal(b->decided, 1);
	assert_int_equal(b->last.outcome, OUTCOME_REJECTED);
	assert_int_equal(b->last.cause, CAUSE_ANSWER);
	assert_idle(b);
}

static void a_comment_the_shop_breaks_on_is_deferred_for_about_a_minute(void **state)
{
	struct bench *b = *state;
	add(b, 1, 1);
	post(b, ANSWER_REFUSED, BLAME_NONE);
	probe(b, ANSWER_RESULTS);
	assert_int_equal(b->last.outcome, OUTCOME_DEFERRED);
	assert_int_equal(b->last.attempts, 1);
	assert_in_range(b->last.due - b->now, MSEC_MINUTE / 2, MSEC_MINUTE);
	wait_told(b);
	deliver(b);
}

static void an_attempt_counts_only_if_others_were_stored_meanwhile(void **state)
{
	struct bench *b = *state;
	struct schedule_item item = comment_of(b, 1, 1);
	item.mail = true;
	schedule_add(b->s, &item, b->now);
	break_once(b);
	assert_int_equal(b->last.attempts, 1);
	wait_told(b);
	break_once(b);
	assert_int_equal(b->last.attempts, 1);

	add(b, 2, 2); /* without mail: proves nothing about one with it */
	deliver(b);
	wait_told(b);
	break_once(b);
	assert_int_equal(b->last.attempts, 1);

	item = comment_of(b, 3, 3);
	item.mail = true;
	schedule_add(b->s, &item, b->now);
	deliver(b);
	wait_told(b);
	break_once(b);
	assert_int_equal(b->last.attempts, 2);
}

/* Else a restart would forget the doubt, for what is rejected is in no doubt. */
static void a_last_attempt_that_is_unknown_ends_with_its_doubt(void **state)
{
	struct bench *b = *state;
	b->policy.max_attempts = 1;
	set_policy(b);
	add(b, 1, 1);
	msec_t until = b->now + b->policy.unknown_wait;
	post(b, ANSWER_UNKNOWN, BLAME_NONE);
	assert_int_equal(b->last.outcome, OUTCOME_UNKNOWN);
	assert_int_equal(b->last.due, until);
	wait_told(b);
	probe(b, ANSWER_RESULTS);
	assert_int_equal(hold_of(b), HOLD_NONE);
	b->decided = 0;
	wait_told(b);
	assert_int_equal(b->now, until);
	assert_idle(b);
	drain(b);
	assert_int_equal(b->decided, 1);
	assert_int_equal(b->last.outcome, OUTCOME_REJECTED);
	assert_int_equal(b->last.cause, CAUSE_EXHAUSTED);
}

static void poison_is_rejected_after_max_attempts_and_blocks_nobody(void **state)
{
	struct bench *b = *state;
	add(b, 1, 1);
	for (uint32_t i = 0; i < 5; i++) {
		break_once(b);
		add(b, 10 + i, 10 + i);
		if (i == 4)
			break;
		deliver(b);
		assert_int_equal(b->last.index, 10 + i);
		wait_told(b);
	}
	assert_int_equal(b->last.index, 1);
	assert_int_equal(b->last.outcome, OUTCOME_REJECTED);
	assert_int_equal(b->last.cause, CAUSE_EXHAUSTED);
	deliver(b);
}

static bool holds(const struct task *task, uint32_t index)
{
	for (size_t i = 0; i < task->count; i++) {
		if (task->refs[i].index == index)
			return true;
	}
	return false;
}

static void one_bad_comment_of_a_batch_is_found_by_halving(void **state)
{
	struct bench *b = *state;
	grow_batches(b);
	add_many(b, 1, 500);
	size_t requests = 0;
	for (; next(b) != TASK_NONE; requests++) {
		bool bad = holds(&b->task, 333);
		answer(b, bad ? ANSWER_REFUSED : ANSWER_RESULTS, BLAME_REQUEST);
	}
	assert_true(requests <= 30);
	assert_idle(b);
}

static void new_comments_go_between_the_halves(void **state)
{
	struct bench *b = *state;
	grow_batches(b);
	add_many(b, 1, 100);
	post(b, ANSWER_REFUSED, BLAME_NONE);
	probe(b, ANSWER_RESULTS);
	add_many(b, 1000, 10);
	deliver(b);
	bool was_new = b->last.index >= 1000;
	deliver(b);
	assert_true(was_new != (b->last.index >= 1000));
}

static void what_was_counted_before_goes_alone_and_not_with_halves(void **state)
{
	struct bench *b = *state;
	grow_batches(b);
	add_many(b, 1, 3);
	break_once(b);
	struct schedule_item item = comment_of(b, 4, 4);
	item.attempts = item.tries = item.cap = 1;
	schedule_add(b->s, &item, b->now);
	static const size_t counts[] = {2, 1, 1};
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(next(b), TASK_POST);
		assert_int_equal(b->task.count, counts[i]);
		answer(b, ANSWER_RESULTS, BLAME_NONE);
	}
}

static void three_refused_in_succession_hold_a_shop_that_stores_nothing(void **state)
{
	struct bench *b = *state;
	add_many(b, 1, 4);
	for (int i = 0; i < 3; i++)
		break_once(b);
	assert_int_equal(hold_of(b), HOLD_STORES_NOTHING);
	uint32_t asked[2];
	for (int i = 0; i < 2; i++) {
		wait_told(b);
		assert_int_equal(next(b), TASK_POST);
		assert_int_equal(b->task.count, 1);
		asked[i] = b->task.refs[0].index;
		answer(b, ANSWER_REFUSED, BLAME_NONE);
		assert_int_equal(b->last.attempts, 0);
	}
	assert_int_not_equal(asked[0], asked[1]); /* in turn */
	wait_told(b);
	deliver(b);
	assert_int_equal(hold_of(b), HOLD_NONE);
}

static void one_text_a_firewall_refuses_with_a_wait_blocks_nobody(void **state)
{
	struct bench *b = *state;
	add_many(b, 1, 3);
	assert_int_equal(next(b), TASK_POST);
	report(b, (struct task_report){
			  ANSWER_REFUSED, BLAME_REQUEST, false, 60000, 50, NULL});
	wait_told(b);
	probe(b, ANSWER_RESULTS);
	assert_int_equal(b->last.outcome, OUTCOME_REJECTED);
	deliver(b);
	deliver(b);
	assert_idle(b);
}

static void one_text_a_proxy_cuts_off_blocks_nobody(void **state)
{
	struct bench *b = *state;
	add_many(b, 1, 50);
	size_t delivered = 0;
	for (int i = 0; i < 200 && delivered < 49; i++) {
		if (next(b) == TASK_NONE) {
			b->now = b->task.ask_again;
			continue;
		}
		bool cut = holds(&b->task, 1);
		delivered += cut ? 0 : b->task.count;
		answer(b, cut ? ANSWER_NOTHING : ANSWER_RESULTS, BLAME_NONE);
	}
	assert_int_equal(delivered, 49);
}

/* Of those in doubt one is always due when the shop is asked next. */
static void comments_the_shop_chokes_on_do_not_hide_that_it_is_well(void **state)
{
	struct bench *b = *state;

	grow_batches(b);
	add_many(b, 1, 4);
	post(b, ANSWER_UNKNOWN, BLAME_NONE);
	msec_t well = b->now + 2 * MSEC_HOUR;
	while (hold_of(b) != HOLD_NONE) {
		wait_told(b);
		assert_true(b->now < well + MSEC_HOUR);
		bool is_answered = next(b) == TASK_PROBE && b->now >= well;
		answer(b, is_answered ? ANSWER_RESULTS : ANSWER_UNKNOWN, BLAME_NONE);
	}
}

static void a_shop_that_refuses_empty_requests_is_probed_with_comments(void **state)
{
	struct bench *b = *state;
	add_many(b, 1, 20);
	deliver(b);
	post(b, ANSWER_NOTHING, BLAME_NONE);
	bool opened = false;
	for (int i = 0; i < 6 && !opened; i++) {
		wait_told(b);
		if (next(b) == TASK_PROBE) {
			answer(b, ANSWER_REFUSED, BLAME_NONE);
			continue;
		}
		assert_int_equal(b->task.count, 1);
		answer(b, ANSWER_RESULTS, BLAME_NONE);
		opened = hold_of(b) == HOLD_NONE;
	}
	assert_true(opened);
	deliver(b);
}

static void a_hold_of_a_later_gateway_is_none_that_is_known(void **state)
{
	(void)state;
	assert_int_equal(hold_named(hold_name(HOLD_UNREACHABLE)), HOLD_UNREACHABLE);
	assert_int_equal(hold_named("of-tomorrow"), HOLD_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(trouble_holds_the_site_and_the_first_good_probe_opens_it),
		BENCH_TEST(
			probes_come_at_growing_intervals_and_new_comments_change_nothing),
		BENCH_TEST(an_outage_costs_few_probes),
		BENCH_TEST(
			a_shop_that_fails_after_each_good_probe_is_asked_no_more_often),
		BENCH_TEST(an_outage_long_after_another_begins_with_short_intervals),
		BENCH_TEST(the_shop_may_name_the_time_up_to_an_hour),
		BENCH_TEST(a_key_that_is_not_taken_holds_at_once),
		BENCH_TEST(a_comment_that_the_probe_contradicts_is_at_fault),
		BENCH_TEST(a_refusal_with_a_bad_probe_is_the_shops_fault),
		BENCH_TEST(a_comment_refused_alone_with_a_good_probe_is_rejected),
		BENCH_TEST(a_comment_the_shop_breaks_on_is_deferred_for_about_a_minute),
		BENCH_TEST(an_attempt_counts_only_if_others_were_stored_meanwhile),
		BENCH_TEST(a_last_attempt_that_is_unknown_ends_with_its_doubt),
		BENCH_TEST(poison_is_rejected_after_max_attempts_and_blocks_nobody),
		BENCH_TEST(one_bad_comment_of_a_batch_is_found_by_halving),
		BENCH_TEST(new_comments_go_between_the_halves),
		BENCH_TEST(what_was_counted_before_goes_alone_and_not_with_halves),
		BENCH_TEST(three_refused_in_succession_hold_a_shop_that_stores_nothing),
		BENCH_TEST(one_text_a_firewall_refuses_with_a_wait_blocks_nobody),
		BENCH_TEST(one_text_a_proxy_cuts_off_blocks_nobody),
		BENCH_TEST(comments_the_shop_chokes_on_do_not_hide_that_it_is_well),
		BENCH_TEST(a_shop_that_refuses_empty_requests_is_probed_with_comments),
		cmocka_unit_test(a_hold_of_a_later_gateway_is_none_that_is_known),
	};
	return cmocka_run_group_tests_name("schedule_hold", tests, NULL, NULL);
}
