/* SPDX-License-Identifier: MIT
 *
 * faults - dies at, or fails, the Nth call that the gateway makes by io.h
 *
 * Linked into the gateway in place of io.h's names (ld --wrap, for every prototype of it,
 * so that a new one without its twin here does not link). The environment says what is to
 * happen:
 *
 *	FAULTS="die-before 12"		SIGKILL instead of the 12th call
 *	FAULTS="die-after 12"		SIGKILL as soon as it is done
 *	FAULTS="fail 12 28"		it is not done and returns -28
 *	FAULTS="fail-from 12 28"	so does every later one
 *	FAULTS="half 12 28"		if it writes: half of it is written, then -28
 *	FAULTS="half-from 12 28"	so does every later one
 *	FAULTS="half-die 12"		if it writes: half of it is written, then SIGKILL
 *	FAULTS="line-die 12"		likewise, all but the last line
 *	FAULTS_ONLY=" io_write "	the -from manners: only calls of these names
 *	FAULTS_CALLS=FILE		every call appends a line there: its name and the
 *					paths it is about, with tabs between
 *	FAULTS_MIDNIGHT=12		before the 12th call it is yesterday
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "system/clock.h"
#include "system/io.h"

enum manner {
	NONE,
	DIE_BEFORE,
	DIE_AFTER,
	FAIL,
	FAIL_FROM,
	HALF,
	HALF_FROM,
	HALF_DIE,
	LINE_DIE,
	MANNER_COUNT,
};

static const char *const manners[] = {
	[NONE] = "none",
	[DIE_BEFORE] = "die-before",
	[DIE_AFTER] = "die-after",
	[FAIL] = "fail",
	[FAIL_FROM] = "fail-from",
	[HALF] = "half",
	[HALF_FROM] = "half-from",
	[HALF_DIE] = "half-die",
	[LINE_DIE] = "line-die",
};

static struct {
	enum manner manner;
	long at; /* the call, from 1 */
	int error;
	const char *only;
	long midnight;
	int calls_fd; /* or -1 */
	long calls;
} plan = {.calls_fd = -1};

/* What no run should be told: a test that means nothing must not pass. */
static void refuse(const char *what)
{
	fprintf(stderr, "faults: cannot make sense of %s\n", what);
	_exit(99);
}

static enum manner manner_named(const char *name, size_t len)
{
	for (enum manner i = NONE; i < MANNER_COUNT; i++)
		if (strlen(manners[i]) == len && !strncmp(manners[i], name, len))
			return i;
	refuse(name);
	return NONE;
}

static void read_faults(const char *faults)
{
	size_t len = strcspn(faults, " ");
	char *rest = NULL;
	plan.manner = manner_named(faults, len);
	plan.at = strtol(faults + len, &rest, 10);
	plan.error = (int)strtol(rest, &rest, 10);
	if (*rest)
		refuse(faults);
}

static void open_calls(const char *path)
{
	plan.calls_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (plan.calls_fd < 0)
		refuse(path);
}

__attribute__((constructor)) static void read_plan(void)
{
	const char *faults = getenv("FAULTS");
	const char *midnight = getenv("FAULTS_MIDNIGHT");
	const char *calls = getenv("FAULTS_CALLS");
	plan.only = getenv("FAULTS_ONLY");
	if (faults)
		read_faults(faults);
	if (midnight)
		plan.midnight = strtol(midnight, NULL, 10);
	if (calls)
		open_calls(calls);
}

static void die(void)
{
	(void)kill(getpid(), SIGKILL);
	for (;;)
		(void)pause();
}

/* A name in a folder, or what is open itself (no name). */
struct place {
	int fd;
	const char *name;
};

static void add_path(struct buf *line, const struct place *place)
{
	char link[64];
	char path[PATH_MAX];
	snprintf(link, sizeof(link), "/proc/self/fd/%d", place->fd);
	ssize_t len = readlink(link, path, sizeof(path));
	buf_add_char(line, '\t');
	buf_add(line, path, len < 0 ? 0 : (size_t)len);
	if (place->name)
		buf_add_format(line, "/%s", place->name);
}

static void note(const char *name, const struct place *from, const struct place *to)
{
	plan.calls++;
	if (plan.calls_fd < 0)
		return;
	auto_buf struct buf line = {.max_bytes = (size_t)4 * PATH_MAX};
	buf_add_text(&line, name);
	add_path(&line, from);
	if (to)
		add_path(&line, to);
	buf_add_char(&line, '\n');
	if (write(plan.calls_fd, line.bytes, line.len) != (ssize_t)line.len)
		refuse("the file of calls: it cannot be written");
}

/* from: NONE if that manner never goes on. */
static bool is_meant(const char *name, enum manner once, enum manner from)
{
	if (plan.manner == once)
		return plan.calls == plan.at;
	if (from == NONE)
		return false;
	char word[64];
	snprintf(word, sizeof(word), " %s ", name);
	return plan.manner == from && plan.calls >= plan.at &&
	       (!plan.only || strstr(plan.only, word));
}

/* 0: the call is to be made. */
static int begin(const char *name, const struct place *from, const struct place *to)
{
	note(name, from, to);
	if (plan.manner == DIE_BEFORE && plan.calls == plan.at)
		die();
	return is_meant(name, FAIL, FAIL_FROM) ? -plan.error : 0;
}

static int end(int r)
{
	if (plan.manner == DIE_AFTER && plan.calls == plan.at)
		die();
	return r;
}

#define FAULTY(name) __typeof__(name) __real_##name, __wrap_##name
#define AT(fd, name) (&(struct place){fd, name})
#define ANSWER(name, from, to, call)                                                     \
	__extension__({                                                                  \
		int r_ = begin(name, from, to);                                          \
		r_ < 0 ? r_ : end(call);                                                 \
	})

FAULTY(io_open);
FAULTY(io_read);
FAULTY(io_write);
FAULTY(io_truncate);
FAULTY(io_sync);
FAULTY(io_sync_data);
FAULTY(io_sync_system);
FAULTY(io_stat);
FAULTY(io_stat_at);
FAULTY(io_rename);
FAULTY(io_touch);
FAULTY(io_remove);
FAULTY(io_remove_folder);
FAULTY(io_make_folder);
FAULTY(clock_now);

int __wrap_io_open(int dir, const char *name, int flags, mode_t mode)
{
	return ANSWER(flags & O_CREAT ? "io_create" : "io_open", AT(dir, name), NULL,
		__real_io_open(dir, name, flags, mode));
}

int __wrap_io_read(int fd, void *bytes, size_t len, size_t *got)
{
	return ANSWER("io_read", AT(fd, NULL), NULL, __real_io_read(fd, bytes, len, got));
}

/* How much of it comes through: all but its last line, or half. */
static size_t cut(const char *bytes, size_t len)
{
	const char *newline = len > 1 ? memrchr(bytes, '\n', len - 1) : NULL;
	if (plan.manner == LINE_DIE)
		return newline ? (size_t)(newline - bytes) + 1 : 0;
	return len / 2;
}

int __wrap_io_write(int fd, const void *bytes, size_t len)
{
	int r = begin("io_write", AT(fd, NULL), NULL);
	bool is_last = is_meant("io_write", HALF_DIE, NONE) ||
		       is_meant("io_write", LINE_DIE, NONE);
	if (r < 0)
		return r;
	if (!is_last && !is_meant("io_write", HALF, HALF_FROM))
		return end(__real_io_write(fd, bytes, len));
	(void)__real_io_write(fd, bytes, cut(bytes, len));
	if (is_last)
		die();
	return -plan.error;
}

int __wrap_io_truncate(int fd, off_t len)
{
	return ANSWER("io_truncate", AT(fd, NULL), NULL, __real_io_truncate(fd, len));
}

int __wrap_io_sync(int fd)
{
	return ANSWER("io_sync", AT(fd, NULL), NULL, __real_io_sync(fd));
}

int __wrap_io_sync_data(int fd)
{
	return ANSWER("io_sync_data", AT(fd, NULL), NULL, __real_io_sync_data(fd));
}

int __wrap_io_sync_system(int fd)
{
	return ANSWER("io_sync_system", AT(fd, NULL), NULL, __real_io_sync_system(fd));
}

int __wrap_io_stat(int fd, struct stat *st)
{
	return ANSWER("io_stat", AT(fd, NULL), NULL, __real_io_stat(fd, st));
}

int __wrap_io_stat_at(int dir, const char *name, struct stat *st)
{
	return ANSWER(
		"io_stat_at", AT(dir, name), NULL, __real_io_stat_at(dir, name, st));
}

int __wrap_io_rename(
	int from_dir, const char *from, int to_dir, const char *to, bool replace)
{
	return ANSWER("io_rename", AT(from_dir, from), AT(to_dir, to),
		__real_io_rename(from_dir, from, to_dir, to, replace));
}

int __wrap_io_touch(int dir, const char *name)
{
	return ANSWER("io_touch", AT(dir, name), NULL, __real_io_touch(dir, name));
}

int __wrap_io_remove(int dir, const char *name)
{
	return ANSWER("io_remove", AT(dir, name), NULL, __real_io_remove(dir, name));
}

int __wrap_io_remove_folder(int dir, const char *name)
{
	return ANSWER("io_remove_folder", AT(dir, name), NULL,
		__real_io_remove_folder(dir, name));
}

int __wrap_io_make_folder(int dir, const char *name, mode_t mode)
{
	return ANSWER("io_make_folder", AT(dir, name), NULL,
		__real_io_make_folder(dir, name, mode));
}

struct moment __wrap_clock_now(void)
{
	struct moment now = __real_clock_now();
	if (plan.calls < plan.midnight)
		now.wall -= INT64_C(86400) * USEC_SECOND;
	return now;
}
