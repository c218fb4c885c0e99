/* SPDX-License-Identifier: MIT */
#include "top/headline.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "recovery_bench.h"

/* Of so many sites that are all like ours. */
static void assert_line(size_t count, const char *expected)
{
	struct site *sites[8];
	auto_buf struct buf line = {.max_bytes = 1000};
	assert_in_range(count, 1, 8);
	for (size_t i = 0; i < count; i++)
		sites[i] = site;
	headline_write(&line, sites, count, &now);
	assert_string_equal(buf_peek(&line), expected);
}

/* "HH:MM" */
static void write_time(usec_t at, char text[6])
{
	auto_buf struct buf time = {.max_bytes = 64};
	times_add_local(&time, at);
	snprintf(text, 6, "%.5s", strchr(buf_peek(&time), ' ') + 1);
}

static void sites_that_are_well_are_counted(void **state)
{
	(void)state;
	start();
	assert_line(1, "1 site open, 0 waiting");
	assert_line(4, "4 sites open, 0 waiting");
}

static void trouble_is_told_with_its_next_try(void **state)
{
	(void)state;
	char time[6];
	char expected[200];
	start();
	site->trouble.error = -EROFS;
	assert_line(1, "WEB1 paused: Read-only file system; 0 waiting");
	site->trouble.again = now.up + MSEC_HOUR;
	write_time(now.wall + 3600 * USEC_SECOND, time);
	snprintf(expected, sizeof(expected),
		"WEB1 paused: Read-only file system, next try %s; 0 waiting", time);
	assert_line(1, expected);
}

static void a_disk_that_is_almost_full_is_told(void **state)
{
	(void)state;
	start();
	site->is_low_on_space = true;
	assert_line(1, "WEB1 takes no files: the disk is almost full; 0 waiting");
}

static void of_many_that_are_not_well_a_few_are_told_in_words(void **state)
{
	(void)state;
	static const char full[] = "WEB1 takes no files: the disk is almost full; ";
	char expected[300];
	start();
	site->is_low_on_space = true;
	snprintf(expected, sizeof(expected), "%s%s%s1 more is not well; 0 waiting", full,
		full, full);
	assert_line(4, expected);
	snprintf(expected, sizeof(expected), "%s%s%s2 more are not well; 0 waiting", full,
		full, full);
	assert_line(5, expected);
}

#define on_bench(test) cmocka_unit_test_setup_teardown(test, bench_enter, bench_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_bench(sites_that_are_well_are_counted),
		on_bench(trouble_is_told_with_its_next_try),
		on_bench(a_disk_that_is_almost_full_is_told),
		on_bench(of_many_that_are_not_well_a_few_are_told_in_words),
	};
	if (!realpath("xsd/comments.xsd", schema_path))
		return 1;
	return cmocka_run_group_tests_name("headline", tests, NULL, NULL);
}
