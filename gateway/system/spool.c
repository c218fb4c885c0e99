/* SPDX-License-Identifier: MIT */
#include "system/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "system/io.h"
#include "system/spool_check.h"
#include "system/spool_parts.h"

/* For what a turn's drops may need: a reason and a rest each, and a day's folder. */
enum { SPARE_INODES = 256 };

static const char *const folder_names[FOLDER_COUNT] = {
	[FOLDER_INCOMING] = "incoming",
	[FOLDER_SENDING] = "sending",
	[FOLDER_SENT] = "sent",
	[FOLDER_FAILED] = "failed",
	[FOLDER_AUDIT] = "audit",
};

const char *folder_name(enum folder folder)
{
	return folder_names[folder];
}

const char *spool_path(const struct spool *s)
{
	return s->path;
}

int spool_root_fd(const struct spool *s)
{
	return s->root;
}

int spool_folder_fd(const struct spool *s, enum folder folder)
{
	return s->folders[folder];
}

void spool_close(struct spool *s)
{
	if (!s)
		return;
	for (int i = 0; i < FOLDER_COUNT; i++)
		cleanup_close(&s->folders[i]);
	cleanup_close(&s->day);
	cleanup_close(&s->lock);
	cleanup_close(&s->root);
	free(s->path);
	free(s);
}

static void spool_closep(struct spool **s)
{
	spool_close(*s);
}

/* Opens a folder, and makes it first where that is ours to do. */
static int open_folder(int root, enum folder folder)
{
	const char *name = folder_names[folder];
	int fd = io_open(root, name, O_RDONLY | O_DIRECTORY, 0);
	if (fd != -ENOENT || folder == FOLDER_INCOMING)
		return fd;
	int r = io_make_folder(root, name, FOLDER_MODE);
	if (r == 0)
		r = io_sync(root); /* or what is flushed in it may be gone with it */
	if (r < 0 && r != -EEXIST)
		return r;
	return io_open(root, name, O_RDONLY | O_DIRECTORY, 0);
}

static int open_checked(
	const struct spool *s, enum folder folder, int *opened, struct buf *why)
{
	const char *name = folder_names[folder];
	auto_close int fd = open_folder(s->root, folder);
	if (fd < 0)
		return spool_explain(why, fd, s->path, name);
	int r = spool_check_folder(s->root, fd, s->path, name, why);
	if (r == 0)
		*opened = take_fd(&fd);
	return r;
}

static int open_folders(struct spool *s, struct buf *why)
{
	int r = 0;
	for (enum folder i = 0; r == 0 && i < FOLDER_COUNT; i++)
		r = open_checked(s, i, &s->folders[i], why);
	return r;
}

static struct spool *new_spool(const char *path)
{
	struct spool *s = xcalloc(1, sizeof(*s));
	s->path = xstrdup(path);
	s->root = s->lock = s->day = -1;
	for (int i = 0; i < FOLDER_COUNT; i++) {
		s->folders[i] = -1;
		s->is_dirty[i] = true; /* a run that was killed did not flush its own */
	}
	return s;
}

int spool_open(const char *path, struct spool **spool, struct buf *why)
{
	auto_with(spool_closep) struct spool *s = new_spool(path);
	/* The spool's own path may be a link: it is the admin's, from the configuration.
	 */
	s->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->root < 0)
		return spool_explain(why, -errno, path, "");
	int r = spool_check_root(s->root, path, why);
	if (r == 0)
		r = open_folders(s, why);
	if (r == 0)
		r = spool_check_rename(s->root, path, why);
	if (r < 0)
		return r;
	*spool = take_ptr(s);
	return 0;
}

int spool_open_to_look(const char *path, struct spool **spool, struct buf *why)
{
	auto_with(spool_closep) struct spool *s = new_spool(path);
	s->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->root < 0)
		return spool_explain(why, -errno, path, "");
	for (enum folder i = 0; i < FOLDER_COUNT; i++) {
		s->folders[i] =
			io_open(s->root, folder_names[i], O_RDONLY | O_DIRECTORY, 0);
		if (s->folders[i] < 0)
			return spool_explain(why, s->folders[i], path, folder_names[i]);
	}
	*spool = take_ptr(s);
	return 0;
}

static int is_same_folder(int a, int b, bool *same)
{
	struct stat sa = {0};
	struct stat sb = {0};
	int r = io_stat(a, &sa);
	if (r == 0)
		r = io_stat(b, &sb);
	if (r < 0)
		return r;
	*same = sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
	return 0;
}

static int refresh_folder(struct spool *s, enum folder folder, bool *changed)
{
	auto_buf struct buf why = {0};
	auto_close int fd = -1;
	bool same = false;
	int r = open_checked(s, folder, &fd, &why);
	if (r == 0)
		r = is_same_folder(fd, s->folders[folder], &same);
	if (r < 0 || same)
		return r;
	r = spool_flush(s); /* what we let go of may hold fresh renames */
	if (r < 0)
		return r;
	cleanup_close(&s->folders[folder]);
	s->folders[folder] = take_fd(&fd);
	if (folder == FOLDER_SENT) {
		cleanup_close(&s->day);
		s->day = -1;
	}
	*changed = true;
	return 0;
}

int spool_refresh(struct spool *s, bool *changed)
{
	auto_buf struct buf why = {0};
	*changed = false;
	int r = spool_check_path(s->root, s->path, &why);
	for (enum folder i = 0; r == 0 && i < FOLDER_COUNT; i++)
		r = refresh_folder(s, i, changed);
	return r;
}

int spool_examine(const struct spool *s, struct buf *why)
{
	int r = spool_check_path(s->root, s->path, why);
	for (enum folder i = 0; r == 0 && i < FOLDER_COUNT; i++) {
		auto_close int fd = -1;
		r = open_checked(s, i, &fd, why);
	}
	return r < 0 ? r : spool_check_rename(s->root, s->path, why);
}

static int open_lock(const struct spool *s)
{
	return io_open(s->root, "lock", O_RDWR | O_CREAT | O_NONBLOCK, FILE_MODE);
}

int spool_lock(struct spool *s, bool wait)
{
	auto_close int fd = open_lock(s);
	if (fd < 0)
		return fd;
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	while (fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &whole) < 0) {
		if (errno == EACCES)
			return -EAGAIN;
		if (errno != EINTR)
			return -errno;
	}
	/* The file may be removed and made anew; the folder that we work in may not. */
	while (flock(s->root, wait ? LOCK_EX : LOCK_EX | LOCK_NB) < 0)
		if (errno != EINTR)
			return -errno;
	s->lock = take_fd(&fd);
	return 0;
}

int spool_keep_note(const struct spool *s, const char *note)
{
	auto_close int fd = open_lock(s);
	if (fd < 0)
		return fd;
	int r = io_write(fd, note, strlen(note));
	return r < 0 ? r : io_sync_data(fd);
}

int spool_read_note(const struct spool *s, char *note, size_t size)
{
	size_t got = 0;
	auto_close int fd = open_lock(s);
	int r = fd < 0 ? fd : io_read(fd, note, size - 1, &got);
	note[r < 0 ? 0 : got] = '\0';
	return r;
}

int spool_room(const struct spool *s, struct spool_room *room)
{
	struct statvfs st;
	if (fstatvfs(s->root, &st) < 0)
		return -errno;
	*room = (struct spool_room){
		.bytes = (uint64_t)st.f_bavail * st.f_frsize,
		.inodes = st.f_files ? st.f_favail : INT64_MAX,
	};
	return 0;
}

bool spool_room_is_low(const struct spool_room *room, uint64_t min_free)
{
	return room->bytes < min_free || room->inodes < SPARE_INODES;
}

bool spool_may_move(const struct spool *s, enum folder other)
{
	const int access = R_OK | W_OK | X_OK;
	return faccessat(s->folders[other], ".", access, AT_EACCESS) == 0 &&
	       faccessat(s->folders[FOLDER_SENDING], ".", access, AT_EACCESS) == 0;
}

DIR *spool_list(const struct spool *s, enum folder folder)
{
	/* A descriptor of its own: fdopendir takes it, and reading moves its offset. */
	auto_close int fd = io_open(s->folders[folder], ".", O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	DIR *dir = fdopendir(fd);
	if (dir)
		(void)take_fd(&fd);
	return dir;
}

int spool_look(
	const struct spool *s, enum folder folder, const char *name, struct stat *st)
{
	return io_stat_at(s->folders[folder], name, st);
}

/* Not all file systems tell it in the listing. */
bool spool_is_file(int folder, const struct dirent *entry)
{
	struct stat st;
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_REG;
	return io_stat_at(folder, entry->d_name, &st) == 0 && S_ISREG(st.st_mode);
}

int spool_peek(const struct spool *s, enum folder folder, const char *name, int *fd,
	struct stat *st)
{
	int r = spool_look(s, folder, name, st);
	if (r < 0)
		return r;
	return S_ISREG(st->st_mode) ? spool_peek_again(s, folder, name, fd, st) : -EINVAL;
}

int spool_peek_again(const struct spool *s, enum folder folder, const char *name, int *fd,
	struct stat *st)
{
	/* Not blocking: should it have become a FIFO just now, nobody waits for a writer.
	 */
	auto_close int opened =
		io_open(s->folders[folder], name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (opened < 0)
		return opened;
	int r = io_stat(opened, st);
	if (r < 0)
		return r;
	if (!S_ISREG(st->st_mode))
		return -EINVAL;
	*fd = take_fd(&opened);
	return 0;
}
