/* SPDX-License-Identifier: MIT */
#include "system/spool.h"

#include <errno.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "skipping.h"
#include "spool_fixture.h"

static unsigned count_in(enum folder folder)
{
	unsigned count = 0;
	auto_with(spool_closedirp) DIR *dir = spool_list(spool, folder);
	assert_non_null(dir);
	for (const struct dirent *entry; (entry = readdir(dir));)
		count += entry->d_name[0] != '.';
	return count;
}

/* --- opening --- */

static void folders_that_are_missing_are_made(void **state)
{
	(void)state;
	assert_true(is_there("sending") && is_there("sent") && is_there("failed") &&
		    is_there("audit"));
	struct stat st;
	assert_int_equal(stat("failed", &st), 0);
	assert_int_equal(st.st_mode & 07007, 0);
	assert_string_equal(spool_path(spool), spool_root);
}

static void assert_cannot_open(const char *path, int expected, const char *words)
{
	struct spool *other = NULL;
	auto_buf struct buf why = {.max_bytes = 2000};
	assert_int_equal(spool_open(path, &other, &why), expected);
	assert_null(other);
	assert_int_equal(strncmp(buf_peek(&why), path, strlen(path)), 0);
	assert_non_null(strstr(buf_peek(&why), words));
}

static void the_spool_itself_is_never_made(void **state)
{
	(void)state;
	assert_cannot_open("none", -ENOENT, "opensi-spool init");
	assert_false(is_there("none"));
}

static void incoming_is_never_made(void **state)
{
	(void)state;
	assert_int_equal(mkdir("other", 0750), 0);
	assert_cannot_open("other", -ENOENT, "incoming: there is no such folder");
	assert_false(is_there("other/incoming"));
}

/* They change nothing, so they make nothing. */
static void who_only_looks_is_told_which_folder_is_missing(void **state)
{
	(void)state;
	struct spool *other = NULL;
	auto_buf struct buf why = {.max_bytes = 2000};
	assert_int_equal(rmdir("sent"), 0);
	assert_int_equal(spool_open_to_look(spool_root, &other, &why), -ENOENT);
	assert_non_null(strstr(buf_peek(&why), "/sent: there is no such folder"));
	assert_null(other);
	assert_false(is_there("sent"));
}

static void a_file_is_no_spool(void **state)
{
	(void)state;
	put("file", "");
	assert_cannot_open("file", -ENOTDIR, "is not a folder");
}

static void a_link_is_not_followed_inside_a_spool(void **state)
{
	(void)state;
	assert_int_equal(rmdir("sent"), 0);
	assert_int_equal(symlink("failed", "sent"), 0);
	assert_cannot_open(spool_root, -ENOTDIR, "Links are not followed");
}

static void the_way_to_the_spool_may_be_a_link(void **state)
{
	(void)state;
	struct spool *other = NULL;
	auto_buf struct buf why = {.max_bytes = 2000};
	assert_int_equal(symlink(spool_root, "link"), 0);
	assert_int_equal(spool_open("link", &other, &why), 0);
	spool_close(other);
	spool_close(NULL);
}

/* Runs as nobody where we are root, for whom modes mean nothing. */
static int as_nobody(void (*test)(void))
{
	pid_t child = fork();
	if (child == 0) {
		if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setgid(65534) < 0 ||
					      setuid(65534) < 0))
			_exit(2);
		test();
		_exit(0);
	}
	int status = 0;
	assert_true(child > 0 && waitpid(child, &status, 0) == child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void open_unwritable_folder(void)
{
	struct spool *other = NULL;
	auto_buf struct buf why = {.max_bytes = 2000};
	/* By ".", because nobody may not walk through TMPDIR. */
	int r = spool_open(".", &other, &why);
	spool_close(other);
	_exit(r == -EACCES && strstr(buf_peek(&why), "cannot be written") &&
				strstr(buf_peek(&why), "/failed")
			? 0
			: 1);
}

static void a_folder_that_cannot_be_written_is_named(void **state)
{
	(void)state;
	static const char *const writable[] = {
		".", "incoming", "sending", "sent", "audit"};
	for (size_t i = 0; i < sizeof(writable) / sizeof(writable[0]); i++)
		assert_int_equal(chmod(writable[i], 0777), 0);
	assert_int_equal(chmod("failed", 0555), 0);
	assert_int_equal(as_nobody(open_unwritable_folder), 0);
}

static void peek_unreadable(void)
{
	int fd = -1;
	struct stat st;
	_exit(spool_peek(spool, FOLDER_INCOMING, "a.xml", &fd, &st) == -EACCES ? 0 : 1);
}

static void what_cannot_be_read_is_said_and_stays(void **state)
{
	(void)state;
	put("incoming/a.xml", "x");
	assert_int_equal(chmod(".", 0755), 0);
	assert_int_equal(chmod("incoming", 0777), 0);
	assert_int_equal(chmod("incoming/a.xml", 0), 0);
	assert_int_equal(as_nobody(peek_unreadable), 0);
	assert_true(is_there("incoming/a.xml"));
}

static void there_is_room_on_its_file_system(void **state)
{
	(void)state;
	struct spool_room room = {0};
	assert_int_equal(spool_room(spool, &room), 0);
	assert_true(room.bytes > 0);
	assert_true(room.inodes > 0);
}

static void room_is_low_below_the_bytes_or_with_too_few_inodes(void **state)
{
	(void)state;
	struct spool_room room = {.bytes = 1000, .inodes = INT64_MAX};
	assert_false(spool_room_is_low(&room, 1000));
	assert_true(spool_room_is_low(&room, 1001));
	room.inodes = 10;
	assert_true(spool_room_is_low(&room, 0));
}

static void one_gateway_at_a_time_has_the_lock(void **state)
{
	(void)state;
	auto_buf struct buf why = {.max_bytes = 2000};
	struct spool *other = NULL;
	assert_int_equal(spool_open(spool_root, &other, &why), 0);
	assert_int_equal(spool_lock(spool, false), 0);
	assert_int_equal(spool_lock(other, false), -EAGAIN);
	spool_close(spool);
	spool = NULL;
	assert_int_equal(spool_lock(other, false), 0);
	spool_close(other);
}

/* The waiting one is a process of its own; the pipe ends when it has the lock. */
static void standing_by_ends_when_the_lock_is_free(void **state)
{
	(void)state;
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(spool_lock(spool, false), 0);
	pid_t child = fork();
	if (child == 0) {
		auto_buf struct buf why = {.max_bytes = 2000};
		struct spool *other = NULL;
		int r = spool_open(spool_root, &other, &why);
		spool_close(spool); /* shares the lock until then */
		r = r == 0 && write(ends[1], "w", 1) == 1 ? spool_lock(other, true) : -1;
		spool_close(other);
		_exit(r == 0 ? 0 : 1);
	}
	char byte = 0;
	int status = 0;
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_int_equal(waitpid(child, &status, WNOHANG), 0);
	spool_close(spool);
	spool = NULL;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(close(ends[0]) + close(ends[1]), 0);
}

/* --- looking --- */

static void a_folder_can_be_listed_again_and_again(void **state)
{
	(void)state;
	put("incoming/a.xml", "x");
	put("incoming/b.xml", "x");
	assert_int_equal(count_in(FOLDER_INCOMING), 2);
	assert_int_equal(count_in(FOLDER_INCOMING), 2);
	assert_string_equal(folder_name(FOLDER_INCOMING), "incoming");
}

static void a_regular_file_is_opened(void **state)
{
	(void)state;
	put("incoming/a.xml", "abc");
	struct stat st = {0};
	auto_close int fd = -1;
	assert_int_equal(spool_peek(spool, FOLDER_INCOMING, "a.xml", &fd, &st), 0);
	assert_int_equal(st.st_size, 3);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	struct stat looked = {0};
	assert_int_equal(spool_look(spool, FOLDER_INCOMING, "a.xml", &looked), 0);
	assert_int_equal(looked.st_ino, st.st_ino);
}

/* What took the place of a file since the last look at it is refused all the same. */
static void assert_refused_later(const char *name, int error)
{
	int fd = -1;
	struct stat st;
	assert_int_equal(
		spool_peek_again(spool, FOLDER_INCOMING, name, &fd, &st), -error);
	assert_int_equal(fd, -1);
}

static void assert_never_opened(const char *name)
{
	int fd = -1;
	struct stat st;
	assert_int_equal(spool_peek(spool, FOLDER_INCOMING, name, &fd, &st), -EINVAL);
	assert_int_equal(fd, -1);
}

static void nothing_but_a_regular_file_is_opened(void **state)
{
	(void)state;
	put("secret", "x");
	assert_int_equal(symlink("../secret", "incoming/link.xml"), 0);
	assert_int_equal(symlink("none", "incoming/dangling.xml"), 0);
	assert_int_equal(mkdir("incoming/folder.xml", 0750), 0);
	assert_int_equal(mkfifo("incoming/fifo.xml", 0660), 0);
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "incoming/s.xml"};
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_never_opened("link.xml");
	assert_never_opened("dangling.xml");
	assert_never_opened("folder.xml");
	assert_never_opened("fifo.xml");
	assert_never_opened("s.xml");
	assert_refused_later("link.xml", ELOOP);
	assert_refused_later("dangling.xml", ELOOP);
	assert_refused_later("folder.xml", EINVAL);
	assert_refused_later("fifo.xml", EINVAL);
	assert_refused_later("s.xml", ENXIO);
	int gone = -1;
	struct stat st;
	assert_int_equal(
		spool_peek(spool, FOLDER_INCOMING, "none.xml", &gone, &st), -ENOENT);
}

static void a_device_is_not_opened(void **state)
{
	(void)state;
	if (mknod("incoming/device.xml", S_IFCHR | 0660, makedev(1, 3)) < 0)
		skip_because("only root can make a device");
	assert_never_opened("device.xml");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_spool(folders_that_are_missing_are_made),
		in_spool(the_spool_itself_is_never_made),
		in_spool(incoming_is_never_made),
		in_spool(who_only_looks_is_told_which_folder_is_missing),
		in_spool(a_file_is_no_spool),
		in_spool(a_link_is_not_followed_inside_a_spool),
		in_spool(the_way_to_the_spool_may_be_a_link),
		in_spool(a_folder_that_cannot_be_written_is_named),
		in_spool(what_cannot_be_read_is_said_and_stays),
		in_spool(there_is_room_on_its_file_system),
		cmocka_unit_test(room_is_low_below_the_bytes_or_with_too_few_inodes),
		in_spool(one_gateway_at_a_time_has_the_lock),
		in_spool(standing_by_ends_when_the_lock_is_free),
		in_spool(a_folder_can_be_listed_again_and_again),
		in_spool(a_regular_file_is_opened),
		in_spool(nothing_but_a_regular_file_is_opened),
		in_spool(a_device_is_not_opened),
	};
	return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
