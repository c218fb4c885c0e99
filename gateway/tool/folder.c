/* SPDX-License-Identifier: MIT */
#include "tool/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "system/io.h"
#include "tool/command.h"

static const char *const choice_names[] = {"incoming", "sending", "sent", "failed", NULL};
static const enum folder choice_folders[] = {
	FOLDER_INCOMING, FOLDER_SENDING, FOLDER_SENT, FOLDER_FAILED};

/* As the calendar has it. */
static bool is_day(const char *text)
{
	char stamp[TIMES_STAMP_LEN + 1];
	usec_t at = 0;
	if (!spool_is_day(text, ""))
		return false;
	snprintf(stamp, sizeof(stamp), "%.4s%.2s%.2sT000000.000000Z", text, text + 5,
		text + 8);
	return times_parse_stamp(stamp, &at) == 0;
}

int folder_choose(const char *text, struct folder_choice *choice, const char **meant)
{
	size_t len = strcspn(text, "/");
	const char *rest = text + len + (text[len] == '/');
	*meant = NULL;
	for (size_t i = 0; choice_names[i]; i++) {
		if (strlen(choice_names[i]) != len ||
			strncmp(text, choice_names[i], len) != 0)
			continue;
		bool is_sent = choice_folders[i] == FOLDER_SENT;
		if (*rest && !(is_sent && is_day(rest)))
			return -EINVAL;
		*choice = (struct folder_choice){.folder = choice_folders[i]};
		snprintf(choice->day, sizeof(choice->day), "%s", rest);
		return 0;
	}
	*meant = word_nearest(choice_names, text);
	return -EINVAL;
}

/* --- walking --- */

struct walk {
	const struct folder_choice *choice;
	folder_visitor visitor;
	void *context;
};

static int walk_files(const struct walk *walk, DIR *dir, const char *day)
{
	errno = 0;
	for (const struct dirent *found; (found = readdir(dir)); errno = 0) {
		const char *name = found->d_name;
		bool is_odd = name[0] != '.' && !spool_is_file(dirfd(dir), found);
		bool is_shown = name[0] != '.' && (!is_odd || walk->choice->has_odd);
		if (walk->choice->folder == FOLDER_FAILED && spool_is_reason(name))
			is_shown = false;
		if (is_shown)
			walk->visitor(
				walk->context, &(struct folder_entry){.dir = dirfd(dir),
						       .name = name,
						       .day = day,
						       .is_odd = is_odd});
	}
	return -errno;
}

static int walk_day(const struct walk *walk, int sent, const char *day)
{
	auto_close int fd = io_open(sent, day, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;
	auto_with(spool_closedirp) DIR *dir = fdopendir(fd);
	if (!dir)
		return -errno;
	(void)take_fd(&fd); /* dir closes it */
	return walk_files(walk, dir, day);
}

/* A day that goes meanwhile (purge, keep_sent) is no trouble. */
static int walk_days(const struct walk *walk, DIR *sent)
{
	errno = 0;
	for (const struct dirent *found; (found = readdir(sent)); errno = 0) {
		if (!spool_is_day(found->d_name, ""))
			continue;
		int r = walk_day(walk, dirfd(sent), found->d_name);
		if (r == 0 || r == -ENOENT)
			continue;
		if (!walk->choice->unlisted)
			return r;
		walk->choice->unlisted(walk->context, found->d_name, r);
	}
	return -errno;
}

int folder_walk(const struct spool *spool, const struct folder_choice *choice,
	folder_visitor visitor, void *context)
{
	const struct walk walk = {choice, visitor, context};
	if (choice->day[0])
		return walk_day(&walk, spool_folder_fd(spool, FOLDER_SENT), choice->day);
	auto_with(spool_closedirp) DIR *dir = spool_list(spool, choice->folder);
	if (!dir)
		return -errno;
	return choice->folder == FOLDER_SENT ? walk_days(&walk, dir)
					     : walk_files(&walk, dir, NULL);
}

usec_t folder_arrival(const struct folder_entry *entry)
{
	usec_t at = 0;
	struct stat st;
	const char *stamp = NULL;
	(void)spool_drop_name(entry->name, &stamp);
	if (stamp && times_parse_stamp(stamp, &at) == 0)
		return at;
	if (io_stat_at(entry->dir, entry->name, &st) < 0)
		return 0;
	return (usec_t)st.st_ctim.tv_sec * USEC_SECOND + st.st_ctim.tv_nsec / 1000;
}
