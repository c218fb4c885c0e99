/* SPDX-License-Identifier: MIT */
#include "top/claiming.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/words.h"
#include "system/io.h"
#include "system/log.h"
#include "system/spool_name.h"
#include "top/reading.h"
#include "top/refusal.h"

/* Drops claimed in one turn, so that exchanges are looked after in between; fewer if they
 * take long to read. */
enum { DROPS_A_TURN = 32, SPACE_CHECK_MS = 1000 };

/* Half of what the kernel keeps for us. Who makes alarms faster than they can be taken
 * must not keep us from all else. */
enum { ALARMS_A_TURN = 8192 };

enum { WORDS_MAX = 1024, ORPHANS_A_FLUSH = 500 };

/* Whether a name in sending/ is one of our claims. */
static struct job *job_named(const struct site *site, const char *name)
{
	const char *stamp = NULL;
	char text[TIMES_STAMP_LEN + 1];
	spool_drop_name(name, &stamp);
	if (stamp != name)
		return NULL;
	snprintf(text, sizeof(text), "%s", stamp);
	struct job *job = site_find_job(site, text);
	return job && !strcmp(job->name, name) ? job : NULL;
}

static int see(struct site *site, const struct moment *now, enum folder folder,
	const char *name, enum sign sign)
{
	struct stat st;
	int r = spool_look(site->spool, folder, name, &st);
	if (site_is_damage(r)) {
		refusal_set_aside(site, now, &(struct drop_at){folder, name}, r);
		return 0;
	}
	if (r == -ENOENT) {
		intake_forget(site_intake(site, folder), name);
		return 0;
	}
	if (r == 0 && !S_ISREG(st.st_mode)) {
		refusal_pass_over(site, &(struct drop_at){folder, name}, st.st_mode);
		return 0;
	}
	if (r < 0)
		return r;
	struct sighting sighting = site_sighting(&st);
	intake_see(site_intake(site, folder), name, sign, &sighting, now->up);
	return 0;
}

/* --- alarms --- */

/* Our own claims make this alarm too. */
static int take_stray(struct site *site, const struct moment *now, const char *name)
{
	if (job_named(site, name) || !spool_name_is_drop(name, site->strays))
		return 0;
	return see(site, now, FOLDER_SENDING, name, SIGN_BORN);
}

/* So do our own settled drops, but those are no jobs any more. */
static int take_withdrawal(struct site *site, const struct moment *now, const char *name)
{
	struct job *job = job_named(site, name);
	struct stat st;
	intake_forget(site->strays, name);
	if (!job || job->state != JOB_SENDING)
		return 0;
	int r = spool_look(site->spool, FOLDER_SENDING, name, &st);
	if (r == -ENOENT)
		site_stop_job(site, now, job, END_WITHDRAWN);
	return r == -ENOENT ? 0 : r;
}

/* Our own claims make this alarm too; one that was given back since is there again, and
 * what the intake knows of it must last. */
static int take_leaving(struct site *site, const char *name)
{
	struct stat st;
	int r = spool_look(site->spool, FOLDER_INCOMING, name, &st);
	if (r == -ENOENT)
		intake_forget(site->incoming, name);
	return r == -ENOENT ? 0 : r;
}

static int take_alarm(
	struct site *site, const struct moment *now, const struct watch_event *alarm)
{
	static const enum sign signs[] = {
		[WATCH_ARRIVED] = SIGN_ARRIVED,
		[WATCH_BORN] = SIGN_BORN,
		[WATCH_TOUCHED] = SIGN_TOUCHED,
	};
	switch (alarm->sign) {
	case WATCH_LOST:
	case WATCH_FOLDERS:
		site->must_scan = true;
		return 0;
	case WATCH_LEFT:
		return take_leaving(site, alarm->name);
	case WATCH_STRAY:
		return take_stray(site, now, alarm->name);
	case WATCH_WITHDRAWN:
		return take_withdrawal(site, now, alarm->name);
	case WATCH_ARRIVED:
	case WATCH_BORN:
	case WATCH_TOUCHED:
		break;
	}
	if (!spool_name_is_drop(alarm->name, site->incoming))
		return 0;
	return see(site, now, FOLDER_INCOMING, alarm->name, signs[alarm->sign]);
}

int claiming_take_alarms(struct site *site, const struct moment *now, bool *more)
{
	struct watch_event alarm;
	bool is_alarm = site->watch != NULL;
	for (int i = 0; is_alarm && i < ALARMS_A_TURN; i++) {
		int r = watch_next(site->watch, &alarm, &is_alarm);
		if (r == 0 && is_alarm)
			r = take_alarm(site, now, &alarm);
		if (r < 0) {
			site->must_scan = true; /* it will not be told again */
			return r;
		}
	}
	*more = *more || is_alarm;
	return 0;
}

void claiming_pass_over_alarms(struct site *site)
{
	struct watch_event alarm;
	bool is_alarm = site->watch != NULL;
	for (int i = 0; is_alarm && i < ALARMS_A_TURN; i++) {
		(void)watch_next(site->watch, &alarm, &is_alarm); /* failed: none */
		site->must_scan = site->must_scan || is_alarm;
	}
}

/* --- the scan --- */

/* Below min_free nothing more is claimed, so that the disk is never quite full. */
static bool has_space(struct site *site, const struct moment *now)
{
	struct spool_room room;
	if (spool_room(site->spool, &room) < 0)
		return true;
	bool is_low = spool_room_is_low(&room, (uint64_t)site->config->min_free);
	if (is_low && !site->is_low_on_space)
		site->low_on_space_since = now->up;
	if (is_low != site->is_low_on_space)
		log_event(LEVEL_WARNING, site->config->name, NULL,
			is_low ? "disk-nearly-full" : "disk-has-space",
			log_text("spool", site->config->spool),
			log_number("free", room.bytes),
			log_number("min_free", site->config->min_free),
			log_number("free_inodes", room.inodes),
			log_text("meaning",
				is_low ? _("no file is claimed until there is space")
				       : _("files are claimed again")));
	site->is_low_on_space = is_low;
	return !is_low;
}

/* What is wrong with the spool tells better than an error what to do about it. Who lacks
 * descriptors cannot look, and knows what to do without. */
static void note_remedy(struct site *site, int r)
{
	auto_buf struct buf why = {.max_bytes = PATH_MAX + WORDS_MAX};
	if (r == -EMFILE || r == -ENFILE)
		return;
	if (spool_examine(site->spool, &why) < 0)
		site_note_remedy(site, buf_peek(&why));
}

int claiming_find_folders(struct site *site)
{
	bool changed = false;
	int r = spool_refresh(site->spool, &changed);
	if (r < 0)
		note_remedy(site, r);
	if (r == 0 && site->watch)
		r = watch_spool(site->watch, site->spool);
	if (changed)
		log_event(LEVEL_WARNING, site->config->name, NULL, "folders-remade",
			log_text("spool", site->config->spool));
	return r;
}

/* A reason whose file is gone tells nothing any more. */
static bool is_orphan(const struct site *site, enum folder folder, const char *name)
{
	const char *stamp = NULL;
	char file[NAME_MAX + 1];
	struct stat st;
	spool_drop_name(name, &stamp);
	if (!stamp || !spool_is_reason(name))
		return false;
	snprintf(
		file, sizeof(file), "%.*s", (int)(strlen(name) - SPOOL_REASON_LEN), name);
	/* One that is still to be moved there has its reason there before it. */
	return spool_look(site->spool, folder, file, &st) == -ENOENT &&
	       spool_look(site->spool, FOLDER_SENDING, file, &st) == -ENOENT;
}

/* Those found in one folder. */
struct orphans {
	char *names[ORPHANS_A_FLUSH];
	size_t count;
};

/* That their files are gone is flushed first, or a loss of power might bring those back,
 * and not these. After a removal a flush costs as much again, so it is one for many. */
static void remove_orphans(
	const struct site *site, enum folder folder, struct orphans *orphans)
{
	int flushed = orphans->count ? io_sync(spool_folder_fd(site->spool, folder)) : 0;
	for (size_t i = 0; i < orphans->count; i++) {
		auto_free char *name = orphans->names[i];
		int r = flushed < 0 ? flushed : spool_remove(site->spool, folder, name);
		if (r < 0 && r != -ENOENT)
			log_event(LEVEL_WARNING, site->config->name, NULL, "reason-left",
				log_text("name", name),
				log_text("error", strerrordesc_np(-r)));
	}
	orphans->count = 0;
}

static int scan_entry(struct site *site, enum folder folder, const char *name)
{
	struct intake *intake = site_intake(site, folder);
	if (folder == FOLDER_SENDING && job_named(site, name))
		return 0;
	if (folder == FOLDER_FAILED)
		return 0;
	if (!spool_name_is_drop(name, intake)) {
		site->ignored += name[0] != '.';
		return 0;
	}
	if (intake_knows(intake, name))
		return 0;
	/* Of a million names the last is seen seconds after the first. */
	struct moment now = clock_now();
	return see(site, &now, folder, name, SIGN_SCAN);
}

static int scan_folder(struct site *site, enum folder folder)
{
	auto_with(spool_closedirp) DIR *dir = spool_list(site->spool, folder);
	struct orphans orphans = {.count = 0};
	int r = 0;
	if (!dir)
		return -errno;
	errno = 0;
	for (const struct dirent *entry; r == 0 && (entry = readdir(dir)); errno = 0) {
		if (is_orphan(site, folder, entry->d_name))
			orphans.names[orphans.count++] = xstrdup(entry->d_name);
		if (orphans.count == ORPHANS_A_FLUSH)
			remove_orphans(site, folder, &orphans);
		r = scan_entry(site, folder, entry->d_name);
	}
	r = r < 0 ? r : -errno;
	remove_orphans(site, folder, &orphans);
	return r;
}

int claiming_scan(struct site *site, const struct moment *now)
{
	static const enum folder folders[] = {
		FOLDER_SENDING, FOLDER_INCOMING, FOLDER_FAILED};
	int r = claiming_find_folders(site);
	site->ignored = 0;
	intake_scan_begin(site->incoming);
	intake_scan_begin(site->strays);
	for (size_t i = 0; r == 0 && i < sizeof(folders) / sizeof(folders[0]); i++)
		r = scan_folder(site, folders[i]);
	if (r < 0)
		return r;
	intake_scan_end(site->incoming);
	intake_scan_end(site->strays);
	site_take_up_jobs(site);
	site->must_scan = false;
	site->scan_at = now->up + site->config->rescan;
	site->quiet_at = clock_now().up + site->config->settle;
	/* Said before a file comes that cannot be taken, and while it still can be. */
	(void)has_space(site, now);
	return 0;
}

/* --- claims --- */

/* The reason that lay beside a failed file has been read by the one who moved it. */
static void remove_reason(struct site *site, const char *drop)
{
	char name[NAME_MAX + 1];
	if (strlen(drop) + sizeof(SPOOL_REASON) > sizeof(name))
		return;
	snprintf(name, sizeof(name), "%s" SPOOL_REASON, drop);
	struct stat st;
	/* Not that of a file that was only copied. What fails here, the scan does. */
	if (spool_look(site->spool, FOLDER_FAILED, drop, &st) == -ENOENT)
		(void)spool_remove(site->spool, FOLDER_FAILED, name);
	(void)spool_remove(site->spool, FOLDER_INCOMING, name);
	(void)spool_remove(site->spool, FOLDER_SENDING, name);
}

static int claim(
	struct site *site, const struct moment *now, enum folder folder, const char *drop)
{
	struct intake *intake = site_intake(site, folder);
	struct claim_name name = {0};
	struct stat st = {0};
	bool was_quiet = false;
	auto_close int fd = -1;
	int r = spool_peek_again(site->spool, folder, drop, &fd, &st);
	struct sighting sighting = site_sighting(&st);
	if (r == 0 && !intake_confirm(intake, drop, &sighting, now->up, &was_quiet))
		return 0;
	if (r == 0) {
		r = spool_claim(site->spool, folder, drop, now->wall, &name);
		if (r == -EINVAL)
			note_remedy(site, r);
		if (r == -EINVAL || (r < 0 && !spool_may_move(site->spool, folder)))
			return r;
	}
	if (r < 0)
		return refusal_of(site, now, &(struct drop_at){folder, drop}, fd >= 0, r);
	if (name.of[0])
		remove_reason(site, drop);
	intake_forget(intake, drop);

	struct job *job = job_new(&name);
	job->fd = take_fd(&fd);
	job->taken = now->up;
	job->version = version_of(&st);
	job->was_quiet = was_quiet;
	site_add_job(site, job);
	job_queue_add(&site->unread, job);
	return 0;
}

static int look_again(
	struct site *site, const struct moment *now, enum folder folder, bool *more)
{
	msec_t due = MSEC_NEVER;
	const char *name = NULL;
	for (int i = 0; i < DROPS_A_TURN * 64; i++) {
		name = intake_look(site_intake(site, folder), now->up, &due);
		if (!name)
			return 0;
		/* A copy: what is seen may move the entry that owns the name. */
		auto_free char *copy = xstrdup(name);
		int r = see(site, now, folder, copy, SIGN_LOOK);
		if (r < 0)
			return r;
	}
	*more = true;
	return 0;
}

static const char *next_ready(
	const struct site *site, const struct moment *now, enum folder *folder)
{
	*folder = FOLDER_SENDING;
	const char *name = intake_next(site->strays, now->up);
	if (name)
		return name;
	*folder = FOLDER_INCOMING;
	return intake_next(site->incoming, now->up);
}

static bool may_claim(const struct site *site)
{
	return !site->is_stopping && site_window_is_open(site);
}

bool claiming_is_pending(const struct site *site, const struct moment *now)
{
	enum folder folder = FOLDER_INCOMING;
	return may_claim(site) && next_ready(site, now, &folder);
}

bool claiming_is_held_up(const struct site *site, const struct moment *now)
{
	struct intake_counts counts;
	intake_count(site->incoming, now->up, &counts);
	return counts.ready && may_claim(site) && !claiming_is_pending(site, now);
}

/* A retry that the shop has must not be back in failed/ after a loss of power. Once a
 * turn is enough: all that is ready was moved before it. */
static int keep_retry(
	const struct site *site, enum folder folder, const char *drop, enum folder *kept)
{
	const char *stamp = NULL;
	spool_drop_name(drop, &stamp);
	if (!stamp || *kept == folder)
		return 0;
	*kept = folder;
	return io_sync(spool_folder_fd(site->spool, folder));
}

static int claim_ready(struct site *site, const struct moment *now, bool *more)
{
	enum folder folder = FOLDER_INCOMING;
	enum folder kept = FOLDER_COUNT;
	for (int i = 0; may_claim(site); i++) {
		const char *name = next_ready(site, now, &folder);
		if (!name)
			return 0;
		if (i == 0 && !has_space(site, now))
			return 0;
		if (i == DROPS_A_TURN || (i && reading_has_lasted(now))) {
			*more = true;
			return 0;
		}
		auto_free char *drop = xstrdup(name);
		int r = keep_retry(site, folder, drop, &kept);
		if (r == 0)
			r = claim(site, now, folder, drop);
		if (r == 0)
			r = reading_work(site, now);
		if (r < 0)
			return r;
	}
	return 0;
}

int claiming_work(struct site *site, const struct moment *now, bool *more)
{
	int r = reading_work(site, now);
	if (r == 0 && site->unread.first) {
		*more = true;
		return 0;
	}
	if (r == 0)
		r = look_again(site, now, FOLDER_INCOMING, more);
	if (r == 0)
		r = look_again(site, now, FOLDER_SENDING, more);
	if (r == 0)
		r = claim_ready(site, now, more);
	return r;
}

msec_t claiming_due(const struct site *site, const struct moment *now)
{
	msec_t incoming = MSEC_NEVER;
	msec_t strays = MSEC_NEVER;
	if (claiming_is_pending(site, now))
		return site->is_low_on_space ? now->up + SPACE_CHECK_MS : now->up;
	(void)intake_look(site->incoming, now->up, &incoming);
	(void)intake_look(site->strays, now->up, &strays);
	return msec_min(site->scan_at, msec_min(incoming, strays));
}
