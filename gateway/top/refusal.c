/* SPDX-License-Identifier: MIT */
#include "top/refusal.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "system/log.h"
#include "system/spool_kind.h"

static void say_damaged(const struct site *site, const char *name, int r)
{
	log_event(LEVEL_WARNING, site->config->name, name, "unreadable",
		log_text("error", strerrordesc_np(-r)),
		log_text("remedy",
			_("the file system does not give it (see dmesg, findmnt): it is "
			  "left where it is and looked at again at every rescan")));
}

/* 0: it does not tell. */
static int64_t look_at_change(const struct site *site, const struct drop_at *drop)
{
	struct stat st;
	if (spool_look(site->spool, drop->folder, drop->name, &st) < 0)
		return 0;
	return site_sighting(&st).changed;
}

void refusal_set_aside(
	struct site *site, const struct moment *now, const struct drop_at *drop, int r)
{
	struct intake *intake = site_intake(site, drop->folder);
	intake_distrust(intake, drop->name, &(struct sighting){0}, now->up);
	if (intake_set_aside(intake, drop->name, look_at_change(site, drop)))
		say_damaged(site, drop->name, r);
}

static void say_unreadable(
	const struct site *site, const struct drop_at *drop, bool may_read)
{
	struct stat st = {0};
	int r = spool_look(site->spool, drop->folder, drop->name, &st);
	if (r == -ENOENT)
		return;
	char mode[8] = "?";
	const struct passwd *owner = r < 0 ? NULL : getpwuid(st.st_uid);
	const struct group *group = r < 0 ? NULL : getgrgid(st.st_gid);
	if (r == 0)
		snprintf(mode, sizeof(mode), "%04o", st.st_mode & 07777U);
	log_event(LEVEL_WARNING, site->config->name, drop->name, "unreadable",
		log_text("owner", owner ? owner->pw_name : "?"),
		log_text("group", group ? group->gr_name : "?"), log_text("mode", mode),
		log_text("remedy",
			may_read ? _("the gateway may read it but not move it, and "
				     "leaves it in incoming/: take the sticky bit off "
				     "the folder (chmod -t), or chattr -i off the file")
				 : _("the gateway may not read it and leaves it in "
				     "incoming/: chmod it, or give the exporter a umask "
				     "of 027 and the gateway's group")));
}

void refusal_pass_over(const struct site *site, const struct drop_at *drop, mode_t mode)
{
	if (intake_pass_over(site_intake(site, drop->folder), drop->name))
		log_event(LEVEL_WARNING, site->config->name, drop->name, "ignored",
			log_text("folder", folder_name(drop->folder)),
			log_text("meaning", spool_kind_words(mode)));
}

/* It was a file when it was seen. */
static void look_at_kind(const struct site *site, const struct drop_at *drop)
{
	struct stat st;
	int r = spool_look(site->spool, drop->folder, drop->name, &st);
	if (r == 0 && !S_ISREG(st.st_mode))
		refusal_pass_over(site, drop, st.st_mode);
	else
		intake_forget(site_intake(site, drop->folder), drop->name);
}

/* What stands in the way of one drop is that drop's trouble; the rest is the machine's.
 */
int refusal_of(struct site *site, const struct moment *now, const struct drop_at *drop,
	bool may_read, int r)
{
	struct intake *intake = site_intake(site, drop->folder);
	struct sighting sighting;
	struct stat st;
	switch (r) {
	case -EACCES:
	case -EPERM:
		if (intake_set_aside(intake, drop->name, look_at_change(site, drop)))
			say_unreadable(site, drop, may_read);
		return 0;
	case -EBUSY: /* something is mounted on it */
	case -EIO:
	case -EUCLEAN:
	case -EBADMSG:
		refusal_set_aside(site, now, drop, r);
		return 0;
	case -EAGAIN: /* somebody holds a lease on it (Samba, NFS) */
		if (spool_look(site->spool, drop->folder, drop->name, &st) < 0) {
			intake_forget(intake, drop->name);
			return 0;
		}
		sighting = site_sighting(&st);
		intake_distrust(intake, drop->name, &sighting, now->up);
		return 0;
	case -ENOENT:
	case -EINVAL:
	case -ELOOP:
	case -ENXIO:
		look_at_kind(site, drop);
		return 0;
	default:
		return r;
	}
}
