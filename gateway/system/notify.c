/* SPDX-License-Identifier: MIT */
#include "system/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { MESSAGE_MAX = NOTIFY_LINE_MAX + 16, SEND_SECONDS = 5 };

/* An absolute path, or "@" and a name without one. */
static int read_address(struct notify *n, const char *text)
{
	size_t len = strlen(text);
	if ((*text != '/' && *text != '@') || len < 2)
		return -EAFNOSUPPORT;
	if (len >= sizeof(n->address.sun_path))
		return -ENAMETOOLONG;
	n->address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(n->address.sun_path, text, len);
	if (*text == '@')
		n->address.sun_path[0] = '\0';
	n->address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return 0;
}

static bool read_number(const char *name, int64_t *number)
{
	const char *text = getenv(name);
	char *end = NULL;
	if (!text)
		return false;
	errno = 0;
	*number = strtoll(text, &end, 10);
	return !errno && *text && !*end && *number > 0;
}

/* Half of what would be too long a silence. A watchdog may be meant for another process
 * than us: the one that started us, say. */
static msec_t read_watchdog(void)
{
	int64_t usec = 0;
	int64_t pid = 0;
	if (!read_number("WATCHDOG_USEC", &usec))
		return MSEC_NEVER;
	if (getenv("WATCHDOG_PID") &&
		(!read_number("WATCHDOG_PID", &pid) || pid != getpid()))
		return MSEC_NEVER;
	msec_t half = usec / 2000;
	return half ? half : 1;
}

int notify_open(struct notify *n, msec_t now)
{
	*n = (struct notify){
		.fd = -1, .watchdog = MSEC_NEVER, .alive_at = MSEC_NEVER, .look_at = now};
	const char *text = getenv("NOTIFY_SOCKET");
	if (!text || !*text)
		return 0;
	int r = read_address(n, text);
	if (r < 0)
		return r;
	auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const struct timeval patience = {.tv_sec = SEND_SECONDS};
	if (fd < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		return -errno;
	n->fd = take_fd(&fd);
	n->watchdog = read_watchdog();
	if (n->watchdog != MSEC_NEVER)
		n->alive_at = now;
	return 0;
}

void notify_close(struct notify *n)
{
	cleanup_close(&n->fd);
	n->fd = -1;
}

static int tell(const struct notify *n, const char *text, int flags)
{
	if (n->fd < 0)
		return 0;
	ssize_t sent = sendto(n->fd, text, strlen(text), MSG_NOSIGNAL | flags,
		(const struct sockaddr *)&n->address, n->address_len);
	return sent < 0 ? -errno : 0;
}

/* What a start or a stop hangs on is worth a wait; then systemd's own time-outs judge. */
static void tell_surely(const struct notify *n, const char *text)
{
	(void)tell(n, text, 0);
}

void notify_ready(const struct notify *n)
{
	tell_surely(n, "READY=1");
}

void notify_reloading(const struct notify *n)
{
	struct timespec at = {.tv_sec = 0};
	char text[64];
	clock_gettime(CLOCK_MONOTONIC, &at);
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
		(int64_t)at.tv_sec * USEC_SECOND + at.tv_nsec / 1000);
	tell_surely(n, text);
}

void notify_stopping(const struct notify *n)
{
	tell_surely(n, "STOPPING=1");
}

bool notify_wants_line(struct notify *n, msec_t now)
{
	n->owes_line = n->fd >= 0 && now < n->look_at;
	return n->fd >= 0 && now >= n->look_at;
}

void notify_line(struct notify *n, const char *line, msec_t now)
{
	char cut[NOTIFY_LINE_MAX];
	char text[MESSAGE_MAX];
	/* What follows the end of a line would be another word of the protocol. */
	snprintf(cut, sizeof(cut), "%.*s", (int)strcspn(line, "\n"), line);
	n->look_at = now + MSEC_SECOND;
	if (!strcmp(cut, n->line))
		return;
	snprintf(text, sizeof(text), "STATUS=%s", cut);
	n->owes_line = tell(n, text, MSG_DONTWAIT) < 0;
	if (!n->owes_line)
		memcpy(n->line, cut, sizeof(cut));
}

static void say_alive(struct notify *n, msec_t now)
{
	if (now < n->alive_at)
		return;
	int r = tell(n, "WATCHDOG=1", MSG_DONTWAIT);
	n->alive_at = now + (r < 0 ? msec_min(MSEC_SECOND, n->watchdog) : n->watchdog);
}

msec_t notify_turn(struct notify *n, msec_t now)
{
	if (n->fd < 0)
		return MSEC_NEVER;
	say_alive(n, now);
	return msec_min(n->alive_at, n->owes_line ? n->look_at : MSEC_NEVER);
}
