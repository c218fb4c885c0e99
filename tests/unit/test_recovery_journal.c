/* SPDX-License-Identifier: MIT */
#include "top/recovery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sysexits.h>

#include <cmocka.h>

#include "recovery_bench.h"

#define BEGUN "start this; reading; read; "
#define SENDING "sending/" CLAIM

static void remove_today(int days)
{
	char path[64];
	audit_path(clock_now().wall - days * one_day, path);
	assert_int_equal(unlink(path), 0);
}

static void without_its_latest_file_the_journal_is_not_trusted(void **state)
{
	(void)state;
	put(SENDING, document);
	tell(BEGUN "midnight; posting 1; outcome 1 delivered; stop", 1);
	remove_today(0);
	start();
	assert_states("fresh fresh");
	assert_sent(now.up + WAIT - 1000, "");
	assert_sent(now.up + WAIT, "1 2");
	msec_t since = site->quiet_since;
	stop();
	start(); /* there is a latest file again; the wait goes on */
	assert_int_equal(site->quiet_since, since);
}

static void without_its_two_latest_files_it_is_not_trusted(void **state)
{
	(void)state;
	put(SENDING, document);
	tell(BEGUN "midnight; posting 1; midnight; outcome 1 delivered", 2);
	remove_today(0);
	remove_today(1);
	start();
	assert_sent(now.up + WAIT - 1000, "");
	assert_sent(now.up + WAIT, "1 2");
}

static void without_any_file_all_of_it_waits(void **state)
{
	(void)state;
	put(SENDING, document);
	tell(BEGUN "posting 1; outcome 1 delivered; stop", 0);
	remove_today(0);
	assert_int_equal(rmdir("audit"), 0);
	start();
	assert_states("unknown unknown");
	assert_true(site->quiet_since != 0);
}

static void the_latest_file_alone_is_enough(void **state)
{
	(void)state;
	put(SENDING, document);
	tell(BEGUN "posting 1; outcome 1 delivered; stop", 1);
	start();
	stop();
	remove_today(1);
	start();
	assert_states("delivered fresh");
	assert_sent(now.up, "2");
}

static void days_on_which_nothing_could_be_written_hide_nothing(void **state)
{
	char path[64];

	(void)state;
	put(SENDING, document);
	tell(BEGUN "posting 1; outcome 1 delivered; stop", 2);
	for (int days = 0; days < 2; days++) {
		audit_path(clock_now().wall - days * one_day, path);
		put(path, "");
	}
	start();
	assert_states("delivered fresh");
	assert_sent(now.up, "2");
}

static void a_checkpoint_that_lost_a_line_hides_nothing(void **state)
{
	char path[64];

	(void)state;
	put(SENDING, document);
	tell(BEGUN "posting 1; outcome 1 delivered", 0);
	start();
	die();
	audit_path(clock_now().wall, path);
	blank_line(path, "\"ev\":\"checkpoint\",\"claim\":\"" STAMP "\",\"n\":1");
	start();
	assert_states("delivered fresh");
	assert_sent(now.up, "2");
}

/* As if the machine had been started again since. */
static void change_boot(void)
{
	char path[64];
	audit_path(clock_now().wall, path);
	auto_free char *bytes = read_all(path);
	for (char *at = bytes; (at = strstr(at, clock_boot_id()));)
		memcpy(at, OTHER_BOOT, sizeof(OTHER_BOOT) - 1);
	assert_int_equal(unlink(path), 0);
	add_line(path, bytes);
}

static void a_quiet_that_was_over_is_over_on_the_next_boot_too(void **state)
{
	static const msec_t waits[] = {1, WAIT};

	(void)state;
	for (int i = 0; i < 2; i++) {
		config.unknown_wait = waits[i];
		put(SENDING, document);
		tell("start other; reading; read", 0);
		start();
		msec_t since = site->quiet_since;
		assert_true(since != 0);
		while (clock_now().up <= since + waits[0])
			;
		stop();
		change_boot();
		start();
		assert_int_equal(site->quiet_since != 0, i);
		stop();
	}
}

static void assert_refused(const char *says)
{
	auto_buf struct buf why = {.max_bytes = 1000};
	assert_int_equal(try_start(&why), EX_CANTCREAT);
	assert_null(site);
	if (!strstr(buf_peek(&why), says))
		fail_msg("not said: %s\nbut: %s", says, buf_peek(&why));
	assert_true(is_there(SENDING));
}

static void a_later_gateways_journal_is_refused_with_advice(void **state)
{
	(void)state;
	put(SENDING, document);
	tell("start this; v 2", 0);
	assert_refused("a later version of this gateway");
	assert_int_equal(rename("audit", "audit.later"), 0);
	start();
	assert_states("unknown unknown");
}

static void a_journal_that_cannot_be_read_is_refused(void **state)
{
	char path[64];

	(void)state;
	put(SENDING, document);
	audit_path(clock_now().wall, path);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_refused("cannot be used");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused("cannot be used");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_refused("cannot be used");
}

#define with_bench(test) cmocka_unit_test_setup_teardown(test, bench_enter, bench_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_bench(without_its_latest_file_the_journal_is_not_trusted),
		with_bench(without_its_two_latest_files_it_is_not_trusted),
		with_bench(without_any_file_all_of_it_waits),
		with_bench(the_latest_file_alone_is_enough),
		with_bench(days_on_which_nothing_could_be_written_hide_nothing),
		with_bench(a_checkpoint_that_lost_a_line_hides_nothing),
		with_bench(a_quiet_that_was_over_is_over_on_the_next_boot_too),
		with_bench(a_later_gateways_journal_is_refused_with_advice),
		with_bench(a_journal_that_cannot_be_read_is_refused),
	};
	if (!realpath("xsd/comments.xsd", schema_path))
		return 1;
	return cmocka_run_group_tests_name("recovery of journals", tests, NULL, NULL);
}
