/* SPDX-License-Identifier: MIT */
#include "tool/findings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "core/record.h"

#define A "20261101T101530.000001Z"
#define B "20261102T101530.000001Z"

/* A word about comment 7 of order WEB-1. */
struct word {
	usec_t at;
	enum event event;
	const char *claim, *result;
};

static void say(struct findings *f, struct word word)
{
	findings_take(f, &(struct record){
				 .event = word.event,
				 .at = word.at,
				 .claim = word.claim,
				 .number = 1,
				 .order = "WEB-1",
				 .comment = "7",
				 .result = word.result,
			 });
}

static const struct finding *only(const struct findings *f)
{
	assert_int_equal(f->count, 1);
	return f->list[0];
}

static void assert_said(const struct findings *f, enum find_state state, usec_t at)
{
	assert_string_equal(find_state_name(only(f)->state), find_state_name(state));
	assert_int_equal(only(f)->at, at);
}

static void the_last_word_of_the_newest_day_counts(void **state)
{
	auto_with(findings_done) struct findings f = {.comment = "7"};
	(void)state;
	say(&f, (struct word){20, EVENT_POSTING, B, NULL});
	assert_said(&f, FIND_POSTED, 20);
	say(&f, (struct word){21, EVENT_OUTCOME, B, "deferred"});
	say(&f, (struct word){22, EVENT_OUTCOME, B, "rejected"});
	assert_true(findings_close_day(&f));
	say(&f, (struct word){10, EVENT_OUTCOME, A, "unknown"});
	assert_said(&f, FIND_REJECTED, 22);
	assert_string_equal(only(&f)->stamp, B);
}

static void a_delivery_outweighs_what_came_later(void **state)
{
	auto_with(findings_done) struct findings f = {.order = "WEB-1", .comment = "7"};
	(void)state;
	say(&f, (struct word){20, EVENT_OUTCOME, B, "already"});
	assert_true(findings_close_day(&f));
	say(&f, (struct word){10, EVENT_OUTCOME, A, "delivered"});
	say(&f, (struct word){11, EVENT_OUTCOME, B, "rejected"});
	assert_said(&f, FIND_DELIVERED, 10);
	assert_false(findings_close_day(&f));
}

static void who_asks_for_many_gets_every_day(void **state)
{
	auto_with(findings_done) struct findings f = {.order = "WEB-1"};
	auto_with(findings_done) struct findings g = {.comment = "7"};
	(void)state;
	say(&f, (struct word){20, EVENT_OUTCOME, B, "delivered"});
	say(&g, (struct word){20, EVENT_OUTCOME, B, "delivered"});
	assert_true(findings_close_day(&f));
	assert_true(findings_close_day(&g));
}

static void a_checkpoint_gives_way_to_what_it_restates(void **state)
{
	auto_with(findings_done) struct findings f = {.order = "WEB-1", .comment = "7"};
	(void)state;
	say(&f, (struct word){20, EVENT_CHECKPOINT, A, "delivered"});
	assert_said(&f, FIND_DELIVERED, 20);
	assert_true(findings_close_day(&f));
	say(&f, (struct word){10, EVENT_OUTCOME, A, "delivered"});
	assert_said(&f, FIND_DELIVERED, 10);
	assert_false(findings_close_day(&f));
}

static void a_checkpoint_is_news_where_it_says_something_else(void **state)
{
	auto_with(findings_done) struct findings f = {.comment = "7"};
	(void)state;
	say(&f, (struct word){20, EVENT_POSTING, A, NULL});
	say(&f, (struct word){30, EVENT_CHECKPOINT, A, "unknown"});
	assert_said(&f, FIND_UNKNOWN, 30);
	say(&f, (struct word){40, EVENT_CHECKPOINT, A, "unknown"});
	assert_said(&f, FIND_UNKNOWN, 30);
	assert_true(findings_close_day(&f));
	say(&f, (struct word){10, EVENT_CHECKPOINT, A, "deferred"});
	assert_said(&f, FIND_UNKNOWN, 30);
}

static void a_doubt_without_a_claim_is_no_less_a_word(void **state)
{
	auto_with(findings_done) struct findings f = {.comment = "7"};
	(void)state;
	say(&f, (struct word){20, EVENT_CHECKPOINT, NULL, "unknown"});
	assert_said(&f, FIND_UNKNOWN, 20);
	assert_string_equal(only(&f)->stamp, "");
}

/* It tells of the shop, and outlives what the comment has become since. */
static void a_series_of_refusals_is_no_word_about_a_comment(void **state)
{
	auto_with(findings_done) struct findings f = {.comment = "7"};
	(void)state;
	say(&f, (struct word){20, EVENT_CHECKPOINT, NULL, "refused"});
	assert_int_equal(f.count, 0);
}

static void results_of_a_later_gateway_count_as_unknown(void **state)
{
	auto_with(findings_done) struct findings f = {.comment = "7"};
	(void)state;
	say(&f, (struct word){20, EVENT_OUTCOME, A, "waiting"});
	assert_said(&f, FIND_UNKNOWN, 20);
}

static void only_what_is_asked_for_is_found(void **state)
{
	auto_with(findings_done) struct findings f = {.order = "WEB-2"};
	auto_with(findings_done) struct findings g = {.order = "WEB-1", .comment = "8"};
	(void)state;
	say(&f, (struct word){20, EVENT_OUTCOME, A, "delivered"});
	say(&g, (struct word){20, EVENT_OUTCOME, A, "delivered"});
	assert_int_equal(f.count, 0);
	assert_int_equal(g.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_word_of_the_newest_day_counts),
		cmocka_unit_test(a_delivery_outweighs_what_came_later),
		cmocka_unit_test(who_asks_for_many_gets_every_day),
		cmocka_unit_test(a_checkpoint_gives_way_to_what_it_restates),
		cmocka_unit_test(a_checkpoint_is_news_where_it_says_something_else),
		cmocka_unit_test(a_doubt_without_a_claim_is_no_less_a_word),
		cmocka_unit_test(a_series_of_refusals_is_no_word_about_a_comment),
		cmocka_unit_test(results_of_a_later_gateway_count_as_unknown),
		cmocka_unit_test(only_what_is_asked_for_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
