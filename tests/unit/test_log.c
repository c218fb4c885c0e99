/* SPDX-License-Identifier: MIT */
#include "system/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "skipping.h"

static int stderr_before = -1;
static int heard = -1; /* what goes to standard error */

static int enter(void **state)
{
	(void)state;
	int ends[2];
	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0)
		return -1;
	stderr_before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	heard = ends[0];
	int r = dup2(ends[1], STDERR_FILENO);
	log_set_level(LEVEL_INFO);
	return r < 0 || close(ends[1]) < 0 ? -1 : 0;
}

static int leave(void **state)
{
	(void)state;
	int r = dup2(stderr_before, STDERR_FILENO);
	return r < 0 || close(stderr_before) < 0 || close(heard) < 0 ? -1 : 0;
}

static const char *listen_once(void)
{
	static char bytes[16384];
	ssize_t n = read(heard, bytes, sizeof(bytes) - 1);
	bytes[n > 0 ? n : 0] = '\0';
	return bytes;
}

static void assert_value(const char *value, const char *written)
{
	char expected[4096];
	log_event(LEVEL_INFO, NULL, NULL, "e", log_text("k", value));
	snprintf(expected, sizeof(expected), "<6>event=e k=%s\n", written);
	assert_string_equal(listen_once(), expected);
}

static void an_event_is_one_line_with_its_id_first(void **state)
{
	(void)state;
	log_event(LEVEL_INFO, "shop", "a.xml", "settled",
		log_text("outcome", "delivered"), log_number("attempt", 2),
		log_number("ms", -412));
	assert_string_equal(listen_once(), "<6>id=a.xml site=shop event=settled "
					   "outcome=delivered attempt=2 ms=-412\n");
}

static void a_line_needs_no_id_and_no_site(void **state)
{
	(void)state;
	log_event(LEVEL_INFO, NULL, NULL, "start", log_text("none", NULL));
	assert_string_equal(listen_once(), "<6>event=start\n");
}

static void each_level_has_its_priority(void **state)
{
	(void)state;
	log_set_level(LEVEL_DEBUG);
	log_event(LEVEL_ERROR, NULL, NULL, "e", log_number("n", 1));
	assert_string_equal(listen_once(), "<3>event=e n=1\n");
	log_event(LEVEL_WARNING, NULL, NULL, "e", log_number("n", 1));
	assert_string_equal(listen_once(), "<4>event=e n=1\n");
	log_event(LEVEL_DEBUG, NULL, NULL, "e", log_number("n", 1));
	assert_string_equal(listen_once(), "<7>event=e n=1\n");
}

static void what_is_less_grave_is_not_written(void **state)
{
	(void)state;
	log_event(LEVEL_DEBUG, NULL, NULL, "e", log_number("n", 1));
	assert_string_equal(listen_once(), "");
	log_set_level(LEVEL_ERROR);
	log_event(LEVEL_WARNING, NULL, NULL, "e", log_number("n", 1));
	assert_string_equal(listen_once(), "");
	log_event(LEVEL_ERROR, NULL, NULL, "e", log_number("n", 1));
	assert_string_equal(listen_once(), "<3>event=e n=1\n");
}

static void a_value_that_could_be_misread_is_quoted(void **state)
{
	(void)state;
	assert_value("plain", "plain");
	assert_value("é€", "é€");
	assert_value("two words", "\"two words\"");
	assert_value("k=v", "\"k=v\"");
	assert_value("a\"b", "\"a\\\"b\"");
	assert_value("a\\b", "\"a\\\\b\"");
}

static void what_has_no_text_is_left_out(void **state)
{
	(void)state;
	log_event(LEVEL_INFO, NULL, NULL, "e", log_text("a", ""), log_text("b", NULL),
		log_number("n", 0));
	assert_string_equal(listen_once(), "<6>event=e n=0\n");
}

static void no_value_breaks_the_line_or_reaches_a_terminal_raw(void **state)
{
	(void)state;
	assert_value("a\nevent=b", "\"a?event=b\"");
	assert_value("a\r\t\x1b[31m\x7f", "a???[31m?");
	assert_value("\xc2\x9b", "?");                  /* C1 */
	assert_value("\xe2\x80\xae\xe2\x80\xac", "??"); /* right-to-left override */
	assert_value("\xd8\x9c", "?");                  /* Arabic letter mark */
	assert_value("\xff\xc3", "??");
}

static void a_long_value_is_cut_with_an_ellipsis(void **state)
{
	(void)state;
	char value[2000];
	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	log_event(LEVEL_INFO, NULL, NULL, "e", log_text("k", value));
	const char *line = listen_once();
	assert_true(strlen(line) < 600);
	assert_non_null(strstr(line, "x…\n"));
}

static void the_longest_line_still_is_one(void **state)
{
	(void)state;
	char value[2001] = "";
	for (size_t i = 0; i + 4 < sizeof(value); i += 4)
		memcpy(value + i, "😀", 5);
	log_event(LEVEL_INFO, NULL, value, "e", log_text("a", value),
		log_text("b", value), log_text("c", value), log_text("d", value),
		log_number("n", 1));
	const char *line = listen_once();
	size_t len = strlen(line);
	assert_true(len > 4000 && len <= 8192);
	assert_ptr_equal(strchr(line, '\n'), line + len - 1);
}

static void on_a_terminal_the_priority_is_a_word(void **state)
{
	(void)state;
	auto_close int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char name[64];
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 ||
		ptsname_r(master, name, sizeof(name)) != 0)
		skip_because("there are no pseudo-terminals");
	auto_close int terminal = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(terminal >= 0);
	assert_true(dup2(terminal, STDERR_FILENO) >= 0);
	log_set_level(LEVEL_INFO); /* looks where lines go */
	log_event(LEVEL_WARNING, NULL, NULL, "e", log_number("n", 1));
	char bytes[100] = "";
	assert_true(read(master, bytes, sizeof(bytes) - 1) > 0);
	assert_string_equal(bytes, "warning: event=e n=1\r\n");
}

#define with_ear(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_ear(an_event_is_one_line_with_its_id_first),
		with_ear(a_line_needs_no_id_and_no_site),
		with_ear(each_level_has_its_priority),
		with_ear(what_is_less_grave_is_not_written),
		with_ear(a_value_that_could_be_misread_is_quoted),
		with_ear(what_has_no_text_is_left_out),
		with_ear(no_value_breaks_the_line_or_reaches_a_terminal_raw),
		with_ear(a_long_value_is_cut_with_an_ellipsis),
		with_ear(the_longest_line_still_is_one),
		with_ear(on_a_terminal_the_priority_is_a_word),
	};
	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
