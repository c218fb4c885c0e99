#ifndef TESTS_UNIT_CONFIG_FIXTURE_H
#define TESTS_UNIT_CONFIG_FIXTURE_H
/* SPDX-License-Identifier: MIT
 *
 * config_fixture - a folder with a key, and configurations written there and opened
 *
 * Order: enter() before the first test, leave() after the last; tests run inside.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "scratch.h"
#include "system/config.h"

#define KEY "0123456789abcdef0123456789abcdef"
#define CODE "website_code = \"WEB1\"; "
#define URL "url = \"https://shop.example/x\"; "
#define SPOOL "spool = \"spool\"; "
#define KEY_FILE "key_file = \"key\"; "
#define SITE CODE URL SPOOL KEY_FILE

enum { ERRORS_BYTES = 64 * 1024, CONFIG_BYTES = 4 * 1024 * 1024 };

static char folder[SCRATCH_PATH_MAX];

static inline void put(const char *name, const char *text, mode_t mode)
{
	auto_close int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
}

static inline int enter(void **state)
{
	(void)state;
	if (!scratch_make(folder, "config") || chdir(folder) < 0)
		return -1;
	put("key", KEY "\n", 0600);
	return 0;
}

static inline int leave(void **state)
{
	(void)state;
	static const char *const names[] = {"key", "other", "open", "c.conf", "password"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(names[i]);
	return rmdir(folder);
}

/* What root must write does not count as a line. */
static inline void put_config(const char *text)
{
	auto_buf struct buf all = {.max_bytes = CONFIG_BYTES};
	if (geteuid() == 0)
		buf_add_text(&all, "user = \"root\"; ");
	buf_add_text(&all, text);
	put("c.conf", buf_peek(&all), 0600);
}

static inline struct config *open_good(const char *text)
{
	struct config *config = NULL;
	auto_buf struct buf errors = {.max_bytes = ERRORS_BYTES};
	put_config(text);
	int r = config_open("c.conf", &config, &errors);
	assert_string_equal(buf_peek(&errors), "");
	assert_int_equal(r, 0);
	return config;
}

static inline void open_bad(const char *text, struct buf *errors)
{
	struct config *config = NULL;
	put_config(text);
	assert_int_equal(config_open("c.conf", &config, errors), -EINVAL);
	assert_null(config);
}

static inline size_t count_lines(const char *text)
{
	size_t count = 0;
	for (; *text; text++)
		count += *text == '\n';
	return count;
}

#endif
