/* SPDX-License-Identifier: MIT */
#include "system/spool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "system/io.h"
#include "system/spool_check.h"
#include "system/spool_name.h"

enum { FOLDER_MODE = 0750, FILE_MODE = 0640, NAMES_TRIED = 1000 };

/* 2200-01-01: no clock says so by itself. */
#define STAMP_SANE (INT64_C(7258118400) * USEC_SECOND)

static const char *const folder_names[FOLDER_COUNT] = {
	[FOLDER_INCOMING] = "incoming",
	[FOLDER_SENDING] = "sending",
	[FOLDER_SENT] = "sent",
	[FOLDER_FAILED] = "failed",
	[FOLDER_AUDIT] = "audit",
};

struct spool {
	char *path;
	int root;
	int lock;
	int folders[FOLDER_COUNT];
	bool is_dirty[FOLDER_COUNT]; /* renamed in or out since the last flush */
	int day;                     /* the folder in sent/ that was used last, or -1 */
	char day_name[16];
	dev_t day_device;
	ino_t day_inode;
	bool day_is_dirty;
	usec_t last_stamp;
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

bool spool_may_move(const struct spool *s, enum folder from)
{
	const int access = R_OK | W_OK | X_OK;
	return faccessat(s->folders[from], ".", access, AT_EACCESS) == 0 &&
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

int spool_peek(const struct spool *s, enum folder folder, const char *name, int *fd,
	struct stat *st)
{
	struct stat seen;
	int r = spool_look(s, folder, name, &seen);
	if (r < 0)
		return r;
	if (!S_ISREG(seen.st_mode))
		return -EINVAL;
	/* Not blocking: should it have become a FIFO just now, nobody waits for a writer.
	 */
	auto_close int opened =
		io_open(s->folders[folder], name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (opened < 0)
		return opened;
	r = io_stat(opened, &seen);
	if (r < 0)
		return r;
	if (!S_ISREG(seen.st_mode))
		return -EINVAL;
	*st = seen;
	*fd = take_fd(&opened);
	return 0;
}

void spool_note_stamp(struct spool *s, const char *stamp)
{
	usec_t at = 0;
	/* Stamps end with the year 9999: one made by hand must not use them all up. */
	if (times_parse_stamp(stamp, &at) == 0 && at > s->last_stamp && at < STAMP_SANE)
		s->last_stamp = at;
}

static void write_stamp(usec_t at, char stamp[TIMES_STAMP_LEN + 1])
{
	auto_buf struct buf b = {.max_bytes = TIMES_STAMP_LEN};
	times_add_stamp(&b, at);
	memcpy(stamp, buf_peek(&b), TIMES_STAMP_LEN + 1);
}

bool spool_last_stamp(const struct spool *s, char stamp[TIMES_STAMP_LEN + 1])
{
	if (!s->last_stamp)
		return false;
	write_stamp(s->last_stamp, stamp);
	return true;
}

static void next_claim(
	struct spool *s, const char *drop, usec_t now, struct claim_name *claim)
{
	const char *of = NULL;
	const char *name = spool_drop_name(drop, &of);
	s->last_stamp = now > s->last_stamp ? now : s->last_stamp + 1;

	write_stamp(s->last_stamp, claim->stamp);
	auto_buf struct buf b = {.max_bytes = NAME_MAX};
	buf_add_format(&b, "%s_", claim->stamp);
	spool_name_shorten(&b, name, CLAIM_NAME_MAX - TIMES_STAMP_LEN - 1);
	assert(buf_finish(&b) == 0);
	snprintf(claim->name, sizeof(claim->name), "%s", buf_peek(&b));
	snprintf(claim->of, sizeof(claim->of), "%.*s", TIMES_STAMP_LEN, of ? of : "");
}

int spool_claim(struct spool *s, enum folder from, const char *drop, usec_t now,
	struct claim_name *claim)
{
	struct claim_name next;
	int r = -EEXIST;
	for (int tries = 0; r == -EEXIST && tries < NAMES_TRIED; tries++) {
		next_claim(s, drop, now, &next);
		r = io_rename(s->folders[from], drop, s->folders[FOLDER_SENDING],
			next.name, false);
	}
	if (r < 0)
		return r;
	s->is_dirty[from] = true;
	s->is_dirty[FOLDER_SENDING] = true;
	*claim = next;
	return 0;
}

int spool_return(struct spool *s, const char *claim)
{
	const char *stamp = NULL;
	const char *drop = spool_drop_name(claim, &stamp);
	int r = io_rename(s->folders[FOLDER_SENDING], claim, s->folders[FOLDER_INCOMING],
		drop, false);
	if (r < 0)
		return r;
	s->is_dirty[FOLDER_SENDING] = true;
	s->is_dirty[FOLDER_INCOMING] = true;
	return 0;
}

/* Not if the admin took the folder away, or put another one in its place. */
static bool is_day_open(const struct spool *s, const char *day)
{
	struct stat named = {0};
	if (s->day < 0 || strcmp(s->day_name, day) != 0)
		return false;
	return io_stat_at(s->folders[FOLDER_SENT], day, &named) == 0 &&
	       s->day_device == named.st_dev && s->day_inode == named.st_ino;
}

/* sent/DAY, made when its first drop comes. */
static int open_day(struct spool *s, const char *day)
{
	if (is_day_open(s, day))
		return 0;
	int r = spool_flush(s); /* the folder that we let go of may hold fresh renames */
	if (r < 0)
		return r;
	cleanup_close(&s->day);
	s->day = -1;
	r = io_make_folder(s->folders[FOLDER_SENT], day, FOLDER_MODE);
	if (r < 0 && r != -EEXIST)
		return r;
	s->is_dirty[FOLDER_SENT] = true;
	auto_close int fd =
		io_open(s->folders[FOLDER_SENT], day, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;
	struct stat st;
	r = io_stat(fd, &st);
	if (r < 0)
		return r;
	s->day = take_fd(&fd);
	s->day_device = st.st_dev;
	s->day_inode = st.st_ino;
	snprintf(s->day_name, sizeof(s->day_name), "%s", day);
	return 0;
}

/* NAME, or NAME~2, NAME~3 ... where it is taken. */
static int move_claim(
	struct spool *s, const char *claim, int to_dir, char name[NAME_MAX + 1])
{
	snprintf(name, NAME_MAX + 1, "%s", claim);
	int r = io_rename(s->folders[FOLDER_SENDING], claim, to_dir, name, false);
	for (int i = 2; r == -EEXIST && i < NAMES_TRIED; i++) {
		spool_name_number(claim, i, name);
		r = io_rename(s->folders[FOLDER_SENDING], claim, to_dir, name, false);
	}
	return r;
}

static int settle_sent(struct spool *s, const char *claim, usec_t now, char to[PATH_MAX])
{
	auto_buf struct buf day = {.max_bytes = sizeof(s->day_name) - 1};
	char name[NAME_MAX + 1];
	times_add_local_day(&day, now);
	int r = open_day(s, buf_peek(&day));
	if (r == 0)
		r = move_claim(s, claim, s->day, name);
	if (r < 0)
		return r;
	s->day_is_dirty = true;
	snprintf(to, PATH_MAX, "sent/%s/%s", buf_peek(&day), name);
	return 0;
}

static int settle_failed(struct spool *s, const char *claim, char to[PATH_MAX])
{
	char name[NAME_MAX + 1];
	int r = move_claim(s, claim, s->folders[FOLDER_FAILED], name);
	if (r < 0)
		return r;
	s->is_dirty[FOLDER_FAILED] = true;
	snprintf(to, PATH_MAX, "failed/%s", name);
	return 0;
}

int spool_settle(struct spool *s, enum folder folder, const char *claim, usec_t now,
	char to[PATH_MAX])
{
	assert(folder == FOLDER_SENT || folder == FOLDER_FAILED);
	int r = folder == FOLDER_SENT ? settle_sent(s, claim, now, to)
				      : settle_failed(s, claim, to);
	if (r < 0)
		return r;
	s->is_dirty[FOLDER_SENDING] = true;
	return 0;
}

static int write_aside(int dir, const char *aside, const char *bytes, size_t len)
{
	int r = io_remove(dir, aside); /* of a run that died while writing it */
	if (r < 0 && r != -ENOENT)
		return r;
	auto_close int fd = io_open(dir, aside, O_WRONLY | O_CREAT | O_EXCL, FILE_MODE);
	if (fd < 0)
		return fd;
	r = io_write(fd, bytes, len);
	if (r == 0)
		r = io_sync(fd);
	return r;
}

int spool_place(struct spool *s, enum folder folder, const char *name, const char *bytes,
	size_t len)
{
	static const char aside[] = ".being-written.tmp";
	int dir = s->folders[folder];
	int r = write_aside(dir, aside, bytes, len);
	if (r == 0)
		r = io_rename(dir, aside, dir, name, true);
	if (r < 0) {
		(void)io_remove(dir, aside); /* else the next one does */
		return r;
	}
	s->is_dirty[folder] = true;
	return 0;
}

int spool_remove(struct spool *s, enum folder folder, const char *name)
{
	return io_remove(s->folders[folder], name);
}

int spool_flush(struct spool *s)
{
	if (s->day_is_dirty) {
		int r = io_sync(s->day);
		if (r < 0)
			return r;
		s->day_is_dirty = false;
	}
	for (int i = 0; i < FOLDER_COUNT; i++) {
		if (!s->is_dirty[i])
			continue;
		int r = io_sync(s->folders[i]);
		if (r < 0)
			return r;
		s->is_dirty[i] = false;
	}
	return 0;
}

int spool_flush_all(struct spool *s)
{
	int r = io_sync_system(s->root);
	if (r < 0)
		return r;
	s->day_is_dirty = false;
	for (int i = 0; i < FOLDER_COUNT; i++)
		s->is_dirty[i] = false;
	return 0;
}
