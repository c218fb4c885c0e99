/* SPDX-License-Identifier: MIT */
#include "system/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
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

int privileges_seal(void)
{
	/* The limit too, for children; cores that are piped into a program know none. */
	const struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
		setrlimit(RLIMIT_CORE, &none) < 0)
		return -errno;
	return 0;
}
