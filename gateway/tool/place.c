/* SPDX-License-Identifier: MIT */
#include "tool/place.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "system/io.h"
#include "system/spool_name.h"

enum { NUMBERED_MAX = 3 };

static bool is_there(const struct spool *spool, enum folder folder, const char *name,
	struct place *place)
{
	struct stat st;
	if (spool_look(spool, folder, name, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	place->folder = folder;
	snprintf(place->name, sizeof(place->name), "%s", name);
	return true;
}

/* Each day of sent/, for a name that is known. */
static bool is_in_sent(const struct spool *spool, const char *name, struct place *place)
{
	auto_with(spool_closedirp) DIR *days = spool_list(spool, FOLDER_SENT);
	for (const struct dirent *day; days && (day = readdir(days));) {
		char path[PLACE_NAME_MAX];
		if (day->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", day->d_name, name);
		if (is_there(spool, FOLDER_SENT, path, place))
			return true;
	}
	return false;
}

static bool is_in(const struct spool *spool, enum folder folder, const char *name,
	struct place *place)
{
	return folder == FOLDER_SENT ? is_in_sent(spool, name, place)
				     : is_there(spool, folder, name, place);
}

static bool bears(const char *name, const char *stamp)
{
	return !strncmp(name, stamp, TIMES_STAMP_LEN) && name[TIMES_STAMP_LEN] == '_' &&
	       !spool_is_reason(name);
}

static DIR *list_day(const struct spool *spool, const char *day)
{
	auto_close int fd = io_open(
		spool_folder_fd(spool, FOLDER_SENT), day, O_RDONLY | O_DIRECTORY, 0);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (dir)
		(void)take_fd(&fd);
	return dir;
}

/* By its stamp alone, in a folder or a day of sent/ ("" : no day). */
static bool is_listed(const struct spool *spool, enum folder folder, const char *day,
	const char *stamp, struct place *place)
{
	char path[PLACE_NAME_MAX];
	auto_with(spool_closedirp) DIR *dir =
		*day ? list_day(spool, day) : spool_list(spool, folder);
	for (const struct dirent *entry; dir && (entry = readdir(dir));) {
		snprintf(path, sizeof(path), "%s%s%s", day, *day ? "/" : "",
			entry->d_name);
		if (bears(entry->d_name, stamp) && is_there(spool, folder, path, place))
			return true;
	}
	return false;
}

static bool is_listed_in_sent(
	const struct spool *spool, const char *stamp, struct place *place)
{
	auto_with(spool_closedirp) DIR *days = spool_list(spool, FOLDER_SENT);
	for (const struct dirent *day; days && (day = readdir(days));)
		if (day->d_name[0] != '.' &&
			is_listed(spool, FOLDER_SENT, day->d_name, stamp, place))
			return true;
	return false;
}

/* Every day of sent/ is listed only for a name that the journal could not hold. */
static bool is_found_by_stamp(const struct spool *spool, enum folder folder,
	const char *stamp, const char *drop, struct place *place)
{
	static const char replaced[] = "\xEF\xBF\xBD";
	if (folder != FOLDER_SENT)
		return is_listed(spool, folder, "", stamp, place);
	return (!drop || strstr(drop, replaced)) &&
	       is_listed_in_sent(spool, stamp, place);
}

bool place_find_in(const struct spool *spool, enum folder folder, const char *stamp,
	const char *drop, struct place *place)
{
	char name[PLACE_NAME_MAX];
	char numbered[NAME_MAX + 1];
	snprintf(name, sizeof(name), "%s_%s", stamp, drop ? drop : "");
	if (drop && is_in(spool, folder, name, place))
		return true;
	for (int i = 2; drop && folder == FOLDER_SENT && i <= NUMBERED_MAX; i++) {
		spool_name_number(name, i, numbered);
		if (is_in_sent(spool, numbered, place))
			return true;
	}
	return is_found_by_stamp(spool, folder, stamp, drop, place);
}

static const enum folder ways[] = {
	FOLDER_SENDING, FOLDER_SENT, FOLDER_FAILED, FOLDER_INCOMING};

bool place_find(const struct spool *spool, const char *stamp, const char *drop,
	struct place *place)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (place_find_in(spool, ways[i], stamp, drop, place))
			return true;
	return false;
}

void place_write(const struct place *place, char path[PLACE_PATH_MAX])
{
	snprintf(path, PLACE_PATH_MAX, "%s/%s", folder_name(place->folder), place->name);
}
