/* SPDX-License-Identifier: MIT */
#include "core/past_shop.h"

#include "history_bench.h"

#define OUTCOME(h, id, ...)                                                              \
	FEED(h, .event = EVENT_OUTCOME, .claim = A, .number = 1, .order = "O" id,        \
		.comment = id, __VA_ARGS__)

static const struct past_shop *finish(struct history *h)
{
	history_finish(h);
	return history_shop(h);
}

static void hold(struct history *h, const char *reason, unsigned wait)
{
	FEED(h, .event = EVENT_HOLD, .up = 70, .boot = "b1", .result = reason,
		.message = "no route", .wait = wait);
}

static void a_hold_without_an_open_goes_on(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	start(h, "b1", 1);
	hold(h, "refusing", 0);
	hold(h, "unreachable", 5000);
	start(h, "b2", 1);
	const struct past_shop *shop = finish(h);
	assert_string_equal(shop->hold, "unreachable");
	assert_string_equal(shop->message, "no route");
	assert_string_equal(shop->boot, "b1");
	assert_int_equal(shop->since, 70);
	assert_int_equal(shop->wait, 5000);
}

static void an_open_ends_it(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	hold(h, "unreachable", 5000);
	FEED(h, .event = EVENT_OPEN);
	const struct past_shop *shop = finish(h);
	assert_null(shop->hold);
	assert_int_equal(shop->wait, 0);
}

static void the_quiet_after_a_loss_of_power_is_no_hold_and_ends_none(void **state)
{
	auto_history struct history *h = history_new();
	msec_t since = 0;
	msec_t lasted = 0;

	(void)state;
	hold(h, "unreachable", 0);
	FEED(h, .event = EVENT_HOLD, .up = 9, .boot = "b1", .result = "power-loss");
	const struct past_shop *shop = finish(h);
	assert_string_equal(shop->hold, "unreachable");
	assert_string_equal(history_quiet(h, &since, &lasted), "b1");
	assert_int_equal(since, 9);
}

/* Of such a line it would not be known when it ends. */
static void a_quiet_without_a_boot_is_none(void **state)
{
	auto_history struct history *h = history_new();
	msec_t since = 0;
	msec_t lasted = 0;

	(void)state;
	FEED(h, .event = EVENT_HOLD, .up = 9, .result = "power-loss");
	history_finish(h);
	assert_null(history_quiet(h, &since, &lasted));
}

static void refused_in_succession_are_a_series_without_repeats(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	OUTCOME(h, "7", .result = "rejected", .refused = 1);
	OUTCOME(h, "8", .result = "deferred", .refused = 1);
	OUTCOME(h, "8", .result = "deferred", .refused = 1);
	OUTCOME(h, "9", .result = "rejected", .code = "3002"); /* is no refusal */
	OUTCOME(h, "9", .result = "unknown");
	const struct series *series = &finish(h)->refused;
	assert_int_equal(series->count, 2);
	assert_string_equal(series->list[0].id, "7");
	assert_string_equal(series->list[0].order, "O7");
	assert_string_equal(series->list[1].id, "8");
}

static void a_delivery_ends_a_series(void **state)
{
	static const char *const results[] = {"delivered", "already"};
	(void)state;
	for (size_t i = 0; i < COUNT(results); i++) {
		auto_history struct history *h = history_new();
		OUTCOME(h, "7", .result = "rejected", .refused = 1);
		OUTCOME(h, "8", .result = results[i], .code = "2001");
		OUTCOME(h, "9", .result = "rejected", .refused = 1);
		const struct series *series = &finish(h)->refused;
		assert_int_equal(series->count, 1);
		assert_string_equal(series->list[0].id, "9");
	}
}

static void what_the_shop_stored_is_counted_and_what_it_had_is_not(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	FEED(h, .event = EVENT_CHECKPOINT_END, .boot = "b1", .stored = 40, .mailed = 30);
	OUTCOME(h, "7", .result = "delivered", .code = "1002");
	OUTCOME(h, "8", .result = "delivered", .code = "1002", .mail = 1);
	OUTCOME(h, "9", .result = "delivered", .code = "2001", .mail = 1);
	OUTCOME(h, "6", .result = "already", .code = "2001");
	OUTCOME(h, "5", .result = "rejected", .code = "3002");
	const struct past_shop *shop = finish(h);
	assert_int_equal(shop->stored, 42);
	assert_int_equal(shop->stored_mail, 31);
}

static void a_checkpoint_says_all_of_it_again(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	FEED(h, .event = EVENT_CHECKPOINT, .order = "O7", .comment = "7",
		.result = SERIES_REFUSED);
	FEED(h, .event = EVENT_CHECKPOINT_END, .boot = "b1", .count = 1, .stored = 5);
	hold(h, "stores-nothing", 0);
	const struct past_shop *shop = finish(h);
	assert_string_equal(shop->hold, "stores-nothing");
	assert_int_equal(shop->refused.count, 1);
	assert_string_equal(shop->refused.list[0].id, "7");
	assert_int_equal(shop->stored, 5);
	assert_int_equal(doubt_count(h), 0);
}

/* --- a comment's own --- */

static void tries_outlive_a_posting_without_outcome(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	start(h, "b1", 1);
	read_valid(h, A);
	post(h, A, 1, "7");
	FEED(h, .event = EVENT_OUTCOME, .up = 500, .claim = A, .number = 1, .order = "O",
		.comment = "7", .result = "deferred", .attempt = 2, .tries = 3,
		.seen = 41, .wait = 9000);
	post(h, A, 1, "7");
	start(h, "b1", 700);
	history_finish(h);
	const struct past_comment *c = only_comment(h, A);
	assert_string_equal(c->result, "unknown");
	assert_int_equal(c->attempts, 2);
	assert_int_equal(c->tries, 3);
	assert_int_equal(c->seen, 41);
	assert_int_equal(c->wait, 0);
	assert_int_equal(c->since, 700);
}

static void a_wait_is_known_with_its_beginning(void **state)
{
	(void)state;
	for (int from_checkpoint = 0; from_checkpoint < 2; from_checkpoint++) {
		auto_history struct history *h = history_new();
		start(h, "b1", 1);
		read_valid(h, A);
		FEED(h, .event = from_checkpoint ? EVENT_CHECKPOINT : EVENT_OUTCOME,
			.up = 500, .boot = from_checkpoint ? "b1" : NULL, .claim = A,
			.number = 1, .order = "O", .comment = "7", .result = "deferred",
			.tries = 1, .wait = 9000);
		start(h, "b2", 3);
		history_finish(h);
		const struct past_comment *c = only_comment(h, A);
		assert_string_equal(c->result, "deferred");
		assert_int_equal(c->wait, 9000);
		assert_int_equal(c->since, 500);
		assert_string_equal(c->boot, "b1");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hold_without_an_open_goes_on),
		cmocka_unit_test(an_open_ends_it),
		cmocka_unit_test(
			the_quiet_after_a_loss_of_power_is_no_hold_and_ends_none),
		cmocka_unit_test(a_quiet_without_a_boot_is_none),
		cmocka_unit_test(refused_in_succession_are_a_series_without_repeats),
		cmocka_unit_test(a_delivery_ends_a_series),
		cmocka_unit_test(what_the_shop_stored_is_counted_and_what_it_had_is_not),
		cmocka_unit_test(a_checkpoint_says_all_of_it_again),
		cmocka_unit_test(tries_outlive_a_posting_without_outcome),
		cmocka_unit_test(a_wait_is_known_with_its_beginning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
