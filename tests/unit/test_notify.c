/* SPDX-License-Identifier: MIT
 *
 * Against a socket as systemd would open it; time is what the test says.
 */
#include "system/notify.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

static char folder[64];
static char address[96];
static int manager = -1;
static struct notify notify;

static void listen_at(const char *text)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	size_t len = strlen(text);
	snprintf(address, sizeof(address), "%s", text);
	memcpy(at.sun_path, text, len);
	if (*text == '@')
		at.sun_path[0] = '\0';
	cleanup_close(&manager);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(
		bind(manager, (const struct sockaddr *)&at,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
		0);
	setenv("NOTIFY_SOCKET", text, 1);
}

static int enter(void **state)
{
	(void)state;
	const char *temp = getenv("TMPDIR");
	char path[96];
	snprintf(folder, sizeof(folder), "%s/notify.XXXXXX",
		temp && *temp && strlen(temp) < 40 ? temp : "/tmp");
	if (!mkdtemp(folder))
		return -1;
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	snprintf(path, sizeof(path), "%s/socket", folder);
	listen_at(path);
	return 0;
}

static int leave(void **state)
{
	(void)state;
	char path[96];
	snprintf(path, sizeof(path), "%s/socket", folder);
	notify_close(&notify);
	cleanup_close(&manager);
	manager = -1;
	return unlink(path) < 0 || rmdir(folder) < 0 ? -1 : 0;
}

/* What was told, or "" for silence. Static. */
static const char *heard(void)
{
	static char text[1024];
	ssize_t len = recv(manager, text, sizeof(text) - 1, 0);
	text[len < 0 ? 0 : len] = '\0';
	return text;
}

static void say(const char *line, msec_t now)
{
	if (notify_wants_line(&notify, now))
		notify_line(&notify, line, now);
}

static void test_a_life_is_told(void **state)
{
	(void)state;
	assert_int_equal(notify_open(&notify, 0), 0);
	assert_string_equal(heard(), "");
	notify_ready(&notify);
	assert_string_equal(heard(), "READY=1");
	notify_stopping(&notify);
	assert_string_equal(heard(), "STOPPING=1");
}

static int64_t monotonic_usec(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

static void test_a_reload_carries_its_time(void **state)
{
	(void)state;
	static const char head[] = "RELOADING=1\nMONOTONIC_USEC=";
	assert_int_equal(notify_open(&notify, 0), 0);
	int64_t before = monotonic_usec();
	notify_reloading(&notify);
	int64_t after = monotonic_usec();
	const char *text = heard();
	assert_int_equal(strncmp(text, head, strlen(head)), 0);
	int64_t at = strtoll(text + strlen(head), NULL, 10);
	assert_in_range(at, before, after);
}

static void test_an_abstract_socket_is_as_good(void **state)
{
	(void)state;
	char name[64];
	snprintf(name, sizeof(name), "@gateway-test-%d", (int)getpid());
	listen_at(name);
	assert_int_equal(notify_open(&notify, 0), 0);
	notify_ready(&notify);
	assert_string_equal(heard(), "READY=1");
}

static void test_without_a_socket_nothing_is_due(void **state)
{
	(void)state;
	setenv("WATCHDOG_USEC", "1000000", 1);
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(notify_open(&notify, 0), 0);
	assert_false(notify_wants_line(&notify, 0));
	assert_true(notify_turn(&notify, 5000) == MSEC_NEVER);
	notify_ready(&notify);
	assert_string_equal(heard(), "");
}

static void test_an_address_that_is_none_is_refused(void **state)
{
	(void)state;
	char longer[200];
	memset(longer, 'a', sizeof(longer));
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	setenv("NOTIFY_SOCKET", "vsock:2:1234", 1);
	assert_int_equal(notify_open(&notify, 0), -EAFNOSUPPORT);
	setenv("NOTIFY_SOCKET", "@", 1);
	assert_int_equal(notify_open(&notify, 0), -EAFNOSUPPORT);
	setenv("NOTIFY_SOCKET", longer, 1);
	assert_int_equal(notify_open(&notify, 0), -ENAMETOOLONG);
	assert_true(notify_turn(&notify, 5000) == MSEC_NEVER);
}

static void test_the_line_is_told_when_it_changed(void **state)
{
	(void)state;
	assert_int_equal(notify_open(&notify, 0), 0);
	say("1 site open, 0 waiting", 0);
	assert_string_equal(heard(), "STATUS=1 site open, 0 waiting");
	say("1 site open, 0 waiting", 1000);
	assert_string_equal(heard(), "");
	say("1 site open, 1 waiting", 2000);
	assert_string_equal(heard(), "STATUS=1 site open, 1 waiting");
	assert_true(notify_turn(&notify, 2000) == MSEC_NEVER);
}

static void test_the_line_is_told_once_a_second(void **state)
{
	(void)state;
	assert_int_equal(notify_open(&notify, 0), 0);
	say("a", 100);
	assert_string_equal(heard(), "STATUS=a");
	say("b", 600);
	assert_string_equal(heard(), "");
	/* It wakes up for what it could not tell, and then no more. */
	assert_true(notify_turn(&notify, 600) == 1100);
	say("b", 1100);
	assert_string_equal(heard(), "STATUS=b");
	assert_true(notify_turn(&notify, 1100) == MSEC_NEVER);
}

static void test_a_line_is_cut_rather_than_lost(void **state)
{
	(void)state;
	char line[NOTIFY_LINE_MAX * 2];
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(notify_open(&notify, 0), 0);
	say(line, 0);
	assert_int_equal(strlen(heard()), strlen("STATUS=") + NOTIFY_LINE_MAX - 1);
	say(line, 1000);
	assert_string_equal(heard(), "");
}

/* Tells lines until there is no room for one. When that was. */
static msec_t fill(void)
{
	msec_t now = 0;
	while (now < 100000 * MSEC_SECOND && !notify.owes_line) {
		char line[24];
		now += MSEC_SECOND;
		snprintf(line, sizeof(line), "%d", (int)now);
		say(line, now);
	}
	assert_true(notify.owes_line);
	return now;
}

static void test_what_has_no_room_is_told_later(void **state)
{
	(void)state;
	assert_int_equal(notify_open(&notify, 0), 0);
	msec_t now = fill();
	assert_true(notify_turn(&notify, now) == now + MSEC_SECOND);
	while (*heard())
		;
	say("at last", now + MSEC_SECOND);
	assert_string_equal(heard(), "STATUS=at last");
	assert_true(notify_turn(&notify, now + MSEC_SECOND) == MSEC_NEVER);
}

static void test_a_sign_of_life_that_has_no_room_is_given_soon(void **state)
{
	(void)state;
	setenv("WATCHDOG_USEC", "60000000", 1);
	assert_int_equal(notify_open(&notify, 0), 0);
	msec_t now = fill() + 30 * MSEC_SECOND;
	notify.owes_line = false;
	assert_true(notify_turn(&notify, now) == now + MSEC_SECOND);
	while (*heard())
		;
	assert_true(notify_turn(&notify, now + MSEC_SECOND) == now + 31 * MSEC_SECOND);
	assert_string_equal(heard(), "WATCHDOG=1");
}

static void test_the_watchdog_hears_twice_in_its_time(void **state)
{
	(void)state;
	setenv("WATCHDOG_USEC", "6000000", 1);
	assert_int_equal(notify_open(&notify, 1000), 0);
	assert_true(notify_turn(&notify, 1000) == 4000);
	assert_string_equal(heard(), "WATCHDOG=1");
	assert_true(notify_turn(&notify, 3999) == 4000);
	assert_string_equal(heard(), "");
	assert_true(notify_turn(&notify, 4000) == 7000);
	assert_string_equal(heard(), "WATCHDOG=1");
}

static void assert_no_watchdog(const char *usec, const char *pid)
{
	setenv("WATCHDOG_USEC", usec, 1);
	if (pid)
		setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(notify_open(&notify, 0), 0);
	assert_true(notify_turn(&notify, 1000000) == MSEC_NEVER);
	assert_string_equal(heard(), "");
	notify_close(&notify);
}

static void test_a_watchdog_for_another_is_not_ours(void **state)
{
	(void)state;
	char self[24];
	snprintf(self, sizeof(self), "%d", (int)getpid());
	assert_no_watchdog("6000000", "1");
	assert_no_watchdog("6000000", "me");
	assert_no_watchdog("0", self);
	assert_no_watchdog("soon", NULL);
	assert_no_watchdog("-5", NULL);
	setenv("WATCHDOG_USEC", "6000000", 1);
	assert_int_equal(notify_open(&notify, 0), 0);
	assert_true(notify_turn(&notify, 0) == 3000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_life_is_told),
		TEST(test_a_reload_carries_its_time),
		TEST(test_an_abstract_socket_is_as_good),
		TEST(test_without_a_socket_nothing_is_due),
		TEST(test_an_address_that_is_none_is_refused),
		TEST(test_the_line_is_told_when_it_changed),
		TEST(test_the_line_is_told_once_a_second),
		TEST(test_a_line_is_cut_rather_than_lost),
		TEST(test_what_has_no_room_is_told_later),
		TEST(test_a_sign_of_life_that_has_no_room_is_given_soon),
		TEST(test_the_watchdog_hears_twice_in_its_time),
		TEST(test_a_watchdog_for_another_is_not_ours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
