/* SPDX-License-Identifier: MIT
 *
 * Read in blocks rather than mapped: a file that somebody cuts short would end us.
 */
#include "tool/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"
#include "base/words.h"
#include "core/record.h"
#include "system/audit.h"
#include "system/io.h"
#include "tool/tool.h"

enum { BLOCK_BYTES = 1024 * 1024, PATH_BYTES = 4096 + 32 };

/* More comments than the largest file can hold that max_file_size may allow, 64 MB: one
 * takes more than 64 bytes, with the names of what must be in it. */
enum { NUMBER_MAX = 1024 * 1024 };

/* A line that was told to be bad. */
struct told {
	size_t day;
	size_t line;
};

struct journal {
	const struct tool_site *site;
	char (*days)[SPOOL_DAY_LEN + 1]; /* oldest first */
	size_t day_count, day_room;
	struct told *told;
	size_t told_count, told_room;
	bool is_partial;
};

/* One day under way. */
struct scan {
	struct journal *journal;
	const struct journal_search *search;
	size_t day;
	int fd;
	size_t lines; /* before the block */
	char *block;
	size_t len;
};

/* --- days --- */

static void path_of(const struct journal *j, const char *name, char path[PATH_BYTES])
{
	snprintf(path, PATH_BYTES, "%s/audit%s%s", spool_path(j->site->spool),
		*name ? "/" : "", name);
}

static void say_unread(struct journal *j, const char *name, int r)
{
	char path[PATH_BYTES];
	path_of(j, name, path);
	j->is_partial = true;
	if (r == -EACCES)
		tool_say_unreadable(path);
	else
		tool_complain("%s: %s", path, strerrordesc_np(-r));
}

static int compare_days(const void *a, const void *b)
{
	return strcmp(a, b);
}

struct journal *journal_open(const struct tool_site *site)
{
	struct journal *j = xcalloc(1, sizeof(*j));
	j->site = site;
	auto_with(spool_closedirp) DIR *dir = spool_list(site->spool, FOLDER_AUDIT);
	if (!dir) {
		say_unread(j, "", -errno);
		return j;
	}
	errno = 0;
	for (const struct dirent *entry; (entry = readdir(dir)); errno = 0) {
		if (!spool_is_day(entry->d_name, AUDIT_SUFFIX))
			continue;
		j->days =
			xgrow(j->days, &j->day_room, j->day_count + 1, sizeof(*j->days));
		char *day = j->days[j->day_count++];
		memcpy(day, entry->d_name, SPOOL_DAY_LEN);
		day[SPOOL_DAY_LEN] = '\0';
	}
	if (errno)
		say_unread(j, "", -errno);
	if (j->day_count)
		qsort(j->days, j->day_count, sizeof(*j->days), compare_days);
	return j;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	free(j->days);
	free(j->told);
	free(j);
}

bool journal_is_partial(const struct journal *j)
{
	return j->is_partial;
}

char *journal_needle(const char *field, const char *value)
{
	size_t len = strlen(value);
	auto_buf struct buf needle = {.max_bytes = 6 * len + 64};
	buf_add_format(&needle, "\"%s\":", field);
	text_add_json(&needle, value, len);
	return buf_take(&needle);
}

/* --- lines --- */

static bool was_told(struct journal *j, struct told bad)
{
	for (size_t i = 0; i < j->told_count; i++)
		if (j->told[i].day == bad.day && j->told[i].line == bad.line)
			return true;
	j->told = xgrow(j->told, &j->told_room, j->told_count + 1, sizeof(*j->told));
	j->told[j->told_count++] = bad;
	return false;
}

static size_t count_lines(const char *from, const char *to)
{
	size_t count = 0;
	while ((from = memchr(from, '\n', (size_t)(to - from)))) {
		count++;
		from++;
	}
	return count;
}

static void say_bad(const struct scan *scan, size_t line)
{
	if (was_told(scan->journal, (struct told){.day = scan->day, .line = line}))
		return;
	tool_complain(_("%s/audit/%s%s:%zu: not a record of the journal: passed over"),
		spool_path(scan->journal->site->spool), scan->journal->days[scan->day],
		AUDIT_SUFFIX, line);
}

static bool holds(const struct journal_search *search, const char *line, size_t len)
{
	for (size_t i = 1; i < JOURNAL_NEEDLES && search->needles[i]; i++) {
		const char *needle = search->needles[i];
		if (!memmem(line, len, needle, strlen(needle)))
			return false;
	}
	return !search->wants || search->wants(search->context, line, len);
}

static bool is_record(const char *line, size_t len, struct record *record)
{
	return record_parse(line, len, record) == 0 && record->number <= NUMBER_MAX;
}

/* What has no end yet may still be written, so it is not called bad. */
static void take_line(const struct scan *scan, const char *line, size_t len, bool has_end)
{
	auto_with(record_done) struct record record = {0};
	if (!holds(scan->search, line, len))
		return;
	if (is_record(line, len, &record))
		scan->search->take(scan->search->context, &record);
	else if (has_end)
		say_bad(scan, scan->lines + count_lines(scan->block, line) + 1);
}

static void take_lines(const struct scan *scan, size_t len, bool has_end)
{
	const char *needle = scan->search->needles[0];
	size_t needle_len = strlen(needle);
	const char *end = scan->block + len;
	const char *at = scan->block;
	while ((at = memmem(at, (size_t)(end - at), needle, needle_len))) {
		const char *before =
			memrchr(scan->block, '\n', (size_t)(at - scan->block));
		const char *line = before ? before + 1 : scan->block;
		const char *after = memchr(at, '\n', (size_t)(end - at));
		after = after ? after : end;
		take_line(scan, line, (size_t)(after - line), has_end);
		at = after;
	}
}

/* --- a day --- */

/* A line longer than a block is no record. */
static int skip_long_line(struct scan *scan)
{
	const char *end = NULL;
	say_bad(scan, scan->lines + 1);
	do {
		int r = io_read(scan->fd, scan->block, BLOCK_BYTES, &scan->len);
		if (r < 0 || !scan->len)
			return r;
		end = memchr(scan->block, '\n', scan->len);
	} while (!end);
	scan->lines++;
	scan->len -= (size_t)(end + 1 - scan->block);
	memmove(scan->block, end + 1, scan->len);
	return 0;
}

/* Takes the whole lines of the block and leaves what begins a further one. */
static int take_block(struct scan *scan)
{
	const char *last = memrchr(scan->block, '\n', scan->len);
	if (!last && scan->len == BLOCK_BYTES)
		return skip_long_line(scan);
	size_t whole = last ? (size_t)(last + 1 - scan->block) : 0;
	take_lines(scan, whole, true);
	scan->lines += count_lines(scan->block, scan->block + whole);
	scan->len -= whole;
	memmove(scan->block, scan->block + whole, scan->len);
	return 0;
}

static int scan_file(struct scan *scan)
{
	for (;;) {
		size_t got = 0;
		int r = io_read(
			scan->fd, scan->block + scan->len, BLOCK_BYTES - scan->len, &got);
		if (r < 0)
			return r;
		if (!got)
			break;
		scan->len += got;
		r = take_block(scan);
		if (r < 0)
			return r;
	}
	take_lines(scan, scan->len, false);
	return 0;
}

static void scan_day(struct journal *j, const struct journal_search *search, size_t day)
{
	char name[SPOOL_DAY_LEN + sizeof(AUDIT_SUFFIX)];
	struct stat st;
	auto_close int fd = -1;
	auto_free char *block = xcalloc(BLOCK_BYTES, 1);
	snprintf(name, sizeof(name), "%s" AUDIT_SUFFIX, j->days[day]);
	int r = spool_peek(j->site->spool, FOLDER_AUDIT, name, &fd, &st);
	struct scan scan = {
		.journal = j, .search = search, .day = day, .fd = fd, .block = block};
	if (r == 0)
		r = scan_file(&scan);
	if (r < 0 && r != -ENOENT)
		say_unread(j, name, r);
}

/* With a clock set back, the latest file is written on; so a file's day is never before
 * that of its lines, but for a stamp that ran ahead by some microseconds. */
static size_t first_wanted(const struct journal *j, usec_t since)
{
	auto_buf struct buf day = {.max_bytes = 32};
	size_t first = 0;
	times_add_utc_day(&day, since);
	while (since && first < j->day_count &&
		strcmp(j->days[first], buf_peek(&day)) < 0)
		first++;
	return first ? first - 1 : 0;
}

void journal_search(struct journal *j, const struct journal_search *search)
{
	size_t first = first_wanted(j, search->since);
	for (size_t i = first; i < j->day_count; i++) {
		size_t back = j->day_count - 1 - (i - first);
		scan_day(j, search, search->newest_first ? back : i);
		if (search->goes_on && !search->goes_on(search->context))
			return;
	}
}
