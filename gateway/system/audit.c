/* SPDX-License-Identifier: MIT */
#include "system/audit.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "core/record.h"
#include "system/audit_parts.h"
#include "system/io.h"

/* Room for a checkpoint of three million comments, which is about what the window holds of
 * the smallest; each with a long line, and the shop's words, which the site bounds. */
#define PENDING_MAX ((size_t)2 << 30)

enum { FILE_MODE = 0640 };

struct audit {
	const struct spool *spool;
	int fd; /* of the current day, or -1 */
	char day[SPOOL_DAY_LEN + 1];
	off_t size;                /* of the whole lines in the file */
	off_t checkpoint_size;     /* where the last checkpoint ended */
	struct buf pending;        /* appended, not yet written */
	size_t stated, stated_end; /* where in it the latest checkpoint is, if it is */
	bool is_noted;             /* that this file is written to */
	bool is_synced;
	bool is_cut; /* what was written last is not there any more */
	uint64_t flushes;
};

struct audit *audit_new(const struct spool *spool)
{
	struct audit *a = xcalloc(1, sizeof(*a));
	a->spool = spool;
	a->fd = -1;
	a->is_synced = true;
	buf_init(&a->pending, PENDING_MAX);
	return a;
}

void audit_free(struct audit *a)
{
	if (!a)
		return;
	cleanup_close(&a->fd);
	buf_done(&a->pending);
	free(a);
}

/* --- reading what earlier runs wrote --- */

/* The note names the file that was written to last. */
static int look_for_end(struct audit *a, const char *latest)
{
	char noted[NAME_MAX + 1] = "";
	int r = spool_read_note(a->spool, noted, sizeof(noted));
	a->is_cut = spool_is_day(noted, AUDIT_SUFFIX) && strcmp(noted, latest) > 0;
	return r;
}

int audit_replay(struct audit *a, audit_reader reader, void *context)
{
	char latest[AUDIT_NAME_MAX] = "";
	int r = audit_hand_out(a->spool, reader, context, latest);
	return r < 0 ? r : look_for_end(a, latest);
}

bool audit_is_cut(const struct audit *a)
{
	return a->is_cut;
}

/* --- writing --- */

/* Ends a line that an earlier run, or the disk, left without its newline. */
static int end_torn_line(int fd, off_t *size)
{
	char last = '\n';
	if (*size && pread(fd, &last, 1, *size - 1) < 0)
		return -errno;
	if (last == '\n')
		return 0;
	int r = io_write(fd, "\n", 1);
	if (r == 0)
		++*size;
	return r;
}

static void name_file(const char *day, char name[AUDIT_NAME_MAX])
{
	snprintf(name, AUDIT_NAME_MAX, "%s" AUDIT_SUFFIX, day);
}

static int open_day(struct audit *a, const char *day)
{
	char name[AUDIT_NAME_MAX];
	name_file(day, name);
	auto_close int fd = io_open(spool_folder_fd(a->spool, FOLDER_AUDIT), name,
		O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK, FILE_MODE);
	if (fd < 0)
		return fd;
	struct stat st;
	int r = io_stat(fd, &st);
	if (r == 0 && !S_ISREG(st.st_mode))
		r = -EINVAL;
	if (r == 0)
		r = io_sync(spool_folder_fd(a->spool, FOLDER_AUDIT));
	if (r == 0)
		r = end_torn_line(fd, &st.st_size);
	if (r < 0)
		return r;
	cleanup_close(&a->fd);
	a->fd = take_fd(&fd);
	a->size = st.st_size;
	a->is_noted = false;
	snprintf(a->day, sizeof(a->day), "%s", day);
	return 0;
}

/* Its file is still what goes by that name, and holds what we wrote: nobody removed,
 * moved, replaced or emptied it. */
static bool is_in_place(const struct audit *a)
{
	char name[AUDIT_NAME_MAX];
	name_file(a->day, name);
	struct stat ours = {0};
	struct stat named = {0};
	return io_stat(a->fd, &ours) == 0 &&
	       spool_look(a->spool, FOLDER_AUDIT, name, &named) == 0 &&
	       ours.st_dev == named.st_dev && ours.st_ino == named.st_ino &&
	       ours.st_size == a->size;
}

/* What is wrong with an open file is over with a checkpoint in one opened anew. */
static void let_go(struct audit *a)
{
	cleanup_close(&a->fd);
	a->fd = -1;
}

bool audit_wants_checkpoint(struct audit *a, usec_t now)
{
	auto_buf struct buf today = {.max_bytes = SPOOL_DAY_LEN};
	times_add_utc_day(&today, now);
	if (a->fd < 0 || strcmp(buf_peek(&today), a->day) > 0 || !is_in_place(a))
		return true;
	return a->size - a->checkpoint_size > AUDIT_CHECKPOINT_BYTES;
}

/* Days go forward only: with a clock set back the later day's file is written on, also
 * by the next run, for recovery goes by the names. */
static int day_to_write(const struct audit *a, usec_t now, char day[SPOOL_DAY_LEN + 1])
{
	char latest[AUDIT_NAME_MAX] = "";
	int r = *a->day ? 0 : audit_find_file(a->spool, "", latest);
	if (r < 0)
		return r;
	auto_buf struct buf today = {.max_bytes = SPOOL_DAY_LEN};
	times_add_utc_day(&today, now);
	const char *last = *a->day ? a->day : latest;
	bool is_later = strncmp(last, buf_peek(&today), SPOOL_DAY_LEN) > 0;
	snprintf(day, SPOOL_DAY_LEN + 1, "%.*s", SPOOL_DAY_LEN,
		is_later ? last : buf_peek(&today));
	return 0;
}

/* One that could not be written: the next says it all again, and they must not add up. */
static void forget_checkpoint(struct audit *a)
{
	auto_buf struct buf kept = {.max_bytes = PENDING_MAX};
	const char *bytes = buf_peek(&a->pending);
	if (a->stated == a->stated_end)
		return;
	buf_add(&kept, bytes, a->stated);
	buf_add(&kept, bytes + a->stated_end, a->pending.len - a->stated_end);
	buf_clear(&a->pending);
	buf_add(&a->pending, buf_peek(&kept), kept.len);
}

int audit_begin_checkpoint(struct audit *a, usec_t now)
{
	/* Lines still pending belong to the file before, if it is there to take them. */
	if (a->fd >= 0) {
		int r = audit_sync(a);
		if (r < 0)
			return r;
	}
	char day[SPOOL_DAY_LEN + 1];
	int r = day_to_write(a, now, day);
	if (r == 0)
		r = open_day(a, day);
	if (r < 0)
		return r;
	forget_checkpoint(a);
	a->stated = a->stated_end = a->pending.len;
	return 0;
}

void audit_end_checkpoint(struct audit *a)
{
	a->stated_end = a->pending.len;
	a->checkpoint_size = a->size + (off_t)a->pending.len;
}

void audit_append(struct audit *a, const struct record *record)
{
	record_write(&a->pending, record);
	assert(buf_finish(&a->pending) == 0); /* the window bounds what can be pending */
}

/* Once it holds something that can be missed. Tried again before anything else is done. */
static int note_file(struct audit *a)
{
	char name[AUDIT_NAME_MAX];
	if (a->is_noted)
		return 0;
	name_file(a->day, name);
	int r = spool_keep_note(a->spool, name);
	a->is_noted = r == 0;
	return r;
}

/* Whole lines or nothing: what came through is written again. A file that somebody has
 * emptied meanwhile must not grow. */
static int cut_back(const struct audit *a)
{
	struct stat st;
	int r = io_stat(a->fd, &st);
	if (r == 0 && st.st_size < a->size)
		r = -EIO;
	return r < 0 ? r : io_truncate(a->fd, a->size);
}

int audit_write(struct audit *a)
{
	if (!a->pending.len)
		return 0;
	if (a->fd < 0)
		return -EIO; /* let go of since audit_wants_checkpoint() was asked */
	int r = io_write(a->fd, a->pending.bytes, a->pending.len);
	if (r < 0) {
		if (cut_back(a) < 0)
			let_go(a);
		return r;
	}
	a->size += (off_t)a->pending.len;
	buf_clear(&a->pending);
	a->stated = a->stated_end = 0;
	a->is_synced = false;
	return note_file(a);
}

int audit_sync(struct audit *a)
{
	int r = audit_write(a);
	if (r < 0 || a->is_synced)
		return r;
	r = io_sync_data(a->fd);
	a->flushes++;
	a->is_synced = r == 0;
	if (r < 0)
		let_go(a); /* the kernel may forget what it could not write: fsync(2) */
	return r;
}

uint64_t audit_flushes(const struct audit *a)
{
	return a->flushes;
}
