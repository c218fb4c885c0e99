/* SPDX-License-Identifier: MIT */
#include "tool/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "core/record.h"
#include "effort.h"
#include "spool_fixture.h"
#include "tool/tool.h"

enum { FILE_MAX_BYTES = 8 * 1024 * 1024, BLOCK_BYTES = 1024 * 1024 };

#define DAY_1 "audit/2026-11-01.jsonl"
#define DAY_2 "audit/2026-11-02.jsonl"
#define DAY_3 "audit/2026-11-03.jsonl"

/* The numbers of the comments that were handed out, in their order. */
struct taken {
	struct buf numbers;
	unsigned days_wanted;
};

static void take(void *context, const struct record *record)
{
	struct taken *t = context;
	buf_add_format(&t->numbers, "%s ", record->comment);
}

static bool goes_on(void *context)
{
	struct taken *t = context;
	return --t->days_wanted > 0;
}

static void add_record(struct buf *file, const char *number)
{
	record_write(file, &(struct record){
				   .event = EVENT_POSTING,
				   .claim = "20261101T101530.123456Z",
				   .number = 1,
				   .order = "WEB-1",
				   .comment = number,
			   });
}

/* What the search for an order hands out. */
static char *search_for(const char *order, struct journal_search search, unsigned days)
{
	struct tool_site site = {.spool = spool};
	auto_free char *needle = journal_needle("order", order);
	struct taken taken = {.numbers = {.max_bytes = 1000}, .days_wanted = days};
	auto_with(journal_cleanup) struct journal *journal = journal_open(&site);
	search.needles[0] = needle;
	search.take = take;
	search.goes_on = days ? goes_on : NULL;
	search.context = &taken;
	journal_search(journal, &search);
	assert_false(journal_is_partial(journal));
	return taken.numbers.len ? buf_take(&taken.numbers) : xstrdup("");
}

static void assert_found(const char *order, struct journal_search search, unsigned days,
	const char *numbers)
{
	auto_free char *found = search_for(order, search, days);
	assert_string_equal(found, numbers);
}

static void put_day(const char *path, const char *number)
{
	auto_buf struct buf file = {.max_bytes = RECORD_MAX_BYTES};
	add_record(&file, number);
	put(path, buf_peek(&file));
}

static void days_come_in_the_order_that_is_asked_for(void **state)
{
	(void)state;
	put_day(DAY_2, "2");
	put_day(DAY_1, "1");
	put_day(DAY_3, "3");
	put("audit/notes.txt", "\"order\":\"WEB-1\"");
	put("audit/2026-11-01.jsonl.gz", "\"order\":\"WEB-1\"\n");
	assert_found(
		"WEB-1", (struct journal_search){.newest_first = false}, 0, "1 2 3 ");
	assert_found("WEB-1", (struct journal_search){.newest_first = true}, 0, "3 2 1 ");
	assert_found("WEB-1", (struct journal_search){.newest_first = true}, 2, "3 2 ");
	assert_found("WEB", (struct journal_search){.newest_first = true}, 0, "");
}

static void older_days_than_wanted_are_left_out_but_for_one(void **state)
{
	usec_t since = 0;
	(void)state;
	put_day(DAY_1, "1");
	put_day(DAY_2, "2");
	put_day(DAY_3, "3");
	assert_int_equal(times_parse_utc("2026-11-03T00:00:00.000000Z", &since), 0);
	assert_found("WEB-1", (struct journal_search){.since = since}, 0, "2 3 ");
	assert_found("WEB-1",
		(struct journal_search){.since = since, .newest_first = true}, 0, "3 2 ");
}

static void a_line_may_lie_across_two_blocks(void **state)
{
	(void)state;
	size_t step =
		effort((struct effort){.all = 1, .sample = 5, .under_valgrind = 60});
	for (size_t shift = 0; shift < 256; shift += step) {
		auto_buf struct buf file = {.max_bytes = FILE_MAX_BYTES};
		while (file.len < BLOCK_BYTES - 300 + shift)
			buf_add_char(&file, file.len % 100 ? 'x' : '\n');
		buf_add_char(&file, '\n');
		add_record(&file, "1");
		add_record(&file, "2");
		put(DAY_1, buf_peek(&file));
		assert_found("WEB-1", (struct journal_search){.since = 0}, 0, "1 2 ");
	}
}

static void a_line_longer_than_a_block_is_passed_over(void **state)
{
	static const size_t lengths[] = {
		BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3UL * BLOCK_BYTES};
	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		auto_buf struct buf file = {.max_bytes = FILE_MAX_BYTES};
		while (file.len < lengths[i])
			buf_add_char(&file, 'x');
		buf_add_char(&file, '\n');
		add_record(&file, "1");
		put(DAY_1, buf_peek(&file));
		assert_found("WEB-1", (struct journal_search){.since = 0}, 0, "1 ");
	}
}

static void a_file_may_end_within_a_line(void **state)
{
	auto_buf struct buf file = {.max_bytes = FILE_MAX_BYTES};
	(void)state;
	add_record(&file, "1");
	add_record(&file, "2");
	auto_free char *whole = xstrdup(buf_peek(&file));
	for (size_t len = strlen(whole) / 2; len < strlen(whole); len++) {
		auto_free char *cut = xstrndup(whole, len);
		bool has_all = len == strlen(whole) - 1; /* but the newline */
		put(DAY_1, cut);
		assert_found("WEB-1", (struct journal_search){.since = 0}, 0,
			has_all ? "1 2 " : "1 ");
	}
}

static void a_line_has_every_needle(void **state)
{
	struct tool_site site = {.spool = spool};
	struct taken taken = {.numbers = {.max_bytes = 1000}};
	(void)state;
	put_day(DAY_1, "1");
	put_day(DAY_2, "2");
	auto_with(journal_cleanup) struct journal *journal = journal_open(&site);
	journal_search(
		journal, &(struct journal_search){
				 .needles = {"\"order\":\"WEB-1\"", "\"comment\":\"2\""},
				 .take = take,
				 .context = &taken,
			 });
	assert_string_equal(buf_peek(&taken.numbers), "2 ");
	buf_done(&taken.numbers);
}

static void a_needle_is_what_a_record_writes(void **state)
{
	static const char *const values[] = {
		"7", "a\"b", "a\\b", "é", "a\tb", "a\xC2\x85"};
	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		auto_buf struct buf line = {.max_bytes = RECORD_MAX_BYTES};
		auto_free char *needle = journal_needle("comment", values[i]);
		add_record(&line, values[i]);
		assert_non_null(strstr(buf_peek(&line), needle));
	}
}

static void what_is_no_file_makes_the_search_partial(void **state)
{
	struct tool_site site = {.spool = spool};
	struct taken taken = {.numbers = {.max_bytes = 1000}};
	(void)state;
	assert_int_equal(mkdir(DAY_1, 0700), 0);
	auto_with(journal_cleanup) struct journal *journal = journal_open(&site);
	journal_search(
		journal, &(struct journal_search){
				 .needles = {"x"}, .take = take, .context = &taken});
	assert_true(journal_is_partial(journal));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_spool(days_come_in_the_order_that_is_asked_for),
		in_spool(older_days_than_wanted_are_left_out_but_for_one),
		in_spool(a_line_may_lie_across_two_blocks),
		in_spool(a_line_longer_than_a_block_is_passed_over),
		in_spool(a_file_may_end_within_a_line),
		in_spool(a_line_has_every_needle),
		in_spool(a_needle_is_what_a_record_writes),
		in_spool(what_is_no_file_makes_the_search_partial),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
