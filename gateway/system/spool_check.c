/* SPDX-License-Identifier: MIT */
#include "system/spool_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/words.h"
#include "system/io.h"

/* File systems whose changes other machines make, which inotify does not tell, or whose
 * locks and renames are not ours alone (statfs(2), linux/magic.h). */
static const struct {
	unsigned long magic;
	const char *name;
} network_systems[] = {
	{0x6969, "NFS"},
	{0x517B, "SMB"},
	{0xFF534D42, "CIFS"},
	{0xFE534D42, "SMB"},
	{0x00C36400, "Ceph"},
	{0x5346414F, "AFS"},
	{0x73757245, "Coda"},
	{0x01021997, "9P"},
	{0x0BD00BD0, "Lustre"},
	{0x65735546, "FUSE"},
};

static const char *network_system(int fd)
{
	struct statfs fs;
	if (fstatfs(fd, &fs) < 0)
		return NULL;
	for (size_t i = 0; i < sizeof(network_systems) / sizeof(network_systems[0]); i++)
		if ((unsigned long)fs.f_type == network_systems[i].magic)
			return network_systems[i].name;
	return NULL;
}

/* Renames cross neither file systems nor mounts, even two mounts of one file system. */
static int is_same_mount(int a, int b, bool *same)
{
	struct statx xa;
	struct statx xb;
	if (statx(a, "", AT_EMPTY_PATH, STATX_MNT_ID, &xa) < 0 ||
		statx(b, "", AT_EMPTY_PATH, STATX_MNT_ID, &xb) < 0)
		return -errno;
	*same = xa.stx_dev_major == xb.stx_dev_major &&
		xa.stx_dev_minor == xb.stx_dev_minor && xa.stx_mnt_id == xb.stx_mnt_id;
	return 0;
}

int spool_explain(struct buf *why, int r, const char *path, const char *folder)
{
	const char *slash = *folder ? "/" : "";
	buf_add_format(why, "%s%s%s: ", path, slash, folder);
	if (r == -ENOENT)
		buf_add_text(why,
			_("there is no such folder. Make the folders of the spool by "
			  "opensi-spool init (with the same -c FILE, if there is one)"));
	else if (r == -EACCES || r == -EROFS || r == -EPERM)
		buf_add_format(why,
			_("cannot be written (%s). Give it to the user that the gateway "
			  "runs as, on a file system that is mounted read-write"),
			strerrordesc_np(-r));
	else if (r == -ENOTDIR || r == -ELOOP)
		buf_add_text(why, _("is not a folder. Links are not followed inside a "
				    "spool: put a real folder there"));
	else
		buf_add_format(why, "%s", strerrordesc_np(-r));
	return r;
}

int spool_check_folder(
	int root, int fd, const char *path, const char *name, struct buf *why)
{
	if (faccessat(fd, ".", W_OK | X_OK | R_OK, AT_EACCESS) < 0)
		return spool_explain(why, -errno, path, name);
	bool same = false;
	int r = is_same_mount(root, fd, &same);
	if (r < 0)
		return spool_explain(why, r, path, name);
	if (same)
		return 0;
	buf_add_format(why,
		_("%s/%s: is on another file system or mount than the spool. A drop "
		  "moves between the folders by rename, which cannot cross that border: "
		  "keep the whole spool on one local file system"),
		path, name);
	return -EXDEV;
}

int spool_check_there(const char *path, struct buf *why)
{
	static const char incoming[] = "incoming";
	auto_close int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return spool_explain(why, -errno, path, "");
	auto_close int fd = io_open(root, incoming, O_PATH | O_DIRECTORY, 0);
	return fd < 0 ? spool_explain(why, fd, path, incoming) : 0;
}

int spool_check_path(int root, const char *path, struct buf *why)
{
	struct stat ours;
	struct stat named;
	if (fstat(root, &ours) < 0)
		return -errno;
	if (stat(path, &named) == 0 && named.st_dev == ours.st_dev &&
		named.st_ino == ours.st_ino)
		return 0;
	buf_add_format(why,
		_("%s: is not the folder any more that it was at the start: mount it or "
		  "move it back, or restart the gateway to use what is there now"),
		path);
	return -ESTALE;
}

int spool_check_root(int fd, const char *path, struct buf *why)
{
	const char *network = network_system(fd);
	if (network) {
		buf_add_format(why,
			_("%s: is on a network file system (%s), where changes made "
			  "elsewhere go unnoticed. Keep the spool on a local disk, and "
			  "export its incoming/ by Samba or NFS, or fetch the files by a "
			  "script that writes aside and renames"),
			path, network);
		return -ENOTSUP;
	}
	if (faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) < 0)
		return spool_explain(why, -errno, path, "");
	return 0;
}

int spool_check_rename(int root, const char *path, struct buf *why)
{
	static const char from[] = ".rename-test.tmp";
	static const char to[] = ".renamed-test.tmp";
	auto_close int fd = io_open(root, from, O_WRONLY | O_CREAT, 0600);
	if (fd < 0)
		return 0;
	int r = io_rename(root, from, root, to, false);
	(void)io_remove(root, from);
	(void)io_remove(root, to); /* or one of a run that died here */
	if (r != -EINVAL)
		return 0;
	buf_add_format(why,
		_("%s: its file system cannot rename a file without overwriting another "
		  "(RENAME_NOREPLACE), which OpenZFS can from 2.2 on. Update it, or put "
		  "the spool on another local file system (ext4, XFS, Btrfs)"),
		path);
	return r;
}
