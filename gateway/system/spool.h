#ifndef GATEWAY_SYSTEM_SPOOL_H
#define GATEWAY_SYSTEM_SPOOL_H
/* SPDX-License-Identifier: MIT
 *
 * spool - the folders: look at, claim, place and settle drops
 *
 * Knows: the folders, what a drop is called in each, and which rename means what. A drop
 * is in exactly one folder, and rename is the only transaction:
 *
 *   incoming/NAME              an exporter's; nothing of ours is known of it
 *   sending/STAMP_NAME         claimed; the journal says how far it got
 *   sent/DAY/STAMP_NAME        every comment delivered, or the rest is in failed/
 *   failed/STAMP_NAME          not delivered: the original, or a rest file
 *   failed/STAMP_NAME.reason.txt   why
 *
 * Must not know: XML, HTTP, why something failed.
 * Promises: no link is followed, nothing but regular files is opened, nothing is ever
 * overwritten but our own unfinished files: a taken name gets "~2" before its suffix.
 * Stamps grow, whatever the clock does. What spool_place() put in place is durable before
 * it is visible; renames are durable after spool_flush().
 * Errors: -errno, logged by the caller. spool_open() explains in words.
 */
#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/times.h"

struct buf;
struct spool;

enum folder {
	FOLDER_INCOMING,
	FOLDER_SENDING,
	FOLDER_SENT,
	FOLDER_FAILED,
	FOLDER_AUDIT,
	FOLDER_COUNT,
};

/* A claim's name leaves room for ".reason.txt" and "~2" within NAME_MAX. */
enum {
	CLAIM_NAME_MAX = 240,
	CLAIM_DROP_MAX = CLAIM_NAME_MAX - TIMES_STAMP_LEN - 1 /* behind the stamp */
};

/* What a claim was given, and what its drop was called before. */
struct claim_name {
	char name[NAME_MAX + 1]; /* STAMP_DROP */
	char stamp[TIMES_STAMP_LEN + 1];
	char of[TIMES_STAMP_LEN + 1]; /* the stamp it came with, or "" */
};

/* Fails with -errno and, in `why`, a sentence that says what to do. Makes folders that
 * are missing, but never the spool itself nor incoming/: their owners are the admin's
 * choice. */
int spool_open(const char *path, struct spool **spool, struct buf *why);
/* For whoever looks only, beside a running gateway: makes and locks nothing. */
int spool_open_to_look(const char *path, struct spool **spool, struct buf *why);
void spool_close(struct spool *s);

/* -EAGAIN: another gateway runs on this spool. Held until spool_close(), or death. */
int spool_lock(struct spool *s, bool wait);

/* A short text that outlives the run, kept in the lock file: away from all folders. Notes
 * are all of one length. It is "" if there is none. */
int spool_keep_note(const struct spool *s, const char *note);
int spool_read_note(const struct spool *s, char *note, size_t size);

int spool_root_fd(const struct spool *s); /* borrowed */
const char *spool_path(const struct spool *s);
int spool_folder_fd(const struct spool *s, enum folder folder); /* borrowed */
const char *folder_name(enum folder folder);

/* Folders that were deleted and made again, or moved away, are found again.
 * *changed: any of them is another one now. -ESTALE: the spool itself is, or its path
 * leads nowhere: unmounted, or moved. */
int spool_refresh(struct spool *s, bool *changed);
/* What spool_refresh() or every claim would fail by, and in `why` what to do, as in
 * spool_open(). */
int spool_examine(const struct spool *s, struct buf *why);

/* What is free for us on its file system; without a fixed number of inodes, INT64_MAX. */
struct spool_room {
	uint64_t bytes, inodes;
};
int spool_room(const struct spool *s, struct spool_room *room);
/* True: nothing more is claimed, so that the disk is never quite full. */
bool spool_room_is_low(const struct spool_room *room, uint64_t min_free);

/* False: the folders themselves stand in the way of a move between this one and sending/,
 * not the file. */
bool spool_may_move(const struct spool *s, enum folder other);

/* A listing that closes itself: auto_with(spool_closedirp) DIR *dir = ... */
static inline void spool_closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}
/* Lists a folder; NULL: errno. */
DIR *spool_list(const struct spool *s, enum folder folder);
int spool_look(
	const struct spool *s, enum folder folder, const char *name, struct stat *st);
/* Whether what a listing of that folder names is a regular file. */
bool spool_is_file(int folder, const struct dirent *entry);
/* Opens for reading. -ELOOP, -EISDIR ...; -EINVAL: not a regular file. */
int spool_peek(const struct spool *s, enum folder folder, const char *name, int *fd,
	struct stat *st);
/* The same for what was a regular file when it was last looked at. What took its place
 * since may be opened, which the writer of a FIFO would notice, but is not waited for
 * (-EINVAL; -ENXIO: a socket). */
int spool_peek_again(const struct spool *s, enum folder folder, const char *name, int *fd,
	struct stat *st);

/* The part of a name that is the exporter's. *stamp: where its (latest) stamp is, or
 * NULL. */
const char *spool_drop_name(const char *name, const char **stamp);
/* NAME.reason.txt: of a failed drop, wherever it was moved with it. */
#define SPOOL_REASON ".reason.txt"
enum { SPOOL_REASON_LEN = sizeof(SPOOL_REASON) - 1 };
bool spool_is_reason(const char *name);
/* 2026-11-23 and the suffix, nothing else: the days of sent/ (""), and of audit/. */
enum { SPOOL_DAY_LEN = sizeof("2026-11-23") - 1 };
bool spool_is_day(const char *name, const char *suffix);
/* Stamps given from now on come after this one. */
void spool_note_stamp(struct spool *s, const char *stamp);
/* False: none was given or noted so far. */
bool spool_last_stamp(const struct spool *s, char stamp[TIMES_STAMP_LEN + 1]);

/* Moves a drop from incoming/ (or an unclaimed one within sending/) to its claim.
 * -EINVAL: this file system cannot do that, for no drop. */
int spool_claim(struct spool *s, enum folder from, const char *drop, usec_t now,
	struct claim_name *claim);
/* Back to incoming/ under its own name; -EEXIST: that name is taken again. */
int spool_return(struct spool *s, const char *claim);

/* Moves a claim to failed/, or to sent/ of the local day of `now`. `to`: where it lies.
 * Since the last flush a day's folder is taken to be where it was. */
int spool_settle(struct spool *s, enum folder folder, const char *claim, usec_t now,
	char to[PATH_MAX]);
/* Writes aside, flushes, renames into place over an earlier one of that name. */
int spool_place(struct spool *s, enum folder folder, const char *name, const char *bytes,
	size_t len);
int spool_remove(struct spool *s, enum folder folder, const char *name);

/* Makes all renames so far durable. */
int spool_flush(struct spool *s);
/* Makes everything on the file system durable: cheaper than many files one by one. */
int spool_flush_all(struct spool *s);

#endif
