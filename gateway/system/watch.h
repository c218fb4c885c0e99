#ifndef GATEWAY_SYSTEM_WATCH_H
#define GATEWAY_SYSTEM_WATCH_H
/* SPDX-License-Identifier: MIT
 *
 * watch - inotify's alarms about a spool
 *
 * An alarm only says where to look: the scan of the folder is the truth. What the kernel
 * had to drop (overflow), and a folder that is another one now, are alarms too.
 * Knows: inotify(7). Must not know: which names are drops, what is done with them.
 */
#include <limits.h>
#include <stdbool.h>

struct spool;
struct watch;

enum watch_sign {
	WATCH_ARRIVED,   /* renamed into incoming/, or closed there after writing */
	WATCH_BORN,      /* made in incoming/: somebody may be writing it */
	WATCH_TOUCHED,   /* mode or owner of a file in incoming/ changed */
	WATCH_LEFT,      /* deleted or moved out of incoming/ */
	WATCH_STRAY,     /* something came into sending/ */
	WATCH_WITHDRAWN, /* something left sending/ */
	WATCH_LOST,      /* alarms were dropped: scan */
	WATCH_FOLDERS, /* a folder was moved, removed, unmounted or made: look at them all
			*/
};

struct watch_event {
	enum watch_sign sign;
	char name[NAME_MAX + 1]; /* in incoming/ or sending/; else "" */
};

int watch_new(struct watch **watch);
void watch_free(struct watch *w);
int watch_fd(const struct watch *w); /* readable when watch_next() has something */

/* Watches the folders as they are now; again after spool_refresh() changed any. */
int watch_spool(struct watch *w, const struct spool *spool);

/* *is_event false: nothing more for now. */
int watch_next(struct watch *w, struct watch_event *event, bool *is_event);

#endif
