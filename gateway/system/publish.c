/* SPDX-License-Identifier: MIT */
#include "system/publish.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "system/io.h"

/* Who may enter the folder may read them. */
enum { PUBLISHED_MODE = 0644 };

static int write_new(int folder, const char *name, const char *bytes, size_t len)
{
	int r = io_remove(folder, name); /* of a run that died while writing it */
	if (r < 0 && r != -ENOENT)
		return r;
	auto_close int fd =
		io_open(folder, name, O_WRONLY | O_CREAT | O_EXCL, PUBLISHED_MODE);
	return fd < 0 ? fd : io_write(fd, bytes, len);
}

int publish_at(int folder, const char *name, const char *bytes, size_t len)
{
	char aside[NAME_MAX + 1];
	if ((size_t)snprintf(aside, sizeof(aside), ".%s.tmp", name) >= sizeof(aside))
		return -ENAMETOOLONG;
	int r = write_new(folder, aside, bytes, len);
	if (r == 0)
		r = io_rename(folder, aside, folder, name, true);
	if (r < 0)
		(void)io_remove(folder, aside); /* else the next one does */
	return r;
}

int publish(const char *path, const char *bytes, size_t len)
{
	const char *name = strrchr(path, '/');
	assert(name);
	char folder[PATH_MAX];
	if ((size_t)snprintf(folder, sizeof(folder), "%.*s/", (int)(name - path), path) >=
		sizeof(folder))
		return -ENAMETOOLONG;
	auto_close int fd = io_open(AT_FDCWD, folder, O_PATH | O_DIRECTORY, 0);
	return fd < 0 ? fd : publish_at(fd, name + 1, bytes, len);
}
