#ifndef GATEWAY_SYSTEM_IO_H
#define GATEWAY_SYSTEM_IO_H
/* SPDX-License-Identifier: MIT
 *
 * io - the one door to the kernel for everything that touches a spool
 *
 * Thin on purpose: one call, EINTR retried, short writes completed, 0 or -errno. Tests
 * replace these names at link time to fail or to die at the Nth call.
 * Must not know: names of folders, what a file means.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* A descriptor, or -errno. O_CLOEXEC and O_NOFOLLOW are always added. */
int io_open(int dir, const char *name, int flags, mode_t mode);

/* Up to len bytes; *got is less only at the end of the file. */
int io_read(int fd, void *bytes, size_t len, size_t *got);
int io_write(int fd, const void *bytes, size_t len);
int io_truncate(int fd, off_t len);

int io_sync(int fd);        /* fsync: of a file, or of a folder after renames */
int io_sync_data(int fd);   /* fdatasync */
int io_sync_system(int fd); /* syncfs: everything on the file system of fd */

int io_stat(int fd, struct stat *st);
int io_stat_at(int dir, const char *name, struct stat *st); /* never follows a link */

int io_rename(int from_dir, const char *from, int to_dir, const char *to, bool replace);
int io_touch(int dir, const char *name); /* changed now; never follows a link */
int io_remove(int dir, const char *name);
int io_remove_folder(int dir, const char *name); /* an empty one */
int io_make_folder(int dir, const char *name, mode_t mode);

#endif
