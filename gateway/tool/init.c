/* SPDX-License-Identifier: MIT
 *
 * init - makes the folders of a spool, or mends what stands in the way of using them
 *
 * As root everything becomes the `user` of the configuration and its group; else our own.
 * incoming/ is open to the group, for exporters; all are setgid, so that the group stays
 * that of the spool. A group that may do more than it must is the admin's choice. Files
 * are not touched. What is made is opened first and changed by its descriptor, so that
 * nothing that takes its place meanwhile is changed instead.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "base/words.h"
#include "system/io.h"
#include "system/spool.h"
#include "system/spool_check.h"
#include "tool/commands.h"
#include "tool/print.h"
#include "tool/tool.h"

enum { MODE = 02750, INCOMING_MODE = 02770, ANYONE = 0007, WHY_BYTES = 16 * 1024 };

struct owner {
	uid_t user;
	gid_t group;
};

enum deed { DEED_NONE, DEED_MADE, DEED_MENDED };

static int find_owner(const struct tool *tool, struct owner *owner)
{
	const char *user = tool->configuration->user;
	*owner = (struct owner){.user = geteuid(), .group = getegid()};
	if (owner->user != 0)
		return EX_OK;
	if (!user) {
		tool_complain(_("whose shall it be? Set `user` in the configuration, to "
				"whom the gateway runs as"));
		return EX_CONFIG;
	}
	const struct passwd *account = getpwnam(user);
	if (!account) {
		tool_complain(
			_("user \"%s\" of the configuration does not exist: make it "
			  "first"),
			user);
		return EX_CONFIG;
	}
	*owner = (struct owner){.user = account->pw_uid, .group = account->pw_gid};
	return EX_OK;
}

/* Only root may give a folder away; all else of it is its owner's. */
static bool is_right(const struct stat *st, const struct owner *owner, mode_t mode)
{
	return st->st_uid == owner->user && st->st_gid == owner->group &&
	       (st->st_mode & mode) == mode && !(st->st_mode & ANYONE);
}

static int mend(int fd, const struct owner *owner, mode_t mode, enum deed *deed)
{
	struct stat st;
	int r = io_stat(fd, &st);
	if (r < 0 || is_right(&st, owner, mode))
		return r;
	if (st.st_uid != owner->user && fchown(fd, owner->user, (gid_t)-1) < 0)
		return -errno;
	if (st.st_gid != owner->group && fchown(fd, (uid_t)-1, owner->group) < 0)
		return -errno;
	mode_t kept = st.st_mode & 07777U & ~(mode_t)ANYONE;
	if (fchmod(fd, kept | mode) < 0)
		return -errno;
	*deed = *deed == DEED_MADE ? DEED_MADE : DEED_MENDED;
	return 0;
}

static void say_deed(enum deed deed, const char *path, const char *folder)
{
	static const char *const words[] = {
		[DEED_NONE] = N_("unchanged"),
		[DEED_MADE] = N_("made"),
		[DEED_MENDED] = N_("mended"),
	};
	const char *word = _(words[deed]);
	printf("%s%*s  ", word, (int)(10 - text_count(word)), "");
	print_coloured(PLAIN, path);
	printf("%s%s\n", *folder ? "/" : "", folder);
}

static int make_folder(int root, const char *path, enum folder folder,
	const struct owner *owner, struct buf *why)
{
	const char *name = folder_name(folder);
	mode_t mode = folder == FOLDER_INCOMING ? INCOMING_MODE : MODE;
	enum deed deed = DEED_NONE;
	int r = io_make_folder(root, name, mode & 0777U);
	if (r < 0 && r != -EEXIST)
		return spool_explain(why, r, path, name);
	deed = r == 0 ? DEED_MADE : DEED_NONE;
	auto_close int fd = io_open(root, name, O_RDONLY | O_DIRECTORY, 0);
	r = fd < 0 ? fd : mend(fd, owner, mode, &deed);
	if (r < 0)
		return spool_explain(why, r, path, name);
	r = spool_check_folder(root, fd, path, name, why);
	if (r == 0)
		say_deed(deed, path, name);
	return r;
}

static bool has_folder_of_ours(int root)
{
	struct stat st;
	for (enum folder i = 0; i < FOLDER_COUNT; i++)
		if (io_stat_at(root, folder_name(i), &st) == 0)
			return true;
	return false;
}

/* Whoever mistypes `spool` must not give away a folder that is another's. A file system
 * made for a spool begins with lost+found. */
static int check_is_ours(int root, const char *path, struct buf *why)
{
	if (has_folder_of_ours(root))
		return 0;
	auto_close int fd = io_open(root, ".", O_RDONLY | O_DIRECTORY, 0);
	auto_with(spool_closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return spool_explain(why, fd < 0 ? fd : -errno, path, "");
	(void)take_fd(&fd); /* dir closes it */
	errno = 0;
	for (const struct dirent *entry; (entry = readdir(dir)); errno = 0) {
		const char *name = entry->d_name;
		if (!strcmp(name, ".") || !strcmp(name, "..") ||
			!strcmp(name, "lost+found"))
			continue;
		buf_add_format(why,
			_("%s: is no spool and not empty, so it is left as it is: name "
			  "another folder, or make incoming/ in it if it is to be one"),
			path);
		return -ENOTEMPTY;
	}
	return errno ? spool_explain(why, -errno, path, "") : 0;
}

/* The spool's own path may be a link: it is the admin's, from the configuration. */
static int make_root(
	const char *path, const struct owner *owner, int *root, struct buf *why)
{
	enum deed deed = mkdir(path, MODE & 0777U) == 0 ? DEED_MADE : DEED_NONE;
	if (deed == DEED_NONE && errno == ENOENT) {
		buf_add_format(
			why, _("%s: the folder above it is missing: make that"), path);
		return -ENOENT;
	}
	if (deed == DEED_NONE && errno != EEXIST)
		return spool_explain(why, -errno, path, "");
	auto_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return spool_explain(why, -errno, path, "");
	int r = spool_check_root(fd, path, why);
	if (r == 0 && deed == DEED_NONE)
		r = check_is_ours(fd, path, why);
	if (r < 0)
		return r;
	r = mend(fd, owner, MODE, &deed);
	if (r < 0)
		return spool_explain(why, r, path, "");
	say_deed(deed, path, "");
	*root = take_fd(&fd);
	return 0;
}

static int make_spool(const char *path, const struct owner *owner, struct buf *why)
{
	auto_close int root = -1;
	int r = make_root(path, owner, &root, why);
	for (enum folder i = 0; r == 0 && i < FOLDER_COUNT; i++)
		r = make_folder(root, path, i, owner, why);
	return r;
}

static void say_refusal(const char *path, int r, const char *why)
{
	if (geteuid() != 0 && (r == -EACCES || r == -EPERM))
		tool_complain(_("%s: cannot be made or mended (%s): run this as root, or "
				"as the user that the gateway runs as"),
			path, strerrordesc_np(-r));
	else
		tool_complain("%s", why);
}

int run_init(struct tool *tool)
{
	struct owner owner;
	int status = find_owner(tool, &owner);
	for (size_t i = 0; status == EX_OK && i < tool->site_count; i++) {
		auto_buf struct buf why = {.max_bytes = WHY_BYTES};
		const char *path = tool->sites[i].config->spool;
		int r = make_spool(path, &owner, &why);
		if (r == 0)
			continue;
		fflush(stdout);
		say_refusal(path, r, buf_peek(&why));
		status = EX_CANTCREAT;
	}
	return status;
}
