/* SPDX-License-Identifier: MIT */
#include "system/publish.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/cleanup.h"

#include "spool_fixture.h"

static void a_file_is_made_and_replaced(void **state)
{
	(void)state;
	char path[sizeof(spool_root) + 16];
	struct stat st;
	snprintf(path, sizeof(path), "%s/figures", spool_root);
	assert_int_equal(publish(path, "one", 3), 0);
	assert_holds("figures", "one");
	assert_int_equal(publish(path, "", 0), 0);
	assert_holds("figures", "");
	assert_int_equal(publish(path, "three", 5), 0);
	assert_holds("figures", "three");
	assert_int_equal(stat("figures", &st), 0);
	assert_int_equal(st.st_mode & 07777 & ~0644U, 0);
	assert_false(is_there(".figures.tmp"));
}

static void a_link_is_replaced_and_not_followed(void **state)
{
	(void)state;
	put("other", "mine");
	assert_int_equal(symlink("other", "figures"), 0);
	assert_int_equal(symlink("other", ".figures.tmp"), 0);
	auto_close int folder = open(".", O_PATH | O_DIRECTORY);
	assert_int_equal(publish_at(folder, "figures", "new", 3), 0);
	assert_holds("figures", "new");
	assert_holds("other", "mine");
}

static void what_a_dead_run_left_is_overwritten(void **state)
{
	(void)state;
	put(".figures.tmp", "half of somethi");
	auto_close int folder = open(".", O_PATH | O_DIRECTORY);
	assert_int_equal(publish_at(folder, "figures", "new", 3), 0);
	assert_holds("figures", "new");
	assert_false(is_there(".figures.tmp"));
}

static void a_failure_leaves_the_old_file(void **state)
{
	(void)state;
	auto_close int folder = open(".", O_PATH | O_DIRECTORY);
	assert_int_equal(publish_at(folder, "figures", "old", 3), 0);
	assert_int_equal(mkdir(".figures.tmp", 0700), 0);
	assert_int_equal(publish_at(folder, "figures", "new", 3), -EISDIR);
	assert_holds("figures", "old");
}

static void a_folder_in_its_place_is_an_error(void **state)
{
	(void)state;
	auto_close int folder = open(".", O_PATH | O_DIRECTORY);
	assert_int_equal(mkdir("figures", 0700), 0);
	assert_int_equal(publish_at(folder, "figures", "new", 3), -EISDIR);
	assert_false(is_there(".figures.tmp"));
}

static void a_folder_that_is_missing_is_an_error(void **state)
{
	(void)state;
	char path[sizeof(spool_root) + 32];
	snprintf(path, sizeof(path), "%s/none/figures", spool_root);
	assert_int_equal(publish(path, "x", 1), -ENOENT);
}

static void names_too_long_are_errors(void **state)
{
	(void)state;
	char path[PATH_MAX + 300];
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	path[0] = '/';
	assert_int_equal(publish(path, "x", 1), -ENAMETOOLONG);
	path[PATH_MAX] = '/';
	assert_int_equal(publish(path, "x", 1), -ENAMETOOLONG);
}

enum { SNAPSHOT_BYTES = 64 * 1024, CHANGES = 200 };

/* Publishes snapshots of one letter each until it is killed. */
static void publish_for_ever(void)
{
	static char bytes[SNAPSHOT_BYTES];
	int folder = open(".", O_PATH | O_DIRECTORY);
	for (unsigned i = 0;; i++) {
		memset(bytes, (int)('a' + i % 26), sizeof(bytes));
		if (publish_at(folder, "figures", bytes, sizeof(bytes)) < 0)
			_exit(1);
	}
}

/* The letter of the snapshot, or 0: there is none, or not a whole one. */
static char read_snapshot(void)
{
	static char bytes[SNAPSHOT_BYTES + 1];
	auto_close int fd = open("figures", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, bytes, sizeof(bytes)) != SNAPSHOT_BYTES)
		return 0;
	if (memcmp(bytes, bytes + 1, SNAPSHOT_BYTES - 1) != 0)
		return 0;
	return bytes[0];
}

static void no_reader_sees_half_of_one(void **state)
{
	(void)state;
	char old[SNAPSHOT_BYTES];
	memset(old, 'a', sizeof(old));
	auto_close int folder = open(".", O_PATH | O_DIRECTORY);
	assert_int_equal(publish_at(folder, "figures", old, sizeof(old)), 0);
	pid_t writer = fork();
	assert_true(writer >= 0);
	if (!writer)
		publish_for_ever();
	char last = 'a';
	for (int changes = 0;
		last && changes < CHANGES && !waitpid(writer, NULL, WNOHANG);) {
		char letter = read_snapshot();
		changes += letter != last;
		last = letter;
	}
	int status = 0;
	assert_int_equal(kill(writer, SIGKILL), 0);
	assert_int_equal(waitpid(writer, &status, 0), writer);
	assert_true(WIFSIGNALED(status));
	assert_true(last != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_spool(a_file_is_made_and_replaced),
		in_spool(a_link_is_replaced_and_not_followed),
		in_spool(what_a_dead_run_left_is_overwritten),
		in_spool(a_failure_leaves_the_old_file),
		in_spool(a_folder_in_its_place_is_an_error),
		in_spool(a_folder_that_is_missing_is_an_error),
		in_spool(names_too_long_are_errors),
		in_spool(no_reader_sees_half_of_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
