#ifndef GATEWAY_SYSTEM_SPOOL_CHECK_H
#define GATEWAY_SYSTEM_SPOOL_CHECK_H
/* SPDX-License-Identifier: MIT
 *
 * spool_check - whether a place can hold a spool, and if not, what to do about it
 *
 * Knows: which file systems are shared with other machines, and what rename needs.
 * Errors: -errno, with a sentence for the admin in `why`.
 */
struct buf;

/* The spool's own folder: local, and writable for us. */
int spool_check_root(int fd, const char *path, struct buf *why);
/* That its file system can rename without ever overwriting, which claims need: tried in
 * earnest. What else is wrong with it is left to others to meet. */
int spool_check_rename(int root, const char *path, struct buf *why);
/* What no gateway makes for itself: the spool and its incoming/. */
int spool_check_there(const char *path, struct buf *why);
/* That its path still leads to it; else -ESTALE. */
int spool_check_path(int root, const char *path, struct buf *why);
/* A folder in it: writable, and on the same mount. */
int spool_check_folder(
	int root, int fd, const char *path, const char *name, struct buf *why);
/* Words r, met while opening path/folder (folder "": the spool itself), and returns it.
 */
int spool_explain(struct buf *why, int r, const char *path, const char *folder);

#endif
