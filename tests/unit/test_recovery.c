/* SPDX-License-Identifier: MIT */
#include "top/recovery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "recovery_bench.h"

/* --- one claim in sending/, and what the journal says of it --- */

struct row {
	const char *name;
	const char *past;   /* NULL: there is no journal */
	const char *states; /* of its comments; NULL: it is no claim of ours any more */
	const char *sent_now, *sent_later; /* later: when unknown_wait has passed */
	const char *lies_in;               /* at last */
	int days;                          /* that the past began before today */
};

#define BEGUN "start this; reading; read; "
#define SENDING "sending/" CLAIM
#define IN_FAILED "failed/" CLAIM

static const struct row rows[] = {
	/* the claim */
	{"no journal at all: it waits", NULL, "unknown unknown", "", "1 2", SENDING, 0},
	{"no record: it waits", "start this", "unknown unknown", "", "1 2", SENDING, 0},
	{"no record, clean stop: it waits", "start this; stop", "unknown unknown", "",
		"1 2", SENDING, 0},
	{"reading without read: it is sent", "start this; reading", "fresh fresh", "1 2",
		"", SENDING, 0},
	{"two deadly readings: it is sent", "start this; reading; start this; reading",
		"fresh fresh", "1 2", "", SENDING, 0},
	{"three deadly readings: failed",
		"start this; reading; start this; reading; "
		"start this; reading",
		NULL, "", "", IN_FAILED, 0},
	{"three readings, one came to its end: it is sent",
		"start this; reading; start this; reading; read; start this; reading",
		"fresh fresh", "1 2", "", SENDING, 0},
	{"three deaths while it only waited: it is sent",
		BEGUN "start this; start this; start this", "fresh fresh", "1 2", "",
		SENDING, 0},
	{"three stops in the middle of reading: it is sent",
		"start this; reading; stop; start this; reading; stop; start this; "
		"reading; stop",
		"fresh fresh", "1 2", "", SENDING, 0},
	{"read and never posted: it is sent", BEGUN, "fresh fresh", "1 2", "", SENDING,
		0},
	{"withdrawn, and there again: it waits", BEGUN "withdrawn", "unknown unknown", "",
		"1 2", SENDING, 0},
	{"settled to sent/ and not moved", BEGUN "settled sent/2026-01-01", NULL, "", "",
		NULL, 0},
	{"settled to failed/ and not moved", BEGUN "settled failed", NULL, "", "",
		IN_FAILED, 0},
	{"settled to failed/, and the run ended without the move",
		BEGUN "settled failed; stop 1", NULL, "", "", IN_FAILED, 0},

	/* its comments */
	{"a posting without outcome: it waits", BEGUN "posting 1", "unknown fresh", "2",
		"1", SENDING, 0},
	{"two postings without outcome: they wait", BEGUN "posting 1; posting 2",
		"unknown unknown", "", "1 2", SENDING, 0},
	{"unknown on record: it waits", BEGUN "posting 1; outcome 1 unknown 1",
		"unknown fresh", "2", "1", SENDING, 0},
	{"a word that nobody knows: it waits", BEGUN "posting 1; outcome 1 enchanted 1",
		"unknown fresh", "2", "1", SENDING, 0},
	{"deferred: it is sent", BEGUN "posting 1; outcome 1 deferred 3",
		"deferred fresh", "1 2", "", SENDING, 0},
	{"deferred for longer: it goes on waiting",
		BEGUN "posting 1; outcome 1 deferred 1 9500", "deferred fresh", "2", "1",
		SENDING, 0},
	{"deferred for so long: it is sent", BEGUN "posting 1; outcome 1 deferred 1 4000",
		"deferred fresh", "1 2", "", SENDING, 0},
	{"some final: the others are sent", BEGUN "posting 1; outcome 1 delivered",
		"delivered fresh", "2", "", SENDING, 0},
	{"all delivered: settled",
		BEGUN "posting 1; posting 2; outcome 1 delivered; "
		      "outcome 2 already",
		NULL, "", "", NULL, 0},
	{"all rejected: failed",
		BEGUN "posting 1; posting 2; outcome 1 rejected; "
		      "outcome 2 rejected",
		NULL, "", "", IN_FAILED, 0},
	{"all final, some rejected: its rest is in failed/",
		BEGUN "posting 1; posting 2; outcome 1 delivered; outcome 2 rejected",
		NULL, "", "", IN_FAILED, 0},

	/* the journal */
	{"a torn last line is as if it were not there", BEGUN "posting 1; torn",
		"unknown fresh", "2", "1", SENDING, 0},
	{"posted before midnight, answered after it",
		BEGUN "posting 1; posting 2; midnight; outcome 1 delivered",
		"delivered unknown", "", "2", SENDING, 1},
	{"claimed before midnight, settled after it",
		BEGUN "posting 1; midnight; outcome 1 delivered; settled failed", NULL,
		"", "", IN_FAILED, 1},
	{"three days of outage", BEGUN "posting 1; outcome 1 deferred 2",
		"deferred fresh", "1 2", "", SENDING, 3},

	/* the boot */
	{"clean stop, another boot: no wait", "start other; reading; read; stop other",
		"fresh fresh", "1 2", "", SENDING, 0},
	{"power loss: nothing is sent before unknown_wait", "start other; reading; read",
		"fresh fresh", "", "1 2", SENDING, 0},
	{"death on this boot after a boot before: no wait",
		"start other; stop other; start this; reading; read", "fresh fresh",
		"1 2", "", SENDING, 0},
};

static bool is_in_sent(void)
{
	char path[64];
	auto_buf struct buf day = {.max_bytes = 16};
	times_add_local_day(&day, now.wall);
	snprintf(path, sizeof(path), "sent/%s/" CLAIM, buf_peek(&day));
	return is_there(path);
}

static void check_row(const struct row *row)
{
	start();
	if (row->states)
		assert_states(row->states);
	assert_sent(now.up, row->sent_now);
	assert_sent(now.up + WAIT - AGO - 1000, "");
	assert_sent(now.up + WAIT, row->sent_later);
	assert_int_equal(settling_work(site, &now), 0);
	assert_int_equal(site_find_job(site, STAMP) != NULL, row->states != NULL);
	assert_true(row->lies_in ? is_there(row->lies_in) : is_in_sent());
	assert_int_equal(is_there(SENDING), row->states != NULL);
}

/* What lies there when the past ends: of what failed the reason is there first. */
static void lay_down(const struct row *row)
{
	put(SENDING, document);
	put(IN_FAILED ".reason.txt", "why");
	if (row->past)
		tell(row->past, row->days);
}

static void a_claim_is_what_folder_and_journal_say(void **state)
{
	const struct row *row = *state;
	lay_down(row);
	check_row(row);
}

/* The second start, after a death, finds what the first one found. */
static void recovery_after_recovery_is_the_same(void **state)
{
	const struct row *row = *state;
	lay_down(row);
	if (!row->states)
		return; /* it was over by the first */
	start();
	assert_int_equal(audit_sync(site->audit), 0);
	die();
	start();
	auto_free char *first = last_checkpoint();
	msec_t quiet_since = site->quiet_since;
	die();
	check_row(row);
	auto_free char *second = last_checkpoint();
	assert_string_equal(second, first);
	assert_int_equal(site->quiet_since, quiet_since);
}

/* --- more than a row can say --- */

static void attempts_and_words_are_kept(void **state)
{
	(void)state;
	put(SENDING, document);
	tell(BEGUN "posting 1; outcome 1 deferred 3", 0);
	start();
	assert_int_equal(found_job()->comments[0].attempts, 3);
	assert_int_equal(found_job()->comments[1].attempts, 0);
}

static void a_hold_goes_on_and_is_on_record_anew(void **state)
{
	(void)state;
	tell("start this; hold refusing; hold key-refused 60000; stop this", 0);
	for (int i = 0; i < 2; i++) {
		struct schedule_state told;
		struct task task;
		start();
		schedule_state(site->schedule, &told);
		assert_int_equal(told.hold, HOLD_KEY);
		assert_in_range(now.up - told.held_since, AGO, AGO + 4000);
		schedule_next(site->schedule, now.up, &task);
		assert_int_equal(task.kind, TASK_NONE);
		assert_int_equal(task.ask_again, told.held_since + MSEC_MINUTE);
		die();
	}
}

static void a_hold_that_ended_is_over(void **state)
{
	(void)state;
	struct schedule_state told;
	tell("start this; hold refusing; open; stop this", 0);
	start();
	schedule_state(site->schedule, &told);
	assert_int_equal(told.hold, HOLD_NONE);
}

static void a_wait_goes_on_whatever_restarts_come_between(void **state)
{
	(void)state;
	put(SENDING, document);
	tell(BEGUN "posting 1; start this", 0);
	for (int i = 0; i < 3; i++) {
		start();
		assert_states("unknown fresh");
		assert_sent(now.up, "2");
		assert_sent(found_job()->comments[0].since + WAIT - 1, "");
		assert_sent(found_job()->comments[0].since + WAIT, "1");
		/* Since the second start of the past, not since one of these. */
		assert_in_range(now.up - found_job()->comments[0].since, AGO, WAIT - 1);
		die();
	}
}

static void on_another_boot_a_wait_begins_anew_but_only_once(void **state)
{
	(void)state;
	put(SENDING, document);
	tell("start other; reading; read; posting 1; outcome 1 unknown 1; stop other", 0);
	msec_t before = clock_now().up;
	start();
	assert_states("unknown fresh");
	msec_t since = found_job()->comments[0].since;
	assert_int_equal(audit_sync(site->audit), 0);
	die();
	start();
	assert_in_range(found_job()->comments[0].since, before, since);
}

static void unrecorded_it_stays_though_a_run_dies_before_it_reads_it(void **state)
{
	auto_buf struct buf why = {.max_bytes = 1000};

	(void)state;
	put(SENDING, document);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(try_start(&why), 0);
		die();
	}
	start();
	assert_states("unknown unknown");
}

static void a_changed_file_of_which_something_was_posted_fails(void **state)
{
	(void)state;
	put(SENDING, document);
	tell(BEGUN "posting 1; outcome 1 delivered", 0);
	put(SENDING, document);
	start();
	assert_sent(now.up + WAIT, "");
	assert_int_equal(settling_work(site, &now), 0);
	assert_holds(IN_FAILED, document);
	auto_free char *reason = read_all(IN_FAILED ".reason.txt");
	assert_non_null(strstr(reason, "delivered"));
}

/* Without the line that says which file it was, its comments tell. */
static void assert_another_file(const char *past)
{
	static const char other[] = HEAD COMMENT("2") FOOT;
	put(SENDING, other);
	tell(past, 0);
	start();
	assert_sent(now.up + WAIT, "");
	assert_int_equal(settling_work(site, &now), 0);
	assert_holds(IN_FAILED, other);
}

static void a_file_with_other_comments_than_those_on_record_is_not_sent(void **state)
{
	(void)state;
	assert_another_file("start this; reading; posting 1");
}

static void a_file_with_fewer_comments_than_those_on_record_is_not_sent(void **state)
{
	(void)state;
	assert_another_file("start this; reading; posting 2");
}

static void what_was_sent_is_moved_though_its_reading_is_not_on_record(void **state)
{
	(void)state;
	put(SENDING, document);
	tell("start this; settled sent/2026-01-01", 0);
	start();
	assert_int_equal(settling_work(site, &now), 0);
	assert_int_equal(site->jobs.count, 0);
	assert_false(is_there(SENDING));
}

/* It may be read long after the scan. */
static void a_run_waits_for_what_it_gave_back(void **state)
{
	(void)state;
	put(SENDING, "<open:Comments");
	tell("start this; stop", 0);
	start();
	assert_false(is_there(SENDING));
	assert_int_equal(site->quiet_at, now.up + site->config->settle);
}

/* Also for a run that dies before its turn is over. */
static void what_was_given_back_is_on_record_at_once(void **state)
{
	(void)state;
	char path[64];
	put(SENDING, "<open:Comments");
	tell("start this; stop", 0);
	start();
	audit_path(now.wall, path);
	auto_free char *journal = read_all(path);
	assert_non_null(strstr(journal, "\"returned\""));
}

static void a_claim_that_is_taken_away_unread_is_withdrawn(void **state)
{
	(void)state;
	auto_buf struct buf why = {.max_bytes = 1000};
	put(SENDING, document);
	tell("start this; reading; stop", 0);
	assert_int_equal(try_start(&why), 0);
	assert_int_equal(unlink(SENDING), 0);
	assert_int_equal(reading_work(site, &now), 0);
	assert_int_equal(site->jobs.count, 0);
	assert_int_equal(audit_write(site->audit), 0);
	char path[64];
	audit_path(now.wall, path);
	auto_free char *journal = read_all(path);
	assert_non_null(strstr(journal, "\"withdrawn\""));
}

static void a_changed_file_of_which_nothing_was_posted_is_read_anew(void **state)
{
	(void)state;
	put(SENDING, document);
	tell(BEGUN, 0);
	put(SENDING, document);
	start();
	assert_sent(now.up, "1 2");
}

static void what_had_been_delivered_is_told_of_a_deadly_file_too(void **state)
{
	(void)state;
	put(SENDING, document);
	tell(BEGUN "posting 1; outcome 1 delivered; posting 2; start this; reading; "
		   "start this; reading; start this; reading",
		0);
	start();
	assert_int_equal(settling_work(site, &now), 0);
	auto_free char *reason = read_all(IN_FAILED ".reason.txt");
	assert_non_null(strstr(reason, "three times"));
	assert_non_null(strstr(reason, "delivered"));
	assert_int_equal(site->doubt_count, 1);
}

static void a_rest_that_is_not_on_record_is_written_again(void **state)
{
	(void)state;
	put(SENDING, document);
	put(IN_FAILED, "half");
	tell(BEGUN "outcome 1 delivered; outcome 2 rejected", 0);
	start();
	assert_int_equal(settling_work(site, &now), 0);
	auto_free char *rest = read_all(IN_FAILED);
	assert_null(strstr(rest, "WEB-1"));
	assert_non_null(strstr(rest, "WEB-2"));
	assert_true(is_in_sent());
}

static void what_changes_before_its_rest_is_placed_is_called_changed(void **state)
{
	(void)state;
	put(SENDING, document);
	tell(BEGUN "outcome 1 delivered; outcome 2 rejected", 0);
	start();
	add_line(SENDING, "<!-- another -->");
	assert_int_equal(settling_work(site, &now), 0);
	assert_false(is_in_sent());
	assert_true(is_there(IN_FAILED));
	auto_free char *reason = read_all(IN_FAILED ".reason.txt");
	assert_non_null(strstr(reason, "changed"));
}

static void a_rest_that_is_on_record_is_the_admins(void **state)
{
	(void)state;
	put(SENDING, document);
	tell(BEGUN "outcome 1 delivered; outcome 2 rejected; rest failed", 0);
	start();
	assert_int_equal(settling_work(site, &now), 0);
	assert_false(is_there(IN_FAILED));
	assert_true(is_in_sent());
}

/* As after a death between a rest's placing and its record, which the admin was quick to
 * use: it is in incoming/ by now. */
static void settle_with_a_rest_in_incoming(const char *added)
{
	static const char past[] = BEGUN "outcome 1 delivered; outcome 2 rejected";
	char journal[64];
	put(SENDING, document);
	tell(past, 0);
	start();
	assert_int_equal(settling_work(site, &now), 0);
	assert_int_equal(rename(IN_FAILED, "incoming/" CLAIM), 0);
	audit_path(now.wall, journal);
	stop();
	assert_int_equal(unlink(journal), 0);
	put(SENDING, document);
	tell(past, 0);
	add_line("incoming/" CLAIM, added);
	start();
	assert_int_equal(settling_work(site, &now), 0);
	assert_false(is_there(SENDING));
	assert_true(is_there("incoming/" CLAIM));
	auto_free char *lines = read_all(journal);
	assert_non_null(strstr(lines, "\"ev\":\"rest\""));
}

static void a_rest_that_was_moved_back_is_not_placed_again(void **state)
{
	(void)state;
	settle_with_a_rest_in_incoming("");
	assert_false(is_there(IN_FAILED));
}

/* It was claimed while settling had to wait. */
static void a_rest_that_is_a_claim_again_is_not_placed_again(void **state)
{
	(void)state;
	put(SENDING, document);
	tell(BEGUN "outcome 1 delivered; outcome 2 rejected", 0);
	start();
	site_add_job(site, job_new(&(struct claim_name){
				   .name = "20260101T000001.000000Z_a.xml",
				   .stamp = "20260101T000001.000000Z",
				   .of = STAMP,
			   }));
	assert_int_equal(settling_work(site, &now), 0);
	assert_false(is_there(IN_FAILED));
	assert_true(is_in_sent());
}

static void a_rest_is_placed_if_another_file_has_its_name(void **state)
{
	(void)state;
	settle_with_a_rest_in_incoming("\n");
	assert_true(is_there(IN_FAILED));
}

static void what_is_gone_is_withdrawn_and_its_doubts_are_kept(void **state)
{
	(void)state;
	tell(BEGUN "posting 1; outcome 1 delivered; posting 2", 0);
	start();
	char path[64];
	audit_path(now.wall, path);
	auto_free char *journal = read_all(path);
	assert_non_null(strstr(journal, "\"withdrawn\""));
	assert_int_equal(site->jobs.count, 0);
	assert_int_equal(site->doubt_count, 1);
	assert_string_equal(site->doubts[0].id, "2");
	die();
	start();
	assert_int_equal(site->doubt_count, 1);
	auto_free char *checkpoint = last_checkpoint();
	assert_null(strstr(checkpoint, "a.xml"));
}

static void what_was_settled_and_moved_is_forgotten(void **state)
{
	(void)state;
	tell(BEGUN "posting 1; outcome 1 delivered; settled failed", 0);
	start();
	assert_int_equal(site->jobs.count, 0);
	auto_free char *checkpoint = last_checkpoint();
	assert_null(strstr(checkpoint, "a.xml"));
	char path[64];
	audit_path(now.wall, path);
	auto_free char *journal = read_all(path);
	assert_null(strstr(journal, "\"withdrawn\""));
}

static void start_put_back(const char *past, const char *bytes)
{
	put(SENDING, document);
	tell(past, 0);
	assert_int_equal(unlink(SENDING), 0);
	put(SENDING, bytes);
	start();
	assert_int_equal(site->jobs.count, 0);
	assert_holds(SENDING, bytes);
	stop();
}

/* It is left to the scan, which claims it anew. */
static void what_was_moved_and_put_back_by_hand_is_no_claim(void **state)
{
	(void)state;
	start_put_back(BEGUN "rest failed; settled sent/2026-01-01", "the rest of it");
	start_put_back(BEGUN "settled failed", document); /* with its reason */
	put(IN_FAILED ".reason.txt", "why");
	start_put_back(BEGUN "settled failed; stop", document);
}

static void a_reason_that_was_put_there_is_no_claim(void **state)
{
	(void)state;
	put(SENDING ".reason.txt", "why");
	start();
	assert_int_equal(site->jobs.count, 0);
	assert_true(is_there(SENDING ".reason.txt"));
}

static void a_copy_of_the_spool_on_another_disk_goes_on(void **state)
{
	struct stat st = {0};
	(void)state;
	put(SENDING, document);
	tell(BEGUN "posting 1; outcome 1 delivered", 0);
	assert_int_equal(lstat(SENDING, &st), 0);
	put("sending/copy", document);
	const struct timespec times[] = {st.st_mtim, st.st_mtim};
	assert_int_equal(utimensat(AT_FDCWD, "sending/copy", times, 0), 0);
	assert_int_equal(rename("sending/copy", SENDING), 0);
	start();
	assert_states("delivered fresh");
}

static void of_two_files_with_one_stamp_the_one_on_record_is_the_claim(void **state)
{
	(void)state;
	put(SENDING, document);
	tell(BEGUN "posting 1; outcome 1 delivered", 0);
	put("sending/" STAMP "_Copy of a.xml", document);
	put("sending/" STAMP "_a.xml.bak", document);
	start();
	assert_int_equal(site->jobs.count, 1);
	assert_string_equal(found_job()->name, CLAIM);
	assert_states("delivered fresh");
}

static void unclaimed_names_are_left_to_the_scan(void **state)
{
	(void)state;
	put("sending/a.xml", document);
	put("sending/20260101_a.xml", document);
	start();
	assert_int_equal(site->jobs.count, 0);
	assert_true(is_there("sending/a.xml"));
}

static void a_claim_without_record_does_not_write_over_failures(void **state)
{
	(void)state;
	put(SENDING, document);
	put(IN_FAILED, "older");
	start();
	assert_int_equal(site->jobs.count, 1);
	assert_null(site_find_job(site, STAMP));
	assert_holds(IN_FAILED, "older");
}

#define with_bench(test) cmocka_unit_test_setup_teardown(test, bench_enter, bench_leave)
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* cmocka hands the row over as the state. */
static int run_rows(const char *name, CMUnitTestFunction test)
{
	struct CMUnitTest tests[ROWS];
	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){
			.name = rows[i].name,
			.test_func = test,
			.setup_func = bench_enter,
			.teardown_func = bench_leave,
			.initial_state = (void *)&rows[i],
		};
	return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_bench(attempts_and_words_are_kept),
		with_bench(a_hold_goes_on_and_is_on_record_anew),
		with_bench(a_hold_that_ended_is_over),
		with_bench(a_wait_goes_on_whatever_restarts_come_between),
		with_bench(on_another_boot_a_wait_begins_anew_but_only_once),
		with_bench(unrecorded_it_stays_though_a_run_dies_before_it_reads_it),
		with_bench(a_changed_file_of_which_something_was_posted_fails),
		with_bench(a_file_with_other_comments_than_those_on_record_is_not_sent),
		with_bench(a_file_with_fewer_comments_than_those_on_record_is_not_sent),
		with_bench(what_was_sent_is_moved_though_its_reading_is_not_on_record),
		with_bench(a_run_waits_for_what_it_gave_back),
		with_bench(what_was_given_back_is_on_record_at_once),
		with_bench(a_claim_that_is_taken_away_unread_is_withdrawn),
		with_bench(a_changed_file_of_which_nothing_was_posted_is_read_anew),
		with_bench(what_had_been_delivered_is_told_of_a_deadly_file_too),
		with_bench(a_rest_that_is_not_on_record_is_written_again),
		with_bench(what_changes_before_its_rest_is_placed_is_called_changed),
		with_bench(a_rest_that_is_on_record_is_the_admins),
		with_bench(a_rest_that_was_moved_back_is_not_placed_again),
		with_bench(a_rest_that_is_a_claim_again_is_not_placed_again),
		with_bench(a_rest_is_placed_if_another_file_has_its_name),
		with_bench(what_is_gone_is_withdrawn_and_its_doubts_are_kept),
		with_bench(what_was_settled_and_moved_is_forgotten),
		with_bench(what_was_moved_and_put_back_by_hand_is_no_claim),
		with_bench(a_reason_that_was_put_there_is_no_claim),
		with_bench(a_copy_of_the_spool_on_another_disk_goes_on),
		with_bench(of_two_files_with_one_stamp_the_one_on_record_is_the_claim),
		with_bench(unclaimed_names_are_left_to_the_scan),
		with_bench(a_claim_without_record_does_not_write_over_failures),
	};
	if (!realpath("xsd/comments.xsd", schema_path))
		return 1;
	return run_rows("recovery", a_claim_is_what_folder_and_journal_say) +
	       run_rows("second recovery", recovery_after_recovery_is_the_same) +
	       cmocka_run_group_tests_name("recovery", tests, NULL, NULL);
}
