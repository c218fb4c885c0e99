/* SPDX-License-Identifier: MIT */
#include "system/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

int privileges_drop(const char *user)
{
	if (!user)
		return 0;
	errno = 0;
	const struct passwd *account = getpwnam(user);
	if (!account)
		return errno ? -errno : -ENOENT;
	if (account->pw_uid == geteuid())
		return 0;
	/* Groups first: without root none could be given up any more. */
	if (initgroups(user, account->pw_gid) < 0 || setgid(account->pw_gid) < 0 ||
		setuid(account->pw_uid) < 0)
		return -errno;
	return 0;
}
