/* SPDX-License-Identifier: MIT */
#include "top/retention.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/words.h"
#include "system/io.h"
#include "system/log.h"
#include "top/site.h"

enum { FILES_A_TURN = 500 };
#define PAUSE MSEC_HOUR

/* Where old days lie: folders of files in sent/, files in audit/. */
struct days {
	enum folder folder;
	const char *suffix;
	void (*add_day)(struct buf *b, usec_t at);
};
static const struct days sent_days = {FOLDER_SENT, "", times_add_local_day};
static const struct days audit_days = {FOLDER_AUDIT, AUDIT_SUFFIX, times_add_utc_day};

/* The earliest day after `day` and before `end`, into `day`; "": none. */
static int next_day(const struct site *site, const struct days *days, const char *end,
	char day[SPOOL_DAY_LEN + 1])
{
	auto_with(spool_closedirp) DIR *dir = spool_list(site->spool, days->folder);
	if (!dir)
		return -errno;
	char next[SPOOL_DAY_LEN + 1] = "";
	errno = 0;
	for (const struct dirent *entry; (entry = readdir(dir)); errno = 0) {
		const char *name = entry->d_name;
		if (!spool_is_day(name, days->suffix) ||
			strncmp(name, end, SPOOL_DAY_LEN) >= 0 ||
			strncmp(name, day, SPOOL_DAY_LEN) <= 0)
			continue;
		if (!next[0] || strncmp(name, next, SPOOL_DAY_LEN) < 0)
			snprintf(next, sizeof(next), "%.*s", (int)SPOOL_DAY_LEN, name);
	}
	memcpy(day, next, sizeof(next));
	return -errno;
}

/* --- sent/ --- */

/* 1: the folder holds no more regular files. */
static int empty_some(int folder, const char *day)
{
	auto_close int fd = io_open(folder, day, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;
	auto_with(spool_closedirp) DIR *dir = fdopendir(fd);
	if (!dir)
		return -errno;
	(void)take_fd(&fd); /* dir closes it */
	int day_fd = dirfd(dir);
	int removed = 0;
	errno = 0;
	for (const struct dirent *entry; (entry = readdir(dir)); errno = 0) {
		struct stat st;
		int r = io_stat_at(day_fd, entry->d_name, &st);
		if (r < 0 || !S_ISREG(st.st_mode))
			continue;
		if (removed++ == FILES_A_TURN)
			return 0;
		r = io_remove(day_fd, entry->d_name);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return errno ? -errno : 1;
}

/* 1: the day is gone. */
static int forget_day(const struct site *site, const char *day)
{
	int folder = spool_folder_fd(site->spool, FOLDER_SENT);
	int r = empty_some(folder, day);
	if (r != 1)
		return r;
	r = io_remove_folder(folder, day);
	if (r < 0)
		return r;
	log_event(LEVEL_INFO, site->config->name, NULL, "sent-day-deleted",
		log_text("day", day));
	return 1;
}

/* A day that holds more than files is left, and those after it are not. */
static int forget_sent(const struct site *site, const char *end, bool *more)
{
	char day[SPOOL_DAY_LEN + 1] = "";
	int trouble = 0;
	for (;;) {
		int r = next_day(site, &sent_days, end, day);
		if (r < 0 || !day[0])
			return r < 0 ? r : trouble;
		r = forget_day(site, day);
		if (r < 0)
			trouble = r;
		*more = r >= 0;
		if (*more)
			return trouble;
	}
}

/* --- audit/ --- */

static int forget_record(const struct site *site, const char *day)
{
	char name[SPOOL_DAY_LEN + sizeof(AUDIT_SUFFIX)];
	struct stat st;
	snprintf(name, sizeof(name), "%s" AUDIT_SUFFIX, day);
	int r = spool_look(site->spool, FOLDER_AUDIT, name, &st);
	if (r == 0 && !S_ISREG(st.st_mode))
		r = -EINVAL;
	if (r == 0)
		r = spool_remove(site->spool, FOLDER_AUDIT, name);
	if (r == 0)
		log_event(LEVEL_INFO, site->config->name, NULL, "audit-day-deleted",
			log_text("day", day));
	return r;
}

/* One in a turn; what cannot be deleted is passed over. */
static int forget_audit(const struct site *site, const char *end, bool *more)
{
	char day[SPOOL_DAY_LEN + 1] = "";
	char border[SPOOL_DAY_LEN + 1] = "";
	int trouble = 0;
	for (;;) {
		int r = next_day(site, &audit_days, end, day);
		if (r == 0 && day[0] && !border[0])
			r = audit_find_border(site->spool, border);
		if (r < 0 || !day[0] || strcmp(day, border) >= 0)
			return r < 0 ? r : trouble;
		r = forget_record(site, day);
		if (r < 0)
			trouble = r;
		*more = r == 0;
		if (*more)
			return trouble;
	}
}

/* --- both --- */

static void end_of(const struct days *days, const struct moment *now, msec_t keep,
	char end[SPOOL_DAY_LEN + 1])
{
	auto_buf struct buf text = {.max_bytes = SPOOL_DAY_LEN + 1};
	days->add_day(&text, now->wall - keep * 1000);
	snprintf(end, SPOOL_DAY_LEN + 1, "%s", buf_peek(&text));
}

static int work(const struct site *site, const struct moment *now, bool *more)
{
	char end[SPOOL_DAY_LEN + 1];
	int trouble = 0;
	if (site->config->keep_sent) {
		end_of(&sent_days, now, site->config->keep_sent, end);
		trouble = forget_sent(site, end, more);
	}
	if (*more || !site->config->keep_audit)
		return trouble;
	end_of(&audit_days, now, site->config->keep_audit, end);
	int r = forget_audit(site, end, more);
	return r < 0 ? r : trouble;
}

void retention_work(struct site *site, const struct moment *now, bool *more)
{
	bool is_left = false;
	if (now->up < retention_due(site))
		return;
	int r = work(site, now, &is_left);
	if (r < 0 && !is_left) /* else it is met again */
		log_event(LEVEL_WARNING, site->config->name, NULL, "old-files-kept",
			log_text("error", strerrordesc_np(-r)),
			log_text("spool", site->config->spool),
			log_text("remedy", _("look at old days in sent/ and audit/: only "
					     "files that the gateway may delete go by "
					     "keep_sent and keep_audit")));
	if (!is_left)
		site->retention_at = now->up + PAUSE;
	*more = *more || is_left;
}

msec_t retention_due(const struct site *site)
{
	bool is_wished = site->config->keep_sent || site->config->keep_audit;
	return is_wished ? site->retention_at : MSEC_NEVER;
}
