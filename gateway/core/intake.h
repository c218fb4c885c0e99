#ifndef GATEWAY_CORE_INTAKE_H
#define GATEWAY_CORE_INTAKE_H
/* SPDX-License-Identifier: MIT
 *
 * intake - which file in incoming/ is a complete drop, and in which order they are taken
 *
 * Knows: the readiness rules and the order of arrival. It is told what was seen, and
 * asked what to look at again and what is ready. Must not know: folders, inotify, what is
 * in a file. Time comes in as `now`.
 *
 *   renamed into place, closed after writing   ready at once
 *   found by a scan, or only created           ready when size, times and inode have been
 *                                              quiet for `settle`; the look that shows
 *                                              it is, for a backlog, that of its claim
 *   more than one link                         looked at again after `settle`, three
 *                                              times, then left alone until the next scan
 *
 * Order: a backlog (what a scan found and nobody touched since) by the time it arrived
 * (ctime), ties by version-sorted name; then all else as it became ready. Until `settle`
 * has passed since its last find nothing overtakes a backlog.
 * Memory: about 48 bytes and its name for each waiting file.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/times.h"

struct intake;

enum { INTAKE_LINK_LOOKS = 3 };

/* What a look at a file showed. */
struct sighting {
	uint64_t inode, size;
	int64_t modified, changed; /* mtime and ctime, in nanoseconds */
	uint64_t links;
};

enum sign {
	SIGN_SCAN,    /* the folder's listing has it */
	SIGN_ARRIVED, /* renamed into place, or closed after writing */
	SIGN_BORN,    /* made, perhaps being written */
	SIGN_TOUCHED, /* mode or links changed */
	SIGN_LOOK,    /* intake_look() asked for it */
};

/* pattern: as in fnmatch(3); copied. */
struct intake *intake_new(const char *pattern, msec_t settle);
void intake_free(struct intake *in);
/* What is watched already is quiet after the new settle, too. */
void intake_set(struct intake *in, const char *pattern, msec_t settle);

/* Whether a name can be a drop at all: not hidden, of the pattern, no *.tmp *.part
 * *.filepart *~, and no *.reason.txt, whatever the pattern: that is what we write beside
 * a drop that failed, and remove. */
bool intake_wants(const struct intake *in, const char *name);

/* Whether a scan must stat a name: those known already are seen by the scan alone. */
bool intake_knows(struct intake *in, const char *name);
void intake_see(struct intake *in, const char *name, enum sign sign,
	const struct sighting *sighting, msec_t now);
void intake_forget(struct intake *in, const char *name);

/* Around a scan: what intake_knows() and intake_see() did not name in between is gone. */
void intake_scan_begin(struct intake *in);
void intake_scan_end(struct intake *in);

/* The next name to look at again: stat it, then intake_see(SIGN_LOOK) or
 * intake_forget(). NULL: none is due; *due says when, MSEC_NEVER: none waits. */
const char *intake_look(const struct intake *in, msec_t now, msec_t *due);

/* The next name to claim, still owned by the intake; NULL: none. It stays the next until
 * intake_forget() (claimed, or gone) or another state is told of it. */
const char *intake_next(const struct intake *in, msec_t now);

/* The look at the next one before its claim. False: it is not ready after all, and
 * watched for quiet. *was_quiet: it has not changed for `settle`, so if it breaks off it
 * will not grow. */
bool intake_confirm(struct intake *in, const char *name, const struct sighting *sighting,
	msec_t now, bool *was_quiet);

/* It broke off although it looked complete: only quiet makes it ready now. */
void intake_distrust(
	struct intake *in, const char *name, const struct sighting *sighting, msec_t now);

/* It cannot be read: it waits for a scan, or for its mode to change. changed: its ctime
 * in nanoseconds, or 0. True the first time, so that it is said once. */
bool intake_set_aside(struct intake *in, const char *name, int64_t changed);

/* It is no regular file: passed over until one takes its place. True the first time,
 * likewise. */
bool intake_pass_over(struct intake *in, const char *name);

/* How many files it knows. */
size_t intake_waiting(const struct intake *in);

/* When the oldest of them came, its ctime in nanoseconds, whatever it waits for; but of
 * those that are ready only of a backlog: intake_next() names the others' first.
 * INT64_MAX: there is none. */
int64_t intake_oldest(struct intake *in);

/* Of which these, and how many names there are that are no files: */
struct intake_counts {
	size_t ready, settling, linked, unreadable, odd;
};
void intake_count(const struct intake *in, msec_t now, struct intake_counts *counts);

#endif
