/* SPDX-License-Identifier: MIT */
#include "tool/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "skipping.h"

/* Not below TMPDIR: the folders above it must be open to all, as those above /tmp are. */
static char path[] = "/tmp/test_access.XXXXXX";

static int enter(void **state)
{
	(void)state;
	return mkdtemp(path) ? 0 : -1;
}

static int leave(void **state)
{
	(void)state;
	return rmdir(path);
}

static void assert_explained(enum access need, const char *words)
{
	auto_buf struct buf why = {.max_bytes = 1000};
	access_explain(&why, path, need);
	if (!strstr(buf_peek(&why), words))
		fail_msg("%s lacks: %s", buf_peek(&why), words);
}

static void the_group_is_named_only_if_it_may_do_that(void **state)
{
	(void)state;
	assert_int_equal(chmod(path, 0750), 0);
	assert_explained(ACCESS_LOOK, " and the group ");
	assert_explained(ACCESS_CHANGE, " may do that: put sudo -u ");
	auto_buf struct buf why = {.max_bytes = 1000};
	access_explain(&why, path, ACCESS_CHANGE);
	assert_null(strstr(buf_peek(&why), "group"));
}

/* An account that was deleted, or another machine's. sudo takes them like that. */
static void who_has_no_name_is_told_by_number(void **state)
{
	(void)state;
	if (chown(path, 424242, 434343) < 0)
		skip_because("only root can give a file away");
	assert_explained(ACCESS_LOOK, "the user #424242 and the group #434343");
	assert_explained(ACCESS_LOOK, "sudo -u #424242 ");
}

static void what_is_not_there_is_told_as_such(void **state)
{
	(void)state;
	auto_buf struct buf why = {.max_bytes = 1000};
	access_explain(&why, "/nowhere/at/all", ACCESS_READ);
	assert_string_equal(buf_peek(&why), "/nowhere/at/all: No such file or directory");
}

static bool is_denied(uid_t user, mode_t mode)
{
	const struct stat st = {.st_uid = 1000, .st_mode = S_IFREG | mode};
	return access_is_denied(user, &st);
}

static void a_file_is_denied_to_whom_no_bit_may_be_meant_for(void **state)
{
	(void)state;
	assert_false(is_denied(0, 0));
	assert_false(is_denied(1000, 0400));
	assert_true(is_denied(1000, 0044));
	assert_true(is_denied(1001, 0400));
	assert_false(is_denied(1001, 0040));
	assert_false(is_denied(1001, 0004));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_group_is_named_only_if_it_may_do_that),
		cmocka_unit_test(who_has_no_name_is_told_by_number),
		cmocka_unit_test(a_file_is_denied_to_whom_no_bit_may_be_meant_for),
		cmocka_unit_test(what_is_not_there_is_told_as_such),
	};
	return cmocka_run_group_tests_name("tool access", tests, enter, leave);
}
