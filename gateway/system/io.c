/* SPDX-License-Identifier: MIT */
#include "system/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Asks again while a signal comes between; then 0 (or the positive result), or -errno. */
#define ask(call)                                                                        \
	__extension__({                                                                  \
		__typeof__(call) answer_;                                                \
		do                                                                       \
			answer_ = (call);                                                \
		while (answer_ < 0 && errno == EINTR);                                   \
		answer_ < 0 ? -errno : answer_;                                          \
	})

int io_open(int dir, const char *name, int flags, mode_t mode)
{
	return ask(openat(dir, name, flags | O_CLOEXEC | O_NOFOLLOW, mode));
}

int io_read(int fd, void *bytes, size_t len, size_t *got)
{
	size_t have = 0;
	while (have < len) {
		ssize_t n = ask(read(fd, (char *)bytes + have, len - have));
		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	*got = have;
	return 0;
}

int io_write(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;
	while (len) {
		ssize_t n = ask(write(fd, at, len));
		if (n < 0)
			return (int)n;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int io_truncate(int fd, off_t len)
{
	return ask(ftruncate(fd, len));
}

int io_sync(int fd)
{
	return ask(fsync(fd));
}

int io_sync_data(int fd)
{
	return ask(fdatasync(fd));
}

int io_sync_system(int fd)
{
	return ask(syncfs(fd));
}

int io_stat(int fd, struct stat *st)
{
	return ask(fstat(fd, st));
}

int io_stat_at(int dir, const char *name, struct stat *st)
{
	return ask(fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW));
}

int io_rename(int from_dir, const char *from, int to_dir, const char *to, bool replace)
{
	return ask(renameat2(from_dir, from, to_dir, to, replace ? 0 : RENAME_NOREPLACE));
}

int io_touch(int dir, const char *name)
{
	return ask(utimensat(dir, name, NULL, AT_SYMLINK_NOFOLLOW));
}

int io_remove(int dir, const char *name)
{
	return ask(unlinkat(dir, name, 0));
}

int io_remove_folder(int dir, const char *name)
{
	return ask(unlinkat(dir, name, AT_REMOVEDIR));
}

int io_make_folder(int dir, const char *name, mode_t mode)
{
	return ask(mkdirat(dir, name, mode));
}
