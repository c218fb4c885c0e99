/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "system/io.h"
#include "system/spool_name.h"
#include "system/spool_parts.h"

enum { NAMES_TRIED = 1000 };

/* 2200-01-01: no clock says so by itself. */
#define STAMP_SANE (INT64_C(7258118400) * USEC_SECOND)

void spool_note_stamp(struct spool *s, const char *stamp)
{
	usec_t at = 0;
	/* Stamps end with the year 9999: one made by hand must not use them all up. */
	if (times_parse_stamp(stamp, &at) == 0 && at > s->last_stamp && at < STAMP_SANE)
		s->last_stamp = at;
}

static void write_stamp(usec_t at, char stamp[TIMES_STAMP_LEN + 1])
{
	auto_buf struct buf b = {.max_bytes = TIMES_STAMP_LEN};
	times_add_stamp(&b, at);
	memcpy(stamp, buf_peek(&b), TIMES_STAMP_LEN + 1);
}

bool spool_last_stamp(const struct spool *s, char stamp[TIMES_STAMP_LEN + 1])
{
	if (!s->last_stamp)
		return false;
	write_stamp(s->last_stamp, stamp);
	return true;
}

static void next_claim(
	struct spool *s, const char *drop, usec_t now, struct claim_name *claim)
{
	const char *of = NULL;
	const char *name = spool_drop_name(drop, &of);
	s->last_stamp = now > s->last_stamp ? now : s->last_stamp + 1;

	write_stamp(s->last_stamp, claim->stamp);
	auto_buf struct buf b = {.max_bytes = NAME_MAX};
	buf_add(&b, claim->stamp, TIMES_STAMP_LEN);
	buf_add_char(&b, '_');
	spool_name_shorten(&b, name, CLAIM_DROP_MAX);
	assert(buf_finish(&b) == 0);
	memcpy(claim->name, buf_peek(&b), b.len + 1);
	snprintf(claim->of, sizeof(claim->of), "%.*s", TIMES_STAMP_LEN, of ? of : "");
}

int spool_claim(struct spool *s, enum folder from, const char *drop, usec_t now,
	struct claim_name *claim)
{
	struct claim_name next;
	int r = -EEXIST;
	for (int tries = 0; r == -EEXIST && tries < NAMES_TRIED; tries++) {
		next_claim(s, drop, now, &next);
		r = io_rename(s->folders[from], drop, s->folders[FOLDER_SENDING],
			next.name, false);
	}
	if (r < 0)
		return r;
	s->is_dirty[from] = true;
	s->is_dirty[FOLDER_SENDING] = true;
	*claim = next;
	return 0;
}

int spool_return(struct spool *s, const char *claim)
{
	const char *stamp = NULL;
	const char *drop = spool_drop_name(claim, &stamp);
	int r = io_rename(s->folders[FOLDER_SENDING], claim, s->folders[FOLDER_INCOMING],
		drop, false);
	if (r < 0)
		return r;
	s->is_dirty[FOLDER_SENDING] = true;
	s->is_dirty[FOLDER_INCOMING] = true;
	return 0;
}

/* Not if the admin took the folder away, or put another one in its place. One look is
 * enough for all that is flushed together. */
static bool is_day_open(const struct spool *s, const char *day)
{
	struct stat named = {0};
	if (s->day < 0 || strcmp(s->day_name, day) != 0)
		return false;
	if (s->day_is_dirty)
		return true;
	return io_stat_at(s->folders[FOLDER_SENT], day, &named) == 0 &&
	       s->day_device == named.st_dev && s->day_inode == named.st_ino;
}

/* sent/DAY, made when its first drop comes. */
static int open_day(struct spool *s, const char *day)
{
	if (is_day_open(s, day))
		return 0;
	int r = spool_flush(s); /* the folder that we let go of may hold fresh renames */
	if (r < 0)
		return r;
	cleanup_close(&s->day);
	s->day = -1;
	r = io_make_folder(s->folders[FOLDER_SENT], day, FOLDER_MODE);
	if (r < 0 && r != -EEXIST)
		return r;
	s->is_dirty[FOLDER_SENT] = true;
	auto_close int fd =
		io_open(s->folders[FOLDER_SENT], day, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;
	struct stat st;
	r = io_stat(fd, &st);
	if (r < 0)
		return r;
	s->day = take_fd(&fd);
	s->day_device = st.st_dev;
	s->day_inode = st.st_ino;
	snprintf(s->day_name, sizeof(s->day_name), "%s", day);
	return 0;
}

/* NAME, or NAME~2, NAME~3 ... where it is taken. */
static int move_claim(
	struct spool *s, const char *claim, int to_dir, char name[NAME_MAX + 1])
{
	snprintf(name, NAME_MAX + 1, "%s", claim);
	int r = io_rename(s->folders[FOLDER_SENDING], claim, to_dir, name, false);
	for (int i = 2; r == -EEXIST && i < NAMES_TRIED; i++) {
		spool_name_number(claim, i, name);
		r = io_rename(s->folders[FOLDER_SENDING], claim, to_dir, name, false);
	}
	return r;
}

static int settle_sent(struct spool *s, const char *claim, usec_t now, char to[PATH_MAX])
{
	auto_buf struct buf day = {.max_bytes = sizeof(s->day_name) - 1};
	char name[NAME_MAX + 1];
	times_add_local_day(&day, now);
	int r = open_day(s, buf_peek(&day));
	if (r == 0)
		r = move_claim(s, claim, s->day, name);
	if (r < 0)
		return r;
	s->day_is_dirty = true;
	snprintf(to, PATH_MAX, "sent/%s/%s", buf_peek(&day), name);
	return 0;
}

static int settle_failed(struct spool *s, const char *claim, char to[PATH_MAX])
{
	char name[NAME_MAX + 1];
	int r = move_claim(s, claim, s->folders[FOLDER_FAILED], name);
	if (r < 0)
		return r;
	s->is_dirty[FOLDER_FAILED] = true;
	snprintf(to, PATH_MAX, "failed/%s", name);
	return 0;
}

int spool_settle(struct spool *s, enum folder folder, const char *claim, usec_t now,
	char to[PATH_MAX])
{
	assert(folder == FOLDER_SENT || folder == FOLDER_FAILED);
	int r = folder == FOLDER_SENT ? settle_sent(s, claim, now, to)
				      : settle_failed(s, claim, to);
	if (r < 0)
		return r;
	s->is_dirty[FOLDER_SENDING] = true;
	return 0;
}

static int write_aside(int dir, const char *aside, const char *bytes, size_t len)
{
	int r = io_remove(dir, aside); /* of a run that died while writing it */
	if (r < 0 && r != -ENOENT)
		return r;
	auto_close int fd = io_open(dir, aside, O_WRONLY | O_CREAT | O_EXCL, FILE_MODE);
	if (fd < 0)
		return fd;
	r = io_write(fd, bytes, len);
	if (r == 0)
		r = io_sync(fd);
	return r;
}

int spool_place(struct spool *s, enum folder folder, const char *name, const char *bytes,
	size_t len)
{
	static const char aside[] = ".being-written.tmp";
	int dir = s->folders[folder];
	int r = write_aside(dir, aside, bytes, len);
	if (r == 0)
		r = io_rename(dir, aside, dir, name, true);
	if (r < 0) {
		(void)io_remove(dir, aside); /* else the next one does */
		return r;
	}
	s->is_dirty[folder] = true;
	return 0;
}

int spool_remove(struct spool *s, enum folder folder, const char *name)
{
	return io_remove(s->folders[folder], name);
}

int spool_flush(struct spool *s)
{
	if (s->day_is_dirty) {
		int r = io_sync(s->day);
		if (r < 0)
			return r;
		s->day_is_dirty = false;
	}
	for (int i = 0; i < FOLDER_COUNT; i++) {
		if (!s->is_dirty[i])
			continue;
		int r = io_sync(s->folders[i]);
		if (r < 0)
			return r;
		s->is_dirty[i] = false;
	}
	return 0;
}

int spool_flush_all(struct spool *s)
{
	int r = io_sync_system(s->root);
	if (r < 0)
		return r;
	s->day_is_dirty = false;
	for (int i = 0; i < FOLDER_COUNT; i++)
		s->is_dirty[i] = false;
	return 0;
}
