/* SPDX-License-Identifier: MIT
 *
 * Any bytes are a configuration file, in a folder with a key, a password and a spool.
 * Linked with --wrap=open; libconfig's fopen is replaced. Whatever a configuration
 * names, nothing outside of that folder is opened here: elsewhere nothing is there.
 */
#include "system/config.h"

#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "fuzz.h"
#include "system/complaint.h"
#include "system/setting.h"
#include "system/url.h"

enum { ERRORS_BYTES = 4 * 1024 * 1024, FILE_MODE = 0600 };

#define auto_config auto_with(config_cleanup)

const char *__lsan_default_suppressions(void);
int __real_open(const char *name, int flags, ...);
int __wrap_open(const char *name, int flags, ...);

static char *path;
static bool is_confined; /* to the folder */
static bool is_alone;    /* nothing but the configuration itself may be opened */

/* libconfig 1.5 leaks the one string at which it gives up. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so";
}

int __wrap_open(const char *name, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (!is_confined)
		return __real_open(name, flags, mode);

	bool is_own = !strcmp(name, path);
	assert(*name == '/' && !(flags & (O_CREAT | O_WRONLY | O_RDWR)));
	assert(is_own || !is_alone);
	if (is_own || !strncmp(name, fuzz_folder(), strlen(fuzz_folder())))
		return __real_open(name, flags, mode);
	errno = ENOENT;
	return -1;
}

/* libconfig reads what a configuration includes by this, so nothing may come of it; what
 * libFuzzer writes is another matter. */
FILE *fopen(const char *filename, const char *modes)
{
	FILE *(*next)(const char *, const char *) = NULL;
	*(void **)&next = dlsym(RTLD_NEXT, "fopen");
	FILE *stream = next(filename, modes);
	assert(!is_confined || !stream || *modes != 'r');
	return stream;
}

static void put(const char *name, const void *bytes, size_t len)
{
	auto_buf struct buf full = {.max_bytes = PATH_MAX};
	buf_add_format(&full, "%s/%s", fuzz_folder(), name);
	auto_close int fd = open(
		buf_peek(&full), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	static const char key[] = "0123456789abcdef0123456789abcdef\n";
	auto_buf struct buf name = {.max_bytes = PATH_MAX};
	put("boutique.key", key, strlen(key));
	put("password", "secret\n", strlen("secret\n"));
	put("basic", "user:password\n", strlen("user:password\n"));
	buf_add_format(&name, "%s/spool", fuzz_folder());
	if (mkdir(buf_peek(&name), 0700) < 0)
		abort();
	buf_clear(&name);
	buf_add_format(&name, "%s/gateway.conf", fuzz_folder());
	path = buf_take(&name);
	return 0;
}

/* What root must write does not count as a line. */
static size_t put_config(const uint8_t *bytes, size_t len)
{
	auto_buf struct buf all = {.max_bytes = ERRORS_BYTES};
	size_t lines = 1;
	if (geteuid() == 0)
		buf_add_text(&all, "user = \"root\"; ");
	buf_add(&all, bytes, len);
	for (size_t i = 0; i < all.len; i++)
		lines += all.bytes[i] == '\n';
	put("gateway.conf", buf_peek(&all), all.len);
	return lines;
}

/* "PATH:LINE: words", or without LINE for the file as a whole; in the order of lines. */
static void check_error(const char *line, size_t len, unsigned long *last, size_t lines)
{
	size_t path_len = strlen(path);
	assert(fuzz_is_clean(line, len, SIZE_MAX));
	assert(len > path_len + 2 && !strncmp(line, path, path_len));
	assert(line[path_len] == ':');
	if (line[path_len + 1] == ' ')
		return;
	char *rest = NULL;
	unsigned long number = strtoul(line + path_len + 1, &rest, 10);
	assert(!strncmp(rest, ": ", 2) && rest + 2 < line + len);
	assert(number >= *last && number >= 1 && number <= lines);
	*last = number;
}

static void check_errors(const struct buf *errors, size_t lines)
{
	const char *at = buf_peek(errors);
	const char *end = at + errors->len;
	unsigned long last = 0;
	size_t count = 0;
	size_t len = 0;

	assert(errors->len && end[-1] == '\n' && buf_finish(errors) == 0);
	for (const char *line; (line = fuzz_line(&at, end, &len)); count++)
		check_error(line, len, &last, lines);
	assert(count <= COMPLAINTS_TOLD + 1);
}

static void check_text(const struct setting *s, const char *text)
{
	if (!text)
		return;
	assert(*text && fuzz_is_clean(text, strlen(text), (size_t)PATH_MAX));
	if (s->type == SETTING_PATH)
		assert(*text == '/' && strlen(text) < PATH_MAX);
	else if (s->type == SETTING_TEXT && strcmp(s->name, "url") != 0)
		assert(fuzz_is_clean(text, strlen(text), (size_t)s->max));
}

static void check_value(const struct setting *s, const void *owner)
{
	const void *at = (const char *)owner + s->offset;
	int64_t number = 0;
	switch (s->type) {
	case SETTING_TEXT:
	case SETTING_PATH:
	case SETTING_WORD:
		check_text(s, *(char *const *)at);
		return;
	case SETTING_RANK:
		assert(*(const unsigned *)at <= LEVEL_DEBUG);
		return;
	case SETTING_BOOLEAN:
		assert(*(const unsigned char *)at <= 1);
		return;
	case SETTING_DURATION:
	case SETTING_SIZE:
	case SETTING_NUMBER:
		number = *(const int64_t *)at;
	}
	assert(number >= s->min && number <= s->max);
}

static void check_site(const struct site_config *site)
{
	auto_free char *normal = NULL;
	auto_buf struct buf why = {.max_bytes = ERRORS_BYTES};

	assert(site->name && site->website_code && site->url && site->spool);
	assert(strlen(site->name) <= 64 && !strpbrk(site->name, "/ \"'<>&"));
	assert(site->key_file || (site->login && site->password_file));
	assert(!strchr(site->pattern, '/'));
	assert(site->retry_min <= site->retry_max);
	assert(site->connect_timeout < site->request_timeout);
	assert(site->request_target < site->request_timeout);
	assert(url_normalize(site->url, &normal, &why) == 0);
	assert(!strcmp(normal, site->url));
}

static void check_config(const struct config *config)
{
	assert(config->site_count >= 1 && !strcmp(config->path, path));
	for (size_t i = 0; i < config->site_count; i++)
		check_site(&config->sites[i]);
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = setting_at(i);
		if (s->is_global)
			check_value(s, config);
		for (size_t j = 0; j < config->site_count && !s->is_global; j++)
			check_value(s, &config->sites[j]);
	}
}

/* The same file twice is the same configuration. */
static void check_replaceable(const struct config *now)
{
	auto_buf struct buf errors = {.max_bytes = ERRORS_BYTES};
	auto_config struct config *next = NULL;
	int r = config_open(path, &next, &errors);
	assert(r == 0 && config_may_replace(now, next, &errors) == 0 && !errors.len);
}

static void check_result(
	int r, const struct config *config, const struct buf *errors, size_t lines)
{
	assert((r == 0) == (config != NULL));
	assert(r == 0 || r == -EINVAL);
	assert((r < 0) == (errors->len > 0));
	if (config)
		check_config(config);
	else
		check_errors(errors, lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	auto_buf struct buf errors = {.max_bytes = ERRORS_BYTES};
	auto_buf struct buf tool_errors = {.max_bytes = ERRORS_BYTES};
	auto_config struct config *config = NULL;
	auto_config struct config *tool_config = NULL;
	size_t lines = put_config(bytes, len);

	is_confined = true;
	int r = config_open(path, &config, &errors);
	check_result(r, config, &errors, lines);
	if (config) {
		assert(config->sites[0].key && *config->sites[0].key);
		check_replaceable(config);
	}
	is_alone = true;
	int tool_r = config_open_for_tool(path, false, &tool_config, &tool_errors);
	is_alone = false;
	check_result(tool_r, tool_config, &tool_errors, lines);
	assert(r < 0 || tool_r == 0);
	assert(!tool_config || !tool_config->sites[0].key);
	is_confined = false;
	return 0;
}
