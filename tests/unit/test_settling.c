/* SPDX-License-Identifier: MIT */
#include "top/settling.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "recovery_bench.h"

enum { DROPS = 40, GROUP = 16, PART = 100 };

static unsigned writes_to_the_full_disk; /* 0: it is not going to be full */

int __real_audit_write(struct audit *audit);
int __wrap_audit_write(struct audit *audit);
int __wrap_audit_write(struct audit *audit)
{
	if (writes_to_the_full_disk && --writes_to_the_full_disk == 0)
		return -ENOSPC;
	return __real_audit_write(audit);
}

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
	assert_int_equal(settling_flush(site, &now, false), 0);
	assert_int_equal(settling_due(site), MSEC_NEVER);
}

/* The next group's flush does it, if that comes soon. */
static void moves_are_flushed_within_a_second(void **state)
{
	(void)state;
	put("sending/20260101T000000.000000Z_x.xml", "no XML");
	start();
	assert_int_equal(settling_work(site, &now), 0);
	assert_int_equal(settling_due(site), now.up + 1000);
	now.up += 999;
	assert_int_equal(settling_flush(site, &now, true), 0);
	assert_int_equal(settling_due(site), now.up + 1);
	now.up++;
	assert_int_equal(settling_flush(site, &now, true), 0);
	assert_int_equal(settling_due(site), MSEC_NEVER);
}

/* A shop that never answers, but takes connections. The caller closes it. */
static int start_silent_shop(char url[64])
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 &&
		    listen(fd, 1) == 0 &&
		    getsockname(fd, (struct sockaddr *)&address, &len) == 0);
	snprintf(url, 64, "http://127.0.0.1:%u/", ntohs(address.sin_port));
	return fd;
}

/* However long the shop takes over what the group waits for. */
static void a_group_that_has_waited_is_settled_at_the_told_instant(void **state)
{
	(void)state;
	char url[64];
	msec_t due = 0;
	auto_close int silent_shop = start_silent_shop(url);
	config.url = url;
	put("sending/" CLAIM, document);
	put("sending/20260101T000000.000000Z_x.xml", "no XML");
	tell("start this; reading; read; stop", 0);
	start();
	pipeline_turn(site, &now, &due);
	assert_non_null(site->errands);
	assert_non_null(site->done.first);
	assert_int_equal(due, now.up + 100);
	now.up = due;
	pipeline_turn(site, &now, &due);
	assert_non_null(site->errands);
	assert_true(is_there("failed/20260101T000000.000000Z_x.xml"));
}

static void what_is_taken_away_before_its_move_is_settled_all_the_same(void **state)
{
	(void)state;
	static const char name[] = "sending/20260101T000000.000000Z_x.xml";
	put(name, "no XML");
	start();
	assert_int_equal(unlink(name), 0);
	assert_int_equal(settling_work(site, &now), 0);
	assert_int_equal(site->jobs.count, 0);
	assert_null(site->done.first);
	assert_false(is_there("failed/20260101T000000.000000Z_x.xml"));
}

static void what_is_given_up_is_told_as_that(void **state)
{
	(void)state;
	msec_t due = 0;
	config.give_up = MSEC_HOUR;
	put("sending/" CLAIM, document);
	tell("start other; reading; read; hold unreachable 60000; stop other", 0);
	start();
	pipeline_turn(site, &now, &due);
	auto_free char *reason = read_all("failed/" CLAIM ".reason.txt");
	assert_non_null(strstr(reason, "it waited longer"));
	assert_holds("failed/" CLAIM, document);
}

/* Its stamp was made months ago by the clock of now: one of them was wrong. */
static void what_was_taken_on_this_boot_ages_by_its_clock(void **state)
{
	(void)state;
	msec_t due = 0;
	config.give_up = MSEC_HOUR;
	put("sending/" CLAIM, document);
	tell("start this; reading; read; hold unreachable 60000; stop", 0);
	for (int restart = 0; restart < 3; restart++) {
		start();
		pipeline_turn(site, &now, &due);
		now.up += MSEC_HOUR - AGO - MSEC_MINUTE;
		pipeline_turn(site, &now, &due);
		assert_true(is_there("sending/" CLAIM));
		stop();
	}
	start();
	now.up += MSEC_HOUR - AGO;
	pipeline_turn(site, &now, &due);
	assert_int_equal(settling_work(site, &now), 0);
	assert_true(is_there("failed/" CLAIM));
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

static size_t count_settled(void)
{
	char path[64];
	size_t count = 0;
	audit_path(now.wall, path);
	auto_free char *lines = read_all(path);
	for (const char *at = lines; (at = strstr(at, "\"ev\":\"settled\"")); at++)
		count++;
	return count;
}

/* Each attempt is on record before its moves: a journal on a full disk must not fill it
 * further. */
static void what_cannot_be_moved_is_tried_again_with_one_drop(void **state)
{
	(void)state;
	msec_t due = 0;
	char day[64];
	for (int i = 0; i < 3; i++) {
		char name[64];
		snprintf(name, sizeof(name), "sending/20260101T000000.%06dZ_x.xml", i);
		put(name, HEAD FOOT);
	}
	start();
	auto_buf struct buf today = {.max_bytes = 16};
	times_add_local_day(&today, now.wall);
	snprintf(day, sizeof(day), "sent/%s", buf_peek(&today));
	put(day, "no folder");
	pipeline_turn(site, &now, &due);
	assert_int_equal(count_settled(), 3);
	for (size_t attempt = 1; attempt <= 3; attempt++) {
		now.up = due;
		pipeline_turn(site, &now, &due);
		assert_int_equal(count_settled(), 3 + attempt);
	}
	assert_int_equal(unlink(day), 0);
	for (int turn = 0; site->jobs.count && turn < 3; turn++) {
		now.up = due;
		pipeline_turn(site, &now, &due);
	}
	assert_int_equal(site->jobs.count, 0);
}

/* Some of a group are on record as settled, others not, and none was moved: the next run
 * makes no difference between them. */
static void a_group_that_is_half_on_record_is_moved_by_the_next_run(void **state)
{
	(void)state;
	enum { COUNT = 250 };
	msec_t due = 0;
	char name[96];
	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "sending/20260101T000000.%06dZ_x.xml", i);
		put(name, HEAD FOOT);
	}
	start();
	writes_to_the_full_disk = 2;
	assert_int_equal(settling_work(site, &now), -ENOSPC);
	assert_int_equal(site->jobs.count, COUNT);
	assert_int_equal(count_settled(), PART);
	assert_true(is_there("sending/20260101T000000.000000Z_x.xml"));
	stop();
	start();
	for (int turn = 0; site->jobs.count && turn < 3; turn++) {
		pipeline_turn(site, &now, &due);
		now.up = due;
	}
	assert_int_equal(site->jobs.count, 0);
	auto_buf struct buf today = {.max_bytes = 16};
	times_add_local_day(&today, now.wall);
	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "sent/%s/20260101T000000.%06dZ_x.xml",
			buf_peek(&today), i);
		assert_true(is_there(name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_needs_a_reason_is_settled_in_small_groups, bench_enter,
			bench_leave),
		cmocka_unit_test_setup_teardown(
			moves_are_flushed_within_a_second, bench_enter, bench_leave),
		cmocka_unit_test_setup_teardown(
			a_group_gathers_until_it_is_full_or_has_waited, bench_enter,
			bench_leave),
		cmocka_unit_test_setup_teardown(
			a_group_that_has_waited_is_settled_at_the_told_instant,
			bench_enter, bench_leave),
		cmocka_unit_test_setup_teardown(
			what_is_taken_away_before_its_move_is_settled_all_the_same,
			bench_enter, bench_leave),
		cmocka_unit_test_setup_teardown(
			what_is_given_up_is_told_as_that, bench_enter, bench_leave),
		cmocka_unit_test_setup_teardown(
			what_was_taken_on_this_boot_ages_by_its_clock, bench_enter,
			bench_leave),
		cmocka_unit_test_setup_teardown(
			a_full_group_waits_for_nothing, bench_enter, bench_leave),
		cmocka_unit_test_setup_teardown(
			what_cannot_be_moved_is_tried_again_with_one_drop, bench_enter,
			bench_leave),
		cmocka_unit_test_setup_teardown(
			a_group_that_is_half_on_record_is_moved_by_the_next_run,
			bench_enter, bench_leave),
	};
	if (!realpath("xsd/comments.xsd", schema_path))
		return 1;
	return cmocka_run_group_tests_name("settling", tests, NULL, NULL);
}
