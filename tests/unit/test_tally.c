/* SPDX-License-Identifier: MIT */
#include "core/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define START (500 * MSEC_HOUR)
#define AT (INT64_C(1795428930) * USEC_SECOND)

static struct tally tally;

static int enter(void **state)
{
	(void)state;
	tally_init(&tally, START);
	return 0;
}

static int leave(void **state)
{
	(void)state;
	tally_done(&tally);
	return 0;
}

#define tally_test(test) cmocka_unit_test_setup_teardown(test, enter, leave)

static uint64_t delivered_ago(msec_t now, unsigned ago)
{
	return tally_slot(&tally, now, ago)->delivered;
}

static void outcomes_are_counted_by_kind(void **state)
{
	(void)state;
	for (int outcome = 0; outcome < TALLY_OUTCOMES; outcome++)
		for (int i = 0; i <= outcome; i++)
			tally_outcome(&tally, (enum outcome)outcome, START, AT + outcome);
	for (int outcome = 0; outcome < TALLY_OUTCOMES; outcome++)
		assert_int_equal(tally.outcomes[outcome], outcome + 1);
	assert_int_equal(tally.last_success, AT + OUTCOME_ALREADY);
	assert_int_equal(tally_slot(&tally, START, 0)->delivered, 3);
	assert_int_equal(tally_slot(&tally, START, 0)->rejected, 3);
}

static void a_slot_lasts_ten_minutes(void **state)
{
	(void)state;
	tally_outcome(&tally, OUTCOME_DELIVERED, START, AT);
	tally_outcome(&tally, OUTCOME_DELIVERED, START + TALLY_SLOT - 1, AT);
	tally_outcome(&tally, OUTCOME_DELIVERED, START + TALLY_SLOT, AT);
	assert_int_equal(delivered_ago(START + TALLY_SLOT, 0), 1);
	assert_int_equal(delivered_ago(START + TALLY_SLOT, 1), 2);
	assert_int_equal(delivered_ago(START + TALLY_SLOT, 2), 0);
}

static void the_ring_forgets_after_a_day(void **state)
{
	(void)state;
	tally_outcome(&tally, OUTCOME_DELIVERED, START, AT);
	assert_int_equal(delivered_ago(START + 143 * TALLY_SLOT, 143), 1);
	for (unsigned ago = 0; ago < TALLY_SLOTS; ago++)
		assert_int_equal(delivered_ago(START + 144 * TALLY_SLOT, ago), 0);
}

static void a_long_sleep_empties_the_ring(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TALLY_SLOTS; i++)
		tally_outcome(
			&tally, OUTCOME_DELIVERED, START + (msec_t)i * TALLY_SLOT, AT);
	msec_t later = START + 24000 * MSEC_HOUR;
	for (unsigned ago = 0; ago < TALLY_SLOTS; ago++)
		assert_int_equal(delivered_ago(later, ago), 0);
	assert_true(tally_rate(&tally, later) == 0);
	assert_int_equal(tally.outcomes[OUTCOME_DELIVERED], TALLY_SLOTS);
}

static void before_the_boot_there_is_nothing(void **state)
{
	(void)state;
	tally_init(&tally, MSEC_SECOND);
	tally_outcome(&tally, OUTCOME_DELIVERED, MSEC_SECOND, AT);
	assert_int_equal(delivered_ago(MSEC_SECOND, 0), 1);
	for (unsigned ago = 1; ago < TALLY_SLOTS; ago++)
		assert_int_equal(delivered_ago(MSEC_SECOND, ago), 0);
}

static void the_rate_is_that_of_the_last_minute(void **state)
{
	(void)state;
	for (int i = 0; i < 120; i++)
		tally_outcome(
			&tally, i % 2 ? OUTCOME_DELIVERED : OUTCOME_REJECTED, START, AT);
	tally_outcome(&tally, OUTCOME_DEFERRED, START, AT);
	assert_true(tally_rate(&tally, START) == 2.0);
	assert_true(tally_rate(&tally, START + 60 * MSEC_SECOND) == 2.0);
	assert_true(tally_rate(&tally, START + 69 * MSEC_SECOND) > 1.7);
	assert_true(tally_rate(&tally, START + 70 * MSEC_SECOND) == 0);
}

static void a_value_belongs_to_the_bound_it_does_not_exceed(void **state)
{
	(void)state;
	static const msec_t took[] = {0, 10, 11, 50, 180000, 180001, 1000000};
	for (size_t i = 0; i < sizeof(took) / sizeof(*took); i++)
		tally_answer(&tally, ANSWER_RESULTS, 1, took[i], START);
	const struct histogram *h = &tally.answer_times;
	assert_int_equal(h->counts[0], 2);
	assert_int_equal(h->counts[1], 2);
	assert_int_equal(h->counts[TALLY_BOUNDS - 1], 1);
	assert_int_equal(h->counts[TALLY_BOUNDS], 2);
	assert_int_equal(h->count, 7);
	assert_int_equal(h->sum, 1360072);
	assert_int_equal(tally.batches.counts[0], 7);
}

static void bounds_rise(void **state)
{
	(void)state;
	for (size_t i = 1; i < TALLY_BOUNDS; i++) {
		assert_true(tally_answer_bounds[i] > tally_answer_bounds[i - 1]);
		assert_true(tally_batch_bounds[i] > tally_batch_bounds[i - 1]);
	}
}

static void probes_are_no_answers(void **state)
{
	(void)state;
	tally_answer(&tally, ANSWER_RESULTS, 0, 50, START);
	assert_int_equal(tally.probes, 1);
	assert_int_equal(tally.answers[ANSWER_RESULTS], 0);
	assert_int_equal(tally.answer_times.count, 0);
	assert_int_equal(tally.answer_ms, 0);
}

static void only_sound_answers_tell_how_fast_the_shop_is(void **state)
{
	(void)state;
	tally_answer(&tally, ANSWER_UNKNOWN, 1, 180000, START);
	tally_answer(&tally, ANSWER_REFUSED, 1, 5, START);
	tally_answer(&tally, ANSWER_NOTHING, 1, 5, START);
	assert_int_equal(tally.answer_ms, 0);
	assert_int_equal(tally_slot(&tally, START, 0)->answers, 0);
	assert_int_equal(tally.answer_times.count, 3);
	tally_answer(&tally, ANSWER_RESULTS, 1, 800, START);
	assert_int_equal(tally.answer_ms, 800);
	tally_answer(&tally, ANSWER_RESULTS, 1, 1600, START);
	assert_int_equal(tally.answer_ms, 900);
	assert_int_equal(tally_slot(&tally, START, 0)->answer_ms, 2400);
}

static void the_latest_files_come_first(void **state)
{
	(void)state;
	char name[] = "a.xml";
	char words[] = "too large";
	for (int i = 0; i < TALLY_LATEST + 3; i++) {
		name[0] = (char)('a' + i);
		tally_file(&tally, TALLY_FAILED,
			&(struct tally_file){.at = AT + i, .name = name, .words = words});
	}
	memset(name, 'x', sizeof(name) - 1);
	memset(words, 'x', sizeof(words) - 1);
	assert_int_equal(tally.ends[TALLY_FAILED], TALLY_LATEST + 3);
	assert_int_equal(tally.ends[TALLY_SENT], 0);
	assert_null(tally.latest[TALLY_SENT][0].name);
	assert_string_equal(tally.latest[TALLY_FAILED][0].name, "m.xml");
	assert_string_equal(tally.latest[TALLY_FAILED][TALLY_LATEST - 1].name, "d.xml");
	assert_string_equal(tally.latest[TALLY_FAILED][0].words, "too large");
}

static void a_file_needs_no_words(void **state)
{
	(void)state;
	tally_file(&tally, TALLY_SENT,
		&(struct tally_file){.at = AT, .name = (char[]){"a.xml"}, .comments = 3});
	assert_null(tally.latest[TALLY_SENT][0].words);
	assert_int_equal(tally.latest[TALLY_SENT][0].comments, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tally_test(outcomes_are_counted_by_kind),
		tally_test(a_slot_lasts_ten_minutes),
		tally_test(the_ring_forgets_after_a_day),
		tally_test(a_long_sleep_empties_the_ring),
		tally_test(before_the_boot_there_is_nothing),
		tally_test(the_rate_is_that_of_the_last_minute),
		tally_test(a_value_belongs_to_the_bound_it_does_not_exceed),
		tally_test(bounds_rise),
		tally_test(probes_are_no_answers),
		tally_test(only_sound_answers_tell_how_fast_the_shop_is),
		tally_test(the_latest_files_come_first),
		tally_test(a_file_needs_no_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
