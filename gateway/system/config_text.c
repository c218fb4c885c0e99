/* SPDX-License-Identifier: MIT */
#include "system/config_text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/words.h"
#include "system/complaint.h"

enum { TEXT_BYTES = 1024 * 1024 };

static size_t string_len(const char *from)
{
	size_t len = 1;
	while (from[len] && from[len] != '"')
		len += from[len] == '\\' && from[len + 1] ? 2 : 1;
	return from[len] ? len + 1 : len;
}

/* Length of the string or comment that begins here, or 0. */
static size_t opaque_len(const char *from)
{
	if (*from == '"')
		return string_len(from);
	if (*from == '#' || !strncmp(from, "//", 2))
		return strcspn(from, "\n");
	if (strncmp(from, "/*", 2) != 0)
		return 0;
	const char *end = strstr(from + 2, "*/");
	return end ? (size_t)(end + 2 - from) : strlen(from);
}

/* Names, numbers and words; a name may hold what else would be a sign. */
static size_t word_len(const char *from)
{
	size_t len = 0;
	while (isalnum((unsigned char)from[len]) ||
		(from[len] && strchr("_*.+-", from[len])))
		len++;
	return len;
}

static bool is_whole_number(const char *word, size_t len)
{
	size_t at = len && (*word == '-' || *word == '+') ? 1 : 0;
	bool is_hex = len > at + 2 && !strncasecmp(word + at, "0x", 2);
	if (is_hex)
		at += 2;
	if (at == len)
		return false;
	for (; at < len; at++) {
		unsigned char c = (unsigned char)word[at];
		if (!(is_hex ? isxdigit(c) : isdigit(c)))
			return false;
	}
	return true;
}

/* An L after every whole number, so that none of them is cut to 32 bits. */
static void add_widened(const char *from, struct buf *to)
{
	while (*from) {
		size_t len = opaque_len(from);
		bool is_number = false;
		if (!len) {
			len = word_len(from);
			is_number = is_whole_number(from, len);
		}
		if (!len)
			len = 1;
		buf_add(to, from, len);
		if (is_number)
			buf_add_char(to, 'L');
		from += len;
	}
}

static unsigned line_at(const char *bytes, size_t len)
{
	unsigned line = 1;
	for (size_t i = 0; i < len; i++)
		line += bytes[i] == '\n';
	return line;
}

static int read_all(int fd, struct buf *raw)
{
	char piece[4096];
	for (;;) {
		ssize_t got = read(fd, piece, sizeof(piece));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return buf_finish(raw);
		buf_add(raw, piece, (size_t)got);
		if (raw->overflow)
			return -EMSGSIZE;
	}
}

static int refuse(struct complaints *complaints, int error)
{
	const char *cure =
		_("give the right file by -c, or copy the sample configuration");
	if (error == EACCES)
		cure = _("run as the gateway's user, or let this one read it");
	if (error == EMSGSIZE)
		complaints_add(complaints, 0,
			_("is larger than 1 MiB: this is not a configuration"));
	else
		complaints_add(complaints, 0, _("cannot be read (%s): %s"),
			strerror(error), cure);
	return -EINVAL;
}

int config_text_read(
	const char *path, struct buf *text, mode_t *mode, struct complaints *complaints)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return refuse(complaints, errno);
	if (!S_ISREG(st.st_mode)) {
		complaints_add(complaints, 0, _("is not a regular file: give one by -c"));
		return -EINVAL;
	}

	auto_buf struct buf raw = {.max_bytes = TEXT_BYTES};
	int r = read_all(fd, &raw);
	if (r < 0)
		return refuse(complaints, -r);
	const char *bytes = buf_peek(&raw);
	size_t len = strlen(bytes);
	if (len < raw.len) {
		complaints_add(complaints, line_at(bytes, len),
			_("holds a NUL byte: save the file as UTF-8"));
		return -EINVAL;
	}
	add_widened(bytes, text);
	*mode = st.st_mode;
	return 0;
}
