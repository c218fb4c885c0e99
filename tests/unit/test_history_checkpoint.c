/* SPDX-License-Identifier: MIT */
#include "core/history.h"

#include "history_bench.h"

static void checkpoint_claim(struct history *h, const char *claim, unsigned kills)
{
	FEED(h, .event = EVENT_CHECKPOINT, .claim = claim, .drop = "a.xml",
		.version = "v1", .attempt = kills, .result = "valid");
}

static void checkpoint_end(struct history *h, size_t lines)
{
	FEED(h, .event = EVENT_CHECKPOINT_END, .boot = "b1", .count = lines);
}

static void a_checkpoint_alone_tells_all(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	FEED(h, .event = EVENT_CHECKPOINT, .claim = A, .drop = "a.xml", .version = "v9",
		.count = 3, .attempt = 2, .result = "valid", .to = "failed/x", .up = 76,
		.boot = "b0");
	FEED(h, .event = EVENT_CHECKPOINT, .claim = A, .number = 2, .order = "O",
		.comment = "7", .attempt = 4, .result = "deferred", .code = "c",
		.message = "m");
	FEED(h, .event = EVENT_CHECKPOINT, .claim = A, .number = 3, .order = "O",
		.comment = "8", .result = "unknown", .up = 77, .boot = "b0");
	FEED(h, .event = EVENT_CHECKPOINT, .number = 1, .order = "P", .comment = "9",
		.result = "unknown", .up = 78, .boot = "b0");
	FEED(h, .event = EVENT_CHECKPOINT, .claim = A, .number = 4, .order = "O",
		.comment = "10", .result = "rejected", .cause = "give_up");
	FEED(h, .event = EVENT_CHECKPOINT_END, .boot = "b1", .count = 5, .claim = B);
	history_finish(h);
	const struct past_claim *past = history_claim(h, A);
	assert_string_equal(past->version, "v9");
	assert_string_equal(past->verdict, "valid");
	assert_int_equal(past->kills, 2);
	assert_int_equal(past->since, 76);
	assert_string_equal(past->boot, "b0");
	assert_true(past->has_rest);
	assert_int_equal(past->count, 3);
	assert_null(past->comments[0].cause);
	assert_string_equal(past->comments[2].cause, "give_up");
	assert_string_equal(past->comments[0].result, "deferred");
	assert_string_equal(past->comments[0].code, "c");
	assert_string_equal(past->comments[0].message, "m");
	assert_int_equal(past->comments[0].attempts, 4);
	assert_int_equal(past->comments[1].since, 77);
	assert_string_equal(past->comments[1].boot, "b0");
	assert_int_equal(only_doubt(h)->since, 78);
	assert_string_equal(only_doubt(h)->boot, "b0");
	assert_string_equal(history_boot(h), "b1");
	assert_string_equal(history_last_stamp(h), B);
	assert_true(history_has_failed(h, A));
	assert_false(history_ended_cleanly(h));
}

/* Unless another record came before: then only its stamp tells. */
static void the_first_reading_tells_when_a_claim_was_taken(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	start(h, "b1", 10);
	FEED(h, .event = EVENT_READING, .claim = A, .drop = "a.xml", .up = 20);
	checkpoint_claim(h, A, 0);
	checkpoint_claim(h, B, 0);
	checkpoint_end(h, 2);
	start(h, "b2", 5);
	FEED(h, .event = EVENT_READING, .claim = A, .drop = "a.xml", .up = 6);
	FEED(h, .event = EVENT_READING, .claim = B, .drop = "b.xml", .up = 7);
	history_finish(h);
	assert_int_equal(history_claim(h, A)->since, 20);
	assert_string_equal(history_claim(h, A)->boot, "b1");
	assert_null(history_claim(h, B)->boot);
}

static void files_sent_are_counted_on_from_a_checkpoint(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	leave(h, EVENT_SETTLED, B);
	FEED(h, .event = EVENT_CHECKPOINT, .claim = A, .drop = "a.xml",
		.result = HISTORY_SETTLED, .to = "sent/2026-11-23/a");
	FEED(h, .event = EVENT_CHECKPOINT_END, .boot = "b1", .count = 1, .sent = 41,
		.to = "sent/2026-11-23");
	assert_int_equal(day_count_on(history_sent(h), "2026-11-23"), 41);
	leave(h, EVENT_SETTLED, A); /* counted by then */
	assert_int_equal(day_count_on(history_sent(h), "2026-11-23"), 41);
	leave(h, EVENT_SETTLED, B);
	leave(h, EVENT_SETTLED, B); /* its move failed at first */
	assert_int_equal(day_count_on(history_sent(h), "2026-11-23"), 42);
	assert_int_equal(day_count_on(history_sent(h), "2026-11-24"), 0);
}

static void a_file_of_another_day_begins_a_new_count(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	leave(h, EVENT_SETTLED, A);
	FEED(h, .event = EVENT_SETTLED, .claim = B, .drop = "b.xml", .result = "failed",
		.to = "failed/2026-11-24/b.xml");
	assert_int_equal(day_count_on(history_sent(h), "2026-11-23"), 1);
	FEED(h, .event = EVENT_SETTLED, .claim = "20261124T101530.000000Z",
		.drop = "b.xml", .result = "sent", .to = "sent/2026-11-24/b.xml");
	assert_int_equal(day_count_on(history_sent(h), "2026-11-23"), 0);
	assert_int_equal(day_count_on(history_sent(h), "2026-11-24"), 1);
	checkpoint_end(h, 0); /* one that tells of none */
	assert_int_equal(day_count_on(history_sent(h), "2026-11-24"), 0);
}

static void a_posting_open_at_a_checkpoint_is_an_open_posting(void **state)
{
	(void)state;
	for (int runs = 0; runs < 2; runs++) {
		auto_history struct history *h = history_new();
		checkpoint_claim(h, A, 0);
		FEED(h, .event = EVENT_CHECKPOINT, .up = 5, .boot = "b1", .claim = A,
			.number = 1, .order = "O", .comment = "7", .result = "posted");
		checkpoint_end(h, 2);
		if (runs)
			start(h, "b1", 1000);
		history_finish(h);
		const struct past_comment *c = only_comment(h, A);
		assert_string_equal(c->result, "unknown");
		if (runs)
			assert_int_equal(c->since, 1000);
		else
			assert_null(c->boot);
	}
}

static void a_complete_checkpoint_takes_away_what_it_does_not_name(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	start(h, "b1", 1);
	read_valid(h, A);
	read_valid(h, B);
	post(h, B, 1, "7");
	outcome(h, B, 1, "7", "unknown");
	leave(h, EVENT_WITHDRAWN, B);
	checkpoint_end(h, 0);
	history_finish(h);
	assert_null(history_claim(h, A));
	assert_int_equal(doubt_count(h), 0);
}

static void a_claim_that_vanishes_in_a_checkpoint_leaves_its_doubts(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	start(h, "b1", 1);
	read_valid(h, A);
	post(h, A, 1, "7");
	checkpoint_end(h, 0);
	history_finish(h);
	assert_null(history_claim(h, A));
	assert_string_equal(only_doubt(h)->id, "7");
}

static void a_checkpoint_that_is_not_complete_takes_nothing_away(void **state)
{
	/* It breaks off; a line of it is lost; it is tried again; it is torn apart. */
	for (int i = 0; i < 4; i++) {
		auto_history struct history *h = history_new();
		start(h, "b1", 1);
		read_valid(h, A);
		post(h, A, 1, "7");
		outcome(h, A, 1, "7", "delivered");
		checkpoint_claim(h, B, 0);
		if (i == 1)
			checkpoint_end(h, 2);
		if (i == 2) {
			checkpoint_claim(h, B, 0);
			checkpoint_end(h, 1);
		}
		if (i == 3) {
			FEED(h, .event = EVENT_OPEN);
			checkpoint_end(h, 1);
		}
		history_finish(h);
		assert_string_equal(only_comment(h, A)->result, "delivered");
		assert_non_null(history_claim(h, B));
	}
	(void)state;
}

static void a_kill_is_counted_once_when_a_checkpoint_tells_it_too(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	start(h, "b1", 1);
	FEED(h, .event = EVENT_READING, .claim = A, .drop = "a.xml");
	start(h, "b1", 2);
	checkpoint_claim(h, A, 1);
	checkpoint_end(h, 1);
	FEED(h, .event = EVENT_READING, .claim = A, .drop = "a.xml");
	history_finish(h);
	assert_int_equal(history_claim(h, A)->kills, 2);
}

static void a_settled_claim_is_known_until_a_checkpoint_omits_it(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	start(h, "b1", 1);
	read_valid(h, A);
	post(h, A, 1, "7");
	outcome(h, A, 1, "7", "delivered");
	FEED(h, .event = EVENT_REST, .claim = A, .to = "failed/x");
	leave(h, EVENT_SETTLED, A);
	history_finish(h);
	const struct past_claim *past = history_claim(h, A);
	assert_true(past->is_settling);
	assert_true(past->has_rest);
	assert_string_equal(past->settled_to, "sent/2026-11-23/x");
	assert_string_equal(past->drop, "a.xml");
	assert_int_equal(past->count, 0);

	auto_history struct history *later = history_new();
	start(later, "b1", 1);
	leave(later, EVENT_SETTLED, A);
	leave(later, EVENT_SETTLED, B);
	start(later, "b1", 2);
	checkpoint_claim(later, B, 0);
	checkpoint_end(later, 1);
	history_finish(later);
	assert_null(history_claim(later, A));
	assert_true(history_claim(later, B)->is_settling);
}

/* Its `reading` may have been in a line that was lost. */
static void what_is_posted_of_a_settled_claim_is_one_more_doubt(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	start(h, "b1", 1);
	read_valid(h, A);
	post(h, A, 1, "7");
	FEED(h, .event = EVENT_SETTLED, .claim = A, .to = "failed/x");
	post(h, A, 1, "7");
	post(h, A, 2, "8");
	outcome(h, A, 1, "7", "deferred");
	history_finish(h);
	assert_int_equal(doubt_count(h), 2);
}

static void a_checkpoint_restates_only_doubts_of_a_settled_claim(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	start(h, "b1", 1);
	FEED(h, .event = EVENT_SETTLED, .claim = A, .to = "sent/2026-11-23/x");
	FEED(h, .event = EVENT_CHECKPOINT, .claim = A, .number = 1, .order = "O",
		.comment = "7", .result = "unknown");
	FEED(h, .event = EVENT_CHECKPOINT, .claim = A, .number = 2, .order = "O",
		.comment = "8", .result = "delivered");
	history_finish(h);
	assert_int_equal(doubt_count(h), 1);
}

static void what_went_to_failed_is_remembered_past_checkpoints(void **state)
{
	auto_history struct history *h = history_new();

	(void)state;
	start(h, "b1", 1);
	FEED(h, .event = EVENT_SETTLED, .claim = A, .to = "failed/a");
	FEED(h, .event = EVENT_REST, .claim = B, .to = "failed/b");
	leave(h, EVENT_SETTLED, B);
	leave(h, EVENT_SETTLED, "C");
	checkpoint_end(h, 0);
	checkpoint_end(h, 0);
	history_finish(h);
	assert_true(history_has_failed(h, A));
	assert_true(history_has_failed(h, B));
	assert_false(history_has_failed(h, "C"));
	assert_null(history_claim(h, A));
	assert_null(history_next_claim(h, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_checkpoint_alone_tells_all),
		cmocka_unit_test(the_first_reading_tells_when_a_claim_was_taken),
		cmocka_unit_test(files_sent_are_counted_on_from_a_checkpoint),
		cmocka_unit_test(a_file_of_another_day_begins_a_new_count),
		cmocka_unit_test(a_posting_open_at_a_checkpoint_is_an_open_posting),
		cmocka_unit_test(a_complete_checkpoint_takes_away_what_it_does_not_name),
		cmocka_unit_test(a_claim_that_vanishes_in_a_checkpoint_leaves_its_doubts),
		cmocka_unit_test(a_checkpoint_that_is_not_complete_takes_nothing_away),
		cmocka_unit_test(a_kill_is_counted_once_when_a_checkpoint_tells_it_too),
		cmocka_unit_test(a_settled_claim_is_known_until_a_checkpoint_omits_it),
		cmocka_unit_test(what_is_posted_of_a_settled_claim_is_one_more_doubt),
		cmocka_unit_test(a_checkpoint_restates_only_doubts_of_a_settled_claim),
		cmocka_unit_test(what_went_to_failed_is_remembered_past_checkpoints),
	};
	return cmocka_run_group_tests_name("history checkpoint", tests, NULL, NULL);
}
