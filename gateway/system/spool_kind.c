/* SPDX-License-Identifier: MIT */
#include "system/spool_kind.h"

#include "base/words.h"

const char *spool_kind_words(mode_t mode)
{
	if (S_ISLNK(mode))
		return _("a symbolic link, which is not followed: put the file itself "
			 "there");
	if (S_ISDIR(mode))
		return _("a folder, which is not looked into: move the files in it up");
	return _("neither a file nor a folder but a pipe, socket or device: remove it");
}
