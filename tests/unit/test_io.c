/* SPDX-License-Identifier: MIT */
#include "system/io.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/time.h>

#include <cmocka.h>

#include "skipping.h"
#include "spool_fixture.h"
#include "system/clock.h"

static void what_is_opened_is_closed_on_exec_and_no_link(void **state)
{
	(void)state;
	auto_close int fd = io_open(AT_FDCWD, "a", O_RDWR | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(
		io_open(AT_FDCWD, "a", O_RDWR | O_CREAT | O_EXCL, 0600), -EEXIST);
	assert_int_equal(symlink("a", "link"), 0);
	assert_int_equal(io_open(AT_FDCWD, "link", O_RDONLY, 0), -ELOOP);
	assert_int_equal(io_open(AT_FDCWD, "none", O_RDONLY, 0), -ENOENT);
}

static void a_read_is_short_only_at_the_end(void **state)
{
	(void)state;
	char bytes[8] = "";
	size_t got = 99;
	put("a", "abcde");
	auto_close int fd = io_open(AT_FDCWD, "a", O_RDONLY, 0);
	assert_int_equal(io_read(fd, bytes, 3, &got), 0);
	assert_int_equal(got, 3);
	assert_int_equal(io_read(fd, bytes, sizeof(bytes), &got), 0);
	assert_int_equal(got, 2);
	assert_int_equal(io_read(fd, bytes, sizeof(bytes), &got), 0);
	assert_int_equal(got, 0);
}

static void a_failed_read_says_nothing_of_its_length(void **state)
{
	(void)state;
	char byte = 0;
	size_t got = 99;
	auto_close int fd = io_open(AT_FDCWD, ".", O_RDONLY, 0);
	assert_int_equal(io_read(fd, &byte, 1, &got), -EISDIR);
	assert_int_equal(got, 99);
}

static void ignore_signal(int number)
{
	(void)number;
}

struct slow_reader {
	int fd;
	pthread_t writer;
	size_t total;
};

/* Takes from the pipe what the writer has, and interrupts it while it waits for room. */
static void *read_slowly(void *context)
{
	struct slow_reader *reader = context;
	char bytes[4096];
	for (ssize_t n; (n = read(reader->fd, bytes, sizeof(bytes))) > 0;) {
		reader->total += (size_t)n;
		(void)pthread_kill(reader->writer, SIGUSR1);
	}
	return NULL;
}

static void a_write_is_completed_whatever_comes_between(void **state)
{
	(void)state;
	enum { BYTES = 1 << 20 };
	int ends[2];
	struct sigaction action = {.sa_handler = ignore_signal}; /* without SA_RESTART */
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	assert_int_equal(pipe(ends), 0);
	auto_free char *bytes = calloc(1, BYTES);
	struct slow_reader reader = {.fd = ends[0], .writer = pthread_self()};
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, read_slowly, &reader), 0);
	assert_int_equal(io_write(ends[1], bytes, BYTES), 0);
	assert_int_equal(close(ends[1]), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(reader.total, BYTES);
}

static int late_writer = -1;
static volatile sig_atomic_t alarms;

/* Only the third alarm brings what is waited for. */
static void deliver_late(int number)
{
	(void)number;
	if (++alarms == 3 && write(late_writer, "x", 1) != 1)
		_exit(1);
}

static void a_signal_does_not_end_a_wait(void **state)
{
	(void)state;
	int ends[2];
	char byte = 0;
	size_t got = 0;
	const struct sigaction action = {.sa_handler = deliver_late};
	const struct itimerval every = {{0, 1000}, {0, 1000}};
	const struct itimerval never = {{0, 0}, {0, 0}};
	assert_int_equal(pipe(ends), 0);
	late_writer = ends[1];
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &every, NULL), 0);
	int r = io_read(ends[0], &byte, 1, &got);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_int_equal(r, 0);
	assert_int_equal(got, 1);
	assert_int_equal(byte, 'x');
	assert_int_equal(close(ends[0]) + close(ends[1]), 0);
}

static void a_full_disk_is_told(void **state)
{
	(void)state;
	auto_close int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		skip_because("there is no /dev/full");
	assert_int_equal(io_write(fd, "x", 1), -ENOSPC);
}

static void a_rename_replaces_only_when_asked(void **state)
{
	(void)state;
	put("a", "1");
	put("b", "2");
	assert_int_equal(io_rename(AT_FDCWD, "a", AT_FDCWD, "b", false), -EEXIST);
	assert_holds("b", "2");
	assert_int_equal(io_rename(AT_FDCWD, "a", AT_FDCWD, "b", true), 0);
	assert_holds("b", "1");
	assert_int_equal(io_rename(AT_FDCWD, "a", AT_FDCWD, "b", true), -ENOENT);
}

static void a_look_never_follows_a_link(void **state)
{
	(void)state;
	struct stat st = {0};
	assert_int_equal(symlink("none", "link"), 0);
	assert_int_equal(io_stat_at(AT_FDCWD, "link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(io_stat(-1, &st), -EBADF);
}

static void folders_are_made_and_files_removed(void **state)
{
	(void)state;
	assert_int_equal(io_make_folder(AT_FDCWD, "folder", 0750), 0);
	assert_int_equal(io_make_folder(AT_FDCWD, "folder", 0750), -EEXIST);
	assert_int_equal(io_remove(AT_FDCWD, "folder"), -EISDIR);
	put("a", "x");
	assert_int_equal(io_remove(AT_FDCWD, "a"), 0);
	assert_int_equal(io_remove(AT_FDCWD, "a"), -ENOENT);
}

static void everything_can_be_flushed_and_cut(void **state)
{
	(void)state;
	put("a", "abc");
	auto_close int fd = io_open(AT_FDCWD, "a", O_RDWR, 0);
	assert_int_equal(io_truncate(fd, 2), 0);
	assert_holds("a", "ab");
	assert_int_equal(io_sync(fd), 0);
	assert_int_equal(io_sync_data(fd), 0);
	assert_int_equal(io_sync_system(fd), 0);
	assert_int_equal(io_sync(-1), -EBADF);
	assert_int_equal(io_sync_data(-1), -EBADF);
	assert_int_equal(io_sync_system(-1), -EBADF);
	assert_int_equal(io_truncate(-1, 0), -EBADF);
}

static void waits_never_go_back_and_this_boot_has_one_name(void **state)
{
	(void)state;
	struct moment first = clock_now();
	struct moment second = clock_now();
	assert_true(first.up > 0 && second.up >= first.up);
	assert_true(first.wall > 1700000000 * USEC_SECOND);
	const char *id = clock_boot_id();
	assert_true(strlen(id) == 36 || !*id);
	assert_ptr_equal(clock_boot_id(), id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_spool(what_is_opened_is_closed_on_exec_and_no_link),
		in_spool(a_read_is_short_only_at_the_end),
		in_spool(a_failed_read_says_nothing_of_its_length),
		in_spool(a_write_is_completed_whatever_comes_between),
		in_spool(a_signal_does_not_end_a_wait),
		in_spool(a_full_disk_is_told),
		in_spool(a_rename_replaces_only_when_asked),
		in_spool(a_look_never_follows_a_link),
		in_spool(folders_are_made_and_files_removed),
		in_spool(everything_can_be_flushed_and_cut),
		cmocka_unit_test(waits_never_go_back_and_this_boot_has_one_name),
	};
	return cmocka_run_group_tests_name("io", tests, NULL, NULL);
}
