/* SPDX-License-Identifier: MIT */
#include "tool/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "spool_fixture.h"

#define STAMP "20261123T101530.123456Z"
#define OTHER "20261123T101530.123457Z"
#define DAY "sent/2026-11-23"
#define LOST "\xEF\xBF\xBD"

static void make_sent(void)
{
	assert_int_equal(mkdir("sent/2026-11-22", 0750), 0);
	assert_int_equal(mkdir(DAY, 0750), 0);
	put("sent/2026-11-22/" OTHER "_other.xml", "x");
}

static void assert_place(const char *drop, const char *expected)
{
	struct place place;
	char path[PLACE_PATH_MAX];
	if (!place_find(spool, STAMP, drop, &place))
		fail_msg("%s is found nowhere", drop ? drop : "it");
	place_write(&place, path);
	assert_string_equal(path, expected);
}

static void a_claim_is_found_by_its_name_in_every_folder(void **state)
{
	(void)state;
	static const char *const paths[] = {"sending/" STAMP "_a.xml",
		DAY "/" STAMP "_a.xml", "failed/" STAMP "_a.xml",
		"incoming/" STAMP "_a.xml"};
	make_sent();
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		put(paths[i], "x");
		assert_place("a.xml", paths[i]);
		assert_int_equal(unlink(paths[i]), 0);
	}
}

static void one_that_was_numbered_where_it_went_is_found(void **state)
{
	(void)state;
	make_sent();
	put(DAY "/" STAMP "_a~2.xml", "x");
	assert_place("a.xml", DAY "/" STAMP "_a~2.xml");
}

static void a_name_that_the_journal_could_not_hold_is_found_by_its_stamp(void **state)
{
	(void)state;
	make_sent();
	put(DAY "/" STAMP "_\xE9.xml", "x");
	put(DAY "/" STAMP "_\xE9.xml.reason.txt", "x");
	assert_place(LOST ".xml", DAY "/" STAMP "_\xE9.xml");
	assert_place(NULL, DAY "/" STAMP "_\xE9.xml");
}

static void what_is_not_there_is_not_found(void **state)
{
	(void)state;
	struct place place;
	make_sent();
	put("failed/" STAMP "_a.xml.reason.txt", "x");
	assert_int_equal(symlink("x", DAY "/" STAMP "_a.xml"), 0);
	assert_false(place_find(spool, STAMP, "a.xml", &place));
	assert_false(place_find(spool, STAMP, LOST ".xml", &place));
	assert_false(place_find(spool, STAMP, NULL, &place));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_spool(a_claim_is_found_by_its_name_in_every_folder),
		in_spool(one_that_was_numbered_where_it_went_is_found),
		in_spool(a_name_that_the_journal_could_not_hold_is_found_by_its_stamp),
		in_spool(what_is_not_there_is_not_found),
	};
	return cmocka_run_group_tests_name("tool place", tests, NULL, NULL);
}
