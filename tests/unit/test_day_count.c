/* SPDX-License-Identifier: MIT */
#include "core/day_count.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void files_of_one_day_are_added_up(void **state)
{
	struct day_count c = {0};
	(void)state;
	assert_int_equal(day_count_on(&c, "2026-11-23"), 0);
	day_count_add(&c, "sent/2026-11-23/a.xml", 1);
	day_count_add(&c, "sent/2026-11-23", 4);
	assert_int_equal(day_count_on(&c, "2026-11-23"), 5);
}

static void no_other_day_has_them(void **state)
{
	struct day_count c = {0};
	(void)state;
	day_count_add(&c, "sent/2026-11-23/a.xml", 1);
	assert_int_equal(day_count_on(&c, "2026-11-24"), 0);
	assert_int_equal(day_count_on(&c, "2026-11-22"), 0);
	assert_int_equal(day_count_on(&c, ""), 0);
	assert_int_equal(day_count_on(&c, "2026-11-23"), 1); /* asking forgets nothing */
}

static void a_file_of_another_day_begins_anew(void **state)
{
	struct day_count c = {0};
	(void)state;
	day_count_add(&c, "sent/2026-11-23/a.xml", 7);
	day_count_add(&c, "sent/2026-11-24/b.xml", 1);
	assert_int_equal(day_count_on(&c, "2026-11-23"), 0);
	assert_int_equal(day_count_on(&c, "2026-11-24"), 1);
	day_count_add(&c, "sent/2026-11-23/c.xml", 1); /* the clock was set back */
	assert_int_equal(day_count_on(&c, "2026-11-23"), 1);
	assert_int_equal(day_count_on(&c, "2026-11-24"), 0);
}

static void what_was_not_sent_is_not_counted(void **state)
{
	static const char *const elsewhere[] = {NULL, "", "sent/", "sent/2026-11-2",
		"failed/a.xml", "failed/2026-11-23/a"};
	struct day_count c = {0};
	(void)state;
	day_count_add(&c, "sent/2026-11-23/a.xml", 1);
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		day_count_add(&c, elsewhere[i], 1);
	assert_int_equal(day_count_on(&c, "2026-11-23"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_one_day_are_added_up),
		cmocka_unit_test(no_other_day_has_them),
		cmocka_unit_test(a_file_of_another_day_begins_anew),
		cmocka_unit_test(what_was_not_sent_is_not_counted),
	};
	return cmocka_run_group_tests_name("day_count", tests, NULL, NULL);
}
