/* SPDX-License-Identifier: MIT */
#include "top/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "recovery_bench.h"

static struct report *report;

static int enter(void **state)
{
	int r = bench_enter(state);
	if (r < 0)
		return r;
	start();
	report = report_new(&site, 1);
	return 0;
}

static int leave(void **state)
{
	report_free(report);
	return bench_leave(state);
}

/* When failed/ changed. */
static struct timespec changed(void)
{
	struct stat st;
	assert_int_equal(stat("failed", &st), 0);
	return st.st_mtim;
}

static void assert_told(const char *figure)
{
	report_turn(report, &now);
	now.up += MSEC_SECOND;
	auto_free char *state = read_all("state.json");
	if (!strstr(state, figure))
		fail_msg("no %s in %s", figure, state);
}

/* One more file there, in the same tick of the file system's clock as the one before. */
static void change_within_the_tick(void)
{
	const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, changed()};
	put("failed/b.xml", document);
	assert_int_equal(utimensat(AT_FDCWD, "failed", times, 0), 0);
}

static void what_fails_in_the_same_tick_is_counted(void **state)
{
	(void)state;
	put("failed/a.xml", document);
	now.wall = (usec_t)changed().tv_sec * USEC_SECOND + USEC_SECOND - 1;
	assert_told("\"failed\":1,");
	change_within_the_tick();
	assert_told("\"failed\":2,");
}

/* Of a clock that was set back, too. */
static void a_folder_that_is_quiet_is_not_listed_again(void **state)
{
	(void)state;
	for (int sign = -1; sign <= 1; sign += 2) {
		put("failed/a.xml", document);
		now.wall = ((usec_t)changed().tv_sec + (usec_t)sign * 60) * USEC_SECOND;
		assert_told("\"failed\":1,");
		change_within_the_tick();
		assert_told("\"failed\":1,");
		assert_int_equal(unlink("failed/a.xml") + unlink("failed/b.xml"), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_fails_in_the_same_tick_is_counted, enter, leave),
		cmocka_unit_test_setup_teardown(
			a_folder_that_is_quiet_is_not_listed_again, enter, leave),
	};
	if (!realpath("xsd/comments.xsd", schema_path))
		return 1;
	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
