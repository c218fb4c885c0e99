#ifndef GATEWAY_SYSTEM_NOTIFY_H
#define GATEWAY_SYSTEM_NOTIFY_H
/* SPDX-License-Identifier: MIT
 *
 * notify - tells systemd how we are: ready, reloading, stopping, alive, and a line
 *
 * Knows: the protocol of sd_notify(3) and sd_watchdog_enabled(3). Must not know: what
 * the line says.
 * Promises: without NOTIFY_SOCKET in the environment nothing is ever sent and nothing is
 * ever due, so no wake-up is added; likewise without WATCHDOG_USEC for the watchdog. The
 * line is sent only when it changed, at most once a second. Whoever listens may be slow:
 * what has no room now is sent again a second later.
 * Order: open, turns of a loop that is alive, close. Errors: notify_open() gives -errno
 * for an address that cannot be used, and then nobody is told anything; the rest has
 * none.
 */
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/times.h"

enum { NOTIFY_LINE_MAX = 512 };

struct notify {
	int fd; /* -1: nobody is to be told */
	struct sockaddr_un address;
	socklen_t address_len;
	msec_t watchdog; /* how often we are to be heard of; MSEC_NEVER: need not */
	msec_t alive_at; /* when to say so next */
	msec_t look_at;  /* when the line may be told next */
	bool owes_line;  /* it may have changed since it was told */
	char line[NOTIFY_LINE_MAX]; /* as it was told last */
};

int notify_open(struct notify *n, msec_t now);
void notify_close(struct notify *n);

void notify_ready(const struct notify *n);
/* To be followed by notify_ready(). */
void notify_reloading(const struct notify *n);
void notify_stopping(const struct notify *n);

/* Asked in each turn: is it time for notify_line()? At most once a second. */
bool notify_wants_line(struct notify *n, msec_t now);
/* What the whole program is doing, in a few words; longer ones are cut. */
void notify_line(struct notify *n, const char *line, msec_t now);

/* The loop is alive. When it is to come back, if nothing happens before. */
msec_t notify_turn(struct notify *n, msec_t now);

#endif
