/* SPDX-License-Identifier: MIT */
#include "system/transport.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct transport *transport;

static int setup(void **state)
{
	(void)state;
	transport = transport_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	transport_free(transport);
	return 0;
}

static void the_wait_ends_when_a_descriptor_is_ready(void **state)
{
	int pair[2];
	(void)state;
	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	struct pollfd fds[] = {{.fd = pair[0], .events = POLLIN, .revents = POLLOUT},
		{.fd = pair[1], .events = 0}};

	assert_int_equal(transport_wait(transport, fds, 2, 0), 0);
	assert_int_equal(fds[0].revents, 0);
	assert_int_equal(write(pair[1], "x", 1), 1);
	assert_int_equal(transport_wait(transport, fds, 2, MSEC_NEVER), 0);
	assert_int_equal(fds[0].revents, POLLIN);
	assert_int_equal(fds[1].revents, 0);
	(void)close(pair[1]);
	(void)close(pair[0]);
}

static void the_wait_tells_of_a_hang_up(void **state)
{
	int pair[2];
	(void)state;
	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	struct pollfd fd = {.fd = pair[0], .events = POLLIN};
	(void)close(pair[1]);
	assert_int_equal(transport_wait(transport, &fd, 1, MSEC_NEVER), 0);
	assert_int_equal(fd.revents, POLLHUP);
	(void)close(pair[0]);
}

static void the_wait_ends_when_its_time_is_up(void **state)
{
	struct timespec before;
	struct timespec after;
	(void)state;
	(void)clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(transport_wait(transport, NULL, 0, 50), 0);
	assert_int_equal(transport_wait(transport, NULL, 0, -50), 0);
	(void)clock_gettime(CLOCK_MONOTONIC, &after);
	long took = (after.tv_sec - before.tv_sec) * 1000 +
		    (after.tv_nsec - before.tv_nsec) / 1000000;
	assert_true(took >= 49 && took < 5000);
}

static volatile sig_atomic_t alarmed;

static void on_alarm(int number)
{
	(void)number;
	alarmed = 1;
}

static void the_wait_ends_when_a_signal_is_caught(void **state)
{
	const struct itimerval again = {
		.it_interval.tv_usec = 50000, .it_value.tv_usec = 50000};
	const struct itimerval never = {0};
	struct sigaction action = {.sa_handler = on_alarm};
	(void)state;
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &again, NULL), 0);
	assert_int_equal(transport_wait(transport, NULL, 0, MSEC_NEVER), 0);
	assert_true(alarmed);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wait_ends_when_a_descriptor_is_ready),
		cmocka_unit_test(the_wait_tells_of_a_hang_up),
		cmocka_unit_test(the_wait_ends_when_its_time_is_up),
		cmocka_unit_test(the_wait_ends_when_a_signal_is_caught),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
