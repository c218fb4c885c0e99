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

enum { NAME_ROOM = 64 };

static void read_user(uid_t uid, char name[NAME_ROOM])
{
	const struct passwd *user = getpwuid(uid);
	if (user)
		snprintf(name, NAME_ROOM, "%s", user->pw_name);
	else
		snprintf(name, NAME_ROOM, "#%u", (unsigned)uid);
}

static void read_group(gid_t gid, char name[NAME_ROOM])
{
	const struct group *group = getgrgid(gid);
	if (group)
		snprintf(name, NAME_ROOM, "%s", group->gr_name);
	else
		snprintf(name, NAME_ROOM, "#%u", (unsigned)gid);
}

void access_explain(struct buf *why, const char *path, enum access need)
{
	struct stat st;
	char user[NAME_ROOM];
	char group[NAME_ROOM];
	if (stat(path, &st) < 0) {
		buf_add_format(why, "%s: %s", path, strerrordesc_np(errno));
		return;
	}
	read_user(st.st_uid, user);
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
