/* SPDX-License-Identifier: MIT */
#include "system/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "scratch.h"
#include "skipping.h"

static char folder[SCRATCH_PATH_MAX];

static int enter(void **state)
{
	(void)state;
	return scratch_make(folder, "secret") && chdir(folder) == 0 ? 0 : -1;
}

static int leave(void **state)
{
	(void)state;
	return rmdir(folder);
}

static void put(const char *bytes, size_t len, mode_t mode)
{
	(void)unlink("s"); /* may be one that nobody can write */
	auto_close int fd = open("s", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
}

static void assert_secret(const char *expected)
{
	auto_secret char *secret = NULL;
	auto_buf struct buf why = {.max_bytes = 1000};
	assert_int_equal(secret_read("s", geteuid(), &secret, &why), 0);
	assert_string_equal(secret, expected);
	assert_int_equal(unlink("s"), 0);
}

static void assert_refused(const char *words)
{
	char *secret = NULL;
	auto_buf struct buf why = {.max_bytes = 1000};
	assert_int_equal(secret_read("s", geteuid(), &secret, &why), -EINVAL);
	assert_null(secret);
	assert_non_null(strstr(buf_peek(&why), words));
	assert_null(strstr(buf_peek(&why), "tell-nobody"));
	assert_int_equal(memcmp(buf_peek(&why), "s ", 2), 0);
}

static void the_line_comes_without_its_end(void **state)
{
	(void)state;
	static const char *const forms[] = {"x y", "x y\n", "x y\r\n"};
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		put(forms[i], strlen(forms[i]), 0600);
		assert_secret("x y");
	}
}

static void anything_but_one_line_of_text_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len;
		const char *words;
	} cases[] = {
		{"", 0, "is empty"},
		{"\n", 1, "is empty"},
		{"\r\n", 2, "is empty"},
		{"tell-nobody\n\n", 13, "more than one line"},
		{"tell-nobody\nb", 13, "more than one line"},
		{"tell-nobody\r", 12, "control character"},
		{"tell-nobody\0x", 13, "control character"},
		{"tell-nobody\tx\n", 14, "control character"},
		{"tell-nobody\x7F", 12, "control character"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put(cases[i].bytes, cases[i].len, 0600);
		assert_refused(cases[i].words);
	}
	assert_int_equal(unlink("s"), 0);
}

static void its_length_is_bounded(void **state)
{
	(void)state;
	char text[5000];
	memset(text, 'x', sizeof(text));
	put(text, sizeof(text), 0600);
	assert_refused("too long");
	put(text, SECRET_MAX_BYTES + 1, 0600);
	assert_refused("too long");
	memcpy(text + SECRET_MAX_BYTES, "\r\n", 3);
	put(text, SECRET_MAX_BYTES + 2, 0600);
	text[SECRET_MAX_BYTES] = '\0';
	assert_secret(text);
}

static void rights_of_others_are_refused_with_the_cure(void **state)
{
	(void)state;
	for (mode_t mode = 0400; mode <= 0777; mode++) {
		put("tell-nobody", 11, mode);
		if (!(mode & 0400) && geteuid() != 0)
			continue;
		if (mode & 027)
			assert_refused("chmod 600 s");
		else
			assert_secret("tell-nobody");
	}
	assert_int_equal(unlink("s"), 0);
}

static void another_users_file_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip_because("only root can give a file away");
	put("tell-nobody", 11, 0600);
	assert_int_equal(chown("s", 12345, 0), 0);
	assert_refused("belongs to another user");

	auto_secret char *secret = NULL;
	auto_buf struct buf why = {.max_bytes = 1000};
	assert_int_equal(secret_read("s", 12345, &secret, &why), 0);
	assert_int_equal(unlink("s"), 0);
}

static void only_regular_files_are_read(void **state)
{
	(void)state;
	assert_refused("No such file");
	assert_int_equal(mkdir("s", 0700), 0);
	assert_refused("not a regular file");
	assert_int_equal(rmdir("s"), 0);
	assert_int_equal(mkfifo("s", 0600), 0);
	assert_refused("not a regular file");
	assert_int_equal(unlink("s"), 0);
	assert_int_equal(symlink("/dev/zero", "s"), 0);
	assert_refused("not a regular file");
	assert_int_equal(unlink("s"), 0);
}

static void a_link_is_followed_to_what_is_checked(void **state)
{
	(void)state;
	put("tell-nobody", 11, 0600);
	assert_int_equal(rename("s", "target"), 0);
	assert_int_equal(symlink("target", "s"), 0);
	assert_secret("tell-nobody");
	assert_int_equal(symlink("target", "s"), 0);
	assert_int_equal(chmod("target", 0604), 0);
	assert_refused("open to everyone");
	assert_int_equal(unlink("target"), 0);
	assert_int_equal(unlink("s"), 0);
}

static void a_check_does_not_look_at_the_content(void **state)
{
	(void)state;
	auto_buf struct buf why = {.max_bytes = 1000};
	put("two\nlines\n", 10, 0600);
	assert_int_equal(secret_check("s", geteuid(), &why), 0);
	assert_int_equal(chmod("s", 0644), 0);
	assert_int_equal(secret_check("s", geteuid(), &why), -EINVAL);
	assert_int_equal(unlink("s"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_line_comes_without_its_end),
		cmocka_unit_test(anything_but_one_line_of_text_is_refused),
		cmocka_unit_test(its_length_is_bounded),
		cmocka_unit_test(rights_of_others_are_refused_with_the_cure),
		cmocka_unit_test(another_users_file_is_refused),
		cmocka_unit_test(only_regular_files_are_read),
		cmocka_unit_test(a_link_is_followed_to_what_is_checked),
		cmocka_unit_test(a_check_does_not_look_at_the_content),
	};
	return cmocka_run_group_tests_name("secret", tests, enter, leave);
}
