/* SPDX-License-Identifier: MIT */
#include "top/settling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "recovery_bench.h"

enum { DROPS = 40, GROUP = 16 };

/* Signals, answers and the watchdog wait for no more than a group. */
static void what_needs_a_reason_is_settled_in_small_groups(void **state)
{
	(void)state;
	for (int i = 0; i < DROPS; i++) {
		char name[64];
		snprintf(name, sizeof(name), "sending/20260101T000000.%06dZ_x.xml", i);
		put(name, "no XML");
	}
	start();
	for (size_t left = DROPS; left; left = site->jobs.count) {
		assert_int_equal(site->jobs.count, left);
		assert_int_equal(settling_work(site, &now), 0);
		size_t after = left > GROUP ? left - GROUP : 0;
		assert_int_equal(site->jobs.count, after);
		assert_int_equal(site->done.first != NULL, after > 0);
	}
	assert_true(is_there("failed/20260101T000000.000039Z_x.xml.reason.txt"));
}

/* A group's flushes cost the same for many; but a loss of power must not find much. */
static void a_group_gathers_until_it_is_full_or_has_waited(void **state)
{
	(void)state;
	put("sending/20260101T000000.000000Z_x.xml", "no XML");
	start();
	site->gathering_since = now.up;
	assert_int_equal(settling_due(site), now.up + 100);
	assert_true(settling_may_gather(site, &now));
	now.up += 99;
	assert_true(settling_may_gather(site, &now));
	now.up++;
	assert_false(settling_may_gather(site, &now));
	assert_int_equal(settling_work(site, &now), 0);
	assert_int_equal(settling_due(site), MSEC_NEVER);
}

static void a_full_group_waits_for_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < DROPS; i++) {
		char name[64];
		snprintf(name, sizeof(name), "sending/20260101T000000.%06dZ_x.xml", i);
		put(name, "no XML");
	}
	start();
	site->gathering_since = now.up;
	assert_false(settling_may_gather(site, &now));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_needs_a_reason_is_settled_in_small_groups, bench_enter,
			bench_leave),
		cmocka_unit_test_setup_teardown(
			a_group_gathers_until_it_is_full_or_has_waited, bench_enter,
			bench_leave),
		cmocka_unit_test_setup_teardown(
			a_full_group_waits_for_nothing, bench_enter, bench_leave),
	};
	if (!realpath("xsd/comments.xsd", schema_path))
		return 1;
	return cmocka_run_group_tests_name("settling", tests, NULL, NULL);
}
