/* SPDX-License-Identifier: MIT */
#include "system/secret.h"

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

/* The longest line, CR LF, and one byte more to see that there is more. */
enum { READ_BYTES = SECRET_MAX_BYTES + 3 };

struct content {
	char bytes[READ_BYTES];
	size_t len;
};

static void content_wipe(struct content *content)
{
	explicit_bzero(content, sizeof(*content));
}

static int check_owner(
	const char *path, const struct stat *st, uid_t owner, struct buf *why)
{
	if (st->st_uid == 0 || st->st_uid == geteuid() || st->st_uid == owner)
		return 0;
	buf_add_format(why,
		_("%s belongs to another user (number %u): chown it to the user that the "
		  "gateway runs as"),
		path, (unsigned)st->st_uid);
	return -EINVAL;
}

static int check_mode(const char *path, const struct stat *st, struct buf *why)
{
	bool is_writable = st->st_mode & (S_IWGRP | S_IWOTH);
	if (!is_writable && !(st->st_mode & S_IRWXO))
		return 0;
	buf_add_format(why,
		is_writable ? _("%s can be written by others than its owner (mode %04o): "
				"chmod 600 %s")
			    : _("%s is open to everyone (mode %04o): chmod 600 %s"),
		path, st->st_mode & 07777U, path);
	return -EINVAL;
}

/* O_NONBLOCK, so that a FIFO put in its place cannot stop us before it is refused. */
static int open_safe(const char *path, uid_t owner, int *fd, struct buf *why)
{
	auto_close int opened = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	if (opened < 0 || fstat(opened, &st) < 0) {
		const char *cure = errno == EACCES
					   ? _("run this as root or as the user that "
					       "the gateway runs as, whose it should be "
					       "(chown)")
					   : _("create it, or correct the path");
		buf_add_format(why, _("%s cannot be read (%s): %s"), path,
			strerror(errno), cure);
		return -EINVAL;
	}
	if (!S_ISREG(st.st_mode)) {
		buf_add_format(why, _("%s is not a regular file: give one"), path);
		return -EINVAL;
	}
	int r = check_owner(path, &st, owner, why);
	if (r == 0)
		r = check_mode(path, &st, why);
	if (r == 0)
		*fd = take_fd(&opened);
	return r;
}

static int read_content(int fd, struct content *content)
{
	while (content->len < READ_BYTES) {
		ssize_t got = read(
			fd, content->bytes + content->len, READ_BYTES - content->len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		content->len += (size_t)got;
	}
	return 0;
}

static void cut_line_end(struct content *content)
{
	if (content->len && content->bytes[content->len - 1] == '\n')
		content->len--;
	else
		return;
	if (content->len && content->bytes[content->len - 1] == '\r')
		content->len--;
}

static bool has_control(const struct content *content)
{
	for (size_t i = 0; i < content->len; i++) {
		unsigned char c = (unsigned char)content->bytes[i];
		if (c < 0x20 || c == 0x7F)
			return true;
	}
	return false;
}

/* What is wrong with a line that was read whole, or NULL. */
static const char *content_fault(const struct content *content)
{
	if (!content->len)
		return _("is empty: write the secret into it, on one line");
	if (memchr(content->bytes, '\n', content->len))
		return _("holds more than one line: leave only the secret in it");
	if (content->len > SECRET_MAX_BYTES)
		return _("is too long: at most 1024 bytes are allowed");
	if (has_control(content))
		return _("holds a control character: write the secret as plain text");
	return NULL;
}

int secret_read(const char *path, uid_t owner, char **secret, struct buf *why)
{
	auto_close int fd = -1;
	int r = open_safe(path, owner, &fd, why);
	if (r < 0)
		return r;

	auto_with(content_wipe) struct content content = {.len = 0};
	r = read_content(fd, &content);
	if (r < 0) {
		buf_add_format(why, _("%s cannot be read (%s): look after the disk"),
			path, strerror(-r));
		return -EINVAL;
	}
	cut_line_end(&content);
	const char *fault = content_fault(&content);
	if (fault) {
		buf_add_format(why, "%s %s", path, fault);
		return -EINVAL;
	}
	*secret = xstrndup(content.bytes, content.len);
	return 0;
}

int secret_check(const char *path, uid_t owner, struct buf *why)
{
	auto_close int fd = -1;
	return open_safe(path, owner, &fd, why);
}

void secret_free(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}
