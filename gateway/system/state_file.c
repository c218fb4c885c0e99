/* SPDX-License-Identifier: MIT */
#include "system/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "core/status.h"
#include "system/io.h"

int state_file_read(int folder, struct status *status, usec_t *alive)
{
	struct stat st;
	size_t len = 0;
	auto_close int fd = io_open(folder, STATE_FILE, O_RDONLY | O_NONBLOCK, 0);
	if (fd < 0)
		return fd;
	int r = io_stat(fd, &st);
	if (r < 0)
		return r;
	if (!S_ISREG(st.st_mode) || st.st_size > STATUS_MAX_BYTES)
		return -EINVAL;
	auto_free char *bytes = xcalloc(1, (size_t)st.st_size + 1);
	r = io_read(fd, bytes, (size_t)st.st_size, &len);
	if (r == 0)
		r = status_parse(bytes, len, status);
	if (r == 0)
		*alive = (usec_t)st.st_mtim.tv_sec * USEC_SECOND +
			 st.st_mtim.tv_nsec / 1000;
	return r;
}
