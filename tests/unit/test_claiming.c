/* SPDX-License-Identifier: MIT */
#include "top/claiming.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "recovery_bench.h"
#include "top/checkpoint.h"

static void arrive(const char *name, const char *path)
{
	struct stat st;
	assert_int_equal(lstat(path, &st), 0);
	struct sighting sighting = site_sighting(&st);
	intake_see(site->incoming, name, SIGN_ARRIVED, &sighting, now.up);
}

/* now: when the turn began. */
static void start_with_two_drops(void)
{
	put("incoming/a.xml", document);
	put("incoming/b.xml", "no XML");
	start();
	now.up -= MSEC_MINUTE;
	arrive("a.xml", "incoming/a.xml");
	arrive("b.xml", "incoming/b.xml");
}

/* A file that is at its worst takes seconds to read. */
static void a_turn_that_has_lasted_claims_one_drop(void **state)
{
	(void)state;
	bool more = false;
	start_with_two_drops();
	assert_int_equal(claiming_work(site, &now, &more), 0);
	assert_true(more);
	assert_int_equal(site->jobs.count, 1);
	assert_null(site->unread.first);
	assert_false(is_there("incoming/a.xml"));
	assert_true(is_there("incoming/b.xml"));
	assert_int_equal(claiming_work(site, &now, &more), 0);
	assert_int_equal(site->jobs.count, 2);
}

static void a_turn_that_has_just_begun_claims_all(void **state)
{
	(void)state;
	bool more = false;
	start_with_two_drops();
	now.up = clock_now().up;
	assert_int_equal(claiming_work(site, &now, &more), 0);
	assert_false(more);
	assert_int_equal(site->jobs.count, 2);
}

/* Nothing is claimed before what was found at the start has been read. */
static void claims_of_an_earlier_run_are_read_over_several_turns(void **state)
{
	(void)state;
	bool more = false;
	auto_buf struct buf why = {.max_bytes = 1000};
	put("sending/20260101T000000.000001Z_x.xml", "no XML");
	put("sending/20260101T000000.000002Z_x.xml", "no XML");
	put("incoming/a.xml", document);
	assert_int_equal(try_start(&why), 0);
	now.up -= MSEC_MINUTE;
	arrive("a.xml", "incoming/a.xml");
	assert_int_equal(claiming_work(site, &now, &more), 0);
	assert_true(more);
	assert_non_null(site->unread.first);
	assert_int_equal(claiming_work(site, &now, &more), 0);
	assert_null(site->unread.first);
	assert_int_equal(site->jobs.count, 3);
}

/* A restart reads nothing from before it. */
static void a_checkpoint_keeps_when_a_claim_was_taken(void **state)
{
	(void)state;
	bool more = false;
	put("incoming/a.xml", document);
	start();
	arrive("a.xml", "incoming/a.xml");
	msec_t taken = now.up;
	assert_int_equal(claiming_work(site, &now, &more), 0);
	now.up += MSEC_MINUTE;
	assert_int_equal(checkpoint_write(site, &now), 0);
	die();
	start();
	const struct table_node *node = table_next(&site->jobs, NULL);
	assert_non_null(node);
	assert_int_equal(table_member(node, struct job, node)->taken, taken);
}

/* Two files by turns: of alarms that are alike and follow each other one is told. */
static void alarm_often(unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		assert_int_equal(chmod(i % 2 ? "incoming/x" : "incoming/y", 0600), 0);
}

/* Whoever does that all the time would keep everything else waiting. */
static void a_turn_takes_so_many_alarms_and_leaves_the_others(void **state)
{
	(void)state;
	bool more = false;
	put("incoming/x", "");
	put("incoming/y", "");
	start();
	assert_int_equal(watch_new(&site->watch), 0);
	assert_int_equal(watch_spool(site->watch, site->spool), 0);
	alarm_often(10000);
	put("incoming/a.xml", document);
	assert_int_equal(claiming_take_alarms(site, &now, &more), 0);
	assert_true(more);
	assert_int_equal(intake_waiting(site->incoming), 0);
	more = false;
	assert_int_equal(claiming_take_alarms(site, &now, &more), 0);
	assert_false(more);
	assert_int_equal(intake_waiting(site->incoming), 1);
}

/* Since the look at it that made it ready. */
static void what_is_gone_or_no_file_when_it_is_claimed_is_passed_over(void **state)
{
	(void)state;
	bool more = false;
	struct intake_counts counts;
	start_with_two_drops();
	now.up = clock_now().up;
	assert_int_equal(unlink("incoming/a.xml"), 0);
	assert_int_equal(unlink("incoming/b.xml"), 0);
	assert_int_equal(mkfifo("incoming/b.xml", 0640), 0);
	assert_int_equal(claiming_work(site, &now, &more), 0);
	assert_int_equal(site->jobs.count, 0);
	intake_count(site->incoming, now.up, &counts);
	assert_int_equal(counts.odd, 1);
	assert_int_equal(intake_waiting(site->incoming), 0);
	assert_true(is_there("incoming/b.xml"));
}

static size_t flushes;

int __real_io_sync(int fd);
int __wrap_io_sync(int fd);

int __wrap_io_sync(int fd)
{
	flushes++;
	return __real_io_sync(fd);
}

/* Each flush after a removal is one of the disk: thousands would hold all else up. */
static void reasons_whose_files_are_gone_share_a_flush(void **state)
{
	char reason[64];
	(void)state;
	start();
	put("failed/" CLAIM, "kept");
	put("failed/" CLAIM ".reason.txt", "kept");
	for (int i = 0; i < 1200; i++) {
		snprintf(reason, sizeof(reason),
			"failed/20260101T000000.%06dZ_b.xml.reason.txt", i);
		put(reason, "gone");
	}
	flushes = 0;
	assert_int_equal(claiming_scan(site, &now), 0);
	assert_in_range(flushes, 1, 10);
	assert_true(is_there("failed/" CLAIM ".reason.txt"));
	assert_int_equal(unlink("failed/" CLAIM), 0);
	assert_int_equal(unlink("failed/" CLAIM ".reason.txt"), 0);
	assert_int_equal(rmdir("failed"), 0); /* nothing else is there */
}

#define CLAIMING_TEST(name)                                                              \
	cmocka_unit_test_setup_teardown(name, bench_enter, bench_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIMING_TEST(a_turn_that_has_lasted_claims_one_drop),
		CLAIMING_TEST(a_turn_that_has_just_begun_claims_all),
		CLAIMING_TEST(claims_of_an_earlier_run_are_read_over_several_turns),
		CLAIMING_TEST(a_checkpoint_keeps_when_a_claim_was_taken),
		CLAIMING_TEST(a_turn_takes_so_many_alarms_and_leaves_the_others),
		CLAIMING_TEST(what_is_gone_or_no_file_when_it_is_claimed_is_passed_over),
		CLAIMING_TEST(reasons_whose_files_are_gone_share_a_flush),
	};
	if (!realpath("xsd/comments.xsd", schema_path))
		return 1;
	return cmocka_run_group_tests_name("claiming", tests, NULL, NULL);
}
