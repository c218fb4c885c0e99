/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "core/record.h"
#include "system/audit_parts.h"
#include "system/io.h"

enum {
	FILES_KEPT = 2, /* one that a start goes on from, and one in case it is damaged */
	FIRST_PART = 1024 * 1024,
};

int audit_find_file(
	const struct spool *spool, const char *before, char name[AUDIT_NAME_MAX])
{
	char found[AUDIT_NAME_MAX] = "";
	auto_with(spool_closedirp) DIR *dir = spool_list(spool, FOLDER_AUDIT);
	if (!dir)
		return -errno;
	errno = 0;
	for (const struct dirent *entry; (entry = readdir(dir)); errno = 0) {
		bool is_late = *before && strcmp(entry->d_name, before) >= 0;
		if (spool_is_day(entry->d_name, AUDIT_SUFFIX) && !is_late &&
			strcmp(entry->d_name, found) > 0)
			memcpy(found, entry->d_name, sizeof(found));
	}
	if (errno)
		return -errno;
	memcpy(name, found, sizeof(found));
	return 0;
}

/* Part of a file, and read: of mapped bytes that the disk cannot give one hears by a
 * signal only. */
struct lines {
	char *bytes;
	size_t len;
	size_t from; /* where the last complete checkpoint begins, if there is one */
};

static void lines_done(struct lines *l)
{
	free(l->bytes);
}

/* Where the line begins that ends (with its newline) before `end`. */
static size_t line_before(const char *bytes, size_t end)
{
	const char *newline = end > 1 ? memrchr(bytes, '\n', end - 1) : NULL;
	return newline ? (size_t)(newline - bytes) + 1 : 0;
}

/* A torn one does not count: it said nothing. */
static bool line_says(const char *line, size_t len, enum event event, size_t *count)
{
	auto_with(record_done) struct record record = {0};
	if (line[len - 1] != '\n' || record_parse(line, len - 1, &record) < 0)
		return false;
	*count = record.count;
	return record.event == event;
}

/* The line from `begin` to `end` closes a checkpoint all of which is there. *from: where
 * that begins. */
static bool ends_checkpoint(const struct lines *l, size_t begin, size_t end, size_t *from)
{
	static const char mark[] = "\"ev\":\"checkpoint-end\"";
	const char *bytes = l->bytes;
	size_t count = 0;
	size_t ignored = 0;
	if (!memmem(bytes + begin, end - begin, mark, sizeof(mark) - 1) ||
		!line_says(bytes + begin, end - begin, EVENT_CHECKPOINT_END, &count))
		return false;
	while (count && begin) {
		end = begin;
		begin = line_before(bytes, end);
		if (!line_says(bytes + begin, end - begin, EVENT_CHECKPOINT, &ignored))
			return false;
		count--;
	}
	if (!count)
		*from = begin;
	return !count;
}

/* Goes back line by line to the last complete checkpoint. *from: where that begins. */
static bool find_checkpoint(const struct lines *l, size_t *from)
{
	size_t begin = 0;
	for (size_t end = l->len; end; end = begin) {
		begin = line_before(l->bytes, end);
		if (ends_checkpoint(l, begin, end, from))
			return true;
	}
	return false;
}

static int open_file(
	const struct spool *spool, const char *name, int *opened, size_t *size)
{
	auto_close int fd = io_open(
		spool_folder_fd(spool, FOLDER_AUDIT), name, O_RDONLY | O_NONBLOCK, 0);
	if (fd < 0)
		return fd;
	struct stat st;
	int r = io_stat(fd, &st);
	if (r < 0)
		return r;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	*opened = take_fd(&fd);
	*size = (size_t)st.st_size;
	return 0;
}

static int read_part(int fd, size_t from, size_t len, struct lines *l)
{
	lines_done(l);
	*l = (struct lines){.bytes = xcalloc(len, 1)};
	if (lseek(fd, (off_t)from, SEEK_SET) < 0)
		return -errno;
	return io_read(fd, l->bytes, len, &l->len);
}

/* The next size to try: a day's file may be far larger than what is looked for in it. */
static size_t larger_part(size_t len, size_t size)
{
	len = len ? len * 2 : FIRST_PART;
	return len < size ? len : size;
}

/* Its end, from the last complete checkpoint on; all of it, if there is none. */
static int read_end(
	const struct spool *spool, const char *name, struct lines *l, bool *found)
{
	auto_close int fd = -1;
	size_t size = 0;
	int r = open_file(spool, name, &fd, &size);
	for (size_t len = 0; r == 0 && !*found && len < size;) {
		len = larger_part(len, size);
		r = read_part(fd, size - len, len, l);
		if (r == 0)
			*found = find_checkpoint(l, &l->from);
	}
	return r;
}

static void hand_out(const struct lines *l, audit_reader reader, void *context)
{
	const char *end = l->bytes + l->len;
	for (const char *at = l->bytes + l->from; at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;
		if (stop > at)
			reader(context, at, (size_t)(stop - at));
		at = stop + 1;
	}
}

/* Files, the latest first. */
struct trail {
	struct lines *list;
	size_t count, room;
};

static void trail_done(struct trail *t)
{
	for (size_t i = 0; i < t->count; i++)
		lines_done(&t->list[i]);
	free(t->list);
}

/* Goes back over the days to one in which there is a complete checkpoint. *latest: the
 * one among them that was written to last; "": none was. */
static int gather(const struct spool *spool, struct trail *t, char latest[AUDIT_NAME_MAX])
{
	char name[AUDIT_NAME_MAX] = "";
	for (bool found = false; !found;) {
		t->list = xgrow(t->list, &t->room, t->count + 1, sizeof(*t->list));
		struct lines *l = &t->list[t->count++];
		*l = (struct lines){0};
		int r = audit_find_file(spool, name, name);
		if (r == 0 && *name)
			r = read_end(spool, name, l, &found);
		if (r < 0 || !*name)
			return r;
		/* Or a run that could write nothing left it. */
		if (!*latest && l->len && memchr(l->bytes, '\n', l->len))
			memcpy(latest, name, sizeof(name));
	}
	return 0;
}

int audit_hand_out(const struct spool *spool, audit_reader reader, void *context,
	char latest[AUDIT_NAME_MAX])
{
	auto_with(trail_done) struct trail trail = {0};
	int r = gather(spool, &trail, latest);
	if (r < 0)
		return r;
	for (size_t i = trail.count; i > 0; i--)
		if (trail.list[i - 1].len)
			hand_out(&trail.list[i - 1], reader, context);
	return 0;
}

/* Looked for from its beginning, where there is one as a rule. */
static bool holds_checkpoint(const struct lines *l)
{
	size_t ignored = 0;
	size_t end = 0;
	for (size_t begin = 0; begin < l->len; begin = end) {
		const char *newline = memchr(l->bytes + begin, '\n', l->len - begin);
		if (!newline)
			return false;
		end = (size_t)(newline - l->bytes) + 1;
		if (ends_checkpoint(l, begin, end, &ignored))
			return true;
	}
	return false;
}

static int look_for_checkpoint(const struct spool *spool, const char *name, bool *found)
{
	auto_with(lines_done) struct lines l = {0};
	auto_close int fd = -1;
	size_t size = 0;
	int r = open_file(spool, name, &fd, &size);
	for (size_t len = 0; r == 0 && !*found && len < size;) {
		len = larger_part(len, size);
		r = read_part(fd, 0, len, &l);
		*found = r == 0 && holds_checkpoint(&l);
	}
	return r;
}

int audit_find_border(const struct spool *spool, char day[SPOOL_DAY_LEN + 1])
{
	char name[AUDIT_NAME_MAX] = "";
	for (int kept = 0; kept < FILES_KEPT;) {
		bool found = false;
		int r = audit_find_file(spool, name, name);
		if (r == 0 && *name)
			r = look_for_checkpoint(spool, name, &found);
		if (r < 0)
			return r;
		if (!*name)
			break;
		kept += found;
	}
	snprintf(day, SPOOL_DAY_LEN + 1, "%.*s", SPOOL_DAY_LEN, name);
	return 0;
}
