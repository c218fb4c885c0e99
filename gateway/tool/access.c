/* SPDX-License-Identifier: MIT */
#include "tool/access.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/words.h"

void access_name_user(uid_t user, char name[ACCESS_NAME_ROOM])
{
	const struct passwd *known = getpwuid(user);
	if (known)
		snprintf(name, ACCESS_NAME_ROOM, "%s", known->pw_name);
	else
		snprintf(name, ACCESS_NAME_ROOM, "#%u", (unsigned)user);
}

static void read_group(gid_t gid, char name[ACCESS_NAME_ROOM])
{
	const struct group *group = getgrgid(gid);
	if (group)
		snprintf(name, ACCESS_NAME_ROOM, "%s", group->gr_name);
	else
		snprintf(name, ACCESS_NAME_ROOM, "#%u", (unsigned)gid);
}

void access_explain(struct buf *why, const char *path, enum access need)
{
	struct stat st;
	char user[ACCESS_NAME_ROOM];
	char group[ACCESS_NAME_ROOM];
	if (stat(path, &st) < 0) {
		buf_add_format(why, "%s: %s", path, strerrordesc_np(errno));
		return;
	}
	access_name_user(st.st_uid, user);
	read_group(st.st_gid, group);
	unsigned for_group = (unsigned)need << 3;
	if ((st.st_mode & for_group) == for_group)
		buf_add_format(why,
			_("%s: only the user %s and the group %s may do that: put sudo "
			  "-u %s before the command, or become a member of the group"),
			path, user, group, user);
	else
		buf_add_format(why,
			_("%s: only the user %s may do that: put sudo -u %s before the "
			  "command"),
			path, user, user);
}

/* A group's bit may be for that user, or be the mask of an access list. */
bool access_is_denied(uid_t user, const struct stat *st)
{
	mode_t bits = st->st_uid == user ? S_IRUSR : S_IRGRP | S_IROTH;
	return user != 0 && !(st->st_mode & bits);
}
