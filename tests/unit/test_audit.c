/* SPDX-License-Identifier: MIT */
#include "system/audit.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "core/record.h"
#include "spool_fixture.h"
#include "system/io.h"

#define DAY_ONE "audit/2026-11-23.jsonl"
#define DAY_TWO "audit/2026-11-24.jsonl"
#define DAY_THREE "audit/2026-11-25.jsonl"

static const usec_t noon = 1795435200 * USEC_SECOND; /* 2026-11-23T12:00:00Z */
static const usec_t one_day = 86400 * USEC_SECOND;

int __wrap_io_write(int fd, const void *bytes, size_t len);
int __real_io_write(int fd, const void *bytes, size_t len);

static bool has_no_room; /* not for a byte */

int __wrap_io_write(int fd, const void *bytes, size_t len)
{
	return has_no_room ? -ENOSPC : __real_io_write(fd, bytes, len);
}

static struct audit *audit;
static size_t stated; /* lines of the checkpoint under way */

static int enter(void **state)
{
	if (spool_enter(state) != 0)
		return -1;
	audit = audit_new(spool);
	return 0;
}

static int leave(void **state)
{
	audit_free(audit);
	return spool_leave(state);
}

/* A new run of the gateway; the last one just died. */
static void restart(void)
{
	audit_free(audit);
	audit = audit_new(spool);
}

static void append(enum event event, const char *says)
{
	stated += event == EVENT_CHECKPOINT;
	const struct record record = {.event = event,
		.at = noon,
		.boot = "b",
		.site = "s",
		.claim = "20261123T120000.000000Z",
		.drop = "a.xml",
		.result = says,
		.to = "failed/a.xml",
		.message = says,
		.count = event == EVENT_CHECKPOINT_END ? stated : 0};
	audit_append(audit, &record);
}

static void say(const char *says)
{
	append(EVENT_REST, says);
	assert_int_equal(audit_write(audit), 0);
}

static void begin_checkpoint(const char *says, usec_t now)
{
	assert_true(audit_wants_checkpoint(audit, now));
	assert_int_equal(audit_begin_checkpoint(audit, now), 0);
	stated = 0;
	append(EVENT_CHECKPOINT, says);
}

static void end_checkpoint(const char *says)
{
	append(EVENT_CHECKPOINT_END, says);
	audit_end_checkpoint(audit);
	assert_int_equal(audit_sync(audit), 0);
}

static void checkpoint(const char *says, usec_t now)
{
	begin_checkpoint(says, now);
	end_checkpoint(says);
	assert_false(audit_wants_checkpoint(audit, now));
}

struct heard {
	char words[512]; /* what each line said */
	unsigned torn;
};

static void hear(void *context, const char *line, size_t len)
{
	struct heard *heard = context;
	auto_with(record_done) struct record record = {0};
	if (record_parse(line, len, &record) < 0) {
		heard->torn++;
		return;
	}
	size_t at = strlen(heard->words);
	snprintf(heard->words + at, sizeof(heard->words) - at, "%s%s", at ? " " : "",
		record.message);
}

static void assert_replayed(const char *words, unsigned torn)
{
	struct heard heard = {0};
	assert_int_equal(audit_replay(audit, hear, &heard), 0);
	assert_string_equal(heard.words, words);
	assert_int_equal(heard.torn, torn);
}

static void add_to(const char *path, const char *text)
{
	auto_close int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static off_t size_of(const char *path)
{
	struct stat st = {0};
	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void nothing_is_made_before_the_first_checkpoint(void **state)
{
	(void)state;
	assert_replayed("", 0);
	assert_true(audit_wants_checkpoint(audit, noon));
	assert_false(is_there(DAY_ONE));
	audit_free(NULL);
}

static void a_line_is_in_the_file_once_it_is_written(void **state)
{
	(void)state;
	checkpoint("c", noon);
	off_t before = size_of(DAY_ONE);
	append(EVENT_REST, "later");
	assert_int_equal(size_of(DAY_ONE), before);
	assert_int_equal(audit_write(audit), 0);
	assert_true(size_of(DAY_ONE) > before);
	assert_int_equal(audit_write(audit), 0);
	restart();
	assert_replayed("c c later", 0);
}

static void the_trail_is_for_its_owner_and_group(void **state)
{
	(void)state;
	checkpoint("c", noon);
	struct stat st = {0};
	assert_int_equal(stat(DAY_ONE, &st), 0);
	assert_int_equal(st.st_mode & 0137, 0);
}

static void a_later_checkpoint_ends_what_was_before(void **state)
{
	(void)state;
	checkpoint("one", noon);
	say("old");
	restart();
	checkpoint("two", noon);
	say("new");
	assert_replayed("two two new", 0);
}

static void checkpoints_in_a_row_are_told_apart(void **state)
{
	(void)state;
	checkpoint("one", noon);
	restart();
	checkpoint("two", noon);
	assert_replayed("two two", 0);
	restart();
	assert_int_equal(audit_begin_checkpoint(audit, noon), 0);
	stated = 0;
	append(EVENT_CHECKPOINT_END, "empty");
	audit_end_checkpoint(audit);
	assert_int_equal(audit_write(audit), 0);
	assert_replayed("empty", 0);
}

static void an_incomplete_checkpoint_is_passed_over(void **state)
{
	(void)state;
	checkpoint("one", noon);
	say("old");
	restart();
	begin_checkpoint("half", noon);
	assert_int_equal(audit_write(audit), 0);
	assert_replayed("one one old half", 0);
}

static void a_checkpoint_begins_after_one_that_broke_off(void **state)
{
	(void)state;
	checkpoint("one", noon);
	restart();
	begin_checkpoint("half", noon);
	assert_int_equal(audit_write(audit), 0);
	restart();
	checkpoint("two", noon);
	assert_replayed("two two", 0);
}

static void a_checkpoint_that_lost_a_line_is_passed_over(void **state)
{
	(void)state;
	checkpoint("one", noon);
	say("old");
	restart();
	begin_checkpoint("two", noon);
	append(EVENT_CHECKPOINT, "lost");
	end_checkpoint("two");
	say("new");
	blank_line(DAY_ONE, "lost");
	assert_replayed("one one old two two new", 1);
}

static void what_a_lost_line_leaves_open_is_looked_for_the_day_before(void **state)
{
	(void)state;
	checkpoint("one", noon);
	say("old");
	checkpoint("two", noon + one_day);
	say("new");
	blank_line(DAY_TWO, "\"checkpoint\"");
	assert_replayed("one one old two new", 1);
}

static void a_torn_end_completes_no_checkpoint(void **state)
{
	(void)state;
	checkpoint("one", noon);
	say("old");
	add_to(DAY_ONE, "{\"v\":1,\"ev\":\"checkpoint-end\",\"boo");
	assert_replayed("one one old", 1);
	add_to(DAY_ONE, "\n"); /* as the next run ends it */
	assert_replayed("one one old", 1);
}

static void a_torn_last_line_spoils_nothing_after_it(void **state)
{
	(void)state;
	checkpoint("one", noon);
	add_to(DAY_ONE, "{\"v\":1,\"ev\":\"checkpoint-end\",\"boo");
	restart();
	assert_int_equal(audit_begin_checkpoint(audit, noon), 0);
	say("new");
	assert_replayed("one one new", 1);
}

static void a_new_day_begins_with_a_checkpoint_in_a_new_file(void **state)
{
	(void)state;
	checkpoint("one", noon);
	say("old");
	append(EVENT_REST, "pending");
	assert_false(audit_wants_checkpoint(audit, noon + one_day / 2 - 1));
	checkpoint("two", noon + one_day / 2);
	say("new");
	assert_replayed("two two new", 0);
	assert_int_equal(unlink(DAY_TWO), 0);
	assert_replayed("one one old pending", 0);
}

static void two_files_are_read_if_the_later_has_no_checkpoint(void **state)
{
	(void)state;
	checkpoint("one", noon);
	say("old");
	begin_checkpoint("half", noon + one_day);
	assert_int_equal(audit_write(audit), 0);
	restart();
	assert_replayed("one one old half", 0);
}

static void days_without_a_checkpoint_are_gone_back_over(void **state)
{
	(void)state;
	checkpoint("one", noon);
	begin_checkpoint("two", noon + one_day);
	assert_int_equal(audit_write(audit), 0);
	begin_checkpoint("three", noon + 2 * one_day);
	assert_int_equal(audit_write(audit), 0);
	assert_true(is_there(DAY_THREE));
	restart();
	assert_replayed("one one two three", 0);
	assert_int_equal(unlink(DAY_ONE), 0);
	assert_replayed("two three", 0);
}

static void assert_border(const char *expected)
{
	char day[SPOOL_DAY_LEN + 1];
	assert_int_equal(audit_find_border(spool, day), 0);
	assert_string_equal(day, expected);
}

static void what_lies_before_two_files_with_a_checkpoint_may_go(void **state)
{
	(void)state;
	assert_border("");
	checkpoint("one", noon);
	put(DAY_TWO, "");
	assert_border("");
	checkpoint("three", noon + 2 * one_day);
	assert_border("2026-11-23");
	put(DAY_TWO, "{\"v\":1,\"ev\":\"checkpoint-end\",\"boo");
	assert_border("2026-11-23");
	assert_int_equal(unlink(DAY_TWO), 0);
	restart();
	checkpoint("again", noon + 2 * one_day);
	checkpoint("four", noon + 3 * one_day);
	assert_border("2026-11-25");
	blank_line(DAY_THREE, "three");
	assert_border("2026-11-25");
	blank_line(DAY_THREE, "again");
	assert_border("2026-11-23");
}

static void other_files_in_the_folder_are_left_alone(void **state)
{
	(void)state;
	checkpoint("one", noon);
	put("audit/2026-11-24.jsonl.gz", "x\n");
	put("audit/9999-99-9x.jsonl", "x\n");
	put("audit/notes", "x\n");
	restart();
	assert_replayed("one one", 0);
}

static void a_file_that_was_removed_is_begun_anew(void **state)
{
	(void)state;
	checkpoint("one", noon);
	assert_int_equal(unlink(DAY_ONE), 0);
	append(EVENT_REST, "pending");
	checkpoint("two", noon);
	assert_replayed("two two", 0);
}

static void a_file_that_was_moved_is_begun_anew(void **state)
{
	(void)state;
	checkpoint("one", noon);
	assert_int_equal(rename(DAY_ONE, "audit/old"), 0);
	checkpoint("two", noon);
	assert_replayed("two two", 0);
}

static void a_file_that_was_emptied_or_added_to_wants_a_checkpoint(void **state)
{
	(void)state;
	checkpoint("one", noon);
	assert_int_equal(truncate(DAY_ONE, 0), 0);
	checkpoint("two", noon);
	assert_replayed("two two", 0);
	say("same turn");
	assert_int_equal(truncate(DAY_ONE, size_of(DAY_ONE) - 5), 0);
	checkpoint("three", noon);
	add_to(DAY_ONE, "by hand");
	checkpoint("four", noon);
	assert_replayed("four four", 0);
}

static void a_folder_that_was_moved_is_found_again(void **state)
{
	(void)state;
	bool changed = false;
	checkpoint("one", noon);
	assert_int_equal(rename("audit", "audit.old"), 0);
	assert_int_equal(spool_refresh(spool, &changed), 0);
	assert_true(changed);
	checkpoint("two", noon);
	assert_replayed("two two", 0);
}

static void a_clock_set_back_writes_on_in_the_later_day(void **state)
{
	(void)state;
	checkpoint("one", noon + one_day);
	assert_false(audit_wants_checkpoint(audit, noon));
	say("same run");
	assert_int_equal(unlink(DAY_TWO), 0);
	checkpoint("anew", noon);
	restart();
	checkpoint("next run", noon);
	say("new");
	assert_false(is_there(DAY_ONE));
	restart();
	assert_replayed("next run next run new", 0);
}

static void it_is_known_whether_the_latest_file_is_there(void **state)
{
	(void)state;
	assert_replayed("", 0);
	assert_false(audit_is_cut(audit)); /* there never was one */
	checkpoint("one", noon);
	checkpoint("two", noon + one_day);
	restart();
	assert_replayed("two two", 0);
	assert_false(audit_is_cut(audit));
	assert_int_equal(unlink(DAY_TWO), 0);
	restart();
	assert_replayed("one one", 0);
	assert_true(audit_is_cut(audit));
	assert_int_equal(unlink(DAY_ONE), 0);
	restart();
	assert_replayed("", 0);
	assert_true(audit_is_cut(audit));
	checkpoint("three", noon);
	restart();
	assert_replayed("three three", 0);
	assert_false(audit_is_cut(audit));
	put("lock", "who knows");
	assert_replayed("three three", 0);
	assert_false(audit_is_cut(audit));
}

static void what_is_no_file_is_not_read(void **state)
{
	(void)state;
	struct heard heard = {0};
	assert_int_equal(mkdir(DAY_ONE, 0750), 0);
	assert_int_equal(audit_replay(audit, hear, &heard), -EINVAL);
	assert_int_equal(rmdir(DAY_ONE), 0);
	assert_int_equal(symlink("../lock", DAY_ONE), 0);
	assert_int_equal(audit_replay(audit, hear, &heard), -ELOOP);
}

static void a_link_or_a_fifo_is_not_written_to(void **state)
{
	(void)state;
	put("victim", "");
	assert_int_equal(symlink("../victim", DAY_ONE), 0);
	assert_int_equal(audit_begin_checkpoint(audit, noon), -ELOOP);
	assert_int_equal(unlink(DAY_ONE), 0);
	assert_int_equal(mkfifo(DAY_ONE, 0640), 0);
	assert_int_equal(audit_begin_checkpoint(audit, noon), -EINVAL);
	assert_true(audit_wants_checkpoint(audit, noon));
}

static void lines_wait_until_there_is_a_file(void **state)
{
	(void)state;
	append(EVENT_REST, "early");
	assert_int_equal(audit_write(audit), -EIO);
	assert_int_equal(audit_begin_checkpoint(audit, noon), 0);
	assert_int_equal(audit_write(audit), 0);
	assert_replayed("early", 0);
}

/* A limit on the size of files stands for a full disk. */
static void limit_files(rlim_t bytes)
{
	struct rlimit limit = {0};
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void after_a_failed_write_the_same_lines_are_written_again(void **state)
{
	(void)state;
	checkpoint("one", noon);
	off_t before = size_of(DAY_ONE);
	append(EVENT_REST, "a");
	append(EVENT_REST, "b");
	limit_files((rlim_t)before + 20);
	int r = audit_write(audit);
	off_t after = size_of(DAY_ONE);
	limit_files(RLIM_INFINITY);
	assert_int_equal(r, -EFBIG);
	assert_int_equal(after, before);
	assert_int_equal(audit_write(audit), 0);
	assert_replayed("one one a b", 0);
}

/* Starts on two days with a full disk. */
static void fail_to_begin(usec_t now)
{
	restart();
	limit_files(0);
	begin_checkpoint("lost", now);
	int r = audit_write(audit);
	limit_files(RLIM_INFINITY);
	assert_int_equal(r, -EFBIG);
}

static void files_that_could_not_be_written_to_hide_nothing(void **state)
{
	(void)state;
	checkpoint("one", noon);
	say("last");
	fail_to_begin(noon + one_day);
	fail_to_begin(noon + 2 * one_day);
	assert_int_equal(size_of(DAY_TWO) + size_of(DAY_THREE), 0);
	restart();
	assert_replayed("one one last", 0);
	assert_false(audit_is_cut(audit));
	assert_int_equal(unlink(DAY_TWO), 0);
	assert_int_equal(unlink(DAY_THREE), 0);
	assert_replayed("one one last", 0);
	assert_false(audit_is_cut(audit));
}

static void nor_do_they_hide_that_the_latest_is_gone(void **state)
{
	(void)state;
	checkpoint("one", noon);
	checkpoint("two", noon + one_day);
	fail_to_begin(noon + 2 * one_day);
	assert_int_equal(truncate(DAY_TWO, 0), 0);
	restart();
	assert_replayed("one one", 0);
	assert_true(audit_is_cut(audit));
}

static void a_file_that_was_emptied_does_not_grow_by_a_failed_write(void **state)
{
	(void)state;
	checkpoint("one", noon);
	assert_int_equal(truncate(DAY_ONE, 0), 0);
	append(EVENT_REST, "waits");
	has_no_room = true;
	int r = audit_write(audit);
	has_no_room = false;
	assert_int_equal(r, -ENOSPC);
	assert_int_equal(size_of(DAY_ONE), 0);
	checkpoint("two", noon);
	assert_replayed("two two", 0);
}

static void a_long_way_wants_a_checkpoint(void **state)
{
	(void)state;
	checkpoint("one", noon);
	enum { LINES = 1000 };
	char far[500] = ""; /* few long lines are sooner there than many short ones */
	memset(far, 'f', sizeof(far) - 1);
	off_t before = size_of(DAY_ONE);
	unsigned turns = 0;
	for (; !audit_wants_checkpoint(audit, noon); turns++) {
		for (int i = 0; i < LINES; i++)
			append(EVENT_REST, far);
		assert_int_equal(audit_write(audit), 0);
		assert_true(turns < 1000);
	}
	assert_true(size_of(DAY_ONE) - before > AUDIT_CHECKPOINT_BYTES);
	checkpoint("two", noon);
	assert_replayed("two two", 0);
}

/* A line that is none, newline and all. */
static void add_filler(const char *path, size_t len)
{
	auto_free char *text = xcalloc(len + 1, 1);
	memset(text, 'x', len - 1);
	text[len - 1] = '\n';
	add_to(path, text);
}

/* Files are read part by part. Wherever one begins, also within the checkpoint. */
static void a_checkpoint_is_found_wherever_it_lies(void **state)
{
	(void)state;
	enum { PART = 1024 * 1024, STEP = 61 };
	checkpoint("one", noon);
	const size_t stated_bytes = (size_t)size_of(DAY_ONE);
	const size_t longest = PART + STEP;
	for (size_t len = PART - stated_bytes - STEP; len < longest; len += STEP) {
		assert_int_equal(truncate(DAY_ONE, (off_t)stated_bytes), 0);
		add_filler(DAY_ONE, len);
		assert_replayed("one one", 1);
	}
	add_filler(DAY_ONE, (size_t)3 * PART);
	assert_replayed("one one", 2);
}

static void nor_do_the_first_lines_of_a_file_hide_it(void **state)
{
	(void)state;
	enum { PART = 1024 * 1024 };
	put(DAY_ONE, "");
	add_filler(DAY_ONE, PART / 2);
	add_filler(DAY_ONE, PART);
	checkpoint("one", noon);
	assert_border("");
	checkpoint("two", noon + one_day);
	assert_border("2026-11-23");
}

#define with_audit(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
	(void)signal(SIGXFSZ, SIG_IGN);
	const struct CMUnitTest tests[] = {
		with_audit(nothing_is_made_before_the_first_checkpoint),
		with_audit(a_line_is_in_the_file_once_it_is_written),
		with_audit(the_trail_is_for_its_owner_and_group),
		with_audit(a_later_checkpoint_ends_what_was_before),
		with_audit(checkpoints_in_a_row_are_told_apart),
		with_audit(an_incomplete_checkpoint_is_passed_over),
		with_audit(a_checkpoint_begins_after_one_that_broke_off),
		with_audit(a_checkpoint_that_lost_a_line_is_passed_over),
		with_audit(what_a_lost_line_leaves_open_is_looked_for_the_day_before),
		with_audit(a_torn_end_completes_no_checkpoint),
		with_audit(a_torn_last_line_spoils_nothing_after_it),
		with_audit(a_new_day_begins_with_a_checkpoint_in_a_new_file),
		with_audit(two_files_are_read_if_the_later_has_no_checkpoint),
		with_audit(days_without_a_checkpoint_are_gone_back_over),
		with_audit(what_lies_before_two_files_with_a_checkpoint_may_go),
		with_audit(other_files_in_the_folder_are_left_alone),
		with_audit(a_file_that_was_removed_is_begun_anew),
		with_audit(a_file_that_was_moved_is_begun_anew),
		with_audit(a_file_that_was_emptied_or_added_to_wants_a_checkpoint),
		with_audit(a_folder_that_was_moved_is_found_again),
		with_audit(a_clock_set_back_writes_on_in_the_later_day),
		with_audit(it_is_known_whether_the_latest_file_is_there),
		with_audit(what_is_no_file_is_not_read),
		with_audit(a_link_or_a_fifo_is_not_written_to),
		with_audit(lines_wait_until_there_is_a_file),
		with_audit(after_a_failed_write_the_same_lines_are_written_again),
		with_audit(files_that_could_not_be_written_to_hide_nothing),
		with_audit(nor_do_they_hide_that_the_latest_is_gone),
		with_audit(a_file_that_was_emptied_does_not_grow_by_a_failed_write),
		with_audit(a_long_way_wants_a_checkpoint),
		with_audit(a_checkpoint_is_found_wherever_it_lies),
		with_audit(nor_do_the_first_lines_of_a_file_hide_it),
	};
	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
