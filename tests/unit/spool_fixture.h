#ifndef TESTS_UNIT_SPOOL_FIXTURE_H
#define TESTS_UNIT_SPOOL_FIXTURE_H
/* SPDX-License-Identifier: MIT
 *
 * spool_fixture - a spool of its own for each test
 *
 * The test runs within the spool's folder, so "incoming/a.xml" is a path. The folder is
 * below TMPDIR and goes with the test, whatever lies in it.
 */
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "scratch.h"
#include "system/spool.h"

static char spool_root[SCRATCH_PATH_MAX];
static struct spool *spool;

static inline int fixture_remove_one(
	const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st;
	(void)kind;
	(void)walk;
	return remove(path);
}

static inline int spool_enter(void **state)
{
	(void)state;
	auto_buf struct buf why = {.max_bytes = 1000};
	if (!scratch_make(spool_root, "spool") || chdir(spool_root) < 0 ||
		mkdir("incoming", 0750) < 0)
		return -1;
	return spool_open(spool_root, &spool, &why);
}

static inline int spool_leave(void **state)
{
	(void)state;
	spool_close(spool);
	spool = NULL;
	return chdir("/") < 0
		       ? -1
		       : nftw(spool_root, fixture_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#define in_spool(test) cmocka_unit_test_setup_teardown(test, spool_enter, spool_leave)

static inline void put(const char *path, const char *text)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static inline bool is_there(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

static inline void assert_holds(const char *path, const char *text)
{
	char bytes[4096] = {0};
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(read(fd, bytes, sizeof(bytes) - 1) >= 0);
	assert_string_equal(bytes, text);
}

/* What is left of the last line that says so when its block is lost. */
static inline void blank_line(const char *path, const char *says)
{
	static char bytes[1 << 16]; /* other lines may be blank already */
	auto_close int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	ssize_t len = read(fd, bytes, sizeof(bytes));
	assert_true(len > 0);
	const char *end = bytes + len;
	char *at = NULL;
	for (char *next = bytes;
		(next = memmem(next, (size_t)(end - next), says, strlen(says))); next++)
		at = next;
	assert_non_null(at);
	while (at > bytes && at[-1] != '\n')
		at--;
	while (*at != '\n')
		*at++ = '\0';
	assert_int_equal(pwrite(fd, bytes, (size_t)len, 0), len);
}

#endif
