/* SPDX-License-Identifier: MIT */
#include "system/language.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/words.h"

enum { PROGRAM_BYTES = 4096, PATH_MAX_BYTES = 8192, CATALOGUE_MAX_BYTES = 1024 * 1024 };

#define CATALOGUE "/fr/LC_MESSAGES/opensi-gateway.mo"

static struct {
	int fd; /* open to the end of the program, or -1 */
	bool was_looked_for;
	int error;
	char *bytes; /* kept likewise, once they are in use */
	size_t len;
} french = {.fd = -1};

static const char english_name[] = "en";
static const char french_name[] = "fr";
static const char *in_use = english_name;

/* --- the catalogue --- */

static int open_catalogue(const char *path)
{
	struct stat st;
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	french.fd = take_fd(&fd);
	return 0;
}

static int open_built(void)
{
	char program[PROGRAM_BYTES];
	auto_buf struct buf path = {.max_bytes = PATH_MAX_BYTES};
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	if (len < 0)
		return -errno;
	program[len] = '\0';
	char *slash = strrchr(program, '/');
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	buf_add_format(&path, "%s/../locale" CATALOGUE, program);
	return open_catalogue(buf_peek(&path));
}

static int open_french(void)
{
	if (french.was_looked_for)
		return french.error;
	french.was_looked_for = true;
	french.error = open_built();
	if (french.error < 0)
		french.error = open_catalogue(GATEWAY_LOCALE_DIR CATALOGUE);
	return french.error;
}

/* Not mapped: a new one that is written over it must not end us. */
static int read_french(void)
{
	auto_free char *bytes = NULL;
	size_t len = 0;
	if (french.bytes)
		return 0;
	bytes = xcalloc(CATALOGUE_MAX_BYTES, 1);
	for (ssize_t got = 1; got > 0; len += (size_t)got) {
		got = pread(
			french.fd, bytes + len, CATALOGUE_MAX_BYTES - len, (off_t)len);
		if (got < 0)
			return -errno;
	}
	french.bytes = take_ptr(bytes);
	french.len = len;
	return 0;
}

/* Sentences of it may be in use for as long as the program runs, but not of one that was
 * refused: it may be whole the next time. */
static int use_french(void)
{
	int r = read_french();
	if (r == 0)
		r = words_use(french.bytes, french.len);
	if (r < 0) {
		free(french.bytes);
		french.bytes = NULL;
	}
	return r;
}

/* --- the environment --- */

static const char *value_of(const char *name)
{
	const char *value = getenv(name);
	return value && *value ? value : NULL;
}

static const char *locale_name(void)
{
	const char *name = value_of("LC_ALL");
	if (!name)
		name = value_of("LC_MESSAGES");
	if (!name)
		name = value_of("LANG");
	return name ? name : "C";
}

/* "fr", "fr_FR.UTF-8", "fr_BE@euro" */
static bool is_language(const char *locale, const char *language)
{
	size_t len = strlen(language);
	return !strncmp(locale, language, len) &&
	       (!locale[len] || strchr("_.@:", locale[len]));
}

/* Languages in the order of wishes ("de:fr:en"); the first that we speak is taken. As
 * with gettext(3), the bare locale C does without. */
static const char *wished(void)
{
	const char *locale = locale_name();
	if (is_language(locale, "C") || is_language(locale, "POSIX"))
		return english_name;
	const char *wish = value_of("LANGUAGE");
	for (wish = wish ? wish : locale; *wish; wish += *wish == ':') {
		if (is_language(wish, french_name))
			return french_name;
		if (is_language(wish, english_name))
			return english_name;
		wish += strcspn(wish, ":");
	}
	return english_name;
}

int language_set(const char *language)
{
	int r = open_french();
	const char *wanted = language ? language : wished();
	bool is_french = !strcmp(wanted, french_name);
	if (is_french && r == 0)
		r = use_french();
	in_use = is_french && r == 0 ? french_name : english_name;
	if (in_use == english_name)
		(void)words_use(NULL, 0);
	return is_french ? r : 0;
}

const char *language_name(void)
{
	return in_use;
}
