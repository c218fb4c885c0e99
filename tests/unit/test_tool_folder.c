/* SPDX-License-Identifier: MIT */
#include "tool/folder.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "spool_fixture.h"

static void refuse(const char *text, const char *expected)
{
	struct folder_choice choice;
	const char *meant = "untouched";
	assert_int_equal(folder_choose(text, &choice, &meant), -EINVAL);
	if (expected)
		assert_string_equal(meant, expected);
	else
		assert_null(meant);
}

static void folders_and_days_are_chosen_by_name(void **state)
{
	(void)state;
	struct folder_choice choice;
	const char *meant = NULL;
	assert_int_equal(folder_choose("failed/", &choice, &meant), 0);
	assert_int_equal(choice.folder, FOLDER_FAILED);
	assert_string_equal(choice.day, "");
	assert_int_equal(folder_choose("sent/2026-11-23", &choice, &meant), 0);
	assert_int_equal(choice.folder, FOLDER_SENT);
	assert_string_equal(choice.day, "2026-11-23");
}

static void what_is_no_folder_is_refused_with_what_is_near(void **state)
{
	(void)state;
	refuse("faild", "failed");
	refuse("incomming", "incoming");
	refuse("audit", NULL);
	refuse("sent/../failed", NULL);
	refuse("failed/2026-11-23", NULL);
	refuse("", NULL);
}

static void only_days_are_days(void **state)
{
	(void)state;
	assert_true(spool_is_day("2026-11-23", ""));
	assert_true(spool_is_day("2026-11-23.jsonl", ".jsonl"));
	assert_false(spool_is_day("2026-11-23", ".jsonl"));
	assert_false(spool_is_day("2026-11-2", ""));
	assert_false(spool_is_day("2026-11-23x", ""));
	assert_false(spool_is_day("", ""));
}

struct seen {
	char names[256];
	size_t count;
};

static void see(void *context, const struct folder_entry *entry)
{
	struct seen *seen = context;
	seen->count++;
	snprintf(seen->names, sizeof(seen->names), "%s%s", entry->day ? entry->day : "-",
		entry->name);
}

static size_t count(const struct folder_choice *choice, struct seen *seen)
{
	*seen = (struct seen){0};
	assert_int_equal(folder_walk(spool, choice, see, seen), 0);
	return seen->count;
}

static void a_walk_shows_files_and_no_reasons(void **state)
{
	(void)state;
	struct seen seen;
	put("failed/a.xml", "x");
	put("failed/a.xml.reason.txt", "x");
	put("failed/.hidden", "x");
	assert_int_equal(mkdir("failed/folder", 0750), 0);
	assert_int_equal(symlink("a.xml", "failed/link"), 0);
	assert_int_equal(
		count(&(struct folder_choice){.folder = FOLDER_FAILED}, &seen), 1);
	assert_string_equal(seen.names, "-a.xml");
}

static void a_walk_of_sent_goes_through_its_days(void **state)
{
	(void)state;
	struct seen seen;
	assert_int_equal(mkdir("sent/2026-11-23", 0750), 0);
	assert_int_equal(mkdir("sent/2026-11-24", 0750), 0);
	assert_int_equal(mkdir("sent/other", 0750), 0);
	put("sent/2026-11-23/a.xml", "x");
	put("sent/2026-11-24/b.xml", "x");
	put("sent/other/c.xml", "x");
	assert_int_equal(count(&(struct folder_choice){.folder = FOLDER_SENT}, &seen), 2);
	const struct folder_choice day = {.folder = FOLDER_SENT, .day = "2026-11-24"};
	assert_int_equal(count(&day, &seen), 1);
	assert_string_equal(seen.names, "2026-11-24b.xml");
	const struct folder_choice none = {.folder = FOLDER_SENT, .day = "2026-11-25"};
	assert_int_equal(folder_walk(spool, &none, see, &seen), -ENOENT);
}

static void see_odd(void *context, const struct folder_entry *entry)
{
	if (entry->is_odd)
		see(context, entry);
}

static void what_is_no_file_is_given_to_who_asks(void **state)
{
	(void)state;
	struct seen seen = {0};
	put("incoming/a.xml", "x");
	assert_int_equal(symlink("nowhere", "incoming/link.xml"), 0);
	struct folder_choice choice = {.folder = FOLDER_INCOMING};
	assert_int_equal(folder_walk(spool, &choice, see_odd, &seen), 0);
	assert_int_equal(seen.count, 0);
	choice.has_odd = true;
	assert_int_equal(folder_walk(spool, &choice, see_odd, &seen), 0);
	assert_int_equal(seen.count, 1);
}

static void a_claim_tells_its_arrival_and_other_files_are_asked(void **state)
{
	(void)state;
	usec_t at = 0;
	int dir = spool_folder_fd(spool, FOLDER_INCOMING);
	assert_int_equal(times_parse_stamp("20261123T101530.123456Z", &at), 0);
	struct folder_entry claim = {.dir = dir, .name = "20261123T101530.123456Z_a.xml"};
	assert_true(folder_arrival(&claim) == at);
	put("incoming/a.xml", "x");
	struct stat st;
	assert_int_equal(stat("incoming/a.xml", &st), 0);
	struct folder_entry file = {.dir = dir, .name = "a.xml"};
	assert_true(folder_arrival(&file) / USEC_SECOND == st.st_ctim.tv_sec);
	struct folder_entry gone = {.dir = dir, .name = "gone.xml"};
	assert_true(folder_arrival(&gone) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folders_and_days_are_chosen_by_name),
		cmocka_unit_test(what_is_no_folder_is_refused_with_what_is_near),
		cmocka_unit_test(only_days_are_days),
		in_spool(a_walk_shows_files_and_no_reasons),
		in_spool(a_walk_of_sent_goes_through_its_days),
		in_spool(what_is_no_file_is_given_to_who_asks),
		in_spool(a_claim_tells_its_arrival_and_other_files_are_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
