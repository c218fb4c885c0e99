/* SPDX-License-Identifier: MIT
 *
 * recorder - writes down what the gateway changes in its spool, as it changes it
 *
 * Linked into the gateway in place of io.h's names (ld --wrap, for every prototype of it,
 * so that a new one without its twin here does not link). The environment says what is to
 * happen:
 *
 *	RECORDER_LOG=FILE	every change, once it is made, appends a line there
 *	RECORDER_BOOT=ID	the machine was started anew: the id of this boot
 *	RECORDER_MIDNIGHT=FILE	while there is no such file it is yesterday
 *
 * A line is words with tabs between; folders and files are inode numbers, bytes are
 * hexadecimal:
 *
 *	create FOLDER NAME FILE			make_folder FOLDER NAME FOLDER
 *	rename FOLDER NAME FOLDER NAME		remove FOLDER NAME
 *	write FILE OFFSET BYTES			truncate FILE LENGTH
 *	sync FILE-OR-FOLDER			sync_system
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "system/clock.h"
#include "system/io.h"

int __real_io_open(int dir, const char *name, int flags, mode_t mode);
int __real_io_read(int fd, void *bytes, size_t len, size_t *got);
int __real_io_write(int fd, const void *bytes, size_t len);
int __real_io_truncate(int fd, off_t len);
int __real_io_sync(int fd);
int __real_io_sync_data(int fd);
int __real_io_sync_system(int fd);
int __real_io_stat(int fd, struct stat *st);
int __real_io_stat_at(int dir, const char *name, struct stat *st);
int __real_io_rename(
	int from_dir, const char *from, int to_dir, const char *to, bool replace);
int __real_io_touch(int dir, const char *name);
int __real_io_remove(int dir, const char *name);
int __real_io_remove_folder(int dir, const char *name);
int __real_io_make_folder(int dir, const char *name, mode_t mode);
struct moment __real_clock_now(void);
const char *__real_clock_boot_id(void);

int __wrap_io_open(int dir, const char *name, int flags, mode_t mode);
int __wrap_io_read(int fd, void *bytes, size_t len, size_t *got);
int __wrap_io_write(int fd, const void *bytes, size_t len);
int __wrap_io_truncate(int fd, off_t len);
int __wrap_io_sync(int fd);
int __wrap_io_sync_data(int fd);
int __wrap_io_sync_system(int fd);
int __wrap_io_stat(int fd, struct stat *st);
int __wrap_io_stat_at(int dir, const char *name, struct stat *st);
int __wrap_io_rename(
	int from_dir, const char *from, int to_dir, const char *to, bool replace);
int __wrap_io_touch(int dir, const char *name);
int __wrap_io_remove(int dir, const char *name);
int __wrap_io_remove_folder(int dir, const char *name);
int __wrap_io_make_folder(int dir, const char *name, mode_t mode);
struct moment __wrap_clock_now(void);
const char *__wrap_clock_boot_id(void);

enum { LINE_MAX_BYTES = 64 * 1024 * 1024 };

static int log_fd = -1;

static void give_up(const char *what)
{
	fprintf(stderr, "recorder: %s: %s\n", what, strerrordesc_np(errno));
	abort();
}

/* Before main: later the gateway may have confined itself to its spool. */
__attribute__((constructor)) static void open_log(void)
{
	const char *path = getenv("RECORDER_LOG");
	if (!path)
		return;
	log_fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (log_fd < 0)
		give_up(path);
}

static void append(const struct buf *line)
{
	if (buf_finish(line) < 0 ||
		write(log_fd, line->bytes, line->len) != (ssize_t)line->len)
		give_up("a line");
}

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	char text[2 * NAME_MAX + 128];
	va_list words;
	va_start(words, format);
	int len = vsnprintf(text, sizeof(text), format, words);
	va_end(words);
	auto_buf struct buf line = {.max_bytes = sizeof(text)};
	buf_add(&line, text, (size_t)len);
	buf_add_char(&line, '\n');
	append(&line);
}

static uintmax_t id_of(int fd)
{
	struct stat st = {0};
	if (__real_io_stat(fd, &st) < 0)
		give_up("a descriptor");
	return st.st_ino;
}

static uintmax_t id_at(int dir, const char *name)
{
	struct stat st = {0};
	if (__real_io_stat_at(dir, name, &st) < 0)
		give_up(name);
	return st.st_ino;
}

static bool exists(int dir, const char *name)
{
	struct stat st;
	return __real_io_stat_at(dir, name, &st) == 0;
}

static bool is_to_note(int r)
{
	return log_fd >= 0 && r >= 0;
}

int __wrap_io_open(int dir, const char *name, int flags, mode_t mode)
{
	bool is_new = flags & O_CREAT && !exists(dir, name);
	int fd = __real_io_open(dir, name, flags, mode);
	if (is_to_note(fd) && is_new)
		note("create\t%ju\t%s\t%ju", id_of(dir), name, id_of(fd));
	else if (is_to_note(fd) && flags & O_TRUNC)
		note("truncate\t%ju\t0", id_of(fd));
	return fd;
}

int __wrap_io_read(int fd, void *bytes, size_t len, size_t *got)
{
	return __real_io_read(fd, bytes, len, got);
}

static void note_write(int fd, const void *bytes, size_t len)
{
	auto_buf struct buf line = {.max_bytes = LINE_MAX_BYTES};
	uintmax_t offset = (uintmax_t)lseek(fd, 0, SEEK_CUR) - len;
	buf_add_format(&line, "write\t%ju\t%ju\t", id_of(fd), offset);
	for (size_t i = 0; i < len; i++)
		buf_add_format(&line, "%02x", ((const unsigned char *)bytes)[i]);
	buf_add_char(&line, '\n');
	append(&line);
}

int __wrap_io_write(int fd, const void *bytes, size_t len)
{
	int r = __real_io_write(fd, bytes, len);
	if (is_to_note(r))
		note_write(fd, bytes, len);
	return r;
}

int __wrap_io_truncate(int fd, off_t len)
{
	int r = __real_io_truncate(fd, len);
	if (is_to_note(r))
		note("truncate\t%ju\t%jd", id_of(fd), (intmax_t)len);
	return r;
}

int __wrap_io_sync(int fd)
{
	int r = __real_io_sync(fd);
	if (is_to_note(r))
		note("sync\t%ju", id_of(fd));
	return r;
}

int __wrap_io_sync_data(int fd)
{
	int r = __real_io_sync_data(fd);
	if (is_to_note(r))
		note("sync\t%ju", id_of(fd));
	return r;
}

int __wrap_io_sync_system(int fd)
{
	int r = __real_io_sync_system(fd);
	if (is_to_note(r))
		note("sync_system");
	return r;
}

int __wrap_io_stat(int fd, struct stat *st)
{
	return __real_io_stat(fd, st);
}

int __wrap_io_stat_at(int dir, const char *name, struct stat *st)
{
	return __real_io_stat_at(dir, name, st);
}

int __wrap_io_rename(
	int from_dir, const char *from, int to_dir, const char *to, bool replace)
{
	int r = __real_io_rename(from_dir, from, to_dir, to, replace);
	if (is_to_note(r))
		note("rename\t%ju\t%s\t%ju\t%s", id_of(from_dir), from, id_of(to_dir),
			to);
	return r;
}

/* No more than a time, which nothing goes by after a loss. */
int __wrap_io_touch(int dir, const char *name)
{
	return __real_io_touch(dir, name);
}

int __wrap_io_remove(int dir, const char *name)
{
	int r = __real_io_remove(dir, name);
	if (is_to_note(r))
		note("remove\t%ju\t%s", id_of(dir), name);
	return r;
}

int __wrap_io_remove_folder(int dir, const char *name)
{
	int r = __real_io_remove_folder(dir, name);
	if (is_to_note(r))
		note("remove\t%ju\t%s", id_of(dir), name);
	return r;
}

int __wrap_io_make_folder(int dir, const char *name, mode_t mode)
{
	int r = __real_io_make_folder(dir, name, mode);
	if (is_to_note(r))
		note("make_folder\t%ju\t%s\t%ju", id_of(dir), name, id_at(dir, name));
	return r;
}

struct moment __wrap_clock_now(void)
{
	struct moment now = __real_clock_now();
	const char *midnight = getenv("RECORDER_MIDNIGHT");
	if (midnight && access(midnight, F_OK) < 0)
		now.wall -= INT64_C(86400) * USEC_SECOND;
	return now;
}

const char *__wrap_clock_boot_id(void)
{
	const char *boot = getenv("RECORDER_BOOT");
	return boot ? boot : __real_clock_boot_id();
}
