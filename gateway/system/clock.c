/* SPDX-License-Identifier: MIT */
#include "system/clock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { BOOT_ID_LEN = 36 };

static struct timespec ask(clockid_t id)
{
	struct timespec ts = {0};
	if (clock_gettime(id, &ts) < 0)
		abort(); /* both clocks exist since Linux 2.6.39 */
	return ts;
}

struct moment clock_now(void)
{
	struct timespec up = ask(CLOCK_BOOTTIME);
	struct timespec wall = ask(CLOCK_REALTIME);
	return (struct moment){
		.up = (msec_t)up.tv_sec * MSEC_SECOND + up.tv_nsec / 1000000,
		.wall = (usec_t)wall.tv_sec * USEC_SECOND + wall.tv_nsec / 1000,
	};
}

const char *clock_boot_id(void)
{
	static char id[BOOT_ID_LEN + 1];
	if (id[0])
		return id;
	auto_close int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, id, BOOT_ID_LEN) != BOOT_ID_LEN)
		id[0] = '\0';
	return id;
}
